"""Make notebooks from answers."""
import json
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import nbformat

from grading.problem import source
from grading.problems import find, unit_problems
from tests.grading.solutions import ROOT

FULL = 15  # points of unit 03
NAMES = tuple(problem.name for problem in unit_problems("03"))
SOFTMAX, STEP, WHOLE = NAMES  # 3, 4 and 8 points


class Entry(NamedTuple):
    """A submission: what it deserves, and how it is written into a student's folder.

    No points means that a person has to look at it.
    """

    kind: str
    name: str
    points: int | None
    write: Callable
    unit: str = "03"


@cache
def answers(unit="03"):
    """Return the right answers by name, as they stand in the solutions."""
    notebook = nbformat.read(ROOT / f"solutions/{unit}/{unit}.ipynb", as_version=4)
    names = [problem.name for problem in unit_problems(unit)]
    found = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source
             for cell in notebook.cells if cell.cell_type == "code"}
    return {name: found[name] for name in names}


def mistaken(name, mistake):
    """Return the reference of an exercise with one of its catalogued mistakes, as a cell."""
    problem = find(name)
    text = source(problem.reference)
    (changes,) = [m.changes for m in problem.mistakes if m.name == mistake]
    for right, wrong in changes:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    return "import numpy as np\n\n\n" + text


def exercise(unit="03", own=None, first=(), last=()):
    """Return the notebook that was given out, with answers put in, and cells of the student's."""
    notebook = nbformat.read(ROOT / f"exercises/{unit}/{unit}.ipynb", as_version=4)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("solution") and mark["grade_id"] in (own or {}):
            cell.source = own[mark["grade_id"]]
    new = nbformat.v4.new_code_cell
    notebook.cells[:0] = [new(text) for text in first]
    notebook.cells += [new(text) for text in last]
    return notebook


def plain(cells):
    """Return a bare notebook of format 4.4 of (type, source), without any metadata."""
    made = [{"cell_type": kind, "metadata": {}, "source": text}
            | ({"outputs": [], "execution_count": None} if kind == "code" else {})
            for kind, text in cells]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}


def saved(notebook, name=None):
    """Return what writes a notebook into a folder."""
    def write(place):
        text = notebook if isinstance(notebook, str) else json.dumps(notebook)
        (place / (name or "03.ipynb")).write_text(text, encoding="utf-8", newline="")
    return write


def put(name, raw):
    """Return what writes a file of bytes into a folder."""
    return lambda place: (place / name).write_bytes(raw)


def entry(kind, name, points, own=None, first=(), last=(), unit="03", but=None):
    """Return a submission with all answers right, but for some, and with cells of its own."""
    own = dict(answers(unit) if own is None else own) | (but or {})
    return Entry(kind, name, points, saved(exercise(unit, own, first, last), f"{unit}.ipynb"), unit)
