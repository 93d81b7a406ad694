"""What every tape can do: hand out its rows, and a row its gates."""
from functools import cached_property


class Rows:
    """
    Give a tape its rows and a row its gates, views that are made once and used again.

    A loop over time spends much of a small network's time on making views. A tape that is used
    for one update after the other makes them in the first.

    See Also
    --------
    bpttlib.tape.new_tape : Make a tape.

    Examples
    --------
    >>> from bpttlib.cells import LSTM
    >>> from bpttlib.tape import new_tape
    >>> tape = new_tape(LSTM(), T=10, H=3, B=2)
    >>> len(tape.rows), tape.rows[10].h.shape, len(tape.rows[10].gates)
    (11, (3, 2), 4)
    """

    @cached_property
    def rows(self):
        """
        Return the rows, each a record of (rows, B) arrays for one step.

        A step that fills its row fills the tape. The first row is that of the initial state.

        See Also
        --------
        gates : The blocks of a row.

        Examples
        --------
        >>> import numpy as np
        >>> from bpttlib.cells import ElmanTape
        >>> ElmanTape(*np.zeros((4, 11, 3, 2))).rows[0].h.shape
        (3, 2)
        """
        return [type(self)(*row) for row in zip(*self, strict=True)]

    @cached_property
    def gates(self):
        """
        Return the gates' blocks of `a`, each of H rows.

        After a step they hold the gates' values.

        See Also
        --------
        d_gates : The gradients.

        Examples
        --------
        >>> from bpttlib.cells import GRU
        >>> from bpttlib.tape import new_tape
        >>> [block.shape for block in new_tape(GRU(), T=10, H=3, B=2).gates]
        [(11, 3, 2), (11, 3, 2), (11, 3, 2)]
        """
        return self._blocks(self.a)

    @cached_property
    def d_gates(self):
        """
        Return the gates' blocks of `delta`, each of H rows.

        They are the gradients at the pre-activations.

        See Also
        --------
        gates : The values.

        Examples
        --------
        >>> from bpttlib.cells import GRU
        >>> from bpttlib.tape import new_tape
        >>> len(new_tape(GRU(), T=10, H=3, B=2).d_gates)
        3
        """
        return self._blocks(self.delta)

    @cached_property
    def pieces(self):
        """
        Return the windows that the loops over time have cut this tape into, by their first step.

        It is filled by :func:`bpttlib.pieces.in_pieces`.

        See Also
        --------
        rows : What each of them hands out.

        Examples
        --------
        >>> from bpttlib.cells import GRU
        >>> from bpttlib.tape import new_tape
        >>> new_tape(GRU(), T=10, H=3, B=2).pieces
        {}
        """
        return {}

    def _blocks(self, a):
        H = self.h.shape[-2]
        return [a[..., row:row + H, :] for row in range(0, a.shape[-2], H)]
