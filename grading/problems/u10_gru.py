"""Unit 10: the backward pass of a GRU with a second bias, as frameworks have it."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.u09_copies import shares_of_copies
from grading.problems.u09_forward import parameters, sigmoid
from grading.sizes import draw_sizes

WAY, SIGNS = "10: The derivation", "10: What each mistake looks like"
CHECKS, PLACES = "10: Three checks", "10: Two places of the reset gate"
GATES = ("r", "z", "n")


def gru_backward(W_xh, W_hh, b_hn, x, h, gates, dh_own):
    """Return the gradients of a GRU in which r multiplies u = W_hn h + b_hn."""
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    db_h, db_hn = np.zeros((len(W_hh), 1)), np.zeros_like(b_hn)
    dx = np.zeros_like(x)
    back = np.zeros_like(h[0])
    W_hn = np.split(W_hh, 3)[2]
    for t in range(len(x), 0, -1):
        r, z, n = np.split(gates[t - 1], 3)
        h_prev = h[t - 1]
        u = W_hn @ h_prev + b_hn
        dh = dh_own[t - 1] + back
        d_n = dh * (1 - z) * (1 - n ** 2)
        d_z = dh * (h_prev - n) * z * (1 - z)
        d_r = d_n * u * r * (1 - r)
        d_u = r * d_n
        delta = np.concatenate([d_r, d_z, d_n])
        delta_h = np.concatenate([d_r, d_z, d_u])
        dW_xh += delta @ x[t - 1].T
        dW_hh += delta_h @ h[t - 1].T
        db_h += delta.sum(axis=1, keepdims=True)
        db_hn += d_u.sum(axis=1, keepdims=True)
        dx[t - 1] = W_xh.T @ delta
        back = z * dh + W_hh.T @ delta_h
    return dW_xh, dW_hh, db_h, db_hn, dx, back


def forward(W_xh, W_hh, b_h, b_hn, x, h_0):
    """Return the states and the values of the gates."""
    h, gates = [h_0], []
    for x_t in x:
        x_r, x_z, x_n = np.split(W_xh @ x_t + b_h, 3)
        u_r, u_z, u_n = np.split(W_hh @ h[-1], 3)
        r, z = sigmoid(x_r + u_r), sigmoid(x_z + u_z)
        n = np.tanh(x_n + r * (u_n + b_hn))
        h.append((1 - z) * n + z * h[-1])
        gates.append(np.concatenate([r, z, n]))
    return np.array(h), np.array(gates)


START = "h_0 ≠ 0"
SITUATIONS = (
    ("initial state", (START,), {"T": 3}),
    ("one step", ("T = 1",), {"T": 1}),
    ("one step", ("T = 1", "B = 1"), {"T": 1, "B": 1}),
    ("initial state", (START,), {"T": 7}),
    ("sequence", (), {"T": 5}),
    ("sequence", ("B = 1",), {"B": 1}),
    ("sequence", ("H = D",), {"D": 4, "H": 4}),
    ("sequence", ("a loss at the last step only",), {"T": 6}),
    ("initial state", (START, "T = 1"), {"T": 1}),
    ("initial state", (START, "B = 1"), {"B": 1}),
)


def _cases(rng):
    cases = []
    for part, facts, fixed in SITUATIONS:
        T, D, H, _, B = draw_sizes(rng, **fixed)
        W_xh, W_hh, b_h = parameters(rng, D, H, gates=3)
        b_hn, x = rng.normal(size=(H, 1)), rng.normal(size=(T, D, B))
        h, gates = forward(W_xh, W_hh, b_h, b_hn, x, (START in facts) * rng.normal(size=(H, B)))
        dh_own = rng.normal(size=(T, H, B))
        if "a loss at the last step only" in facts:
            dh_own[:-1] = 0
        cases.append(Case(part, (W_xh, W_hh, b_hn, x, h, gates, dh_own), frozenset(facts)))
    return cases


RESULTS = (
    Result("dW_xh", "(3·H, D)", blocks=GATES), Result("dW_hh", "(3·H, H)", blocks=GATES),
    Result("db_h", "(3·H, 1)", blocks=GATES), Result("db_hn", "(H, 1)"),
    Result("dx", "(T, D, B)", row=1, back=True), Result("dh_0", "(H, B)"))

GRU_BACKWARD = Problem(
    name="gru_backward",
    unit="10",
    title="The backward pass of a GRU",
    minutes=35,
    parts=(Part("one step", 1), Part("sequence", 2), Part("initial state", 1)),
    results=RESULTS,
    reference=gru_backward,
    cases=_cases,
    shares=lambda *args: shares_of_copies(gru_backward, RESULTS, (3, 4, 5, 6), args),
    mistakes=(
        Mistake("the reset gate learns nothing",
                "In r ⊙ u the gate is a factor, too: it gets what arrives, times u.",
                SIGNS, (("d_n * u * r * (1 - r)", "0 * u"),)),
        Mistake("δ_r is made of dh",
                "The reset gate acts on the loss through n alone: its error is made of δ_n.",
                WAY, (("d_r = d_n", "d_r = dh"),)),
        Mistake("u without its bias",
                "What the reset gate multiplies is W_hn h_{t-1} + b_hn, both terms.",
                PLACES, (("W_hn @ h_prev + b_hn", "W_hn @ h_prev"),)),
        Mistake("δ_r takes h_{t-1} in place of u",
                "The gate acts after the product: the other factor is u, not the state.",
                PLACES, (("d_r = d_n * u", "d_r = d_n * h_prev"),)),
        Mistake("W_hn and b_hn see δ_n",
                "They are reached through the reset gate: they see r ⊙ δ_n.",
                WAY, (("d_u = r * d_n", "d_u = d_n"),)),
        Mistake("b_hn sees δ_n",
                "This bias stands inside the product with r, and sees what W_hn sees.",
                WAY, (("db_hn += d_u", "db_hn += d_n"),)),
        Mistake("dW_hh is a sum of δ, not of δ^h",
                "W_hn is reached through r: its block takes r ⊙ δ_n.",
                WAY, (("delta_h @ h[t", "delta @ h[t"),)),
        Mistake("what goes back through W_hh is δ, not δ^h",
                "On its way to h_{t-1} the error of n passes the reset gate.",
                WAY, (("W_hh.T @ delta_h", "W_hh.T @ delta"),)),
        Mistake("δ^h is used for W_xh, too",
                "The input enters n outside the reset gate: W_xn and x see δ_n.",
                WAY, (("delta @ x", "delta_h @ x"), ("W_xh.T @ delta\n", "W_xh.T @ delta_h\n"))),
        Mistake("the direct path is forgotten",
                "h_{t-1} also goes straight into h_t, with the factor z.",
                WAY, (("z * dh + W", "W"),)),
        Mistake("z and 1 - z are exchanged on the way back",
                "Here z keeps the old state: the direct path has the factor z.",
                "10: Two conventions of z", (("z * dh + W", "(1 - z) * dh + W"),)),
        Mistake("the candidate arrives with the factor z",
                "Here z keeps the old state: the candidate enters with 1 - z.",
                "10: Two conventions of z", (("dh * (1 - z)", "dh * z"),)),
        Mistake("δ_z has the wrong sign",
                "Where z grows, the old state counts more and the candidate less.",
                WAY, (("(h_prev - n)", "(n - h_prev)"),)),
        Mistake("δ_z takes h_t in place of h_{t-1}",
                "z multiplies the state before the step.",
                SIGNS, (("(h_prev - n)", "(h[t] - n)"),)),
        Mistake("δ_z forgets the candidate",
                "z stands in both terms of the mixture: z ⊙ h_{t-1} and (1 - z) ⊙ n.",
                WAY, (("(h_prev - n)", "h_prev"),)),
        Mistake("the slope of the candidate is left out",
                "n is a tanh: its slope is 1 - n².",
                WAY, ((" * (1 - n ** 2)", ""),)),
        Mistake("the gates are read in the order z r n",
                "The stored values lie in the order r z n; other programs begin with z.",
                "10: One step, forward", (("r, z, n = ", "z, r, n = "),)),
        Mistake("δ is stacked in the order z r n",
                "The rows of δ lie in the order r z n; other programs begin with z.",
                "10: One step, forward", (("[d_r, d_z, d_n]", "[d_z, d_r, d_n]"),
                                          ("[d_r, d_z, d_u]", "[d_z, d_r, d_u]"))),
        Mistake("dh is not carried back",
                "What comes back from step t+1 is not added, so each step sees its own loss only.",
                WAY, ((" + back", ""),)),
        Mistake("dW_hh takes the state of the same step",
                "The copy of W_hh at step t multiplies h_{t-1}.",
                WAY, (("delta_h @ h[t - 1].T", "delta_h @ h[t].T"),)),
        Mistake("the shares overwrite each other",
                "The shares of all copies add up; with = only the last one written stays.",
                WAY, (("dW_xh += ", "dW_xh = "), ("dW_hh += ", "dW_hh = "),
                      ("db_h += ", "db_h = "), ("db_hn += ", "db_hn = "))),
        Mistake("the first step is left out",
                "The loop must reach t = 1: its copy has a share, too.",
                WAY, (("len(x), 0, -1", "len(x), 1, -1"),)),
        Mistake("h_0 counts as zero",
                "Step 1 reads h_0 in four places, and it is zero by default only.",
                CHECKS, (("h_prev = h[t - 1]", "h_prev = h[t - 1] * (t > 1)"),
                         ("h[t - 1].T", "h_prev.T"))),
    ),
    hints=(
        "Write the lesson's backward pass first, for W_xh, W_hh and b_h. Then ask where b_hn goes, "
        "and where x_t goes: each stands in one place only.",
        "n = tanh(a_n + r ⊙ u) with u = W_hn h_{t-1} + b_hn. So ∂L/∂u = r ⊙ δ_n reaches both W_hn "
        "and b_hn, δ_r = δ_n ⊙ u ⊙ r (1 - r), and ∂L/∂x_t = W_xhᵀ δ_t.",
        "Before the loop: `W_hn = np.split(W_hh, 3)[2]`; in it, after `r, z, n = np.split(gates[t "
        "- 1], 3)`: `u = W_hn @ h[t - 1] + b_hn`. Two stacks follow, for W_xh and for W_hh.",
    ),
)
