"""Make every known mistake on purpose, and see what the diagnosis calls it.

`python -m grading confusion [NAME ...]` prints, per exercise, a row for each mistake that is made
and a column for each that is named first, and how often two mistakes at once are recognised.
"""
import itertools
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from grading.ask import Asker
from grading.examine import CORRECT, examine
from grading.problem import mistaken


class Pairs(NamedTuple):
    """Two mistakes at once: how many pairs there are, were accepted, and were recognised."""

    made: int
    accepted: int
    named: int


def report_on(problem, function, seed=0):
    """Return the report on a function as an answer to a problem."""
    return examine(problem, Asker(function, problem.seconds), np.random.default_rng(seed))


def named_first(problem, changes, seed=0):
    """Return what the diagnosis names first when changes are made, or that nothing was found."""
    report = report_on(problem, mistaken(problem.reference, changes), seed)
    if report.outcome == CORRECT:
        return "(accepted)"
    return report.findings[0].name if report.findings else "(nothing)"


def confusion(problem, seed=0):
    """Return for each known mistake what is named first when it is made."""
    return {mistake.name: named_first(problem, mistake.changes, seed)
            for mistake in problem.mistakes}


def pairs(problem, seed=0):
    """Make each two mistakes of a problem at once, as far as both can be made."""
    made = accepted = named = 0
    for one, two in itertools.combinations(problem.mistakes, 2):
        function = mistaken(problem.reference, one.changes + two.changes)
        if function is None:
            continue
        report = report_on(problem, function, seed)
        made += 1
        accepted += report.outcome == CORRECT
        named += bool({one.name, two.name} & {finding.name for finding in report.findings})
    return Pairs(made, accepted, named)


def matrix(problem, seed=0):
    """Return the confusion matrix of one problem as text."""
    rows = confusion(problem, seed)
    names = list(rows)
    strangers = [name for name in rows.values() if name not in names]
    columns = names + sorted(set(strangers))
    lines = [f"{problem.name}: made (rows), named first (columns)"]
    for number, (made, named) in enumerate(rows.items(), 1):
        marks = " ".join("■" if column == named else "·" for column in columns)
        lines.append(f"  {number:>2}  {marks}   {made}" + ("" if made == named else f" → {named}"))
    return "\n".join(lines)


def main(problems, with_pairs=True):
    """Print the matrices of the problems and a line about all; return the exit code."""
    made = right = 0
    both = Pairs(0, 0, 0)
    for problem in tqdm(problems, unit="exercise", disable=None):
        tqdm.write(matrix(problem))
        rows = confusion(problem)
        made, right = made + len(rows), right + sum(a == b for a, b in rows.items())
        if with_pairs:
            two = pairs(problem)
            both = Pairs(*map(sum, zip(both, two)))
            tqdm.write(f"  two at once: {two.named} of {two.made} recognised, "
                       f"{two.accepted} accepted\n")
    print(f"{made} mistakes in {len(problems)} exercises: {right} named first")
    if both.made:
        print(f"{both.made} pairs: {both.named} recognised ({both.named / both.made:.0%}), "
              f"{both.accepted} accepted")
    return int(right < made or both.accepted > 0 or both.named < 0.8 * both.made)
