# SPDX-License-Identifier: Apache-2.0
"""ringcached as its operator sees it: flags, configuration, ports, signals, logs, a missing database."""
import json
import os
import pathlib
import signal
import socket
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


if __name__ == "__main__":
    unittest.main()
