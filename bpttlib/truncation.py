"""
Truncated backpropagation through time: with a horizon, and with a random one.

Both work on a tape, so at frozen weights: the state at the start of a window is what it is, and
only the gradient is cut. In training, where weights move from window to window, the windows come
from :func:`bpttlib.tasks.windows` and :func:`bpttlib.train.fit` carries the state.
"""
from numbers import Real

import numpy as np

from bpttlib.bptt import Gradients, bptt
from bpttlib.errors import require, require_array, require_generator, require_whole
from bpttlib.layers import as_network
from bpttlib.params import tree_map
from bpttlib.tape import window


def truncated_bptt(cell, params, x, tape, dh_own, k1, k2):
    """
    Send every k1 losses back together, at most k2 steps from the last of them.

    The windows end at the steps k1, 2 k1, …; the last one may be short. Each goes k2 steps back
    from its end with the losses of its last k1 steps. With k1 = 1 a window of k2 steps slides
    along, one loss at a time. With k1 = k2 the windows are disjoint chunks: "detach every k
    steps". With k2 ≥ k1 ⌈T / k1⌉ nothing is cut. Every loss is sent once, and L is the average over
    all of them.

    Parameters
    ----------
    cell : Cell or Network
        What wrote the tape; it must be able to stream.
    params : CellParams
        The parameters it used.
    x : ndarray
        The inputs it read, of shape (T, D, B) or (T, B).
    tape : Cell.Tape
        What `unroll` returned; `dh` and `delta` are overwritten.
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B).
    k1 : int
        Steps from one backward pass to the next.
    k2 : int
        Steps that a backward pass goes back, at least k1.

    Returns
    -------
    Gradients
        The truncated gradients of the parameters and of the initial state; None for x.

    Raises
    ------
    ValueError
        If k1 and k2 are not whole numbers with 1 ≤ k1 ≤ k2, or the network cannot stream.

    See Also
    --------
    bpttlib.bptt.bptt : Nothing is cut.
    bpttlib.tasks.windows : The same windows, for training.

    References
    ----------
    Williams and Peng 1990, An efficient gradient-based algorithm for on-line training of recurrent
    network trajectories, Neural Computation 2(4); their BPTT(h; h') has h = k2 and h' = k1.

    Examples
    --------
    In h_t = w h_{t-1} with L = h_3, each copy of w has a share of w² h_0. Two steps back, there
    are two shares.

    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.2]]), np.zeros((1, 1)))
    >>> x, own = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> tape = unroll(Elman("identity"), params, x, s0=np.array([[0.9]]))
    >>> truncated_bptt(Elman("identity"), params, x, tape, own, 1, 2).params.W_hh.round(12)
    array([[0.072]])
    """
    network = as_network(cell)
    require_whole("k1", k1)
    require_whole("k2", k2, least=k1)
    require(network.streams, "cell", repr(cell), "one that can stream; a bidirectional network "
            "needs the whole sequence")
    T, x = len(tape.h) - 1, np.asarray(x)
    require(x.ndim > 1 and len(x) == T, "x", f"shape {x.shape}", f"{T} steps, as the tape has")
    dh_own = require_array("dh_own", dh_own, tape.h[1:].shape)
    total = None
    for first in range(0, T, k1):
        start, stop = max(0, first + k1 - k2), min(first + k1, T)
        own = dh_own[start:stop].copy()
        own[:first - start] = 0.0                           # earlier losses had their turn
        part = network.bptt(params, x[start:stop], window(tape, start, stop), own, need_dx=False)
        s0 = part.s0 if start == 0 else tree_map(np.zeros_like, part.s0)
        total = (part.params, s0) if total is None else tree_map(np.add, total, (part.params, s0))
    return Gradients(total[0], None, total[1])


def randomised_bptt(cell, params, x, tape, dh_own, p, rng):
    """
    Cut the way back before each step with probability p, and make up for it where it is open.

    What flows from step t to step t-1 is multiplied by 0 with probability p, else by 1 / (1 - p).
    The factor's mean is 1, and the factors are independent, so the gradient's expectation is the
    exact gradient. The price is variance. The way back is 1/p steps long on average.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    x : ndarray
        The inputs it read, of shape (T, D, B) or (T, B).
    tape : Cell.Tape
        What `unroll` returned; `dh` and `delta` are overwritten.
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B).
    p : float
        Probability of a cut, 0 ≤ p < 1.
    rng : numpy.random.Generator
        Where the cuts come from. They are the same for all sequences of the batch.

    Returns
    -------
    Gradients
        An unbiased estimate of the gradients.

    See Also
    --------
    randomised_variance : How far off it is.

    References
    ----------
    Tallec and Ollivier 2017, Unbiasing truncated backpropagation through time, arXiv 1705.08209.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.2]]), np.zeros((1, 1)))
    >>> x, own = np.zeros((3, 1, 1)), np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> tape = unroll(Elman("identity"), params, x, s0=np.array([[0.9]]))
    >>> rng, problem = np.random.default_rng(0), (Elman("identity"), params, x, tape, own)
    >>> draws = [randomised_bptt(*problem, 0.5, rng).params.W_hh.item() for _ in range(4000)]
    >>> float(np.mean(draws).round(2))                              # exactly: 0.108
    0.11
    """
    p = _probability(p)
    require_generator(rng)
    keep = (rng.random(len(tape.h) - 1) >= p) / (1 - p)
    return bptt(cell, params, x, tape, dh_own, keep=keep)


def randomised_variance(C, p):
    """
    Return the variance of each entry of the randomised gradient, without drawing anything.

    Loss t's share through copy s is multiplied by the factors of the steps between them. Two
    shares have o steps in common, so the mean of their product is (1 - p)^-o times as large as
    without cuts: Var = Σ C_{ts} C_{t's'} ((1 - p)^-o - 1), over all pairs of shares.

    Parameters
    ----------
    C : ndarray
        Contributions of one parameter, of shape (T, T) + its shape, as
        :func:`bpttlib.diagnostics.contributions` returns them.
    p : float
        Probability of a cut, 0 ≤ p < 1.

    Returns
    -------
    ndarray
        The variances, of the parameter's shape.

    See Also
    --------
    randomised_bptt : The estimate.

    Examples
    --------
    One loss at step 2 with a share of 1 through each of two copies: the estimate is 1 + 2 or 1.

    >>> float(randomised_variance(np.array([[0.0, 0.0], [1.0, 1.0]]), p=0.5))
    1.0
    """
    p, C = _probability(p), np.asarray(C)
    require(C.ndim >= 2 and C.shape[0] == C.shape[1], "C", f"shape {C.shape}",
            "shape (T, T) and the parameter's, as contributions returns it for one parameter")
    steps = np.arange(len(C))
    lag = np.subtract.outer(steps, steps)                   # from copy s to loss t
    C = np.where((lag >= 0).reshape(lag.shape + (1,) * (C.ndim - 2)), C, 0.0)
    # At (t, s): all pairs of shares that have at least the steps s to t in common …
    pairs = C.cumsum(axis=1)[::-1].cumsum(axis=0)[::-1] ** 2
    # … and no more than these.
    pairs = np.diff(np.diff(pairs[::-1], axis=0, prepend=0.0)[::-1], axis=1, prepend=0.0)
    return np.tensordot((1 - p) ** -np.maximum(lag, 0.0) - 1.0, pairs, axes=2)


def _probability(p):
    """Return p after a look at it."""
    require(isinstance(p, Real) and 0 <= p < 1, "p", repr(p), "a number with 0 ≤ p < 1")
    return float(p)
