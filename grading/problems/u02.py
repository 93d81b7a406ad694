"""Unit 02: backpropagation through time on two numbers, and on a third."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.u02_growth import PREDICT_GROWTH

_HAND, _DATA = "02: The derivative by hand", "02: The network and its data"

# -- scalar_bptt -----------------------------------------------------------------------------------

def scalar_bptt(w, u, v, x, h_0, target, mask):
    """Return the gradient of L = (1/N) Σ ½ (v h_t - y*_t)² over the N steps that count."""
    T = len(x)
    h = np.zeros(T + 1)
    h[0] = h_0
    for t in range(1, T + 1):
        h[t] = w * h[t - 1] + u * x[t - 1]
    e = (v * h[1:] - target) * mask
    e = e / mask.sum()
    dh = np.zeros(T + 1)
    dw = du = dv = back = 0.0
    for t in range(T, 0, -1):
        dh[t] = v * e[t - 1] + back
        dw += dh[t] * h[t - 1]
        du += dh[t] * x[t - 1]
        dv += e[t - 1] * h[t]
        back = w * dh[t]
    dh[0] = back
    return dw, du, dv, dh


#: Part, what is special, T, and which steps count: all, some, or the numbers of some.
_SERIES = (
    ("sequence", (), 5, "all"), ("sequence", (), 8, "all"), ("sequence", ("T = 1",), 1, "all"),
    ("sequence", ("w < 0",), 6, "all"),
    ("initial state", ("h_0 ≠ 0",), 6, "all"), ("initial state", ("h_0 ≠ 0", "T = 1"), 1, "all"),
    ("masks", ("a mask",), 7, (1, 2, 5, 7)),
    ("masks", ("a mask", "h_0 ≠ 0"), 8, (2, 3, 6, 8)),
    ("masks", ("a mask", "only step T counts"), 5, (5,)),
    ("masks", ("a mask", "step T does not count"), 6, (1, 4, 5)),
)


def _bptt_cases(rng):
    cases = []
    for part, facts, T, steps in _SERIES:
        mask = np.ones(T, bool) if steps == "all" else np.isin(np.arange(1, T + 1), steps)
        w, u, v = rng.uniform(0.5, 1.1), rng.uniform(0.4, 0.9), rng.uniform(1.2, 1.8)
        w = -w if "w < 0" in facts else w
        h_0 = rng.uniform(0.5, 1.5) if "h_0 ≠ 0" in facts else 0.0
        x, target = rng.normal(size=(2, T))
        cases.append(Case(part, (w, u, v, x, h_0, target, mask), frozenset(facts)))
    return cases


_OWN, _BACK, _DW, _DU, _DV = ("dh[t] = v * e[t - 1] + back", "back = w * dh[t]",
                              "dw += dh[t] * h[t - 1]", "du += dh[t] * x[t - 1]",
                              "dv += e[t - 1] * h[t]")

SCALAR_BPTT = Problem(
    name="scalar_bptt",
    unit="02",
    title="Three numbers, and steps that do not count",
    minutes=25,
    parts=(Part("sequence", 2), Part("initial state", 1), Part("masks", 1)),
    results=(Result("dw", "a number"), Result("du", "a number"), Result("dv", "a number"),
             Result("dh", "(T+1,)", row=0, back=True)),
    reference=scalar_bptt,
    cases=_bptt_cases,
    mistakes=(
        Mistake("dh is not carried back",
                "A state acts through the next state, too: without that, each step learns from its "
                "own loss only.",
                _HAND, ((" + back", ""),)),
        Mistake("carried back without w",
                "One step back costs a factor: the one with which h_{t-1} enters h_t.",
                _HAND, ((_BACK, "back = dh[t]"),)),
        Mistake("carried back by u",
                "h_{t-1} enters h_t with the factor w; u belongs to the input.",
                _HAND, ((_BACK, "back = u * dh[t]"),)),
        Mistake("carried back by v",
                "v stands between a state and its output, and not between two states.",
                _HAND, ((_BACK, "back = v * dh[t]"),)),
        Mistake("only the own loss of the next step comes back",
                "What goes back from step t is made of the whole ∂L/∂h_t, with all that has come "
                "from later.",
                _HAND, ((_BACK, "back = w * v * e[t - 1]"),)),
        Mistake("what comes back passes v again",
                "v is on the way from a step's own loss to its state; what comes from the next "
                "state has passed it already.",
                _HAND, ((_OWN, "dh[t] = v * (e[t - 1] + back)"),)),
        Mistake("the own loss does not pass v",
                "The loss sees v h_t: so the state gets v times what the output gets.",
                _HAND, ((_OWN, "dh[t] = e[t - 1] + back"),)),
        Mistake("the mask stops what comes back",
                "A step that does not count has no loss of its own; yet its state makes the later "
                "ones.",
                _HAND, ((_OWN, "dh[t] = (v * e[t - 1] + back) * mask[t - 1]"),)),
        Mistake("nothing goes back from a step that does not count",
                "A step that does not count has no loss of its own; yet what comes from later "
                "steps passes through it.",
                _HAND, ((_BACK, "back = w * dh[t] * mask[t - 1]"),)),
        Mistake("the mask is not used",
                "Steps that do not count have no loss of their own.",
                _DATA, ((" * mask", ""),)),
        Mistake("divided by T, not by N",
                "The loss is the mean over the steps that count.",
                _DATA, (("mask.sum()", "T"),)),
        Mistake("summed where the loss averages",
                "The loss is the mean over the steps that count.",
                _DATA, (("e / mask.sum()", "e"),)),
        Mistake("the half is forgotten",
                "The derivative of ½ r² is r; the half takes the 2 away.",
                _DATA, (("e = (v * h[1:]", "e = 2 * (v * h[1:]"),)),
        Mistake("the residual has the wrong sign",
                "The derivative of ½ (y - y*)² with respect to y is y - y*.",
                _DATA, (("v * h[1:] - target", "target - v * h[1:]"),)),
        Mistake("the state is taken for the output",
                "Here the output is v h_t, and it is the output that is compared with the target.",
                _DATA, (("v * h[1:] - target", "h[1:] - target"),)),
        Mistake("dw takes the state of the same step",
                "Copy w_t multiplies the state before it.",
                _HAND, ((_DW, "dw += dh[t] * h[t]"),)),
        Mistake("dw takes the own loss only",
                "Copy w_t makes h_t, and h_t acts on all later losses: its share has the whole "
                "∂L/∂h_t.",
                _HAND, ((_DW, "dw += v * e[t - 1] * h[t - 1]"),)),
        Mistake("dv takes the whole dh",
                "v_t makes y_t, and y_t acts on nothing but its own loss.",
                _HAND, ((_DV, "dv += dh[t] * h[t]"),)),
        Mistake("dv takes the state before",
                "Copy v_t multiplies the state of its own step.",
                _HAND, ((_DV, "dv += e[t - 1] * h[t - 1]"),)),
        Mistake("the shares overwrite each other",
                "The shares of all copies add up; with = only the last one written stays.",
                _HAND, ((_DW, "dw = dh[t] * h[t - 1]"), (_DU, "du = dh[t] * x[t - 1]"),
                        (_DV, "dv = e[t - 1] * h[t]"))),
        Mistake("the mean of the copies",
                "The shares of the copies add up, and do not average.",
                _HAND, (("return dw, du, dv, dh", "return dw / T, du / T, dv / T, dh"),)),
        Mistake("the way back ends one step too early",
                "The loop must reach t = 1: its copies have a share, too.",
                _HAND, (("range(T, 0, -1)", "range(T, 1, -1)"),)),
        Mistake("h_0 gets what h_1 gets",
                "From h_1 to h_0 there is one more step back, with its factor w.",
                _HAND, (("dh[0] = back", "dh[0] = dh[1]"),)),
        Mistake("h_0 gets nothing",
                "The initial state has a gradient, too: it makes h_1.",
                _HAND, (("dh[0] = back", "dh[0] = 0"),)),
        Mistake("it starts from zero",
                "h_0 is given, and it is zero by default only.",
                _DATA, (("h[0] = h_0", "pass"),)),
    ),
    hints=(
        "Go forward first, and keep all T+1 states. Then ask of each of h_t, y_t, and the copies "
        "of w, u and v: what does it make, and with which factor?",
        "e_t = m_t (v h_t - y*_t) / N is the gradient of the output; ∂L/∂h_t = v e_t + "
        "w ∂L/∂h_{t+1}; copy v_t has the share e_t h_t.",
        "Make `dh = np.zeros(T + 1)`; the way back begins `for t in range(T, 0, -1):`, and what is "
        "left for row 0 has no loss of its own.",
    ),
)

PROBLEMS = (SCALAR_BPTT, PREDICT_GROWTH)
