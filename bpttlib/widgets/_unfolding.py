"""The numbers of the unfolding machine: one small sequence, forward, back, and copy by copy."""
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Batch
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.model import Model
from bpttlib.params import CellParams, ModelParams, ReadoutParams
from bpttlib.sums import sum_copies
from bpttlib.tape import steps, window

CELLS = {"Elman": Elman(), "LSTM": LSTM(), "GRU": GRU()}
T, H = 6, 2
LAST = 3 * T + 1                                            # positions: states, losses, shares, end


class Run(NamedTuple):
    """
    What one cell did: its tape, each L_t, and of dW_hh each share and each sum over T … t.

    The deltas are δ_t as W_hh sees them; in a GRU they have passed the reset gate.
    """

    cell: object
    tape: tuple
    losses: list
    deltas: np.ndarray
    shares: dict
    sums: dict
    returned: np.ndarray


def problem(name):
    """Return the model, its parameters, the data and the initial state; all are fixed."""
    cell, rng = CELLS[name], np.random.default_rng(351)
    G = len(cell.gates)
    params = ModelParams(CellParams(*(rng.normal(0, 0.9, shape) for shape in (
        (G * H, 1), (G * H, H), (G * H, 1)))), ReadoutParams(rng.normal(0, 2, (1, H)),
                                                             np.zeros((1, 1))))
    batch = Batch(x=rng.choice([-1.0, 1.0], (T, 1, 1)), targets=rng.choice([-1.0, 1.0], (T, 1, 1)))
    s0 = tuple(np.array([[0.5], [-0.4]]) for _ in cell.state)
    return Model(cell, 1, H, 1, "squared_error"), params, batch, s0


@lru_cache
def run(name):
    """Let the library go forward and back once; then each sum is one over a window of its tape."""
    model, params, batch, s0 = problem(name)
    step = model.loss_and_gradients(params, batch, s0)
    cell, tape = model.cell, step.tape

    def over(start, stop):
        """Sum the shares of the copies start+1 … stop."""
        return sum_copies(cell, params.cell, batch.x[start:stop], window(tape, start, stop)).W_hh

    alone = np.eye(T)[:, :, None]                           # masks that let one step count
    losses = [float(model.evaluate(params, batch._replace(mask=mask), s0)) / T for mask in alone]
    deltas = cell.recurrent_delta(steps(tape))
    return Run(cell, tape, losses, deltas, {t: over(t - 1, t) for t in range(1, T + 1)},
               {t: over(t - 1, T) for t in range(1, T + 1)}, step.grads.cell.W_hh)


def place(position):
    """Return the last state, the last loss, and the step gone back to, at first T+1: none."""
    return min(position, T), min(max(position - T, 0), T), min(max(LAST - position, 1), T + 1)
