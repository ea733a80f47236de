# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format leaves it; --fix makes it so."""
import subprocess
import sys

import house

FORMATTER = "clang-format-19"  # the version is part of the style


def check(root):
    paths = [str(path) for path in house.cpp_files(root)]
    done = subprocess.run([FORMATTER, "--dry-run", "--Werror", *paths], cwd=root,
                          capture_output=True, text=True)
    wrong = {line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line}
    if done.returncode != 0 and not wrong:
        return [done.stderr]
    return [f"{path}: not formatted (make format)" for path in sorted(wrong)]


def fix(root):
    paths = [str(path) for path in house.cpp_files(root)]
    subprocess.run([FORMATTER, "-i", *paths], cwd=root, check=True)
    return []


if __name__ == "__main__":
    fixing = "--fix" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--fix"]
    sys.exit(house.main("format", fix if fixing else check))
