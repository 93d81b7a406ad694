"""Each attack costs just the call in which it happens, on every back end."""
import time
from contextlib import ExitStack, suppress

import numpy as np
import pytest

from grading.sandbox import (
    Died,
    Limits,
    NoSandbox,
    NotData,
    StudentRaised,
    TimedOut,
    open_sandbox,
)
from tests.conftest import leave_out

HONEST = "import numpy as np\ndef double(x):\n    return 2 * x\n"

# name: (code of a function attack(), what the call must raise; None: it may return something dull)
ATTACKS = {
    "exit": ("import os; os._exit(3)", Died),
    "sys.exit": ("raise SystemExit", StudentRaised),
    "interrupt": ("raise KeyboardInterrupt", StudentRaised),
    "segfault": ("import ctypes; ctypes.string_at(0)", Died),
    "abort": ("import os; os.abort()", Died),
    "loop in Python": ("while True: pass", TimedOut),
    "loop in C": ("sum(range(10 ** 15))", TimedOut),
    "loop with the lock held": ("'a' * 40 in ('a' * 39 + 'b') * 10; pow(3, 10 ** 9)", TimedOut),
    "sleep": ("import time; time.sleep(1000)", TimedOut),
    "catches everything": (
        "while True:\n  try:\n   while True: pass\n  except BaseException: pass", TimedOut),
    "memory in one piece": ("return bytearray(10 ** 11)", Died),
    "memory bit by bit": ("a = []\n while True: a.append(bytearray(10 ** 6))", (Died, TimedOut)),
    "memory of arrays": ("return np.ones((10 ** 5, 10 ** 5))", Died),
    "many names": ("all = [[] for _ in range(10 ** 9)]", (Died, TimedOut)),
    "deep recursion": ("import sys; sys.setrecursionlimit(10 ** 9)\n f = lambda n: f(n + 1)\n f(0)",
                       (Died, StudentRaised, TimedOut)),
    "deep recursion in C": (
        "import sys; sys.setrecursionlimit(10 ** 9)\n x = []\n for _ in range(10 ** 6): x = [x]\n"
        " repr(x)", (Died, StudentRaised, TimedOut)),
    "plain recursion": ("return attack()", StudentRaised),
    "disk flood": ("for n in range(10 ** 9): open(f'/tmp/{n}', 'wb').write(bytes(10 ** 7))",
                   (StudentRaised, Died)),
    "inode flood": ("for n in range(10 ** 9): open(f'/tmp/{n}', 'wb')",
                    (StudentRaised, Died, TimedOut)),
    "output flood": ("while True: print('x' * 10 ** 6)", TimedOut),
    "error flood": ("import os\n while True: os.write(2, b'x' * 10 ** 6)", TimedOut),
    "fork bomb": ("import os\n while True: os.fork()", StudentRaised),
    "fork in C": ("import ctypes\n for _ in range(9): assert ctypes.CDLL(None).fork() < 0", None),
    "subprocess": ("import subprocess; subprocess.run(['/bin/sh', '-c', 'true'])", StudentRaised),
    "replace the program": ("import os, sys; os.execv('/bin/sh', ['sh'])", StudentRaised),
    "thread bomb": ("import threading, time\n while True:\n"
                    "  threading.Thread(target=time.sleep, args=(999,), daemon=True).start()",
                    (StudentRaised, Died)),
    "kill all": ("import os\n for pid in (0, -1, os.getppid(), os.getpid() - 1, 2):\n"
                 "  try: os.kill(pid, 9)\n  except OSError: pass", None),
    "kill itself": ("import os, signal\n os.kill(os.getpid(), 9)", None),
    "ptrace": ("import ctypes; assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0", StudentRaised),
    "close the socket": ("import os; os.closerange(0, 100)", Died),
    "close it and stay": ("import os; os.closerange(0, 100)\n while True: pass",
                          (Died, TimedOut)),
    "flood the socket": ("import os\n while True: os.write(3, b'x' * 10 ** 6)", Died),
    "flood of heads": ("import os\n from boxed import wire\n"
                       " os.write(3, wire.HEAD.pack(wire.MAGIC, 2 ** 32 - 1, 2 ** 63))", Died),
    "half a frame": ("import os\n from boxed import wire\n"
                     " os.write(3, wire.HEAD.pack(wire.MAGIC, 10 ** 6, 10 ** 6) + b'[')\n"
                     " while True: pass", TimedOut),
    "forged reply": ("import os\n from boxed import wire\n os.write(3, wire.encode("
                     "{'id': '0' * 16, 'status': 'value', 'value': 1}))", Died),
    "forged callback": ("import gc\n from boxed.worker import Worker\n"
                        " worker, = [o for o in gc.get_objects() if type(o) is Worker]\n"
                        " worker.callback(7)()", Died),
    "reply is no dict": ("import os\n from boxed import wire\n os.write(3, wire.encode([]))", Died),
    "huge text": ("return 'x' * 10 ** 7", NotData),
    "huge array": ("return np.zeros(10 ** 8, np.uint8)", NotData),
    "huge broadcast": ("return np.broadcast_to(1.0, (10 ** 5, 10 ** 5))", NotData),
    "deep value": ("x = 1\n for _ in range(10 ** 5): x = [x]\n return x", NotData),
    "value in itself": ("x = []; x.append(x)\n return x", NotData),
    "hostile error": (
        "class E(Exception):\n  def __str__(self): raise self\n raise E", StudentRaised),
    "error that hangs": (
        "class E(Exception):\n  def __str__(self):\n   while True: pass\n raise E", TimedOut),
    "error with surrogates": ("raise ValueError('\\ud800')", StudentRaised),
    "surrogates": ("return '\\ud800'", NotData),
    "spoils the modules": ("import json, os, numpy\n json.dumps = os.write = numpy.ndarray = None",
                           (Died, NotData, StudentRaised)),
    "raises the limits": (
        "import resource\n resource.setrlimit(resource.RLIMIT_AS, (-1, -1))", StudentRaised),
    "outlives its server": ("import ctypes\n assert ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) == 0",
                            StudentRaised),
    "new namespaces": ("import ctypes\n assert ctypes.CDLL(None).unshare(0x10000000) == 0",
                       StudentRaised),
    "leftover thread": ("import threading, os, time\n threading.Thread(target=lambda: ("
                        "time.sleep(.05), os._exit(1)), daemon=True).start()", None),
}  # fmt: skip
LIMITS = Limits(memory_MiB=600, call_seconds=0.5, disk_MiB=16)


@pytest.fixture(scope="module", params=["forkserver", "bubblewrap", "landlock"])
def open_box(request):
    """A function that opens a sandbox; tests are left out where the back end does not work."""
    with ExitStack() as stack:
        def enter(limits):
            try:
                return stack.enter_context(open_sandbox(request.param, limits))
            except NoSandbox as error:
                leave_out(str(error))
        yield enter


@pytest.fixture(scope="module")
def box(open_box):
    return open_box(LIMITS)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_costs_one_call(box, attack):
    code, expected = ATTACKS[attack]
    with box.session() as session:
        assert session.run(HONEST, "cell 1") is None
        assert session.run(f"def attack():\n {code}", "cell 2") is None
        start = time.monotonic()
        if expected is None:
            with suppress(Died):                    # without namespaces it may harm itself
                session.call("attack")
        else:
            with pytest.raises(expected):
                session.call("attack")
        assert time.monotonic() - start < 5
        time.sleep(0.1 if "thread" in attack else 0)
        assert np.array_equal(session.call("double", np.arange(3)), [0, 2, 4])
        assert len(session.output) < 70_000


@pytest.mark.parametrize("attack", ["exit", "loop in C", "segfault", "memory in one piece"])
def test_an_attack_in_a_cell_costs_that_cell(box, attack):
    with box.session() as session:
        assert session.run(HONEST, "cell 1") is None
        code = ATTACKS[attack][0].replace("return ", "")
        error = session.run(f"def wanted(): return 1\n{code}", "cell 2")
        assert error.kind in ("Died", "TimedOut", "MemoryError")
        assert session.run("def triple(x): return 3 * x", "cell 3") is None
        assert session.call("double", 1) == 2
        assert session.call("triple", 1) == 3


def test_a_cell_that_kills_only_the_second_time_is_left_out(box):
    with box.session() as session:
        session.run(HONEST, "cell 1")
        session.run("import time, os\nif time.time() > T: os._exit(1)".replace(
            "T", str(time.time() + 0.3)), "cell 2")
        time.sleep(0.4)
        session.run("import os; os._exit(1)", "cell 3")
        assert session.call("double", 4) == 8


def test_the_budget_ends_a_submission_but_not_the_next(open_box):
    box = open_box(Limits(call_seconds=0.3, budget_seconds=1))
    with box.session() as session:
        session.run("def hang():\n while True: pass", "cell 1")
        start = time.monotonic()
        errors = []
        for _ in range(9):
            with pytest.raises(TimedOut) as caught:
                session.call("hang")
            errors.append(caught.value.of_all)
        assert errors[0] is False and errors[-1] is True
        assert time.monotonic() - start < 2.5
    with box.session() as session:
        assert session.run(HONEST, "cell 1") is None
        assert session.call("double", 4) == 8


def test_nothing_of_a_session_is_left_for_the_next(box):
    with box.session() as session:
        assert session.run("import builtins, numpy as np\nbuiltins.spy = 1\nnp.tanh = None\n"
                           "open('/tmp/spy', 'w').close()" if box.name != "landlock" else
                           "import builtins, numpy as np\nbuiltins.spy = 1\nnp.tanh = None",
                           "cell 1") is None
    with box.session() as session:
        assert session.run("import numpy as np, os\nleft = 'spy' in dir(__builtins__) or "
                           "np.tanh is None or os.path.exists('/tmp/spy')", "cell 1") is None
        assert session.get("left") is False


def test_memory_is_named_as_the_cause(box):
    with box.session() as session:
        session.run("def bomb(): return bytearray(10 ** 11)", "cell 1")
        with pytest.raises(Died) as caught:
            session.call("bomb")
        assert caught.value.why == "memory"


@pytest.mark.parametrize("code, why", [
    ("__import__('os')._exit(3)", "exit"), ("__import__('ctypes').string_at(0)", "signal"),
    ("__import__('os').write(3, bytes(99))", "protocol")])
def test_the_cause_of_a_death_is_named(box, code, why):
    with box.session() as session:
        session.run(f"def die(): {code}", "cell 1")
        with pytest.raises(Died) as caught:
            session.call("die")
        assert caught.value.why == why
