"""
Pieces of a tape, for speed: what a few steps have written is still in the cache when it is used.

The second thing that costs time besides arithmetic is memory that was never touched: the system
hands it out page by page, each with a fault. So a tape is used again and again, and what else a
training step needs for a moment should come from memory that was just freed.
"""
import numpy as np

from bpttlib.tape import window

PIECE = 2**16                        # entries of `delta` in a piece of a tape, if that makes
COLUMNS = 512                        # at least so many columns
REMEMBERED = 4096                    # steps: the views of so many rows take little memory

# The C library of Linux gives large arrays back to the system as soon as they are freed, until it
# has seen a larger one come and go. This one, just below 32 MiB, is the largest that it minds.
np.empty(2**25 - 2**13, np.uint8).size  # noqa: B018


def in_pieces(tape, back=False):
    """
    Cut a tape into windows that fit into a processor's cache; a short tape remembers them.

    What a few steps have written is still at hand when the next thing is done with it. And the
    views of the rows are made once, not in each update.

    Parameters
    ----------
    tape : Cell.Tape
        A tape of T steps.
    back : bool, default False
        Whether to go from the last to the first.

    Yields
    ------
    here : slice
        The window's steps, as rows of inputs.
    piece : Cell.Tape
        The window.

    See Also
    --------
    bpttlib.tape.window : Cut one piece out.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.tape import new_tape
    >>> [here.start for here, _ in in_pieces(new_tape(Elman(), T=5, H=100, B=300), back=True)]
    [4, 2, 0]
    """
    T, B = len(tape.h) - 1, tape.h.shape[2]
    n = max(1, COLUMNS // B, PIECE // tape.delta[0].size)
    n = -(-T // -(-T // n))                                 # no short one at the end
    for start in range(0, T, n)[::-1 if back else 1]:
        piece, here = tape.pieces.get(start), slice(start, min(start + n, T))
        if piece is None:
            piece = window(tape, here.start, here.stop)
            if T <= REMEMBERED:
                tape.pieces[start] = piece
        yield here, piece
