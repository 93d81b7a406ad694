"""A training step with few states stored: the same gradients, in training, too."""
import numpy as np
import pytest

from bpttlib.batch import Batch
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.frugal import Frugal
from bpttlib.gradcheck import relative_error
from bpttlib.layers import Bidirectional, Embedded, Stacked
from bpttlib.model import Model
from bpttlib.optim import sgd
from bpttlib.params import named_leaves, tree_map
from bpttlib.train import fit

T, B, D, H, K = 23, 3, 2, 4, 3
CELLS = [Elman(), LSTM(), GRU(), Stacked(LSTM(), Elman()), Embedded(GRU(), V=5)]
names = [type(cell).__name__ for cell in CELLS]
PLANS = [{}, {"segment": 5}, {"states": 2}, {"segment": 4, "states": 1}, {"mebibytes": 0.02}]


def problem(cell, loss, masked):
    """A model, parameters that are nowhere zero, a batch and an initial state."""
    rng = np.random.default_rng(0)
    model = Model(cell, D, H, K, loss)
    params = tree_map(lambda p: p + 0.1 * rng.normal(size=p.shape), model.init(rng))
    x = rng.normal(size=(T, D, B))
    if isinstance(cell, Embedded):
        x = rng.integers(0, 5, (T, B))
    targets = (rng.normal(size=(T, K, B)) if loss == "squared_error"
               else rng.integers(0, K, (T, B)))
    mask = rng.random((T, B)) < 0.3
    mask[8:16] = False                                      # whole segments without a loss
    zero = model.network.state_at(model.forward(params, x)[1], 0)
    s0 = tree_map(lambda part: rng.normal(size=part.shape), zero)
    return model, params, Batch(x, targets, mask if masked else None), s0


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("loss", ["squared_error", "softmax_cross_entropy"])
@pytest.mark.parametrize("cell", CELLS, ids=names)
def test_equals_the_full_step(cell, loss, masked):
    model, params, batch, s0 = problem(cell, loss, masked)
    full = model.loss_and_gradients(params, batch, s0)
    for plan in PLANS:
        frugal = Frugal(model, **plan).loss_and_gradients(params, batch, s0)
        assert abs(frugal.L - full.L) <= 1e-12 * full.L
        for (name, g), (_, g_hat) in zip(named_leaves(full.grads), named_leaves(frugal.grads),
                                         strict=True):
            assert relative_error(g, g_hat) <= 1e-11, (name, plan)
        for (_, s), (_, s_hat) in zip(named_leaves(full.carried), named_leaves(frugal.carried),
                                      strict=True):
            np.testing.assert_array_equal(s, s_hat)


def test_fit_trains_with_it_and_carries_the_state():
    model, params, batch, _ = problem(LSTM(), "squared_error", masked=False)
    ends = [fit(m, params, lambda n: batch._replace(fresh=n == 0), updates=4, optimiser=sgd(0.1),
                clip=0.5, progress=False) for m in (model, Frugal(model, segment=6))]
    np.testing.assert_allclose(ends[0].loss, ends[1].loss, rtol=1e-10)
    assert ends[0].loss[0] > ends[0].loss[-1]


def test_single_precision_stays():
    model, params, batch, _ = problem(GRU(), "squared_error", masked=True)
    params = tree_map(lambda p: p.astype("float32"), params)
    batch = batch._replace(x=batch.x.astype("float32"), targets=batch.targets.astype("float32"))
    step = Frugal(model).loss_and_gradients(params, batch)
    assert {g.dtype for _, g in named_leaves(step.grads)} == {np.dtype("float32")}


@pytest.mark.parametrize(("change", "message"), [
    ({"mask": np.zeros((T, B))}, "mask: got no step that counts; needs at least one"),
    ({"mask": np.ones((T, 1))}, "mask: got shape"),
    ({"targets": np.zeros((T - 1, K, B))}, "targets: got 22 steps; needs 23, as x has"),
    ({"carry": 3}, "batch.carry: got 3; needs None")])
def test_a_batch_that_does_not_fit_is_refused(change, message):
    model, params, batch, _ = problem(Elman(), "squared_error", masked=False)
    with pytest.raises(ValueError, match=message):
        Frugal(model).loss_and_gradients(params, batch._replace(**change))


def test_what_cannot_be_computed_twice_is_refused():
    rng = np.random.default_rng(0)
    drops = Model(Embedded(Stacked(Stacked(GRU(), GRU(), dropout=0.5), GRU()), 5), D, H, K,
                  "squared_error")
    batch = Batch(np.zeros((T, B), int), np.zeros((T, K, B)))
    with pytest.raises(ValueError, match="dropout: got a probability above 0; needs 0"):
        Frugal(drops).loss_and_gradients(drops.init(rng), batch, rng=rng)
    both = Model(Bidirectional(GRU()), D, H, K, "squared_error")
    with pytest.raises(ValueError, match="cell: got .*needs one that can stream"):
        Frugal(both).loss_and_gradients(both.init(rng), batch._replace(x=np.zeros((T, D, B))))
