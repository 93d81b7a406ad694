"""Unit 08: the references against the library, other right answers, and wrong ones."""

import functools

import numpy as np
import pytest

from bpttlib import clip, init, optim
from bpttlib.gradcheck import relative_error
from grading.ask import Asker
from grading.confusion import report_on
from grading.examine import RAISED, UNREADABLE, WRONG
from grading.problems.u08 import PROBLEMS
from grading.problems.u08_adam import adam_step
from grading.problems.u08_clip import clip_by_global_norm, clip_by_value
from grading.problems.u08_orthogonal import orthogonal
from tests.grading.verdicts import loses

NAMED = {problem.name: problem for problem in PROBLEMS}


def gradients(seed, scale=1.0):
    rng = np.random.default_rng(seed)
    return tuple(scale * rng.normal(size=shape) for shape in ((4, 3), (4, 4), (4, 1)))


# -- the references against the library ------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("c", [0.3, 2.0, 100.0])
def test_clipping_is_the_librarys(seed, c):
    grads = gradients(seed)
    by_value, _ = clip.clip_by_value(grads, c)
    by_norm, norm = clip.clip_by_global_norm(grads, c)
    for mine, its in zip(clip_by_value(grads, c), by_value):
        assert relative_error(mine, its) < 1e-10
    *clipped, length = clip_by_global_norm(grads, c)
    assert abs(length - norm) < 1e-10 * norm
    for mine, its in zip(clipped, by_norm):
        assert relative_error(mine, its) < 1e-10
    one = np.concatenate([g.ravel() for g in clipped])
    assert abs(np.linalg.norm(one) - min(c, norm)) < 1e-10


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_orthogonal_is_the_librarys_and_has_a_positive_diagonal(n):
    A = np.random.default_rng(n).standard_normal((n, n))
    Q = orthogonal(A)
    assert relative_error(Q, init.orthogonal(np.random.default_rng(n), (n, n))) < 1e-10
    assert relative_error(Q.T @ Q, np.eye(n)) < 1e-10
    R = Q.T @ A
    assert np.abs(np.tril(R, -1)).max() < 1e-10 and (np.diag(R) > 0).all()


def test_the_signs_make_the_draw_uniform():
    """Without them the trace of Q would lean to one side; with them its mean is 0."""
    rng = np.random.default_rng(0)
    draws = rng.standard_normal((4000, 3, 3))
    fixed = np.mean([np.trace(orthogonal(A)) for A in draws])
    raw = np.mean([np.trace(np.linalg.qr(A)[0]) for A in draws])
    assert abs(fixed) < 0.06 < abs(raw)


@pytest.mark.parametrize("seed", range(3))
def test_adam_is_the_librarys_over_twenty_updates(seed):
    rng = np.random.default_rng(seed)
    p = rng.normal(size=(3, 2))
    its = optim.adam(lr=0.03, beta1=0.8, beta2=0.99, eps=1e-3)
    params, memory = (p,), its.start((p,))
    state = (p, 0 * p, 0 * p, 0)
    for _ in range(20):
        g = rng.normal(size=(3, 2))
        params, memory = its.update(params, (g,), memory)
        state = adam_step(state[0], g, *state[1:], 0.03, 0.8, 0.99, 1e-3)
        assert relative_error(state[0], params[0]) < 1e-10
    assert state[3] == int(memory[0]) == 20
    assert relative_error(state[1], memory[1][0]) < 1e-10
    assert relative_error(state[2], memory[2][0]) < 1e-10


# -- other right answers ---------------------------------------------------------------------------

def value_by_loops(grads, c):
    clipped = tuple(g.copy() for g in grads)
    for g in clipped:
        for j in np.ndindex(g.shape):
            if abs(g[j]) > c:
                g[j] = c if g[j] > 0 else -c
    return clipped


def value_in_place(grads, c):
    for g in grads:
        g[g > c], g[g < -c] = c, -c
    return grads


def norm_by_products(grads, c):
    norm = sum(np.einsum("ij,ij->", g, g) for g in grads) ** 0.5
    return tuple(g / max(1.0, norm / c) for g in grads) + (float(norm),)


def norm_of_norms(grads, c):
    norm = np.linalg.norm([np.linalg.norm(g) for g in grads])
    if norm <= c:
        return grads[0], grads[1], grads[2], norm
    return tuple(c * (g / norm) for g in grads) + (np.array(norm),)


def norm_in_place(grads, c):
    norm = functools.reduce(np.hypot, np.concatenate([g.ravel() for g in grads]), 0.0)
    for g in grads:
        g *= min(1.0, c / norm) if norm else 1.0
    return *grads, norm


def orthogonal_by_gram_schmidt(A):
    columns = []
    for a in A.T:
        for _ in range(2):                                  # twice is enough
            for q in columns:
                a = a - (q @ a) * q
        columns.append(a / np.linalg.norm(a))
    return np.array(columns).T


def orthogonal_by_cholesky(A):
    return A @ np.linalg.inv(np.linalg.cholesky(A.T @ A).T)


def orthogonal_by_reflections(A):
    """Householder's way, one reflection for each column; then the signs, one after the other."""
    n = len(A)
    Q, R = np.eye(n), A.copy()
    for k in range(n):
        v = R[k:, k].copy()
        v[0] += np.copysign(np.linalg.norm(v), v[0])
        v /= np.linalg.norm(v)
        R[k:] -= 2 * np.outer(v, v @ R[k:])
        Q[:, k:] -= 2 * np.outer(Q[:, k:] @ v, v)
    for k in range(n):
        if R[k, k] < 0:
            Q[:, k] *= -1
    return Q


def adam_without_hats(p, g, m, s, n, lr, beta1, beta2, eps):
    """Kingma and Ba's other order: the corrections go into the rate, and into ε."""
    n += 1
    m, s = beta1 * m + (1 - beta1) * g, beta2 * s + (1 - beta2) * g * g
    root = np.sqrt(1 - beta2**n)
    return p - lr * root / (1 - beta1**n) * m / (np.sqrt(s) + eps * root), m, s, n


def adam_in_place(p, g, m, s, n, lr, beta1, beta2, eps):
    n = n + 1
    m *= beta1
    m += (1 - beta1) * g
    s *= beta2
    s += (1 - beta2) * np.square(g)
    p -= lr * (m / (1 - beta1**n)) / (np.sqrt(s / (1 - beta2**n)) + eps)
    return p, m, s, np.int64(n)


def adam_by_loops(p, g, m, s, n, lr, beta1, beta2, eps):
    p, m, s = p.copy(), m.copy(), s.copy()
    for j in np.ndindex(p.shape):
        m[j] += (1 - beta1) * (g[j] - m[j])
        s[j] += (1 - beta2) * (g[j] ** 2 - s[j])
        hats = m[j] / -np.expm1((n + 1) * np.log(beta1)), s[j] / (1 - beta2 ** (n + 1))
        p[j] -= lr * hats[0] / (hats[1] ** 0.5 + eps)
    return p, m, s, n + 1


ALTERNATIVES = {
    "clip_by_value": (value_by_loops, value_in_place,
                      lambda grads, c: tuple(np.sign(g) * np.minimum(abs(g), c) for g in grads)),
    "clip_by_global_norm": (norm_by_products, norm_of_norms, norm_in_place),
    "orthogonal": (orthogonal_by_gram_schmidt, orthogonal_by_cholesky, orthogonal_by_reflections),
    "adam_step": (adam_without_hats, adam_in_place, adam_by_loops),
}


# -- wrong only where something is special ---------------------------------------------------------

def unless(right, special, wrong):
    """Return an answer that is wrong where something is special."""
    def answer(*args):
        return wrong(right(*args)) if special(*args) else right(*args)
    return answer


def each_tensor(change):
    return lambda results: tuple(change(r) if np.ndim(r) else r for r in results)


def first_tensor(change):
    return lambda results: (change(results[0]), *results[1:])


def is_zero(*args):
    return not any(np.any(g) for g in args[0])


def is_short(grads, c):
    return clip_by_global_norm(grads, c)[3] < c


twice, flat = each_tensor(lambda g: 2 * g), each_tensor(np.ravel)

#: What is special: a wrong answer, and the part that it must lose.
SPECIAL = {
    "clip_by_value": {
        "g = 0": (unless(clip_by_value, is_zero, each_tensor(lambda g: g + 1)), "every entry"),
        "H = 1": (unless(clip_by_value, lambda grads, c: len(grads[1]) == 1, flat), "every entry"),
        "H = D": (unless(clip_by_value, lambda grads, c: grads[0].shape == grads[1].shape,
                         lambda three: (three[1], three[0], three[2])), "every entry"),
        "nothing to clip": (unless(clip_by_value, lambda grads, c: max(
            abs(g).max() for g in grads) < c, each_tensor(lambda g: g + 1)), "every entry"),
    },
    "clip_by_global_norm": {
        "g = 0": (unless(clip_by_global_norm, is_zero, each_tensor(lambda g: g + 1)),
                  "short enough"),
        "H = 1": (unless(clip_by_global_norm, lambda grads, c: len(grads[1]) == 1, flat),
                  "too long"),
        "H = D": (unless(clip_by_global_norm, lambda grads, c: grads[0].shape == grads[1].shape,
                         lambda four: (four[1], four[0], *four[2:])), "too long"),
        "‖g‖ < c": (unless(clip_by_global_norm, is_short, lambda four: (*four[:3], 2.0)),
                    "short enough"),
    },
    "orthogonal": {
        "n = 1": (unless(orthogonal, lambda A: len(A) == 1, np.negative), "signs"),
        "n = 2": (unless(orthogonal, lambda A: len(A) == 2, np.flipud), "signs"),
        "n > 3": (unless(orthogonal, lambda A: len(A) > 3, lambda Q: 1.001 * Q), "orthogonal"),
    },
    "adam_step": {
        "n = 0": (unless(adam_step, lambda *args: args[4] == 0, first_tensor(lambda p: 2 * p)),
                  "first update"),
        "g = 0": (unless(adam_step, lambda *args: not args[1].any(),
                         first_tensor(lambda p: 2 * p)), "later updates"),
        "n is large": (unless(adam_step, lambda *args: args[4] > 1000,
                              first_tensor(lambda p: 2 * p)), "later updates"),
        "one number": (unless(adam_step, lambda *args: args[0].size == 1,
                              first_tensor(np.ravel)), "first update"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost = SPECIAL[name][special]
    loses(name, answer, lost, special)


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def first_finding(name, answer, outcome=WRONG):
    report = report_on(NAMED[name], answer)
    assert report.outcome == outcome and report.points < NAMED[name].points, report
    return report.findings[0].name if report.findings else report.sentence


def test_uncatalogued_clipping_is_described():
    def safe(grads, c):
        *_, norm = clip_by_global_norm(grads, c)
        return *(g * min(1.0, c / (norm + 1e-6)) for g in grads), norm

    assert first_finding("clip_by_global_norm", safe) == "nearly right"
    assert first_finding("clip_by_value", lambda grads, c: tuple(
        -np.clip(g, -c, c) for g in grads)) == "every result: has the wrong sign"
    assert first_finding("clip_by_value", lambda grads, c: tuple(
        np.clip(g, -c, c) for g in (grads[1], grads[0], grads[2])))
    assert first_finding("clip_by_value", lambda grads, c: tuple(
        c * np.tanh(g / c) for g in grads))
    assert first_finding("clip_by_global_norm", lambda grads, c: (
        *clip_by_value(grads, c), c), WRONG)
    assert "it must return dW_xh, dW_hh, db_h, norm" in report_on(
        NAMED["clip_by_global_norm"], lambda grads, c: (grads, c)).sentence


def test_uncatalogued_orthogonal_matrices_are_rejected():
    def inverse(A):
        return np.linalg.inv(orthogonal(A))  # of an orthogonal matrix: its transpose

    assert first_finding("orthogonal", inverse) == "the transpose"
    assert first_finding("orthogonal", lambda A: 1.5 * orthogonal(A)) == "Q: off by the factor 1.5"
    rng = np.random.default_rng(0)
    fresh = report_on(NAMED["orthogonal"], lambda A: orthogonal(rng.normal(size=A.shape)))
    assert (fresh.outcome, fresh.points) == (WRONG, 0)
    assert (identity := report_on(NAMED["orthogonal"], lambda A: np.eye(len(A)))).points == 0
    assert "not A's" in identity.sentence
    last = report_on(NAMED["orthogonal"], lambda A: orthogonal(A) * np.sign(
        np.linalg.det(orthogonal(A))))  # rotations only
    assert last.earned == {"orthogonal": 1, "signs": 0}


def test_uncatalogued_updates_are_described():
    def decayed(p, g, m, s, n, lr, *rest):
        new, *memory = adam_step(p, g, m, s, n, lr, *rest)
        return new - lr * 0.01 * p, *memory

    def largest(p, g, m, s, n, lr, beta1, beta2, eps):
        k, m = n + 1, beta1 * m + (1 - beta1) * g
        s = np.maximum(beta2 * s, np.abs(g))                # Adamax
        return p - lr / (1 - beta1**k) * m / (s + eps), m, s, k

    assert "m, s, n are right" in report_on(
        NAMED["adam_step"], decayed).findings[0].sentence
    assert first_finding("adam_step", largest)
    assert first_finding("adam_step", lambda p, *_: p[99], RAISED)
    assert "n is a value of type float" in first_finding("adam_step", lambda p, g, m, s, n, *rest: (
        *adam_step(p, g, m, s, n, *rest)[:3], float(n + 1)), UNREADABLE)


def test_a_memory_of_its_own_is_found():
    memory = {}

    def keeps(p, g, m, s, n, lr, beta1, beta2, eps):
        m, s, n = memory.get(p.shape, (m, s, n))
        new = adam_step(p, g, m, s, n, lr, beta1, beta2, eps)
        memory[p.shape] = new[1:]
        return new

    report = report_on(NAMED["adam_step"], keeps)
    assert report.outcome == WRONG and report.points == 0
    assert "called a second time" in report.sentence


@pytest.mark.parametrize("name", ["clip_by_value", "clip_by_global_norm"])
def test_a_tuple_of_gradients_is_protected(name):
    cases = list(NAMED[name].cases(np.random.default_rng(0)))
    before = [[g.copy() for g in case.args[0]] for case in cases]
    ask = Asker(value_in_place, 5)
    for case, grads in zip(cases, before):
        ask(*case.args)
        assert all(np.array_equal(g, kept) for g, kept in zip(case.args[0], grads))
