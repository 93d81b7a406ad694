"""Marks go into nbgrader's gradebook, and nbgrader's own command grades in our sandbox."""
import shutil
import subprocess
import sys

import pytest

from grading.batch import grade_folder
from grading.grade import ATTENTION
from grading.gradebook import with_scripts, write_gradebook
from grading.records import record_path, write_record
from tests.grading.corpus import corpus
from tests.grading.corpus.making import NAMES, WHOLE
from tests.grading.solutions import ROOT
from tests.grading.test_report import record

CLASS = {"ann": ("all right", 15), "bob": ("mistake: the mask is not used", 13),
         "cem": ("all objects", 7)}
SECRET = "a secret of the class"


def gradebook(path):
    with_scripts()
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{path}")


def scores(path):
    with gradebook(path) as book:
        return {s.student_id: s.score for s in book.assignment_submissions("03")}


@pytest.fixture
def results(tmp_path):
    for student, points in (("ann", (3, 4, 8)), ("bob", (3, 0, 6))):
        write_record(record_path(tmp_path, student, "03"), record(student, points))
    write_record(record_path(tmp_path, "cem", "03"), record("cem", (), ATTENTION, reason="empty"))
    return tmp_path


def test_marks_are_in_the_gradebook(results):
    path = results / "gradebook.db"
    assert write_gradebook(results, f"sqlite:///{path}") == 2
    assert scores(path) == {"ann": 15, "bob": 9}
    with gradebook(path) as book:
        assert book.find_assignment("03").max_score == 15
        got = {name: book.find_grade(f"check_{name}", "03", "03", "bob").auto_score
               for name in NAMES}
        assert list(got.values()) == [3, 0, 6]
        assert not book.find_grade(f"check_{WHOLE}", "03", "03", "bob").needs_manual_grade


def test_twice_is_once_and_a_manual_score_stays(results):
    path = results / "gradebook.db"
    write_gradebook(results, f"sqlite:///{path}")
    with gradebook(path) as book:
        grade = book.find_grade(f"check_{WHOLE}", "03", "03", "bob")
        grade.manual_score, grade.extra_credit = 7.5, 1
        book.db.commit()
    write_record(record_path(results, "bob", "03"), record("bob", (3, 4, 0)))
    assert write_gradebook(results, f"sqlite:///{path}") == 2
    assert scores(path) == {"ann": 15, "bob": 3 + 4 + 7.5 + 1}
    with gradebook(path) as book:
        assert len(book.students) == 2 and len(book.assignments) == 1
        assert book.find_grade(f"check_{WHOLE}", "03", "03", "bob").auto_score == 0


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course as a person would set it up, with three submissions."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("solutions/03", "grading", "bpttlib", "exercises/03"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / "class-secret.txt").write_text(SECRET)
    for student, (name, _) in CLASS.items():
        place = folder / "submitted" / student / "03"
        place.mkdir(parents=True)
        corpus()[name].write(place)
    for command in (["generate_assignment", "03", "--force"], ["autograde", "03"]):
        done = subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=folder,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-3000:]
    return folder


def test_nbgrader_gives_the_same_marks_as_our_command(course, tmp_path):
    records, _ = grade_folder(course / "submitted", tmp_path, ["03"], SECRET, jobs=1)
    ours = {one["student"]: one["points"] for one in records}
    assert scores(course / "gradebook.db") == ours == {s: p for s, (_, p) in CLASS.items()}


def test_both_commands_share_a_gradebook(course, tmp_path):
    grade_folder(course / "submitted", tmp_path, ["03"], SECRET, jobs=1)
    path = tmp_path / "gradebook.db"
    shutil.copy(course / "gradebook.db", path)
    assert write_gradebook(tmp_path, f"sqlite:///{path}") == 3
    assert scores(path) == {student: points for student, (_, points) in CLASS.items()}


def test_feedback_of_nbgrader_can_be_made(course):
    done = subprocess.run([sys.executable, "-m", "nbgrader", "generate_feedback", "03"], cwd=course,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (course / "feedback/ann/03/03.html").exists()
