"""What an answer may return, and how it is compared."""

from typing import NamedTuple

import numpy as np
import pytest

from grading.ask import Asker
from grading.comparing import compare_one
from grading.confusion import report_on
from grading.examine import (
    CORRECT,
    UNREADABLE,
    WRONG,
    examine,
)
from grading.problem import Case, Part, Problem, Result
from grading.reading import read
from tests.grading.verdicts import ELMAN, changed

backward = ELMAN.reference


# -- odd returns -----------------------------------------------------------------------------------

class AlwaysEqual(np.ndarray):
    """An array that says yes to every comparison."""

    def __eq__(self, other):
        return np.True_

    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(())


class Liar:
    """A thing that passes for the right array wherever it is asked, and equals everything."""

    def __init__(self, right):
        self.right, self.shape, self.dtype, self.ndim = right, right.shape, right.dtype, right.ndim

    def __eq__(self, other):
        return True

    def __array__(self, dtype=None, copy=None):
        return self.right

    def __le__(self, other):
        return True


class Grads(NamedTuple):
    dW_xh: np.ndarray
    dW_hh: np.ndarray
    db_h: np.ndarray
    dW_hy: np.ndarray
    dh_0: np.ndarray


def with_nan(g):
    g[-1, -1] = np.nan
    return g


#: One result (dW_hh) is odd: the change, and what the sentence must say.
ODD = {
    "None": (lambda g: None, "dW_hh is None"),
    "a list": (lambda g: g.tolist(), "dW_hh is a value of type list"),
    "a number": (lambda g: 1.0, "dW_hh is a value of type float"),
    "a text": (str, "dW_hh is a value of type str"),
    "a generator": (lambda g: (row for row in g), "type generator"),
    "objects": (lambda g: g.astype(object), "holds objects"),
    "liars in an array": (lambda g: np.full(g.shape, Liar(g), object), "holds objects"),
    "complex": (lambda g: g + 0j, "holds complex numbers"),
    "whole numbers": (lambda g: np.round(g).astype(int), "holds whole numbers"),
    "truth values": (lambda g: g > 0, "holds truth values"),
    "texts": (lambda g: g.astype(str), "holds no numbers"),
    "half precision": (lambda g: g.astype(np.float16), "float16"),
    "long precision": (lambda g: g.astype(np.longdouble), "must have float64"),
    "a record": (lambda g: np.zeros(g.shape, [("x", float)]), "holds no numbers"),
    "NaN": (with_nan, "holds nan at"),
    "infinity": (lambda g: g / 0, "every number must be finite"),
    "always equal": (lambda g: g.view(AlwaysEqual), "not a subclass"),
    "another subclass": (lambda g: g.view(np.recarray), "not a subclass"),
    "a masked array": (lambda g: np.ma.masked_all(g.shape), "not a subclass"),
    "a liar": (Liar, "type Liar"),
    "a function": (lambda g: lambda: g, "type function"),
}


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_result_is_no_pass_and_gets_a_sentence(odd):
    change, said = ODD[odd]
    report = report_on(ELMAN, changed(1, change))
    assert (report.outcome, report.points) == (UNREADABLE, 0)
    assert "dW_hh" in report.sentence and said in report.sentence


@pytest.mark.parametrize(("pack", "said"), [
    (list, "a value of type list; it must return dW_xh, dW_hh, db_h, dW_hy, dh_0"),
    (lambda five: (g for g in five), "type generator"),
    (lambda five: Grads(*five), "type Grads"),
    (lambda five: five[:4], "returned 4 values"),
    (lambda five: (*five, 0), "returned 6 values"),
    (lambda five: (five,), "returned 1 values"),
    (lambda five: dict(enumerate(five)), "type dict"),
    (lambda five: np.array(five, dtype=object), "type ndarray"),
    (lambda five: Liar(five[0]), "type Liar"),
])
def test_odd_packing_is_no_pass_and_gets_a_sentence(pack, said):
    report = report_on(ELMAN, lambda *args: pack(backward(*args)))
    assert (report.outcome, report.points) == (UNREADABLE, 0)
    assert said in report.sentence


def toy(right, *, answer=None, row=None, tolerance=1e-10):
    """Return the report on a problem that asks for one thing."""
    problem = Problem("toy", "00", "A toy", 1, (Part("all", 1),), (Result("it", row=row),),
                      lambda n: right, lambda rng: [Case("all", (1,)), Case("all", (2,))], (), ())
    return examine(problem, Asker(lambda n: answer, 1), np.random.default_rng(0))


@pytest.mark.parametrize(("right", "answer", "outcome"), [
    (0.5, 0.5, CORRECT), (0.5, np.float64(0.5), CORRECT), (0.5, np.array(0.5), CORRECT),
    (0.5, np.array([0.5]), UNREADABLE), (0.5, "0.5", UNREADABLE), (0.5, True, UNREADABLE),
    (0.5, float("nan"), UNREADABLE), (0.5, 0.5 + 0j, UNREADABLE), (0.5, 0.6, WRONG),
    (2.0, 2, CORRECT), (2.0, 10**400, UNREADABLE), (3, 3, CORRECT), (3, np.int64(3), CORRECT),
    (3, 3.0, UNREADABLE), (3, 4, WRONG), (3, True, UNREADABLE), (True, True, CORRECT),
    (True, 1, UNREADABLE), (True, np.True_, CORRECT), (True, False, WRONG), ("f", "f", CORRECT),
    ("f", "g", WRONG), ("f", np.str_("f"), UNREADABLE), ("f", None, UNREADABLE),
    (np.arange(3), np.arange(3), CORRECT), (np.arange(3), np.arange(3.0), UNREADABLE),
    (np.arange(3), np.arange(4), WRONG), ([1, 2], [1, 2], CORRECT), ([1, 2], [2, 1], WRONG),
    ([1, 2], (1, 2), UNREADABLE), ([1, 2], [1], UNREADABLE), ({"a": 1}, {"a": 1}, CORRECT),
    ({"a": 1}, {"b": 1}, UNREADABLE), ({"a": 1.0}, {"a": np.nan}, UNREADABLE),
    ({"a": np.ones(2)}, {"a": np.ones(2)}, CORRECT), ([np.ones(2)], [np.zeros(2)], WRONG),
    ([np.ones(2), 1.0], [np.ones(2) + 1e-13, 1 + 1e-13], CORRECT),
    ({"a": [np.ones(2)]}, {"a": [np.ones(2) + 1e-13]}, CORRECT), ([1, True], [1, 1], UNREADABLE),
    ([np.ones(2)], [np.ones(3)], WRONG), (np.ones(3), np.float64(1), UNREADABLE),
    (np.zeros(3), np.zeros(3), CORRECT), (np.zeros(3), np.full(3, 1e-9), WRONG),
    (np.ones((2, 1)), np.ones(2), WRONG), (np.ones(2), (np.ones(2),), UNREADABLE),
])
def test_each_kind_of_result(right, answer, outcome):
    report = toy(right, answer=answer)
    assert report.outcome == outcome
    assert report.points == (outcome == CORRECT)
    assert outcome != UNREADABLE or "it" in report.sentence


def test_results_are_taken_when_they_are_returned():
    buffers = {}

    def reuses(*args):
        results = backward(*args)
        for i, g in enumerate(results):
            buffers.setdefault((i, g.shape), np.empty_like(g))[...] = g
        return tuple(buffers[i, g.shape] for i, g in enumerate(results))

    assert report_on(ELMAN, reuses).points == 8
    g = np.ones(2)
    taken, = read((Result("g"),), g, (np.zeros(2),))
    g[:] = 7
    assert taken.tolist() == [1, 1]


# -- comparing -------------------------------------------------------------------------------------

def test_the_first_wrong_step_is_counted_in_the_order_of_computing():
    right = np.random.default_rng(0).normal(size=(6, 3))
    got = right.copy()
    got[[2, 4]] += 1
    for row, back, step in ((0, False, 2), (0, True, 4), (1, False, 3), (1, True, 5),
                            (None, False, None)):
        assert compare_one(Result("h", row=row, back=back), got, right, 1e-10).step == step


def test_shapes_are_told_apart():
    def said(got, right):
        return compare_one(Result("g"), got, right, 1e-10).sentence

    assert "the transpose of (2, 3)" in said(np.ones((3, 2)), np.ones((2, 3)))
    assert "must keep all axes: (3, 1)" in said(np.ones(3), np.ones((3, 1)))
    assert said(np.ones(4), np.ones(5)) == "has shape (4,) and must have (5,)"


def test_tolerances():
    right = np.ones(3)
    assert compare_one(Result("g"), right * (1 + 9e-11), right, 1e-10).ok
    assert not compare_one(Result("g"), right * (1 + 2e-10), right, 1e-10).ok
    assert compare_one(Result("g"), right + 1e-5, right.astype(np.float32), 1e-10).ok
    assert compare_one(Result("g"), right * 1e300, right, 1e-10).error == pytest.approx(1)
