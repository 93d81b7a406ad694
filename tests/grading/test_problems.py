"""Every exercise: its points, its solution, its mistakes, and what is never a pass."""

import importlib
import re

import numpy as np
import pytest

from grading.ask import Asker
from grading.confusion import confusion, pairs, report_on
from grading.examine import CORRECT, NOT_ATTEMPTED, UNREADABLE
from grading.problem import mistaken
from grading.problems import UNITS, all_problems
from tests.grading.solutions import ROOT, SOURCES, cells, shipped, solution

PROBLEMS = list(all_problems().values())
BACKWARD = ("grad_tied", "scalar_bptt", "elman_step_backward", "elman_backward", "tbptt_chunks",
            "tbptt_k1_k2", "rtrl", "lstm_backward", "gru_backward", "stacked_backward")
each = pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)


def test_the_course_has_a_hundred_points_and_enough_mistakes():
    assert sum(problem.points for problem in PROBLEMS) == 100
    assert len(PROBLEMS) >= 29
    assert sum(len(problem.mistakes) for problem in PROBLEMS) >= 120
    assert all(len(all_problems()[name].mistakes) >= 4 for name in BACKWARD)


@each
def test_the_solution_gets_all_points_with_any_seed(problem):
    for seed in range(3):
        report = report_on(problem, solution(problem), seed)
        assert report.outcome == CORRECT, report
        assert report.points == problem.points


@each
def test_as_shipped_it_is_not_attempted(problem):
    report = report_on(problem, shipped(problem))
    assert (report.outcome, report.points, report.findings) == (NOT_ATTEMPTED, 0, ())


@each
def test_every_known_mistake_is_rejected_and_named_first(problem):
    assert all(mistaken(problem.reference, m.changes) for m in problem.mistakes)
    for seed in (0, 1):
        assert confusion(problem, seed) == {m.name: m.name for m in problem.mistakes}


@each
def test_two_mistakes_at_once_are_rejected_and_most_are_recognised(problem):
    two = pairs(problem)
    assert two.accepted == 0
    assert two.named >= 0.8 * two.made


@each
def test_other_right_answers_get_all_points(problem):
    alternatives = importlib.import_module(f"tests.grading.test_u{problem.unit}").ALTERNATIVES
    assert len(alternatives[problem.name]) >= 2
    for answer in alternatives[problem.name]:
        for seed in range(4):
            report = report_on(problem, answer, seed)
            assert (report.outcome, report.points) == (CORRECT, problem.points), answer


class AlwaysEqual(np.ndarray):
    """An array that says yes to every question."""

    def __eq__(self, other):
        return True

    __le__ = __ge__ = __lt__ = __gt__ = __ne__ = __eq__

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(())


def each_array(value, change):
    """Return a result with a change made to each array or number in it."""
    if isinstance(value, tuple):
        return tuple(each_array(v, change) for v in value)
    return value if isinstance(value, str) else change(value)


ODD = {
    "None": lambda right: None,
    "a list": lambda right: list(right) if isinstance(right, tuple) else [right],
    "an object": lambda right: each_array(right, lambda v: np.atleast_1d(v).astype(object)),
    "NaN": lambda right: each_array(right, lambda v: np.full(np.shape(v), np.nan)[()]),
    "infinite": lambda right: each_array(right, lambda v: np.full(np.shape(v), np.inf)[()]),
    "complex": lambda right: each_array(right, lambda v: np.asarray(v, complex)[()]),
    "float16": lambda right: each_array(right, lambda v: np.asarray(v, np.float16)[()]),
    "text": lambda right: each_array(right, lambda v: np.asarray(v).astype(str)[()]),
    "a generator": lambda right: (v for v in (right if isinstance(right, tuple) else (right,))),
    "always equal": lambda right: each_array(right, lambda v: np.atleast_1d(v).view(AlwaysEqual)),
    "a function": lambda right: (lambda: right),
}


@each
@pytest.mark.parametrize("odd", ODD)
def test_odd_returns_are_never_a_pass_and_get_a_sentence(problem, odd):
    def answer(*args):
        right = problem.reference(*args)
        if isinstance(right, dict):
            return {key: ODD[odd](value) for key, value in right.items()}
        return ODD[odd](right)

    if odd in ("NaN", "infinite", "complex", "float16", "an object", "always equal"):
        first = next(iter(problem.cases(np.random.default_rng(0))))
        sample = problem.reference(*first.args)
        if isinstance(sample, (dict, str)) or np.asarray(
                sample[0] if isinstance(sample, tuple) else sample).dtype.kind not in "fiub":
            pytest.skip("this exercise does not return numbers")
    report = report_on(problem, answer)
    assert report.points == 0
    assert report.outcome == UNREADABLE
    assert len(report.sentence) > 10


@each
def test_arguments_are_protected(problem):
    def spoil(*args):
        right = problem.reference(*args)
        for argument in args:
            if isinstance(argument, np.ndarray) and argument.flags.writeable:
                argument[...] = 0
        return right

    cases = list(problem.cases(np.random.default_rng(0)))
    before = [[np.copy(a) for a in case.args if isinstance(a, np.ndarray)] for case in cases]
    ask = Asker(spoil, problem.seconds)
    for case, arrays in zip(cases, before):
        ask(*case.args)
        after = [a for a in case.args if isinstance(a, np.ndarray)]
        for a, b in zip(arrays, after):
            np.testing.assert_array_equal(a, b)  # which takes NaN for equal to NaN


@each
def test_hints_and_sections_are_there(problem):
    assert len(problem.hints) == 3 and all(len(text) > 20 for text in problem.hints)
    for mistake in problem.mistakes:
        unit, heading = mistake.section.split(": ", 1)
        (source,) = ROOT.glob(f"notebooks/src/{unit}_*.py")
        assert re.search(rf"^# ##+ {re.escape(heading)}$", source.read_text(), re.M), mistake
        assert mistake.sentence.endswith(".") and len(mistake.name) < 80


@each
def test_the_text_says_what_the_problem_says(problem):
    text = "\n".join(c.source for c in cells(ROOT / f"solutions/src/{problem.unit}.py")
                     if c.cell_type == "markdown")
    points = f"{problem.points} point{'s' * (problem.points > 1)}"
    head = rf"\*\*`{problem.name}`\*\* · {points} · about {problem.minutes} minutes"
    assert re.search(head, text), head


def test_every_unit_has_its_exercises():
    assert [path.stem for path in SOURCES] == [*UNITS, "11"]
