"""
When must a gradient vanish, and when may it explode?

Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, ICML,
section 2.1, equations 6 and 7: with λ₁ the largest singular value of W_hh and γ the steepest
slope of the activation (1 for tanh, ¼ for σ), λ₁ < 1/γ is sufficient for the gradient to vanish,
and λ₁ > 1/γ is necessary, not sufficient, for it to explode.

Protocol. Elman networks of 20 units, W_hh Gaussian and scaled so that λ₁ γ is uniform in 0.5 …
0.95 (the claim) or in 1.05 … 3 (beyond it), W_xh Gaussian of scale 0.1, 100 random inputs, a
random gradient at the last state. We compare ‖∂L/∂h_{T-n}‖ / ‖∂L/∂h_T‖ with (λ₁ γ)ⁿ at all 100
lags. A gradient that is more than 1000 times shorter after 100 steps has vanished, one that is
longer has grown. Ratios of norms; no variance enters.
"""
import numpy as np

from benchmarks.published._table import Row, verdict
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.diagnostics import (
    largest_singular_value,
    norm_bound,
    norm_by_lag,
    sufficient_to_vanish,
)
from bpttlib.params import CellParams

SOURCE = "Pascanu et al. 2013, section 2.1"
EXACT = True
H, D, T, MATRICES = 20, 3, 100, 200
BELOW, BEYOND = (0.5, 0.95), (1.05, 3.0)


def parts(smoke):
    """Return a part for each activation."""
    return [{"activation": name} for name in ("tanh", "sigmoid")]


def measure(activation):
    """Count, over random matrices below the bound and beyond it."""
    rng, cell = np.random.default_rng(13), Elman(activation)
    return {"activation": activation,
            "below": count(rng, cell, *BELOW), "beyond": count(rng, cell, *BEYOND)}


def count(rng, cell, low, high):
    """Return in how many networks the bound is broken, and the gradient vanishes, or grows."""
    broken = vanished = grown = foretold = 0
    for _ in range(MATRICES):
        W = rng.normal(size=(H, H))
        W *= rng.uniform(low, high) / (cell.activation.gamma * largest_singular_value(W))
        params = CellParams(0.1 * rng.normal(size=(H, D)), W, np.zeros((H, 1)))
        x, own = rng.normal(size=(T, D, 1)), np.zeros((T, H, 1))
        own[-1] = rng.normal(size=(H, 1))
        tape = unroll(cell, params, x)
        bptt(cell, params, x, tape, own)
        norms = norm_by_lag(tape)
        ratio, bound = norms / norms[0], norm_bound(W, cell.activation, np.arange(len(norms)))
        broken += bool((ratio > bound * (1 + 1e-12)).any())
        vanished += bool(ratio[-1] < 1e-3)
        grown += bool(ratio[-1] > 1)
        foretold += bool(sufficient_to_vanish(W, cell.activation))
    return {"broken": broken, "vanished": vanished, "grown": grown, "foretold": foretold}


def rows(results):
    """Return the rows of the table."""
    table = []
    for result in results:
        name, below, beyond = result["activation"], result["below"], result["beyond"]
        total = below["broken"] + beyond["broken"]
        table += [
            Row(SOURCE, f"λ₁ < 1/γ, {name}: gradients that vanish, of {MATRICES}", "all",
                f"{below['vanished']}, and {below['grown']} grow; the bound (λ₁ γ)ⁿ is broken "
                f"{total} times",
                verdict(below["vanished"] == MATRICES == below["foretold"] and total == 0)),
            Row(SOURCE, f"λ₁ > 1/γ, {name}: gradients that vanish all the same, of {MATRICES}",
                "some: the condition to explode is necessary only",
                f"{beyond['vanished']} vanish, {beyond['grown']} grow",
                verdict(beyond["vanished"] > 0 and beyond["foretold"] == 0))]
    return table
