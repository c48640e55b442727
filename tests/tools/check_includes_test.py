"""The checker of the include order finds what it is there to find."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

CHECKER = Path(__file__).resolve().parents[2] / "tools" / "check_includes.py"
ROOMS = """base:
tensor: base
cells: base tensor
data: base tensor
  table: csv
  windows: windows
"""


class IncludeOrder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("tools/rooms.txt", ROOMS)
        self.write("include/rondo/base/error.h", "#include <string>\n")
        self.write("src/base/error.cc", '#include "rondo/base/error.h"\n')
        self.write("include/rondo/tensor/tensor.h", '#include "rondo/base/error.h"\n')
        self.write("src/tensor/tensor.cc", '#include "rondo/tensor/tensor.h"\n#include <fmt/format.h>\n')
        self.write("include/rondo/data/csv.h", "")
        self.write("include/rondo/data/windows.h", '#include "rondo/data/csv.h"\n')
        self.write("src/data/table/csv.cc", '#include "rondo/data/csv.h"\n#include "data/table/cell.h"\n')
        self.write("src/data/table/cell.h", "")
        self.write("src/data/windows/cut.cc", '#include "data/table/cell.h"\n')
        self.write("include/rondo/rondo.h", '#include "rondo/data/csv.h"\n')
        self.write("apps/rondo/main.cc", '#include "rondo/rondo.h"\n#include "verbs.h"\n')

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
        self.write("src/base/random.cc", '\n  #  include "rondo/tensor/tensor.h"\n')
        self.assert_found("src/base/random.cc:2", "belongs to tensor")

    def test_a_folder_may_not_include_one_that_stands_below_it_in_its_room(self):
        self.write("src/data/table/cell.h", '#include "data/windows/cut.h"\n')
        self.assert_found("src/data/table/cell.h:1", "table stands before windows")

    def test_nor_a_public_header_of_it(self):
        self.write("src/data/table/cell.h", '#include "rondo/data/windows.h"\n')
        self.assert_found("src/data/table/cell.h:1", "table stands before windows")

    def test_a_folder_that_is_not_listed_is_found(self):
        self.write("src/data/text/words.cc", "")
        self.assert_found("src/data/text/words.cc:1", "does not list the folder text")

    def test_a_public_header_of_a_room_with_folders_is_listed(self):
        self.write("include/rondo/data/series.h", "")
        self.assert_found("include/rondo/data/series.h:1", "to which folder of data")

    def test_a_public_header_lies_in_the_folder_of_its_room(self):
        self.write("include/rondo/shape.h", "")
        self.assert_found("include/rondo/shape.h:1", "rondo/<room>/<name>.h")

    def test_programs_include_public_headers_only(self):
        self.write("apps/rondo/main.cc", '#include "data/table/cell.h"\n')
        self.assert_found("apps/rondo/main.cc:1", "public headers only")

    def test_a_public_header_shows_no_other_library(self):
        self.write("include/rondo/base/error.h", "#include <string>\n#include <fmt/format.h>\n")
        self.assert_found("include/rondo/base/error.h:2", "fmt/format.h")

    def test_nor_a_private_header(self):
        self.write("include/rondo/base/error.h", '#include "base/detail.h"\n')
        self.assert_found("include/rondo/base/error.h:1", "base/detail.h")

    def test_an_unknown_room_is_found(self):
        self.write("src/attic/box.cc", "")
        self.assert_found("src/attic")

    def test_a_public_header_that_is_not_there_is_found(self):
        self.write("src/base/random.cc", '#include "rondo/base/randon.h"\n')
        self.assert_found("src/base/random.cc:1", "no public header")


if __name__ == "__main__":
    unittest.main()
