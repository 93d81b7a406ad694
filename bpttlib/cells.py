"""
Recurrent cells: one step forward and one step backward, side by side.

A cell knows a single step. Time lives in :mod:`bpttlib.bptt`, memory in the tape. The rows `prev`
and `now` of a tape belong to the steps t-1 and t; each array in a row is (rows, B), one column
per sequence of the batch.
"""
from typing import NamedTuple

import numpy as np

from bpttlib.activations import get_activation


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
    >>> Elman().gates, Elman().state
    (('h',), ('h',))
    """

    gates: tuple = ()
    state: tuple = ()
    Tape: type = tuple

    def step(self, params, prev, now):
        """
        Fill now's state, given prev's and the input's share of the pre-activations.

        Before the call `now.a` holds W_xh x_t + b_h, after it whatever the way back needs.

        Parameters
        ----------
        params : CellParams
            The shared parameters.
        prev : Cell.Tape
            The tape's row t-1.
        now : Cell.Tape
            The tape's row t; it is filled in place.

        See Also
        --------
        bpttlib.bptt.unroll : Take all steps of a sequence.

        Examples
        --------
        >>> from bpttlib.params import CellParams
        >>> params = CellParams(np.eye(1), np.array([[2.0]]), np.zeros((1, 1)))
        >>> prev, now = (Elman("identity").Tape(*np.zeros((4, 1, 1))) for _ in range(2))
        >>> prev.h[...], now.a[...] = 3.0, 1.0
        >>> Elman("identity").step(params, prev, now)
        >>> now.h
        array([[7.]])
        """
        raise NotImplementedError

    def step_backward(self, params, prev, now):
        """
        Turn ∂L/∂s_t into δ_t = ∂L/∂a_t, and add to ∂L/∂s_{t-1} what comes back through step t.

        The state's gradient is added, not written, since ∂L/∂h_{t-1} has other sources too: the
        loss of step t-1 itself.

        Parameters
        ----------
        params : CellParams
            The shared parameters.
        prev : Cell.Tape
            The tape's row t-1; its `dh` grows.
        now : Cell.Tape
            The tape's row t; its `dh` is complete, its `delta` is written.

        See Also
        --------
        bpttlib.bptt.bptt : Take all steps of a sequence, back to front.

        Examples
        --------
        >>> from bpttlib.params import CellParams
        >>> params = CellParams(np.eye(1), np.array([[2.0]]), np.zeros((1, 1)))
        >>> prev, now = (Elman("identity").Tape(*np.zeros((4, 1, 1))) for _ in range(2))
        >>> prev.dh[...], now.dh[...] = 0.5, 1.0
        >>> Elman("identity").step_backward(params, prev, now)
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
        >>> tape = Elman().Tape(*np.ones((4, 5, 3, 1)))
        >>> Elman().recurrent_delta(tape) is tape.delta
        True
        """
        return tape.delta


class ElmanTape(NamedTuple):
    """
    Record what an Elman network did: T+1 rows, of which row 0 is the initial state.

    Any slice of a tape is a tape. Rows are (H, B).

    Parameters
    ----------
    h : ndarray
        States h_0 … h_T.
    a : ndarray
        Pre-activations a_t.
    dh : ndarray
        Gradients ∂L/∂h_t over all paths, written by the backward pass.
    delta : ndarray
        Gradients δ_t = ∂L/∂a_t, written by the backward pass.

    See Also
    --------
    bpttlib.bptt.new_tape : Make an empty one.

    Examples
    --------
    >>> ElmanTape(*np.zeros((4, 11, 3, 2))).h.shape
    (11, 3, 2)
    """

    h: np.ndarray
    a: np.ndarray
    dh: np.ndarray
    delta: np.ndarray


class Elman(Cell):
    """
    Compute h_t = f(a_t) with a_t = W_xh x_t + W_hh h_{t-1} + b_h.

    Backward, δ_t = f'(a_t) ⊙ ∂L/∂h_t, and W_hhᵀ δ_t is what h_{t-1} gets to hear of it.

    Parameters
    ----------
    activation : str or Activation, default "tanh"
        The function f: "tanh", "sigmoid", "relu", "identity", or a record of your own.

    See Also
    --------
    bpttlib.bptt.unroll : Run the cell over a sequence.

    References
    ----------
    Elman 1990, Finding structure in time, Cognitive Science 14(2).

    Examples
    --------
    >>> Elman("sigmoid").activation.gamma
    0.25
    """

    gates = ("h",)
    state = ("h",)
    Tape = ElmanTape

    def __init__(self, activation="tanh"):
        self.activation = get_activation(activation)

    def step(self, params, prev, now):
        now.a[...] += params.W_hh @ prev.h                  # a_t = W_xh x_t + b_h + W_hh h_{t-1}
        now.h[...] = self.activation.f(now.a)               # h_t = f(a_t)

    def step_backward(self, params, prev, now):
        now.delta[...] = self.activation.derivative(now.h) * now.dh   # δ_t = f'(a_t) ⊙ ∂L/∂h_t
        prev.dh[...] += params.W_hh.T @ now.delta                     # W_hhᵀ δ_t flows to h_{t-1}
