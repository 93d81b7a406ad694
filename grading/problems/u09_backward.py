"""Unit 09: the whole backward pass of an LSTM, some of whose sequences stand still."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.u09_copies import shares_of_copies
from grading.problems.u09_forward import GATES, STANDS, START, STILL, lstm_forward, parameters
from grading.sizes import draw_mask, draw_sizes

WAY, CHECKS, SIGNS = "09: The derivation", "09: Three checks", "09: What each mistake looks like"


def lstm_backward(W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T):
    """Return the gradients of the parameters and of both initial states."""
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    db_h = np.zeros((len(W_hh), 1))
    back_h = np.zeros_like(h[0])
    back_c = dc_T
    for t in range(len(x), 0, -1):
        i, f, g, o = np.split(gates[t - 1], 4)
        on = runs[t - 1]
        tanh_c = np.tanh(c[t])
        dh = dh_own[t - 1] + back_h
        dc = back_c + on * dh * o * (1 - tanh_c ** 2)
        d_i = dc * g * i * (1 - i)
        d_f = dc * c[t - 1] * f * (1 - f)
        d_g = dc * i * (1 - g ** 2)
        d_o = dh * tanh_c * o * (1 - o)
        delta = on * np.concatenate([d_i, d_f, d_g, d_o])
        dW_xh += delta @ x[t - 1].T
        dW_hh += delta @ h[t - 1].T
        db_h += delta.sum(axis=1, keepdims=True)
        back_h = W_hh.T @ delta + ~on * dh
        back_c = np.where(on, dc * f, dc)
    return dW_xh, dW_hh, db_h, back_h, back_c


END = "∂L/∂c_T ≠ 0"
#: The first case has everything in it and is short: it tells most mistakes apart in one run.
SITUATIONS = (
    ("gradient of c_T", (END, START, STANDS), {"T": 3}),
    ("one step", ("T = 1",), {"T": 1}),
    ("one step", ("T = 1", "B = 1"), {"T": 1, "B": 1}),
    ("sequence", (), {"T": 5}),
    ("sequence", ("B = 1",), {"B": 1}),
    ("sequence", ("H = D",), {"D": 4, "H": 4}),
    ("initial states", (START,), {}),
    ("initial states", (START, "T = 1"), {"T": 1}),
    ("initial states", (START, "B = 1"), {"B": 1}),
    (STILL, (STANDS,), {"T": 6}),
    (STILL, (STANDS, START), {"T": 7}),
    ("gradient of c_T", (END,), {}),
    ("gradient of c_T", (END, START, "T = 1"), {"T": 1}),
)


def _cases(rng):
    cases = []
    for part, facts, fixed in SITUATIONS:
        T, D, H, _, B = draw_sizes(rng, **fixed)
        W_xh, W_hh, b_h = parameters(rng, D, H)
        h_0, c_0, dc_T = rng.normal(size=(3, H, B)) * [[[START in facts]], [[START in facts]],
                                                       [[END in facts]]]
        x, dh_own = rng.normal(size=(T, D, B)), rng.normal(size=(T, H, B))
        runs = draw_mask(rng, T, B) if STANDS in facts else np.ones((T, B), bool)
        h, c, gates = lstm_forward(W_xh, W_hh, b_h, x, h_0, c_0, runs)
        cases.append(Case(part, (W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T),
                          frozenset(facts)))
    return cases


RESULTS = (Result("dW_xh", "(4·H, D)", blocks=GATES), Result("dW_hh", "(4·H, H)", blocks=GATES),
           Result("db_h", "(4·H, 1)", blocks=GATES), Result("dh_0", "(H, B)"),
           Result("dc_0", "(H, B)"))

IN_THE_LOOP = (
    Mistake("neither dh nor dc is carried back",
            "Nothing comes back from step t+1: this is the gradient cut after one step, and no "
            "earlier step is ever credited.",
            SIGNS, (("dh_own[t - 1] + back_h", "dh_own[t - 1]"), ("back_c + on", "on"))),
    Mistake("dc is not carried back",
            "c_t goes to two places, into h_t and into c_{t+1}: the second term is missing.",
            WAY, (("back_c + on", "on"),)),
    Mistake("dh is not carried back",
            "h_t goes to its own loss and, through W_hh, into the gates of step t+1.",
            WAY, (("dh_own[t - 1] + back_h", "dh_own[t - 1]"),)),
    Mistake("f is left out going back",
            "From c_t to c_{t-1} a gradient passes the forget gate.",
            WAY, (("dc * f, dc", "dc, dc"),)),
    Mistake("only what came along c goes back along c",
            "All of ∂L/∂c_t goes on through f: also the part that has come through h_t.",
            WAY, (("dc * f, dc", "back_c * f, dc"),)),
    Mistake("o is left out of dc",
            "h_t = o ⊙ tanh(c_t): on its way to c_t a gradient passes both factors.",
            WAY, (("dh * o * (1 - tanh", "dh * (1 - tanh"),)),
    Mistake("1 - c² in place of 1 - tanh² c",
            "The slope of tanh(c_t) is 1 - tanh²(c_t); c_t itself may be larger than 1.",
            SIGNS, (("1 - tanh_c ** 2", "1 - c[t] ** 2"),)),
    Mistake("the slope of tanh(c_t) is left out",
            "Between c_t and h_t stands a tanh.",
            WAY, ((" * (1 - tanh_c ** 2)", ""),)),
    Mistake("δ_f takes c_t",
            "The forget gate multiplies the old content, c_{t-1}.",
            SIGNS, (("c[t - 1]", "c[t]"),)),
    Mistake("δ_o takes c_t without its tanh",
            "The output gate multiplies tanh(c_t).",
            SIGNS, (("dh * tanh_c", "dh * c[t]"),)),
    Mistake("δ_o is made of dc",
            "The output gate acts on h_t alone: its error is the one that arrives there.",
            WAY, (("dh * tanh_c", "dc * tanh_c"),)),
    Mistake("the gates hear only what comes back along c",
            "Add the part of ∂L/∂c_t that comes through h_t before you go on to the gates.",
            WAY, (("dc * g", "back_c * g"), ("dc * c[", "back_c * c["), ("dc * i", "back_c * i"))),
    Mistake("the input gate's factor is left out",
            "In i ⊙ g each factor gets what arrives, times the other factor.",
            WAY, (("d_i = dc * g * i", "d_i = dc * i"),)),
    Mistake("the candidate's factor is left out",
            "In i ⊙ g each factor gets what arrives, times the other factor.",
            WAY, (("d_g = dc * i * (1", "d_g = dc * (1"),)),
    Mistake("the candidate has the slope of σ",
            "g = tanh(a_g), and its slope is 1 - g².",
            WAY, (("(1 - g ** 2)", "g * (1 - g)"),)),
    Mistake("the gates have the slope of tanh",
            "i, f and o are values of σ: their slope is σ (1 - σ).",
            WAY, (("i * (1 - i)", "(1 - i ** 2)"), ("f * (1 - f)", "(1 - f ** 2)"),
                  ("o * (1 - o)", "(1 - o ** 2)"))),
    Mistake("the gates have no slope",
            "Each gate is a value of σ, and a gradient passes its slope σ (1 - σ).",
            WAY, ((" * i * (1 - i)", ""), (" * f * (1 - f)", ""), (" * o * (1 - o)", ""))),
    Mistake("i and f are exchanged in δ",
            "The rows of δ lie in the order i f g o.",
            SIGNS, (("[d_i, d_f,", "[d_f, d_i,"),)),
    Mistake("δ is stacked in the order i f o g",
            "The rows of δ lie in the order i f g o: the candidate is the third block.",
            "09: One step, forward", (("d_g, d_o]", "d_o, d_g]"),)),
    Mistake("the gates are read in the order i f o g",
            "The stored values lie in the order i f g o: the candidate is the third block.",
            "09: One step, forward", (("i, f, g, o = ", "i, f, o, g = "),)),
    Mistake("dW_hh takes the state of the same step",
            "The copy of W_hh at step t multiplies h_{t-1}.",
            WAY, (("delta @ h[t - 1].T", "delta @ h[t].T"),)),
    Mistake("the shares overwrite each other",
            "The shares of all copies add up; with = only the last one written stays.",
            WAY, (("dW_xh += ", "dW_xh = "), ("dW_hh += ", "dW_hh = "), ("db_h += ", "db_h = "))),
    Mistake("the first step is left out",
            "The loop must reach t = 1: its copy has a share, too.",
            WAY, (("len(x), 0, -1", "len(x), 1, -1"),)),
)

AT_THE_ENDS = (
    Mistake("dc_T is not used",
            "What comes back along c begins with the gradient that reaches c_T from outside.",
            "09: The path along c", (("back_c = dc_T", "back_c = np.zeros_like(dc_T)"),)),
    Mistake("dc_T is added at every step",
            "It reaches c_T alone, and earlier steps only by way of it.",
            "09: The path along c", (("dc = back_c + ", "dc = back_c + (t < len(x)) * dc_T + "),)),
    Mistake("h_0 counts as zero",
            "The copy at step 1 multiplies h_0, which is zero by default only.",
            CHECKS, (("delta @ h[t - 1].T", "delta @ (h[t - 1].T * (t > 1))"),)),
    Mistake("c_0 counts as zero",
            "The forget gate of step 1 multiplies c_0, which is zero by default only.",
            CHECKS, (("c[t - 1]", "(c[t - 1] * (t > 1))"),)),
    Mistake("the gradients of h_1 and c_1 are returned",
            "From step 1 it is one more step back to the initial states.",
            WAY, (("back_h, back_c\n", "dh, dc\n"),)),
)

STANDING_STILL = (
    Mistake("standing still is not heeded",
            "A sequence that stands still has made no new state: there was no cell to go through.",
            WAY, (("on = runs[t - 1]", "on = np.ones_like(runs[t - 1])"),)),
    Mistake("`runs` is used the wrong way round",
            "It is true where the sequence has a step, and false where it stands still.",
            WAY, (("on = runs[t - 1]", "on = ~runs[t - 1]"),)),
    Mistake("the copies of steps that stand still have a share",
            "Where `runs` is false, the parameters were not used.",
            WAY, (("on * np.conc", "np.conc"),)),
    Mistake("dh is lost where a sequence stands still",
            "There h_t is h_{t-1}, so all of ∂L/∂h_t goes on to h_{t-1}.",
            WAY, ((" + ~on * dh", ""),)),
    Mistake("dh goes straight on at every step",
            "Only where the sequence stands still is h_t the same as h_{t-1}.",
            WAY, (("~on * dh", "dh"),)),
    Mistake("f acts where a sequence stands still",
            "There c_t is c_{t-1}, and no gate stands between them.",
            WAY, (("np.where(on, dc * f, dc)", "dc * f"),)),
    Mistake("dc is lost where a sequence stands still",
            "There c_t is c_{t-1}, so all of ∂L/∂c_t goes on to c_{t-1}.",
            WAY, (("dc * f, dc)", "dc * f, 0)"),)),
    Mistake("dc takes a part of dh where a sequence stands still",
            "There h_t was copied; it was not made of c_t.",
            WAY, (("on * dh * o", "dh * o"),)),
    Mistake("the own loss is left out where a sequence stands still",
            "A state that was copied can be read by a loss: dh_own counts wherever it is not zero.",
            WAY, (("dh_own[t - 1] + back_h", "on * dh_own[t - 1] + back_h"),)),
)

LSTM_BACKWARD = Problem(
    name="lstm_backward",
    unit="09",
    title="The whole backward pass",
    minutes=45,
    parts=(Part("one step", 1), Part("sequence", 2), Part("initial states", 1), Part(STILL, 2),
           Part("gradient of c_T", 1)),
    results=RESULTS,
    reference=lstm_backward,
    cases=_cases,
    shares=lambda *args: shares_of_copies(lstm_backward, RESULTS, (2, 3, 4, 5, 6, 7), args),
    mistakes=IN_THE_LOOP + AT_THE_ENDS + STANDING_STILL,
    hints=(
        "First for sequences that never stand still: two gradients come back, one for h and one "
        "for c; the second begins as dc_T. Then ask where h_{t-1} and c_{t-1} go when it stands.",
        "∂L/∂c_t = ∂L/∂h_t ⊙ o ⊙ (1 - tanh² c_t) + what comes back along c; each gate's δ is what "
        "arrives at its product, times the other factor, times its own slope. A step that stands "
        "still has ∂h_t/∂h_{t-1} = ∂c_t/∂c_{t-1} = 1 and no δ.",
        "The loop begins `for t in range(len(x), 0, -1):` and `i, f, g, o = np.split(gates[t - 1], "
        "4)`; its last two lines begin `back_h = W_hh.T @ delta + ` and `back_c = np.where(`.",
    ),
)
