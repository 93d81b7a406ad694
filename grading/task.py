"""Grade one submission in a process of a pool, or of a Dask cluster: what such a process needs."""
import atexit
import contextlib
import faulthandler
import resource
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

from grading.grade import ATTENTION, GRADED, GRADER, INFRASTRUCTURE, VERSION, grade
from grading.sandbox import Limits, NoSandbox, open_sandbox

TRIES = 3  # of a submission whose grading failed for no fault of its own
GRADER_GiB = 4  # of memory for each grading process
SPARE = 60  # seconds for our own part, after which a process that grades is ended


class Task(NamedTuple):
    """One submission to grade; it travels to other processes, and other machines."""

    student: str
    unit: str
    place: str
    key: str
    secret: str
    back_end: str
    limits: tuple


_open = {}  # the sandbox of this process, kept from one submission to the next


def _box(back_end, limits):
    """Return the open sandbox of this process; it is opened here, after the process began."""
    if (back_end, limits) not in _open:
        _close_boxes()
        _limit_memory()
        warnings.simplefilter("ignore", SyntaxWarning)  # of students' code, when it is read
        stack = contextlib.ExitStack()
        box = stack.enter_context(open_sandbox(back_end, Limits(*limits)))
        _open[back_end, limits] = stack, box
    return _open[back_end, limits][1]


def _limit_memory():
    """Have what asks for too much memory fail here, rather than have the machine run out of it."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    most = GRADER_GiB << 30
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


@atexit.register
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
        # The last resort against code of ours that never ends: the process does.
        faulthandler.dump_traceback_later(
            2 * Limits(*task.limits).budget_seconds + SPARE, exit=True, file=sys.__stderr__)
        try:
            box = _box(task.back_end, task.limits)
            record = grade(task.place, task.unit, task.student, task.secret, box)
        except NoSandbox as error:
            record = unmarked(task, INFRASTRUCTURE, str(error))
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            record = unmarked(task, GRADER, f"{type(error).__name__}: {error} (line "
                               f"{where.lineno} of {Path(where.filename).name})")
        finally:
            faulthandler.cancel_dump_traceback_later()
        if record["state"] in (GRADED, ATTENTION):
            break
        _close_boxes()
    return record | {"key": task.key}


def unmarked(task, state, reason):
    """Return the record of a submission that was not graded, for no fault of its own."""
    return {"version": VERSION, "student": task.student, "assignment": task.unit, "state": state,
            "reason": reason[:500], "points": 0, "of": 0, "exercises": {}, "key": task.key}
