"""Times the parties of a row in turn and tells disturbed samples from good ones."""

import os
import statistics
import sys

import exchange
import numpy as np
from parties import Ended

# A sample whose bursts are this much slower than the best one, or that was off the processor more than this, is retaken.
BURST_SHARE = 0.93
CPU_SHARE = 0.97
RETRIES = 4

# Largest difference from rondo that counts as the same result, relative to the array's largest value.
TOLERANCE = {"outputs": 2e-5, "prediction": 2e-5, "losses": 2e-4}
GRADIENT_TOLERANCE = 1e-4


class Clock:
    """Samples of all parties on `threads` processors. Bursts of multiply-adds, made by rondo's worker on the processors
    that everyone is held to, tell how fast these are at the moment."""

    def __init__(self, rondo, threads):
        self.rondo, self.threads = rondo, threads
        self.best = max(self.burst() for _ in range(20))
        self.best_single = self.best if threads == 1 else max(self.burst(1) for _ in range(20))
        self.samples = self.rejected = 0
        self.told = 0, 0  # what the report has heard of them

    def burst(self, threads=None):
        return self.rondo.ask({"do": "burst", "threads": threads or self.threads})["gflops"]

    def placement(self):
        """Whether two processors are two cores at the moment or the two threads of one."""
        share = self.burst() / self.best_single
        return f"{share:.2f} times the speed of one processor"

    def sample(self, party, seconds, warm=True):
        """One accepted time of the party's work in µs; after RETRIES tries the last one, disturbed or not."""
        for _ in range(RETRIES):
            before = self.burst()
            answer = party.ask({"do": "time", "seconds": seconds, "warm": warm})
            if "us" not in answer:
                raise Ended(f"{party.name}: {answer.get('error')}")
            after = self.burst()
            self.best = max(self.best, before, after)
            self.samples += 1
            calm = min(before, after) >= BURST_SHARE * self.best
            # With several threads the time on processors says nothing: some parties wait spinning, others sleep.
            alone = self.threads > 1 or answer["cpu_share"] >= CPU_SHARE
            if calm and alone:
                return answer["us"]
            self.rejected += 1
            if os.environ.get("BENCH_VERBOSE"):
                print(f"retaken: {party.name}, bursts {before:.1f} and {after:.1f} of {self.best:.1f} GFLOP/s, "
                      f"{answer['cpu_share']:.2f} of the time on the processor", file=sys.stderr)
        return answer["us"]


def differences(ours, theirs):
    """Arrays that differ by more than their tolerance: {name: largest relative difference}."""
    result = {}
    for name in sorted(set(ours) & set(theirs)):
        a, b = np.asarray(ours[name], np.float64).ravel(), np.asarray(theirs[name], np.float64).ravel()
        if a.size != b.size:
            result[name] = f"{b.size} values instead of {a.size}"
            continue
        far = float(np.max(np.abs(a - b)) / max(np.max(np.abs(a)), 1e-30))
        if not far <= TOLERANCE.get(name, GRADIENT_TOLERANCE):
            result[name] = far
    if not set(ours) & set(theirs):
        result["nothing"] = "no output in common"
    return result


class Contender:
    """A rival in one row: its process, and the name, request, data and scale of its time that the row gives it."""

    def __init__(self, party, name, request, data, factor=1.0, compare=True):
        self.party, self.name, self.request, self.data = party, name, request, data
        self.factor, self.compare = factor, compare
        self.times, self.how = [], ""


def open_all(row, rondo, contenders, folder):
    """Contenders that are ready and agree with rondo, and notes about the others."""
    given, produced = os.path.join(folder, "given"), os.path.join(folder, "produced")

    def open_one(party, request, data):
        exchange.write(given, data)
        return party.ask({"do": "open", **request, "given": given, "produced": produced})

    answer = open_one(rondo, row.request(), row.data())
    if "ready" not in answer:
        return [], [f"rondo: {answer.get('missing') or answer.get('error')}"]
    ours = exchange.read(produced)
    ready, notes = [], []
    for contender in contenders:
        answer = open_one(contender.party, contender.request, contender.data)
        if "ready" not in answer:
            kind = "missing" if "missing" in answer else "error"
            notes.append(f"{contender.name}: {kind}: {answer[kind]}")
            continue
        contender.how = answer.get("how", "")
        far = differences(ours, exchange.read(produced)) if contender.compare else {}
        if far:
            notes.append(f"{contender.name}: error: outputs differ from rondo's: {far}")
            continue
        ready.append(contender)
    return ready, notes


def measure(row, rondo, contenders, clock, seconds, rounds, folder):
    """(results, notes) of one row: a result for each contender that agrees with rondo."""
    contenders, notes = open_all(row, rondo, contenders, folder)
    ours = Contender(rondo, "rondo", None, None)
    parties = [ours, *contenders]
    before = (clock.samples, clock.rejected)
    if contenders:
        longest = max(clock.sample(p.party, 0) for p in parties) * 1e-6  # also warms everyone up
        rounds = rounds or (9 if longest < 0.1 else 5 if longest < 0.7 else 3)
        for turn in range(rounds):
            for i in range(len(parties)):
                party = parties[(turn + i) % len(parties)]
                # A long run does not notice what its first milliseconds meet in the caches.
                party.times.append(clock.sample(party.party, seconds, warm=longest < 0.1) * party.factor)
    for party in parties:
        party.party.ask({"do": "close"})
    samples, rejected = (now - then for now, then in zip((clock.samples, clock.rejected), before))
    results = []
    for rival in contenders:
        ratios = sorted(t / o for o, t in zip(ours.times, rival.times))
        results.append({
            "work": row.work, "cell": row.cell, "input": row.size[0], "units": row.size[1], "batch": row.size[2],
            "steps": row.size[3], "threads": row.threads, "rival": rival.name,
            "rondo_us": statistics.median(ours.times), "rival_us": statistics.median(rival.times),
            "ratio": statistics.median(ratios), "ratio_low": ratios[0], "ratio_high": ratios[-1]})
    if samples and rejected > samples / 2:
        notes.append(f"disturbed: {rejected} of {samples} samples were taken again")
    return results, notes
