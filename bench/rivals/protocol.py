"""The rivals' side of bench/protocol.h: answers requests on stdin with JSON lines on stdout, one work at a time."""

import gc
import json
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import exchange  # noqa: E402  (bench/exchange.py)


class Missing(Exception):
    """This rival has no such work."""


def fastest(candidates, known, seconds=0.15):
    """Of {name: callable} the name of the quickest: a rival runs at its best setting, whichever that is for this size.
    `known` says how long a run of each took before; where that is long, it is answer enough."""
    times = dict(known)
    for name, run in candidates.items():
        if times[name] > seconds:
            continue
        begin, count = time.perf_counter(), 0
        while count < 2 or time.perf_counter() - begin < seconds:
            run()
            count += 1
        times[name] = (time.perf_counter() - begin) / count
    return min(times, key=times.get)


def time_work(run, seconds, warm):
    if warm:
        run()
    times = []
    cpu, start = time.process_time(), time.perf_counter()
    while True:
        begin = time.perf_counter()
        run()
        end = time.perf_counter()
        times.append((end - begin) * 1e6)
        if end - start >= seconds:
            break
    wall = time.perf_counter() - start
    return {"us": statistics.median(times), "runs": len(times), "cpu_share": (time.process_time() - cpu) / wall}


def serve(version, open_work):
    """open_work(request, given) returns (run, outputs, how): what to time, a function that gives the arrays to compare
    (called once, before), and a note."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # frameworks print; answers must stay alone on their line
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "version":
                answer = {"version": version}
            elif request["do"] == "open":
                run = None
                gc.enable()
                gc.collect()
                run, outputs, how = open_work(request, exchange.read(request["given"]))
                exchange.write(request["produced"], outputs())
                run()
                gc.collect()
                gc.disable()
                answer = {"ready": True, "how": how}
            elif request["do"] == "time":
                answer = time_work(run, request["seconds"], request["warm"])
            elif request["do"] == "close":
                run = None
                gc.enable()
                gc.collect()
                answer = {"closed": True}
            else:
                answer = {"error": f"unknown request {request['do']}"}
        except Missing as why:
            answer = {"missing": str(why)}
        except Exception as error:  # a rival's failure is a line of the report, not the end of the run
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
