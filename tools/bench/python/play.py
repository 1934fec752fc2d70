"""The protocol of tools/bench/play.mjs for contestants in Python: requests as JSON lines on standard input, answers to file descriptor 3."""

import json
import os
import platform
import sys
import time
import traceback


def play(enter):
    """enter(setup) gives a contestant: name, measure(round) -> amount, sample() -> numbers."""
    contestant = None
    with os.fdopen(3, "w") as answers:
        for line in sys.stdin:
            request = json.loads(line)
            try:
                if "prepare" in request:
                    contestant = enter(request["prepare"])
                    answer = {"name": contestant.name, "node": f"Python {platform.python_version()}"}
                elif "sample" in request:
                    answer = {"sample": contestant.sample()}
                else:
                    clock = time.process_time if request["cpuTime"] else time.perf_counter
                    begin = clock()
                    amount = contestant.measure(request["measure"])
                    answer = {"amount": amount, "seconds": clock() - begin}
            except ImportError as error:
                answer = {"cannot": f"the interpreter lacks a package: {error}"}
            except Exception:
                answer = {"error": traceback.format_exc()}
            print(json.dumps(answer), file=answers, flush=True)


def strided(values, count):
    """The same numbers as strided.mjs takes of one flat array."""
    step = max(1, len(values) // count)
    return [float(value) for value in values[::step]]
