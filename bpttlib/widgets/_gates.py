"""The numbers of the gates at work: four trained networks, and what a changed bias does to them."""
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Batch
from bpttlib.bptt import bptt
from bpttlib.cells import GRU, LSTM
from bpttlib.data import one_step_ahead, sunspots
from bpttlib.diagnostics import cell_path
from bpttlib.losses import squared_error
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.params import named_leaves, tree_map
from bpttlib.tape import window
from bpttlib.tasks import adding
from bpttlib.train import fit

T, H = 59, 8                                                # steps shown: the years 1920 to 1978
FIRST = 1920
SHOWN = 38                                                  # a seed that sets the marks far apart
CELLS = {"LSTM": LSTM(), "GRU": GRU()}
KEEPS = {"LSTM": "f", "GRU": "z"}                           # the gate of the direct path
FILE = files("bpttlib.data") / "gates.npz"


class Problem(NamedTuple):
    """
    What the networks learn, and what they are shown.

    The batch's first sequence is drawn, its last T steps; `guessing` is the mean squared error
    to which the batch's is compared.
    """

    D: int
    seed: int
    updates: int
    lr: float
    training: object
    batch: Batch
    guessing: float


@lru_cache
def problem(sequence):
    """Return one of the two sequences; nobody changes it."""
    if sequence == "sunspots":
        years, numbers = sunspots()
        past, all_years = (one_step_ahead(numbers[years <= last] / 100) for last in (FIRST, 1979))
        shown = np.arange(len(all_years.x))[:, None] >= len(all_years.x) - T
        return Problem(1, 0, 300, 0.01, lambda i: past, all_years._replace(mask=shown),
                       numbers[years <= 1979].var() / 100**2)
    return Problem(2, 1, 600, 0.02, _longer_and_longer,
                   adding(np.random.default_rng(SHOWN), T=T, B=200), 1 / 6)


def _longer_and_longer(i):
    """Teach short lags first: with its usual bias an LSTM does not learn long ones at once."""
    return adding(np.random.default_rng((1, i)), T=min(T, 10 + i // 8), B=32)


def network(cell, sequence):
    """Return the model, and the parameters with which its training starts."""
    D, seed = problem(sequence)[:2]
    model = Model(CELLS[cell], D, H, 1, "squared_error")
    start = model.init(np.random.default_rng(seed))
    _block(cell, start)[...] = 1.0                          # the usual bias of f; the same for z
    return model, start


def train():
    """Return the trained parameters of all four networks, as arrays by their names."""
    trained = {}
    for sequence in ("sunspots", "adding"):
        task = problem(sequence)
        for cell in CELLS:
            end = fit(*network(cell, sequence), task.training, task.updates, adam(task.lr),
                      clip=1.0, progress=False)
            trained |= named_leaves(end.params, f"{cell}.{sequence}")
    return trained


@lru_cache
def trained_parameters(cell, sequence):
    """Read what `python -m tools.train_gates` has written."""
    _, start = network(cell, sequence)
    names = iter(name for name, _ in named_leaves(start, f"{cell}.{sequence}"))
    with FILE.open("rb") as file, np.load(file) as arrays:
        return tree_map(lambda _: arrays[next(names)], start)


class Run(NamedTuple):
    """The tape of the drawn steps, their outputs, the direct path to T, and the batch's error."""

    cell: object
    tape: tuple
    y: np.ndarray
    path: np.ndarray
    error: float


@lru_cache(maxsize=128)
def run(cell, sequence, added=0.0):
    """Run a trained network once, with so much added to the bias of its forget or update gate."""
    task, (model, _) = problem(sequence), network(cell, sequence)
    params = tree_map(np.copy, trained_parameters(cell, sequence))
    _block(cell, params)[...] += added
    y, tape = model.forward(params, task.batch.x)
    L, _ = squared_error(y, task.batch.targets, task.batch.mask)
    tape = window(tree_map(lambda array: array[..., :1].copy(), tape), len(y) - T, len(y))
    return Run(model.cell, tape, y[-T:, 0, 0], _direct_path(model.cell, params.cell, task, tape),
               float(2 * L / task.guessing))


def _direct_path(cell, params, task, tape):
    """
    Return what the direct path keeps from step t to T, for t = 0 … T and each unit.

    Of a GRU the library has it in the backward pass: with zeros for W_hh, ones at h_T come back
    through z alone.
    """
    if "f" in cell.gates:
        return cell_path(cell, tape)[..., 0]
    bptt(cell, params._replace(W_hh=np.zeros_like(params.W_hh)), task.batch.x[-T:, :, :1], tape,
         np.zeros_like(tape.h[1:]), ds_T=np.ones((H, 1)), need_dx=False)
    return tape.dh[..., 0]


def _block(cell, params):
    """The part of the bias that belongs to the gate of the direct path."""
    return CELLS[cell].blocks(params.cell.b_h)[CELLS[cell].gates.index(KEEPS[cell])]
