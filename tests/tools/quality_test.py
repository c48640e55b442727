"""bench/quality: what a run does with the figures that are known, and what the committed files hold."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench" / "quality"))
import report  # noqa: E402
import run  # noqa: E402
from cases import CASES, Case, Figure  # noqa: E402
from entries import KEYS, belongs, checked, keeps  # noqa: E402


def prints(value, then=""):
    """A command that prints JSON as the program does."""
    return [sys.executable, "-c", f"import sys, time\nprint({json.dumps(value)!r}, flush=True)\n{then or 'pass'}"]


def case(name, command, **more):
    return Case(name, command, [Figure("rmse", 2.0, 1.0)], **{"data": False, **more})


def entry(name, value=1.5):
    return dict(zip(KEYS, (name, "rmse", value, "<= 2 (stretch 1)", 0.1, 1, "command")))


def rows(markdown):
    return [line for line in markdown.splitlines() if line.startswith("| ")][2:]


class ARun(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.addCleanup(setattr, run, "CASES", run.CASES)
        self.addCleanup(setattr, run, "LIMIT", run.LIMIT)

    def run_cases(self, cases, *arguments, known=()):
        run.CASES = cases
        (self.folder / "quality.json").write_text(json.dumps(list(known)))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = run.main(["--out", str(self.folder), "--work", str(self.folder / "work"), *arguments])
        self.entries = json.loads((self.folder / "quality.json").read_text())
        written = self.folder / "quality.md"
        self.report = written.read_text() if written.exists() else ""
        return status

    def values(self):
        return {one["name"]: one["value"] for one in self.entries}

    def test_of_one_case_keeps_the_figures_of_the_others_in_the_order_of_the_cases(self):
        cases = [case(name, prints({"rmse": 0.5})) for name in ("first", "second", "third")]
        known = [entry("third", 1.25), entry("second"), entry("first", 1.75)]
        self.assertEqual(self.run_cases(cases, "--only", "second", known=known), 0)
        self.assertEqual(list(self.values().items()), [("first", 1.75), ("second", 0.5), ("third", 1.25)])
        self.assertEqual(len(rows(self.report)), 3)
        self.assertIn("Measured in this run: second.", self.report)

    def test_without_an_earlier_one_has_its_own_figures_only(self):
        cases = [case("first", prints({"rmse": 0.5})), case("second", prints({"rmse": 0.5}))]
        self.run_cases(cases, "--only", "second")
        self.assertEqual(self.values(), {"second": 0.5})
        self.assertIn("Without figures so far: first.", self.report)

    def test_that_skips_a_case_keeps_its_figures_and_says_so(self):
        skips = case("rival", prints({}, "sys.exit(77)"))
        no_data = case("needs data", prints({"rmse": 1.0}), data=True)
        run.data_folder, before = lambda: self.folder / "nowhere", run.data_folder
        self.addCleanup(setattr, run, "data_folder", before)
        known = [entry("rival"), entry("needs data", 1.75)]
        self.assertEqual(self.run_cases([skips, no_data, case("here", prints({"rmse": 1.0}))], known=known), 0)
        self.assertEqual(self.values(), {"rival": 1.5, "needs data": 1.75, "here": 1.0})
        self.assertIn("All other rows are kept", self.report)
        self.assertEqual(self.run_cases([skips, *(case(n, prints({"rmse": 1.0})) for n in "ab")], known=known), 0)
        self.assertIn("Not measured in this run, kept from an earlier one: rival.", self.report)

    def test_that_measures_nothing_touches_no_file(self):
        self.run_cases([case("rival", prints({}, "sys.exit(77)"))], known=[entry("rival")])
        self.assertEqual(self.report, "")

    def test_takes_the_old_figures_from_a_case_that_fails(self):
        broken = {"nothing printed": [sys.executable, "-c", "raise SystemExit(3)"],
                  "no JSON": [sys.executable, "-c", "print('oops')"],
                  "no such figure": prints({"mae": 1.0}),
                  "a figure without value": prints({"rmse": None}),
                  "no such program": [str(self.folder / "nothing")],
                  "too slow": prints({"rmse": 1.0}, "time.sleep(60)")}
        for what, command in broken.items():
            with self.subTest(what):
                run.LIMIT = 0.5 if what == "too slow" else 60
                self.assertEqual(self.run_cases([case("bad", command), case("good", prints({"rmse": 1.0}))],
                                                known=[entry("bad"), entry("good")]), 1)
                bad = [row for row in rows(self.report) if row.startswith("| bad ")]
                self.assertEqual(len(bad), 1)
                self.assertIn("*failed*", bad[0])
                self.assertNotIn("| met |", bad[0])
                self.assertEqual([checked(one) for one in self.entries], self.entries)
                # And gets new ones when it works again.
                known = self.entries
                self.assertEqual(self.run_cases([case("bad", prints({"rmse": 1.0})), case("good", [])], "--only", "bad",
                                                known=known), 0)
                self.assertEqual(self.values(), {"bad": 1.0, "good": 1.0})

    def test_fails_when_a_target_is_missed(self):
        self.assertEqual(self.run_cases([case("far", prints({"rmse": 2.5}))]), 1)
        self.assertIn("*missed*", self.report)
        self.assertEqual(self.run_cases([case("near", prints({"rmse": 0.5}))]), 0)
        self.assertEqual(self.entries[0]["target"], "<= 2 (stretch 1, reached)")

    def test_replaces_all_entries_of_a_command_that_prints_its_own(self):
        listed = Case("many", prints([entry("many, a", 1.0), entry("many, c", 1.0)]), [], data=False, entries="many")
        self.assertEqual(self.run_cases([listed], known=[entry("many, a"), entry("many, b")]), 0)
        self.assertEqual(self.values(), {"many, a": 1.0, "many, c": 1.0})
        self.assertEqual(self.run_cases([Case("many", prints([{"name": "many"}]), [], data=False, entries="many")]), 1)

    def test_counts_a_verdict_as_one_or_nothing(self):
        verdicts = [Case(given, prints({"verdict": given}), [], verdict="better", data=False)
                    for given in ("better", "no better than naive")]
        self.assertEqual(self.run_cases(verdicts), 1)
        self.assertEqual(self.values(), {"better": 1, "no better than naive": 0})
        self.assertEqual({one["target"] for one in self.entries}, {">= 1"})

    def test_gives_a_command_its_environment(self):
        command = [sys.executable, "-c", "import os; print('{\"rmse\": ' + os.environ['GIVEN'] + '}')"]
        self.assertEqual(self.run_cases([case("set", command, environment={"GIVEN": "1.25"})]), 0)
        self.assertEqual(self.values(), {"set": 1.25})


class ACommand(unittest.TestCase):
    def test_shows_all_that_has_to_be_typed(self):
        made = Case("made", ["$RONDO", "forecast", "$WORK/a.csv", "--json", "--out", "$WORK/out"], [],
                    prepare=[["python3", "make.py", "$WORK/a.csv"]], environment={"SEED": "3"})
        self.assertEqual(run.shown(made), "python3 make.py $WORK/a.csv && SEED=3 rondo forecast $WORK/a.csv --json")

    def test_names_no_file_that_nothing_makes(self):
        for one in CASES:
            made = [word for step in one.prepare for word in step]
            for word in one.command:
                self.assertTrue(not word.startswith("$WORK") or word == "$WORK/out" or word in made, run.shown(one))


class ATarget(unittest.TestCase):
    def test_is_kept_up_to_its_bound(self):
        for value, target, kept in ((1, ">= 1", True), (0.99, ">= 1", False), (8, "<= 8", True), (8.1, "<= 8", False),
                                    (0.8, "0.77 to 0.83", True), (0.76, "0.77 to 0.83", False),
                                    (0.84, "0.77 to 0.83", False), (0.84, ">= 0.83 (stretch 0.85)", True),
                                    (0.82, ">= 0.83 (stretch 0.85)", False)):
            self.assertEqual(keeps(value, target), kept, (value, target))
        for target in ("better", "> 1", ">= much", ""):
            self.assertRaises(ValueError, keeps, 1, target)


class TheCommittedFiles(unittest.TestCase):
    def setUp(self):
        self.entries = json.loads((ROOT / "bench" / "quality.json").read_text())

    def test_hold_entries_of_one_form_each_of_one_case(self):
        for one in self.entries:
            self.assertEqual(checked(one), one)
            self.assertEqual(tuple(one), KEYS)
            self.assertEqual(sum(belongs(one, c) for c in CASES), 1, one["name"])
        figures = [(one["name"], one["metric"]) for one in self.entries]
        self.assertEqual(len(figures), len(set(figures)))

    def test_say_the_same(self):
        written = (ROOT / "bench" / "quality.md").read_text()
        self.assertEqual(rows(written), rows(report.markdown(self.entries, CASES, [], {})))


if __name__ == "__main__":
    unittest.main()
