"""The guide for C++ shows code that is compiled and run: every ```cpp block of docs/cpp/PAGE.md stands, line by line and in one
piece, in docs/cpp/PAGE.cc, or in the file that the line before the block names."""

import pathlib
import re
import sys
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "cpp").glob("*.md"))


def normal(text):
    """Without indentation that all lines share, and without empty lines at the ends."""
    return textwrap.dedent("\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def stands_in(block, source):
    """Whether the lines of `block` follow each other in `source`, at any depth of indentation."""
    wanted, lines = normal(block).split("\n"), source.split("\n")
    return any(normal("\n".join(lines[i:i + len(wanted)])).split("\n") == wanted for i in range(len(lines) - len(wanted) + 1))


class Docs(unittest.TestCase):
    def test_every_block_is_part_of_its_program(self):
        blocks = 0
        for page in PAGES:
            text = page.read_text()
            for match in re.finditer(r"^```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
                named = re.findall(r"\]\(([^)]*\.(?:cc|h))\)", text[:match.start()].rstrip().split("\n")[-1])
                source = (page.parent / named[0]) if named else page.with_suffix(".cc")
                with self.subTest(page=page.name, block=match.group(1).split("\n")[0]):
                    self.assertTrue(source.exists(), f"{source} is missing")
                    self.assertTrue(stands_in(match.group(1), source.read_text()),
                                    f"{page.name}: this code does not stand in {source.name}:\n{match.group(1)}")
                blocks += 1
        self.assertGreater(blocks, 10)

    def test_a_block_that_differs_is_found(self):
        source = "int main() {\n    a();\n    b();\n}\n"
        self.assertTrue(stands_in("a();\nb();\n", source))
        self.assertFalse(stands_in("a();\nc();\n", source))
        self.assertFalse(stands_in("b();\na();\n", source))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
