"""Arrows and phase diagrams: what is in them, and what they refuse."""
import io
import re

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image

from bpttlib.plots.picture import _png
from bpttlib.plots.plane import LOOKS, arrows, phase_diagram

RAW, CLIPPED = (0.3, 2.5), (-0.25, 0.5)
SHARES = {"solved": np.array([[1, 1 / 3, 0], [0, 0, 2 / 3]]),
          "diverged": np.array([[0, 2 / 3, 0], [0, 0.5, 0]]),
          "neither": np.array([[0, 0, 1], [1, 0.5, 1 / 3]])}
ROWS, COLUMNS = (0.5, 1.5), (0.01, 0.1, 1.0)
PICTURES = {
    "arrows": lambda: arrows({"raw": RAW, "clipped": CLIPPED}, 1.0, "$dw$", "$db$"),
    "phases": lambda: phase_diagram(ROWS, COLUMNS, {"one": SHARES, "two": SHARES}, "g", "lr"),
}


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_the_picture_is_small_readable_and_always_the_same(draw):
    first, again = _png(draw()), _png(draw())
    assert first == again and len(first) < 60_000
    assert 450 <= Image.open(io.BytesIO(first)).width <= 1000
    assert all(text.get_fontsize() >= 12 for text in draw().findobj(Text) if text.get_text())


def test_arrows_end_at_their_vectors_and_long_ones_at_the_edge():
    figure = PICTURES["arrows"]()
    ax = figure.axes[0]
    raw, clipped = (t.xy for t in ax.texts if t.get_gid() == "arrow")
    assert clipped == pytest.approx(CLIPPED)
    assert raw == pytest.approx(np.multiply(RAW, 1.6 / 2.5))            # same direction
    names = [t for t in ax.texts if t.get_text()]
    assert [t.get_text() for t in names] == ["raw, length 2.52", "clipped"]
    assert [t.get_ha() for t in names] == ["left", "right"]             # away from each other
    circle, box = ax.patches
    assert circle.radius == 1.0 and (box.get_width(), box.get_height()) == (2.0, 2.0)
    box = ax.get_position().bounds * np.tile(figure.get_size_inches(), 2)
    assert box[2] == pytest.approx(box[3])                              # angles are true
    assert np.ptp(ax.get_xlim()) == pytest.approx(np.ptp(ax.get_ylim()))


def test_each_cell_shows_its_shares():
    figure = PICTURES["phases"]()
    for ax in figure.axes:
        found = {name: np.zeros((2, 3)) for name in SHARES}
        filled = np.zeros((2, 3))
        for patch in ax.patches:
            k, row, column = int(patch.get_gid()), int(patch.get_y()), int(patch.get_x() + 1e-9)
            assert to_hex(patch.get_facecolor()) == to_hex(LOOKS[k][0])
            assert patch.get_hatch() == LOOKS[k][1]
            assert patch.get_x() == pytest.approx(column + filled[row, column])
            found[list(SHARES)[k]][row, column] = patch.get_width()
            filled[row, column] += patch.get_width()
        assert all(np.allclose(found[name], SHARES[name]) for name in SHARES)
        assert [t.get_text() for t in ax.get_xticklabels()] == ["0.01", "0.1", "1"]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["0.5", "1.5"]
    assert [ax.get_title() for ax in figure.axes] == ["one", "two"]
    legend = figure.legends[0]
    assert [t.get_text() for t in legend.get_texts()] == list(SHARES)
    assert [(to_hex(key.get_facecolor()), key.get_hatch()) for key in legend.get_patches()] == [
        (to_hex(colour), hatch) for colour, hatch in LOOKS]


@pytest.mark.parametrize(("call", "message"), [
    (lambda: arrows({}, 1.0, "w", "b"), "vectors: got {}; needs a dictionary"),
    (lambda: arrows({"a": (1, 2)}, 0.0, "w", "b"), "radius: got 0.0; needs a positive number"),
    (lambda: arrows({"a": (1, 2, 3)}, 1.0, "w", "b"), 'vectors["a"]: got shape (3,)'),
    (lambda: phase_diagram(ROWS, COLUMNS, {}, "g", "lr"), "panels: got {}; needs a dictionary"),
    (lambda: phase_diagram(ROWS, COLUMNS[1:], {"one": SHARES}, "g", "lr"),
     'panels["one"]: got shape (3, 2, 3)'),
    (lambda: phase_diagram(ROWS, COLUMNS, {"one": SHARES | {"solved": np.ones((2, 3))}}, "g", "lr"),
     'panels["one"]: got shares that do not add up to 1'),
    (lambda: phase_diagram(ROWS, COLUMNS, {"one": SHARES | {"other": SHARES["solved"]}}, "g", "lr"),
     "panels: got 4 outcomes; needs at most 3"),
    (lambda: phase_diagram(ROWS, COLUMNS, {"one": SHARES, "two": {"solved": np.ones((2, 3))}},
                           "g", "lr"), "panels[\"two\"]: got outcomes ['solved']"),
])
def test_what_cannot_be_drawn_is_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
