# SPDX-License-Identifier: Apache-2.0
"""Three nodes over real databases: a crowd of misses, and a server that stands still or starts again."""
import json
import pathlib
import random
import signal
import tempfile
import time
import unittest
from concurrent import futures

import databases
import harness
import load

GETS = 10_000
FROZEN = 20 if harness.LONG else 5  # seconds

GROUPS = """
  rows:
    source: rows
    get: SELECT score FROM students WHERE name = :key
    get_many: SELECT name, score FROM students WHERE name IN (:keys)
    put: UPDATE students SET score = :value WHERE name = :key
    batch_window: 50ms
  aging:
    source: rows
    get: SELECT score FROM students WHERE name = :key
    max_age: 1s
    stale_if_error: 10m
"""


class OverDatabase:
    """What holds for each kind."""

    def setUp(self):
        if not self.kind.installed():
            self.skipTest(f"{self.kind.__name__} is not installed")
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ringcache-database.")))
        self.server = self.enterContext(self.kind(self.folder / "server"))
        self.cluster = self.enterContext(harness.Cluster(
            etcds=1, groups=GROUPS, sources=f'  rows: {{dsn: "{self.server.dsn}", pool: 4, timeout: 1s}}'))
        self.nodes = self.cluster.nodes

    def loads(self):
        return sum(node.stats("rows")["loads"] for node in self.nodes)

    def crowd(self):
        """Gets of all students by 300 connections to all nodes; how many answers were wrong."""
        wanted = [i % databases.STUDENTS for i in range(GETS)]
        random.Random(1).shuffle(wanted)
        paths = [f"/v1/groups/rows/keys/s{i}" for i in wanted]
        answers = load.crowd([node.http for node in self.nodes], paths, 300)
        return sum(answer != (200, str(1000 + i).encode()) for i, answer in zip(wanted, answers))

    def test_a_crowd_of_misses_costs_each_row_once(self):
        before = self.server.queries()
        self.assertEqual(self.crowd(), 0)
        self.assertLessEqual(self.loads(), databases.STUDENTS)
        # How many gets meet is the machine's: on a busy one the crowd comes in small parts.
        self.assert_few_queries(before, databases.STUDENTS / 2)

    def test_a_crowd_that_asks_for_many_at_once_costs_few_queries(self):
        before = self.server.queries()
        names = [f"s{i % databases.STUDENTS}" for i in range(GETS)]
        random.Random(1).shuffle(names)
        with futures.ThreadPoolExecutor(100) as pool:
            wrong = sum(pool.map(self.many, range(100), [names[i::100] for i in range(100)]))
        self.assertEqual(wrong, 0)
        self.assertLessEqual(self.loads(), databases.STUDENTS)
        self.assert_few_queries(before, 150)

    def assert_few_queries(self, before, most):
        if before is None:
            return
        queries = self.server.queries() - before
        print("queries:", queries)
        self.assertLessEqual(queries, most)
        self.assertGreaterEqual(queries, databases.STUDENTS / 256, "they are counted: a query has 256 keys at most")

    def many(self, number, names):
        """Gets them by one request; how many answers were wrong."""
        body = json.dumps({"keys": names})
        answer = self.nodes[number % 3].request("POST", "/v1/groups/rows:batchGet", body)
        values = json.loads(answer.body)["values"]
        return sum(value.get("value") != str(1000 + int(name[1:])) for name, value in zip(names, values))


class OverServer(OverDatabase):
    """What holds for each kind of server."""

    def threads(self):
        return [len(list(pathlib.Path(f"/proc/{node.child.pid}/task").iterdir())) for node in self.nodes]

    def answers_again(self):
        return all(self.nodes[0].get("rows", f"s{random.randrange(900)}").status == 200 for _ in range(5))

    def test_a_database_that_stands_still_costs_no_thread_and_no_known_answer(self):
        for i in range(10):
            self.assertEqual(self.nodes[0].get("aging", f"s{i}").status, 200)
            self.assertEqual(self.nodes[0].put("rows", f"s{i}", b"7").status, 200)
        threads = self.threads()
        self.server.signal(signal.SIGSTOP)
        end = time.monotonic() + FROZEN
        while time.monotonic() < end:
            i = random.randrange(10)
            hit = self.nodes[i % 3].get("rows", f"s{i}")
            self.assertEqual(hit.body, b"7", (hit.body, i, self.nodes[i % 3].json(f"/v1/why/rows/s{i}")))
            stale = self.nodes[i % 3].get("aging", f"s{i}")
            self.assertEqual((stale.status, stale.body), (200, str(1000 + i).encode()))
            began = time.monotonic()
            missing = self.nodes[i % 3].get("rows", f"s{random.randrange(500, 900)}",
                                            headers={"X-Ringcache-Timeout": "1s"})
            self.assertIn(missing.status, (503, 504))
            self.assertLess(time.monotonic() - began, 2)
        self.assertLessEqual(max(now - then for now, then in zip(self.threads(), threads)), 2)
        self.server.signal(signal.SIGCONT)
        took = harness.eventually(self.answers_again, 5, "the database answers again")
        print(f"normal again after {took:.2f} s")
        self.assertLess(took, 2)

    def test_a_database_that_starts_again_is_found_again(self):
        self.assertEqual(self.nodes[0].get("rows", "s1").status, 200)
        self.server.kill()
        self.assertEqual(self.nodes[0].get("rows", "s2").status, 503)
        self.assertEqual(self.nodes[0].get("rows", "s1").status, 200, "a hit")
        self.server.start()
        took = harness.eventually(self.answers_again, 5, "the database answers again")
        self.assertLess(took, 2)
        self.assertEqual(self.nodes[1].put("rows", "s2", b"8").status, 200)


class SqliteTest(OverDatabase, unittest.TestCase):
    kind = databases.Sqlite


class MariadbTest(OverServer, unittest.TestCase):
    kind = databases.Mariadb


class PostgresTest(OverServer, unittest.TestCase):
    kind = databases.Postgres


if __name__ == "__main__":
    unittest.main()
