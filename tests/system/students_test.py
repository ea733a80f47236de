# SPDX-License-Identifier: Apache-2.0
"""The example of an application, examples/students: two instances of its server, and its client."""
import contextlib
import pathlib
import signal
import sqlite3
import subprocess
import tempfile
import unittest
from concurrent import futures

import databases
import harness

FOLDER = harness.ROOT / "examples/students"
#: gRPC's numbers of a status, with which the client ends.
OK, INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, UNAVAILABLE = 0, 3, 5, 6, 9, 14

#: Some belong to one instance, some to the other.
NAMES = [f"张三{i}" for i in range(3)]


class Sqlite:
    """A file in the place of a server."""

    def __init__(self, folder):
        self.path = folder / "students.db"
        self.dsn = f"sqlite:{self.path}"

    @staticmethod
    def installed():
        return True

    def __enter__(self):
        self.run((FOLDER / "schema.sqlite.sql").read_text())
        return self

    def __exit__(self, *_):
        pass

    def run(self, sql):
        with contextlib.closing(sqlite3.connect(self.path, timeout=10)) as db, db:
            return "\n".join("\t".join(row) for row in db.execute(sql).fetchall())


class Mariadb(databases.Mariadb):
    def __init__(self, folder):
        super().__init__(folder / "server")

    def __enter__(self):
        super().__enter__()
        self.run("DROP TABLE students; " + (FOLDER / "schema.mariadb.sql").read_text())
        return self

    def client(self, sql):
        return super().client("SET NAMES utf8mb4; " + sql)


class Instance(harness.Process):
    def __init__(self, log, *arguments, address=None):
        self.address = address or f"127.0.0.1:{harness.free_port()}"
        super().__init__([harness.BIN / "students_server", "--listen", self.address, *arguments], log)

    def run(self, *arguments):
        """How the client ended, what it printed, and its complaint."""
        done = subprocess.run([harness.BIN / "students_client", "--server", self.address, *arguments],
                              capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stdout.rstrip("\n").split("\t"), done.stderr

    def status(self, *arguments):
        return self.run(*arguments)[0]

    def student(self, name):
        """Score and etag."""
        status, fields, complaint = self.run("show", name)
        if status != OK:
            raise AssertionError(complaint)
        return fields[1:]

    def answers(self):
        return self.status("show", "nobody") == NOT_FOUND


class OverDatabase:
    """What holds over each of them."""

    @classmethod
    def setUpClass(cls):
        if not cls.kind.installed():
            raise unittest.SkipTest(f"{cls.kind.program} is not installed")
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="ringcache-students.")))
        cls.database = cls.enterClassContext(cls.kind(cls.folder))

    def setUp(self):
        self.database.run("DELETE FROM students")
        peers = ",".join(f"{name}=127.0.0.1:{harness.free_port()}" for name in "ab")
        self.a, self.b = self.instances = [
            Instance(self.folder / f"{name}.log", "--database", self.database.dsn, "--name", name, "--peers", peers)
            for name in "ab"]
        for instance in self.instances:
            self.addCleanup(instance.kill)
            instance.start()
        for instance in self.instances:
            harness.eventually(instance.answers, 20, "the instance answers")

    def rows(self):
        return dict(row.split("\t") for row in self.database.run("SELECT * FROM students").splitlines())

    def test_what_one_instance_writes_the_other_shows_at_once(self):
        for name in NAMES:
            self.assertEqual([i.status("show", name) for i in self.instances], [NOT_FOUND] * 2)
            status, fields, _ = self.a.run("create", name, "100.5")
            self.assertEqual((status, fields[:2]), (OK, [name, "100.50"]))
            score, etag = self.b.student(name)
            self.assertEqual((score, etag), ("100.50", fields[2]))
            self.assertEqual(self.b.status("update", name, "19.99", "--etag", etag), OK)
            self.assertEqual(self.a.student(name)[0], "19.99")
            self.assertEqual(self.rows(), {name: "19.99"})
            self.assertEqual(self.a.status("delete", name), OK)
            self.assertEqual([i.status("show", name) for i in self.instances], [NOT_FOUND] * 2)

    def test_no_cent_is_lost(self):
        scores = {"0": "0.00", "0.1": "0.10", "16777217.01": "16777217.01", "99999999.99": "99999999.99"}
        for name, score in enumerate(scores):
            self.assertEqual(self.a.status("create", f"s{name}", score), OK, score)
            self.assertEqual(self.b.student(f"s{name}")[0], scores[score])
        self.assertEqual(sorted(self.rows().values()), sorted(scores.values()))

    def test_a_name_is_any_text_of_a_hundred_characters(self):
        names = ["张" * 100, "o'Brien; DROP TABLE students", "x", "X", "x ", "😀é"]
        for name in names:
            self.assertEqual(self.a.status("create", name, "1"), OK, name)
        self.assertEqual(set(self.rows()), set(names))
        for name in ("", "张" * 101):
            status, _, complaint = self.a.run("create", name, "1")
            self.assertEqual(status, INVALID_ARGUMENT)
            self.assertNotIn("张", complaint)

    def test_a_create_overwrites_nobody(self):
        self.assertEqual(self.a.status("create", "Tom", "630"), OK)
        for instance in self.instances:
            status, _, complaint = instance.run("create", "Tom", "1")
            self.assertEqual(status, ALREADY_EXISTS)
            self.assertIn("there is such a student already", complaint)
            self.assertEqual(instance.student("Tom")[0], "630.00")
        self.assertEqual(self.rows(), {"Tom": "630.00"})

    def test_an_update_overwrites_only_what_was_shown(self):
        self.a.run("create", "Tom", "630")
        _, etag = self.b.student("Tom")
        self.assertEqual(self.a.status("update", "Tom", "631"), OK)
        for instance in self.instances:
            status, _, complaint = instance.run("update", "Tom", "1", "--etag", etag)
            self.assertEqual(status, FAILED_PRECONDITION)
            self.assertIn("show it again", complaint)
        self.assertEqual(self.rows(), {"Tom": "631.00"})

    def test_an_update_overwrites_no_row_that_another_hand_has_changed(self):
        self.a.run("create", "Tom", "630")
        _, etag = self.b.student("Tom")
        self.database.run("UPDATE students SET score = '1.00'")
        self.assertEqual(self.a.status("update", "Tom", "2", "--etag", etag), FAILED_PRECONDITION)
        self.assertEqual(self.rows(), {"Tom": "1.00"})
        self.assertEqual(self.b.student("Tom")[0], "1.00")

    def test_of_many_who_write_at_once_one_does(self):
        with futures.ThreadPoolExecutor(8) as pool:
            created = list(pool.map(lambda i: self.instances[i % 2].status("create", "Tom", str(i)), range(8)))
            self.assertEqual(sorted(created), [OK] + [ALREADY_EXISTS] * 7)
            score, etag = self.a.student("Tom")
            self.assertEqual(score, f"{created.index(OK)}.00")
            updated = list(pool.map(
                lambda i: self.instances[i % 2].status("update", "Tom", str(i), "--etag", etag), range(10, 18)))
        self.assertEqual(sorted(updated), [OK] + [FAILED_PRECONDITION] * 7)
        self.assertEqual(self.rows(), {"Tom": f"{10 + updated.index(OK)}.00"})

    def test_who_is_not_there_is_neither_updated_nor_deleted(self):
        self.a.run("create", "Tom", "630")
        _, etag = self.b.student("Tom")
        self.assertEqual(self.b.status("delete", "Tom"), OK)
        for instance in self.instances:
            self.assertEqual(instance.status("update", "Tom", "1", "--etag", etag), FAILED_PRECONDITION)
            self.assertEqual(instance.status("update", "Tom", "1"), NOT_FOUND)
            self.assertEqual(instance.status("delete", "Tom"), NOT_FOUND)
        self.assertEqual(self.rows(), {})

    def test_what_is_no_score_is_refused_and_not_repeated(self):
        self.a.run("create", "Tom", "630")
        for score in ("12.345", "1e3", "123456789", "١", "12.", "007", ""):
            for command in ("create", "update"):
                status, _, complaint = self.a.run(command, "Tom", score)
                self.assertEqual((status, complaint), (
                    INVALID_ARGUMENT,
                    "students_client: a score has up to 8 digits, and up to 2 behind the point: 100.5\n"), score)
        self.assertEqual(self.rows(), {"Tom": "630.00"})

    def test_an_instance_that_ends_takes_no_answer_with_it(self):
        for name in NAMES:
            self.assertEqual(self.b.status("create", name, "1"), OK)
        self.b.signal(signal.SIGTERM)
        self.assertEqual(self.b.wait(), 0, self.b.output())
        self.assertIn("info node: left", self.b.output())
        self.assertEqual([self.a.student(name)[0] for name in NAMES], ["1.00"] * len(NAMES))
        # Its students cannot be written until it is back, or off the list.
        ends = {name: self.a.status("update", name, "2") for name in NAMES}
        self.assertEqual(set(ends.values()), {OK, UNAVAILABLE})
        self.assertEqual(self.rows(), {name: "2.00" if end == OK else "1.00" for name, end in ends.items()})
        self.assertEqual(self.b.status("show", NAMES[0]), UNAVAILABLE)


class OverSqliteTest(OverDatabase, unittest.TestCase):
    kind = Sqlite

    def refused(self, *arguments, address=None):
        """What a server said that did not start."""
        instance = Instance(self.folder / "refused.log", *arguments, address=address)
        self.addCleanup(instance.kill)
        self.assertEqual(instance.start().wait(), 1)
        said = instance.output()
        pathlib.Path(instance.log).unlink()
        return said

    def test_a_server_that_cannot_start_says_what_to_do(self):
        sqlite3.connect(self.folder / "empty.db").executescript("PRAGMA user_version = 1")
        empty = self.refused("--database", f"sqlite:{self.folder / 'empty.db'}")
        self.assertIn("no such table: students\nThe table is made by schema.sqlite.sql", empty)
        wrong = self.refused("--database", "mysql://tom:secret@/")
        self.assertIn("students_server: ", wrong)
        self.assertNotIn("secret", wrong)
        self.assertIn("--peers: 'x' is not NAME=HOST:PORT", self.refused("--name", "x", "--peers", "x"))
        self.assertIn("--name must be one of those in --peers", self.refused("--name", "x", "--peers", "y=127.0.0.1:1"))
        taken = self.refused("--database", self.database.dsn, address=self.a.address)
        self.assertIn(f"cannot listen on {self.a.address}; --listen chooses another", taken)


class OverMariadbTest(OverDatabase, unittest.TestCase):
    kind = Mariadb


if __name__ == "__main__":
    unittest.main()
