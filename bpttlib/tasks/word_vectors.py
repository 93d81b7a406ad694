"""Embeddings of words by counting: where a network that reads them can start."""
import numpy as np


def word_vectors(bags, pairs, V, D):
    """
    Return embeddings by counting: the D main directions of ln (n_kl N / (n_k n_l)), if positive.

    Words k and l that stand in the same messages, or in neighbouring ones, more often than chance
    gets them there, come out alike. They are scaled so that a message's vector has length 1 in
    the mean square.

    Parameters
    ----------
    bags : Bags
        The messages.
    pairs : sequence of tuple
        Which messages to count together: pairs (one, other) of equally long arrays of numbers.
    V, D : int
        The size of the vocabulary, and of a vector.

    Returns
    -------
    ndarray
        The embeddings, of shape (D, V), in single precision.

    See Also
    --------
    bpttlib.tasks.answering.Answering : Starts from them.

    References
    ----------
    Levy and Goldberg 2014, Neural word embedding as implicit matrix factorization, NIPS.

    Examples
    --------
    >>> from bpttlib.tasks.bags import bags
    >>> few = bags(np.array([[1, 2, 3, 4], [2, 1, 4, 3]]), np.ones(5))
    >>> itself = np.arange(4)
    >>> E = word_vectors(few, [(itself, itself)], V=5, D=2)
    >>> bool(abs(E[:, 1] @ E[:, 3]) < 0.01 * (E[:, 1] @ E[:, 2]))
    True
    """
    n = np.zeros(V * V, np.float32)
    for one, other in pairs:
        for part in np.array_split(np.arange(len(one)), 1 + len(one) // 4000):
            np.add.at(n, _together(bags, one[part], other[part], V), np.float32(1))
    n = n.reshape(V, V)
    n += n.T.copy()
    share = n.sum(axis=1) ** 0.75                           # softer, so that rare words count less
    chance = np.outer(n.sum(axis=1), share / share.sum())
    n = np.log(np.maximum(n, chance) / np.where(chance > 0, chance, 1), where=chance > 0, out=n)
    Q = np.random.default_rng(0).normal(size=(V, D + 20)).astype(np.float32)
    for _ in range(6):                                      # the main directions come out longest
        Q = np.linalg.qr(n @ Q)[0]
    eigenvalues, U = np.linalg.eigh(Q.T @ n @ Q)
    E = (U[:, -D:] * np.maximum(eigenvalues[-D:], 0) ** 0.25).T @ Q.T
    x = bags.vectors(E, np.arange(len(bags.starts) - 1))
    return E / np.sqrt((x * x).sum(axis=0).mean())


def _together(bags, one, other, V):
    """Return k V + l for each word k of each message and each word l of its partner."""
    (k, _, n_k), (l, first, n_l) = bags.places(one), bags.places(other)
    times = np.repeat(n_l, n_k)                             # each k meets all l of the partner
    end = times.cumsum()
    at = np.arange(end[-1]) + np.repeat(np.repeat(first, n_k) - end + times, times)
    return np.repeat(bags.words[k], times) * V + bags.words[l[at]]
