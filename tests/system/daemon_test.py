# SPDX-License-Identifier: Apache-2.0
"""ringcached as its operator sees it: flags, configuration, ports, signals, logs, a missing database."""
import concurrent.futures
import contextlib
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

import harness


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ringcache-system.")))

    def run_daemon(self, *arguments, env=None):
        return subprocess.run([harness.BIN / "ringcached", *map(str, arguments)], capture_output=True, text=True,
                              timeout=20, cwd=self.dir, env={**os.environ, **(env or {})})

    def start(self, yaml="", *arguments):
        config = self.dir / "node.yaml"
        config.write_text(yaml)
        node = harness.Node("n", f"127.0.0.1:{harness.free_port()}", f"127.0.0.1:{harness.free_port()}", config,
                            self.dir / "n.log", ["--data-dir", self.dir / "data", *arguments])
        self.addCleanup(node.kill)
        node.start()
        harness.eventually(node.answers, 10, "the node answers")
        return node

    def test_alone_it_is_a_durable_key_value_store(self):
        node = self.start()
        self.assertEqual(node.put("kv", "k", b"\0\1\xff").status, 200)
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)
        node.start()
        harness.eventually(node.ready, 10, "ready again")
        self.assertEqual(node.get("kv", "k").body, b"\0\1\xff")

    def test_a_ttl_is_kept_by_the_store(self):
        node = self.start()
        node.request("PUT", "/v1/groups/kv/keys/k?ttl=300ms", b"short")
        self.assertEqual(node.get("kv", "k").body, b"short")
        harness.eventually(lambda: node.get("kv", "k").status == 404, 5, "the key is gone")

    def test_every_mistake_of_a_configuration_is_named_with_its_line(self):
        (self.dir / "bad.yaml").write_text("listen:\n  htpp: x\nring: {type: square}\n")
        ended = self.run_daemon("--config", "bad.yaml", "--check-config")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("bad.yaml:2: unknown key 'listen.htpp'", ended.stderr)
        self.assertIn("bad.yaml:3: ring.type", ended.stderr)

    def test_a_missing_configuration_is_named(self):
        ended = self.run_daemon("--config", "none.yaml")
        self.assertEqual(ended.returncode, 1)
        self.assertIn("none.yaml: cannot be read", ended.stderr)

    def test_a_good_configuration_is_said_to_be(self):
        (self.dir / "good.yaml").write_text("log: {level: warn}\n")
        self.assertEqual(self.run_daemon("--config", "good.yaml", "--check-config").returncode, 0)

    def test_an_unknown_flag_fails(self):
        self.assertEqual(self.run_daemon("--liste-http", "x").returncode, 1)

    def test_a_taken_port_is_named_with_the_flag_that_changes_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            for door in ("http", "grpc"):
                other = "grpc" if door == "http" else "http"
                ended = self.run_daemon(f"--listen-{door}", address, f"--listen-{other}", "127.0.0.1:0",
                                        "--data-dir", self.dir / "d")
                self.assertEqual(ended.returncode, 1)
                self.assertIn(address, ended.stderr)
                self.assertIn(f"--listen-{door}", ended.stderr)

    def test_an_unreachable_etcd_is_said_and_the_node_serves(self):
        node = self.start(f"membership: {{endpoints: ['127.0.0.1:{harness.free_port()}']}}\n")
        self.assertEqual(node.put("kv", "k", b"v").status, 200)
        self.assertEqual(node.request("GET", "/readyz").status, 503)
        self.assertEqual(node.request("GET", "/healthz").status, 200)
        harness.eventually(lambda: "etcd" in node.output(), 10, "the log says so")
        node.signal(signal.SIGTERM)
        self.assertEqual(node.wait(), 0)

    def test_a_missing_database_is_said_and_heals(self):
        path = self.dir / "later.db"
        node = self.start(f"sources: {{s: {{dsn: 'sqlite:{path}'}}}}\n"
                          "groups: {scores: {source: s, get: SELECT score FROM students WHERE name = :key}}\n")
        answer = node.get("scores", "x")
        self.assertEqual((answer.status, answer.error["code"]), (503, "unavailable"))
        self.assertIn("later.db", node.output())
        subprocess.run(["sqlite3", path, "CREATE TABLE students (name TEXT PRIMARY KEY, score); "
                        "INSERT INTO students VALUES ('x', 5)"], check=True)
        harness.eventually(lambda: node.get("scores", "x").body == b"5", 10, "the database is there")

    def test_a_statement_that_cannot_be_prepared_is_named(self):
        path = self.dir / "s.db"
        subprocess.run(["sqlite3", path, "CREATE TABLE t (name TEXT)"], check=True)
        (self.dir / "c.yaml").write_text(f"sources: {{s: {{dsn: 'sqlite:{path}'}}}}\n"
                                         "groups: {g: {source: s, get: SELECT nope FROM t WHERE name = :key}}\n")
        ended = self.run_daemon("--config", "c.yaml", "--listen-http", "127.0.0.1:0", "--listen-grpc", "127.0.0.1:0")
        self.assertEqual(ended.returncode, 1)
        for word in ("'g'", "nope"):
            self.assertIn(word, ended.stderr)

    def test_the_doors_let_through_the_largest_value_of_any_group(self):
        node = self.start("groups: {big: {max_value: 20MiB, capacity: 256MiB}, small: {max_value: 1KiB}}\n")
        self.assertEqual(node.put("big", "k", b"x" * (20 << 20)).status, 200)
        self.assertEqual(len(node.get("big", "k").body), 20 << 20)
        self.assertEqual(node.put("big", "k", b"x" * ((20 << 20) + 1)).status, 413)
        self.assertEqual(node.put("small", "k", b"x" * 1025).status, 413)

    def test_sighup_adopts_log_level_and_limits(self):
        node = self.start("groups: {g: {capacity: 1MiB}}\nlog: {level: info}\n")
        (self.dir / "node.yaml").write_text("groups: {g: {capacity: 2MiB, max_value: 10B}}\nlog: {level: error}\n")
        node.signal(signal.SIGHUP)
        harness.eventually(lambda: node.json("/v1/groups/g")["capacity"] == 2 << 20, 5, "the new capacity")
        self.assertEqual(node.put("g", "k", b"x" * 11).status, 413)

    def test_sighup_with_a_broken_file_changes_nothing(self):
        node = self.start("groups: {g: {capacity: 1MiB}}\n")
        (self.dir / "node.yaml").write_text("groups: [\n")
        node.signal(signal.SIGHUP)
        harness.eventually(lambda: "node.yaml:" in node.output(), 5, "the mistake is said")
        self.assertEqual(node.json("/v1/groups/g")["capacity"], 1 << 20)

    def test_json_logs_are_one_object_a_line_and_hold_no_value(self):
        node = self.start("", "--log-format", "json", "--log-level", "debug")
        node.put("kv", "k", b"secret-value-1234")
        node.get("kv", "k")
        node.signal(signal.SIGTERM)
        node.wait()
        lines = [json.loads(line) for line in node.output().splitlines()]
        self.assertTrue(all({"time", "level", "component", "message"} <= line.keys() for line in lines))
        self.assertNotIn("secret-value", node.output())

    def test_a_group_without_a_source_is_a_plain_cache(self):
        node = self.start("groups: {sessions: {capacity: 1MiB}}\n")
        self.assertEqual(node.get("sessions", "k").status, 404)
        self.assertEqual(node.put("sessions", "k", b"v").status, 200)
        self.assertEqual(node.get("sessions", "k").body, b"v")
        self.assertEqual(node.request("DELETE", "/v1/groups/sessions/keys/k").status, 200)
        self.assertEqual(node.get("sessions", "k").status, 404)


class WritesTest(unittest.TestCase):
    """Three nodes that speak HTTP with each other: what is asked of one is true at all."""

    @classmethod
    def setUpClass(cls):
        cls.cluster = harness.Cluster(transport="http", groups="  kv: {source: store}\n  sessions: {capacity: 1MiB}")
        store = cls.cluster.path / "kv.db"
        text = cls.cluster.config.read_text()
        cls.cluster.config.write_text(text.replace("sources:\n", f'sources:\n  store: {{dsn: "kv:{store}"}}\n'))
        with contextlib.closing(sqlite3.connect(store)) as db:
            db.execute("PRAGMA journal_mode = WAL")  # which three nodes that start at once cannot
        cls.cluster.__enter__()
        cls.addClassCleanup(cls.cluster.__exit__, None, None, None)

    def post(self, node, group, verb, body):
        answer = node.request("POST", f"/v1/groups/{group}:{verb}", json.dumps(body))
        self.assertEqual(answer.status, 200, answer.body)
        return json.loads(answer.body)

    def put(self, node, group, key, value, etag=None, query=""):
        headers = {"If-Match": etag} if etag else {}
        return node.request("PUT", f"/v1/groups/{group}/keys/{key}{query}", value, headers)

    def read_everywhere(self, group, keys):
        return {node.get(group, key).body for node in self.cluster.nodes for key in keys}

    def change_behind(self, score):
        with contextlib.closing(sqlite3.connect(self.cluster.database)) as db, db:
            db.execute("UPDATE students SET score = ?", (score,))

    def test_an_invalidation_through_one_node_is_seen_on_all(self):
        keys = [f"s{i}" for i in range(20)]
        for round, (node, what) in enumerate(zip(self.cluster.nodes, ({"keys": keys}, {"prefix": "s"}, {"all": True}))):
            before = self.read_everywhere("scores", keys)
            self.change_behind(round)
            self.assertEqual(self.read_everywhere("scores", keys), before)
            self.assertGreaterEqual(self.post(node, "scores", "invalidate", what)["copies"], len(keys))
            self.assertEqual(self.read_everywhere("scores", keys), {str(round).encode()})

    def test_if_match_replaces_only_the_value_that_was_read(self):
        for group in ("kv", "sessions"):
            for i, node in enumerate(self.cluster.nodes):
                key = f"cas{i}"
                self.assertEqual(self.put(node, group, key, b"1").status, 200)
                etag = self.cluster.nodes[(i + 1) % 3].get(group, key).headers["ETag"]
                self.assertEqual(self.put(node, group, key, b"2", "W/" + etag).status, 412)
                self.assertEqual(self.put(node, group, key, b"2", etag).status, 200)
                late = self.put(node, group, key, b"3", etag)
                self.assertEqual((late.status, late.error["code"]), (412, "precondition_failed"))
                self.assertEqual(self.read_everywhere(group, [key]), {b"2"})

    def test_of_many_who_replace_one_value_one_succeeds(self):
        self.put(self.cluster.nodes[0], "kv", "race", b"0")
        etag = self.cluster.nodes[0].get("kv", "race").headers["ETag"]
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            ended = list(pool.map(lambda i: self.put(self.cluster.nodes[i % 3], "kv", "race", str(i).encode(), etag).status,
                                  range(1, 13)))
        self.assertEqual(sorted(ended), [200] + 11 * [412])

    def test_the_kv_store_keeps_ends_and_no_tags(self):
        keys = [f"end{i}" for i in range(12)]
        for node in self.cluster.nodes:
            for key in keys:
                self.put(node, "kv", key, b"v", query="?ttl=1h")
            touched = self.post(node, "kv", "touch", {"keys": keys + ["none"], "ttl": "300ms"})["results"]
            self.assertEqual([entry.get("etag") for entry in touched[:-1]],
                             [node.get("kv", "end0").headers["ETag"].strip('"')] * 12)
            self.assertEqual(touched[-1]["error"]["code"], "not_found")
            harness.eventually(lambda: self.read_everywhere("kv", keys) != {b"v"}, 5, "the keys are gone")
            harness.eventually(lambda: all(node.get("kv", key).status == 404 for key in keys), 5, "all are gone")
            refused = {self.put(node, "kv", key, b"v", query="?tags=a").status for key in keys}
            self.assertEqual(refused, {403})

    def test_a_group_without_a_source_is_invalidated_by_tag(self):
        for node in self.cluster.nodes:
            entries = [{"key": f"t{i}", "value": "v", "ttl": "1h", "tags": [f"tag{i % 3}"]} for i in range(12)]
            results = self.post(node, "sessions", "batchPut", {"entries": entries})["results"]
            self.assertTrue(all("etag" in entry for entry in results), results)
            self.assertEqual(self.post(node, "sessions", "invalidate", {"tag": "tag1"})["copies"], 4)
            for other in self.cluster.nodes:
                found = [other.get("sessions", f"t{i}").status for i in range(12)]
                self.assertEqual(found, [404 if i % 3 == 1 else 200 for i in range(12)])
            touched = self.post(node, "sessions", "touch", {"keys": ["t0"]})["results"][0]
            self.assertEqual(touched["error"]["code"], "unsupported")

    def test_many_writes_end_each_in_its_own_way(self):
        node = self.cluster.nodes[1]
        entries = [{"key": key, "value": "7"} for key in ("s500", "nobody", "s501")]
        written, refused, last = self.post(node, "scores", "batchPut", {"entries": entries})["results"]
        self.assertEqual((written["key"], "etag" in written, "etag" in last), ("s500", True, True))
        self.assertEqual(refused["error"]["code"], "not_found")
        gone = self.post(node, "scores", "batchDelete", {"keys": ["s500", "nobody", "s501"]})["results"]
        self.assertEqual([entry.get("error", {}).get("code") for entry in gone], [None, "not_found", None])
        self.assertEqual({other.get("scores", "s500").status for other in self.cluster.nodes}, {404})

    def test_tags_beyond_the_sixteenth_are_refused(self):
        for count, status in ((16, 200), (17, 400)):
            tags = ",".join(f"t{i}" for i in range(count))
            self.assertEqual(self.put(self.cluster.nodes[0], "sessions", "tags", b"v", query=f"?tags={tags}").status, status)


if __name__ == "__main__":
    unittest.main()
