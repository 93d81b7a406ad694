"""Grade one submission: the student's functions run in a sandbox, everything else runs here."""
import re
import time
from functools import cache, partial
from pathlib import Path

import numpy as np

from grading import hidden, intake
from grading.examine import NOT_ATTEMPTED, RAISED, TOO_LONG, Report, examine
from grading.files import str_of
from grading.problems import UNITS, unit_problems
from grading.remote import Broken, RemoteAsker
from grading.running import MOST_NOTES, Runner, tools
from grading.sandbox import SandboxBroken, StudentError, TimedOut
from grading.sources import defines, is_rebound

VERSION = 1  # of the records; another one has everything graded again
ROOT = Path(__file__).resolve().parents[1]
GRADED, ATTENTION = "graded", "needs attention"
INFRASTRUCTURE, GRADER = "infrastructure error", "grader error"
GIVEN = "a cell that was given out"


def _exercises(unit):
    return ROOT / f"exercises/{unit}/{unit}.ipynb"


@cache
def given_cells(unit):
    """Return (source, is a check) of the cells that were given out and hold no answer."""
    import nbformat

    path = _exercises(unit)
    if not path.exists():
        raise ValueError(f"assignment: got {unit!r}, and there is no {path.relative_to(ROOT)}; "
                         "needs an exercise that was given out.")
    marks = [(cell.source, cell.metadata.get("nbgrader", {}))
             for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return tuple((source, "check_" in mark.get("grade_id", "")) for source, mark in marks
                 if not mark.get("solution"))


@cache
def _not_theirs(unit):
    """Return the cells that are no student's: our checks, and what other units were given."""
    checks = [source for source, is_check in given_cells(unit) if is_check]
    others = [other for other in UNITS if other != unit and _exercises(other).exists()]
    return tuple(checks + [source for other in others for source, _ in given_cells(other)])


def run_cells(session, sources, given=(), then=None):
    """Run a student's cells, and ours where they stand among them. Return what failed.

    `then(source)`, if there is one, is called after each cell, with all as answers need it.
    """
    runner, ours, k = Runner(session), {"".join(text.split()) for text in given}, 0
    for source in sources:
        if "".join(source.split()) in ours:
            session.run(source, GIVEN)
        else:
            k += 1
            runner.run(source, f"cell {k}")
        if then:
            runner.end()
            then(source)
    runner.end()
    return runner.failed[:MOST_NOTES]


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


def grade_problem(problem, session, *, secret, student):
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


def _begin(session, given):
    """Put in place what was given out."""
    for source in (*tools(given), *given):
        session.run(source, GIVEN)


def grade_in_order(sources, problems, session, given, grade_one):
    """Return the records of exercises, each graded when the cell with its answer has run.

    That is how a student checks them; a later cell may have changed a helper of the same name.
    """
    last = {p.name: [s for s in sources if defines(s, p.name)][-1:] for p in problems}
    records = {}

    def then(source):
        for problem in problems:
            if last[problem.name] == [source]:
                records[problem.name] = grade_one(problem, session)

    _begin(session, given)
    run_cells(session, sources, given, then)
    return records


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
    given = tuple(source for source, is_check in given_cells(unit) if not is_check)
    try:
        submission = intake.read(place, unit, [p.name for p in problems], _not_theirs(unit))
    except (intake.Unreadable, OSError) as problem:
        return record | {"state": ATTENTION, "reason": str_of(str(problem))[:500]}
    record["flags"] = [str_of(flag)[:200] for flag in submission.flags[:MOST_NOTES]]
    exercises = record["exercises"]
    grade_one = partial(grade_problem, secret=secret, student=student)
    try:
        with box.session() as session:
            _begin(session, given)
            record["failed"] = run_cells(session, submission.sources, given)
            for problem in problems:
                exercises[problem.name] = grade_one(problem, session)
        again = [p for p in problems if exercises[p.name]["points"] < p.points
                 and is_rebound(submission.sources, p.name, given)]
        if again and time.monotonic() - start < box.limits.budget_seconds / 2:
            with box.session() as session:
                found = grade_in_order(submission.sources, again, session, given, grade_one)
            for name, one in found.items():
                if one["points"] > exercises[name]["points"]:
                    exercises[name] = one
                    record["flags"].append(f"{name} counts as it was when its cell had run")
    except (SandboxBroken, Broken) as problem:
        return record | {"state": INFRASTRUCTURE, "reason": str(problem)[:500], "exercises": {}}
    record["points"] = sum(one["points"] for one in record["exercises"].values())
    if not any(one["defined"] for one in record["exercises"].values()):
        record |= {"state": ATTENTION, "reason": "none of the functions is in it"}
    return record | {"seconds": round(time.monotonic() - start, 2)}
