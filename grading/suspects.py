"""Mistakes in general: what goes wrong in backward passes whatever the exercise is.

Two kinds. *As if*: the answer is what the reference gives for other arguments (the initial state
zero, the mask ignored, a matrix transposed, one sequence only). *Distorted*: a result is the right
one times a factor, transposed, shifted in time, with gates exchanged, with some steps' shares gone.
"""
import itertools
import time

import numpy as np

from grading.comparing import is_numeric
from grading.diagnosis import Finding, predict, same
from grading.distortions import distorted


def _changed(name, value):
    """Yield (what happened, the other value) for one argument."""
    if not isinstance(value, np.ndarray):
        return
    if name == "mask":
        yield "the mask is not used", np.ones_like(value)
        yield "the mask is used the wrong way round", ~value
        return
    if value.dtype.kind != "f":
        return
    if name.endswith("_0"):
        yield f"{name} is not used: it counts as zero", np.zeros_like(value)
    if name.startswith("b_"):
        yield f"{name} is left out", np.zeros_like(value)
    if name.startswith("W") and value.ndim == 2 and value.shape[0] == value.shape[1]:
        yield f"{name} is transposed the wrong way", value.T
    if value.ndim == 3 or name in ("x", "dh_own"):
        last, first = np.zeros_like(value), np.zeros_like(value)
        last[-1:], first[:1] = value[-1:], value[:1]
        yield f"only the last step of {name} is used", last
        yield f"only the first step of {name} is used", first
        yield f"the steps of {name} are read in reverse", value[::-1].copy()
        yield f"{name} is read one step late", np.concatenate([first[:1] * 0, value[:-1]])
        yield f"{name} is read one step early", np.concatenate([value[1:], last[:1] * 0])
        without_first, without_last = value.copy(), value.copy()
        without_first[:1], without_last[-1:] = 0, 0
        yield f"the first step of {name} is left out", without_first
        yield f"the last step of {name} is left out", without_last
    if value.ndim >= 2 and name in ("x", "dh_own", "h_0"):
        one = np.zeros_like(value)
        one[..., :1] = value[..., :1]
        yield f"only the first sequence of {name} is used", one


def _as_if(problem, evidence, until):
    """Return findings that say: the answer is as if an argument were another."""
    names, findings = problem.arguments, []
    variants = {}
    for run in evidence.runs + evidence.troubled:
        for k, (name, value) in enumerate(zip(names, run.case.args)):
            for said, other in _changed(name, value):
                args = run.case.args[:k] + (other,) + run.case.args[k + 1:]
                variants.setdefault(said, {})[id(run)] = args
    for said, args in variants.items():
        if time.process_time() > until:
            break
        share, only = evidence.explained(lambda run: predict(
            problem, run, problem.reference, args.get(id(run))))
        if share:
            findings.append(Finding(said, "That is what comes out in this case.", "",
                                    0.99 * share, only))
    return findings


def _exchanged(problem, evidence):
    """Recognise results that are right, and returned in another order."""
    for order in itertools.permutations(range(len(problem.results))):
        if list(order) == sorted(order) or len(order) > 5:
            continue
        if all(same(run.got[i], run.right[k]) for run in evidence.runs
               for i, k in enumerate(order)):
            names = ", ".join(problem.results[k].name for k in order)
            return [Finding("results in another order",
                            f"What you return is right, but in the order {names}.")]
    return []


def suspected(problem, evidence, until):
    """
    Return findings about mistakes that no catalogue lists.

    Parameters
    ----------
    problem : Problem
        The exercise.
    evidence : Evidence
        What its cases showed.
    until : float
        The time, of `time.process_time`, at which to stop.

    Returns
    -------
    list of Finding
        The most certain are not sorted to the front.
    """
    if problem.judge or not evidence.runs and not evidence.troubled:
        return []
    findings = _as_if(problem, evidence, until)
    if evidence.runs:
        findings += _exchanged(problem, evidence)
    said = {}
    for i in evidence.wrong:
        if is_numeric(evidence.runs[0].right[i]) and time.process_time() < until:
            what = distorted(problem, problem.results[i], i, evidence.runs)
            if what:
                said.setdefault(what, []).append(evidence.names[i])
    for what, names in said.items():
        every = "every result" if len(names) == len(evidence.names) > 1 else ", ".join(names)
        findings.append(Finding(f"{every}: {what}", "Compare it with the equation.", "",
                                0.98 * len(names) / len(evidence.wrong)))
    return findings
