"""
One pure step of each cell, written from the textbook and sharing nothing with the library.

`step(params, x_t, s) -> s` on columns, as `bpttlib.reference` asks for.
"""
import numpy as np


def elman(activation):
    def step(params, x, s):
        W_xh, W_hh, b_h = params
        return (activation(W_xh @ x + W_hh @ s[0] + b_h),)
    return step


def sigma(a):
    return 1 / (1 + np.exp(-a))


def lstm(params, x, s):
    W_xh, W_hh, b_h = params
    h, c = s
    i, f, g, o = np.split(W_xh @ x + W_hh @ h + b_h, 4)
    c = sigma(f) * c + sigma(i) * np.tanh(g)
    return sigma(o) * np.tanh(c), c


def gru(params, x, s):
    W_xh, W_hh, b_h = params
    (h,) = s
    x_r, x_z, x_n = np.split(W_xh @ x + b_h, 3)
    h_r, h_z, h_n = np.split(W_hh @ h, 3)
    r, z = sigma(x_r + h_r), sigma(x_z + h_z)
    return ((1 - z) * np.tanh(x_n + r * h_n) + z * h,)


STEPS = {"tanh": elman(np.tanh), "sigmoid": elman(sigma), "identity": elman(lambda a: a),
         "lstm": lstm, "gru": gru}
