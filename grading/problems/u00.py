"""Unit 00: shared weights and the chain rule."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.u00_numerical import NUMERICAL_GRADIENT

# -- grad_tied -------------------------------------------------------------------------------------

def grad_tied(w, b, k, x, target):
    """Return dL/dw and dL/db where ŷ is x after k turns of s ← w s + b."""
    s = [x]
    for _ in range(k):
        s.append(w * s[-1] + b)
    r = (s[k] - target) / len(x)
    dw = db = 0.0
    for i in range(1, k + 1):
        onward = w ** (k - i)
        dw += (r * onward * s[i - 1]).sum()
        db += (r * onward).sum()
    return dw, db


def _tied_cases(rng):
    """Draw forecasts; in the part without b, b is 0."""
    cases = []
    for part, facts, k, n, w in (
            ("without b", (), 2, 5, 0.8), ("without b", (), 11, 7, 0.9),
            ("without b", ("k = 1",), 1, 4, 0.6),
            ("with b", (), 2, 4, 1.2), ("with b", (), 7, 9, 0.7), ("with b", (), 5, 6, 0.9),
            ("with b", ("k = 1",), 1, 5, 0.5), ("with b", ("w < 0",), 4, 6, -0.8),
            ("with b", ("w = 1",), 4, 7, 1.0), ("with b", ("one pair",), 3, 1, 0.7)):
        if w != 1:
            w *= rng.uniform(0.9, 1.1)
        b = 0.0 if part == "without b" else rng.uniform(0.3, 0.9)
        x, target = rng.normal(size=(2, n)) + 0.5
        cases.append(Case(part, (float(w), float(b), k, x, target), frozenset(facts)))
    return cases


_SUM, _ELEVEN, _ONE = ("00: The sum, not the mean", "00: Eleven copies",
                       "00: One number, used twice, on real data")
_ONWARD = "onward = w ** (k - i)"

GRAD_TIED = Problem(
    name="grad_tied",
    unit="00",
    title="Two tied numbers",
    minutes=20,
    parts=(Part("without b", 1), Part("with b", 1)),
    results=(Result("dw", "a number"), Result("db", "a number")),
    reference=grad_tied,
    cases=_tied_cases,
    mistakes=(
        Mistake("the mean of the copies",
                "Each copy moves at speed 1 when w does: the shares add up, and do not average.",
                _SUM, (("return dw, db", "return dw / k, db / k"),)),
        Mistake("only the last copy",
                "All k copies have a share, and not only the one next to the loss.",
                _ELEVEN, (("range(1, k + 1)", "range(k, k + 1)"),)),
        Mistake("only the first copy",
                "All k copies have a share, and not only the one next to the input.",
                _ELEVEN, (("range(1, k + 1)", "range(1, 2)"),)),
        Mistake("one copy too few",
                "There are k copies, and the loop must reach all of them.",
                _ELEVEN, (("range(1, k + 1)", "range(1, k)"),)),
        Mistake("the copies that follow are not passed",
                "What a copy changes still goes through all the copies that follow it.",
                _ELEVEN, ((_ONWARD, "onward = 1.0"),)),
        Mistake("one copy too many to pass",
                "After copy i there follow k - i copies; the copy itself is not among them.",
                _ELEVEN, ((_ONWARD, "onward = w ** (k - i + 1)"),)),
        Mistake("as many copies to pass as have gone before",
                "It is the copies after copy i that its change must pass, and not those before it.",
                _ELEVEN, ((_ONWARD, "onward = w ** (i - 1)"),)),
        Mistake("each copy multiplies x",
                "Copy i multiplies what the first i - 1 copies have made, and only copy 1 "
                "multiplies x.",
                _ELEVEN, (("s[i - 1]", "x"),)),
        Mistake("what a copy makes, not what it multiplies",
                "The share of copy i is made with the number that goes into it.",
                _ELEVEN, (("s[i - 1]", "s[i]"),)),
        Mistake("b is used once",
                "b is added at each of the k turns: it is a tied number, too.",
                _ELEVEN, (("(r * onward).sum()", "(r * (i == k)).sum()"),)),
        Mistake("b counted as if nothing followed",
                "What is added at turn i is multiplied by w at each later turn.",
                _ELEVEN, (("db += (r * onward).sum()", "db += r.sum()"),)),
        Mistake("b is left out of what the copies of w multiply",
                "What goes into copy i holds the b that were added before: it is no longer a power "
                "of w times x.",
                _ELEVEN, (("s[i - 1]", "w ** (i - 1) * x"),)),
        Mistake("b is left out of the forecast",
                "The residual needs the forecast with b in it.",
                _ONE, (("r = (s[k] - target)", "r = (w ** k * x - target)"),)),
        Mistake("summed where the loss averages",
                "L is the mean over the pairs.",
                _ONE, ((" / len(x)", ""),)),
        Mistake("the residual has the wrong sign",
                "The derivative of ½ (ŷ - y)² with respect to ŷ is ŷ - y.",
                _ONE, (("s[k] - target", "target - s[k]"),)),
        Mistake("the half is forgotten",
                "The derivative of ½ r² is r; the half takes the 2 away.",
                _ONE, (("r = (s[k] - target)", "r = 2 * (s[k] - target)"),)),
    ),
    hints=(
        "Pretend that each of the k turns has a w and a b of its own, and write down what each of "
        "them multiplies, and what happens after it.",
        "With s_0 = x and s_i = w s_{i-1} + b, ∂ŷ/∂w_i = w^(k-i) s_{i-1} and ∂ŷ/∂b_i = w^(k-i).",
        "Keep the states: the list begins `s = [x]` and gets k more. Then sum over i = 1 … k, and "
        "take the mean over the pairs.",
    ),
)

# -- relative_error --------------------------------------------------------------------------------

def relative_error(g, g_hat):
    """Return the largest difference over the largest magnitude, with a floor."""
    off = np.abs(g - g_hat).max()
    scale = max(np.abs(g).max(), np.abs(g_hat).max(), 1e-12)
    return off / scale


def _error_cases(rng):
    """Draw gradients of all shapes, near to each other and far."""
    part, cases = "relative error", []

    def add(g, g_hat, *facts):
        cases.append(Case(part, (g, g_hat), frozenset(facts)))

    for shape, off in (((3, 4), 0.5), ((5,), 1e-6), ((2, 3, 4), 1e-3), ((6, 2), 3.0)):
        g = rng.normal(size=shape)
        add(g, g + off * rng.normal(size=shape))
    g = rng.normal(size=(4, 2))
    add(g, 3 * g, "ĝ is larger")
    add(3 * g, g, "g is larger")
    g, g_hat = rng.uniform(1, 2, size=(2, 3, 2))
    add(g, g_hat + 2, "g < ĝ everywhere")
    add(rng.normal(size=(3,)), np.zeros(3), "ĝ = 0")
    add(np.zeros((2, 3)), np.zeros((2, 3)), "both are 0")
    add(*(1e-13 * rng.normal(size=(2, 5))), "below 1e-12")
    add(*(1e-12 * rng.uniform(2, 4, size=(2, 5))), "close to 1e-12")
    add(*(1e-9 * rng.normal(size=(2, 4))), "small")
    return cases


_CHECK, _SCALE = ("00: Three ways to check a derivative",
                  "scale = max(np.abs(g).max(), np.abs(g_hat).max(), 1e-12)")

RELATIVE_ERROR = Problem(
    name="relative_error",
    unit="00",
    title="How close is close enough",
    minutes=5,
    parts=(Part("relative error", 1),),
    results=(Result("error", "a number"),),
    reference=relative_error,
    cases=_error_cases,
    mistakes=(
        Mistake("entry by entry",
                "The largest difference is divided by the largest magnitude of all: an entry near "
                "zero may be off by much of itself.",
                _CHECK, (("return off / scale", "return (np.abs(g - g_hat) / np.maximum(np.maximum("
                          "np.abs(g), np.abs(g_hat)), 1e-12)).max()"),)),
        Mistake("only g in the denominator",
                "The larger of the two scales counts, so that the order of the two does not.",
                _CHECK, (("np.abs(g_hat).max(), 1e-12", "1e-12"),)),
        Mistake("only ĝ in the denominator",
                "The larger of the two scales counts, so that the order of the two does not.",
                _CHECK, (("max(np.abs(g).max(), ", "max("),)),
        Mistake("the smaller of the two scales",
                "The larger of the two scales counts.",
                _CHECK, ((_SCALE, "scale = max(min(np.abs(g).max(), np.abs(g_hat).max()), 1e-12)"
                          ),)),
        Mistake("divided by the sum of both scales",
                "The denominator is the larger of the two, and not their sum.",
                _CHECK, ((_SCALE, "scale = max(np.abs(g).max() + np.abs(g_hat).max(), 1e-12)"),)),
        Mistake("no floor",
                "Two gradients that are both zero do not differ: 1e-12 keeps the denominator above "
                "zero.",
                _CHECK, ((", 1e-12)", ")"),)),
        Mistake("the floor is added",
                "1e-12 is the least that the denominator can be; it is not added to it.",
                _CHECK, ((_SCALE, "scale = max(np.abs(g).max(), np.abs(g_hat).max()) + 1e-12"),)),
        Mistake("a floor of 1e-8",
                "Gradients can be smaller than 1e-8: the floor is 1e-12.",
                _CHECK, (("1e-12", "1e-8"),)),
        Mistake("the length in place of the largest entry",
                "‖ ‖_∞ is the largest magnitude; the length, ‖ ‖_2, is something else.",
                _CHECK, (("np.abs(g - g_hat).max()", "np.linalg.norm(g - g_hat)"),
                         (_SCALE, "scale = max(np.linalg.norm(g), np.linalg.norm(g_hat), 1e-12)"))),
        Mistake("the mean difference",
                "One wrong entry among a thousand must be seen: take the largest.",
                _CHECK, (("np.abs(g - g_hat).max()", "np.abs(g - g_hat).mean()"),)),
        Mistake("differences keep their signs",
                "A difference can be negative: without its magnitude it is never the largest.",
                _CHECK, (("np.abs(g - g_hat).max()", "(g - g_hat).max()"),)),
        Mistake("the difference of the largest entries",
                "First the difference entry by entry, then its largest magnitude.",
                _CHECK, (("np.abs(g - g_hat).max()", "abs(np.abs(g).max() - np.abs(g_hat).max())"
                          ),)),
        Mistake("not divided",
                "An error of 0.001 is large for a gradient of 0.001 and small for one of 1000.",
                _CHECK, (("off / scale", "off"),)),
    ),
    hints=(
        "‖g‖_∞ is the largest magnitude of all entries, whatever the shape.",
        "‖g - ĝ‖_∞ / max(‖g‖_∞, ‖ĝ‖_∞, 1e-12): three numbers in the maximum.",
        "The numerator is the `.max()` of `np.abs(…)`; Python's own `max` takes three numbers.",
    ),
)

PROBLEMS = (GRAD_TIED, RELATIVE_ERROR, NUMERICAL_GRADIENT)
