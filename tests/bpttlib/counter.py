"""A cell that only counts, to test the loop over time without any network."""
from typing import NamedTuple

import numpy as np

from bpttlib.cells import Cell


class Counter(Cell):
    """h_t = h_{t-1} + 1, whatever comes in: it shows which rows the loop visits, and how often."""

    gates = ("h",)
    state = ("h",)
    Tape = NamedTuple("CounterTape", [(name, np.ndarray) for name in ("h", "a", "dh", "delta")])

    def step(self, params, prev, now):
        now.h[...] = prev.h + 1

    def step_backward(self, params, prev, now):
        now.delta[...] = now.dh
        prev.dh[...] += now.dh
