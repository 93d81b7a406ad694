"""The map of credit, without a browser: its numbers, its band, and its controls at their ends."""
import itertools
import re

import numpy as np
import pytest

from bpttlib.bptt import bptt
from bpttlib.diagnostics import contributions, credit_map
from bpttlib.gradcheck import relative_error
from bpttlib.truncation import truncated_bptt
from bpttlib.widgets._credit import CELLS, TASKS, bias, biases, network, starts
from bpttlib.widgets.credit import MAP, _draw, _make_map

START = {"cell": "Elman", "task": "temporal XOR", "gain": 0.9, "T": 20, "k1": 4, "k2": 8}
ENDS = {"gain": (0.0, 2.5), "T": (8, 32), "k1": (1, 32), "k2": (1, 32)}


@pytest.fixture
def experiment():
    return _make_map()


def kept(T, k1, k2):
    t, s = np.indices((T, T))
    return (s <= t) & (s >= starts(T, k1, k2)[:, None])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", TASKS)
def test_the_numbers_are_the_librarys(cell, task):
    net = network(cell, task, 0.9, 9)
    own = net.dh_own
    full = bptt(net.cell, net.params, net.x, net.tape, own).params.W_hh
    np.testing.assert_allclose(net.full, full, rtol=1e-12)
    M = np.linalg.norm(credit_map(net.cell, net.params, net.tape, own), axis=2)
    np.testing.assert_array_equal(net.norms, M)
    C = contributions(net.cell, net.params, net.x, net.tape, own).W_hh
    np.testing.assert_allclose(C.sum(axis=(0, 1)), full, atol=1e-14)
    for k1, k2 in ((1, 1), (1, 4), (2, 4), (4, 4), (3, 7), (9, 9), (1, 32), (32, 32)):
        cut = truncated_bptt(net.cell, net.params, net.x, net.tape, own, k1, k2).params.W_hh
        assert bias(cell, task, 0.9, 9, k1, k2) == relative_error(full, cut)
        np.testing.assert_allclose(C[kept(9, k1, k2)].sum(axis=0), cut, atol=1e-14)     # the band
    curves = biases(cell, task, 0.9, 9)
    for k in range(1, 10):
        assert curves["sliding"][k - 1] == pytest.approx(bias(cell, task, 0.9, 9, 1, k), abs=1e-12)
        assert curves["chunks"][k - 1] == pytest.approx(bias(cell, task, 0.9, 9, k, k), abs=1e-12)


def test_the_readout_says_the_numbers(experiment):
    percent = 100 * bias(**START)
    pairs, inside = 20 * 21 // 2, kept(20, 4, 8).sum()
    assert f"{inside} of {pairs} pairs" in experiment.readout.value
    assert f"The bias of the gradient of W_hh is {percent:.3g} %." in experiment.readout.value
    cut = network("Elman", "temporal XOR", 0.9, 20).norms[~kept(20, 4, 8)]
    assert f"the largest that is cut {cut.max():.2g}." in experiment.readout.value
    assert percent == pytest.approx(16.2, abs=0.05)
    experiment.controls["task"].value = "adding"            # one loss: one row
    assert "8 of 20 pairs" in experiment.readout.value
    experiment.controls["k1"].value = experiment.controls["k2"].value = 20
    assert "nothing is cut, all 20 pairs" in experiment.readout.value
    assert "W_hh is 0 %" in experiment.readout.value


def test_the_line_goes_around_what_is_kept():
    """Fill the drawn line by counting its crossings; the cells inside are the ones kept."""
    for T, k1, k2 in ((20, 4, 8), (9, 1, 3), (10, 4, 4), (8, 3, 7), (8, 20, 20)):
        svg, *_ = _draw("Elman", "temporal XOR", 0.9, T, k1, k2)
        [path] = [part for part in svg.parts if 'stroke-width="2.5"' in part and "path" in part]
        x, y = np.array(re.findall(r"([-\d.]+) ([-\d.]+)", path.split('"')[1]), float).T
        side = MAP[2] / T
        for t, s in np.ndindex(T, T):
            px, py = MAP[0] + side * (s + 0.5), MAP[1] + side * (t + 0.5)
            crossed = ((y[:-1] > py) != (y[1:] > py)) & (x[:-1] > px)   # upright pieces only
            assert crossed.sum() % 2 == kept(T, k1, k2)[t, s], (T, k1, k2, t, s)
        struck = [part for part in svg.parts if 'stroke-width="2.4"' in part]
        assert len(struck) == np.count_nonzero(starts(T, k1, k2)) + 1          # and the key's


def test_the_tasks_have_the_losses_that_the_picture_speaks_of():
    diagonal = {task: network("Elman", task, 0.9, 12).norms.diagonal() for task in TASKS}
    assert (diagonal["temporal XOR"] > 0).all() and (diagonal["counting"] > 0).all()
    assert diagonal["counting"][-1] > 3 * diagonal["counting"][0]
    assert np.flatnonzero(diagonal["adding"]).tolist() == [11]


def test_k2_is_raised_to_k1(experiment):
    experiment.controls["k1"].value = 12
    assert "Chunks, k1 = 12, k2 = 12, as k2 must be at least k1:" in experiment.readout.value
    assert f"{100 * bias('Elman', 'temporal XOR', 0.9, 20, 12, 12):.3g} %" in (
        experiment.readout.value)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", TASKS)
def test_no_control_can_fail(experiment, cell, task):
    experiment.controls["cell"].value, experiment.controls["task"].value = cell, task
    for corner in itertools.product(*ENDS.values()):
        for name, value in zip(ENDS, corner, strict=True):
            control = experiment.controls[name]
            assert value in (control.min, control.max)
            control.value = value
            assert 'role="status"' in experiment.readout.value
            for text in (experiment.readout.value, experiment.picture.value):
                assert not re.search(r"\b(nan|inf)\b", text)


def test_reset_and_bundle(experiment):
    start = experiment.picture.value, experiment.readout.value
    changed = {"cell": "GRU", "task": "adding", "gain": 2.0, "T": 11, "k1": 3, "k2": 5}
    for name, value in changed.items():
        before = experiment.picture.value
        experiment.controls[name].value = value
        assert experiment.picture.value != before, name
    experiment.reset_button.click()
    assert (experiment.picture.value, experiment.readout.value) == start
    assert experiment.values() == START
    page = experiment.bundle["text/html"]
    assert "data:image/svg+xml;base64," in page and "What to try" in page
    assert "The bias of the gradient of W_hh is 16.2 %." in page
    assert "application/vnd.jupyter.widget-view+json" in experiment.bundle


def test_what_the_reader_is_told_to_predict_is_so():
    xor, adding = ("Elman", "temporal XOR", 0.9, 20), ("Elman", "adding", 0.9, 20)
    assert bias(*xor, 1, 2) > 1.3 * bias(*xor, 1, 1)                    # more copies, more bias
    chunks = {k: bias(*adding, k, k) for k in (5, 6, 10, 19)}
    assert sorted(chunks, key=chunks.get) == [10, 5, 6, 19]
    assert 2 < bias(*xor, 10, 10) / bias(*xor, 5, 10) < 4
    assert kept(20, 1, 19).sum() == 20 * 21 // 2 - 1 and bias(*xor, 1, 19) < 1e-12
    for cell in ("Elman", "LSTM"):
        norms = network(cell, "temporal XOR", 0.0, 20).norms
        assert np.array_equal(norms > 0, np.eye(20) > 0)
    assert bias("Elman", "temporal XOR", 0.0, 20, 1, 1) < 1e-12
    assert bias("LSTM", "temporal XOR", 0.0, 20, 1, 1) > 0.5            # along c
