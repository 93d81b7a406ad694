"""What backpropagation through time costs, in bytes and in multiplications: exact counts."""
from typing import NamedTuple

from bpttlib.cells import require_cell
from bpttlib.errors import require_whole
from bpttlib.tape import new_tape


class Operations(NamedTuple):
    """
    Count the multiply-adds of all matrix products, for all T steps.

    Those in the loop must wait for the step before; the others are products over many steps.

    Parameters
    ----------
    forward_over_time : int
        Of W_xh x_t.
    forward_in_loop : int
        Of W_hh h_{t-1}.
    backward_in_loop : int
        Of W_hhᵀ δ_{t+1}.
    backward_over_time : int
        Of Σ_t δ_t h_{t-1}ᵀ and Σ_t δ_t x_tᵀ, and of W_xhᵀ δ_t if ∂L/∂x_t is wanted.

    See Also
    --------
    operations : Count them.

    Examples
    --------
    >>> sum(Operations(1, 2, 3, 4))
    10
    """

    forward_over_time: int
    forward_in_loop: int
    backward_in_loop: int
    backward_over_time: int


def tape_bytes(cell, T, H, B, dtype=float):
    """
    Return how many bytes the tape of T steps takes.

    Nothing of that size is made: a tape of one step and one unit tells what a row costs.

    Parameters
    ----------
    cell : Cell
        The cell that writes on the tape.
    T, H, B : int
        Number of steps, of units and of sequences.
    dtype : data-type, default float
        What the tape holds.

    Returns
    -------
    int
        The sum of its arrays' `nbytes`.

    See Also
    --------
    bpttlib.tape.new_tape : Make such a tape.
    operations : What else is to be paid.

    Examples
    --------
    An Elman network keeps h, a, dh and delta: four numbers for each unit and row.

    >>> from bpttlib.cells import Elman
    >>> tape_bytes(Elman(), T=9, H=100, B=1) == 4 * 10 * 100 * 8
    True
    """
    require_cell(cell)
    for name, n in (("T", T), ("H", H), ("B", B)):
        require_whole(name, n)
    one_unit = sum(array[0].nbytes for array in new_tape(cell, T=1, H=1, B=1, dtype=dtype))
    return (T + 1) * H * B * one_unit


def operations(cell, T, B, D, H, need_dx=True):
    """
    Count the multiply-adds in the matrix products of `unroll` and `bptt`.

    A product of an (m, n) with an (n, p) matrix has m·n·p of them. What is done entry by entry,
    T·G·H·B times a constant, is not counted; nor is the readout.

    Parameters
    ----------
    cell : Cell
        The cell, whose gates are counted.
    T, B, D, H : int
        Number of steps, of sequences, of inputs and of units.
    need_dx : bool, default True
        Whether the gradient of the inputs is wanted.

    Returns
    -------
    Operations
        The counts, apart by direction and by whether they are in the loop over time.

    See Also
    --------
    tape_bytes : What is to be paid in memory.

    Examples
    --------
    Going back costs twice what going forward does: each product has two derivatives.

    >>> from bpttlib.cells import LSTM
    >>> there, loop, back_loop, back = operations(LSTM(), T=100, B=32, D=10, H=64)
    >>> back_loop + back == 2 * (there + loop)
    True
    """
    require_cell(cell)
    for name, n in (("T", T), ("B", B), ("D", D), ("H", H)):
        require_whole(name, n)
    columns = len(cell.gates) * H * T * B
    of_x, of_h = columns * D, columns * H                   # W_xh x_t and W_hh h_{t-1}, all steps
    return Operations(forward_over_time=of_x, forward_in_loop=of_h, backward_in_loop=of_h,
                      backward_over_time=of_h + of_x * (1 + bool(need_dx)))
