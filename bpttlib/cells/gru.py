"""The gated recurrent unit."""
from collections import namedtuple

import numpy as np

from bpttlib.activations import sigmoid_slope, tanh_slope
from bpttlib.cells.cell import Cell
from bpttlib.cells.rows import Rows


class GRUTape(Rows, namedtuple("GRUTape", "h a u dh delta")):
    """
    Record what a GRU did: T+1 rows, of which row 0 is the initial state.

    Any slice of a tape is a tape. Rows are (H, B), those of `a` and `delta` (3·H, B).

    Parameters
    ----------
    h : ndarray
        States h_0 … h_T.
    a : ndarray
        Before step t the inputs' share of a_t, after it the values of the gates r, z, n.
    u : ndarray
        W_hn h_{t-1}, as it is before the reset gate.
    dh : ndarray
        Gradients ∂L/∂h_t over all paths, written by the backward pass.
    delta : ndarray
        Gradients δ_t = ∂L/∂a_t, written by the backward pass.

    See Also
    --------
    bpttlib.tape.new_tape : Make an empty one.

    Examples
    --------
    >>> GRUTape._fields
    ('h', 'a', 'u', 'dh', 'delta')
    """


class GRU(Cell):
    """
    Compute h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_{t-1} with n_t = tanh(x_n + r_t ⊙ W_hn h_{t-1}).

    Here r, z = σ(a_r), σ(a_z), and x_n = W_xn x_t + b_n. The reset gate r acts after the product
    with W_hn, as in most frameworks; Cho et al. apply it before. **z keeps the old state**, as in
    their paper and in PyTorch. Where z takes the new one (Chung et al. 2014), σ(-a) = 1 - σ(a)
    says how to translate: change the sign of the z block of all three parameters.

    See Also
    --------
    LSTM : Four gates and a second state.

    References
    ----------
    Cho et al. 2014, Learning phrase representations using RNN encoder-decoder for statistical
    machine translation, EMNLP. Chung, Gulcehre, Cho and Bengio 2014, Empirical evaluation of gated
    recurrent neural networks on sequence modeling, arXiv 1412.3555.

    Examples
    --------
    >>> GRU().gates, GRU().state
    (('r', 'z', 'n'), ('h',))
    """

    gates = ("r", "z", "n")
    sigmoids = ("r", "z")
    state = ("h",)
    Tape = GRUTape

    def step(self, params, prev, now):
        (r, z, n), h, u = now.gates, now.h, now.u
        share, rz = params.W_hh.dot(prev.h), now.a[:-len(n)]
        rz += share[:-len(n)]
        params.squash(rz)                               # r, z = σ(a_r), σ(a_z)
        u[...] = share[-len(n):]
        n += r * u                                      # the reset gate, after the product
        np.tanh(n, n)
        np.subtract(prev.h, n, h)
        h *= z
        h += n                                          # h_t = (1 - z) n + z h_{t-1}

    def slopes(self, tape):
        r, z, n = self.blocks(tape.a[1:])
        h_z, h_r, h_n = sigmoid_slope(z), sigmoid_slope(r), tanh_slope(n)
        h_z *= tape.h[:-1] - n
        h_n *= 1 - z
        h_u = h_n * r
        h_r *= tape.u[1:]
        h_r *= h_n
        return h_r, h_z, h_u, h_n                       # h_r: how h_t changes with a_r, and so on

    def step_backward(self, params, slopes, prev, now):
        h_r, h_z, h_u, h_n = slopes
        d_r, d_z, d_n = now.d_gates
        z, dh, dh_prev = now.gates[1], now.dh, prev.dh
        np.multiply(dh, h_r, d_r)
        np.multiply(dh, h_z, d_z)
        np.multiply(dh, h_u, d_n)                       # as W_hn sees it, through r …
        dh_prev += params.W_hh.T.dot(now.delta)
        dh_prev += dh * z                               # the direct path: z_t
        np.multiply(dh, h_n, d_n)                       # … and as W_xn sees it

    def recurrent_delta(self, tape):
        r, _, _ = self.blocks(tape.a)
        d_r, d_z, d_n = self.blocks(tape.delta)
        return np.concatenate([d_r, d_z, r * d_n], axis=-2)     # W_hn is reached through r
