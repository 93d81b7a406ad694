"""Unit 00: the references against the library, other right answers, and wrong ones."""

import numpy as np
import pytest

from bpttlib import gradcheck
from grading.confusion import report_on
from grading.examine import CORRECT, NOT_ATTEMPTED, WRONG
from grading.problems.u00 import GRAD_TIED, NUMERICAL_GRADIENT, RELATIVE_ERROR
from grading.problems.u00 import grad_tied as tied
from grading.problems.u00 import relative_error as measured
from grading.problems.u00_numerical import Bowl
from grading.problems.u00_numerical import numerical_gradient as numerical

PROBLEMS = {p.name: p for p in (GRAD_TIED, RELATIVE_ERROR, NUMERICAL_GRADIENT)}


@pytest.mark.parametrize("seed", range(4))
def test_tied_gradients_are_the_complex_steps(seed):
    for case in GRAD_TIED.cases(np.random.default_rng(seed)):
        w, b, k, x, target = case.args

        def loss(theta, k=k, x=x, target=target):
            for _ in range(k):
                x = theta[0] * x + theta[1]
            return np.mean(0.5 * (x - target) ** 2)

        for got, right in zip(tied(*case.args),
                              gradcheck.complex_step(loss, (np.array(w), np.array(b)))):
            assert gradcheck.relative_error(got, right) < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_the_relative_error_is_the_librarys(seed):
    for case in RELATIVE_ERROR.cases(np.random.default_rng(seed)):
        right = gradcheck.relative_error(*case.args)
        assert measured(*case.args) == pytest.approx(right, rel=1e-14, abs=0)


@pytest.mark.parametrize("seed", range(4))
def test_the_numerical_gradient_is_the_formulas_and_the_librarys(seed):
    for case in NUMERICAL_GRADIENT.cases(np.random.default_rng(seed)):
        f, point = case.args
        got = numerical(f, point)
        assert gradcheck.relative_error(got, f.gradient(point)) < 1e-9
        assert gradcheck.relative_error(got, gradcheck.central_difference(f, point)) < 1e-8


@pytest.mark.parametrize("seed", range(6))
def test_the_tolerance_parts_central_from_forward_differences(seed):
    def differences(eps, central):
        def answer(f, point):
            point = np.array(point, float)
            moved = [point + d.reshape(point.shape) for d in eps * np.eye(point.size)]
            under = [2 * point - p if central else point for p in moved]
            rises = [f(p) - f(q) for p, q in zip(moved, under)]
            return np.reshape(rises, point.shape) / (eps * (1 + central))
        return answer

    for eps in (1e-7, 1e-6, 1e-5, 1e-4):
        assert report_on(NUMERICAL_GRADIENT, differences(eps, True), seed).outcome == CORRECT
    for eps in 10.0 ** np.arange(-12, -2, 0.5):
        assert report_on(NUMERICAL_GRADIENT, differences(eps, False), seed).points == 0


# -- other right answers ---------------------------------------------------------------------------

def tied_by_einsum(w, b, k, x, target):
    i = np.arange(1, k + 1)
    powers = np.array([sum(w ** j for j in range(n)) for n in range(k + 1)])   # 1 + w + … + wⁿ⁻¹
    s = w ** (i - 1) * x[:, None] + b * powers[:k]                             # (N, k)
    r = (w ** k * x + b * powers[k] - target) / len(x)
    return np.einsum("n,i,ni->", r, w ** (k - i), s), np.einsum("n,i->", r, w ** (k - i))


def tied_forward(w, b, k, x, target):
    """Carry ds/dw and ds/db along, pair by pair."""
    dw = db = 0.0
    for s, wanted in zip(x, target):
        s_w = s_b = 0.0
        for _ in range(k):
            s_w, s_b = s + w * s_w, 1 + w * s_b
            s = w * s + b
        dw, db = dw + (s - wanted) * s_w, db + (s - wanted) * s_b
    return dw / len(x), db / len(x)


def tied_by_complex_step(w, b, k, x, target):
    def loss(w, b):
        s = x
        for _ in range(k):
            s = w * s + b
        return np.mean((s - target) ** 2) / 2

    return loss(w + 1e-30j, b).imag / 1e-30, loss(w, b + 1e-30j).imag / 1e-30


def error_by_loops(g, g_hat):
    g, g_hat = g.ravel().tolist(), g_hat.ravel().tolist()
    scale = max([abs(z) for z in g + g_hat] + [1e-12])
    return max(abs(a - b) / scale for a, b in zip(g, g_hat))


def error_by_norms(g, g_hat):
    def norm(z):
        return np.linalg.norm(z.ravel(), np.inf)
    return norm(g - g_hat) / np.maximum(np.maximum(norm(g), norm(g_hat)), 1e-12)


def gradient_of_rows(f, point):
    eye = np.eye(point.size).reshape(point.size, *point.shape)
    slopes = np.array([f(point + 3e-6 * e) - f(point - 3e-6 * e) for e in eye])
    return slopes.reshape(point.shape) / 6e-6


def gradient_with_relative_steps(f, point):
    gradient = np.empty(point.shape)
    for j, here in np.ndenumerate(point):
        up, down = point.astype(float), point.astype(float)
        up[j] += 1e-5 * abs(here)
        down[j] -= 1e-5 * abs(here)
        gradient[j] = (f(up) - f(down)) / (up[j] - down[j])
    return gradient


def gradient_by_the_library(f, point):
    return gradcheck.central_difference(f, point)


ALTERNATIVES = {
    "grad_tied": (tied_by_einsum, tied_forward, tied_by_complex_step),
    "relative_error": (error_by_loops, error_by_norms, gradcheck.relative_error),
    "numerical_gradient": (gradient_of_rows, gradient_with_relative_steps,
                           gradient_by_the_library),
}


# -- wrong only where something is special ---------------------------------------------------------

def geometric(w, b, k, x, target):
    """The closed form of the sums, which divides by 1 - w."""
    total = (1 - w ** k) / (1 - w)
    slope = (1 - k * w ** (k - 1) + (k - 1) * w ** k) / (1 - w) ** 2
    r = w ** k * x + b * total - target
    return np.mean(r * (k * w ** (k - 1) * x + b * slope)), np.mean(r) * total


def by_powers(w, b, k, x, target):
    """w^n as exp(n ln|w|)."""
    return tied(abs(w), b, k, x, target)


def _unless(right, special, wrong):
    return lambda *args: wrong(right(*args)) if special(*args) else right(*args)


def _doubled(results):
    return tuple(2 * r for r in results) if isinstance(results, tuple) else 2 * results


def truncating(f, point):
    """Work on a copy of the point's own type: whole numbers stay whole."""
    gradient, moved = np.zeros(point.shape), point.copy()
    for j, here in np.ndenumerate(point):
        moved[j] = here + 1e-5
        above = f(moved)
        moved[j] = here - 1e-5
        gradient[j] = (above - f(moved)) / 2e-5
        moved[j] = here
    return gradient


#: What is special: a wrong answer, and the part that it must lose.
SPECIAL = {
    "grad_tied": {
        "k = 1": (_unless(tied, lambda w, b, k, x, y: k == 1, _doubled), "without b"),
        "one pair": (_unless(tied, lambda w, b, k, x, y: len(x) == 1, _doubled), "with b"),
        "w = 1": (geometric, "with b"),
        "w < 0": (by_powers, "with b"),
        "b ≠ 0": (lambda w, b, k, x, y: tied(w, 0.0, k, x, y), "with b"),
    },
    "relative_error": {
        "both are 0": (lambda g, g_hat: measured(g, g_hat) if g.any() else 1.0, "relative error"),
        "below 1e-12": (lambda g, g_hat: measured(1e9 * g, 1e9 * g_hat), "relative error"),
        "ĝ = 0": (_unless(measured, lambda g, g_hat: g.any() and not g_hat.any(), _doubled),
                  "relative error"),
    },
    "numerical_gradient": {
        "one number": (_unless(numerical, lambda f, p: p.size == 1, _doubled), "gradient"),
        "a matrix": (_unless(numerical, lambda f, p: p.ndim == 2, _doubled), "gradient"),
        "three axes": (_unless(numerical, lambda f, p: p.ndim == 3, lambda g: g.swapaxes(0, 2)),
                       "gradient"),
        "whole numbers": (truncating, "gradient"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost = SPECIAL[name][special]
    report = report_on(PROBLEMS[name], answer)
    assert report.outcome not in (CORRECT, NOT_ATTEMPTED) and report.earned[lost] == 0
    if name == "grad_tied" and lost == "with b":
        assert report.earned["without b"] == 1


# -- wrong in ways that no catalogue lists, and calls ----------------------------------------------

UNCATALOGUED = {
    "half of everything": ("grad_tied", lambda *a: tuple(g / 2 for g in tied(*a)), "half as large"),
    "exchanged": ("grad_tied", lambda *a: tied(*a)[::-1], "results in another order"),
    "single precision": ("grad_tied", lambda *a: tuple(float(np.float32(g)) for g in tied(*a)),
                         "nearly right"),
    "the pairs are not paired": ("grad_tied", lambda w, b, k, x, y: tied(w, b, k, x, y[::-1]), ""),
    "a third of it": ("relative_error", lambda *a: measured(*a) / 3, "off by the factor 0.333"),
    "one too much": ("relative_error", lambda *a: 1 + measured(*a), ""),
    "only the first row": ("relative_error", lambda g, g_hat: measured(g[:1], g_hat[:1]), ""),
    "only the magnitude": ("numerical_gradient", lambda *a: abs(numerical(*a)), ""),
    "twice": ("numerical_gradient", lambda *a: 2 * numerical(*a) + 0.0, "divided by ε"),
    "zero": ("numerical_gradient", lambda f, p: np.zeros(p.shape), "zero everywhere"),
    "rounded": ("numerical_gradient", lambda *a: numerical(*a) * (1 + 1e-7), "nearly right"),
}


@pytest.mark.parametrize("what", UNCATALOGUED)
def test_uncatalogued_answers_are_rejected(what):
    name, answer, said = UNCATALOGUED[what]
    report = report_on(PROBLEMS[name], answer)
    assert report.outcome == WRONG and report.points == 0
    assert said in (report.findings[0].name if report.findings else "")


def test_more_calls_than_needed_cost_their_part_only():
    def three_calls(f, point):
        f(point)
        return numerical(f, point)

    report = report_on(NUMERICAL_GRADIENT, three_calls)
    assert report.earned == {"gradient": 1, "calls": 0}
    assert "f was called 13 times; 12 suffice" in report.sentence


def test_no_calls_earn_nothing():
    def from_inside(f, point):
        return np.ones(point.shape)

    assert report_on(NUMERICAL_GRADIENT, from_inside).points == 0
    f = Bowl(np.random.default_rng(0), np.ones(3))
    with pytest.raises(TypeError, match="real numbers"):
        f(np.ones(3) + 1e-30j)
