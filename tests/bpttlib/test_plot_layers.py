"""Drawings of several layers and of both directions: every copy, every arrow, every number."""
import numpy as np
import pytest

from bpttlib.plots.layers import draw_both_ways, draw_stack


def texts(figure, gid=None):
    return [t.get_text() for t in figure.axes[0].texts
            if t.get_text() and gid in (None, t.get_gid())]


def arrows(figure, kind):
    """Shafts as (start, end), rounded to tenths of an inch."""
    return [tuple(map(tuple, line.get_xydata().round(1)))
            for line in figure.axes[0].lines if line.get_gid() == kind]


@pytest.mark.parametrize(("T", "layers"), [(1, 1), (4, 2), (6, 4)])
def test_a_stack_has_every_copy_and_every_arrow(T, layers):
    figure = draw_stack(T, layers)
    steps = range(1, T + 1)
    names = [f"${kind}_{{{t}}}$" for kind in "xy" for t in steps]
    names += [f"$h^{{{layer}}}_{{{t}}}$" for layer in range(1, layers + 1) for t in steps]
    assert sorted(texts(figure)) == sorted(names)
    assert len(arrows(figure, "input")) == T * layers and len(arrows(figure, "output")) == T
    assert len(arrows(figure, "state")) == (T - 1) * layers
    assert len(arrows(figure, "back")) == T * layers + (T - 1) * layers     # and none to x
    assert all(start[1] < end[1] for kind in ("input", "output")
               for start, end in arrows(figure, kind))
    assert all(start[0] < end[0] for start, end in arrows(figure, "state"))
    assert all(start[0] > end[0] or start[1] > end[1] for start, end in arrows(figure, "back"))


def test_the_numbers_stand_in_their_states():
    figure = draw_stack(3, 2, values=[[1, 2, 3], [4, 5, 6]])
    place = {t.get_text(): t.get_position() for t in figure.axes[0].texts}
    for layer, row in ((1, "123"), (2, "456")):
        for t, text in enumerate(row, start=1):
            x, y = place[f"$h^{{{layer}}}_{{{t}}}$"]
            assert np.allclose(place[text], (x, y - 0.29))
    assert sorted(texts(figure, "value")) == list("123456")
    assert place["4"][1] > place["1"][1] and place["3"][0] > place["1"][0]


@pytest.mark.parametrize("T", [1, 4, 5])
def test_both_ways_run_against_each_other_and_do_not_touch(T):
    figure = draw_both_ways(T)
    assert len(texts(figure)) == 4 * T
    assert len(arrows(figure, "input")) == len(arrows(figure, "output")) == 2 * T
    states = arrows(figure, "state")
    onward = [(start, end) for start, end in states if start[0] < end[0]]
    backward = [(start, end) for start, end in states if start[0] > end[0]]
    assert len(onward) == len(backward) == T - 1
    assert not {start[1] for start, _ in onward} & {start[1] for start, _ in backward}
    width, height = figure.get_size_inches()
    assert all(0 < x < width and 0 < y < height
               for x, y in (t.get_position() for t in figure.axes[0].texts))


@pytest.mark.parametrize(("draw", "message"), [
    (lambda: draw_stack(0, 2), "T: got 0; needs a whole number from 1 to 6"),
    (lambda: draw_stack(3, 5), "layers: got 5; needs a whole number from 1 to 4"),
    (lambda: draw_stack(3, 2, [[1, 2, 3]]), r"values: got shape \(1, 3\)"),
    (lambda: draw_both_ways(6), "T: got 6; needs a whole number from 1 to 5"),
    (lambda: draw_both_ways(2.0), "T: got 2.0")])
def test_drawings_refuse(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
