"""Series for tables whose answer is known: `walk` (nothing to learn), `map` (a chaotic map that no line can follow) and
`leak` (a column that is the centred moving average of the target)."""

import csv
import random
import sys


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
        out.writerow(["value"])
        for v in {"walk": walk, "map": logistic}[kind](draw):
            out.writerow([f"{v:.6f}"])


if __name__ == "__main__":
    main(*sys.argv[1:])
