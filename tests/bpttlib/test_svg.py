"""The SVG writer: sound XML always, places and colours that are right, nothing that crashes."""
import base64
import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from bpttlib.plots._svg_axes import ticks
from bpttlib.plots._svg_colours import PALETTES, colour, colour_image, limits
from bpttlib.plots.picture import bundle
from bpttlib.plots.svg import Svg

ALT = "What one sees: <marks> & \"more\"."
NAN, INF = float("nan"), float("inf")


def drawn(draw):
    """The elements that a function draws on a sheet, without the title and the ground."""
    svg = Svg(200, 100)
    draw(svg)
    return list(ET.fromstring(svg.html(ALT)))[2:]


def decoded(uri):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).convert("RGB"))


def test_the_picture_is_named_and_escaped():
    root = ET.fromstring(Svg(200, 100).html(ALT))
    assert root.get("role") == "img" and root.get("aria-label") == root[0].text == ALT
    assert root[0].tag.endswith("title") and root.get("viewBox") == "0 0 200 100"
    with pytest.raises(ValueError, match="alt: got 'short'; needs a sentence"):
        Svg(200, 100).html("short")


def test_lines_break_at_what_is_no_number():
    points = [(0, 1), (2.04, 3.06), (NAN, 1), (5, 5), (6, INF), (7, 8)]
    (path,) = drawn(lambda svg: svg.line(points))
    assert path.get("d") == "M0 1L2 3.1M5 5M7 8"
    assert drawn(lambda svg: svg.line([(NAN, NAN)])) == []


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_other_marks_are_left_out(bad):
    def draw(svg):
        svg.rect(bad, 0, 1, 1, "red")
        svg.circle(0, bad, 1, "red")
        svg.text(bad, 0, "a")
        svg.arrow((0, 0), (bad, 0))
        svg.dots([(bad, 0)], 2, "red")
    assert drawn(draw) == []


def test_an_arrow_keeps_off_its_nodes_and_ends_in_a_head():
    shaft, head = drawn(lambda svg: svg.arrow((0, 50), (100, 50), "red", gap=(10, 20), side=5))
    assert shaft.get("d") == "M10 45L71 45"                 # left of its way, which is up
    assert head.get("d").startswith("M80 45") and head.get("fill") == "red"
    assert drawn(lambda svg: svg.arrow((0, 0), (10, 0), gap=(5, 5))) == []


def test_texts_are_escaped_and_mathematics_is_set():
    plain, maths = drawn(lambda svg: [svg.text(0, 0, "a_b < -1 & many-to-one"),
                                      svg.text(0, 0, "is $W_{hh}^2 h<1$")])
    assert plain.text == "a_b < −1 & many-to-one" and len(plain) == 0
    assert "".join(maths.itertext()).replace("\u200b", "") == "is Whh2 h<1"
    below = maths[1]
    assert below.get("font-size") == "70%" and float(below.get("dy")[:-2]) > 0
    shifts = [float(t.get("dy")[:-2]) * (0.7 if t.get("font-size") else 1)
              for t in maths if t.get("dy")]
    assert abs(sum(shifts)) < 0.02                          # back on the line


def test_an_image_has_the_array_s_colours():
    pixels = decoded(colour_image([[-2.0, 0.0], [2.0, NAN]], "diverging"))
    table = PALETTES["diverging"]
    assert (pixels == table[[[0, 127], [254, 255]]]).all()
    assert colour(0.0) == "#ffffff" and colour(5.0) == colour(1.0) != colour(-1.0)
    logs = decoded(colour_image([[0.0, 1e-4, 1e-2, 1.0]], "log", 1e-4, 1.0))
    assert (logs[0] == PALETTES["log"][[0, 0, 127, 254]]).all()
    assert limits([3.0, INF, -1.0], "sequential") == (-1.0, 3.0)
    assert limits([0.0, 1e-30, 1.0], "log") == (1e-8, 1.0)


@pytest.mark.parametrize("name", ["diverging", "sequential"])
def test_colours_keep_their_order_in_greyscale(name):
    light = PALETTES[name][:255] @ [0.299, 0.587, 0.114]
    halves = [light[:128], light[127:][::-1]] if name == "diverging" else [light]
    assert all((np.diff(half) > -0.6).all() and half[-1] - half[0] > 150 for half in halves)


@pytest.mark.parametrize("values", [[[0.0]], [[NAN]], [[INF, -INF]], [[5.0, 5.0]]])
@pytest.mark.parametrize("name", ["diverging", "sequential", "log"])
def test_no_array_is_too_odd_for_an_image(values, name):
    assert decoded(colour_image(values, name)).shape == (1, len(values[0]), 3)


def test_axes_put_numbers_in_their_places():
    axes = Svg(200, 100).axes((50, 10, 100, 50), (0, 2), (1, 100), ylog=True)
    assert axes.at(1, 10) == (100, 35) and axes.at(0, 100) == (50, 10)
    assert np.isnan(axes.at(1, -3)[1]) and np.isnan(axes.at(1, 0)[1])
    with pytest.raises(ValueError, match="ylim: got .0, 1.; needs two increasing"):
        Svg(200, 100).axes((0, 0, 1, 1), (0, 1), (0, 1), ylog=True)


def test_lines_beyond_the_axes_are_cut_and_named_at_their_last_point():
    def draw(svg):
        axes = svg.axes((50, 10, 100, 50), (0, 2), (0, 1), None, grid=False)
        svg.parts.clear()
        axes.lines({"one": ([0, 1, 2], [0, 1, NAN]), "two": ([0, 2], [0, 1e300])})
    marks = drawn(draw)
    nested = [e for e in marks if e.tag.endswith("svg")]
    assert [e.get("viewBox") for e in nested] == ["50 10 100 50"] * 2
    assert nested[0][0].get("d") == "M50 60L100 10" and "99999" in nested[1][0].get("d")
    names = {e.text: float(e.get("y")) for e in marks if e.tag.endswith("text")}
    assert set(names) == {"one", "two"} and abs(names["one"] - names["two"]) > 15


def test_ticks_are_round_numbers_within_the_limits():
    assert [name for _, name in ticks(-2.8, -2.0)] == ["-2.8", "-2.6", "-2.4", "-2.2", "-2.0"]
    assert [name for _, name in ticks(1e-4, 10, log=True)] == [
        "$10^{-4}$", "$10^{-3}$", "$10^{-2}$", "$10^{-1}$", "1", "10"]
    assert all(3e-7 <= value <= 9e5 for value, _ in ticks(3e-7, 9e5, log=True))


def test_the_notebook_stores_an_image_and_the_same_marks_give_the_same_bytes():
    stored = [bundle(Svg(200, 100), ALT) for _ in range(2)]
    assert stored[0] == stored[1] and stored[0]["text/plain"] == ALT
    source = re.search('src="data:image/svg.xml;base64,([^"]*)"', stored[0]["text/html"])[1]
    assert base64.b64decode(source).decode() == Svg(200, 100).html(ALT)
    assert 'id="' not in Svg(200, 100).html(ALT)            # several share a page
