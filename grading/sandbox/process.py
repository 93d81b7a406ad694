"""
One worker as the grader sees it: a socket to talk through, a pipe of output, a process to end.

Bytes in both directions have deadlines and caps. Nothing that the worker does can make the grader
wait longer, hold more, or believe more than a frame of plain data.
"""
import os
import secrets
import select
import socket
import time

from . import wire
from .errors import Died, SandboxBroken

CHUNK = 1 << 18


class Gone(Exception):
    """The worker closed the socket; the session asks how it ended."""


class Late(Exception):
    """The deadline passed."""


class Process:
    """
    Hold one worker's descriptors; back ends know how it was started and how it ended.

    Parameters
    ----------
    sock : socket.socket
        The grader's end of the pair.
    output : int
        The reading end of the worker's output.
    handle : object
        Its ``end(grace)`` ends the worker and all it started, and returns the exit code, negative
        for a signal, or None if it was killed after so many seconds of grace.
    output_bytes : int
        How much of the output is kept.
    """

    def __init__(self, sock, output, handle, output_bytes):
        self.sock, self.output, self.handle = sock, output, handle
        self.kept, self.cap, self.printed = bytearray(), output_bytes, 0
        self.listening = True
        sock.setblocking(False)
        os.set_blocking(output, False)

    def greet(self, seconds=30):
        """Wait until the worker says that it stands; student code has not run yet."""
        try:
            greeting = self.receive(time.monotonic() + seconds)
            holes = greeting["value"]["holes"]
        except (Gone, Late, Died, TypeError, KeyError) as error:
            self.close(0.2)
            said = self.kept.decode("utf-8", "replace").strip() or repr(error)
            raise SandboxBroken(f"the worker did not start: {said[-500:]}") from None
        if holes:
            self.close()
            raise SandboxBroken("the worker can " + ", ".join(map(str, holes)))
        return self

    def is_fresh(self):
        """Tell whether the worker lives and has nothing to say before it is asked."""
        return not select.select([self.sock], [], [], 0)[0]

    def ask(self, message, deadline, call, most_callbacks):
        """
        Send a request and return the reply; answer the callbacks that come in between.

        Parameters
        ----------
        message : dict
            The request.
        deadline : float
            When to give up, in time.monotonic's seconds.
        call : list of callable
            The functions that the worker may ask for by number while this request lasts.
        most_callbacks : int
            How often.

        Returns
        -------
        dict
            The reply.
        """
        nonce = secrets.token_hex(8)                # a frame sent ahead cannot know it
        def name(function):
            call.append(function)
            return len(call) - 1
        self.send(wire.encode({"id": nonce} | message, name), deadline)
        for _ in range(most_callbacks + 1):
            reply = self.receive(deadline)
            if not _is_reply(reply, nonce):
                raise Died("protocol", "a reply that nobody asked for")
            if reply["status"] != "callback":
                return reply
            self.send(wire.encode({"id": nonce} | _answer(reply, call)), deadline)
        raise Died("protocol", f"more than {most_callbacks} callbacks")

    def send(self, data, deadline):
        """Write all of it; the worker's output is read meanwhile, so that neither waits."""
        rest = memoryview(data)
        while rest:
            self.wait(deadline, sending=True)
            try:
                rest = rest[self.sock.send(rest[:CHUNK]):]
            except BlockingIOError:
                pass
            except OSError:
                raise Gone from None

    def receive(self, deadline):
        """Return the value in the next frame."""
        head = self.read(wire.HEAD.size, deadline)
        try:
            return wire.decode(head + self.read(sum(wire.read_head(head)), deadline))
        except wire.WireError as error:
            raise Died("protocol", str(error)) from None

    def read(self, size, deadline):
        """Read exactly so many bytes."""
        data = bytearray()
        while len(data) < size:
            self.wait(deadline)
            try:
                part = self.sock.recv(min(size - len(data), CHUNK))
            except BlockingIOError:
                continue
            except OSError:
                raise Gone from None
            if not part:
                raise Gone
            data += part
        return data

    def wait(self, deadline, sending=False):
        """Wait until the socket is ready, reading the output; give up when it is late."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Late
            ears = [self.sock] if not sending else []
            ears += [self.output] if self.listening else []
            heard, ready, _ = select.select(ears, [self.sock] if sending else [], [], left)
            if self.output in heard:
                self.drain()
            if ready or self.sock in heard:
                return

    def drain(self):
        """Read what was printed; keep the beginning, count the rest. A flood has to wait."""
        for _ in range(16):
            try:
                part = os.read(self.output, 1 << 16)
            except BlockingIOError:
                return
            if not part:
                self.listening = False
                return
            self.printed += len(part)
            self.kept += part[:self.cap - len(self.kept)]

    def close(self, grace=0.0):
        """End the worker and all it started; return its exit code, None if it was killed."""
        try:
            return self.handle.end(grace)
        finally:
            self.drain()
            self.sock.close()
            os.close(self.output)


def pipes():
    """Return socket and output of a new worker, first the grader's ends, then the worker's."""
    ours, theirs = socket.socketpair()
    read, write = os.pipe()
    return (ours, read), (theirs, write)


def _is_reply(reply, nonce):
    """Tell whether a value replies to a request; nothing but texts is compared with texts."""
    return (type(reply) is dict and all(type(reply.get(key)) is str for key in ("id", "status"))
            and reply["id"] == nonce)


def _answer(request, functions):
    """Call one of our functions with the worker's data; of an error, only its type goes back."""
    number, args, kwargs = (request.get(key) for key in ("number", "args", "kwargs"))
    if type(number) is not int or not 0 <= number < len(functions):
        raise Died("protocol", "a callback that it was not given")
    if type(args) is not tuple or type(kwargs) is not dict or not all(
            type(key) is str for key in kwargs):
        raise Died("protocol", "a malformed callback")
    try:
        return {"value": functions[number](*args, **kwargs)}
    except SandboxBroken:
        raise
    except Exception as error:
        return {"error": type(error).__name__}
