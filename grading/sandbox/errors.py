"""What can happen when student code runs; only `SandboxBroken` and `NoSandbox` are our fault."""
from typing import NamedTuple


class NoSandbox(RuntimeError):
    """No sandbox works on this machine; the message says why, and what to do."""


class SandboxBroken(RuntimeError):
    """The sandbox failed, not the student: never a score; the submission is tried again."""


class StudentError(Exception):
    """What student code did instead of returning a value; it costs that call alone."""


class StudentRaised(StudentError):
    """
    The student's code raised an exception.

    Parameters
    ----------
    kind, message : str
        The exception's type and words, as the student's side reports them.
    """

    def __init__(self, kind, message):
        super().__init__(f"{kind}: {message}" if message else kind)
        self.kind, self.message = kind, message


class TimedOut(StudentError):
    """
    The call took too long, or the submission's time was used up.

    Parameters
    ----------
    seconds : float
        The limit.
    of_all : bool
        Whether it is the limit of the whole submission.
    """

    def __init__(self, seconds, of_all=False):
        super().__init__(f"stopped: all {seconds:g} seconds of this submission are used up"
                         if of_all else f"stopped after {seconds:g} seconds")
        self.seconds, self.of_all = seconds, of_all


class Died(StudentError):
    """
    The student's process ended or spoke nonsense.

    Parameters
    ----------
    why : str
        "memory", "signal", "exit" or "protocol".
    detail : str
        More about it.
    """

    def __init__(self, why, detail=""):
        super().__init__(f"the process ended ({why}{': ' * bool(detail)}{detail})")
        self.why, self.detail = why, detail


class NotData(StudentError):
    """
    What the student's code returned is not plain data.

    Parameters
    ----------
    message : str
        What it was instead.
    """

    def __init__(self, message):
        super().__init__(message)
        self.message = message


class CellError(NamedTuple):
    """
    Say what went wrong in a cell.

    Parameters
    ----------
    kind : str
        The exception's type; "TimedOut" or "Died" if the cell did not come to an end.
    message : str
        Its words.
    """

    kind: str
    message: str
