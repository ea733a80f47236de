# SPDX-License-Identifier: Apache-2.0
"""A small tree that every check is content with, for tests to spoil."""
import contextlib
import importlib
import io
import pathlib
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parents[3] / "tools"
sys.path.insert(0, str(TOOLS))

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
GOOD = {
    "CMakeLists.txt": "ringcache_layer(base HEADERS bytes.h)\n"
                      "ringcache_layer(cache HEADERS cache.h DEPENDS base)\n"
                      "ringcache_layer(core FOLDER src/group HEADERS group.h DEPENDS cache)\n"
                      "ringcache_layer(http HEADERS http.h DEPENDS base PRIVATE beast)\n",
    "include/ringcache/bytes.h": SPDX + "#pragma once\n#include <string>\n",
    "include/ringcache/cache.h": SPDX + "#pragma once\n#include <ringcache/bytes.h>\n",
    "include/ringcache/group.h": SPDX + "#pragma once\n#include <ringcache/cache.h>\n",
    "include/ringcache/http.h": SPDX + "#pragma once\n#include <ringcache/bytes.h>\n",
    "src/cache/cache.cc": SPDX + "#include <ringcache/cache.h>\n",
    "src/http/server.cc": SPDX + "#include <boost/asio.hpp>\n\nint f() { return 1; }\n",
    "tests/unit/cache/cache_test.cc": SPDX,
    "tests/unit/http/server_test.cc": SPDX,
}


class TreeTest(unittest.TestCase):
    """spoil() changes one file of the good tree; complaints() is what the check then says."""
    tool = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for path, text in GOOD.items():
            self.write(path, text)

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def spoil(self, path, more):
        self.write(path, GOOD.get(path, SPDX) + more)

    def complaints(self):
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module(self.tool).check(str(self.root))

    def assert_caught(self, *words):
        found = self.complaints()
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def assert_content(self):
        self.assertEqual(self.complaints(), [])
