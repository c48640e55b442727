"""Keeps results and writes them: a list in .json, tables with their targets in .md, a chart in .svg."""

import json
import os
import platform
import re
import subprocess
import time

import works

CELL_NAMES = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}
TRAIN_RIVALS = ["PyTorch", "Keras-TF", "Keras-JAX"]
BY_METHOD = ["PyTorch", "Keras-TF train_on_batch", "Keras-JAX train_on_batch"]
FORWARD_RIVALS = ["ONNX Runtime", "PyTorch"]
KEY = ("work", "cell", "input", "units", "batch", "steps", "threads", "rival")


def key_of(result):
    return tuple(result[name] for name in KEY)


def size_of(result):
    return result["input"], result["units"], result["batch"], result["steps"]


def text_of(size):
    return ", ".join(map(str, size))


def machine():
    text = open("/proc/cpuinfo", encoding="utf-8").read() if os.path.exists("/proc/cpuinfo") else ""
    model = re.search(r"model name\s*:\s*(.*)", text)
    family = re.search(r"cpu family\s*:\s*(\d+)", text), re.search(r"model\s*:\s*(\d+)", text)
    flags = re.search(r"flags\s*:\s*(.*)", text)
    sets = [name for name in ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile") if flags and name in flags[1].split()]
    numbers = ", ".join(m[1] for m in family if m)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{model[1] if model else platform.processor()} (family and model {numbers}; {' '.join(sets)}), "
            f"{os.cpu_count()} processors, {memory:.0f} GiB")


def commit():
    def git(*words):
        return subprocess.run(["git", *words], capture_output=True, text=True, cwd=os.path.dirname(os.path.abspath(__file__)),
                              check=False).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + (" with changes" if git("status", "--porcelain", "--", "../src", "../include") else "")


class Book:
    """Results by key, with the notes and versions of the runs they come from."""

    def __init__(self, out, keep):
        self.out = out
        self.results, self.notes, self.versions, self.runs, self.hows, self.peaks = {}, [], {}, [], {}, {}
        self.kernels = []
        if keep and os.path.exists(out + ".json"):
            with open(out + ".json", encoding="utf-8") as file:
                self.results = {key_of(r): r for r in json.load(file)}
            self.read_info()
        self.run = {"time": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "commit": commit(), "machine": machine(),
                    "samples": 0, "retaken": 0, "new_results": 0}

    # What the list of results has no place for stands in a comment at the end of the .md file.
    def read_info(self):
        found = re.search(r"<!-- (\{.*\}) -->", open(self.out + ".md", encoding="utf-8").read()) if os.path.exists(self.out + ".md") else None
        if found:
            info = json.loads(found[1])
            self.notes, self.versions, self.runs = info["notes"], info["versions"], info["runs"]
            self.hows, self.peaks, self.kernels = info["hows"], info["peaks"], info.get("kernels", [])

    def info(self):
        runs = self.runs + ([self.run] if self.run["new_results"] else [])
        return {"versions": self.versions, "notes": self.notes, "runs": runs, "hows": self.hows,
                "peaks": self.peaks, "kernels": self.kernels}

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)
            print(text, flush=True)

    def errors(self):
        return [note for note in self.notes if ": error: " in note]

    def set_kernels(self, rows):
        """None: they were not built."""
        if rows is None:
            self.note("kernels: missing: built without Google Benchmark")
        else:
            self.kernels = rows
            self.run["new_results"] += len(rows)

    def disturbed(self, clock):
        self.peaks[str(clock.threads)] = clock.best
        self.run["samples"] += clock.samples - clock.told[0]
        self.run["retaken"] += clock.rejected - clock.told[1]
        clock.told = clock.samples, clock.rejected

    def add(self, title, results, notes, hows):
        self.notes = [note for note in self.notes if not note.startswith(title + ": ")]
        for result in results:
            self.results[key_of(result)] = result
            self.notes = [note for note in self.notes if not note.startswith(result["rival"] + ": missing: ")]
            self.run["new_results"] += 1
            if hows.get(result["rival"]):
                self.hows["|".join(map(str, key_of(result)))] = hows[result["rival"]]
            print(f"{title}: {result['rival']}: rondo {result['rondo_us']:.4g} µs, rival {result['rival_us']:.4g} µs, "
                  f"ratio {result['ratio']:.2f} ({result['ratio_low']:.2f} to {result['ratio_high']:.2f}) "
                  f"{hows.get(result['rival'], '')}", flush=True)
        for note in notes:
            self.note(f"{title}: {note.splitlines()[0]}")

    def find(self, work, cell, size, threads, rival):
        return self.results.get((work, cell, *size, threads, rival))

    def best(self, work, cell, size, threads, rivals):
        """The result against the quickest of the rivals, None when there is none."""
        found = [r for r in (self.find(work, cell, size, threads, rival) for rival in rivals) if r]
        return min(found, key=lambda r: r["ratio"]) if found else None

    def write(self):
        os.makedirs(os.path.dirname(os.path.abspath(self.out)), exist_ok=True)
        with open(self.out + ".json", "w", encoding="utf-8") as file:
            rows = sorted(self.results.values(), key=lambda r: (works.WORKS.index(r["work"]), r["threads"], size_of(r), r["cell"]))
            file.write("[\n" + ",\n".join(" " + json.dumps(row) for row in rows) + "\n]\n")
        with open(self.out + ".md", "w", encoding="utf-8") as file:
            file.write(Report(self).text())
        draw(self, self.out + ".svg")


def ratio_text(result, target=None):
    """`2.31 (2.28 to 2.40)`, with a tick or cross against a target."""
    if result is None:
        return "–"
    text = f"{result['ratio']:.2f} ({result['ratio_low']:.2f}–{result['ratio_high']:.2f})"
    if target is None:
        return text
    return f"**{text}** ✓ {target:g}" if result["ratio"] >= target else f"{text} ✗ {target:g}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


class Report:
    def __init__(self, book):
        self.book = book
        self.results = list(book.results.values())

    def text(self):
        parts = [self.head(), self.train(), self.single(), self.two_threads(), self.forward(), self.forward_backward(),
                 self.ragged(), self.stream(), self.fit(), self.options(), self.limits(), self.kernels(),
                 self.all_rows(), self.missing()]
        return "\n".join(part for part in parts if part) + f"\n<!-- {json.dumps(self.book.info())} -->\n"

    def threads(self, work):
        return sorted({r["threads"] for r in self.results if r["work"] == work})

    def head(self):
        lines = ["# rondo against its rivals", "",
                 "Written by `make bench` (or `tools/bench.sh`); how it measures: docstring of `bench/run.py`. All numbers are "
                 "ratios rival's time / rondo's time, medians over interleaved rounds with (lowest–highest); above 1 rondo is "
                 "faster. ✓ and ✗ stand before the ratio that is aimed at. Sizes are inputs, units, batch, steps.", ""]
        for run in self.book.info()["runs"]:
            share = f"; {run['retaken']} of {run['samples']} samples were disturbed and taken again" if run["samples"] else ""
            took = f" in {run['seconds']} s" if "seconds" in run else ""
            lines.append(f"* {run['time']}: {run['new_results']} rows{took} at {run['commit']} on {run['machine']}{share}")
        lines += ["* Versions: " + "; ".join(f"{name}: {version}" for name, version in sorted(self.book.versions.items())), ""]
        return "\n".join(lines)

    def sizes(self, work):
        return [size for size in works.SIZES if any(r["work"] == work and size_of(r) == size for r in self.results)]

    def by_cell(self, work, threads, rivals, target):
        """A table of sizes × cells against the best of the rivals."""
        rows = []
        for size in self.sizes(work):
            cells = []
            for cell in works.CELLS:
                result = self.book.best(work, cell, size, threads, rivals)
                cells.append(ratio_text(result, target(cell, size)) + (f" {result['rival']}" if result else ""))
            rows.append([text_of(size), *cells])
        return table(["I, H, B, T", *(CELL_NAMES[cell] for cell in works.CELLS)], rows) if rows else ""

    def train_target(self, share=1.0):
        return lambda cell, size: works.TRAIN_TARGETS[cell][works.SIZES.index(size)] * share

    def has(self, work, threads, rivals):
        return any(r["work"] == work and r["threads"] == threads and r["rival"] in rivals for r in self.results)

    def train(self):
        if not self.has("train_step", 1, TRAIN_RIVALS):
            return ""
        text = ("## Training step, one thread: best of PyTorch, Keras on TensorFlow, Keras on JAX\n\n"
                "Cell, last step → Dense(1) → MSE → backward → Adam. Keras runs its own `train_step`, compiled, with weights and "
                "data on the device (of XLA and graph mode the faster).\n\n"
                + self.by_cell("train_step", 1, TRAIN_RIVALS, self.train_target()))
        if self.has("train_step", 1, BY_METHOD[1:]):
            text += ("\nThe same where Keras is called by `train_on_batch`, as most loops of users do and as the targets were once "
                     "measured; each call also hands the weights back to the model's variables:\n\n"
                     + self.by_cell("train_step", 1, BY_METHOD, self.train_target()))
        return text

    def two_threads(self):
        if not self.has("train_step", 2, TRAIN_RIVALS):
            return ""
        return ("## Training step, two threads\n\nTargets are 0.9 of those of one thread.\n\n"
                + self.by_cell("train_step", 2, TRAIN_RIVALS, self.train_target(works.TWO_THREADS_SHARE)))

    def single(self):
        rows = []
        for (rival, work, cell), targets in works.SINGLE_TARGETS.items():
            names = [rival, f"{rival} train_on_batch"] if rival.startswith("Keras") else [rival]
            for name in names:
                found = [self.book.find(work, cell, size, 1, name) for size in works.SIZES[:4]]
                if any(found):
                    rows.append([f"{name}, {work}, {CELL_NAMES[cell]}", *(ratio_text(r, t) for r, t in zip(found, targets))])
        if not rows:
            return ""
        return "## Single rivals, one thread\n\n" + table(["", *(text_of(size) for size in works.SIZES[:4])], rows)

    def forward(self):
        text = ""
        for threads in self.threads("forward"):
            text += (f"## Inference over a sequence, {threads} thread(s): best of ONNX Runtime and PyTorch\n\nAll outputs of the cell, "
                     "no gradients.\n\n" + self.by_cell("forward", threads, FORWARD_RIVALS, lambda cell, size: works.forward_target(size)) + "\n")
        return text

    def forward_backward(self):
        text = ""
        for threads in self.threads("forward_backward"):
            rows = []
            for size in self.sizes("forward_backward"):
                for cell in works.CELLS:
                    found = [self.book.find("forward_backward", cell, size, threads, rival) for rival in ("PyTorch", "oneDNN")]
                    rows.append([text_of(size), CELL_NAMES[cell], *(ratio_text(r) for r in found),
                                 self.peak_share(cell, size, threads, next((r for r in found if r), None))])
            text += (f"## Forward and backward, {threads} thread(s)\n\nDense gradient of all outputs, gradients of the weights, none of "
                     "the input (oneDNN cannot leave it out).\n\n" + table(["I, H, B, T", "cell", "PyTorch", "oneDNN", "rondo's fraction of FMA peak"], rows) + "\n")
        return text

    def peak_share(self, cell, size, threads, result):
        """Multiply-adds that the products need, at the speed of the bursts, over the time."""
        peak = self.book.peaks.get(str(threads))
        if result is None or peak is None:
            return "–"
        share = works.product_flops(cell, size) / (peak * 1e3) / result["rondo_us"]
        target = works.PEAK_TARGETS.get(size) if threads == 1 and cell == "lstm" else None
        return f"{share:.2f}" if target is None else f"**{share:.2f}** ✓ {target}" if share >= target else f"{share:.2f} ✗ {target}"

    def aimed_at(self):
        """(work, cell, size, result, target) of every target that is a ratio to a rival."""
        for threads, share in ((1, 1), (2, works.TWO_THREADS_SHARE)):
            for size in works.SIZES:
                for cell in works.CELLS:
                    yield ("train_step", cell, size, self.book.best("train_step", cell, size, threads, TRAIN_RIVALS),
                           self.train_target(share)(cell, size))
        for (rival, work, cell), targets in works.SINGLE_TARGETS.items():
            for size, target in zip(works.SIZES, targets):
                yield work, cell, size, self.book.find(work, cell, size, 1, rival), target
        for threads in (1, 2):
            for size in works.SIZES:
                for cell in works.CELLS:
                    yield ("forward", cell, size, self.book.best("forward", cell, size, threads, FORWARD_RIVALS),
                           works.forward_target(size))
        for size, target in works.RAGGED_TARGETS.items():
            yield "ragged_train", "lstm", size, self.book.find("ragged_train", "lstm", size, 1, "PyTorch"), target
        for (rival, units), target in works.STREAM_TARGETS.items():
            size = (1, units, 1, 1)
            yield "stream_step", "lstm", size, self.book.find("stream_step", "lstm", size, 1, rival), target

    def limits(self):
        """Rows that miss their target, beside the ratio that the processor's multiply-adds would allow."""
        rows = []
        for work, cell, size, result, target in self.aimed_at():
            peak = self.book.peaks.get(str(result["threads"])) if result else None
            if peak is None or result["ratio"] >= target:
                continue
            least = works.flops(work, cell, size) / (peak * 1e3)
            roof = result["rival_us"] / least
            why = f"would take {target / roof:.2f} of the peak, with activations and all else in the rest"
            if roof < target:
                why = "beyond the processor"
            elif work == "stream_step" and size[1] <= 32:
                why = "latency: each sum is one chain of multiply-adds, whose order the bits fix, then two activations in a row"
            elif size[2] == 1:
                why = "weights from the second-level cache"
            rows.append([work, CELL_NAMES[cell], text_of(size), str(result["threads"]), f"{target:g}",
                         f"{result['ratio']:.2f} {result['rival']}", f"{least / result['rondo_us']:.2f}", f"{roof:.2f}", why])
        own = self.own_limits()
        if not rows and not own:
            return ""
        text = "## What limits the rows that miss their target\n\n"
        if rows:
            text += ("The roof is the ratio if rondo did nothing but the multiply-adds of its products at the peak of the bursts ("
                     + ", ".join(f"{peak:.0f} GFLOP/s on {threads} thread(s)" for threads, peak in sorted(self.book.peaks.items()))
                     + "), without activations, optimiser and memory. One sequence alone is a chain of products of a vector with a "
                     "matrix: each weight is read for one multiply-add, and those of 50 units (LSTM 42 KB) do not stay in a "
                     "first-level cache of 32 KB; from the second-level cache come 32 bytes a cycle.\n\n"
                     + table(["work", "cell", "I, H, B, T", "threads", "target", "ratio", "fraction of FMA peak", "roof", "limited by"], rows))
        return text + own

    def own_limits(self):
        """Of the rows that compare rondo with itself."""
        lines = []
        for size in works.SIZES:
            for cell in works.CELLS:
                r = self.book.find("ragged_train", cell, size, 1, "rondo itself, padded")
                if r and r["ratio"] < works.RAGGED_SELF_TARGET:
                    steps = size[3]
                    lines.append(f"* Ragged {CELL_NAMES[cell]} {text_of(size)}, {r['ratio']:.2f} instead of {works.RAGGED_SELF_TARGET}: "
                                 f"{2 * steps / (steps + 1):.2f} is the share of steps alone. Every sequence begins and ends once, and "
                                 f"lanes are dealt out anew there, whatever its length: much beside few steps of few multiply-adds.")
        dear = [(option, size, cell, 1 / r["ratio"]) for option in works.OPTIONS for size in works.OPTION_SIZES for cell in works.CELLS
                if (r := self.book.find("train_step", cell, size, 1, f"rondo itself, without {option.name}"))
                and 1 / r["ratio"] > works.OPTION_COST]
        for option, size, cell, cost in dear:
            both = " Each alone keeps the limit, and their costs multiply: what both keep for the backward pass is nearly twice the plain " \
                   "cell's bytes a step." if option.name == "layer_norm and recurrent_dropout" else ""
            lines.append(f"* {option.name}, {CELL_NAMES[cell]} {text_of(size)}: {cost:.2f} instead of {works.OPTION_COST}.{both}")
        return "\n" + "\n".join(lines) + "\n" if lines else ""

    def kernels(self):
        if not self.book.kernels:
            return ""
        rows = [[row["name"], f"{row['ns']:.4g}", *("–" if row[key] is None else f"{row[key]:{form}}"
                                                   for key, form in (("gflops", ".1f"), ("of_peak", ".2f"), ("of_copy", ".2f")))]
                for row in self.book.kernels]
        return ("## Kernels\n\nGoogle Benchmark (`make bench-kernels`), one thread. Fractions of the peak of multiply-adds; of kernels that "
                "are no products, bytes read and written a second as a fraction of those of copying 64 KB within the second-level cache (above 1 where all stays "
                "in the first-level one).\n\n"
                + table(["kernel and shape", "ns", "GFLOP/s", "of peak", "of copying"], rows))

    def ragged(self):
        text = ""
        for threads in self.threads("ragged_train"):
            rows = []
            for size in self.sizes("ragged_train"):
                for cell in works.CELLS:
                    target = works.RAGGED_TARGETS.get(size) if cell == "lstm" and threads == 1 else None
                    rows.append([text_of(size), CELL_NAMES[cell],
                                 ratio_text(self.book.find("ragged_train", cell, size, threads, "PyTorch"), target),
                                 ratio_text(self.book.find("ragged_train", cell, size, threads, "rondo itself, padded"),
                                            works.RAGGED_SELF_TARGET if threads == 1 else None)])
            text += (f"## Ragged batches, {threads} thread(s)\n\nTraining step, lengths uniform in 1 … T.\n\n"
                     + table(["I, H, B, T", "cell", "PyTorch, packed sequence", "rondo itself on the padded batch"], rows) + "\n")
        return text

    def stream(self):
        text = ""
        for threads in self.threads("stream_step"):
            rivals = sorted({r["rival"] for r in self.results if r["work"] == "stream_step"})
            rows = []
            for size in works.STREAM_SIZES:
                for cell in works.CELLS:
                    found = [self.book.find("stream_step", cell, size, threads, rival) for rival in rivals]
                    if any(found):
                        rows.append([f"{size[0]}, {size[1]}", CELL_NAMES[cell], f"{next(r for r in found if r)['rondo_us'] * 1000:.0f} ns",
                                     *(ratio_text(r, works.STREAM_TARGETS.get((rival, size[1])) if cell == "lstm" else None)
                                       for rival, r in zip(rivals, found))])
            text += (f"## One step of one stream, {threads} thread(s)\n\nThe state stays inside; weights prepacked.\n\n"
                     + table(["I, H", "cell", "rondo", *rivals], rows) + "\n")
        return text

    def fit(self):
        rows = []
        for threads in self.threads("fit"):
            found = [r for r in self.results if r["work"] == "fit" and r["threads"] == threads]
            best = min(found, key=lambda r: r["ratio"])
            for r in found:
                target = max([t for name, t in works.FIT_TARGETS.items() if name == r["rival"]]
                             + ([works.FIT_TARGETS["best"]] if r is best else []), default=None)
                rows.append([str(threads), r["rival"], f"{r['rondo_us'] / 1e6:.2f} s", f"{r['rival_us'] / 1e6:.2f} s", ratio_text(r, target)])
        if not rows:
            return ""
        return ("## The stock example, whole program\n\nSimpleRNN(50) + Dense(1), 1,940 windows of 60, batch 32, 10 epochs, from process "
                "start to trained model.\n\n" + table(["threads", "rival", "rondo", "rival's time", "ratio"], rows))

    def options(self):
        names = [option.name for option in works.OPTIONS]
        rows = []
        for name in names:
            for size in works.OPTION_SIZES:
                cells = []
                for cell in works.CELLS:
                    r = self.book.find("train_step", cell, size, 1, f"rondo itself, without {name}")
                    cost = 1 / r["ratio"] if r else None
                    cells.append("–" if r is None else f"**{cost:.2f}** ✓" if cost <= works.OPTION_COST else f"{cost:.2f} ✗")
                if any(cell != "–" for cell in cells):
                    rows.append([name, text_of(size), *cells])
        if not rows:
            return ""
        return (f"## What options cost\n\nTraining step with the option / plain training step, for the same number of used steps (and "
                f"two plain layers for a bidirectional one); at most {works.OPTION_COST} is aimed at.\n\n"
                + table(["option", "I, H, B, T", *(CELL_NAMES[cell] for cell in works.CELLS)], rows))

    def all_rows(self):
        rows = []
        for r in sorted(self.results, key=lambda r: (works.WORKS.index(r["work"]), r["threads"], size_of(r), r["cell"], r["rival"])):
            if r["rival"].startswith("rondo itself, without"):
                continue
            how = self.book.hows.get("|".join(map(str, key_of(r))), "")
            rows.append([r["work"], CELL_NAMES[r["cell"]], text_of(size_of(r)), str(r["threads"]), r["rival"] + (f" ({how})" if how else ""),
                         f"{r['rondo_us']:.4g}", f"{r['rival_us']:.4g}", ratio_text(r)])
        return "## Every row\n\n" + table(["work", "cell", "I, H, B, T", "threads", "rival", "rondo µs", "rival µs", "ratio"], rows)

    def missing(self):
        if not self.book.notes:
            return ""
        return "## Missing, refused, disturbed\n\n" + "\n".join(f"* {note}" for note in self.book.notes) + "\n"


def draw(book, path):
    """Ratios of the training step on one thread, a group of bars a size, on a logarithmic axis; a line marks each target."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "rondo"  # the same results, the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(works.CELLS), figsize=(13, 4.2), sharey=True)
    colors = {"PyTorch": "#d55e00", "Keras-TF": "#e69f00", "Keras-JAX": "#0072b2"}
    for axis, cell in zip(axes, works.CELLS):
        for n, rival in enumerate(TRAIN_RIVALS):
            for i, size in enumerate(works.SIZES):
                r = book.find("train_step", cell, size, 1, rival)
                if r:
                    axis.bar(i + (n - 1) * 0.27, r["ratio"], 0.25, color=colors[rival], label=rival if i == 0 else None,
                             yerr=[[r["ratio"] - r["ratio_low"]], [r["ratio_high"] - r["ratio"]]], error_kw={"linewidth": 0.8})
        for i, target in enumerate(works.TRAIN_TARGETS[cell]):
            axis.plot([i - 0.45, i + 0.45], [target, target], color="black", linewidth=1.5, label="target" if i == 0 else None)
        axis.axhline(1, color="gray", linewidth=0.8)
        axis.set_yscale("log")
        axis.set_title(CELL_NAMES[cell])
        axis.set_xticks(range(len(works.SIZES)), [",".join(map(str, size)) for size in works.SIZES], rotation=35, ha="right", fontsize=8)
    axes[0].set_ylabel("rival's time / rondo's, training step, one thread")
    handles, labels = axes[0].get_legend_handles_labels()
    if handles:
        axes[0].legend(handles, labels, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
