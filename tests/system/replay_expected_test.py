# SPDX-License-Identifier: Apache-2.0
"""Replays the reference traces and wants exactly the hits that are written beside them.

For every row of kind `exact` or `bound` in expected.csv whose policy the program has. Skipped where
the traces are not at hand.
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
MIB = 1 << 20
REQUESTS_SIZED = 113872
#: Misses on lcs-cpio.sized at 128, 256, ... 1024 MiB, as libCacheSim's tests state them. SIEVE and
#: LFU do have the same ones there, if not at other capacities.
SIZED = {
    "fifo": (93403, 89386, 84387, 84025, 72498, 72228, 72182, 72140),
    "lru": (93374, 89783, 83572, 81722, 72494, 72104, 71972, 71704),
    "lfu": (91699, 86720, 78578, 76707, 69945, 66221, 64445, 64376),
    "sieve": (91699, 86720, 78578, 76707, 69945, 66221, 64445, 64376),
    "gdsf": (89068, 84750, 74853, 70488, 67919, 64180, 61029, 58721),
    "belady": (79256, 70724, 65481, 61594, 59645, 57599, 50873, 48974),
}


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
            if row["kind"] in ("exact", "bound") and row["policy"] in known:
                cell = row["policy"], int(row["size"])
                wanted[row["trace"]][cell] = int(row["requests"]), int(row["hits"])
    return wanted


def replay(path, cells, unit="objects"):
    """{(policy, capacity): (requests, hits)} of one run over all policies and capacities."""
    names = ",".join(sorted({policy for policy, _ in cells}))
    sizes = ",".join(str(size) for size in sorted({size for _, size in cells}))
    command = [PROGRAM, "replay", path, "--policy", names, "--capacity", sizes, "--unit", unit,
               "-o", "json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    return {(line["policy"], line["capacity"]): (line["requests"], line["hits"]) for line in lines}


class ReplayExpectedTest(unittest.TestCase):
    def setUp(self):
        if not (TRACES / "expected.csv").is_file():
            self.skipTest(f"no traces at {TRACES}; RINGCACHE_SHARED names another folder")

    def test_bytes_are_exact_too(self):
        wanted = {(policy, (i + 1) * 128 * MIB): (REQUESTS_SIZED, REQUESTS_SIZED - count)
                  for policy, misses in SIZED.items() for i, count in enumerate(misses)}
        self.assertEqual(replay(TRACES / "lcs-cpio.sized.csv.xz", wanted, "bytes"), wanted)

    def test_every_cell_is_exact(self):
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
