"""What it costs, held against arrays that are made and products that are counted."""
from collections import Counter

import numpy as np
import pytest

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.diagnostics import operations, tape_bytes
from bpttlib.params import CellParams
from bpttlib.tape import new_tape

CELLS = [Elman(), LSTM(), GRU()]
ids = [type(cell).__name__ for cell in CELLS]


@pytest.mark.parametrize("cell", CELLS, ids=ids)
@pytest.mark.parametrize("dtype", ["float32", float, complex])
def test_bytes_are_those_of_a_tape(cell, dtype):
    for T, H, B in ((1, 1, 1), (7, 5, 3), (20, 2, 11)):
        made = sum(array.nbytes for array in new_tape(cell, T, H, B, dtype))
        assert tape_bytes(cell, T, H, B, dtype) == made


def test_no_memory_is_taken_to_count_bytes():
    assert tape_bytes(LSTM(), T=10**9, H=10**4, B=10**3) > 10**17
    with pytest.raises(ValueError, match="T: got 0"):
        tape_bytes(LSTM(), T=0, H=1, B=1)


class Counted(np.ndarray):
    """An array that keeps a list of the matrix products it takes part in."""

    products = Counter()

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **rest):
        plain = [np.asarray(array) for array in inputs]
        if out is not None:
            rest["out"] = tuple(np.asarray(array) for array in out)
        result = getattr(ufunc, method)(*plain, **rest)
        if ufunc is np.matmul:
            shape = (*result.shape, plain[0].shape[-1])         # (…, m, p) and n
            Counted.products[shape] += 1
        return result.view(Counted)

    def dot(self, other):
        return self @ other


@pytest.mark.parametrize("need_dx", [True, False])
@pytest.mark.parametrize("cell", CELLS, ids=ids)
def test_operations_are_those_of_the_products_that_are_taken(cell, need_dx):
    T, B, D, H = 7, 5, 3, 4
    GH, rng = len(cell.gates) * H, np.random.default_rng(0)
    params = CellParams(*(rng.normal(size=shape).view(Counted)
                          for shape in ((GH, D), (GH, H), (GH, 1))))
    x = rng.normal(size=(T, D, B))
    tape = cell.Tape(*(array.view(Counted) for array in new_tape(cell, T, H, B)))

    def count(run):
        """Return the multiply-adds of products that are taken once, and of those in the loop."""
        Counted.products.clear()
        run()
        loop = [np.prod(shape) * n for shape, n in Counted.products.items() if n == T]
        once = [np.prod(shape) * n for shape, n in Counted.products.items() if n != T]
        assert all(n in (1, T) for n in Counted.products.values())
        return sum(once), sum(loop)

    there = count(lambda: unroll(cell, params, x, tape=tape))
    back = count(lambda: bptt(cell, params, x, tape, rng.normal(size=(T, H, B)), need_dx=need_dx))
    counted = operations(cell, T, B, D, H, need_dx)
    assert (counted.forward_over_time, counted.forward_in_loop) == there
    assert (counted.backward_over_time, counted.backward_in_loop) == back
