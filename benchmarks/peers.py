"""
One training step, by us and by others: the same parameters, the same data, the same loss.

Each function below makes a Contestant of a Problem, raises ImportError where the peer is not
installed, or returns None where it lacks the cell. What has to be converted or compiled once is not
part of the step. Our states are columns, theirs are rows: (T, D, B) here is (T, B, D) there.
"""
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bpttlib import cells
from bpttlib.batch import Batch
from bpttlib.frameworks import to_pytorch
from bpttlib.losses import softmax_cross_entropy
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.params import CellParams, ModelParams, ReadoutParams, named_leaves, tree_map
from bpttlib.tape import new_tape


class Problem(NamedTuple):
    """What all contestants solve; targets are labels."""

    cell: cells.Cell
    params: ModelParams
    x: np.ndarray                   # (T, D, B)
    targets: np.ndarray             # (T, B)
    threads: int


class Contestant(NamedTuple):
    """A way to make the step."""

    gradients: Callable             # () -> grads, in a form of its own
    update: Callable                # (grads) -> None, by Adam
    as_ours: Callable               # (grads) -> ModelParams


def make_problem(name, dtype, T, B, D, H, threads=1):
    """Draw parameters from ±1/√H, as PyTorch does, and data; there are K = D outputs."""
    rng, cell = np.random.default_rng(0), getattr(cells, name)()
    params = tree_map(lambda p: (rng.uniform(-1, 1, p.shape) / np.sqrt(H)).astype(dtype),
                      Model(cell, D, H, D, "softmax_cross_entropy").init(rng))
    x = rng.standard_normal((T, D, B)).astype(dtype)
    return Problem(cell, params, x, rng.integers(0, D, (T, B)), threads)


def ours(problem):
    """Our library, with a tape that is used again and again."""
    cell, params, x, targets, _ = problem
    (T, D, B), H = x.shape, params.cell.W_hh.shape[1]
    model, batch = Model(cell, D, H, D, "softmax_cross_entropy"), Batch(x, targets)
    tape = new_tape(cell, T, H, B, x.dtype)
    learner = _Adam(params)
    return Contestant(lambda: model.loss_and_gradients(learner.params, batch, tape=tape).grads,
                      learner.update, lambda grads: grads)


def textbook(problem):
    """The loop of unit 03, line by line: two products and three sums in each step. Elman only."""
    cell, params, x, targets, _ = problem
    if not isinstance(cell, cells.Elman):
        return None
    learner = _Adam(params)

    def gradients():
        (W_xh, W_hh, b_h), (W_hy, b_y) = learner.params
        h = np.zeros((len(x) + 1, len(W_hh), x.shape[2]), x.dtype)
        for t in range(1, len(x) + 1):
            h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h)
        _, e = softmax_cross_entropy(W_hy @ h[1:] + b_y, targets)
        dh_own = W_hy.T @ e
        grads = tree_map(np.zeros_like, learner.params)
        (dW_xh, dW_hh, db_h), (dW_hy, db_y) = grads
        back = np.zeros_like(h[0])
        for t in range(len(x), 0, -1):
            delta = (1 - h[t] ** 2) * (dh_own[t - 1] + back)
            dW_xh += delta @ x[t - 1].T
            dW_hh += delta @ h[t - 1].T
            db_h += delta.sum(axis=1, keepdims=True)
            dW_hy += e[t - 1] @ h[t].T
            db_y += e[t - 1].sum(axis=1, keepdims=True)
            back = W_hh.T @ delta
        return grads

    return Contestant(gradients, learner.update, lambda grads: grads)


class _Adam:
    """Parameters that learn by our Adam, for those who bring none of their own."""

    def __init__(self, params):
        self.params, self.optimiser = params, adam()
        self.memory = self.optimiser.start(params)

    def update(self, grads):
        self.params, self.memory = self.optimiser.update(self.params, grads, self.memory)


def torch_nn(problem):
    """PyTorch's nn.RNN, nn.LSTM or nn.GRU, whose b_hn is zero here."""
    return _torch(problem, fused=True)


def torch_cells(problem):
    """PyTorch's RNNCell, LSTMCell or GRUCell, in a loop of Python."""
    return _torch(problem, fused=False)


def _torch(problem, fused):
    import torch

    cell, params, x, targets, threads = problem
    torch.set_num_threads(threads)
    (T, D, B), H = x.shape, params.cell.W_hh.shape[1]
    kind = type(cell).__name__.replace("Elman", "RNN") + ("" if fused else "Cell")
    x = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 2, 1)))
    targets = torch.from_numpy(targets.ravel())
    network = getattr(torch.nn, kind)(D, H, dtype=x.dtype)
    ending = "_l0" if fused else ""
    network.load_state_dict({name.removesuffix("_l0") + ending: torch.from_numpy(array)
                             for name, array in to_pytorch(cell, params.cell).items()})
    readout = torch.nn.Linear(H, D, dtype=x.dtype)
    readout.load_state_dict({"weight": torch.from_numpy(params.readout.W_hy.copy()),
                             "bias": torch.from_numpy(params.readout.b_y[:, 0].copy())})
    learnt = [*network.parameters(), *readout.parameters()]
    optimiser = torch.optim.Adam(learnt, fused=True)

    def states():
        if fused:
            return network(x)[0]
        state, h = None, []
        for x_t in x:
            state = network(x_t, state)
            h.append(state[0] if kind == "LSTMCell" else state)
        return torch.stack(h)

    def gradients():
        optimiser.zero_grad()
        logits = readout(states()).reshape(T * B, D)
        torch.nn.functional.cross_entropy(logits, targets).backward()

    def as_ours(_):
        W_xh, W_hh, bias_ih, _, W_hy, b_y = (p.grad.numpy().copy() for p in learnt)
        return _record([W_xh, W_hh, bias_ih[:, None], W_hy, b_y[:, None]])

    return Contestant(gradients, lambda _: optimiser.step(), as_ours)


def jax_scan(problem):
    """JAX: lax.scan, compiled by jit."""
    import jax
    import jax.numpy as jnp

    # Else JAX frees its buffers in the background, while the next contestant is timed.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    tools = jnp, jax.nn.sigmoid, jax.lax.stop_gradient, lambda *args: jax.lax.scan(*args)[1]
    params, *data = jax.tree.map(jnp.asarray, _rows(problem))
    memory = [0 * p for p in params], [0 * p for p in params], jnp.zeros((), data[0].dtype)
    differentiate = jax.jit(jax.value_and_grad(
        lambda params, x, targets: _loss(tools, problem.cell, params, x, targets)))

    @jax.jit
    def descend(params, memory, grads):
        m, s, n = memory
        n = n + 1
        m = [0.9 * m + 0.1 * g for m, g in zip(m, grads)]
        s = [0.999 * s + 0.001 * g * g for s, g in zip(s, grads)]
        params = [p - 0.001 * (m / (1 - 0.9**n)) / (jnp.sqrt(s / (1 - 0.999**n)) + 1e-8)
                  for p, m, s in zip(params, m, s)]
        return params, (m, s, n)

    def gradients():
        return jax.block_until_ready(differentiate(params, *data))[1]

    def update(grads):
        nonlocal params, memory
        params, memory = jax.block_until_ready(descend(tuple(params), memory, grads))

    return Contestant(gradients, update, lambda grads: _record([np.array(g).T for g in grads]))


def hips_autograd(problem):
    """HIPS autograd: NumPy, recorded and played backwards."""
    import autograd
    import autograd.numpy as anp
    from autograd.tracer import getval

    def scan(step, s, a):
        h = []
        for t in range(len(a)):
            s, h_t = step(s, a[t])
            h.append(h_t)
        return anp.concatenate(h)

    def sigmoid(a):
        return 0.5 * anp.tanh(0.5 * a) + 0.5

    params, *data = _rows(problem)
    learner = _Adam(params)
    differentiate = autograd.value_and_grad(
        lambda params: _loss((anp, sigmoid, getval, scan), problem.cell, params, *data))
    return Contestant(lambda: differentiate(learner.params)[1], learner.update,
                      lambda grads: _record([g.T for g in grads]))


def _rows(problem):
    """Return parameters, x and targets for states that are rows."""
    params = tuple(np.ascontiguousarray(p.T) for _, p in named_leaves(problem.params))
    return params, np.ascontiguousarray(problem.x.transpose(0, 2, 1)), problem.targets.ravel()


def _loss(tools, cell, params, x, targets):
    """Return the loss, for those who differentiate it by themselves."""
    np_, sigmoid, constant, scan = tools
    W_xh, W_hh, b_h, W_hy, b_y = params
    (T, B, D), H = x.shape, len(W_hh)

    def step(state, a):
        h, *c = state
        u = np_.dot(h, W_hh)
        if isinstance(cell, cells.Elman):
            h = np_.tanh(a + u)
        elif isinstance(cell, cells.LSTM):
            a = a + u
            i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H:2 * H]), sigmoid(a[:, 3 * H:])
            c = [f * c[0] + i * np_.tanh(a[:, 2 * H:3 * H])]
            h = o * np_.tanh(c[0])
        else:
            rz = sigmoid(a[:, :2 * H] + u[:, :2 * H])
            n = np_.tanh(a[:, 2 * H:] + rz[:, :H] * u[:, 2 * H:])
            h = n + rz[:, H:] * (h - n)
        return (h, *c), h

    a = (np_.dot(x.reshape(T * B, D), W_xh) + b_h).reshape(T, B, -1)
    s_0 = tuple(np.zeros((B, H), x.dtype) for _ in cell.state)
    logits = np_.dot(scan(step, s_0, a).reshape(T * B, H), W_hy) + b_y
    logits = logits - constant(np_.max(logits, axis=1, keepdims=True))
    right = logits[np.arange(T * B), targets]
    return np_.mean(np_.log(np_.sum(np_.exp(logits), axis=1)) - right)


def _record(leaves):
    return ModelParams(CellParams(*leaves[:3]), ReadoutParams(*leaves[3:]))


PEERS = {"torch.nn": torch_nn, "torch-cells": torch_cells, "jax": jax_scan,
         "autograd": hips_autograd, "textbook": textbook}
