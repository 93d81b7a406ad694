"""
Unfold, train the copies, and sum their changes: the textbook's description as it stands.

Rumelhart, Hinton and Williams 1986, Learning internal representations by error propagation, in
Parallel Distributed Processing 1, chapter 8, section on recurrent nets; Werbos 1990,
Backpropagation through time: what it does and how to do it, Proceedings of the IEEE 78(10).

Protocol. A recurrent network f is unfolded over k steps into a feed-forward network whose copies
f₁ … f_k have weights of their own; the context before the first is zero; the cost is the average
over all steps. The change of each copy is taken alone, then the changes of the k copies are
summed. Here the unfolded network is written out and each copy's gradient comes from the complex
step with only that copy's weights free: no code of the library's backward pass is used. The sum
must be what `loss_and_gradients` returns, to rounding (1e-12 of the largest entry), and the same
must hold for the sums of `diagnostics.contributions`. Elman network, 5 units, 3 inputs, 2
outputs, 7 steps, four sequences, five seeds. The cost is ½ ‖y - target‖², as it is; no variance
enters.
"""
import numpy as np

from benchmarks.published._table import Row, verdict
from bpttlib.batch import Batch
from bpttlib.cells import Elman
from bpttlib.diagnostics import contributions
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.model import Model

SOURCE = "Rumelhart et al. 1986; Werbos 1990, unfolding"
EXACT = True
T, B, D, H, K, SEEDS, LIMIT = 7, 4, 3, 5, 2, 5, 1e-12


def parts(smoke):
    """Return a part for each seed."""
    return [{"seed": seed} for seed in range(SEEDS)]


def cost(copies, batch):
    """Return the average cost of the unfolded network, each step of which has its own weights."""
    total, context = 0.0, np.zeros((H, B))
    for ((W_xh, W_hh, b_h), (W_hy, b_y)), x, target in zip(copies, batch.x, batch.targets):
        context = np.tanh(W_xh @ x + W_hh @ context + b_h)
        total += 0.5 * ((W_hy @ context + b_y - target) ** 2).sum()
    return total / (T * B)


def measure(seed):
    """Return the relative errors of the two sums."""
    rng = np.random.default_rng(seed)
    model = Model(Elman(), D, H, K, loss="squared_error")
    params = model.init(rng)
    batch = Batch(rng.normal(size=(T, D, B)), rng.normal(size=(T, K, B)))
    changes = [complex_step(lambda own: cost([params] * t + [own] + [params] * (T - t - 1), batch),
                            params) for t in range(T)]
    step = model.loss_and_gradients(params, batch)
    y, tape = model.forward(params, batch.x)
    own = params.readout.W_hy.T @ ((y - batch.targets) / (T * B))
    shares = contributions(model.cell, params.cell, batch.x, tape, own)
    return {"copies": _worst([part for copy in zip(*changes) for part in zip(*copy)],
                             [*step.grads.cell, *step.grads.readout]),
            "shares": _worst([share.sum(axis=0) for share in shares], step.grads.cell)}


def _worst(changes, grads):
    """Return the largest relative error of the sums over copies against the gradients."""
    return float(max(relative_error(sum(change), g)
                     for change, g in zip(changes, grads, strict=True)))


def rows(results):
    """Return the rows of the table."""
    table = []
    for key, what in (("copies", "changes of the k copies, summed"),
                      ("shares", "`contributions`, summed over losses and copies")):
        worst = max(result[key] for result in results)
        table.append(Row(SOURCE, f"{what}, against BPTT: relative error", "equal",
                         f"at most {worst:.0e} (n = {len(results)})", verdict(worst < LIMIT)))
    return table
