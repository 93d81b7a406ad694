"""Unit 01: unfolding an Elman network."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.sizes import draw_sizes, situations, weights

_EQUATION, _STEPS, _SHAPES, _STATE = (
    "01: The equation, and the picture", "01: One step, then all steps", "01: Shapes",
    "01: What the state remembers")

# -- elman_step ------------------------------------------------------------------------------------

def elman_step(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    """Return h_t and y_t of one step."""
    a = W_xh @ x_t + W_hh @ h_before + b_h
    h = np.tanh(a)
    y = W_hy @ h + b_y
    return h, y


def _step_cases(rng):
    cases = []
    for part, facts, fixed in (
            ("one sequence", ("B = 1",), {"B": 1}), ("one sequence", ("B = 1",), {"B": 1, "D": 1}),
            ("a batch", (), {}), ("a batch", (), {}), ("a batch", ("H = D",), {"D": 4, "H": 4}),
            ("a batch", ("H = B",), {"B": 3, "H": 3}), ("a batch", ("K = 1",), {"K": 1})):
        _, D, H, K, B = draw_sizes(rng, **fixed)
        args = (weights(rng, H, D), weights(rng, H, H), rng.normal(size=(H, 1)),
                weights(rng, K, H), rng.normal(size=(K, 1)), rng.normal(size=(D, B)),
                rng.uniform(-1, 1, size=(H, B)))
        cases.append(Case(part, args, frozenset(facts)))
    return cases


_A, _TANH, _READ = "a = W_xh @ x_t + W_hh @ h_before + b_h", "h = np.tanh(a)", "y = W_hy @ h + b_y"

ELMAN_STEP = Problem(
    name="elman_step",
    unit="01",
    title="One step and its output",
    minutes=10,
    parts=(Part("one sequence", 1), Part("a batch", 1)),
    results=(Result("h_t", "(H, B)"), Result("y_t", "(K, B)")),
    reference=elman_step,
    cases=_step_cases,
    mistakes=(
        Mistake("the old state is not used",
                "The step mixes the new input with the old state: without it there is no memory.",
                _EQUATION, ((" + W_hh @ h_before", ""),)),
        Mistake("b_h is left out", "The pre-activation has three terms.",
                _EQUATION, ((" + b_h", ""),)),
        Mistake("b_y is left out", "The readout has a bias of its own.",
                _EQUATION, ((" + b_y", ""),)),
        Mistake("no tanh", "The state is the squashed pre-activation.",
                _EQUATION, ((_TANH, "h = a"),)),
        Mistake("the logistic function",
                "That is what Elman squashed with; here it is the tanh.",
                _EQUATION, ((_TANH, "h = 1 / (1 + np.exp(-a))"),)),
        Mistake("the bias is added after the tanh",
                "All three terms go into the tanh.",
                _EQUATION, ((_A, "a = W_xh @ x_t + W_hh @ h_before"),
                            (_TANH, "h = np.tanh(a) + b_h"))),
        Mistake("each term has a tanh of its own",
                "The terms are added first; the tanh is taken of their sum.",
                _EQUATION, ((_A, "a = W_xh @ x_t + b_h"),
                            (_TANH, "h = np.tanh(a) + np.tanh(W_hh @ h_before)"))),
        Mistake("W_hh is transposed",
                "Forward, the state is multiplied by W_hh itself; the transpose belongs to the way "
                "back.",
                _SHAPES, (("W_hh @ h_before", "W_hh.T @ h_before"),)),
        Mistake("the new state is added to the old one",
                "The old state comes in through W_hh only.",
                _EQUATION, ((_TANH, "h = h_before + np.tanh(a)"),)),
        Mistake("the output of the old state",
                "y_t is read from the state that this step has made.",
                _EQUATION, ((_READ, "y = W_hy @ h_before + b_y"),)),
        Mistake("the output of the pre-activation",
                "y_t is read from the state, after the tanh.",
                _EQUATION, ((_READ, "y = W_hy @ a + b_y"),)),
        Mistake("the output is squashed",
                "The readout is linear: it must reach numbers beyond 1.",
                _EQUATION, ((_READ, "y = np.tanh(W_hy @ h + b_y)"),)),
        Mistake("a bias along the batch",
                "A bias is a column, one number for each unit, and the same for each sequence.",
                _SHAPES, ((" + b_h", " + b_h.T"),)),
    ),
    hints=(
        "The equations stand in unit 01: three terms, then the tanh, then the readout of the state "
        "that you have just made.",
        "a_t = W_xh x_t + W_hh h_{t-1} + b_h, h_t = tanh(a_t), y_t = W_hy h_t + b_y.",
        "A matrix product is `@`, and b_h of shape (H, 1) is added to each column by itself. It "
        "begins `h_t = np.tanh(`.",
    ),
)

# -- elman_forward ---------------------------------------------------------------------------------

def elman_forward(W_xh, W_hh, b_h, x, h_0, lengths):
    """Return all states, where the state of a sequence that is over stays what it was."""
    T = len(x)
    h = np.zeros((T + 1, *h_0.shape))
    h[0] = h_0
    for t in range(1, T + 1):
        new = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h)
        runs = t <= lengths
        h[t] = np.where(runs, new, h[t - 1])
    return h


def _draw_lengths(rng, T, B):
    """Draw lengths, of which one is T and one is shorter where there are two."""
    lengths = rng.integers(1, T + 1, size=B)
    lengths[-1] = T
    if T > 1:
        lengths[0] = (T + 1) // 2
    return lengths


def _forward_cases(rng):
    cases = []
    names = {"masks": "lengths", "a mask": "sequences end early"}
    for part, facts, (T, D, H, _, B) in situations(rng):
        h_0 = rng.uniform(-1, 1, size=(H, B)) if "h_0 ≠ 0" in facts else np.zeros((H, B))
        lengths = _draw_lengths(rng, T, B) if "a mask" in facts else np.full(B, T)
        args = (weights(rng, H, D), weights(rng, H, H), rng.normal(size=(H, 1)),
                rng.normal(size=(T, D, B)), h_0, lengths)
        cases.append(Case(names.get(part, part), args, frozenset(names.get(f, f) for f in facts)))
    return cases


_NEW, _RUNS, _HOLD = ("W_hh @ h[t - 1]", "runs = t <= lengths",
                      "h[t] = np.where(runs, new, h[t - 1])")

ELMAN_FORWARD = Problem(
    name="elman_forward",
    unit="01",
    title="All steps, for sequences of different lengths",
    minutes=15,
    parts=(Part("sequence", 1), Part("initial state", 1), Part("lengths", 1)),
    results=(Result("h", "(T+1, H, B)", row=0),),
    reference=elman_forward,
    cases=_forward_cases,
    mistakes=(
        Mistake("it starts from zero",
                "The state before step 1 is h_0, which is zero by default only.",
                _STATE, (("h[0] = h_0", "pass"),)),
        Mistake("h_0 is handed back and not used",
                "Row 0 holds h_0, and step 1 computes with it.",
                _STATE, ((_NEW, "W_hh @ (h[t - 1] * (t > 1))"),)),
        Mistake("row 0 is left out",
                "There are T+1 rows: row 0 is the initial state.",
                _SHAPES, (("return h", "return h[1:]"),)),
        Mistake("only the last state",
                "All states are kept: the way back will need them.",
                _STEPS, (("return h", "return h[-1]"),)),
        Mistake("the state two steps before",
                "h[t - 2] at step 1 is h[-1], the last row, and Python says nothing.",
                _SHAPES, ((_NEW, "W_hh @ h[t - 2]"),)),
        Mistake("always the initial state",
                "Each step reads the state that the step before it has made.",
                _STEPS, ((_NEW, "W_hh @ h[0]"),)),
        Mistake("the states are not connected",
                "Each step reads the state that the step before it has made.",
                _EQUATION, ((f" + {_NEW}", ""),)),
        Mistake("the input one step late",
                "Row t-1 of x is step t, so step 1 reads row 0.",
                _SHAPES, (("x[t - 1]", "x[max(t - 2, 0)]"),)),
        Mistake("the input one step early",
                "Row t-1 of x is step t, so step 1 reads row 0.",
                _SHAPES, (("x[t - 1]", "x[min(t, T - 1)]"),)),
        Mistake("row t of x",
                "x has T rows, and row t-1 of it is step t.",
                _SHAPES, (("x[t - 1]", "x[t]"),)),
        Mistake("the last step is left out",
                "Step T counts, too: range ends one before its second number.",
                _STEPS, (("range(1, T + 1)", "range(1, T)"),)),
        Mistake("no tanh", "Each state is the squashed pre-activation.",
                _EQUATION, (("np.tanh", ""),)),
        Mistake("b_h is left out", "The bias is a part of each step.",
                _EQUATION, ((" + b_h)", ")"),)),
        Mistake("W_hh is transposed",
                "Forward, the state is multiplied by W_hh itself.",
                _SHAPES, ((_NEW, "W_hh.T @ h[t - 1]"),)),
        Mistake("the lengths are not used",
                "A sequence that is over keeps its state, whatever stands in x from there on.",
                _STEPS, ((_RUNS, "runs = t > 0"),)),
        Mistake("sequences end one step too early",
                "A sequence of length 3 has a step 3.",
                _STEPS, ((_RUNS, "runs = t < lengths"),)),
        Mistake("sequences end one step too late",
                "A sequence of length 3 has no step 4.",
                _STEPS, ((_RUNS, "runs = t - 1 <= lengths"),)),
        Mistake("the state of a sequence that is over becomes zero",
                "The state stays what it was, so that the last row holds each sequence's last "
                "state.",
                _STATE, ((_HOLD, "h[t] = np.where(runs, new, 0)"),)),
        Mistake("the state of a sequence that is over becomes the initial one",
                "The state stays what it was, so that the last row holds each sequence's last "
                "state.",
                _STATE, ((_HOLD, "h[t] = np.where(runs, new, h_0)"),)),
        Mistake("only the input ends",
                "Without input a state still goes on changing, through W_hh: it must be kept.",
                _STATE, (("W_xh @ x[t - 1]", "W_xh @ (x[t - 1] * (t <= lengths))"),
                         (_HOLD, "h[t] = new"))),
        Mistake("all sequences end together",
                "Each sequence ends at a step of its own.",
                _STEPS, ((_RUNS, "runs = t <= lengths.min()"),)),
    ),
    hints=(
        "A loop over the steps as in the unit. In which step does a sequence keep its state, and "
        "how can a whole batch be told in one line?",
        "h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h) in the columns with t ≤ length, and h_t = "
        "h_{t-1} in the others.",
        "Make `h` with T+1 rows, put h_0 into row 0, and in the loop use `np.where` with the "
        "condition of shape (B,): it is held against the last axis, and so picks columns.",
    ),
)

PROBLEMS = (ELMAN_STEP, ELMAN_FORWARD)
