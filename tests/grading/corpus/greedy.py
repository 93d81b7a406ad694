"""What takes too much. The answer that does costs itself; both others keep their points."""
from tests.grading.corpus.making import FULL, WHOLE, answers, entry

#: Bodies of the largest answer: it earns nothing, the others do.
BODIES = {
    "a loop in Python": "while True: pass",
    "a loop in C": "sum(range(10 ** 15))",
    "a loop in NumPy": "A = np.ones((3000, 3000))\n    while True: A = A @ A / 3000",
    "a loop that holds the lock": "return pow(3, 10 ** 9)",
    "a loop that catches all": "while True:\n        try:\n            while True: pass\n"
                               "        except BaseException: pass",
    "sleeps": "import time\n    time.sleep(10 ** 6)",
    "memory at once": "return bytearray(10 ** 12)",
    "memory by and by": "a = []\n    while True: a.append(bytearray(10 ** 6))",
    "memory of arrays": "return np.ones((10 ** 5, 10 ** 5))",
    "a large result": "return tuple(np.zeros(10 ** 7) for _ in range(5))",
    "a large integer": "return (1 << 10 ** 7,) * 5",
    "a long text": "return 'x' * 10 ** 8",
    "a deep list": "a = []\n    for _ in range(10 ** 5): a = [a]\n    return a",
    "a result that holds itself": "a = []\n    a.append(a)\n    return a",
    "many small things": "return list(range(10 ** 7))",
    "disk": "for n in range(10 ** 6): open(f'/tmp/{n}', 'wb').write(bytes(10 ** 7))",
    "many files": "for n in range(10 ** 7): open(f'/tmp/{n}', 'wb').close()",
    "output": "while True: print('x' * 10 ** 6)",
    "output of errors": "import os\n    while True: os.write(2, b'x' * 10 ** 6)",
    "threads": "import threading, time\n    while True:\n        threading.Thread("
               "target=time.sleep, args=(999,)).start()",
    "processes": "import os\n    while True: os.fork()",
    "deep recursion": "import sys\n    sys.setrecursionlimit(10 ** 9)\n"
                      "    return elman_backward(*(a for a in (W_xh, W_hh, W_hy, x, h, e, mask)))",
    "a segmentation fault": "import ctypes\n    ctypes.string_at(0)",
    "abort": "import os\n    os.abort()",
    "os._exit": "import os\n    os._exit(0)",
    "sys.exit": "raise SystemExit(0)",
    "interrupt": "raise KeyboardInterrupt",
    "kills itself": "import os\n    os.kill(os.getpid(), 9)",
    "stops itself": "import os\n    os.kill(os.getpid(), 19)\n    while True: pass",
    "closes everything": "import os\n    os.closerange(0, 1000)",
    "a long message": "raise ValueError('x' * 10 ** 8)",
    "a strange exception": "class E(BaseException):\n        def __str__(self): raise self\n"
                           "    raise E",
}
#: Cells of the student's that do not end, or end too much; the answers stand after them.
CELLS = {
    "a cell that never ends": "while True: pass",
    "a cell that exits": "import os\nos._exit(1)",
    "a cell that takes all memory": "x = bytearray(10 ** 12)",
    "a cell that fills it by and by": "x = []\nwhile True: x.append(bytearray(10 ** 6))",
    "a cell with a very deep expression": "x = " + "-" * 100_000 + "1",
    "a cell with many brackets": "x = " + "(" * 50_000 + ")" * 50_000,
    "a cell with a null byte": "x = 1\0",
    "a cell of constants": "x = " + " + ".join(["2 ** 10000000"] * 20),
}


def entries():
    """Yield the greedy submissions."""
    head = "def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):\n    "
    for name, body in BODIES.items():
        yield entry("greedy", name, 7, but={WHOLE: head + body})
    for name, text in CELLS.items():
        yield entry("greedy", name, FULL, first=[text])
    yield entry("greedy", "all answers never end", 0, own=dict.fromkeys(answers()), but={
        name: f"def {name}(*args):\n    while True: pass" for name in answers()})
