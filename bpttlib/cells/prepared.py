"""Parameters in the form in which the steps forward use them."""
from functools import lru_cache
from typing import NamedTuple

import numpy as np


class Prepared(NamedTuple):
    """
    Hold parameters of which the sigmoid gates' rows are halved: σ(a) = ½ + ½ tanh(½ a).

    A sigmoid is a tanh, squeezed. So one call of tanh serves all gates of a step, s ⊙ tanh(s ⊙ a) +
    1 - s with s = ½ for a sigmoid and s = 1 for a tanh. To halve a floating-point number is exact.

    Parameters
    ----------
    W_xh : ndarray
        Rows s ⊙ W_xh, of shape (G·H, D).
    W_hh : ndarray
        Rows s ⊙ W_hh, of shape (G·H, H).
    b_h : ndarray
        Rows s ⊙ b_h, once for each sequence, of shape (G·H, B).
    s : ndarray
        The factors, for all gates down to the last sigmoid one, once for each sequence.
    shift : ndarray
        1 - s, likewise.

    See Also
    --------
    prepare : Makes it.

    Examples
    --------
    >>> Prepared._fields
    ('W_xh', 'W_hh', 'b_h', 's', 'shift')
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray
    s: np.ndarray
    shift: np.ndarray

    def squash(self, a):
        """
        Turn s ⊙ a into the gates' values, in place.

        Below the last sigmoid gate a must have no rows.

        Parameters
        ----------
        a : ndarray
            A row of a tape's `a`, or the part of it that is to be squashed.

        See Also
        --------
        bpttlib.activations.sigmoid : The same formula.

        Examples
        --------
        >>> from bpttlib.params import CellParams
        >>> a = np.array([[0.5 * np.log(3)], [0.0]])            # a sigmoid's, halved, and a tanh's
        >>> params = CellParams(np.ones((2, 1)), np.ones((2, 1)), np.ones((2, 1)))
        >>> prepare(params, ("h", "s"), ("h", "s"), B=1).squash(a)
        >>> a.ravel()
        array([0.75, 0.5 ])
        """
        np.tanh(a, a)
        a *= self.s
        a += self.shift


def prepare(params, gates, sigmoids, B):
    """
    Return s ⊙ W_xh, s ⊙ W_hh and s ⊙ b_h, with s = ½ in the rows of sigmoid gates, else 1.

    The bias is repeated for each sequence: to add arrays of one shape is fastest.

    Parameters
    ----------
    params : CellParams
        The shared parameters.
    gates : tuple of str
        All gates, from top to bottom.
    sigmoids : tuple of str
        Those that are sigmoids.
    B : int
        Number of sequences.

    Returns
    -------
    Prepared
        The parameters for the steps forward.

    See Also
    --------
    bpttlib.bptt.unroll : Uses them.

    Examples
    --------
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.ones((2, 1)), np.ones((2, 1)), np.ones((2, 1)))
    >>> prepare(params, ("z", "n"), ("z",), B=3).b_h
    array([[0.5, 0.5, 0.5],
           [1. , 1. , 1. ]])
    """
    W_xh, W_hh, b_h = params[:3]
    if not sigmoids:
        return Prepared(W_xh, W_hh, b_h.repeat(B, axis=1), None, None)
    s, each_s, shift = _factors(gates, sigmoids, W_hh.shape[1], B, W_hh.real.dtype)
    return Prepared(s * W_xh, s * W_hh, (s * b_h).repeat(B, axis=1), each_s, shift)


@lru_cache(maxsize=16)
def _factors(gates, sigmoids, H, B, dtype):
    """Return s as one column, and s and 1 - s for each sequence down to the last sigmoid gate."""
    s = np.array([0.5 if gate in sigmoids else 1.0 for gate in gates], dtype).repeat(H)[:, None]
    last = 1 + max(gates.index(gate) for gate in sigmoids)
    each = s[:last * H].repeat(B, axis=1)
    return s, each, 1 - each
