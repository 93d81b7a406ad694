"""
The tape: a record of T+1 rows that the forward pass writes and the backward pass completes.

Row 0 of a state is the initial state, row t is step t; row t-1 of inputs, targets, masks and
own-loss gradients is step t. Loops run over the rows of a tape, so they never have to know.
"""
import numpy as np

from bpttlib.cells import require_cell
from bpttlib.errors import require, require_array, require_whole
from bpttlib.params import tree_map

GATE_ROWS = ("a", "delta")           # tape fields with one block of H rows for each gate


def new_tape(cell, T, H, B, dtype=float):
    """
    Make an empty tape for T steps.

    A tape may be used again and again: each forward and backward pass overwrites it.

    Parameters
    ----------
    cell : Cell
        The cell that will write on it.
    T, H, B : int
        Number of steps, of units and of sequences.
    dtype : data-type, default float
        What it holds.

    Returns
    -------
    Cell.Tape
        A record of arrays with T+1 rows, all zero.

    See Also
    --------
    window : Cut a piece out of a tape.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> new_tape(Elman(), T=10, H=3, B=2).h.shape
    (11, 3, 2)
    """
    for name, n in (("T", T), ("H", H), ("B", B)):
        require_whole(name, n)
    G = len(cell.gates)
    return cell.Tape(*(np.zeros((T + 1, (G if field in GATE_ROWS else 1) * H, B), dtype)
                       for field in cell.Tape._fields))


def window(tape, start, stop):
    """
    Return the steps start+1 … stop as a tape of their own, without copying.

    Its row 0 is the state after step `start`. That any slice of a tape is a tape is what makes
    truncation easy.

    Parameters
    ----------
    tape : Cell.Tape
        A tape of T steps.
    start, stop : int
        The last step before the window and the last step in it, 0 ≤ start < stop ≤ T.

    Returns
    -------
    Cell.Tape
        Views of the same memory.

    See Also
    --------
    bptt : Runs on a window as on a whole tape.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> window(new_tape(Elman(), T=10, H=3, B=2), start=4, stop=6).h.shape
    (3, 3, 2)
    """
    T = len(tape.h) - 1
    require(0 <= start < stop <= T, "start, stop", f"{start}, {stop}", f"0 ≤ start < stop ≤ {T}")
    return tree_map(lambda array: array[start:stop + 1], tape)


def steps(tape):
    """
    Return the rows 1 … T, without the initial state's.

    They are views of the same memory.

    Parameters
    ----------
    tape : Cell.Tape
        A tape of T steps.

    Returns
    -------
    Cell.Tape
        A record of arrays with T rows.

    See Also
    --------
    window : Keep a row before the first step.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> steps(new_tape(Elman(), T=10, H=3, B=2)).delta.shape
    (10, 3, 2)
    """
    return type(tape)(*(array[1:] for array in tape))


def initial_state(cell, params, B, s0=None, name="s0", kinds="biufc"):
    """
    Return a state's parts, zero unless they are given.

    A lone array stands for the state of a cell that has just one part.

    Parameters
    ----------
    cell : Cell
        The cell.
    params : CellParams
        Its parameters; they tell H and the dtype.
    B : int
        Number of sequences.
    s0 : ndarray or tuple of ndarray, optional
        The state, a part of shape (H, B) for each name in `cell.state`.
    name : str, default "s0"
        The argument's name in error messages.
    kinds : str, default "biufc"
        The admitted dtype kinds, as in :func:`bpttlib.errors.require_array`.

    Returns
    -------
    tuple of ndarray
        One part for each name in `cell.state`.

    See Also
    --------
    bpttlib.bptt.unroll : Starts from it.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.params import CellParams
    >>> params = CellParams(np.eye(2), np.eye(2), np.zeros((2, 1)))
    >>> initial_state(Elman(), params, B=1)
    (array([[0.],
           [0.]]),)
    """
    H = params.W_hh.shape[1]
    if s0 is None:
        return tuple(np.zeros((H, B), params.W_hh.dtype) for _ in cell.state)
    s0 = s0 if isinstance(s0, tuple) else (s0,)
    require(len(s0) == len(cell.state), name, f"{len(s0)} parts",
            f"{len(cell.state)}, for {', '.join(cell.state)}")
    return tuple(require_array(f"{name}, part {part}", value, (H, B), kinds)
                 for part, value in zip(cell.state, s0, strict=True))


def matching_tape(tape, cell, T, H, B, dtype):
    """
    Return the tape if it fits, or a new one if there is none.

    A tape of another size or dtype is refused rather than silently replaced.

    Parameters
    ----------
    tape : Cell.Tape or None
        The tape to write on.
    cell : Cell
        The cell that will write on it.
    T, H, B : int
        Number of steps, of units and of sequences.
    dtype : data-type
        What it must hold.

    Returns
    -------
    Cell.Tape
        A tape that fits.

    See Also
    --------
    new_tape : Make one.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> tape = new_tape(Elman(), T=10, H=3, B=2)
    >>> matching_tape(tape, Elman(), 10, 3, 2, np.dtype(float)) is tape
    True
    """
    if tape is None:
        return new_tape(cell, T, H, B, dtype)
    require_cell(cell, tape)
    got, needs = (tape.h.shape, tape.h.dtype), ((T + 1, H, B), dtype)
    if got != needs:                                        # the texts take their time
        require(False, "tape", f"h of shape {got[0]} and dtype {got[1]}",
                f"shape {needs[0]} and dtype {needs[1]}; new_tape makes one")
    return tape
