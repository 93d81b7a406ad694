"""Unit 05: windows of k2 steps, with the losses of their last k1."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.problems.elman_tape import elman_tape, initial_state
from grading.sizes import draw_sizes

RULE, ONCE = "05: Two numbers, $k_1$ and $k_2$", "05: Count every loss once"
CARRY, WAY = "05: Carry values, cut gradients", "03: The derivation"


def tbptt_k1_k2(W_hh, x, h, dh_own, k1, k2):
    """Return the gradient, each k1 losses sent back together and at most k2 steps."""
    T, D, H = len(x), x.shape[1], len(W_hh)
    dW_xh, dW_hh, db_h = np.zeros((H, D)), np.zeros((H, H)), np.zeros((H, 1))
    back = np.zeros_like(h[0])
    for first in range(0, T, k1):
        start, stop = max(0, first + k1 - k2), min(first + k1, T)
        back = np.zeros_like(back)
        for t in range(stop, start, -1):
            own = dh_own[t - 1] if t > first else 0
            dh = own + back
            delta = (1 - h[t] ** 2) * dh
            dW_xh += delta @ x[t - 1].T
            dW_hh += delta @ h[t - 1].T
            db_h += delta.sum(axis=1, keepdims=True)
            back = W_hh.T @ delta
    return dW_xh, dW_hh, db_h


#: Part, facts, fixed sizes, k1 and k2.
SITUATIONS = (
    ("chunks", (), {"T": 6}, 3, 3),
    ("chunks", ("a short last window",), {"T": 8}, 3, 3),
    ("chunks", ("T = 1", "nothing is cut"), {"T": 1}, 1, 1),
    ("sliding windows", (), {"T": 6}, 1, 3),
    ("sliding windows", ("B = 1",), {"T": 7, "B": 1}, 1, 4),
    ("sliding windows", ("T = 1", "nothing is cut"), {"T": 1}, 1, 2),
    ("any k1 and k2", (), {"T": 8}, 2, 5),
    ("any k1 and k2", ("a short last window",), {"T": 8}, 3, 4),
    ("any k1 and k2", ("a short last window", "B = 1"), {"T": 7, "B": 1}, 2, 3),
    ("any k1 and k2", ("H = D",), {"T": 8, "D": 4, "H": 4}, 2, 3),
    ("any k1 and k2", ("nothing is cut", "a short last window"), {"T": 7}, 3, 9),
    ("initial state", ("h_0 ≠ 0",), {"T": 6}, 2, 3),
    ("initial state", ("h_0 ≠ 0", "B = 1"), {"T": 7, "B": 1}, 1, 3),
    ("initial state", ("h_0 ≠ 0", "T = 1", "nothing is cut"), {"T": 1}, 1, 1),
)


def _tape(rng, facts, fixed):
    sizes = draw_sizes(rng, **fixed)
    _, W_hh, _, x, h = elman_tape(rng, sizes, initial_state(rng, sizes, facts))
    return W_hh, x, h, rng.normal(size=(sizes.T, sizes.H, sizes.B))


def _cases(rng):
    return [Case(part, (*_tape(rng, facts, fixed), k1, k2), frozenset(facts))
            for part, facts, fixed, k1, k2 in SITUATIONS]


def _full_where_nothing_is_cut(ask, rng):
    tape = _tape(rng, ("h_0 ≠ 0",), {"T": 7})
    one, seven, pairs = ask(*tape, 1, 7), ask(*tape, 7, 7), ask(*tape, 2, 8)
    if all(a.shape == b.shape == c.shape and np.allclose(a, b, rtol=1e-8)
           and np.allclose(a, c, rtol=1e-8) for a, b, c in zip(one, seven, pairs)):
        return True
    return ("of 7 steps nothing is cut with k1, k2 = 1, 7 or 7, 7 or 2, 8, so all three must give "
            "the same gradient")


TBPTT_K1_K2 = Problem(
    name="tbptt_k1_k2",
    unit="05",
    title="Windows",
    minutes=30,
    parts=(Part("chunks", 1), Part("sliding windows", 1), Part("any k1 and k2", 2),
           Part("initial state", 1)),
    results=(Result("dW_xh", "(H, D)"), Result("dW_hh", "(H, H)"), Result("db_h", "(H, 1)")),
    reference=tbptt_k1_k2,
    cases=_cases,
    properties=(Property("any k1 and k2", "nothing to cut", _full_where_nothing_is_cut),),
    mistakes=(
        Mistake("losses are counted by every window that sees them",
                "A window sends the losses of its last k1 steps only; earlier ones had their turn.",
                ONCE, (("dh_own[t - 1] if t > first else 0", "dh_own[t - 1]"),)),
        Mistake("only the last loss of a window is sent back",
                "All k1 new losses of a window count.",
                ONCE, (("t > first", "t == stop"),)),
        Mistake("one loss too many in each window",
                "The loss just before the new steps belongs to the window before.",
                ONCE, (("t > first", "t >= first"),)),
        Mistake("k2 steps back from the first new loss",
                "The horizon is counted from the end of a full window, not from its first new "
                "step.", RULE, (("first + k1 - k2", "first - k2"),)),
        Mistake("one step too far back",
                "The last new loss of a full window reaches k2 copies, its own included.",
                RULE, (("max(0, first + k1 - k2)", "max(0, first - 1 + k1 - k2)"),)),
        Mistake("one step less far back",
                "The last new loss of a full window reaches k2 copies, its own included.",
                RULE, (("first + k1 - k2", "first + k1 - k2 + 1"),)),
        Mistake("a short last window reaches further back",
                "It begins where it would begin if it were full: at first + k1 - k2.",
                RULE, (("max(0, first + k1 - k2)", "max(0, min(first + k1, T) - k2)"),)),
        Mistake("the start of a window is not kept at 0",
                "Near the beginning there are fewer than k2 steps to go back.",
                RULE, (("max(0, first + k1 - k2)", "first + k1 - k2"),)),
        Mistake("k2 is not used",
                "These are chunks of k1 steps; a window may go further back than its new losses.",
                RULE, (("max(0, first + k1 - k2)", "first"),)),
        Mistake("nothing is cut",
                "This is the gradient over the whole sequence: windows must not go back beyond k2.",
                RULE, (("max(0, first + k1 - k2)", "0"),)),
        Mistake("the next window begins k2 steps later",
                "Every k1 steps there is a backward pass; else losses get lost.",
                ONCE, (("range(0, T, k1)", "range(0, T, k2)"),)),
        Mistake("the short last window is left out",
                "The losses that are left over at the end are sent back, too.",
                RULE, (("range(0, T, k1)", "range(0, T - k1 + 1, k1)"),)),
        Mistake("what comes back is not cleared",
                "At the end of each window nothing comes back yet; here something is left over "
                "from the window before.", CARRY, (("np.zeros_like(back)", "back"),)),
        Mistake("the gradient goes back one step only",
                "Inside a window the gradient is carried from step to step.",
                RULE, (("own + back", "own"),)),
        Mistake("what comes back is added twice",
                "What comes back enters ∂L/∂h_t once.",
                ONCE, (("own + back", "own + back + back"),)),
        Mistake("averaged over the windows",
                "dh_own belongs to the mean loss already: the windows' shares are added.",
                ONCE, (("(1 - h[t] ** 2) * dh", "(1 - h[t] ** 2) * dh / -(-T // k1)"),)),
        Mistake("the first step of a window multiplies no state",
                "Carried states are values like any others: W_hh multiplies them, and so they "
                "stand in its share.", CARRY, (("h[t - 1].T", "(h[t - 1].T * (t > start + 1))"),)),
        Mistake("h_0 counts as zero",
                "The copy at step 1 multiplies h_0, which is zero by default only.",
                WAY, (("h[t - 1].T", "(h[t - 1].T * (t > 1))"),)),
        Mistake("dW_hh takes the state of the same step",
                "W_hh multiplies the state before the step.", WAY, (("h[t - 1].T", "h[t].T"),)),
        Mistake("W_hh is not transposed",
                "The derivative of W h, applied to a gradient, is Wᵀ.",
                WAY, (("W_hh.T @ delta", "W_hh @ delta"),)),
        Mistake("tanh' of the previous state",
                "The slope of the tanh at step t is 1 - h_t²: of the state it made.",
                WAY, (("1 - h[t] ** 2", "1 - h[t - 1] ** 2"),)),
        Mistake("dh goes back without tanh'",
                "What goes back through W_hh is δ, which has passed the tanh, and not dh.",
                WAY, (("W_hh.T @ delta", "W_hh.T @ dh"),)),
    ),
    hints=(
        "Take T = 5, k1 = 2, k2 = 3 and draw the windows on paper: which steps does each go back "
        "through, and which of these steps bring their own loss?",
        "With first = 0, k1, 2 k1, …: the steps first+1 … first+k1 are new. The window goes back "
        "to max(0, first + k1 - k2), also where the end of the sequence makes it shorter.",
        "Inside, `for t in range(stop, start, -1):`, the own loss of step t enters only "
        "if `t > first`; what comes back starts from zero in each window.",
    ),
)
