"""The numbers under the gradient's microscope: one network on one sequence, looked at from T."""
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.diagnostics import (
    largest_singular_value,
    norm_bound,
    norm_by_lag,
    spectral_radius,
    step_jacobian,
)
from bpttlib.init import SCHEMES
from bpttlib.params import CellParams

H = 16
LOST = 1e-13                                                # of the largest: below it is rounding


class View(NamedTuple):
    """What is seen; the arrays have one entry, or row, for each lag n = 0 … T."""

    rho: float
    sigma: float
    gamma: float
    norms: np.ndarray                                       # ‖∂L/∂h_{T-n}‖
    bound: np.ndarray                                       # (σ_max γ)ⁿ
    eigenvalues: np.ndarray                                 # ρⁿ
    singular: np.ndarray                                    # largest, median, smallest of ∂h_T/∂h_r


@lru_cache(maxsize=128)
def look(scheme, gain, activation, size, T):
    """
    Send the gradient of a loss at step T back, and take the singular values of what it passes.

    Each unit has an input of its own, so that W_xh plays no part. The loss's gradient has length
    1 and a direction drawn once.
    """
    cell, rng = Elman(activation), np.random.default_rng(1)
    W_hh = gain * SCHEMES[scheme](np.random.default_rng(0), (H, H))
    params = CellParams(np.eye(H), W_hh, np.zeros((H, 1)))
    direction = rng.normal(size=H)
    x = size * rng.normal(size=(T, H, 1))
    tape, own = unroll(cell, params, x), np.zeros((T, H, 1))
    own[-1, :, 0] = direction / np.linalg.norm(direction)
    bptt(cell, params, x, tape, own, need_dx=False)
    lags = np.arange(T + 1)
    return View(spectral_radius(W_hh), largest_singular_value(W_hh), cell.activation.gamma,
                norm_by_lag(tape), norm_bound(W_hh, activation, lags),
                spectral_radius(W_hh) ** lags, _singular_values(cell, params, tape))


def _singular_values(cell, params, tape):
    """Return three for each lag; one that is nothing but rounding is not a number."""
    J = np.eye(H)
    products = [J]
    for t in range(len(tape.h) - 1, 0, -1):
        J = J @ step_jacobian(cell, params, tape, t)        # one more factor at the right
        products.append(J)
    values = np.linalg.svd(np.array(products), compute_uv=False)    # (T+1, H), falling
    values = np.stack([values[:, 0], np.median(values, axis=1), values[:, -1]], axis=1)
    top = values[:, :1]
    return np.where((values > LOST * top) | (top == 0), values, np.nan)
