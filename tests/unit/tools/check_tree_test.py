# SPDX-License-Identifier: Apache-2.0
import unittest

import tree

CPP = "src/http/server.cc"


class CheckTreeTest(tree.TreeTest):
    tool = "check_tree"

    def test_a_good_tree_passes(self):
        self.assert_content()

    def test_a_source_without_a_test_is_caught(self):
        self.write("src/http/peer.cc", tree.SPDX)
        self.assert_caught("src/http/peer.cc", "tests/unit/http/peer_test.cc")

    def test_a_test_in_another_layer_does_not_count(self):
        self.write("src/http/peer.cc", tree.SPDX)
        self.write("tests/unit/grpc/peer_test.cc", tree.SPDX)
        self.assert_caught("tests/unit/http/peer_test.cc")

    def test_a_source_in_a_subfolder_has_its_test_in_the_layer(self):
        self.write("src/cache/policy/arc.cc", tree.SPDX)
        self.write("tests/unit/cache/policy/arc_test.cc", tree.SPDX)
        self.assert_content()

    def test_two_headers_with_one_name_are_caught(self):
        gate = tree.SPDX + "#pragma once\nclass Gate final {\n};\n"
        self.write("src/http/gate.h", gate)
        self.write("src/cache/hidden.h", gate.replace("class Gate", "  class Gate"))  # nested
        self.write("src/cache/forward.h", tree.SPDX + "#pragma once\nclass Gate;\n")
        self.assert_content()
        self.write("src/cache/gate.h", gate)
        self.assert_caught("Gate", "src/cache/gate.h", "src/http/gate.h")

    def test_a_missing_licence_line_is_caught(self):
        self.write(CPP, "int f() { return 1; }\n")
        self.assert_caught("first line")

    def test_a_script_may_have_its_interpreter_before_the_licence(self):
        self.write("tools/x.py", "#!/usr/bin/python3\n# SPDX-License-Identifier: Apache-2.0\n")
        self.assert_content()

    def test_a_header_without_pragma_once_is_caught(self):
        self.write("src/http/routes.h", tree.SPDX)
        self.assert_caught("#pragma once")

    def test_leftover_notes_are_caught_in_any_file(self):
        for word in ("TO" "DO", "FIX" "ME"):
            self.write("docs/x.md", f"nearly there ({word}: the rest)\n")
            self.assert_caught("docs/x.md:1", "leftover")

    def test_paths_of_a_machine_are_caught(self):
        for path in ("/home/" "ada/ringcache", str(self.root / "build")):
            self.write("docs/x.md", f"see\n{path}\n")
            self.assert_caught("docs/x.md:2", "machine")

    def test_long_files_are_caught(self):
        self.write("src/http/routes.h", tree.SPDX + "#pragma once\n" + "\n" * 198)
        self.assert_content()
        self.spoil("src/http/routes.h", "#pragma once\n" + "\n" * 199)
        self.assert_caught("201 lines; at most 200")

    def test_long_lines_are_caught(self):
        self.spoil(CPP, "//" + "x" * 98 + "\n")
        self.assert_content()
        self.spoil(CPP, "//" + "x" * 99 + "\n")
        self.assert_caught(f"{CPP}:5", "101 columns")

    def test_a_missing_last_newline_is_caught(self):
        self.spoil(CPP, "// end")
        self.assert_caught("newline")

    def test_coroutine_forms_that_the_compiler_breaks_are_caught(self):
        for form in ("co_await f(Agg{T{}, 1});",
                     "T t = c ? co_await f() : T{};",
                     "co_await g([sp](auto h) { h(sp); });",
                     "co_await g([&] { return 1; });",
                     "co_await co_spawn(ex, [v = std::move(v)]() -> A { co_return; }, use);"):
            self.spoil(CPP, f"A h() {{ {form} }}\n")
            self.assertTrue(self.complaints(), form)

    def test_coroutine_forms_that_are_right_pass(self):
        for form in ("co_await f(T{});", "co_await f(x[i], T{});", "co_await g(std::move(named));",
                     "co_await f([] { return 1; });", "// co_await f(Agg{T{}, 1});\n"):
            self.spoil(CPP, f"A h() {{ {form} }}\n")
            self.assert_content()

    def test_a_library_that_prints_or_ends_the_process_is_caught(self):
        for line in ("std::cerr << 1;", 'printf("x");', "std::abort();", "exit(1);",
                     "try {} catch (...) {}"):
            self.spoil(CPP, f"void h() {{ {line} }}\n")
            self.assert_caught(f"{CPP}:5")

    def test_the_file_that_calls_strangers_may_catch_everything(self):
        self.write("tests/unit/group/loader_test.cc", tree.SPDX)
        self.write("src/group/loader.cc", tree.SPDX + "void h() { try {} catch (...) {} }\n")
        self.assert_content()

    def test_a_program_may_print(self):
        self.spoil("apps/ringcache/main.cc", "void h() { std::cerr << 1; }\n")
        self.assert_content()


if __name__ == "__main__":
    unittest.main()
