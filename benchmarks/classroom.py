"""
How many submissions a minute: our grader, beside plain `nbgrader autograde`, in one run.

The class is honest and handed in unit 03: right answers, answers with one known mistake, and some
left open, each as a whole notebook. The pool of processes is warm: it has graded some before the
clock starts. nbgrader runs as anybody would run it, one notebook after the other in a kernel of its
own, on a few of the same notebooks.
"""
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LEAST, RATIO = 1000, 10  # submissions a minute, and how many times nbgrader's
UNIT = "03"


def add_arguments(parser):
    """Say what can be chosen."""
    parser.add_argument("--submissions", type=int, default=1000, metavar="N")
    parser.add_argument("--nbgrader", type=int, default=6, metavar="N",
                        help="how many of them nbgrader grades, too (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=None, help="processes (default: one per core)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")


def notebooks():
    """Yield the notebooks of a class without end: two right, one with a mistake, one half done."""
    import inspect
    import itertools

    import nbformat

    from grading.problem import source
    from grading.problems import unit_problems
    from tools.build_exercises import ROOT

    full = nbformat.read(ROOT / f"solutions/{UNIT}/{UNIT}.ipynb", as_version=4)
    empty = nbformat.read(ROOT / f"exercises/{UNIT}/{UNIT}.ipynb", as_version=4)
    problems = {problem.name: problem for problem in unit_problems(UNIT)}
    head = "import numpy as np\n"
    for k in itertools.count():
        book = nbformat.from_dict(json.loads(json.dumps(empty)))
        for cell, solved in zip(book.cells, full.cells):
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name not in problems:
                continue
            problem = problems[name]
            if k % 4 == 2:
                mistake = problem.mistakes[k // 4 % len(problem.mistakes)]
                text = source(problem.reference)
                for right, wrong in mistake.changes:
                    text = text.replace(right, wrong)
                extra = inspect.getmodule(problem.reference).__dict__
                helpers = [source(extra[n]) for n in problem.reference.__code__.co_names
                           if inspect.isfunction(extra.get(n))]
                cell.source = head + "\n".join([*helpers, text])
            elif k % 4 != 3 or name == next(iter(problems)):
                cell.source = solved.source
        yield nbformat.writes(book)


def write_class(folder, n):
    """Write n submissions in nbgrader's layout."""
    for k, text in zip(range(n), notebooks()):
        place = Path(folder) / f"student{k:04d}" / UNIT
        place.mkdir(parents=True)
        (place / f"{UNIT}.ipynb").write_text(text, encoding="utf-8")


def _plain_nbgrader(folder, n):
    """Return how many a minute plain nbgrader grades."""
    from tools.build_exercises import ROOT

    course = Path(folder) / "course"
    (course / "solutions").mkdir(parents=True)
    scripts = str(Path(sys.executable).parent)
    env = os.environ | {"PATH": os.pathsep.join([scripts, os.environ["PATH"]]),
                        "PYTHONPATH": str(ROOT)}
    subprocess.run(["cp", "-r", str(ROOT / f"solutions/{UNIT}"), str(course / "solutions")],
                   check=True)
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.source_directory = 'solutions'\n")
    write_class(course / "submitted", n)
    for command in ("generate_assignment", "autograde"):  # the time of the second one counts
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "nbgrader", command, UNIT], cwd=course, env=env,
                       check=True, capture_output=True)
        seconds = time.perf_counter() - start
    return 60 * n / seconds


def run(args):
    """Measure, report, and return 0 if both limits are held."""
    from grading.executor import open_executor
    from grading.task import Task, grade_task

    with tempfile.TemporaryDirectory() as folder:
        write_class(Path(folder) / "submitted", args.submissions)
        places = sorted((Path(folder) / "submitted").glob(f"*/{UNIT}"))
        tasks = [Task(place.parent.name, UNIT, str(place), "", "0123456789abcdef", "auto",
                      (1024, 10, 120)) for place in places]
        with open_executor(args.jobs) as pool:
            list(pool.map(grade_task, tasks[:16]))
            start = time.perf_counter()
            records = list(pool.map(grade_task, tasks))
            ours = 60 * len(tasks) / (time.perf_counter() - start)
        states = {record["state"] for record in records}
        full = sum(record["points"] == record["of"] for record in records)
        theirs = _plain_nbgrader(folder, args.nbgrader) if args.nbgrader else None
    print(f"{len(records)} submissions, {', '.join(states)}; {full} with full points")
    print(f"ours: {ours:.0f} a minute (at least {LEAST})")
    good = ours >= LEAST and states == {"graded"} and full == 2 * (len(records) // 4) + min(
        len(records) % 4, 2)
    if theirs:
        print(f"plain nbgrader: {theirs:.0f} a minute; ours is {ours / theirs:.0f} times as fast "
              f"(at least {RATIO})")
        good = good and ours >= RATIO * theirs
    if args.json:
        args.json.write_text(json.dumps({"ours": ours, "nbgrader": theirs}, indent=2) + "\n")
    print("PASS" if good else "FAIL")
    return 0 if good else 1
