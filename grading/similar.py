"""Find submissions that are alike: advice for a person who then looks at both, and no verdict.

What was given out, what stands in the lessons, and what more than a tenth of the class wrote says
nothing, and is left out. Of the pieces that are left, two submissions share a part.
"""
import itertools
from collections import Counter
from functools import cache
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from grading import intake
from grading.files import find_submissions
from grading.grade import ROOT, given_cells
from grading.pieces import marks
from grading.problem import source
from grading.problems import unit_problems

LEAST = 20  # rare pieces that two must share, or it is chance: about two lines
COMMON = 0.1  # of a class; what more of it wrote is no sign of copying
COLUMNS = 4096  # of pieces that are compared at once


class Work(NamedTuple):
    """What a student wrote, and its pieces that were not given out."""

    student: str
    text: str
    own: frozenset
    words: frozenset


class Pair(NamedTuple):
    """Two submissions, the share of rare pieces that they have in common, and how many it are."""

    left: Work
    right: Work
    share: float
    as_written: float
    shared: frozenset


@cache
def given(unit, as_written=False):
    """Return the marks of all that students got: the exercises, and the code of the lessons."""
    import nbformat

    books = [ROOT / f"exercises/{unit}/{unit}.ipynb", *sorted(ROOT.glob("notebooks/*.ipynb"))]
    cells = [cell.source for book in books for cell in nbformat.read(book, as_version=4).cells
             if cell.cell_type == "code"]
    return frozenset().union(*(marks(cell, as_written) for cell in cells))


def work_of(student, text, unit):
    """Return what a student wrote without what was given out."""
    return Work(student, text, marks(text) - given(unit), marks(text, True) - given(unit, True))


def the_course_itself(unit):
    """Return the answers that lie open in grading/problems, as if somebody had handed them in."""
    text = "\n\n".join(source(problem.reference) for problem in unit_problems(unit))
    return work_of("the course's own answers", text, unit)


def read_class(folder, unit, by_name=False):
    """Return what a class wrote, and (student, reason) for what cannot be read."""
    names = [problem.name for problem in unit_problems(unit)]
    cells = [cell for cell, _ in given_cells(unit)]
    works, unread = [], []
    found = [one for one in find_submissions(folder, unit, by_name) if one[0] is not None]
    for student, place in tqdm(found, unit="submission", disable=None):
        try:
            submission = intake.read(place, unit, names, cells)
        except (intake.Unreadable, OSError) as problem:
            unread.append((student, str(problem)[:200]))
        else:
            works.append(work_of(student, "\n\n".join(submission.sources), unit))
    return works, unread


def rare(sets):
    """Return sets without what more than a tenth of them have; two may always share a piece."""
    count = Counter(itertools.chain.from_iterable(sets))
    most = max(2, COMMON * len(sets))
    return [frozenset(mark for mark in one if count[mark] <= most) for one in sets]


def shared_counts(sets):
    """Return S[i, j] = how many elements sets i and j share, as a matrix."""
    count = Counter(itertools.chain.from_iterable(sets))
    place = {mark: k for k, mark in enumerate(mark for mark, n in count.items() if n > 1)}
    S = np.zeros((len(sets), len(sets)), np.float32)
    for start in range(0, len(place), COLUMNS):
        X = np.zeros((len(sets), COLUMNS), np.float32)
        for row, one in zip(X, sets):
            row[[place[mark] - start for mark in one
                 if start <= place.get(mark, -1) < start + COLUMNS]] = 1
        S += X @ X.T
    return S


def _share(one, other):
    """Return which part of the smaller set the other one has, too."""
    return len(one & other) / max(1, min(len(one), len(other)))


def similar_pairs(works, threshold):
    """
    Return the pairs that share at least a part of their rare pieces, the most alike first.

    Parameters
    ----------
    works : list of Work
        What the class wrote.
    threshold : float
        The share, from 0 to 1.

    Returns
    -------
    list of Pair
        Those above it, which share at least LEAST pieces.
    """
    sets = rare([work.own for work in works])
    words = rare([work.words for work in works])
    S = shared_counts(sets)
    size = np.array([len(one) for one in sets])
    share = S / np.maximum(1, np.minimum(size[:, np.newaxis], size))
    alike = np.argwhere(np.triu((share >= threshold) & (S >= LEAST), 1))
    found = [Pair(works[i], works[j], float(share[i, j]), _share(words[i], words[j]),
                  sets[i] & sets[j]) for i, j in alike]
    return sorted(found, key=lambda pair: (-pair.share, -len(pair.shared)))


def like_the_course(works, unit, threshold):
    """Return the pairs of a submission and the course's own answers; all pieces count."""
    course = the_course_itself(unit)
    found = [Pair(work, course, _share(work.own, course.own), _share(work.words, course.words),
                  work.own & course.own) for work in works]
    found = [pair for pair in found if pair.share >= threshold and len(pair.shared) >= LEAST]
    return sorted(found, key=lambda pair: (-pair.as_written, -pair.share))
