"""
Parameters from and to Keras: exactly, or refused with the reason.

The `get_weights()` of a recurrent layer is the list `[kernel, recurrent_kernel, bias]`. States are
rows there, so both matrices are transposed. An LSTM's blocks are i f c o, which is our i f g o. A
GRU's are z r h, our r z n with two of them exchanged, and z keeps the old state, too. With
`reset_after=True`, the default, a GRU's bias has two rows: for the inputs, and for the state.
"""
import numpy as np

from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.errors import require, require_array
from bpttlib.frameworks._arrays import cell_arrays
from bpttlib.params import CellParams


def to_keras(cell, params):
    """
    Return what `set_weights` of the same layer in Keras takes, as NumPy arrays.

    For a bidirectional layer there, add the lists of both directions.

    Parameters
    ----------
    cell : Cell
        LSTM, GRU, or Elman for a SimpleRNN with the same activation.
    params : CellParams
        Its parameters.

    Returns
    -------
    list of ndarray
        Kernel, recurrent kernel and bias, which are copies; the second row of a GRU's bias is zero.

    See Also
    --------
    from_keras : The way back.

    Examples
    --------
    >>> params = CellParams(np.ones((3, 2)), np.eye(3), np.full((3, 1), 0.5))
    >>> [array.shape for array in to_keras(Elman(), params)]
    [(2, 3), (3, 3), (3,)]
    """
    _known(cell)
    arrays = cell_arrays(cell, params._asdict(), (1,))
    W_xh, W_hh, b_h = (_reorder(cell, array) for array in arrays)
    bias = b_h[:, 0]
    return [W_xh.T.copy(), W_hh.T.copy(),
            np.stack([bias, 0 * bias]) if isinstance(cell, GRU) else bias.copy()]


def from_keras(cell, weights):
    """
    Return the parameters that the `get_weights()` of a layer in Keras holds.

    A GRU is taken to have `reset_after=True`, which without biases nobody can see.

    Parameters
    ----------
    cell : Cell
        LSTM, GRU, or Elman with the activation of the SimpleRNN.
    weights : list of ndarray
        Kernel, recurrent kernel, and bias if there is one.

    Returns
    -------
    CellParams
        The parameters, which are copies.

    Raises
    ------
    ValueError
        If a shape does not fit, a GRU has `reset_after=False`, or the second row of its bias is not
        zero in the h block, which stands inside the reset product.

    See Also
    --------
    to_keras : The way there.

    Examples
    --------
    >>> weights = [np.ones((2, 3)), np.eye(3), np.full(3, 0.5)]
    >>> from_keras(Elman(), weights).W_xh.shape
    (3, 2)
    """
    _known(cell)
    require(len(weights) in (2, 3), "weights", f"{len(weights)} arrays",
            "a kernel, a recurrent kernel and, unless use_bias=False, a bias")
    kernel, recurrent_kernel, *bias = weights
    H = require_array("recurrent_kernel", recurrent_kernel, ("H", "G·H"), "f").shape[0]
    GH, rows = len(cell.gates) * H, (2,) if isinstance(cell, GRU) else ()
    recurrent_kernel = require_array("recurrent_kernel", recurrent_kernel, (H, GH), "f")
    kernel = require_array("kernel", kernel, ("D", GH), "f")
    b_h = np.zeros(GH, recurrent_kernel.dtype)
    if bias:
        require(not rows or np.ndim(bias[0]) == 2, "bias", f"shape {np.shape(bias[0])}",
                f"shape {(2, GH)} as with reset_after=True, since our reset gate acts after W_hn h")
        b_h = require_array("bias", bias[0], (*rows, GH), "f")
    if bias and rows:
        inside = b_h[1, 2 * H:]
        require(not inside.any(), "bias", f"up to {np.abs(inside).max():.3g} in the h block of its "
                "second row", "zeros there, since our GRU adds nothing to W_hn h before the reset "
                "gate; train with that block kept at zero, or with use_bias=False")
        b_h = b_h.sum(axis=0)
    return CellParams(*(_reorder(cell, array).copy()
                        for array in (kernel.T, recurrent_kernel.T, b_h[:, None])))


def _known(cell):
    """Refuse cells that Keras does not have."""
    require(isinstance(cell, Elman | LSTM | GRU), "cell", type(cell).__name__,
            "Elman, LSTM or GRU; a network's layers go one by one")


def _reorder(cell, array):
    """Exchange the GRU's first two blocks of rows, which leads there and back again."""
    if not isinstance(cell, GRU):
        return array
    r, z, n = cell.blocks(array)
    return np.concatenate([z, r, n])
