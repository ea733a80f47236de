# SPDX-License-Identifier: Apache-2.0
"""A group whose source is a program in another language: examples/05_source.py."""
import contextlib
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import unittest

import harness

VALUES = {"empty": b"", "nul": b"\0a\0", "text": "张三😀".encode(), "large": bytes(range(256)) * 20_000}


class SourceTest(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ringcache-system.")))
        self.address = f"127.0.0.1:{harness.free_port()}"
        subprocess.run(["protoc", "-I", harness.ROOT / "src/grpc", f"--python_out={self.dir}",
                        f"--grpc_python_out={self.dir}",
                        "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", "source.proto"], check=True)
        self.loader = harness.Process([sys.executable, "-B", harness.ROOT / "examples/05_source.py", self.address,
                                       self.dir / "rows.db"], self.dir / "loader.log", {"PYTHONPATH": str(self.dir)})
        config = self.dir / "node.yaml"
        config.write_text(f"sources: {{rows: {{dsn: 'grpc://{self.address}', timeout: 5s}}}}\n"
                          "groups: {scores: {source: rows, negative_max_age: 0s}}\n")
        self.node = harness.Node("n", f"127.0.0.1:{harness.free_port()}", f"127.0.0.1:{harness.free_port()}", config,
                                 self.dir / "n.log")
        for process in (self.loader, self.node):
            self.addCleanup(process.kill)
            process.start()
        harness.eventually(self.node.answers, 10, "the node answers")
        self.await_status("nothing", 404)

    def await_status(self, key, status):
        harness.eventually(lambda: self.node.get("scores", key).status == status, 20, f"{key} is a {status}")

    def delete(self, key):
        return self.node.request("DELETE", f"/v1/groups/scores/keys/{key}").status

    def rows(self):
        with contextlib.closing(sqlite3.connect(self.dir / "rows.db")) as db:
            return dict(db.execute("SELECT key, value FROM rows WHERE grp = 'scores'").fetchall())

    def test_rows_are_read_written_and_deleted_byte_for_byte(self):
        for key, value in VALUES.items():
            self.assertEqual(self.node.put("scores", key, value).status, 200, key)
            self.assertEqual(self.node.get("scores", key).body, value, key)
        self.assertEqual(self.rows(), {key.encode(): value for key, value in VALUES.items()})
        with contextlib.closing(sqlite3.connect(self.dir / "rows.db")) as db, db:
            db.execute("INSERT INTO rows VALUES ('scores', ?, ?)", (b"\xff/\0", b"by another hand"))
        self.assertEqual(self.node.get("scores", "%FF%2F%00").body, b"by another hand")
        for key in VALUES:
            self.assertEqual((self.delete(key), self.delete(key)), (200, 404), key)
            self.assertEqual(self.node.get("scores", key).status, 404, key)
        self.assertEqual(self.rows(), {b"\xff/\0": b"by another hand"})

    def test_what_the_program_refuses_is_refused(self):
        answer = self.node.request("PUT", "/v1/groups/scores/keys/k?ttl=1s", b"v")
        self.assertEqual(answer.error["code"], "unsupported")
        self.assertIn("these rows keep no ttl", answer.error["message"])

    def test_a_program_that_is_away_is_named_and_found_again(self):
        self.assertEqual(self.node.put("scores", "kept", b"1").status, 200)
        self.loader.kill()
        self.await_status("lost", 503)
        for answer in (self.node.get("scores", "lost"), self.node.put("scores", "lost", b"2")):
            self.assertEqual((answer.status, answer.error["code"]), (503, "unavailable"))
            self.assertIn("source rows: ", answer.error["message"])
            self.assertNotIn("lost", answer.error["message"])
        self.assertEqual(self.node.get("scores", "kept").body, b"1")
        self.loader.start()
        self.await_status("lost", 404)
        self.assertEqual(self.node.put("scores", "lost", b"2").status, 200)
        self.assertEqual(self.rows(), {b"kept": b"1", b"lost": b"2"})
        self.assertIn(f"source rows cannot be reached at {self.address}", self.node.output())
        self.assertIn("source rows is back", self.node.output())


if __name__ == "__main__":
    unittest.main()
