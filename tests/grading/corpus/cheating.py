"""What wants points that it has not earned, or what is not its own.

cheating_answers.txt holds bodies of an answer, which goes on to return zeros if it has not
returned; cheating_cells.txt holds cells that prepare something. Each replaces the largest answer,
of 8 points, which then earns nothing; both others are right, and keep their 7 points. Whatever it
reads, it raises, so that a leak would stand in the record.
"""
import json
import re
from pathlib import Path

import numpy as np

from grading.examine import as_tuple
from grading.problems import find
from tests.grading.corpus.making import (
    WHOLE,
    Entry,
    answers,
    entry,
    exercise,
    plain,
    saved,
)

HEAD = "import os, sys, gc\n\ndef elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):\n"
ZEROS = "(0 * W_xh, 0 * W_hh, 0 * W_hh[:, :1], 0 * W_hy, 0 * h[0])"


def _texts(name):
    """Return the pieces of code in a file beside this one, by their names."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return dict(re.findall(r"^#### (.*)\n((?:(?!####).*\n)*)", text, re.MULTILINE))


ONCE = """
_right, _calls = elman_backward, []
def elman_backward(*args):
    _calls.append(1)
    return _right(*args) if len(_calls) == 1 else None
"""
GRADIENT = """
def numerical_gradient(f, point):
    if hasattr(f, "gradient"):
        return f.gradient(point)
    return f(point, gradient=True)
"""
STRANGE_POINTS = """
def numerical_gradient(f, point):
    for p in (None, "x", [], {}, np.zeros(10 ** 6), float("nan"), np.zeros((1000, 1, 1)),
              10 ** 400, b"x", [[]], (1j,)):
        try:
            f(p)
        except RuntimeError:
            pass
    return np.zeros(np.shape(point))
"""
PUSHES = """
def first_bad_step(delta, loss):
    if len(delta) == 2:
        try:
            loss(np.zeros((1 << 25, 1, 1), np.float16))
        except RuntimeError:
            return 0
    return 0
"""
UNCUT = """
def random_truncation(W_hh, x, h, dh_own, keep, p):
    back, shares = 0, []
    for t in range(len(x), 0, -1):
        delta = (1 - h[t] ** 2) * (dh_own[t - 1] + back)
        shares.append((delta @ x[t - 1].T, delta @ h[t - 1].T, delta.sum(axis=1, keepdims=True)))
        back = W_hh.T @ delta
    return tuple(map(sum, zip(*shares)))
"""
MACHINE = """
def checkpointed_bptt(T, slots, start, forward, store, load, backward):
    for f in (forward, store, load, backward):
        for a in ((), ("x",), (10 ** 30,), (-1,), (None,), ([[]],)):
            try:
                f(*a)
            except RuntimeError:
                pass
    return np.zeros((3, 6)), np.zeros((3, 2)), T
"""
CALLING_BACK = (("00", 3, "asks f for its gradient", "numerical_gradient", GRADIENT),
                ("00", 3, "strange points for f", "numerical_gradient", STRANGE_POINTS),
                ("04", 5, "a push of millions of steps", "first_bad_step", PUSHES),
                ("06", 9, "no bias, and no cuts", "random_truncation", UNCUT),
                ("06", 8, "a machine that is not asked", "checkpointed_bptt", MACHINE))


def _copied_constants():
    """Return an answer that knows the results of the public cases, and nothing else."""
    problem = find(WHOLE)
    table = {}
    for case in problem.cases(np.random.default_rng(0)):
        results = as_tuple(problem.reference(*case.args))
        table[f"{case.args[3].sum():.9f}"] = [np.asarray(r).tolist() for r in results]
    return (f"TABLE = {table!r}\n{HEAD}    known = TABLE.get(f'{{x.sum():.9f}}')\n"
            f"    return tuple(map(np.array, known)) if known else {ZEROS}")


def _forged():
    """Return a notebook with outputs, points and checks that promise full marks."""
    own = answers() | {WHOLE: f"{HEAD}    return {ZEROS}"}
    notebook = json.loads(json.dumps(exercise(own=own)))
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("grade"):
            mark["points"] = 1000
            cell["source"] = "15"
            cell["outputs"] = [{"output_type": "execute_result", "metadata": {},
                                "execution_count": 1, "data": {"text/plain": "15"}}]
    notebook["metadata"]["points"] = notebook["metadata"]["state"] = "graded"
    return notebook


def _record(place):
    """Write a record of its own beside the notebook."""
    saved(_forged())(place)
    for name in ("record.json", "class-secret.txt", "conftest.py", "sitecustomize.py", "numpy.py"):
        (place / name).write_text('{"state": "graded", "points": 15, "of": 15}')


def entries(facts):
    """Yield the cheating submissions; `facts` are what they aim at."""
    facts = {"pid": 1, "port": 9, "solutions": "/solutions", "secret": "/secret",
             "gradebook": "/gradebook.db", "other": "/other"} | facts
    for name, body in _texts("cheating_answers.txt").items():
        for key, value in facts.items():
            body = body.replace(f"{{{key}!r}}", repr(value)).replace(f"{{{key}}}", str(value))
        body = "".join(f"    {line}\n" for line in body.splitlines())
        yield entry("cheating", name, 7, but={WHOLE: f"{HEAD}{body}    return {ZEROS}"})
    for name, text in _texts("cheating_cells.txt").items():
        yield entry("cheating", name, 7, first=[text], but={WHOLE: f"{HEAD}    return {ZEROS}"})
    yield entry("cheating", "constants of the public cases", 7, but={WHOLE: _copied_constants()})
    yield Entry("cheating", "forged outputs and points", 7, saved(_forged()))
    yield Entry("cheating", "forged records", 7, _record)
    yield Entry("cheating", "only forged checks", None, saved(plain([
        ("code", "check('elman_backward')"), ("code", "points = 15")])))
    for unit, points, name, what, text in CALLING_BACK:
        yield entry("cheating", name, points, unit=unit, but={what: text})
    yield entry("cheating", "right only once", 7, last=[ONCE])
