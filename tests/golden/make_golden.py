#!/usr/bin/env python3
"""Writes the golden files: what Keras and PyTorch compute for small random networks, losses and training runs.

    python tests/golden/make_golden.py --out tests/golden --seed 1        the files that the repository carries
    python tests/golden/make_golden.py --out build/parity --seed 7 --random 200   fresh cases for a live comparison

The same seed gives the same bytes. Needs the packages of tests/golden/requirements.txt; `make parity` makes them a home.
"""

import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from oracles import topics_cells, topics_layers, topics_random, topics_training  # noqa: E402

TOPICS = {"cell_activations": topics_cells.activations, "cell_options": topics_cells.options, "cell_masks": topics_cells.masks,
          "stacks": topics_cells.stacks, "bidirectional": topics_cells.bidirectional, "torch_modules": topics_cells.torch_modules,
          "lstm_variants": topics_cells.variants, "mgu": topics_cells.mgu,
          "diagonal_cells": topics_cells.diagonal_cells, "block_diagonal_cells": topics_cells.block_diagonal_cells,
          "gru_d": topics_cells.gru_d,
          "recurrent_extras": topics_cells.extras,
          "layers": topics_layers.layers, "graphs": topics_layers.graphs,
          "merging": topics_layers.merging, "models": topics_layers.models, "losses": topics_training.losses, "metrics": topics_training.metrics,
          "optimizers": topics_training.optimizers, "later_optimizers": topics_training.later_optimizers,
          "weight_rules": topics_training.weight_rules, "schedules": topics_training.schedules}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the .safetensors files")
    parser.add_argument("--seed", type=int, default=1, help="seed of every random value (default 1)")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="add N random networks (default 0)")
    parser.add_argument("--topics", nargs="*", choices=sorted(TOPICS) + ["random_models"], help="only these files")
    arguments = parser.parse_args()
    topics = dict(TOPICS)
    if arguments.random:
        topics["random_models"] = lambda seed: topics_random.random_models(seed, arguments.random)
    arguments.out.mkdir(parents=True, exist_ok=True)
    cases = size = 0
    for name, make in topics.items():
        if arguments.topics and name not in arguments.topics:
            continue
        start = time.perf_counter()
        bundle = make(arguments.seed)
        path = arguments.out / f"{name}.safetensors"
        bundle.write(path)
        cases, size = cases + len(bundle.cases), size + path.stat().st_size
        print(f"{path}: {len(bundle.cases)} cases, {path.stat().st_size / 1024:.0f} KiB, {time.perf_counter() - start:.1f} s",
              flush=True)
    print(f"{cases} cases, {size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
