"""Long short-term memory."""
from numbers import Real
from typing import NamedTuple

import numpy as np

from bpttlib.activations import sigmoid
from bpttlib.cells.cell import Cell
from bpttlib.errors import require


class LSTMTape(NamedTuple):
    """
    Record what an LSTM did: T+1 rows, of which row 0 is the initial state.

    Any slice of a tape is a tape. Rows are (H, B), those of `a` and `delta` (4·H, B).

    Parameters
    ----------
    h : ndarray
        States h_0 … h_T.
    c : ndarray
        Cell states c_0 … c_T.
    a : ndarray
        Pre-activations a_t before step t, the values of the gates i, f, g, o after it.
    dh : ndarray
        Gradients ∂L/∂h_t over all paths, written by the backward pass.
    dc : ndarray
        Gradients ∂L/∂c_t over all paths, written by the backward pass.
    delta : ndarray
        Gradients δ_t = ∂L/∂a_t, written by the backward pass.

    See Also
    --------
    bpttlib.tape.new_tape : Make an empty one.

    Examples
    --------
    >>> LSTMTape._fields
    ('h', 'c', 'a', 'dh', 'dc', 'delta')
    """

    h: np.ndarray
    c: np.ndarray
    a: np.ndarray
    dh: np.ndarray
    dc: np.ndarray
    delta: np.ndarray


class LSTM(Cell):
    """
    Compute c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t and h_t = o_t ⊙ tanh(c_t).

    The gates are i, f, o = σ(a_i), σ(a_f), σ(a_o) and g = tanh(a_g), of a_t = W_xh x_t + W_hh
    h_{t-1} + b_h. From c_{t-1} to c_t a gradient passes f_t and nothing else.

    Parameters
    ----------
    forget_bias : float, default 1.0
        The bias of the forget gate with which training starts: σ(1) = 0.73 of the memory stays.
        The other biases start at zero.

    See Also
    --------
    GRU : Three gates instead of four, and no second state.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9(8). The forget
    gate: Gers, Schmidhuber and Cummins 2000, Learning to forget, Neural Computation 12(10). Its
    bias of 1: Jozefowicz, Zaremba and Sutskever 2015, An empirical exploration of recurrent
    network architectures, ICML.

    Examples
    --------
    >>> LSTM().gates, LSTM().state
    (('i', 'f', 'g', 'o'), ('h', 'c'))
    """

    gates = ("i", "f", "g", "o")
    state = ("h", "c")
    Tape = LSTMTape

    def __init__(self, forget_bias=1.0):
        require(isinstance(forget_bias, Real) and np.isfinite(forget_bias), "forget_bias",
                repr(forget_bias), "a finite number")
        self.forget_bias = forget_bias

    def step(self, params, prev, now):
        now.a[...] += params.W_hh @ prev.h              # a_t = W_xh x_t + b_h + W_hh h_{t-1}
        i, f, g, o = self.blocks(now.a)
        for gate in (i, f, o):
            gate[...] = sigmoid(gate)
        g[...] = np.tanh(g)
        now.c[...] = f * prev.c + i * g                 # c_t = f c_{t-1} + i g
        now.h[...] = o * np.tanh(now.c)                 # h_t = o tanh(c_t)

    def step_backward(self, params, prev, now):
        i, f, g, o = self.blocks(now.a)
        d_i, d_f, d_g, d_o = self.blocks(now.delta)
        tanh_c = np.tanh(now.c)
        now.dc[...] += now.dh * o * (1 - tanh_c**2)     # through h_t, besides c_{t+1}
        d_i[...] = now.dc * g * i * (1 - i)
        d_f[...] = now.dc * prev.c * f * (1 - f)
        d_g[...] = now.dc * i * (1 - g**2)
        d_o[...] = now.dh * tanh_c * o * (1 - o)
        prev.dc[...] += now.dc * f                      # the direct path: f_t and nothing else
        prev.dh[...] += params.W_hh.T @ now.delta       # W_hhᵀ δ_t flows to h_{t-1}

    def initial_bias(self, H):
        b_h = super().initial_bias(H)
        self.blocks(b_h)[self.gates.index("f")][...] = self.forget_bias
        return b_h
