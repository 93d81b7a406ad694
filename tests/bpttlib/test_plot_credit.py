"""The maps of credit show what is kept, what is cut, and how much it is."""
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from bpttlib.plots.credit import CUT, FAINT, draw_credit
from bpttlib.plots.style import BLUE, VERMILLION

ALL = np.tri(6) > 0
BAND = ALL & ~np.tri(6, k=-2).astype(bool)


def colours(ax):
    """Return the map's colours as an array (T, T, 3)."""
    return np.asarray(ax.collections[0].get_array())


def test_each_map_has_its_title_and_one_dot_for_each_share_that_is_kept():
    figure = draw_credit({"all": ALL, "band": BAND})
    assert [ax.get_title() for ax in figure.axes] == ["all", "band"]
    for ax, kept in zip(figure.axes, (ALL, BAND), strict=True):
        (dots,) = (line for line in ax.lines if line.get_gid() == "kept")
        s, t = np.round(dots.get_data()).astype(int)
        shown = np.zeros((6, 6), bool)
        shown[t - 1, s - 1] = True
        np.testing.assert_array_equal(shown, kept)
    assert figure.axes[0].get_ylim() == (6.5, 0.5)                  # the first loss at the top


def test_colours_say_kept_or_cut_and_how_much():
    weights = np.zeros((6, 6))
    weights[5, 0], weights[5, 5], weights[4, 4] = 4.0, 1.0, 4.0
    shown = colours(draw_credit({"band": BAND}, weights).axes[0])
    blue, red = 1 - np.array(to_rgb(BLUE)), 1 - np.array(to_rgb(VERMILLION))
    half = FAINT + (1 - FAINT) / 2                                  # the root of a quarter
    np.testing.assert_allclose(shown[4, 4], 1 - blue)
    np.testing.assert_allclose(shown[5, 5], 1 - half * blue)
    np.testing.assert_allclose(shown[0, 0], 1 - FAINT * blue)
    np.testing.assert_allclose(shown[5, 0], 1 - CUT * red)
    np.testing.assert_array_equal(shown[0, 1:], 1.0)                # no loss acts on later copies


@pytest.mark.parametrize("kept, weights, word", [
    ({}, None, "kept"),
    ([ALL], None, "kept"),
    ({"a": ALL.T}, None, r"kept\['a'\]"),
    ({"a": ALL, "b": np.tri(5)}, None, r"kept\['b'\]"),
    ({"a": ALL}, -np.ones((6, 6)), "weights"),
    ({"a": ALL}, np.zeros((6, 6)), "weights"),
    ({"a": ALL}, np.ones((5, 5)), "weights"),
])
def test_wrong_arguments_are_named(kept, weights, word):
    with pytest.raises(ValueError, match=f"^{word}: got "):
        draw_credit(kept, weights)
