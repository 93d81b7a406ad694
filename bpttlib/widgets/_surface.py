"""The network of the cliff: one sigmoid unit, no input, two parameters, a loss at its last step."""
from functools import lru_cache
from math import hypot, tanh

import numpy as np

from bpttlib.activations import sigmoid
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.params import CellParams
from bpttlib.plots._svg_colours import colour_image

T, TARGET, H_0 = 50, 0.7, float(sigmoid(0.5))
W, B = (4.2, 5.3), (-2.8, -2.0)                             # the part of the plane that is shown
LOW, HIGH = 1e-4, 0.5                                       # below, one colour is enough
UPDATES = 150
CELL, X, OWN = Elman("sigmoid"), np.zeros((T, 1, 1)), np.zeros((T, 1, 1))


def at(w, b):
    """Return L, dL/dw, dL/db and |∂L/∂h_t| for t = 0 … T, by the library."""
    params = CellParams(np.zeros((1, 1)), np.array([[w]]), np.array([[b]]))
    tape = unroll(CELL, params, X, s0=np.array([[H_0]]))
    own, error = OWN.copy(), tape.h[-1] - TARGET
    own[-1] = 2 * error
    grads = bptt(CELL, params, X, tape, own, need_dx=False).params
    return error.item()**2, grads.W_hh.item(), grads.b_h.item(), np.abs(tape.dh[:, 0, 0])


@lru_cache(maxsize=1)
def surface():
    """Return the map of the loss as an image, computed once; w runs right, and b up."""
    w, b = np.meshgrid(np.linspace(*W, 221), np.linspace(*B, 161)[::-1])
    h = np.full(w.shape, H_0)
    for _ in range(T):
        h = sigmoid(w * h + b)
    return colour_image((h - TARGET)**2, "log", LOW, HIGH)


@lru_cache(maxsize=256)
def descend(w, b, lr, c=np.inf):
    """
    Return the points (w, b) of a descent, with its gradient clipped by norm at c.

    Hundreds of gradients of a single unit are wanted within milliseconds. Plain numbers are
    many times faster here than arrays; a test holds them against the library's.
    """
    path = [(w, b)]
    for _ in range(UPDATES):
        dw, db = gradient(w, b)
        norm = hypot(dw, db)
        scale = lr * min(1.0, c / norm) if norm else 0.0
        w, b = w - scale * dw, b - scale * db
        path.append((w, b))
        if scale * norm < 1e-7:                             # it stands still, as on a plain
            break
    return path


def gradient(w, b):
    """Return dL/dw and dL/db in plain numbers."""
    h, states = H_0, [H_0]
    for _ in range(T):
        h = 0.5 + 0.5 * tanh(0.5 * (w * h + b))             # σ(a), which cannot overflow
        states.append(h)
    dh, dw, db = 2 * (states.pop() - TARGET), 0.0, 0.0
    for h_prev in reversed(states):
        delta = h * (1 - h) * dh                            # δ_t = σ'(a_t) ∂L/∂h_t
        dw += delta * h_prev
        db += delta
        dh, h = w * delta, h_prev
    return dw, db
