"""A cell that only counts, to test the loop over time without any network."""
from collections import namedtuple

from bpttlib.cells import Cell, Rows


class Counter(Cell):
    """h_t = h_{t-1} + 1, whatever comes in: it shows which rows the loop visits, and how often."""

    gates = ("h",)
    state = ("h",)

    class Tape(Rows, namedtuple("CounterTape", "h a dh delta")):
        """Its fields."""

    def step(self, params, prev, now):
        now.h[...] = prev.h + 1

    def slopes(self, tape):
        return (tape.h[1:],)

    def step_backward(self, params, slopes, prev, now):
        now.delta[...] = now.dh
        prev.dh[...] += now.dh
