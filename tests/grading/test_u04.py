"""Unit 04: the hunt against what can be measured, other right answers, and wrong ones."""

import re

import numpy as np
import pytest

from bpttlib.gradcheck import complex_step, relative_error
from grading.confusion import report_on
from grading.examine import RAISED, UNREADABLE, WRONG
from grading.problems.u04 import BUG_HUNT, FIRST_BAD_STEP, _network, _one_entry
from grading.problems.u04 import first_bad_step as first_bad
from grading.problems.u04_hunt import bug_hunt as hunted
from tests.grading.solutions import ROOT, cells, namespace

SOURCE = ROOT / "solutions/src/04.py"
PROBLEMS = {p.name: p for p in (BUG_HUNT, FIRST_BAD_STEP)}

#: The line with the mistake as it should be: nothing else must change for all to be right.
REPAIRS = {
    "A": ("1 - h[:-1] ** 2", "1 - h[1:] ** 2"),
    "B": ("if t > 1:", "if True:"),
    "C": ("if own.any():", "if True:"),
    "D": ("back = np.zeros_like(h[0])", "back = np.zeros_like(h[0]) if last == len(x) else back"),
    "E": ("delta[:-1]", "delta[1:]"),
    "F": ("np.clip(W_hh.T @ delta[t], -1, 1)", "W_hh.T @ delta[t]"),
}


@pytest.fixture(scope="module")
def given():
    """What the exercise's notebook defines."""
    return namespace(SOURCE)


def text_of(letter):
    """Return the source of a broken pass."""
    (text,) = [c.source for c in cells(SOURCE) if c.source.startswith(f"def pass_{letter}(")]
    return text


def bad(got, want):
    return relative_error(got, want) > 1e-10


@pytest.mark.parametrize("letter", "ABCDEF")
def test_what_is_named_is_what_can_be_measured(given, letter):
    grads, delta = given["gradients"](given["case"], given[f"pass_{letter}"])
    right, right_delta = given["right"], given["right_delta"]
    wrong = ["d" + name for name, g, r in zip(grads._fields, grads, right) if bad(g, r)]
    steps = [t for t in range(8, 0, -1) if bad(delta[t], right_delta[t - 1])]
    tensor, step, _ = hunted(letter)
    if tensor == "delta":
        assert len(wrong) == 5 and steps[0] == step
        return
    assert wrong == [tensor] and steps == []
    if tensor == "dx":
        assert max(t for t in range(1, 9) if bad(grads.x[t - 1], right.x[t - 1])) == step
    else:  # the share of one step is all that is missing
        h = given["elman_forward"](given["case"].theta)
        share = right_delta[step - 1] @ h[step - 1].T
        assert not bad(grads.W_hh + share, right.W_hh)


@pytest.mark.parametrize("letter", "ABCDEF")
def test_the_line_that_is_named_is_the_only_one_to_repair(given, letter):
    lines = text_of(letter).splitlines()
    numbers = [int(re.search(r"# (\d+)$", line).group(1)) for line in lines[1:]]
    assert numbers == list(range(1, len(lines)))
    wrong, repaired = REPAIRS[letter]
    line = hunted(letter)[2]
    assert lines[line].count(wrong) == 1
    lines[line] = lines[line].replace(wrong, repaired)
    names = dict(given)
    exec("\n".join(lines), names)
    grads, delta = given["gradients"](given["case"], names[f"pass_{letter}"])
    assert not any(bad(g, r) for g, r in zip(grads, given["right"]))
    assert not bad(delta[1:], given["right_delta"])


def test_the_case_is_the_units_with_another_seed():
    unit = (ROOT / "notebooks/src/04_debugging.py").read_text(encoding="utf-8")
    for name in ("a_case", "loss", "gradients"):
        own = helper(name).replace("seed=9", "seed=0").split("\n    mask[[")[0]
        assert own.replace("=elman_backward", "") in unit.replace("=elman_backward", "")


def helper(name):
    """Return the source of a helper of the exercise's notebook."""
    text = SOURCE.read_text(encoding="utf-8")
    return re.search(rf"^def {name}\(.*?(?=\n\n\n)", text, re.S | re.M).group()


@pytest.mark.parametrize("seed", range(4))
def test_the_first_bad_step_is_found_with_the_whole_truth(seed):
    for case in FIRST_BAD_STEP.cases(np.random.default_rng(seed)):
        delta, loss = case.args
        truth = complex_step(loss, np.zeros(delta[1:].shape))
        wrong = [t for t in range(1, len(delta))
                 if np.isnan(delta[t]).any() or bad(delta[t], truth[t - 1])]
        assert first_bad(delta, loss) == max(wrong, default=0)


def test_the_losses_own_delta_is_right():
    loss = _network(np.random.default_rng(1), 5, 3, 2)
    assert relative_error(loss.delta()[1:], complex_step(loss, np.zeros((5, 3, 2)))) < 1e-10
    assert isinstance(loss(np.zeros((5, 3, 2))), np.float64)


# -- other right answers ---------------------------------------------------------------------------

def hunted_in_branches(letter):
    if letter in ("A", "C", "D", "F"):
        step, line = {"A": (8, 6), "C": (6, 9), "D": (5, 5), "F": (3, 7)}[letter]
        return "delta", step, line
    return ("dW_hh", 1, 12) if letter == "B" else ("dx", 8, 11)


def hunted_by_measuring(letter):
    """The tensor and the step measured; the line as it was found by eye."""
    given = namespace(SOURCE)
    grads, delta = given["gradients"](given["case"], given[f"pass_{letter}"])
    line = int({"A": 6, "B": 12, "C": 9, "D": 5, "E": 11, "F": 7}[letter])
    for t in range(8, 0, -1):
        if bad(delta[t], given["right_delta"][t - 1]):
            return "delta", t, line
    return ("dx", 8, line) if bad(grads.x, given["right"].x) else ("dW_hh", np.int64(1), line)


def step_by_the_library(delta, loss):
    """One step's push at a time, with relative_error."""
    for t in range(len(delta) - 1, 0, -1):
        def of_step(push, t=t):
            pushes = np.zeros(delta[1:].shape, push.dtype)
            pushes[t - 1] = push
            return loss(pushes)

        if not relative_error(delta[t], complex_step(of_step, np.zeros(delta[t].shape))) <= 1e-10:
            return t
    return 0


def step_recursively(delta, loss):
    t, (H, B) = len(delta) - 1, delta.shape[1:]

    def look(t):
        if t == 0:
            return 0
        truth = np.zeros((H, B))
        for i in range(H):
            for b in range(B):
                push = np.zeros((len(delta) - 1, H, B), np.complex128)
                push[t - 1, i, b] = 1e-20j
                truth[i, b] = loss(push).imag * 1e20
        if np.isnan(delta[t]).any():
            return t
        largest = max(abs(delta[t]).max(), abs(truth).max())
        return look(t - 1) if abs(delta[t] - truth).max() < 1e-10 * largest + 1e-22 else np.int64(t)

    return look(t)


ALTERNATIVES = {"bug_hunt": (hunted_in_branches, hunted_by_measuring),
                "first_bad_step": (step_by_the_library, step_recursively)}


# -- wrong only where something is special ---------------------------------------------------------

def _hunt_but(letter, answer):
    return lambda given: answer if given == letter else hunted(given)


def _unless(special, wrong):
    return lambda delta, loss: wrong if special(delta, loss) else first_bad(delta, loss)


def _stops_at_zero(delta, loss):
    """Takes a δ that is zero for the end of what can be wrong."""
    return 0 if not delta[-1].any() else first_bad(delta, loss)


def _drops_nan(delta, loss):
    return first_bad(delta, loss) if not np.isnan(delta).any() else 0


#: What is special: a wrong answer, the part that it must lose, and one that it must keep.
SPECIAL = {
    "bug_hunt": {f"pass {letter}": (_hunt_but(letter, wrong), part, kept)
                 for letter, wrong, part, kept in (
                     ("A", ("delta", 7, 6), "A and B", "C"),
                     ("B", ("dW_hh", 8, 12), "A and B", "F"),
                     ("C", ("delta", 6, 10), "C", "D"), ("D", ("delta", 5, 7), "D", "E"),
                     ("E", ("dx", 1, 11), "E", "F"), ("F", ("delta", 4, 7), "F", "A and B"))},
    "first_bad_step": {
        "T = 1": (_unless(lambda d, loss: len(d) == 2 and first_bad(d, loss) == 1, 0), "sequence",
                  "small numbers"),
        "B = 1": (_unless(lambda d, loss: d.shape[2] == 1, 1), "sequence", "small numbers"),
        "H = B": (_unless(lambda d, loss: d.shape[1] == d.shape[2], 5), "sequence", "calls"),
        "nothing is wrong": (lambda d, loss: first_bad(d, loss) or 1, "sequence", "small numbers"),
        "δ_T = 0": (_stops_at_zero, "sequence", "small numbers"),
        "NaN": (_drops_nan, "small numbers", "sequence"),
    },
}


@pytest.mark.parametrize(("name", "special"), [(n, s) for n in SPECIAL for s in SPECIAL[n]])
def test_wrong_only_where_something_is_special(name, special):
    answer, lost, kept = SPECIAL[name][special]
    report = report_on(PROBLEMS[name], answer)
    assert report.outcome == WRONG and report.earned[lost] == 0 and report.earned[kept] > 0
    if name == "bug_hunt":
        assert report.points == 4
        assert f"wrong where: {special}" in [finding.name for finding in report.findings]


# -- wrong in ways that no catalogue lists ---------------------------------------------------------

UNCATALOGUED = {
    "always T": lambda delta, loss: len(delta) - 1,
    "always 0": lambda delta, loss: 0,
    "always 1": lambda delta, loss: 1,
    "rounded": lambda delta, loss: first_bad(delta.astype(np.float32).astype(float), loss),
    "transposed": lambda delta, loss: first_bad(delta[::-1].copy(), loss),
    "negated": lambda delta, loss: first_bad(-delta, loss),
    "the norm of the whole": lambda delta, loss: len(delta) - 1 if not np.allclose(
        delta[1:], complex_step(loss, np.zeros(delta[1:].shape)), rtol=1e-10) else 0,
}


@pytest.mark.parametrize("what", UNCATALOGUED)
def test_uncatalogued_steps_are_rejected(what):
    report = report_on(FIRST_BAD_STEP, UNCATALOGUED[what])
    assert report.outcome == WRONG and report.earned["sequence"] == 0


def test_more_calls_than_needed_cost_their_part_only():
    def looks_at_all(delta, loss):
        complex_step(loss, np.zeros(delta[1:].shape))
        return first_bad(delta, loss)

    report = report_on(FIRST_BAD_STEP, looks_at_all)
    assert report.earned == {"sequence": 2, "small numbers": 1, "calls": 0}
    assert "suffice" in report.sentence


def test_one_number_of_a_step_may_be_wrong_in_the_last_sequence():
    loss = _network(np.random.default_rng(2), 4, 3, 2)
    spoilt, right = loss.delta(_one_entry(4, -0.5)), loss.delta()
    assert [tuple(map(int, at)) for at in np.argwhere(spoilt[4] != right[4])][0][1] == 1
    assert (spoilt[4] != right[4]).sum() == 1


def test_a_hunt_that_is_not_over_earns_what_was_found():
    found = {letter: hunted(letter) for letter in "ABD"}
    for answer, outcome in ((lambda letter: found.get(letter, ("", 0, 0)), WRONG),
                            (lambda letter: found[letter], RAISED),
                            (lambda letter: found.get(letter), UNREADABLE)):
        report = report_on(BUG_HUNT, answer)
        assert (report.outcome, report.points) == (outcome, 2)


def test_a_line_as_text_is_no_number():
    report = report_on(BUG_HUNT, lambda letter: (*hunted(letter)[:2], str(hunted(letter)[2])))
    assert report.outcome == UNREADABLE and report.points == 0
