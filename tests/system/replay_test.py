# SPDX-License-Identifier: Apache-2.0
"""`ringcache replay` as its users call it."""
import json
import lzma
import subprocess
import unittest

import harness


def replay(*arguments, stdin=b""):
    command = [harness.BIN / "ringcache", "replay", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=20)


class ReplayTest(unittest.TestCase):
    def refused(self, message, *arguments, stdin=b""):
        ended = replay(*arguments, "--capacity", "2", stdin=stdin)
        self.assertEqual((ended.returncode, ended.stdout), (1, b""))
        self.assertIn(message, ended.stderr.decode())

    def test_json_is_an_object_a_line(self):
        ended = replay("-", "--policy", "fifo,arc", "--capacity", "1,2", "-o", "json",
                       stdin=b"1\n1\n2\n1\n")
        first, *_, last = [json.loads(line) for line in ended.stdout.splitlines()]
        self.assertEqual(list(first.items()), [
            ("trace", "-"), ("policy", "fifo"), ("unit", "objects"), ("capacity", 1),
            ("requests", 4), ("hits", 1), ("hit_ratio", 0.25)])
        self.assertEqual((last["policy"], last["capacity"], last["hits"]), ("arc", 2, 2))

    def test_table_and_raw_hold_the_same(self):
        asked = ["-", "--policy", "lru", "--capacity", "2"]
        table = replay(*asked, stdin=lzma.compress(b"1\n1\n")).stdout.decode().splitlines()
        self.assertEqual(table[0].split(), ["POLICY", "CAPACITY", "REQUESTS", "HITS", "RATIO"])
        self.assertEqual(table[1].split(), ["lru", "2", "2", "1", "0.500000"])
        raw = replay(*asked, "-o", "raw", stdin=b"1\n1\n").stdout
        self.assertEqual(raw, b"lru\t2\t2\t1\t0.500000\n")

    def test_bytes_come_from_the_trace(self):
        ended = replay("-", "--policy", "lru", "--unit", "bytes", "--capacity", "1KiB", "-o", "raw",
                       stdin=b"1,1024\n1,1024\n2,1\n1,1024\n")
        self.assertEqual(ended.stdout, b"lru\t1024\t4\t1\t0.250000\n")

    def test_mistakes_are_named(self):
        self.refused("no policy \"lur\"; there are fifo lru lfu arc sieve", "-", "--policy", "lur")
        self.refused("/nowhere: cannot open", "/nowhere", "--policy", "lru")
        self.refused("-:2: expected KEY", "-", "--policy", "lru", stdin=b"1\nx\n")
        self.refused("-:3: the xz data is cut short", "-", "--policy", "lru",
                     stdin=lzma.compress(b"1\n2\n")[:-20])
        self.refused("zipf:n=0", "zipf:n=0", "--policy", "lru")
        self.refused("KEY,BYTES", "-", "--policy", "lru", "--unit", "bytes", stdin=b"1\n")
        self.refused("--capacity: must not be negative", "-", "--policy", "lru", "--capacity=-1")
        self.refused("--shards", "-", "--policy", "lru", "--shards", "3")


if __name__ == "__main__":
    unittest.main()
