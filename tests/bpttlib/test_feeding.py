"""Sequences of different lengths in one batch."""
import numpy as np
import pytest

from bpttlib.batch import Batch
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.gradcheck import relative_error
from bpttlib.layers import Embedded, Stacked
from bpttlib.model import Model
from bpttlib.params import named_leaves, tree_map
from bpttlib.tasks import padded

LENGTHS = 4, 1, 6, 3


def alone(x, y):
    """A batch of one sequence; a single label counts at the last step."""
    if np.ndim(y):
        return Batch(x[..., None], y[..., None])
    last = np.arange(len(x)) == len(x) - 1
    return Batch(x[..., None], np.where(last, y, 0)[:, None], last[:, None])


@pytest.mark.parametrize("target", ["labels", "numbers", "one label"])
@pytest.mark.parametrize("cell", [Elman(), Stacked(LSTM(), GRU()), Embedded(LSTM(), V=5)])
def test_a_padded_batch_is_its_sequences(cell, target):
    """Loss and gradients are the mean of those of each sequence, weighted with what it counts."""
    rng = np.random.default_rng(0)
    loss = "squared_error" if target == "numbers" else "softmax_cross_entropy"
    model = Model(cell, D=2, H=3, K=3, loss=loss)
    params = model.init(rng)
    xs = [rng.integers(5, size=T) if isinstance(cell, Embedded) else rng.normal(size=(T, 2))
          for T in LENGTHS]
    ys = [{"labels": rng.integers(3, size=T), "numbers": rng.normal(size=(T, 3)),
           "one label": rng.integers(3)}[target] for T in LENGTHS]
    batch = padded(xs, ys)
    step = model.loss_and_gradients(params, batch)
    weights = batch.mask.sum(axis=0) / batch.mask.sum()
    parts = [model.loss_and_gradients(params, alone(x, y)) for x, y in zip(xs, ys, strict=True)]
    assert abs(step.L - sum(w * part.L for w, part in zip(weights, parts, strict=True))) < 1e-12
    want = tree_map(lambda *gs: sum(w * g for w, g in zip(weights, gs, strict=True)),
                    *(part.grads for part in parts))
    for (name, g), (_, g_hat) in zip(named_leaves(step.grads), named_leaves(want), strict=True):
        assert relative_error(g, g_hat) < 1e-10, name


@pytest.mark.parametrize(("sequences", "targets", "message"), [
    ([], [], "got 0 and 0"),
    ([np.ones((2, 2))], [1, 2], "got 1 and 2"),
    ([np.ones((2, 2)), np.ones((2, 3))], [1, 2], r"sequences\[1\]: got shape \(2, 3\)"),
    ([np.ones((2, 2)), np.ones((2, 2))], [1, [2, 2]], r"targets\[1\]: got shape \(2,\)"),
    ([np.ones((2, 2))], [[1, 2, 3]], r"targets\[0\]: got shape \(3,\) for 2 steps"),
    ([np.ones((2, 2)), np.ones((0, 2))], [1, 2], r"sequences\[1\]: got no step"),
    ([np.ones(3)], [[1, 2, 3]], r"sequences\[0\]: got shape \(3,\) of float64"),
])
def test_what_does_not_fit_is_named(sequences, targets, message):
    with pytest.raises(ValueError, match=message):
        padded(sequences, targets)
