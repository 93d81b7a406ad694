"""The loss surface of two numbers: map, point and descents, each held against the library."""
import base64
import html
import io
import re
import xml.etree.ElementTree as ET
from itertools import product

import numpy as np
import pytest
from PIL import Image

from bpttlib.activations import sigmoid
from bpttlib.clip import clip_by_global_norm
from bpttlib.gradcheck import complex_step
from bpttlib.plots._svg_colours import PALETTES, indices
from bpttlib.widgets import descent_on_two_numbers
from bpttlib.widgets._surface import (
    H_0,
    HIGH,
    LOW,
    UPDATES,
    B,
    T,
    W,
    at,
    descend,
    gradient,
    surface,
)
from bpttlib.widgets.surface import _end, _make_descent

WALL = 0.5 - 5 * H_0                                        # at w = 5
POINTS = [(5.0, -2.2), (5.0, -2.6), (5.0, WALL), (4.2, -2.8), (5.3, -2.0), (40.0, 60.0)]


@pytest.fixture
def experiment():
    return _make_descent()


def read(experiment):
    role, text = re.fullmatch('<p role="(.*)" aria-live="polite" style="margin:0">(.*)</p>',
                              experiment.readout.value).groups()
    return role, html.unescape(text)


def states(w, b):
    h = [H_0]
    for _ in range(T):
        h.append(sigmoid(w * h[-1] + b))
    return h


@pytest.mark.parametrize(("w", "b"), POINTS)
def test_both_gradients_are_the_complex_step_s(w, b):
    def loss(p):
        return (states(*p)[-1] - 0.7) ** 2
    exact = complex_step(loss, (np.array(w), np.array(b)))
    L, dw, db, dh = at(w, b)
    np.testing.assert_allclose([dw, db], exact, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(gradient(w, b), exact, rtol=1e-9, atol=1e-15)
    assert L == pytest.approx(loss((w, b)), rel=1e-12)
    assert dh[T] == pytest.approx(abs(2 * (states(w, b)[T] - 0.7)), rel=1e-12)
    h = np.array(states(w, b))
    slope = np.prod(w * h[1:] * (1 - h[1:]))                # of all steps from h_0 to h_50
    assert dh[0] == pytest.approx(dh[T] * slope, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("c", [0.05, 0.5, np.inf])
def test_a_descent_is_the_library_s(c):
    w, b = 5.0, -2.2
    for point in descend(5.0, -2.2, 0.1, c)[:12]:           # before chaos at the wall sets in
        assert point == pytest.approx((w, b), rel=1e-9)
        _, dw, db, _ = at(w, b)
        (g,), _ = clip_by_global_norm((np.array([dw, db]),), c)
        w, b = w - 0.1 * g[0], b - 0.1 * g[1]


def test_clipping_bounds_each_step_and_what_is_not_clipped_leaves_the_map():
    clipped, free = (np.array(descend(5.0, -2.2, 0.1, c)) for c in (0.5, np.inf))
    steps = [np.hypot(*np.diff(path, axis=0).T) for path in (clipped, free)]
    assert len(clipped) == UPDATES + 1 and len(free) < len(clipped)     # it stands still there
    assert steps[0].max() == pytest.approx(0.1 * 0.5) and steps[1].max() > 10
    assert at(*clipped[-1])[0] < 0.01 < at(*free[-1])[0] and np.hypot(*gradient(*free[-1])) < 1e-5
    assert _end(list(map(tuple, clipped))) == ("it stays on the map, with L below 0.01 after 150 "
                                               "updates")
    out = np.argmax((free[:, 0] > W[1]) | (free[:, 1] > B[1]))
    assert _end(list(map(tuple, free))).startswith(
        f"it leaves the map with update {out} and is not there at the end, with L above 0.01")
    assert "and comes back, with L below" in _end([(5.0, -2.2), (9.0, -2.2), *clipped[-1:]])


def test_the_map_shows_the_loss_and_is_made_once():
    pixels = Image.open(io.BytesIO(base64.b64decode(surface().split(",")[1]))).convert("RGB")
    pixels = np.asarray(pixels)
    w, b = np.linspace(*W, pixels.shape[1]), np.linspace(*B, pixels.shape[0])[::-1]
    for row, column in product((0, 40, 80, 159), (0, 100, 220)):
        place = int(indices(at(w[column], b[row])[0], "log", LOW, HIGH))
        assert np.abs(pixels[row, column].astype(int) - PALETTES["log"][place]).max() <= 3
    assert surface() is surface()


def test_the_sentence_gives_the_library_s_numbers(experiment):
    for w, b in ((5.0, -2.2), (5.0, -2.61), (4.5, -2.05)):
        experiment.controls["w"].value, experiment.controls["b"].value = w, b
        L, dw, db, _ = at(w, b)
        assert read(experiment) == ("status", (
            f"At w = {w:.4g}, b = {b:.4g}: L = {L:.4g}, dL/dw = {dw:.4g}, dL/db = {db:.4g}, "
            f"gradient norm {np.hypot(dw, db):.4g}. Clipped at 0.5, "
            f"{_end(descend(w, b, 0.1, 0.5))}; not clipped, {_end(descend(w, b, 0.1))}."))


def test_the_ring_stands_at_the_point(experiment):
    for w, b, x, y in ((4.2, -2.8, 75, 392), (5.3, -2.0, 485, 52), (4.75, -2.4, 280, 222)):
        experiment.controls["w"].value, experiment.controls["b"].value = w, b
        root = ET.fromstring(experiment.picture.value)
        ring = [e for e in root if e.tag.endswith("circle")][1]     # the first two are its rims
        assert (float(ring.get("cx")), float(ring.get("cy"))) == (x, y)


def test_no_corner_of_the_controls_fails(experiment):
    ends = [(control.min, control.max) for control in experiment.controls.values()]
    for corner in product(*ends):
        for control, value in zip(experiment.controls.values(), corner, strict=True):
            control.value = value
        role, text = read(experiment)
        assert role == "status" and "nan" not in text
        ET.fromstring(experiment.picture.value)


def test_reset_draws_the_first_picture_again(experiment):
    start = experiment.picture.value, experiment.readout.value
    for control in experiment.controls.values():
        control.value = control.min
    calls, draw = [], experiment.draw
    experiment.draw = lambda **values: calls.append(values) or draw(**values)
    experiment.reset_button.click()
    assert (experiment.picture.value, experiment.readout.value) == start and len(calls) == 1
    assert calls == [{"w": 5.0, "b": -2.2, "lr": 0.1, "c": 0.5}]


def test_a_failing_draw_keeps_the_picture(experiment):
    before = experiment.picture.value
    experiment.draw = lambda **values: 1 / 0
    experiment.controls["w"].value = 4.5
    assert experiment.picture.value == before
    assert read(experiment) == ("alert", "division by zero")


def test_the_notebook_stores_picture_sentence_and_tasks(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append(data))
    assert descent_on_two_numbers() is None
    page = seen[0]["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in seen[0]
    assert page.startswith('<img alt="Left: the loss over w from 4.2 to 5.3') and "svg+xml" in page
    assert 'role="status"' in page and page.count("<li>") == 3
    assert "dL/dw = 0.05017" in seen[0]["text/plain"]
