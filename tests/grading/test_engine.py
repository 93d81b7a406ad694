"""The engine behind check: outcomes and points, and answers that spoil, hang or shout."""

import signal
import sys
import threading
import time

import numpy as np
import pytest

from grading import check
from grading.ask import KEPT, Asker, NotAttempted, Raised, TookTooLong
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
from grading.problem import Case, Part, Problem, Property, Result
from grading.problems import find
from tests.grading.verdicts import ELMAN, changed

backward = ELMAN.reference


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
