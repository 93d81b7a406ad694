"""
The limit: what backpropagation through time cannot avoid, and nothing else.

These are the matrix products, each into an array that is there already, and one tanh for each gate
and for the LSTM's c. Biases, losses, the gates' products and all bookkeeping are left out. It is
the limit with NumPy's BLAS: who brings a faster one can be below it.
"""
import numpy as np

from bpttlib.cells import LSTM


def bare(problem, rows=False):
    """Return a function that makes the products of one step; with rows, all of them transposed."""
    (T, D, B), dtype = problem.x.shape, problem.x.dtype
    GH, H = problem.params.cell.W_hh.shape
    rng = np.random.default_rng(0)

    def some(*shape):
        return rng.standard_normal(shape, dtype=dtype)

    W_hh, W_xh, W_hy = some(GH, H), some(GH, D), some(D, H)
    x, h, delta, e = some(D, T * B), some(H, T * B), some(GH, T * B), some(D, T * B)
    forward = _products(rows, [(W_hh, h_t) for h_t in some(T, H, B)])
    backward = _products(rows, [(W_hh.T, delta_t) for delta_t in some(T, GH, B)])
    whole = _products(rows, [(W_xh, x), (delta, x.T), (delta, h.T),     # projection and sums
                             (W_hy, h), (W_hy.T, e), (e, h.T)])         # the readout's three
    a = some(GH + H * isinstance(problem.cell, LSTM), B)
    tanh_a = np.empty_like(a)

    def once():
        for left, right, out in forward + backward + whole:
            np.dot(left, right, out)
        for _ in range(T):
            np.tanh(a, tanh_a)

    return once


def _products(rows, pairs):
    """Return triples (left, right, out); products of one shape share out."""
    if rows:
        pairs = [(np.ascontiguousarray(right.T), np.ascontiguousarray(left.T))
                 for left, right in pairs]
    outs = {}
    return [(left, right, outs.setdefault((len(left), right.shape[1]),
                                          np.empty((len(left), right.shape[1]), left.dtype)))
            for left, right in pairs]
