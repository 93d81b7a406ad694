"""Random sizes and numbers for the cases of an exercise.

Zeros and ones would hide mistakes, and so would sizes that are equal by accident: unless a case is
made for it, no two sizes of a case are the same.
"""
from typing import NamedTuple

import numpy as np


class Sizes(NamedTuple):
    """Steps, inputs, units, outputs and sequences of one case."""

    T: int
    D: int
    H: int
    K: int
    B: int


def draw_sizes(rng, **fixed):
    """Draw sizes that differ from each other; keyword arguments fix some of them."""
    numbers = [n for n in range(2, 9) if n not in fixed.values()]
    free = [name for name in Sizes._fields if name not in fixed]
    drawn = rng.permutation(numbers)[:len(free)]
    return Sizes(**{name: int(n) for name, n in zip(free, drawn)}, **fixed)


def weights(rng, rows, columns):
    """Draw a weight matrix whose product with a state neither dies nor saturates a tanh."""
    return rng.normal(size=(rows, columns)) / np.sqrt(columns)


def draw_mask(rng, T, B):
    """Draw a mask (T, B) in which some steps in the middle do not count."""
    mask = rng.random((T, B)) < 0.6
    mask[0, 0] = mask[-1, -1] = True
    if T > 2:
        mask[T // 2, 0] = False
    elif T * B > 1:
        mask.flat[1] = False
    return mask


#: The situations in which sequences are tried: part, what is special, and the sizes that are fixed.
SITUATIONS = (
    ("sequence", (), {}),
    ("sequence", (), {}),
    ("sequence", ("T = 1",), {"T": 1}),
    ("sequence", ("B = 1",), {"B": 1}),
    ("sequence", ("H = D",), {"D": 4, "H": 4}),
    ("initial state", ("h_0 ≠ 0",), {}),
    ("initial state", ("h_0 ≠ 0", "T = 1"), {"T": 1}),
    ("initial state", ("h_0 ≠ 0", "B = 1"), {"B": 1}),
    ("masks", ("a mask",), {}),
    ("masks", ("a mask", "h_0 ≠ 0"), {"T": 7}),
)


def situations(rng, parts=("sequence", "initial state", "masks")):
    """Yield (part, facts, sizes) for every situation of the parts named."""
    for part, facts, fixed in SITUATIONS:
        if part in parts:
            yield part, frozenset(facts), draw_sizes(rng, **fixed)
