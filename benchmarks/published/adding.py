"""
The adding problem: the price of not remembering, and networks that remember.

Arjovsky, Shah and Bengio 2016, Unitary evolution recurrent neural networks, ICML, the adding
problem; the task is Hochreiter and Schmidhuber's (1997, experiment 4) with other ranges. The
networks: LSTM and GRU with long memory from the start (Tallec and Ollivier 2018), and rectified
units that start from the identity, the IRNN (Le, Jaitly and Hinton 2015, arXiv
1504.00941).

Protocol. T = 100; numbers from U(0, 1), two of them marked, one in each half; at the last step
their sum is due. Whoever always says 1 has the mean squared error 1/6. That is the variance of
the sum of two independent U(0, 1), 2/12, and **this variance, 1/6, normalises all errors here**:
guessing has 1. 32 units, 32 fresh sequences an update, 1500 updates of Adam, gradients clipped at
norm 1, five seeds; tested on 2000 unseen sequences. The papers train far longer and give curves,
no numbers; so the verdict is whether every seed is below the baseline.
"""
import numpy as np

from benchmarks.published._table import Row, spread, verdict
from benchmarks.published._training import train, unseen
from bpttlib.tasks import adding

SOURCE = "Arjovsky et al. 2016, adding problem"
EXACT = False
VARIANCE, SIZES, SEEDS = 1 / 6, (2, 32, 1, "squared_error"), 5
RATES = {"LSTM": 0.005, "GRU": 0.005, "IRNN": 0.003}


def parts(smoke):
    """Return a part for each network and seed."""
    T, updates, seeds = (10, 300, 1) if smoke else (100, 1500, SEEDS)
    return [{"cell": cell, "seed": seed, "T": T, "updates": updates}
            for cell in RATES for seed in range(seeds)]


def measure(cell, seed, T, updates):
    """Return the relative mean squared errors of always saying 1, and of the network."""
    model, params = train(adding, cell, SIZES, T, seed, RATES[cell], updates)
    test = unseen(adding, T)
    mse = 2 * float(model.evaluate(params, test))           # the loss is ½ ‖·‖²
    return {"cell": cell, "T": T, "guessing": float(np.mean((test.targets[-1] - 1)**2)) / VARIANCE,
            "network": mse / VARIANCE}


def rows(results):
    """Return the rows of the table."""
    T, guessing = results[0]["T"], results[0]["guessing"]
    table = [Row(SOURCE, f"T = {T}: mean squared error of always saying 1, over 1/6", "1",
                 f"{guessing:.3f}", verdict(abs(guessing - 1) < 0.05))]
    for cell in RATES:
        errors = [result["network"] for result in results if result["cell"] == cell]
        table.append(Row(SOURCE, f"T = {T}: mean squared error of the {cell}, over 1/6", "below 1",
                         spread(errors, 4), verdict(max(errors) < 1)))
    return table
