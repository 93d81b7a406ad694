"""Where the weights start: bounds, moments and distributions, not just shapes."""
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.init import (
    SCHEMES,
    glorot_uniform,
    init_cell,
    orthogonal,
    scaled_identity,
    uniform_fan_in,
)

sizes = st.integers(1, 9)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("scheme, bound", [(uniform_fan_in, 1 / np.sqrt(50)),
                                           (glorot_uniform, np.sqrt(6 / 450))])
def test_uniform_schemes_fill_their_range_evenly(scheme, bound):
    W = scheme(rng(), (400, 50)) / bound
    assert 0.999 < abs(W).max() <= 1
    assert W.mean() == pytest.approx(0, abs=0.02)
    assert W.var() == pytest.approx(1 / 3, rel=0.02)
    counts, _ = np.histogram(W, bins=10, range=(-1, 1))
    assert counts / W.size == pytest.approx(0.1, abs=0.01)


@given(rows=sizes, columns=sizes, seed=st.integers(0, 99))
def test_bounds_for_all_shapes(rows, columns, seed):
    shape = (rows, columns)
    fan_in, glorot = uniform_fan_in(rng(seed), shape), glorot_uniform(rng(seed), shape)
    assert fan_in.shape == glorot.shape == shape
    assert abs(fan_in).max() <= columns ** -0.5
    assert abs(glorot).max() <= (6 / (rows + columns)) ** 0.5
    # the same generator draws the same numbers, so both differ in their range alone
    assert fan_in * columns ** 0.5 == pytest.approx(glorot * ((rows + columns) / 6) ** 0.5)


@given(rows=sizes, columns=sizes, seed=st.integers(0, 99), gain=st.floats(0.1, 3))
def test_orthogonal_has_all_singular_values_equal_to_the_gain(rows, columns, seed, gain):
    W = orthogonal(rng(seed), (rows, columns), gain)
    assert W.shape == (rows, columns)
    assert np.linalg.svd(W, compute_uv=False) == pytest.approx(gain, rel=1e-12)


def test_orthogonal_matrices_are_all_equally_likely():
    """Under Haar measure on O(3), entries are even, E tr = 0, E tr² = 1, and det = ±1 alike."""
    draws = np.array([orthogonal(rng(seed), (3, 3)) for seed in range(4000)])
    traces = np.trace(draws, axis1=1, axis2=2)
    assert draws.mean(axis=0) == pytest.approx(np.zeros((3, 3)), abs=0.04)
    assert (draws ** 2).mean(axis=0) == pytest.approx(np.full((3, 3), 1 / 3), abs=0.02)
    assert traces.mean() == pytest.approx(0, abs=0.06)
    assert (traces ** 2).mean() == pytest.approx(1, abs=0.08)
    assert np.linalg.det(draws).mean() == pytest.approx(0, abs=0.06)


def test_an_orthogonal_matrix_lets_delta_neither_vanish_nor_explode():
    delta = length = rng(1).standard_normal((64, 1))
    W_hh = init_cell(rng(), Elman(), D=3, H=64).W_hh
    for _ in range(500):
        delta = W_hh.T @ delta
    assert np.linalg.norm(delta) == pytest.approx(np.linalg.norm(length), rel=1e-10)


def test_scaled_identity():
    assert (scaled_identity(rng(), (3, 3), scale=-0.5) == np.diag([-0.5] * 3)).all()
    with pytest.raises(ValueError, match=r"shape: got \(2, 3\); needs as many rows as columns"):
        scaled_identity(rng(), (2, 3))


@pytest.mark.parametrize("cell", [Elman(), LSTM(), GRU()])
def test_each_gate_has_a_block_of_its_own(cell):
    D, H, G = 3, 5, len(cell.gates)
    params = init_cell(rng(), cell, D, H, W_xh=partial(orthogonal, gain=0.5))
    assert [leaf.shape for leaf in params] == [(G * H, D), (G * H, H), (G * H, 1)]
    assert np.array_equal(params.b_h, cell.initial_bias(H))
    assert [block.mean() for block in cell.blocks(params.b_h)] == [g == "f" for g in cell.gates]
    blocks = params.W_hh.reshape(G, H, H)
    assert blocks.transpose(0, 2, 1) @ blocks == pytest.approx(np.stack([np.eye(H)] * G))
    inputs = params.W_xh.reshape(G, H, D)
    assert inputs.transpose(0, 2, 1) @ inputs == pytest.approx(np.stack([0.25 * np.eye(D)] * G))
    assert all(abs(a - b).max() > 0.1 for i, a in enumerate(blocks) for b in blocks[:i])


def test_input_weights_are_drawn_by_their_fan_in():
    W_xh = init_cell(rng(), LSTM(), D=16, H=100).W_xh
    assert 0.24 < abs(W_xh).max() <= 0.25                      # 1/√D, whatever H is


@pytest.mark.parametrize("name", SCHEMES)
def test_schemes_by_name(name):
    first, again, other = (SCHEMES[name](rng(seed), (4, 4)) for seed in (0, 0, 1))
    assert SCHEMES[name].__name__ == name and first.any() and (first == again).all()
    assert name == "scaled_identity" or (first != other).any()


@pytest.mark.parametrize("call, message", [
    (lambda: uniform_fan_in(0, (2, 2)), r"rng: got 0; needs a random generator"),
    (lambda: uniform_fan_in(rng(), (2,)), r"shape: got \(2,\); needs rows and columns"),
    (lambda: glorot_uniform(rng(), (2, 0)), r"shape: got \(2, 0\); needs rows and columns"),
    (lambda: orthogonal(rng(), (2.5, 2)), r"shape: got \(2.5, 2\); needs rows and columns"),
    (lambda: orthogonal(rng(), (2, 2), gain=np.nan), "gain: got nan; needs a finite number"),
    (lambda: scaled_identity(rng(), (2, 2), np.inf), "scale: got inf; needs a finite number"),
    (lambda: init_cell(rng(), Elman(), 0, 2), "D: got 0; needs a whole number, at least 1"),
    (lambda: init_cell(rng(), Elman(), 2, 2.0), "H: got 2.0; needs a whole number, at least 1"),
    (lambda: init_cell(rng(), Elman(), 2, 2, W_hh="orthogonal"),
     "W_hh: got 'orthogonal'; needs a scheme, that is one of the functions uniform_fan_in, "),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
