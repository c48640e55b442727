"""The rows of build/bench/kernels: one run of it, as a list of {name, ns, gflops, of_peak, of_copy}."""

import json
import os
import subprocess


def measure(built, cpus, seconds):
    """Runs the program on one processor; None where it was not built (no Google Benchmark)."""
    program = os.path.join(built, "kernels")
    if not os.path.exists(program):
        return None
    done = subprocess.run([program, "--benchmark_format=json", f"--benchmark_min_time={seconds}"], capture_output=True, text=True,
                          check=True, preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    return [{"name": row["name"], "ns": row["cpu_time"], "gflops": row.get("GFLOPs"), "of_peak": row.get("of_peak"),
             "of_copy": row.get("of_copy")} for row in json.loads(done.stdout)["benchmarks"]]
