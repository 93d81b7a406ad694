"""One cell as a network."""
import numpy as np

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Cell
from bpttlib.errors import require
from bpttlib.init import init_cell
from bpttlib.layers.network import Network


class Layer(Network):
    """
    Wrap one cell as a network.

    Nothing is added; the tape is the cell's.

    Parameters
    ----------
    cell : Cell
        The cell.

    See Also
    --------
    as_network : Wraps what is a cell, and returns what is a network already.

    Examples
    --------
    >>> from bpttlib.cells import LSTM
    >>> Layer(LSTM()).outputs(H=5)
    5
    """

    def __init__(self, cell):
        require(isinstance(cell, Cell), "cell", repr(cell), "a cell or a network, such as Elman()")
        self.cell = cell

    def init(self, rng, D, H, **schemes):
        return init_cell(rng, self.cell, D, H, **schemes)

    def check(self, params, D, H):
        needs, got = (len(self.cell.gates) * H, D), np.shape(getattr(params, "W_xh", None))
        if got != needs:                                        # the texts take their time
            require(False, "W_xh", f"shape {got}", f"shape {needs}, as D and H say")

    def unroll(self, params, x, s0=None, tape=None, rng=None):
        return unroll(self.cell, params, x, s0, tape)

    def bptt(self, params, x, tape, dh_own, ds_T=None, need_dx=True):
        return bptt(self.cell, params, x, tape, dh_own, ds_T, need_dx)

    def state_at(self, tape, t):
        return tuple(getattr(tape, name)[t].copy() for name in self.cell.state)


def as_network(cell):
    """
    Return a cell as a network of one layer, and a network as it is.

    So what holds for networks need not be written a second time for cells.

    Parameters
    ----------
    cell : Cell or Network
        The cell or the network.

    Returns
    -------
    Network
        The network.

    See Also
    --------
    Stacked : A network of many layers.

    Examples
    --------
    >>> from bpttlib.cells import GRU
    >>> as_network(GRU()).cell.gates
    ('r', 'z', 'n')
    """
    return cell if isinstance(cell, Network) else Layer(cell)
