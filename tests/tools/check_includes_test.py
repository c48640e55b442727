"""The checker of the include order finds what it is there to find."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).resolve().parents[2] / "tools" / "check_includes.py"
ROOMS = "base:\ntensor: base\ncells: base tensor\n"


class IncludeOrder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("tools/rooms.txt", ROOMS)
        self.write("include/rondo/error.h", "#include <string>\n")
        self.write("src/base/error.cc", '#include "rondo/error.h"\n')
        self.write("include/rondo/tensor.h", '#include "rondo/error.h"\n')
        self.write("src/tensor/tensor.cc", '#include "rondo/tensor.h"\n#include <fmt/format.h>\n')

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def check(self):
        done = subprocess.run(
            [sys.executable, CHECKER, "--root", self.root], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    def assert_found(self, *parts):
        status, output = self.check()
        self.assertEqual(status, 1, output)
        for part in parts:
            self.assertIn(part, output)

    def test_a_house_in_order_passes(self):
        status, output = self.check()
        self.assertEqual(status, 0, output)

    def test_a_room_may_not_include_what_stands_to_its_right(self):
        self.write("src/base/random.cc", '#include "tensor/view.h"\n')
        self.assert_found("src/base/random.cc:1", "belongs to tensor")

    def test_nor_through_a_public_header(self):
        self.write("src/base/random.cc", '\n  #  include "rondo/tensor.h"\n')
        self.assert_found("src/base/random.cc:2", "belongs to tensor")

    def test_a_public_header_without_source_belongs_where_its_includes_put_it(self):
        self.write("include/rondo/shape.h", '#include <rondo/tensor.h>\n')
        self.write("src/base/random.cc", '#include "rondo/shape.h"\n')
        self.assert_found('"rondo/shape.h" belongs to tensor')

    def test_a_public_header_shows_no_other_library(self):
        self.write("include/rondo/error.h", "#include <string>\n#include <fmt/format.h>\n")
        self.assert_found("include/rondo/error.h:2", "fmt/format.h")

    def test_nor_a_private_header(self):
        self.write("include/rondo/error.h", '#include "base/detail.h"\n')
        self.assert_found("include/rondo/error.h:1", "base/detail.h")

    def test_an_unknown_room_is_found(self):
        self.write("src/attic/box.cc", "")
        self.assert_found("src/attic")

    def test_a_public_header_that_is_not_there_is_found(self):
        self.write("src/base/random.cc", '#include "rondo/randon.h"\n')
        self.assert_found("src/base/random.cc:1", "no public header")


if __name__ == "__main__":
    unittest.main()
