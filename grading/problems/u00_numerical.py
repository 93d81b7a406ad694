"""Unit 00: the gradient of a function that one can only call."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result


def numerical_gradient(f, point):
    """Return the gradient of f at a point by central differences."""
    eps = 1e-5
    p = np.array(point, dtype=float)
    gradient = np.zeros_like(p)
    for j in np.ndindex(p.shape):
        here = p[j]
        p[j] = here + eps
        above = f(p)
        p[j] = here - eps
        below = f(p)
        p[j] = here
        gradient[j] = (above - below) / (2 * eps)
    return gradient


BEND = 200.0  # along the diagonal, so that each derivative depends on all coordinates


class Bowl:
    """A steep bowl with a slight wave near a point; it takes real numbers, and counts its calls.

    Its curvature is large beside its slope: no forward difference is exact to 1e-8 here, while a
    central one is, for any step from 1e-7 to 1e-4.
    """

    def __init__(self, rng, point):
        self.bottom = point + rng.choice([-1, 1], point.shape) * rng.uniform(.005, .01, point.shape)
        self.steep = rng.uniform(500, 1000, point.shape)
        self.wave = rng.normal(size=point.shape) / 2
        self.calls = 0

    def __call__(self, point):
        """Return the height at a point, a number."""
        self.calls += 1
        if np.iscomplexobj(point):
            raise TypeError("this f takes real numbers")
        off = np.broadcast_to(point, self.bottom.shape).astype(float) - self.bottom
        bowl = (self.steep * off * off).sum() + BEND * off.sum() ** 2
        return float(0.5 * bowl + np.tanh((self.wave * off).sum()))

    def gradient(self, point):
        """Return the gradient by its formula."""
        off = point - self.bottom
        slope = 1 - np.tanh((self.wave * off).sum()) ** 2
        return self.steep * off + BEND * off.sum() + slope * self.wave


def _cases(rng):
    part, cases = "gradient", []
    for shape, facts in (((4,), ()), ((7,), ()), ((1,), ("one number",)),
                         ((3, 2), ("a matrix",)), ((2, 3, 2), ("three axes",)),
                         ((5,), ("whole numbers",))):
        point = rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)
        if "whole numbers" in facts:
            point = rng.integers(1, 4, shape)
        cases.append(Case(part, (Bowl(rng, point), point), frozenset(facts)))
    return cases


def _two_calls(ask, rng):
    """At most two calls of f for each coordinate, and the right result from them."""
    for shape in ((6,), (2, 4)):
        point = rng.normal(size=shape)
        f, n = Bowl(rng, point), point.size
        (got,) = ask(f, point)
        calls = f.calls - 2 * n  # the reference has called it, too
        if calls > 2 * n:
            return f"for {n} coordinates f was called {calls} times; {2 * n} suffice"
        right = f.gradient(point)
        if got.shape != shape or not np.abs(got - right).max() <= 1e-8 * np.abs(right).max():
            return "it gives no right gradient from them"
    return True


_CHECK = "00: Three ways to check a derivative"

NUMERICAL_GRADIENT = Problem(
    name="numerical_gradient",
    unit="00",
    title="A gradient without a formula",
    minutes=15,
    parts=(Part("gradient", 1), Part("calls", 1)),
    results=(Result("gradient", "as point"),),
    reference=numerical_gradient,
    cases=_cases,
    tolerance=1e-8,
    properties=(Property("calls", "calls of f", _two_calls),),
    mistakes=(
        Mistake("a forward difference",
                "One side only is wrong by the curve's bend, of order ε.",
                _CHECK, (("p[j] = here - eps", "p[j] = here"), ("(2 * eps)", "eps"))),
        Mistake("a backward difference",
                "One side only is wrong by the curve's bend, of order ε.",
                _CHECK, (("p[j] = here + eps", "p[j] = here"), ("(2 * eps)", "eps"))),
        Mistake("divided by ε",
                "The two points lie 2 ε apart.",
                _CHECK, (("(2 * eps)", "eps"),)),
        Mistake("divided by half of ε",
                "The two points lie 2 ε apart: mind the brackets in a / 2 * ε.",
                _CHECK, (("(above - below) / (2 * eps)", "2 * (above - below) / eps"),)),
        Mistake("times ε",
                "a / 2 * ε is (a / 2) · ε: the denominator needs brackets.",
                _CHECK, (("/ (2 * eps)", "/ 2 * eps"), ("eps = 1e-5", "eps = 0.00001"))),
        Mistake("the wrong sign",
                "The value above comes first, and the one below is subtracted.",
                _CHECK, (("above - below", "below - above"),)),
        Mistake("the coordinates are not put back",
                "When the next coordinate moves, all others must be where they were.",
                _CHECK, (("        p[j] = here\n", ""),)),
        Mistake("put back a step too far",
                "When the next coordinate moves, all others must be exactly where they were.",
                _CHECK, (("        p[j] = here\n", "        p[j] += 2 * eps\n"),)),
        Mistake("all coordinates move at once",
                "Move one coordinate at a time: moved together, they give the sum of all "
                "derivatives.",
                _CHECK, (("p[j] = here + eps", "p += eps"), ("p[j] = here - eps", "p -= 2 * eps"),
                         ("p[j] = here\n", "p += eps\n"))),
        Mistake("the step is too large",
                "The error of a central difference is of order ε², and 0.01² is not small enough.",
                _CHECK, (("eps = 1e-5", "eps = 1e-2"),)),
        Mistake("the step is too small",
                "Below some 1e-7 rounding takes over, by 1e-16 / ε.",
                _CHECK, (("eps = 1e-5", "eps = 1e-12"),)),
        Mistake("whole numbers stay whole",
                "What is copied from an array of whole numbers, or made like it, holds whole "
                "numbers: no 1e-5 can be added to it, and no slope be kept in it.",
                _CHECK, (("np.array(point, dtype=float)", "np.array(point)"),)),
        Mistake("returned flat",
                "The gradient has the shape of the point.",
                _CHECK, (("return gradient", "return gradient.ravel()"),)),
        Mistake("only the first axis is walked along",
                "Every number of the point has a derivative, whatever the point's shape.",
                _CHECK, (("np.ndindex(p.shape)", "range(len(p))"),)),
    ),
    hints=(
        "One coordinate at a time: move it up, call f, move it down, call f, put it back.",
        "∂f/∂p_j ≈ (f(p + ε e_j) - f(p - ε e_j)) / 2ε, with ε = 1e-5.",
        "Work on a copy in decimal numbers, `np.array(point, dtype=float)`; `np.ndindex(shape)` "
        "goes through the places of an array of any shape.",
    ),
)
