"""The picture of the speed shows the numbers of the file, and its text tells them."""
import json
import math
import re
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.picture import PEERS, alt_text, draw, read

RATIOS = [("Elman", "float32", 25, {"torch.nn": 2.0, "textbook": 1.5, "limit": 0.25}),
          ("Elman", "float32", 50, {"torch.nn": 0.8, "limit": 0.5}),
          ("Elman", "float32", 75, {"textbook": 6.0, "limit": 0.8}),
          ("GRU", "float64", 25, {"torch.nn": 5.0})]


def written(folder, ratios=RATIOS, **changes):
    rows = [{"cell": cell, "dtype": dtype, "size": {"T": T, "B": 1, "D": 64, "H": 100},
             "rounds": 5, "seconds": {"ours": 0.1}, "ratios": theirs}
            for cell, dtype, T, theirs in ratios]
    result = {"threads": 1, "adam": False, "skipped": {}, "rows": rows, "summary": {},
              "libraries": {"numpy": "2.4.6", "torch": "2.13.0", "pools": [{"version": "0.3"}]}}
    file = folder / "speed.json"
    file.write_text(json.dumps(result | changes))
    return file


def texts(figure: Figure):
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def test_the_marks_are_the_ratios(tmp_path):
    (ax,) = draw(read(written(tmp_path))).axes
    drawn = {line.get_gid(): line for line in ax.lines if line.get_gid() in PEERS}
    assert set(drawn) == {"torch.nn", "textbook"} and ax.get_yscale() == "log"
    nan = math.nan                                      # not measured, or between two groups
    np.testing.assert_array_equal(drawn["torch.nn"].get_ydata(), [2, 0.8, nan, nan, 5])
    np.testing.assert_array_equal(drawn["textbook"].get_ydata(), [1.5, nan, 6, nan, nan])
    assert len({line.get_marker() for line in drawn.values()}) == 2
    places = ax.get_xticks()
    assert [label.get_text() for label in ax.get_xticklabels()] == [
        "25·1·64·100", "50·1·64·100", "75·1·64·100", "25·1·64·100"]
    np.testing.assert_array_equal(drawn["torch.nn"].get_xdata()[[0, 1, 2, 4]], places)
    assert places[3] - places[2] > places[1] - places[0] == 1
    groups = {text.get_text(): text.get_position()[0] for text in ax.texts
              if text.get_gid() == "group"}
    assert groups == {"Elman\nfloat32": places[1], "GRU\nfloat64": places[3]}
    tops = {bar.get_x() + bar.get_width() / 2: bar.get_y() + bar.get_height()
            for bar in ax.patches}
    assert tops == pytest.approx(dict(zip(places, [0.25, 0.5, 0.8])))
    (ours,) = [line for line in ax.lines if line.get_gid() == "ours"]
    assert set(ours.get_ydata()) == {1}
    low, high = ax.get_ylim()
    assert low < 0.25 and high > 6


def test_legend_and_title(tmp_path):
    words = texts(draw(read(written(tmp_path, threads=2, adam=True))))
    assert {"torch.nn 2.00 (3 of 4)", "textbook 3.00 (2 of 4)",
            "limit: bare matrix products 0.46 (3 of 4)", "as fast\nas we\nare",
            "The time of a training step with Adam: theirs / ours",
            "2 threads · numpy 2.4.6 · torch 2.13.0\nGeometric means:"} <= set(words)
    words = texts(draw(read(written(tmp_path, RATIOS[-1:]))))
    assert "torch.nn 5.00" in words and not any("limit" in word for word in words)
    assert any(word.startswith("1 thread · ") for word in words)


def test_alternative_text(tmp_path):
    assert alt_text(read(written(tmp_path))) == (
        "The time of a training step in peers over ours, in 4 configurations of cell, precision "
        "and size, on a logarithmic scale. 4 of 5 marks lie above the line at 1, where a peer is "
        "as fast as we are; all lie between 0.80 and 6.00. Geometric means: torch.nn 2.00, "
        "textbook 3.00. The limit, the bare matrix products, lies between 0.25 and 0.80, with the "
        "geometric mean 0.46.")
    assert alt_text(read(written(tmp_path, RATIOS[-1:]))).endswith("torch.nn 5.00.")


def test_the_command_writes_the_same_small_picture_twice(tmp_path, capsys):
    cells = [(cell, dtype, T, dict.fromkeys([*PEERS, "limit"], T / 30))
             for cell in ("Elman", "LSTM", "GRU") for dtype in ("float32", "float64")
             for T in (25, 50, 100, 100, 200, 50)]
    file, pictures = written(tmp_path, cells), []
    for name in "ab":
        out = tmp_path / name
        assert main(["picture", str(file), "--out", str(out)]) == 0
        pictures.append(out.read_bytes())
    assert capsys.readouterr().out == 2 * (alt_text(read(file)) + "\n")
    assert pictures[0] == pictures[1] and len(pictures[0]) <= 120_000
    assert Image.open(BytesIO(pictures[0])).size[0] >= 900


@pytest.mark.parametrize("wrong", [
    {"rows": []}, {"rows": None}, {"rows": [{"cell": "GRU"}]}, {"threads": "one"},
    {"libraries": []}])
def test_a_malformed_result_is_refused(tmp_path, wrong):
    refused(written(tmp_path, **wrong), "is not what `python -m benchmarks speed --json FILE`")


@pytest.mark.parametrize("ratios", [{"torch.nn": 0}, {"torch.nn": math.nan}, {"jax": math.inf},
                                    {"jax": "2"}, {"keras": 2.0}, {"limit": 0.5}, {}, None])
def test_ratios_that_cannot_be_drawn_are_refused(tmp_path, ratios):
    refused(written(tmp_path, [("GRU", "float32", 25, ratios)]), "at least one peer")


def test_no_file_no_json_and_no_place_for_the_picture(tmp_path):
    refused(tmp_path / "absent.json", "absent.json cannot be read: No such file")
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "half.json").write_text('{"rows": [')
    (tmp_path / "binary.json").write_bytes(b"\xff\x00")
    for name in "list", "half", "binary":
        refused(tmp_path / f"{name}.json", f"{name}.json is not what")
    refused(written(tmp_path), "x.png cannot be written: No such file", tmp_path / "no" / "x.png")


def refused(file, sentence, out=None):
    """Leave with one line, and without a picture."""
    out = out or file.parent / "x.png"
    with pytest.raises(SystemExit, match=re.escape(sentence)) as stop:
        main(["picture", str(file), "--out", str(out)])
    assert "\n" not in stop.value.code and not out.exists()
