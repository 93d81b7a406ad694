"""The way back through a sequence of which only a few states are stored."""
from typing import NamedTuple

import numpy as np

from bpttlib.checkpoint.plans import plan
from bpttlib.checkpoint.schedules import schedule
from bpttlib.errors import require, require_array
from bpttlib.layers import as_network
from bpttlib.params import tree_map
from bpttlib.tape import window


class Checkpointed(NamedTuple):
    """
    Hold what a checkpointed backward pass yields, and what it took, counted on the way.

    The first three entries are those of :class:`bpttlib.bptt.Gradients`.

    Parameters
    ----------
    params : tuple
        Gradients of the parameters.
    x : ndarray or None
        Gradient of the inputs, or None where it was not asked for or the inputs are whole numbers.
    s0 : tuple
        Gradients of the initial state.
    s_T : tuple
        The last state.
    peak_states : int
        The largest number of states that were stored at once, that of the start included.
    steps : int
        The number of steps forward.

    See Also
    --------
    checkpointed_bptt : Computes it.

    Examples
    --------
    >>> Checkpointed._fields
    ('params', 'x', 's0', 's_T', 'peak_states', 'steps')
    """

    params: tuple
    x: np.ndarray | None
    s0: tuple
    s_T: tuple
    peak_states: int
    steps: int


def checkpointed_bptt(cell, params, x, own, s0=None, *, segment=None, states=None, mebibytes=None,
                      need_dx=False):
    """
    Return the gradients that `bptt` returns, with few states stored and one short tape.

    The losses are asked for along the way, one segment after the other and the last one first,
    since `dh_own` for all steps would take as much memory as is to be saved. Nothing is dropped
    between layers.

    Parameters
    ----------
    cell : Cell or Network
        What is to run; it must be able to stream.
    params : CellParams
        Its parameters.
    x : ndarray
        The inputs, of shape (T, D, B) or (T, B).
    own : callable
        `own(h, start, stop)` is called once for each segment. It gets the states h_{start+1} …
        h_stop, of shape (stop - start, H, B), and returns the gradients of these steps' own losses
        with respect to them, an array of the same shape. The states are on the tape: they must
        not be changed, and are overwritten later.
    s0 : tuple, optional
        The initial state; zero by default.
    segment : int, optional
        Steps in a segment; by default √T, rounded up, or 1 where `states` is given.
    states : int, optional
        How many states may be stored at once, that of the start included; by default all.
    mebibytes : float, optional
        What the stored states and the tape may take together; instead of the other two.
    need_dx : bool, default False
        Whether the gradient of the inputs is wanted; it is as large as they are.

    Returns
    -------
    Checkpointed
        The gradients, the last state, and counts of what it took.

    See Also
    --------
    plan : What it will take.
    bpttlib.bptt.bptt : With everything stored.

    References
    ----------
    Gruslys, Munos, Danihelka, Lanctot and Graves 2016, Memory-efficient backpropagation through
    time, NIPS. Segments of √T steps: Chen, Xu, Zhang and Guestrin 2016, Training deep nets with
    sublinear memory cost, arXiv 1604.06174.

    Examples
    --------
    The linear network h_t = w h_{t-1} with L = h_3 has dL/dw = 3 w² h_0.

    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((1, 1)), np.array([[0.2]]), np.zeros((1, 1)))
    >>> def own(h, start, stop):
    ...     return (np.arange(start + 1, stop + 1) == 3.0)[:, None, None]
    >>> back = checkpointed_bptt(Elman("identity"), params, np.zeros((3, 1, 1)), own,
    ...                          s0=np.array([[0.9]]), states=1)
    >>> back.params.W_hh.round(12), back.peak_states, back.steps
    (array([[0.108]]), 1, 6)
    """
    require(callable(own), "own", repr(own), "a function own(h, start, stop)")
    network, x = as_network(cell), np.asarray(x)
    segment, states, _, _ = plan(cell, params, x, s0, segment=segment, states=states,
                                 mebibytes=mebibytes)
    segments = [slice(t, min(t + segment, len(x))) for t in range(0, len(x), segment)]
    stored, tape, ds, total, dx, s_T = [s0], None, None, None, [], None
    peak, steps = 1, 0
    for start, stop, store in schedule(len(segments), states):
        s = stored[-1]
        for here in segments[start:stop + (not store)]:
            n = here.stop - here.start
            on = tape if tape is None or n == segment else window(tape, 0, n)
            now = network.unroll(params, x[here], s, on)
            tape, s, steps = tape or now, network.state_at(now, -1), steps + n
        if store:
            stored.append(s)
            peak = max(peak, len(stored))
            continue
        s_T = s if s_T is None else s_T                     # the last segment comes first
        dh_own = require_array("own(h, start, stop)", own(now.h[1:], here.start, here.stop),
                               now.h[1:].shape)
        back = network.bptt(params, x[here], now, dh_own, ds, need_dx)
        total = back.params if total is None else tree_map(np.add, total, back.params)
        ds, dx = back.s0, [back.x, *dx]
        if start == stop:
            stored.pop()
    dx = None if dx[0] is None else np.concatenate(dx)
    return Checkpointed(total, dx, ds, s_T, peak, steps)
