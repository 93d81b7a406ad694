"""
BPTT and offline real-time recurrent learning are the same gradient.

Williams and Zipser 1995, Gradient-based learning algorithms for recurrent networks and their
computational complexity, in Chauvin and Rumelhart (eds), Backpropagation: theory, architectures
and applications; the algorithm is that of Williams and Zipser 1989, Neural Computation 1(2).

Protocol. Elman network, LSTM and GRU, 6 units, 4 inputs, 3 sequences of 15 steps, random
parameters, inputs, initial states and losses at every step; five seeds. The weights stay as they
are over the sequence (offline). The error is ‖g - ĝ‖_∞ / max(‖g‖_∞, ‖ĝ‖_∞) for each tensor, the
largest of all; no variance enters. Rounding alone may part the two: the limit is 1e-12.
"""
import numpy as np

from benchmarks.published._table import Row, verdict
from bpttlib import cells
from bpttlib.bptt import bptt, unroll
from bpttlib.gradcheck import relative_error
from bpttlib.params import CellParams
from bpttlib.rtrl import rtrl

SOURCE = "Williams & Zipser 1995"
EXACT = True
T, B, D, H, SEEDS, LIMIT = 15, 3, 4, 6, 5, 1e-12


def parts(smoke):
    """Return a part for each cell."""
    return [{"cell": name} for name in ("Elman", "LSTM", "GRU")]


def measure(cell):
    """Return the largest relative error of each seed."""
    return {"cell": cell, "errors": [error(getattr(cells, cell)(), seed) for seed in range(SEEDS)]}


def error(cell, seed):
    """Return the largest relative error over the tensors."""
    rng, rows = np.random.default_rng(seed), len(cell.gates) * H
    params = CellParams(*(rng.normal(size=(rows, n)) / np.sqrt(n) for n in (D, H, 1)))
    x, own = rng.normal(size=(T, D, B)), rng.normal(size=(T, H, B))
    s0 = tuple(rng.normal(size=(H, B)) for _ in cell.state)
    backward = bptt(cell, params, x, unroll(cell, params, x, s0), own).params
    forward = rtrl(cell, params, x, own, s0)
    return float(max(relative_error(*pair) for pair in zip(backward, forward, strict=True)))


def rows(results):
    """Return the rows of the table."""
    return [Row(SOURCE, f"{result['cell']}: BPTT against offline RTRL, relative error", "equal",
                f"at most {max(result['errors']):.0e} (n = {len(result['errors'])})",
                verdict(max(result["errors"]) < LIMIT)) for result in results]
