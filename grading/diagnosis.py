"""Say which mistake an answer makes.

A hypothesis predicts what an answer with that mistake would return. The catalogue of the problem
comes first, then mistakes in general (`suspects.py`), then two of the catalogue at once. A
hypothesis counts for the share of the wrong results that it predicts in every case; one that would
spoil a result that is right counts for nothing.
"""
import itertools
import time
from typing import NamedTuple

import numpy as np

from grading.ask import Unreadable
from grading.comparing import equal
from grading.problem import mistaken
from grading.reading import read

NEARLY = 1e-5  # errors below this come from the precision, not from the equation
CLOSE = 1e-7  # a prediction this close is no accident: the numbers of the cases are random
SURE = 0.95  # a hypothesis that explains more than this is not set aside for two at once
SECONDS = 0.6  # of this process's time, for mistakes in general; and again for two at once
MOST = 3  # findings that are shown
DOUBT = 0.9  # the weight of a hypothesis that leaves an error in some cases unexplained


class Finding(NamedTuple):
    """One thing that is wrong, in words.

    `explained` is the share of the wrong results that it explains, and `only` names these results
    if they are not all.
    """

    name: str
    sentence: str
    section: str = ""
    explained: float = 1.0
    only: str = ""


def same(got, predicted, close=CLOSE):
    """Tell whether a result is what was predicted."""
    return equal(got, predicted, close)


def predict(problem, run, function, args=None):
    """Return what a function gives for the case of a run, or the beginning of its trouble."""
    try:
        with np.errstate(all="ignore"):
            value = function(*(run.case.args if args is None else args))
        return read(problem.results, value, run.right)
    except Unreadable as trouble:
        return str(trouble)
    except Exception as raised:
        return f"{type(raised).__name__}:"


class Evidence:
    """What the runs show, for hypotheses to be held against.

    Parameters
    ----------
    problem : Problem
        The exercise.
    runs : list of Run
        The cases with the answers to them.
    """

    def __init__(self, problem, runs):
        self.problem = problem
        self.runs = [run for run in runs if run.got is not None]
        self.troubled = [run for run in runs if run.got is None]
        self.names = [result.name for result in problem.results]
        self.wrong = [i for i in range(len(self.names))
                      if any(not run.verdicts[i].ok for run in self.runs)]
        errors = [verdict.error for run in self.runs for verdict in run.verdicts]
        self.off = max(errors, default=0.0)
        self.nearly = problem.tolerance < self.off < NEARLY and not self.troubled
        # Where all is nearly right, a prediction must come closer still to be told from the truth.
        self.close = 1e-3 * self.off if self.nearly else CLOSE

    def explained(self, predict_run):
        """Return (share, names) of the wrong results that a hypothesis explains."""
        fits = [True] * len(self.names)
        for run in self.runs:
            predicted = predict_run(run)
            if isinstance(predicted, str):
                return 0.0, ""
            for i, value in enumerate(predicted):
                fits[i] = fits[i] and same(run.got[i], value, self.close)
            spoilt = not all(fits[i] for i in range(len(fits)) if i not in self.wrong)
            if spoilt or self.wrong and not any(fits[i] for i in self.wrong):
                return 0.0, ""
        agrees = all(self._same_trouble(run, predict_run(run)) for run in self.troubled)
        if not self.wrong:
            return float(agrees and bool(self.troubled)), ""
        which = [i for i in self.wrong if fits[i]]
        only = ", ".join(self.names[i] for i in which) if len(which) < len(self.wrong) else ""
        return (1.0 if agrees else DOUBT) * len(which) / len(self.wrong), only

    @staticmethod
    def _same_trouble(run, predicted):
        return isinstance(predicted, str) and str(run.trouble).startswith(predicted)


def _hypothesis(problem, changes):
    """Return what predicts a run from changes of the reference, or None if they do not fit."""
    function = mistaken(problem.reference, changes)
    return function and (lambda run: predict(problem, run, function))


def _catalogued(problem, evidence):
    """Return a finding for each mistake of the catalogue that explains something."""
    findings = []
    for mistake in problem.mistakes:
        share, only = evidence.explained(_hypothesis(problem, mistake.changes))
        if share:
            findings.append(Finding(mistake.name, mistake.sentence, mistake.section, share, only))
    return findings


def _two_at_once(problem, evidence, until):
    """Return the findings of two mistakes that together explain everything, or none."""
    pairs = itertools.combinations(enumerate(problem.mistakes), 2)
    for (_, one), (_, two) in sorted(pairs, key=lambda pair: pair[0][0] + pair[1][0]):
        if time.process_time() > until:
            break
        both = _hypothesis(problem, one.changes + two.changes) or _hypothesis(
            problem, two.changes + one.changes)
        if both and evidence.explained(both)[0] == 1:
            return [Finding(m.name, m.sentence, m.section) for m in (one, two)]
    return []


def _special(runs):
    """Say where exactly the answer is wrong, or right, if that is where something is special."""
    for fact in sorted(set().union(*(run.case.facts for run in runs))):
        holds = [fact in run.case.facts for run in runs]
        if all(run.ok != special for run, special in zip(runs, holds)):
            return [Finding(f"wrong where: {fact}", "Each case of this kind is wrong, and "
                            "every other case is right.")]
        if all(run.ok == special for run, special in zip(runs, holds)):
            return [Finding(f"right where: {fact}", "The cases of this kind are right, and "
                            "only these.")]
    return []


def _alone(evidence):
    """Say which results are wrong when others are right: a hint where nothing is recognised."""
    wrong = [evidence.names[i] for i in evidence.wrong]
    right = [name for name in evidence.names if name not in wrong]
    if not wrong or not right:
        return []
    return [Finding("not recognised", f"{', '.join(right)} {'is' if len(right) == 1 else 'are'} "
                    f"right: look at the lines that make {', '.join(wrong)} alone.")]


def diagnose(problem, runs):
    """
    Return what is wrong with an answer, the most certain finding first.

    Parameters
    ----------
    problem : Problem
        The exercise.
    runs : list of Run
        The cases with the answers to them.

    Returns
    -------
    list of Finding
        Empty where nothing was recognised.
    """
    from grading.suspects import suspected

    evidence = Evidence(problem, runs)
    findings = _catalogued(problem, evidence)
    if evidence.nearly and not findings:
        return [Finding("nearly right", f"The largest relative error is {evidence.off:.0e}: as "
                        "from single precision, rounded numbers, or finite differences.")]
    if not any(finding.explained == 1 for finding in findings):
        findings += suspected(problem, evidence, time.process_time() + SECONDS)
    if not any(finding.explained > SURE for finding in findings):
        findings = _two_at_once(problem, evidence, time.process_time() + SECONDS) or findings
    findings.sort(key=lambda finding: -finding.explained)  # stable: the catalogue stays in front
    return (findings[:MOST] or _alone(evidence)) + _special(runs)
