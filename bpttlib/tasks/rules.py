"""Tasks with a rule to find: a count, an XOR, as many of these as of those."""
import numpy as np

from bpttlib.batch import Batch
from bpttlib.tasks.encoding import check_task, next_symbol, only_last


def counting_ones(rng, T=20, B=32):
    """
    Ask, after T random bits, how many were ones.

    Many-to-one regression: only the last step counts. The targets hold the number of ones so far
    at every step, so `batch._replace(mask=None)` asks all the way (many-to-many).

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the bits come from.
    T, B : int
        Number of steps and of sequences.

    Returns
    -------
    Batch
        Inputs of shape (T, 1, B), targets of shape (T, 1, B), mask of shape (T, B).

    See Also
    --------
    adding : Where only two of the steps matter.

    Notes
    -----
    Whoever always says T/2 has the count's variance T/4 as mean squared error, so a loss of T/8.

    Examples
    --------
    >>> batch = counting_ones(np.random.default_rng(0), T=6, B=1)
    >>> batch.x.ravel(), batch.targets.ravel(), batch.mask.ravel().astype(int)
    (array([1., 1., 1., 0., 0., 0.]), array([1., 2., 3., 3., 3., 3.]), array([0, 0, 0, 0, 0, 1]))
    """
    check_task(rng, T, B)
    bits = rng.integers(0, 2, (T, 1, B)).astype(float)
    return Batch(bits, bits.cumsum(axis=0), only_last(T, B))


def temporal_xor(rng, T=60, B=32):
    """
    Predict the next bit of a stream in which each third bit is the XOR of the two before it.

    Two bits are random, the third is not, and so on: 1 0 1, 0 0 0, 1 1 0, … The target of step t is
    bit t+1, so the steps t = 2, 5, 8, … (rows 1, 4, 7, …) can be predicted, the others cannot. What
    is learnt shows as a dip of the error at every third step.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the bits come from.
    T, B : int
        Number of steps, at least 2, and of sequences.

    Returns
    -------
    Batch
        Inputs of shape (T, 1, B) and labels 0, 1 of shape (T, B); all steps count.

    See Also
    --------
    counting_ones : Where all bits matter.

    Notes
    -----
    Each bit alone is a fair coin, even to someone who knows the one before it: guessing costs ln 2
    per step. Knowing the rule still costs that at all other steps: ⅔ ln 2 on average.

    References
    ----------
    Elman 1990, Finding structure in time, Cognitive Science 14(2), whose stream had 3000 bits.

    Examples
    --------
    >>> batch = temporal_xor(np.random.default_rng(3), T=8, B=1)
    >>> batch.x.ravel().astype(int), batch.targets.ravel()
    (array([1, 0, 1, 0, 0, 0, 1, 1]), array([0, 1, 0, 0, 0, 1, 1, 0]))
    """
    check_task(rng, T, B, least=2)
    bits = rng.integers(0, 2, (T + 1, B))
    bits[2::3] = bits[0:-2:3] ^ bits[1:-1:3]
    return Batch(bits[:-1, None, :].astype(float), bits[1:])


def anbn(rng, N=10, B=32):
    """
    Predict the next symbol of strings aⁿbⁿ, with n drawn evenly from 1 … N.

    A boundary (label 0) starts and ends a string: the inputs are 0 a…a b…b, the targets a…a b…b 0
    with a = 1 and b = 2. A string has 2n + 1 steps; up to 2N + 1, inputs are zero, targets are -1
    and the mask is false.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the lengths come from.
    N, B : int
        The largest n, and number of sequences.

    Returns
    -------
    Batch
        Inputs of shape (2N + 1, 3, B), labels and mask of shape (2N + 1, B).

    See Also
    --------
    embedded_reber : A grammar for which a finite memory is enough.

    Notes
    -----
    The first a is certain, and from the first b on everything is, for one who has counted; after
    an a, the next symbol may be a or b (it is b after N of them). Guessing costs ln 3 per step. The
    best predictor pays just for n: ln N per string of N + 2 steps on average, ln N / (N + 2). One
    that only sees the current symbol knows the chance p = 2 / (N + 1) that a run of equal symbols
    ends, and pays (N + 1) (-p ln p - (1 - p) ln(1 - p)) / (N + 2).

    References
    ----------
    Gers and Schmidhuber 2001, LSTM recurrent networks learn simple context-free and
    context-sensitive languages, IEEE Transactions on Neural Networks 12(6).

    Examples
    --------
    >>> batch = anbn(np.random.default_rng(0), N=3, B=1)
    >>> batch.x[:, :, 0].argmax(axis=1), batch.targets[:, 0]
    (array([0, 1, 1, 1, 2, 2, 2]), array([1, 1, 1, 2, 2, 2, 0]))
    """
    check_task(rng, N, B, name="N")
    n = rng.integers(1, N + 1, B)
    t = np.arange(2 * N + 2)[:, None]
    labels = np.select([t == 0, t <= n, t <= 2 * n, t <= 2 * n + 1], [0, 1, 2, 0], -1)
    return next_symbol(labels, K=3)
