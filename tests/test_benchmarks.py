"""The benchmarks run, and their data is what they say."""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.stream import previous_bit
from bpttlib.tasks import windows

ROOT = Path(__file__).resolve().parents[1]


def test_smoke_of_the_stream(tmp_path):
    """Through the command line, since it starts processes of its own."""
    file = tmp_path / "stream.json"
    command = [sys.executable, "-m", "benchmarks", "stream", "--smoke", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(file.read_text())
    short, long = result["runs"]
    assert (short["T"], long["T"], long["updates"]) == (300, 3000, 150)
    assert long["history"] == 16 * long["updates"]
    assert result["ratio"] == long["peak"] / short["peak"] and short["peak"] > short["base"]
    assert result["passed"] == (result["ratio"] < 1.2)
    assert long["last_loss"] < 0.2 < 0.6 < long["first_loss"]           # it does learn: ln 2 = 0.69
    assert ("PASS" if result["passed"] else "FAIL") in done.stdout
    assert "update/s" in done.stderr                                    # a progress bar


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_a_million_steps_take_the_memory_of_ten_thousand():
    command = [sys.executable, "-m", "benchmarks", "stream"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("T, k1, k2", [(12, 4, 4), (11, 4, 4), (13, 3, 7), (9, 1, 5), (10, 4, 12)])
def test_the_stream_made_in_pieces_is_one_stream(T, k1, k2):
    """What `windows` cuts from the whole stream, `previous_bit` makes without having it."""
    whole = previous_bit(T, T, T, B=3)(0)
    pieces = previous_bit(T, k1, k2, B=3)
    x = np.concatenate([pieces(i).x[-(min(i * k1 + k1, T) - i * k1):] for i in range(-(-T // k1))])
    assert set(np.unique(x)) == {0.0, 1.0}
    targets = np.concatenate([np.zeros((1, 3)), x[:-1, 0]])
    for i in range(-(-T // k1)):
        ours, cut = pieces(i), windows(x, targets, k1, k2)(i)
        np.testing.assert_array_equal(ours.x, cut.x)
        np.testing.assert_array_equal(ours.targets, cut.targets)
        np.testing.assert_array_equal(ours.mask, np.ones(cut.targets.shape) if cut.mask is None
                                      else cut.mask)
        assert (ours.fresh, ours.carry) == (cut.fresh, cut.carry)
    assert whole.targets[0].max() == 0 and (whole.targets[1:] == whole.x[:-1, 0]).all()


def test_wrong_arguments_are_refused(capsys):
    for wrong in ([], ["stream", "--k1", "0"], ["stream", "--T", "5"], ["stream", "--cell", "RNN"]):
        with pytest.raises(SystemExit) as stop:
            main(wrong)
        assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="--k2 must be at least --k1"):
        main(["stream", "--k1", "5", "--k2", "4"])
