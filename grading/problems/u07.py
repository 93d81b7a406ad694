"""Unit 07: vanishing and exploding gradients."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.sizes import draw_sizes, weights

# -- jacobian_product ------------------------------------------------------------------------------

def jacobian_product(W_hh, h, s, t):
    """Return ∂h_t/∂h_s of a tanh network, one matrix for each sequence."""
    H, B = h.shape[1:]
    J = np.tile(np.eye(H), (B, 1, 1))
    for k in range(s + 1, t + 1):
        slopes = (1 - h[k] ** 2).T[:, :, np.newaxis]
        J = (slopes * W_hh) @ J
    return J


#: What is asked: part, facts, sizes that are fixed, and the two steps (negative ones from the end).
_STEPS = (
    ("one step", (), {"T": 5}, (2, 3)),
    ("one step", ("s = 0",), {"T": 4}, (0, 1)),
    ("one step", ("s = 0", "T = 1"), {"T": 1}, (0, 1)),
    ("one step", ("B = 1",), {"T": 5, "B": 1}, (3, 4)),
    ("one step", ("s = t",), {"T": 6}, (4, 4)),
    ("one step", ("s = 0", "s = t"), {"T": 3}, (0, 0)),
    ("several steps", (), {"T": 7}, (2, 6)),
    ("several steps", (), {"T": 6}, (1, 3)),
    ("several steps", ("s = 0",), {"T": 5}, (0, 5)),
    ("several steps", ("B = 1",), {"T": 6, "B": 1}, (1, 5)),
    ("several steps", ("H = B",), {"T": 6, "H": 4, "B": 4}, (2, 5)),
    ("several steps", ("H = 1",), {"T": 6, "H": 1}, (1, 4)),
)


def _product_cases(rng):
    cases = []
    for part, facts, fixed, (s, t) in _STEPS:
        T, D, H, _, B = draw_sizes(rng, **fixed)
        W_xh, W_hh = weights(rng, H, D), 1.5 * weights(rng, H, H)
        h = rng.uniform(-0.9, 0.9, size=(T + 1, H, B))  # a random h_0; the others follow from it
        for k in range(1, T + 1):
            h[k] = np.tanh(W_xh @ rng.normal(size=(D, B)) + W_hh @ h[k - 1])
        cases.append(Case(part, (W_hh, h, s, t), frozenset(facts)))
    return cases


_CHAIN = "07: The way back is a product of matrices"

JACOBIAN_PRODUCT = Problem(
    name="jacobian_product",
    unit="07",
    title="From one state to a later one",
    minutes=15,
    parts=(Part("one step", 1), Part("several steps", 2)),
    results=(Result("J", "(B, H, H)"),),
    reference=jacobian_product,
    cases=_product_cases,
    mistakes=(
        Mistake("the factors stand in the wrong order",
                "Matrices do not commute: the earliest step acts first, so it stands at the right.",
                _CHAIN, (("(slopes * W_hh) @ J", "J @ (slopes * W_hh)"),)),
        Mistake("W_hh is transposed",
                "Transposed matrices carry gradients back; ∂h_t/∂h_s itself goes forward.",
                _CHAIN, (("slopes * W_hh", "slopes * W_hh.T"),)),
        Mistake("the result is transposed",
                "Entry (i, j) says how entry j of the earlier state acts on entry i of the later.",
                _CHAIN, (("return J", "return J.transpose(0, 2, 1)"),)),
        Mistake("the slopes multiply the columns",
                "The tanh comes after W_hh, so its slopes multiply rows: diag(f') stands at the "
                "left.", _CHAIN, (("[:, :, np.newaxis]", "[:, np.newaxis, :]"),)),
        Mistake("the slopes of the previous state",
                "The slope of step t is 1 - h_t²: of the state that the step made.",
                _CHAIN, (("h[k] ** 2", "h[k - 1] ** 2"),)),
        Mistake("the slopes of the last step in every factor",
                "Each factor has the slopes of its own step.",
                _CHAIN, (("h[k] ** 2", "h[t] ** 2"),)),
        Mistake("the tanh's slope is left out",
                "That is a linear network; each step also passes its tanh.",
                _CHAIN, (("(slopes * W_hh) @ J", "W_hh @ J"),)),
        Mistake("tanh' takes the tanh of the state again",
                "h_t is the tanh already: its slope is 1 - h_t².",
                _CHAIN, (("1 - h[k] ** 2", "1 - np.tanh(h[k]) ** 2"),)),
        Mistake("tanh' without the square",
                "The slope of the tanh is 1 - h_t², entry by entry.",
                _CHAIN, (("1 - h[k] ** 2", "1 - h[k]"),)),
        Mistake("one factor too many",
                "From h_s to h_t there are t - s steps; the step that made h_s is not one of them.",
                _CHAIN, (("range(s + 1, t + 1)", "range(s, t + 1)"),)),
        Mistake("one factor too few",
                "From h_s to h_t there are t - s steps, and the step that makes h_t is one.",
                _CHAIN, (("range(s + 1, t + 1)", "range(s + 1, t)"),)),
        Mistake("multiplied entry by entry",
                "The chain rule for vectors multiplies matrices: every path from one unit to "
                "another counts.", _CHAIN, (("W_hh) @ J", "W_hh) * J"),)),
        Mistake("the product begins with ones everywhere",
                "A state depends on itself as the identity says: ones on the diagonal, zeros "
                "beside it.", "07: Linear networks: two numbers",
                (("np.eye(H)", "np.ones((H, H))"),)),
        Mistake("the slopes of the first sequence for all",
                "The weights are shared by the sequences of a batch, the slopes are not.",
                _CHAIN, (("(1 - h[k] ** 2).T", "(1 - h[k] ** 2).T[:1]"),)),
    ),
    hints=(
        "Write the Jacobian of a single step first, for a single sequence; then think about which "
        "of two steps acts first on a change of h_s.",
        "∂h_t/∂h_s = J_t J_{t-1} … J_{s+1} with J_k = diag(1 - h_k²) W_hh; with no factor at all, "
        "the product is the identity.",
        "For all sequences at once: start with `J` of shape (B, H, H), an identity for each "
        "sequence, and in the loop `slopes = (1 - h[k] ** 2).T` has shape (B, H).",
    ),
)

# -- find_counterexample ---------------------------------------------------------------------------

STEPS, SMALL, GROWTH, POWERS = 50, 1e-3, 5.0, 1000
MARGIN = 1e-3  # on both sides of 1, so that no rounding decides


def find_counterexample(claim, n):
    """Return a matrix W_hh of shape (n, n) that refutes claim "a" or claim "b"."""
    W = np.zeros((n, n))
    if claim == "a":
        W[0, 1] = 2.0
    else:
        W += 0.9 * np.eye(n)
        W[0, 1] = 3.0
    return W


def _norm(W):
    """Return the largest singular value; infinity where a number has overflowed."""
    return np.linalg.norm(W, 2) if np.isfinite(W).all() else np.inf


def _spectral_radius(W):
    """Return ρ: the computed one, or a better bound.

    Eigenvalues of matrices that are far from normal cannot be computed exactly; but ρ is at most
    the k-th root of ‖W^k‖.
    """
    bounds = [np.abs(np.linalg.eigvals(W)).max()]
    for j in range(1, 11):
        W = W @ W
        bounds.append(_norm(W) ** (0.5 ** j))
    return min(bounds)


def _if_normal(W):
    """Say what follows where W is normal, since then no search among its like will help."""
    if _norm(W @ W.T - W.T @ W) > 1e-9 * _norm(W) ** 2:
        return ""
    return "; it is normal, W Wᵀ = Wᵀ W, so that ρ = σ_max: look among matrices that are not"


def _does_not_vanish(W):
    """Say why W is no counterexample to claim a, or return ""."""
    size, left = _norm(W), _norm(np.linalg.matrix_power(W, STEPS))
    if size < 1 + MARGIN:
        return f"its σ_max is {size:.4g}, and claim a only speaks of matrices with σ_max > 1"
    if left < SMALL:
        return ""
    return (f"its gradients do not vanish: ‖W^{STEPS}‖ is {left:.1e}, where less than {SMALL:g} "
            f"is asked for{_if_normal(W)}")


def _does_not_grow(W):
    """Say why W is no counterexample to claim b, or return ""."""
    rho, most, power = _spectral_radius(W), 0.0, np.eye(len(W))
    if not rho <= 1 - MARGIN:
        return f"its ρ is {rho:.4g}, and claim b only speaks of matrices with ρ < 1"
    for _ in range(POWERS):
        power = W @ power
        most = max(most, _norm(power))
        if most >= GROWTH * (1 - 1e-9):
            return ""
    return f"the largest ‖W^k‖ is {most:.3g}, where {GROWTH:g} is asked for{_if_normal(W)}"


def _refutes(args, got):
    """Say what is wrong with one answer."""
    claim, n = args
    W = got[0]
    if W.shape != (n, n):
        return {"W": f"has shape {W.shape} and must have {(n, n)}"}
    with np.errstate(all="ignore"):
        said = _does_not_vanish(W) if claim == "a" else _does_not_grow(W)
    return {"W": said} if said else {}


def _counterexample_cases(rng):
    sizes = [2, 3, *(int(n) for n in 4 + rng.permutation(9)[:2])]
    return [Case(part, (claim, n), frozenset({"n = 2"} if n == 2 else ()))
            for part, claim in (("claim a", "a"), ("claim b", "b")) for n in sizes]


_TWO = "07: Linear networks: two numbers"

FIND_COUNTEREXAMPLE = Problem(
    name="find_counterexample",
    unit="07",
    title="Two counterexamples",
    minutes=20,
    parts=(Part("claim a", 2), Part("claim b", 2)),
    results=(Result("W", "(n, n)"),),
    reference=find_counterexample,
    cases=_counterexample_cases,
    judge=_refutes,
    mistakes=(
        Mistake("a multiple of the identity",
                "For a normal matrix σ_max = ρ: what one step lengthens, each step lengthens.",
                _TWO, (("W[0, 1] = 2.0", "W += 2.0 * np.eye(n)"),)),
        Mistake("a street both ways",
                "What flows back to where it came from is enlarged again and again.",
                _TWO, (("W[0, 1] = 2.0", "W[0, 1] = W[1, 0] = 2.0"),)),
        Mistake("σ_max is below 1",
                "A matrix that shortens everything at once refutes nothing: claim a needs "
                "σ_max > 1.", "07: Sufficient is not necessary",
                (("W[0, 1] = 2.0", "W[0, 1] = 0.5"),)),
        Mistake("ρ is above 1",
                "With ρ > 1 the powers grow for ever; claim b is about ρ < 1.",
                _TWO, (("0.9 * np.eye(n)", "1.1 * np.eye(n)"),)),
        Mistake("no transient",
                "A multiple of the identity is normal, and a normal matrix with ρ < 1 never grows.",
                _TWO, (("W[0, 1] = 3.0", "pass"),)),
        Mistake("the transient is too small",
                "The street from one unit to another must be wider, or pass more units.",
                _TWO, (("W[0, 1] = 3.0", "W[0, 1] = 0.3"),)),
        Mistake("the claims are exchanged",
                "Claim a is about σ_max > 1, and claim b about ρ < 1.",
                _TWO, (('claim == "a"', 'claim == "b"'),)),
    ),
    hints=(
        "Look at network A of the lesson. What makes it grow before it decays, and what if its "
        "diagonal were smaller?",
        "For a triangular matrix the eigenvalues stand on the diagonal, whatever stands above it; "
        "[[ρ, s], [0, ρ]] to the power k is [[ρ^k, k ρ^(k-1) s], [0, ρ^k]].",
        "Two units are enough: begin with `W = np.zeros((n, n))` and choose the diagonal and "
        "`W[0, 1]`.",
    ),
)

PROBLEMS = (JACOBIAN_PRODUCT, FIND_COUNTEREXAMPLE)
