"""What the trained networks share: their cells, their first biases, and one call of `fit`."""
import numpy as np

from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.init import orthogonal, scaled_identity
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.params import tree_map
from bpttlib.tasks import batches
from bpttlib.train import fit

CELLS = {"LSTM": (LSTM(), orthogonal), "GRU": (GRU(), orthogonal),
         "IRNN": (Elman("relu"), scaled_identity),          # rectifiers, from the identity
         "linear": (Elman("identity"), orthogonal)}


def train(task, cell, sizes, T, seed, lr, updates):
    """Train a network in single precision, 32 sequences an update; return it with its weights."""
    (cell, scheme), (D, H, K, loss) = CELLS[cell], sizes
    model, rng = Model(cell, D, H, K, loss), np.random.default_rng(seed)
    params = model.init(rng, W_hh=scheme)
    long_memory(rng, cell, params, T)
    params, drawn = tree_map(np.float32, params), batches(task, seed, T=T, B=32)

    def single(n):
        batch = drawn(n)
        return batch._replace(x=batch.x.astype(np.float32))

    state = fit(model, params, single, updates, adam(lr=lr), clip=1.0, progress=False)
    return model, tree_map(np.float64, state.params)


def long_memory(rng, cell, params, T):
    """
    Let the gates that keep the old state start open for 1 to T - 1 steps, at ln U(1, T - 1).

    Tallec and Ollivier 2018, Can recurrent neural networks warp time? ICLR (chrono initialisation).
    """
    bias = dict(zip(cell.gates, cell.blocks(params.cell.b_h)))
    keep = bias.get("f", bias.get("z"))                     # our GRU's z keeps the old state
    if keep is not None:
        keep[...] = np.log(rng.uniform(1, T - 1, keep.shape))
    if "i" in bias:
        bias["i"][...] = -keep


def unseen(task, T, B=2000):
    """Return sequences that no training sees."""
    return batches(task, seed=10**6, T=T, B=B)(0)
