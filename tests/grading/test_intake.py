"""What is taken from a submission, and what is noticed about it."""
import json
import os

import nbformat
import pytest

from grading.files import find_submissions, fingerprint
from grading.grade import ATTENTION, _not_theirs, grade
from grading.intake import Unreadable, read
from grading.problems import unit_problems
from grading.running import parts
from grading.sources import defines, is_rebound, is_stub, joined
from tests.grading.corpus import corpus
from tests.grading.corpus.making import NAMES, WHOLE, answers, exercise, plain, saved

#: What a person is told, by the name of the submission.
NOTICED = {
    "format 3": "an old format",
    "UTF-16": "saved as UTF-16",
    "UTF-16 without a mark": "saved as UTF-16-LE",
    "Latin-1": "not saved as UTF-8",
    "renamed": "read from my homework (1).ipynb",
    "a script": "a script, not a notebook",
    "an answer in a raw cell": "elman_backward stood in a cell that is not code",
    "answers twice, the last one right": "elman_backward is defined 2 times",
    "cells of no kind": "a cell that cannot be read",
}
#: Why a person has to look, likewise.
REASONS = {
    "an empty file": "it is empty",
    "blanks only": "it is empty",
    "cut off": "breaks off or is damaged",
    "deep JSON": "breaks off or is damaged",
    "another kind of JSON": "not a notebook",
    "too large": "more than 20 MiB",
    "too much code": "more than 1 MiB",
    "no file": "there is no notebook in it",
    "a PDF": "only 03.pdf",
    "only a pipe": "only 03.ipynb",
    "a link to the solutions": "only 03.ipynb",
}


def taken(place, unit="03"):
    return read(place, unit, [problem.name for problem in unit_problems(unit)])


@pytest.mark.parametrize("name", NOTICED)
def test_what_is_odd_is_noticed(name, tmp_path):
    corpus()[name].write(tmp_path)
    assert any(NOTICED[name] in flag for flag in taken(tmp_path).flags)


@pytest.mark.parametrize("name", REASONS)
def test_what_cannot_be_read_says_why(name, tmp_path):
    corpus()[name].write(tmp_path)
    with pytest.raises(Unreadable, match=".*".join(REASONS[name].split())):
        taken(tmp_path)


def test_an_ordinary_notebook_has_no_flags_and_keeps_its_order(tmp_path):
    saved(exercise(own=answers(), last=["a = 1", "b = 2"]))(tmp_path)
    given = ["import numpy as np\nfrom grading import check, hint, progress",
             *(f'check("{name}", {name})' for name in NAMES)]
    submission = read(tmp_path, "03", NAMES, given)
    assert submission.flags == () and submission.file == "03.ipynb"
    assert list(submission.sources) == [*answers().values(), "a = 1", "b = 2"]


def test_a_check_of_the_students_is_not_taken_for_ours(tmp_path):
    saved(exercise(own=answers()))(tmp_path)
    assert "check(" in "".join(read(tmp_path, "03", NAMES).sources)
    given = [cell.source for cell in exercise().cells if cell.source.startswith("check(")]
    assert "check(" not in "".join(read(tmp_path, "03", NAMES, given).sources)


def test_pieces_of_an_answer_are_joined(tmp_path):
    corpus()["an answer cut in two"].write(tmp_path)
    assert answers()[WHOLE] in taken(tmp_path).sources


def test_what_defines_and_what_is_only_given_out():
    assert defines("x = 1\ndef f(a):\n  oops(", "f") and defines("f = g", "f")
    assert defines("async def f(): pass", "f")
    assert not defines("  def f(a): pass", "f") and not defines("f == g", "f")
    assert not defines("def ff(a): pass", "f")
    stub = 'def f(a):\n    """Say."""\n    raise NotImplementedError()'
    assert is_stub(stub, "f") and is_stub(stub.replace("()", ""), "f")
    assert not is_stub("def f(a):\n    return 1", "f")
    assert not is_stub(stub + "\nf = g", "f")


def test_what_defines_a_function_and_what_does_not():
    for source in ("if True:\n    def f(): pass", "try:\n    f = 1\nfinally:\n    pass",
                   "f, g = 1, 2", "f: int = 3", "from m import f", "import m as f"):
        assert defines(source, "f"), source
    for source in ("class C:\n    def f(self): pass", "def g():\n    f = 1", "f: int", "f.x = 1"):
        assert not defines(source, "f"), source
    assert not is_stub("def f(a):\n    return a\n    raise NotImplementedError()", "f")


def test_what_is_bound_again_below_an_answer():
    assert is_rebound(["def h(): pass", "def f(): h()", "def h(): pass"], "f")
    assert not is_rebound(["def h(): pass", "def f(): h()", "def g(): pass"], "f")
    assert not is_rebound(["def h(): pass", "def h(): pass", "def f(): h()"], "f")


@pytest.mark.parametrize(("source", "count"), [
    ("x = 1\n1 / 0\ny = 2", 3),
    ("%magic\nx = 1", 2),
    ("  x = 1\n  y = 2", 2),
    ("def f():\n    return 1\ndef g(:\n    pass\ndef h():\n    return 3", 2),
    ("x = " + "-" * 100_000 + "1\nimport os", 1),
    ("x = 1\0", 0),
])
def test_what_fails_as_a_whole_is_run_in_parts(source, count):
    assert len(parts(source)) == count


def hand_in(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(plain([])) if path.suffix else "")


@pytest.mark.parametrize(("names", "students"), [
    (["ann/03/03.ipynb", "bob/03/x.ipynb", "cem/05/05.ipynb"], ["ann", "bob"]),
    (["ann/03.ipynb", "bob/answers.ipynb"], ["ann", "bob"]),
    (["ann.ipynb", "bob.ipynb", "cem.py"], ["ann", "bob", "cem"]),
    (["Ann Bo_123_assignsubmission_file_/03.ipynb",
      "Ann Bo_123_assignsubmission_onlinetext_/o.html",
      "Cem_9_assignsubmission_file/03.ipynb"], ["Ann Bo (123)", "Cem (9)"]),
    (["ann/03.ipynb", "ann.ipynb"], ["ann", "ann.ipynb"]),
    ([".git/03.ipynb", "__MACOSX/x.ipynb", "ann/03.ipynb"], ["ann"]),
])
def test_the_layouts_of_a_class(names, students, tmp_path):
    hand_in(tmp_path, *names)
    assert [student for student, _ in find_submissions(tmp_path, "03")] == students


def test_what_is_no_submission_is_named(tmp_path):
    hand_in(tmp_path, "ann/03.ipynb")
    (tmp_path / "class.csv").write_text("student")
    assert (None, tmp_path / "class.csv") in find_submissions(tmp_path, "03")


def test_without_an_assignment_names_of_files_decide(tmp_path):
    hand_in(tmp_path, "ann/03.ipynb", "bob/05 (1).ipynb", "cem/04/x.ipynb")
    assert [s for s, _ in find_submissions(tmp_path, "03", by_name=True)] == ["ann"]
    assert [s for s, _ in find_submissions(tmp_path, "05", by_name=True)] == ["bob"]
    assert [s for s, _ in find_submissions(tmp_path, "04", by_name=True)] == ["cem"]


def test_without_an_assignment_other_names_are_of_the_unit_of_their_functions(tmp_path):
    for name in ("ann.ipynb", "bob/Copy of 03 (10).ipynb", "cem/group 07.ipynb", "c_1_2_3.ipynb",
                 "Dan_4_assignsubmission_file_my work (1).ipynb", "eve.ipynb.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        saved(exercise(), name)(tmp_path)
    found = {unit: [s for s, _ in find_submissions(tmp_path, unit, by_name=True)]
             for unit in ("03", "07", "10")}
    assert found == {"03": ["Dan (4)", "ann", "bob", "c_1_2_3", "cem", "eve"], "07": [], "10": []}


def test_what_is_of_no_unit_is_named(tmp_path):
    hand_in(tmp_path, "ann/homework.ipynb", "bob.ipynb", "cem/homework 04.ipynb")
    nobody = {tmp_path / "ann", tmp_path / "bob.ipynb"}
    for unit in ("03", "04"):
        found = list(find_submissions(tmp_path, unit, by_name=True))
        assert {place for student, place in found if student is None} == nobody
    assert ("cem", tmp_path / "cem") in found


def test_a_students_files_of_several_units_are_told_apart(tmp_path):
    hand_in(tmp_path, *(f"Ann_1_assignsubmission_file_{unit}.ipynb" for unit in ("02", "03")))
    ((student, place),) = find_submissions(tmp_path, "03")
    assert student == "Ann (1)" and place.name.endswith("03.ipynb")


def test_the_end_of_a_function_is_joined_to_it(tmp_path):
    lines = answers()[WHOLE].splitlines()
    cut = next(k for k, line in enumerate(lines) if "dW_xh =" in line)
    pieces = ["\n".join(lines[:cut]), "\n".join(lines[cut:])]
    saved(plain([("code", pieces[0]), ("markdown", "now"), ("code", pieces[1])]))(tmp_path)
    assert taken(tmp_path).sources == (answers()[WHOLE],)
    assert joined(["def f():\n    pass", "    def g():\n        return 1"])[1:]


def test_another_units_cells_are_no_answers(tmp_path):
    """Unit 04 is given a function that has the name of an exercise of unit 01."""
    saved(exercise("04"))(tmp_path)
    place = tmp_path / "03.ipynb"
    names = [problem.name for problem in unit_problems("01")]
    assert any("elman_forward" in s for s in read(place, "01", names).sources)
    assert not any("def elman_forward" in s
                   for s in read(place, "01", names, _not_theirs("01")).sources)


def test_a_name_that_is_no_text_can_be_written_everywhere(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/Zo\xeb")
    ((student, _),) = find_submissions(tmp_path, "03")
    assert student == "Zo\\xeb"
    student.encode("utf-8")


def test_names_that_become_the_same_are_told_apart(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/Zo\xeb")
    os.mkdir(tmp_path / "Zo\\xeb")
    assert [s for s, _ in find_submissions(tmp_path, "03")] == ["Zo\\xeb", "Zo\\xeb again"]


def test_a_name_commands_no_terminal(tmp_path):
    hand_in(tmp_path, "\x1b[2J\nann/03.ipynb")
    (tmp_path / "bob").mkdir()
    (tmp_path / os.fsdecode(b"bob/\x1b\xff.ipynb")).write_text("{")
    students = dict(find_submissions(tmp_path, "03"))
    assert list(students) == ["\\x1b[2J\\nann", "bob"]
    record = grade(students["bob"], "03", "bob", "a secret of the class", None)
    assert record["state"] == ATTENTION and record["reason"].startswith("\\x1b\\xff.ipynb: ")


def test_a_folder_that_cannot_be_looked_into_is_for_a_person(tmp_path, monkeypatch):
    hand_in(tmp_path, "ann/03.ipynb")
    monkeypatch.setattr("grading.files._place", lambda *a: os.stat("/nothing"))
    assert list(find_submissions(tmp_path, "03")) == [("ann", tmp_path / "ann")]


def test_links_lead_nowhere(tmp_path):
    hand_in(tmp_path, "solutions/03.ipynb")
    folder = tmp_path / "class"
    (folder / "ann").mkdir(parents=True)
    (folder / "bob").symlink_to(tmp_path / "solutions")
    (folder / "cem.ipynb").symlink_to(tmp_path / "solutions/03.ipynb")
    (folder / "ann/03").symlink_to(tmp_path / "solutions")
    places = dict(find_submissions(folder, "03"))
    assert len(places) == 3
    for place in places.values():
        with pytest.raises(Unreadable):
            taken(place)


def test_a_fingerprint_changes_with_any_file_that_counts(tmp_path):
    saved(exercise(own=answers()))(tmp_path)
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    (tmp_path / "extra.py").write_text("x = 1")
    second = fingerprint(tmp_path)
    (tmp_path / "extra.py").write_text("x = 2")
    assert len({first, second, fingerprint(tmp_path)}) == 3


def test_the_same_text_is_read_from_every_encoding(tmp_path):
    text = nbformat.writes(exercise(own=answers()))
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        (tmp_path / "03.ipynb").write_bytes(text.encode(encoding))
        assert answers()[WHOLE] in taken(tmp_path).sources, encoding
