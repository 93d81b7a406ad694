"""
Sums over time: the changes of all copies of the parameters, by matrix products.

Side by side, the columns of all steps and sequences form one wide matrix, and a product of two such
matrices is the sum over both.
"""
import numpy as np

from bpttlib.inputs import as_columns
from bpttlib.tape import steps, window

COLUMNS = 1024                       # in one product: so many stay in a processor's cache


def columns(a):
    """
    Put the columns of all steps and sequences side by side, into one wide matrix.

    The sum over both is then what a matrix product does anyway.

    Parameters
    ----------
    a : ndarray
        Of shape (T, m, B).

    Returns
    -------
    ndarray
        Of shape (m, T·B).

    See Also
    --------
    sum_over_time : A product of two.

    Examples
    --------
    >>> columns(np.arange(6).reshape(3, 2, 1))
    array([[0, 2, 4],
           [1, 3, 5]])
    """
    return a.transpose(1, 0, 2).reshape(a.shape[1], -1)


def sum_over_time(left, right):
    """
    Return Σ_t left_t right_tᵀ, as one matrix product over the columns of all steps.

    The sum over the sequences of a batch is in it.

    Parameters
    ----------
    left, right : ndarray
        Of shapes (T, m, B) and (T, n, B).

    Returns
    -------
    ndarray
        Of shape (m, n).

    See Also
    --------
    bptt : Sums the changes of all copies in this way.

    Examples
    --------
    >>> sum_over_time(np.ones((5, 1, 2)), np.full((5, 1, 2), 3.0))
    array([[30.]])
    """
    return columns(left) @ columns(right).T


def sum_copies(cell, params, x, tape):
    """
    Return Σ_t δ_t x_tᵀ, Σ_t δ^h_t h_{t-1}ᵀ and Σ_t δ_t, the gradients of W_xh, W_hh and b_h.

    Some thousand columns go into one product; so what is put side by side never takes much memory.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    x : ndarray
        The inputs it read, of shape (T, D, B) or (T, B).
    tape : Cell.Tape
        The tape, with all δ_t.

    Returns
    -------
    CellParams
        The sums.

    See Also
    --------
    bpttlib.bptt.go_back : Fills in the δ_t.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.eye(1), np.eye(1), np.zeros((1, 1)))
    >>> sum_copies(Elman(), params, np.ones((5, 1, 2)), Elman().Tape(*np.ones((4, 6, 1, 2)))).W_hh
    array([[10.]])
    """
    T, B = len(tape.h) - 1, tape.h.shape[2]
    total, n = None, max(1, COLUMNS // B)
    for start in range(0, T, n):
        piece = window(tape, start, min(start + n, T))
        done = steps(piece)
        x_t = as_columns(x[start:start + n], params.W_xh.shape[1], done.delta.dtype)
        delta, delta_h = columns(done.delta), columns(cell.recurrent_delta(done))
        part = (delta @ columns(x_t).T, delta_h @ columns(piece.h[:-1]).T,
                delta.sum(axis=1, keepdims=True))
        total = part if total is None else tuple(map(np.add, total, part))
    return type(params)(*total)
