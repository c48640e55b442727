#!/usr/bin/env python3
"""Times one training step of rondo and of PyTorch in turn and prints the ratios.

    bench/run.py BENCH_BINARY [--rounds N] [--seconds S] [--threads N] [--rows 0,1,2] [--json FILE]

Every round times rondo and the rival one after the other on the same machine state; the ratio of a row is the median of
the rounds' ratios, printed with its smallest and largest. Above 1 rondo is faster.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys

SIZES = [(1, 50, 1, 100), (1, 50, 32, 100), (10, 50, 200, 20), (64, 128, 32, 100), (256, 512, 64, 35), (1024, 1024, 64, 50)]
CELLS = ["lstm", "gru", "simple_rnn"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", help="the program train_step of the target `benches`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="time for each measurement")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", default="0,1,2,3,4", help="which of the six sizes")
    parser.add_argument("--json", help="also write the results here")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))

    from rivals import PyTorch

    rival = PyTorch()
    rondo = subprocess.Popen([options.binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def time_rondo(*row):
        rondo.stdin.write(" ".join(str(word) for word in (*row, options.threads, options.seconds)) + "\n")
        rondo.stdin.flush()
        answer = rondo.stdout.readline()
        if not answer:
            sys.exit("error: the rondo benchmark ended early")
        return float(answer)

    results = []
    print(f"training step, {options.threads} thread(s), against {rival.version}; ratio > 1: rondo is faster")
    print(f"{'I,H,B,T':>16} {'cell':>11} {'rondo µs':>11} {'rival µs':>11} {'ratio':>7}  range")
    for index in (int(i) for i in options.rows.split(",")):
        for cell in CELLS:
            size = SIZES[index]
            ours, theirs = [], []
            for _ in range(options.rounds):
                ours.append(time_rondo(cell, *size))
                theirs.append(rival.train_step(cell, *size, options.threads, options.seconds))
            ratios = sorted(t / o for o, t in zip(ours, theirs))
            ratio = statistics.median(ratios)
            print(f"{','.join(map(str, size)):>16} {cell:>11} {statistics.median(ours):11.1f} "
                  f"{statistics.median(theirs):11.1f} {ratio:7.2f}  {ratios[0]:.2f} to {ratios[-1]:.2f}", flush=True)
            results.append({"work": "train_step", "cell": cell, "input": size[0], "units": size[1], "batch": size[2],
                            "steps": size[3], "threads": options.threads, "rival": rival.version,
                            "rondo_us": statistics.median(ours), "rival_us": statistics.median(theirs), "ratio": ratio,
                            "ratio_low": ratios[0], "ratio_high": ratios[-1]})
    rondo.stdin.close()
    rondo.wait()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
