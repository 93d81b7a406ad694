"""
Inputs: columns of numbers, or whole numbers that each stand for a one-hot column.

A whole number k picks the column W e_k. That column is the embedding of k, and nothing has to be
multiplied to find it.
"""
import numpy as np

from bpttlib.errors import require, require_array


def check_inputs(x, D, dtype=float, T="T", B="B"):
    """
    Return inputs as numbers of shape (T, D, B), or as whole numbers 0 … D-1 of shape (T, B).

    Which of the two they are shows in the number of axes; so an integer array (T, D), its batch
    axis forgotten, is taken for labels.

    Parameters
    ----------
    x : ndarray
        The inputs.
    D : int
        Number of inputs at a step.
    dtype : data-type, default float
        What numbers become that are neither floats nor complex.
    T, B : int or str
        Number of steps and of sequences, where they are known.

    Returns
    -------
    ndarray
        The inputs.

    Raises
    ------
    ValueError
        If the shape is another one, a number is not finite, or a whole number is too large.

    See Also
    --------
    project : Multiply them by a matrix.

    Examples
    --------
    >>> check_inputs(np.array([[0], [5]]), D=3)
    Traceback (most recent call last):
    ValueError: x: got 5 at index (1, 0); needs whole numbers from 0 to 2, since D = 3.
    """
    if isinstance(x, np.ndarray) and x.ndim == 2 and x.dtype.kind in "iu":
        x = require_array("x", x, (T, B))
        for t, b in np.argwhere((x < 0) | (x >= D))[:1]:
            require(False, "x", f"{x[t, b]} at index ({t}, {b})",
                    f"whole numbers from 0 to {D - 1}, since D = {D}")
        return x
    x = require_array("x", x, (T, D, B))
    return x if x.dtype.kind in "fc" else x.astype(dtype)


def project(W, x, out=None):
    """
    Return W x_t for all steps; a whole number k stands for W e_k.

    All steps are done at once, since no state is needed.

    Parameters
    ----------
    W : ndarray
        Of shape (n, D).
    x : ndarray
        Inputs of shape (T, D, B), or whole numbers of shape (T, B).
    out : ndarray, optional
        Where to put the result; a new array by default.

    Returns
    -------
    ndarray
        Of shape (T, n, B).

    See Also
    --------
    as_columns : The one-hot columns themselves.

    Examples
    --------
    >>> project(np.array([[1.0, 2.0, 3.0]]), np.array([[2], [0]])).ravel()
    array([3., 1.])
    """
    if out is None:
        out = np.empty((len(x), len(W), x.shape[-1]), np.result_type(W, *[x] * (x.ndim == 3)))
    if x.ndim == 2:
        out[...] = np.moveaxis(W[:, x], 0, 1)
    elif x.shape[2] == 1:
        np.matmul(x[:, :, 0], W.T, out=out[:, :, 0])        # one product, not one for each step
    else:
        np.matmul(W, x, out=out)
    return out


def as_columns(x, D, dtype=float):
    """
    Return inputs as columns, e_k for a whole number k.

    Inputs that are columns already are returned as they are.

    Parameters
    ----------
    x : ndarray
        Inputs of shape (T, D, B), or whole numbers of shape (T, B).
    D : int
        Number of inputs at a step.
    dtype : data-type, default float
        That of the one-hot columns.

    Returns
    -------
    ndarray
        Of shape (T, D, B).

    See Also
    --------
    project : Multiply them by a matrix.

    Examples
    --------
    >>> as_columns(np.array([[2], [0]]), D=3)[:, :, 0]
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    return x if x.ndim == 3 else (x[:, None, :] == np.arange(D)[:, None]).astype(dtype)
