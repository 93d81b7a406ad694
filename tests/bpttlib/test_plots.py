"""The pictures: what is in them, what they say, and that the same call gives the same bytes."""
import base64
import io
import re
import subprocess
import sys
import warnings
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text
from PIL import Image

from bpttlib.plots import (
    draw_copies,
    draw_unfolding,
    figure_html,
    forecast,
    heat_map,
    lines,
    loss_surface,
    show,
)
from bpttlib.plots._diagram import number
from bpttlib.plots.curves import _apart
from bpttlib.plots.style import BLUE, COLOURS, GREEN, GREY, PURPLE, VERMILLION

ALT = "A picture that some test has drawn."
AXIS = np.linspace(-1, 1, 21)
LOWER = np.tril(np.random.default_rng(3).normal(size=(5, 5)))
PICTURES = {
    "unfolding": lambda: draw_unfolding(3, backward=True, values={"h": [0.1, -0.2, 0.3, 0.4]}),
    "long unfolding": lambda: draw_unfolding(6, backward=True),
    "copies": lambda: draw_copies(3, backward=True),
    "small map": lambda: heat_map(LOWER),
    "large map": lambda: heat_map(np.tril(np.ones((30, 30)))),
    "lines": lambda: lines({"a": [1, 2, 4], "b": [3, 2, 1]}, "t", "$h_t$", log="y",
                           vertical={"here": 1}, horizontal={"$u$": 2}, shaded={"s": (0, 1)}),
    "forecast": lambda: forecast([1, 2, 3, 4], [5, 6, 8, 4], [np.nan, 6, 7, 5],
                                 [np.nan, 5, 6, 8], {"test": (3, 4)}),
    "surface": lambda: loss_surface(AXIS, AXIS, AXIS[:, None] ** 2 + (AXIS - 0.2) ** 2,
                                    path=[(-0.9, -0.5), (0, 0)], points={"$A$": (0.2, 0)}),
}


@pytest.fixture
def displayed(monkeypatch):
    """Return a list that collects what a notebook would store."""
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw=False: seen.append((data, raw)))
    return seen


def png(figure):
    source = re.search('base64,([^"]+)"', figure_html(figure, ALT)).group(1)
    return base64.b64decode(source)


def texts(figure, gid=None):
    return [text.get_text() for ax in figure.axes for text in ax.texts
            if gid is None or text.get_gid() == gid]


def strokes(figure):
    """From the kind of an arrow to the lines of that kind."""
    found = {}
    for line in figure.axes[0].lines:
        found.setdefault(line.get_gid(), []).append(line)
    return found


def counts(figure):
    return {kind: len(found) for kind, found in strokes(figure).items()}


# --- pictures in a notebook -------------------------------------------------------------------

@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_each_picture_is_small_wide_enough_and_always_the_same(draw):
    with warnings.catch_warnings():
        warnings.simplefilter("error")                      # a missing glyph, a collapsed layout
        first, again = png(draw()), png(draw())
    assert first == again
    assert len(first) < 60_000
    image = Image.open(io.BytesIO(first))
    assert 450 <= image.width <= 1000 and image.info == {}  # no date, no version
    figure = draw()
    assert image.size == tuple((110 * figure.get_size_inches() + 1e-6).astype(int))
    assert all(text.get_fontsize() >= 12 for text in figure.findobj(Text) if text.get_text())


def test_the_picture_shows_what_was_drawn():
    pixels = np.asarray(Image.open(io.BytesIO(png(draw_unfolding(2)))).convert("RGB")).astype(int)
    for colour, other in ((GREEN, False), (BLUE, False), (PURPLE, False), (VERMILLION, True)):
        distance = np.abs(pixels - np.array(to_rgb(colour)) * 255).max(axis=-1)
        assert (distance.min() > 20) == other               # no backward arrows: no vermillion


def test_drawing_leaves_no_traces():
    code = """
        import sys
        from matplotlib import rcParams
        before = str(list(dict.items(rcParams)))    # rcParams.items() would load pyplot
        from bpttlib.plots import draw_unfolding, figure_html, lines
        figure_html(draw_unfolding(1), "x" * 20)
        figure_html(lines({"a": [1, 2], "b": [2, 1]}, "t", "a"), "x" * 20)
        assert str(list(dict.items(rcParams))) == before, "settings of matplotlib"
        assert "matplotlib.pyplot" not in sys.modules and "IPython" not in sys.modules
        """
    subprocess.run([sys.executable, "-c", dedent(code)], check=True)


def test_the_text_is_escaped_and_stands_in_both_entries(displayed):
    show(lines({"a": [1, 2]}, "t", "a"), 'The "gradient" of\n  a < b, and its sign.')
    [(data, raw)] = displayed
    assert raw and set(data) == {"text/html", "text/plain"}
    assert data["text/plain"] == 'The "gradient" of a < b, and its sign.'
    assert data["text/html"].startswith(
        '<img alt="The &quot;gradient&quot; of a &lt; b, and its sign." style="max-width:100%" '
        'src="data:image/png;base64,')


def test_show_closes_a_figure_of_pyplot(displayed):
    import matplotlib.pyplot as plt
    figure, ax = plt.subplots()
    ax.plot([1, 2])
    show(figure, ALT)
    assert len(displayed) == 1 and not plt.fignum_exists(figure.number)


@pytest.mark.parametrize("alt", ["", "Loss", " " * 30, None, 3])
def test_a_picture_needs_a_sentence(alt, displayed):
    with pytest.raises(ValueError, match="alt: got .*; needs a sentence of at least 20 characters"):
        show(lines({"a": [1, 2]}, "t", "a"), alt)
    assert displayed == []


def test_text_in_every_colour_stands_out_from_white():
    def luminance(colour):
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)
    assert all(1.05 / (luminance(colour) + 0.05) >= 4.5 for colour in (*COLOURS, GREY))


@pytest.mark.parametrize(("value", "text"), [
    (0, "0"), (0.25, "0.25"), (-1.5, "−1.5"), (120, "120"), (0.053, "0.053"),
    (0.0014, "0.001"), (0.0005, "5e−4"), (-3e-5, "−3e−5"), (1e-12, "1e−12"),
    (9999, "9999"), (12345, "1e4"), (99.7, "100"), (-0.0, "0"), (100.0, "100")])
def test_numbers_are_short(value, text):
    assert number(value) == text


@given(st.floats(-1e15, 1e15))
def test_short_numbers_are_near(value):
    shown = number(value)
    assert len(shown) <= 7 and float(shown.replace("−", "-")) == pytest.approx(
        value, rel=0.005 if 0.1 <= abs(value) < 9999 else 0.34, abs=0.005 * (abs(value) > 0.1))


# --- networks ---------------------------------------------------------------------------------

@given(st.integers(1, 12), st.booleans(), st.booleans(), st.booleans(),
       st.sampled_from(["all", "last"]))
def test_every_copy_has_its_arrows(T, forward, backward, folded, targets):
    figure = draw_unfolding(T, forward, backward, folded, targets)
    losses = T if targets == "all" else 1
    copies = {"W_xh": T, "W_hh": T, "W_hy": losses, "loss": losses}
    wanted = {kind: n * forward + folded for kind, n in copies.items()}
    wanted |= {f"back {kind}": n * backward for kind, n in copies.items() if kind != "W_xh"}
    assert counts(figure) == {kind: n for kind, n in wanted.items() if n}
    nodes = [patch for patch in figure.axes[0].patches if patch.get_gid() == "node"]
    assert len(nodes) == 1 + 2 * T + 2 * losses + 4 * folded
    assert len(texts(figure, "gradient")) == (T + 1) * backward


def test_arrows_of_one_matrix_have_one_colour_and_one_name():
    figure = draw_unfolding(4, backward=True)
    kinds = strokes(figure)
    colours = {kind: {to_hex(line.get_color()) for line in found} for kind, found in kinds.items()}
    assert colours["W_xh"] == {to_hex(GREEN)} and colours["W_hh"] == {to_hex(BLUE)}
    assert colours["W_hy"] == {to_hex(PURPLE)} and colours["back W_hh"] == {to_hex(VERMILLION)}
    assert all(line.is_dashed() == kind.startswith("back")
               for kind, found in kinds.items() for line in found)
    names = texts(figure)
    for matrix in "$W_{xh}$", "$W_{hh}$", "$W_{hy}$":
        assert names.count(matrix) == 5
        colour = {to_hex(t.get_color()) for t in figure.axes[0].texts if t.get_text() == matrix}
        assert colour == colours[matrix.strip("$").replace("{", "").replace("}", "")]
    for node in "h_{0}", "h_{4}", "x_{1}", "y_{4}", "L_{2}":
        assert names.count(f"${node}$") == 1
    assert "$x_{0}$" not in names and "unfold" in names


def test_arrows_go_where_time_and_gradients_go():
    kinds = strokes(draw_unfolding(3, backward=True, folded=False))
    way = {kind: [line.get_xydata()[-1] - line.get_xydata()[0] for line in found]
           for kind, found in kinds.items()}
    for kind, axis, sign in (("W_xh", 1, 1), ("W_hy", 1, 1), ("W_hh", 0, 1), ("loss", 1, 1),
                             ("back W_hh", 0, -1), ("back W_hy", 1, -1), ("back loss", 1, -1)):
        assert all(sign * step[axis] > 0.1 and abs(step[1 - axis]) < 1e-9 for step in way[kind])


def live(figure, kind):
    """Count the arrows that are not pale."""
    full = to_hex(VERMILLION if kind.startswith("back") else BLUE)
    return sum(to_hex(line.get_color()) == full for line in strokes(figure)[kind])


@pytest.mark.parametrize("upto", range(5))
def test_a_sweep_can_stop_on_its_way(upto):
    forward = draw_unfolding(4, folded=False, upto=upto, values={"h": [9, 8, 7, 6, 5]})
    assert live(forward, "W_hh") == upto
    assert texts(forward, "value") == ["9", "8", "7", "6", "5"][:upto + 1]
    backward = draw_unfolding(4, backward=True, folded=False, upto=upto,
                              values={"dh": [9, 8, 7, 6, 5]})
    assert live(backward, "W_hh") == 4                      # the forward sweep is complete
    assert live(backward, "back W_hh") == 4 - upto
    assert texts(backward, "value") == ["9", "8", "7", "6", "5"][upto:]


def test_numbers_stand_in_the_nodes_of_their_steps():
    values = {"x": [1, 2], "h": [0.5, -0.25, 0.75], "y": [3], "L": [4.5]}
    figure = draw_unfolding(2, targets="last", folded=False, values=values)
    placed = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    pairs = {"x_{1}": "1", "x_{2}": "2", "h_{0}": "0.5", "h_{1}": "−0.25", "h_{2}": "0.75",
             "y_{2}": "3", "L_{2}": "4.5"}
    assert sorted(texts(figure, "value")) == sorted(pairs.values())
    for node, value in pairs.items():
        assert np.hypot(*np.subtract(placed[f"${node}$"], placed[value])) < 0.3


@pytest.mark.parametrize(("arguments", "message"), [
    ({"T": 0}, "T: got 0; needs a whole number from 1 to 12"),
    ({"T": 2.5}, "T: got 2.5"),
    ({"T": 3, "targets": "first"}, "targets: got 'first'"),
    ({"T": 3, "upto": 4}, "upto: got 4; needs None or a step from 0 to T=3"),
    ({"T": 3, "values": {"c": [1]}}, "values: got keys"),
    ({"T": 3, "values": {"h": [1, 2, 3]}}, r'values\["h"\]: got shape \(3,\); needs shape \(4,\)'),
    ({"T": 3, "values": {"y": [1, 2, 3]}, "targets": "last"}, r"needs shape \(1,\)")])
def test_unfolding_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        draw_unfolding(**arguments)


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("k", range(1, 6))
def test_copies_of_the_encyclopaedia(k, backward):
    figure = draw_copies(k, backward)
    wanted = {"input": k + 1, "state": k + 3, "output": 2} | ({"back": k + 1} if backward else {})
    assert counts(figure) == wanted                         # the folded drawing's among them
    names = texts(figure)
    for i in range(1, k + 1):
        assert f"$f_{i}$" in names and f"$x_{{t+{i}}}$" in names
    assert {"$x_t$", "$a_t$", f"$y_{{t+{k}}}$", f"$e = p - y_{{t+{k}}}$"} <= set(names)
    assert (f"$a_{{t+{k - 1}}}$" in names) == (k > 1) and f"$a_{{t+{k}}}$" not in names
    total = "$\\Delta f = " + " + ".join(f"\\Delta f_{i}" for i in range(1, k + 1)) + "$"
    assert (total in names) == backward


@pytest.mark.parametrize("k", [0, 6, 1.5, "3"])
def test_copies_refuse(k):
    with pytest.raises(ValueError, match="k: got .*; needs a whole number from 1 to 5"):
        draw_copies(k)


# --- maps -------------------------------------------------------------------------------------

def test_a_small_map_shows_its_numbers_and_their_sums():
    figure = heat_map(LOWER)
    rows, columns = np.tril_indices(5)
    assert texts(figure, "value") == [number(v) for v in LOWER[rows, columns]]
    places = [t.get_position() for t in figure.axes[0].texts if t.get_gid() == "value"]
    assert places == [(s + 1, t + 1) for t, s in zip(rows, columns, strict=True)]
    assert texts(figure, "column sum") == [number(v) for v in LOWER.sum(axis=0)]
    assert texts(figure, "row sum") == [number(v) for v in LOWER.sum(axis=1)]
    assert texts(figure, "total") == [number(LOWER.sum())]
    low, high = figure.axes[0].get_ylim()
    assert low > high                                       # the first loss stands at the top


def test_the_colours_of_a_map_are_centred_on_zero():
    mesh = heat_map(LOWER).axes[0].collections[0]
    assert mesh.norm.vmax == -mesh.norm.vmin == np.abs(LOWER).max()
    shown = mesh.get_array()
    assert np.array_equal(shown.mask, np.triu(np.ones((5, 5)), 1) > 0)
    assert np.array_equal(shown.filled(0), LOWER)


@pytest.mark.parametrize(("sign", "ends"), [(1.0, ["0", "2"]), (-1.0, ["-2", "0", "2"])])
def test_the_scale_of_a_map_shows_the_signs_that_there_are(sign, ends):
    bar = heat_map(np.tril(np.full((9, 9), sign * 2.0))).axes[1]
    assert [t.get_text().replace("\N{MINUS SIGN}", "-") for t in bar.get_xticklabels()] == ends
    (shown,) = bar.images
    assert shown.get_array().min() == (0 if sign > 0 else -2)
    assert (shown.norm.vmin, shown.norm.vmax) == (-2, 2)    # zero has the colour of zero


def test_a_large_map_has_bars_for_its_sums():
    values = np.tril(np.random.default_rng(4).normal(size=(12, 12)))
    figure = heat_map(values)
    assert texts(figure, "value") == [] and texts(figure, "total") == [number(values.sum())]
    down, right = figure.axes[0].containers
    heights = -np.array([bar.get_height() for bar in down])             # the axis points down
    widths = np.array([bar.get_width() for bar in right])
    assert np.allclose(heights / heights[0], values.sum(axis=0) / values[:, 0].sum())
    assert np.allclose(widths / heights[0], values.sum(axis=1) / values[:, 0].sum())
    assert heights[0] * values[:, 0].sum() > 0
    assert len(figure.axes) == 2                            # the colour scale
    assert heat_map(values, sums=False).axes[0].containers == []


def test_a_large_map_says_without_colours_what_is_negative():
    values = np.tril(np.random.default_rng(4).normal(size=(12, 12)))
    marked = {(text.get_position()[1] - 1, text.get_position()[0] - 1)
              for text in heat_map(values).axes[0].texts if text.get_gid() == "minus"}
    top = np.abs(values).max()
    assert marked == {(t, s) for t, s in np.ndindex(12, 12) if values[t, s] < -0.05 * top}
    assert 20 < len(marked) < 50


def test_a_map_without_sums_and_one_of_zeros():
    assert texts(heat_map(LOWER, sums=False), "total") == []
    assert texts(heat_map(np.zeros((2, 2))), "total") == ["0"]


@pytest.mark.parametrize(("values", "message"), [
    (np.ones((2, 2)), "values: got numbers above the diagonal; needs a lower triangular"),
    (np.ones((3, 2)), r"values: got shape \(3, 2\); needs as many rows as columns"),
    ([1, 2], "values: got shape"), ([[np.nan]], "values: got nan"), ([["a"]], "values: got list")])
def test_maps_refuse(values, message):
    with pytest.raises(ValueError, match=message):
        heat_map(values)


def test_a_loss_surface_shows_the_loss_at_its_place():
    w, b = np.linspace(-1, 1, 41), np.linspace(0, 2, 41)
    figure = loss_surface(w, b, (w - 0.5) ** 2 + 4 * (b[:, None] - 0.5) ** 2 + 0.01,
                          path={"slow": [(-1, 2), (0, 1)], "fast": [(-1, 0), (0.5, 0.5)]},
                          points={"$A$": (0.25, 1.5)})
    assert figure.axes[0].get_xlim() == (-1, 1) and figure.axes[0].get_ylim() == (0, 2)
    levels = figure.axes[0].collections[0].levels
    assert levels[0] == pytest.approx(0.01) and levels[-1] == pytest.approx(2.25 + 9 + 0.01)
    assert np.allclose(np.diff(np.log(levels)), np.log(levels[1] / levels[0]))
    paths = [line.get_xydata().tolist() for line in figure.axes[0].lines
             if line.get_gid() == "path"]
    assert paths == [[[-1, 2], [0, 1]], [[-1, 0], [0.5, 0.5]]]
    assert texts(figure) == ["slow", "fast", "$A$"]
    figure.canvas.draw()                                    # dark is low, so the minimum is dark
    pixels = np.asarray(Image.open(io.BytesIO(png(figure))).convert("L"))
    def grey(x, y):
        column, row = figure.axes[0].transData.transform((x, y))
        return int(pixels[int(pixels.shape[0] - row), int(column)])
    assert grey(0.46, 0.6) < grey(0.0, 1.6) < grey(-0.9, 1.8)


@pytest.mark.parametrize("L", [-np.ones((2, 3)), np.zeros((2, 3)), np.ones((3, 2))])
def test_surfaces_refuse(L):
    with pytest.raises(ValueError, match="L: got"):
        loss_surface([1, 2, 3], [1, 2], L)


# --- lines ------------------------------------------------------------------------------------

def test_lines_show_the_numbers_they_got():
    figure = lines({"a": [1.0, 2.0, 4.0], "b": ([5, 7], [3.0, -1.0])}, "$t$", "loss",
                   vertical={"now": 6}, horizontal={"zero": 0}, shaded={"test": (5, 7)})
    ax = figure.axes[0]
    drawn = {line.get_gid(): line.get_xydata().tolist() for line in ax.lines if line.get_gid()}
    assert drawn == {"a": [[0, 1], [1, 2], [2, 4]], "b": [[5, 3], [7, -1]]}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$t$", "loss")
    assert sorted(texts(figure)) == ["a", "b", "now", "test", "zero"]
    assert sorted(texts(figure, "line label")) == ["a", "b"]
    looks = [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in ax.lines
             if line.get_gid()]
    assert all(a != b for a, b in zip(*looks, strict=True))
    assert texts(lines({"a": [1, 2]}, "t", "a")) == []      # the axis names a single line
    for x, whole in ((np.arange(6), True), (np.arange(6) / 2 + 0.25, False)):
        ticks = lines({"a": (x, x)}, "t", "a").axes[0].get_xticks()
        assert (ticks % 1 == 0).all() == whole


def test_a_logarithmic_axis_leaves_gaps():
    ax = lines({"a": [1, 0, -1, 4, np.nan]}, "t", "a", log="y").axes[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False, True, True, False, True]
    assert lines({"a": [1, 2, 3]}, "t", "a", log="xy").axes[0].get_xscale() == "log"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.2))
def test_labels_move_apart_and_no_further_than_they_must(wanted, gap):
    wanted = np.sort(wanted)
    placed = _apart(wanted, gap)
    assert (np.diff(placed) >= gap - 1e-12).all()
    assert placed.mean() == pytest.approx(wanted.mean())
    if (np.diff(wanted) >= gap).all():
        assert np.allclose(placed, wanted)
    assert np.abs(placed - wanted).max() <= gap * (len(wanted) - 1) + 1e-12


def test_labels_of_references_do_not_touch():
    near = {"1921–55": (1921, 1955), "1956–79": (1956, 1979)}
    figure = lines({"a": (np.arange(1700, 2009), np.sin(np.arange(309)))}, "year", "a",
                   horizontal={"high": 0.5, "low": 0.4, "far": -0.5}, shaded=near)
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in figure.axes[0].texts}
    assert len(boxes) == 5
    assert not any(one.overlaps(other) for a, one in boxes.items()
                   for b, other in boxes.items() if a < b)
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert [places[name][1] for name in ("high", "low", "far")] == [0.5, 0.4, -0.5]
    alone = lines({"a": np.arange(9)}, "t", "a", vertical={"one": 1, "seven": 7}).axes[0].texts
    assert np.allclose([text.get_position()[0] for text in alone], [1, 7])     # they stay in place


def test_labels_of_lines_that_end_together_stay_in_their_order():
    figure = lines({"low": [0, 1.0], "high": [9, 1.02], "middle": [4, 1.01]}, "t", "a")
    height = {t.get_text(): t.xyann[1] for t in figure.axes[0].texts}
    assert height["low"] + 0.05 < height["middle"] < height["high"] - 0.05
    at_the_bottom = lines({name: [1, 0] for name in "abc"}, "t", "a").axes[0].texts
    assert min(t.xyann[1] for t in at_the_bottom) == pytest.approx(0)


@pytest.mark.parametrize(("arguments", "message"), [
    (({}, "t", "a"), "series: got dict; needs a dictionary with at least one line"),
    (({"a": [1]}, "t", "a", "z"), "log: got 'z'"),
    (({"a": ([1, 2], [1])}, "t", "a"), r'series\["a"\]: got x \(2,\), y \(1,\)'),
    (({"a": [0, -1]}, "t", "a", "y"), r'series\["a"\]: got nothing that can be drawn')])
def test_lines_refuse(arguments, message):
    with pytest.raises(ValueError, match=message):
        lines(*arguments)


def test_a_forecast_shows_both_errors():
    figure = forecast([1, 2, 3, 4], [5.0, 6, 8, 4], [np.nan, 6.5, 7, 5], [np.nan, 5, 6, 8],
                      {"test": (3, 4)})
    above, below = ({line.get_gid(): line.get_ydata().tolist() for line in ax.lines}
                    for ax in figure.axes)
    assert above["observed"] == [5, 6, 8, 4] and above["forecast"][1:] == [6.5, 7, 5]
    assert below["forecast"][1:] == [0.5, 1, 1] and below["persistence"][1:] == [1, 2, 4]
    assert set(below) == {"forecast", "persistence"}
    assert texts(figure).count("test") == 1
    assert all([patch.get_x() for patch in ax.patches] == [3] for ax in figure.axes)


def test_forecasts_refuse():
    with pytest.raises(ValueError, match=r"baseline: got shape \(1,\); needs shape \(2,\)"):
        forecast([1, 2], [1, 2], [1, 2], [1])
