"""How far gradients reach, held against complex steps through plain cells and against algebra."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.diagnostics import (
    cell_path,
    contributions,
    credit_map,
    growth_rates,
    jacobian_product,
    largest_singular_value,
    norm_bound,
    norm_by_lag,
    operations,
    reach,
    saturation,
    spectral_radius,
    step_jacobian,
    sufficient_to_vanish,
    tape_bytes,
)
from bpttlib.gradcheck import relative_error
from bpttlib.init import orthogonal
from bpttlib.layers import Stacked
from bpttlib.params import CellParams, tree_map
from bpttlib.reference import complex_step_jacobian
from bpttlib.rtrl import rtrl

from .plain_steps import STEPS

CELLS = {"tanh": Elman(), "sigmoid": Elman("sigmoid"), "identity": Elman("identity"),
         "lstm": LSTM(), "gru": GRU()}
each_cell = pytest.mark.parametrize("name", CELLS)


def a_run(name, T=6, D=2, H=3, B=2, seed=0):
    """Return a cell, random parameters, inputs, own-loss gradients, and a tape that went back."""
    rng, cell = np.random.default_rng(seed), CELLS[name]
    GH = len(cell.gates) * H
    params = CellParams(*(rng.normal(size=shape) for shape in ((GH, D), (GH, H), (GH, 1))))
    x, dh_own = rng.normal(size=(T, D, B)), rng.normal(size=(T, H, B))
    s0 = tuple(rng.normal(size=(H, B)) for _ in cell.state)
    tape = unroll(cell, params, x, s0)
    bptt(cell, params, x, tape, dh_own)                     # old gradients must not disturb
    return cell, params, x, dh_own, tape


def stacked(cell, tape, t, b):
    return np.concatenate([getattr(tape, part)[t, :, b] for part in cell.state])


def by_complex_step(name, params, x, tape, start, stop, b):
    """Return ∂s_stop/∂s_start through the plain textbook steps."""
    cell, H = CELLS[name], tape.h.shape[1]

    def run(s):
        s = tuple(part[:, None] for part in np.split(s, len(s) // H))
        for t in range(start + 1, stop + 1):
            s = STEPS[name](params, x[t - 1, :, b:b + 1], s)
        return np.concatenate([part.ravel() for part in s])

    return complex_step_jacobian(run, stacked(cell, tape, start, b))


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(list(CELLS)), T=st.integers(1, 6), H=st.integers(1, 4),
       B=st.integers(1, 3), seed=st.integers(0, 999), data=st.data())
def test_jacobians_equal_complex_step(name, T, H, B, seed, data):
    cell, params, x, _, tape = a_run(name, T, 2, H, B, seed)
    before = tree_map(np.copy, tape)
    b, t = data.draw(st.integers(0, B - 1)), data.draw(st.integers(1, T))
    start, stop = sorted(data.draw(st.integers(0, T)) for _ in range(2))
    J = step_jacobian(cell, params, tape, t, b)
    assert relative_error(J, by_complex_step(name, params, x, tape, t - 1, t, b)) < 1e-10
    J = jacobian_product(cell, params, tape, start, stop, b)
    assert relative_error(J, by_complex_step(name, params, x, tape, start, stop, b)) < 1e-10
    assert all(np.array_equal(one, other) for one, other in zip(tape, before, strict=True))


@each_cell
def test_the_reach_is_the_norm_of_what_the_complex_step_says(name):
    cell, params, x, _, tape = a_run(name)
    T = len(x)
    want = [np.linalg.norm(by_complex_step(name, params, x, tape, T - n, T, b=1), 2)
            for n in range(T + 1)]
    assert relative_error(reach(cell, params, tape, b=1), want) < 1e-10


@each_cell
def test_each_loss_asks_of_each_state_what_the_complex_step_says(name):
    cell, params, x, dh_own, tape = a_run(name)
    T, H, _ = dh_own.shape
    M = credit_map(cell, params, tape, dh_own, b=1)
    for t in range(1, T + 1):
        for s in range(1, T + 1):
            want = 0.0
            if s <= t:
                J = by_complex_step(name, params, x, tape, s, t, b=1)[:H, :H]
                want = dh_own[t - 1, :, 1] @ J
            assert relative_error(M[t - 1, s - 1], want * np.ones(H)) < 1e-10
    bptt(cell, params, x, tape, dh_own)
    assert relative_error(M.sum(axis=0), tape.dh[1:, :, 1]) < 1e-10


def test_the_credit_map_is_what_contributions_imply():
    """In an Elman network, copy s's share of ∂L_t/∂b_h is f'(a_s) ⊙ ∂L_t/∂h_s."""
    cell, params, x, dh_own, tape = a_run("tanh", B=1)
    M = credit_map(cell, params, tape, dh_own)
    C = contributions(cell, params, x, tape, dh_own)
    assert relative_error((1 - tape.h[1:, :, 0]**2) * M, C.b_h[..., 0]) < 1e-10


@pytest.mark.parametrize("name, part", [("tanh", "h"), ("gru", "h"), ("lstm", "h"), ("lstm", "c")])
def test_norms_by_lag_are_those_of_the_last_loss(name, part):
    cell, params, x, dh_own, tape = a_run(name)
    dh_own[:-1] = 0.0
    bptt(cell, params, x, tape, dh_own)
    T, H, B = dh_own.shape
    norms, want = norm_by_lag(tape, part), np.zeros(T + 1)
    for n in range(T + 1):
        for b in range(B):
            J = by_complex_step(name, params, x, tape, T - n, T, b)[:H]
            row = dh_own[-1, :, b] @ J
            if part == "c" and n < T:          # c_t acts through h_t as well, before step t + 1
                c, o = tape.c[T - n, :, b], tape.a[T - n, 3 * H:, b]
                row[H:] += row[:H] * o * (1 - np.tanh(c)**2)
            want[n] += np.linalg.norm(row[:H] if part == "h" else row[H:]) / B
    assert relative_error(norms, want) < 1e-10
    with pytest.raises(ValueError, match="part: got 'z'; needs one of h"):
        norm_by_lag(tape, "z")


def test_growth_rates_of_a_constant_matrix_are_its_eigenvalues():
    """Also over 5000 steps, whose product would leave the range of numbers."""
    rng = np.random.default_rng(0)
    V, eigenvalues = rng.normal(size=(4, 4)), np.array([1.3, 0.9, -0.5, 0.01])
    W = V @ np.diag(eigenvalues) @ np.linalg.inv(V)
    cell = Elman("identity")
    params = CellParams(np.zeros((4, 1)), W, np.zeros((4, 1)))
    tape = unroll(cell, params, np.zeros((5000, 1, 1)))
    rates = growth_rates(cell, params, tape, 0, 5000)
    np.testing.assert_allclose(rates, np.log(np.abs(eigenvalues)), atol=2e-3)


@each_cell
def test_growth_rates_sum_to_the_determinant(name):
    cell, params, x, _, tape = a_run(name)
    rates = growth_rates(cell, params, tape, 1, 5, b=1)
    logarithms = [np.linalg.slogdet(by_complex_step(name, params, x, tape, t - 1, t, b=1))[1]
                  for t in range(2, 6)]
    np.testing.assert_allclose(rates.sum(), np.mean(logarithms), rtol=1e-9)
    assert (np.diff(rates) <= 0).all()


def test_a_direction_that_is_wiped_out_has_the_rate_minus_infinity():
    cell, params = Elman("identity"), CellParams(np.zeros((2, 1)), np.diag([2.0, 0.0]),
                                                 np.zeros((2, 1)))
    tape = unroll(cell, params, np.zeros((3, 1, 1)))
    np.testing.assert_allclose(growth_rates(cell, params, tape, 0, 3), [np.log(2), -np.inf])


def test_measures_of_a_matrix():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(5, 5))
    assert np.isclose(largest_singular_value(W)**2, np.linalg.eigvalsh(W.T @ W).max())
    power = np.linalg.matrix_power(W / 2, 400)
    assert np.isclose(2 * np.linalg.norm(power)**(1 / 400), spectral_radius(W), rtol=0.02)
    rotation = np.array([[0.0, -2.0], [2.0, 0.0]])          # eigenvalues ± 2i
    assert np.isclose(spectral_radius(rotation), 2.0)
    with pytest.raises(ValueError, match="as many rows as columns"):
        spectral_radius(np.ones((2, 3)))


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(["tanh", "sigmoid", "identity"]), size=st.floats(0.05, 3.0),
       seed=st.integers(0, 999))
def test_the_bound_holds_and_below_one_the_gradient_vanishes(name, size, seed):
    cell, params, x, dh_own, _ = a_run(name, T=12, seed=seed)
    params = params._replace(W_hh=params.W_hh * size / np.linalg.norm(params.W_hh, 2))
    tape = unroll(cell, params, x)
    dh_own[:-1] = 0.0
    bptt(cell, params, x, tape, dh_own)
    norms = norm_by_lag(tape)
    bound = norm_bound(params.W_hh, name, np.arange(13))
    assert (norms <= norms[0] * bound * (1 + 1e-9)).all()
    factor = size * {"sigmoid": 0.25}.get(name, 1.0)
    np.testing.assert_allclose(bound, factor ** np.arange(13.0))
    assert sufficient_to_vanish(params.W_hh, name) == (bound[-1] < bound[0])


def test_the_bound_is_reached_by_a_linear_network_with_orthogonal_weights():
    W_hh = orthogonal(np.random.default_rng(0), (3, 3), gain=0.8)
    cell, params, x, dh_own, _ = a_run("identity")
    tape = unroll(cell, params._replace(W_hh=W_hh), x)
    dh_own[:-1] = 0.0
    bptt(cell, params._replace(W_hh=W_hh), x, tape, dh_own)
    norms = norm_by_lag(tape)
    np.testing.assert_allclose(norms / norms[0], norm_bound(W_hh, "identity", np.arange(7)))


def test_the_direct_path_is_all_there_is_without_recurrent_weights():
    cell, params, x, _, tape = a_run("lstm")
    T, H = len(x), 3
    f = 1 / (1 + np.exp(-(params.W_xh @ x + params.b_h + params.W_hh @ tape.h[:-1])[:, H:2 * H]))
    path = cell_path(cell, tape)
    for t in range(T + 1):
        np.testing.assert_allclose(path[t], f[t:].prod(axis=0), rtol=1e-12)
    alone = params._replace(W_hh=np.zeros_like(params.W_hh))
    tape = unroll(cell, alone, x, s0=(tape.h[0], tape.c[0]))
    for t in range(T + 1):
        J = by_complex_step("lstm", alone, x, tape, t, T, b=1)[H:, H:]
        assert relative_error(np.diag(cell_path(cell, tape)[t, :, 1]), J) < 1e-10
    with pytest.raises(ValueError, match="cell: got gates r, z, n; needs a cell with a forget"):
        cell_path(GRU(), a_run("gru")[-1])
    with pytest.raises(ValueError, match="tape: got LSTMTape; needs a GRUTape"):
        cell_path(GRU(), tape)


@each_cell
def test_saturation_counts_flat_slopes_at_both_ends(name):
    """The slopes are taken of the pre-activations, computed anew from the textbook's formulas."""
    cell, params, x, _, tape = a_run(name, T=30, H=4)
    G = len(cell.gates)
    a = params.W_xh @ x + params.b_h
    from_h = params.W_hh @ tape.h[:-1]
    if name == "gru":
        from_h[:, 8:] *= 1 / (1 + np.exp(-(a + from_h)[:, :4]))
    gates = dict(zip(cell.gates, np.split(a + from_h, G, axis=1), strict=True))
    shares = saturation(cell, tape, share=0.3)
    assert list(shares) == list(cell.gates)
    for gate, a in gates.items():
        if name == "identity":
            assert shares[gate] == (0, 0)
            continue
        squash = name if name in ("tanh", "sigmoid") else "tanh" if gate in "gn" else "sigmoid"
        flat = (1 / np.cosh(a)**2 if squash == "tanh" else 1 / np.cosh(a / 2)**2) < 0.3
        assert shares[gate] == ((flat & (a < 0)).mean(), (flat & (a > 0)).mean())
        assert min(shares[gate]) > 0


def test_a_rectifier_that_is_off_is_saturated_at_the_lower_end():
    cell, params = Elman("relu"), CellParams(np.eye(1), np.zeros((1, 1)), np.zeros((1, 1)))
    tape = unroll(cell, params, np.array([-1.0, -2.0, 0.5, 90.0, 1.0]).reshape(5, 1, 1))
    assert saturation(cell, tape) == {"h": (0.4, 0.0)}


@pytest.mark.parametrize("f, arguments, message", [
    (step_jacobian, {"t": 0}, "t: got 0; needs a whole number, at least 1"),
    (step_jacobian, {"t": 7}, "t: got 7; needs a step from 1 to 6"),
    (step_jacobian, {"t": 1, "b": 2}, "b: got 2; needs a sequence from 0 to 1"),
    (jacobian_product, {"start": 3, "stop": 2}, "start, stop: got 3, 2; needs 0 ≤ start ≤ stop"),
    (jacobian_product, {"start": 0, "stop": 7}, "≤ stop ≤ 6"),
    (growth_rates, {"start": 2, "stop": 2}, "needs 0 ≤ start < stop ≤ 6"),
    (credit_map, {"dh_own": np.zeros((6, 3, 2)), "b": -1}, "b: got -1"),
    (credit_map, {"dh_own": np.zeros((7, 3, 2))}, "dh_own: got shape"),
])  # fmt: skip
def test_what_is_wrong_is_named(f, arguments, message):
    cell, params, _, _, tape = a_run("lstm")
    with pytest.raises(ValueError, match=message):
        f(cell, params, tape, **arguments)


def test_growth_rates_of_lost_directions():
    """A rectifier that is off wipes a direction out; the others grow as the product's do."""
    W_hh, x = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[-9.0, 9.0], [9.0, -30.0]])[:, :, None]
    cell, params = Elman("relu"), CellParams(np.eye(2), W_hh, np.zeros((2, 1)))
    rates = growth_rates(cell, params, unroll(cell, params, x), 0, 2)
    np.testing.assert_array_equal(rates, [0.0, -np.inf])
    for seed in range(200):
        rng = np.random.default_rng(seed)
        params = CellParams(*(rng.normal(size=(3, n)) for n in (2, 3, 1)))
        tape = unroll(cell, params, rng.normal(size=(3, 2, 1)))
        rank = np.linalg.matrix_rank(jacobian_product(cell, params, tape, 0, 3))
        assert np.isfinite(growth_rates(cell, params, tape, 0, 3)).sum() == rank


@pytest.mark.parametrize("call", [
    lambda net, params, x, tape, own: contributions(net, params, x, tape, own),
    lambda net, params, x, tape, own: credit_map(net, params, tape, own),
    lambda net, params, x, tape, own: step_jacobian(net, params, tape, 1),
    lambda net, params, x, tape, own: reach(net, params, tape),
    lambda net, params, x, tape, own: saturation(net, tape),
    lambda net, params, x, tape, own: cell_path(net, tape),
    lambda net, params, x, tape, own: tape_bytes(net, 3, 3, 1),
    lambda net, params, x, tape, own: operations(net, 3, 1, 2, 3),
    lambda net, params, x, tape, own: rtrl(net, params, x, own),
    lambda net, params, x, tape, own: norm_by_lag(tape)])
def test_networks_of_several_cells_are_refused(call):
    net = Stacked(Elman(), Elman())
    params, x = net.init(np.random.default_rng(0), 2, 3), np.ones((4, 2, 1))
    with pytest.raises(ValueError, match="cell: got .*needs a cell|tape: got StackedTape"):
        call(net, params, x, net.unroll(params, x), np.ones((4, 3, 1)))


def test_contributions_of_whole_numbers_and_of_a_loss_that_is_not_real():
    rng = np.random.default_rng(0)
    params = CellParams(*(rng.normal(size=(3, n)) for n in (2, 3, 1)))
    ids, own = rng.integers(2, size=(4, 2)), rng.normal(size=(4, 3, 2))
    columns = (ids[:, None, :] == np.arange(2)[:, None]).astype(float)
    one, other = (contributions(Elman(), params, x, unroll(Elman(), params, x), own)
                  for x in (ids, columns))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    tape = unroll(Elman(), params, ids)
    for f, arguments in ((contributions, (params, ids, tape)), (credit_map, (params, tape))):
        with pytest.raises(ValueError, match="dh_own: got ndarray of dtype complex128"):
            f(Elman(), *arguments, own * 1j)
    with pytest.raises(ValueError, match="part: got 'elta'; needs one of h"):
        norm_by_lag(tape, "elta")
    with pytest.raises(ValueError, match="share: got nan"):
        saturation(Elman(), tape, share=float("nan"))
    with pytest.raises(ValueError, match="W_hh: got shape"):
        sufficient_to_vanish(np.ones((2, 3)), "tanh")
