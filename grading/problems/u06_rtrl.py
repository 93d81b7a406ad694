"""Unit 06: real-time recurrent learning, for a batch."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.problems.elman_tape import elman_tape
from grading.sizes import draw_sizes, situations

AHEAD = "06: Real-time recurrent learning: forward instead of back"


def rtrl(W_xh, W_hh, b_h, x, h_0, dh_own):
    """Return dL/d(W_xh W_hh b_h) and the influence P_T, carried forward with the state."""
    H, B = h_0.shape
    W = np.concatenate([W_xh, W_hh, b_h], axis=1)
    dW = np.zeros_like(W)
    P = np.zeros((H, *W.shape, B))
    h = h_0
    for t in range(1, len(x) + 1):
        z = np.concatenate([x[t - 1], h, np.ones((1, B))])
        h = np.tanh(W @ z)
        direct = np.eye(H)[:, :, np.newaxis, np.newaxis] * z
        carried = np.einsum("im,mjkb->ijkb", W_hh, P)
        slope = (1 - h ** 2)[:, np.newaxis, np.newaxis]
        P = slope * (carried + direct)
        dW += np.einsum("ib,ijkb->jk", dh_own[t - 1], P)
    return dW, P


def _draw(rng, sizes, facts):
    W_xh, W_hh, b_h, x, h = elman_tape(
        rng, sizes, ("h_0 ≠ 0" in facts) * rng.normal(size=(sizes.H, sizes.B)))
    return W_xh, W_hh, b_h, x, h[0], rng.normal(size=(sizes.T, sizes.H, sizes.B))


def _cases(rng):
    return [Case(part, _draw(rng, sizes, facts), facts)
            for part, facts, sizes in situations(rng, ("sequence", "initial state"))]


def _shares(*args):
    """Return what each step's loss adds, (T, …)."""
    *parameters, x, h_0, dh_own = args
    shares = []
    for t in range(1, len(x) + 1):
        only_t = np.zeros_like(dh_own[:t])
        only_t[-1] = dh_own[t - 1]
        shares.append(rtrl(*parameters, x[:t], h_0, only_t)[0])
    return {"dW": np.array(shares)}


def _never_looks_ahead(ask, rng):
    sizes = draw_sizes(rng, T=5)
    *parameters, x, h_0, dh_own = _draw(rng, sizes, ("h_0 ≠ 0",))
    one, other = ask(*parameters, x, h_0, dh_own), ask(*parameters, x, h_0, 0 * dh_own)
    if one[1].shape == other[1].shape and np.allclose(one[1], other[1]) and not other[0].any():
        return True
    return "with dh_own zero at every step, P_T must be the same as before, and dW zero"


RTRL = Problem(
    name="rtrl",
    unit="06",
    title="Forward instead of back",
    minutes=30,
    parts=(Part("sequence", 3), Part("initial state", 1)),
    results=(Result("dW", "(H, D+H+1)"), Result("P_T", "(H, H, D+H+1, B)")),
    reference=rtrl,
    cases=_cases,
    shares=_shares,
    properties=(Property("sequence", "the influence knows no loss", _never_looks_ahead),),
    mistakes=(
        Mistake("the influence is not carried",
                "P_t holds the direct part only: the parameters act through the state before, too.",
                AHEAD, (("(carried + direct)", "direct"),)),
        Mistake("the direct part is left out",
                "Each step uses the parameters once more, and that adds to the influence.",
                AHEAD, (("(carried + direct)", "(carried + direct * (t == 1))"),)),
        Mistake("the direct part without tanh'",
                "The direct part, too, goes through the tanh of the step.",
                AHEAD, (("slope * (carried + direct)", "slope * carried + direct"),)),
        Mistake("the carried part without tanh'",
                "J_t is diag(1 - h_t²) W_hh: it holds the slope of the tanh.",
                AHEAD, (("slope * (carried + direct)", "carried + slope * direct"),)),
        Mistake("tanh' of the previous state",
                "The slope of the tanh at step t is 1 - h_t²: of the state it made.",
                AHEAD, (("(1 - h ** 2)", "(1 - z[-1 - H:-1] ** 2)"),)),
        Mistake("tanh' takes the tanh of the state again",
                "h_t is the tanh already: its slope is 1 - h_t², not 1 - tanh²(h_t).",
                AHEAD, (("(1 - h ** 2)", "(1 - np.tanh(h) ** 2)"),)),
        Mistake("the slope multiplies the wrong axis",
                "The slope belongs to the unit whose influence it is, the first axis of P.",
                AHEAD, (("(1 - h ** 2)[:, np.newaxis, np.newaxis]",
                         "(1 - h ** 2)[np.newaxis, :, np.newaxis]"),)),
        Mistake("W_hh is transposed",
                "Forward in time it is J_t P_{t-1}, with W_hh as it stands.",
                AHEAD, (('"im,mjkb->ijkb"', '"mi,mjkb->ijkb"'),)),
        Mistake("the direct part takes the state of the same step",
                "a_t = W z_t holds h_{t-1}; here z holds the state that the step has made.",
                AHEAD, (("* z\n", "* np.concatenate([x[t - 1], h, np.ones((1, B))])\n"),)),
        Mistake("the columns lie in another order",
                "The columns of W belong to x_t, to h_{t-1} and to the 1, in this order.",
                AHEAD, (("[W_xh, W_hh, b_h]", "[W_hh, W_xh, b_h]"),
                        ("z = np.concatenate([x[t - 1], h,", "z = np.concatenate([h, x[t - 1],"))),
        Mistake("the bias has no influence",
                "The last entry of z is the 1 that the bias multiplies.",
                AHEAD, (("* z\n", "* np.concatenate([z[:-1], np.zeros((1, B))])\n"),)),
        Mistake("the loss meets the influence of the step before",
                "Step t's loss is a function of h_t: it needs P_t, not P_{t-1}.",
                AHEAD, (("P = slope * (carried + direct)\n", "\n"),
                        ("dh_own[t - 1], P)", "dh_own[t - 1], P)\n"
                         "        P = slope * (carried + direct)"))),
        Mistake("only the last step's loss counts",
                "The gradients of all steps' losses add up.",
                AHEAD, (("dW += ", "dW = "),)),
        Mistake("the losses meet the influence of other sequences",
                "A sequence's loss depends on its own state only: the product runs along the batch "
                "before it is summed.", AHEAD, (('"ib,ijkb->jk"', '"ib,ijkc->jk"'),)),
        Mistake("averaged over the batch once more",
                "dh_own belongs to the mean loss already: the sequences' shares are added.",
                AHEAD, (("dh_own[t - 1], P)", "dh_own[t - 1], P / B)"),)),
        Mistake("P_0 is not zero",
                "Before the first step the parameters have acted on nothing.",
                AHEAD, (("np.zeros((H, *W.shape, B))", "np.ones((H, *W.shape, B))"),)),
        Mistake("h_0 counts as zero",
                "The sequence starts from the state that was handed in.",
                AHEAD, (("h = h_0", "h = 0 * h_0"),)),
        Mistake("the last step is left out",
                "There are T steps, and each of them has a loss.",
                AHEAD, (("range(1, len(x) + 1)", "range(1, len(x))"),)),
    ),
    hints=(
        "Write down a_i = Σ_k W_ik z_k and differentiate it by W_jk: once directly, and once "
        "because the entries of z that are h_{t-1} depend on W, too.",
        "P_t = (1 - h_t²) ⊙ (W_hh P_{t-1} + direct), with direct_ijk = z_k where i = j, else 0; "
        "and the loss of step t adds Σ_i dh_own_i P_ijk, summed over the batch.",
        "`np.eye(H)[:, :, None, None] * z` is the direct part, (H, H, D+H+1, B); "
        "`np.tensordot(W_hh, P, 1)` multiplies along the first axis of P.",
    ),
)
