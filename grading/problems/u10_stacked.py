"""Unit 10: two Elman layers on top of each other, with dropout between them."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.u09_copies import shares_of_copies
from grading.sizes import draw_sizes, weights

LAYERS, DROPOUT = "10: Layers on top of each other", "10: Dropout, between layers only"
WAY = "03: The derivation"


def stacked_backward(W1_xh, W1_hh, W2_xh, W2_hh, x, h1, h2, kept, dh_own):
    """Return the gradients of the lower layer (1), the upper one (2) and both first states."""
    T = len(x)
    dW1_xh, dW1_hh, dW2_xh, dW2_hh = (np.zeros_like(W) for W in (W1_xh, W1_hh, W2_xh, W2_hh))
    db1_h, db2_h = np.zeros((len(W1_hh), 1)), np.zeros((len(W2_hh), 1))
    back1, back2 = np.zeros_like(h1[0]), np.zeros_like(h2[0])
    for t in range(T, 0, -1):
        factor = kept[t - 1]
        read = factor * h1[t]
        dh2 = dh_own[t - 1] + back2
        delta2 = (1 - h2[t] ** 2) * dh2
        down = W2_xh.T @ delta2
        dh1 = factor * down + back1
        delta1 = (1 - h1[t] ** 2) * dh1
        dW2_xh += delta2 @ read.T
        dW2_hh += delta2 @ h2[t - 1].T
        db2_h += delta2.sum(axis=1, keepdims=True)
        dW1_xh += delta1 @ x[t - 1].T
        dW1_hh += delta1 @ h1[t - 1].T
        db1_h += delta1.sum(axis=1, keepdims=True)
        back2 = W2_hh.T @ delta2
        back1 = W1_hh.T @ delta1
    return dW1_xh, dW1_hh, db1_h, dW2_xh, dW2_hh, db2_h, back1, back2


def forward(W1_xh, W1_hh, b1_h, W2_xh, W2_hh, b2_h, x, h1_0, h2_0, kept):
    """Return the states of both layers."""
    low, high = [h1_0], [h2_0]
    for x_t, factor in zip(x, kept):
        low.append(np.tanh(W1_xh @ x_t + W1_hh @ low[-1] + b1_h))
        high.append(np.tanh(W2_xh @ (factor * low[-1]) + W2_hh @ high[-1] + b2_h))
    return np.array(low), np.array(high)


START, DROPS = "initial states ≠ 0", "dropout"
SITUATIONS = (
    ("sequence", (), {"T": 5}),
    ("sequence", ("T = 1",), {"T": 1}),
    ("sequence", ("B = 1",), {"B": 1}),
    ("sequence", ("all sizes equal",), {"D": 4, "H": 4, "K": 4}),
    ("initial states", (START,), {}),
    ("initial states", (START, "T = 1"), {"T": 1}),
    ("initial states", (START, "B = 1"), {"B": 1}),
    ("dropout", (DROPS,), {"T": 6}),
    ("dropout", (DROPS, "T = 1"), {"T": 1}),
    ("dropout", (DROPS, "all sizes equal"), {"D": 3, "H": 3, "K": 3}),
)


def _cases(rng):
    cases = []
    for part, facts, fixed in SITUATIONS:
        T, D, H1, H2, B = draw_sizes(rng, **fixed)
        lower, upper = ([weights(rng, H, n), weights(rng, H, H), rng.normal(size=(H, 1))]
                for H, n in ((H1, D), (H2, H1)))
        x = rng.normal(size=(T, D, B))
        starts = [(START in facts) * rng.normal(size=(H, B)) for H in (H1, H2)]
        kept = np.ones((T, H1, B))
        if DROPS in facts:
            kept = (rng.random(kept.shape) < 0.75) / 0.75
            kept[-1, 0, 0], kept[-1, -1, -1] = 0, 1 / 0.75
        h1, h2 = forward(*lower, *upper, x, *starts, kept)
        cases.append(Case(part, (*lower[:2], *upper[:2], x, h1, h2, kept,
                                 rng.normal(size=h2[1:].shape)), frozenset(facts)))
    return cases


RESULTS = (
    Result("dW1_xh", "(H1, D)"), Result("dW1_hh", "(H1, H1)"), Result("db1_h", "(H1, 1)"),
    Result("dW2_xh", "(H2, H1)"), Result("dW2_hh", "(H2, H2)"), Result("db2_h", "(H2, 1)"),
    Result("dh1_0", "(H1, B)"), Result("dh2_0", "(H2, B)"))

STACKED_BACKWARD = Problem(
    name="stacked_backward",
    unit="10",
    title="Two layers, one on top of the other",
    minutes=25,
    parts=(Part("sequence", 1), Part("initial states", 1), Part("dropout", 1)),
    results=RESULTS,
    reference=stacked_backward,
    cases=_cases,
    shares=lambda *args: shares_of_copies(stacked_backward, RESULTS, (4, 5, 6, 7, 8), args),
    mistakes=(
        Mistake("what goes down has not passed the slope",
                "The lower layer hears W2_xhᵀ δ², and δ² has passed the upper layer's tanh.",
                LAYERS, (("W2_xh.T @ delta2", "W2_xh.T @ dh2"),)),
        Mistake("nothing goes down",
                "The lower layer's only loss is what the upper layer asks of its inputs.",
                LAYERS, (("factor * down + back1", "back1"),)),
        Mistake("only the last step goes down",
                "The upper layer reads the lower one at every step, not at the last one only.",
                LAYERS, (("factor * down + back1", "(t == T) * factor * down + back1"),)),
        Mistake("nothing goes back in the lower layer",
                "A state of the lower layer goes to two places: up, and into its own next step.",
                LAYERS, (("factor * down + back1", "factor * down"),)),
        Mistake("nothing goes back in the upper layer",
                "A state of the upper layer goes to its own loss and into its own next step.",
                WAY, (("dh_own[t - 1] + back2\n", "dh_own[t - 1]\n"),)),
        Mistake("the upper layer reads the lower one a step late",
                "At step t the upper layer reads the lower layer's state of the same step.",
                LAYERS, (("factor * h1[t]", "factor * h1[t - 1]"),)),
        Mistake("the lower layer has the upper one's part twice",
                "What comes down is added once; what comes back through W1_hh holds the rest.",
                LAYERS, (("factor * down + back1", "2 * factor * down + back1"),)),
        Mistake("the factors are not used on the way down",
                "An entry that was dropped hears nothing, and one that stayed is multiplied as on "
                "the way up.", DROPOUT, (("factor * down", "down"),)),
        Mistake("dW2_xh takes what was there before dropout",
                "The upper layer has read the states times their factors.",
                DROPOUT, (("factor * h1[t]", "h1[t]"),)),
        Mistake("the factors are not used at all",
                "Forward and backward must use the same factors.",
                DROPOUT, (("factor = kept[t - 1]", "factor = 1"),)),
        Mistake("entries are dropped, and not made larger",
                "An entry that stays is divided by the probability of staying; so is its gradient.",
                DROPOUT, (("factor = kept[t - 1]", "factor = kept[t - 1] > 0"),)),
        Mistake("what comes back in time is dropped, too",
                "Dropout stands between the layers only: the way through W1_hh is left alone.",
                DROPOUT, (("factor * down + back1", "factor * (down + back1)"),)),
        Mistake("the lower layer's slope is that of the dropped states",
                "The slope is that of the tanh that made the state, before anything was dropped.",
                DROPOUT, (("1 - h1[t] ** 2", "1 - read ** 2"),)),
        Mistake("the upper layer's first state counts as zero",
                "Each layer has an initial state of its own, zero by default only.",
                LAYERS, (("h2[t - 1].T", "(h2[t - 1].T * (t > 1))"),)),
        Mistake("the lower layer's first state counts as zero",
                "Each layer has an initial state of its own, zero by default only.",
                LAYERS, (("h1[t - 1].T", "(h1[t - 1].T * (t > 1))"),)),
        Mistake("dW2_hh and dW1_hh take the states of the same step",
                "The copies at step t multiply the states of step t-1.",
                WAY, (("h2[t - 1].T", "h2[t].T"), ("h1[t - 1].T", "h1[t].T"))),
        Mistake("the shares overwrite each other",
                "The shares of all copies add up; with = only the last one written stays.",
                WAY, tuple((f"{name} += ", f"{name} = ") for name in (
                    "dW1_xh", "dW1_hh", "db1_h", "dW2_xh", "dW2_hh", "db2_h"))),
    ),
    hints=(
        "Go back through the upper layer as in unit 03. What it asks of its inputs is, but for the "
        "factors, the lower layer's dh_own; then go back through that.",
        "∂L/∂h¹_t = kept_t ⊙ W2_xhᵀ δ²_t + W1_hhᵀ δ¹_{t+1}: h¹ goes up through the factors, and on "
        "in time.",
        "In a loop from T to 1 for both layers: `dh1 = kept[t - 1] * (W2_xh.T @ delta2) + `; and "
        "dW2_xh takes `(kept[t - 1] * h1[t]).T`.",
    ),
)
