"""
Sums over time: the changes of all copies of the parameters, by matrix products.

Side by side, the columns of all steps and sequences form one wide matrix, and a product of two such
matrices is the sum over both.
"""
import numpy as np

from bpttlib.inputs import as_columns
from bpttlib.tape import steps

WIDE = 4096                          # columns in one product


def columns(*arrays):
    """
    Put the columns of all steps and sequences side by side, into one wide matrix.

    Several arrays are put one below the other.

    Parameters
    ----------
    *arrays : ndarray
        Of shapes (T, m, B), each with its own m.

    Returns
    -------
    ndarray
        Of shape (m, T·B), where m is the sum of all.

    See Also
    --------
    sum_over_time : A product of two.

    Examples
    --------
    >>> columns(np.arange(6).reshape(3, 2, 1))
    array([[0, 2, 4],
           [1, 3, 5]])
    """
    T, _, B = arrays[0].shape
    if len(arrays) == 1:
        return arrays[0].transpose(1, 0, 2).reshape(-1, T * B)
    wide = np.empty((sum(a.shape[1] for a in arrays), T, B), np.result_type(*arrays))
    row = 0
    for a in arrays:
        wide[row:row + a.shape[1]] = a.transpose(1, 0, 2)
        row += a.shape[1]
    return wide.reshape(-1, T * B)


def blocks(T, B):
    """
    Cut T steps into slices of a few thousand columns, or of one step.

    What is put side by side for a product then never takes much memory.

    Parameters
    ----------
    T, B : int
        Number of steps and of sequences.

    Returns
    -------
    list of slice
        The slices, in order.

    See Also
    --------
    bpttlib.pieces.in_pieces : Cuts a tape.

    Examples
    --------
    >>> blocks(T=100, B=100)
    [slice(0, 40, None), slice(40, 80, None), slice(80, 100, None)]
    """
    n = max(1, WIDE // B)
    return [slice(start, min(start + n, T)) for start in range(0, T, n)]


def sum_over_time(left, right):
    """
    Return Σ_t left_t right_tᵀ, by matrix products over the columns of many steps.

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
    T, _, B = left.shape
    return sum(columns(left[here]) @ columns(right[here]).T for here in blocks(T, B))


def sum_copies(cell, params, x, tape, total=None):
    """
    Return Σ_t δ_t x_tᵀ, Σ_t δ^h_t h_{t-1}ᵀ and Σ_t δ_t, the gradients of W_xh, W_hh and b_h.

    A sum of products is a product of what is put side by side.

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
    total : CellParams, optional
        What the sums are to be added to, in place.

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
    done, D = steps(tape), params.W_xh.shape[1]
    x, h, delta_h = as_columns(x, D, done.delta.dtype), tape.h[:-1], cell.recurrent_delta(done)
    delta = columns(done.delta)
    if delta_h is done.delta:                               # one product for both
        both = delta @ columns(x, h).T
        part = both[:, :D], both[:, D:]
    else:
        part = delta @ columns(x).T, columns(delta_h) @ columns(h).T
    part = *part, delta.sum(axis=1, keepdims=True)
    if total is None:
        return type(params)(*part)
    for whole, summand in zip(total, part, strict=True):
        whole += summand
    return total
