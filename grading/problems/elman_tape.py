"""An Elman network that has run: what the exercises of units 05 and 06 work on."""
import numpy as np

from grading.sizes import weights


def elman_tape(rng, sizes, h_0):
    """Draw parameters and inputs, run, and return W_xh, W_hh, b_h, x and h, (T+1, H, B)."""
    T, D, H, _, B = sizes
    W_xh, W_hh, b_h = weights(rng, H, D), weights(rng, H, H), rng.normal(size=(H, 1)) / 2
    x, h = rng.normal(size=(T, D, B)), np.empty((T + 1, H, B))
    h[0] = h_0
    for t in range(1, T + 1):
        h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h)
    return W_xh, W_hh, b_h, x, h


def initial_state(rng, sizes, facts):
    """Draw an initial state, (H, B); zero unless the facts want another."""
    return ("h_0 ≠ 0" in facts) * rng.normal(size=(sizes.H, sizes.B))
