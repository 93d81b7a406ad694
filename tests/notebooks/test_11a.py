"""Unit 11a: the stored network forecasts unseen plays better than counting does."""
import numpy as np
import pytest

from bpttlib.cells import LSTM
from bpttlib.data import characters, next_character
from bpttlib.data.baselines import witten_bell
from bpttlib.data.trained import SHA256, trained
from bpttlib.losses import softmax_cross_entropy
from bpttlib.model import Model
from bpttlib.params import CellParams, ModelParams, ReadoutParams

ALPHABET = 62


@pytest.fixture(scope="module")
def nats():
    """Return the stored network's loss on the test plays."""
    stored = trained("language")
    cell = CellParams(*(stored[f"model.cell.{p}"] for p in CellParams._fields))
    readout = ReadoutParams(*(stored[f"model.readout.{p}"] for p in ReadoutParams._fields))
    params = ModelParams(cell, readout)
    model = Model(LSTM(), ALPHABET, 128, ALPHABET, "softmax_cross_entropy")
    batch, s0, total = next_character(characters("test").ids, B=64), None, 0.0
    for first in range(0, len(batch.x), 512):
        x, targets = batch.x[first:first + 512], batch.targets[first:first + 512]
        y, tape = model.forward(params, x, s0)
        s0 = model.network.state_at(tape, -1)
        total += len(x) * float(softmax_cross_entropy(y, targets)[0])
    return total / len(batch.x)


def test_the_network_is_better_than_the_interpolated_4_gram(nats):
    train, test = (characters(part).ids for part in ("train", "test"))
    by_counting = -np.log(witten_bell(train, test, 4, ALPHABET)).mean()
    assert 1.745 < by_counting < 1.747
    assert nats < by_counting - 0.1


def test_short_runs_say_what_the_notebook_says():
    stored = trained("language")
    carried, zero = (dict(zip(stored["names"].tolist(), column)) for column in stored["nats"].T)
    assert carried["GRU"] < carried["Elman"] < carried["LSTM"] < 2.2
    assert zero["GRU"] > np.log(ALPHABET)                       # it cannot start from a zero state
    horizons = [zero[name] for name in ("k2 = 8", "k2 = 16", "k2 = 64")]
    assert np.ptp(horizons) < 0.02 and zero["reset"] < min(horizons)
    assert zero["momentum, clip 1.0"] < zero["Adam, clip None"] - 0.2


@pytest.mark.parametrize("name", SHA256)
def test_a_damaged_file_is_not_read(name, tmp_path, monkeypatch):
    from bpttlib.data import trained as module

    (tmp_path / f"{name}.npz").write_bytes(b"something else")
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match=f"{name}.npz: got a file with SHA-256"):
        trained(name)


def test_a_training_that_is_none_is_named():
    with pytest.raises(ValueError, match="name: got 'music'; needs one of 'language', "):
        trained("music")
