"""Unit 02: the references against the complex step, other right answers, and wrong ones."""

import math

import numpy as np
import pytest

from bpttlib.gradcheck import complex_step, relative_error
from grading.confusion import report_on
from grading.examine import CORRECT, NOT_ATTEMPTED, UNREADABLE, WRONG
from grading.problems.u02 import PREDICT_GROWTH, SCALAR_BPTT
from grading.problems.u02 import scalar_bptt as bptt
from grading.problems.u02_growth import predict_growth as growth

PROBLEMS = {p.name: p for p in (SCALAR_BPTT, PREDICT_GROWTH)}


def loss(w, u, v, x, h_0, target, mask, push=None):
    """The mean loss; a push is added to the states h_0 … h_T."""
    push = np.zeros(len(x) + 1) if push is None else push
    h, total = h_0 + push[0], 0.0
    for t in range(1, len(x) + 1):
        h = w * h + u * x[t - 1] + push[t]
        if mask[t - 1]:
            total = total + 0.5 * (v * h - target[t - 1]) ** 2
    return total / mask.sum()


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_is_the_complex_steps(seed):
    for case in SCALAR_BPTT.cases(np.random.default_rng(seed)):
        dw, du, dv, dh = bptt(*case.args)
        right = complex_step(lambda p, rest=case.args[3:]: loss(*p, *rest),
                             tuple(np.array(p) for p in case.args[:3]))
        assert max(relative_error(g, r) for g, r in zip((dw, du, dv), right)) < 1e-10
        pushed = complex_step(lambda push, args=case.args: loss(*args, push), np.zeros(dh.shape))
        assert relative_error(dh, pushed) < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_the_growth_is_that_of_a_network_that_runs(seed):
    def sent_back(w, u, n):
        """Return ∂h_n/∂h_0 by the complex step."""
        h = 0.3 + 1e-30j
        for x in np.linspace(-1, 1, n):
            h = w * h + u * x
        return h.imag / 1e-30

    for case in PREDICT_GROWTH.cases(np.random.default_rng(seed)):
        w, u, T = case.args
        factor, verdict, steps = growth(w, u, T)
        assert factor == pytest.approx(sent_back(w, u, T), rel=1e-12)
        assert verdict == {-1: "vanishes", 0: "neither", 1: "explodes"}[np.sign(abs(w) - 1)]
        assert (steps == 0) == (verdict == "neither")
        if steps:
            beyond = [not 0.01 <= abs(sent_back(w, u, n)) <= 100 for n in range(1, steps + 1)]
            assert beyond == [False] * (steps - 1) + [True]


# -- other right answers ---------------------------------------------------------------------------

def bptt_by_matrices(w, u, v, x, h_0, target, mask):
    """All paths at once: ∂h_t/∂h_s = w^(t-s) as a triangular matrix."""
    T = len(x)
    t = np.arange(T + 1)
    with np.errstate(all="ignore"):
        paths = np.where(t[:, None] >= t, float(w) ** np.abs(t[:, None] - t), 0.0)
    h = paths @ np.concatenate([[h_0], u * x])
    e = np.concatenate([[0.0], mask * (v * h[1:] - target) / mask.sum()])
    dh = v * (paths.T @ e)
    return float(dh[1:] @ h[:-1]), float(dh[1:] @ x), float(e @ h), dh


def bptt_forward_in_time(w, u, v, x, h_0, target, mask):
    """Carry the influence of w, u, v and each state along with the state."""
    T, N = len(x), mask.sum()
    h, h_w, h_u, h_s = h_0, 0.0, 0.0, np.eye(T + 1)[0]
    dw = du = dv = 0.0
    dh = np.zeros(T + 1)
    for t in range(1, T + 1):
        h, h_w, h_u, h_s = w * h + u * x[t - 1], h + w * h_w, x[t - 1] + w * h_u, w * h_s
        h_s[t] = 1.0
        if mask[t - 1]:
            r = (v * h - target[t - 1]) / N
            dw, du, dv, dh = dw + r * v * h_w, du + r * v * h_u, dv + r * h, dh + r * v * h_s
    return dw, du, dv, dh


def bptt_by_complex_step(*args):
    numbers, rest = args[:3], args[3:]
    grads = [loss(*(p + 1e-30j * (j == k) for k, p in enumerate(numbers)), *rest).imag / 1e-30
             for j in range(3)]
    eye = 1e-30j * np.eye(len(args[3]) + 1)
    return (*grads, np.array([loss(*args, push).imag / 1e-30 for push in eye]))


def growth_by_logarithms(w, u, T):
    with np.errstate(divide="ignore"):
        rate = np.log(np.abs(w))
    if rate == 0:
        return float(w) ** T, "neither", 0
    steps = int(np.floor(np.log(100) / np.abs(rate))) + 1
    return np.prod(np.full(T, w)), ("vanishes", "explodes")[int(rate > 0)], steps


def growth_by_running(w, u, T):
    """Send a gradient of 1 back, and watch."""
    dh, factor, steps, n = 1.0, None, 0, 0
    while factor is None or (not steps and n < 2000):
        n, dh = n + 1, w * dh
        factor = dh if n == T else factor
        if not steps and not 0.01 <= abs(dh) <= 100:
            steps = n
    if not steps:
        return factor, "neither", 0
    return factor, "vanishes" if abs(w) < 1 else "explodes", np.int64(steps)


ALTERNATIVES = {"scalar_bptt": (bptt_by_matrices, bptt_forward_in_time, bptt_by_complex_step),
                "predict_growth": (growth_by_logarithms, growth_by_running)}


# -- wrong only where something is special ---------------------------------------------------------

def _unless(right, special, wrong):
    return lambda *args: wrong(*right(*args)) if special(*args) else right(*args)


def _dh_alone(change):
    return lambda dw, du, dv, dh: (dw, du, dv, change(dh))


def _mask_from_the_end(w, u, v, x, h_0, target, mask):
    """Cuts the series after the last step that counts, and dh with it."""
    last = np.flatnonzero(mask)[-1] + 1
    dw, du, dv, dh = bptt(w, u, v, x[:last], h_0, target[:last], mask[:last])
    return dw, du, dv, np.concatenate([dh, np.full(len(x) - last, dh[-1])])


#: What is special: a wrong answer, the part that it must lose, and one that it must keep.
SPECIAL = {
    "scalar_bptt": {
        "T = 1": (_unless(bptt, lambda *a: len(a[3]) == 1, _dh_alone(lambda dh: dh[::-1].copy())),
                  "sequence", "masks"),
        "w < 0": (lambda w, *rest: bptt(abs(w), *rest), "sequence", "masks"),
        "h_0 ≠ 0": (_unless(bptt, lambda *a: a[4] != 0, _dh_alone(lambda dh: dh * (dh != dh[0]))),
                    "initial state", "sequence"),
        "a mask": (_unless(bptt, lambda *a: not a[6].all(), lambda dw, du, dv, dh: (
            dw, du, 2 * dv, dh)), "masks", "initial state"),
        "step T does not count": (_mask_from_the_end, "masks", "initial state"),
        "only step T counts": (_unless(bptt, lambda *a: a[6].sum() == 1 < len(a[3]), _dh_alone(
            lambda dh: dh * (np.arange(len(dh)) == len(dh) - 1))), "masks", "sequence"),
    },
    "predict_growth": {
        "T = 1": (_unless(growth, lambda w, u, T: T == 1, lambda f, verdict, n: (
            1.0, verdict, n)), "vanishes", "border"),
        "w < 0": (_unless(growth, lambda w, u, T: w < 0, lambda f, *rest: (abs(f), *rest)),
                  "explodes", None),
        "w = 1": (_unless(growth, lambda w, u, T: w == 1, lambda f, *_: (f, "explodes", 1)),
                  "border", "explodes"),
        "w = -1": (_unless(growth, lambda w, u, T: w == -1, lambda f, *_: (f, "vanishes", 1)),
                   "border", "vanishes"),
        "w = 0": (lambda w, u, T: growth(w, u, T) if w else (0.0, "vanishes", 0), "border",
                  "vanishes"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost, kept = SPECIAL[name][special]
    for seed in range(3):
        report = report_on(PROBLEMS[name], answer, seed)
        assert report.outcome == WRONG and report.earned[lost] == 0
        assert kept is None or report.earned[kept] > 0


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def _bptt_with(**changes):
    """Return the right gradients for other arguments."""
    def answer(*args):
        given = dict(zip(SCALAR_BPTT.arguments, args))
        return bptt(*{**given, **{n: change(given) for n, change in changes.items()}}.values())
    return answer


def _mean_over_steps_that_count(*args):
    return tuple(g / args[6].sum() for g in bptt(*args))


UNCATALOGUED = {
    "the mask the wrong way round": (
        "scalar_bptt", _bptt_with(mask=lambda a: a["mask"] if a["mask"].all() else ~a["mask"]),
        "wrong where: a mask"),
    "x in reverse": ("scalar_bptt", _bptt_with(x=lambda a: a["x"][::-1]),
                     "the steps of x are read in reverse"),
    "dh in reverse": ("scalar_bptt", lambda *a: (*bptt(*a)[:3], bptt(*a)[3][::-1].copy()),
                      "dh: is in reverse order of time"),
    "dw and du exchanged": ("scalar_bptt", lambda *a: (bptt(*a)[1], bptt(*a)[0], *bptt(*a)[2:]),
                            "results in another order"),
    "dh without row 0": ("scalar_bptt", lambda *a: (*bptt(*a)[:3], bptt(*a)[3][1:]),
                         "dh: lacks its first row"),
    "a sign": ("scalar_bptt", lambda *a: (bptt(*a)[0], -bptt(*a)[1], *bptt(*a)[2:]),
               "du: has the wrong sign"),
    "divided twice": ("scalar_bptt", _mean_over_steps_that_count, ""),
    "w and u exchanged": ("scalar_bptt", _bptt_with(w=lambda a: a["u"], u=lambda a: a["w"]), ""),
    "the inverse factor": ("predict_growth", lambda w, u, T: (
        (1 / w if w else 0.0) ** T, *growth(w, u, T)[1:]), ""),
    "other words": ("predict_growth", lambda w, u, T: (
        growth(w, u, T)[0], "shrinks" if abs(w) < 1 else "grows", growth(w, u, T)[2]), ""),
    "one step too many": ("predict_growth", lambda w, u, T: (
        *growth(w, u, T)[:2], growth(w, u, T)[2] + 1), ""),
}


@pytest.mark.parametrize("what", UNCATALOGUED)
def test_uncatalogued_answers_are_rejected(what):
    name, answer, said = UNCATALOGUED[what]
    report = report_on(PROBLEMS[name], answer)
    assert report.outcome not in (CORRECT, NOT_ATTEMPTED) and report.points < PROBLEMS[name].points
    assert not said or said in [finding.name for finding in report.findings]


def test_steps_must_be_a_whole_number():
    report = report_on(PREDICT_GROWTH, lambda w, u, T: (
        w ** T, growth(w, u, T)[1], float(math.ceil(growth(w, u, T)[2]))))
    assert report.outcome == UNREADABLE and "whole number" in report.sentence
