# SPDX-License-Identifier: Apache-2.0
"""bench/rivals: what its tables say is what was measured."""
import argparse
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "bench" / "rivals"))
import run  # noqa: E402
import servers  # noqa: E402
import zipf  # noqa: E402


def options(**given):
    return argparse.Namespace(**{"scenarios": ["hit"], "only": [], "policies": [], "also": [],
                                 **given})


def turn(cpu, wall=1.0):
    return {"cpu": cpu, "wall": wall, "hits": 0.5}


class RivalsTest(unittest.TestCase):
    def test_the_same_seed_draws_the_same_requests_and_another_seed_others(self):
        drawn = zipf.requests(100, 1000, 0.99, 42)
        self.assertEqual(drawn, zipf.requests(100, 1000, 0.99, 42))
        self.assertNotEqual(drawn, zipf.requests(100, 1000, 0.99, 43))

    def test_the_most_popular_key_has_its_share_by_zipf(self):
        drawn = zipf.requests(1000, 20_000, 0.99, 42)
        share = 1 / sum(rank ** -0.99 for rank in range(1, 1001))
        most = max(drawn.count(key) for key in set(drawn))
        self.assertAlmostEqual(most / len(drawn), share, delta=0.01)

    def test_a_ratio_compares_turns_of_the_same_round(self):
        found = run.summary([turn(20), turn(60)], [turn(10), turn(20)])
        self.assertEqual(found["cpu_ratio"], {"median": 2.5, "min": 2, "max": 3})
        self.assertEqual(found["cpu_ns"]["median"], 40)

    def test_throughput_is_the_base_time_over_the_contenders(self):
        found = run.summary([turn(1, wall=4)], [turn(1, wall=2)])
        self.assertEqual(found["throughput_ratio"]["median"], 0.5)

    def test_the_base_runs_also_when_others_are_named(self):
        wanted = run.contenders(options(only=["absl-map"]))["hit"]
        self.assertEqual([each.name for each in wanted], ["ours", "absl-map"])

    def test_policies_and_other_builds_join(self):
        wanted = run.contenders(options(policies=["fifo"], also=["old=x/rival_ours"]))["hit"]
        self.assertEqual([each.name for each in wanted[-2:]], ["ours-fifo", "old"])
        self.assertEqual(wanted[-2].command("hit")[-1], "fifo")

    def test_servers_are_given_keys_and_values_of_the_sizes_that_are_subtracted(self):
        for name in run.SERVERS:
            request, _ = servers.entry(name, 7)
            self.assertIn(b"user:00000000007", request)
            self.assertIn(servers.VALUE, request)
        self.assertEqual(len("user:00000000007") + len(servers.VALUE), run.PAYLOAD)


if __name__ == "__main__":
    unittest.main()
