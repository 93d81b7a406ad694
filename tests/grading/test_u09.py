"""Unit 09: the references are right, other right answers pass, special wrong ones do not."""
import numpy as np
import pytest

from bpttlib.activations import sigmoid
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import LSTM
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.params import CellParams
from grading.ask import Asker
from grading.examine import examine
from grading.problems import find
from grading.problems.u09_backward import lstm_backward
from grading.problems.u09_forward import lstm_forward, lstm_step


def report_of(name, answer, seed=0):
    problem = find(name)
    return examine(problem, Asker(answer, 5), np.random.default_rng([seed, len(name)]))


def cases_of(name, seed):
    return find(name).cases(np.random.default_rng(seed))


# -- the references --------------------------------------------------------------------------------

def plain_forward(W_xh, W_hh, b_h, x, h_0, c_0, runs):
    """Run one sequence after the other and one step after the other; complex numbers may pass."""
    T, H, B = len(x), *h_0.shape
    h, c = (np.zeros((T + 1, H, B), complex) for _ in "hc")
    h[0], c[0] = h_0, c_0
    for b in range(B):
        for t in range(1, T + 1):
            h[t, :, b], c[t, :, b] = h[t - 1, :, b], c[t - 1, :, b]
            if runs[t - 1, b]:
                a = (W_xh @ x[t - 1, :, b] + W_hh @ h[t - 1, :, b] + b_h[:, 0]).reshape(4, H)
                c[t, :, b] = sigmoid(a[1]) * c[t, :, b] + sigmoid(a[0]) * np.tanh(a[2])
                h[t, :, b] = sigmoid(a[3]) * np.tanh(c[t, :, b])
    return h, c


@pytest.mark.parametrize("seed", range(3))
def test_the_step_and_the_sequence_are_those_of_one_sequence_at_a_time(seed):
    for case in cases_of("lstm_step", seed):
        W_xh, W_hh, b_h, x_t, h_prev, c_prev, runs = case.args
        h, c = plain_forward(W_xh, W_hh, b_h, x_t[None], h_prev, c_prev, runs[None])
        h_t, c_t, _ = lstm_step(*case.args)
        assert relative_error(h_t, h[1].real) < 1e-10 > relative_error(c_t, c[1].real)
    for case in cases_of("lstm_forward", seed):
        h, c = plain_forward(*case.args)
        got_h, got_c, _ = lstm_forward(*case.args)
        assert relative_error(got_h, h.real) < 1e-10 > relative_error(got_c, c.real)


@pytest.mark.parametrize("seed", range(3))
def test_where_nothing_stands_still_the_states_and_gates_are_the_library_s(seed):
    for case in cases_of("lstm_forward", seed):
        W_xh, W_hh, b_h, x, h_0, c_0, runs = case.args
        tape = unroll(LSTM(), CellParams(W_xh, W_hh, b_h), x, s0=(h_0, c_0))
        h, c, gates = lstm_forward(*case.args)
        if runs.all():
            for got, right in ((h, tape.h), (c, tape.c), (gates, tape.a[1:])):
                assert relative_error(got, right) < 1e-10


@pytest.mark.parametrize("seed", range(3))
def test_the_backward_pass_is_the_complex_step_s(seed):
    for case in cases_of("lstm_backward", seed):
        W_xh, W_hh, x, h, c, _, runs, dh_own, dc_T = case.args
        b_h = np.random.default_rng(seed).normal(size=(len(W_hh), 1))
        _, _, gates = lstm_forward(W_xh, W_hh, b_h, x, h[0], c[0], runs)

        def loss(theta):
            h, c = plain_forward(*theta[:3], x, *theta[3:], runs)     # noqa: B023
            return (dh_own * h[1:]).sum() + (dc_T * c[-1]).sum()      # noqa: B023

        start = (W_xh, W_hh, b_h, h[0], c[0])
        h, c, gates = lstm_forward(*start[:3], x, *start[3:], runs)
        got = lstm_backward(W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T)
        for g, right in zip(got, complex_step(loss, start), strict=True):
            assert relative_error(g, right) < 1e-10


def test_the_backward_pass_is_the_library_s_also_from_a_gradient_of_c_T():
    for case in cases_of("lstm_backward", 5):
        W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T = case.args
        if runs.all():
            i, f, g, o = np.split(gates[0], 4)
            before = np.concatenate([np.log(i / (1 - i)), np.log(f / (1 - f)), np.arctanh(g),
                                     np.log(o / (1 - o))])
            b_h = (before - W_xh @ x[0] - W_hh @ h[0])[:, :1]
            params = CellParams(W_xh, W_hh, b_h)
            tape = unroll(LSTM(), params, x, s0=(h[0], c[0]))
            right = bptt(LSTM(), params, x, tape, dh_own, ds_T=(np.zeros_like(dc_T), dc_T))
            for g, g_hat in zip(lstm_backward(*case.args), (*right.params, *right.s0)):
                assert relative_error(g, g_hat) < 1e-10


def test_the_shares_of_the_copies_add_up_to_the_gradient():
    problem = find("lstm_backward")
    for case in cases_of("lstm_backward", 1):
        whole = dict(zip((r.name for r in problem.results), lstm_backward(*case.args)))
        shares = problem.shares(*case.args)
        assert set(shares) == {"dW_xh", "dW_hh", "db_h"}
        for name, parts in shares.items():
            assert len(parts) == len(case.args[2])
            assert relative_error(parts.sum(axis=0), whole[name]) < 1e-10


# -- other right answers ---------------------------------------------------------------------------

def squash(a):
    out = 1 / (1 + np.exp(-a))
    H = len(a) // 4
    out[2 * H:3 * H] = np.tanh(a[2 * H:3 * H])
    return out


def step_by_reshape(W_xh, W_hh, b_h, x_t, h_prev, c_prev, runs):
    gates = squash(np.hstack([W_xh, W_hh, b_h]) @ np.vstack([x_t, h_prev, np.ones_like(x_t[:1])]))
    i, f, g, o = gates.reshape(4, -1, x_t.shape[1])
    c = c_prev + runs * (f * c_prev + i * g - c_prev)
    h = runs * (o * np.tanh(c)) + (1 - runs) * h_prev
    return h, c, gates


def step_by_columns(W_xh, W_hh, b_h, x_t, h_prev, c_prev, runs):
    h, c, gates = h_prev.copy(), c_prev.copy(), np.empty((len(W_xh), x_t.shape[1]))
    for b in range(x_t.shape[1]):
        gates[:, b] = squash(W_xh @ x_t[:, b] + W_hh @ h_prev[:, b] + b_h[:, 0])
        if runs[b]:
            i, f, g, o = np.split(gates[:, b], 4)
            c[:, b] = c_prev[:, b] * f + g * i
            h[:, b] = np.tanh(c[:, b]) * o
    return h, c, gates


def forward_projected_first(W_xh, W_hh, b_h, x, h_0, c_0, runs):
    projected = np.einsum("gd,tdb->tgb", W_xh, x) + b_h
    h, c, gates = [h_0], [c_0], []
    for a, on in zip(projected, runs):
        i, f, g, o = np.split(squash(a + W_hh @ h[-1]), 4)
        gates.append(np.vstack([i, f, g, o]))
        new = f * c[-1] + i * g
        h.append(np.where(on, o * np.tanh(new), h[-1]))
        c.append(np.where(on, new, c[-1]))
    return np.array(h), np.array(c), np.array(gates)


def forward_by_steps(W_xh, W_hh, b_h, x, h_0, c_0, runs):
    T, (H, B) = len(x), h_0.shape
    h, c, gates = np.empty((T + 1, H, B)), np.empty((T + 1, H, B)), np.empty((T, 4 * H, B))
    h[0], c[0] = h_0, c_0
    for t in range(T):
        h[t + 1], c[t + 1], gates[t] = step_by_columns(W_xh, W_hh, b_h, x[t], h[t], c[t], runs[t])
    return h, c, gates


def backward_by_columns(W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T):
    """One sequence at a time, one step at a time; steps that stand still are skipped."""
    H, dW_xh, dW_hh = W_hh.shape[1], np.zeros_like(W_xh), np.zeros_like(W_hh)
    db_h, dh_0, dc_0 = np.zeros((4 * H, 1)), np.empty_like(dc_T), np.empty_like(dc_T)
    for b in range(x.shape[2]):
        dh, dc = np.zeros(H), dc_T[:, b].copy()
        for t in range(len(x), 0, -1):
            dh = dh + dh_own[t - 1, :, b]
            if not runs[t - 1, b]:
                continue
            i, f, g, o = gates[t - 1, :, b].reshape(4, H)
            dc += dh * o / np.cosh(c[t, :, b]) ** 2
            delta = np.hstack([dc * g * i * (1 - i), dc * c[t - 1, :, b] * f * (1 - f),
                               dc * i * (1 - g**2), dh * np.tanh(c[t, :, b]) * o * (1 - o)])
            dW_xh += np.outer(delta, x[t - 1, :, b])
            dW_hh += np.outer(delta, h[t - 1, :, b])
            db_h[:, 0] += delta
            dh, dc = delta @ W_hh, dc * f
        dh_0[:, b], dc_0[:, b] = dh, dc
    return dW_xh, dW_hh, db_h, dh_0, dc_0


def backward_forgetting_the_gates(W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T):
    """Treat standing still as gates: f = 1, and a mixture of the new h and the old one."""
    T, m = len(x), runs[:, None].astype(float)
    i, f, g, o = np.moveaxis(gates.reshape(T, 4, *h[0].shape), 1, 0)
    dh, dc, rows = np.zeros_like(dc_T), dc_T, []
    for t in range(T - 1, -1, -1):
        dh = dh + dh_own[t]
        s, keep = np.tanh(c[t + 1]), m[t] * f[t] + 1 - m[t]
        dc = dc + m[t] * dh * o[t] * (1 - s * s)
        rows.insert(0, m[t] * np.vstack([dc * g[t] * i[t] * (1 - i[t]),
                                         dc * c[t] * f[t] * (1 - f[t]), dc * i[t] * (1 - g[t] ** 2),
                                         dh * s * o[t] * (1 - o[t])]))
        dh, dc = (1 - m[t]) * dh + W_hh.T @ rows[0], dc * keep
    flat = np.hstack(rows)
    return (flat @ np.hstack(list(x)).T, flat @ np.hstack(list(h[:-1])).T,
            flat.sum(axis=1, keepdims=True), dh, dc)


ALTERNATIVES = {
    "lstm_step": (step_by_reshape, step_by_columns),
    "lstm_forward": (forward_projected_first, forward_by_steps),
    "lstm_backward": (backward_by_columns, backward_forgetting_the_gates),
}


@pytest.mark.parametrize("name, k", [(name, k) for name in ALTERNATIVES for k in (0, 1)])
def test_alternatives_get_full_points(name, k):
    for seed in (0, 1):
        report = report_of(name, ALTERNATIVES[name][k], seed)
        assert (report.outcome, report.points) == ("correct", find(name).points)


# -- wrong only where something is special ---------------------------------------------------------

def _but(right, special, spoil):
    """Return an answer that is right unless special(*args), and then its spoilt results."""
    def answer(*args):
        results = right(*args)
        return spoil(results) if special(*args) else results
    return answer


def _off(results):
    return tuple(result * 1.01 + 1e-3 for result in results)


SPECIAL = {
    "lstm_step": {
        "B = 1": ("from any state", lambda *a: a[3].shape[1] == 1),
        "H = D": ("from any state", lambda *a: a[3].shape[0] == a[4].shape[0]),
        "h_prev ≠ 0": ("from any state", lambda *a: bool(a[4].any())),
        "standing still": ("standing still", lambda *a: not a[6].all()),
    },
    "lstm_forward": {
        "T = 1": ("sequence", lambda *a: len(a[3]) == 1),
        "B = 1": ("sequence", lambda *a: a[3].shape[2] == 1),
        "H = D": ("sequence", lambda *a: a[3].shape[1] == a[4].shape[0]),
        "h_0 ≠ 0": ("initial states and standing still", lambda *a: bool(a[4].any())),
        "a hole in the middle": ("initial states and standing still",
                                 lambda *a: not a[6][1:-1].all()),
    },
    "lstm_backward": {
        "T = 1": ("one step", lambda *a: len(a[2]) == 1),
        "B = 1": ("sequence", lambda *a: a[2].shape[2] == 1),
        "H = D": ("sequence", lambda *a: a[2].shape[1] == a[3].shape[1]),
        "h_0 ≠ 0": ("initial states", lambda *a: bool(a[3][0].any())),
        "a hole in the middle": ("standing still", lambda *a: not a[6][1:-1].all()),
        "dc_T ≠ 0": ("gradient of c_T", lambda *a: bool(a[8].any())),
    },
}


@pytest.mark.parametrize("name, fact", [(name, fact) for name in SPECIAL for fact in SPECIAL[name]])
def test_what_is_wrong_only_where_something_is_special_loses_that_part(name, fact):
    part, special = SPECIAL[name][fact]
    report = report_of(name, _but(find(name).reference, special, _off))
    assert report.outcome == "wrong" and report.earned[part] == 0
    assert report.points < find(name).points


# -- wrong answers that no catalogue lists ---------------------------------------------------------

def only(results, k, change):
    return tuple(change(r) if j == k else r for j, r in enumerate(results))


UNCATALOGUED = {
    "W_xh alone gets the wrong sign": (
        "lstm_backward", lambda *a: only(lstm_backward(*a), 0, np.negative), "wrong sign"),
    "a mean over the batch": (
        "lstm_backward", lambda *a: tuple(g / a[2].shape[2] for g in lstm_backward(*a)[:3])
        + lstm_backward(*a)[3:], "divided by B"),
    "the last step's own loss is left out": (
        "lstm_backward", lambda *a: lstm_backward(*a[:7], a[7] * (np.arange(len(a[7])) < len(
            a[7]) - 1)[:, None, None], a[8]), "last step of dh_own"),
    "rows of the candidate are zero": (
        "lstm_backward", lambda *a: only(lstm_backward(*a), 1, lambda g: np.concatenate(
            [block * (k != 2) for k, block in enumerate(np.split(g, 4))])), "gate g"),
    "both initial gradients exchanged": (
        "lstm_backward", lambda *a: (*lstm_backward(*a)[:3], *lstm_backward(*a)[:2:-1]),
        "another order"),
    "gates in the order of Keras": (
        "lstm_forward", lambda *a: only(lstm_forward(*a), 2, lambda g: np.concatenate(
            [np.split(g, 4, axis=1)[k] for k in (0, 1, 3, 2)], axis=1)), "order i f o g"),
    "h returned as c, c as h": (
        "lstm_forward", lambda *a: (lstm_forward(*a)[1], lstm_forward(*a)[0], lstm_forward(*a)[2]),
        "another order"),
    "time reversed": (
        "lstm_forward", lambda *a: lstm_forward(*a[:3], a[3][::-1], *a[4:]), "reverse"),
    "the step without x": (
        "lstm_step", lambda *a: lstm_step(a[0], a[1], a[2], 0 * a[3], *a[4:]), ""),
}


@pytest.mark.parametrize("what", UNCATALOGUED)
def test_other_wrong_answers_are_rejected_and_described(what):
    name, answer, said = UNCATALOGUED[what]
    report = report_of(name, answer)
    assert report.outcome == "wrong" and report.points < find(name).points
    if said:
        assert said in f"{report.findings[0].name} {report.findings[0].sentence}"
