"""Unit 02: what becomes of a gradient on its way back through a scalar network."""
import math

from grading.problem import Case, Mistake, Part, Problem, Result

_THROUGH = "02: The gradient through time"


def predict_growth(w, u, T):
    """Return what T steps back make of a gradient, and after how many it is 100 times off."""
    size = abs(w)
    factor = w ** T
    if size == 1:
        return factor, "neither", 0
    verdict = "vanishes" if size < 1 else "explodes"
    n = math.log(100) / abs(math.log(size)) if size else 0
    steps = math.floor(n) + 1
    return factor, verdict, steps


def _growth_cases(rng):
    """Draw weights for which it takes the steps named to get below 1/100, or above 100."""
    cases = []
    for part, facts, sign, steps, T in (
            ("vanishes", (), 1, 5, 12), ("vanishes", (), 1, 44, 3),
            ("vanishes", ("T = 1",), 1, 9, 1), ("vanishes", ("w < 0",), -1, 8, 7),
            ("explodes", (), 1, 6, 15), ("explodes", (), 1, 50, 4),
            ("explodes", ("T = 1",), 1, 9, 1), ("explodes", ("w < 0",), -1, 7, 5)):
        rate = math.log(100) / (steps - rng.uniform(0.2, 0.8))
        w = sign * math.exp(-rate if part == "vanishes" else rate)
        u = (0.6, 1.5)[len(cases) % 2] * rng.uniform(0.8, 1.2)  # of both kinds: it has no say
        cases.append(Case(part, (w, u, T), frozenset(facts)))
    for fact, w, T in (("w = 1", 1.0, 9), ("w = -1", -1.0, 7), ("w = 0", 0.0, 4)):
        cases.append(Case("border", (w, rng.uniform(1.1, 2), T), frozenset([fact])))
    return cases


_FACTOR, _VERDICT, _N = ("factor = w ** T", '"vanishes" if size < 1',
                         "n = math.log(100) / abs(math.log(size))")

PREDICT_GROWTH = Problem(
    name="predict_growth",
    unit="02",
    title="What becomes of a gradient",
    minutes=15,
    parts=(Part("vanishes", 1), Part("explodes", 1), Part("border", 1)),
    results=(Result("factor", "a number"), Result("verdict", "a text"),
             Result("steps", "a whole number")),
    reference=predict_growth,
    cases=_growth_cases,
    mistakes=(
        Mistake("one link too few",
                "From h_T back to h_0 there are T links.",
                _THROUGH, ((_FACTOR, "factor = w ** (T - 1)"),)),
        Mistake("the derivative of w to the T",
                "That is how h_T changes with w; asked for is how it changes with h_0.",
                _THROUGH, ((_FACTOR, "factor = T * w ** (T - 1)"),)),
        Mistake("added, not multiplied",
                "Each link is a factor: T links are a product.",
                _THROUGH, ((_FACTOR, "factor = T * w"),)),
        Mistake("the sign of the factor is lost",
                "A negative w turns the sign at each step; an odd number of steps leaves it "
                "turned.",
                _THROUGH, ((_FACTOR, "factor = size ** T"),)),
        Mistake("u is a link, too",
                "u leads from the input into a state, and is not on the way from state to state.",
                _THROUGH, ((_FACTOR, "factor = (w * u) ** T"),)),
        Mistake("u counts once",
                "u leads from the input into a state, and is not on the way from state to state.",
                _THROUGH, ((_FACTOR, "factor = u * w ** T"),)),
        Mistake("the verdict looks at w with its sign",
                "-1.5 is less than 1, and its powers explode.",
                _THROUGH, ((_VERDICT, '"vanishes" if w < 1'),)),
        Mistake("the verdict looks at u",
                "How much of the new is taken in does not decide what becomes of the old.",
                _THROUGH, ((_VERDICT, '"vanishes" if abs(u) < 1'),)),
        Mistake("the verdict depends on T",
                "To vanish or explode is a matter of what each step does, and not of how many "
                "there are.",
                _THROUGH, ((_VERDICT, '"vanishes" if abs(factor) < 0.01'),)),
        Mistake("the verdict is the wrong way round",
                "Powers of a number below 1 become smaller and smaller.",
                _THROUGH, ((_VERDICT, '"vanishes" if size > 1'),)),
        Mistake("w = -1 is not on the border",
                "The magnitude decides, and that of -1 is 1.",
                _THROUGH, (("if size == 1", "if w == 1"),)),
        Mistake("one step too few",
                "After the number of steps that you name the gradient has not yet crossed the "
                "limit: round up.",
                _THROUGH, (("math.floor(n) + 1", "math.floor(n)"),)),
        Mistake("a limit of 10",
                "Asked for is a factor of 100, up or down.",
                _THROUGH, ((_N, "n = math.log(10) / abs(math.log(size))"),)),
        Mistake("steps never beyond T",
                "The number of steps to the limit may be larger than T.",
                _THROUGH, (("math.floor(n) + 1", "min(math.floor(n) + 1, T)"),)),
        Mistake("steps without logarithms",
                "The gradient is multiplied at each step, so the number of steps is a quotient of "
                "logarithms.",
                _THROUGH, ((_N, "n = 100 / size"),)),
    ),
    hints=(
        "Which of w and u stands on the way from one state to the next? How often is it passed?",
        "∂L_T/∂h_{T-n} = wⁿ ∂L_T/∂h_T; |w|ⁿ < 1/100 where n > ln 100 / ln(1/|w|), and so on.",
        "First the border, |w| = 1 and w = 0. Else the steps are `int(np.log(100) / …) + 1`, with "
        "a positive denominator.",
    ),
)
