"""Grade a folder of submissions: in parallel, resumable, each record written in one piece.

One process writes the records; the others only grade. A submission that was graded before, by the
same version and secret, and has not changed since, is not graded again.
"""
import atexit
import contextlib
import hashlib
import json
import os
import re
import resource
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import NamedTuple

from grading.problems import UNITS, unit_problems
from tqdm import tqdm

from grading import intake
from grading.executor import open_executor
from grading.grade import ATTENTION, GRADED, GRADER, INFRASTRUCTURE, VERSION, grade
from grading.sandbox import Limits, open_sandbox

TRIES = 3  # of a submission whose grading failed for no fault of its own
GRADER_GiB = 4  # of memory for each grading process
MOODLE = re.compile(r"(.+)_(\d+)_assignsubmission_file_?")


class Task(NamedTuple):
    """One submission to grade; it travels to other processes, and other machines."""

    student: str
    unit: str
    place: str
    key: str
    secret: str
    back_end: str
    limits: tuple


# -- which submissions there are -------------------------------------------------------------------

def _student(name):
    """Return the student that a file or folder is named after; Moodle adds a number."""
    found = MOODLE.fullmatch(name)
    return f"{found[1]} ({found[2]})" if found else name


def find_submissions(folder, unit):
    """Yield (student, place): a folder per student, perhaps with one per assignment, or a file."""
    for path in sorted(Path(folder).iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            inner = path / unit
            if inner.is_dir():
                yield _student(path.name), inner
            elif not any((path / other).is_dir() for other in (*UNITS, "11")):
                yield _student(path.name), path
        elif path.suffix == ".ipynb":
            yield path.stem, path


# -- the records -----------------------------------------------------------------------------------

def record_path(out, student, unit):
    """Return where a record lies; names that no file can have are hashed."""
    safe = re.sub(r"[^\w.@+-]", "_", student)[:80]
    if safe != student:
        safe += "-" + hashlib.sha256(student.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return Path(out) / "records" / unit / f"{safe}.json"


def write_record(path, record):
    """Write a record in one step: a reader meets the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(record, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_record(path):
    """Return a record, or None where there is none that is whole."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        return record if isinstance(record, dict) else None
    except (OSError, ValueError):
        return None


def read_records(out):
    """Return all records of a results folder."""
    paths = sorted((Path(out) / "records").glob("*/*.json"))
    return [record for path in paths if (record := read_record(path))]


# -- the grading, in other processes ---------------------------------------------------------------

_open = {}  # the sandbox of this process, kept from one submission to the next


def _box(back_end, limits):
    """Return the open sandbox of this process."""
    if (back_end, limits) not in _open:
        if not _open:
            most = GRADER_GiB << 30
            resource.setrlimit(resource.RLIMIT_DATA, (most, resource.getrlimit(
                resource.RLIMIT_DATA)[1]))
        stack = contextlib.ExitStack()
        atexit.register(stack.close)
        _open[back_end, limits] = stack, stack.enter_context(
            open_sandbox(back_end, Limits(*limits)))
    return _open[back_end, limits][1]


def _close_boxes():
    for stack, _ in _open.values():
        with contextlib.suppress(Exception):
            stack.close()
    _open.clear()


def grade_task(task):
    """Grade one submission; what goes wrong on our side is tried again, and never becomes zero."""
    record = {}
    for attempt in range(TRIES):
        time.sleep(0.5 * attempt)
        try:
            box = _box(task.back_end, task.limits)
            record = grade(task.place, task.unit, task.student, task.secret, box)
        except Exception as error:
            record = {"version": VERSION, "student": task.student, "assignment": task.unit,
                      "state": GRADER, "reason": f"{type(error).__name__}: {error}"[:500]}
        if record["state"] in (GRADED, ATTENTION):
            break
        _close_boxes()
    return record | {"key": task.key}


# -- the class -------------------------------------------------------------------------------------

def _key(place, unit, secret):
    """Return what a record depends on: the submission, the exercises, the secret."""
    names = ",".join(f"{p.name}:{p.points}" for p in unit_problems(unit))
    text = "\0".join((intake.fingerprint(place), names, secret, str(VERSION)))
    return hashlib.sha256(text.encode()).hexdigest()


def tasks_of(folder, units, secret, back_end, limits):
    """Return all tasks of a folder of submissions."""
    return [Task(student, unit, str(place.resolve()), _key(place, unit, secret), secret, back_end,
                 limits)
            for unit in units for student, place in find_submissions(folder, unit)]


def is_done(out, task):
    """Tell whether a task has its record already."""
    record = read_record(record_path(out, task.student, task.unit))
    return record is not None and record.get("key") == task.key and record.get("state") in (
        GRADED, ATTENTION)


def _lost(task):
    """Return the record of a submission whose grading process died again and again."""
    return {"version": VERSION, "student": task.student, "assignment": task.unit, "key": task.key,
            "state": INFRASTRUCTURE, "reason": "the process that graded it ended several times"}


def _run(tasks, out, jobs, scheduler, tls, bar):
    """Grade tasks with one executor; return those that were lost because processes ended."""
    lost = []
    with open_executor(jobs, scheduler, tls) as executor:
        waiting, running = list(reversed(tasks)), {}
        while waiting or running:
            while waiting and len(running) < 64:  # few enough that an interruption loses little
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
    Grade all submissions of a folder, and return (tasks, records).

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
    list of Task
        All submissions; each has exactly one record now.
    list of dict
        Their records.
    """
    tasks = tasks_of(folder, units, secret, back_end, limits)
    todo = [task for task in tasks if not is_done(out, task)]
    with tqdm(total=len(tasks), initial=len(tasks) - len(todo), unit="submission",
              disable=None) as bar:
        for _ in range(TRIES - 1):
            if todo:
                todo = _run(todo, out, jobs, scheduler, tls, bar)
        # What is left ran when a process ended: alone, each shows whether it was the reason.
        todo = [task for task in todo if _run([task], out, 1, scheduler, tls, bar)]
        for task in todo:
            write_record(record_path(out, task.student, task.unit), _lost(task))
            bar.update()
    return tasks, [read_record(record_path(out, task.student, task.unit)) for task in tasks]
