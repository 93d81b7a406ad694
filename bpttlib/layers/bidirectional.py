"""Two networks that read a sequence from both ends."""
from typing import NamedTuple

import numpy as np

from bpttlib.bptt import Gradients
from bpttlib.errors import require, require_array
from bpttlib.layers.layer import as_network
from bpttlib.layers.network import Network


class BidirectionalTape(NamedTuple):
    """
    Record what both directions did.

    The backward direction's own step 1 is the sequence's last; so this is the one tape of which no
    slice is a tape.

    Parameters
    ----------
    onward : Cell.Tape
        The tape of the cell that reads the sequence from its start.
    backward : Cell.Tape
        The tape of the cell that reads it from its end.

    See Also
    --------
    Bidirectional : Writes it.

    Examples
    --------
    >>> BidirectionalTape._fields
    ('onward', 'backward')
    """

    onward: tuple
    backward: tuple

    @property
    def h(self):
        """
        Return the states of both directions, of shape (T+1, 2·H, B).

        Row t is what both know at step t; row 0 holds the two initial states.

        See Also
        --------
        Bidirectional : Writes them.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> network = Bidirectional(Elman())
        >>> params = network.init(np.random.default_rng(0), D=2, H=3)
        >>> network.unroll(params, np.ones((5, 2, 1))).h.shape
        (6, 6, 1)
        """
        back = self.backward.h
        return np.concatenate([self.onward.h, np.concatenate([back[:1], back[:0:-1]])], axis=1)


class Bidirectional(Network):
    """
    Read the sequence from both ends: h_t = [h→_t; h←_t].

    Each output knows the whole sequence, so there is none before the sequence has ended. A mask
    leaves losses out, not inputs: where sequences of a batch end at different steps, the backward
    direction begins with what fills the shorter ones up.

    Parameters
    ----------
    cell : Cell or Network
        What reads; each direction has parameters of its own.

    See Also
    --------
    Stacked : Several layers.

    References
    ----------
    Schuster and Paliwal 1997, Bidirectional recurrent neural networks, IEEE Transactions on Signal
    Processing 45(11).

    Examples
    --------
    >>> from bpttlib.cells import GRU
    >>> Bidirectional(GRU()).outputs(H=5), Bidirectional(GRU()).streams
    (10, False)
    """

    streams = False

    def __init__(self, cell):
        self.cell = as_network(cell)

    def init(self, rng, D, H, **schemes):
        return self.cell.init(rng, D, H, **schemes), self.cell.init(rng, D, H, **schemes)

    def check(self, params, D, H):
        for own in _two("params", params):
            self.cell.check(own, D, H)

    def outputs(self, H):
        return 2 * self.cell.outputs(H)

    def unroll(self, params, x, s0=None, tape=None, rng=None):
        params, s0, tape = _two("params", params), _two("s0", s0), _tape(tape) or (None, None)
        return BidirectionalTape(self.cell.unroll(params[0], x, s0[0], tape[0], rng),
                                 self.cell.unroll(params[1], x[::-1], s0[1], tape[1], rng))

    def bptt(self, params, x, tape, dh_own, ds_T=None, need_dx=True):
        params, ds_T, tape = _two("params", params), _two("ds_T", ds_T), _tape(tape)
        dh_own = require_array("dh_own", dh_own, tape.h[1:].shape)
        onward, backward = np.split(dh_own, 2, axis=1)
        one = self.cell.bptt(params[0], x, tape.onward, onward, ds_T[0], need_dx)
        two = self.cell.bptt(params[1], x[::-1], tape.backward, backward[::-1], ds_T[1], need_dx)
        dx = None if one.x is None else one.x + two.x[::-1]
        return Gradients((one.params, two.params), dx, (one.s0, two.s0))

    def state_at(self, tape, t):
        return self.cell.state_at(tape.onward, t), self.cell.state_at(tape.backward, t)


def _tape(tape):
    """Return the tape after a look at it."""
    require(tape is None or isinstance(tape, BidirectionalTape), "tape", type(tape).__name__,
            "a BidirectionalTape, as unroll returns it")
    return tape


def _two(name, parts):
    """Return two parts, one for each direction; None for each where there are none."""
    require(parts is None or isinstance(parts, tuple) and len(parts) == 2, name,
            type(parts).__name__, "a tuple of two, one for each direction")
    return (None, None) if parts is None else parts
