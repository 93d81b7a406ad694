"""
Initialisation schemes: where the weights start.

A scheme takes a random generator and a shape (rows, columns), and returns a matrix. What settings
it has beyond these are fixed with :func:`functools.partial`.
"""
from numbers import Integral

import numpy as np

from bpttlib.errors import require, require_generator, require_whole
from bpttlib.params import CellParams


def uniform_fan_in(rng, shape):
    """
    Draw from U(-1/√n, 1/√n), where n is the number of columns.

    The n inputs of a unit then add up to a variance that does not depend on n: a third of the
    inputs' mean square.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    ndarray
        A matrix of that shape.

    See Also
    --------
    glorot_uniform : Also looks at the number of rows.

    References
    ----------
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS, equation 1, where it is "the commonly used heuristic".

    Examples
    --------
    >>> W = uniform_fan_in(np.random.default_rng(0), (50, 4))
    >>> bool(abs(W).max() <= 0.5)
    True
    """
    _, columns = _sizes(rng, shape)
    r = 1 / np.sqrt(columns)
    return rng.uniform(-r, r, shape)


def glorot_uniform(rng, shape):
    """
    Draw from U(-r, r) with r = √(6 / (rows + columns)).

    Forward the number of columns matters, backward the number of rows; the variance
    2 / (rows + columns) is the compromise.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    ndarray
        A matrix of that shape.

    See Also
    --------
    uniform_fan_in : Looks at the columns alone.

    References
    ----------
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS, equation 16.

    Examples
    --------
    >>> W = glorot_uniform(np.random.default_rng(0), (50, 4))
    >>> bool(abs(W).max() <= 1/3)
    True
    """
    r = np.sqrt(6 / sum(_sizes(rng, shape)))
    return rng.uniform(-r, r, shape)


def orthogonal(rng, shape, gain=1.0):
    """
    Draw a rotation or reflection Q, with Qᵀ Q = 1, and return gain · Q.

    All orthogonal matrices are equally likely (Haar measure): Q comes from the decomposition QR of
    a matrix of normal numbers, with the signs chosen such that R has a positive diagonal. If the
    matrix is not square, its shorter side is orthonormal.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    shape : tuple of int
        Rows and columns.
    gain : float, default 1.0
        What all singular values shall be.

    Returns
    -------
    ndarray
        A matrix of that shape.

    See Also
    --------
    scaled_identity : The orthogonal matrix that mixes nothing.

    References
    ----------
    Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning in
    deep linear neural networks, ICLR.

    Mezzadri 2007, How to generate random matrices from the classical compact groups, Notices of
    the AMS 54(5), on the signs.

    Examples
    --------
    >>> W = orthogonal(np.random.default_rng(0), (3, 3))
    >>> bool(np.allclose(W.T @ W, np.eye(3)))
    True
    """
    rows, columns = _sizes(rng, shape)
    require(np.isfinite(gain), "gain", gain, "a finite number")
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    Q = Q * np.where(np.diag(R) < 0, -1.0, 1.0)                 # else QR's habits decide the signs
    return gain * (Q if rows >= columns else Q.T)


def scaled_identity(rng, shape, scale=1.0):
    """
    Return scale · 1, the identity times a number.

    A network of rectified linear units with W_hh = 1 and no input simply keeps its state.

    Parameters
    ----------
    rng : numpy.random.Generator
        Not used; every scheme takes one.
    shape : tuple of int
        Rows and columns, of which there must be equally many.
    scale : float, default 1.0
        What stands on the diagonal.

    Returns
    -------
    ndarray
        A matrix of that shape.

    See Also
    --------
    orthogonal : Keeps lengths too, and mixes.

    References
    ----------
    Le, Jaitly and Hinton 2015, A simple way to initialize recurrent networks of rectified linear
    units, arXiv:1504.00941.

    Examples
    --------
    >>> scaled_identity(np.random.default_rng(0), (2, 2), scale=0.5)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    rows, columns = _sizes(rng, shape)
    require(rows == columns, "shape", shape, "as many rows as columns, since an identity is square")
    require(np.isfinite(scale), "scale", scale, "a finite number")
    return scale * np.eye(rows)


def init_cell(rng, cell, D, H, W_xh=uniform_fan_in, W_hh=orthogonal):
    """
    Draw a cell's parameters, gate by gate.

    Each gate has a block of H rows of its own, so that a scheme sees the shape in which the weights
    are used. W_hh is orthogonal by default since, on its way back, δ is multiplied by W_hhᵀ at each
    step, and an orthogonal matrix keeps its length: then only the activation's slope shrinks it.
    Biases are zero, except where the cell says otherwise, as an LSTM does for its forget gate.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    cell : Cell
        The cell, whose gates are counted.
    D, H : int
        Number of inputs and of units.
    W_xh, W_hh : callable
        Schemes, such as `glorot_uniform` or `partial(orthogonal, gain=0.9)`.

    Returns
    -------
    CellParams
        The parameters.

    See Also
    --------
    SCHEMES : All schemes by name.

    Examples
    --------
    >>> from functools import partial
    >>> from bpttlib.cells import Elman
    >>> rng = np.random.default_rng(0)
    >>> init_cell(rng, Elman(), D=3, H=2, W_hh=partial(scaled_identity, scale=0.9)).W_hh
    array([[0.9, 0. ],
           [0. , 0.9]])
    """
    require_whole("D", D)
    require_whole("H", H)
    for name, scheme in (("W_xh", W_xh), ("W_hh", W_hh)):
        require(callable(scheme), name, repr(scheme),
                "a scheme, that is one of the functions " + ", ".join(SCHEMES))

    def stack(scheme, columns):
        return np.concatenate([scheme(rng, (H, columns)) for _ in cell.gates])   # (G·H, columns)

    return CellParams(stack(W_xh, D), stack(W_hh, H), cell.initial_bias(H))


SCHEMES = {scheme.__name__: scheme
           for scheme in (uniform_fan_in, glorot_uniform, orthogonal, scaled_identity)}


def _sizes(rng, shape):
    """Return rows and columns after a look at what a scheme was given."""
    require_generator(rng)
    require(len(shape) == 2 and all(isinstance(n, Integral) and n >= 1 for n in shape),
            "shape", shape, "rows and columns, two whole numbers that are at least 1")
    return shape
