"""The whole program that most people write first: windows of a price series, SimpleRNN(50) + Dense(1), ten epochs of fit,
timed from the start of the process to the trained model. Programs take turns, as parties do (measure.py)."""

import os
import statistics
import subprocess
import sys
import time

import parties
import works

TITLE = "fit simple_rnn 1,50,32,60, {} thread(s)"
ROUNDS = 5
# Who has learned the series is off by less than a step of the walk (0.01 of its range or so); who has not, by 0.2.
LEARNED = 0.01


def once(command, cpus):
    """(seconds, loss after the last epoch)."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **parties.surroundings(cpus))
    seconds = time.perf_counter() - begin
    if done.returncode != 0:
        raise parties.Ended((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return seconds, float(done.stdout.split()[-1])


def measure(options, threads, cpus, book):
    title = TITLE.format(threads)
    here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rivals", "fit_keras.py")
    programs = {"rondo": [os.path.join(options.build, "bench", "fit_stock"), str(threads)]}
    for name, backend in (("Keras-TF", "tensorflow"), ("Keras-JAX", "jax")):
        if name in options.rivals:
            programs[name] = [sys.executable, here, backend, str(threads)]
    times, notes = {}, []
    for name, command in programs.items():
        try:
            _, loss = once(command, cpus)  # reads the program from the disk, and may write caches
        except (parties.Ended, OSError) as why:
            notes.append(f"{name}: error: {why}")
            continue
        if not loss < LEARNED:
            notes.append(f"{name}: error: the loss at the end is {loss}")
            continue
        times[name] = []
    names = list(times) if "rondo" in times else []
    for turn in range(options.rounds or ROUNDS):
        for i in range(len(names)):
            name = names[(turn + i) % len(names)]
            times[name].append(once(programs[name], cpus)[0] * 1e6)
    results = []
    inputs, units, batch, steps = works.FIT_SIZE
    for name in names:
        if name == "rondo":
            continue
        ratios = sorted(t / o for o, t in zip(times["rondo"], times[name]))
        results.append({
            "work": "fit", "cell": "simple_rnn", "input": inputs, "units": units, "batch": batch, "steps": steps,
            "threads": threads, "rival": name, "rondo_us": statistics.median(times["rondo"]),
            "rival_us": statistics.median(times[name]), "ratio": statistics.median(ratios), "ratio_low": ratios[0],
            "ratio_high": ratios[-1]})
    book.add(title, results, notes, {})
