# SPDX-License-Identifier: Apache-2.0
"""Would anyone notice? Puts known bugs back, one by one, and expects a test to fail.

Each tests/mutants/NAME.patch begins with what the bug is and a line `Run: TARGET …`, the tests that
should notice, quickest first; a unified diff against src/ follows. The work is done in a copy of
the tree under build/mutants, whose builds are incremental.

    tools/mutants.py [NAME…]        all of them, or those named; ends 1 if any survives
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import house

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutants"
TEST_SECONDS_MAX = 300  # the tests over database servers take the longest
# Timing on real threads notices little of this and costs much.
NOT_RUN = "*Stress*:*Loader*"


class Mutant:
    def __init__(self, path):
        self.path = path
        self.name = path.stem
        text = path.read_text(encoding="utf-8")
        run = re.search(r"^Run: (.+)$", text, re.MULTILINE)
        if not run or not text.split("Run: ", 1)[0].strip():
            sys.exit(f"{path.name}: no words about the bug, or no line 'Run: TARGET …'")
        self.targets = run.group(1).split()

    def patch(self, *options):
        return subprocess.run(["patch", "-p1", "--silent", "--no-backup-if-mismatch", *options,
                               "-i", self.path], cwd=COPY / "tree", capture_output=True, text=True)


def make_copy():
    """The tree as it is, uncommitted changes included; unchanged files keep their times."""
    tree = COPY / "tree"
    wanted = set(house.files(ROOT))
    for path in wanted:
        here, there = ROOT / path, tree / path
        if there.exists() and there.read_bytes() == here.read_bytes():
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(here, there)
    for path in set(house.files(tree)) - wanted:
        (tree / path).unlink()


def run(command, **options):
    environment = dict(os.environ, CCACHE_BASEDIR=str(COPY), CCACHE_NOHASHDIR="1")
    return subprocess.run(command, capture_output=True, text=True, env=environment, **options)


def build(targets):
    done = run(["cmake", "--build", COPY / "build", "--target", *targets])
    return None if done.returncode == 0 else done.stdout + done.stderr


def failing_test(target):
    """The first test of the target that fails, "crash", "hang", or None."""
    command = [COPY / "build" / "bin" / target, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter=-{NOT_RUN}"]
    try:
        done = run(command, timeout=TEST_SECONDS_MAX, cwd=COPY / "tree")
    except subprocess.TimeoutExpired:
        return "a hang"
    failed = re.search(r"\[  FAILED  \] ([\w./]+)", done.stdout)
    if failed:
        return failed.group(1)
    return None if done.returncode == 0 else "a crash"


def first_failure(targets):
    return next((name for name in map(failing_test, targets) if name), None)


def try_mutant(mutant):
    """What caught it, or None. Leaves the copy as it was."""
    applied = mutant.patch()
    if applied.returncode != 0:
        mutant.patch("--reverse", "--force")
        return f"DOES NOT APPLY: {applied.stdout.strip()}", False
    try:
        trouble = build(mutant.targets)
        if trouble:
            return f"DOES NOT BUILD: {trouble[-2000:]}", False
        caught = first_failure(mutant.targets)
        return caught or "SURVIVED", caught is not None
    finally:
        mutant.patch("--reverse", "--force")


def prepare(mutants):
    """Builds the unchanged tree, whose tests must pass for a failure to mean anything."""
    make_copy()
    configured = run(["cmake", "-S", COPY / "tree", "-B", COPY / "build", "-G", "Ninja",
                      "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O0"])
    if configured.returncode != 0:
        sys.exit(configured.stdout + configured.stderr)
    targets = list(dict.fromkeys(target for mutant in mutants for target in mutant.targets))
    if trouble := build(targets):
        sys.exit(trouble)
    if failed := first_failure(targets):
        sys.exit(f"{failed} fails without any mutant")


def main():
    mutants = [Mutant(path) for path in sorted((ROOT / "tests" / "mutants").glob("*.patch"))]
    if wanted := set(sys.argv[1:]):
        mutants = [mutant for mutant in mutants if mutant.name in wanted]
    prepare(mutants)
    survivors = 0
    for mutant in mutants:
        started = time.monotonic()
        said, caught = try_mutant(mutant)
        survivors += not caught
        print(f"{mutant.name:32} {time.monotonic() - started:4.0f} s  {said}", flush=True)
    print(f"mutants: {len(mutants)} tried, {survivors} not caught")
    sys.exit(1 if survivors or not mutants else 0)


if __name__ == "__main__":
    main()
