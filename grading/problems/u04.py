"""Unit 04: debugging a backward pass."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.problems.u04_hunt import BUG_HUNT
from grading.sizes import weights

# -- first_bad_step --------------------------------------------------------------------------------

def first_bad_step(delta, loss):
    """Return the first step, from the back, at which δ is not what the loss says, or 0."""
    T = len(delta) - 1
    for t in range(T, 0, -1):
        claim, right = delta[t], np.zeros(delta[t].shape)
        for j in np.ndindex(right.shape):
            push = np.zeros(delta[1:].shape, complex)
            push[t - 1][j] = 1e-30j
            right[j] = loss(push).imag / 1e-30
        off = np.abs(claim - right).max()
        size = max(np.abs(claim).max(), np.abs(right).max(), 1e-12)
        if not off <= 1e-10 * size:
            return t
    return 0


class PushedLoss:
    """The loss L = Σ_t Σ c_t ⊙ h_t of a network as a function of the push; it counts its calls."""

    def __init__(self, W_hh, drive, c, h_0):
        self.W_hh, self.drive, self.c, self.h_0 = W_hh, drive, c, h_0
        self.calls = 0

    def __call__(self, push):
        """Return the loss, complex where the push is."""
        self.calls += 1
        h, states = self.h_0, []
        for driven in self.drive + np.broadcast_to(push, self.drive.shape):
            h = np.tanh(self.W_hh.dot(h) + driven)
            states.append(h)
        return (self.c * states).sum()

    def delta(self, spoil=None):
        """Return δ_t in row t; `spoil(t, δ_t)` may change it on its way back."""
        h = [self.h_0]
        for driven in self.drive:
            h.append(np.tanh(self.W_hh @ h[-1] + driven))
        delta, back = [], 0.0
        for t in range(len(self.c), 0, -1):
            delta.append((1 - h[t] ** 2) * (self.c[t - 1] + back))
            if spoil:
                delta[-1] = spoil(t, delta[-1])
            back = self.W_hh.T @ delta[-1]
        return np.array([np.full_like(self.h_0, 0.7), *delta[::-1]])


def _network(rng, T, H, B):
    """Draw a small network."""
    return PushedLoss(weights(rng, H, H), rng.normal(size=(T, H, B)), rng.normal(size=(T, H, B)),
                      rng.normal(size=(H, B)))


def _one_entry(step, off):
    """Return what makes one entry of δ at a step, in the last sequence, off by a factor 1 + off."""
    def spoil(t, delta):
        delta = delta.copy()
        k = np.abs(delta[:, -1]).argmax()
        delta[k, -1] += (t == step) * off * abs(delta[k, -1])
        return delta

    return spoil


def _cases(rng):
    sizes = [(*rng.permutation([2, 3]),) for _ in range(8)]
    cases = []

    def add(part, fact, loss, delta):
        cases.append(Case(part, (delta, loss), frozenset(fact)))

    for T, step, off in ((5, 3, 0.5), (4, 2, -0.5), (3, 3, 0.3), (4, 1, -0.2)):
        loss = _network(rng, T, *sizes.pop())
        add("sequence", (), loss, loss.delta(_one_entry(step, off)))
    loss = _network(rng, 5, *sizes.pop())
    add("sequence", ("nothing is wrong",), loss, loss.delta())
    loss = _network(rng, 1, *sizes.pop())
    add("sequence", ("nothing is wrong", "T = 1"), loss, loss.delta())
    for T, H, B, fact in ((1, 2, 3, "T = 1"), (4, 3, 1, "B = 1"), (5, 2, 2, "H = B")):
        loss = _network(rng, T, H, B)
        add("sequence", (fact,), loss, loss.delta(_one_entry(max(T - 2, 1), 0.4)))
    loss = _network(rng, 5, *sizes.pop())  # only two rows are wrong, with right ones between them
    delta = loss.delta()
    delta[[2, 4]] *= 1.25
    add("sequence", ("right steps after a wrong one",), loss, delta)
    loss = _network(rng, 4, *sizes.pop())
    loss.c[3:] = 0
    add("sequence", ("δ_T = 0",), loss, loss.delta(_one_entry(2, 0.4)))

    small = "small numbers"
    loss = _network(rng, 5, 2, 3)
    loss.W_hh, loss.c[:4] = loss.W_hh * 3e-3, 0
    add(small, ("vanishing gradients",), loss, loss.delta(_one_entry(2, 1e-3)))
    loss = _network(rng, 4, 3, 2)
    loss.c *= 1e-10
    add(small, ("a small loss",), loss, loss.delta(_one_entry(3, 0.2)))
    loss = _network(rng, 4, 3, 2)
    add(small, ("a small error",), loss, loss.delta(_one_entry(3, -3e-8)))
    loss = _network(rng, 4, 2, 3)
    rounding, wrong = 1 + 1e-14, _one_entry(2, 0.4)
    add(small, ("rounding",), loss, loss.delta(lambda t, d: wrong(t, d * rounding)))
    loss = _network(rng, 4, 3, 2)
    delta = loss.delta()
    delta[3, 1, 1] = np.nan
    add(small, ("NaN",), loss, delta)
    return cases


def _few_calls(ask, rng):
    """One call for each number of each step from T down to the first bad one."""
    for T, step in ((5, 3), (4, 4), (5, 0)):
        H, B = rng.permutation([2, 3])
        loss = _network(rng, T, H, B)
        (got,) = ask(loss.delta(_one_entry(step, 0.5)), loss)
        needed = int(H * B) * (T - max(step, 1) + 1)
        calls = loss.calls - needed  # the reference has called it, too
        if got != step:
            return f"it found step {got} where it is step {step}"
        if calls > needed:
            where = f"with the first bad step {step} of {T}" if step else "with nothing wrong"
            return f"{where}, H = {H} and B = {B}, loss was called {calls} times; {needed} suffice"
    return True


FIRST_BAD_STEP = Problem(
    name="first_bad_step",
    unit="04",
    title="The first bad step",
    minutes=25,
    parts=(Part("sequence", 2), Part("small numbers", 1), Part("calls", 1)),
    results=(Result("step", "a whole number"),),
    reference=first_bad_step,
    cases=_cases,
    properties=(Property("calls", "calls of the loss", _few_calls),),
    mistakes=(
        Mistake("searched from the front",
                "An error flows on to all earlier steps, so the first wrong one from the front is "
                "a consequence.",
                "04: Which time step", (("range(T, 0, -1)", "range(1, T + 1)"),)),
        Mistake("the row of the push, not the step",
                "Row t-1 of the push is step t, and it is the step that is asked for.",
                "04: Which time step", (("return t", "return t - 1"),)),
        Mistake("an absolute tolerance",
                "Gradients vanish: a wrong δ can be smaller than any fixed number. The error must "
                "be relative.",
                "04: The network saturates, or hardly remembers", (("1e-10 * size", "1e-10"),)),
        Mistake("relative to the largest δ of all steps",
                "Where gradients vanish, a step is small beside the others: its error is relative "
                "to this step alone.",
                "04: Which time step",
                (("max(np.abs(claim).max(),", "max(np.nanmax(np.abs(delta[1:])),"),)),
        Mistake("a loose tolerance",
                "Some mistakes are small and far above rounding: the complex step allows 1e-10.",
                "04: The network saturates, or hardly remembers",
                (("1e-10 * size", "1e-5 * size"),)),
        Mistake("a tolerance below rounding",
                "Two right computations differ by some 1e-15 or 1e-14; only more than 1e-10 is "
                "wrong.",
                "04: The numerical derivative is the one that is wrong",
                (("1e-10 * size", "1e-15 * size"),)),
        Mistake("NaN passes as right",
                "Every comparison with NaN is false, also `>`: ask whether the error is small, and "
                "not whether it is large.",
                "04: When the check lies", (("not off <= 1e-10", "off > 1e-10"),)),
        Mistake("delta read one row late",
                "Row t of delta is step t: row 0 is not used.",
                "04: Which time step", (("claim, right = delta[t]", "claim, right = delta[t-1]"),)),
        Mistake("the push one row late",
                "The push has T rows, and row t-1 of it is step t.",
                "04: Which time step", (("push[t - 1]", "push[t]"),)),
        Mistake("the push one row early",
                "The push has T rows, and row t-1 of it is step t.",
                "04: Which time step", (("push[t - 1]", "push[t - 2]"),)),
        Mistake("only the first sequence compared",
                "A mistake may spoil one sequence of the batch and leave the others right.",
                "04: A check that cannot be passed by luck",
                (("np.abs(claim - right).max()", "np.abs(claim - right)[:, 0].max()"),)),
        Mistake("errors keep their signs",
                "An error can be negative: without its magnitude it is never the largest.",
                "04: Which time step",
                (("np.abs(claim - right).max()", "(claim - right).max()"),)),
        Mistake("T where nothing is wrong",
                "If all steps are right the answer is 0, which is no step.",
                "04: Which time step", (("return 0", "return T"),)),
        Mistake("a central difference",
                "It is good to eight or ten digits: at 1e-10 it calls right numbers wrong.",
                "04: The numerical derivative is the one that is wrong",
                (("1e-30j", "1e-5"), ("loss(push).imag / 1e-30",
                                      "(loss(push.real) - loss(-push.real)) / 2e-5"))),
    ),
    hints=(
        "Two loops: one over the steps in the order of the backward pass, and in it one over the H "
        "times B numbers of that step, each of which needs one call of loss.",
        "δ_t[j] = Im loss(push) / ε, where the push is iε at row t-1, entry j, and else 0. Then "
        "‖δ - δ̂‖ / max(‖δ‖, ‖δ̂‖, 1e-12) with the largest magnitudes of this step alone.",
        "The outer loop begins `for t in range(len(delta) - 1, 0, -1):`. Leave it with `return t`, "
        "under a condition that is also true for NaN: `not error <= …`.",
    ),
)

PROBLEMS = (BUG_HUNT, FIRST_BAD_STEP)
