"""
The Jacobian of one step, ∂s_t/∂s_{t-1}, by the cell's own step backward.

A column of a batch is treated alone. So with the unit vectors as columns, one call gives all rows.
A state of several parts is stacked in the order of `cell.state`: h above c for an LSTM. S is the
length of the stack.
"""
import numpy as np


def step_back_from_units(cell, params, tape):
    """
    Return J_t = ∂s_t/∂s_{t-1}, and the row of step t as the unit vectors leave it.

    Each sequence's column is repeated S times, and the columns of ∂L/∂s_t are the unit vectors.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    params : CellParams
        The parameters it used.
    tape : Cell.Tape
        A tape of one step, or a window of one; it is not changed.

    Returns
    -------
    J : ndarray
        Of shape (B, S, S): entry (i, j) says how entry j of s_{t-1} acts on entry i of s_t.
    now : Cell.Tape
        Row t with B·S columns; column (b, i) of its `delta` is the gradient of entry i of s_t.

    See Also
    --------
    bpttlib.rtrl.influence : Needs both.
    bpttlib.diagnostics.step_jacobian : The first, for any step of a tape.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((2, 1)), np.array([[0.5, 8.0], [0.0, 0.5]]), np.ones((2, 1)))
    >>> tape = unroll(Elman("identity"), params, np.zeros((1, 1, 1)))
    >>> step_back_from_units(Elman("identity"), params, tape)[0]
    array([[[0.5, 8. ],
            [0. , 0.5]]])
    """
    H, B = tape.h.shape[1:]
    S, gradients = len(cell.state) * H, ["d" + part for part in cell.state]
    repeated = type(tape)(*(np.repeat(array, S, axis=-1) for array in tape))
    prev, now = repeated.rows
    for name, units in zip(gradients, np.split(np.tile(np.eye(S), B), len(gradients)),
                           strict=True):
        getattr(now, name)[...] = units                     # (H, B·S): column (b, i) is e_i
        getattr(prev, name)[...] = 0.0
    slopes = [array[0] for array in cell.slopes(repeated)]
    cell.step_backward(params, slopes, prev, now)
    J = np.concatenate([getattr(prev, name) for name in gradients])
    return J.reshape(S, B, S).transpose(1, 2, 0), now
