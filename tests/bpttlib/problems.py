"""A small model with random parameters, data, mask and initial state, for several tests."""
import numpy as np

from bpttlib.batch import Batch
from bpttlib.cells import Elman
from bpttlib.model import Model
from bpttlib.params import tree_map


def a_problem(loss="squared_error", cell=None, T=5, B=3, seed=0):
    rng = np.random.default_rng(seed)
    model = Model(cell or Elman(), D=2, H=4, K=3, loss=loss)
    params = tree_map(lambda p: p + rng.normal(size=p.shape) * 0.3, model.init(rng))
    targets = (rng.normal(size=(T, 3, B)) if loss == "squared_error" else
               rng.integers(3, size=(T, B)))
    mask = rng.random((T, B)) < 0.7
    mask[-1, 0] = True
    batch = Batch(rng.normal(size=(T, 2, B)), targets, mask)
    return model, params, batch, tuple(rng.normal(size=(4, B)) for _ in model.cell.state)
