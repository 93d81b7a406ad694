"""Which submissions are alike: copies in disguise are found, and honest work is not."""
import csv
import importlib
import random
import re

import nbformat
import numpy as np
import pytest

from grading.__main__ import main
from grading.pieces import LENGTH, MOST, marks, pieces
from grading.problem import source
from grading.problems import unit_problems
from grading.similar import (
    LEAST,
    like_the_course,
    rare,
    shared_counts,
    similar_pairs,
    the_course_itself,
    work_of,
)
from tests.grading.solutions import ROOT

NAMES = {"delta": "d_a", "dh": "coming", "e": "err", "mask": "valid", "T": "steps", "t": "k",
         "share_of": "parts", "total": "norm", "label": "y_true", "p": "prob", "b": "col"}


def answers(unit="03"):
    """Return some right answers to a unit, each written by its own head."""
    ways = importlib.import_module(f"tests.grading.test_u{unit}").ALTERNATIVES
    names = [problem.name for problem in unit_problems(unit)]
    return ["\n\n".join(source(ways[name][k]) for name in names)
            for k in range(min(len(ways[name]) for name in names))]


def disguised(text):
    """Return the same work with other names, comments and layout."""
    text = re.sub(r"(?<![.\w])\w+\b", lambda word: NAMES.get(word[0], word[0]), text)
    text = re.sub(r"(?m)\s+#.*$", "", text)
    text = text.replace(" + ", "+").replace(", ", ",  ")
    return "\n\n".join(f"# part {k}\n{part}" for k, part in enumerate(text.split("\n\n"), 1))


def alike(texts, threshold=0.8):
    """Return the names of those that are listed; names are the places in the list."""
    works = [work_of(str(k), text, "03") for k, text in enumerate(texts)]
    return {(pair.left.student, pair.right.student) for pair in similar_pairs(works, threshold)}


def test_a_copy_in_disguise_is_found_and_nothing_else():
    honest = answers()
    assert len(honest) >= 2
    copy = disguised(honest[1])
    assert alike([*honest, copy]) == {("1", str(len(honest)))}


def test_moved_functions_and_a_changed_line_do_not_hide_it():
    honest = answers()
    parts = honest[0].split("\n\ndef ")
    copy = disguised("\n\ndef ".join([parts[0], *reversed(parts[1:])]).replace("return", "print()\n"
                                                                               "    return", 1))
    assert ("0", str(len(honest))) in alike([*honest, copy])


def test_one_exercise_taken_over_is_found_and_a_short_one_is_chance():
    honest = answers()
    one = disguised("def " + honest[0].split("\n\ndef ")[2])
    assert alike([*honest, one]) == {("0", str(len(honest)))}
    short = "\n".join(one.splitlines()[:4])
    assert 5 < len(work_of("ann", short, "03").own) < LEAST
    assert alike([*honest, short]) == set()
    start = work_of("ann", the_course_itself("03").text[:120], "03")
    assert like_the_course([start], "03", 0) == []


def test_words_taken_over_are_told_from_those_that_are_not():
    text = answers()[0]
    works = [work_of(name, one, "03") for name, one in
             (("first", text), ("as it is", text), ("in disguise", disguised(text)))]
    found = {(p.left.student, p.right.student): p for p in similar_pairs(works[:2], 0.8)
             + similar_pairs([works[0], works[2]], 0.8)}
    assert found["first", "as it is"].as_written == 1
    assert found["first", "in disguise"].as_written < 0.3
    assert found["first", "in disguise"].share > 0.9


@pytest.mark.parametrize("place", ["exercises/03/03.ipynb", "notebooks/03_full_bptt.ipynb"])
def test_what_was_given_out_or_stands_in_a_lesson_says_nothing(place):
    book = nbformat.read(ROOT / place, as_version=4)
    cells = [cell.source for cell in book.cells if cell.cell_type == "code"]
    for cell in cells:
        work = work_of("ann", cell, "03")
        assert not work.own and not work.words
    assert len(the_course_itself("03").own) > 100


def test_what_a_tenth_of_the_class_wrote_says_nothing():
    usual = the_course_itself("03").text
    assert len(alike([usual] * 2)) == 1  # in a class of two nothing is usual
    assert alike([usual] * 20 + answers()) == set()


def test_who_hands_in_the_courses_own_answers_is_listed():
    usual = the_course_itself("03").text
    works = [work_of(name, text, "03") for name, text in
             (("copied", disguised(usual)), *((f"own {k}", a) for k, a in enumerate(answers())))]
    found = like_the_course(works, "03", 0.8)
    assert [pair.left.student for pair in found] == ["copied"]


def test_the_matrix_counts_what_sets_share():
    random.seed(3)
    sets = [frozenset(random.sample(range(9000), n)) for n in (0, 1, 200, 5000, 8000, 8999)]
    np.testing.assert_array_equal(shared_counts(sets), [[
        len([m for m in a & b if sum(m in c for c in sets) > 1]) for b in sets] for a in sets])


def test_two_may_share_a_piece_and_a_tenth_may_in_a_large_class():
    assert rare([{1, 2}, {1, 2}, {2, 3}]) == [{1}, {1}, {3}]
    large = rare([{k // 4} for k in range(36)] + [{99}] * 4 + [{77}] * 5)
    assert large[36] == {99} and large[-1] == frozenset()


@pytest.mark.parametrize("text", [
    "", "def f(:\n  return", "'''never ends", "(" * 1000, "\0", "a\x0c", "é" * 10, "\ud800",
    "if x:\n        y\n   z\n", "x = 1\n" * 400_000], ids=range(10))
def test_whatever_a_student_wrote_can_be_cut(text):
    assert len(pieces(text)) <= MOST
    assert all(1 <= piece.first <= piece.last for piece in pieces(text))


def test_names_comments_and_layout_do_not_count_but_what_is_done_does():
    one = "def f(x):\n    total = 0\n    for n in range(3):\n        total += x.mean() * n\n"
    other = ("def g(arg):\n    '''Say it.'''\n\n    s = 0  # nothing yet\n"
             "    for k in range( 3 ):\n      s += arg.mean()*k\n")
    assert marks(one) == marks(other) and len(marks(one)) > LENGTH
    assert marks(one) != marks(other.replace("mean", "std"))
    assert marks(one) != marks(other.replace("0", "1"))
    assert marks(one, as_written=True) != marks(other, as_written=True)


@pytest.fixture
def handed_in(tmp_path):
    """A class folder with honest work, a copy under an evil name, and something unreadable."""
    folder = tmp_path / "class"
    honest = answers()
    everybody = {f"student {k}": text for k, text in enumerate(honest)}
    everybody["<script>alert(1)</script>".replace("/", "∕")] = disguised(honest[0])
    everybody["=formula"] = disguised(the_course_itself("03").text)
    for student, text in everybody.items():
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)])
        (folder / student).mkdir(parents=True)
        nbformat.write(book, folder / student / "03.ipynb")
    (folder / "empty").mkdir()
    (folder / "empty/03.ipynb").write_text("")
    return folder


def test_the_command_writes_a_page_and_a_table(handed_in, tmp_path, capsys):
    out = tmp_path / "results"
    assert main(["similar", str(handed_in), "--out", str(out), "--assignment", "03"]) == 0
    said = capsys.readouterr().out
    assert "03: 1 pairs are alike, 1 are like the course's own answers, 1 could not be read" in said
    page = (out / "similar.html").read_text(encoding="utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "advice, and no verdict" in page and "empty: " in page
    assert page.count("<details>") == 2 and page.count("<mark>") > LEAST
    with open(out / "similar.csv", newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["alike"]) > 0.8 for row in rows] == [True, True]
    assert rows[1]["student"] == "'=formula"


@pytest.mark.parametrize("options", [["--threshold", "0"], ["--threshold", "1.5"]])
def test_a_threshold_that_cannot_be_is_refused(handed_in, tmp_path, options, capsys):
    assert main(["similar", str(handed_in), "--out", str(tmp_path), *options]) == 2
    assert "--threshold" in capsys.readouterr().err


def test_a_folder_without_submissions_is_refused(tmp_path, capsys):
    assert main(["similar", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert main(["similar", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert "SUBMISSIONS" in capsys.readouterr().err
