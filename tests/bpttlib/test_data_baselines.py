"""Baselines, held against numbers worked out by hand."""
from fractions import Fraction

import numpy as np
import pytest

from bpttlib.data import characters
from bpttlib.data.baselines import Autoregression, autoregression, persistence, witten_bell


def test_persistence_looks_lag_steps_back():
    nan = np.nan
    np.testing.assert_array_equal(persistence([3, 1, 4, 1], lag=2), [nan, nan, 3, 1])
    np.testing.assert_array_equal(persistence([3.5, 1.5], lag=5), [nan, nan])


def test_autoregression_finds_the_recurrence_that_made_the_series():
    values = [1.0, 2.0]
    for _ in range(12):
        values.append(0.5 + 0.3 * values[-2] - 0.8 * values[-1])
    b, w = autoregression(values, p=2)
    np.testing.assert_allclose([b, *w], [0.5, 0.3, -0.8], rtol=1e-9)
    model = Autoregression(b, w)
    np.testing.assert_allclose(model.one_step(values)[2:], values[2:], rtol=1e-9)
    np.testing.assert_allclose(model.go_on(values[:5], n=9), values[5:], rtol=1e-9)


def test_one_step_uses_true_values_and_going_on_its_own():
    model = Autoregression(b=1.0, w=np.array([10.0, 2.0]))
    np.testing.assert_array_equal(model.one_step([1, 2, 3]), [np.nan, np.nan, 15])
    np.testing.assert_array_equal(model.one_step([1]), [np.nan])
    np.testing.assert_array_equal(model.go_on([9, 1, 2], n=2), [15, 51])


def by_the_definition(train, context, symbol, K):
    """Return Witten and Bell's probability as a fraction, straight from its recursion."""
    lower = by_the_definition(train, context[1:], symbol, K) if context else Fraction(1, K)
    n = len(context)
    after = [train[i + n] for i in range(len(train) - n) if tuple(train[i:i + n]) == context]
    if not after:
        return lower
    return (after.count(symbol) + len(set(after)) * lower) / (len(after) + len(set(after)))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_witten_bell_is_its_definition(order):
    rng = np.random.default_rng(order)
    train, text = rng.choice(3, 40, p=[0.6, 0.3, 0.1]), rng.integers(4, size=30)
    p = witten_bell(train, text, order, K=4)
    expected = [by_the_definition(train.tolist(), tuple(text[max(0, t - order + 1):t].tolist()),
                                  text[t], 4) for t in range(30)]
    np.testing.assert_allclose(p, [float(e) for e in expected], rtol=1e-12)


def test_witten_bell_sums_to_one():
    train = np.random.default_rng(0).integers(5, size=200)
    p = [witten_bell(train, np.array([1, 4, 2, s]), order=3, K=5)[-1] for s in range(5)]
    assert sum(p) == pytest.approx(1, rel=1e-12)


def test_the_stated_nats_of_n_grams_on_shakespeare():
    train, test = (characters(part).ids for part in ("train", "test"))
    nats = [-np.log(witten_bell(train, test, order, K=62)).mean() for order in range(1, 7)]
    said = ", ".join(f"{n:.3f}" for n in nats)
    assert said == "3.316, 2.494, 2.042, 1.746, 1.628, 1.620"
    assert said in " ".join(characters.__doc__.split())


@pytest.mark.parametrize("call, message", [
    (lambda: persistence([1.0], lag=0), "lag: got 0; needs a whole number, at least 1"),
    (lambda: autoregression(range(4), p=2), "values: got 4 of them; needs more than 2p = 4"),
    (lambda: Autoregression(0.0, np.ones(3)).go_on([1, 2], 1), "values: got 2 of them; .* p = 3"),
    (lambda: witten_bell([0, 1], [2], 1, K=2), "text: got 2 to 2; needs symbols from 0 to 1"),
    (lambda: witten_bell([0, 1], [1], 3, K=2), "train: got 2 symbols; needs at least 3"),
    (lambda: witten_bell([0], [0], 70, K=2), "order: got 70; needs fewer"),
    (lambda: witten_bell([0.5], [0], 1, K=2), "train: got list of dtype float64"),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
