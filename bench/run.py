#!/usr/bin/env python3
"""Measures rondo and its rivals in one run, in turn, and writes the ratios with their spread.

Every party is a process of its own that holds the same weights and data; what it computes is compared with rondo before
anything is timed, and a party that disagrees is an error of that row. Then every round times each party once, in an
order that moves on by one from round to round. Bursts of multiply-adds before and after each sample tell whether the
processor was disturbed; such samples are taken again. The ratio of a row is the median over the rounds of the rival's
time / rondo's time; above 1 rondo is faster.

A run of everything writes bench/results.md, .json and .svg. Any other run writes build/bench/results.*, or --out, and
with --merge keeps the rows of that file which it did not measure.
"""

import argparse
import json
import os
import sys
import tempfile
import time

import fit
import kernel_rows
import onnx_model
import report
import works
from measure import Clock, Contender, measure
from parties import Ended, Party, native_party, python_party

BENCH = os.path.dirname(os.path.abspath(__file__))
TRAIN = {"train_step"}
# Rivals: how each is started (given the folder of the built programs) and the works it takes part in.
RIVALS = {
    "PyTorch": (lambda built: python_party("pytorch.py"),
                {"train_step", "forward_backward", "forward", "ragged_train", "stream_step"}),
    "Keras-TF": (lambda built: python_party("keras_party.py", "tensorflow"), TRAIN),
    "Keras-JAX": (lambda built: python_party("keras_party.py", "jax"), TRAIN),
    "Keras-TF train_on_batch": (lambda built: python_party("keras_party.py", "tensorflow", "train_on_batch"), TRAIN),
    "Keras-JAX train_on_batch": (lambda built: python_party("keras_party.py", "jax", "train_on_batch"), TRAIN),
    "ONNX Runtime": (lambda built: native_party(built, "onnxruntime", onnx_model.library()), {"forward", "stream_step"}),
    "RTNeural (eigen)": (lambda built: native_party(built, "rtneural_eigen"), {"stream_step"}),
    "RTNeural (xsimd)": (lambda built: native_party(built, "rtneural_xsimd"), {"stream_step"}),
    "oneDNN": (lambda built: native_party(built, "onednn_rnn"), {"forward", "forward_backward"}),
}
QUICK_RIVALS = ["PyTorch", "Keras-TF", "Keras-JAX"]
TWIN = "rondo itself"


def listed(kind, known=None):
    def parse(text):
        values = [kind(word.strip()) for word in text.split(",")]
        for value in values:
            if known is not None and value not in known:
                raise argparse.ArgumentTypeError(f"{value!r} is none of {', '.join(map(str, known))}")
        return values
    return parse


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="the build folder; programs are in its bench/")
    parser.add_argument("--quick", action="store_true", help="training steps on one thread against " + ", ".join(QUICK_RIVALS))
    parser.add_argument("--works", type=listed(str, works.WORKS), help=", ".join(works.WORKS))
    parser.add_argument("--rows", type=listed(int, range(6)), help="which of the six sizes, 0 to 5")
    parser.add_argument("--cells", type=listed(str, works.CELLS), help=", ".join(works.CELLS))
    parser.add_argument("--rivals", type=listed(str, list(RIVALS)), help=", ".join(RIVALS))
    parser.add_argument("--threads", type=listed(int), help="such as 1,2")
    parser.add_argument("--rounds", type=int, help="samples of each party; default 9, fewer for long steps")
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a sample; at least one run")
    parser.add_argument("--real-time", action="store_true",
                        help="parties in the real-time class (root only): on a busy machine the only way to two threads that are not "
                             "put on one processor; nothing else runs there meanwhile")
    parser.add_argument("--out", help="where to write, without extension")
    parser.add_argument("--merge", action="store_true", help="keep rows of that file which this run does not measure")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the report of the results again")
    options = parser.parse_args()
    if options.real_time:
        os.environ["RONDO_BENCH_REAL_TIME"] = "1"
    if options.quick:
        options.works = options.works or ["train_step"]
        options.threads = options.threads or [1]
        options.rivals = options.rivals or QUICK_RIVALS
    part = any((options.works, options.rows, options.cells, options.rivals, options.threads))
    options.out = options.out or (os.path.join(options.build, "bench", "results") if part else os.path.join(BENCH, "results"))
    options.works = options.works or works.WORKS
    options.rows = options.rows or list(range(6))
    options.cells = options.cells or works.CELLS
    options.rivals = options.rivals or list(RIVALS)
    options.threads = options.threads or [1, 2]
    return options


def cpus_for(threads):
    """The last processors: the first one answers most interrupts."""
    available = sorted(os.sched_getaffinity(0))
    if threads > len(available):
        sys.exit(f"error: {threads} threads asked for, {len(available)} processors available")
    return set(available[-threads:])


class Run:
    """All parties on one number of threads."""

    def __init__(self, options, threads, book, folder):
        self.options, self.threads, self.book, self.folder = options, threads, book, folder
        cpus = cpus_for(threads)
        built = os.path.join(options.build, "bench")
        self.rondo = Party("rondo", native_party(built, "worker"), cpus)
        self.twin = Party(TWIN, native_party(built, "worker"), cpus)
        self.rivals = {name: Party(name, RIVALS[name][0](built), cpus) for name in options.rivals
                       if RIVALS[name][1] & set(options.works)}
        self.cpus = cpus

    def start(self):
        self.rondo.start()
        self.twin.start()
        self.book.versions["rondo"] = self.rondo.version
        for name, rival in list(self.rivals.items()):
            try:
                rival.start()
                self.book.versions[name] = rival.version
            except Ended as why:
                self.book.note(f"{name}: missing: {why}")
                del self.rivals[name]
        self.clock = Clock(self.rondo, self.threads)
        print(f"{self.threads} thread(s) on processors {sorted(self.cpus)}: {self.clock.best:.0f} GFLOP/s"
              + (f", {self.clock.placement()}" if self.threads > 1 else ""), flush=True)

    def stop(self):
        for party in (self.rondo, self.twin, *self.rivals.values()):
            party.stop()

    def restart(self, name):
        """A rival that ended (out of memory, say) is there again for the next row."""
        party = self.rivals.get(name)
        if party and not party.running():
            party.start()

    def contenders(self, row):
        own = []
        if row.option or row.work == "ragged_train":
            name = f"{TWIN}, without {row.option.name}" if row.option else f"{TWIN}, padded"
            # Of an option the same amount of work is compared; of a ragged batch the same batch.
            factor = row.share_of_plain()
            own = [Contender(self.twin, name, row.request(plain=True), row.data(plain=True), factor, compare=False)]
        if row.option:
            return own
        request, data = row.request(), row.data()
        if "ONNX Runtime" in self.rivals and row.work in RIVALS["ONNX Runtime"][1]:
            request["model"] = os.path.join(self.folder, "model.onnx")
            onnx_model.write(request["model"], row, data)
        return own + [Contender(rival, name, request, data) for name, rival in self.rivals.items() if row.work in RIVALS[name][1]]

    def measure(self, row):
        contenders = self.contenders(row)
        if not contenders:
            return
        options = self.options
        rounds = options.rounds or (5 if row.option else None)
        try:
            results, notes = measure(row, self.rondo, contenders, self.clock, options.seconds, rounds, self.folder)
        except Ended as why:
            results, notes = [], [f"error: {why}"]
            for name in self.rivals:
                self.restart(name)
        self.book.add(row.title(), results, notes, {c.name: c.how for c in contenders})


def main():
    options = parse_options()
    book = report.Book(options.out, options.merge or options.report)
    if not options.report:
        began = time.time()
        with tempfile.TemporaryDirectory() as folder:
            for threads in options.threads:
                if set(options.works) - {"fit", "kernels"}:
                    run = Run(options, threads, book, folder)
                    run.start()
                    for work in options.works:
                        for row in works.rows(work, threads, options.rows, options.cells):
                            if not (row.option and threads > 1):
                                run.measure(row)
                        book.disturbed(run.clock)
                        book.write()
                    run.stop()
                if "fit" in options.works:
                    fit.measure(options, threads, cpus_for(threads), book)
        if "kernels" in options.works:
            book.set_kernels(kernel_rows.measure(os.path.join(options.build, "bench"), cpus_for(1), options.seconds))
        book.run["seconds"] = round(time.time() - began)
        print(f"{book.run['seconds']} s")
    book.write()
    print(f"written: {options.out}.md, .json, .svg")
    return 1 if book.errors() else 0


if __name__ == "__main__":
    sys.exit(main())
