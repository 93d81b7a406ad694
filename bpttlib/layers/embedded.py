"""A table of embeddings below a network."""
from typing import NamedTuple

import numpy as np

from bpttlib.bptt import Gradients
from bpttlib.errors import require, require_array, require_generator, require_whole
from bpttlib.inputs import as_columns, check_inputs, project
from bpttlib.layers.layer import as_network
from bpttlib.layers.network import Network
from bpttlib.sums import sum_over_time


class EmbeddedParams(NamedTuple):
    """
    Hold a table of embeddings, and the parameters of the network that reads them.

    Column k of E stands for the whole number k.

    Parameters
    ----------
    E : ndarray
        The embeddings, of shape (D, V).
    network : tuple
        The network's parameters.

    See Also
    --------
    Embedded : Uses them.

    Examples
    --------
    >>> EmbeddedParams._fields
    ('E', 'network')
    """

    E: np.ndarray
    network: tuple


class Embedded(Network):
    """
    Put x_t = E e_k below a network: each whole number k has a column of D numbers.

    Without it, a network that is given whole numbers finds a column for each in its own W_xh,
    with as many numbers as all gates have units. On the way back a one-hot column of V numbers is
    made for each step and sequence; mind the memory where V is large.

    Parameters
    ----------
    network : Cell or Network
        What reads the embeddings.
    V : int
        How many whole numbers there are, the size of the vocabulary.

    See Also
    --------
    bpttlib.inputs.project : Looks columns up.

    Examples
    --------
    >>> from bpttlib.cells import LSTM
    >>> network = Embedded(LSTM(), V=1000)
    >>> network.init(np.random.default_rng(0), D=16, H=32).E.shape
    (16, 1000)
    """

    def __init__(self, network, V):
        require_whole("V", V)
        self.network, self.V = as_network(network), V
        self.streams, self.drops = self.network.streams, self.network.drops

    def init(self, rng, D, H, **schemes):
        require_generator(rng)
        require_whole("D", D)
        E = rng.normal(size=(D, self.V))
        return EmbeddedParams(E, self.network.init(rng, D, H, **schemes))

    def check(self, params, D, H):
        got = np.shape(getattr(params, "E", None))
        require(got == (D, self.V), "E", f"shape {got}", f"shape {(D, self.V)}, as D and V say")
        self.network.check(params.network, D, H)

    def outputs(self, H):
        return self.network.outputs(H)

    def unroll(self, params, x, s0=None, tape=None, rng=None):
        x = project(self._table(params), self._inputs(params, x))
        return self.network.unroll(params.network, x, s0, tape, rng)

    def bptt(self, params, x, tape, dh_own, ds_T=None, need_dx=True):
        x = self._inputs(params, x)
        back = self.network.bptt(params.network, project(params.E, x), tape, dh_own, ds_T)
        E = sum_over_time(back.x, as_columns(x, self.V, back.x.dtype))
        dx = params.E.T @ back.x if need_dx and x.ndim == 3 else None
        return Gradients(EmbeddedParams(E, back.params), dx, back.s0)

    def state_at(self, tape, t):
        return self.network.state_at(tape, t)

    def _inputs(self, params, x):
        return check_inputs(x, self.V, params.E.dtype)

    def _table(self, params):
        """Return E after a look at it."""
        require(isinstance(params, EmbeddedParams), "params", type(params).__name__,
                "EmbeddedParams, as init makes them")
        return require_array("E", params.E, ("D", self.V), "fc")
