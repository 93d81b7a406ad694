"""The engine behind check, hint and progress, tried with answers of all kinds."""

import csv
import json
import os
import signal
import sys
import threading
import time
from typing import NamedTuple

import numpy as np
import pytest

from grading import check, hint, notes, progress
from grading.ask import KEPT, Asker, NotAttempted, Raised, TookTooLong
from grading.comparing import compare_one
from grading.confusion import report_on
from grading.examine import (
    CORRECT,
    NOT_ATTEMPTED,
    RAISED,
    TOO_LONG,
    UNREADABLE,
    WRONG,
    examine,
)
from grading.problem import Case, Part, Problem, Property, Result, mistaken
from grading.problems import all_problems, find
from grading.reading import read
from grading.shown import Shown, Text

ELMAN = find("elman_backward")
backward = ELMAN.reference


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Let each test have its progress in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sentence(answer, problem=ELMAN):
    return report_on(problem, answer).sentence


def findings(answer, problem=ELMAN):
    return [finding.name for finding in report_on(problem, answer).findings]


def changed(which, change):
    """Return an answer in which one of the right results is changed."""
    def answer(*args):
        results = list(backward(*args))
        results[which] = change(results[which])
        return tuple(results)
    return answer


# -- outcomes and points ---------------------------------------------------------------------------

def as_shipped(*args):
    raise NotImplementedError()


def fails(*args):
    raise KeyError("W_hh")


def hangs(*args):
    while True:
        pass


@pytest.mark.parametrize(("answer", "outcome", "points", "said"), [
    (backward, CORRECT, 8, ""),
    (changed(1, np.negative), WRONG, 0, ""),
    (as_shipped, NOT_ATTEMPTED, 0, "as it was given out"),
    (fails, RAISED, 0, "KeyError: 'W_hh'"),
    (lambda *args: None, UNREADABLE, 0, "None (is there a `return`?)"),
    (None, UNREADABLE, 0, "pass the function itself"),
    ((np.ones(2), np.ones(2)), UNREADABLE, 0, "a value of type tuple"),
])
def test_outcomes(answer, outcome, points, said):
    shown = check("elman_backward", answer)
    assert (shown.outcome, shown.points) == (outcome, points)
    assert said in shown.headline and f"{points} of 8 points" in shown.headline
    assert "Traceback" not in repr(shown) + shown._repr_html_()


def test_an_answer_that_does_not_return_is_interrupted_and_earns_nothing():
    start = time.monotonic()
    report = report_on(ELMAN._replace(seconds=0.3), hangs)
    assert time.monotonic() - start < 3  # one case costs the time, and the rest is not tried
    assert (report.outcome, report.points) == (TOO_LONG, 0)
    assert "0.3 s" in report.sentence and "interrupted" in report.sentence


def test_a_part_that_only_a_property_checks_is_not_earned_by_hanging():
    report = report_on(find("orthogonal")._replace(seconds=0.2), hangs)
    assert (report.outcome, report.points) == (TOO_LONG, 0)


def test_each_part_counts():
    def deaf(W_xh, W_hh, W_hy, x, h, e, mask):
        return backward(W_xh, W_hh, W_hy, x, h, e, np.ones_like(mask))

    def forgetful(W_xh, W_hh, W_hy, x, h, e, mask):
        h = h.copy()
        h[0] = 0
        return backward(W_xh, W_hh, W_hy, x, h, e, mask)

    assert report_on(ELMAN, deaf).earned == {"sequence": 4, "initial state": 2, "masks": 0}
    assert report_on(ELMAN, forgetful).earned == {"sequence": 4, "initial state": 0, "masks": 0}


@pytest.mark.parametrize("left_out", ["h_0 ≠ 0", "h_0 = 0", "a mask"])
def test_what_is_left_out_costs_its_part_alone(left_out):
    """Also where it is the very first case that is not written yet."""
    def partly(W_xh, W_hh, W_hy, x, h, e, mask):
        if left_out == ("a mask" if not mask.all() else "h_0 ≠ 0" if h[0].any() else "h_0 = 0"):
            raise NotImplementedError
        return backward(W_xh, W_hh, W_hy, x, h, e, mask)

    report = report_on(ELMAN, partly)
    assert report.outcome == RAISED and 0 < report.points < 8
    assert "NotImplementedError" in report.sentence


# -- arguments, time, output -----------------------------------------------------------------------

def test_what_an_answer_does_to_its_arguments_is_undone():
    def spoils(*args):
        right = backward(*args)
        for argument in args:
            argument[...] = 0
        return right

    assert report_on(ELMAN, spoils).points == 8
    nested = {"a": [np.ones(2), (np.ones(3),)]}

    def empties(table):
        table["a"][1][0][:] = 0
        table.clear()

    Asker(empties, 1)(nested)
    assert nested["a"][1][0].sum() == 3


def catches_exception():
    while True:
        try:
            time.sleep(0.01)
        except Exception:
            pass


enough = threading.Event()  # for what cannot be stopped in a thread


def catches_all():
    while not enough.is_set():
        try:
            time.sleep(0.01)
        except:  # noqa: E722
            pass


def catches_all_twice():
    while not enough.is_set():
        try:
            try:
                sum(range(1000))
            except:  # noqa: E722
                continue
        except BaseException:
            continue


def gives_up_late():
    try:
        hangs()
    except BaseException:
        return 1


SLOW = (hangs, catches_exception, catches_all, catches_all_twice, gives_up_late,
        lambda: time.sleep(60))


@pytest.mark.parametrize("slow", SLOW)
def test_whatever_it_catches_it_is_interrupted(slow):
    start, handler = time.monotonic(), signal.getsignal(signal.SIGALRM)
    with pytest.raises(TookTooLong, match=r"0\.2 s"):
        Asker(slow, 0.2)()
    assert time.monotonic() - start < 10
    assert signal.getsignal(signal.SIGALRM) is handler


@pytest.mark.parametrize("slow", SLOW[:-1])
def test_in_another_thread_it_is_interrupted_or_left_alone(slow):
    caught = []

    def ask():
        try:
            Asker(slow, 0.2)()
        except TookTooLong as trouble:
            caught.append(trouble)

    before = threading.active_count()
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(20)
    assert len(caught) == 1 and not thread.is_alive()
    if slow in (catches_all, catches_all_twice):
        enough.set()
    end = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.05)
    enough.clear()
    assert threading.active_count() <= before  # it does not run on


def test_without_alarms_it_works_in_a_thread(monkeypatch, recwarn):
    with monkeypatch.context() as windows:
        windows.delattr(signal, "setitimer")
        infinite = Asker(lambda: 1 / np.zeros(1), 1)()
        with pytest.raises(Raised, match="ZeroDivisionError"):
            Asker(lambda: 1 / 0, 1)()
        with pytest.raises(NotAttempted):
            Asker(as_shipped, 1)()
    assert infinite[0] == np.inf
    assert not recwarn.list  # NumPy was told not to warn, and the thread knows it


def test_an_alarm_that_others_have_set_still_rings():
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    kept = signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        assert Asker(lambda: 5, 0.1)() == 5
        time.sleep(0.5)
    finally:
        signal.signal(signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, *kept)
    assert rung == [1]


class Mute(Exception):
    def __str__(self):
        raise ValueError


def speechless():
    raise Mute


def endless():
    return endless()


@pytest.mark.parametrize(("answer", "said"), [
    (lambda: sys.exit(3), "SystemExit: 3"),
    (lambda: np.zeros(10**15), "MemoryError"),
    (lambda: np.ones((2, 3)) @ np.ones((2, 3)), "ValueError: matmul"),
    (lambda unknown: 1, "TypeError"),
    (endless, "RecursionError: it calls itself without end"),
    (speechless, "Mute: (its message cannot be read)"),
])
def test_what_is_raised_is_said_in_one_sentence(answer, said):
    with pytest.raises(Raised) as trouble:
        Asker(answer, 5)()
    assert said in str(trouble.value)


def test_ctrl_c_is_for_the_learner():
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Asker(interrupted, 1)()


def test_what_an_answer_prints_is_kept_and_cut(capsys):
    def talks(*args):
        print("<b>bold</b> & " + "x" * 1000)
        return backward(*args)

    shown = check("elman_backward", talks)
    assert capsys.readouterr().out == "" and shown.outcome == CORRECT
    assert "Your code printed: <b>bold</b>" in repr(shown) and "more characters)" in repr(shown)
    assert len(shown.report.output) < KEPT + 50
    page = shown._repr_html_()
    assert "&lt;b&gt;bold&lt;/b&gt; &amp;" in page and "<b>bold" not in page
    print("heard again")
    assert capsys.readouterr().out == "heard again\n"


def test_printing_without_end_fills_no_memory():
    def talks():
        while True:
            print("x" * 10_000)

    asker = Asker(talks, 0.3)
    with pytest.raises(TookTooLong):
        asker()
    assert len(asker.printed.text) == KEPT and "more characters" in asker.output


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


# -- what is kept between calls --------------------------------------------------------------------

def test_state_that_is_kept_between_calls_is_found():
    calls = []

    def tires(*args):
        calls.append(1)
        return tuple(g * (len(calls) <= 10) for g in backward(*args))

    cases = len(list(ELMAN.cases(np.random.default_rng(0))))
    assert cases == 10  # so all of them are right, and only the call after them is not
    report = report_on(ELMAN, tires)
    assert report.outcome == WRONG and report.earned["sequence"] == 0
    assert "nothing may be kept between calls" in report.sentence

    sums = {}

    def accumulates(*args):
        for i, g in enumerate(backward(*args)):
            sums[i, g.shape] = sums.get((i, g.shape), 0) + g
        return tuple(sums[i, g.shape].copy() for i, g in enumerate(backward(*args)))

    assert report_on(ELMAN, accumulates).outcome == WRONG


def test_a_property_that_cannot_go_on_is_no_crash():
    def chokes(ask, rng):
        return ask(1)[0] @ np.ones(3) == 0

    problem = Problem("toy", "00", "A toy", 1, (Part("all", 1), Part("more", 2)), (Result("it"),),
                      lambda n: np.ones((2, 2)), lambda rng: [Case("all", (1,))], (), (),
                      properties=(Property("more", "it can be used", chokes),))
    report = examine(problem, Asker(lambda n: np.ones((2, 2)), 1), np.random.default_rng(0))
    assert (report.outcome, report.earned) == (WRONG, {"all": 1, "more": 0})
    assert report.sentence.startswith("it can be used: ")


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


# -- diagnosis beyond the catalogue ----------------------------------------------------------------

def with_shares(which, name, steps, factor):
    """Return an answer in which some steps' shares of one result are multiplied."""
    def answer(*args):
        shares = ELMAN.shares(*args)[name]
        c = np.ones((len(shares), 1, 1))
        c[steps] = factor
        return changed(which, lambda g: (c * shares).sum(axis=0))(*args)
    return answer


@pytest.mark.parametrize(("answer", "said"), [
    (lambda *args: tuple(-g for g in backward(*args)), "every result: has the wrong sign"),
    (changed(0, lambda g: 2 * g), "dW_xh: twice as large as it should be"),
    (changed(3, lambda g: 0.3 * g), "dW_hy: off by the factor 0.3"),
    (changed(1, np.transpose), "dW_hh: is transposed"),
    (changed(4, np.abs), "dh_0: has lost its signs"),
    (changed(4, np.zeros_like), "dh_0: is zero everywhere"),
    (changed(2, lambda g: g[:, 0]), "db_h: has lost its last axis: keepdims=True keeps it"),
    (changed(4, lambda g: g.sum(axis=1, keepdims=True)), "dh_0: is summed over its last axis"),
    (with_shares(3, "dW_hy", 0, 0), "dW_hy: lacks the share of the first step"),
    (with_shares(1, "dW_hh", -1, 0), "dW_hh: lacks the share of the last step"),
    (with_shares(3, "dW_hy", -1, 2), "dW_hy: holds the share of the last step 2 times"),
    (with_shares(3, "dW_hy", slice(None, -1), 0), "dW_hy: holds only the share of the last step"),
    (lambda *args: backward(*args[:3], args[3][::-1], *args[4:]),
     "the steps of x are read in reverse"),
    (lambda *args: backward(*args)[::-1], "results in another order"),
    (changed(0, lambda g: g.astype(np.float32)), "nearly right"),
    (changed(0, np.tanh), "not recognised"),
])
def test_mistakes_in_general_are_named(answer, said):
    assert findings(answer)[0] == said


def test_a_known_factor_is_named():
    def sums(*args):
        return changed(0, lambda g: g * args[6].sum())(*args)

    assert findings(sums)[0].startswith("dW_xh: N times as large as it should be")


def test_what_is_wrong_in_one_situation_only_is_not_said_of_all():
    def answer(*args):
        sign = -1 if args[3].shape[2] == 1 else 1
        return tuple(sign * g for g in backward(*args))

    assert findings(answer) == ["wrong where: B = 1"]


def test_two_known_mistakes_at_once_are_both_named():
    one, two = ELMAN.mistakes[0], ELMAN.mistakes[4]
    both = mistaken(backward, one.changes + two.changes)
    assert set(findings(both)[:2]) == {one.name, two.name}


def test_changes_that_do_not_fit_make_no_mistake():
    assert mistaken(backward, (("no such line", ""),)) is None
    assert mistaken(backward, (("return dW_xh", "return ("),)) is None


# -- what a learner sees ---------------------------------------------------------------------------

def test_a_report_is_escaped_where_a_page_shows_it():
    def angry(*args):
        raise ValueError("<script>alert(1)</script>")

    page = check("elman_backward", angry)._repr_html_()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "<i>" not in Text("<i>")._repr_html_()


def test_a_report_names_tensor_error_step_and_section():
    shown = check("elman_backward", mistaken(backward, ELMAN.mistakes[4].changes))
    for text in (repr(shown), shown._repr_html_()):
        assert "W_hh is not transposed" in text and "See unit 03: The derivation" in text
        assert "dW_hh" in text and "(H, H)" in text and "relative error" in text
        assert "sequence 0/4" in text
    assert isinstance(shown, Shown) and shown.headline.startswith("✗ elman_backward: wrong")


def test_the_same_seed_draws_the_same_cases():
    one, two, other = ([case.args[3] for case in ELMAN.cases(np.random.default_rng(s))]
                       for s in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other))


@pytest.mark.parametrize("function", [hint, lambda name: check(name, backward)])
def test_a_name_that_does_not_exist_is_an_error_with_a_proposal(function):
    with pytest.raises(ValueError, match="did you mean 'elman_backward'"):
        function("elman_bakward")
    with pytest.raises(ValueError, match="progress"):
        function(12345)
    assert not notes.place().exists()


def test_hints_open_one_after_the_other_and_cost_nothing():
    opened = [repr(hint("elman_backward")) for _ in range(4)]
    for count, text in enumerate(opened[:3], 1):
        assert [f"Hint {i} of 3: {ELMAN.hints[i - 1]}" in text for i in (1, 2, 3)] == [
            i <= count for i in (1, 2, 3)]
    assert opened[3] == opened[2]
    assert check("elman_backward", backward).points == 8
    assert notes.load()["elman_backward"] == {"points": 8, "tries": 1, "hints": 3, "last": CORRECT}


# -- progress --------------------------------------------------------------------------------------

def test_progress_keeps_the_best_try(folder):
    for answer in (backward, None, fails):
        check("elman_backward", answer)
    table = repr(progress())
    assert "elman_backward" in table and "8 of  8  raised an error" in table
    assert table.splitlines()[-1] == "8 of 100 points, kept in progress.json"
    assert len(table.splitlines()) == len(all_problems()) + 1
    assert json.loads((folder / "progress.json").read_text())["elman_backward"]["tries"] == 3
    assert list(folder.iterdir()) == [folder / "progress.json"]  # nothing else is left there


@pytest.mark.parametrize("text", [
    "", "{", "[1, 2]", "7", "null", '{"elman_backward": 3}', '{"elman_backward": {"points": "8"}}',
    '{"elman_backward": {"points": null}}', '{"elman_backward": {"tries": [1]}}',
    '{"elman_backward": {"hints": 1.5}}', "\x00\x01", "[" * 100_000, b"\xff\xfe"])
def test_a_corrupted_file_is_kept_aside(folder, capsys, text):
    broken = text if isinstance(text, bytes) else text.encode()
    for name in ("progress.unreadable.json", "progress.unreadable1.json"):
        (folder / "progress.json").write_bytes(broken)
        assert check("elman_backward", backward).points == 8
        assert name in capsys.readouterr().out
        assert (folder / name).read_bytes() == broken
        assert repr(hint("elman_backward")).startswith("Hint 1 of 3")
        assert notes.load()["elman_backward"]["points"] == 8


def test_a_folder_that_cannot_be_written_costs_no_report(folder, capsys, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (folder / "progress.json").write_text("{")
    monkeypatch.setattr(os, "replace", refuse)
    assert check("elman_backward", backward).outcome == CORRECT
    said = capsys.readouterr().out
    assert "could not be read" in said and "could not be kept in" in said


def test_export_and_a_new_beginning(folder):
    check("elman_backward", backward)
    hint("elman_backward")
    progress(export="mine.csv")
    with open("mine.csv", newline="", encoding="utf-8") as file:
        rows = {row["exercise"]: row for row in csv.DictReader(file)}
    assert rows["elman_backward"] == {"unit": "03", "exercise": "elman_backward", "points": "8",
                                      "of": "8", "last": CORRECT, "tries": "1", "hints": "1"}
    assert len(rows) == len(all_problems())
    with pytest.raises(FileExistsError):
        progress(export="mine.csv")
    kept = [(folder / "progress.json").read_bytes()]
    assert "begins anew" in repr(progress(reset=True))
    assert "0 of 100 points" in repr(progress())
    check("elman_backward", None)
    kept.append((folder / "progress.json").read_bytes())
    progress(reset=True)
    others = sorted(set(folder.glob("progress.*")) - {folder / "progress.json"})
    assert [path.read_bytes() for path in others] == kept  # no earlier one is overwritten


def test_exporting_and_beginning_anew_at_once_does_both(folder):
    check("elman_backward", backward)
    progress(export="mine.csv", reset=True)
    assert "elman_backward,8,8" in (folder / "mine.csv").read_text()
    assert not (folder / "progress.json").exists()


def test_the_file_is_in_the_work_folder_of_a_course(folder, monkeypatch):
    (folder / "work" / "07").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    monkeypatch.chdir(folder / "work" / "07")
    assert notes.place() == folder / "work" / "07" / "progress.json"  # no course is around it
    (folder / "course.py").touch()
    for inside in ("work", "work/07", "notebooks", "."):
        monkeypatch.chdir(folder / inside)
        assert notes.place() == folder / "work" / "progress.json"
