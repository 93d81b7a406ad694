"""The Elman network's cell."""
from typing import NamedTuple

import numpy as np

from bpttlib.activations import get_activation
from bpttlib.cells.cell import Cell


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
    bpttlib.tape.new_tape : Make an empty one.

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
