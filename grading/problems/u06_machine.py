"""A machine with few places for states, which counts its steps.

The states never leave it: its functions take and return whole numbers and gradients, so an answer
can be tried in another process, and can neither keep a state nor hide a step.
"""
import operator
from math import comb

import numpy as np

from grading.problems.elman_tape import elman_tape


def least_steps(n, m):
    """Return C(n, m), the fewest steps forward, those onto the tape included (Griewank 1992)."""
    r = 0
    while comb(m + r, r) < n:
        r += 1
    return (r + 1) * n - (comb(m + r, r - 1) if r else 0)


class Machine:
    """A network with a current state, `slots` places for others, and a tape for one step."""

    def __init__(self, rng, sizes, slots, counted):
        self.T, self.slots, self.counted = sizes.T, slots, counted
        shape = sizes.H, sizes.B
        _, self.W_hh, _, self.x, self.h = elman_tape(rng, sizes, rng.normal(size=shape))
        self.dh_own = rng.normal(size=(sizes.T, *shape))
        self.at, self.end, self.steps, self.taken = 0, 0, 0, {}

    def start(self):
        """Begin anew: h_0 is the current state, all places are empty, no step has been taken."""
        self.at, self.end, self.steps, self.taken = 0, self.T, 0, {}

    def forward(self):
        """Take one step: the current state h_t becomes h_{t+1}."""
        self._must_run()
        if self.at == self.T:
            raise ValueError(f"forward: the current state is h_{self.T}, the last one")
        self.at, self.steps = self.at + 1, self.steps + 1

    def store(self, place):
        """Keep the current state in a place, and forget what was there."""
        self._must_run()
        self.taken[self._place("store", place)] = self.at

    def load(self, place):
        """Make the state in a place the current one; it stays there as well."""
        self._must_run()
        place = self._place("load", place)
        if place not in self.taken:
            raise LookupError(f"load: place {place} is empty")
        self.at = self.taken[place]

    def backward(self, dh):
        """Take a step onto the tape and go back through it: return what goes on, and its share.

        It must be the last step that has not been gone back through.
        """
        self._must_run()
        if self.at != self.end - 1:
            raise ValueError(f"backward: step {self.end} is the next to be gone back through, from "
                             f"h_{self.end - 1}; the current state is h_{self.at}")
        try:
            dh = np.broadcast_to(np.asarray(dh, float), self.h[0].shape)
        except ValueError:
            raise ValueError(f"backward: got dh of shape {np.shape(dh)}; needs "
                             f"{self.h[0].shape}, or 0.0 for step {self.T}") from None
        back, share = self._back(self.end, dh)
        self.end, self.steps = self.end - 1, self.steps + 1
        return back, share

    def gradient(self):
        """Return the right gradients of the parameters and of h_0."""
        back, total = np.zeros_like(self.h[0]), 0.0
        for t in range(self.T, 0, -1):
            back, share = self._back(t, back)
            total = total + share
        return total, back

    def _back(self, t, dh):
        delta = (1 - self.h[t] ** 2) * (dh + self.dh_own[t - 1])
        z = np.concatenate([self.x[t - 1], self.h[t - 1], np.ones((1, dh.shape[1]))])
        return self.W_hh.T @ delta, delta @ z.T

    def _must_run(self):
        if self.end == 0:
            raise RuntimeError("no step is left to go back through; start() begins a run")

    def _place(self, what, place):
        place = operator.index(place)
        if not 0 <= place < self.slots:
            raise IndexError(f"{what}: got place {place}; there are the places 0 to "
                             f"{self.slots - 1}")
        return place
