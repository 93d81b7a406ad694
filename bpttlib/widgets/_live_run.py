"""One training that is watched: its settings, and what `fit` has made of them so far."""
from array import array
from time import perf_counter
from typing import NamedTuple

import numpy as np

from bpttlib.optim import adam, sgd
from bpttlib.saving import start
from bpttlib.train import fit
from bpttlib.widgets._live_tasks import GAPS, STREAMS, problem

OPTIMISERS = {"adam": adam, "sgd": sgd}
POINTS = 200                                                # at most, in a curve


class Settings(NamedTuple):
    """What the controls say; k1 and k2 matter to streams alone, a gap not to the sunspots."""

    task: str
    cell: str
    gap: int
    k1: int
    k2: int
    optimiser: str
    clip: str
    lr: str

    @property
    def kind(self):
        """Return what cannot change without another network or other data."""
        return self.task, self.cell, self.gap if self.task in GAPS else None

    @property
    def cut(self):
        """Return k1 and k2, or nothing where there is no stream."""
        return (self.k1, self.k2) if self.task in STREAMS else None

    @property
    def c(self):
        """Return the threshold of clipping, or None."""
        return None if self.clip == "none" else float(self.clip)

    def words(self):
        """Name all that matters."""
        gap = [f"gap {self.gap}"] if self.task in GAPS else []
        cut = [f"$k_1$ = {self.k1}, $k_2$ = {self.k2}"] if self.cut else []
        clip = "no clipping" if self.c is None else f"clipped at {self.clip}"
        return ", ".join([self.cell, *gap, *cut, f"{self.optimiser} {self.lr}", clip])


class Run:
    """Train by `fit`, a slice at a time; a slice that fails leaves the last state."""

    def __init__(self, name, settings):
        self.name, self.settings = name, settings
        self.problem = problem(*settings.kind)
        self.first, self.loader = 0, self.problem.batches(*(settings.cut or (1, 1)))
        self.state = start(self.problem.params, self._optimiser())
        self.best = self._before = self.problem.params      # best: where the loss was least
        self.best_at, self.least = 0, np.inf
        self.thresholds = array("d")                        # one for each update
        self.changed = 0                                    # the update before the last change
        self.failed, self._answered, self._answers = False, None, None

    def train(self, settings, updates, until=np.inf):
        """Let `fit` go on, until so many updates have been made or the clock says so."""
        self._adopt(settings)
        c, first, loader = settings.c, self.first, self.loader

        def keep(state, step):
            self.state = state
            self.thresholds.append(np.inf if c is None else c)
            if state.loss[-1] < self.least:
                self.least, self.best = state.loss[-1], self._before
                self.best_at = state.updates - 1
            self._before = state.params
            return perf_counter() >= until

        self.failed = True                                  # unless it gets to the end
        with np.errstate(all="ignore"):                     # `fit` names what is not finite
            fit(self.problem.model, self.problem.params, lambda n: loader(n - first), updates,
                self._optimiser(), c, keep, progress=False, state=self.state)
        self.failed = False

    def _optimiser(self):
        return OPTIMISERS[self.settings.optimiser](lr=float(self.settings.lr))

    def _adopt(self, settings):
        """Go on with other settings; after a failure, from the parameters of the least loss."""
        old, self.settings = self.settings, settings
        if self.state.updates and settings.words() != old.words():
            self.changed = self.state.updates
        if self.failed:
            self.state, self._before = self.state._replace(params=self.best), self.best
        if self.failed or settings.optimiser != old.optimiser:
            memory = self._optimiser().start(self.state.params)
            self.state = self.state._replace(memory=memory, optimiser=self._optimiser().name)
        if self.failed or settings.cut != old.cut:          # then the stream starts again
            self.first, self.loader = self.state.updates, self.problem.batches(
                *(settings.cut or (1, 1)))
            self.state = self.state._replace(carried=())

    def curves(self, size):
        """
        Return updates, mean loss, and the largest norm before and after clipping.

        Each point stands for `size` updates, the last one for those that are left.
        """
        n, norm = len(self.state.loss), self.state.norm
        if n == 0:
            return (np.zeros(0),) * 4
        at = np.arange(0, n, size)
        count = np.diff(at, append=n)
        clipped = np.minimum(norm, np.array(self.thresholds))
        return (at + count, np.add.reduceat(self.state.loss, at) / count,
                np.maximum.reduceat(norm, at), np.maximum.reduceat(clipped, at))

    def held_out(self):
        """Return the answers to what is held out, computed once for the same parameters."""
        if self._answered is not self.state.params:
            self._answered, task = self.state.params, self.problem
            with np.errstate(all="ignore"):
                try:
                    y, _ = task.model.forward(self.state.params, task.held_out.x)
                except ValueError:                          # parameters that are not finite
                    y = np.full((len(task.held_out.x), task.model.K, task.held_out.x.shape[-1]),
                                np.nan)
                self._answers = task.read(y)
        return self._answers


def size_for(runs):
    """Return for how many updates a point must stand, the same in all curves: 1, 2, 4, …"""
    longest = max((len(run.state.loss) for run in runs), default=0)
    return 1 << max(0, -(-longest // POINTS) - 1).bit_length()
