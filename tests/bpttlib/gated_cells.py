"""
An LSTM, a GRU and a cell that counts, written only against the contract of `bpttlib.cells.Cell`.

They show that the loop over time carries gated cells without a change. They are plain and slow.
"""
from typing import NamedTuple

import numpy as np

from bpttlib.activations import sigmoid
from bpttlib.cells import Cell


def blocks(a, G):
    """Split the G blocks of rows; each is a view."""
    H = a.shape[-2] // G
    return [a[..., g * H:(g + 1) * H, :] for g in range(G)]


class LSTMTape(NamedTuple):
    h: np.ndarray
    c: np.ndarray
    a: np.ndarray
    dh: np.ndarray
    dc: np.ndarray
    delta: np.ndarray


class LSTM(Cell):
    gates = ("i", "f", "g", "o")
    state = ("h", "c")
    Tape = LSTMTape

    @staticmethod
    def activate(a):
        a_i, a_f, a_g, a_o = blocks(a, 4)
        return sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)

    def step(self, params, prev, now):
        now.a[...] += params.W_hh @ prev.h
        i, f, g, o = self.activate(now.a)
        now.c[...] = f * prev.c + i * g
        now.h[...] = o * np.tanh(now.c)

    def step_backward(self, params, prev, now):
        i, f, g, o = self.activate(now.a)
        d_i, d_f, d_g, d_o = blocks(now.delta, 4)
        tanh_c = np.tanh(now.c)
        dc = now.dc + now.dh * o * (1 - tanh_c**2)
        d_i[...] = dc * g * i * (1 - i)
        d_f[...] = dc * prev.c * f * (1 - f)
        d_g[...] = dc * i * (1 - g * g)
        d_o[...] = now.dh * tanh_c * o * (1 - o)
        prev.dc[...] += dc * f
        prev.dh[...] += params.W_hh.T @ now.delta


class GRUTape(NamedTuple):
    h: np.ndarray
    a: np.ndarray
    u: np.ndarray           # W_hn h_{t-1}, before the reset gate
    dh: np.ndarray
    delta: np.ndarray


class GRU(Cell):
    gates = ("r", "z", "n")
    state = ("h",)
    Tape = GRUTape

    def step(self, params, prev, now):
        a_r, a_z, a_n = blocks(now.a, 3)
        from_r, from_z, now.u[...] = blocks(params.W_hh @ prev.h, 3)
        a_r += from_r
        a_z += from_z
        a_n += sigmoid(a_r) * now.u
        z = sigmoid(a_z)
        now.h[...] = (1 - z) * np.tanh(a_n) + z * prev.h

    def step_backward(self, params, prev, now):
        a_r, a_z, a_n = blocks(now.a, 3)
        d_r, d_z, d_n = blocks(now.delta, 3)
        r, z, n = sigmoid(a_r), sigmoid(a_z), np.tanh(a_n)
        d_z[...] = now.dh * (prev.h - n) * z * (1 - z)
        d_n[...] = now.dh * (1 - z) * (1 - n * n)
        d_r[...] = d_n * now.u * r * (1 - r)
        prev.dh[...] += now.dh * z + params.W_hh.T @ self.recurrent_delta(now)

    def recurrent_delta(self, tape):
        delta_h = tape.delta.copy()
        blocks(delta_h, 3)[2][...] *= sigmoid(blocks(tape.a, 3)[0])
        return delta_h


class Counter(Cell):
    """h_t = h_{t-1} + 1, whatever comes in: it shows which rows the loop visits, and how often."""

    gates = ("h",)
    state = ("h",)
    Tape = NamedTuple("CounterTape", [(name, np.ndarray) for name in ("h", "a", "dh", "delta")])

    def step(self, params, prev, now):
        now.h[...] = prev.h + 1

    def step_backward(self, params, prev, now):
        now.delta[...] = now.dh
        prev.dh[...] += now.dh
