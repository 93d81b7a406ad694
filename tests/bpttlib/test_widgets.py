"""Experiments without a browser: what the controls do, and what a notebook stores."""
import re

import ipywidgets
import pytest

from bpttlib.plots import lines
from bpttlib.widgets import explore
from bpttlib.widgets.explore import _Experiment

VIEW = "application/vnd.jupyter.widget-view+json"
CONTROLS = {"w": (0.0, 2.0, 0.1, 0.5), "T": (1, 20, 1, 8), "scale": ["linear", "log"],
            "both_signs": False}


def powers(w, T, scale, both_signs):
    if w > 1.9:
        raise ValueError(f"w: got {w}; needs <less> than 1.9.")
    y = [(-w if both_signs else w) ** t for t in range(T + 1)]
    return lines({"y": y}, "t", "power"), f"Power {T} of {w} is {y[-1]:.4f}, {scale}, {both_signs}."


@pytest.fixture
def calls():
    """What draw was called with."""
    return []


@pytest.fixture
def experiment(calls):
    def draw(**values):
        calls.append(values)
        return powers(**values)
    return _Experiment(draw, ["Guess w < 1 first."], CONTROLS)


def read(experiment):
    """The sentence in the read-out, and its role."""
    return re.fullmatch('<p role="(.*)" aria-live="polite" style="margin:0">(.*)</p>',
                        experiment.readout.value).groups()


def test_it_starts_where_it_was_told(experiment, calls):
    assert calls == [{"w": 0.5, "T": 8, "scale": "linear", "both_signs": False}]
    assert read(experiment) == ("status", "Power 8 of 0.5 is 0.0039, linear, False.")
    assert experiment.picture.value.startswith('<img alt="Power 8 of 0.5 is 0.0039, linear')


@pytest.mark.parametrize(("name", "value", "text"), [
    ("w", 0.8, "Power 8 of 0.8 is 0.1678, linear, False."),
    ("T", 3, "Power 3 of 0.5 is 0.1250, linear, False."),
    ("scale", "log", "Power 8 of 0.5 is 0.0039, log, False."),
    ("both_signs", True, "Power 8 of 0.5 is 0.0039, linear, True.")])
def test_each_control_redraws_once(experiment, calls, name, value, text):
    before = experiment.picture.value
    experiment.controls[name].value = value
    assert len(calls) == 2 and calls[1] == calls[0] | {name: value}
    assert read(experiment) == ("status", text)
    assert experiment.picture.value != before and text in experiment.picture.value


def test_slider_and_field_move_together(experiment, calls):
    field, slider = experiment.box.children[0].children
    assert field is experiment.controls["w"] and field.description == "w"
    assert isinstance(slider, ipywidgets.FloatSlider) and slider.continuous_update
    slider.value = 0.1 * 3                                  # 0.30000000000000004
    assert field.value == calls[-1]["w"] == 0.3 and len(calls) == 2
    field.value = 0.7
    assert slider.value == 0.7 and len(calls) == 3
    whole, slider = experiment.box.children[1].children
    slider.value = 12
    assert whole.value == 12 and isinstance(calls[-1]["T"], int)
    whole.value = 50                                        # typed: brought back into the range
    assert whole.value == slider.value == 20


def test_a_draw_that_fails_keeps_the_picture_and_says_why(experiment):
    before = experiment.picture.value
    experiment.controls["w"].value = 2.0
    assert experiment.picture.value == before
    assert read(experiment) == ("alert", "w: got 2.0; needs &lt;less&gt; than 1.9.")
    experiment.controls["w"].value = 0.8
    assert read(experiment)[0] == "status" and experiment.picture.value != before


def test_an_error_without_words_is_named(experiment):
    def fail(**values):
        raise ZeroDivisionError
    experiment.draw = fail
    experiment.controls["T"].value = 3
    assert read(experiment) == ("alert", "ZeroDivisionError")


def test_reset_brings_all_back_with_one_drawing(experiment, calls):
    start = experiment.picture.value, experiment.readout.value
    for name, value in {"w": 2.0, "T": 3, "scale": "log", "both_signs": True}.items():
        experiment.controls[name].value = value
    drawn = len(calls)
    experiment.reset_button.click()
    assert len(calls) == drawn + 1 and calls[-1] == calls[0]
    assert (experiment.picture.value, experiment.readout.value) == start
    experiment.controls["T"].value = 4                      # still listens
    assert len(calls) == drawn + 2


def test_controls_have_names_for_screen_readers(experiment):
    rows = [row.children for row in experiment.box.children[:4]]
    assert [row[0].description for row in rows[:2]] == ["w", "T"]
    label, choice = rows[2]
    assert label.value == "scale" and choice.tooltips == ("scale: linear", "scale: log")
    assert rows[3][0].description == "both_signs"


def test_the_notebook_stores_widget_picture_and_text(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append((data, raw)))
    assert explore(powers, ["Guess w < 1 first."], **CONTROLS) is None
    [(data, raw)] = seen
    assert raw and set(data) == {VIEW, "text/html", "text/plain"}
    assert data["text/plain"] == "Power 8 of 0.5 is 0.0039, linear, False."
    page = data["text/html"]
    assert page.startswith('<img alt="Power 8 of 0.5 is 0.0039') and "data:image/png" in page
    assert "<li>Guess w &lt; 1 first.</li>" in page and page.count("0.0039") == 2
    assert data[VIEW]["model_id"]


def test_without_tasks_there_is_no_list():
    experiment = _Experiment(powers, (), CONTROLS)
    assert "What to try" not in experiment.bundle["text/html"]


def test_a_failure_at_the_start_is_raised():
    with pytest.raises(ValueError, match="w: got 2.0"):
        _Experiment(powers, (), CONTROLS | {"w": (0.0, 2.0, 0.1, 2.0)})


@pytest.mark.parametrize("spec", [
    (0, 1, 0.1), (0, 1, 0, 0), (1, 0, 1, 0), (0, 1, 0.1, 2), (0, 0, 1, 0), [], "tanh", None, 0.5,
    ("a", "b", "c", "d")])
def test_a_control_needs_a_range_a_choice_or_a_switch(spec):
    with pytest.raises(ValueError, match=r"some_w: got .*; needs \(least, greatest, step, start\)"):
        explore(lambda some_w: None, some_w=spec)


def test_an_experiment_needs_a_control():
    with pytest.raises(ValueError, match="controls: got none; needs at least one"):
        explore(powers)
