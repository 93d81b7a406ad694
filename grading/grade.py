"""Grade one submission: the student's functions run in a sandbox, everything else runs here."""
import ast
import time
from pathlib import Path

from grading.ask import NotAttempted, Raised, TookTooLong, Unreadable
from grading.examine import NOT_ATTEMPTED, Report, examine
from grading.problems import unit_problems

from grading import hidden, intake
from grading.sandbox import NotData, SandboxBroken, StudentError, StudentRaised, TimedOut

VERSION = 1  # of the records; another one has everything graded again
ROOT = Path(__file__).resolve().parents[1]
GRADED, ATTENTION = "graded", "needs attention"
INFRASTRUCTURE, GRADER = "infrastructure error", "grader error"


def given_cells(unit):
    """Return the cells that the exercise gave out, but for those that hold answers."""
    import nbformat

    notebook = nbformat.read(ROOT / f"exercises/{unit}/{unit}.ipynb", as_version=4)
    return tuple(
        (cell.source, "check_" in cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        for cell in notebook.cells if cell.cell_type == "code"
        and not cell.metadata.get("nbgrader", {}).get("solution"))


def _statements(source):
    """Return a cell statement by statement, for when it failed as a whole."""
    try:
        return [ast.unparse(node) for node in ast.parse(source).body]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def run_cells(session, sources):
    """Run a student's cells; a statement that fails costs only itself. Return what failed."""
    failed = []
    for k, source in enumerate(sources, 1):
        error = session.run(source, f"cell {k}")
        if error is None:
            continue
        if error.kind not in ("TimedOut", "Died", "SyntaxError"):
            for statement in _statements(source):
                session.run(statement, f"cell {k}")
        failed.append(f"cell {k}: {error.kind}: {error.message}"[:200])
    return failed


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

    def __call__(self, *args):
        """Return what it returns, or raise what `examine` understands."""
        try:
            return self.session.call(self.name, *args)
        except StudentRaised as error:
            if error.kind == "NotImplementedError":
                raise NotAttempted("the function is still as it was given out") from None
            raise Raised(f"{error.kind}: {error.message}"[:300]) from None
        except TimedOut as error:
            raise TookTooLong(str(error)) from None
        except NotData as error:
            raise Unreadable(str(error)) from None
        except StudentError as error:
            raise Raised(str(error)[:300]) from None


def _record_of(report, defined=True):
    """Return what is kept of a report: no hidden case, no number of one."""
    return {"defined": defined, "points": report.points, "of": report.problem.points, "outcome": report.outcome,
            "parts": dict(report.earned), "said": report.sentence[:300],
            "findings": [[f.name, f.sentence, f.section] for f in report.findings]}


def grade_problem(problem, session, secret, student):
    """Return the record of one exercise."""
    if not session.defines(problem.name):
        nothing = {part.name: 0 for part in problem.parts}
        said = "no function of this name is in the notebook"
        return _record_of(Report(problem, NOT_ATTEMPTED, nothing, (), sentence=said), False)
    rng = hidden.generator(secret, student, problem.name)
    problem = hidden.with_hidden_properties(problem)
    cases = hidden.cases(problem, rng)
    return _record_of(examine(problem, RemoteAsker(session, problem.name), rng, cases))


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
              "of": sum(problem.points for problem in problems), "points": 0, "exercises": {},
              "flags": []}
    given = given_cells(unit)
    try:
        submission = intake.read(place, unit, [p.name for p in problems],
                                 [source for source, _ in given])
    except (intake.Unreadable, OSError) as problem:
        return record | {"state": ATTENTION, "reason": str(problem)}
    record["flags"] = list(submission.flags)
    try:
        with box.session() as session:
            for source, is_check in given:
                if not is_check:
                    session.run(source, "a cell that was given out")
            record["failed"] = run_cells(session, submission.sources)
            for problem in problems:
                record["exercises"][problem.name] = grade_problem(problem, session, secret, student)
    except SandboxBroken as problem:
        return record | {"state": INFRASTRUCTURE, "reason": str(problem), "exercises": {}}
    record["points"] = sum(one["points"] for one in record["exercises"].values())
    if not any(one["defined"] for one in record["exercises"].values()):
        record |= {"state": ATTENTION, "reason": "none of the functions is in it"}
    return record | {"seconds": round(time.monotonic() - start, 2)}
