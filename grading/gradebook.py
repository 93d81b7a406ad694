"""Write marks into an nbgrader gradebook, and have `nbgrader autograde` use our sandbox.

`python -m grading gradebook RESULTS --db sqlite:///gradebook.db` takes over what `grade` found. The
other way round, nbgrader_config.py puts `Isolated` where nbgrader would run a student's notebook:
the same command then grades in the sandbox, and nbgrader keeps the marks.
"""
import os
import sys
import tempfile
from pathlib import Path

import nbformat

from grading import hidden
from grading.grade import GRADED, grade
from grading.problems import unit_problems
from grading.records import read_records
from grading.sandbox import open_sandbox


def with_scripts():
    """Let nbgrader find alembic, which lies beside the Python that runs."""
    scripts = str(Path(sys.executable).parent)
    if scripts not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])


def _prepare(book, unit):
    """Make the assignment of a unit with its marked cells, if it is not there yet."""
    book.update_or_create_assignment(unit)
    book.update_or_create_notebook(unit, unit)
    for problem in unit_problems(unit):
        book.update_or_create_grade_cell(f"check_{problem.name}", unit, unit, cell_type="code",
                                         max_score=problem.points)


def write_gradebook(out, db_url):
    """
    Write the marks of a results folder into an nbgrader gradebook.

    What a person must look at is left out: no mark is not a zero. A manual score stays.

    Parameters
    ----------
    out : path
        The results folder.
    db_url : str
        The database, as SQLAlchemy names it: "sqlite:///gradebook.db".

    Returns
    -------
    int
        How many submissions were written.
    """
    with_scripts()
    from nbgrader.api import Gradebook

    records = [record for record in read_records(out) if record["state"] == GRADED]
    with Gradebook(db_url) as book:
        for unit in sorted({record["assignment"] for record in records}):
            _prepare(book, unit)
        for record in records:
            unit, student = record["assignment"], record["student"]
            book.update_or_create_student(student)
            book.update_or_create_submission(unit, student)
            for name, one in record["exercises"].items():
                mark = book.find_grade(f"check_{name}", unit, unit, student)
                mark.auto_score = one["points"]
                mark.needs_manual_grade = mark.manual_score is not None
            book.db.commit()
    return len(records)


def _preprocessor():
    """Return the class that takes the place of nbgrader's `Execute`."""
    from nbgrader.converters.base import NbGraderException
    from nbgrader.preprocessors import NbGraderPreprocessor

    class Isolated(NbGraderPreprocessor):
        """Grade in the sandbox, and leave the points where nbgrader looks for them."""

        def preprocess(self, nb, resources):
            """Return the notebook with the points as the outputs of its check cells."""
            names = resources["nbgrader"]
            secret = hidden.read_secret(os.environ.get("BPTT_CLASS_SECRET"))
            with tempfile.TemporaryDirectory() as folder, open_sandbox() as box:
                path = Path(folder) / f"{names['assignment']}.ipynb"
                path.write_text(nbformat.writes(nb), encoding="utf-8")
                record = grade(path, names["assignment"], names["student"], secret, box)
            if record["state"] != GRADED:
                raise NbGraderException(f"{names['student']}: {record['state']}: "
                                        f"{record.get('reason', '')}")
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("check_")
                if cell.cell_type != "code":
                    continue
                cell.outputs = []
                if name in record["exercises"] and cell.metadata.get("nbgrader", {}).get("grade"):
                    points = record["exercises"][name]["points"]
                    cell.outputs = [nbformat.v4.new_output(
                        "execute_result", {"text/plain": str(points)}, execution_count=1)]
            return nb, resources

    return Isolated


def __getattr__(name):  # nbgrader is loaded only when it asks for the preprocessor by its name
    if name == "Isolated":
        globals()[name] = _preprocessor()
        return globals()[name]
    raise AttributeError(name)
