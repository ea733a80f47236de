# SPDX-License-Identifier: Apache-2.0
"""Nodes and etcd members die, stop and come back under load; clients see none of it."""
import signal
import subprocess
import time
import unittest

import harness
import load

LEASE = 3.0
PATHS = [f"/v1/groups/scores/keys/s{i}" for i in range(200)]


class FailoverTest(unittest.TestCase):
    transport = "grpc"

    def setUp(self):
        self.cluster = self.enterContext(harness.Cluster(transport=self.transport))
        self.nodes = self.cluster.nodes
        self.names = [node.name for node in self.nodes]

    def stream(self, nodes, **options):
        stream = load.Stream([node.http for node in nodes], PATHS, **options)
        self.addCleanup(stream.stop)
        return stream

    def everyone_sees(self, names, timeout, nodes=None):
        start = time.monotonic()
        for node in nodes or self.nodes:
            harness.eventually(lambda: node.members() == sorted(names), timeout, f"{node.name} sees {names}")
        return time.monotonic() - start

    def test_a_killed_node_costs_no_get_and_leaves_within_its_lease(self):
        victim, *others = self.nodes
        stream = self.stream(others)
        time.sleep(0.5)
        victim.signal(signal.SIGKILL)
        gone = self.everyone_sees(self.names[1:], LEASE + 1, others)
        victim.wait()
        victim.start()
        harness.eventually(lambda: victim.members(), 10, "the node answers again")
        back = self.everyone_sees(self.names, 1)
        stream.stop()
        print(f"gone after {gone:.2f} s, back after {back:.2f} s, {stream.done} gets")
        self.assertEqual(stream.failed, [])
        self.assertGreater(stream.done, 500)

    def test_a_terminated_node_loses_no_request(self):
        stream = self.stream(self.nodes)
        time.sleep(0.5)
        self.nodes[1].signal(signal.SIGTERM)
        self.assertEqual(self.nodes[1].wait(), 0)
        left = [self.nodes[0], self.nodes[2]]
        self.everyone_sees([n.name for n in left], 1, left)
        stream.stop()
        self.assertEqual(stream.failed, [])
        self.assertGreater(stream.done, 500)

    def test_the_death_of_any_etcd_member_is_invisible(self):
        stream = self.stream(self.nodes)
        for member in self.cluster.etcds:
            member.kill()
            time.sleep(LEASE + 1)  # a lease that was not kept alive would be over
            for node in self.nodes:
                self.assertEqual(node.members(), self.names)
            member.start()
            harness.eventually(lambda: self.healthy(member), 20, "the member is back")
        stream.stop()
        self.assertEqual(stream.failed, [])

    def test_reads_and_writes_go_on_without_etcd_and_nodes_register_again(self):
        stream = self.stream(self.nodes)
        for member in self.cluster.etcds:
            member.kill()
        ends = time.monotonic() + (60 if harness.LONG else 2 * LEASE)
        number = 0
        while time.monotonic() < ends:
            number += 1
            self.assertEqual(self.nodes[number % 3].put("scores", "s500", str(number)).status, 200)
            self.assertEqual(self.nodes[(number + 1) % 3].get("scores", "s500").body, str(number).encode())
            time.sleep(0.1)
        stream.stop()
        self.assertEqual(stream.failed, [])
        for member in self.cluster.etcds:
            member.start()
        back = harness.eventually(lambda: self.registered() == set(self.names), 30, "all registered")
        print(f"{number} writes without etcd; registered again {back:.1f} s after etcd started")
        self.everyone_sees(self.names, 5)

    def healthy(self, member):
        try:
            return harness.request(member.client, "GET", "/health").status == 200
        except OSError:
            return False

    def registered(self):
        listing = subprocess.run(["etcdctl", "--endpoints", ",".join(self.cluster.endpoints()), "get", "--prefix",
                                  "/test/members/"], capture_output=True, text=True, env={"ETCDCTL_API": "3",
                                  "PATH": "/usr/bin:/bin"})
        return {name for name in self.names if f'"{name}"' in listing.stdout}

    def test_the_naming_record_follows_the_node(self):
        victim = self.nodes[2]
        self.assertIn(f"GroupCache/{victim.grpc}", self.naming_records())
        victim.signal(signal.SIGKILL)
        harness.eventually(lambda: f"GroupCache/{victim.grpc}" not in self.naming_records(), LEASE + 1, "record gone")

    def naming_records(self):
        return subprocess.run(["etcdctl", "--endpoints", self.cluster.endpoints()[0], "get", "--prefix",
                               "GroupCache/"], capture_output=True, text=True,
                              env={"ETCDCTL_API": "3", "PATH": "/usr/bin:/bin"}).stdout


class FailoverOverHttpTest(unittest.TestCase):
    """The peers' other transport: the same promises, the quickest of the proofs."""
    setUp = FailoverTest.setUp
    stream = FailoverTest.stream
    everyone_sees = FailoverTest.everyone_sees
    transport = "http"
    test_a_killed_node_costs_no_get_and_leaves_within_its_lease = (
        FailoverTest.test_a_killed_node_costs_no_get_and_leaves_within_its_lease)


if __name__ == "__main__":
    unittest.main()
