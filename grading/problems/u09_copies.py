"""The share of each copy of the parameters, without a second backward pass to be wrong."""
import numpy as np


def shares_of_copies(backward, results, rows, args):
    """Return the shares, (T, …), of the results that are sums over time.

    Any slice of a tape is a tape: the gradient of the steps after k, minus that of the steps after
    k+1, is the share of step k+1. `rows` are the places of the arguments that have rows in time.
    """
    T = len(args[rows[0]])
    after = [backward(*(value[k:] if place in rows else value for place, value in enumerate(args)))
             for k in range(T)]
    return {result.name: -np.diff([sums[i] for sums in after] + [0 * after[0][i]], axis=0)
            for i, result in enumerate(results) if result.name.startswith(("dW", "db"))}
