# SPDX-License-Identifier: Apache-2.0
"""One load for the whole cluster, also while its owner dies."""
import signal
import threading
import time
import unittest

import harness
import load

GETS = 3000


class HerdTest(unittest.TestCase):
    def setUp(self):
        self.cluster = self.enterContext(harness.Cluster(slow_rows=250_000))
        self.addresses = [node.http for node in self.cluster.nodes]

    def loads(self):
        return sum(n.stats("scores")["loads"] for n in self.cluster.nodes if n.alive())

    def test_three_thousand_gets_of_a_cold_key_cost_one_query(self):
        before = self.loads()
        answers = load.herd(self.addresses, "/v1/groups/scores/keys/s7", GETS)
        self.assertEqual(answers, {(200, b"1007"): GETS})
        self.assertEqual(self.loads() - before, 1)

    def test_the_owners_death_in_the_middle_fails_no_get(self):
        owner = self.cluster.node_named(self.cluster.nodes[0].owner("scores", "s8"))

        killed = []

        def kill_in_the_middle():
            harness.eventually(lambda: owner.stats("scores")["loads"] >= 1, 5, "the owner loads")
            owner.signal(signal.SIGKILL)
            killed.append(time.monotonic())

        answers = load.herd(self.addresses, "/v1/groups/scores/keys/s8", GETS, kill_in_the_middle)
        self.assertEqual(answers, {(200, b"1008"): GETS})
        self.assertFalse(owner.alive() and owner.wait() == 0)
        # A copy read past a dead owner lives for a second: on a busy machine the herd may outlast it.
        most = 1 + int(time.monotonic() - killed[0])
        survivors = [n for n in self.cluster.nodes if n is not owner]
        for node in survivors:
            self.assertLessEqual(node.stats("scores")["loads"], most, node.name)


if __name__ == "__main__":
    unittest.main()
