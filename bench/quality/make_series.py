"""Series for tables whose answer is known: `walk` (nothing to learn), `map` (a chaotic map that no line can follow),
`leak` (a column that is the centred moving average of the target), `scaled` (two columns in z-scores of all rows, those of the
test part too) and `hours` (a load by the hour: a week, noise that lasts, and days whose swing follows from the day before by a
map that is no line)."""

import csv
import math
import random
import statistics
import sys
from datetime import datetime, timedelta


def walk(draw):
    value = 100.0
    for _ in range(2000):
        value += draw.gauss(0, 1)
        yield value


def logistic(draw):
    x = 0.3
    for _ in range(2000):
        x = min(0.999, max(0.001, 3.9 * x * (1 - x)))
        yield x + 0.02 * draw.gauss(0, 0.3)


def load(draw):
    noise, swing = 0.0, 0.3
    for hour in range(10000):
        if hour % 24 == 0:
            swing = min(0.99, max(0.01, 3.7 * swing * (1 - swing) + draw.gauss(0, 0.02)))
        noise = 0.8 * noise + draw.gauss(0, 1)
        yield 100 - (5 + 30 * swing) * math.cos(math.tau * hour / 24) + 8 * math.sin(math.tau * hour / 168) + noise


def z_scores(values):
    mean, deviation = statistics.fmean(values), statistics.pstdev(values)
    return [(v - mean) / deviation for v in values]


def main(kind, seed, path):
    draw = random.Random(int(seed))
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        if kind == "leak":
            values = list(walk(draw))
            out.writerow(["value", "smooth"])
            for i, v in enumerate(values):
                near = values[max(0, i - 2):i + 3]
                out.writerow([f"{v:.6f}", f"{sum(near) / len(near):.6f}"])
            return
        if kind == "scaled":
            out.writerow(["value", "other"])
            for row in zip(*(z_scores(list(walk(draw))) for _ in range(2))):
                out.writerow([f"{z:.6f}" for z in row])
            return
        if kind == "hours":
            out.writerow(["time", "value"])
            for hour, v in enumerate(load(draw)):
                out.writerow([datetime(2024, 1, 1) + timedelta(hours=hour), f"{v:.6f}"])
            return
        out.writerow(["value"])
        for v in {"walk": walk, "map": logistic}[kind](draw):
            out.writerow([f"{v:.6f}"])


if __name__ == "__main__":
    main(*sys.argv[1:])
