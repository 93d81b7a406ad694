"""The gates at work: its numbers are the library's, and nothing that one can set breaks it."""
import itertools
import re
from importlib.resources import files

import numpy as np
import pytest

import bpttlib.widgets.gates
from bpttlib.diagnostics import cell_path, saturation
from bpttlib.plots._svg_colours import colour_image
from bpttlib.plots.style import BLUE, INK, VERMILLION
from bpttlib.tape import window
from bpttlib.widgets import _gates
from bpttlib.widgets._gates import T, network, problem, run, train, trained_parameters
from bpttlib.widgets.gates import LEAST, LEFT, PATH, TALL, WIDE, H, _draw, _make_gates

FOUR = list(itertools.product(("LSTM", "GRU"), ("adding", "sunspots")))
VIEW = "application/vnd.jupyter.widget-view+json"
NUMBER = r"([-+]?\d[\d.]*(?:e-\d+)?)"


@pytest.fixture
def experiment():
    return _make_gates()


def afresh(cell, sequence, added=0.0):
    """Run a network without the experiment's help; return its gates, the tape and the error."""
    model, _ = network(cell, sequence)
    params = trained_parameters(cell, sequence)
    b_h = params.cell.b_h.copy()
    rows = slice(H, 2 * H)                                  # f is second in i f g o, z in r z n
    b_h[rows] += added
    params = params._replace(cell=params.cell._replace(b_h=b_h))
    batch = problem(sequence).batch
    _, tape = model.forward(params, batch.x)
    tape = type(tape)(*(array[-T - 1:, :, :1] for array in tape))
    gates = {gate: block[:, :, 0] for gate, block in zip(
        model.cell.gates, np.split(tape.a, len(model.cell.gates), axis=1), strict=True)}
    return gates, tape, 2 * model.evaluate(params, batch) / problem(sequence).guessing


def numbers(sentence, start, stop):
    """Read the numbers between two words, those of the units' and gates' names left out."""
    part = sentence.split(start)[1].split(stop)[0]
    return [float(text) for text in re.findall(NUMBER, part)]


@pytest.mark.parametrize("cell, sequence", FOUR)
@pytest.mark.parametrize("added, step", [(0.0, 9), (1.5, 40), (-4.0, 58)])
def test_the_read_out_says_the_librarys_numbers(cell, sequence, added, step):
    sentence = _draw(cell, sequence, step, added, "none")[2]
    gates, tape, error = afresh(cell, sequence, added)
    network_cell = network(cell, sequence)[0].cell
    assert numbers(sentence, "gates on average", "; saturated") == [
        round(float(values[step].mean()), 2) for values in gates.values()]
    flat = saturation(network_cell, window(tape, step - 1, step))
    said = numbers(sentence, "upper end", ". Of its")
    assert said == [round(100 * share) for ends in flat.values() for share in ends]
    kept = np.prod(gates["f" if cell == "LSTM" else "z"][step + 1:], axis=0)
    least, median, most, unit = numbers(sentence.replace("unit ", ""), f"to step {T}:", ", the")
    assert np.allclose([least, median, most], [kept.min(), np.median(kept), kept.max()], rtol=0.5)
    assert most == pytest.approx(kept.max(), rel=0.05 if kept.max() >= 0.001 else 0.5)
    assert unit == kept.argmax() + 1
    errors = numbers(sentence, ("guessing: " if sequence == "adding" else "forecasts: "), "nobody")
    assert errors[0] == pytest.approx(error, rel=0.005)
    if added:
        assert errors[1:] == [added, pytest.approx(afresh(cell, sequence)[2], rel=0.005)]


@pytest.mark.parametrize("sequence", ["adding", "sunspots"])
def test_the_path_is_that_of_the_library(sequence):
    lstm, gru = run("LSTM", sequence, 0.5), run("GRU", sequence, 0.5)
    assert (lstm.path == cell_path(lstm.cell, lstm.tape)[..., 0]).all()
    z = gru.cell.blocks(gru.tape.a)[1][..., 0]
    for t in (0, 30, 58, 59):
        np.testing.assert_allclose(gru.path[t], np.prod(z[t + 1:], axis=0), rtol=1e-10)


def test_the_sunspots_are_shown_at_their_years():
    x = problem("sunspots").batch.x[-T:, 0, 0]
    assert 100 * x[0] == pytest.approx(37.6) and 100 * x[-1] == pytest.approx(92.5)     # 1920, 1978
    assert "Step 38 (year 1957)" in _draw("GRU", "sunspots", 38, 0.0, "none")[2]
    assert x.argmax() + 1 == 38                             # 1957 has the highest number of all


def test_the_trained_networks_have_learnt_their_tasks():
    errors = {pair: run(*pair).error for pair in FOUR}
    assert max(errors[cell, "adding"] for cell in ("LSTM", "GRU")) < 0.01
    assert max(errors[cell, "sunspots"] for cell in ("LSTM", "GRU")) < 0.3      # persistence 0.66


@pytest.mark.parametrize("cell, sequence", FOUR)
def test_only_the_bias_of_the_direct_path_is_moved(cell, sequence):
    before = [array.copy() for array in trained_parameters(cell, sequence).cell]
    low, high = run(cell, sequence, -4.0).path[30], run(cell, sequence, 4.0).path[30]
    assert (low < high).all() and (run(cell, sequence).path[30] < high).all()
    for array, copy in zip(trained_parameters(cell, sequence).cell, before, strict=True):
        assert (array == copy).all()


@pytest.mark.parametrize("cell, gates, state", [("LSTM", "ifgo", "c"), ("GRU", "rzn", "h")])
def test_the_maps_show_the_gates_and_the_state_units_downwards(cell, gates, state):
    values, tape, _ = afresh(cell, "adding", 0.5)
    svg = "".join(_draw(cell, "adding", 3, 0.5, "none")[0].parts)
    places = [svg.index(colour_image(values[gate][1:].T, "diverging", high=1)) for gate in gates]
    places.append(svg.index(colour_image(getattr(tape, state)[1:, :, 0].T, "diverging")))
    assert places == sorted(places)


@pytest.mark.parametrize("step", [1, 9, 59])
def test_the_frame_is_at_the_step_and_the_triangles_at_the_unit_that_keeps_most(step):
    svg = _draw("LSTM", "adding", step, 0.0, "none")[0]
    frames = [part for part in svg.parts if 'stroke-width="1.8"' in part]
    x, width = (float(re.search(f' {name}="(.*?)"', frames[0])[1]) for name in ("x", "width"))
    assert len(frames) == 1
    assert x + width / 2 == pytest.approx(LEFT + WIDE * (step - 0.5) / T, abs=0.11)
    triangles = [part for part in svg.parts if "Z" in part and f'd="M{LEFT - 11} ' in part]
    assert len(triangles) == (5 if step < T else 0)
    images = [part for part in svg.parts if part.startswith("<image") and f'x="{LEFT}"' in part]
    for part, image in zip(triangles, images, strict=False):
        top, height = (float(re.search(f' {name}="(.*?)"', image)[1]) for name in ("y", "height"))
        y = float(re.search(r"([\d.]+)Z", part)[1])
        assert int((y - top) / height * H) == run("LSTM", "adding").path[step].argmax()


def drawn(svg, *look):
    """Return the points of the line that is drawn so."""
    paths = re.findall("<path [^>]*>", "".join(svg.parts))
    [path] = [path for path in paths if all(part in path for part in look)]
    return np.array(re.findall(r"[ML](\S+?) ([^\s\"ML]+)", path), float).T


def test_the_lines_are_the_median_path_the_years_and_their_forecasts():
    svg, _, _ = _draw("LSTM", "sunspots", 20, 0.0, "none")
    at = LEFT + WIDE * (np.arange(1, T + 1) - 0.5) / T
    x, y = drawn(svg, BLUE, 'stroke-width="3"')
    median = np.median(run("LSTM", "sunspots").path[1:], axis=1)
    share = np.log(median / LEAST) / np.log(2 / LEAST)
    np.testing.assert_allclose(x, at, atol=0.06)
    np.testing.assert_allclose(y, PATH + TALL * (1 - share), atol=0.06)
    x, y = drawn(svg, INK, 'stroke-width="2.2"')
    model, _ = network("LSTM", "sunspots")
    batch = problem("sunspots").batch
    scale = np.polyfit(batch.x[-T:, 0, 0], y, 1)            # from a number to its height
    np.testing.assert_allclose(y, np.polyval(scale, batch.x[-T:, 0, 0]), atol=0.1)
    np.testing.assert_allclose(x, at, atol=0.06)
    forecast, _ = model.forward(trained_parameters("LSTM", "sunspots"), batch.x)
    x, y = drawn(svg, VERMILLION, "dasharray")              # of step t: the year of step t + 1
    np.testing.assert_allclose(x, at + WIDE / T, atol=0.06)
    np.testing.assert_allclose(y, np.polyval(scale, forecast[-T:, 0, 0]), atol=0.2)


def test_the_dots_are_at_what_is_kept_and_what_is_too_little_has_none():
    svg, _, _ = _draw("LSTM", "adding", 9, 0.0, "none")
    dots = [part for part in svg.parts if "<circle" in part]
    heights = [float(re.search(' cy="(.*?)"', dot)[1]) for dot in dots]
    kept = run("LSTM", "adding").path[9]
    shares = np.log(np.array([kept.max(), np.median(kept)]) / LEAST) / np.log(2 / LEAST)
    np.testing.assert_allclose(heights, PATH + TALL * (1 - shares), atol=0.06)
    assert f">{kept.max():.3g}</text>" in "".join(svg.parts)


def test_a_gate_can_be_shown_large():
    def heights(cell, large):
        parts = _draw(cell, "adding", 5, 0.0, large)[0].parts
        images = [part for part in parts if part.startswith("<image") and f'x="{LEFT}"' in part]
        return [float(re.search(' height="(.*?)"', image)[1]) for image in images]
    assert len(set(heights("LSTM", "none"))) == 1
    assert np.argmax(heights("LSTM", "f, z")) == 1 and np.argmax(heights("LSTM", "state")) == 4
    assert sum(heights("LSTM", "o")) == pytest.approx(sum(heights("LSTM", "none")), abs=0.5)
    assert heights("GRU", "o") == heights("GRU", "none")
    assert _draw("GRU", "adding", 5, 0.0, "o")[2].startswith("A GRU has no output gate.")


def test_no_setting_fails(experiment):
    controls = experiment.controls
    for cell, sequence in FOUR:
        controls["cell"].value, controls["sequence"].value = cell, sequence
        for added, step, large in itertools.product(
                (-4.0, 4.0), (1, 59), ("none", "i, r", "f, z", "g, n", "o", "state")):
            controls["added"].value, controls["step"].value = added, step
            controls["large"].value = large
            assert 'role="status"' in experiment.readout.value, experiment.readout.value
            assert "nan" not in experiment.picture.value
            assert f"tep {step}" in experiment.readout.value


def test_reset_and_the_name_of_the_bias(experiment):
    start, controls = (experiment.picture.value, experiment.readout.value), experiment.controls
    assert controls["added"].description == "forget bias +"
    controls["cell"].value = "GRU"
    assert controls["added"].description == "bias of z +"
    for name, value in {"sequence": "sunspots", "step": 30, "added": 2.0, "large": "state"}.items():
        controls[name].value = value
    assert experiment.picture.value != start[0]
    experiment.reset_button.click()
    assert (experiment.picture.value, experiment.readout.value) == start
    assert controls["added"].description == "forget bias +"


def test_the_notebook_stores_picture_sentence_and_tasks(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append(data))
    bpttlib.widgets.gates.gates_at_work()
    assert set(seen[0]) == {VIEW, "text/html", "text/plain"}
    page, plain = seen[0]["text/html"], seen[0]["text/plain"]
    assert page.startswith("<img alt=") and "data:image/svg+xml" in page
    assert page.count("<li>") == 5
    assert plain.startswith("Panels over 59 steps") and "0.00765 as trained" in plain


def test_what_the_tasks_ask_has_the_answers_they_mean():
    def error(cell, sequence, added=0.0):
        return run(cell, sequence, added).error
    kept = {cell: run(cell, "adding").path[9] for cell in ("LSTM", "GRU")}
    marks = np.flatnonzero(problem("adding").batch.x[:, 1, 0]) + 1
    assert marks.tolist() == [9, 44]
    assert np.median(kept["LSTM"]) < 0.01 and kept["LSTM"].max() > 0.8        # one unit keeps it
    assert kept["GRU"].max() < 0.3                                            # and here many do
    assert error("LSTM", "adding", 4.0) > 1 and error("GRU", "adding", 4.0) > 1
    full = run("LSTM", "adding", 4.0)
    assert np.median(full.path[9]) > 0.8
    assert saturation(full.cell, window(full.tape, 29, 30))["f"][1] > 0.5
    assert error("LSTM", "sunspots", -4.0) > 1 > 0.5 > error("GRU", "sunspots", -4.0)
    assert error("LSTM", "sunspots", 0.5) < error("LSTM", "sunspots")
    assert error("GRU", "sunspots", 0.5) > error("GRU", "sunspots")


def test_the_file_is_small_and_holds_numbers():
    file = files("bpttlib.data") / "gates.npz"
    assert len(file.read_bytes()) < 30_000
    with file.open("rb") as opened, np.load(opened) as arrays:
        assert len(arrays) == 20 and all(np.isfinite(array).all() for array in arrays.values())


@pytest.mark.long
def test_the_file_is_what_training_makes():
    made = train()
    with _gates.FILE.open("rb") as opened, np.load(opened) as arrays:
        assert set(arrays) == set(made)
        for name, array in made.items():
            np.testing.assert_allclose(arrays[name], array, rtol=0, atol=1e-6, err_msg=name)
