# SPDX-License-Identifier: Apache-2.0
"""tools/install.sh among stand-ins for dpkg-query, apt-get, id and sudo that note their calls."""
import os
import pathlib
import subprocess
import tempfile
import unittest

INSTALL = pathlib.Path(__file__).resolve().parents[3] / "tools" / "install.sh"
SYSTEM = ("bash", "sh", "sed", "tr", "ln", "rm", "chmod", "dirname", "cat", "env")


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("bin", "etc"):
            (self.root / name).mkdir()
        for name in SYSTEM:
            (self.root / "bin" / name).symlink_to(f"/bin/{name}")
        (self.root / "packages").write_text("# list\nbuild have\nbuild lack\ntest etcd-server\n")
        self.stand_in("dpkg-query", "echo installed=have; exit 1")
        self.stand_in("apt-get", "")
        self.stand_in("id", "echo 0")

    def stand_in(self, name, does):
        path = self.root / "bin" / name
        log = "" if name in ("id", "dpkg-query") else f'echo {name} "$@" >> "$CALLS"\n'
        path.write_text(f"#!/bin/sh\n{log}{does}\n")
        path.chmod(0o755)

    def run_install(self, *sets):
        calls = self.root / "calls"
        calls.unlink(missing_ok=True)
        environment = {"PATH": str(self.root / "bin"), "CALLS": str(calls),
                       "RINGCACHE_PACKAGES": str(self.root / "packages"),
                       "RINGCACHE_ETC": str(self.root / "etc"),
                       "RINGCACHE_POLICY": str(self.root / "policy")}
        done = subprocess.run(["/bin/bash", INSTALL, *sets], env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
        done.calls = calls.read_text().splitlines() if calls.exists() else []
        return done

    def test_nothing_missing_means_nothing_said_and_nothing_called(self):
        self.stand_in("dpkg-query", "echo installed=have; echo installed=lack")
        done = self.run_install("build")
        self.assertEqual((done.returncode, done.stdout, done.calls), (0, "", []))

    def test_only_what_is_missing_is_installed_after_saying_so(self):
        done = self.run_install("build")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("about to install 1 missing Debian packages: lack", done.stdout)
        self.assertIn(" update", done.calls[0])
        self.assertTrue(done.calls[1].endswith("--no-install-recommends lack"), done.calls)

    def test_a_package_that_was_removed_but_left_its_settings_is_missing(self):
        self.stand_in("dpkg-query", "echo installed=have; echo config-files=lack; exit 1")
        self.assertEqual(len(self.run_install("build").calls), 2)

    def test_etcds_own_service_is_kept_from_starting(self):
        self.stand_in("apt-get", '[ ! -x "$RINGCACHE_POLICY" ] || "$RINGCACHE_POLICY" etcd start'
                                 ' || echo refused $? >> "$CALLS"')
        done = self.run_install("test")
        self.assertIn("etcd's own service stays off", done.stdout)
        self.assertEqual(os.readlink(self.root / "etc" / "etcd.service"), "/dev/null")
        self.assertIn("refused 101", done.calls)
        self.assertFalse((self.root / "policy").exists())

    def test_an_etcd_that_is_installed_already_is_left_alone(self):
        self.stand_in("dpkg-query", "echo installed=etcd-server")
        self.run_install("build", "test")
        self.assertFalse((self.root / "etc" / "etcd.service").is_symlink())

    def test_without_root_sudo_is_asked(self):
        self.stand_in("id", "echo 1000")
        self.stand_in("sudo", "")
        done = self.run_install("build")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.calls[0].endswith("install.sh build"), done.calls)

    def test_without_root_and_sudo_the_command_to_run_is_told(self):
        self.stand_in("id", "echo 1000")
        done = self.run_install("build")
        self.assertEqual(done.returncode, 1)
        self.assertIn("apt-get install lack", done.stderr)

    def test_a_failed_update_is_told(self):
        self.stand_in("apt-get", "exit 100")
        done = self.run_install("build")
        self.assertEqual(done.returncode, 1)
        self.assertIn("archive reachable", done.stderr)

    def test_an_unknown_set_is_refused(self):
        self.assertEqual(self.run_install("bulid").returncode, 1)


if __name__ == "__main__":
    unittest.main()
