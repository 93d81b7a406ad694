"""How symbols and answers are written as arrays, and the checks that all tasks share."""

import numpy as np

from bpttlib.batch import Batch
from bpttlib.errors import require, require_array, require_generator, require_whole


def next_symbol(labels, K):
    """
    Ask, at each symbol of some strings, for the one that comes next.

    A shorter string is padded with -1 at its end: there inputs are zero, targets stay -1, so that
    a loss without the mask complains, and nothing counts.

    Parameters
    ----------
    labels : ndarray of int
        Labels 0 … K-1, or -1 after the end, of shape (T + 1, B): each column a string.
    K : int
        How many symbols there are.

    Returns
    -------
    Batch
        Inputs of shape (T, K, B), labels and mask of shape (T, B).

    See Also
    --------
    one_hot : How the inputs are written.

    Examples
    --------
    >>> batch = next_symbol(np.array([[2], [0], [1], [-1]]), K=3)
    >>> batch.x[:, :, 0]
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 0., 0.]])
    >>> batch.targets.ravel(), batch.mask.ravel()
    (array([ 0,  1, -1]), array([ True,  True, False]))
    """
    labels = require_array("labels", labels, ("T + 1", "B"), kinds="iu")
    require(len(labels) >= 2, "labels", f"shape {labels.shape}", "strings of two symbols at least")
    after_end = (labels[:-1] < 0) & (labels[1:] >= 0)
    require(not after_end.any() and (labels[0] >= 0).all(), "labels", "-1 before a symbol",
            "-1 at the ends of strings only")
    one_hot(labels, K)                                      # says which label is out of range
    targets = labels[1:]
    mask = targets >= 0
    return Batch(one_hot(np.where(mask, labels[:-1], -1), K), targets, mask)


def one_hot(labels, K):
    """
    Encode each label as a column with a one at its place.

    A label of -1 stands for nothing, for padding say, and becomes a column of zeros.

    Parameters
    ----------
    labels : ndarray of int
        Labels 0 … K-1, or -1, of shape (T, B).
    K : int
        How many labels there are.

    Returns
    -------
    ndarray
        Zeros and ones, of shape (T, K, B).

    See Also
    --------
    bpttlib.losses.softmax_cross_entropy : Wants targets as labels, not as columns.

    Examples
    --------
    >>> one_hot(np.array([[2], [0], [-1]]), K=3)[:, :, 0]
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 0., 0.]])
    """
    require_whole("K", K)
    labels = require_array("labels", labels, ("T", "B"), kinds="iu")
    for label in (labels.min(), labels.max()):
        require(-1 <= label < K, "labels", f"label {label}", f"labels from 0 to {K - 1}, or -1")
    return (labels[:, None, :] == np.arange(K)[:, None]).astype(float)


def only_last(T, B):
    """
    Return the mask of a many-to-one task.

    The loss then averages over the B answers.

    Parameters
    ----------
    T, B : int
        Number of steps and of sequences.

    Returns
    -------
    ndarray of bool
        False but for the last step, of shape (T, B).

    See Also
    --------
    bpttlib.batch.Batch : Holds a mask.

    Examples
    --------
    >>> only_last(3, 1).ravel()
    array([False, False,  True])
    """
    return np.arange(T)[:, None].repeat(B, axis=1) == T - 1


def check_task(rng, T, B, least=1, name="T"):
    """
    Raise a ValueError unless a task can be made with these arguments.

    A seed in place of a generator is the usual slip, hence the remedy in the message.

    Parameters
    ----------
    rng : numpy.random.Generator
        The task's source of chance.
    T, B : int
        Its length and its number of sequences.
    least : int, default 1
        The smallest length that makes sense.
    name : str, default "T"
        What the task calls its length.

    See Also
    --------
    bpttlib.errors.require_whole : Checks the two numbers.

    Examples
    --------
    >>> check_task(np.random.default_rng(0), T=5, B=0)
    Traceback (most recent call last):
    ValueError: B: got 0; needs a whole number, at least 1.
    """
    require_generator(rng)
    require_whole(name, T, least)
    require_whole("B", B)
