"""
What checkpointing costs at least: so many runs of a step for so many stored states.

Griewank 1992, Achieving logarithmic growth of temporal and spatial complexity in reverse
automatic differentiation, Optim. Methods Softw. 1(1); Griewank and Walther 2000,
Algorithm 799: revolve, ACM Transactions on Mathematical Software 26(1). The recurrence: Gruslys,
Munos, Danihelka, Lanctot and Graves 2016, Memory-efficient backpropagation through time, NIPS,
section 3.1.

Protocol. C(t, 1) = t (t + 1) / 2 and C(t, m) = min over y of y + C(t - y, m - 1) + C(y, m),
computed as it stands. Revolve's closed form is r t - β(m + 1, r - 1) with β(s, r) = (s + r)! /
(s! r!) and the smallest r with β(m, r) ≥ t; it does not count the t runs onto the tape, the
recurrence does. Against both: the closed form of the library, and the steps that its schedule
takes when it is followed. Nothing is random, and no error is normalised.
"""
from math import comb

import numpy as np

from benchmarks.published._table import Row, verdict
from bpttlib.checkpoint import least_steps, schedule

SOURCE = "Griewank 1992; Gruslys et al. 2016, checkpointing"
EXACT = True
N, MEMORIES, PUBLISHED = 1000, (1, 2, 3, 5, 10, 20, 50), 2948


def parts(smoke):
    """Return the only part."""
    return [{}]


def measure():
    """Return the cost of 1000 steps in four ways, for some numbers of states."""
    C = recurrence(N, max(MEMORIES))
    return {"recurrence": [int(C[m][N]) for m in MEMORIES],
            "revolve": [revolve(N, m) + N for m in MEMORIES],
            "library": [least_steps(N, m) for m in MEMORIES],
            "schedule": [sum(move.stop - move.start + (not move.store) for move in schedule(N, m))
                         for m in MEMORIES]}


def recurrence(n, states):
    """Return C[m][t] for all t up to n and all m up to `states`."""
    t = np.arange(n + 1)
    C = [None, t * (t + 1) // 2]
    for _ in range(2, states + 1):
        fewer, row = C[-1], np.minimum(t, 1)
        for k in range(2, n + 1):
            y = np.arange(1, k)
            row[k] = (y + fewer[k - y] + row[y]).min()
        C.append(row)
    return C


def revolve(n, states):
    """Return r n - β(m + 1, r - 1)."""
    r = next(r for r in range(n) if comb(states + r, states) >= n)
    return r * n - comb(states + r, states + 1)


def rows(results):
    """Return the rows of the table."""
    (costs,) = results
    at = MEMORIES.index(50)
    same = len({tuple(way) for way in costs.values()}) == 1
    shown = ", ".join(f"{cost:,}" for cost in costs["recurrence"])
    return [
        Row(SOURCE, "C(1000, 50)", f"{PUBLISHED:,}", f"{costs['recurrence'][at]:,}",
            verdict(costs["recurrence"][at] == PUBLISHED)),
        Row(SOURCE, f"C(1000, m) for m = {', '.join(map(str, MEMORIES))}",
            "the recurrence is revolve + 1000",
            f"{shown}; recurrence, revolve + 1000, closed form and schedule "
            + ("agree" if same else "do not agree"), verdict(same))]
