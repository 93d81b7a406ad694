"""The benchmark of the training loop runs, and both ways to train are the same training."""
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.overhead import added, line, passed, same, take_turns
from bpttlib import train
from bpttlib.params import CellParams, tree_map

ROOT = Path(__file__).resolve().parents[1]
SIZE = {"T": 5, "B": 2, "D": 3, "H": 4}


def test_smoke_of_the_overhead(tmp_path):
    file = tmp_path / "overhead.json"
    command = [sys.executable, "-m", "benchmarks", "overhead", "--smoke", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "configuration" in done.stderr and "update/s" not in done.stderr
    result = json.loads(file.read_text())
    assert [(row["cell"], row["dtype"]) for row in result["rows"]] == [
        (cell, dtype) for cell in ("Elman", "LSTM", "GRU") for dtype in ("float32", "float64")]
    assert all(row["bare"] > 0 for row in result["rows"])
    assert result["passed"] == all(row["fit"] <= 10 for row in result["rows"])
    assert f"at most 10 %: {'PASS' if result['passed'] else 'FAIL'}" in done.stdout


@pytest.mark.parametrize("progress", [False, True])
def test_what_fit_adds_is_seen(monkeypatch, capsys, progress):
    """A loop that works for two milliseconds more in each update is slower by so much."""
    def slow(grads, clip):
        end = time.process_time() + 2e-3
        while time.process_time() < end:
            pass
        return clipped(grads, clip)

    clipped = train._clipped
    monkeypatch.setattr(train, "_clipped", slow)
    pairs = take_turns("GRU", "float64", SIZE, updates=4, rounds=7, progress=progress)
    assert len(pairs) == 7
    assert 2e-3 < sorted(fit - bare for bare, fit in pairs)[3] < 4e-3
    assert capsys.readouterr() == ("", "")                              # the bar goes nowhere


def test_another_training_stops_the_benchmark(monkeypatch):
    monkeypatch.setattr(train, "_clipped", lambda grads, _: (tree_map(np.negative, grads), 1.0))
    with pytest.raises(SystemExit, match="LSTM float32: fit has learnt another cell.W_xh"):
        take_turns("LSTM", "float32", SIZE, updates=2, rounds=1, progress=False)


@pytest.mark.parametrize("wrong", [lambda p: p * (1 + 1e-15), lambda p: p.astype("float32"),
                                   lambda p: -p])
def test_parameters_are_compared_bit_for_bit(wrong):
    ours = CellParams(np.ones((2, 1)), np.zeros((2, 2)), np.full((2, 1), 7.0))
    same(ours, CellParams(*(p.copy() for p in ours)), "here")
    with pytest.raises(SystemExit, match="here: fit has learnt another b_h than the bare updates"):
        same(ours, ours._replace(b_h=wrong(ours.b_h)), "here")


def test_the_median_of_the_pairs_counts():
    assert added([(1.0, 1.1), (2.0, 3.0), (4.0, 4.0)]) == pytest.approx(10)
    assert added([(2.0, 1.0)]) == -50


@pytest.mark.parametrize("fit, verdict", [(10.0, "PASS"), (10.1, "FAIL"), (-2.0, "PASS")])
def test_the_limit_is_for_fit_without_its_bar(fit, verdict):
    row = {"cell": "GRU", "dtype": "float32", "bare": 0.004, "fit": fit, "with bar": 99.0}
    assert passed(row) == (verdict == "PASS")
    assert line(row).split() == ["GRU", "float32", "4.00", "ms", f"{fit:.1f}", "%", "99.0", "%",
                                 verdict]


def test_wrong_arguments_are_refused(capsys):
    for wrong in (["--updates", "0"], ["--rounds", "many"]):
        with pytest.raises(SystemExit) as stop:
            main(["overhead", *wrong])
        assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
