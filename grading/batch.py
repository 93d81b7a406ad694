"""Grade a folder of submissions: in parallel, resumable, each record written in one piece.

One process writes the records; the others only grade. A submission that was graded before, by the
same exercises, secret and limits, and has not changed since, is not graded again.
"""
import hashlib
import os
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

from tqdm import tqdm

from grading.executor import open_executor
from grading.files import find_submissions, fingerprint, str_of
from grading.grade import ATTENTION, GRADED, INFRASTRUCTURE, VERSION
from grading.records import read_record, record_path, write_record
from grading.sandbox import Limits, open_sandbox
from grading.task import TRIES, Task, grade_task, unmarked

HERE = Path(__file__).resolve().parent
IN_FLIGHT = 64  # few enough that an interruption loses little


@cache
def _exercises(unit):
    """Return a hash of all that decides on the marks of a unit, but for submission and secret."""
    digest = hashlib.sha256(str(VERSION).encode())
    for path in [*sorted(HERE.glob("*.py")), *sorted(HERE.glob("problems/*.py")),
                 HERE.parent / f"exercises/{unit}/{unit}.ipynb"]:
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()


def tasks_of(folder, units, secret, back_end, limits):
    """Return all tasks of a folder of submissions, and what in it is no submission."""
    tasks, useless, known = [], set(), {}
    for unit in units:
        for student, place in find_submissions(folder, unit, by_name=len(units) > 1):
            place = Path(os.path.abspath(place))  # not resolved: links are not followed
            if student is None:
                useless.add(str_of(place.name))
                continue
            if place not in known:
                known[place] = fingerprint(place)
            text = "\0".join((known[place], _exercises(unit), secret, repr(limits)))
            key = hashlib.sha256(text.encode()).hexdigest()
            tasks.append(Task(student, unit, str(place), key, secret, back_end, limits))
    return tasks, sorted(useless)


def is_done(out, task):
    """Tell whether a task has its record already."""
    record = read_record(record_path(out, task.student, task.unit))
    return record is not None and record.get("key") == task.key and record.get("state") in (
        GRADED, ATTENTION)


def _run(tasks, out, jobs, scheduler, tls, bar):
    """Grade tasks with one executor; return those that were lost because processes ended."""
    lost = []
    with open_executor(jobs, scheduler, tls) as executor:
        waiting, running = list(reversed(tasks)), {}
        while waiting or running:
            while waiting and len(running) < IN_FLIGHT:
                task = waiting.pop()
                try:
                    running[executor.submit(grade_task, task)] = task
                except BrokenProcessPool:
                    return lost + [task, *waiting, *running.values()]
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    record = future.result()
                except Exception:  # the process ended, or the machine that it ran on
                    lost.append(task)
                    continue
                write_record(record_path(out, task.student, task.unit), record)
                bar.update()
    return lost


def grade_folder(folder, out, units, secret, jobs=None, scheduler=None, tls=None, back_end="auto",
                 limits=()):
    """
    Grade all submissions of a folder, and return (records, names of other files).

    Parameters
    ----------
    folder : path
        What the students handed in.
    out : path
        Where the records go; what is there already is not graded again.
    units : sequence of str
        The assignments.
    secret : str
        The class secret.
    jobs, scheduler, tls
        As in `open_executor`.
    back_end : str
        The sandbox.
    limits : tuple
        Of the sandbox, in the order of its `Limits`.

    Returns
    -------
    list of dict
        The records, exactly one for each submission.
    list of str
        The names of files that are no submission.
    """
    tasks, useless = tasks_of(folder, units, secret, back_end, limits)
    todo = [task for task in tasks if not is_done(out, task)]
    if todo and not scheduler:
        with open_sandbox(back_end, Limits(*limits)):
            pass  # refuse now, and make the image once, not in each process
    with tqdm(total=len(tasks), initial=len(tasks) - len(todo), unit="submission",
              disable=None) as bar:
        for _ in range(TRIES - 1):
            if todo:
                todo = _run(todo, out, jobs, scheduler, tls, bar)
        # What is left ran when a process ended: alone, each shows whether it was the reason.
        todo = [task for task in todo if _run([task], out, 1, scheduler, tls, bar)]
        for task in todo:
            lost = unmarked(task, INFRASTRUCTURE, "the process that graded it ended several times")
            write_record(record_path(out, task.student, task.unit), lost)
            bar.update()
    return [read_record(record_path(out, task.student, task.unit)) for task in tasks], useless
