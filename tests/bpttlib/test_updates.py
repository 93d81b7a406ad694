"""From gradients to changes: clipping and optimisers."""
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpttlib.clip import clip_by_global_norm, clip_by_value, global_norm
from bpttlib.optim import adagrad, adam, rmsprop, sgd
from bpttlib.params import CellParams, tree_map

grads_of = st.integers(0, 10**6).map(lambda seed: CellParams(*(
    np.random.default_rng(seed).normal(size=shape) for shape in ((3, 2), (3, 3), (3, 1)))))


def flat(tree):
    return np.concatenate([np.ravel(a) for a in tree])


@given(grads_of, st.floats(0.01, 20))
def test_norm_clipping_keeps_the_direction_and_bounds_the_norm(grads, c):
    clipped, norm = clip_by_global_norm(grads, c)
    assert norm == pytest.approx(np.linalg.norm(flat(grads)))
    assert np.linalg.norm(flat(clipped)) == pytest.approx(min(norm, c))
    cosine = flat(clipped) @ flat(grads) / np.linalg.norm(flat(clipped)) / norm
    assert cosine == pytest.approx(1)


@given(grads_of, st.floats(0.01, 3))
def test_value_clipping_bounds_each_entry(grads, c):
    clipped, norm = clip_by_value(grads, c)
    assert (flat(clipped) == np.minimum(np.maximum(flat(grads), -c), c)).all()
    assert norm == pytest.approx(np.linalg.norm(flat(grads)))


def test_huge_gradients_have_a_norm():
    assert global_norm((np.array([3e200, 4e200]),)) == pytest.approx(5e200)
    assert global_norm((np.zeros(3), np.zeros((0, 2)))) == 0.0


@pytest.mark.parametrize("clip", [clip_by_value, clip_by_global_norm])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_broken_gradients_are_named(clip, bad):
    grads = CellParams(np.ones((3, 2)), np.full((3, 3), bad), np.ones((3, 1)))
    with pytest.raises(ValueError, match="gradient of W_hh: got 9 of 9 entries NaN or infinite"):
        clip(grads, 1.0)
    with pytest.raises(ValueError, match="c: got 0; needs a positive number"):
        clip(CellParams(*np.ones((3, 1, 1))), 0)


def by_hand(name, grads, lr=0.01):
    """The published recurrences on one number, written with scalars."""
    p, m, s = 1.0, 0.0, 0.0
    for n, g in enumerate(grads, start=1):
        if name == "sgd":
            m = 0.9 * m + g
            p -= lr * m
        elif name == "adagrad":
            s += g * g
            p -= lr * g / (math.sqrt(s) + 1e-10)
        elif name == "rmsprop":
            s = 0.99 * s + 0.01 * g * g
            p -= lr * g / (math.sqrt(s) + 1e-8)
        else:
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
            p -= lr * (m / (1 - 0.9**n)) / (math.sqrt(s / (1 - 0.999**n)) + 1e-8)
    return p


OPTIMISERS = {"sgd": sgd(0.01, momentum=0.9), "adagrad": adagrad(0.01), "rmsprop": rmsprop(0.01),
              "adam": adam(0.01)}


@pytest.mark.parametrize("name", OPTIMISERS)
@given(list_of_g=st.lists(st.floats(0.001, 10) | st.floats(-10, -0.001), min_size=1, max_size=6))
def test_optimisers_are_their_recurrences(name, list_of_g):
    optimiser, params = OPTIMISERS[name], (np.array([1.0]), (np.array([[1.0]]),))
    memory = optimiser.start(params)
    for g in list_of_g:
        before = tree_map(np.copy, params)
        grads = tree_map(lambda p, g=g: np.full_like(p, g), params)
        new, memory = optimiser.update(params, grads, memory)
        assert (params[0] == before[0]).all()           # nothing is changed in place
        params = new
    assert params[0][0] == params[1][0][0, 0] == pytest.approx(by_hand(name, list_of_g), rel=1e-12)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_optimisers_equal_torch(name):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is only an oracle")
    make = {"sgd": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9),
            "adagrad": lambda p: torch.optim.Adagrad(p, 0.01),
            "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01),
            "adam": lambda p: torch.optim.Adam(p, 0.01)}[name]
    rng = np.random.default_rng(0)
    p = torch.tensor(rng.normal(size=(3, 2)), requires_grad=True)
    peer, ours = make([p]), (p.detach().numpy().copy(),)
    memory = OPTIMISERS[name].start(ours)
    for _ in range(5):
        g = rng.normal(size=(3, 2))
        p.grad = torch.tensor(g)
        peer.step()
        ours, memory = OPTIMISERS[name].update(ours, (g,), memory)
    np.testing.assert_allclose(ours[0], p.detach().numpy(), rtol=1e-10)


def test_clipping_at_the_ends_of_the_number_range():
    for g, c in ((np.full(4, 1.7e308), 1.0), (np.full(4, 3e38, np.float32), 1e-7)):
        (clipped,), _ = clip_by_global_norm((g,), c)
        np.testing.assert_allclose(clipped, c / 2, rtol=1e-6)
        assert clipped.dtype == g.dtype


@pytest.mark.parametrize("name", OPTIMISERS)
def test_gradients_of_another_shape_are_named(name):
    """A bias gradient of shape (H,) would broadcast to (H, H)."""
    params, memory = (np.zeros((3, 1)),), OPTIMISERS[name].start((np.zeros((3, 1)),))
    with pytest.raises(ValueError, match=r"gradient of 0: got shape \(3,\); needs the parameter's"):
        OPTIMISERS[name].update(params, (np.ones(3),), memory)


@pytest.mark.parametrize("make", [sgd, adagrad, rmsprop, adam])
@pytest.mark.parametrize("lr", [0, -1, float("nan"), float("inf")])
def test_bad_learning_rates(make, lr):
    with pytest.raises(ValueError, match="lr: got"):
        make(lr=lr)
    if make is not sgd:
        with pytest.raises(ValueError, match="eps: got -1; needs a positive number"):
            make(eps=-1)
    with pytest.raises(ValueError, match="momentum: got 1; needs a number from 0"):
        sgd(momentum=1)
