"""The LSTM's drawing and the maps of its gates: what stands where, and what the colours say."""
from collections import Counter

import numpy as np
import pytest

from bpttlib.plots import figure_html
from bpttlib.plots.gates import PLACE, draw_lstm, gate_maps

ALT = "A picture that some test has drawn."
SOLID = {"cell": 4, "gate": 4, "out": 5, "input": 6}         # and all but x_t's have a way back


def strokes(figure, *kinds):
    return [line for line in figure.axes[0].lines if not kinds or line.get_gid() in kinds]


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.parametrize("backward", [False, True])
def test_the_cell_has_all_its_arrows(backward):
    figure = draw_lstm(backward)
    wanted = SOLID | ({"back": sum(SOLID.values()) - 1} if backward else {})
    assert Counter(line.get_gid() for line in strokes(figure)) == wanted
    names = texts(figure)
    assert {f"${gate}$" for gate in "ifgo"} <= set(names)
    assert {"$c_t$", "$h_t$", "$x_t$", "$c_{t-1}$", "$h_{t-1}$"} <= set(names)
    assert names.count("×") == 3 and names.count("+") == 1
    assert names.count("$\\sigma$") == 3 and names.count("tanh") == 2
    for gate in "ifgo":
        assert (f"$\\delta_{gate}$" in names) == backward


def test_each_gradient_runs_beside_the_value_that_it_answers():
    figure = draw_lstm(backward=True)
    solid = [line.get_xydata()[[0, -1]] for line in strokes(figure, *SOLID)]
    x_t = np.array(PLACE["x_t"])
    for way in solid:
        opposite = [line for line in strokes(figure, "back")
                    if np.linalg.norm(line.get_xydata()[[-1, 0]] - way, axis=1).max() < 0.3]
        from_x = np.linalg.norm(way[0] - x_t) < 0.5         # the input needs no gradient
        assert len(opposite) == (0 if from_x else 1)


def test_the_cell_state_meets_one_product_and_one_sum():
    ways = [line.get_xydata()[[0, -1]] for line in strokes(draw_lstm(), "cell")]
    assert {y for way in ways for y in way[:, 1]} == {PLACE["c_t"][1]}
    ends = sorted(way[0, 0] for way in ways)
    stops = [PLACE[name][0] for name in ("c_{t-1}", "xf", "+", "c_t")]
    assert np.all(np.array(ends) > stops) and np.all(np.array(ends) - stops < 0.4)


def test_maps_show_each_unit_in_a_row_and_each_step_in_a_column():
    rng = np.random.default_rng(0)
    maps = {"i": rng.random((7, 3)), "f": rng.random((7, 3))}
    figure = gate_maps(maps, {"first": 2, "second": 5})
    for ax, values in zip(figure.axes, maps.values(), strict=False):
        mesh = ax.collections[0]
        assert np.array_equal(mesh.get_array(), values.T)
        assert mesh.norm.vmin == 0 and mesh.norm.vmax == 1
        assert ax.get_ylim() == (3.5, 0.5)                  # unit 1 is on top
        frames = [patch for patch in ax.patches if patch.get_gid() == "mark"]
        assert [(p.get_x(), p.get_width()) for p in frames] == [(1.5, 1), (4.5, 1)]
    assert [ax.get_ylabel() for ax in figure.axes[:2]] == ["i", "f"]
    placed = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts}
    assert placed == {"first": 2, "second": 5}


def test_open_is_darker_than_shut():
    colours = gate_maps({"i": np.array([[0.0, 0.5, 1.0]])}).axes[0].collections[0]
    colours.update_scalarmappable()
    shut, half, opened = colours.get_facecolors()[:, :3].mean(axis=1)
    assert shut > 0.95 > half > opened + 0.2


@pytest.mark.parametrize("draw", [lambda: draw_lstm(backward=True),
                                  lambda: gate_maps({"f": np.full((6, 20), 0.5)})])
def test_the_same_call_gives_the_same_bytes(draw):
    assert figure_html(draw(), ALT) == figure_html(draw(), ALT)


@pytest.mark.parametrize(("maps", "message"), [
    ({}, "maps: got dict; needs a dictionary with at least one map"),
    ({"c": np.array([[1.2]])}, r'maps\["c"\]: got from 1.2 to 1.2; needs values from 0 to 1'),
    ({"c": np.array([[-0.1]])}, r'maps\["c"\]: got from -0.1'),
    ({"i": np.ones((2, 3)), "f": np.ones((3, 2))}, r'maps\["f"\]: got shape \(3, 2\); needs'),
    ({"i": np.ones(3)}, r'maps\["i"\]: got shape \(3,\)')])
def test_maps_refuse(maps, message):
    with pytest.raises(ValueError, match=message):
        gate_maps(maps)
