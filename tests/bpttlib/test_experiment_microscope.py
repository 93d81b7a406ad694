"""The gradient's microscope, without a browser: its numbers, its verdicts, and its controls."""
import itertools
import re

import numpy as np
import pytest

from bpttlib.activations import ACTIVATIONS
from bpttlib.bptt import unroll
from bpttlib.cells import Elman
from bpttlib.diagnostics import (
    jacobian_product,
    largest_singular_value,
    norm_bound,
    reach,
    spectral_radius,
    sufficient_to_vanish,
)
from bpttlib.init import SCHEMES
from bpttlib.params import CellParams
from bpttlib.widgets import microscope
from bpttlib.widgets._microscope import H, look
from bpttlib.widgets.microscope import _make_microscope, _what_the_bound_says

ENDS = {"gain": (0.0, 3.0), "size": (0.0, 3.0), "T": (5, 60)}
START = {"scheme": "glorot_uniform", "activation": "tanh", "gain": 1.0, "size": 0.3, "T": 40}


@pytest.fixture
def experiment():
    return _make_microscope()


def by_hand(scheme, gain, activation, size, T):
    """The same network again, by other means: its tape, its W_hh, the direction of the loss."""
    rng = np.random.default_rng(1)
    W_hh, v = gain * SCHEMES[scheme](np.random.default_rng(0), (H, H)), rng.normal(size=H)
    params = CellParams(np.eye(H), W_hh, np.zeros((H, 1)))
    cell, x = Elman(activation), size * rng.normal(size=(T, H, 1))
    return cell, params, unroll(cell, params, x), v / np.linalg.norm(v)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_numbers_are_the_librarys(scheme, activation):
    view = look(scheme, 1.3, activation, 0.7, 12)
    cell, params, tape, v = by_hand(scheme, 1.3, activation, 0.7, 12)
    W = params.W_hh
    assert (view.rho, view.sigma) == (spectral_radius(W), largest_singular_value(W))
    np.testing.assert_array_equal(view.bound, norm_bound(W, activation, range(13)))
    np.testing.assert_allclose(view.eigenvalues, [view.rho**n for n in range(13)], rtol=1e-12)
    for n in range(13):
        J = jacobian_product(cell, params, tape, 12 - n, 12)
        assert view.norms[n] == pytest.approx(np.linalg.norm(J.T @ v), rel=1e-9, abs=1e-15)
        values = np.linalg.svd(J, compute_uv=False)
        exact = np.array([values[0], np.median(values), values[-1]])
        shown = np.isfinite(view.singular[n])
        np.testing.assert_allclose(view.singular[n][shown], exact[shown], rtol=2e-2, atol=0)
        assert (exact[~shown] <= 1e-12 * exact[0]).all()
    np.testing.assert_allclose(view.singular[:, 0], reach(cell, params, tape), rtol=1e-12)
    assert (view.norms <= view.singular[:, 0] * (1 + 1e-12)).all()
    assert (view.singular[:, 0] <= view.bound * (1 + 1e-9)).all()


def test_the_readout_says_the_numbers(experiment):
    view, text = look("glorot_uniform", 1.0, "tanh", 0.3, 40), experiment.readout.value
    assert f"ρ = {view.rho:.3g}, σ_max = {view.sigma:.3g}, γ = 1." in text
    assert f"norm is {view.norms[-1]:.2g} of what it was" in text
    assert f"(σ_max γ)^40 is {view.bound[-1]:.2g}, ρ^40 is {view.eigenvalues[-1]:.2g}." in text
    assert experiment.picture.value.count(f"{view.norms[-1]:.2g} of what it was") == 2


@pytest.mark.parametrize(("changes", "bound", "radius"), [
    ({"activation": "sigmoid"}, "sufficient to vanish, with every input", "proves nothing"),
    ({}, "necessary to explode, and not sufficient", "proves nothing"),
    ({"scheme": "orthogonal"}, "cannot explode", "proves nothing"),
    ({"scheme": "orthogonal", "activation": "identity"}, "cannot explode", "does not say"),
    ({"scheme": "orthogonal", "activation": "identity", "gain": 0.9}, "sufficient to vanish",
     "vanishes in the end."),
    ({"scheme": "uniform_fan_in", "activation": "identity"}, "necessary to explode",
     "vanishes in the end; it may grow first"),
    ({"activation": "identity"}, "necessary to explode", "explodes in the end"),
])
def test_the_verdicts_are_no_more_than_is_proved(experiment, changes, bound, radius):
    for name, value in changes.items():
        experiment.controls[name].value = value
    assert bound in experiment.readout.value and radius in experiment.readout.value


def test_sufficient_agrees_with_the_library():
    for scheme, activation, gain in itertools.product(SCHEMES, ACTIVATIONS, (0.5, 1.1, 3.0, 3.9)):
        W = gain * SCHEMES[scheme](np.random.default_rng(0), (H, H))
        said = _what_the_bound_says(look(scheme, gain, activation, 1.0, 5))
        assert ("sufficient to vanish" in said) == sufficient_to_vanish(W, activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_control_can_fail(experiment, scheme, activation):
    experiment.controls["scheme"].value = scheme
    experiment.controls["activation"].value = activation
    for corner in itertools.product(*ENDS.values()):
        for name, value in zip(ENDS, corner, strict=True):
            control = experiment.controls[name]
            assert value in (control.min, control.max)
            control.value = value
            assert 'role="status"' in experiment.readout.value
            for text in (experiment.readout.value, experiment.picture.value):
                assert not re.search(r"\b(nan|inf)\b", text)


def test_all_schemes_can_be_chosen():
    assert set(microscope.SCHEMES) == set(SCHEMES)


def test_reset_and_bundle(experiment):
    start = experiment.picture.value, experiment.readout.value
    changed = {"scheme": "orthogonal", "activation": "identity", "gain": 2.0, "size": 1.0, "T": 9}
    for name, value in changed.items():
        before = experiment.picture.value
        experiment.controls[name].value = value
        assert experiment.picture.value != before, name
    experiment.reset_button.click()
    assert (experiment.picture.value, experiment.readout.value) == start
    assert experiment.values() == START
    page = experiment.bundle["text/html"]
    assert "data:image/svg+xml;base64," in page and "What to try" in page
    assert "application/vnd.jupyter.widget-view+json" in experiment.bundle


def test_what_the_reader_is_told_to_predict_is_so():
    def end(*setting):
        return look(*setting, 40).norms[-1]

    assert end("scaled_identity", 2.0, "tanh", 0.0) > 1e11
    assert end("scaled_identity", 2.0, "tanh", 0.1) < 1e-20
    assert end("orthogonal", 3.0, "sigmoid", 0.3) < 1e-10
    assert look("orthogonal", 3.0, "sigmoid", 0.3, 40).rho == pytest.approx(3)
    assert end("glorot_uniform", 1.0, "relu", 0.6) == pytest.approx(
        end("glorot_uniform", 1.0, "relu", 0.3), rel=1e-9)
    assert end("glorot_uniform", 1.0, "tanh", 0.6) < 0.1 * end("glorot_uniform", 1.0, "tanh", 0.3)
    fan_in = look("uniform_fan_in", 1.0, "identity", 0.3, 40)
    assert fan_in.sigma > 1 and fan_in.norms[-1] < 1e-8
    last, first = (look("uniform_fan_in", gain, "identity", 0.3, 60) for gain in (1.6, 1.7))
    assert last.rho < 1 < first.rho and last.norms[-1] < last.norms[30]
    assert first.norms[-1] > first.norms[30]
    both = look("glorot_uniform", 1.0, "identity", 0.3, 15).singular[-1]
    assert both[0] > 3 and both[-1] < 1e-7
