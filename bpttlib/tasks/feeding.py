"""From data to the batches that training asks for."""
import numpy as np

from bpttlib.batch import Batch
from bpttlib.errors import require, require_array, require_whole


def batches(task, seed=0, **sizes):
    """
    Return a function i ↦ batch number i of a task.

    Each batch is drawn with a generator of its own, made from seed and i alone. So training that
    was interrupted goes on with exactly the batches it would have seen.

    Parameters
    ----------
    task : callable
        A task, such as :func:`adding`.
    seed : int, default 0
        Another seed gives other batches, for testing say. Batch 0 is what a generator made from the
        seed alone would draw.
    **sizes
        What the task is called with, such as T and B.

    Returns
    -------
    callable
        A function of i = 0, 1, 2, … that returns a Batch.

    See Also
    --------
    windows : The same for one long stream.

    Examples
    --------
    >>> from bpttlib.tasks import adding
    >>> batch = batches(adding, seed=1, T=10, B=4)
    >>> batch(7).x.shape, bool((batch(7).x == batch(7).x).all())
    ((10, 2, 4), True)
    """
    require(callable(task), "task", repr(task), "a function task(rng, …) that returns a Batch")
    require_whole("seed", seed, least=0)
    return lambda i: task(np.random.default_rng((seed, i)), **sizes)


def windows(x, targets, k1, k2=None, mask=None):
    """
    Return a function i ↦ window number i of a long stream, for truncated BPTT(k1, k2).

    Each window brings k1 new steps, whose losses count, and goes back over k2 - k1 earlier ones,
    whose losses counted before. After the last window, which may be short, the stream starts
    again; windows that reach back to its start are fresh, all others go on from a carried state.

    Parameters
    ----------
    x : ndarray
        Inputs, of shape (T, D, B), or whole numbers of shape (T, B).
    targets : ndarray
        Labels of shape (T, B), or numbers of shape (T, K, B).
    k1 : int
        New steps in a window.
    k2 : int, optional
        All steps in a window; k1 by default, so that the windows are disjoint chunks.
    mask : ndarray, optional
        Which steps count, of shape (T, B).

    Returns
    -------
    callable
        A function of i = 0, 1, 2, … that returns a Batch of views.

    See Also
    --------
    batches : The same for a task, each batch drawn anew.
    bpttlib.truncation.truncated_bptt : The same windows at frozen weights.

    Examples
    --------
    >>> stream = np.arange(6.0).reshape(6, 1, 1)
    >>> window = windows(stream[:-1], stream[1:], k1=2)
    >>> [(window(i).x.ravel().tolist(), window(i).fresh) for i in range(4)]
    [([0.0, 1.0], True), ([2.0, 3.0], False), ([4.0], False), ([0.0, 1.0], True)]
    >>> window = windows(stream[:-1], stream[1:], k1=1, k2=3)
    >>> [(window(i).x.ravel().tolist(), window(i).carry) for i in range(2, 4)]
    [([0.0, 1.0, 2.0], 1), ([1.0, 2.0, 3.0], 1)]
    """
    require_whole("k1", k1)
    k2 = k1 if k2 is None else k2
    require_whole("k2", k2, least=k1)
    x = np.asarray(x)
    ids = x.ndim == 2 and x.dtype.kind in "iu"
    x = require_array("x", x, ("T", "B") if ids else ("T", "D", "B"))
    T, B = len(x), x.shape[-1]
    targets = np.asarray(targets)
    require(targets.ndim in (2, 3) and targets.shape[::targets.ndim - 1] == (T, B), "targets",
            f"shape {targets.shape}", f"shape ({T}, {B}) or ({T}, K, {B}), as x has T={T}, B={B}")
    if mask is not None:
        mask = require_array("mask", mask, (T, B), kinds="biuf")
        empty = [first // k1 for first in range(0, T, k1) if not mask[first:first + k1].any()]
        require(not empty, "mask", f"no step that counts in window {empty[:1]}",
                "at least one in each window of k1 steps; choose a larger k1")

    def window(i):
        first = k1 * (i % -(-T // k1))                          # -(-T // k1) is T / k1, rounded up
        start, following = (max(0, new + k1 - k2) for new in (first, first + k1))
        steps = slice(start, first + k1)
        counts = None if mask is None else mask[steps]
        if start < first:                                       # earlier losses had their turn
            counts = np.ones((min(first + k1, T) - start, B), bool) if mask is None else counts
            counts = np.where(np.arange(len(counts))[:, None] < first - start, 0, counts)
        carry = following - start if first + k1 < T else None
        return Batch(x[steps], targets[steps], counts, start == 0, carry)

    return window


def padded(sequences, targets):
    """
    Make one batch of sequences of different lengths: they are filled up, and the mask says so.

    The shorter ones end in zeros that do not count. A network that reads from the start to the end
    computes for each sequence what it would compute for it alone; a bidirectional one does not, for
    it meets the zeros first.

    Parameters
    ----------
    sequences : list of ndarray
        Inputs, the one of sequence b of shape (T_b, D), or whole numbers of shape (T_b,).
    targets : list
        What each sequence shall give: labels of shape (T_b,) or numbers of shape (T_b, K), one for
        each step; or a single label for the whole sequence, and then its last step alone counts.

    Returns
    -------
    Batch
        With T the length of the longest sequence, and B how many there are.

    See Also
    --------
    from_pairs : A batch of one sequence.

    Examples
    --------
    >>> batch = padded([np.ones((3, 2)), np.ones((1, 2))], targets=[4, 7])
    >>> batch.x.shape, batch.targets[:, 0].tolist()
    ((3, 2, 2), [0, 0, 4])
    >>> batch.mask.astype(int)
    array([[0, 1],
           [0, 0],
           [1, 0]])
    """
    sequences, targets = [np.asarray(x) for x in sequences], [np.asarray(y) for y in targets]
    require(len(sequences) == len(targets) > 0, "sequences, targets",
            f"{len(sequences)} and {len(targets)}", "as many targets as sequences, at least one")
    for b, x in enumerate(sequences):
        require(x.ndim == 2 or x.ndim == 1 and x.dtype.kind in "iu", f"sequences[{b}]",
                f"shape {x.shape} of {x.dtype}", "shape (T, D), or whole numbers of shape (T,)")
    T = max(len(x) for x in sequences)
    mask, whole = np.zeros((T, len(sequences)), bool), targets[0].ndim == 0
    for b, (x, y) in enumerate(zip(sequences, targets, strict=True)):
        for name, part, like in (("sequences", x, sequences[0]), ("targets", y, targets[0])):
            require(part.ndim == like.ndim and part.shape[1:] == like.shape[1:], f"{name}[{b}]",
                    f"shape {part.shape}", f"one that agrees with {name}[0], {like.shape}, but "
                    "for its length")
        require(len(x) > 0, f"sequences[{b}]", "no step", "at least one")
        require(whole or len(y) == len(x), f"targets[{b}]", f"shape {y.shape} for {len(x)} steps",
                "one target for each step")
        mask[len(x) - 1 if whole else slice(len(x)), b] = True
    if whole:
        targets = [np.append(np.zeros(len(x) - 1, y.dtype), y)
                   for x, y in zip(sequences, targets, strict=True)]

    def fill_up(parts):
        return np.stack([np.pad(p, [(0, T - len(p))] + [(0, 0)] * (p.ndim - 1)) for p in parts],
                        axis=-1)

    return Batch(fill_up(sequences), fill_up(targets), mask)


def from_pairs(pairs):
    """
    Make a batch of one sequence from a list of input-target pairs.

    This is how training data is often written down: (x_1, target_1), …, (x_T, target_T).

    Parameters
    ----------
    pairs : list of tuple
        Pairs of an input vector of D numbers and a target vector of K numbers.

    Returns
    -------
    Batch
        Inputs of shape (T, D, 1) and targets of shape (T, K, 1).

    See Also
    --------
    windows : Cuts a long sequence into pieces.

    Examples
    --------
    >>> batch = from_pairs([([1.0, 0.0], [0.5]), ([0.0, 1.0], [0.7]), ([1.0, 1.0], [0.9])])
    >>> batch.x.shape, batch.targets.ravel()
    ((3, 2, 1), array([0.5, 0.7, 0.9]))
    """
    pairs = list(pairs)
    require(len(pairs) > 0, "pairs", "an empty list", "at least one (input, target) pair")
    for t, pair in enumerate(pairs):
        require(isinstance(pair, (tuple, list)) and len(pair) == 2, f"pairs[{t}]", repr(pair),
                "an (input, target) pair")
    return Batch(*(_sequence(name, side) for name, side in zip(("inputs", "targets"),
                                                               zip(*pairs, strict=True),
                                                               strict=True)))


def _sequence(name, vectors):
    """Return vectors of one length as an array of shape (T, length, 1)."""
    vectors = [require_array(f"{name} of pairs[{t}]", np.atleast_1d(v), ("n",), kinds="biuf")
               for t, v in enumerate(vectors)]
    lengths = sorted({len(v) for v in vectors})
    require(len(lengths) == 1, "pairs", f"{name} of lengths " + " and ".join(map(str, lengths)),
            f"{name} that are all equally long")
    return np.stack(vectors).astype(float)[:, :, None]
