# SPDX-License-Identifier: Apache-2.0
"""How long our functions are: half at most 6 lines, nine in ten at most 25, none over 60."""
import pathlib
import subprocess
import sys

import house

MEDIAN_MAX, P90_MAX, LONGEST_MAX = 6, 25, 60
FOLDERS = ("src", "include", "apps")


def functions(root, paths):
    """[(lines, path, line, name)] of every function defined in these files, longest first."""
    listed = subprocess.run(
        ["ctags", "-x", "--_xformat=%{input}\t%{line}\t%{end}\t%{name}", "--languages=C++",
         "--language-force=C++", "--kinds-C++=f", "--fields=+ne", "-L", "-"],
        input="\n".join(map(str, paths)), capture_output=True, text=True, check=True,
        cwd=pathlib.Path(root))
    found = []
    for row in listed.stdout.splitlines():
        path, line, end, name = row.split("\t")
        if end.isdigit():
            found.append((int(end) - int(line) + 1, path, int(line), name))
    return sorted(found, reverse=True)


def rank(lengths, part):
    """The smallest length that at least this part of all does not exceed."""
    ordered = sorted(lengths)
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)] if ordered else 0


def table(found):
    folders = {}
    for lines, path, _, _ in found:
        parts = pathlib.PurePath(path).parts
        folders.setdefault("/".join(parts[:2]), []).append(lines)
    folders["all"] = [lines for lines, *_ in found]
    yield f"{'':18}{'functions':>10}{'median':>8}{'p90':>6}{'max':>6}"
    for folder, lengths in sorted(folders.items(), key=lambda item: (item[0] == "all", item[0])):
        if lengths:
            yield (f"{folder:18}{len(lengths):10}{rank(lengths, 50):8}{rank(lengths, 90):6}"
                   f"{max(lengths):6}")


def check(root):
    found = functions(root, house.cpp_files(root, *FOLDERS))
    print("\n".join(table(found)))
    lengths = [lines for lines, *_ in found]
    complaints = [f"{path}:{line}: {name}() has {lines} lines; at most {LONGEST_MAX}"
                  for lines, path, line, name in found if lines > LONGEST_MAX]
    for part, most in ((50, MEDIAN_MAX), (90, P90_MAX)):
        if rank(lengths, part) > most:
            complaints.append(f"{part} % of all functions should have at most {most} lines; "
                              f"they have {rank(lengths, part)}")
    return complaints


if __name__ == "__main__":
    sys.exit(house.main("sizes", check))
