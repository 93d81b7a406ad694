"""Layers on top of each other."""
from numbers import Real
from typing import NamedTuple

from bpttlib.bptt import Gradients
from bpttlib.errors import require, require_generator
from bpttlib.layers.layer import as_network
from bpttlib.layers.network import Network


class StackedTape(NamedTuple):
    """
    Record what a stack did: the tape of each layer, and what was dropped between them.

    Any slice of it is a tape, the masks included.

    Parameters
    ----------
    layers : tuple
        The layers' tapes, from the bottom to the top.
    masks : tuple of ndarray
        For each layer but the bottom one, the factors on its inputs, of shape (T+1, H, B), row t
        for step t; empty where nothing was dropped. Above a bidirectional layer they have 2·H rows.

    See Also
    --------
    Stacked : Writes it.

    Examples
    --------
    >>> StackedTape._fields
    ('layers', 'masks')
    """

    layers: tuple
    masks: tuple

    @property
    def h(self):
        """
        Return the top layer's states, of shape (T+1, H, B).

        A readout sees these.

        See Also
        --------
        Stacked : Writes them.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> network = Stacked(Elman(), Elman())
        >>> params = network.init(np.random.default_rng(0), D=2, H=3)
        >>> tape = network.unroll(params, np.ones((5, 2, 1)))
        >>> tape.h is tape.layers[1].h
        True
        """
        return self.layers[-1].h


class Stacked(Network):
    """
    Stack layers, of which each reads the states of the one below: x^l_t = h^{l-1}_t.

    Backward, the upper layer's ∂L/∂x_t is the lower one's `dh_own`. Between the layers, though not
    from one step to the next, entries may be dropped in training: with probability `dropout` an
    entry is zero, else it is divided by 1 - dropout.

    Parameters
    ----------
    *layers : Cell or Network
        From the bottom to the top.
    dropout : float, default 0.0
        The probability.

    See Also
    --------
    Bidirectional : Can be a layer, too.

    References
    ----------
    Zaremba, Sutskever and Vinyals 2014, Recurrent neural network regularization, arXiv 1409.2329,
    for dropout that leaves the recurrent path alone.

    Examples
    --------
    >>> from bpttlib.cells import LSTM
    >>> network = Stacked(LSTM(), LSTM(), dropout=0.2)
    >>> lower, upper = network.init(np.random.default_rng(0), D=2, H=3)
    >>> lower.W_xh.shape, upper.W_xh.shape
    ((12, 2), (12, 3))
    """

    def __init__(self, *layers, dropout=0.0):
        require(len(layers) > 0, "layers", "none", "at least one, such as Stacked(LSTM(), LSTM())")
        require(isinstance(dropout, Real) and 0 <= dropout < 1, "dropout", repr(dropout),
                "a number with 0 ≤ dropout < 1")
        self.layers, self.dropout = tuple(map(as_network, layers)), float(dropout)
        self.streams = all(layer.streams for layer in self.layers)
        self.drops = dropout > 0 or any(layer.drops for layer in self.layers)

    def init(self, rng, D, H, **schemes):
        return tuple(layer.init(rng, n, H, **schemes)
                     for layer, n in zip(self.layers, self._widths(D, H), strict=True))

    def check(self, params, D, H):
        self._of_each("params", params)
        for layer, own, n in zip(self.layers, params, self._widths(D, H), strict=True):
            layer.check(own, n, H)

    def outputs(self, H):
        return self.layers[-1].outputs(H)

    def unroll(self, params, x, s0=None, tape=None, rng=None):
        self._of_each("params", params)
        tapes, masks = [], []
        old = self._of_each("tape", _checked(tape).layers if tape is not None else None)
        for layer, own, s, on in zip(self.layers, params, self._of_each("s0", s0), old,
                                     strict=True):
            if tapes and self.dropout and rng is not None:
                require_generator(rng)
                kept = rng.random(tapes[-1].h.shape) >= self.dropout
                masks.append((kept / (1 - self.dropout)).astype(x.dtype))
                x = x * masks[-1][1:]
            tapes.append(layer.unroll(own, x, s, on, rng))
            x = tapes[-1].h[1:]
        return StackedTape(tuple(tapes), tuple(masks))

    def bptt(self, params, x, tape, dh_own, ds_T=None, need_dx=True):
        self._of_each("params", params)
        self._of_each("tape", _checked(tape).layers)
        ds_T, grads = self._of_each("ds_T", ds_T), []
        masks = [mask[1:] for mask in tape.masks] or [1] * (len(self.layers) - 1)
        inputs = [x] + [below.h[1:] * mask for below, mask in
                        zip(tape.layers, masks, strict=False)]
        for k in reversed(range(len(self.layers))):
            grads.append(self.layers[k].bptt(params[k], inputs[k], tape.layers[k], dh_own, ds_T[k],
                                             need_dx or k > 0))
            if k:
                dh_own = grads[-1].x * masks[k - 1]         # the layer below continues with it
        grads.reverse()
        return Gradients(tuple(g.params for g in grads), grads[0].x, tuple(g.s0 for g in grads))

    def state_at(self, tape, t):
        return tuple(layer.state_at(own, t)
                     for layer, own in zip(self.layers, tape.layers, strict=True))

    def _widths(self, D, H):
        """Return the number of inputs of each layer."""
        return [D] + [layer.outputs(H) for layer in self.layers[:-1]]

    def _of_each(self, name, parts):
        """Return one part for each layer, None for each where there are none."""
        n = len(self.layers)
        if parts is None:
            return (None,) * n
        require(isinstance(parts, tuple) and len(parts) == n, name,
                f"{len(parts)} parts" if isinstance(parts, tuple) else type(parts).__name__,
                f"a tuple of {n}, one for each layer")
        return parts


def _checked(tape):
    """Return the tape after a look at its type."""
    require(isinstance(tape, StackedTape), "tape", type(tape).__name__,
            "a StackedTape, as unroll returns it")
    return tape
