"""The series and the utterances: their numbers, their parts, and the published facts about them."""
import numpy as np
import pytest

from bpttlib.data import japanese_vowels, one_step_ahead, sea_temperature, sunspots
from bpttlib.data.baselines import autoregression, persistence
from bpttlib.tasks import windows


def test_sunspots_values():
    years, numbers = sunspots()
    assert years.dtype == np.int64 and years.tolist() == list(range(1700, 2009))
    known = {1700: 5.0, 1712: 0.0, 1778: 154.4, 1816: 45.8, 1957: 190.2, 2008: 2.9}
    assert {year: numbers[years == year].item() for year in known} == known
    assert numbers.sum().round(1) == 15373.4


@pytest.mark.parametrize("part, first, last", [
    ("train", 1700, 1920), ("1921-55", 1921, 1955), ("1956-79", 1956, 1979)])
def test_sunspots_parts(part, first, last):
    years, numbers = sunspots(part)
    assert years.tolist() == list(range(first, last + 1))
    assert (numbers == sunspots().numbers[first - 1700:last - 1699]).all()


def relative_errors(forecast):
    """Return the relative error variances on 1921–55 and 1956–79 of forecasts for all years."""
    years, numbers = sunspots()
    errors, whole = (numbers - forecast) ** 2, numbers[years <= 1979].var()
    return [round(errors[np.isin(years, sunspots(part).years)].mean() / whole, 3)
            for part in ("1921-55", "1956-79")]


def test_persistence_has_the_stated_errors():
    years, numbers = sunspots()
    assert numbers[years <= 1979].var().round(1) == 1495.6
    assert relative_errors(persistence(numbers)) == [0.427, 0.965]


def test_twelve_years_of_linear_memory_have_the_stated_errors():
    linear = autoregression(sunspots("train").numbers, p=12)
    assert relative_errors(linear.one_step(sunspots().numbers)) == [0.130, 0.368]


def test_sea_temperature_values_and_parts():
    years, months, celsius = sea_temperature()
    assert len(celsius) == 61 * 12 and years.tolist() == sorted([*range(1950, 2011)] * 12)
    assert months.tolist() == [*range(1, 13)] * 61
    assert celsius[[0, -1, 48 * 12 + 2]].tolist() == [23.11, 22.07, 29.24]
    parts = [sea_temperature(part).celsius for part in ("train", "valid", "test")]
    assert [len(part) for part in parts] == [40 * 12, 10 * 12, 11 * 12]
    assert (np.concatenate(parts) == celsius).all()


def test_the_stated_errors_of_forecasts_of_the_sea():
    years, _, celsius = sea_temperature()
    linear = autoregression(sea_temperature("train").celsius, p=24)
    forecasts = persistence(celsius), persistence(celsius, lag=12), linear.one_step(celsius)
    errors = [np.sqrt(np.mean((f - celsius)[years >= 2000] ** 2)).round(3) for f in forecasts]
    said = " ".join(sea_temperature.__doc__.split())
    assert "{:.3f}, {:.3f} and {:.3f}".format(*errors) in said


def test_one_step_ahead():
    years, numbers = sunspots()
    batch = one_step_ahead(numbers[years <= 1920])
    assert batch.x.shape == batch.targets.shape == (220, 1, 1) and batch.mask is None
    assert (batch.x[:, 0, 0] == numbers[:220]).all()
    assert (batch.targets[:, 0, 0] == numbers[1:221]).all()
    window = windows(batch.x, batch.targets, k1=50)
    assert [len(window(i).x) for i in range(6)] == [50, 50, 50, 50, 20, 50]
    assert window(1).x[0] == numbers[50] and window(1).targets[-1] == numbers[100]


@pytest.mark.parametrize("series, message", [
    ([1.0], "series: got a single value; needs at least two values"),
    ([], r"series: got shape \(0,\); needs shape \(n,\)"),
    ([1.0, np.nan], r"series: got nan at index \(1,\); needs finite numbers"),
    ([[1.0, 2.0]], r"series: got shape \(1, 2\); needs shape \(n,\)"),
])
def test_one_step_ahead_errors(series, message):
    with pytest.raises(ValueError, match=message):
        one_step_ahead(series)


@pytest.mark.parametrize("part, counts, T", [
    ("train", [30] * 9, 26), ("test", [31, 35, 88, 44, 29, 24, 40, 50, 29], 29)])
def test_japanese_vowels(part, counts, T):
    x, mask, labels = japanese_vowels(part)
    B = sum(counts)
    assert x.shape == (T, 12, B) and mask.shape == (T, B) and labels.shape == (B,)
    assert labels.tolist() == np.repeat(np.arange(9), counts).tolist()
    lengths = mask.sum(axis=0)
    assert lengths.min() == 7 and lengths.max() == T
    assert (mask == (np.arange(T)[:, None] < lengths)).all()
    assert (x.any(axis=1) == mask).all()


def test_japanese_vowels_have_the_published_numbers():
    x, mask, _ = japanese_vowels("train")
    assert x[:2, 0, 0].tolist() == [1.860936, 1.891651] and mask[:, 0].sum() == 20
    assert x[:3, 1, 0].tolist() == [-0.207383, -0.193249, -0.239664]
    assert x[0, 0, 1] == 1.303905 and x[0, 0, 10] == 1.143824
    assert mask.sum() == 4274 and japanese_vowels("test").mask.sum() == 5687


def test_a_batch_of_utterances_asks_at_the_last_frame():
    train = japanese_vowels("train")
    which = np.array([269, 0, 31])
    x, targets, mask, *_ = train.batch(which)
    last = train.mask[:, which].sum(axis=0) - 1
    assert len(x) == last.max() + 1 and mask.sum() == 3
    assert mask[last, [0, 1, 2]].all() and targets[last, [0, 1, 2]].tolist() == [8, 0, 1]
    assert (x == train.x[:len(x), :, which]).all()
    assert train.batch().x.shape == train.x.shape
