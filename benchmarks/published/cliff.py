"""
A cliff in the loss of a network with one unit, and clipping at its edge.

Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, ICML:
equation 8 and Figure 6, and Algorithm 1 for the clipping, g ← c g / ‖g‖ if ‖g‖ > c.

Protocol. x_t = w σ(x_{t-1}) + b, x_0 = 0.5, E = (σ(x_50) - 0.7)², which is an `Elman("sigmoid")`
with h_t = σ(x_t). The figure has no numbers and does not say where its descents start; ours start
at w = 5, b = -2.2 and go 400 updates at learning rate 0.1, free and clipped at 0.5. The wall runs
where the start is the fixed point that repels, σ(w σ(0.5) + b) = σ(0.5). Nothing is random. E is
the squared error as it is, without a variance.
"""
import numpy as np

from benchmarks.published._table import Row, verdict
from bpttlib.activations import sigmoid
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.clip import clip_by_global_norm
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.params import CellParams

SOURCE = "Pascanu et al. 2013, Figure 6"
EXACT = True
T, H_0, TARGET, CELL = 50, sigmoid(0.5), 0.7, Elman("sigmoid")
START, LR, UPDATES, CLIP = (5.0, -2.2), 0.1, 400, 0.5
ASIDE = 0.2                                                 # of the wall, in b


def parts(smoke):
    """Return the only part."""
    return [{}]


def measure():
    """Return the gradient on the wall and beside it, and how the descents end."""
    wall = 0.5 - START[0] * H_0
    near, on, far = (gradient(START[0], b) for b in (wall + ASIDE, wall, wall - ASIDE))
    exact = complex_step(lambda p: loss(*p), (np.array(START[0]), np.array(wall)))
    return {"above": loss(START[0], wall + ASIDE), "below": loss(START[0], wall - ASIDE),
            "norms": [float(np.hypot(*g)) for g in (near, on, far)],
            "error": max(relative_error(g, e) for g, e in zip(on, exact, strict=True)),
            "free": descend(np.inf), "clipped": descend(CLIP)}


def loss(w, b):
    """Return E, written as it is defined."""
    x = 0.5
    for _ in range(T):
        x = w * sigmoid(x) + b
    return (sigmoid(x) - TARGET) ** 2


def gradient(w, b):
    """Return ∂E/∂w and ∂E/∂b by backpropagation through time."""
    params = CellParams(np.zeros((1, 1)), np.array([[w]]), np.array([[b]]))
    x, own = np.zeros((T, 1, 1)), np.zeros((T, 1, 1))
    tape = unroll(CELL, params, x, np.array([[H_0]]))
    own[-1] = 2 * (tape.h[-1] - TARGET)
    _, dw, db = bptt(CELL, params, x, tape, own, need_dx=False).params
    return np.array([dw.item(), db.item()])


def descend(c):
    """Descend; return the longest step, the end and the loss there."""
    p, longest = np.array(START), 0.0
    for _ in range(UPDATES):
        (g,), _ = clip_by_global_norm((gradient(*p),), c)
        p = p - LR * g
        longest = max(longest, float(LR * np.hypot(*g)))
    return {"longest": longest, "end": p.tolist(), "loss": float(loss(*p))}


def rows(results):
    """Return the rows of the table."""
    (found,) = results
    near, on, far = found["norms"]
    free, clipped = found["free"], found["clipped"]
    return [
        Row(SOURCE, f"gradient's length on the wall, and {ASIDE} of b beside it", "a steep wall",
            f"{on:,.0f} against {near:.2g} and {far:.2g}; E jumps from {found['above']:.3f} to "
            f"{found['below']:.3f}; complex step agrees to {found['error']:.0e}",
            verdict(on > 1000 * max(near, far) and found["error"] < 1e-10)),
        Row(SOURCE, "longest step at the wall, free and clipped",
            "free: thrown far away; clipped: stays near",
            f"{free['longest']:.2f} against {clipped['longest']:.2f}; E ends at {free['loss']:.3f} "
            f"against {clipped['loss']:.4f}",
            verdict(free["longest"] > 20 * clipped["longest"]
                    and clipped["loss"] < 0.01 < free["loss"]))]
