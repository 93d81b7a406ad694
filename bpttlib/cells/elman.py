"""The Elman network's cell."""
from collections import namedtuple

import numpy as np

from bpttlib.activations import get_activation
from bpttlib.cells.cell import Cell
from bpttlib.cells.rows import Rows


class ElmanTape(Rows, namedtuple("ElmanTape", "h a dh delta")):
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
    bpttlib.tape.new_tape : Make an empty one.

    Examples
    --------
    >>> ElmanTape(*np.zeros((4, 11, 3, 2))).h.shape
    (11, 3, 2)
    """


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
        a = now.a
        a += params.W_hh.dot(prev.h)                    # a_t = W_xh x_t + b_h + W_hh h_{t-1}
        now.h[...] = self.activation.f(a)               # h_t = f(a_t)

    def slopes(self, tape):
        return (self.activation.derivative(tape.h[1:]),)     # f'(a_t)

    def step_backward(self, params, slopes, prev, now):
        np.multiply(slopes[0], now.dh, now.delta)       # δ_t = f'(a_t) ⊙ ∂L/∂h_t
        dh_prev = prev.dh
        dh_prev += params.W_hh.T.dot(now.delta)         # W_hhᵀ δ_t flows to h_{t-1}
