"""Long short-term memory."""
from collections import namedtuple
from numbers import Real

import numpy as np

from bpttlib.activations import sigmoid_slope, tanh_slope
from bpttlib.cells.cell import Cell
from bpttlib.cells.rows import Rows
from bpttlib.errors import require


class LSTMTape(Rows, namedtuple("LSTMTape", "h c a dh dc delta")):
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


class LSTM(Cell):
    """
    Compute c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t and h_t = o_t ⊙ tanh(c_t).

    The gates are i, f, o = σ(a_i), σ(a_f), σ(a_o) and g = tanh(a_g), of a_t = W_xh x_t + W_hh
    h_{t-1} + b_h. From c_{t-1} to c_t a gradient passes f_t directly.

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
    sigmoids = ("i", "f", "o")
    state = ("h", "c")
    Tape = LSTMTape

    def __init__(self, forget_bias=1.0):
        require(isinstance(forget_bias, Real) and np.isfinite(forget_bias), "forget_bias",
                repr(forget_bias), "a finite number")
        self.forget_bias = forget_bias

    def step(self, params, prev, now):
        (i, f, g, o), a, c, h = now.gates, now.a, now.c, now.h
        a += params.W_hh.dot(prev.h)                    # a_t = W_xh x_t + b_h + W_hh h_{t-1}
        params.squash(a)                                # i, f, o = σ(a_i), …, and g = tanh(a_g)
        np.multiply(f, prev.c, c)
        c += i * g                                      # c_t = f c_{t-1} + i g
        np.tanh(c, h)
        h *= o                                          # h_t = o tanh(c_t)

    def slopes(self, tape):
        i, f, g, o = self.blocks(tape.a[1:])
        tanh_c = np.tanh(tape.c[1:])
        c_i, c_f, h_o = sigmoid_slope(i), sigmoid_slope(f), sigmoid_slope(o)
        c_g, h_c = tanh_slope(g), tanh_slope(tanh_c)
        for slope, factor in ((c_i, g), (c_f, tape.c[:-1]), (c_g, i), (h_o, tanh_c), (h_c, o)):
            slope *= factor
        return c_i, c_f, c_g, h_o, h_c                  # c_i: how c_t changes with a_i, and so on

    def step_backward(self, params, slopes, prev, now):
        c_i, c_f, c_g, h_o, h_c = slopes
        d_i, d_f, d_g, d_o = now.d_gates
        f, dh, dc, dh_prev = now.gates[1], now.dh, now.dc, prev.dh
        dc += dh * h_c                                  # through h_t, besides c_{t+1}
        np.multiply(dc, c_i, d_i)
        np.multiply(dc, c_f, d_f)
        np.multiply(dc, c_g, d_g)
        np.multiply(dh, h_o, d_o)
        np.multiply(dc, f, prev.dc)                     # the direct path: f_t and nothing else
        dh_prev += params.W_hh.T.dot(now.delta)         # W_hhᵀ δ_t flows to h_{t-1}

    def initial_bias(self, H):
        b_h = super().initial_bias(H)
        self.blocks(b_h)[self.gates.index("f")][...] = self.forget_bias
        return b_h
