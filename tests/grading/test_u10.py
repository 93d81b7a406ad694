"""Unit 10: the references are right, other right answers pass, special wrong ones do not."""
import numpy as np
import pytest

from bpttlib.activations import sigmoid
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, Elman
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.layers import Stacked
from bpttlib.params import CellParams
from grading.ask import Asker
from grading.examine import examine
from grading.problems import find
from grading.problems.u10_gru import forward, gru_backward
from grading.problems.u10_stacked import forward as forward_two
from grading.problems.u10_stacked import stacked_backward


def report_of(name, answer, seed=0):
    problem = find(name)
    return examine(problem, Asker(answer, 5), np.random.default_rng([seed, len(name)]))


def cases_of(name, seed):
    return find(name).cases(np.random.default_rng(seed))


# -- the references --------------------------------------------------------------------------------

def gru_states(W_xh, W_hh, b_h, b_hn, x, h_0):
    """Run a GRU unit by unit in words of the equation; complex numbers may pass."""
    H, h = len(h_0), [h_0]
    for x_t in x:
        a = W_xh @ x_t + b_h
        r = sigmoid(a[:H] + W_hh[:H] @ h[-1])
        z = sigmoid(a[H:2 * H] + W_hh[H:2 * H] @ h[-1])
        n = np.tanh(a[2 * H:] + r * (W_hh[2 * H:] @ h[-1] + b_hn))
        h.append(n + z * (h[-1] - n))
    return np.array(h)


@pytest.mark.parametrize("seed", range(3))
def test_the_gru_is_the_complex_step_s(seed):
    rng = np.random.default_rng(seed)
    for case in cases_of("gru_backward", seed):
        W_xh, W_hh, b_hn, x, h, _, dh_own = case.args
        start = (W_xh, W_hh, rng.normal(size=(len(W_hh), 1)), b_hn, x, h[0])
        states, gates = forward(*start)
        assert relative_error(states, gru_states(*start)) < 1e-10
        right = complex_step(lambda s, own=dh_own: (own * gru_states(*s)[1:]).sum(), start)
        got = gru_backward(W_xh, W_hh, b_hn, x, states, gates, dh_own)
        for g, g_hat in zip(got, right, strict=True):
            assert relative_error(g, g_hat) < 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_without_the_second_bias_the_gru_is_the_library_s(seed):
    rng = np.random.default_rng(seed)
    T, D, H, B = 6, 3, 4, 2
    params = CellParams(rng.normal(size=(3 * H, D)), rng.normal(size=(3 * H, H)),
                        rng.normal(size=(3 * H, 1)))
    x, h_0, own = (rng.normal(size=s) for s in ((T, D, B), (H, B), (T, H, B)))
    tape = unroll(GRU(), params, x, s0=h_0)
    right = bptt(GRU(), params, x, tape, own)
    dW_xh, dW_hh, db_h, _, dx, dh_0 = gru_backward(
        params.W_xh, params.W_hh, np.zeros((H, 1)), x, tape.h, tape.a[1:], own)
    for g, g_hat in zip((dW_xh, dW_hh, db_h, dx, dh_0), (*right.params, right.x, *right.s0)):
        assert relative_error(g, g_hat) < 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_the_stack_is_the_complex_step_s(seed):
    rng = np.random.default_rng(seed)
    for case in cases_of("stacked_backward", seed):
        W1_xh, W1_hh, W2_xh, W2_hh, x, h1, h2, kept, dh_own = case.args
        start = (W1_xh, W1_hh, rng.normal(size=(len(W1_hh), 1)),
                 W2_xh, W2_hh, rng.normal(size=(len(W2_hh), 1)), h1[0], h2[0])

        def loss(s, x=x, kept=kept, own=dh_own):
            return (own * forward_two(*s[:6], x, *s[6:], kept)[1][1:]).sum()

        states = forward_two(*start[:6], x, *start[6:], kept)
        got = stacked_backward(W1_xh, W1_hh, W2_xh, W2_hh, x, *states, kept, dh_own)
        for g, g_hat in zip(got, complex_step(loss, start), strict=True):
            assert relative_error(g, g_hat) < 1e-10


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_stack_is_the_library_s_with_the_library_s_dropout(dropout):
    rng = np.random.default_rng(7)
    T, D, H, B = 6, 3, 4, 5
    network = Stacked(Elman(), Elman(), dropout=dropout)
    params = network.init(rng, D, H)
    x, own = rng.normal(size=(T, D, B)), rng.normal(size=(T, H, B))
    s0 = tuple((rng.normal(size=(H, B)),) for _ in range(2))
    tape = network.unroll(params, x, s0, rng=rng)
    kept = tape.masks[0][1:] if dropout else np.ones((T, H, B))
    right = network.bptt(params, x, tape, own)
    got = stacked_backward(*params[0][:2], *params[1][:2], x, tape.layers[0].h, tape.h, kept, own)
    for g, g_hat in zip(got, (*right.params[0], *right.params[1], *right.s0[0], *right.s0[1]),
                        strict=True):
        assert relative_error(g, g_hat) < 1e-10


@pytest.mark.parametrize("name", ["gru_backward", "stacked_backward"])
def test_the_shares_of_the_copies_add_up_to_the_gradient(name):
    problem = find(name)
    for case in cases_of(name, 1):
        whole = dict(zip((r.name for r in problem.results), problem.reference(*case.args)))
        for tensor, parts in problem.shares(*case.args).items():
            assert relative_error(parts.sum(axis=0), whole[tensor]) < 1e-10


# -- other right answers ---------------------------------------------------------------------------

def gru_by_columns(W_xh, W_hh, b_hn, x, h, gates, dh_own):
    """One sequence at a time, and the sums by outer products."""
    H, dx, dh_0 = len(b_hn), np.empty_like(x), np.empty_like(h[0])
    dW_xh, dW_hh, db_h, db_hn = (0 * W_xh, 0 * W_hh, np.zeros((3 * H, 1)), 0 * b_hn)
    for b in range(x.shape[2]):
        back = np.zeros(H)
        for t in range(len(x), 0, -1):
            r, z, n = gates[t - 1, :, b].reshape(3, H)
            old, dh = h[t - 1, :, b], dh_own[t - 1, :, b] + back
            d_n = dh * (1 - z) * (1 - n * n)
            d_z = dh * (old - n) * (z - z * z)
            d_r = d_n * (W_hh[2 * H:] @ old + b_hn[:, 0]) * (r - r * r)
            dW_xh += np.outer(np.r_[d_r, d_z, d_n], x[t - 1, :, b])
            dW_hh += np.outer(np.r_[d_r, d_z, r * d_n], old)
            db_h[:, 0] += np.r_[d_r, d_z, d_n]
            db_hn[:, 0] += r * d_n
            dx[t - 1, :, b] = np.r_[d_r, d_z, d_n] @ W_xh
            back = z * dh + np.r_[d_r, d_z, r * d_n] @ W_hh
        dh_0[:, b] = back
    return dW_xh, dW_hh, db_h, db_hn, dx, dh_0


def gru_by_gates(W_xh, W_hh, b_hn, x, h, gates, dh_own):
    """Gate by gate, with einsum, and u taken back from the pre-activations' products."""
    (X_r, X_z, X_n), (U_r, U_z, U_n) = np.split(W_xh, 3), np.split(W_hh, 3)
    r, z, n = np.split(gates, 3, axis=1)
    u = np.einsum("ij,tjb->tib", U_n, h[:-1]) + b_hn
    d_r, d_z, d_n, dh = (np.zeros_like(dh_own) for _ in range(4))
    back = 0
    for t in range(len(x))[::-1]:
        dh[t] = dh_own[t] + back
        d_n[t] = (dh[t] - dh[t] * z[t]) * (1 - n[t] ** 2)
        d_z[t] = dh[t] * h[t] * z[t] * (1 - z[t]) - dh[t] * n[t] * z[t] * (1 - z[t])
        d_r[t] = r[t] * (1 - r[t]) * u[t] * d_n[t]
        back = dh[t] * z[t] + U_r.T @ d_r[t] + U_z.T @ d_z[t] + U_n.T @ (d_n[t] * r[t])
    dW_xh = np.vstack([np.einsum("thb,tdb->hd", d, x) for d in (d_r, d_z, d_n)])
    dW_hh = np.vstack([np.einsum("thb,tdb->hd", d, h[:-1]) for d in (d_r, d_z, r * d_n)])
    db_h = np.vstack([d.sum(axis=(0, 2))[:, None] for d in (d_r, d_z, d_n)])
    return (dW_xh, dW_hh, db_h, (r * d_n).sum(axis=(0, 2))[:, None],
            X_r.T @ d_r + X_z.T @ d_z + X_n.T @ d_n, back)


def stack_in_one_loop(W1_xh, W1_hh, W2_xh, W2_hh, x, h1, h2, kept, dh_own):
    """Both layers as one state, whose errors go left and down."""
    sums = [0] * 6
    back1, back2 = np.zeros_like(h1[0]), np.zeros_like(h2[0])
    for x_t, old1, new1, old2, new2, k, own in reversed(list(zip(
            x, h1, h1[1:], h2, h2[1:], kept, dh_own))):
        e2 = (own + back2) * (1 - new2) * (1 + new2)
        e1 = (k * (W2_xh.T @ e2) + back1) * (1 - new1) * (1 + new1)
        shares = (e1 @ x_t.T, e1 @ old1.T, e1.sum(axis=1), e2 @ (k * new1).T, e2 @ old2.T,
                  e2.sum(axis=1))
        sums = [total + share for total, share in zip(sums, shares)]
        back1, back2 = W1_hh.T @ e1, W2_hh.T @ e2
    sums[2], sums[5] = sums[2][:, None], sums[5][:, None]
    return *sums, back1, back2


def stack_by_the_library(W1_xh, W1_hh, W2_xh, W2_hh, x, h1, h2, kept, dh_own):
    """Two calls of bptt, on tapes made of what is given."""
    grads, own = [], dh_own
    for W_xh, W_hh, inputs, h in ((W2_xh, W2_hh, kept * h1[1:], h2), (W1_xh, W1_hh, x, h1)):
        tape = Elman().Tape(h.copy(), h.copy(), np.zeros_like(h), np.zeros_like(h))
        params = CellParams(W_xh, W_hh, np.zeros((len(W_hh), 1)))
        back = bptt(Elman(), params, inputs, tape, own)
        own = kept * back.x if inputs is not x else None
        grads.insert(0, back)
    lower, upper = grads
    return (*lower.params, *upper.params, lower.s0[0], upper.s0[0])


ALTERNATIVES = {
    "gru_backward": (gru_by_columns, gru_by_gates),
    "stacked_backward": (stack_in_one_loop, stack_by_the_library),
}


@pytest.mark.parametrize("name, k", [(name, k) for name in ALTERNATIVES for k in (0, 1)])
def test_alternatives_get_full_points(name, k):
    for seed in (0, 1):
        report = report_of(name, ALTERNATIVES[name][k], seed)
        assert (report.outcome, report.points) == ("correct", find(name).points), report.sentence


# -- wrong only where something is special ---------------------------------------------------------

SPECIAL = {
    "gru_backward": {
        "T = 1": ("one step", lambda *a: len(a[3]) == 1),
        "B = 1": ("sequence", lambda *a: a[3].shape[2] == 1),
        "H = D": ("sequence", lambda *a: a[3].shape[1] == a[4].shape[1]),
        "h_0 ≠ 0": ("initial state", lambda *a: bool(a[4][0].any())),
        "own losses in the middle are zero": ("sequence", lambda *a: not a[6][:-1].any()
                                              and len(a[6]) > 1),
    },
    "stacked_backward": {
        "T = 1": ("sequence", lambda *a: len(a[4]) == 1),
        "B = 1": ("sequence", lambda *a: a[4].shape[2] == 1),
        "H1 = H2 = D": ("sequence", lambda *a: a[0].shape == a[1].shape == a[2].shape),
        "h1_0 ≠ 0": ("initial states", lambda *a: bool(a[5][0].any())),
        "h2_0 ≠ 0": ("initial states", lambda *a: bool(a[6][0].any())),
        "something dropped in the middle": ("dropout", lambda *a: bool((a[7][1:-1] == 0).any())),
    },
}


@pytest.mark.parametrize("name, fact", [(name, fact) for name in SPECIAL for fact in SPECIAL[name]])
def test_what_is_wrong_only_where_something_is_special_loses_that_part(name, fact):
    part, special = SPECIAL[name][fact]

    def answer(*args):
        results = find(name).reference(*args)
        return tuple(1.01 * r + 1e-3 for r in results) if special(*args) else results

    report = report_of(name, answer)
    assert report.outcome == "wrong" and report.earned[part] == 0
    assert report.points < find(name).points


# -- wrong answers that no catalogue lists ---------------------------------------------------------

def changed(name, k, change):
    """Return an answer with one result changed by change(result, args)."""
    def answer(*args):
        results = list(find(name).reference(*args))
        results[k] = change(results[k], args)
        return tuple(results)
    return answer


def without_share(tensor, k):
    def change(g, args):
        return g if len(args[3]) == 1 else g - find("gru_backward").shares(*args)[tensor][k]
    return change


UNCATALOGUED = {
    "dx a step late": ("gru_backward", changed(
        "gru_backward", 4, lambda g, a: np.concatenate([0 * g[:1], g[:-1]])), "one step late"),
    "dx in reverse": ("gru_backward", changed(
        "gru_backward", 4, lambda g, a: g[::-1].copy()), "reverse order of time"),
    "the last step's share is missing": ("gru_backward", changed(
        "gru_backward", 0, without_share("dW_xh", -1)), "lacks the share of the last step"),
    "dh_0 has the wrong sign": ("gru_backward", changed(
        "gru_backward", 5, lambda g, a: -g), "wrong sign"),
    "db_hn is a mean over the batch": ("gru_backward", changed(
        "gru_backward", 3, lambda g, a: g / a[3].shape[2]), "divided by B"),
    "candidate and update gate exchanged": ("gru_backward", changed(
        "gru_backward", 2, lambda g, a: np.concatenate([np.split(g, 3)[k] for k in (0, 2, 1)])),
        "r n z"),
    "dh_own read in reverse": (
        "gru_backward", lambda *a: gru_backward(*a[:6], a[6][::-1].copy()), "reverse"),
    "dW2_xh of the wrong sign": ("stacked_backward", changed(
        "stacked_backward", 3, lambda g, a: -g), "wrong sign"),
    "db1_h without its last axis": ("stacked_backward", changed(
        "stacked_backward", 2, lambda g, a: g[:, 0]), "lost its last axis"),
    "the way back in time of the upper layer is transposed": (
        "stacked_backward", lambda *a: stacked_backward(*a[:3], a[3].T, *a[4:]), "W2_hh"),
    "only the first sequence": (
        "stacked_backward", lambda *a: stacked_backward(
            *a[:8], a[8] * (np.arange(a[8].shape[2]) == 0)), "only the first sequence"),
}


@pytest.mark.parametrize("what", UNCATALOGUED)
def test_other_wrong_answers_are_rejected_and_described(what):
    name, answer, said = UNCATALOGUED[what]
    report = report_of(name, answer)
    assert report.outcome == "wrong" and report.points < find(name).points
    assert said in f"{report.findings[0].name} {report.findings[0].sentence}"
