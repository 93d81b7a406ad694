"""Compare results with the right ones, tensor by tensor."""
from typing import NamedTuple

import numpy as np

SINGLE = 1e-4  # the tolerance where the right result is in single precision


class Verdict(NamedTuple):
    """How one result of one case compares with the right one."""

    name: str
    shape: tuple
    error: float
    ok: bool
    sentence: str = ""
    step: int | None = None


def error(got, right):
    """Return ‖got - right‖_∞ / max(‖got‖_∞, ‖right‖_∞, 1e-12), without warnings."""
    got, right = np.asarray(got, float), np.asarray(right, float)
    if got.shape != right.shape:
        return np.inf
    scale = max(np.abs(got).max(initial=0), np.abs(right).max(initial=0), 1e-12)
    return float(np.abs(got / scale - right / scale).max(initial=0))


def is_numeric(value):
    """Tell whether a value is an array or a number that can be nearly right."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f"
    return isinstance(value, (float, np.floating))


def equal(got, right, tolerance=0.0):
    """Tell whether two values are the same, item by item, and numbers nearly so."""
    if is_numeric(right):
        return is_numeric(got) and error(got, right) <= tolerance
    if type(got) is not type(right):
        return False
    if isinstance(right, np.ndarray):
        return np.array_equal(got, right)
    if isinstance(right, dict):
        return got.keys() == right.keys() and all(equal(got[k], right[k], tolerance) for k in right)
    if isinstance(right, (tuple, list)):
        return len(got) == len(right) and all(equal(*two, tolerance) for two in zip(got, right))
    return got == right


def first_wrong(result, got, right, tolerance):
    """Return the first time step, in the order of computing, at which a result is wrong."""
    if result.row is None or got.shape != right.shape:
        return None
    scale = max(np.abs(right).max(initial=0), 1e-12)
    axes = tuple(range(1, right.ndim))
    wrong = np.flatnonzero(np.abs(got - right).max(axis=axes, initial=0) > tolerance * scale)
    if len(wrong) == 0:
        return None
    return int(wrong[-1 if result.back else 0]) + result.row


def _shape_sentence(got, right):
    """Say how a shape is wrong."""
    if got.shape == right.shape[::-1]:
        return f"has shape {got.shape}, which is the transpose of {right.shape}"
    if got.ndim < right.ndim and got.size == right.size:
        return f"has shape {got.shape} and must keep all axes: {right.shape}"
    return f"has shape {got.shape} and must have {right.shape}"


def compare_one(result, got, right, tolerance):
    """Compare one result."""
    if not is_numeric(right):
        same = equal(got, right, tolerance)
        shape = getattr(got, "shape", ())
        return Verdict(result.name, shape, 0.0 if same else np.inf, bool(same),
                       "" if same else "is not right")
    if isinstance(right, np.ndarray) and right.dtype == np.float32:
        tolerance = max(tolerance, SINGLE)
    shape = np.shape(got)
    if shape != np.shape(right):
        return Verdict(result.name, shape, np.inf, False, _shape_sentence(got, right))
    off = error(got, right)
    if off <= tolerance:
        return Verdict(result.name, shape, off, True)
    step = first_wrong(result, got, right, tolerance)
    return Verdict(result.name, shape, off, False, f"relative error {off:.0e}", step)


def compare(results, got, right, tolerance):
    """
    Compare all results of one case.

    Parameters
    ----------
    results : sequence of Result
        What is compared.
    got, right : tuple
        The results of the answer and of the reference.
    tolerance : float
        The largest relative error that is right.

    Returns
    -------
    tuple of Verdict
        One for each result.
    """
    return tuple(compare_one(*three, tolerance) for three in zip(results, got, right))
