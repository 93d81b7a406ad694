"""The exercises, one file per unit: each holds PROBLEMS, in the order of the unit."""
import difflib
from functools import cache
from importlib import import_module

UNITS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10")


@cache
def unit_problems(unit):
    """Return the problems of one unit."""
    return import_module(f"grading.problems.u{unit}").PROBLEMS


@cache
def all_problems():
    """Return all problems by name, in the order of the course."""
    return {problem.name: problem for unit in UNITS for problem in unit_problems(unit)}


def find(name):
    """Return the problem of a name, or raise a ValueError that proposes one."""
    problems = all_problems()
    if name in problems:
        return problems[name]
    near = difflib.get_close_matches(str(name), problems, n=1)
    remedy = f"did you mean {near[0]!r}?" if near else "progress() lists the names."
    raise ValueError(f"name: got {name!r}; there is no such exercise; {remedy}")
