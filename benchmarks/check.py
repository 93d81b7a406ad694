"""
How long a learner waits for `check`: per exercise, for a right answer and for each known mistake.

The answers are the references, right and with each mistake of the catalogue made in them; an answer
that is not recognised takes longest, since every hypothesis is tried, so one with two mistakes and
noise is there as well. The limit holds for the median per exercise, in seconds by the clock.
"""
import json
import time
from pathlib import Path
from statistics import median

import numpy as np

LIMIT = 1.0  # seconds


def add_arguments(parser):
    """Say what can be chosen."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="exercises (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")


def _noisy(problem):
    """Return an answer whose numbers are all wrong, in a way that nothing explains."""
    def spoil(value, rng):
        if isinstance(value, tuple):
            return tuple(spoil(v, rng) for v in value)
        is_number = isinstance(value, (float, np.floating)) or (
            isinstance(value, np.ndarray) and value.dtype.kind == "f")
        return value * (1 + 0.1 * rng.random(np.shape(value))) if is_number else value

    def answer(*args):
        return spoil(problem.reference(*args), np.random.default_rng(0))
    return answer


def _seconds(problem, answer):
    """Return how long one check takes."""
    from grading.ask import Asker
    from grading.examine import examine

    start = time.perf_counter()
    examine(problem, Asker(answer, problem.seconds), np.random.default_rng(0))
    return time.perf_counter() - start


def run(args):
    """Measure, report, and return 0 if every median is within the limit."""
    from grading.problem import mistaken
    from grading.problems import all_problems, find

    rows = []
    for name in args.names or all_problems():
        problem = find(name)
        answers = [problem.reference, _noisy(problem)]
        answers += [mistaken(problem.reference, m.changes) for m in problem.mistakes]
        times = [_seconds(problem, answer) for answer in answers]
        rows.append({"name": name, "median": median(times), "longest": max(times)})
        print(f"{name:<30} median {rows[-1]['median']:.3f} s, longest {max(times):.3f} s")
    within = all(row["median"] <= LIMIT for row in rows)
    print(f"The median per exercise must be at most {LIMIT:g} s: {'PASS' if within else 'FAIL'}")
    if args.json:
        args.json.write_text(json.dumps({"rows": rows, "limit": LIMIT}, indent=2) + "\n")
    return 0 if within else 1
