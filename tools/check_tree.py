# SPDX-License-Identifier: Apache-2.0
"""The tree keeps its shape: a test for each source, a licence line in each file, sizes, and none
of the things we do not write."""
import pathlib
import re
import subprocess
import sys

import house

HEADER_LINES_MAX = 200
SOURCE_LINES_MAX = 600
COLUMNS_MAX = 100
FILE_BYTES_MAX = 200_000
SPDX = "SPDX-License-Identifier: Apache-2.0"
CODE = {".h": "//", ".cc": "//", ".proto": "//", ".py": "#", ".sh": "#", ".go": "//",
        ".java": "//"}
LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
HOME = re.compile(r"(?<![\w.])/(home|root)/\w")
# Forms that g++ 12 compiles to a double free or a use after free (GCC bugs 99576, 104031 and kin).
# A co_await's operand: up to the end of its statement.
AWAIT = re.compile(r"\bco_await\b([^;]*);")
BAD_AWAIT = (
    (re.compile(r"\w ?\{\s*[^\s}]"), "a temporary in braces in a co_await"),
    (re.compile(r"(?<![\w)\]])\[[^\]]+\]\s*(\([^)]*\))?[^;{]*\{"), "a capturing lambda in a co_await"),
)
TERNARY_AWAIT = re.compile(r"\?[^;?]*\bco_await\b|\bco_await\b[^;]*\?[^;]*:[^;:]")
# What the library may not do; the programs may print.
FORBIDDEN_IN_SRC = (
    (re.compile(r"\bstd::(cout|cerr|clog)\b|\bf?printf\s*\(|\bputs\s*\("), "the library never prints"),
    (re.compile(r"(?<![\w.>])(abort|exit|_exit|quick_exit|terminate)\s*\("), "the library never ends"),
    (re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)"), "catch by type"),
    (re.compile(r"^using namespace (?!std::(\w+_)?literals)", re.MULTILINE), "no using namespace for a whole file"),
)
# A type at the outer level of a header, with its body.
DEFINED = re.compile(r"^(?:class|struct|enum class)\s+(\w+)\b(?!::)[^;{(]*\{", re.MULTILINE)
# Calls functions of our users, which may throw what they like; no other file may catch everything.
CALLS_STRANGERS = {"src/group/loader.cc"}


def own_paths(root):
    """Where this checkout and its repository lie: no file may know that."""
    found = subprocess.run(["git", "-C", root, "rev-parse", "--path-format=absolute",
                            "--git-common-dir"], capture_output=True, text=True)
    places = {pathlib.Path(root).resolve()}
    if found.returncode == 0:
        places.add(pathlib.Path(found.stdout.strip()).parent)
    return [str(place) for place in places if len(place.parts) > 2]


def strip_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def check_text(path, text, places):
    """What holds for every file of words."""
    for number, line in enumerate(text.split("\n"), 1):
        if LEFTOVER.search(line):
            yield f"{path}:{number}: a leftover note; finish it or write an issue"
        if HOME.search(line) or any(place in line for place in places):
            yield f"{path}:{number}: a path of somebody's own machine"
        if line != line.rstrip() and path.suffix != ".md":
            yield f"{path}:{number}: space at the end of the line"
    if text and not text.endswith("\n"):
        yield f"{path}: no newline at the end"


def check_licence(path, text):
    comment = CODE.get(path.suffix)
    if comment is None:
        return
    lines = [line for line in text.split("\n", 2)[:2] if not line.startswith("#!")]
    if not lines or lines[0] != f"{comment} {SPDX}":
        yield f"{path}:1: the first line must be: {comment} {SPDX}"


def check_coroutines(path, code):
    for await_ in AWAIT.finditer(code):
        for pattern, what in BAD_AWAIT:
            if pattern.search(await_.group(1)):
                yield f"{path}:{line_of(code, await_.start())}: {what}: g++ 12 miscompiles it"
    for ternary in TERNARY_AWAIT.finditer(code):
        yield f"{path}:{line_of(code, ternary.start())}: co_await and ?: in one expression"


def check_cpp(path, text):
    lines = text.split("\n")
    most = HEADER_LINES_MAX if path.suffix == ".h" else SOURCE_LINES_MAX
    if len(lines) - 1 > most:
        yield f"{path}: {len(lines) - 1} lines; at most {most}"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS_MAX:
            yield f"{path}:{number}: {len(line)} columns; at most {COLUMNS_MAX}"
    if path.suffix == ".h" and "#pragma once\n" not in text:
        yield f"{path}: no #pragma once"
    code = strip_comments(text)
    yield from check_coroutines(path, code)
    if path.parts[0] == "src":
        for pattern, what in FORBIDDEN_IN_SRC:
            if what == "catch by type" and path.as_posix() in CALLS_STRANGERS:
                continue
            for found in pattern.finditer(code):
                yield f"{path}:{line_of(code, found.start())}: {found.group()}: {what}"


def check_names(root, paths):
    """No two headers define one name: the linker would take either's functions for both."""
    seen = {}
    for path in paths:
        if path.suffix == ".h" and path.parts[0] in ("include", "src"):
            for name in sorted(set(DEFINED.findall(strip_comments(house.read(root, path))))):
                if name in seen:
                    yield f"{path}: {name} is a name in {seen[name]} too"
                seen.setdefault(name, path)


def check_tested(paths):
    """src/LAYER/…/x.cc has a tests/unit/LAYER/…/x_test.cc."""
    tests = {(path.parts[2], path.name) for path in paths
             if path.parts[:2] == ("tests", "unit") and len(path.parts) > 3}
    for path in paths:
        if path.parts[0] == "src" and path.suffix == ".cc":
            if (path.parts[1], f"{path.stem}_test.cc") not in tests:
                yield f"{path}: no tests/unit/{path.parts[1]}/{path.stem}_test.cc"


def check(root):
    paths = house.files(root)
    complaints = [*check_tested(paths), *check_names(root, paths)]
    places = own_paths(root)
    for path in paths:
        data = (pathlib.Path(root) / path).read_bytes()
        if len(data) > FILE_BYTES_MAX:
            complaints.append(f"{path}: {len(data)} bytes; at most {FILE_BYTES_MAX}")
        if b"\0" in data or path.name == "LICENSE":
            continue
        text = data.decode("utf-8", errors="replace")
        complaints += check_text(path, text, places)
        complaints += check_licence(path, text)
        if path.suffix in house.CPP:
            complaints += check_cpp(path, text)
    return complaints


if __name__ == "__main__":
    sys.exit(house.main("tree", check))
