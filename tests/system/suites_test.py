# SPDX-License-Identifier: Apache-2.0
"""Clients that others wrote, against a running cluster; skipped where they are not at hand."""
import shutil
import subprocess
import unittest

import harness

ECHO = """  echo:
    source: school
    get: SELECT 'val-' || :key WHERE :key NOT LIKE 'missing%'
"""


class SuitesTest(unittest.TestCase):
    def setUp(self):
        if not harness.SHARED.is_dir():
            self.skipTest(f"no client suites at {harness.SHARED}; RINGCACHE_SHARED names another folder")
        self.cluster = self.enterContext(harness.Cluster(groups=ECHO))

    def run_suite(self, *command):
        ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
        print(ended.stdout.strip().splitlines()[-1] if ended.stdout else ended.stderr)
        self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)

    def run_grpc_check(self, *arguments):
        """Judges it by its last words, not by its end: now and then Python's grpc waits for itself there for ever."""
        suite = harness.SHARED / "suites/grpc/grpc_check.py"
        with subprocess.Popen(["timeout", "-s", "KILL", "100", "/usr/bin/python3", "-u", suite, *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as check:
            said = []
            for line in check.stdout:
                said.append(line)
                if line.startswith("GRPC-CHECK"):
                    break
            check.terminate()
        print(said[-1].strip() if said else "")
        self.assertRegex("".join(said), "(?m)^GRPC-CHECK .* fail=0$")

    def test_a_plain_grpc_client_finds_the_go_projects_service(self):
        for node in self.cluster.nodes:
            self.run_grpc_check(node.grpc, "--hit", "s1=1001", "--hit", "s2=1002")

    @unittest.skipUnless(shutil.which("go"), "no go compiler")
    def test_a_go_groupcache_fetches_from_us(self):
        suite = harness.SHARED / "suites/groupcache_peer/run.sh"
        self.run_suite("bash", suite, self.cluster.nodes[1].http, "echo", "val-")


if __name__ == "__main__":
    unittest.main()
