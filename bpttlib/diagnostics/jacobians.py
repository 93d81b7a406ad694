"""
Jacobians of the state, ∂s_t/∂s_r: how a change at one step acts on a later one.

A state of several parts is stacked in the order of `cell.state`: h above c for an LSTM. S is the
length of the stack.
"""
import numpy as np

from bpttlib.cells import require_cell
from bpttlib.errors import require, require_whole
from bpttlib.jacobian import step_back_from_units
from bpttlib.tape import window


def step_jacobian(cell, params, tape, t, b=0):
    """
    Return ∂s_t/∂s_{t-1} for one sequence.

    For an Elman network that is diag(f'(a_t)) W_hh.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        What `unroll` returned; it is not changed.
    t : int
        The step, from 1 to T.
    b : int, default 0
        The sequence.

    Returns
    -------
    ndarray
        Of shape (S, S): entry (i, j) says how entry j of s_{t-1} acts on entry i of s_t.

    See Also
    --------
    jacobian_product : Over several steps.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((2, 1)), np.array([[0.5, 8.0], [0.0, 0.5]]), np.ones((2, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((3, 1, 1)))
    >>> step_jacobian(Elman("identity"), params, tape, t=2)
    array([[0.5, 8. ],
           [0. , 0.5]])
    """
    require_cell(cell, tape)
    T, _, B = tape.h[1:].shape
    require_whole("t", t)
    require(t <= T, "t", t, f"a step from 1 to {T}")
    require_whole("b", b, least=0)
    require(b < B, "b", b, f"a sequence from 0 to {B - 1}")
    step = window(type(tape)(*(array[..., b:b + 1] for array in tape)), t - 1, t)
    return step_back_from_units(cell, params, step)[0][0]


def jacobian_product(cell, params, tape, start, stop, b=0):
    """
    Return ∂s_stop/∂s_start = J_stop … J_{start+1}, with J_t = ∂s_t/∂s_{t-1}, for one sequence.

    A gradient at s_stop comes back to s_start as this matrix's transpose times it; the singular
    values say by what factor its length can change.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        What `unroll` returned; it is not changed.
    start, stop : int
        The two steps, 0 ≤ start ≤ stop ≤ T.
    b : int, default 0
        The sequence.

    Returns
    -------
    ndarray
        Of shape (S, S); the identity if start and stop are one.

    See Also
    --------
    growth_rates : For so many steps that the product would leave the range of numbers.

    Examples
    --------
    Its eigenvalues are both 0.25, and yet it can make a vector eight times as long.

    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((2, 1)), np.array([[0.5, 8.0], [0.0, 0.5]]), np.ones((2, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((3, 1, 1)))
    >>> J = jacobian_product(Elman("identity"), params, tape, start=0, stop=2)
    >>> float(np.linalg.norm(J, ord=2).round(3))
    8.008
    """
    J = np.eye(_length(cell, tape, start, stop, least=0), dtype=tape.h.dtype)
    for t in range(start + 1, stop + 1):
        J = step_jacobian(cell, params, tape, t, b) @ J
    return J


def reach(cell, params, tape, b=0):
    """
    Return ‖∂s_T/∂s_{T-n}‖ for the lags n = 0 … T, for one sequence.

    It is the largest singular value of a product of n Jacobians: the factor by which a gradient at
    the last step can grow at most on its way back, whatever the loss. Where it is small, no loss
    can reach.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        What `unroll` returned; it is not changed.
    b : int, default 0
        The sequence.

    Returns
    -------
    ndarray
        T+1 norms, of which the first is 1.

    See Also
    --------
    norm_by_lag : The length of one loss's gradient.
    norm_bound : What bounds it in an Elman network.

    Examples
    --------
    It grows before it decays, although all eigenvalues are 0.5.

    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((2, 1)), np.array([[0.5, 8.0], [0.0, 0.5]]), np.ones((2, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((8, 1, 1)))
    >>> reach(Elman("identity"), params, tape).round(1)
    array([1. , 8. , 8. , 6. , 4. , 2.5, 1.5, 0.9, 0.5])
    """
    T = len(tape.h) - 1
    J = np.eye(_length(cell, tape, 0, T, least=1), dtype=tape.h.dtype)
    norms = [1.0]
    for t in range(T, 0, -1):
        J = J @ step_jacobian(cell, params, tape, t, b)     # one more factor at the right
        norms.append(np.linalg.norm(J, ord=2))
    return np.array(norms)


def growth_rates(cell, params, tape, start, stop, b=0):
    """
    Return by how much ln ‖·‖ grows per step in each of S directions, largest first.

    These are the finite-time Lyapunov exponents: the n-th root of a singular value of the product
    over n steps, in the long run, as a logarithm. A gradient that vanishes in every direction
    has negative ones only. A frame of vectors is carried along and made orthonormal anew at each
    step, J_t Q = Q' R; the logarithms of R's diagonal add up, and nothing overflows. Over few
    steps they still depend on the frame; only their sum, ln |det| per step, does not.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        What `unroll` returned; it is not changed.
    start, stop : int
        The two steps, 0 ≤ start < stop ≤ T.
    b : int, default 0
        The sequence.

    Returns
    -------
    ndarray
        The S rates; -inf where a step leaves less than 1e-14 of a direction: it is lost.

    See Also
    --------
    jacobian_product : The product itself.

    References
    ----------
    Benettin, Galgani, Giorgilli and Strelcyn 1980, Lyapunov characteristic exponents for smooth
    dynamical systems and for Hamiltonian systems; a method for computing all of them, Meccanica 15.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((2, 1)), np.diag([0.5, 2.0]), np.ones((2, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((50, 1, 1)))
    >>> np.exp(growth_rates(Elman("identity"), params, tape, start=0, stop=50)).round(6)
    array([2. , 0.5])
    """
    S = _length(cell, tape, start, stop, least=1)
    Q, total = np.eye(S), np.zeros(S)
    for t in range(start + 1, stop + 1):
        Q = step_jacobian(cell, params, tape, t, b) @ Q
        left = np.abs(np.diag(np.linalg.qr(Q, mode="r")))
        alive = left > 1e-14 * np.linalg.norm(Q)            # a lost direction must not take others
        Q, R = np.linalg.qr(Q[:, alive])                    # along
        total = total[alive] + np.log(np.abs(np.diag(R)))
    lost = np.full(S - len(total), -np.inf)
    return np.append(np.sort(total / (stop - start))[::-1], lost)


def _length(cell, tape, start, stop, least):
    """Return S after a look at the steps."""
    require_cell(cell, tape)
    T = len(tape.h) - 1
    require_whole("start", start, least=0)
    require_whole("stop", stop, least=0)
    require(start <= stop - least and stop <= T, "start, stop", f"{start}, {stop}",
            f"0 ≤ start {'<' if least else '≤'} stop ≤ {T}")
    return len(cell.state) * tape.h.shape[1]
