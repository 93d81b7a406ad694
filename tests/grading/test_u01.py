"""Unit 01: the references against the library, other right answers, and wrong ones."""

import numpy as np
import pytest

from bpttlib.bptt import unroll
from bpttlib.cells import Elman
from bpttlib.gradcheck import relative_error
from bpttlib.params import CellParams
from grading.confusion import report_on
from grading.examine import CORRECT, NOT_ATTEMPTED
from grading.problems.u01 import ELMAN_FORWARD, ELMAN_STEP
from grading.problems.u01 import elman_forward as forward
from grading.problems.u01 import elman_step as step

PROBLEMS = {p.name: p for p in (ELMAN_STEP, ELMAN_FORWARD)}


@pytest.mark.parametrize("seed", range(4))
def test_a_step_is_the_librarys(seed):
    for case in ELMAN_STEP.cases(np.random.default_rng(seed)):
        W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before = case.args
        tape = unroll(Elman(), CellParams(W_xh, W_hh, b_h), x_t[np.newaxis], s0=h_before)
        h_t, y_t = step(*case.args)
        assert relative_error(h_t, tape.h[1]) < 1e-10
        assert relative_error(y_t, np.einsum("kh,hb->kb", W_hy, tape.h[1]) + b_y) < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_the_states_are_the_librarys_sequence_by_sequence(seed):
    for case in ELMAN_FORWARD.cases(np.random.default_rng(seed)):
        W_xh, W_hh, b_h, x, h_0, lengths = case.args
        h = forward(*case.args)
        for b, length in enumerate(lengths):
            one = unroll(Elman(), CellParams(W_xh, W_hh, b_h), x[:length, :, b:b + 1],
                         s0=h_0[:, b:b + 1]).h
            assert relative_error(h[:length + 1, :, b:b + 1], one) < 1e-10
            assert (h[length:, :, b] == h[length, :, b]).all()


# -- other right answers ---------------------------------------------------------------------------

def step_by_einsum(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    h = np.tanh(np.einsum("hd,db->hb", W_xh, x_t) + np.einsum("hk,kb->hb", W_hh, h_before) + b_h)
    return h, np.einsum("kh,hb->kb", W_hy, h) + b_y


def step_by_rows(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    """With a state as a row, one sequence after the other."""
    h = np.array([np.tanh(x @ W_xh.T + s @ W_hh.T + b_h[:, 0]) for x, s in zip(x_t.T, h_before.T)])
    return np.ascontiguousarray(h.T), (h @ W_hy.T + b_y.ravel()).T


def step_by_loops(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    """The tanh by its exponential function, number by number."""
    (H, D), K, B = W_xh.shape, len(W_hy), x_t.shape[1]
    h, y = np.zeros((H, B)), np.zeros((K, B))
    for b in range(B):
        for i in range(H):
            a = b_h[i, 0] + sum(W_xh[i, d] * x_t[d, b] for d in range(D))
            a += sum(W_hh[i, j] * h_before[j, b] for j in range(H))
            h[i, b] = 1 - 2 / (np.exp(2 * a) + 1)
        for k in range(K):
            y[k, b] = b_y[k, 0] + sum(W_hy[k, i] * h[i, b] for i in range(H))
    return h, y


def forward_by_sequences(W_xh, W_hh, b_h, x, h_0, lengths):
    T, _, B = x.shape
    h = np.empty((T + 1, len(W_hh), B))
    for b in range(B):
        h[:, :, b] = h_0[:, b]
        for t in range(lengths[b]):
            h[t + 1:, :, b] = np.tanh(W_xh @ x[t, :, b] + W_hh @ h[t, :, b] + b_h[:, 0])
    return h


def forward_projected_first(W_xh, W_hh, b_h, x, h_0, lengths):
    """All inputs in one product; a mask as numbers, which mixes the new state and the old."""
    projected = np.einsum("hd,tdb->thb", W_xh, x) + b_h
    on = (np.arange(len(x))[:, np.newaxis] < lengths).astype(float)
    h = [h_0]
    for a, m in zip(projected, on):
        h.append(m * np.tanh(a + W_hh @ h[-1]) + (1 - m) * h[-1])
    return np.array(h)


def forward_then_put_right(W_xh, W_hh, b_h, x, h_0, lengths):
    """Run on through the filling, and copy the last states over what came of it."""
    h = np.concatenate([h_0[np.newaxis], np.zeros((len(x), *h_0.shape))])
    for t, x_t in enumerate(x):
        h[t + 1] = np.tanh(W_xh @ x_t + W_hh @ h[t] + b_h)
    for b, length in enumerate(lengths):
        h[length:, :, b] = h[length, :, b]
    return h


ALTERNATIVES = {"elman_step": (step_by_einsum, step_by_rows, step_by_loops),
                "elman_forward": (forward_by_sequences, forward_projected_first,
                                  forward_then_put_right)}


# -- wrong only where something is special ---------------------------------------------------------

def squeezed(*args):
    """A result without its last axis where the batch is one sequence."""
    return tuple(r[:, 0] if r.shape[1] == 1 else r for r in step(*args))


def transposed_where_it_fits(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    """Where H = D a transposed W_xh has the right shape."""
    if W_xh.shape[0] == W_xh.shape[1]:
        W_xh = W_xh.T
    return step(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before)


def bias_as_a_row(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    """A bias without its second axis fits where H = B, and then runs along the batch."""
    if len(W_hh) == x_t.shape[1]:
        b_h = b_h.ravel()
    return step(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before)


def one_output(*args):
    h, y = step(*args)
    return h, y[0] if len(y) == 1 else y


def _unless(special, wrong):
    return lambda *args: wrong(forward(*args)) if special(*args) else forward(*args)


def _swapped_where_it_fits(W_xh, W_hh, b_h, x, h_0, lengths):
    if W_xh.shape == W_hh.shape:
        W_xh, W_hh = W_hh, W_xh
    return forward(W_xh, W_hh, b_h, x, h_0, lengths)


def _full_unless_the_last_is_short(W_xh, W_hh, b_h, x, h_0, lengths):
    """Looks at the last sequence's length only."""
    return forward(W_xh, W_hh, b_h, x, h_0, np.full_like(lengths, lengths[-1]))


#: What is special: a wrong answer, the part that it must lose, and one that it must keep.
SPECIAL = {
    "elman_step": {
        "B = 1": (squeezed, "one sequence", "a batch"),
        "H = D": (transposed_where_it_fits, "a batch", "one sequence"),
        "H = B": (bias_as_a_row, "a batch", "one sequence"),
        "K = 1": (one_output, "a batch", None),
    },
    "elman_forward": {
        "T = 1": (_unless(lambda *a: len(a[3]) == 1, lambda h: h[::-1].copy()), "sequence",
                  "lengths"),
        "B = 1": (_unless(lambda *a: a[3].shape[2] == 1, lambda h: h[..., 0]), "sequence",
                  "lengths"),
        "H = D": (_swapped_where_it_fits, "sequence", "lengths"),
        "h_0 ≠ 0": (_unless(lambda *a: a[4].any(), lambda h: 2 * h), "initial state", "sequence"),
        "sequences end early": (_full_unless_the_last_is_short, "lengths", "initial state"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost, kept = SPECIAL[name][special]
    for seed in range(3):
        report = report_on(PROBLEMS[name], answer, seed)
        assert report.outcome not in (CORRECT, NOT_ATTEMPTED) and report.earned[lost] == 0
        assert kept is None or report.earned[kept] > 0
        assert f"wrong where: {special}" in [finding.name for finding in report.findings]


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

def _forward_with(**changes):
    """Return the right states for other arguments."""
    names = ELMAN_FORWARD.arguments

    def answer(*args):
        given = dict(zip(names, args))
        return forward(*(changes[n](given) if n in changes else given[n] for n in names))
    return answer


UNCATALOGUED = {
    "x in reverse": ("elman_forward", _forward_with(x=lambda a: a["x"][::-1]),
                     "the steps of x are read in reverse"),
    "the last input is left out": (
        "elman_forward", _forward_with(x=lambda a: np.concatenate([a["x"][:-1], 0 * a["x"][-1:]])),
        "the last step of x is left out"),
    "only the first sequence": (
        "elman_forward", _forward_with(x=lambda a: a["x"] * (np.arange(a["x"].shape[2]) == 0)),
        "only the first sequence of x is used"),
    "time is reversed in the result": ("elman_forward", lambda *a: forward(*a)[::-1].copy(),
                                       "h: is in reverse order of time"),
    "too large": ("elman_forward", lambda *a: 2 * forward(*a), "h: twice as large as it should be"),
    "h_0 below the others": ("elman_forward", lambda *a: np.roll(forward(*a), -1, axis=0), ""),
    "y first": ("elman_step", lambda *a: step(*a)[::-1], ""),
    "the state negated": ("elman_step", lambda *a: (-step(*a)[0], step(*a)[1]),
                          "h_t: has the wrong sign"),
    "single precision": ("elman_step", lambda *a: tuple(
        r.astype(np.float32).astype(float) for r in step(*a)), "nearly right"),
    "an input that is squashed": ("elman_step", lambda *a: step(*a[:5], np.tanh(a[5]), a[6]), ""),
}


@pytest.mark.parametrize("what", UNCATALOGUED)
def test_uncatalogued_answers_are_rejected(what):
    name, answer, said = UNCATALOGUED[what]
    report = report_on(PROBLEMS[name], answer)
    assert report.outcome not in (CORRECT, NOT_ATTEMPTED) and report.points < PROBLEMS[name].points
    assert said in (report.findings[0].name if report.findings else "")
