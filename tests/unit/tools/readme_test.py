# SPDX-License-Identifier: Apache-2.0
"""What the texts show is what is in the tree."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
READMES = ("README.md", "README.zh-CN.md")


def blocks(name, language):
    text = (ROOT / name).read_text()
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


class ReadmeTest(unittest.TestCase):
    def test_the_embedded_example_is_the_file_that_is_built(self):
        example = (ROOT / "examples/01_embedded_cache.cc").read_text().split("\n", 1)[1]
        for readme in READMES:
            self.assertEqual(blocks(readme, "cpp"), [example], readme)

    def test_both_languages_show_the_same_commands(self):
        self.assertEqual(blocks(READMES[0], "sh"), blocks(READMES[1], "sh"))

    def test_links_lead_to_files(self):
        for page in [ROOT / name for name in READMES] + sorted(ROOT.glob("[CS]*.md")) + sorted(
                ROOT.glob("docs/**/*.md")) + [ROOT / "tests/README.md"]:
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / target).exists(), f"{page}: {target}")

    def test_the_map_stays_a_map(self):
        self.assertLess(len((ROOT / "docs/architecture.md").read_text().splitlines()), 300)

    def test_every_setting_is_documented(self):
        table = (ROOT / "src/node/config_settings.cc").read_text()
        documented = (ROOT / "docs/config.md").read_text()
        settings = re.findall(r'\{"([a-z_]+\.[a-z_.*]+)"', table)
        self.assertGreater(len(settings), 20)
        for setting in settings:
            name = re.sub(r"^(sources|groups)\.\*", r"\1.NAME", setting)
            name = re.sub(r"\.members\.\*\..*", ".members", name)
            self.assertIn(f"`{name}`", documented)


if __name__ == "__main__":
    unittest.main()
