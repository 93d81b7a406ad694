"""Unit 03: the references against the library, other right answers, and wrong ones."""

import numpy as np
import pytest

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.losses import softmax_cross_entropy
from bpttlib.params import CellParams
from grading.confusion import report_on
from grading.problems.u03 import (
    ELMAN_BACKWARD,
    ELMAN_STEP_BACKWARD,
    PROBLEMS,
    SOFTMAX_CROSS_ENTROPY_MASKED,
)
from tests.grading.verdicts import first_finding, loses

loss, step, backward = (problem.reference for problem in PROBLEMS)


def close(got, right):
    return all(relative_error(a, b) < 1e-10 for a, b in zip(got, right, strict=True))


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_is_the_librarys_and_its_gradient_the_complex_steps(seed):
    for case in SOFTMAX_CROSS_ENTROPY_MASKED.cases(np.random.default_rng(seed)):
        y, target, mask = case.args
        L, e = loss(*case.args)
        assert close((L, e), softmax_cross_entropy(y, target, mask))
        numerical = complex_step(lambda p: softmax_cross_entropy(p[0], target, mask)[0], (y,))
        assert relative_error(e, numerical[0]) < 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_one_step_is_the_complex_steps(seed):
    for case in ELMAN_STEP_BACKWARD.cases(np.random.default_rng(seed)):
        W_xh, W_hh, W_hy, x, h_before, h, e, back = case.args
        a = np.arctanh(h) - W_xh @ x - W_hh @ h_before          # the bias, one column like another

        def arrives(p):
            W_xh, W_hh, b_h, W_hy, x, h_before = p
            h = np.tanh(W_xh @ x + W_hh @ h_before + b_h)
            return (e * (W_hy @ h)).sum() + (back * h).sum()

        numerical = complex_step(arrives, (W_xh, W_hh, a[:, :1], W_hy, x, h_before))
        assert close(step(*case.args), numerical)


@pytest.mark.parametrize("seed", range(3))
def test_all_steps_are_the_librarys(seed):
    for case in ELMAN_BACKWARD.cases(np.random.default_rng(seed)):
        W_xh, W_hh, W_hy, x, h, e, mask = case.args
        b_h = (np.arctanh(h[1]) - W_xh @ x[0] - W_hh @ h[0])[:, :1]
        params, own = CellParams(W_xh, W_hh, b_h), e * mask[:, None] / mask.sum()
        back = bptt(Elman(), params, x, unroll(Elman(), params, x, h[0]), W_hy.T @ own)
        dW_hy = np.einsum("tkb,thb->kh", own, h[1:])
        dW_xh, dW_hh, db_h = back.params
        assert close(backward(*case.args), (dW_xh, dW_hh, db_h, dW_hy, *back.s0))


# -- other right answers ---------------------------------------------------------------------------

def loss_by_loops(y, target, mask):
    """One step of one sequence after the other."""
    L, e, N = 0.0, np.zeros(y.shape), int(np.count_nonzero(mask))
    for t, b in zip(*np.nonzero(mask)):
        z = y[t, :, b] - max(y[t, :, b])
        p = np.exp(z) / sum(np.exp(z))
        k = target[t, b]
        L += (np.log(sum(np.exp(z))) - z[k]) / N
        e[t, :, b] = [(p[j] - (j == k)) / N for j in range(len(p))]
    return L, e


def loss_by_logaddexp(y, target, mask):
    """The library's logarithm of a sum of exponentials, and where()."""
    total = np.logaddexp.reduce(y, axis=1)
    label = np.where(mask, target, 0)
    right = np.take_along_axis(y, label[:, None], axis=1)[:, 0]
    e = np.exp(y - total[:, None])
    np.put_along_axis(e, label[:, None], np.take_along_axis(e, label[:, None], 1) - 1, axis=1)
    return np.where(mask, total - right, 0).sum() / mask.sum(), np.where(
        mask[:, None], e, 0) / mask.sum()


def step_by_einsum(W_xh, W_hh, W_hy, x, h_before, h, e, back):
    delta = np.einsum("ib,ib->ib", 1 - h * h, np.einsum("ki,kb->ib", W_hy, e) + back)
    return (np.einsum("ib,jb->ij", delta, x), np.einsum("ib,jb->ij", delta, h_before),
            np.einsum("ib->i", delta)[:, None], np.einsum("kb,ib->ki", e, h),
            np.einsum("ij,ib->jb", W_xh, delta), np.einsum("ij,ib->jb", W_hh, delta))


def step_by_columns(W_xh, W_hh, W_hy, x, h_before, h, e, back):
    """One sequence of the batch after the other."""
    sums, dx, on = [0.0, 0.0, 0.0, 0.0], np.empty(x.shape), np.empty(h.shape)
    for b in range(x.shape[1]):
        delta = np.diag(1 - h[:, b] ** 2) @ (e[:, b] @ W_hy + back[:, b])
        shares = (np.outer(delta, x[:, b]), np.outer(delta, h_before[:, b]), delta[:, None],
                  np.outer(e[:, b], h[:, b]))
        sums = [total + share for total, share in zip(sums, shares)]
        dx[:, b], on[:, b] = delta @ W_xh, delta @ W_hh
    return *sums, dx, on


def backward_by_steps(W_xh, W_hh, W_hy, x, h, e, mask):
    """All steps, by the exercise before."""
    back, sums = np.zeros(h[0].shape), [0.0] * 4
    for t in reversed(range(len(x))):
        own = np.where(mask[t], e[t], 0) / np.count_nonzero(mask)
        *shares, _, back = step(W_xh, W_hh, W_hy, x[t], h[t], h[t + 1], own, back)
        sums = [total + share for total, share in zip(sums, shares)]
    dW_xh, dW_hh, db_h, dW_hy = sums
    return dW_xh, dW_hh, db_h, dW_hy, back


def backward_by_einsum(W_xh, W_hh, W_hy, x, h, e, mask):
    """All δ first, and then one product over all steps."""
    own = np.einsum("kh,tkb,tb->thb", W_hy, e, mask / mask.sum())
    delta = np.zeros((len(x) + 1, *h[0].shape))
    for t in range(len(x), 0, -1):
        after = delta[t] if t < len(x) else 0 * delta[0]
        delta[t - 1] = (1 - h[t] ** 2) * (own[t - 1] + W_hh.T @ after)
    delta = delta[:-1]
    return (np.einsum("tib,tjb->ij", delta, x), np.einsum("tib,tjb->ij", delta, h[:-1]),
            np.einsum("tib->i", delta)[:, None],
            np.einsum("tkb,tib,tb->ki", e, h[1:], mask / mask.sum()), W_hh.T @ delta[0])


ALTERNATIVES = {
    "softmax_cross_entropy_masked": (loss_by_loops, loss_by_logaddexp),
    "elman_step_backward": (step_by_einsum, step_by_columns),
    "elman_backward": (backward_by_steps, backward_by_einsum),
}


# -- wrong only where something is special ---------------------------------------------------------

def unless(reference, special):
    """Return an answer whose results are a tenth too large where something is special."""
    def answer(*args):
        right = reference(*args)
        return tuple(1.1 * value for value in right) if special(*args) else right
    return answer


def first_column_only(*args):
    """The bias as if the batch had one sequence."""
    results = list(step(*args))
    results[2] = ((1 - args[5] ** 2) * (args[2].T @ args[6] + args[7]))[:, :1]
    return tuple(results)


#: What is special: a wrong answer, and the part that it must lose.
SPECIAL = {
    "softmax_cross_entropy_masked": {
        "T = 1": (unless(loss, lambda y, target, mask: len(y) == 1), "values"),
        "B = 1": (unless(loss, lambda y, target, mask: y.shape[2] == 1), "values"),
        "K = B": (unless(loss, lambda y, target, mask: y.shape[1] == y.shape[2]), "values"),
        "a mask": (unless(loss, lambda y, target, mask: not mask.all()), "masks"),
        "large outputs": (unless(loss, lambda y, target, mask: abs(y).max() > 100),
                          "large outputs"),
    },
    "elman_step_backward": {
        "B = 1": (unless(step, lambda *args: args[3].shape[1] == 1), "any step"),
        "H = D": (unless(step, lambda *args: args[0].shape[0] == args[0].shape[1]), "last step"),
        "K = H": (unless(step, lambda *args: args[2].shape[0] == args[2].shape[1]), "any step"),
        "something comes back": (unless(step, lambda *args: args[7].any()), "any step"),
        "B > 1": (first_column_only, "last step"),
    },
    "elman_backward": {
        "T = 1": (unless(backward, lambda *args: len(args[3]) == 1), "sequence"),
        "B = 1": (unless(backward, lambda *args: args[3].shape[2] == 1), "sequence"),
        "H = D": (unless(backward, lambda *args: args[0].shape[0] == args[0].shape[1]),
                  "sequence"),
        "h_0 ≠ 0": (unless(backward, lambda *args: args[4][0].any()), "initial state"),
        "a mask": (unless(backward, lambda *args: not args[6].all()), "masks"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost = SPECIAL[name][special]
    loses(name, answer, lost, special)


def test_what_is_right_keeps_its_points():
    def points(name, special):
        problem = {p.name: p for p in PROBLEMS}[name]
        return report_on(problem, SPECIAL[name][special][0]).points

    assert points("softmax_cross_entropy_masked", "a mask") == 2
    assert points("softmax_cross_entropy_masked", "large outputs") == 2
    assert points("elman_step_backward", "something comes back") == 2


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def test_uncatalogued_losses_are_described():
    def changed(change):
        return first_finding(SOFTMAX_CROSS_ENTROPY_MASKED, lambda *args: change(*loss(*args)))

    assert changed(lambda L, e: (-L, e)) == "L: has the wrong sign"
    assert changed(lambda L, e: (L, 2 * e)) == "e: twice as large as it should be"
    assert changed(lambda L, e: (L, e[::-1])) == "e: is in reverse order of time"
    assert changed(lambda L, e: (L, 0 * e)) == "e: is zero everywhere"
    assert first_finding(SOFTMAX_CROSS_ENTROPY_MASKED, lambda y, target, mask: loss(
        y, target, np.ones_like(mask))) == "the mask is not used"
    first_finding(SOFTMAX_CROSS_ENTROPY_MASKED,
                  lambda y, target, mask: loss(np.clip(y, -500, 500), target, mask))


def test_uncatalogued_steps_are_described():
    def changed(i, change):
        def answer(*args):
            results = list(step(*args))
            results[i] = change(results[i])
            return tuple(results)
        return first_finding(ELMAN_STEP_BACKWARD, answer)

    assert changed(3, np.negative) == "dW_hy: has the wrong sign"
    assert changed(0, lambda dW: 0 * dW) == "dW_xh: is zero everywhere"
    assert changed(4, lambda dx: 3 * dx) == "dx: off by the factor 3"
    changed(2, np.ravel)
    changed(5, lambda dh: dh.mean(axis=1, keepdims=True) + 0 * dh)
    assert first_finding(ELMAN_STEP_BACKWARD, lambda *args: (
        step(*args)[1], step(*args)[0], *step(*args)[2:])) != ""
