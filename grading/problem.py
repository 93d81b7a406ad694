"""What an exercise is, for those who check it."""
import inspect
import textwrap
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple


class Part(NamedTuple):
    """What earns points by itself; it is earned when every case of that part is right."""

    name: str
    points: int


class Case(NamedTuple):
    """One call of the answer.

    `facts` says what is special here ("T = 1", "h_0 ≠ 0", "a mask"): where the answer is wrong
    exactly when a fact holds, the learner is told so.
    """

    part: str
    args: tuple
    facts: frozenset = frozenset()


class Result(NamedTuple):
    """One thing that the answer returns.

    `row` is the time step of row 0 where axis 0 is time (0 for states, whose row 0 is the initial
    state; 1 for what starts at step 1), and None where it is not. `back` says that it is computed
    from the last step to the first. `blocks` names the gates whose rows lie stacked in the tensor.
    """

    name: str
    shape: str = ""
    row: int | None = None
    back: bool = False
    blocks: tuple = ()


class Mistake(NamedTuple):
    """A known way to be wrong: lines of the reference, and what stands there by mistake.

    `changes` are pairs (right, wrong); each right text stands exactly once in the reference.
    """

    name: str
    sentence: str
    section: str
    changes: tuple


class Property(NamedTuple):
    """Something that every right answer has, checked without the reference.

    `holds(ask, rng)` calls the answer by `ask(*args)`, which returns the tuple of its results, and
    returns True or a sentence that says what went wrong.
    """

    part: str
    name: str
    holds: Callable


class Problem(NamedTuple):
    """One exercise: the function to write, what it earns, and how it is checked.

    Where there is more than one right answer, `judge(args, got)` returns what is wrong by result.
    """

    name: str
    unit: str
    title: str
    minutes: int
    parts: tuple
    results: tuple
    reference: Callable
    cases: Callable
    mistakes: tuple
    hints: tuple
    tolerance: float = 1e-10
    properties: tuple = ()
    judge: Callable | None = None
    shares: Callable | None = None
    seconds: float = 5.0

    @property
    def points(self):
        """Return what all parts together earn."""
        return sum(part.points for part in self.parts)

    @property
    def arguments(self):
        """Return the names of the arguments."""
        return tuple(inspect.signature(self.reference).parameters)


@cache
def source(function):
    """Return a function's source, moved to the left margin."""
    return textwrap.dedent(inspect.getsource(function))


@lru_cache(maxsize=8192)
def mistaken(reference, changes):
    """Return the reference with changes made in its source, or None where they do not fit.

    Two mistakes can be made at once, as long as the second still finds its line.
    """
    text = source(reference)
    for right, wrong in changes:
        if text.count(right) != 1:
            return None
        text = text.replace(right, wrong)
    namespace = dict(reference.__globals__)
    try:
        exec(compile(text, f"<{reference.__name__}, changed>", "exec"), namespace)
    except SyntaxError:
        return None
    return namespace[reference.__name__]
