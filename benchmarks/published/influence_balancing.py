"""
Truncation with the wrong sign: influence balancing.

Tallec and Ollivier 2017, Unbiasing truncated backpropagation through time, arXiv 1705.08209, the
first of its two experiments. Learning rate and number of updates as in Vicol, Metz and
Sohl-Dickstein 2021, Unbiased gradient estimation in unrolled computation graphs with persistent
evolution strategies, ICML.

Protocol. s_t = A s_{t-1} + θ v with 23 units, A = ½ (1 + shift), v = ten times +1, then thirteen
times -1; the loss of step t is ½ (s_t[0] - 1)². At the start θ = 0.5 and all states are 1. One
update after each step, 3000 in all, learning rate 1e-4, k1 = 1 and k2 = K: each loss goes K steps
back, over the states as they were when they were computed; no update until K steps are there. The
best θ is -1/6. Nothing is random. Losses are ½ (s[0] - 1)² as they are; no variance enters.

The paper shows that short truncation diverges. From which K on the sign is right follows from the
network alone: at rest dL/dθ is the error times c_K = Σ_{j<K} (A^j v)[0] for a sliding window, and
times the mean of c_1 … c_K for disjoint chunks (a window is a chunk with a loss at its last step
alone). The library is held to that closed form.
"""
import numpy as np

from benchmarks.published._table import Row, verdict
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.tape import new_tape, window
from bpttlib.tasks import influence_balancing
from bpttlib.truncation import truncated_bptt

SOURCE = "Tallec & Ollivier 2017, influence balancing"
EXACT = True
CELL, H, LR, UPDATES, BEST = Elman("identity"), 23, 1e-4, 3000, -1 / 6
V = influence_balancing(1.0).cell.W_xh
RUNAWAY, KS = (10, 20, 30), np.arange(1, 161)


def parts(smoke):
    """Return the signs, and a training for each K."""
    return [{"K": None}] + [{"K": K} for K in (*RUNAWAY, 41, 50)]


def measure(K):
    """Return the turning points of the sign; or train, and return θ and the highest loss."""
    if K is None:
        c = closed_form()
        return {"windows": turns([gradient(K, losses=1) for K in KS]), "windows, closed": turns(-c),
                "chunks": turns([gradient(K, losses=K) for K in KS]),
                "chunks, closed": turns(-np.cumsum(c) / KS)}
    theta, losses = train(K)
    return {"K": K, "theta": theta, "peak": max(losses)}


def turns(gradients):
    """Return the first K with which θ moves the right way, down, and whether that stays so."""
    right = np.array(gradients) > 0
    first = int(right.argmax())
    return {"first": first + 1, "stays": bool(right[first:].all())}


def closed_form():
    """Return c_K for K = 1, 2, …; the error at rest is negative, since s[0] = -6 θ = -3."""
    A, row = influence_balancing().cell.W_hh, np.eye(1, H)
    terms = []
    for _ in KS:
        terms.append((row @ V).item())
        row = row @ A
    return np.cumsum(terms)


def gradient(K, losses):
    """Return dL/dθ at rest, at θ = 0.5, of the last losses of K steps; it should be positive."""
    params, x = influence_balancing(0.5).cell, np.ones((K, 1, 1))
    s = np.linalg.solve(np.eye(H) - params.W_hh, params.W_xh)
    tape, own = unroll(CELL, params, x, s), np.zeros((K, H, 1))
    own[-losses:, 0] = s[0, 0] - 1
    return float((V * truncated_bptt(CELL, params, x, tape, own, K, K).params.W_xh).sum())


def train(K):
    """Train online with a window of K steps; return the last θ and the losses."""
    theta, losses, x = 0.5, [], np.ones((K, 1, 1))
    tape, own = new_tape(CELL, UPDATES, H, 1), np.zeros((K, H, 1))
    tape.h[0] = 1.0
    for t in range(1, UPDATES + 1):
        params = influence_balancing(theta).cell
        unroll(CELL, params, x[:1], tape.h[t - 1], window(tape, t - 1, t))
        error = tape.h[t, 0, 0] - 1
        losses.append(float(0.5 * error**2))
        if t >= K:
            own[-1, 0] = error
            grads = bptt(CELL, params, x, window(tape, t - K, t), own, need_dx=False)
            theta -= LR * float((V * grads.params.W_xh).sum())
    return theta, losses


def rows(results):
    """Return the rows of the table."""
    signs, *runs = results
    by_K = {run["K"]: run for run in runs}
    peaks = ", ".join(f"{by_K[K]['peak']:.0e}" for K in RUNAWAY)
    slow, good = by_K[41]["theta"], by_K[50]["theta"]
    table = []
    for key, what, K in (("windows", "sliding window, k1 = 1 and k2 = K", 41),
                         ("chunks", "disjoint chunks, k1 = k2 = K", 110)):
        ours, closed = signs[key], signs[f"{key}, closed"]
        table.append(Row(SOURCE, f"sign of the truncated gradient, {what}",
                         f"closed form: wrong up to {closed['first'] - 1}, right from then on",
                         f"wrong up to {ours['first'] - 1}, right from then on",
                         verdict(ours == closed == {"first": K, "stays": True})))
    return [
        *table,
        Row(SOURCE, "highest loss in 3000 updates, K = 10, 20, 30", "diverges", peaks,
            verdict(all(by_K[K]["peak"] > 1e6 for K in RUNAWAY))),
        Row(SOURCE, "θ after 3000 updates from 0.5, K = 41",
            "right sign, hardly any gradient (no number)", f"{slow:.3f}: down, slowly",
            verdict(abs(slow - 0.28) < 0.01)),
        Row(SOURCE, "θ after 3000 updates from 0.5, K = 50", f"the best, -1/6 = {BEST:.4f}",
            f"{good:.4f}", verdict(abs(good - BEST) < 1e-3))]
