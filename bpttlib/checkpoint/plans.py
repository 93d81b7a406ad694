"""How to cut a sequence: steps and bytes, counted before anything is run."""
from math import isqrt
from numbers import Real
from typing import NamedTuple

from bpttlib.checkpoint.schedules import least_steps
from bpttlib.errors import require, require_whole
from bpttlib.layers import as_network
from bpttlib.params import named_leaves

MEBIBYTE = 2**20


class Plan(NamedTuple):
    """
    Say how a sequence is to be cut, and what that costs.

    The whole sequence takes T steps forward where all of it is kept.

    Parameters
    ----------
    segment : int
        Steps in a segment, and on the tape.
    states : int
        How many states are stored at once, that of the start included.
    steps : int
        How many steps forward are taken.
    bytes : int
        What the stored states and the tape take. A segment's sums over time need about as much as
        the tape besides, for a moment.

    See Also
    --------
    plan : Makes one.

    Examples
    --------
    >>> Plan(segment=100, states=99, steps=19900, bytes=10**6).steps
    19900
    """

    segment: int
    states: int
    steps: int
    bytes: int


def plan(cell, params, x, s0=None, *, segment=None, states=None, mebibytes=None):
    """
    Cut T steps into segments, and count steps and bytes.

    Without a wish, segments are √T steps long and all their states are stored: about 2 √T things
    are kept, and about 2 T steps taken. A budget gets the cheapest plan that fits.

    Parameters
    ----------
    cell : Cell or Network
        What is to run; it must be able to stream.
    params : CellParams
        Its parameters.
    x : ndarray
        The inputs, of shape (T, D, B) or (T, B); only the first step's are read.
    s0 : tuple, optional
        The initial state; zero by default.
    segment : int, optional
        Steps in a segment; by default √T, rounded up, or 1 where `states` is given.
    states : int, optional
        How many states may be stored at once, that of the start included; by default all.
    mebibytes : float, optional
        What the stored states and the tape may take together; instead of the other two.

    Returns
    -------
    Plan
        The plan.

    Raises
    ------
    ValueError
        If an argument is not a positive number, or nothing fits into the budget.

    See Also
    --------
    checkpointed_bptt : Carries it out.
    bpttlib.checkpoint.least_steps : Where the count comes from.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.ones((8, 1)), np.eye(8), np.zeros((8, 1)))
    >>> plan(Elman(), params, np.zeros((10000, 1, 1)))
    Plan(segment=100, states=99, steps=19900, bytes=32192)
    >>> plan(Elman(), params, np.zeros((10000, 1, 1)), mebibytes=0.01)
    Plan(segment=20, states=79, steps=28380, bytes=10432)
    """
    network, T = as_network(cell), len(x)
    require(network.streams, "cell", repr(cell), "one that can stream; a bidirectional network "
            "needs the whole sequence")
    require_whole("the length of x", T)
    tape = network.unroll(params, x[:1], s0)                # one step tells all sizes
    row, state = _bytes(tape) // 2, _bytes(network.state_at(tape, -1))

    def cut(segment, states):
        n = -(-T // segment)                                # segments, the last one may be short
        states = max(1, min(states, n - 1))                 # more would stay unused
        steps = T + segment * (least_steps(n, states) - n)
        return Plan(segment, states, steps, states * state + (segment + 1) * row)

    if mebibytes is None:
        for name, wish in (("segment", segment), ("states", states)):
            require_whole(name, 1 if wish is None else wish)
        default = 1 if states is not None else isqrt(T - 1) + 1
        return cut(min(segment or default, T), states or T)
    require(segment is None and states is None, "mebibytes", "a segment or states besides",
            "no other wish; it chooses both")
    require(isinstance(mebibytes, Real) and mebibytes > 0, "mebibytes", repr(mebibytes),
            f"a number above 0, and at least {cut(1, 1).bytes / MEBIBYTE:.3g} here")
    budget = mebibytes * MEBIBYTE
    lengths = {-(-T // n) for n in range(1, T + 1)}         # the shortest for each number of them
    plans = [cut(segment, int(min(T, max(1, (budget - (segment + 1) * row) // state))))
             for segment in lengths]
    fit = [plan for plan in plans if plan.bytes <= budget]
    require(fit, "mebibytes", mebibytes, f"at least {cut(1, 1).bytes / MEBIBYTE:.3g} here")
    return min(fit, key=lambda plan: (plan.steps, plan.bytes))


def _bytes(tree):
    return sum(array.nbytes for _, array in named_leaves(tree))
