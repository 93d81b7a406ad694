"""Unit 07: the references against the library, other right answers, and wrong ones."""

import numpy as np
import pytest

from bpttlib.bptt import unroll
from bpttlib.cells import Elman
from bpttlib.diagnostics import jacobian_product as library_product
from bpttlib.diagnostics import largest_singular_value, reach, spectral_radius
from bpttlib.gradcheck import relative_error
from bpttlib.params import CellParams
from bpttlib.reference import complex_step_jacobian
from grading.confusion import report_on
from grading.examine import RAISED, WRONG
from grading.problems.u07 import FIND_COUNTEREXAMPLE, JACOBIAN_PRODUCT
from grading.problems.u07 import find_counterexample as refutes
from grading.problems.u07 import jacobian_product as product


@pytest.mark.parametrize("seed", range(3))
def test_the_product_is_the_librarys_and_the_complex_steps(seed):
    rng = np.random.default_rng(seed)
    T, D, H, B = 6, 3, 4, 2
    params = CellParams(rng.normal(size=(H, D)), rng.normal(size=(H, H)), rng.normal(size=(H, 1)))
    x, h_0 = rng.normal(size=(T, D, B)), rng.normal(size=(H, B))
    tape = unroll(Elman(), params, x, s0=h_0)
    for s, t in ((0, T), (2, 5), (3, 4), (4, 4)):
        J = product(params.W_hh, tape.h, s, t)
        for b in range(B):
            def run(h, b=b, s=s, t=t):
                for k in range(s, t):
                    h = np.tanh(params.W_xh @ x[k, :, b] + params.W_hh @ h + params.b_h[:, 0])
                return h

            measured = complex_step_jacobian(run, tape.h[s, :, b]).reshape(H, H)
            assert relative_error(J[b], measured) < 1e-10
            assert relative_error(J[b], library_product(Elman(), params, tape, s, t, b)) < 1e-10


@pytest.mark.parametrize("n", [2, 5, 12])
def test_the_counterexamples_are_ones_by_the_librarys_measures(n):
    def grows(W, T):
        x, params = np.zeros((T, 1, 1)), CellParams(np.zeros((n, 1)), W, np.zeros((n, 1)))
        return reach(Elman("identity"), params, unroll(Elman("identity"), params, x))

    a, b = refutes("a", n), refutes("b", n)
    assert largest_singular_value(a) > 1 and grows(a, 50)[50] < 1e-3
    assert spectral_radius(b) < 1 and grows(b, 60).max() > 5
    k = np.arange(1, 61)
    corner = [np.linalg.matrix_power(b, i)[0, 1] for i in k]
    assert relative_error(corner, 3.0 * k * 0.9 ** (k - 1)) < 1e-10


# -- other right answers ---------------------------------------------------------------------------

def by_einsum(W_hh, h, s, t):
    """One factor more at the right, from the last step to the first."""
    H, B = h.shape[1:]
    J = np.einsum("b,ij->bij", np.ones(B), np.eye(H))
    for k in range(t, s, -1):
        J = np.einsum("bij,jb,jk->bik", J, 1 - h[k] ** 2, W_hh)
    return J


def by_gradients(W_hh, h, s, t):
    """Send one gradient back for each unit of h_t: the rows of the Jacobian."""
    H, B = h.shape[1:]
    J = np.zeros((B, H, H))
    for i in range(H):
        dh = np.zeros((H, B))
        dh[i] = 1
        for k in range(t, s, -1):
            dh = W_hh.T @ (dh - dh * h[k] * h[k])
        J[:, i] = dh.T
    return J


def by_recursion(W_hh, h, s, t):
    """The chain rule, said as a recursion, for one sequence after the other."""
    def one(h, t):
        return np.eye(len(W_hh)) if s == t else np.diag(1 - h[t] ** 2) @ W_hh @ one(h, t - 1)

    return np.stack([one(h[:, :, b], t) for b in range(h.shape[2])])


def long_street(claim, n):
    """Each unit feeds the one before it; hidden by a rotation, so that nothing is triangular."""
    Q, _ = np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))
    W = np.diag(np.full(n - 1, 1.3 if claim == "a" else 6.0), k=1)
    return Q @ W @ Q.T if claim == "a" or n < 4 else W


def nilpotent(claim, n):
    """Network D of the unit serves both: its square is zero, and its first step enlarges."""
    W = np.zeros((n, n))
    W[:2, :2] = [[3, 3], [-3, -3]]
    return W


def searched(claim, n):
    """Draw triangular matrices until one does."""
    rng = np.random.default_rng(5)
    while True:
        W = np.triu(3 * rng.normal(size=(n, n)), 1) + np.diag(rng.uniform(-0.7, 0.7, n))
        powers = [np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in (1, 2, 50)]
        if min(powers[:2]) >= 5 and powers[2] < 1e-3:
            return W


def slow(claim, n):
    """A ρ close to 1, and a peak after hundreds of steps."""
    if claim == "a":
        return nilpotent(claim, n)
    W = 0.998 * np.eye(n)
    W[0, 1] = 0.03
    return W


ALTERNATIVES = {"jacobian_product": (by_einsum, by_gradients, by_recursion),
                "find_counterexample": (long_street, nilpotent, searched, slow)}


# -- wrong only where something is special ---------------------------------------------------------

def _product_unless(special, wrong):
    def answer(W_hh, h, s, t):
        J = product(W_hh, h, s, t)
        return wrong(J, h) if special(h, s, t) else J
    return answer


def _counterexample_unless(special, wrong):
    def answer(claim, n):
        return wrong(claim, n) if special(claim, n) else refutes(claim, n)
    return answer


#: What is special: a wrong answer, and the part that it must lose.
SPECIAL = {
    "jacobian_product": {
        "T = 1": (_product_unless(lambda h, s, t: len(h) == 2, lambda J, h: 2 * J), "one step"),
        "B = 1": (_product_unless(lambda h, s, t: h.shape[2] == 1, lambda J, h: J[0]), "one step"),
        "s = 0": (_product_unless(lambda h, s, t: s == 0, lambda J, h: -J), "several steps"),
        "s = t": (_product_unless(lambda h, s, t: s == t, lambda J, h: 0 * J), "one step"),
        "H = 1": (_product_unless(lambda h, s, t: h.shape[1] == 1, lambda J, h: J[:, 0]),
                  "several steps"),
        "H = B": (_product_unless(lambda h, s, t: h.shape[1] == h.shape[2] > 1,
                                  lambda J, h: J.transpose(1, 0, 2)), "several steps"),
    },
    "find_counterexample": {
        "n = 2": (_counterexample_unless(lambda claim, n: n == 2, lambda claim, n: 2 * np.eye(n)),
                  "claim a"),
        "n = 2 and b": (_counterexample_unless(lambda claim, n: n == 2 and claim == "b",
                                               lambda claim, n: 0.5 * np.eye(n)), "claim b"),
        "n > 2": (_counterexample_unless(lambda claim, n: n > 2,
                                         lambda claim, n: refutes(claim, 2)), "claim b"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    problem = {p.name: p for p in (JACOBIAN_PRODUCT, FIND_COUNTEREXAMPLE)}[name]
    answer, lost = SPECIAL[name][special]
    report = report_on(problem, answer)
    assert report.outcome == WRONG and report.earned[lost] == 0
    if special in {fact for run in report.runs for fact in run.case.facts} - {"H = 1"}:
        assert f"wrong where: {special}" in [finding.name for finding in report.findings]


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def test_uncatalogued_products_are_described():
    def said(answer):
        report = report_on(JACOBIAN_PRODUCT, answer)
        assert report.outcome in (WRONG, RAISED) and report.points < JACOBIAN_PRODUCT.points
        return report.findings[0].name if report.findings else ""

    assert said(lambda *args: -product(*args)) == "J: has the wrong sign"
    assert said(lambda *args: 3.5 * product(*args)) == "J: off by the factor 3.5"
    assert said(lambda *args: np.abs(product(*args))) == "J: has lost its signs"
    assert said(lambda *args: product(*args).astype(np.float32).astype(float)) == "nearly right"
    assert said(lambda *args: product(*args).sum(axis=0)) == ""
    said(lambda W_hh, h, s, t: np.linalg.matrix_power(W_hh, t - s) * np.ones((h.shape[2], 1, 1)))
    said(lambda W_hh, h, s, t: product(W_hh, h[:, :, ::-1], s, t))
    said(lambda W_hh, h, s, t: 1 / 0)


@pytest.mark.parametrize(("W", "said"), [
    (lambda n: np.zeros((n, n)), "its σ_max is 0"),
    (lambda n: np.eye(n), "its σ_max is 1"),
    (lambda n: 1.2 * np.eye(n), "it is normal"),
    (lambda n: 1.0 + np.triu(np.ones((n, n))), "gradients do not vanish"),
    (lambda n: np.eye(n)[:1], "and must have"),
    (lambda n: np.zeros((0, 0)), "and must have"),
    (lambda n: np.full((n, n), 1e200), "gradients do not vanish"),
])
def test_what_does_not_refute_claim_a_is_told_why(W, said):
    report = report_on(FIND_COUNTEREXAMPLE, lambda claim, n: (
        W(n) if claim == "a" else refutes(claim, n)))
    assert report.outcome == WRONG and report.earned == {"claim a": 0, "claim b": 2}
    sentences = [v.sentence for run in report.runs for v in run.verdicts if not v.ok]
    assert sentences and all(said in sentence for sentence in sentences)


@pytest.mark.parametrize(("W", "said"), [
    (lambda n: np.zeros((n, n)), "the largest ‖W^k‖ is 0"),
    (lambda n: 0.9 * np.eye(n), "it is normal"),
    (lambda n: np.eye(n) + np.triu(np.ones((n, n)), 1), "its ρ is 1"),
    (lambda n: 0.9 * np.eye(n) + 0.1 * np.eye(n, k=1), "where 5 is asked for"),
    (lambda n: 5.0 * np.eye(n), "its ρ is 5"),
    (lambda n: np.full((n, n), 1e300), "its ρ is"),
])
def test_what_does_not_refute_claim_b_is_told_why(W, said):
    report = report_on(FIND_COUNTEREXAMPLE, lambda claim, n: (
        W(n) if claim == "b" else refutes(claim, n)))
    assert report.outcome == WRONG and report.earned == {"claim a": 2, "claim b": 0}
    sentences = [v.sentence for run in report.runs for v in run.verdicts if not v.ok]
    assert sentences and all(said in sentence for sentence in sentences)


def test_a_growth_of_one_turned_about_is_not_taken_for_less():
    """ρ = 1 exactly, in a basis in which its eigenvalues cannot be computed exactly."""
    Q, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))

    def answer(claim, n):
        W = Q[:n, :n] if n == 12 else np.linalg.qr(Q[:n, :n])[0]
        turned = W @ (np.eye(n) + 3 * np.eye(n, k=1)) @ W.T
        return refutes(claim, n) if claim == "a" else turned

    assert report_on(FIND_COUNTEREXAMPLE, answer).earned == {"claim a": 2, "claim b": 0}


def test_half_an_answer_earns_half():
    report = report_on(FIND_COUNTEREXAMPLE, lambda claim, n: (
        refutes(claim, n) if claim == "b" else None))
    assert report.earned == {"claim a": 0, "claim b": 2}
