"""Tasks that are easy but for the distance in time: long time lags."""
from numbers import Real

import numpy as np

from bpttlib.batch import Batch
from bpttlib.errors import require
from bpttlib.tasks.encoding import check_task, one_hot, only_last

SYMBOLS = "EBabcdXY"                    # of temporal_order, in the order of their labels
SHOWN = 10                              # copy_memory: how many symbols are to be copied …
KINDS = 8                               # … and of how many kinds
BLANK, GO = KINDS, KINDS + 1


def adding(rng, T=100, B=32):
    """
    Ask for the sum of the two numbers that carried a mark.

    At each step there is a number from U(0, 1) and a marker that is 1 twice, once in each half of
    the sequence, else 0. Only the last step counts; at each step the target is the sum so far.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    T, B : int
        Number of steps, at least 2, and of sequences.

    Returns
    -------
    Batch
        Inputs of shape (T, 2, B), targets of shape (T, 1, B), mask of shape (T, B).

    See Also
    --------
    copy_memory : More to keep in mind.

    Notes
    -----
    Whoever always says 1 has a mean squared error of 2/12 = 1/6, the variance of the sum, so a
    loss of 1/12.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9(8), experiment 4,
    with other ranges; in this form Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent
    neural networks, ICML.

    Examples
    --------
    >>> batch = adding(np.random.default_rng(0), T=4, B=1)
    >>> batch.x[:, :, 0].round(2)
    array([[0.64, 1.  ],
           [0.27, 0.  ],
           [0.04, 0.  ],
           [0.02, 1.  ]])
    >>> batch.targets.ravel().round(2)
    array([0.64, 0.64, 0.64, 0.65])
    """
    check_task(rng, T, B, least=2)
    x = np.zeros((T, 2, B))
    x[:, 0] = rng.random((T, B))
    for half in ((0, T // 2), (T // 2, T)):
        x[rng.integers(*half, B), 1, np.arange(B)] = 1.0
    return Batch(x, x.prod(axis=1, keepdims=True).cumsum(axis=0), only_last(T, B))


def copy_memory(rng, T=100, B=32):
    """
    Show 10 symbols, wait for T steps, and ask for them in the same order.

    The sequence has T + 20 steps: 10 symbols of 8 kinds (labels 0 to 7), T - 1 blanks (8), the cue
    to go (9), and 10 blanks. The target is blank but for the last 10 steps, where the symbols are
    due. All steps count.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the symbols come from.
    T, B : int
        Number of steps to wait and of sequences.

    Returns
    -------
    Batch
        Inputs of shape (T + 20, 10, B) and labels 0 to 8 of shape (T + 20, B).

    See Also
    --------
    adding : Less to keep in mind.

    Notes
    -----
    Without memory one can say blank until the cue and then guess among 8: that costs
    10 ln 8 / (T + 20) nats per step.

    References
    ----------
    Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks, ICML; after
    Hochreiter and Schmidhuber 1997.

    Examples
    --------
    >>> batch = copy_memory(np.random.default_rng(0), T=3, B=1)
    >>> print(*batch.x[:, :, 0].argmax(axis=1))
    6 5 4 2 2 0 0 0 1 6 8 8 9 8 8 8 8 8 8 8 8 8 8
    >>> print(*batch.targets[:, 0])
    8 8 8 8 8 8 8 8 8 8 8 8 8 6 5 4 2 2 0 0 0 1 6
    """
    check_task(rng, T, B)
    shown = rng.integers(0, KINDS, (SHOWN, B))
    inputs = np.full((T + 2 * SHOWN, B), BLANK)
    targets = inputs.copy()
    inputs[:SHOWN] = targets[-SHOWN:] = shown
    inputs[SHOWN + T - 1] = GO
    return Batch(one_hot(inputs, KINDS + 2), targets)


def one_bit(rng, T=51, B=32, distractors=0.3):
    """
    Ask at the last step for the bit that came at the first.

    In between there are distractors, small random numbers. It is the plainest way to ask for a
    memory: what is to be kept fits into the sign of one unit, and all that varies is for how long.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the bits and the distractors come from.
    T, B : int
        Number of steps, at least 2, and number of sequences.
    distractors : float, default 0.3
        The standard deviation of the inputs after the first.

    Returns
    -------
    Batch
        Inputs of shape (T, 1, B), of which the first is -1 or 1; labels 0 or 1 of shape (T, B), the
        same at all steps; a mask that lets the last step count.

    See Also
    --------
    adding : Two numbers instead of a bit.

    Notes
    -----
    Guessing costs ln 2.

    References
    ----------
    Bengio, Simard and Frasconi 1994, Learning long-term dependencies with gradient descent is
    difficult, IEEE Transactions on Neural Networks 5(2), whose latching problem it resembles.

    Examples
    --------
    >>> batch = one_bit(np.random.default_rng(0), T=4, B=1)
    >>> batch.x.ravel().round(1), batch.targets[-1], batch.mask.ravel()
    (array([ 1. ,  0.2,  0. , -0.2]), array([1]), array([False, False, False,  True]))
    """
    check_task(rng, T, B, least=2)
    require(isinstance(distractors, Real) and 0 <= distractors < np.inf, "distractors",
            repr(distractors), "a finite number that is at least 0")
    bit = rng.integers(0, 2, B)
    x = distractors * rng.normal(size=(T, 1, B))
    x[0] = 2 * bit - 1
    return Batch(x, np.tile(bit, (T, 1)), only_last(T, B))


def temporal_order(rng, T=110, B=32):
    """
    Ask in which order two symbols, each X or Y, came among distractors.

    A sequence starts with E, ends with B, and holds random symbols a, b, c, d in between, but for
    two places where X or Y stands. At the end, and only there, the class is due: XX is Q (label 0),
    XY is R (1), YX is S (2), YY is U (3).

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the symbols come from.
    T, B : int
        Number of steps of the longest sequence, at least 11, and number of sequences.

    Returns
    -------
    Batch
        Inputs of shape (T, 8, B), one-hot in the order E B a b c d X Y; labels of shape (T, B), the
        same at all steps; a mask of shape (T, B), true at the B of each sequence.

    See Also
    --------
    embedded_reber : Where what lies between is no noise.

    Notes
    -----
    With u = T // 11, lengths vary from T - u to T, and the two symbols stand in the rows u to 2u
    and 5u to 6u, where E has row 0. For the default T these are the published lengths 100 to 110
    and places 10 to 20 and 50 to 60. After B, inputs are zero. Guessing costs ln 4 and is
    right once in four times.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9(8), experiment 6a.

    Examples
    --------
    >>> batch = temporal_order(np.random.default_rng(6), T=22, B=1)
    >>> print(*(SYMBOLS[column.argmax()] if column.any() else "-" for column in batch.x[:, :, 0]))
    E d Y c b b d a c b c d Y c c b a c a d B -
    >>> batch.targets[batch.mask]
    array([3])
    """
    check_task(rng, T, B, least=11)
    u, b = T // 11, np.arange(B)
    last = rng.integers(T - u, T + 1, B) - 1
    pair = rng.integers(0, 2, (2, B))                           # X is 0, Y is 1
    labels = rng.integers(SYMBOLS.index("a"), SYMBOLS.index("d") + 1, (T, B))
    labels[0] = SYMBOLS.index("E")
    for symbol, least in zip(pair, (u, 5 * u), strict=True):
        labels[rng.integers(least, least + u + 1, B), b] = SYMBOLS.index("X") + symbol
    labels[last, b] = SYMBOLS.index("B")
    t = np.arange(T)[:, None]
    labels[t > last] = -1
    return Batch(one_hot(labels, len(SYMBOLS)), np.tile(2 * pair[0] + pair[1], (T, 1)), t == last)
