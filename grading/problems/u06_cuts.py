"""Unit 06: random cuts, and what makes up for them."""
import itertools

import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.problems.elman_tape import elman_tape, initial_state
from grading.sizes import draw_sizes

CUTS, WAY = "06: Random cuts: no bias, at a price", "03: The derivation"


def random_truncation(W_hh, x, h, dh_own, keep, p):
    """Return the gradient with the way back cut where keep is false, and weighted elsewhere."""
    D, H = x.shape[1], len(W_hh)
    dW_xh, dW_hh, db_h = np.zeros((H, D)), np.zeros((H, H)), np.zeros((H, 1))
    back = np.zeros_like(h[0])
    for t in range(len(x), 0, -1):
        dh = dh_own[t - 1] + back
        delta = (1 - h[t] ** 2) * dh
        dW_xh += delta @ x[t - 1].T
        dW_hh += delta @ h[t - 1].T
        db_h += delta.sum(axis=1, keepdims=True)
        kappa = keep[t - 1] / (1 - p[t - 1])
        back = kappa * (W_hh.T @ delta)
    return dW_xh, dW_hh, db_h


SITUATIONS = (
    ("cuts", (), {"T": 6}),
    ("cuts", (), {"T": 8}),
    ("cuts", ("B = 1",), {"T": 7, "B": 1}),
    ("cuts", ("H = D",), {"T": 6, "D": 4, "H": 4}),
    ("cuts", ("T = 1",), {"T": 1}),
    ("cuts", ("nothing is cut",), {"T": 5}),
    ("cuts", ("everything is cut",), {"T": 4}),
    ("initial state", ("h_0 ≠ 0",), {"T": 6}),
    ("initial state", ("h_0 ≠ 0", "B = 1"), {"T": 7, "B": 1}),
    ("initial state", ("h_0 ≠ 0", "T = 1"), {"T": 1}),
)


def _tape(rng, facts, fixed):
    sizes = draw_sizes(rng, **fixed)
    _, W_hh, _, x, h = elman_tape(rng, sizes, initial_state(rng, sizes, facts))
    return W_hh, x, h, rng.normal(size=(sizes.T, sizes.H, sizes.B))


def _cases(rng):
    cases = []
    for part, facts, fixed in SITUATIONS:
        *tape, dh_own = _tape(rng, facts, fixed)
        T, _, B = dh_own.shape
        keep, p = rng.random((T, B)) < 0.6, rng.uniform(0.1, 0.6, T)
        keep[T // 2, 0], keep[-1, 0] = True, True  # so that something gets through, …
        keep[T // 2 - 1, -1] = B == 1  # … and something does not
        if "nothing is cut" in facts or "everything is cut" in facts:
            keep[:] = "nothing is cut" in facts
        cases.append(Case(part, (*tape, dh_own, keep, p), frozenset(facts)))
    return cases


def _all_close(some, others):
    return all(a.shape == b.shape and np.allclose(a, b, rtol=1e-8, atol=1e-12)
               for a, b in zip(some, others))


def _mean_over_all_draws(ask, rng):
    tape, p = _tape(rng, (), {"T": 3, "B": 2}), rng.uniform(0.2, 0.6, 3)
    mean, B = [0.0, 0.0, 0.0], 2
    closed = np.zeros((3, B), bool)  # or the exact gradient would do, which has no bias either
    if not _all_close(ask(*tape, closed, p), random_truncation(*tape, closed, p)):
        return "where keep is false, something still goes back"
    for draw in itertools.product((False, True), repeat=2 * B):  # a cut before step 1 cuts nothing
        keep = np.array((True,) * B + draw).reshape(3, B)
        chance = np.where(keep, 1 - p[:, np.newaxis], p[:, np.newaxis])[1:].prod()
        mean = [m + chance * g for m, g in zip(mean, ask(*tape, keep, p))]
    exact = random_truncation(*tape, np.ones((3, B), bool), np.zeros(3))
    if _all_close(mean, exact):
        return True
    return ("the mean over all 16 draws of a small case, each weighted by its probability, is not "
            "the exact gradient")


RANDOM_TRUNCATION = Problem(
    name="random_truncation",
    unit="06",
    title="Random cuts",
    minutes=20,
    parts=(Part("cuts", 2), Part("initial state", 1), Part("no bias", 1)),
    results=(Result("dW_xh", "(H, D)"), Result("dW_hh", "(H, H)"), Result("db_h", "(H, 1)")),
    reference=random_truncation,
    cases=_cases,
    properties=(Property("no bias", "no bias", _mean_over_all_draws),),
    mistakes=(
        Mistake("nothing makes up for the cuts",
                "What gets through must be made larger, so that the factor's mean is 1.",
                CUTS, (("keep[t - 1] / (1 - p[t - 1])", "keep[t - 1]"),)),
        Mistake("divided by the probability of a cut",
                "The way stays open with probability 1 - p, and it is that by which one divides.",
                CUTS, (("(1 - p[t - 1])", "p[t - 1]"),)),
        Mistake("multiplied by 1 - p",
                "What gets through must become larger, not smaller.",
                CUTS, (("keep[t - 1] / (1 - p[t - 1])", "keep[t - 1] * (1 - p[t - 1])"),)),
        Mistake("nothing is cut",
                "Where keep is false, nothing may go back.",
                CUTS, (("keep[t - 1] /", "1 /"),)),
        Mistake("cut where it should stay open",
                "keep is true where the way back stays open.",
                CUTS, (("keep[t - 1]", "~keep[t - 1]"),)),
        Mistake("one probability for all steps",
                "Each step has its own probability of a cut.",
                CUTS, (("1 - p[t - 1]", "1 - p.mean()"),)),
        Mistake("the probability of another step",
                "Row t-1 of p belongs to step t.",
                CUTS, (("1 - p[t - 1]", "1 - p[t - 2]"),)),
        Mistake("the cuts come one step late",
                "κ_t stands between the steps t and t-1: row t-1 of keep and p.",
                CUTS, (("keep[t - 1]", "keep[t - 2]"), ("1 - p[t - 1]", "1 - p[t - 2]"))),
        Mistake("one draw for the whole batch",
                "Each sequence has cuts of its own: column b of keep.",
                CUTS, (("keep[t - 1]", "keep[t - 1, :1]"),)),
        Mistake("the step's own loss is weighted, too",
                "κ acts on what comes from later steps; the own loss of a step passes no cut.",
                CUTS, (("dh_own[t - 1] + back", "dh_own[t - 1] * keep[t - 1] + back"),)),
        Mistake("the copy's own share is weighted, too",
                "κ_t acts on what goes on to step t-1, after the copy at step t had its share.",
                CUTS, (("(1 - h[t] ** 2) * dh", "(1 - h[t] ** 2) * dh * keep[t - 1] "
                        "/ (1 - p[t - 1])"), ("kappa * (W_hh.T @ delta)", "W_hh.T @ delta"))),
        Mistake("weighted by the square",
                "κ_t enters once on each step back.",
                CUTS, (("kappa * (W_hh.T @ delta)", "kappa ** 2 * (W_hh.T @ delta)"),)),
        Mistake("a cut ends the way for good",
                "After a cut the way back begins anew with the own losses of earlier steps.",
                CUTS, (("dh_own[t - 1] + back", "dh_own[t - 1] * keep[t:].all(axis=0) + back"),)),
        Mistake("W_hh is not transposed",
                "The derivative of W h, applied to a gradient, is Wᵀ.",
                WAY, (("W_hh.T @ delta", "W_hh @ delta"),)),
        Mistake("tanh' of the previous state",
                "The slope of the tanh at step t is 1 - h_t²: of the state it made.",
                WAY, (("1 - h[t] ** 2", "1 - h[t - 1] ** 2"),)),
        Mistake("dh goes back without tanh'",
                "What goes back through W_hh is δ, which has passed the tanh, and not dh.",
                WAY, (("W_hh.T @ delta", "W_hh.T @ dh"),)),
        Mistake("dW_hh takes the state of the same step",
                "W_hh multiplies the state before the step.", WAY, (("h[t - 1].T", "h[t].T"),)),
        Mistake("h_0 counts as zero",
                "The copy at step 1 multiplies h_0, which is zero by default only.",
                WAY, (("h[t - 1].T", "(h[t - 1].T * (t > 1))"),)),
    ),
    hints=(
        "It is the backward pass of unit 03 with one factor more. Where does it stand: before or "
        "after the copy of step t takes its share?",
        "κ_t = keep_t / (1 - p_t), for each sequence by itself, and ∂L/∂h_{t-1} = dh_own_{t-1} + "
        "κ_t ⊙ W_hhᵀ δ_t.",
        "`keep[t - 1]` has the shape (B,) and multiplies the columns of an (H, B) array as it is; "
        "the line that it changes is the last one in the loop.",
    ),
)
