"""The numbers behind the map of credit: one network on one sequence, and what truncation cuts."""
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.diagnostics import credit_map
from bpttlib.gradcheck import relative_error
from bpttlib.init import orthogonal
from bpttlib.losses import softmax_cross_entropy, squared_error
from bpttlib.model import Model
from bpttlib.tape import steps
from bpttlib.tasks import adding, counting_ones, temporal_xor
from bpttlib.truncation import truncated_bptt

H = 8
CELLS = {"Elman": Elman(), "LSTM": LSTM(), "GRU": GRU()}
TASKS = {"temporal XOR": (temporal_xor, 1, 2), "counting": (counting_ones, 1, 1),
         "adding": (adding, 2, 1)}                          # and the numbers D and K
SPEAKING = {"temporal XOR": "every step has a loss", "counting": "every step has a loss, and the "
            "later ones are larger", "adding": "only the last step has a loss"}


class Network(NamedTuple):
    """One network after its way forward and back: nothing in it depends on k1 and k2."""

    cell: object
    params: tuple
    x: np.ndarray
    tape: tuple
    dh_own: np.ndarray
    full: np.ndarray                                        # ∂L/∂W_hh
    norms: np.ndarray                                       # ‖∂L_t/∂h_s‖, (T, T)


@lru_cache(maxsize=64)
def network(cell, task, gain, T):
    """Draw the weights and a sequence, always the same ones, and measure."""
    draw, D, K = TASKS[task]
    batch = draw(np.random.default_rng(3), T=T, B=1)
    if task == "counting":
        batch = batch._replace(mask=None)                   # asks for the sum so far, all the way
    name, loss = (("softmax_cross_entropy", softmax_cross_entropy) if K > 1 else
                  ("squared_error", squared_error))
    model = Model(CELLS[cell], D, H, K, name)
    params = model.init(np.random.default_rng(7), W_hh=partial(orthogonal, gain=gain))
    step = model.loss_and_gradients(params, batch)
    _, dy = loss(step.y, batch.targets, batch.mask)
    dh_own = params.readout.W_hy.T @ dy
    norms = np.linalg.norm(credit_map(model.cell, params.cell, step.tape, dh_own), axis=2)
    return Network(model.cell, params.cell, batch.x, step.tape, dh_own, step.grads.cell.W_hh, norms)


def starts(T, k1, k2):
    """Return for each loss the step at which its window starts; it reaches the copies after it."""
    t = np.arange(T)
    return np.maximum(0, t // k1 * k1 + k1 - k2)


@lru_cache(maxsize=1024)
def bias(cell, task, gain, T, k1, k2):
    """Return the relative error of the truncated ∂L/∂W_hh, by the library."""
    net = network(cell, task, gain, T)
    cut = truncated_bptt(net.cell, net.params, net.x, net.tape, net.dh_own, k1, k2).params.W_hh
    return float(relative_error(net.full, cut))


@lru_cache(maxsize=64)
def biases(cell, task, gain, T):
    """
    Return the bias for k2 = 1 … T, of windows that slide (k1 = 1) and of chunks (k1 = k2).

    A way back for each of them would take a second. One for all: column t of a batch has the
    loss of step t alone. Its shares, summed from the last copy on, hold every truncated gradient.
    """
    net, t = network(cell, task, gain, T), np.arange(T)
    x, own = np.repeat(net.x, T, axis=2), np.zeros((T, H, T))
    own[t, :, t] = net.dh_own[..., 0]
    tape = unroll(net.cell, net.params, x)
    bptt(net.cell, net.params, x, tape, own, need_dx=False)
    delta = net.cell.recurrent_delta(steps(tape))           # (T, G·H, T): copy s, loss t
    shares = np.einsum("sit,sj->tsij", delta, net.tape.h[:-1, :, 0])
    from_copy = shares[:, ::-1].cumsum(axis=1)[:, ::-1]     # at (t, s): the copies s … t

    def error(k1, k2):
        return relative_error(net.full, from_copy[t, starts(T, k1, k2)].sum(axis=0))

    return {"sliding": np.array([error(1, k) for k in range(1, T + 1)]),
            "chunks": np.array([error(k, k) for k in range(1, T + 1)])}
