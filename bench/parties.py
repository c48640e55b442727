"""Processes that answer the requests of bench/protocol.h: rondo and its rivals."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile


class Ended(Exception):
    """A party's process is gone."""


def surroundings(cpus):
    """Arguments of Popen: processors, as many threads as those, and a priority that keeps other work of the machine out."""
    real_time = os.environ.get("RONDO_BENCH_REAL_TIME") == "1"
    threads = str(len(cpus))
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads,
                   "PYTHONDONTWRITEBYTECODE": "1"}

    def pin():
        os.sched_setaffinity(0, cpus)
        # Only root may raise priorities. Where the kernel groups processes by session, the group's is what counts, so every
        # party is a session.
        os.setsid()
        if real_time:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        for raise_priority in (lambda: os.setpriority(os.PRIO_PROCESS, 0, -20),
                               lambda: pathlib.Path("/proc/self/autogroup").write_text("-20")):
            try:
                raise_priority()
            except OSError:
                pass

    return {"env": environment, "preexec_fn": pin}


class Party:
    """One process, held to as many CPUs as it may use threads."""

    def __init__(self, name, command, cpus):
        self.name, self.command, self.cpus = name, command, cpus
        self.process, self.version, self.errors = None, None, None

    def start(self):
        if not os.path.exists(self.command[0]):
            raise Ended("its program was not built, see cmake/RondoBench.cmake for what it needs")
        # A file, not a pipe: nobody reads what frameworks print while they work.
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                        text=True, **surroundings(self.cpus))
        self.version = self.ask({"do": "version"})["version"]

    def ask(self, request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise Ended(f"{self.name} ended: " + self.last_words())
        return json.loads(line)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def last_words(self):
        status = self.process.wait()
        self.errors.seek(0)
        lines = [line for line in self.errors.read().splitlines() if line.strip()]
        return lines[-1] if lines else f"exit status {status}"

    def stop(self):
        if self.running():
            self.process.stdin.close()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def python_party(script, *arguments):
    return [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rivals", script), *arguments]


def native_party(folder, program, *arguments):
    return [os.path.join(folder, program), *arguments]
