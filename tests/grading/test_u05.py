"""Unit 05: the references against the library, other right answers, and wrong ones."""

import numpy as np
import pytest

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.clip import global_norm
from bpttlib.gradcheck import relative_error
from bpttlib.losses import squared_error
from bpttlib.params import CellParams
from bpttlib.tape import window
from bpttlib.truncation import truncated_bptt
from grading.confusion import report_on
from grading.problems.u05 import BIAS_CURVE, PROBLEMS, TBPTT_CHUNKS, TBPTT_K1_K2
from tests.grading.verdicts import first_finding, loses

chunks, windows, curve = (problem.reference for problem in PROBLEMS)


def close(got, right):
    return all(relative_error(a, b) < 1e-10 for a, b in zip(got, right, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_chunks_are_the_librarys(seed):
    for case in TBPTT_CHUNKS.cases(np.random.default_rng(seed)):
        *params, x, target, h_0, k = case.args
        params = CellParams(*params)
        tape = unroll(Elman(), params, x, h_0)
        _, own = squared_error(tape.h[1:], target)
        right = truncated_bptt(Elman(), params, x, tape, own, k, k).params
        assert close(chunks(*case.args), (*right, tape.h[-1]))


@pytest.mark.parametrize("seed", range(3))
def test_windows_are_the_librarys(seed):
    for case in TBPTT_K1_K2.cases(np.random.default_rng(seed)):
        W_hh, x, h, dh_own, k1, k2 = case.args
        params = CellParams(np.zeros((len(W_hh), x.shape[1])), W_hh, np.zeros((len(W_hh), 1)))
        tape = unroll(Elman(), params, x)
        tape.h[:] = h
        right = truncated_bptt(Elman(), params, x, tape, dh_own, k1, k2).params
        assert close(windows(*case.args), right)


def test_windows_give_the_number_that_one_can_do_by_hand():
    """x_t = w x_{t-1}, nearly: small states, on which tanh is straight; L = h_3, w = 0.2."""
    w, small = 0.2, 1e-9
    h = small * 0.9 * w ** np.arange(6.0).reshape(6, 1, 1)
    own = np.array([0, 0, 1.0, 0, 0]).reshape(5, 1, 1)
    for k2, right in ((1, 0.036), (2, 0.072), (3, 0.108), (4, 0.108)):
        _, dw, _ = windows(np.array([[w]]), np.zeros((5, 1, 1)), h, own, 1, k2)
        assert abs(dw.item() / small - right) < 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_the_units(seed):
    """Where gradients add up to the full one, the lengths are those of the library."""
    for case in BIAS_CURVE.cases(np.random.default_rng(seed)):
        truncated, T, ks = case.args
        g = truncated(1, 10 * T)

        def bias(k1, k2, g=g, truncated=truncated):
            off = tuple(a - b for a, b in zip(truncated(k1, k2), g, strict=True))
            return global_norm(off) / global_norm(g)

        in_chunks, sliding = curve(*case.args)
        assert np.allclose(in_chunks, [bias(k, k) for k in ks], rtol=1e-10, atol=1e-14)
        assert np.allclose(sliding, [bias(1, k) for k in ks], rtol=1e-10, atol=1e-14)


# -- other right answers ---------------------------------------------------------------------------

def chunks_by_library(W_xh, W_hh, b_h, x, target, h_0, k):
    """One chunk's tape after the other, by the library."""
    params, h, total = CellParams(W_xh, W_hh, b_h), h_0, None
    for start in range(0, len(x), k):
        piece = slice(start, start + k)
        tape = unroll(Elman(), params, x[piece], h)
        own = (tape.h[1:] - target[piece]) / (len(x) * x.shape[2])
        part = bptt(Elman(), params, x[piece], tape, own).params
        total = part if total is None else [a + b for a, b in zip(total, part)]
        h = tape.h[-1].copy()
    return *total, h


def chunks_by_einsum(W_xh, W_hh, b_h, x, target, h_0, k):
    """All states first; δ is zero beyond the steps k, 2k, …"""
    T, B = len(x), x.shape[2]
    h = [h_0]
    for x_t in x:
        h.append(np.tanh(W_xh @ x_t + W_hh @ h[-1] + b_h))
    h = np.stack(h)
    delta, slope = np.zeros_like(h), 1 - h * h
    for t in range(T, 0, -1):
        comes_back = W_hh.T @ delta[t + 1] if t % k and t < T else 0.0
        delta[t] = slope[t] * ((h[t] - target[t - 1]) / T / B + comes_back)
    return (np.einsum("tib,tjb->ij", delta[1:], x), np.einsum("tib,tjb->ij", delta[1:], h[:-1]),
            delta[1:].sum(axis=(0, 2)).reshape(-1, 1), h[T])


def windows_by_losses(W_hh, x, h, dh_own, k1, k2):
    """Each loss goes back by itself, to the start of its window: the map of the unit."""
    dW_xh, dW_hh, db_h = 0.0, 0.0, 0.0
    for t in range(len(x)):
        dh = dh_own[t]
        for s in range(t, max(0, t // k1 * k1 + k1 - k2) - 1, -1):
            delta = dh - dh * h[s + 1] * h[s + 1]
            dW_xh, dW_hh = dW_xh + delta @ x[s].T, dW_hh + delta @ h[s].T
            db_h = db_h + delta.sum(axis=1, keepdims=True)
            dh = W_hh.T @ delta
    return dW_xh, dW_hh, db_h


def windows_by_library(W_hh, x, h, dh_own, k1, k2):
    """Slices of the tape, by the library's bptt."""
    params = CellParams(np.zeros((len(W_hh), x.shape[1])), W_hh, np.zeros((len(W_hh), 1)))
    tape, total = unroll(Elman(), params, x), [0.0, 0.0, 0.0]
    tape.h[:] = h
    for first in reversed(range(0, len(x), k1)):
        start, stop = max(0, first + k1 - k2), min(first + k1, len(x))
        own = np.where(np.arange(start, stop)[:, None, None] >= first, dh_own[start:stop], 0)
        part = bptt(Elman(), params, x[start:stop], window(tape, start, stop), own).params
        total = [a + b for a, b in zip(total, part)]
    return tuple(total)


def curve_by_entries(truncated, T, ks):
    """A sum over all entries of all tensors; the full gradient as one window too long."""
    g = truncated(1, T + 5)
    squares = sum(float(np.sum(a * a)) for a in g)

    def off(k1, k2):
        return sum(float(np.sum((a - b) ** 2)) for a, b in zip(truncated(k1, k2), g))

    return (np.array([(off(k, k) / squares) ** 0.5 for k in ks]),
            np.array([(off(1, k) / squares) ** 0.5 for k in ks]))


def curve_by_library(truncated, T, ks):
    both = np.zeros((2, len(ks)))
    for i, k in enumerate(ks):
        for row, k1 in enumerate((k, 1)):
            full = truncated(T, 2 * T)
            gap = tuple(full[j] - g for j, g in enumerate(truncated(k1, k)))
            both[row, i] = np.divide(global_norm(gap), global_norm(full))
    return both[0], both[1]


ALTERNATIVES = {"tbptt_chunks": (chunks_by_library, chunks_by_einsum),
                "tbptt_k1_k2": (windows_by_losses, windows_by_library),
                "bias_curve": (curve_by_entries, curve_by_library)}


# -- wrong only where something is special ---------------------------------------------------------

def unless(reference, special):
    """Return an answer whose results are a tenth too large where something is special."""
    def answer(*args):
        right = reference(*args)
        return tuple(1.1 * value + 0.1 for value in right) if special(*args) else right
    return answer


#: What is special: a wrong answer, and the part that it must lose.
SPECIAL = {
    "tbptt_chunks": {
        "T = 1": (unless(chunks, lambda *args: len(args[3]) == 1), "chunks"),
        "B = 1": (unless(chunks, lambda *args: args[3].shape[2] == 1), "chunks"),
        "H = D": (unless(chunks, lambda *args: args[0].shape[0] == args[0].shape[1]), "chunks"),
        "k = 1": (unless(chunks, lambda *args: args[6] == 1 < len(args[3])), "chunks"),
        "one chunk": (unless(chunks, lambda *args: args[6] >= len(args[3])), "chunks"),
        "k > T": (unless(chunks, lambda *args: args[6] > len(args[3])), "short last chunk"),
        "a short last chunk": (unless(chunks, lambda *args: len(args[3]) % args[6]),
                               "short last chunk"),
    },
    "tbptt_k1_k2": {
        "T = 1": (unless(windows, lambda *args: len(args[1]) == 1), "chunks"),
        "B = 1": (unless(windows, lambda *args: args[1].shape[2] == 1), "any k1 and k2"),
        "H = D": (unless(windows, lambda *args: len(args[0]) == args[1].shape[1]),
                  "any k1 and k2"),
        "h_0 ≠ 0": (unless(windows, lambda *args: args[2][0].any()), "initial state"),
        "k1 = k2": (unless(windows, lambda *args: args[4] == args[5]), "chunks"),
        "k1 = 1": (unless(windows, lambda *args: args[4] == 1), "sliding windows"),
        "a short last window": (unless(windows, lambda *args: len(args[1]) % args[4]),
                                "any k1 and k2"),
    },
    "bias_curve": {
        "T = 1": (unless(curve, lambda truncated, T, ks: T == 1), "all parameters"),
        "one k": (unless(curve, lambda truncated, T, ks: len(ks) == 1), "all parameters"),
        "some k ≥ T": (unless(curve, lambda truncated, T, ks: max(ks) >= T), "one parameter"),
        "three tensors": (unless(curve, lambda truncated, T, ks: len(truncated(1, 1)) == 3),
                          "all parameters"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost = SPECIAL[name][special]
    loses(name, answer, lost, special)


def test_what_is_right_keeps_its_points():
    def points(name, mistake):
        problem = {p.name: p for p in PROBLEMS}[name]
        return report_on(problem, SPECIAL[name][mistake][0]).points

    assert points("tbptt_chunks", "k > T") == 3
    assert points("tbptt_k1_k2", "h_0 ≠ 0") == 4
    assert points("bias_curve", "three tensors") == 1


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def changed(problem, i, change):
    def answer(*args):
        results = list(problem.reference(*args))
        results[i] = change(results[i])
        return tuple(results)
    return first_finding(problem, answer)


def test_uncatalogued_mistakes_are_described():
    assert changed(TBPTT_CHUNKS, 1, np.negative) == "dW_hh: has the wrong sign"
    assert changed(TBPTT_CHUNKS, 2, lambda db: 0.5 * db) == "db_h: half as large as it should be"
    assert changed(TBPTT_K1_K2, 2, lambda db: 0 * db) == "db_h: is zero everywhere"
    assert changed(BIAS_CURVE, 0, lambda c: 100 * c) == "chunks: off by the factor 100"
    assert first_finding(BIAS_CURVE, lambda *args: curve(*args)[::-1]) == (
        "results in another order")
    assert first_finding(TBPTT_CHUNKS, lambda *args: (
        *chunks(*args[:6], len(args[3]))[:3], chunks(*args)[3])) == "nothing is cut"


def test_other_mistakes_are_rejected():
    first_finding(TBPTT_CHUNKS, lambda *args: chunks(*args[:6], args[6] + 1))
    first_finding(TBPTT_K1_K2, lambda *args: windows(*args[:5], args[5] + 1))
    first_finding(TBPTT_K1_K2, lambda *args: windows(*args[:4], 1, args[5]))
    first_finding(BIAS_CURVE, lambda truncated, T, ks: curve(truncated, T, sorted(ks)))
    first_finding(BIAS_CURVE, lambda truncated, T, ks: curve(truncated, T, [
        min(k, max(T - 1, 1)) for k in ks]))
