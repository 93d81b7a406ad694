"""The gated recurrent unit."""
from typing import NamedTuple

import numpy as np

from bpttlib.activations import sigmoid
from bpttlib.cells.cell import Cell


class GRUTape(NamedTuple):
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

    h: np.ndarray
    a: np.ndarray
    u: np.ndarray
    dh: np.ndarray
    delta: np.ndarray


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
    state = ("h",)
    Tape = GRUTape

    def step(self, params, prev, now):
        r, z, n = self.blocks(now.a)                    # as yet W_xh x_t + b_h
        u_r, u_z, now.u[...] = self.blocks(params.W_hh @ prev.h)
        r[...] = sigmoid(r + u_r)
        z[...] = sigmoid(z + u_z)
        n[...] = np.tanh(n + r * now.u)                 # the reset gate, after the product
        now.h[...] = (1 - z) * n + z * prev.h

    def step_backward(self, params, prev, now):
        r, z, n = self.blocks(now.a)
        d_r, d_z, d_n = self.blocks(now.delta)
        d_z[...] = now.dh * (prev.h - n) * z * (1 - z)
        d_n[...] = now.dh * (1 - z) * (1 - n**2)
        d_r[...] = d_n * now.u * r * (1 - r)
        prev.dh[...] += now.dh * z                      # the direct path: z_t
        prev.dh[...] += params.W_hh.T @ self.recurrent_delta(now)

    def recurrent_delta(self, tape):
        r, _, _ = self.blocks(tape.a)
        d_r, d_z, d_n = self.blocks(tape.delta)
        return np.concatenate([d_r, d_z, r * d_n], axis=-2)     # W_hn is reached through r
