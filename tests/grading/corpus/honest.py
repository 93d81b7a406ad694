"""What students mean to hand in."""
from tests.grading.corpus.making import FULL, SOFTMAX, STEP, WHOLE, answers, entry, mistaken

HEAD = "def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):\n"
EINSUM = '''
def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):
    """All shares first, then one sum over time and sequences."""
    own = np.einsum("kh,tkb->thb", W_hy, scaled := e * mask[:, None, :] / mask.sum())
    delta, back = np.zeros_like(own), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        delta[t] = (1 - h[t + 1] ** 2) * (own[t] + back)
        back = W_hh.T @ delta[t]
    return (np.einsum("thb,tdb->hd", delta, x), np.einsum("thb,tgb->hg", delta, h[:-1]),
            np.einsum("thb->h", delta)[:, None], np.einsum("tkb,thb->kh", scaled, h[1:]), back)
'''
OBJECTS = '''
from dataclasses import dataclass
from functools import cached_property

@dataclass
class Pass:
    W_hh: np.ndarray
    h: np.ndarray

    @cached_property
    def slope(self):
        return 1 - self.h ** 2

    def back(self, t, dh):
        delta = self.slope[t] * dh
        return delta, self.W_hh.T @ delta
'''
WITH_OBJECTS = '''
def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):
    run, back, e = Pass(W_hh, h), 0 * h[0], e * mask[:, None] / np.sum(mask)
    dx, dh, db, dy = (0 * W for W in (W_xh, W_hh, W_hh[:, :1], W_hy))
    for t in range(len(x), 0, -1):
        delta, back_ = run.back(t, W_hy.T @ e[t - 1] + back)
        dx += delta @ x[t - 1].T; dh += delta @ h[t - 1].T
        db += delta.sum(1, keepdims=True); dy += e[t - 1] @ h[t].T
        back = back_
    return dx, dh, db, dy, back
'''
SPOILS = '''
_right = elman_backward
def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):
    result = _right(W_xh, W_hh, W_hy, x, h, e, mask)
    for a in (W_xh, W_hh, W_hy, x, h, e):
        a *= 0
    print("done", x.shape)
    return result
'''
#: Cells that stand before or after the answers, and must not matter.
LAST = {
    "plots and magics": "%matplotlib inline\nimport matplotlib.pyplot as plt\nfig, ax = "
                        "plt.subplots()\nax.plot([1, 2])\nplt.show()\n!ls\n?np.sum\n",
    "a cell that fails": "assert 1 == 2",
    "asks for input": "name = input('Your name? ')",
    "leaves Python": "exit()",
    "a slow cell": "import time\ntime.sleep(3600)",
    "a syntax error": "def unfinished(:\n    return",
    "an absent package": "import pandas as pd\npd.DataFrame()",
    "prints a lot": "for n in range(20000):\n    print(n, 'x' * 80)",
    "changes the directory": "import os\nos.chdir('/')",
    "makes warnings errors": "import warnings\nwarnings.simplefilter('error')",
}


def entries():
    """Yield the honest submissions."""
    right, kind = answers(), "honest"
    yield entry(kind, "all right", FULL)
    yield entry(kind, "another way", FULL, but={WHOLE: EINSUM})
    yield entry(kind, "helpers in cells of its own", FULL, first=["import numpy as np", OBJECTS],
                but={WHOLE: WITH_OBJECTS})
    yield entry(kind, "helpers after the answers", FULL, last=[OBJECTS], but={WHOLE: WITH_OBJECTS})
    yield entry(kind, "spoils its arguments and prints", FULL, last=[SPOILS])
    yield entry(kind, "an alias", FULL, but={WHOLE: right[WHOLE].replace(
        "def elman_backward", "def my_backward") + "\nelman_backward = my_backward"})
    yield entry(kind, "nothing done", 0, own={})
    yield entry(kind, "the first only", 3, own={SOFTMAX: right[SOFTMAX]})
    yield entry(kind, "the second only", 4, own={STEP: right[STEP]})
    yield entry(kind, "half of a function", 7, but={WHOLE: f"{HEAD}    T = len(x)"})
    yield entry(kind, "returns nothing", 7,
                but={WHOLE: right[WHOLE].replace("return ", "result = ")})
    yield entry(kind, "single precision", 7, but={WHOLE: right[WHOLE] + "\n_w = elman_backward\n"
                "def elman_backward(*a):\n    return tuple(v.astype('f4') for v in _w(*a))"})
    yield entry(kind, "takes too few arguments", 7,
                but={WHOLE: "def elman_backward(x):\n    return x"})
    for mistake, points in (("dh is not carried back", 7), ("the mask is not used", 13),
                            ("h_0 counts as zero", 11), ("W_hh is not transposed", 7),
                            ("the first step is left out", 7),
                            ("the shares overwrite each other", 7)):
        yield entry(kind, f"mistake: {mistake}", points, but={WHOLE: mistaken(WHOLE, mistake)})
    for name, text in LAST.items():
        yield entry(kind, name, FULL, last=[text])
    yield entry(kind, "a slow cell with an answer in it", FULL,
                but={WHOLE: right[WHOLE] + "\nimport time\ntime.sleep(3600)\nnot_reached = 1"})
    yield entry(kind, "a test below an answer that never ends", FULL,
                but={WHOLE: right[WHOLE] + "\nwhile True:\n    pass"})
    for unit, points in (("00", 5), ("01", 5), ("02", 7), ("04", 9), ("05", 12), ("06", 13),
                         ("07", 7), ("08", 8), ("09", 12), ("10", 7)):
        yield entry(kind, f"unit {unit}, all right", points, unit=unit)
