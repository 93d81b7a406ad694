"""Truncation: at frozen weights, in training, and with a random horizon."""
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.diagnostics import contributions
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.layers import Bidirectional, Stacked, as_network
from bpttlib.losses import squared_error
from bpttlib.model import Model
from bpttlib.optim import sgd
from bpttlib.params import CellParams, named_leaves, tree_map
from bpttlib.tasks import windows
from bpttlib.train import fit
from bpttlib.truncation import randomised_bptt, randomised_variance, truncated_bptt

CELLS = {"elman": Elman(), "lstm": LSTM(), "gru": GRU(), "stack": Stacked(LSTM(), GRU()),
         "dropped": Stacked(Elman(), LSTM(), dropout=0.5)}
D, H = 2, 3
sizes = given(T=st.integers(1, 9), B=st.integers(1, 3), k1=st.integers(1, 10),
              more=st.integers(0, 10), seed=st.integers(0, 2**32 - 1))


def make(cell, T, B, seed):
    rng = np.random.default_rng(seed)
    network = as_network(cell)
    params = tree_map(lambda p: rng.uniform(-1, 1, size=p.shape), network.init(rng, D, H))
    x = rng.uniform(-1, 1, size=(T, D, B))
    s0 = tree_map(lambda part: rng.normal(size=part.shape),
                  network.state_at(network.unroll(params, x), 0))
    tape = network.unroll(params, x, s0, rng=rng)
    mask = rng.random((T, 1, B)) < 0.7
    return network, params, x, s0, tape, rng.normal(size=(T, H, B)) * mask


def assert_close(got, want, tol=1e-10):
    for (name, g), (_, g_hat) in zip(named_leaves(got), named_leaves(want), strict=True):
        assert relative_error(g, g_hat) <= tol, name


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "stack"])
@settings(max_examples=25, deadline=None)
@sizes
def test_equals_complex_step_from_each_window_s_start(name, T, B, k1, more, seed):
    """Each window is a function of the parameters that starts from a state which is a constant."""
    network, params, x, s0, tape, own = make(CELLS[name], T, B, seed)
    k2 = k1 + more

    def L(everything):
        params, s0 = everything
        total = 0.0
        for first in range(0, T, k1):
            start, stop = max(0, first + k1 - k2), min(first + k1, T)
            constant = s0 if start == 0 else network.state_at(tape, start)
            h = network.unroll(params, x[start:stop], constant).h[1:]
            total = total + (own[first:stop] * h[first - start:]).sum()
        return total

    got = truncated_bptt(CELLS[name], params, x, tape, own, k1, k2)
    assert_close((got.params, got.s0), complex_step(L, (params, s0)))


@settings(max_examples=50, deadline=None)
@sizes
def test_is_the_band_of_the_table_of_contributions(T, B, k1, more, seed):
    """Loss t counts with the copies s of its window, and with no others."""
    _, params, x, s0, tape, own = make(GRU(), T, B, seed)
    k2 = k1 + more
    C = contributions(GRU(), params, x, unroll(GRU(), params, x, s0), own)
    band = np.array([[s > max(0, k1 * ((t - 1) // k1) + k1 - k2) for s in range(1, T + 1)]
                     for t in range(1, T + 1)])
    want = tree_map(lambda c: (c * band[:, :, None, None]).sum(axis=(0, 1)), C)
    assert_close(truncated_bptt(GRU(), params, x, tape, own, k1, k2).params, want)


@pytest.mark.parametrize("name", CELLS)
@settings(max_examples=15, deadline=None)
@sizes
def test_is_full_where_k2_is_long_enough(name, T, B, k1, more, seed):
    network, params, x, _, tape, own = make(CELLS[name], T, B, seed)
    got = truncated_bptt(CELLS[name], params, x, tape, own, k1, k1 * -(-T // k1) + more)
    want = network.bptt(params, x, tape, own)
    assert_close((got.params, got.s0), (want.params, want.s0))


@settings(max_examples=30, deadline=None)
@sizes
def test_chunks_are_detach_every_k(T, B, k1, more, seed):
    """One pass over the whole tape, with what comes back erased at the chunks' borders."""
    _, params, x, _, tape, own = make(LSTM(), T, B, seed)
    keep = np.arange(T) % k1 != 0                           # from step t to t-1; t = 1, k+1, …
    keep[0] = True                                          # the initial state still hears
    want = bptt(LSTM(), params, x, tape, own, keep=keep)
    got = truncated_bptt(LSTM(), params, x, tape, own, k1, k1)
    assert_close((got.params, got.s0), (want.params, want.s0))


@settings(max_examples=25, deadline=None)
@given(T=st.integers(1, 6), seed=st.integers(0, 9999), cell=st.sampled_from([Elman(), LSTM()]))
def test_factors_scale_the_contributions(T, seed, cell):
    _, params, x, s0, tape, own = make(cell, T, 2, seed)
    keep = np.random.default_rng(seed).normal(size=T)
    C = contributions(cell, params, x, unroll(cell, params, x, s0), own)
    factor = np.array([[np.prod(keep[s + 1:t + 1]) if s <= t else 0 for s in range(T)]
                       for t in range(T)])
    want = tree_map(lambda c: (c * factor[:, :, None, None]).sum(axis=(0, 1)), C)
    assert_close(bptt(cell, params, x, tape, own, keep=keep).params, want)


@pytest.mark.parametrize(("cell", "k1", "k2"), [(Elman(), 4, 4), (LSTM(), 1, 3), (GRU(), 2, 5),
                                                (Stacked(LSTM(), Elman()), 3, 4)])
def test_training_with_frozen_weights_sees_the_same_windows(cell, k1, k2):
    """The windows' gradients, each weighted with what it counts, are the truncated gradient."""
    rng = np.random.default_rng(0)
    model = Model(cell, D=D, H=H, K=1, loss="squared_error")
    params = model.init(rng)
    x, targets = rng.normal(size=(11, D, 2)), rng.normal(size=(11, 1, 2))
    mask = rng.random((11, 2)) < 0.8
    mask[::k1] = True
    feed, seen = windows(x, targets, k1, k2, mask), []
    n = -(-11 // k1)
    for path_of_two in (range(n), range(n, 2 * n)):         # the second time round, too
        seen.clear()
        fit(model, params, lambda i, first=path_of_two[0]: feed(first + i), n, sgd(1e-300),
            progress=False, callbacks=lambda state, step: seen.append(step.grads.cell))
        y, tape = model.forward(params, x)
        own = params.readout.W_hy.T @ squared_error(y, targets, mask)[1]
        want = truncated_bptt(cell, params.cell, x, tape, own, k1, k2).params
        counts = [mask[first:first + k1].sum() / mask.sum() for first in range(0, 11, k1)]
        got = tree_map(lambda *gs, w=counts: sum(c * g for c, g in zip(w, gs, strict=True)), *seen)
        assert_close(got, want)


def scalar(T=3, w=0.2, x0=0.9):
    """The chain x_t = w x_{t-1} with a loss at the last step alone: dL/dw = T w^(T-1) x_0."""
    params = CellParams(np.zeros((1, 1)), np.full((1, 1), w), np.zeros((1, 1)))
    x, own = np.zeros((T, 1, 1)), np.zeros((T, 1, 1))
    own[-1] = 1.0
    cell = Elman("identity")
    return cell, params, x, unroll(cell, params, x, s0=np.full((1, 1), x0)), own


def test_the_scalar_example():
    *problem, own = scalar()
    for k2, shares in ((1, 1), (2, 2), (3, 3), (7, 3)):
        got = truncated_bptt(*problem, own, 1, k2).params.W_hh.item()
        assert abs(got - shares * 0.2**2 * 0.9) < 1e-15
    assert abs(truncated_bptt(*problem, own, 1, 3).params.W_hh.item() - 0.108) < 1e-15


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("cell", [Elman(), LSTM(), GRU()])
def test_randomised_mean_and_variance_exactly(cell, p):
    """All 2^T ways to cut, with their probabilities: no Monte Carlo error."""
    T = 5
    _, params, x, s0, tape, own = make(cell, T, 2, seed=0)
    exact = tree_map(np.copy, bptt(cell, params, x, tape, own).params)
    C = contributions(cell, params, x, unroll(cell, params, x, s0), own)
    mean, square = (tree_map(np.zeros_like, exact) for _ in range(2))
    for cut in product([0, 1], repeat=T):
        weight = np.prod([p if c else 1 - p for c in cut])
        g = bptt(cell, params, x, tape, own, keep=(1 - np.array(cut)) / (1 - p)).params
        mean = tree_map(lambda m, g, w=weight: m + w * g, mean, g)
        square = tree_map(lambda m, g, w=weight: m + w * g * g, square, g)
    assert_close(mean, exact)
    want = tree_map(lambda m2, m: m2 - m * m, square, mean)
    for c, v in zip(C, want, strict=True):
        np.testing.assert_allclose(randomised_variance(c, p), v, atol=1e-10 * square.W_hh.max())


def test_a_draw_cuts_each_step_with_probability_p():
    *problem, own = scalar(T=3, w=1.0, x0=1.0)
    rng = np.random.default_rng(0)
    draws = np.array([randomised_bptt(*problem, own, 0.5, rng).params.W_hh.item()
                      for _ in range(4000)])
    # One copy always counts; the second with factor 2, the third with 4, while nothing is cut.
    assert set(draws) == {1.0, 3.0, 7.0}
    assert abs((draws == 1).mean() - 0.5) < 0.03 and abs((draws == 7).mean() - 0.25) < 0.03
    few = [randomised_bptt(*problem, own, 0.2, rng).params.W_hh.item() for _ in range(1000)]
    assert abs(np.mean(np.array(few) == 1) - 0.2) < 0.05
    again = randomised_bptt(*problem, own, 0.5, np.random.default_rng(0)).params.W_hh.item()
    assert again == draws[0]


def test_bad_truncation():
    *problem, own = scalar()
    for k1, k2, message in ((0, 1, "k1: got 0"), (3, 2, "k2: got 2; needs .* at least 3"),
                            (1.0, 2, "k1: got 1.0")):
        with pytest.raises(ValueError, match=message):
            truncated_bptt(*problem, own, k1, k2)
    with pytest.raises(ValueError, match="cell: got .*needs one that can stream"):
        truncated_bptt(Bidirectional(Elman()), *problem[1:], own, 1, 1)
    with pytest.raises(ValueError, match="dh_own: got shape"):
        truncated_bptt(*problem, own[1:], 1, 1)
    with pytest.raises(ValueError, match="x: got shape .*; needs 3 steps, as the tape has"):
        cell, params, x, tape = problem
        truncated_bptt(cell, params, x[1:], tape, own[1:], 1, 1)
    with pytest.raises(ValueError, match=r"C: got shape \(3, 2\)"):
        randomised_variance(np.ones((3, 2)), 0.5)
    for p in (1.0, -0.1, "half"):
        with pytest.raises(ValueError, match="p: got .*0 ≤ p < 1"):
            randomised_bptt(*problem, own, p, np.random.default_rng(0))
    with pytest.raises(ValueError, match="rng: got 0"):
        randomised_bptt(*problem, own, 0.5, 0)
    with pytest.raises(ValueError, match=r"keep: got shape \(2,\)"):
        bptt(*problem, own, keep=np.ones(2))
