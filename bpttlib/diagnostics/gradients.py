"""Where in time a gradient comes from, and how much of it gets how far."""
import numpy as np

from bpttlib.bptt import bptt, go_back
from bpttlib.cells import require_cell
from bpttlib.errors import require, require_array, require_whole
from bpttlib.inputs import as_columns
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
        The inputs it read, of shape (T, D, B) or (T, B).
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
    credit_map : The gradients at the states in between.

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
    require_cell(cell, tape)
    T, x = len(x), as_columns(np.asarray(x), params.W_xh.shape[1], tape.h.dtype)
    dh_own = require_array("dh_own", dh_own, tape.h[1:].shape)
    C = type(params)(*(np.zeros((T, T, *p.shape), tape.h.dtype) for p in params))
    for t in range(T):
        only_t = np.zeros_like(dh_own)
        only_t[t] = dh_own[t]
        bptt(cell, params, x, tape, only_t, need_dx=False)
        done = steps(tape)
        delta, delta_h = done.delta, cell.recurrent_delta(done)
        C.W_xh[t] = delta @ np.swapaxes(x, 1, 2)                    # δ_s x_sᵀ for all s
        C.W_hh[t] = delta_h @ np.swapaxes(tape.h[:-1], 1, 2)        # δ^h_s h_{s-1}ᵀ
        C.b_h[t] = delta.sum(axis=2, keepdims=True)
    return C


def credit_map(cell, params, tape, dh_own, b=0):
    """
    Return M[t-1, s-1] = ∂L_t/∂h_s, what the loss of step t asks of the state of step s.

    A loss reaches only states at its own step or before, so M is lower triangular in (t, s); the
    sum over t is ∂L/∂h_s. One backward pass serves all losses: T columns hold copies of the one
    sequence, and column t has the loss of step t alone.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        What `unroll` returned; it is not changed.
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B).
    b : int, default 0
        The sequence.

    Returns
    -------
    ndarray
        Of shape (T, T, H).

    See Also
    --------
    contributions : Goes on to the parameters.
    norm_by_lag : All losses taken together.

    Examples
    --------
    In h_t = w h_{t-1} each step back costs a factor w.

    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.5]]), np.zeros((1, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((3, 1, 1)))
    >>> credit_map(Elman("identity"), params, tape, np.ones((3, 1, 1)))[:, :, 0]
    array([[1.  , 0.  , 0.  ],
           [0.5 , 1.  , 0.  ],
           [0.25, 0.5 , 1.  ]])
    """
    require_cell(cell, tape)
    real = "biuf" if tape.h.dtype.kind == "f" else "biufc"
    dh_own = require_array("dh_own", dh_own, tape.h[1:].shape, real)
    T, _, B = dh_own.shape
    require_whole("b", b, least=0)
    require(b < B, "b", b, f"a sequence from 0 to {B - 1}")
    columns = type(tape)(*(np.repeat(array[..., b:b + 1], T, axis=-1) for array in tape))
    for part in cell.state:
        getattr(columns, "d" + part)[...] = 0.0
    columns.dh[range(1, T + 1), :, range(T)] = dh_own[..., b]
    go_back(cell, params, columns)
    return columns.dh[1:].transpose(2, 0, 1)


def norm_by_lag(tape, part="h"):
    """
    Return ‖∂L/∂h_{T-n}‖ for the lags n = 0 … T, averaged over the sequences.

    Let only the last step have a loss: then it says how far that loss reaches. With losses at
    other steps, too, their gradients are in it. The mean is taken of the sequences' norms, so
    that gradients of opposite sign do not cancel.

    Parameters
    ----------
    tape : Cell.Tape
        The tape after `bptt`.
    part : str, default "h"
        The part of the state, "c" for the cell state of an LSTM. For n < T its gradient then
        includes what c_t does through h_t.

    Returns
    -------
    ndarray
        T+1 norms; entry n belongs to the step T-n.

    See Also
    --------
    norm_bound : What bounds it in an Elman network.
    credit_map : Apart for each loss.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.5]]), np.zeros((1, 1)))
    >>> x, own = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> tape = unroll(Elman("identity"), params, x)
    >>> back = bptt(Elman("identity"), params, x, tape, own)
    >>> norm_by_lag(tape)
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    fields = getattr(tape, "_fields", ())
    parts = [name for name in fields if f"d{name}" in fields]
    require(parts, "tape", type(tape).__name__, "the tape of one cell")
    require(part in parts, "part", repr(part), "one of " + ", ".join(parts))
    gradients = getattr(tape, f"d{part}")
    return np.linalg.norm(gradients, axis=1).mean(axis=1)[::-1]
