"""Sampling: the right distribution, the right state, and errors."""
import numpy as np
import pytest

from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.layers import Bidirectional, Embedded, Stacked
from bpttlib.model import Model
from bpttlib.sampling import sample


def a_model(cell=None, D=4, K=4):
    model = Model(cell or LSTM(), D=D, H=6, K=K, loss="softmax_cross_entropy")
    params = model.init(np.random.default_rng(0))
    W_hy = params.readout.W_hy * 4                          # far from a uniform distribution
    return model, params._replace(readout=params.readout._replace(W_hy=W_hy))


def distribution(model, params, labels):
    y, _ = model.forward(params, labels)
    p = np.exp(y[-1] - y[-1].max(axis=0))
    return p / p.sum(axis=0)


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_draws_follow_the_softmax(temperature):
    model, params = a_model()
    prompt = np.tile([[1], [3], [0]], (1, 20000))
    drawn = sample(model, params, prompt, 1, np.random.default_rng(0), temperature)
    p = distribution(model, params, prompt[:, :1]).ravel() ** (1 / temperature)
    shares = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    np.testing.assert_allclose(shares, p / p.sum(), atol=0.015)


def test_shares_of_known_logits():
    """e^0, e^1, e^2, e^3 and their sum: no other noise than Gumbel's draws in these shares."""
    model, params = a_model()
    bias = np.arange(4.0)[:, None]
    params = params._replace(readout=params.readout._replace(W_hy=np.zeros((4, 6)), b_y=bias))
    drawn = sample(model, params, np.zeros((1, 40000), int), 1, np.random.default_rng(0))
    shares = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    np.testing.assert_allclose(shares, np.exp(bias.ravel()) / np.exp(bias).sum(), atol=0.01)


@pytest.mark.parametrize("cell", [Elman(), Stacked(LSTM(), GRU()), Embedded(GRU(), V=4)])
def test_the_likeliest_given_all_that_came_before(cell):
    """Temperature 0, against reading the whole sequence anew for each label."""
    model, params = a_model(cell)
    prompt = np.array([[1, 2], [3, 0]])
    s0 = model.network.state_at(model.forward(params, prompt)[1], 1)
    drawn = sample(model, params, prompt, 9, np.random.default_rng(0), temperature=0, s0=s0)
    text = prompt
    for row in drawn:
        y, _ = model.forward(params, text, s0)
        np.testing.assert_array_equal(row, y[-1].argmax(axis=0))
        text = np.concatenate([text, row[None]])
    assert drawn.shape == (9, 2) and drawn.dtype.kind == "i"


def test_same_seed_same_text_and_bad_input():
    model, params = a_model()
    prompt = np.array([[2]])
    one, two = (sample(model, params, prompt, 20, np.random.default_rng(3)) for _ in range(2))
    assert (one == two).all() and len(np.unique(one)) > 1
    rng = np.random.default_rng(0)
    for args, message in (((np.array([2]), 5, rng), "prompt: got shape"),
                          ((np.array([[9]]), 5, rng), "prompt: got labels from 9 .* 0 to 3"),
                          ((prompt, 0, rng), "steps: got 0"), ((prompt, 5, 7), "rng: got 7"),
                          ((prompt, 5, rng, -1), "temperature: got -1")):
        with pytest.raises(ValueError, match=message):
            sample(model, params, *args)
    with pytest.raises(ValueError, match="model: got one with the loss squared_error"):
        sample(model._replace(loss="squared_error"), params, prompt, 5, rng)
    with pytest.raises(ValueError, match="model: got K = 3 outputs for 4 values"):
        sample(*a_model(K=3), prompt, 5, rng)
    with pytest.raises(ValueError, match="model: got a bidirectional"):
        sample(*a_model(Bidirectional(GRU())), prompt, 5, rng)
