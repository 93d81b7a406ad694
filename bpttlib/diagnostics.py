"""Measurements on a gradient: where in time it comes from."""
import numpy as np

from bpttlib.bptt import bptt
from bpttlib.errors import require_array
from bpttlib.tape import steps


def contributions(cell, params, x, tape, dh_own):
    """
    Return C[t-1, s-1] = ∂L_t/∂θ through the copy of the parameters at step s.

    A loss reaches only copies at its own step or before, so C is lower triangular in (t, s). Its
    column sums are what each copy contributes, and the sum of all is the gradient.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    x : ndarray
        The inputs it read, of shape (T, D, B).
    tape : Cell.Tape
        What `unroll` returned; `dh` and `delta` are overwritten.
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B).

    Returns
    -------
    CellParams
        For each parameter, an array of shape (T, T) + its shape.

    See Also
    --------
    bpttlib.bptt.bptt : The sum of all contributions, T times as fast.

    Examples
    --------
    In h_t = w h_{t-1} with L = h_3, each of the three copies of w contributes w² h_0.

    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> cell = Elman("identity")
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.2]]), np.zeros((1, 1)))
    >>> x, own = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> tape = unroll(cell, params, x, s0=np.array([[0.9]]))
    >>> contributions(cell, params, x, tape, own).W_hh[2, :, 0, 0].round(12)
    array([0.036, 0.036, 0.036])
    """
    T = len(x)
    dh_own = require_array("dh_own", dh_own, tape.h[1:].shape)
    C = type(params)(*(np.zeros((T, T, *p.shape), tape.h.dtype) for p in params))
    for t in range(T):
        only_t = np.zeros_like(tape.h[1:])
        only_t[t] = dh_own[t]
        bptt(cell, params, x, tape, only_t, need_dx=False)
        done = steps(tape)
        delta, delta_h = done.delta, cell.recurrent_delta(done)
        C.W_xh[t] = delta @ np.swapaxes(x, 1, 2)                    # δ_s x_sᵀ for all s
        C.W_hh[t] = delta_h @ np.swapaxes(tape.h[:-1], 1, 2)        # δ^h_s h_{s-1}ᵀ
        C.b_h[t] = delta.sum(axis=2, keepdims=True)
    return C
