"""Three small tasks on which to watch a training: what is learnt, and what is held out."""
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bpttlib.activations import softmax
from bpttlib.batch import Batch
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.data import one_step_ahead, sunspots
from bpttlib.model import Model
from bpttlib.params import ModelParams
from bpttlib.tasks import batches, one_bit, windows

CELLS = {"Elman": Elman(), "LSTM": LSTM(), "GRU": GRU()}
H, B, LENGTH, SHOWN = 16, 16, 50_000, 40                    # LENGTH of a stream, SHOWN steps of it
RECALL, ONE_BIT, SUNSPOTS = "delayed recall", "one-bit memory", "sunspots"
STREAMS, GAPS = (RECALL, SUNSPOTS), (RECALL, ONE_BIT)       # which have k1 and k2, which a gap


class Problem(NamedTuple):
    """
    Hold a task for one cell: its training batches for k1 and k2, and what is held out.

    `held_out.mask` says which of the steps count; of the others, `shown` says which to draw.
    """

    model: Model
    params: ModelParams
    batches: Callable
    held_out: Batch
    shown: slice
    x: np.ndarray                                           # what stands at the axis for them
    labels: tuple
    read: Callable                                          # from outputs to what is drawn
    judge: Callable                                         # from that to a short sentence


@lru_cache(maxsize=8)
def problem(task, cell, gap):
    """Return the problem; all its numbers are fixed."""
    return {RECALL: _recall, ONE_BIT: _one_bit, SUNSPOTS: _sunspots}[task](CELLS[cell], gap)


def _recall(cell, gap):
    """Name the bit that came `gap` steps ago; one stream, without end for all we need."""
    x, targets = _delayed(gap, 0, LENGTH, B)
    before = gap + 20                                       # a state unlike those it is used to
    x_new, new = _delayed(gap, 1, before + SHOWN, 1)
    mask = np.arange(len(x_new))[:, None] >= before
    return _bits(cell, lambda k1, k2: windows(x, targets, k1, k2), Batch(x_new, new, mask),
                 slice(before, None))


@lru_cache(maxsize=4)
def _delayed(gap, seed, T, B):
    bits = np.random.default_rng(seed).integers(0, 2, (T + gap, B))
    return 2.0 * bits[gap:, None, :] - 1, bits[:T]


def _one_bit(cell, gap):
    """Keep a bit for `gap` steps; every batch is drawn anew."""
    loader = batches(one_bit, seed=0, T=gap + 1, B=B)
    new = one_bit(np.random.default_rng(1), T=gap + 1, B=20)
    new.x[0, :, :2], new.targets[:, :2] = (1.0, -1.0), (1, 0)   # those to be drawn: one of each
    return _bits(cell, lambda k1, k2: loader, new, slice(None))


def _bits(cell, loaders, held_out, shown):
    model = Model(cell, D=1, H=H, K=2, loss="softmax_cross_entropy")

    def judge(p):
        right = ((p > 0.5) == held_out.targets)[held_out.mask]
        return f"of {right.size} held-out bits {right.sum()} are right"

    steps = np.arange(1, len(held_out.x) + 1)[shown]
    return Problem(model, model.init(np.random.default_rng(0)), loaders, held_out, shown, steps,
                   ("step $t$", "$P$(bit is 1)"), lambda y: softmax(y)[:, 1], judge)


def _sunspots(cell, _):
    """Forecast the next year; trained on 1700–1920, held out are 1921–1979, as in unit 03."""
    years, numbers = sunspots()
    known, used = years <= 1920, years <= 1979
    mean, sd = numbers[known].mean(), numbers[known].std()
    x, targets, *_ = one_step_ahead((numbers[known] - mean) / sd)
    seen = (years >= 1880) & used                           # forty years to get into the swing
    new = one_step_ahead((numbers[seen] - mean) / sd)
    later = years[seen][1:] > 1920
    truth, variance = numbers[seen][1:][later], numbers[used].var()

    def judge(forecast):
        with np.errstate(over="ignore"):                    # of a run that has exploded
            error = np.mean((forecast[later, 0] - truth) ** 2) / variance
        return f"relative variance of the forecasts for 1921–1979 {error:.2g}"

    model = Model(cell, D=1, H=H, K=1, loss="squared_error")
    held_out = Batch(new.x, mean + sd * new.targets[:, 0], later[:, None])
    return Problem(model, model.init(np.random.default_rng(0)),
                   lambda k1, k2: windows(x, targets, k1, k2), held_out,
                   slice(int(later.argmax()), None), years[seen][1:][later],
                   ("year", "sunspots"), lambda y: mean + sd * y[:, 0], judge)
