"""BPTT against the definition, against complex step, and against its own contract."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.losses import softmax_cross_entropy, squared_error
from bpttlib.params import CellParams
from bpttlib.reference import gradient_by_definition
from bpttlib.sums import sum_over_time
from bpttlib.tape import new_tape, window

from .counter import Counter
from .plain_steps import STEPS

CELLS = {"tanh": Elman(), "sigmoid": Elman("sigmoid"), "identity": Elman("identity"),
         "lstm": LSTM(), "gru": GRU()}
TOL = 1e-10


@st.composite
def cases(draw):
    """Random sizes, parameters, inputs, non-zero initial state and mask."""
    T, B = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    D, H = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return T, B, D, H, rng


def make(cell, T, B, D, H, rng):
    G = len(cell.gates)
    # Between -1 and 1: where every unit saturates, 1 - h² loses digits and so does any gradient.
    params = CellParams(*(rng.uniform(-1, 1, size=(G * H, n)) for n in (D, H, 1)))
    x = rng.uniform(-1, 1, size=(T, D, B))
    s0 = tuple(rng.normal(size=(H, B)) for _ in cell.state)
    mask = rng.random((T, B)) < 0.6
    mask[rng.integers(T), rng.integers(B)] = True
    return params, x, s0, mask


def assert_close(got, want):
    for g, g_hat in zip(got, want, strict=True):
        assert relative_error(g, g_hat) <= TOL


@pytest.mark.parametrize("name", CELLS)
@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_equals_the_definition(name, case):
    """The double sum over products of Jacobians, from a step that is not the library's."""
    cell = CELLS[name]
    params, x, s0, mask = make(cell, *case)
    dh_own = case[-1].normal(size=(len(x), *s0[0].shape)) * mask[:, None, :]
    got = bptt(cell, params, x, unroll(cell, params, x, s0), dh_own)
    want_params, want_x, want_s0 = gradient_by_definition(STEPS[name], params, x, s0, dh_own)
    assert_close([*got.params, got.x, *got.s0], [*want_params, want_x, *want_s0])


@pytest.mark.parametrize("loss", ["squared_error", "softmax_cross_entropy"])
@pytest.mark.parametrize("name", CELLS)
@settings(max_examples=60, deadline=None)
@given(case=cases())
def test_equals_complex_step(name, loss, case):
    """All parameters, inputs and initial state, through a masked loss on the states."""
    cell = CELLS[name]
    params, x, s0, mask = make(cell, *case)
    T, B, _, H, rng = case
    loss, targets = {"squared_error": (squared_error, rng.normal(size=(T, H, B))),
                     "softmax_cross_entropy": (softmax_cross_entropy, rng.integers(H, size=(T, B)))
                     }[loss]

    def L(everything):
        params, x, s0 = everything
        return loss(unroll(cell, params, x, s0).h[1:], targets, mask)[0]

    tape = unroll(cell, params, x, s0)
    got = bptt(cell, params, x, tape, loss(tape.h[1:], targets, mask)[1])
    want_params, want_x, want_s0 = complex_step(L, (params, x, s0))
    assert_close([*got.params, got.x, *got.s0], [*want_params, want_x, *want_s0])


@settings(max_examples=30, deadline=None)
@given(case=cases(), name=st.sampled_from(sorted(CELLS)), data=st.data())
def test_a_tape_can_be_cut(case, name, data):
    """Two windows, the later one's ∂L/∂s_0 handed to the earlier one, are the whole."""
    cell = CELLS[name]
    params, x, s0, mask = make(cell, *case)
    T = len(x)
    dh_own = case[-1].normal(size=(T, *s0[0].shape))
    tape = unroll(cell, params, x, s0)
    whole = bptt(cell, params, x, tape, dh_own)
    whole = whole._replace(params=CellParams(*(g.copy() for g in whole.params)))
    if T == 1:
        return
    cut = data.draw(st.integers(1, T - 1))
    late = bptt(cell, params, x[cut:], window(tape, cut, T), dh_own[cut:])
    early = bptt(cell, params, x[:cut], window(tape, 0, cut), dh_own[:cut], ds_T=late.s0)
    assert_close([a + b for a, b in zip(late.params, early.params, strict=True)], whole.params)
    assert_close([np.concatenate([early.x, late.x]), *early.s0], [whole.x, *whole.s0])


@given(m=st.integers(1, 4), n=st.integers(1, 4), T=st.integers(1, 6), B=st.integers(1, 4))
def test_sum_over_time_is_the_sum(m, n, T, B):
    rng = np.random.default_rng(T)
    left, right = rng.normal(size=(T, m, B)), rng.normal(size=(T, n, B))
    np.testing.assert_allclose(sum_over_time(left, right),
                               sum(a @ b.T for a, b in zip(left, right, strict=True)), atol=1e-12)


def test_what_comes_from_the_next_window_may_lie_on_the_same_tape():
    """ds_T handed on as a view of the row that is overwritten."""
    rng = np.random.default_rng(5)
    params, x, s0, _ = make(Elman(), 5, 2, 2, 3, rng)
    dh_own, tape = rng.normal(size=(5, 3, 2)), unroll(Elman(), params, x, s0)
    whole = bptt(Elman(), params, x, tape, dh_own).params
    late = bptt(Elman(), params, x[3:], window(tape, 3, 5), dh_own[3:]).params
    early = bptt(Elman(), params, x[:3], window(tape, 0, 3), dh_own[:3], tape.dh[3]).params
    assert_close([a + b for a, b in zip(early, late, strict=True)], whole)


def test_the_loop_visits_each_step_once():
    params = CellParams(np.zeros((2, 3)), np.zeros((2, 2)), np.zeros((2, 1)))
    tape = unroll(Counter(), params, np.zeros((7, 3, 4)), s0=np.full((2, 4), 10.0))
    assert (tape.h == np.arange(10.0, 18.0)[:, None, None]).all()
    back = bptt(Counter(), params, np.zeros((7, 3, 4)), tape, np.ones((7, 2, 4)))
    assert (back.s0[0] == 7).all()                      # the loss of each step, once
    assert (tape.dh[1:, 0, 0] == [7, 6, 5, 4, 3, 2, 1]).all()


def test_long_sequences_run():
    """No recursion: T = 5000, and the gradient is still that of complex step."""
    rng = np.random.default_rng(0)
    cell, H = Elman(), 3
    params, x, s0, _ = make(cell, 5000, 1, 1, H, rng)
    tape = unroll(cell, params, x, s0)
    got = bptt(cell, params, x, tape, np.ones((5000, H, 1)) / 5000)
    want = complex_step(lambda p: unroll(cell, p, x, s0).h[1:].sum() / 5000, params)
    assert_close(got.params, want)


def test_the_initial_state_is_zero_by_default_and_settable():
    rng = np.random.default_rng(1)
    params, x, s0, _ = make(Elman(), 4, 2, 2, 3, rng)
    assert (unroll(Elman(), params, x).h[0] == 0).all()
    assert (unroll(Elman(), params, x, s0).h[0] == s0[0]).all()
    assert (unroll(Elman(), params, x, s0[0]).h == unroll(Elman(), params, x, s0).h).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_dtype_follows_the_inputs(dtype):
    rng = np.random.default_rng(2)
    params, x, s0, _ = make(Elman(), 4, 2, 2, 3, rng)
    params, x = CellParams(*(p.astype(dtype) for p in params)), x.astype(dtype)
    tape = unroll(Elman(), params, x)
    grads = bptt(Elman(), params, x, tape, np.ones_like(tape.h[1:]))
    assert {a.dtype for a in (*tape, *grads.params, grads.x, *grads.s0)} == {np.dtype(dtype)}


def test_a_tape_is_used_again_and_nothing_else_changes():
    """Two updates on one tape give what new tapes give; the arguments stay as they were."""
    rng = np.random.default_rng(3)
    params, x, s0, _ = make(Elman(), 6, 2, 2, 3, rng)
    dh_own = rng.normal(size=(6, 3, 2))
    before = [a.copy() for a in (*params, x, *s0, dh_own)]
    tape = new_tape(Elman(), 6, 3, 2)
    for _ in range(2):
        assert unroll(Elman(), params, x, s0, tape) is tape
        again = bptt(Elman(), params, x, tape, dh_own)
        again_twice = bptt(Elman(), params, x, tape, dh_own)
    new = bptt(Elman(), params, x, unroll(Elman(), params, x, s0), dh_own)
    assert all((a == b).all() for a, b in zip(again.params, new.params, strict=True))
    assert all((a == b).all() for a, b in zip(again_twice.params, new.params, strict=True))
    after = (*params, x, *s0, dh_own)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


BAD = {
    "x without a batch": (dict(x=np.ones((4, 2))),
                          r"x: got shape \(4, 2\); needs shape \(T, 2, B\)"),
    "T = 0": (dict(x=np.ones((0, 2, 1))), r"x: got shape \(0, 2, 1\).*at least 1"),
    "B = 0": (dict(x=np.ones((4, 2, 0))), r"x: got shape \(4, 2, 0\)"),
    "wrong D": (dict(x=np.ones((4, 5, 1))), r"x: got shape \(4, 5, 1\)"),
    "NaN in x": (dict(x=np.full((4, 2, 1), np.nan)), r"x: got nan at index \(0, 0, 0\)"),
    "text": (dict(x=np.full((4, 2, 1), "a")), "x: got ndarray of dtype <U1"),
    "ragged": (dict(x=[[[1.0], [2.0]], [[1.0]]]), "x: got list"),
    "h0 of another batch": (dict(s0=np.ones((3, 2))), r"s0, part h: got shape \(3, 2\)"),
    "two parts": (dict(s0=(np.ones((3, 1)),) * 2), "s0: got 2 parts; needs 1"),
    "another tape": (dict(tape=new_tape(Elman(), 5, 3, 1)), "tape: got h of shape"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_to_unroll(case):
    kwargs, message = BAD[case]
    params = CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1)))
    with pytest.raises(ValueError, match=message):
        unroll(Elman(), params, **{"x": np.ones((4, 2, 1)), **kwargs})


@pytest.mark.parametrize(("name", "value"), [
    ("W_hh", np.ones((3, 2))), ("W_xh", np.ones((4, 2))), ("b_h", np.zeros(3)),
    ("W_hh", np.full((3, 3), np.inf)), ("b_h", np.zeros((3, 1), int))])
def test_bad_parameters(name, value):
    params = CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1)))._replace(**{name: value})
    with pytest.raises(ValueError, match="got"):
        unroll(Elman(), params, np.ones((4, 2, 1)))


def test_windows_and_cells_that_are_none():
    tape = new_tape(Elman(), 5, 3, 1)
    for start, stop in ((3, 9), (-2, 3), (3, 3), (3, 2)):
        with pytest.raises(ValueError, match="start, stop: got"):
            window(tape, start, stop)
    params = CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1)))
    with pytest.raises(ValueError, match="cell: got .*needs a cell, such as Elman"):
        unroll(Elman, params, np.ones((4, 2, 1)))
    with pytest.raises(ValueError, match="params: got tuple; needs a record with W_xh"):
        unroll(Elman(), tuple(params), np.ones((4, 2, 1)))
    with pytest.raises(ValueError, match="T: got 0"):
        new_tape(Elman(), 0, 3, 1)


@pytest.mark.parametrize("own", [1j * np.ones((4, 3, 1)), np.ones((3, 3, 1)), np.ones((4, 3)),
                                 np.full((4, 3, 1), np.inf)])
def test_bad_dh_own(own):
    params = CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1)))
    x = np.ones((4, 2, 1))
    with pytest.raises(ValueError, match="dh_own"):
        bptt(Elman(), params, x, unroll(Elman(), params, x), own)
