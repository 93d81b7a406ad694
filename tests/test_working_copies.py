"""The learner's copies: made, renewed while untouched, and never overwritten."""

import json

import pytest

from tools.working_copies import refresh


def write(path, source, outputs=()):
    cell = {"cell_type": "code", "source": [source], "outputs": list(outputs)}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}}))


@pytest.fixture
def course(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("00", "01"):
        write(tmp_path / f"notebooks/{name}.ipynb", f"original {name}")
    refresh(tmp_path)
    return tmp_path


def read(course, name):
    return json.loads((course / f"work/{name}.ipynb").read_text())["cells"][0]["source"][0]


def test_copies_are_made_and_a_deleted_one_comes_back(course):
    assert read(course, "00") == "original 00"
    (course / "work/00.ipynb").unlink()
    refresh(course)
    assert read(course, "00") == "original 00"


def test_a_new_version_renews_what_was_not_touched_and_keeps_the_rest(course, capsys):
    write(course / "work/01.ipynb", "my own work")
    write(course / "work/00.ipynb", "original 00", outputs=["run and saved, but not changed"])
    for name in ("00", "01", "02"):
        write(course / f"notebooks/{name}.ipynb", f"new {name}")
    refresh(course)
    got = [read(course, name) for name in ("00", "01", "02")]
    assert got == ["new 00", "my own work", "new 02"]
    assert "work/01.ipynb holds your work: it is kept" in capsys.readouterr().out


def test_a_broken_copy_is_kept(course, capsys):
    (course / "work/00.ipynb").write_text("no notebook at all")
    write(course / "notebooks/00.ipynb", "new 00")
    refresh(course)
    assert (course / "work/00.ipynb").read_text() == "no notebook at all"
    assert "it is kept" in capsys.readouterr().out


def test_work_is_kept_without_a_word_while_the_original_stays(course, capsys):
    write(course / "work/01.ipynb", "my own work")
    refresh(course)
    assert read(course, "01") == "my own work" and capsys.readouterr().out == ""
    assert sorted(path.name for path in (course / "work").iterdir()) == [
        ".copied", "00.ipynb", "01.ipynb"]


def test_exercises_are_copied_too_with_links_that_hold(course):
    (course / "exercises/03").mkdir(parents=True)
    write(course / "exercises/03/03.ipynb", "see [03](../../notebooks/03.ipynb)")
    write(course / "notebooks/03.ipynb", "do [these](../exercises/03/03.ipynb)")
    refresh(course)
    assert read(course, "03") == "do [these](exercises/03/03.ipynb)"
    assert read(course, "exercises/03/03") == "see [03](../../03.ipynb)"
    write(course / "work/exercises/03/03.ipynb", "my answer")
    write(course / "exercises/03/03.ipynb", "a new version")
    refresh(course)
    assert read(course, "exercises/03/03") == "my answer"
