"""Call a learner's function: its arguments are copies, its time is limited, its output is kept."""
import contextlib
import copy
import ctypes
import io
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


def _interrupt(signum, frame):
    raise _Overtime


@contextlib.contextmanager
def _alarm(seconds):
    """Raise _Overtime in this thread after some seconds, and again if it is swallowed."""
    before = signal.signal(signal.SIGALRM, _interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _in_thread(function, seconds):
    """Run a function in a thread of its own and interrupt it; for where there is no alarm."""
    box = []

    def run():
        try:
            box.append((function(), None))
        except BaseException as error:
            box.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_Overtime))
        raise _Overtime
    value, error = box[0]
    if error is not None:
        raise error
    return value


def _limited(function, seconds):
    """Return what the function returns; raise _Overtime when the seconds are over."""
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds):
            return function()
    return _in_thread(function, seconds)


def _copied(argument):
    """Return a copy that the answer may spoil; functions and meters go as they are."""
    plain = isinstance(argument, (np.ndarray, list, tuple, dict))
    return copy.deepcopy(argument) if plain else argument


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
        self.printed = io.StringIO()

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
        text = self.printed.getvalue()
        more = f"\n… ({len(text) - KEPT} more characters)" if len(text) > KEPT else ""
        return text[:KEPT] + more


def _message(error):
    """Return an error's message, whatever its `__str__` does."""
    try:
        return str(error)[:300]
    except Exception:
        return "(its message cannot be read)"
