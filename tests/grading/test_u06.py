"""Unit 06: the references against the library, other right answers, wrong ones, and cheats."""

import numpy as np
import pytest

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.checkpoint import least_steps as library_steps
from bpttlib.checkpoint.schedules import schedule
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.params import CellParams
from bpttlib.rtrl import rtrl as library_rtrl
from grading.confusion import report_on
from grading.examine import RAISED
from grading.problems.u06 import CHECKPOINTED_BPTT, PROBLEMS, RANDOM_TRUNCATION, RTRL
from grading.problems.u06_machine import least_steps
from tests.grading.verdicts import first_finding, loses

cuts, rtrl, frugal = (problem.reference for problem in PROBLEMS)


def close(got, right):
    return all(relative_error(a, b) < 1e-10 for a, b in zip(got, right, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_cuts_are_the_librarys_one_sequence_at_a_time(seed):
    for case in RANDOM_TRUNCATION.cases(np.random.default_rng(seed)):
        W_hh, x, h, dh_own, keep, p = case.args
        params = CellParams(np.zeros((len(W_hh), x.shape[1])), W_hh, np.zeros((len(W_hh), 1)))
        total = [0.0, 0.0, 0.0]
        for b in range(x.shape[2]):
            one = slice(b, b + 1)
            tape = unroll(Elman(), params, x[:, :, one])
            tape.h[:] = h[:, :, one]
            back = bptt(Elman(), params, x[:, :, one], tape, dh_own[:, :, one],
                        keep=keep[:, b] / (1 - p))
            total = [a + g for a, g in zip(total, back.params)]
        assert close(cuts(*case.args), total)


@pytest.mark.parametrize("seed", range(3))
def test_forward_equals_backward_and_the_complex_step(seed):
    for case in RTRL.cases(np.random.default_rng(seed)):
        *params, x, h_0, dh_own = case.args
        params = CellParams(*params)
        dW, P = rtrl(*case.args)
        back = bptt(Elman(), params, x, unroll(Elman(), params, x, h_0), dh_own).params
        ahead = library_rtrl(Elman(), params, x, dh_own, h_0)
        assert relative_error(dW, np.concatenate(back, axis=1)) < 1e-10
        assert relative_error(dW, np.concatenate(ahead, axis=1)) < 1e-10
        i, b = len(h_0) - 1, x.shape[2] - 1
        numerical = complex_step(lambda q: unroll(Elman(), q, x, h_0).h[-1, i, b], params)
        assert relative_error(P[i, ..., b], np.concatenate(numerical, axis=1)) < 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_the_machine_holds_the_right_gradient_and_counts_as_the_library(seed):
    for case in CHECKPOINTED_BPTT.cases(np.random.default_rng(seed)):
        machine = case.args[2].__self__
        T, slots = case.args[:2]
        dtheta, dh_0, steps = frugal(*case.args)
        assert steps == machine.steps == least_steps(T, slots) == library_steps(T, slots)
        # The states, made into a loss that is linear in each: Σ dh_own · h.
        h, x, W_hh = machine.h, machine.x, machine.W_hh
        params = CellParams(np.zeros((len(W_hh), x.shape[1])), W_hh, np.zeros((len(W_hh), 1)))
        tape = unroll(Elman(), params, x)
        tape.h[:] = h
        back = bptt(Elman(), params, x, tape, machine.dh_own)
        assert close((dtheta, dh_0), (np.concatenate(back.params, axis=1), *back.s0))


# -- other right answers ---------------------------------------------------------------------------

def cuts_by_shares(W_hh, x, h, dh_own, keep, p):
    """Each loss's share through each copy, times the product of the factors on its way."""
    kappa, sums = keep / (1 - p)[:, None], [0.0, 0.0, 0.0]
    for t in range(len(x)):
        dh = dh_own[t]
        for s in range(t, -1, -1):
            delta = (1 - h[s + 1] ** 2) * dh * kappa[s + 1:t + 1].prod(axis=0)
            shares = delta @ x[s].T, delta @ h[s].T, delta.sum(axis=1, keepdims=True)
            sums = [a + g for a, g in zip(sums, shares)]
            dh = W_hh.T @ ((1 - h[s + 1] ** 2) * dh)
    return tuple(sums)


def cuts_by_where(W_hh, x, h, dh_own, keep, p):
    """The factor acts on δ, before W_hh."""
    after, dW_xh, dW_hh, db_h = 0.0, 0.0, 0.0, 0.0
    for t in reversed(range(len(x))):
        delta = (dh_own[t] + after) * (1 - h[t + 1]) * (1 + h[t + 1])
        dW_xh, dW_hh = dW_xh + np.einsum("ib,jb", delta, x[t]), dW_hh + delta @ h[t].T
        db_h = db_h + delta.sum(1)[:, None]
        after = np.einsum("ij,ib->jb", W_hh, np.where(keep[t], delta, 0)) / (1 - p[t])
    return dW_xh, dW_hh, db_h


def rtrl_by_sequences(W_xh, W_hh, b_h, x, h_0, dh_own):
    """One sequence after the other, as in the unit."""
    W, H = np.concatenate([W_xh, W_hh, b_h], axis=1), len(h_0)
    dW, influences = np.zeros_like(W), []
    for b in range(x.shape[2]):
        h, P = h_0[:, b], np.zeros((H, *W.shape))
        for x_t, own in zip(x[:, :, b], dh_own[:, :, b]):
            z = np.concatenate([x_t, h, [1.0]])
            h = np.tanh(W @ z)
            J = np.diag(1 - h**2) @ W_hh
            P = np.tensordot(J, P, 1) + np.diag(1 - h**2)[:, :, None] * z
            dW += np.tensordot(own, P, 1)
        influences.append(P)
    return dW, np.stack(influences, axis=-1)


def rtrl_by_library(W_xh, W_hh, b_h, x, h_0, dh_own):
    """The gradient backward, and the influence as one backward pass for each unit."""
    params, H, B = CellParams(W_xh, W_hh, b_h), *h_0.shape
    tape = unroll(Elman(), params, x, h_0)
    dW = np.concatenate(bptt(Elman(), params, x, tape, dh_own).params, axis=1)
    P = np.empty((H, *dW.shape, B))
    for i in range(H):
        for b in range(B):
            one = np.zeros_like(dh_own)
            one[-1, i, b] = 1.0
            P[i, ..., b] = np.concatenate(bptt(Elman(), params, x, tape, one).params, axis=1)
    return dW, P


def frugal_by_library(T, slots, start, forward, store, load, backward):
    """Follow the library's schedule."""
    start()
    store(0)
    stored, dh, dtheta, steps = [0], 0.0, 0.0, 0
    for move in schedule(T, slots):
        load(stored.index(move.start))
        for _ in range(move.start, move.stop):
            forward()
            steps += 1
        if move.store:
            stored.append(move.stop)
            store(len(stored) - 1)
        else:
            dh, share = backward(dh)
            dtheta, steps = dtheta + share, steps + 1
            if move.stop == move.start:
                stored.pop()
    return dtheta, dh, steps


def frugal_from_above(T, slots, start, forward, store, load, backward):
    """Each run is as long as it may be: the latest of the best cuts; the places from the end."""
    dh, shares, count = 0.0, [], 0

    def cost(y, n, m):
        return y + least_steps(n - y, m - 1) + least_steps(y, m)

    def go(n, m, place):
        nonlocal dh, count
        if n == 0:
            return
        load(place)
        y = min(reversed(range(1, n)), key=lambda y: cost(y, n, m)) if n > 1 and m > 1 else n - 1
        for _ in range(y):
            forward()
        if m > 1 and n - y > 1:
            store(place - 1)
            go(n - y, m - 1, place - 1)
        else:
            dh, share = backward(dh)
            shares.append(share)
            count += 1
        count += y
        go(y, m, place)

    start()
    store(slots - 1)
    go(T, slots, slots - 1)
    return sum(shares), dh, count


ALTERNATIVES = {"random_truncation": (cuts_by_shares, cuts_by_where),
                "rtrl": (rtrl_by_sequences, rtrl_by_library),
                "checkpointed_bptt": (frugal_by_library, frugal_from_above)}


# -- wrong only where something is special ---------------------------------------------------------

def unless(reference, special):
    """Return an answer whose first result is a tenth too large where something is special."""
    def answer(*args):
        first, *others = reference(*args)
        return (1.1 * first if special(*args) else first), *others
    return answer


#: What is special: a wrong answer, and the part that it must lose.
SPECIAL = {
    "random_truncation": {
        "T = 1": (unless(cuts, lambda *args: len(args[1]) == 1), "cuts"),
        "B = 1": (unless(cuts, lambda *args: args[1].shape[2] == 1), "cuts"),
        "H = D": (unless(cuts, lambda *args: len(args[0]) == args[1].shape[1]), "cuts"),
        "h_0 ≠ 0": (unless(cuts, lambda *args: args[2][0].any()), "initial state"),
        "nothing is cut": (unless(cuts, lambda *args: args[4].all() and len(args[1]) > 1), "cuts"),
        "everything is cut": (unless(cuts, lambda *args: not args[4].any()), "cuts"),
    },
    "rtrl": {
        "T = 1": (unless(rtrl, lambda *args: len(args[3]) == 1), "sequence"),
        "B = 1": (unless(rtrl, lambda *args: args[3].shape[2] == 1), "sequence"),
        "H = D": (unless(rtrl, lambda *args: args[0].shape[0] == args[0].shape[1]), "sequence"),
        "h_0 ≠ 0": (unless(rtrl, lambda *args: args[4].any()), "initial state"),
    },
    "checkpointed_bptt": {
        "T = 1": (unless(frugal, lambda *args: args[0] == 1), "gradient"),
        "one place": (unless(frugal, lambda *args: args[1] == 1 < args[0]), "places"),
        "two places": (unless(frugal, lambda *args: args[1] == 2), "steps"),
        "a place for every step": (unless(frugal, lambda *args: args[1] >= args[0]), "gradient"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost = SPECIAL[name][special]
    loses(name, answer, lost, special)


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def test_uncatalogued_mistakes_are_described():
    assert first_finding(RANDOM_TRUNCATION, lambda *args: tuple(
        -g for g in cuts(*args))) == "every result: has the wrong sign"
    assert first_finding(RANDOM_TRUNCATION, lambda W_hh, *args: cuts(
        W_hh.T, *args)) == "W_hh is not transposed"
    assert first_finding(RTRL, lambda *args: (
        2 * rtrl(*args)[0], rtrl(*args)[1])) == "dW: twice as large as it should be"
    assert first_finding(RTRL, lambda W_xh, W_hh, b_h, *args: rtrl(
        W_xh, W_hh, 0 * b_h, *args)) == "b_h is left out"
    first_finding(RTRL, lambda *args: (rtrl(*args)[0], rtrl(*args)[1].transpose(0, 2, 1, 3)))
    first_finding(RANDOM_TRUNCATION, lambda *args: cuts(*args[:4], args[4][::-1], args[5]))


def test_a_bias_is_found_without_the_reference():
    report = report_on(RANDOM_TRUNCATION, lambda W_hh, x, h, dh_own, keep, p: cuts(
        W_hh, x, h, dh_own, keep, p if len(x) != 3 else 0 * p))
    assert report.earned == {"cuts": 2, "initial state": 1, "no bias": 0}
    assert "all 16 draws" in report.sentence


def test_without_cuts_there_is_no_bias_and_no_point():
    report = report_on(RANDOM_TRUNCATION, lambda W_hh, x, h, dh_own, keep, p: cuts(
        W_hh, x, h, dh_own, keep | True, 0 * p))
    assert sum(report.earned.values()) == 0
    assert "something still goes back" in report.sentence


# -- the machine -----------------------------------------------------------------------------------

def complaints(answer):
    """Return the report, and everything that was said about its cases."""
    report = report_on(CHECKPOINTED_BPTT, answer)
    said = [v.sentence for run in report.runs for v in run.verdicts if not v.ok]
    return report, " ".join([report.sentence, *said])


def from_the_start(T, slots, start, forward, store, load, backward):
    """Right and slow, with one place."""
    start()
    store(0)
    dh, dtheta, steps = 0.0, 0.0, 0
    for t in range(T, 0, -1):
        load(0)
        for _ in range(t - 1):
            forward()
        dh, share = backward(dh)
        dtheta, steps = dtheta + share, steps + t
    return dtheta, dh, steps


def test_slow_is_right_where_nothing_counts_steps():
    report, said = complaints(from_the_start)
    assert report.earned == {"gradient": 2, "places": 1, "steps": 0}
    assert "are enough" in said


def test_a_false_count_is_found():
    report, said = complaints(lambda T, slots, *machine: (
        *from_the_start(T, slots, *machine)[:2], least_steps(T, slots)))
    assert report.earned["steps"] == 0 and "the machine counted" in said
    assert not any(v.ok for v in report.runs[-1].verdicts if v.name == "steps")
    assert all(v.ok for run in report.runs for v in run.verdicts if v.name != "steps")


def test_starting_anew_brings_nothing():
    def never_stores(T, slots, start, forward, store, load, backward):
        """Use start() as a place that costs nothing, and hide the steps with it."""
        start()
        dh, dtheta = 0.0, 0.0
        for t in range(T, 0, -1):
            start()
            for _ in range(t - 1):
                forward()
            dh, share = backward(dh)
            dtheta = dtheta + share
        return dtheta, dh, least_steps(T, slots)

    report, _ = complaints(never_stores)
    assert report.points == 0 and report.outcome == RAISED

    def starts_at_the_end(T, slots, start, *machine):
        results = from_the_start(T, slots, start, *machine)
        start()
        return *results[:2], 0

    report, said = complaints(starts_at_the_end)
    assert report.points == 0 and "has not been gone back through" in said


@pytest.mark.parametrize("place", [-1, 10**9, 1.0, "0", None])
def test_the_machine_has_no_other_places(place):
    def answer(T, slots, start, forward, store, load, backward):
        start()
        store(place)

    report, _ = complaints(answer)
    assert report.outcome == RAISED and report.points == 0


def test_swallowing_what_the_machine_refuses_brings_nothing():
    def greedy(T, slots, start, forward, store, load, backward):
        """Store every state, whatever the machine says, and go back."""
        start()
        for t in range(T):
            try:
                store(t)
            except IndexError:
                pass
            if t < T - 1:
                forward()
        dh, dtheta = 0.0, 0.0
        for t in range(T - 1, -1, -1):
            try:
                load(t)
            except IndexError:
                pass
            try:
                dh, share = backward(dh)
            except ValueError:
                continue
            dtheta = dtheta + share
        return dtheta, dh, least_steps(T, slots)

    report, _ = complaints(greedy)
    assert report.earned == {"gradient": 2, "places": 0, "steps": 0}


def test_what_a_machine_returns_is_plain():
    case = CHECKPOINTED_BPTT.cases(np.random.default_rng(0))[0]
    T, _, start, forward, store, load, backward = case.args
    assert [start(), store(0), load(0)] == [None] * 3
    assert [forward() for _ in range(T - 1)] == [None] * (T - 1)
    assert [type(value) for value in backward(0.0)] == [np.ndarray] * 2
