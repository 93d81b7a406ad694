"""Ask a function that lives in the sandbox; of its errors, only what tells nothing comes back."""
import builtins
import re

from grading.ask import NotAttempted, Raised, TookTooLong, Unreadable
from grading.running import MOST_NOTES
from grading.sandbox import NotData, SandboxBroken, StudentError, StudentRaised, TimedOut


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


class Broken(BaseException):
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
            raise Broken(str(error)) from None

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
