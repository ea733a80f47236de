# SPDX-License-Identifier: Apache-2.0
"""Real databases for the system tests: SQLite files, MariaDB and PostgreSQL servers on loopback, ended by pid."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import sqlite3
import subprocess
import uuid

import harness

STUDENTS = 1000


class Sqlite:
    """A file with the students of a Server."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder).with_suffix(".db")
        self.dsn = f"sqlite:{self.file}"

    @staticmethod
    def installed():
        return True

    def __enter__(self):
        with contextlib.closing(sqlite3.connect(self.file)) as db, db:
            db.execute("CREATE TABLE students (name text PRIMARY KEY, score int NOT NULL)")
            db.executemany("INSERT INTO students VALUES (?, ?)", ((f"s{i}", 1000 + i) for i in range(STUDENTS)))
        return self

    def __exit__(self, *_):
        pass

    def queries(self):
        """SQLite counts none."""


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
        self.launch()
        harness.eventually(self.has_started, 60, f"{self.program} takes connections")

    def has_started(self):
        """PostgreSQL does not start as long as a session of the one before it still ends."""
        if self.child.poll() is not None:
            self.launch()
        return self.takes_connections()

    def launch(self):
        with open(self.folder / "log", "ab") as log:
            self.child = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          cwd=self.folder, user=self.account())

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


class GaleraMember(Mariadb):
    """A Mariadb, alone until it joins the others, which it finds at the ports of the group."""

    def __init__(self, folder, group, number):
        super().__init__(folder)
        self.group, self.number, self.joined = group, number, False

    def join(self, state, view):
        """Begins as if it had been stopped with all of them at that state, in that view."""
        self.joined = True
        (self.folder / "data/grastate.dat").write_text(state)
        (self.folder / "data/gvwstate.dat").write_text(view)
        self.launch()

    def command(self):
        return [*super().command(), *(self.replication() if self.joined else [])]

    def replication(self):
        # A member that is killed is missed after suspect_timeout: until then nothing is committed.
        options = (f"gmcast.listen_addr=tcp://127.0.0.1:{self.group[self.number]};evs.keepalive_period=PT0.3S;"
                   "evs.suspect_timeout=PT1.5S;evs.inactive_timeout=PT3S;evs.inactive_check_period=PT0.2S;"
                   f"evs.install_timeout=PT3S;ist.recv_addr=127.0.0.1:{harness.free_port()};gcache.size=8M")
        return ["--wsrep-on=ON", f"--wsrep-provider={Galera.provider}", f"--wsrep-provider-options={options}",
                f"--wsrep-cluster-address=gcomm://{','.join(f'127.0.0.1:{port}' for port in self.group)}",
                "--wsrep-node-address=127.0.0.1", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2"]

    def ready(self):
        return self.takes_connections() and self.status("wsrep_ready") == "ON"

    def status(self, name):
        return self.run(f"SHOW STATUS LIKE '{name}'").split()[1]

    def stop(self):
        self.child.terminate()
        self.child.wait()


class Galera:
    """Three Mariadb servers with one school. The second and the third begin with a copy of the first."""

    provider = "/usr/lib/galera/libgalera_smm.so"

    def __init__(self, folder):
        group = [harness.free_port() for _ in range(3)]
        pathlib.Path(folder).mkdir()
        self.members = [GaleraMember(pathlib.Path(folder) / f"m{i}", group, i) for i in range(3)]

    @classmethod
    def installed(cls):
        return Mariadb.installed() and os.path.exists(cls.provider)

    def __enter__(self):
        first, *others = self.members
        try:
            first.__enter__()
            first.stop()
            for member in others:
                shutil.copytree(first.folder / "data", member.folder / "data")
                member.database = first.database
            self.join()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for member in self.members:
            member.kill()

    def join(self):
        """All at once and from one state, so that none has to be sent what it lacks."""
        state = f"# GALERA saved state\nversion: 2.1\nuuid: {uuid.uuid1()}\nseqno: 1\nsafe_to_bootstrap: 0\n"
        names = sorted(str(uuid.uuid1()) for _ in self.members)
        view = "\n".join(["#vwbeg", f"view_id: 3 {names[0]} 3", "bootstrap: 0",
                          *(f"member: {name} 0" for name in names), "#vwend"])
        for member, name in zip(self.members, names):
            member.join(state, f"my_uuid: {name}\n{view}\n")
        for member in self.members:
            harness.eventually(member.ready, 60, "three members are one")

    @property
    def dsn(self):
        hosts = ",".join(f"127.0.0.1:{member.port}" for member in self.members)
        return f"mysql://ringcache:secret%20word@{hosts}/school"


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
                "-c", "shared_buffers=16MB", "-c", "shared_preload_libraries=pg_stat_statements",
                "-c", "pg_stat_statements.track_utility=off"]

    def client(self, sql):
        return ["psql", "--no-psqlrc", "--quiet", "--tuples-only", f"--host={self.folder}", f"--port={self.port}",
                "--username=admin", f"--dbname={self.database}", "-v", "ON_ERROR_STOP=1", f"--command={sql}"]

    def make_school(self):
        self.run("CREATE ROLE ringcache LOGIN PASSWORD 'secret word'")
        self.run("CREATE DATABASE school OWNER ringcache")
        self.database = "school"
        self.run("CREATE EXTENSION pg_stat_statements")

    def allow(self):
        self.run("GRANT ALL ON students TO ringcache")

    def queries(self):
        """Run for the nodes since the server was made."""
        return int(self.run("SELECT coalesce(sum(calls), 0) FROM pg_stat_statements JOIN pg_roles ON oid = userid "
                            "WHERE rolname = 'ringcache'"))
