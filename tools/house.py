# SPDX-License-Identifier: Apache-2.0
"""What the checks of the house share: which files there are, and how a check reports."""
import os
import pathlib
import subprocess
import sys

CPP = {".h", ".cc"}
NOT_OURS = {"build", ".git", "__pycache__", "ringcache-data", "node_modules"}


def files(root):
    """Every file that is (or would be) in the repository, sorted, relative to root."""
    root = pathlib.Path(root)
    listed = subprocess.run(
        ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True)
    if listed.returncode == 0 and (root / ".git").exists():
        names = {pathlib.Path(name) for name in listed.stdout.split("\0") if name}
        return sorted(name for name in names if (root / name).is_file())
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path for path in found if not NOT_OURS & set(path.parts))


def cpp_files(root, *folders):
    """The C++ files under these folders (all without)."""
    return [path for path in files(root)
            if path.suffix in CPP and (not folders or path.parts[0] in folders)]


def read(root, path):
    return (pathlib.Path(root) / path).read_text(encoding="utf-8", errors="replace")


def main(name, check):
    """Runs check(root) -> complaints on the tree given, or on the one this file lies in."""
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    complaints = check(os.fspath(root))
    for complaint in complaints:
        print(complaint)
    print(f"{name}: {len(complaints)} complaint(s)" if complaints else f"{name}: all well")
    return 1 if complaints else 0
