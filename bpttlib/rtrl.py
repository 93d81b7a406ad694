"""
Real-time recurrent learning: the same gradient, carried forward with the state.

BPTT stores the past and goes back through it. RTRL stores nothing of the past: it carries along
how the present state depends on the parameters, P_t = ∂s_t/∂θ, and so has the gradient of each
step's loss at that step. S is the length of the state, H for each of its parts, and n the number
of parameters. P_t has S·n entries, and a step of the recursion costs S²·n multiply-adds, for each
sequence. BPTT needs of the order of n for a step; but its tape grows with T.
"""
import numpy as np

from bpttlib.bptt import unroll
from bpttlib.cells import require_cell
from bpttlib.errors import require_array, require_whole
from bpttlib.inputs import as_columns
from bpttlib.jacobian import step_back_from_units
from bpttlib.params import tree_map


def influence(cell, params, x, s0=None):
    """
    Yield s_t and P_t = ∂s_t/∂θ for each step, by P_t = J_t P_{t-1} + ∂⁺s_t/∂θ with P_0 = 0.

    J_t = ∂s_t/∂s_{t-1}, and ∂⁺ is the direct part, with s_{t-1} held fixed. Nothing is stored from
    one step to the next but s_t and P_t; so x may be any iterable, and need never end.

    Parameters
    ----------
    cell : Cell
        What one step computes.
    params : CellParams
        The shared parameters.
    x : ndarray or iterable of ndarray
        Inputs, of shape (T, D, B) or (T, B), or one step's after the other.
    s0 : ndarray or tuple of ndarray, optional
        The initial state, a part of shape (H, B) for each name in `cell.state`; zero by default.

    Yields
    ------
    s : tuple of ndarray
        The state's parts, each of shape (H, B).
    P : CellParams
        The influence of each parameter, of shape (B, S) + its shape. The rows are those of s_t,
        one part above the other: h, and below it c for an LSTM.

    See Also
    --------
    step_gradient : From the influence to the gradient.

    References
    ----------
    Williams and Zipser 1989, A learning algorithm for continually running fully recurrent neural
    networks, Neural Computation 1(2).

    Examples
    --------
    In h_t = w h_{t-1}, dh_t/dw = t w^(t-1) h_0.

    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.5]]), np.zeros((1, 1)))
    >>> for s, P in influence(Elman("identity"), params, np.zeros((3, 1, 1)), np.ones((1, 1))):
    ...     print(s[0].item(), P.W_hh.item())
    0.5 1.0
    0.25 1.0
    0.125 0.75
    """
    s, P, tape = s0, None, None
    for x_t in x:
        x_t = np.asarray(x_t)[None]                         # a sequence of one step
        tape = unroll(cell, params, x_t, s, tape)
        J, direct = _one_step(cell, params, x_t, tape)
        P = direct if P is None else type(P)(*(
            _product(J, old) + new for old, new in zip(P, direct, strict=True)))
        s = tuple(getattr(tape, part)[1].copy() for part in cell.state)
        yield s, P


def step_gradient(P, dh_own_t):
    """
    Return ∂L_t/∂θ = Σ over the sequences of dh_own_tᵀ ∂h_t/∂θ, all paths included.

    It is at hand as soon as step t has been taken.

    Parameters
    ----------
    P : CellParams
        The influence at step t.
    dh_own_t : ndarray
        Gradient of step t's own loss with respect to h_t, of shape (H, B).

    Returns
    -------
    CellParams
        The gradient of step t's loss.

    See Also
    --------
    influence : Yields P.
    rtrl : Sums these gradients over time.

    Examples
    --------
    >>> from bpttlib.params import CellParams
    >>> P = CellParams(np.ones((1, 2, 2, 3)), np.ones((1, 2, 2, 2)), np.ones((1, 2, 2, 1)))
    >>> step_gradient(P, np.array([[1.0], [0.5]])).b_h
    array([[1.5],
           [1.5]])
    """
    B, H = len(P.W_hh), P.W_hh.shape[-1]
    dh_own_t = require_array("dh_own_t", dh_own_t, (H, B)).astype(P.W_hh.dtype, copy=False)
    return tree_map(lambda P: np.tensordot(dh_own_t.T, P[:, :H], axes=2), P)


def rtrl(cell, params, x, dh_own, s0=None):
    """
    Return ∂L/∂θ = Σ_t dh_own_tᵀ ∂h_t/∂θ, by carrying the influence forward.

    It is the gradient that `bptt` returns. The order is another one: BPTT multiplies the same
    Jacobians from the loss's end, with vectors, RTRL from the parameters' end, with matrices.

    Parameters
    ----------
    cell : Cell
        What one step computes.
    params : CellParams
        The shared parameters.
    x : ndarray
        Inputs, of shape (T, D, B) or (T, B).
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B).
    s0 : ndarray or tuple of ndarray, optional
        The initial state, a part of shape (H, B) for each name in `cell.state`; zero by default.

    Returns
    -------
    CellParams
        The gradients of the parameters.

    See Also
    --------
    bpttlib.bptt.bptt : The same, backward.
    influence : What is carried, for learners that cannot wait for the end.

    References
    ----------
    Williams and Zipser 1989, A learning algorithm for continually running fully recurrent neural
    networks, Neural Computation 1(2).

    Examples
    --------
    The linear network h_t = w h_{t-1} with L = h_3 has dL/dw = 3 w² h_0.

    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.2]]), np.zeros((1, 1)))
    >>> x, own = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> rtrl(Elman("identity"), params, x, own, s0=np.array([[0.9]])).W_hh.round(12)
    array([[0.108]])
    """
    require_cell(cell)
    T, H, B = len(x), params.W_hh.shape[1], np.shape(x)[-1]
    require_whole("the length of x", T)
    dh_own = require_array("dh_own", dh_own, (T, H, B))
    total = None
    for (_, P), dh_own_t in zip(influence(cell, params, x, s0), dh_own, strict=True):
        grads = step_gradient(P, dh_own_t)
        total = grads if total is None else type(grads)(*map(np.add, total, grads))
    return total


def _one_step(cell, params, x_t, tape):
    """Return J_t, of shape (B, S, S), and ∂⁺s_t/∂θ, of shape (B, S) + that of each parameter."""
    J, now = step_back_from_units(cell, params, tape)

    def apart(delta):
        return delta.reshape(len(delta), *J.shape[:2]).transpose(1, 2, 0)       # (B, S, G·H)

    delta, delta_h = apart(now.delta), apart(cell.recurrent_delta(now))
    columns = as_columns(x_t, params.W_xh.shape[1], tape.h.dtype)[0]
    direct = type(params)(W_xh=_outer(delta, columns), W_hh=_outer(delta_h, tape.h[0]),
                          b_h=delta[..., None])
    return J, direct


def _outer(delta, columns):
    """Return δ vᵀ for each sequence b and each entry i of its state."""
    return delta[..., None] * columns.T[:, None, None, :]


def _product(J, P):
    """Return J_t P_{t-1}; the influence on a parameter is a matrix with S rows."""
    return (J @ P.reshape(*P.shape[:2], -1)).reshape(P.shape)
