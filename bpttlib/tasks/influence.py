"""A network with one parameter that truncated backpropagation through time drives away."""
import numpy as np

from bpttlib.errors import require, require_whole
from bpttlib.params import CellParams, ModelParams, ReadoutParams


def influence_balancing(theta=0.5, H=23, positive=10):
    """
    Build the linear network s_t = A s_{t-1} + θ v with outputs y_t = s_t[0].

    Each unit keeps half of itself and takes half of its right neighbour, A = ½ (1 + shift). The one
    thing to learn, θ, pushes the first units up, v = 1, and all others down, v = -1. The first unit
    hears of its jth neighbour after j steps only; so a short memory sees only the units that are
    pushed up. It is an ``Elman("identity")`` with W_xh = θ v, whose input is always 1; with the
    target 1 its loss is ½ (y_t - 1)². The gradient of θ is vᵀ ∂L/∂W_xh.

    Parameters
    ----------
    theta : float, default 0.5
        The parameter θ.
    H : int, default 23
        Number of units.
    positive : int, default 10
        How many of them are pushed up.

    Returns
    -------
    ModelParams
        The parameters; `cell.W_xh` is θ v, and for θ = 1 it is v. The others are not learnt.

    See Also
    --------
    bpttlib.truncation.truncated_bptt : Has the wrong sign here, up to k2 = 40.

    Notes
    -----
    The state settles at s = θ (1 - A)⁻¹ v, whose first entry is 2 (2 · positive - H) θ: -6 θ by
    default. So the best θ is -1/6.

    References
    ----------
    Tallec and Ollivier 2017, Unbiasing truncated backpropagation through time, arXiv 1705.08209;
    2018, Unbiased online recurrent optimization, ICLR.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> cell, _ = influence_balancing(theta=-1 / 6)
    >>> unroll(Elman("identity"), cell, np.ones((400, 1, 1))).h[-1, 0].round(6)
    array([1.])
    """
    require_whole("H", H)
    require_whole("positive", positive, least=0)
    require(positive <= H, "positive", positive, f"at most H = {H}")
    require(np.ndim(theta) == 0 and np.isfinite(theta), "theta", theta, "a finite number")
    v = np.where(np.arange(H) < positive, 1.0, -1.0)[:, None]       # (H, 1)
    A = 0.5 * (np.eye(H) + np.eye(H, k=1))
    return ModelParams(CellParams(theta * v, A, np.zeros((H, 1))),
                       ReadoutParams(np.eye(1, H), np.zeros((1, 1))))
