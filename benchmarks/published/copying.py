"""
Copying: the price of not remembering, and networks that remember.

Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks, ICML, the copying
memory problem, whose memoryless baseline is 10 ln 8 / (T + 20) nats per step. The networks:
linear with an orthogonal matrix (Henaff, Szlam and LeCun 2016, Recurrent orthogonal networks and
long-memory tasks, ICML), LSTM and GRU with long memory from the start (Tallec and Ollivier 2018,
Can recurrent neural networks warp time? ICLR).

Protocol. T = 50: ten symbols of eight kinds, 49 blanks, a cue, ten steps to give the symbols
back; all 70 steps count. Cross-entropy in nats per step, **divided by the baseline**, 10 ln 8 /
70 = 0.297; no variance enters. 64 units (linear: 128), 32 fresh sequences an update, 2000 updates
of Adam (linear: 1000), gradients clipped at norm 1, five seeds; tested on 2000 unseen sequences.
The papers train far longer and give curves, no numbers; so the verdict is whether every seed is
below the baseline.
"""
import numpy as np

from benchmarks.published._table import Row, spread, verdict
from benchmarks.published._training import train, unseen
from bpttlib.losses import softmax_cross_entropy
from bpttlib.tasks import copy_memory

SOURCE = "Arjovsky et al. 2016, copying memory"
EXACT = False
D, K, SHOWN, KINDS, SEEDS = 10, 9, 10, 8, 5
NETWORKS = {"linear": (128, 0.001, 1000), "GRU": (64, 0.01, 2000), "LSTM": (64, 0.01, 2000)}


def parts(smoke):
    """Return a part for each network and seed."""
    T, share, seeds = (5, 4, 1) if smoke else (50, 1, SEEDS)
    return [{"cell": cell, "seed": seed, "T": T, "updates": updates // share}
            for cell, (_, _, updates) in NETWORKS.items() for seed in range(seeds)]


def measure(cell, seed, T, updates):
    """Return the cross-entropies of the best without memory, and of the network."""
    H, lr, _ = NETWORKS[cell]
    model, params = train(copy_memory, cell, (D, H, K, "softmax_cross_entropy"), T, seed, lr,
                          updates)
    test = unseen(copy_memory, T)
    return {"cell": cell, "T": T, "memoryless": memoryless(test),
            "network": float(model.evaluate(params, test))}


def memoryless(batch):
    """Return the loss of saying blank until the cue, and then each symbol with probability ⅛."""
    steps, B = batch.targets.shape
    logits = np.full((steps, K, B), -1e3)
    logits[:-SHOWN, KINDS] = 0.0
    logits[-SHOWN:, :KINDS] = 0.0
    return float(softmax_cross_entropy(logits, batch.targets)[0])


def rows(results):
    """Return the rows of the table."""
    T, guessing = results[0]["T"], results[0]["memoryless"]
    baseline = SHOWN * np.log(KINDS) / (T + 2 * SHOWN)
    table = [Row(SOURCE, f"T = {T}: cross-entropy without memory, in nats per step",
                 f"10 ln 8 / (T + 20) = {baseline:.4f}", f"{guessing:.4f}",
                 verdict(abs(guessing - baseline) < 1e-9))]
    for cell in NETWORKS:
        shares = [result["network"] / baseline for result in results if result["cell"] == cell]
        table.append(Row(SOURCE, f"T = {T}: cross-entropy of the {cell} network, over the baseline",
                         "below 1", spread(shares, 4), verdict(max(shares) < 1)))
    return table
