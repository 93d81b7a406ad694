"""Try an answer on all cases of a problem, and report what was right.

`ask(*args)` calls the answer: here in this process (`ask.Asker`), or in a sandbox of the grader's.
It returns whatever the answer returned, or raises NoAnswer.
"""
from typing import NamedTuple

import numpy as np

from grading.ask import NoAnswer, NotAttempted, Raised, TookTooLong, Unreadable
from grading.comparing import Verdict, compare
from grading.diagnosis import diagnose
from grading.reading import as_tuple, read

CORRECT, WRONG, NOT_ATTEMPTED = "correct", "wrong", "not attempted"
RAISED, TOO_LONG, UNREADABLE = "raised an error", "took too long", "could not be checked"
_OUTCOMES = {NotAttempted: RAISED, Raised: RAISED, TookTooLong: TOO_LONG, Unreadable: UNREADABLE}
_LEFT_OUT = "NotImplementedError: it leaves some cases out"
MOST_OVERTIMES = 1  # each costs seconds: after so many, the rest is not tried


class Run(NamedTuple):
    """One case with the answer to it: its results, or the reason why there are none."""

    case: object
    right: tuple
    got: tuple | None
    verdicts: tuple
    trouble: NoAnswer | None = None

    @property
    def ok(self):
        """Return whether all results of the case are right."""
        return self.trouble is None and all(verdict.ok for verdict in self.verdicts)


class Report(NamedTuple):
    """What was found about one answer."""

    problem: object
    outcome: str
    earned: dict
    runs: tuple
    findings: tuple = ()
    sentence: str = ""
    output: str = ""

    @property
    def points(self):
        """Return the points of all parts that were earned."""
        return sum(self.earned.values())


def _judged(problem, case, got):
    """Return the verdicts of a problem whose answers are judged, not compared."""
    said = problem.judge(case.args, got)
    return tuple(Verdict(result.name, np.shape(value), np.inf if result.name in said else 0.0,
                         result.name not in said, said.get(result.name, ""))
                 for result, value in zip(problem.results, got))


def run_case(problem, case, ask):
    """Ask for one case, and compare."""
    right = as_tuple(problem.reference(*case.args))
    try:
        value = ask(*case.args)
        got = read(problem.results, value, right)
    except NoAnswer as trouble:
        return Run(case, right, None, (), trouble)
    if problem.judge:
        return Run(case, right, got, _judged(problem, case, got))
    return Run(case, right, got, compare(problem.results, got, right, problem.tolerance))


def _check_properties(problem, ask, rng, broken):
    """Return the parts that a property takes away, with the sentences that say why."""
    def results_of(*args):
        right = as_tuple(problem.reference(*args))
        return read(problem.results, ask(*args), right)

    for prop in problem.properties:
        try:
            said = prop.holds(results_of, rng)
        except NoAnswer as trouble:
            said = str(trouble)
        except Exception as error:  # so odd a result that the property could not go on with it
            said = f"what was returned could not be used ({type(error).__name__})"
        if said is not True:
            broken.setdefault(prop.part, f"{prop.name}: {said}")
    return broken


def _outcome(runs, broken):
    """Return the outcome in one word, and its sentence."""
    if all(run.ok for run in runs) and not broken:
        return CORRECT, ""
    troubles = [run.trouble for run in runs if run.trouble is not None]
    for kind, word in reversed(_OUTCOMES.items()):
        for trouble in troubles:
            if isinstance(trouble, kind):
                return word, _LEFT_OUT if kind is NotAttempted else str(trouble)
    return WRONG, next(iter(broken.values()), "")


def _differs_when_repeated(problem, ask, runs):
    """Tell whether the first case gives another result now: something is kept between calls."""
    first = runs[0]
    if first.got is None or problem.judge:
        return False
    again = run_case(problem, first.case, ask)
    return again.ok != first.ok


def examine(problem, ask, rng, cases=None):
    """
    Try an answer on all cases of a problem.

    Parameters
    ----------
    problem : Problem
        The exercise.
    ask : callable
        Calls the answer.
    rng : numpy.random.Generator
        Draws the cases and what the properties need.
    cases : list of Case, optional
        The cases; by default those that the problem draws.

    Returns
    -------
    Report
        With points for each part whose cases are all right.
    """
    cases = list(problem.cases(rng)) if cases is None else cases
    runs, broken = [], {}
    for case in cases:
        runs.append(run_case(problem, case, ask))
        if sum(isinstance(run.trouble, TookTooLong) for run in runs) >= MOST_OVERTIMES:
            break
    if all(isinstance(run.trouble, NotAttempted) for run in runs):
        none = {part.name: 0 for part in problem.parts}
        return Report(problem, NOT_ATTEMPTED, none, (), sentence=str(runs[0].trouble))
    stopped = len(runs) < len(cases) or isinstance(runs[-1].trouble, TookTooLong)
    if not stopped:
        if _differs_when_repeated(problem, ask, runs):
            broken[runs[0].case.part] = ("called a second time with the same arguments, it "
                                         "returns something else: nothing may be kept "
                                         "between calls")
        _check_properties(problem, ask, rng, broken)
    outcome, sentence = _outcome(runs, broken)
    tried = {case.part for case in cases} | {p.part for p in problem.properties}
    failed = {run.case.part for run in runs if not run.ok} | set(broken)
    if stopped:
        failed |= {case.part for case in cases[len(runs):]} | {p.part for p in problem.properties}
    earned = {part.name: part.points if part.name in tried - failed else 0
              for part in problem.parts}
    findings = () if outcome == CORRECT else diagnose(problem, runs)
    return Report(problem, outcome, earned, tuple(runs), tuple(findings), sentence)
