"""Call a learner's function: its arguments are copies, its time is limited, its output is kept."""
import contextlib
import contextvars
import copy
import ctypes
import io
import random
import signal
import threading
import traceback

import numpy as np

KEPT = 2000  # characters of what the answer printed


class NoAnswer(Exception):
    """The answer returned nothing: the reason says which of the ways it was."""


class NotAttempted(NoAnswer):
    """The exercise is still as it was shipped."""


class Raised(NoAnswer):
    """The answer raised an error."""


class TookTooLong(NoAnswer):
    """The answer was interrupted."""


class Unreadable(NoAnswer):
    """The answer returned something that is not what can be compared."""


class _Overtime(BaseException):
    """Raised inside an answer whose time is over; no `except Exception` catches it."""


def _with_alarm(function, seconds):
    """Run a function and raise _Overtime in it when its time is over.

    Code in a loop may swallow that. Then it is raised again, and after some times so often that
    it meets a line outside the `try`.
    """
    fired, over = 0, False

    def interrupt(signum, frame):
        nonlocal fired
        if over:
            return
        fired += 1
        signal.setitimer(signal.ITIMER_REAL, 0.1 if fired < 5 else random.uniform(2e-5, 1e-4))
        raise _Overtime

    def disarm():
        nonlocal over
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before or signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, *left)

    before = signal.signal(signal.SIGALRM, interrupt)
    left = signal.setitimer(signal.ITIMER_REAL, seconds)  # of an alarm that others have set
    try:
        value = function()
    finally:
        try:
            disarm()
        except _Overtime:  # it came just now
            disarm()
    if fired:
        raise _Overtime
    return value


def _in_thread(function, seconds):
    """Run a function in a thread of its own and interrupt it; for where there is no alarm."""
    box = []

    def run():
        try:
            box.append((function(), None))
        except BaseException as error:
            box.append((None, error))

    here = contextvars.copy_context()  # such as what NumPy shall not warn of
    thread = threading.Thread(target=here.run, args=(run,), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        for _ in range(10):  # again, where it is swallowed; then it is left alone
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(_Overtime))
            thread.join(0.01)
            if not thread.is_alive():
                break
        raise _Overtime
    value, error = box[0]
    if error is not None:
        raise error
    return value


def _limited(function, seconds):
    """Return what the function returns; raise _Overtime when the seconds are over."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _with_alarm(function, seconds)
    return _in_thread(function, seconds)


def _copied(argument):
    """Return a copy that the answer may spoil; functions and meters go as they are."""
    plain = isinstance(argument, (np.ndarray, list, tuple, dict))
    return copy.deepcopy(argument) if plain else argument


class _Beginning(io.TextIOBase):
    """Keep the beginning of what is written, and count the rest."""

    def __init__(self):
        self.text, self.length = "", 0

    def write(self, text):
        self.text += text[:max(KEPT - self.length, 0)]
        self.length += len(text)
        return len(text)


def _where(error):
    """Return the line of the learner's own code in which an error came up."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "ipykernel" in f.filename or f.filename.startswith("<ipython")]
    frame = (own or frames or [None])[-1]
    return f", in line {frame.lineno}: {frame.line}" if frame is not None and frame.line else ""


class Asker:
    """Ask one answer for its results.

    Parameters
    ----------
    answer : callable
        The learner's function.
    seconds : float
        How long one call may take.
    """

    def __init__(self, answer, seconds):
        self.answer = answer
        self.seconds = seconds
        self.printed = _Beginning()

    def __call__(self, *args):
        """Return what the answer returns, untouched; raise NoAnswer with the reason otherwise."""
        args = [_copied(argument) for argument in args]
        try:
            with contextlib.redirect_stdout(self.printed), np.errstate(all="ignore"):
                return _limited(lambda: self.answer(*args), self.seconds)
        except _Overtime:
            raise TookTooLong(f"it had not returned after {self.seconds:g} s and was interrupted"
                              ) from None
        except NotImplementedError:
            raise NotAttempted("the function is still as it was given out") from None
        except KeyboardInterrupt:
            raise
        except RecursionError:
            raise Raised("RecursionError: it calls itself without end") from None
        except BaseException as error:
            raise Raised(f"{type(error).__name__}: {_message(error)}{_where(error)}") from None

    @property
    def output(self):
        """Return the beginning of what the answer printed."""
        left = self.printed.length - KEPT
        return self.printed.text + (f"\n… ({left} more characters)" if left > 0 else "")


def _message(error):
    """Return an error's message, whatever its `__str__` does."""
    try:
        return str(error)[:300]
    except Exception:
        return "(its message cannot be read)"
