"""Checks for learners: `from grading import check, hint, progress`.

    problem.py     what an exercise is: parts, cases, mistakes
    problems/      the exercises, one file per unit
    sizes.py       random sizes and numbers for the cases
    ask.py         call an answer safely: copies, a time limit, its output kept
    reading.py     take what it returned as plain numbers, or say why not
    comparing.py   tensor by tensor: shape, worst relative error, first wrong time step
    examine.py     all cases of a problem -> a report with points
    diagnosis.py   which mistake it is: the catalogue first, then mistakes in general
    suspects.py    the mistakes in general: factors, signs, shifts, ignored arguments
    shares.py      the steps whose share in a sum is missing, doubled or wrong
    notebook.py    what a learner calls, and how a report looks
    notes.py       the file that remembers points and hints

A file imports those that it needs of the ones above it in this list; only `examine.py` also
calls the diagnosis.
"""
from grading.notebook import check, hint, progress

__all__ = ["check", "hint", "progress"]
