"""Replying word by word: each step reads the word before, and what an answer should be about."""
import numpy as np

from bpttlib.batch import Batch
from bpttlib.errors import require_whole


def next_word(messages, y, E, K):
    """
    Make a task of messages: at each step forecast the next word, and at last the end, 0.

    Step t reads the word of step t-1 as an embedding of length 1, zeros at the first step; below it
    stands y, the same at each step. Words beyond the K most frequent are neither read nor forecast.

    Parameters
    ----------
    messages : ndarray of int
        Word t of message b, of shape (T, B), filled up with 0.
    y : ndarray
        What each message should be about, of shape (D, B).
    E : ndarray
        The embeddings of the words, of shape (D, V).
    K : int
        How many words there are, the most frequent; 0 is the end.

    Returns
    -------
    Batch
        Inputs of shape (T+1, 2D, B), labels and mask of shape (T+1, B).

    See Also
    --------
    bpttlib.tasks.answering.Answering : Tells y.

    Examples
    --------
    >>> batch = next_word(np.array([[2], [1]]), np.ones((3, 1)), np.eye(3), K=3)
    >>> batch.x[..., 0].astype(int)
    array([[0, 0, 0, 1, 1, 1],
           [0, 0, 1, 1, 1, 1],
           [0, 1, 0, 1, 1, 1]])
    >>> batch.targets.ravel(), batch.mask.ravel()
    (array([2, 1, 0]), array([ True,  True,  True]))
    """
    require_whole("K", K, least=2)
    E = E[:, :K] / np.maximum(np.sqrt((E[:, :K] ** 2).sum(axis=0)), 1e-6)
    end = np.zeros((1, messages.shape[1]), int)
    targets = np.concatenate([messages, end])
    before = np.concatenate([end, messages])
    known = (before > 0) & (before < K)
    word = E[:, np.where(known, before, 0)] * known                             # (D, T+1, B)
    x = np.concatenate([word, np.repeat(y[:, None], len(word[0]), axis=1)])     # (2D, T+1, B)
    counts = (targets < K) & (np.arange(len(targets))[:, None] <= (messages > 0).sum(axis=0))
    return Batch(np.ascontiguousarray(x.swapaxes(0, 1)), np.where(targets < K, targets, 0), counts)
