"""What learners see of check, hint and progress, and what is kept of it."""

import csv
import json
import os

import numpy as np
import pytest

from grading import check, hint, notes, progress
from grading.examine import (
    CORRECT,
)
from grading.problems import all_problems
from grading.shown import Shown, Text
from tests.grading.verdicts import ELMAN, with_mistakes


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Let each test have its progress in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


backward = ELMAN.reference


# -- what a learner sees ---------------------------------------------------------------------------

def test_a_report_is_escaped_where_a_page_shows_it():
    def angry(*args):
        raise ValueError("<script>alert(1)</script>")

    page = check("elman_backward", angry)._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<i>" not in Text("<i>")._repr_html_()


def test_a_report_names_tensor_error_step_and_section():
    shown = check("elman_backward", with_mistakes("W_hh is not transposed"))
    for text in (repr(shown), shown._repr_html_()):
        assert "W_hh is not transposed" in text and "See unit 03: The derivation" in text
        assert "dW_hh" in text and "(H, H)" in text and "relative error" in text
        assert "sequence 0/4" in text
    assert isinstance(shown, Shown) and shown.headline.startswith("✗ elman_backward: wrong")


def test_the_same_seed_draws_the_same_cases():
    one, two, other = ([case.args[3] for case in ELMAN.cases(np.random.default_rng(s))]
                       for s in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other))


@pytest.mark.parametrize("function", [hint, lambda name: check(name, backward)])
def test_a_name_that_does_not_exist_is_an_error_with_a_proposal(function):
    with pytest.raises(ValueError, match="did you mean 'elman_backward'"):
        function("elman_bakward")
    with pytest.raises(ValueError, match="progress"):
        function(12345)
    assert not notes.place().exists()


def test_hints_open_one_after_the_other_and_cost_nothing():
    opened = [repr(hint("elman_backward")) for _ in range(4)]
    for count, text in enumerate(opened[:3], 1):
        assert [f"Hint {i} of 3: {ELMAN.hints[i - 1]}" in text for i in (1, 2, 3)] == [
            i <= count for i in (1, 2, 3)]
    assert opened[3] == opened[2]
    assert check("elman_backward", backward).points == 8
    assert notes.load()["elman_backward"] == {"points": 8, "tries": 1, "hints": 3, "last": CORRECT}


def fails(*args):
    raise ValueError("not yet")


# -- progress --------------------------------------------------------------------------------------

def test_progress_keeps_the_best_try(folder):
    for answer in (backward, None, fails):
        check("elman_backward", answer)
    table = repr(progress())
    assert "elman_backward" in table and "8 of  8  raised an error" in table
    assert table.splitlines()[-1] == "8 of 100 points, kept in progress.json"
    assert len(table.splitlines()) == len(all_problems()) + 1
    assert json.loads((folder / "progress.json").read_text())["elman_backward"]["tries"] == 3
    assert list(folder.iterdir()) == [folder / "progress.json"]  # nothing else is left there


@pytest.mark.parametrize("text", [
    "", "{", "[1, 2]", "7", "null", '{"elman_backward": 3}', '{"elman_backward": {"points": "8"}}',
    '{"elman_backward": {"points": null}}', '{"elman_backward": {"tries": [1]}}',
    '{"elman_backward": {"hints": 1.5}}', "\x00\x01", "[" * 100_000, b"\xff\xfe"])
def test_a_corrupted_file_is_kept_aside(folder, capsys, text):
    broken = text if isinstance(text, bytes) else text.encode()
    for name in ("progress.unreadable.json", "progress.unreadable1.json"):
        (folder / "progress.json").write_bytes(broken)
        assert check("elman_backward", backward).points == 8
        assert name in capsys.readouterr().out
        assert (folder / name).read_bytes() == broken
        assert repr(hint("elman_backward")).startswith("Hint 1 of 3")
        assert notes.load()["elman_backward"]["points"] == 8


def test_a_folder_that_cannot_be_written_costs_no_report(folder, capsys, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (folder / "progress.json").write_text("{")
    monkeypatch.setattr(os, "replace", refuse)
    assert check("elman_backward", backward).outcome == CORRECT
    said = capsys.readouterr().out
    assert "could not be read" in said and "could not be kept in" in said


def test_export_and_a_new_beginning(folder):
    check("elman_backward", backward)
    hint("elman_backward")
    progress(export="mine.csv")
    with open("mine.csv", newline="", encoding="utf-8") as file:
        rows = {row["exercise"]: row for row in csv.DictReader(file)}
    assert rows["elman_backward"] == {"unit": "03", "exercise": "elman_backward", "points": "8",
                                      "of": "8", "last": CORRECT, "tries": "1", "hints": "1"}
    assert len(rows) == len(all_problems())
    with pytest.raises(FileExistsError):
        progress(export="mine.csv")
    kept = [(folder / "progress.json").read_bytes()]
    assert "begins anew" in repr(progress(reset=True))
    assert "0 of 100 points" in repr(progress())
    check("elman_backward", None)
    kept.append((folder / "progress.json").read_bytes())
    progress(reset=True)
    others = sorted(set(folder.glob("progress.*")) - {folder / "progress.json"})
    assert [path.read_bytes() for path in others] == kept  # no earlier one is overwritten


def test_exporting_and_beginning_anew_at_once_does_both(folder):
    check("elman_backward", backward)
    progress(export="mine.csv", reset=True)
    assert "elman_backward,8,8" in (folder / "mine.csv").read_text()
    assert not (folder / "progress.json").exists()


def test_the_file_is_in_the_work_folder_of_a_course(folder, monkeypatch):
    (folder / "work" / "07").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    monkeypatch.chdir(folder / "work" / "07")
    assert notes.place() == folder / "work" / "07" / "progress.json"  # no course is around it
    (folder / "course.py").touch()
    for inside in ("work", "work/07", "notebooks", "."):
        monkeypatch.chdir(folder / inside)
        assert notes.place() == folder / "work" / "progress.json"
