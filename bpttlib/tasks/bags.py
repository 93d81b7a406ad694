"""Messages as vectors: weighted bags of words, and the way back to the embeddings."""
from typing import NamedTuple

import numpy as np

from bpttlib.errors import require


class Bags(NamedTuple):
    """
    Hold messages as bags of words: which words each has, and how much each weighs.

    The vector of a message is x = Σ_k v_k E e_k over its words k.

    Parameters
    ----------
    words : ndarray of int
        The words of all messages, one message after the other, each word once a message.
    weights : ndarray
        The weight v of each.
    starts : ndarray of int
        Where each message starts, and as the last entry where the last one ends.

    See Also
    --------
    bags : Make them.

    Examples
    --------
    >>> hello = Bags(words=np.array([1, 2]), weights=np.ones(2), starts=np.array([0, 2]))
    >>> hello.vectors(np.eye(3), np.array([0])).ravel()
    array([0., 1., 1.])
    """

    words: np.ndarray
    weights: np.ndarray
    starts: np.ndarray

    def vectors(self, E, m):
        """
        Compute x = Σ_k v_k E e_k for some messages.

        It is linear in the embeddings E.

        Parameters
        ----------
        E : ndarray
            The embeddings of the words, of shape (D, V).
        m : ndarray of int
            The numbers of n messages; -1 stands for none, whose vector is zero.

        Returns
        -------
        ndarray
            The vectors, of shape (D, n).

        See Also
        --------
        gradient : The way back.

        Examples
        --------
        >>> two = bags(np.array([[1, 2], [2, 0]]), np.array([0.0, 5.0, 7.0]))
        >>> two.vectors(np.array([[1.0, 10.0, 100.0]]), np.array([0, 1, -1]))
        array([[750., 700.,   0.]])
        """
        x, there = np.zeros((len(E), len(m)), E.dtype), np.flatnonzero(m >= 0)
        place, first, _ = self.places(m[there])
        x[:, there] = np.add.reduceat(E[:, self.words[place]] * self.weights[place], first, axis=1)
        return x

    def gradient(self, E, m, dx):
        """
        Compute ∂L/∂E = Σ_m dx_m Σ_k v_k e_kᵀ.

        Words that occur in several messages hear of all of them.

        Parameters
        ----------
        E : ndarray
            The embeddings, of shape (D, V).
        m : ndarray of int
            The numbers of the n messages.
        dx : ndarray
            The gradient of their vectors, of shape (D, n).

        Returns
        -------
        ndarray
            The gradient of the embeddings, of shape (D, V).

        See Also
        --------
        vectors : The way there.

        Examples
        --------
        >>> two = bags(np.array([[1, 2], [2, 0]]), np.array([0.0, 5.0, 7.0]))
        >>> two.gradient(np.ones((1, 3)), np.array([0, 1]), np.array([[1.0, 10.0]]))
        array([[ 0.,  5., 77.]])
        """
        there = np.flatnonzero(m >= 0)
        place, _, lengths = self.places(m[there])
        order = np.argsort(self.words[place], kind="stable")        # equal words side by side
        place, message = place[order], np.repeat(there, lengths)[order]
        words, first = np.unique(self.words[place], return_index=True)
        dE = np.zeros_like(E)
        dE[:, words] = np.add.reduceat(dx[:, message] * self.weights[place], first, axis=1)
        return dE

    def places(self, m):
        """
        Return where the words of some messages are.

        The messages need not be neighbours.

        Parameters
        ----------
        m : ndarray of int
            The numbers of n messages.

        Returns
        -------
        place : ndarray of int
            Places in `words` and `weights`, one message after the other.
        first : ndarray of int
            Where among these each message begins, of shape (n,).
        lengths : ndarray of int
            How many words each has, of shape (n,).

        See Also
        --------
        vectors : Uses them.

        Examples
        --------
        >>> two = bags(np.array([[1, 2], [2, 0]]), np.ones(3))
        >>> two.places(np.array([1, 0]))
        (array([2, 0, 1]), array([0, 1]), array([1, 2]))
        """
        lengths = self.starts[m + 1] - self.starts[m]
        first = np.append(0, lengths[:-1].cumsum())
        return np.repeat(self.starts[m] - first, lengths) + np.arange(lengths.sum()), first, lengths


def bags(messages, idf):
    """
    Make bags of words, each word with the weight v_k = √(how often it occurs) idf_k.

    The order of the words is lost.

    Parameters
    ----------
    messages : ndarray of int
        Word t of message m, of shape (T, M), filled up with 0; each has at least one word.
    idf : ndarray
        How much each word of the vocabulary says, of shape (V,).

    Returns
    -------
    Bags
        The bags.

    See Also
    --------
    inverse_document_frequency : The usual weights.

    Examples
    --------
    >>> bags(np.array([[1], [2], [1], [0]]), np.array([0.0, 5.0, 7.0])).weights.round(2)
    array([7.07, 7.  ], dtype=float32)
    """
    M, V = messages.shape[1], len(idf)
    require((messages[0] > 0).all(), "messages", "one without a word", "at least one word in each")
    number = np.broadcast_to(np.arange(M), messages.shape)[messages > 0]
    key, count = np.unique(number * V + messages[messages > 0], return_counts=True)
    words = key % V
    starts = np.searchsorted(key // V, np.arange(M + 1))
    return Bags(words, (np.sqrt(count) * idf[words]).astype(np.float32), starts)


def inverse_document_frequency(messages, V):
    """
    Return ln(M / (1 + d_k)) for each word k, which occurs in d_k of the M messages.

    A word that is in nearly every message says nearly nothing.

    Parameters
    ----------
    messages : ndarray of int
        Word t of message m, of shape (T, M), filled up with 0.
    V : int
        The size of the vocabulary.

    Returns
    -------
    ndarray
        The weights, of shape (V,), the one of padding 0.

    See Also
    --------
    bags : Uses them.

    Examples
    --------
    >>> inverse_document_frequency(np.array([[1, 2, 1, 1], [2, 0, 1, 1]]), V=4).round(2)
    array([0.  , 0.  , 0.29, 1.39])
    """
    M = messages.shape[1]
    d = np.bincount(np.concatenate([np.unique(column) for column in messages.T]), minlength=V)
    idf = np.log(M / (1 + d))
    idf[0] = 0.0
    return idf
