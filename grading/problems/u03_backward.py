"""Unit 03: the whole backward pass."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.sizes import draw_mask, situations, weights


def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):
    """Return the gradient of L = (1/N) Σ ℓ, over the N steps and sequences that the mask counts."""
    T = len(x)
    e = e * mask[:, np.newaxis] / mask.sum()
    dW_xh, dW_hh, dW_hy = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(W_hy)
    db_h = np.zeros((len(W_hh), 1))
    back = np.zeros_like(h[0])
    for t in range(T, 0, -1):
        dh = W_hy.T @ e[t - 1] + back
        delta = (1 - h[t] ** 2) * dh
        dW_hy += e[t - 1] @ h[t].T
        dW_xh += delta @ x[t - 1].T
        dW_hh += delta @ h[t - 1].T
        db_h += delta.sum(axis=1, keepdims=True)
        back = W_hh.T @ delta
    return dW_xh, dW_hh, db_h, dW_hy, back


def _network(rng, sizes, h_0):
    """Draw weights and inputs, and run the network."""
    T, D, H, K, B = sizes
    W_xh, W_hh, W_hy = weights(rng, H, D), weights(rng, H, H), weights(rng, K, H)
    x, b_h, h = rng.normal(size=(T, D, B)), rng.normal(size=(H, 1)), np.empty((T + 1, H, B))
    h[0] = h_0
    for t in range(1, T + 1):
        h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h)
    return W_xh, W_hh, W_hy, x, h


def _backward_cases(rng):
    cases = []
    for part, facts, sizes in situations(rng):
        T, D, H, K, B = sizes
        h_0 = rng.normal(size=(H, B)) if "h_0 ≠ 0" in facts else np.zeros((H, B))
        mask = draw_mask(rng, T, B) if "a mask" in facts else np.ones((T, B), bool)
        e = rng.normal(size=(T, K, B))
        cases.append(Case(part, (*_network(rng, sizes, h_0), e, mask), facts))
    return cases


def _backward_shares(W_xh, W_hh, W_hy, x, h, e, mask):
    """Return the share of each copy of the parameters, (T, …)."""
    T = len(x)
    e = e * mask[:, np.newaxis] / mask.sum()
    delta, back = np.empty_like(h[1:]), 0
    for t in range(T, 0, -1):
        delta[t - 1] = (1 - h[t] ** 2) * (W_hy.T @ e[t - 1] + back)
        back = W_hh.T @ delta[t - 1]
    return {"dW_xh": delta @ x.transpose(0, 2, 1), "dW_hh": delta @ h[:-1].transpose(0, 2, 1),
            "db_h": delta.sum(axis=2, keepdims=True), "dW_hy": e @ h[1:].transpose(0, 2, 1)}


ELMAN_BACKWARD = Problem(
    name="elman_backward",
    unit="03",
    title="The whole backward pass",
    minutes=30,
    parts=(Part("sequence", 4), Part("initial state", 2), Part("masks", 2)),
    results=(Result("dW_xh", "(H, D)"), Result("dW_hh", "(H, H)"), Result("db_h", "(H, 1)"),
             Result("dW_hy", "(K, H)"), Result("dh_0", "(H, B)")),
    reference=elman_backward,
    cases=_backward_cases,
    shares=_backward_shares,
    mistakes=(
        Mistake("dh is not carried back",
                "What comes back from step t+1 is not added, so each step sees its own loss only.",
                "03: The derivation", ((" + back", ""),)),
        Mistake("the mask is not used",
                "Steps that do not count must have no gradient of their own loss.",
                "03: The code is the derivation", (("e * mask[:, np.newaxis]", "e"),)),
        Mistake("summed where the loss averages",
                "L is the mean over the N steps and sequences that count: divide by N.",
                "03: The network once more", ((" / mask.sum()", ""),)),
        Mistake("divided by all steps, not by those that count",
                "N counts where the mask is true; it is T·B only without a mask.",
                "03: The network once more", (("mask.sum()", "mask.size"),)),
        Mistake("W_hh is not transposed",
                "The derivative of W h, applied to a gradient, is Wᵀ.",
                "03: The derivation", (("W_hh.T @ delta", "W_hh @ delta"),)),
        Mistake("dh goes back without tanh'",
                "What goes back through W_hh is δ, which has passed the tanh, and not dh.",
                "03: The derivation", (("W_hh.T @ delta", "W_hh.T @ dh"),)),
        Mistake("what comes back does not pass the tanh",
                "Both parts of ∂L/∂h_t go through the tanh of step t.",
                "03: The derivation",
                (("(1 - h[t] ** 2) * dh", "(1 - h[t] ** 2) * (W_hy.T @ e[t - 1]) + back"),)),
        Mistake("the mask stops what comes back",
                "A step that does not count has no loss of its own; yet its state makes the later "
                "ones.", "03: The code is the derivation",
                (("W_hy.T @ e[t - 1] + back", "(W_hy.T @ e[t - 1] + back) * mask[t - 1]"),)),
        Mistake("tanh' of the previous state",
                "The slope of the tanh at step t is 1 - h_t²: of the state it made.",
                "03: The derivation", (("1 - h[t] ** 2", "1 - h[t - 1] ** 2"),)),
        Mistake("tanh' takes the tanh of the state again",
                "h_t is the tanh already: its slope is 1 - h_t², not 1 - tanh²(h_t).",
                "03: The derivation", (("1 - h[t] ** 2", "1 - np.tanh(h[t]) ** 2"),)),
        Mistake("tanh' without the square",
                "The slope of the tanh is 1 - h_t², entry by entry.",
                "03: The derivation", (("1 - h[t] ** 2", "1 - h[t]"),)),
        Mistake("dW_hh takes the state of the same step",
                "The copy of W_hh at step t multiplies h_{t-1}.",
                "03: The derivation", (("delta @ h[t - 1].T", "delta @ h[t].T"),)),
        Mistake("the shares overwrite each other",
                "The shares of all copies add up; with = only the last one written stays.",
                "03: The derivation", (("dW_xh += ", "dW_xh = "), ("dW_hh += ", "dW_hh = "),
                                       ("db_h += ", "db_h = "), ("dW_hy += ", "dW_hy = "))),
        Mistake("the first step is left out",
                "The loop must reach t = 1: its copy has a share, too.",
                "03: The derivation", (("range(T, 0, -1)", "range(T, 1, -1)"),)),
        Mistake("δ_1 is returned for dh_0",
                "From δ_1 to h_0 it is one more step back, through W_hh.",
                "03: The derivation", (("dW_hy, back", "dW_hy, delta"),)),
        Mistake("h_0 counts as zero",
                "The copy at step 1 multiplies h_0, which is zero by default only.",
                "03: The derivation", (("delta @ h[t - 1].T", "delta @ (h[t - 1].T * (t > 1))"),)),
    ),
    hints=(
        "Begin with what each step's own loss sends: mask e, divide it by the number of steps and "
        "sequences that count, and take it through W_hy.",
        "∂L/∂h_t = W_hyᵀ e_t + W_hhᵀ δ_{t+1}, with δ_{T+1} = 0, and δ_t = (1 - h_t²) ⊙ ∂L/∂h_t.",
        "The loop begins `for t in range(T, 0, -1):`, row t-1 of x and e is step t, and what is "
        "left at the end, W_hhᵀ δ_1, is ∂L/∂h_0.",
    ),
)
