"""Activations, parameter records, error messages, and the definition of the gradient itself."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpttlib.activations import ACTIVATIONS, Activation, get_activation, sigmoid, softmax
from bpttlib.errors import require_array
from bpttlib.gradcheck import complex_step
from bpttlib.params import CellParams, count_parameters, named_leaves, tree_map
from bpttlib.reference import complex_step_jacobian, gradient_by_definition

reals = st.floats(-30, 30)


@given(reals)
def test_sigmoid_is_its_closed_form(a):
    assert sigmoid(a) == pytest.approx(1 / (1 + math.exp(-a)), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(a=reals.filter(lambda a: abs(a) > 1e-6))
def test_derivatives_from_the_output(name, a):
    act = ACTIVATIONS[name]
    a = np.array(a)
    want = complex_step(act.f, a)
    assert act.derivative(act.f(a)) == pytest.approx(want, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gamma_is_the_steepest_slope(name):
    act = ACTIVATIONS[name]
    a = np.linspace(-5, 5, 10001)
    assert act.derivative(act.f(a)).max() == pytest.approx(act.gamma, abs=1e-12)


@given(st.lists(reals, min_size=1, max_size=5), st.floats(-1000, 1000))
def test_softmax_ignores_a_shift_and_sums_to_one(logits, shift):
    logits = np.array(logits)
    p = softmax(logits, axis=0)
    assert p.sum() == pytest.approx(1)
    np.testing.assert_allclose(softmax(logits + shift, axis=0), p, rtol=1e-9, atol=1e-12)


def test_relu_does_not_hide_nan():
    assert np.isnan(ACTIVATIONS["relu"].f(np.array(np.nan)))


def test_activations_by_name():
    own = Activation("cube", lambda a: a**3, lambda y: 3 * np.cbrt(y) ** 2, np.inf)
    assert get_activation(own) is own
    with pytest.raises(ValueError, match="activation: got 'tahn'; needs one of tanh"):
        get_activation("tahn")


def test_tree_map_and_names():
    tree = CellParams(np.ones((2, 1)), np.eye(2), np.zeros((2, 1)))
    doubled = tree_map(lambda a: 2 * a, tree)
    assert type(doubled) is CellParams and (doubled.W_hh == 2 * np.eye(2)).all()
    names = [name for name, _ in named_leaves((tree, (1.0,)))]
    assert names == ["0.W_xh", "0.W_hh", "0.b_h", "1.0"]
    assert count_parameters(tree) == 8
    with pytest.raises(ValueError, match="needs a record built like CellParams with 3 entries"):
        tree_map(np.add, tree, tree[:2])


@pytest.mark.parametrize(("value", "message"), [
    (np.zeros(3), r"v: got shape \(3,\); needs shape \(T, 2\) with T at least 1."),
    ([["a", "b"]], "v: got list of dtype <U1"),
    ([[1, 2], [3]], "v: got list of dtype object"),
    (None, "v: got NoneType of dtype object"),
    ([[1.0, np.inf]], r"v: got inf at index \(0, 1\)"),
])
def test_messages_name_argument_value_and_need(value, message):
    with pytest.raises(ValueError, match=message):
        require_array("v", value, ("T", 2))


def test_complex_step_jacobian_of_a_known_map():
    z = np.array([0.3, -1.2])
    J = complex_step_jacobian(lambda z: np.array([np.sin(z[0]) * z[1], np.exp(z[0]), z[1]**3]), z)
    want = [[np.cos(z[0]) * z[1], np.sin(z[0])], [np.exp(z[0]), 0], [0, 3 * z[1]**2]]
    np.testing.assert_allclose(J, want, rtol=1e-15)


@given(st.integers(-150, 150), st.integers(-200, 200), st.integers(1, 8))
def test_the_definition_by_hand(w, x0, T):
    """For h_t = w h_{t-1} and L = h_T: dL/dw = T w^(T-1) h_0 and dL/dh_0 = w^T."""
    w, x0, own = w / 100, x0 / 100, np.zeros((T, 1, 1))
    own[-1] = 1.0
    params, x, s0 = gradient_by_definition(
        lambda p, x, s: (p[0] * s[0],), (np.array([[w]]),), np.zeros((T, 1, 1)),
        (np.array([[x0]]),), own)
    assert params[0][0, 0] == pytest.approx(T * w ** (T - 1) * x0, rel=1e-12, abs=1e-300)
    assert s0[0][0, 0] == pytest.approx(w**T, rel=1e-12, abs=1e-300)
    assert (x == 0).all()
