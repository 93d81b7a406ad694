"""
When to store a state and when to compute it again: the optimal schedule of checkpointing.

A chain of n units is run forward once, and then every unit, the last one first, once more onto
the tape, where the way back needs it. Between these runs only a few states are kept. The schedule
that needs the fewest steps is known in closed form (Griewank 1992).
"""
from functools import lru_cache
from math import comb
from typing import NamedTuple

from bpttlib.errors import require_whole


class Move(NamedTuple):
    """
    Say what to do next: run from a stored state to another, and store it or go back there.

    States are numbered from 0; state k is the one before unit k.

    Parameters
    ----------
    start : int
        The stored state to start from.
    stop : int
        The state to run to; `start` itself if there is nothing to run.
    store : bool
        Whether the state reached is stored. If not, unit `stop` is run onto the tape and gone
        back through; after that, a state that is equal to `start` is no longer needed.

    See Also
    --------
    schedule : Yields them.

    Examples
    --------
    >>> Move(start=0, stop=3, store=True)
    Move(start=0, stop=3, store=True)
    """

    start: int
    stop: int
    store: bool


def least_steps(n, states):
    """
    Return C(n, m) = (r + 1) n - β(m + 1, r - 1), the fewest runs of units that can do.

    Here β(s, r) = (s + r)! / (s! r!), and r is the smallest number with β(m, r) ≥ n. It solves the
    recurrence C(n, m) = min over y of y + C(n - y, m - 1) + C(y, m) with C(n, 1) = n (n + 1) / 2:
    run y units and store the state, do what lies behind it with one state less, and then what
    lies before it.

    Parameters
    ----------
    n : int
        Number of units.
    states : int
        Number m of states that can be stored at once, that of the start included.

    Returns
    -------
    int
        The number of times that some unit is run forward, the n runs onto the tape included.

    See Also
    --------
    schedule : Get by with as many.

    References
    ----------
    Griewank 1992, Achieving logarithmic growth of temporal and spatial complexity in reverse
    automatic differentiation, Optimization Methods and Software 1(1). Griewank and Walther 2000,
    Algorithm 799: revolve, ACM Transactions on Mathematical Software 26(1); they do not count the
    n runs onto the tape. The recurrence: Gruslys, Munos, Danihelka, Lanctot and Graves 2016,
    Memory-efficient backpropagation through time, NIPS.

    Examples
    --------
    >>> least_steps(1000, 1), least_steps(1000, 50), least_steps(1000, 999)
    (500500, 2948, 1999)
    """
    require_whole("n", n)
    require_whole("states", states)
    r = _repetitions(n, states)
    return (r + 1) * n - _beta(states + 1, r - 1)


def schedule(n, states):
    """
    Yield the moves that take a chain of n units forward and back in C(n, m) runs.

    The first stored state is that of the start. A state is stored where the costs of what lies
    behind it and before it are least together; there it waits until its own unit has been gone
    back through.

    Parameters
    ----------
    n : int
        Number of units.
    states : int
        Number m of states that can be stored at once, that of the start included.

    Yields
    ------
    Move
        What to do next.

    See Also
    --------
    least_steps : How many runs that takes.
    checkpointed_bptt : Follows it.

    Examples
    --------
    Three units, two states: state 1 is stored, so that state 2 need not be run to from the start.

    >>> for move in schedule(3, states=2):
    ...     print(move)
    Move(start=0, stop=1, store=True)
    Move(start=1, stop=2, store=False)
    Move(start=1, stop=1, store=False)
    Move(start=0, stop=0, store=False)
    """
    require_whole("n", n)
    require_whole("states", states)
    stored, end = [0], n                                    # units from `end` on are done
    while end:
        start = stored[-1]
        stop = start + _best_split(end - start, states + 1 - len(stored))
        store = stop < end - 1                              # the last one goes onto the tape
        yield Move(start, stop, store)
        if store:
            stored.append(stop)
            continue
        end = stop
        if stop == start:
            stored.pop()


def _beta(s, r):
    """How many units can be gone back through with s states, none of them run more than r times."""
    return comb(s + r, s) if r >= 0 else 0


@lru_cache(maxsize=4096)
def _repetitions(n, states):
    """The smallest r with β(states, r) ≥ n."""
    r, beta = 0, 1
    while beta < n:
        r += 1
        beta = beta * (states + r) // r                     # β(s, r) from β(s, r - 1)
    return r


@lru_cache(maxsize=4096)
def _best_split(n, states):
    """
    A y with the least y + C(n - y, states - 1) + C(y, states); 0 if there is nothing to split.

    Any y with β(s, r - 2) ≤ y ≤ β(s, r - 1) and β(s - 1, r - 1) ≤ n - y ≤ β(s - 1, r) is one
    (Griewank and Walther 2000); this is the smallest.
    """
    r = _repetitions(n, states)
    least = max(_beta(states, r - 2), n - _beta(states - 1, r))
    return least if n == 1 else max(least, 1)
