"""
What every cell offers: one step forward and one step backward, side by side.

A cell knows a single step. Time lives in :mod:`bpttlib.bptt`, memory in the tape. The rows `prev`
and `now` of a tape belong to the steps t-1 and t; each array in a row is (rows, B), one column
per sequence of the batch.
"""
import numpy as np

from bpttlib.errors import require


class Cell:
    """
    Define what a cell must offer: its gates, its state, its tape and the two steps.

    The gates name the blocks of H rows in a_t and δ_t, from top to bottom. The state names the
    tape's fields that step t hands to step t+1; for each of them, the gradient lies in the field
    with a d before the name.

    See Also
    --------
    Elman : The simplest cell.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> Elman().gates, Elman().state
    (('h',), ('h',))
    """

    gates: tuple = ()
    sigmoids: tuple = ()
    state: tuple = ()
    Tape: type = tuple

    def step(self, params, prev, now):
        """
        Fill now's state, given prev's and the input's share of the pre-activations.

        Before the call `now.a` holds W_xh x_t + b_h, after it whatever the way back needs. In the
        rows of sigmoid gates both `params` and `now.a` are halved.

        Parameters
        ----------
        params : Prepared
            The shared parameters, in the form that is best for the steps.
        prev : Cell.Tape
            The tape's row t-1.
        now : Cell.Tape
            The tape's row t; it is filled in place.

        See Also
        --------
        bpttlib.bptt.unroll : Take all steps of a sequence.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.params import CellParams
        >>> params = CellParams(np.eye(1), np.array([[2.0]]), np.zeros((1, 1)))
        >>> prev, now = Elman("identity").Tape(*np.zeros((4, 2, 1, 1))).rows
        >>> prev.h[...], now.a[...] = 3.0, 1.0
        >>> Elman("identity").step(params, prev, now)
        >>> now.h
        array([[7.]])
        """
        raise NotImplementedError

    def slopes(self, tape):
        """
        Return what each step's derivatives are, apart from W_hh.

        They depend on what the forward pass wrote and on nothing that comes back. So the backward
        pass is linear, and its coefficients are computed for many steps at once.

        Parameters
        ----------
        tape : Cell.Tape
            A tape of T steps, after the forward pass.

        Returns
        -------
        tuple of ndarray
            Arrays of shape (T, H, B); which, is between this method and the next.

        See Also
        --------
        step_backward : Multiplies by them.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> tape = Elman().Tape(*np.full((4, 2, 1, 1), 0.5))
        >>> Elman().slopes(tape)                                # f'(a) = 1 - h²
        (array([[[0.75]]]),)
        """
        raise NotImplementedError

    def step_backward(self, params, slopes, prev, now):
        """
        Turn ∂L/∂s_t into δ_t = ∂L/∂a_t, and add to ∂L/∂h_{t-1} what comes back through step t.

        It is added, not written, since h_{t-1} has a loss of its own. Other parts of the state
        have none; for them what comes back is all, and it is written.

        Parameters
        ----------
        params : CellParams
            The shared parameters.
        slopes : tuple of ndarray
            Row t of what `slopes` returned, arrays of shape (H, B).
        prev : Cell.Tape
            The tape's row t-1; its `dh` grows.
        now : Cell.Tape
            The tape's row t; its `dh` is complete, its `delta` is written.

        See Also
        --------
        bpttlib.bptt.bptt : Take all steps of a sequence, back to front.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> from bpttlib.params import CellParams
        >>> params = CellParams(np.eye(1), np.array([[2.0]]), np.zeros((1, 1)))
        >>> prev, now = Elman("identity").Tape(*np.zeros((4, 2, 1, 1))).rows
        >>> prev.dh[...], now.dh[...] = 0.5, 1.0
        >>> Elman("identity").step_backward(params, (np.ones((1, 1)),), prev, now)
        >>> prev.dh
        array([[2.5]])
        """
        raise NotImplementedError

    def recurrent_delta(self, tape):
        """
        Return δ^h_t, which is δ_t as W_hh sees it.

        The two are the same array for every cell in which W_hh h_{t-1} enters the pre-activation
        as it is. A GRU, whose reset gate stands between them, overrides this.

        Parameters
        ----------
        tape : Cell.Tape
            The steps 1 to T, after the backward pass.

        Returns
        -------
        ndarray
            Of the same shape as the tape's delta.

        See Also
        --------
        bpttlib.bptt.bptt : Sums δ^h_t h_{t-1}ᵀ over time.

        Examples
        --------
        >>> from bpttlib.cells import Elman
        >>> tape = Elman().Tape(*np.ones((4, 5, 3, 1)))
        >>> Elman().recurrent_delta(tape) is tape.delta
        True
        """
        return tape.delta

    def blocks(self, a):
        """
        Split an array of G·H rows into its gates' blocks of H rows.

        The blocks are views, in the order of `gates`.

        Parameters
        ----------
        a : ndarray
            Of shape (…, G·H, B): a tape's `a` or `delta`, a row of it, a bias.

        Returns
        -------
        list of ndarray
            G views of shape (…, H, B).

        See Also
        --------
        LSTM : A cell with four gates.

        Examples
        --------
        >>> from bpttlib.cells import LSTM
        >>> i, f, g, o = LSTM().blocks(np.arange(8.0).reshape(8, 1))
        >>> f.ravel()
        array([2., 3.])
        """
        H = a.shape[-2] // len(self.gates)
        return [a[..., k * H:(k + 1) * H, :] for k in range(len(self.gates))]

    def initial_bias(self, H):
        """
        Return the bias b_h with which training starts.

        It is zero for most cells.

        Parameters
        ----------
        H : int
            Number of units.

        Returns
        -------
        ndarray
            Of shape (G·H, 1).

        See Also
        --------
        bpttlib.init.init_cell : Draws the weights.

        Examples
        --------
        >>> from bpttlib.cells import LSTM
        >>> LSTM(forget_bias=1.0).initial_bias(1).ravel()
        array([0., 1., 0., 0.])
        """
        return np.zeros((len(self.gates) * H, 1))


def require_cell(cell, tape=None):
    """
    Raise a ValueError unless this is a cell, and the tape, if there is one, its own kind of tape.

    What looks into a step needs a single cell; networks of several have one for each layer.

    Parameters
    ----------
    cell : object
        The argument.
    tape : object, optional
        The tape that goes with it.

    See Also
    --------
    bpttlib.errors.require : Ask for any condition.

    Examples
    --------
    >>> require_cell("LSTM")
    Traceback (most recent call last):
    ValueError: cell: got 'LSTM'; needs a cell, such as Elman().
    """
    if not isinstance(cell, Cell):
        require(False, "cell", repr(cell), "a cell, such as Elman()")
    require(tape is None or isinstance(tape, cell.Tape), "tape", type(tape).__name__,
            f"a {cell.Tape.__name__}, as unroll and new_tape make it")
