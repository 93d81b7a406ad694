"""A table of embeddings below a network."""
from typing import NamedTuple

import numpy as np

from bpttlib.bptt import Gradients, sum_over_time
from bpttlib.errors import require, require_generator, require_whole
from bpttlib.inputs import as_columns, check_inputs, project
from bpttlib.layers.layer import as_network
from bpttlib.layers.network import Network


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
    with as many numbers as all gates have units.

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
        self.streams = self.network.streams

    def init(self, rng, D, H, **schemes):
        require_generator(rng)
        E = rng.normal(size=(D, self.V))
        return EmbeddedParams(E, self.network.init(rng, D, H, **schemes))

    def check(self, params, D, H):
        got = np.shape(getattr(params, "E", None))
        require(got == (D, self.V), "E", f"shape {got}", f"shape {(D, self.V)}, as D and V say")
        self.network.check(params.network, D, H)

    def outputs(self, H):
        return self.network.outputs(H)

    def unroll(self, params, x, s0=None, tape=None, rng=None):
        x = project(params.E, check_inputs(x, self.V))
        return self.network.unroll(params.network, x, s0, tape, rng)

    def bptt(self, params, x, tape, dh_own, ds_T=None, need_dx=True):
        back = self.network.bptt(params.network, project(params.E, x), tape, dh_own, ds_T)
        E = sum_over_time(back.x, as_columns(x, self.V, back.x.dtype))
        return Gradients(EmbeddedParams(E, back.params), None, back.s0)

    def state_at(self, tape, t):
        return self.network.state_at(tape, t)
