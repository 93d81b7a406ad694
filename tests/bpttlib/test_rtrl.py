"""RTRL against BPTT, against complex step, and in the one thing that BPTT cannot do: to go on."""
import tracemalloc
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.params import CellParams, named_leaves
from bpttlib.rtrl import influence, rtrl, step_gradient

CELLS = {"tanh": Elman(), "sigmoid": Elman("sigmoid"), "identity": Elman("identity"),
         "lstm": LSTM(), "gru": GRU()}


def a_problem(cell, T, B, D=2, H=3, seed=0, whole_numbers=False):
    rng = np.random.default_rng(seed)
    G = len(cell.gates)
    params = CellParams(*(rng.uniform(-1, 1, size=(G * H, n)) for n in (D, H, 1)))
    x = rng.integers(D, size=(T, B)) if whole_numbers else rng.uniform(-1, 1, size=(T, D, B))
    s0 = tuple(rng.normal(size=(H, B)) for _ in cell.state)
    dh_own = rng.normal(size=(T, H, B)) * (rng.random((T, 1, B)) < 0.7)
    dh_own[-1, :, 0] = 1.0
    return params, x, s0, dh_own


def assert_same(got, want):
    for (name, g), (_, g_hat) in zip(named_leaves(got), named_leaves(want), strict=True):
        assert relative_error(g, g_hat) <= 1e-10, name


@settings(max_examples=100)
@given(name=st.sampled_from(sorted(CELLS)), T=st.integers(1, 12), B=st.integers(1, 4),
       D=st.integers(1, 3), H=st.integers(1, 4), seed=st.integers(0, 2**32 - 1),
       whole_numbers=st.booleans())
def test_equals_bptt(name, T, B, D, H, seed, whole_numbers):
    cell = CELLS[name]
    params, x, s0, dh_own = a_problem(cell, T, B, D, H, seed, whole_numbers)
    want = bptt(cell, params, x, unroll(cell, params, x, s0), dh_own).params
    assert_same(rtrl(cell, params, x, dh_own, s0), want)


@pytest.mark.parametrize("name", CELLS)
def test_the_influence_is_the_derivative_of_the_state(name):
    """Each row of each P_t, by complex step through the cell's forward steps alone."""
    cell, T, B = CELLS[name], 4, 2
    params, x, s0, _ = a_problem(cell, T, B)
    for t, (s, P) in enumerate(influence(cell, params, x, s0), start=1):
        tape = unroll(cell, params, x[:t], s0)
        for part, rows in zip(cell.state, np.split(np.arange(P.b_h.shape[1]), len(cell.state)),
                              strict=True):
            assert (s[cell.state.index(part)] == getattr(tape, part)[-1]).all()
            for i, row in enumerate(rows):
                for b in range(B):
                    want = complex_step(lambda p: getattr(unroll(cell, p, x[:t], s0), part)[-1][
                        i, b], params)
                    assert_same(CellParams(*(p[b, row] for p in P)), want)
    assert t == T


def test_each_steps_gradient_is_at_hand_at_that_step():
    """What a learner gets after step t is the gradient of L_t, for which BPTT has to go back."""
    cell, T = LSTM(), 6
    params, x, s0, dh_own = a_problem(cell, T, B=2)
    for t, (_, P) in enumerate(influence(cell, params, x, s0), start=1):
        only_t = np.zeros((t, *dh_own[0].shape))
        only_t[-1] = dh_own[t - 1]
        want = bptt(cell, params, x[:t], unroll(cell, params, x[:t], s0), only_t).params
        assert_same(step_gradient(P, dh_own[t - 1]), want)


def endless(D, B):
    rng = np.random.default_rng(0)
    while True:
        yield rng.uniform(-1, 1, size=(D, B))


def peak_memory(T, H=20):
    cell = GRU()
    params, _, s0, _ = a_problem(cell, T=1, B=2, H=H)
    tracemalloc.start()
    for s, P in islice(influence(cell, params, endless(D=2, B=2), s0), T):
        step_gradient(P, s[0])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_nothing_is_stored_of_the_past():
    """The inputs never end, and after 200 steps the memory is what it was after 20."""
    peak_memory(20)                                         # whatever is made once
    assert peak_memory(200) < 1.05 * peak_memory(20)


def test_what_was_yielded_stays_as_it_was():
    params, x, s0, _ = a_problem(GRU(), T=5, B=2)
    kept = list(influence(GRU(), params, x, s0))
    for t, (s, P) in enumerate(kept, start=1):
        again_s, again_P = list(influence(GRU(), params, x[:t], s0))[-1]
        assert (s[0] == again_s[0]).all()
        assert all((p == q).all() for p, q in zip(P, again_P, strict=True))


def test_the_initial_state_is_zero_by_default():
    params, x, s0, dh_own = a_problem(LSTM(), T=4, B=2)
    zero = tuple(np.zeros_like(part) for part in s0)
    for got, want in zip(rtrl(LSTM(), params, x, dh_own), rtrl(LSTM(), params, x, dh_own, zero),
                         strict=True):
        assert (got == want).all()


@pytest.mark.parametrize("change, message", [
    (dict(dh_own=np.ones((3, 3, 2))), r"dh_own: got shape \(3, 3, 2\); needs shape \(4, 3, 2\)"),
    (dict(dh_own=np.full((4, 3, 2), np.nan)), "dh_own: got nan"),
    (dict(x=np.ones((4, 5, 2))), r"x: got shape \(1, 5, 2\)"),
    (dict(x=np.ones((0, 2, 2)), dh_own=np.ones((0, 3, 2))), "the length of x: got 0"),
    (dict(s0=np.ones((3, 1))), r"s0, part h: got shape \(3, 1\)"),
    (dict(cell=LSTM), "cell: got"),
])
def test_bad_arguments(change, message):
    params, x, s0, dh_own = a_problem(Elman(), T=4, B=2)
    with pytest.raises(ValueError, match=message):
        rtrl(**{"cell": Elman(), "params": params, "x": x, "dh_own": dh_own, "s0": s0, **change})


def test_a_gradient_of_the_wrong_batch_is_refused():
    params, x, s0, _ = a_problem(Elman(), T=1, B=2)
    (_, P), = influence(Elman(), params, x, s0)
    with pytest.raises(ValueError, match=r"dh_own_t: got shape \(3, 1\)"):
        step_gradient(P, np.ones((3, 1)))


def test_the_rows_of_a_step_s_gradient_are_those_of_h():
    params, x, s0, dh_own = a_problem(LSTM(), T=2, B=2)
    (_, P), *_ = influence(LSTM(), params, x, s0)
    for rows in (2, 6):                                     # a unit less; c besides h
        with pytest.raises(ValueError, match="dh_own_t: got shape"):
            step_gradient(P, np.ones((rows, 2)))
    single = type(params)(*(p.astype(np.float32) for p in params))
    grads = rtrl(LSTM(), single, x.astype(np.float32), dh_own)
    assert {g.dtype for g in grads} == {np.dtype("f4")}
