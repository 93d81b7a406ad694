"""
Temporal order with and without clipping.

Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, ICML,
section 4.1.1 and Figure 7, "basic tanh": the longer the sequences, the more clipping (MSGD-C)
raises the rate of success over that of plain descent (MSGD). The figure has curves, no numbers.

Protocol, theirs: 50 tanh units, all weights from N(0, 0.1²), biases 0, minibatches of 20,
threshold 1, no momentum; a run succeeds when fewer than 1 % of 10,000 fresh sequences are
misclassified. Ours: one length, 30 to 33 steps (`temporal_order`, T = 33); learning rate 0.1
where they take 0.01, and at most 10,000 updates where they allow 5 million, so that it takes
minutes; ten seeds, where they have five; we look after every 500 updates. The learning rate was
chosen after a trial: at theirs, 20,000 updates were too few for three of five clipped runs. Rates
of success; no variance enters. The verdict is whether clipping raises the rate.
"""
from functools import partial

import numpy as np

from benchmarks.published._table import Row, spread, verdict
from bpttlib.cells import Elman
from bpttlib.model import Model
from bpttlib.optim import sgd
from bpttlib.tasks import batches, temporal_order
from bpttlib.train import fit

SOURCE = "Pascanu et al. 2013, Figure 7"
EXACT = False
LR, THRESHOLD, SEEDS, LOOK = 0.1, 1.0, 10, 500


def parts(smoke):
    """Return a part for each way and seed."""
    T, updates, seeds = (11, 1000, 1) if smoke else (33, 10_000, SEEDS)
    return [{"clip": clip, "seed": seed, "T": T, "updates": updates}
            for clip in (THRESHOLD, None) for seed in range(seeds)]


def measure(clip, seed, T, updates):
    """Train until success or the end; return how many updates and which share is wrong."""
    model, rng = Model(Elman(), D=8, H=50, K=4, loss="softmax_cross_entropy"), seeded(seed, 0)
    normal = partial(_normal, scale=0.1)
    params = model.init(rng, W_xh=normal, W_hh=normal)
    readout = params.readout._replace(W_hy=normal(rng, params.readout.W_hy.shape))
    wrong = []

    def succeeded(state, step):
        if state.updates % LOOK:
            return False
        test = temporal_order(seeded(seed, 1, state.updates), T=T, B=10_000)
        said = model.forward(state.params, test.x)[0].argmax(axis=1)
        wrong.append(float(np.mean((said != test.targets)[test.mask])))
        return wrong[-1] < 0.01

    state = fit(model, params._replace(readout=readout), batches(temporal_order, seed, T=T, B=20),
                updates, sgd(lr=LR), clip=clip, callbacks=succeeded, progress=False)
    return {"clip": clip, "T": T, "updates": state.updates, "wrong": wrong,
            "norm": float(state.norm.max())}


def seeded(*seed):
    """Return a generator that shares no numbers with the training's batches."""
    return np.random.default_rng((10**6, *seed))


def _normal(rng, shape, scale):
    return scale * rng.normal(size=shape)


def rows(results):
    """Return the rows of the table."""
    table, rates, T = [], {}, results[0]["T"]
    for clip, name in ((THRESHOLD, f"clipped at {THRESHOLD:g}"), (None, "not clipped")):
        runs = [result for result in results if result["clip"] == clip]
        won = [run["updates"] for run in runs if run["wrong"][-1] < 0.01]
        rates[clip] = len(won) / len(runs)
        norms = max(run["norm"] for run in runs)
        ours = f"{len(won)} of {len(runs)}" + (f", after {spread(won, 0)} updates" if won else "")
        table.append((name, f"{ours}; longest gradient {norms:,.0f}"))
    better = verdict(rates[THRESHOLD] > rates[None])
    return [Row(SOURCE, f"{T - T // 11} to {T} steps: runs that succeed, {name}",
                "higher with clipping", ours, better) for name, ours in table]
