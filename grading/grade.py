"""Grade one submission: the student's functions run in a sandbox, everything else runs here."""
import ast
import builtins
import re
import textwrap
import time
from functools import cache
from pathlib import Path

import numpy as np

from grading import hidden, intake
from grading.ask import NotAttempted, Raised, TookTooLong, Unreadable
from grading.examine import NOT_ATTEMPTED, RAISED, TOO_LONG, Report, examine
from grading.files import str_of
from grading.problems import unit_problems
from grading.sandbox import NotData, SandboxBroken, StudentError, StudentRaised, TimedOut
from grading.sandbox.worker import without_magics

VERSION = 1  # of the records; another one has everything graded again
ROOT = Path(__file__).resolve().parents[1]
GRADED, ATTENTION = "graded", "needs attention"
INFRASTRUCTURE, GRADER = "infrastructure error", "grader error"
MOST_NOTES = 20  # of each kind that are kept in a record
STOPPED = ("TimedOut", "Died")
SLOW = (ast.For, ast.While, ast.With, ast.Expr)  # left out where a cell took too long


@cache
def given_cells(unit):
    """Return (source, is a check) of the cells that were given out and hold no answer."""
    import nbformat

    path = ROOT / f"exercises/{unit}/{unit}.ipynb"
    if not path.exists():
        raise ValueError(f"assignment: got {unit!r}, and there is no {path.relative_to(ROOT)}; "
                         "needs an exercise that was given out.")
    marks = [(cell.source, cell.metadata.get("nbgrader", {}))
             for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return tuple((source, "check_" in mark.get("grade_id", "")) for source, mark in marks
                 if not mark.get("solution"))


def _parts(source):
    """Return pieces of a cell that can be run by themselves, for when it failed as a whole."""
    for text in (source, textwrap.dedent(source), without_magics(source)):
        try:
            return ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    nodes = []
    for piece in re.split(r"(?m)^(?=@|def |async def |class |import |from )", source):
        try:
            nodes += ast.parse(piece).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    return nodes


def _text(node):
    """Return a statement as text, or one that does nothing if it is too deep for that."""
    try:
        return ast.unparse(node)
    except (ValueError, RecursionError, MemoryError):
        return "pass"


def run_cells(session, sources):
    """Run a student's cells; a statement that fails costs only itself. Return what failed."""
    failed = []
    for k, source in enumerate(sources, 1):
        error = session.run(source, f"cell {k}")
        if error is None:
            continue
        failed.append(f"cell {k}: {error.kind}: {error.message}"[:200])
        for node in _parts(source):
            if not (error.kind in STOPPED and isinstance(node, SLOW)):
                session.run(_text(node), f"cell {k}")
    return failed[:MOST_NOTES]


def _public(error, cells=()):
    """Return of a student's exception what can go back to the student.

    Its words cannot: they could be the hidden case. They stay in the record, for the staff. A line
    that is in none of the cells, (source, name), is such words, too.
    """
    known = getattr(builtins, error.kind, None)
    known = isinstance(known, type) and issubclass(known, BaseException)
    place = re.search(r"\(line (\d{1,5}) of (cell \d{1,4})\)$", error.message)
    there = place and any(name == place[2] and int(place[1]) <= len(source.splitlines())
                          for source, name in cells)
    where = f" in line {place[1]} of {place[2]}" if there else " in your code"
    return f"{error.kind if known else 'Exception'}:{where}"


class _Broken(BaseException):
    """The sandbox is broken; no check that catches exceptions can take it for the student's."""


class RemoteAsker:
    """Ask a function that lives in the sandbox; the same interface as `ask.Asker`.

    Parameters
    ----------
    session : grading.sandbox.Session
        Where it lives.
    name : str
        The function.
    """

    def __init__(self, session, name):
        self.session = session
        self.name = name
        self.heard = []

    def __call__(self, *args):
        """Return what it returns, or raise what `examine` understands."""
        try:
            return self.session.call(self.name, *args)
        except StudentError as error:
            trouble, said = self.trouble(error), str(error)[:300]
            known = said in self.heard or isinstance(trouble, NotAttempted)
            if not known and len(self.heard) < MOST_NOTES:
                self.heard.append(said)
            raise trouble from None
        except SandboxBroken as error:
            raise _Broken(str(error)) from None

    def trouble(self, error):
        """Return what went wrong in the words of `examine`, with nothing that a student chose."""
        if isinstance(error, StudentRaised):
            if error.kind == "NotImplementedError":
                return NotAttempted("the function is still as it was given out")
            return Raised(_public(error, self.session.cells))
        if isinstance(error, TimedOut):
            return TookTooLong(str(error))
        if isinstance(error, NotData):
            return Unreadable("it returned something that is not plain numbers and arrays")
        return Raised(f"the process ended ({getattr(error, 'why', 'unknown')})")


def _without_numbers(text):
    """Return a text without shapes and long numbers: an answer could choose them to tell a case."""
    return re.sub(r"\d[\d.]{3,}(?!\d* of cell)", "…", re.sub(r"\(\d+, ?[\d, ]*\)", "(…)", text))


def _record_of(report, heard=(), defined=True):
    """Return what is kept of a report: no hidden case, no number of one; `heard` is for staff."""
    said = _without_numbers(report.sentence)[:300]
    return {"defined": defined, "points": report.points, "of": report.problem.points,
            "outcome": report.outcome, "parts": dict(report.earned), "said": said,
            "findings": [[_without_numbers(f.name), f.sentence, f.section]
                         for f in report.findings],
            "heard": list(heard)}


def _without_points(problem, outcome, said, defined=True):
    nothing = {part.name: 0 for part in problem.parts}
    return _record_of(Report(problem, outcome, nothing, (), sentence=said), (), defined)


def grade_problem(problem, session, secret, student):
    """Return the record of one exercise."""
    try:
        if not session.defines(problem.name):
            return _without_points(problem, NOT_ATTEMPTED,
                                   "no function of this name is in the notebook", False)
    except StudentError as error:
        outcome = TOO_LONG if isinstance(error, TimedOut) else RAISED
        said = str(RemoteAsker(session, problem.name).trouble(error))
        return _without_points(problem, outcome, said)
    rng = hidden.generator(secret, student, problem.name)
    problem = hidden.hardened(problem)
    asker = RemoteAsker(session, problem.name)
    with np.errstate(all="ignore"):
        report = examine(problem, asker, rng, hidden.cases(problem, rng))
    return _record_of(report, asker.heard)


def grade(place, unit, student, secret, box):
    """
    Grade one submission.

    Parameters
    ----------
    place : path
        The notebook, or the folder that holds it.
    unit : str
        The assignment, such as "03".
    student : str
        Whose it is; with the secret, this draws the cases.
    secret : str
        The class secret.
    box : grading.sandbox.Box
        The open sandbox.

    Returns
    -------
    dict
        The record, which JSON can hold.
    """
    start = time.monotonic()
    problems = unit_problems(unit)
    record = {"version": VERSION, "student": student, "assignment": unit, "state": GRADED,
              "points": 0, "of": sum(problem.points for problem in problems), "exercises": {},
              "flags": []}
    given = given_cells(unit)
    try:
        submission = intake.read(place, unit, [p.name for p in problems],
                                 [source for source, _ in given])
    except (intake.Unreadable, OSError) as problem:
        return record | {"state": ATTENTION, "reason": str_of(str(problem))[:500]}
    record["flags"] = [str_of(flag)[:200] for flag in submission.flags[:MOST_NOTES]]
    try:
        with box.session() as session:
            for source, is_check in given:
                if not is_check:
                    session.run(source, "a cell that was given out")
            record["failed"] = run_cells(session, submission.sources)
            for problem in problems:
                record["exercises"][problem.name] = grade_problem(problem, session, secret, student)
    except (SandboxBroken, _Broken) as problem:
        return record | {"state": INFRASTRUCTURE, "reason": str(problem)[:500], "exercises": {}}
    record["points"] = sum(one["points"] for one in record["exercises"].values())
    if not any(one["defined"] for one in record["exercises"].values()):
        record |= {"state": ATTENTION, "reason": "none of the functions is in it"}
    return record | {"seconds": round(time.monotonic() - start, 2)}
