# SPDX-License-Identifier: Apache-2.0
"""The command line against a cluster: what it prints and how it ends."""
import json
import subprocess
import unittest

import harness


class CliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(extra="ring: {type: classic}",
                                      groups="  sessions: {capacity: 1MiB}")
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)

    def run_cli(self, *arguments, stdin=None, node=0):
        return subprocess.run([harness.BIN / "ringcache", "--endpoint", f"http://{self.cluster.nodes[node].http}",
                               *arguments], capture_output=True, input=stdin, timeout=30)

    def json(self, *arguments):
        return json.loads(self.run_cli("-o", "json", *arguments).stdout)

    def test_get_prints_the_value_byte_for_byte(self):
        ended = self.run_cli("get", "scores", "s5", "--why")
        self.assertEqual((ended.returncode, ended.stdout), (0, b"1005"))
        self.assertIn(b"owner=n", ended.stderr)

    def test_a_get_may_take_a_stale_copy(self):
        self.assertEqual(self.run_cli("get", "scores", "s5", "--stale-ok", "30s").stdout, b"1005")
        refused = self.run_cli("get", "scores", "s5", "--stale-ok", "long")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"Max-Stale: 'long' is not a duration", refused.stderr)

    def test_a_missing_key_ends_with_two(self):
        ended = self.run_cli("get", "scores", "nobody")
        self.assertEqual((ended.returncode, ended.stdout), (2, b""))
        self.assertTrue(ended.stderr)

    def test_trouble_ends_with_one_and_says_what_to_do(self):
        ended = subprocess.run([harness.BIN / "ringcache", "--endpoint", "http://127.0.0.1:1", "get", "g", "k"],
                               capture_output=True, timeout=30)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(b"RINGCACHE_ENDPOINT", ended.stderr)
        self.assertEqual(self.run_cli("fetch").returncode, 1)

    def test_mget_prints_a_table_in_the_order_of_the_keys(self):
        ended = self.run_cli("mget", "scores", "s5", "nobody", "s4", "s5")
        self.assertEqual(ended.returncode, 2)
        lines = [line.split() for line in ended.stdout.decode().splitlines()]
        self.assertEqual(lines[0], ["KEY", "ANSWER", "VALUE"])
        self.assertEqual([(line[0], line[-1]) for line in (lines[1], lines[3], lines[4])],
                         [("s5", "1005"), ("s4", "1004"), ("s5", "1005")])
        self.assertEqual(lines[2][:2], ["nobody", "not_found"])

    def test_mget_is_the_same_at_every_node(self):
        keys = [f"s{i}" for i in range(11, 51)]
        wanted = b"".join(b"%d\n" % (1000 + i) for i in range(11, 51))
        for node in range(3):
            ended = self.run_cli("-o", "raw", "mget", "scores", *keys, node=node)
            self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, wanted, b""))

    def test_mget_prints_an_object_a_line(self):
        ended = self.run_cli("-o", "json", "mget", "scores", "s5", "nobody")
        self.assertEqual(ended.returncode, 2)
        found, missing = map(json.loads, ended.stdout.splitlines())
        self.assertEqual((found["key"], found["value"]), ("s5", "1005"))
        self.assertIn("etag", found)
        self.assertEqual((missing["key"], missing["error"]["code"]), ("nobody", "not_found"))

    def test_mget_carries_any_bytes(self):
        self.assertEqual(self.run_cli("put", "scores", "s7", "-", stdin=b"\xff\x00").returncode, 0)
        self.assertEqual(self.run_cli("mget", "-o", "raw", "scores", "s7").stdout, b"\xff\x00\n")
        found = self.json("mget", "scores", "s7")
        self.assertEqual((found["encoding"], found["value"]), ("base64", "/wA="))

    def test_mget_ends_with_one_where_the_whole_call_fails(self):
        self.assertEqual(self.run_cli("mget", "scores", "s5", "").returncode, 1)
        self.assertEqual(self.run_cli("mget", "scores").returncode, 1)
        self.assertEqual(self.run_cli("mget", "none", "s5").returncode, 2)

    def test_put_from_stdin_is_read_back_elsewhere(self):
        self.assertEqual(self.run_cli("put", "scores", "s6", "-", stdin=b"77").returncode, 0)
        self.assertEqual(self.run_cli("get", "scores", "s6", node=2).stdout, b"77")

    def etag(self, group, key):
        return self.json("get", group, key)["etag"]

    def test_put_if_match_replaces_only_the_value_that_was_read(self):
        self.assertEqual(self.run_cli("put", "sessions", "cas", "1").returncode, 0)
        etag = self.etag("sessions", "cas")
        self.assertEqual(self.run_cli("put", "sessions", "cas", "2", "--if-match", etag, node=1).returncode, 0)
        late = self.run_cli("put", "sessions", "cas", "3", "--if-match", etag, node=2)
        self.assertEqual(late.returncode, 1)
        self.assertTrue(late.stderr)
        self.assertEqual(self.run_cli("get", "sessions", "cas").stdout, b"2")
        for etag in ("*", "W/", "x\ny", '"a", "b"'):
            self.assertEqual(self.run_cli("put", "sessions", "cas", "3", "--if-match", etag).returncode, 1)

    def test_an_option_that_is_empty_is_refused(self):
        self.run_cli("put", "sessions", "kept", "1")
        for arguments in (("put", "sessions", "kept", "2", "--ttl", ""), ("put", "sessions", "kept", "2", "--tags", ""),
                          ("invalidate", "sessions", "--prefix", ""), ("invalidate", "sessions", "--tag", ""),
                          ("invalidate", "sessions", ""), ("invalidate", "sessions", "--tag", b"\xff"),
                          ("invalidate", "sessions", "kept", "--tag", "t"), ("invalidate",)):
            ended = self.run_cli(*arguments)
            self.assertEqual((ended.returncode, ended.stdout), (1, b""), arguments)
        self.assertEqual(self.run_cli("get", "sessions", "kept").stdout, b"1")

    def test_invalidate_drops_what_is_named_and_says_how_much(self):
        for key, tag in (("i:1", "t"), ("i:2", "t"), ("i:3", "u"), ("j:1", "u")):
            self.assertEqual(self.run_cli("put", "sessions", key, "v", "--tags", tag, "--ttl", "1h").returncode, 0)
        self.assertEqual(self.run_cli("invalidate", "sessions", "i:1", "none").stdout, b"1 copies went\n")
        self.assertEqual(self.json("invalidate", "sessions", "--tag", "t"), {"copies": 1})
        self.assertEqual(self.run_cli("-o", "raw", "invalidate", "sessions", "--prefix", "i:", node=1).stdout, b"1\n")
        self.assertEqual(self.run_cli("get", "sessions", "j:1").stdout, b"v")
        self.assertEqual(self.run_cli("invalidate", "sessions").returncode, 0)
        self.assertEqual(self.run_cli("get", "sessions", "j:1").returncode, 2)
        self.assertEqual(self.run_cli("invalidate", "none").returncode, 2)

    def test_del_removes_a_key(self):
        self.assertEqual(self.run_cli("del", "scores", "s9").returncode, 0)
        self.assertEqual(self.run_cli("get", "scores", "s9", node=1).returncode, 2)

    def test_ring_owner_agrees_with_why_at_every_node(self):
        owner = self.json("ring", "owner", "scores", "s10")
        self.run_cli("get", "scores", "s10")
        for node in range(3):
            ended = self.run_cli("-o", "json", "why", "scores", "s10", node=node)
            why = json.loads(ended.stdout)
            self.assertEqual((why["owner"]["name"], why["ring"]["hash"]), (owner["owner"], owner["hash"]))
            self.assertEqual(why["copy"]["size"], 4)

    def test_nodes_and_groups_are_tables_for_people(self):
        nodes = self.run_cli("nodes").stdout.decode()
        self.assertEqual(len(nodes.splitlines()), 4)
        self.assertIn("scores", self.run_cli("groups").stdout.decode())

    def test_ring_diff_finds_that_all_agree(self):
        ended = self.run_cli("ring", "--diff")
        self.assertEqual(ended.returncode, 0)
        self.assertIn(b"all agree", ended.stdout)

    def test_config_check_says_where(self):
        bad = self.cluster.path / "bad.yaml"
        bad.write_text("ring: {typ: classic}\n")
        ended = self.run_cli("config", "check", str(bad))
        self.assertEqual(ended.returncode, 1)
        self.assertIn(b"bad.yaml:1: unknown key 'ring.typ'", ended.stderr)


if __name__ == "__main__":
    unittest.main()
