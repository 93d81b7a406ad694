"""Results that are right but for a factor, a transpose, a shift in time, moved gates."""
import itertools

import numpy as np

from grading.comparing import error
from grading.diagnosis import CLOSE, same
from grading.shares import odd_shares


def _sizes(problem, args):
    """Return what the sizes are called in a case, as far as its arguments tell."""
    found = {}
    for name, value in zip(problem.arguments, args):
        if not isinstance(value, np.ndarray):
            continue
        if name in ("x", "dh_own", "y", "target", "mask") and value.ndim >= 2:
            found["T"], found["B"] = value.shape[0], value.shape[-1]
        if name == "mask":
            found["N"] = int(value.sum())
        if name == "h_0" and value.ndim == 2:
            found["H"], found["B"] = value.shape
    if "T" in found and "B" in found:
        found["T·B"] = found["T"] * found["B"]
    return found


def _factor(got, right):
    """Return c where got = c · right, and None where it is not."""
    if np.shape(got) != np.shape(right):
        return None
    right, got = np.ravel(right), np.ravel(got)
    c = float(got @ right / max(right @ right, 1e-300))
    return c if c and error(got, c * right) <= CLOSE else None


def _named_factors(sizes):
    """Yield factors that come up by mistake, with how they are said."""
    yield -1.0, "has the wrong sign"
    yield 2.0, "twice as large as it should be"
    yield 0.5, "half as large as it should be"
    for name, n in sizes.items():
        yield float(n), f"{name} times as large as it should be: a sum in place of a mean"
        yield 1 / n, f"divided by {name} once too often: a mean in place of a sum"
    for (one, n), (two, m) in itertools.permutations(sizes.items(), 2):
        yield n / m, f"divided by {two} where it should be divided by {one}"


def _by_factor(i, runs, problem):
    """Say by which factor a result is off, if it is by one that has a name, or is a constant."""
    candidates, constants = None, set()
    for run in runs:
        if not np.any(run.right[i]) and not np.any(run.got[i]):
            continue
        c = _factor(run.got[i], run.right[i])
        if c is None:
            return None
        constants.add(round(c, 6))
        fits = [said for n, said in _named_factors(_sizes(problem, run.case.args))
                if abs(c / n - 1) < 1e-6]
        candidates = fits if candidates is None else [s for s in candidates if s in fits]
    if candidates:
        return candidates[0]
    return f"off by the factor {constants.pop():g}" if len(constants) == 1 else None


def _distortions(result, right):
    """Yield (what happened, the distorted result) for an array."""
    yield "is zero everywhere", np.zeros_like(right)
    if not isinstance(right, np.ndarray):
        return
    if right.ndim == 2:
        yield "is transposed", right.T
    if result.row is not None:
        yield "is in reverse order of time", right[::-1]
        yield "comes one step late", np.concatenate([right[:1] * 0, right[:-1]])
        yield "comes one step early", np.concatenate([right[1:], right[:1] * 0])
        yield "lacks its first row", right[1:]
        yield "lacks its last row", right[:-1]
    if right.ndim >= 2 and right.shape[-1] == 1:
        yield "has lost its last axis: keepdims=True keeps it", right[..., 0]
    if right.ndim >= 2:
        yield "is summed over its last axis", right.sum(axis=-1)
        yield "is summed over its last axis", right.sum(axis=-1, keepdims=True)
    yield "has lost its signs", np.abs(right)
    yield from _gates_moved(result, right)


def _by_name(result, right):
    """Return the distorted results under what is said of them."""
    found = {}
    for name, value in _distortions(result, right):
        found.setdefault(name, []).append(value)
    return found


def _gates_moved(result, right):
    """Yield the result with blocks of gates exchanged, negated or zero."""
    G = len(result.blocks)
    rows = right.shape[0 if right.ndim == 2 else 1] if right.ndim >= 2 else 0
    if G < 2 or rows % G:
        return
    axis = 0 if right.ndim == 2 else 1
    blocks = np.split(right, G, axis)
    for order in itertools.permutations(range(G)):
        if list(order) != sorted(order):
            names = " ".join(result.blocks[k] for k in order)
            yield (f"has its gates in the order {names}",
                   np.concatenate([blocks[k] for k in order], axis))
    for k, gate in enumerate(result.blocks):
        for said, factor in (("is zero in", 0), ("has the wrong sign in", -1)):
            parts = [factor * b if j == k else b for j, b in enumerate(blocks)]
            yield f"{said} the rows of gate {gate}", np.concatenate(parts, axis)


def _wrong_gates(result, i, runs):
    """Name the gates whose rows are wrong, when others are right."""
    G = len(result.blocks)
    if G < 2 or any(np.shape(r.got[i]) != np.shape(r.right[i]) for r in runs):
        return None
    wrong = set()
    for run in runs:
        axis = 0 if run.right[i].ndim == 2 else 1
        pairs = zip(result.blocks, np.split(run.got[i], G, axis), np.split(run.right[i], G, axis))
        wrong |= {gate for gate, got, right in pairs if error(got, right) > CLOSE}
    if 0 < len(wrong) < G:
        gates = ", ".join(gate for gate in result.blocks if gate in wrong)
        return f"is wrong in the rows of {gates} only"
    return None


def distorted(problem, result, i, runs):
    """
    Return in words how one result is distorted.

    Parameters
    ----------
    problem : Problem
        The exercise.
    result : Result
        The result.
    i : int
        Its place among the results.
    runs : list of Run
        The cases.

    Returns
    -------
    str or None
        What goes on after its name: "is transposed".
    """
    wrong = [run for run in runs if not same(run.got[i], run.right[i])] or runs
    said = _by_factor(i, runs, problem)
    if said:
        return said
    variants = [_by_name(result, run.right[i]) for run in runs]
    for name in variants[0]:
        if all(any(same(run.got[i], d) for d in found.get(name, ()))
               for run, found in zip(runs, variants)):
            return name
    return _wrong_gates(result, i, wrong) or odd_shares(problem, result, i, wrong)
