"""The hidden cases: reproducible, of each student alone, and fair."""
import os
import stat

import numpy as np
import pytest

from grading import hidden
from grading.examine import examine
from grading.grade import _without_numbers
from grading.problems import all_problems, find
from tests.grading.solutions import solution

SECRET = "a secret of the class"


def drawn(name, student="ann", secret=SECRET):
    return hidden.cases(find(name), hidden.generator(secret, student, name))


def same(one, other):
    return all(np.array_equal(a, b) for x, y in zip(one, other) for a, b in zip(x.args, y.args))


def test_cases_are_the_same_for_a_student_and_different_for_others():
    assert same(drawn("elman_backward"), drawn("elman_backward"))
    assert not same(drawn("elman_backward"), drawn("elman_backward", "bob"))
    assert not same(drawn("elman_backward"), drawn("elman_backward", secret=SECRET + "2"))
    public = find("elman_backward").cases(np.random.default_rng([0, len("elman_backward")]))
    assert len(drawn("elman_backward")) > len(public)
    assert not same(drawn("elman_backward"), public)


@pytest.mark.parametrize("name", all_problems())
def test_the_solutions_get_all_points_whatever_is_drawn(name):
    problem = hidden.hardened(find(name))
    for k in range(3):
        rng = hidden.generator(SECRET, f"student {k}", name)
        with np.errstate(all="ignore"):
            report = examine(problem, solution(problem), rng, hidden.cases(problem, rng))
        assert report.points == problem.points, (k, report.sentence)


def test_a_loss_that_is_nothing_but_rounding_is_drawn_again():
    problem = find("softmax_cross_entropy_masked")
    assert not any(hidden._are_fair(problem, [case]) for case in [unfair()])
    for k in range(60):
        rng = hidden.generator(SECRET, f"student {k}", problem.name)
        for case in hidden.cases(problem, rng):
            assert problem.reference(*case.args)[0] > 1e-6 * np.abs(case.args[0]).max()


def test_a_bias_is_never_small_beside_rounding():
    for k in range(40):
        rng = hidden.generator(SECRET, f"student {k}", "bias_curve")
        for case in hidden.cases(find("bias_curve"), rng):
            least = min(curve.max() for curve in find("bias_curve").reference(*case.args))
            assert case.args[1] == 1 or least > 1e-3


def unfair():
    """A case in which the right class is certain."""
    case = drawn("softmax_cross_entropy_masked")[0]
    y = np.zeros((1, 3, 1))
    y[0, 1] = 900
    return case._replace(args=(y, np.ones((1, 1), int), np.ones((1, 1), bool)))


def test_strange_numbers_cause_no_error_in_our_checks():
    problem = hidden.hardened(find("find_counterexample"))
    for W in (np.full((2, 2), 1e200), np.full((2, 2), -1e308), np.zeros((0, 0)), np.zeros(3)):
        assert problem.judge(("a", 2), (W,))
    for strange in ((), (np.zeros(0),) * 5, (1.0,) * 9):
        for name in ("elman_backward", "adam_step", "orthogonal", "tbptt_chunks"):
            for prop in hidden.hardened(find(name)).properties:
                said = prop.holds(lambda *args, s=strange: s, np.random.default_rng(0))
                assert said is True or isinstance(said, str)


def test_no_number_of_a_students_choice_is_said():
    assert _without_numbers("L is an array of shape (0, 27182, 81828)") == (
        "L is an array of shape (…)")
    assert _without_numbers("L is 2.71828e+305; it must be finite") == (
        "L is …e+305; it must be finite")
    for kept in ("ValueError: in line 12345 of cell 3", "dh_0 must hold float64", "(H, D)"):
        assert _without_numbers(kept) == kept


def test_the_secret_is_made_once_and_is_closed_to_others(tmp_path, capsys):
    path = tmp_path / "secret"
    first = hidden.read_secret(path)
    assert len(first) == 32 and hidden.read_secret(path) == first
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert "Keep it" in capsys.readouterr().err
    path.write_text("short")
    with pytest.raises(ValueError, match="--secret: .* holds 5 characters; it needs 16"):
        hidden.read_secret(path)
