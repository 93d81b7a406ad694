"""Unit 03: one step back, with the readout."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.sizes import draw_sizes, weights

WAY = "03: The derivation"


def elman_step_backward(W_xh, W_hh, W_hy, x, h_before, h, e, back):
    """Return what one step adds to the gradients, and what goes on from it."""
    dh = W_hy.T @ e + back
    delta = (1 - h ** 2) * dh
    dW_xh = delta @ x.T
    dW_hh = delta @ h_before.T
    db_h = delta.sum(axis=1, keepdims=True)
    dW_hy = e @ h.T
    dx = W_xh.T @ delta
    dh_before = W_hh.T @ delta
    return dW_xh, dW_hh, db_h, dW_hy, dx, dh_before


BACK = "something comes back"
SITUATIONS = (
    ("last step", (), {}),
    ("last step", ("B = 1",), {"B": 1}),
    ("last step", ("H = D",), {"D": 4, "H": 4}),
    ("any step", (BACK,), {}),
    ("any step", (BACK, "B = 1"), {"B": 1}),
    ("any step", (BACK, "H = D"), {"D": 4, "H": 4}),
    ("any step", (BACK, "K = H"), {"K": 5, "H": 5}),
)


def _draw(rng, fixed, back=True):
    _, D, H, K, B = draw_sizes(rng, **fixed)
    W_xh, W_hh, W_hy = weights(rng, H, D), weights(rng, H, H), weights(rng, K, H)
    x, h_before = rng.normal(size=(D, B)), rng.normal(size=(H, B))
    h = np.tanh(W_xh @ x + W_hh @ h_before + rng.normal(size=(H, 1)))
    return (W_xh, W_hh, W_hy, x, h_before, h, rng.normal(size=(K, B)),
            back * rng.normal(size=(H, B)))


def _cases(rng):
    return [Case(part, _draw(rng, fixed, BACK in facts), frozenset(facts))
            for part, facts, fixed in SITUATIONS]


def _linear_in_what_arrives(ask, rng):
    *rest, e, back = _draw(rng, {})
    once, thrice = ask(*rest, e, back), ask(*rest, 3 * e, 3 * back)
    if all(a.shape == b.shape and np.allclose(3 * a, b, rtol=1e-10) for a, b in zip(once, thrice)):
        return True
    return "three times e and three times back must give three times every result"


ELMAN_STEP_BACKWARD = Problem(
    name="elman_step_backward",
    unit="03",
    title="One step back",
    minutes=20,
    parts=(Part("last step", 2), Part("any step", 2)),
    results=(Result("dW_xh", "(H, D)"), Result("dW_hh", "(H, H)"), Result("db_h", "(H, 1)"),
             Result("dW_hy", "(K, H)"), Result("dx", "(D, B)"), Result("dh_before", "(H, B)")),
    reference=elman_step_backward,
    cases=_cases,
    properties=(Property("any step", "linearity", _linear_in_what_arrives),),
    mistakes=(
        Mistake("what comes back is left out",
                "The state acts on the loss through the next state, too.",
                WAY, ((" + back", ""),)),
        Mistake("the step's own loss is left out",
                "The state acts on the loss through its own output, too.",
                WAY, (("W_hy.T @ e + back", "back"),)),
        Mistake("what comes back passes the tanh alone",
                "Both parts of ∂L/∂h_t go through the tanh of this step.",
                WAY, (("(1 - h ** 2) * dh", "(1 - h ** 2) * back + W_hy.T @ e"),)),
        Mistake("the step's own loss passes the tanh alone",
                "Both parts of ∂L/∂h_t go through the tanh of this step.",
                WAY, (("(1 - h ** 2) * dh", "(1 - h ** 2) * (W_hy.T @ e) + back"),)),
        Mistake("tanh' of the previous state",
                "The slope of the tanh is 1 - h²: of the state that this step made.",
                WAY, (("1 - h ** 2", "1 - h_before ** 2"),)),
        Mistake("tanh' takes the tanh of the state again",
                "h is the tanh already: its slope is 1 - h², not 1 - tanh²(h).",
                WAY, (("1 - h ** 2", "1 - np.tanh(h) ** 2"),)),
        Mistake("tanh' without the square", "The slope of the tanh is 1 - h², entry by entry.",
                WAY, (("1 - h ** 2", "1 - h"),)),
        Mistake("no tanh'", "δ is what remains behind the tanh; here it is still before it.",
                WAY, (("(1 - h ** 2) * dh", "dh"),)),
        Mistake("W_hh is not transposed",
                "The derivative of W h, applied to a gradient, is Wᵀ.",
                WAY, (("W_hh.T @ delta", "W_hh @ delta"),)),
        Mistake("dh goes on without tanh'",
                "What goes back through W_hh is δ, which has passed the tanh, and not dh.",
                WAY, (("W_hh.T @ delta", "W_hh.T @ dh"),)),
        Mistake("dx goes without tanh'",
                "The input enters before the tanh, so its gradient takes δ, too.",
                WAY, (("W_xh.T @ delta", "W_xh.T @ dh"),)),
        Mistake("dW_hh takes the state of the same step",
                "W_hh multiplies the state before the step.",
                WAY, (("delta @ h_before.T", "delta @ h.T"),)),
        Mistake("dW_hh is transposed",
                "Row i of W_hh makes a_i, so row i of its gradient holds δ_i.",
                WAY, (("delta @ h_before.T", "h_before @ delta.T"),)),
        Mistake("dW_hy takes the state before the step",
                "The output of a step is read from the state that the step made.",
                "03: The network once more", (("e @ h.T", "e @ h_before.T"),)),
        Mistake("averaged over the batch once more",
                "e and back hold the 1/N of the loss already; the columns are added.",
                WAY, (("(1 - h ** 2) * dh", "(1 - h ** 2) * dh / h.shape[1]"),)),
        Mistake("db_h is averaged over the batch",
                "All columns share the bias, so their shares are added.",
                WAY, (("delta.sum(axis=1,", "delta.mean(axis=1,"),)),
    ),
    hints=(
        "Go from the loss to the parameters: first everything that arrives at h, then through the "
        "tanh, and only then to the three weights, the bias, the input and the state before.",
        "∂L/∂h = W_hyᵀ e + back and δ = (1 - h²) ⊙ ∂L/∂h. The share of a matrix is what arrives "
        "behind it times the transpose of what it multiplied.",
        "`delta = (1 - h ** 2) * (…)` holds two terms in the brackets; of the six results only "
        "dW_hy does without δ.",
    ),
)
