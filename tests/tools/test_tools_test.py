"""The scripts around the tests find what they are there to find: skipped cases, and sources that a change reaches."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return done.returncode, done.stdout + done.stderr


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class SkippedCases(InAFolder):
    def list_skipped(self, message):
        skipped = f'<skipped message="a_test.cc:7&#x0A;{message}"/>' if message else ""
        self.write(
            "one.xml",
            f'<testsuites><testsuite name="S"><testcase name="A" classname="S">{skipped}</testcase></testsuite></testsuites>',
        )
        return run(sys.executable, ROOT / "tools" / "list_skipped.py", self.root)

    def test_none_is_fine(self):
        self.assertEqual(self.list_skipped(""), (0, "test cases skipped: 0\n"))

    def test_a_known_reason_is_listed(self):
        status, output = self.list_skipped("this kernel has no seccomp")
        self.assertEqual(status, 0, output)
        self.assertIn("skipped: 1, this kernel has no seccomp: S.A", output)

    def test_another_reason_fails(self):
        status, output = self.list_skipped("it failed yesterday")
        self.assertEqual(status, 1, output)
        self.assertIn("it failed yesterday", output)


@unittest.skipUnless(shutil.which("git"), "needs git")
class ChangedSources(InAFolder):
    SOURCES = ("src/base/a.cc", "src/base/b.cc", "src/base/c.cc")

    def git(self, *command):
        name = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        status, output = run("git", *name, "-C", self.root, *command)
        self.assertEqual(status, 0, output)
        return output.strip()

    def setUp(self):
        super().setUp()
        self.write("tools/changed_sources.py", (ROOT / "tools" / "changed_sources.py").read_text())
        self.write("include/rondo/base/x.h", "")
        self.write("src/base/y.h", '#include "rondo/base/x.h"\n')
        self.write("src/base/a.cc", '#include "base/y.h"\n')
        self.write("src/base/b.cc", "#include <vector>\n")
        self.write("src/base/c.cc", "")
        self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "release")
        self.write("tools/release_point.txt", self.git("rev-parse", "HEAD"))

    def changed(self):
        script = self.root / "tools" / "changed_sources.py"
        status, output = run(sys.executable, script, input="\n".join(self.SOURCES))
        self.assertEqual(status, 0, output)
        return output.split()

    def test_nothing_changed(self):
        self.assertEqual(self.changed(), [])

    def test_a_source_that_differs(self):
        self.write("src/base/b.cc", "int b;\n")
        self.assertEqual(self.changed(), ["src/base/b.cc"])

    def test_a_source_that_a_changed_header_reaches(self):
        self.write("include/rondo/base/x.h", "int x;\n")
        self.assertEqual(self.changed(), ["src/base/a.cc"])

    def test_everything_where_git_does_not_know_the_point(self):
        self.write("tools/release_point.txt", "0123456789abcdef0123456789abcdef01234567")
        self.assertEqual(self.changed(), list(self.SOURCES))


if __name__ == "__main__":
    unittest.main()
