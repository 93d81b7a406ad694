"""Which steps' shares in a sum over time are missing, doubled or wrong.

A gradient of a tied parameter is the sum of the shares of its copies. Where a problem tells the
shares, a wrong sum can be read as Σ_t c_t share_t; c_t = 0: the share of step t is missing.
"""
import numpy as np

from grading.comparing import error
from grading.diagnosis import CLOSE


def _coefficients(got, shares):
    """Return c with got = Σ c_t share_t, or None if the shares cannot make it up.

    Where a share is zero, as that of h_0 may be, c_t is NaN.
    """
    columns = shares.reshape(len(shares), -1).T
    there = columns.any(axis=0)
    columns = columns[:, there]
    if got.shape != shares.shape[1:]:
        return None
    c = np.full(len(shares), np.nan)
    c[there], _, rank, _ = np.linalg.lstsq(columns, got.ravel(), rcond=None)
    made = (columns @ c[there]).reshape(got.shape)
    return c if rank == there.sum() and error(made, got) <= CLOSE else None


def _in_words(c):
    """Say which steps are odd; steps are counted from 1."""
    T = len(c)
    there = [t for t in range(1, T + 1) if not np.isnan(c[t - 1])]
    odd = [t for t in there if abs(c[t - 1] - 1) > 1e-5]
    if not odd or T < 3:
        return None
    value = c[odd[0] - 1]
    if any(abs(c[t - 1] - value) > 1e-5 for t in odd):
        return None
    if odd == there:
        return None  # a factor, and said as such
    if abs(value) < 1e-5 and len(odd) > len(there) / 2:
        kept = [t for t in there if t not in odd]
        if kept in ([1], [T]):
            return f"holds only the share of the {'first' if kept == [1] else 'last'} step"
    place = {1: "the first step", T: "the last step"}.get(odd[0], "a step in the middle")
    if len(odd) > 1:
        place = "some steps"
    if abs(value) < 1e-5:
        return f"lacks the share of {place}"
    return f"holds the share of {place} {value:.3g} times"


def odd_shares(problem, result, i, runs):
    """
    Say which steps' shares are odd in a wrong result.

    Parameters
    ----------
    problem : Problem
        The exercise; its `shares(*args)` returns a dictionary from names of results to their
        shares, (T, …) with the step first.
    result : Result
        The result.
    i : int
        Its place among the results.
    runs : list of Run
        The cases in which it is wrong.

    Returns
    -------
    str or None
        What goes on after its name: "lacks the share of the first step".
    """
    if problem.shares is None:
        return None
    said = set()
    for run in runs:
        shares = problem.shares(*run.case.args).get(result.name)
        if shares is None:
            return None
        if not 3 <= len(shares) <= shares[0].size:
            continue  # too few steps to tell, or too many
        c = _coefficients(run.got[i], shares)
        if c is None:
            return None
        said.add(_in_words(c))
    if len(said) != 1 or None in said:
        return None
    return said.pop()
