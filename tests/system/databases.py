# SPDX-License-Identifier: Apache-2.0
"""Real MariaDB and PostgreSQL servers on loopback for the system tests, ended by pid."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import subprocess

import harness

STUDENTS = 1000


class Server:
    """Has a table of students in the database `school`: s0 … s999 with score 1000 + number."""

    keys = "text"

    def __init__(self, folder):
        self.folder, self.port, self.child = pathlib.Path(folder), harness.free_port(), None
        self.folder.mkdir()

    @classmethod
    def installed(cls):
        return os.path.exists(cls.program)

    def __enter__(self):
        self.prepare()
        self.start()
        self.make_school()
        self.run(f"CREATE TABLE students (name {self.keys} PRIMARY KEY, score int NOT NULL)")
        rows = ", ".join(f"('s{i}', {1000 + i})" for i in range(STUDENTS))
        self.run(f"INSERT INTO students VALUES {rows}")
        self.allow()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          cwd=self.folder, user=self.account())
        harness.eventually(self.takes_connections, 60, f"{self.program} takes connections")

    def kill(self):
        if self.child is not None:
            self.signal(signal.SIGKILL)
            self.child.wait()
            self.child = None

    def signal(self, number):
        """To every process of it."""
        children = pathlib.Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text()
        for pid in [self.child.pid, *map(int, children.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def takes_connections(self):
        return subprocess.run(self.client("SELECT 1"), capture_output=True, check=False).returncode == 0

    def run(self, sql):
        done = subprocess.run(self.client(sql), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout.strip()

    def account(self):
        return None

    def allow(self):
        pass


class Mariadb(Server):
    program = "/usr/sbin/mariadbd"
    keys = "varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    database = ""

    @property
    def dsn(self):
        return f"mysql://ringcache:secret%20word@127.0.0.1:{self.port}/school"

    def prepare(self):
        subprocess.run(["mariadb-install-db", "--no-defaults", f"--user={self.name()}", "--skip-test-db",
                        f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal"],
                       check=True, capture_output=True)

    def command(self):
        return [self.program, "--no-defaults", f"--user={self.name()}", f"--datadir={self.folder / 'data'}",
                f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}", f"--port={self.port}",
                "--bind-address=127.0.0.1", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=16M",
                "--skip-name-resolve"]

    def client(self, sql):
        return ["mariadb", "--no-defaults", f"--socket={self.folder / 'socket'}", "--user=root", "--batch",
                "--skip-column-names", *self.database.split(), "--execute", sql]

    def make_school(self):
        self.run("CREATE DATABASE school; CREATE USER ringcache@'127.0.0.1' IDENTIFIED BY 'secret word'; "
                 "GRANT ALL ON school.* TO ringcache@'127.0.0.1'")
        self.database = "school"

    def queries(self):
        """Prepared statements run since the server started."""
        return int(self.run("SHOW GLOBAL STATUS LIKE 'Com_stmt_execute'").split()[1])

    @staticmethod
    def name():
        return pwd.getpwuid(os.geteuid()).pw_name


class Postgres(Server):
    tools = pathlib.Path("/usr/lib/postgresql/15/bin")
    program = str(tools / "postgres")
    database = "postgres"

    @property
    def dsn(self):
        return f"postgresql://ringcache:secret%20word@127.0.0.1:{self.port}/school"

    def account(self):
        """It refuses to run as root."""
        return "postgres" if os.geteuid() == 0 else None

    def prepare(self):
        if self.account():
            self.folder.parent.chmod(0o755)
            shutil.chown(self.folder, self.account())
        subprocess.run([self.tools / "initdb", f"--pgdata={self.folder / 'data'}", "--username=admin",
                        "--auth-local=trust", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C",
                        "--no-sync"], check=True, capture_output=True, cwd=self.folder, user=self.account())

    def command(self):
        return [self.program, "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder, "-h", "127.0.0.1",
                "-c", "shared_buffers=16MB"]

    def client(self, sql):
        return ["psql", "--no-psqlrc", "--quiet", "--tuples-only", f"--host={self.folder}", f"--port={self.port}",
                "--username=admin", f"--dbname={self.database}", "-v", "ON_ERROR_STOP=1", f"--command={sql}"]

    def make_school(self):
        self.run("CREATE ROLE ringcache LOGIN PASSWORD 'secret word'")
        self.run("CREATE DATABASE school OWNER ringcache")
        self.database = "school"

    def allow(self):
        self.run("GRANT ALL ON students TO ringcache")
