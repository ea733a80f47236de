# SPDX-License-Identifier: Apache-2.0
"""Replays the reference traces and wants exactly the hits that are written beside them.

For every row of kind `exact` in expected.csv whose policy the program has. Skipped where the traces
are not at hand.
"""
import collections
import concurrent.futures
import csv
import json
import os
import subprocess
import unittest

import harness

TRACES = harness.SHARED / "traces"
PROGRAM = harness.BIN / "ringcache"


def policies():
    """The names that the program lists when it is asked for one it cannot have."""
    asked = subprocess.run([PROGRAM, "replay", "scan:", "--policy", "?", "--capacity", "1"],
                           capture_output=True, text=True, timeout=10)
    return asked.stderr.partition("there are ")[2].split()


def expected(known):
    """{trace: {(policy, capacity): (requests, hits)}}"""
    wanted = collections.defaultdict(dict)
    with open(TRACES / "expected.csv", newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["kind"] == "exact" and row["policy"] in known:
                cell = row["policy"], int(row["size"])
                wanted[row["trace"]][cell] = int(row["requests"]), int(row["hits"])
    return wanted


def replay(path, cells):
    """{(policy, capacity): (requests, hits)} of one run over all policies and capacities."""
    names = ",".join(sorted({policy for policy, _ in cells}))
    sizes = ",".join(str(size) for size in sorted({size for _, size in cells}))
    command = [PROGRAM, "replay", path, "--policy", names, "--capacity", sizes, "-o", "json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    return {(line["policy"], line["capacity"]): (line["requests"], line["hits"]) for line in lines}


class ReplayExpectedTest(unittest.TestCase):
    def test_every_cell_is_exact(self):
        if not (TRACES / "expected.csv").is_file():
            self.skipTest(f"no traces at {TRACES}; RINGCACHE_SHARED names another folder")
        wanted = expected(policies())
        self.assertGreater(len(wanted), 0)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            runs = {trace: pool.submit(replay, TRACES / f"{trace}.txt.xz", cells)
                    for trace, cells in wanted.items()}
            for trace, run in runs.items():
                with self.subTest(trace=trace):
                    self.assertEqual(run.result(), wanted[trace])
        cells = sum(len(cells) for cells in wanted.values())
        print(f"{cells} cells of {len(wanted)} traces compared")


if __name__ == "__main__":
    unittest.main()
