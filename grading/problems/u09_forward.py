"""Unit 09: one step of an LSTM, and all of them, where some sequences stand still."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.sizes import draw_mask, draw_sizes, weights

GATES = ("i", "f", "g", "o")
FORWARD = "09: One step, forward"
START, STANDS, STILL = "h_0, c_0 ≠ 0", "a sequence stands still", "standing still"


def sigmoid(a):
    """Return σ(a)."""
    return 1 / (1 + np.exp(-a))


def parameters(rng, D, H, gates=4):
    """Draw W_xh, W_hh and b_h."""
    return weights(rng, gates * H, D), weights(rng, gates * H, H), rng.normal(size=(gates * H, 1))


# -- lstm_step -------------------------------------------------------------------------------------

def lstm_step(W_xh, W_hh, b_h, x_t, h_prev, c_prev, runs):
    """Return h_t, c_t and the gates; the state of a sequence that does not run stays."""
    a = W_xh @ x_t + W_hh @ h_prev + b_h
    a_i, a_f, a_g, a_o = np.split(a, 4)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    h = np.where(runs, h, h_prev)
    c = np.where(runs, c, c_prev)
    return h, c, np.concatenate([i, f, g, o])


def _step_cases(rng):
    cases = []
    for part, facts, fixed in (
            ("from a zero state", (), {}),
            ("from a zero state", ("B = 1",), {"B": 1}),
            ("from any state", ("h_{t-1}, c_{t-1} ≠ 0",), {}),
            ("from any state", ("h_{t-1}, c_{t-1} ≠ 0", "B = 1"), {"B": 1}),
            ("from any state", ("h_{t-1}, c_{t-1} ≠ 0", "H = D"), {"D": 4, "H": 4}),
            ("from any state", ("h_{t-1}, c_{t-1} ≠ 0", "H = 1"), {"H": 1}),
            (STILL, ("h_{t-1}, c_{t-1} ≠ 0", STANDS), {"B": 5}),
            (STILL, ("h_{t-1}, c_{t-1} ≠ 0", STANDS, "B = 1"), {"B": 1})):
        _, D, H, _, B = draw_sizes(rng, **fixed)
        scale = 0 if part == "from a zero state" else 1.5
        runs = np.arange(B) % 3 == 1 if STANDS in facts else np.ones(B, bool)
        cases.append(Case(part, (
            *parameters(rng, D, H), rng.normal(size=(D, B)), scale * rng.normal(size=(H, B)),
            scale * rng.normal(size=(H, B)), runs), frozenset(facts)))
    return cases


LSTM_STEP = Problem(
    name="lstm_step",
    unit="09",
    title="One step",
    minutes=15,
    parts=(Part("from a zero state", 1), Part("from any state", 1), Part(STILL, 1)),
    results=(Result("h_t", "(H, B)"), Result("c_t", "(H, B)"),
             Result("gates", "(4·H, B)", blocks=GATES)),
    reference=lstm_step,
    cases=_step_cases,
    mistakes=(
        Mistake("the blocks are read in the order i f o g",
                "The rows of a_t lie in the order i f g o: the candidate is the third block.",
                FORWARD, (("a_i, a_f, a_g, a_o = ", "a_i, a_f, a_o, a_g = "),)),
        Mistake("i and f are exchanged",
                "The input gate is the first block, the forget gate the second.",
                FORWARD, (("a_i, a_f, a_g, a_o = ", "a_f, a_i, a_g, a_o = "),)),
        Mistake("the candidate is squashed by σ",
                "g is no gate: it may be negative, so its squashing is the tanh.",
                FORWARD, (("np.tanh(a_g)", "sigmoid(a_g)"),)),
        Mistake("the output gate is squashed by tanh",
                "A gate is a number between 0 and 1.",
                FORWARD, (("sigmoid(a_o)", "np.tanh(a_o)"),)),
        Mistake("nothing is forgotten",
                "The old content is multiplied by the forget gate before news is added.",
                "09: From a product to a sum", (("f * c_prev", "c_prev"),)),
        Mistake("i and f act on each other's factor",
                "f multiplies the old content, i the candidate.",
                FORWARD, (("f * c_prev + i * g", "i * c_prev + f * g"),)),
        Mistake("h_t shows c_t without the tanh",
                "What is shown passes a tanh before the output gate.",
                FORWARD, (("o * np.tanh(c)", "o * c"),)),
        Mistake("the tanh stands outside the output gate",
                "The gate multiplies tanh(c_t); it does not stand inside it.",
                FORWARD, (("o * np.tanh(c)", "np.tanh(o * c)"),)),
        Mistake("h_t shows the old content",
                "h_t is made of c_t, which is complete by then, and not of c_{t-1}.",
                FORWARD, (("np.tanh(c)", "np.tanh(c_prev)"),)),
        Mistake("the state before is not read",
                "The gates see h_{t-1} as well, through W_hh.",
                FORWARD, ((" + W_hh @ h_prev", ""),)),
        Mistake("the bias is left out",
                "a_t has three terms; the last is b_h.",
                FORWARD, ((" + b_h", ""),)),
        Mistake("c goes on where `runs` is false",
                "A sequence that stands still keeps both parts of its state.",
                FORWARD, (("np.where(runs, c, c_prev)", "c"),)),
        Mistake("h goes on where `runs` is false",
                "A sequence that stands still keeps both parts of its state.",
                FORWARD, (("np.where(runs, h, h_prev)", "h"),)),
        Mistake("the state is set to zero where `runs` is false",
                "To stand still is to keep the state, not to lose it.",
                FORWARD, (("h, h_prev)", "h, 0)"), ("c, c_prev)", "c, 0)"))),
    ),
    hints=(
        "Write the step as if no sequence stood still; that comes last and touches h_t and c_t.",
        "c_t = f ⊙ c_{t-1} + i ⊙ g and h_t = o ⊙ tanh(c_t), with a_t in four blocks of H rows.",
        "It begins `a_i, a_f, a_g, a_o = np.split(` and ends with `np.where(runs, …, …)`, twice: "
        "`runs`, of shape (B,), fits to states of shape (H, B) as it is.",
    ),
)

# -- lstm_forward ----------------------------------------------------------------------------------

def lstm_forward(W_xh, W_hh, b_h, x, h_0, c_0, runs):
    """Return h and c for t = 0 … T, and the values of the gates for t = 1 … T."""
    T, H, B = len(x), *h_0.shape
    h, c, gates = np.zeros((T + 1, H, B)), np.zeros((T + 1, H, B)), np.zeros((T, 4 * H, B))
    h[0] = h_0
    c[0] = c_0
    for t in range(1, T + 1):
        h_prev, c_prev = h[t - 1], c[t - 1]
        a = W_xh @ x[t - 1] + W_hh @ h_prev + b_h
        i, f, o = sigmoid(a[:H]), sigmoid(a[H:2 * H]), sigmoid(a[3 * H:])
        g = np.tanh(a[2 * H:3 * H])
        c_new = f * c_prev + i * g
        h_new = o * np.tanh(c_new)
        on = runs[t - 1]
        h[t] = np.where(on, h_new, h_prev)
        c[t] = np.where(on, c_new, c_prev)
        gates[t - 1] = np.concatenate([i, f, g, o])
    return h, c, gates


_BOTH = "initial states and standing still"


def _forward_cases(rng):
    cases = []
    for part, facts, fixed in (
            ("sequence", (), {}), ("sequence", ("T = 1",), {"T": 1}),
            ("sequence", ("B = 1",), {"B": 1}), ("sequence", ("H = D",), {"D": 4, "H": 4}),
            (_BOTH, (START,), {}), (_BOTH, (START, "T = 1"), {"T": 1}),
            (_BOTH, (START, "B = 1"), {"B": 1}), (_BOTH, (STANDS,), {"T": 6}),
            (_BOTH, (STANDS, START), {"T": 7}), (_BOTH, (STANDS, START, "B = 1"), {"B": 1})):
        T, D, H, _, B = draw_sizes(rng, **fixed)
        h_0, c_0 = (rng.normal(size=(2, H, B)) if START in facts else np.zeros((2, H, B)))
        runs = draw_mask(rng, T, B) if STANDS in facts else np.ones((T, B), bool)
        cases.append(Case(part, (*parameters(rng, D, H), rng.normal(size=(T, D, B)), h_0, c_0,
                                 runs), frozenset(facts)))
    return cases


LSTM_FORWARD = Problem(
    name="lstm_forward",
    unit="09",
    title="All steps",
    minutes=10,
    parts=(Part("sequence", 1), Part(_BOTH, 1)),
    results=(Result("h", "(T+1, H, B)", row=0), Result("c", "(T+1, H, B)", row=0),
             Result("gates", "(T, 4·H, B)", row=1, blocks=GATES)),
    reference=lstm_forward,
    cases=_forward_cases,
    mistakes=(
        Mistake("h_0 is not used", "Step 1 reads h_0, which is zero by default only.",
                FORWARD, (("h[0] = h_0", "h[0] = 0"),)),
        Mistake("c_0 is not used", "Step 1 keeps a part of c_0, which is zero by default only.",
                FORWARD, (("c[0] = c_0", "c[0] = 0"),)),
        Mistake("h_0 and c_0 are exchanged", "The state has two parts: each goes on as itself.",
                FORWARD, (("h[0] = h_0", "h[0] = c_0"), ("c[0] = c_0", "c[0] = h_0"))),
        Mistake("each step starts from the initial state",
                "Step t continues from the state of step t-1.",
                FORWARD, (("h[t - 1], c[t - 1]", "h[0], c[0]"),)),
        Mistake("only h is handed on", "Step t needs both parts of the state of step t-1.",
                FORWARD, (("h[t - 1], c[t - 1]", "h[t - 1], c[0]"),)),
        Mistake("the output gate multiplies what is handed on",
                "c_t goes to the next step as it is; o acts on what is shown.",
                FORWARD, (("c_new, c_prev)", "o * c_new, c_prev)"),)),
        Mistake("standing still is not heeded", "Where `runs` is false, the state must stay.",
                FORWARD, (("on = runs[t - 1]", "on = True"),)),
        Mistake("`runs` is used the wrong way round",
                "The state stays where `runs` is false, and moves where it is true.",
                FORWARD, (("on = runs[t - 1]", "on = ~runs[t - 1]"),)),
        Mistake("a state that stands still is lost",
                "Where `runs` is false, the state of the step before is the state of this one.",
                FORWARD, (("h_new, h_prev)", "h_new, 0)"), ("c_new, c_prev)", "c_new, 0)"))),
        Mistake("only h stands still", "Both parts of the state stay where `runs` is false.",
                FORWARD, (("np.where(on, c_new, c_prev)", "c_new"),)),
        Mistake("the gates are stored before they are squashed",
                "The backward pass wants the values of the gates, not a_t.",
                FORWARD, (("np.concatenate([i, f, g, o])", "a"),)),
    ),
    hints=(
        "Call your step T times. What is step t given, and which row does it fill?",
        "Row 0 of h and c is the initial state; step t reads row t-1 of both and fills row t.",
        "After the arrays are made and row 0 is set: `for t in range(1, len(x) + 1):`, and in it "
        "`h[t], c[t], gates[t - 1] = `, since row t-1 of x, runs and gates is step t.",
    ),
)
