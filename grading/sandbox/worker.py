"""
The untrusted side: run a student's cells and serve calls of what they define.

Student code shares this process and may change all of it. So it holds nothing worth stealing (no
expected values, no paths, no environment), and nothing it says is believed: the other side takes
its bytes for plain data or for nothing.
"""
import builtins
import io
import os
import sys
import traceback
import types

import numpy as np

from . import wire

LONGEST_MESSAGE = 500


class Worker:
    """
    Serve requests from a file descriptor until it closes.

    Parameters
    ----------
    fd : int
        One end of a pair of sockets; the grader holds the other.
    """

    def __init__(self, fd):
        self.file = io.FileIO(fd, "r+", closefd=False)
        self.module = types.ModuleType("__main__")
        self.module.__dict__.update(__builtins__=builtins, display=_nothing,
                                    get_ipython=lambda: _Nothing())
        sys.modules["__main__"] = self.module       # dataclasses and the like look there
        self.request_id, self.turn = None, 0

    def serve(self, greeting):
        """Greet, then answer one request after another."""
        self.send({"id": "greeting", "status": "value", "value": greeting})
        while True:
            request = self.receive()
            self.request_id = request["id"]
            reply = self.answer(request)
            self.turn += 1                          # from here on, its callbacks are refused
            try:
                self.send({"id": request["id"]} | reply)
            except (wire.NotPlain, wire.WireError) as error:
                self.send({"id": request["id"], "status": "not data", "message": _words(error)})

    def answer(self, request):
        """Return the reply to one request; whatever the student's code raises is a reply too."""
        try:
            value = getattr(self, f"do_{request['do']}")(*request["args"])
            reply = {"status": "value", "value": value}
        except BaseException as error:
            reply = {"status": "raised", "kind": _type_name(error), "message": _explain(error)}
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:                   # replaced or closed by the student
                pass
        return reply

    def do_run(self, source, name):
        """Run a cell."""
        exec(compile(source, name, "exec", dont_inherit=True), self.module.__dict__)

    def do_defines(self, name):
        """Tell whether the cells have defined a name."""
        return name in self.module.__dict__

    def do_get(self, name):
        """Return the value of a name."""
        return self.find(name)

    def do_call(self, name, arguments):
        """Call a function by name."""
        return self.find(name)(*arguments)

    def find(self, name):
        """Return what a name stands for in the student's module."""
        if name not in self.module.__dict__:
            raise NameError(f"name '{name}' is not defined")
        return self.module.__dict__[name]

    def callback(self, number):
        """Return a function that asks the grader to call one of its own."""
        turn = self.turn

        def call(*args, **kwargs):
            if self.turn != turn:
                raise RuntimeError("this function could be called only while the call lasted")
            self.send({"id": self.request_id, "status": "callback", "number": number,
                       "args": tuple(map(_plain, args)), "kwargs": kwargs})
            reply = self.receive()
            if "error" in reply:
                raise _exception(reply["error"])
            return reply["value"]
        return call

    def send(self, message):
        """Write one frame."""
        rest = memoryview(wire.encode(message))
        while rest:
            rest = rest[self.file.write(rest):]

    def receive(self):
        """Read one frame; when the grader is gone, so is the worker."""
        head = self.read(wire.HEAD.size)
        return wire.decode(head + self.read(sum(wire.read_head(head))), self.callback)

    def read(self, size):
        """Read exactly so many bytes."""
        data = bytearray()
        while len(data) < size:
            part = self.file.read(min(size - len(data), 1 << 20))
            if not part:
                os._exit(0)
            data += part
        return bytes(data)


class _Nothing:
    """What get_ipython() returns here: it takes everything and does nothing."""

    def __getattr__(self, name):
        return _nothing


def _nothing(*args, **kwargs):
    """Do nothing."""


def _plain(value):
    """Return an array as one of NumPy's own; what else is sent must be plain already."""
    return np.asarray(value) if isinstance(value, np.ndarray) else value


def _exception(name):
    """Return an exception of that name, as our function would have raised it at home."""
    kind = getattr(builtins, name, None)
    known = isinstance(kind, type) and issubclass(kind, Exception)
    try:
        return kind(name) if known else RuntimeError(name)
    except TypeError:
        return RuntimeError(name)


def _type_name(error):
    return "".join(letter for letter in type(error).__name__ if letter.isidentifier())[:60]


def _words(error):
    """Return an exception's message as text that can be sent, however strange it is."""
    try:
        text = str(error)[:LONGEST_MESSAGE]
        return str.encode(text, "utf-8", "replace").decode()
    except BaseException:
        return ""


def _explain(error):
    """Return an exception's message, and the line of the student's that led to it."""
    words = _words(error)
    try:
        frames = traceback.extract_tb(error.__traceback__, limit=-50)
        lines = [frame for frame in frames if not frame.filename.startswith(("/", "<frozen"))]
        return f"{words} (line {lines[-1].lineno} of {_words(lines[-1].filename)})"
    except BaseException:
        return words
