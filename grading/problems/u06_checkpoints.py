"""Unit 06: checkpointing, on a machine that keeps the states to itself."""
from functools import cache

import numpy as np

from grading.comparing import error
from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.u06_machine import Machine, least_steps
from grading.sizes import draw_sizes

CHECK = "06: Checkpointing: store a little, compute again"
LITTLE, WAY = "06: How little is enough?", "03: The derivation"


@cache
def split(n, m):
    """Return how far to run where n steps are to be gone back through, with m places."""
    if n == 1 or m <= 1:
        return n - 1
    return min(range(1, n), key=lambda y: y + least_steps(n - y, m - 1) + least_steps(y, m))


def checkpointed_bptt(T, slots, start, forward, store, load, backward):
    """Return dtheta, dh_0 and the number of steps forward."""
    start()
    store(0)
    kept, end, steps = [0], T, 0
    dh, dtheta = 0.0, 0.0
    while end > 0:
        at, places = kept[-1], slots + 1 - len(kept)
        load(len(kept) - 1)
        stop = at + split(end - at, places)
        for _ in range(stop - at):
            forward()
        steps += stop - at
        if stop < end - 1:
            store(len(kept))
            kept.append(stop)
            continue
        dh, share = backward(dh)
        dtheta = dtheta + share
        steps += 1
        if stop == at:
            kept.pop()
        end = stop
    return dtheta, dh, steps


#: Part, facts, T, slots.
SITUATIONS = (
    ("gradient", ("a place for every step",), 6, 6),
    ("gradient", ("a place for every step",), 9, 12),
    ("gradient", ("a place for every step", "T = 1"), 1, 1),
    ("places", (), 12, 3),
    ("places", (), 20, 2),
    ("places", ("one place",), 7, 1),
    ("steps", (), 10, 3),
    ("steps", (), 23, 4),
    ("steps", (), 30, 5),
    ("steps", (), 16, 2),
    ("steps", ("a place for every step",), 8, 8),
)


def _cases(rng):
    cases = []
    for part, facts, T, slots in SITUATIONS:
        machine = Machine(rng, draw_sizes(rng, T=T), slots, counted=part == "steps")
        callables = (machine.start, machine.forward, machine.store, machine.load, machine.backward)
        cases.append(Case(part, (T, slots, *callables), frozenset(facts)))
    return cases


def _complaints(args, got):
    """Judge the run that began with the last start(): what was returned, and what it took."""
    machine, (dtheta, dh_0, steps) = args[2].__self__, got
    most, said = least_steps(machine.T, machine.slots), {}
    for name, value, right in zip(("dtheta", "dh_0"), (dtheta, dh_0), machine.gradient()):
        if np.shape(value) != right.shape:
            said[name] = f"has shape {np.shape(value)} and must have {right.shape}"
        elif error(value, right) > 1e-10:
            said[name] = f"relative error {error(value, right):.0e}"
    if machine.end:
        said["dtheta"] = f"step {machine.end} has not been gone back through since the last start()"
    taken = machine.steps
    if machine.counted and steps != taken:
        said["steps"] = f"it says {steps} steps forward; the machine counted {taken}"
    elif machine.counted and taken > most:
        said["steps"] = (f"with T = {machine.T} and {machine.slots} places it took {taken} steps "
                         f"forward; {most} are enough")
    return said


CHECKPOINTED_BPTT = Problem(
    name="checkpointed_bptt",
    unit="06",
    title="Few places",
    minutes=40,
    parts=(Part("gradient", 2), Part("places", 1), Part("steps", 2)),
    results=(Result("dtheta", "(H, D+H+1)"), Result("dh_0", "(H, B)"),
             Result("steps", "a whole number")),
    reference=checkpointed_bptt,
    cases=_cases,
    judge=_complaints,
    mistakes=(
        Mistake("each time from the start",
                "Only h_0 is stored, so each step back costs a run from the beginning, and the "
                "number of steps grows like T²/2.",
                CHECK, (("split(end - at, places)", "end - at - 1"),)),
        Mistake("the first places are filled first",
                "States near the start help only at the very end; they wait there for a long time.",
                LITTLE, (("split(end - at, places)",
                          "(min(1, end - at - 1) if places > 1 else end - at - 1)"),)),
        Mistake("cut in halves",
                "What lies behind a stored state has one place less, so it should be shorter: "
                "the best cut is not in the middle.",
                LITTLE, (("split(end - at, places)",
                          "((end - at) // 2 if places > 1 else end - at - 1)"),)),
        Mistake("cut in halves, however few places are left",
                "When all places are taken, run on to the state that is needed next.",
                LITTLE, (("split(end - at, places)", "(end - at) // 2"),)),
        Mistake("stored at equal distances",
                "Segments of √T steps are best with a tape for a whole segment; here it holds one "
                "step.", LITTLE, (("split(end - at, places)",
                                   "(min(int(T ** 0.5), end - at - 1) if places > 1 "
                                   "else end - at - 1)"),)),
        Mistake("one place stays unused",
                "All places can be used, the one with h_0 included.",
                LITTLE, (("slots + 1 - len(kept)", "slots - len(kept)"),)),
        Mistake("a place for every step",
                "A place is used again when the state in it has been gone back through; there is "
                "none with the number of each step.",
                CHECK, (("store(len(kept))", "store(stop)"), ("load(len(kept) - 1)", "load(at)"))),
        Mistake("one step too far",
                "Going back through step t needs the state before it, h_{t-1}.",
                CHECK, (("range(stop - at)", "range(stop - at + 1)"),)),
        Mistake("the stored state is not loaded",
                "After a step back, go on from the last state that is stored.",
                CHECK, (("load(len(kept) - 1)", "load(0) if end == T else None"),)),
        Mistake("always loaded from the same place",
                "Run on from the last state that is stored, not from h_0.",
                CHECK, (("load(len(kept) - 1)", "load(0)"),)),
        Mistake("dh is not handed on",
                "What a step back returns is what the step before it needs.",
                WAY, (("backward(dh)", "backward(0.0)"),)),
        Mistake("the shares overwrite each other",
                "The shares of all copies add up.",
                WAY, (("dtheta = dtheta + share", "dtheta = share"),)),
        Mistake("the steps onto the tape are not counted",
                "Going back through a step takes it forward once more.",
                LITTLE, (("steps += 1", "steps += 0"),)),
        Mistake("only the steps onto the tape are counted",
                "The runs from a stored state to another count as well.",
                LITTLE, (("steps += stop - at", "steps += 0"),)),
    ),
    hints=(
        "First make it work with one place: load h_0, run to the state before the last step, go "
        "back through it, and begin again. Then ask which states it pays to keep on the way.",
        "n steps with m places: run y steps and store; do the n-y steps behind with m-1 places, "
        "then the y steps before with m. The best y makes y + C(n-y, m-1) + C(y, m) least.",
        "A function that calls itself makes it short: `def back_through(at, n, m):` loads place "
        "slots-m, and ends when n = 1 with `backward(dh)`.",
    ),
)
