"""The map of relative errors: what it writes, what it shades, what it refuses."""
import warnings

import numpy as np
import pytest
from matplotlib.text import Text

from bpttlib.plots import figure_html
from bpttlib.plots.errors import error_map

ROWS = {"right": [0.0, 1e-16, 1e-10], "a gap": [0.5, np.nan, 2e-10], "broken": [np.inf, 1.5, 3e-5]}
COLUMNS = ["a", "b", "c"]


def written(figure, gid):
    return [text.get_text() for text in figure.axes[0].texts if text.get_gid() == gid]


def test_small_errors_are_ok_and_the_others_are_written():
    figure = error_map(ROWS, COLUMNS)
    assert written(figure, "ok") == ["ok"] * 3
    assert written(figure, "error") == ["0.5", "2e−10", "inf", "1.5", "3e−5"]
    assert len(written(error_map(ROWS, COLUMNS, tol=1e-4), "ok")) == 5


def test_the_shade_rises_with_the_logarithm_and_what_is_ok_has_none():
    shade = error_map({"row": [1e-10, 1e-9, 1e-5, 1.0, 7.0, np.nan]}, list("abcdef"))
    values = shade.axes[0].collections[0].get_array().ravel()
    np.testing.assert_allclose(values.compressed(), [0.1, 0.5, 1, 1])
    np.testing.assert_array_equal(np.ma.getmaskarray(values), [True, *[False] * 4, True])


def test_ties_round_alike():
    assert written(error_map({"row": [0.875, 0.875 - 1e-16]}, ["a", "b"]), "error") == ["0.88"] * 2


def test_rows_and_columns_are_named_in_their_order():
    ax = error_map(ROWS, COLUMNS).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(ROWS)
    assert [label.get_text() for label in ax.get_xticklabels()] == COLUMNS
    assert ax.get_ylim() == (3, 0)                          # the first row is at the top


@pytest.mark.parametrize("M", [1, 5, 14])
def test_it_fits_the_page_and_can_be_read(M):
    rows = {"a mistake": np.geomspace(1e-16, 1, M), "another": np.full(M, 0.123)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = error_map(rows, [f"$\\delta_{m}$" for m in range(M)])
        assert figure_html(figure, "Errors of two mistakes.") == figure_html(
            error_map(rows, [f"$\\delta_{m}$" for m in range(M)]), "Errors of two mistakes.")
    assert figure.get_figwidth() <= 8.2 + 1e-9
    assert all(text.get_fontsize() >= 12 for text in figure.findobj(Text) if text.get_text())
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert all(a.x1 < b.x0 for a, b in zip(boxes[:M], boxes[1:M]))
    assert written(figure, "error")[-1] == ("0.12" if M < 14 else "0.1")    # narrow: one digit
    labels = [t.get_window_extent(renderer) for t in figure.axes[0].get_yticklabels()]
    assert all(box.x0 >= 0 for box in labels)


@pytest.mark.parametrize("errors, columns, tol, word", [
    ({}, ["a"], 1e-10, "errors: got dict; needs a dictionary with at least one row"),
    ({"r": [1.0]}, ["a", "b"], 1e-10, r'errors\["r"\]: got shape \(1,\); needs shape \(2,\)'),
    ({"r": [1.0]}, ["a"], 0.0, "tol: got 0.0; needs a number between 0 and 1"),
])
def test_what_it_refuses(errors, columns, tol, word):
    with pytest.raises(ValueError, match=word):
        error_map(errors, columns, tol)
