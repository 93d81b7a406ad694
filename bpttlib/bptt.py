"""
Backpropagation through time: the loop over steps, once, for every cell.

The gradient δ_t at the pre-activations is all that a cell has to leave behind: every gradient is a
sum of products with it. So one loop serves all cells, readouts and losses.
"""
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from bpttlib.cells import prepare, require_cell
from bpttlib.errors import require, require_array
from bpttlib.inputs import check_inputs, project
from bpttlib.pieces import in_pieces
from bpttlib.sums import sum_copies
from bpttlib.tape import initial_state, matching_tape


class Gradients(NamedTuple):
    """
    Hold what a backward pass yields.

    The gradients at all states stay on the tape, as its `dh` and `delta`.

    Parameters
    ----------
    params : CellParams
        Gradients of the parameters: the sums over all copies of the unfolded network.
    x : ndarray or None
        Gradient of the inputs, of shape (T, D, B), if it was asked for and they are no labels.
    s0 : tuple of ndarray
        Gradients of the initial state's parts, each of shape (H, B).

    See Also
    --------
    bptt : Compute them.

    Examples
    --------
    >>> Gradients(params=(), x=None, s0=())._fields
    ('params', 'x', 's0')
    """

    params: tuple
    x: np.ndarray | None
    s0: tuple


def unroll(cell, params, x, s0=None, tape=None):
    """
    Unfold a cell over a sequence, s_t = step(s_{t-1}, x_t) for t = 1 … T.

    Every copy of the cell uses the same parameters. The inputs' share of the pre-activations,
    W_xh x_t + b_h, depends on no state; so it is computed for many steps at once.

    Parameters
    ----------
    cell : Cell
        What one step computes.
    params : CellParams
        The shared parameters.
    x : ndarray
        Inputs, of shape (T, D, B); or whole numbers 0 … D-1 of shape (T, B), each of which stands
        for a one-hot column, so that it picks the column of W_xh that is its embedding.
    s0 : ndarray or tuple of ndarray, optional
        The initial state, a part of shape (H, B) for each name in `cell.state`; zero by default.
    tape : Cell.Tape, optional
        A tape of the right size to write on; a new one by default.

    Returns
    -------
    Cell.Tape
        The tape, with all states in its T+1 rows.

    See Also
    --------
    bptt : The way back.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.eye(1), np.array([[0.5]]), np.zeros((1, 1)))
    >>> x = np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    >>> unroll(Elman("identity"), params, x).h.ravel()
    array([0.  , 1.  , 0.5 , 0.25])
    """
    H, D = _sizes(cell, params)
    x = check_inputs(x, D, params.W_xh.dtype)
    T, B = len(x), x.shape[-1]
    s0 = initial_state(cell, params, B, s0)
    reals = [x] if x.ndim == 3 else []
    tape = matching_tape(tape, cell, T, H, B, np.result_type(*reals, *params, *s0))
    for name, part in zip(cell.state, s0, strict=True):
        getattr(tape, name)[0] = part
    prepared = prepare(params, cell.gates, cell.sigmoids, B)
    for here, piece in in_pieces(tape):
        a = project(prepared.W_xh, x[here], out=piece.a[1:])        # for many steps at once
        a += prepared.b_h
        for prev, now in pairwise(piece.rows):
            cell.step(prepared, prev, now)
    return tape


def bptt(cell, params, x, tape, dh_own, ds_T=None, need_dx=True, keep=None):
    """
    Go back through time and sum, ∂L/∂W_hh = Σ_t δ^h_t h_{t-1}ᵀ and likewise for W_xh and b_h.

    Each state's gradient starts as that of its own loss; step by step from T down to 1 the cell
    turns it into δ_t and adds to the state before it what comes through W_hh. The changes of all T
    copies are summed, by matrix products over the columns of many steps.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    x : ndarray
        The inputs it read, of shape (T, D, B) or (T, B).
    tape : Cell.Tape
        What `unroll` returned, or a window of it with the same window of x; `dh` and `delta` are
        filled.
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B), of any readout
        and loss. It may lie in `tape.dh[1:]` already.
    ds_T : tuple of ndarray, optional
        Gradient that reaches the last state from beyond the tape, part by part; zero by default.
    need_dx : bool, default True
        Whether the gradient of the inputs is wanted.
    keep : ndarray, optional
        Factors, of shape (T,), for what flows back from step t to step t-1: 0 cuts the past off,
        1, the default, leaves the gradient as it is.

    Returns
    -------
    Gradients
        The gradients of the parameters, the inputs and the initial state.

    See Also
    --------
    unroll : The way there.
    bpttlib.reference.gradient_by_definition : The same by definition, slowly.

    References
    ----------
    Werbos 1990, Backpropagation through time: what it does and how to do it, Proceedings of the
    IEEE 78(10).

    Examples
    --------
    The linear network h_t = w h_{t-1} with L = h_3 has dL/dw = 3 w² h_0.

    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.2]]), np.zeros((1, 1)))
    >>> x, own = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> tape = unroll(Elman("identity"), params, x, s0=np.array([[0.9]]))
    >>> bptt(Elman("identity"), params, x, tape, own).params.W_hh.round(12)
    array([[0.108]])
    """
    H, D = _sizes(cell, params, where=False)                # unroll saw that they are finite
    require_cell(cell, tape)
    T, B = len(tape.h) - 1, tape.h.shape[2]
    require(tape.h.shape[1] == H, "tape", f"H = {tape.h.shape[1]}", f"H = {H}, as W_hh has")
    x = check_inputs(x, D, params.W_xh.dtype, T, B)
    # Into a real tape only real numbers: an imaginary part would be lost.
    real = "biuf" if tape.dh.dtype.kind == "f" else "biufc"
    dh_own = require_array("dh_own", dh_own, (T, H, B), real)
    # A copy: what reaches us from the next window may lie in the row that we now overwrite.
    ds_T = [part.copy() for part in initial_state(cell, params, B, ds_T, "ds_T", real)]
    tape.dh[1:] = dh_own                                    # NumPy sees if it lies there already
    tape.dh[0] = 0.0
    tape.dh[-1] += ds_T[0]
    for name, part in zip(cell.state[1:], ds_T[1:], strict=True):
        getattr(tape, "d" + name)[-1] = part                # only h has losses of its own

    grads, keep = None, [1] * T if keep is None else require_array("keep", keep, (T,), "biuf")
    for here, piece in in_pieces(tape, back=True):
        go_back(cell, params, piece, keep[here])
        grads = sum_copies(cell, params, x[here], piece, grads)     # while all is in the cache
    dx = params.W_xh.T @ tape.delta[1:] if need_dx and x.ndim == 3 else None
    return Gradients(grads, dx, tuple(getattr(tape, "d" + name)[0].copy() for name in cell.state))


def go_back(cell, params, tape, keep=None):
    """
    Turn all ∂L/∂h_t into δ_t, from the last step to the first, and let each h_{t-1} hear of it.

    Before, the tape's `dh` holds the gradients of the steps' own losses, and its last row also what
    comes from beyond; afterwards, the gradients over all paths.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        The tape.
    keep : ndarray, optional
        Factors, of shape (T,), for what flows back from step t to step t-1.

    See Also
    --------
    bptt : Goes back, and sums.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.5]]), np.zeros((1, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((3, 1, 1)))
    >>> tape.dh[3] = 1.0
    >>> go_back(Elman("identity"), params, tape)
    >>> tape.dh.ravel()
    array([0.125, 0.25 , 0.5  , 1.   ])
    """
    keep = [1] * (len(tape.h) - 1) if keep is None else keep
    steps = zip(pairwise(tape.rows), zip(*cell.slopes(tape), strict=True), keep, strict=True)
    for (prev, now), slopes, kept in reversed(list(steps)):
        if kept == 1:
            cell.step_backward(params, slopes, prev, now)
        else:
            _scaled_step_backward(cell, params, slopes, prev, now, kept)


def _scaled_step_backward(cell, params, slopes, prev, now, kept):
    """Step back, and scale what comes back; the own loss of step t-1 is not touched."""
    own = prev.dh.copy()
    prev.dh[...] = 0.0
    cell.step_backward(params, slopes, prev, now)
    for name in cell.state:
        getattr(prev, "d" + name)[...] *= kept
    prev.dh[...] += own


def _sizes(cell, params, where=True):
    """Return H and D after a look at the cell and at the parameters' shapes."""
    require_cell(cell)
    require({"W_xh", "W_hh", "b_h"} <= set(getattr(params, "_fields", ())), "params",
            type(params).__name__, "a record with W_xh, W_hh and b_h, such as CellParams")
    GH, H = require_array("W_hh", params.W_hh, ("G·H", "H"), "fc", where).shape
    G = len(cell.gates)
    if GH != G * H:
        require(False, "W_hh", f"shape {(GH, H)}", f"shape {(G * H, H)} for H = {H}, G = {G}")
    _, D = require_array("W_xh", params.W_xh, (GH, "D"), "fc", where).shape
    require_array("b_h", params.b_h, (GH, 1), "fc", where)
    return H, D
