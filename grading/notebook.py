"""What a learner calls: check, hint and progress."""
import os
from pathlib import Path

import numpy as np

from grading import notes
from grading.ask import Asker
from grading.examine import UNREADABLE, Report, examine
from grading.problems import all_problems, find
from grading.shown import Shown, Text


def check(name, answer, seed=0):
    """
    Check an answer on random cases, and say what is wrong with it.

    The answer gets copies of its arguments and a limited time. What it earns is kept in
    `progress.json`; the best try counts.

    Parameters
    ----------
    name : str
        The exercise, such as "elman_backward".
    answer : callable
        Your function.
    seed : int, default 0
        Draws the cases: another seed draws others.

    Returns
    -------
    Shown
        The report; a notebook shows it where it ends a cell.

    Raises
    ------
    ValueError
        If there is no such exercise.

    See Also
    --------
    hint : Opens the next hint.
    progress : Shows what has been reached.

    Examples
    --------
    >>> from grading import check
    >>> check("relative_error", None)  # doctest: +SKIP
    ? relative_error: could not be checked, 0 of 1 points: the answer is a value of type NoneType …
    """
    problem = find(name)
    if not callable(answer):
        nothing = {part.name: 0 for part in problem.parts}
        said = (f"the answer is a value of type {type(answer).__name__}; pass the function itself: "
                f"check({name!r}, {name})")
        report = Report(problem, UNREADABLE, nothing, (), sentence=said)
    else:
        asker = Asker(answer, problem.seconds)
        report = examine(problem, asker, np.random.default_rng([seed, len(name)]))
        report = report._replace(output=asker.output)
    notes.record(report)
    return Shown(report)


def hint(name):
    """
    Open the next hint of an exercise; the ones before it are shown again.

    Hints cost nothing. There are three: where to look, which equation, how the line begins.

    Parameters
    ----------
    name : str
        The exercise.

    Returns
    -------
    Text
        The hints that are open.

    Raises
    ------
    ValueError
        If there is no such exercise.

    See Also
    --------
    check : Checks an answer.

    Examples
    --------
    >>> hint("elman_backward")  # doctest: +SKIP
    Hint 1 of 3: …
    """
    hints = find(name).hints
    opened = notes.open_hint(name, len(hints))
    lines = [f"Hint {i} of {len(hints)}: {text}" for i, text in enumerate(hints[:opened], 1)]
    return Text("\n".join(lines))


def progress(export=None, reset=False):
    """
    Show what has been reached, exercise by exercise.

    It is read from `progress.json`, which is yours: look at it, copy it, or begin anew.

    Parameters
    ----------
    export : str, optional
        A CSV file to write the table to; it must not exist yet.
    reset : bool, default False
        Whether to begin anew: the file is kept under another name.

    Returns
    -------
    Text
        The table.

    Raises
    ------
    FileExistsError
        If the file to export to is there already.

    See Also
    --------
    check : Checks an answer.

    Examples
    --------
    >>> progress(export="my-progress.csv")  # doctest: +SKIP
    """
    known, rows = notes.load(), []
    for problem in all_problems().values():
        note = known.get(problem.name, {})
        rows.append((problem.unit, problem.name, note.get("points", 0), problem.points,
                     note.get("last", "not attempted"), note.get("tries", 0),
                     note.get("hints", 0)))
    if export is not None:
        notes.export(Path(export), rows, ("unit", "exercise", "points", "of", "last", "tries",
                                          "hints"))
    path = notes.place()
    if reset and path.exists():
        kept = notes.unused(path, "before")
        os.replace(path, kept)
        return Text(f"Your progress begins anew; what you had is kept in {kept.name}.")
    lines = [f"{unit}  {name:<28} {got:>3} of {most:>2}  {last}"
             for unit, name, got, most, last, _, _ in rows]
    total = f"{sum(row[2] for row in rows)} of {sum(row[3] for row in rows)} points"
    return Text("\n".join([*lines, f"{total}, kept in {path.name}"]))
