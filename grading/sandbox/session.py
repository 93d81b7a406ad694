"""
Run one submission in workers that may die, and talk to it in plain data.

    with open_sandbox() as box, box.session() as session:
        error = session.run("def double(x): return 2 * x", "cell 1")
        value = session.call("double", 21)
"""
import signal
import time

from . import wire
from .errors import CellError, Died, NotData, StudentError, StudentRaised, TimedOut
from .process import Gone, Late


class Session:
    """
    Hold one submission: its cells, its worker, what is left of its time.

    Parameters
    ----------
    box : Box
        Where workers come from.
    """

    def __init__(self, box):
        self.box, self.limits = box, box.limits
        self.end = time.monotonic() + self.limits.budget_seconds
        self.cells, self.worker, self.restarts = [], None, 0
        self.kept, self.printed = bytearray(), 0

    @property
    def output(self):
        """What the submission printed, as far as it was kept."""
        kept, printed = self.kept, self.printed
        if self.worker:
            self.worker.drain()
            kept, printed = kept + self.worker.kept, printed + self.worker.printed
        kept = kept[:self.limits.output_KiB << 10]
        more = f"\n[{printed - len(kept)} more bytes]" * (printed > len(kept))
        return kept.decode("utf-8", "replace") + more

    def run(self, source, name):
        """
        Run a cell; return None, or a `CellError` that says why it did not come to its end.

        Parameters
        ----------
        source : str
            The cell's code.
        name : str
            What tracebacks call it.

        Returns
        -------
        CellError or None
            What went wrong.
        """
        try:
            self.ask("run", source, name)
        except StudentRaised as error:              # what stood above the error remains
            self.cells.append((source, name))
            return CellError(error.kind, error.message)
        except StudentError as error:
            return CellError(type(error).__name__, str(error))
        self.cells.append((source, name))
        return None

    def defines(self, name):
        """Return whether the cells have defined a name."""
        return self.ask("defines", name) is True

    def get(self, name):
        """Return the value of a name, as plain data."""
        return self.ask("get", name)

    def call(self, name, *args):
        """
        Call a student's function and return its value.

        Parameters
        ----------
        name : str
            The function's name.
        *args : object
            Plain data, or functions of ours: the student's code can call these, with plain data,
            while this call lasts. They run on this side.

        Returns
        -------
        object
            Plain data of exactly the types of `wire`.

        Raises
        ------
        StudentError
            If no data came back: StudentRaised, TimedOut, Died or NotData.
        SandboxBroken
            If the fault is not the student's.
        """
        return self.ask("call", name, args)

    def ask(self, what, *args):
        """Send one request to a worker in good health and return the value of its reply."""
        self.revive()
        reply = self.exchange({"do": what, "args": args})
        status, message = reply.get("status"), _text(reply.get("message"))
        if status == "value":
            return reply.get("value")
        if status == "not data":
            raise NotData(message)
        kind = _text(reply.get("kind"))[:60] or "Exception"
        if kind == "MemoryError" and what != "run":
            self.retire()                           # it may be full of what did not fit
            raise Died("memory", message)
        raise StudentRaised(kind, message)

    def exchange(self, request):
        """Return a worker's reply; a worker that gives none is ended."""
        now = time.monotonic()
        deadline = min(now + self.limits.call_seconds, self.end)
        try:
            return self.worker.ask(request, deadline, [], self.limits.callbacks)
        except Late:
            self.retire()
            raise self.too_late() from None
        except Gone:
            raise Died(*_why(self.retire(grace=1.0))) from None
        except (wire.NotPlain, wire.WireError) as error:
            self.retire()
            raise TypeError(f"what we sent is not plain data: {error}") from None
        except BaseException:                       # also Ctrl-C: the worker is out of step
            self.retire()
            raise

    def too_late(self):
        """Return the error for a deadline that has passed."""
        if time.monotonic() >= self.end:
            return TimedOut(self.limits.budget_seconds, of_all=True)
        return TimedOut(self.limits.call_seconds)

    def revive(self):
        """See to it that a worker stands which has run the cells that do no harm."""
        while self.worker is None or not self.worker.is_fresh():
            if time.monotonic() >= self.end:
                raise TimedOut(self.limits.budget_seconds, of_all=True)
            self.retire()
            self.restarts += 1
            if self.restarts > self.limits.restarts:
                raise Died("exit", f"for the {self.restarts}th time")
            self.worker = self.box.start()
            self.run_again()

    def run_again(self):
        """Run the cells in a new worker; one that kills it this time is left out from then on."""
        for cell in list(self.cells):
            try:
                self.exchange({"do": "run", "args": cell})
            except StudentError:
                self.cells.remove(cell)
                return                              # the worker is gone: revive starts again

    def retire(self, grace=0.0):
        """End the worker, keep what it printed, and return its exit code or None."""
        if self.worker is None:
            return None
        worker, self.worker = self.worker, None
        code = worker.close(grace)
        room = (self.limits.output_KiB << 10) - len(self.kept)
        self.kept += worker.kept[:max(0, room)]
        self.printed += worker.printed
        return code


def _text(value):
    """Return a message of the worker's if it is one."""
    return value[:600] if type(value) is str else ""


def _why(code):
    """Return in words how a worker ended that we did not end."""
    if code is None:
        return "protocol", "it closed its socket"
    names = {number.value: number.name for number in signal.Signals}
    return ("exit", f"code {code}") if code >= 0 else ("signal", names.get(-code, str(-code)))
