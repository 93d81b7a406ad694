"""Where a gradient gets lost: units on the flat parts of their curves, gates that are closed."""
from numbers import Real

import numpy as np

from bpttlib.activations import get_activation
from bpttlib.cells import Elman, require_cell
from bpttlib.errors import require

CANDIDATES = ("g", "n")              # squashed by tanh; all other gates of gated cells are σ


def saturation(cell, tape, share=0.1):
    """
    Return how often f'(a_t) < share · γ, at the lower and at the upper end, for each gate.

    There the slope is less than a tenth of the steepest one, if `share` is 0.1: |h| > 0.95 for
    tanh, and below 0.026 or above 0.974 for σ. A gradient loses a factor of at least ten there,
    whatever the weights. For a rectifier the lower end means that the unit is off.

    Parameters
    ----------
    cell : Cell
        The cell that wrote the tape.
    tape : Cell.Tape
        What `unroll` returned.
    share : float, default 0.1
        Which part of the steepest slope γ counts as flat.

    Returns
    -------
    dict
        From the gate's name to a pair: the share of all its values, over steps, units and
        sequences, that are saturated at the lower end, and at the upper end.

    See Also
    --------
    cell_path : What the forget gates let through.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.eye(1), np.zeros((1, 1)), np.zeros((1, 1)))
    >>> x = np.array([-5.0, 0.0, 1.0, 5.0]).reshape(4, 1, 1)
    >>> saturation(Elman("tanh"), unroll(Elman("tanh"), params, x))
    {'h': (0.25, 0.25)}
    """
    require_cell(cell, tape)
    require(isinstance(share, Real) and 0 < share <= 1, "share", repr(share),
            "a number with 0 < share ≤ 1")
    if isinstance(cell, Elman):
        return {"h": _ends(cell.activation, tape.h[1:], share)}
    return {gate: _ends(get_activation("tanh" if gate in CANDIDATES else "sigmoid"), values, share)
            for gate, values in zip(cell.gates, cell.blocks(tape.a[1:]), strict=True)}


def _ends(activation, values, share):
    flat = activation.derivative(values) < share * activation.gamma
    low = values <= activation.f(np.zeros(()))              # below the middle of the curve
    return float((flat & low).mean()), float((flat & ~low).mean())


def cell_path(cell, tape):
    """
    Return f_{t+1} ⊙ f_{t+2} ⊙ … ⊙ f_T, what the direct path along c keeps from step t to T.

    It is the part of ∂c_T/∂c_t that passes through no weight: forget gates alone. The complete
    Jacobian also holds the paths by way of h and the gates.

    Parameters
    ----------
    cell : Cell
        An LSTM.
    tape : Cell.Tape
        What `unroll` returned.

    Returns
    -------
    ndarray
        Of shape (T+1, H, B); row t belongs to step t, and row T is 1.

    See Also
    --------
    jacobian_product : All paths.

    Examples
    --------
    >>> from bpttlib.bptt import unroll
    >>> from bpttlib.cells import LSTM
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.zeros((4, 1)), np.zeros((4, 1)), np.zeros((4, 1)))
    >>> cell_path(LSTM(), unroll(LSTM(), params, np.zeros((3, 1, 1)))).ravel()
    array([0.125, 0.25 , 0.5  , 1.   ])
    """
    require_cell(cell, tape)
    require("f" in cell.gates, "cell", f"gates {', '.join(cell.gates)}",
            "a cell with a forget gate f, such as LSTM()")
    f = cell.blocks(tape.a)[cell.gates.index("f")]
    path = np.ones_like(f)
    path[:-1] = np.cumprod(f[:0:-1], axis=0)[::-1]          # f_T, f_T f_{T-1}, … and turned round
    return path
