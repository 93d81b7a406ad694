"""Unit 08: clipping by value and by global norm."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.sizes import draw_sizes

_RESULTS = (Result("dW_xh", "(H, D)"), Result("dW_hh", "(H, H)"), Result("db_h", "(H, 1)"))
_DIRECTION = "08: What clipping does to the direction"


def _draw(rng, **fixed):
    """Draw a gradient of three tensors whose scales differ."""
    sizes = draw_sizes(rng, **fixed)
    D, H = sizes.D, sizes.H
    return tuple(scale * rng.normal(size=shape)
                 for scale, shape in zip(rng.permutation([0.5, 1.5, 4.0]),
                                         ((H, D), (H, H), (H, 1))))


# -- clip_by_value ---------------------------------------------------------------------------------

def clip_by_value(grads, c):
    """Return g ← min(max(g, -c), c), entry by entry, for each tensor."""
    clipped = []
    for g in grads:
        low, high = -c, c
        clipped.append(np.minimum(np.maximum(g, low), high))
    return tuple(clipped)


def _value_cases(rng):
    cases = []
    for facts, fixed in (((), {}), ((), {}), (("H = D",), {"H": 4, "D": 4}),
                         (("H = 1",), {"H": 1})):
        grads = _draw(rng, **fixed)
        c = float(np.quantile(np.abs(np.concatenate([g.ravel() for g in grads])), 0.4))
        cases.append(Case("every entry", (grads, c), frozenset(facts)))
    grads = _draw(rng)
    largest = max(float(np.abs(g).max()) for g in grads)
    cases.append(Case("every entry", (grads, 1.5 * largest), frozenset({"nothing to clip"})))
    zeros = tuple(np.zeros_like(g) for g in grads)
    cases.append(Case("every entry", (zeros, 0.7), frozenset({"nothing to clip", "g = 0"})))
    return cases


CLIP_BY_VALUE = Problem(
    name="clip_by_value",
    unit="08",
    title="Clip each entry",
    minutes=5,
    parts=(Part("every entry", 1),),
    results=_RESULTS,
    reference=clip_by_value,
    cases=_value_cases,
    mistakes=(
        Mistake("clipped from above only",
                "Large negative entries must be cut as well.",
                _DIRECTION, (("-c, c", "-np.inf, c"),)),
        Mistake("clipped from below only",
                "Large positive entries must be cut as well.",
                _DIRECTION, (("-c, c", "-c, np.inf"),)),
        Mistake("negative entries become zero",
                "The lower bound is -c, and not 0.",
                _DIRECTION, (("-c, c", "0 * c, c"),)),
        Mistake("the signs are lost",
                "An entry below -c becomes -c: clipping keeps signs.",
                _DIRECTION, (("np.maximum(g, low)", "np.abs(g)"),)),
        Mistake("large entries become zero",
                "What is cut is what exceeds c; c itself is left.",
                _DIRECTION, (("np.minimum(np.maximum(g, low), high)",
                              "np.where(np.abs(g) <= high, g, 0)"),)),
        Mistake("every entry becomes c or -c",
                "Entries within the bounds stay as they are.",
                _DIRECTION, (("np.minimum(np.maximum(g, low), high)", "high * np.sign(g)"),)),
        Mistake("minimum and maximum are exchanged",
                "The maximum with -c bounds from below, the minimum with c from above.",
                _DIRECTION, (("np.minimum(np.maximum(g, low), high)",
                              "np.maximum(np.minimum(g, low), high)"),)),
        Mistake("each tensor is shortened as a whole",
                "That divides small entries as well as large ones; by value, each entry is cut on "
                "its own.", _DIRECTION,
                (("np.minimum(np.maximum(g, low), high)",
                  "g * min(1.0, c / max(np.linalg.norm(g), 1e-300))"),)),
        Mistake("scaled until the largest entry is c",
                "Dividing all entries by one number keeps the direction: that is not clipping by "
                "value.", _DIRECTION,
                (("np.minimum(np.maximum(g, low), high)",
                  "g * min(1.0, c / max(np.abs(g).max(), 1e-300))"),)),
    ),
    hints=(
        "Each entry stands for itself: no norm, no sum.",
        "g ← min(max(g, -c), c), for every entry of every tensor.",
        "NumPy has a function for just that: `np.clip(g, …` for each `g`, and the results in a "
        "tuple.",
    ),
)

# -- clip_by_global_norm ---------------------------------------------------------------------------

def clip_by_global_norm(grads, c):
    """Return g ← c g / ‖g‖ if ‖g‖ > c, and ‖g‖ as it was before."""
    squares = 0.0
    for g in grads:
        squares += np.sum(g ** 2)
    norm = np.sqrt(squares)
    factor = c / norm if norm > c else 1.0
    clipped = [factor * g for g in grads]
    return (*clipped, float(norm))


#: Part, what is special, sizes that are fixed, and the threshold as a multiple of the norm.
_THRESHOLDS = (
    ("too long", (), {}, 0.3),
    ("too long", (), {}, 0.05),
    ("too long", ("just above c",), {}, 0.9),
    ("too long", ("H = D",), {"H": 4, "D": 4}, 0.4),
    ("too long", ("H = 1",), {"H": 1}, 0.2),
    ("short enough", ("‖g‖ < c",), {}, 3.0),
    ("short enough", ("‖g‖ < c",), {}, 1.1),
)


def _norm_cases(rng):
    cases = []
    for part, facts, fixed, share in _THRESHOLDS:
        grads = _draw(rng, **fixed)
        norm = np.sqrt(sum((g ** 2).sum() for g in grads))
        cases.append(Case(part, (grads, float(share * norm)), frozenset(facts)))
    zeros = tuple(np.zeros_like(g) for g in grads)
    cases.append(Case("short enough", (zeros, 0.7), frozenset({"‖g‖ < c", "g = 0"})))
    return cases


_NORM = "08: What clipping does to the direction"
_RULE = "08: Two descents"

CLIP_BY_GLOBAL_NORM = Problem(
    name="clip_by_global_norm",
    unit="08",
    title="Clip the length",
    minutes=10,
    parts=(Part("too long", 1), Part("short enough", 1)),
    results=(*_RESULTS, Result("norm", "a number")),
    reference=clip_by_global_norm,
    cases=_norm_cases,
    mistakes=(
        Mistake("tensor by tensor",
                "There is one norm, of all tensors as one long vector, and one factor.",
                _NORM, (("factor * g for",
                         "g * min(1.0, c / max(np.linalg.norm(g), 1e-300)) for"),)),
        Mistake("short gradients are made longer",
                "Where ‖g‖ ≤ c, nothing is to be done.",
                _RULE, (("c / norm if norm > c else 1.0", "c / norm"),)),
        Mistake("the norm after clipping",
                "The norm that is returned is the one before, so that one can look at it.",
                "08: Choosing the threshold", (("float(norm)", "float(factor * norm)"),)),
        Mistake("the root is left out",
                "The norm is the root of the sum of squares.",
                _RULE, (("np.sqrt(squares)", "squares"),)),
        Mistake("the largest entry in place of the norm",
                "The global norm is the Euclidean one: the root of the sum of all squares.",
                _NORM, (("squares += np.sum(g ** 2)",
                         "squares = max(squares, np.max(g ** 2))"),)),
        Mistake("the norms of the tensors are added",
                "Lengths of parts do not add up to the length of the whole; squares do.",
                _NORM, (("squares += np.sum(g ** 2)", "squares += np.sqrt(np.sum(g ** 2))"),
                        ("norm = np.sqrt(squares)", "norm = squares"))),
        Mistake("the norm of the last tensor alone",
                "The squares of all tensors add up; with = only the last one is left.",
                _NORM, (("squares += ", "squares = "),)),
        Mistake("the sum of absolute values",
                "The global norm is the Euclidean one: the root of the sum of all squares.",
                _NORM, (("np.sum(g ** 2)", "np.sum(np.abs(g))"),
                        ("norm = np.sqrt(squares)", "norm = squares"))),
        Mistake("the mean of the squares",
                "A length adds squares up and does not average them.",
                _NORM, (("np.sum(g ** 2)", "np.mean(g ** 2)"),)),
        Mistake("the largest singular value of each matrix",
                "np.linalg.norm(g, 2) of a matrix is σ_max; seen as a vector, its length is the "
                "root of the sum of squares.",
                _NORM, (("np.sum(g ** 2)", "np.linalg.norm(g, 2) ** 2"),)),
        Mistake("the factor upside down",
                "A long gradient must get shorter: its factor is below 1.",
                _RULE, (("c / norm if", "norm / c if"),)),
        Mistake("shortened to length 1",
                "After clipping the length is c.",
                _RULE, (("c / norm if", "1 / norm if"),)),
        Mistake("clipped by value",
                "Cutting each entry turns the gradient; one factor for all keeps its direction.",
                _NORM, (("factor * g for", "np.clip(g, -c, c) for"),)),
        Mistake("what is clipped is thrown away",
                "`g = factor * g` in a loop gives a new array to the name g, and changes no tensor "
                "of the tuple.", _RULE, (("factor * g for", "g for"),)),
    ),
    hints=(
        "First one number from all tensors together, then one factor for all of them.",
        "‖g‖ is the root of the sum of the squares of all entries of all tensors; where it "
        "exceeds c, every tensor is multiplied by c / ‖g‖.",
        "It begins `norm = np.sqrt(sum(` … and goes on with `if norm > c:`; the last line may be "
        "`return *grads, float(norm)`.",
    ),
)
