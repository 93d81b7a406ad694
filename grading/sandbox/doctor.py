"""Try every back end on this machine with real attempts to get out, and report what held."""
import contextlib
import os
import socket
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .errors import NoSandbox, SandboxBroken, StudentError, TimedOut
from .limits import Limits
from .opening import AUTO, REMEDY, open_sandbox

# What is guarded: the attempt on it, which must fail or return nothing.
ATTEMPTS = {
    "files of the machine": "return open('/etc/passwd').read(1)",
    "course folder": "return open(course).read(1)",
    "home folder": "return open(home).read(1)",
    "other processes": "return os.listdir(f'/proc/{pid}')",
    "environment": "return list(os.environ) or open('/proc/self/environ').read(1)",
    "files of the grader": "return [n for n in range(4, 64) if is_open(n)]",
    "writing": "return open('/var/tmp/escaped', 'w').write('x')",
    "temporary files": "return len(open(secret).read())",
    "network": "import socket; return socket.create_connection(('127.0.0.1', port), 1) and 1",
    "new processes": "return os.fork() or os._exit(0)",
    "signals": "os.kill(pid, 0); return 1",
    "tracing": "import ctypes; return ctypes.CDLL(None).ptrace(0x4206, pid, 0, 0) == 0",
    "namespaces": "import ctypes; return ctypes.CDLL(None).unshare(0x10000000) == 0",
    "memory": "return len(bytearray(2 * MiB << 20))",
    "disk": "return [open(f'/tmp/{n}', 'wb').write(bytes(2 ** 20)) for n in range(2 * disk)]",
}
PRELUDE = """
import os
def is_open(n):
    try:
        os.fstat(n)
        return True
    except OSError:
        return False
"""
LIMITS = Limits(memory_MiB=768, call_seconds=1.0, disk_MiB=16)


@dataclass
class Finding:
    """
    Hold what was found out about one back end.

    Parameters
    ----------
    name : str
        The back end.
    works : bool
        Whether workers start.
    note : str
        Why not.
    holds : dict of str to bool
        For each protection whether the attempt against it failed, as it should.
    start_ms, call_ms : float
        Time to start a worker, and for one call, in milliseconds.
    """

    name: str
    works: bool
    note: str = ""
    holds: dict = field(default_factory=dict)
    start_ms: float = float("nan")
    call_ms: float = float("nan")


def examine_back_ends(names=(*AUTO, "none"), limits=LIMITS):
    """
    Return a `Finding` for each back end, from attempts made here and now.

    Parameters
    ----------
    names : sequence of str
        The back ends.
    limits : Limits
        Under which the attempts are made.

    Returns
    -------
    list of Finding
        In the same order.
    """
    return [examine(name, limits) for name in names]


def examine(name, limits=LIMITS):
    """Return the `Finding` for one back end."""
    finding = Finding(name, False)
    try:
        with open_sandbox(name, limits) as box, planted() as facts:
            finding.works = True
            start = time.perf_counter()
            with box.session() as session:
                session.run("def nothing(): pass", "warm-up")
                finding.start_ms = 1000 * (time.perf_counter() - start)
                start = time.perf_counter()
                for _ in range(50):
                    session.call("nothing")
                finding.call_ms = 20 * (time.perf_counter() - start)
            for what, code in ATTEMPTS.items():
                finding.holds[what] = holds(box, code, facts)
            finding.holds["time"] = stops(box)
    except (NoSandbox, SandboxBroken, OSError) as error:
        finding.works, finding.note = False, str(error)
    return finding


@contextlib.contextmanager
def planted():
    """Yield what the attempts aim at: real files, this process, a server that listens."""
    with contextlib.ExitStack() as stack:
        facts = {"course": __file__, "pid": os.getpid()}
        for name, folder in (("home", Path.home()), ("secret", None)):
            file = stack.enter_context(tempfile.NamedTemporaryFile("w", dir=folder))
            file.write("secret")
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            facts[name] = file.name
        ear = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        yield facts | {"port": ear.getsockname()[1]}


def holds(box, code, facts):
    """Return whether an attempt, made in a session of its own, comes to nothing."""
    facts = facts | {"MiB": box.limits.memory_MiB, "disk": box.limits.disk_MiB}
    values = "".join(f"{name} = {value!r}\n" for name, value in facts.items())
    with box.session() as session:
        session.run(f"{PRELUDE}{values}def attempt():\n    {code}", "attempt")
        try:
            return not session.call("attempt")
        except StudentError:
            return True


def stops(box):
    """Return whether a loop in C, which no exception ends, is ended in time."""
    with box.session() as session:
        session.run("def attempt(): sum(range(10 ** 15))", "attempt")
        try:
            session.call("attempt")
        except TimedOut:
            return True
    return False


def describe(findings):
    """
    Return the findings as a table in words.

    Parameters
    ----------
    findings : list of Finding
        What `examine_back_ends` returned.

    Returns
    -------
    str
        A line for each back end, and what to do if none is good.
    """
    lines = []
    for found in findings:
        if not found.works:
            lines.append(f"{found.name}: does not work here. {found.note}")
            continue
        open_doors = [what for what, held in found.holds.items() if not held]
        lines.append(
            f"{found.name}: works, {found.start_ms:.0f} ms to start, {found.call_ms:.2f} ms a "
            f"call; {len(found.holds) - len(open_doors)} of {len(found.holds)} protections hold"
            + ("; open: " + ", ".join(open_doors)) * bool(open_doors) + ".")
    safe = [found.name for found in findings if found.works and all(found.holds.values())]
    lines.append(f"Grading uses {safe[0]}." if safe else f"No back end is safe here. {REMEDY}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(describe(examine_back_ends()))
