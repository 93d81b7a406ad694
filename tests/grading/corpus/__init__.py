"""Submissions of every kind, made when they are wanted, each with the score that it deserves.

    honest.py    what students mean to hand in: right, partly right, wrong, unfinished
    styles.py    the same, in more manners
    damaged.py   what editors, browsers and file systems make of it
    greedy.py    what takes too much: time, memory, disk, output, processes
    cheating.py  what wants points that it has not earned, or what is not its own
    making.py    how they are made

All but a few are of unit 03, whose three exercises earn 3, 4 and 8 points.
"""
from tests.grading.corpus import cheating, damaged, greedy, honest, styles


def corpus(facts=None):
    """Return all submissions by name; `facts` are what some of them aim at."""
    entries = [*honest.entries(), *styles.entries(), *damaged.entries(), *greedy.entries(),
               *cheating.entries(facts or {})]
    assert len({entry.name for entry in entries}) == len(entries)
    return {entry.name: entry for entry in entries}
