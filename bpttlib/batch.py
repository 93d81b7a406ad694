"""What goes into a model, a batch of input-target pairs, and what comes out."""
from typing import NamedTuple

import numpy as np

from bpttlib.params import ModelParams


class Batch(NamedTuple):
    """
    Hold training data: a sequence of input-target pairs, for each of B sequences.

    Row t-1 is the pair of step t.

    Parameters
    ----------
    x : ndarray
        Inputs, of shape (T, D, B), or whole numbers of shape (T, B).
    targets : ndarray
        Labels of shape (T, B), or numbers of shape (T, K, B).
    mask : ndarray or None, default None
        Which steps count, of shape (T, B); None for all. A task with one answer at the end
        (many-to-one) counts the last step alone.
    fresh : bool, default True
        Whether the sequences start here; if not, they go on where the last batch says.
    carry : int or None, default None
        The step of this batch after whose state the next one goes on; None for the last step. A
        smaller one lets the two overlap, as windows with k2 > k1 do.

    See Also
    --------
    bpttlib.model.Model : Learns from it.

    Examples
    --------
    >>> Batch(x=np.zeros((5, 2, 1)), targets=np.zeros((5, 1), int)).fresh
    True
    """

    x: np.ndarray
    targets: np.ndarray
    mask: np.ndarray | None = None
    fresh: bool = True
    carry: int | None = None


class Step(NamedTuple):
    """
    Hold what a model computes from one batch.

    The tape is that of the forward and the backward pass. A frugal step has neither outputs nor a
    tape to show.

    Parameters
    ----------
    L : float
        The loss, averaged over the steps and sequences that count.
    grads : ModelParams
        The gradients of all parameters.
    y : ndarray or None
        The outputs, of shape (T, K, B).
    tape : Cell.Tape or None
        States, and gradients at the states.
    carried : tuple
        The state with which a batch that is not fresh goes on.

    See Also
    --------
    bpttlib.model.Model : Computes it.

    Examples
    --------
    >>> Step._fields
    ('L', 'grads', 'y', 'tape', 'carried')
    """

    L: float
    grads: ModelParams
    y: np.ndarray | None
    tape: tuple | None
    carried: tuple
