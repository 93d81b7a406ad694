"""Unit 05: chunks, whose state is carried and whose gradient is cut."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.problems.elman_tape import elman_tape, initial_state
from grading.sizes import draw_sizes

CARRY, RULE = "05: Carry values, cut gradients", "05: Two numbers, $k_1$ and $k_2$"
WAY, MEAN = "03: The derivation", "03: The network once more"


def tbptt_chunks(W_xh, W_hh, b_h, x, target, h_0, k):
    """Return the gradient of L = 1/(TB) Σ ½‖h_t - target_t‖², cut every k steps, and h_T."""
    T, B = len(x), x.shape[-1]
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    h_T = h_0
    for start in range(0, T, k):
        stop = min(start + k, T)
        h = [h_T]
        for t in range(start, stop):
            h.append(np.tanh(W_xh @ x[t] + W_hh @ h[-1] + b_h))
        back = np.zeros_like(h_0)
        for t in range(stop - 1, start - 1, -1):
            h_t, h_before = h[t - start + 1], h[t - start]
            dh = (h_t - target[t]) / (T * B) + back
            delta = (1 - h_t ** 2) * dh
            dW_xh += delta @ x[t].T
            dW_hh += delta @ h_before.T
            db_h += delta.sum(axis=1, keepdims=True)
            back = W_hh.T @ delta
        h_T = h[-1]
    return dW_xh, dW_hh, db_h, h_T


SHORT = "a short last chunk"
SITUATIONS = (
    ("chunks", (), {"T": 6}, 3),
    ("chunks", (), {"T": 8}, 2),
    ("chunks", ("B = 1",), {"T": 6, "B": 1}, 3),
    ("chunks", ("H = D",), {"T": 8, "D": 4, "H": 4}, 4),
    ("chunks", ("T = 1", "one chunk"), {"T": 1}, 1),
    ("chunks", ("one chunk",), {"T": 5}, 5),
    ("chunks", ("k = 1",), {"T": 4}, 1),
    ("short last chunk", (SHORT,), {"T": 7}, 3),
    ("short last chunk", (SHORT, "B = 1"), {"T": 8, "B": 1}, 3),
    ("short last chunk", (SHORT, "one chunk"), {"T": 4}, 6),
    ("initial state", ("h_0 ≠ 0",), {"T": 6}, 2),
    ("initial state", ("h_0 ≠ 0", "B = 1"), {"T": 6, "B": 1}, 3),
    ("initial state", ("h_0 ≠ 0", "T = 1", "one chunk"), {"T": 1}, 1),
)


def _cases(rng):
    cases = []
    for part, facts, fixed, k in SITUATIONS:
        sizes = draw_sizes(rng, **fixed)
        *network, h = elman_tape(rng, sizes, initial_state(rng, sizes, facts))
        target = rng.normal(size=(sizes.T, sizes.H, sizes.B))
        cases.append(Case(part, (*network, target, h[0], k), frozenset(facts)))
    return cases


def _shares(W_xh, W_hh, b_h, x, target, h_0, k):
    """Return the share of each copy of the parameters, (T, …)."""
    T, B = len(x), x.shape[-1]
    h = [h_0]
    for x_t in x:
        h.append(np.tanh(W_xh @ x_t + W_hh @ h[-1] + b_h))
    h, back = np.array(h), 0
    delta = np.empty_like(h[1:])
    for t in range(T - 1, -1, -1):
        ends_a_chunk = (t + 1) % k == 0
        delta[t] = (1 - h[t + 1] ** 2) * (
            (h[t + 1] - target[t]) / (T * B) + (0 if ends_a_chunk else back))
        back = W_hh.T @ delta[t]
    return {"dW_xh": delta @ x.transpose(0, 2, 1), "dW_hh": delta @ h[:-1].transpose(0, 2, 1),
            "db_h": delta.sum(axis=2, keepdims=True)}


def _one_chunk_after_the_other(ask, rng):
    sizes = draw_sizes(rng, T=6)
    W_xh, W_hh, b_h, x, h = elman_tape(rng, sizes, rng.normal(size=(sizes.H, sizes.B)))
    network, target = (W_xh, W_hh, b_h), rng.normal(size=(sizes.T, sizes.H, sizes.B))
    *whole, h_6 = ask(*network, x, target, h[0], 3)
    *first, h_3 = ask(*network, x[:3], target[:3], h[0], 3)
    if h_3.shape != h[0].shape:
        return "h_T must have the shape of h_0, so that it can be handed to the next call"
    *second, h_end = ask(*network, x[3:], target[3:], h_3, 3)
    two_calls = [(a + b) / 2 for a, b in zip(first, second)]  # each is a mean over half the steps
    if all(a.shape == b.shape and np.allclose(a, b, rtol=1e-8)
           for a, b in zip((*whole, h_6), (*two_calls, h_end))):
        return True
    return ("two calls, the second one started from the h_T of the first, must give what one call "
            "over two chunks gives")


TBPTT_CHUNKS = Problem(
    name="tbptt_chunks",
    unit="05",
    title="Chunks",
    minutes=25,
    parts=(Part("chunks", 2), Part("short last chunk", 1), Part("initial state", 1)),
    results=(Result("dW_xh", "(H, D)"), Result("dW_hh", "(H, H)"), Result("db_h", "(H, 1)"),
             Result("h_T", "(H, B)")),
    reference=tbptt_chunks,
    cases=_cases,
    shares=_shares,
    properties=(Property("initial state", "a stream", _one_chunk_after_the_other),),
    mistakes=(
        Mistake("the state is reset at each border",
                "Only the gradient is cut between chunks; the value of the state goes on.",
                CARRY, (("h = [h_T]", "h = [h_T if start == 0 else np.zeros_like(h_0)]"),)),
        Mistake("each chunk starts from h_0",
                "A chunk starts from the last state of the chunk before it.",
                CARRY, (("h = [h_T]", "h = [h_0]"),)),
        Mistake("h_0 counts as zero",
                "The first chunk starts from the state that was handed in.",
                CARRY, (("h_T = h_0", "h_T = np.zeros_like(h_0)"),)),
        Mistake("nothing is cut",
                "This is the gradient over all steps: at the start of a chunk it must end.",
                RULE, (("range(0, T, k)", "range(0, T, T)"), ("min(start + k, T)", "T"))),
        Mistake("what comes back is not cleared",
                "At the end of each chunk nothing comes back yet; here something is left over from "
                "the chunk before.",
                CARRY, (("back = np.zeros_like(h_0)",
                         "back = back if start else np.zeros_like(h_0)"),)),
        Mistake("the gradient goes back one step only",
                "Inside a chunk the gradient is carried from step to step.",
                RULE, ((" + back", ""),)),
        Mistake("only the last loss of a chunk is sent back",
                "Every step has a loss, and each of them counts.",
                "05: Count every loss once",
                (("(h_t - target[t])", "(t == stop - 1) * (h_t - target[t])"),)),
        Mistake("the short last chunk is left out",
                "The steps that are left over at the end are a chunk, too.",
                RULE, (("range(0, T, k)", "range(0, T - k + 1, k)"),)),
        Mistake("averaged over each chunk",
                "L is the mean over all T steps, not the sum of the chunks' means.",
                MEAN, (("(T * B)", "((stop - start) * B)"),)),
        Mistake("averaged over the steps only",
                "L is the mean over the T steps and the B sequences.",
                MEAN, (("(T * B)", "T"),)),
        Mistake("averaged over the sequences only",
                "L is the mean over the T steps and the B sequences.",
                MEAN, (("(T * B)", "B"),)),
        Mistake("the first step of each chunk is left out",
                "The way back through a chunk includes its first step; only then it is cut.",
                RULE, (("start - 1, -1)", "start, -1)"),)),
        Mistake("the first step of a chunk multiplies no state",
                "Carried states are values like any others: W_hh multiplies them, and so they "
                "stand in its share.", CARRY, (("h_before.T", "(h_before.T * (t > start))"),)),
        Mistake("dW_hh takes the state of the same step",
                "W_hh multiplies the state before the step.",
                WAY, (("h_before.T", "h_t.T"),)),
        Mistake("W_hh is not transposed",
                "The derivative of W h, applied to a gradient, is Wᵀ.",
                WAY, (("W_hh.T @ delta", "W_hh @ delta"),)),
        Mistake("dh goes back without tanh'",
                "What goes back through W_hh is δ, which has passed the tanh, and not dh.",
                WAY, (("W_hh.T @ delta", "W_hh.T @ dh"),)),
        Mistake("tanh' of the previous state",
                "The slope of the tanh at a step is 1 - h²: of the state it made.",
                WAY, (("1 - h_t ** 2", "1 - h_before ** 2"),)),
    ),
    hints=(
        "Write it for one chunk: forward through its steps, then back through the same steps. "
        "Then ask what one chunk hands to the next, and what it does not.",
        "The next chunk starts from the last state of this one. In each chunk δ starts anew: "
        "∂L/∂h_t = (h_t - target_t)/(T·B) + W_hhᵀ δ_{t+1}, with δ = 0 beyond the end of the chunk.",
        "The outer loop begins `for start in range(0, T, k):`, and the chunk ends at "
        "`min(start + k, T)`; what comes back is set to zero inside this loop, the state is not.",
    ),
)
