"""More that students mean to hand in: right answers in the manners of notebooks."""
from tests.grading.corpus.making import FULL, SOFTMAX, STEP, WHOLE, answers, entry

MEASURED = '''
LINES = {"A": 6, "B": 12, "C": 9, "D": 5, "E": 11, "F": 7}
def bug_hunt(letter):
    if letter not in LINES:
        return "", 0, 0
    grads, delta = gradients(case, globals()["pass_" + letter])
    for t in range(8, 0, -1):
        if relative_error(delta[t], right_delta[t - 1]) > 1e-10:
            return "delta", t, LINES[letter]
    name = "dW_hh" if relative_error(grads.W_hh, right.W_hh) > 1e-10 else "dx"
    return name, {"dW_hh": 1, "dx": 8}[name], LINES[letter]
'''
GIVEN_TOOL = '''
def first_bad_step(delta, loss):
    T, H, B = len(delta) - 1, *delta.shape[1:]
    for t in range(T, 0, -1):
        truth = np.zeros((H, B))
        for j in np.ndindex(H, B):
            push = np.zeros((T, H, B), complex)
            push[(t - 1, *j)] = 1e-30j
            truth[j] = loss(push).imag / 1e-30
        if not relative_error(delta[t], truth) <= 1e-10:
            return t
    return 0
'''
SAME_NAMES = {
    "clip_by_value": "def f(g, c):\n    return np.clip(g, -c, c)\n"
                     "def clip_by_value(grads, c):\n    return tuple(f(g, c) for g in grads)",
    "clip_by_global_norm": "def f(grads):\n    return np.sqrt(sum((g**2).sum() for g in grads))\n"
                           "def clip_by_global_norm(grads, c):\n    n = f(grads)\n"
                           "    return *(g * (c / n if n > c else 1) for g in grads), n",
}
ASKS = '''
def softmax_cross_entropy_masked(y, target, mask):
    z = y - y.max(axis=1, keepdims=True)            # is this allowed?
    logp = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    t, b = np.where(mask)
    right = np.zeros_like(y)
    right[t, target[mask], b] = 1                   # once more?
    return (-(right * logp).sum() / mask.sum(),
            (np.exp(logp) - right) * mask[:, None] / mask.sum())
%timeit 1 + 1
np.where?
print("%d"
      % 3)
files = !ls
'''
ONE_LINE = ("def relative_error(g, g_hat):\n    return np.abs(g - g_hat).max() / max("
            "np.abs(g).max(), np.abs(g_hat).max(), 1e-12)")
WROTE = "%%writefile mine.py\nimport numpy as np\n"


def _indented(text, above):
    return above + "\n" + "\n".join("    " + line for line in text.splitlines())


def entries():
    """Yield these submissions."""
    kind, right = "honest", answers()
    whole = right[WHOLE]
    others = {
        "%%time above its answers": {name: "%%time\n" + text for name, text in right.items()},
        "%%capture and an indent": {WHOLE: _indented(whole, "%%capture out")},
        "magics, and questions in comments": {SOFTMAX: ASKS},
        "answers in if and try": {STEP: _indented(right[STEP], "if True:"),
                                  WHOLE: _indented(whole, "try:") + "\nfinally:\n    pass"},
        "doctest's prompts": {WHOLE: "\n".join(
            ("... " if line[:1] == " " else ">>> ") + line for line in whole.splitlines())},
        "tqdm": {WHOLE: "from tqdm.auto import tqdm\n" + whole.replace(
            "range(T, 0, -1)", "tqdm(range(T, 0, -1))")},
        "annotations of an absent package": {WHOLE: "from jaxtyping import Float\n" + whole.replace(
            "mask)", 'mask: Float[np.ndarray, "T B"])', 1)},
        "marks of a merge": {WHOLE: f"<<<<<<< HEAD\n{whole}\n=======\n{whole}\n>>>>>>> mine"},
    }
    for name, but in others.items():
        yield entry(kind, name, FULL, but=but)
    yield entry(kind, "annotations that another cell puts off", FULL, but={
        WHOLE: whole.replace("mask)", "mask: Mask)", 1)},
        first=["from __future__ import annotations"])
    yield entry(kind, "NumPy's warnings are errors", FULL, but={SOFTMAX: ASKS},
                first=["import numpy as np\nnp.seterr(all='raise')"])
    yield entry(kind, "an answer in if, and an empty one below", FULL,
                first=["import numpy as np", _indented(whole, "if True:")],
                but={WHOLE: f"def {WHOLE}(*args):\n    raise NotImplementedError()"})
    yield entry(kind, "an answer in a file of the notebook's own", FULL, first=[WROTE + whole],
                but={WHOLE: f"from mine import {WHOLE}"})
    yield entry(kind, "tests of some seconds, and some without end", FULL, last=[
        "import time\ntime.sleep(1.5)"] * 5 + ["def train():\n    time.sleep(9)\ncurve = train()",
                                               "best = train()"])
    yield entry(kind, "a wrong line, then one with the raise left below it", 5, unit="00", but={
        "relative_error": ONE_LINE + "\n    raise NotImplementedError()"},
        first=["import numpy as np\ndef relative_error(g, g_hat):\n    return np.abs(g).max()"])
    yield entry(kind, "a measured hunt", 9, unit="04",
                but={"bug_hunt": MEASURED, "first_bad_step": GIVEN_TOOL})
    yield entry(kind, "a given helper's name, used before", 13, unit="06",
                first=["def least_steps(n, m):\n    return 0"])
    yield entry(kind, "the same name for two helpers", 8, unit="08", but=SAME_NAMES)
