"""The benchmark of speed runs, and all contestants make the same step."""
import json
import subprocess
import sys
from pathlib import Path
from statistics import geometric_mean

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.limit import bare
from benchmarks.peers import PEERS, make_problem, ours
from benchmarks.speed import DTYPES, NAMES, _agree
from bpttlib.gradcheck import relative_error
from bpttlib.params import named_leaves

ROOT = Path(__file__).resolve().parents[1]
SIZE = (6, 3, 4, 5)


@pytest.mark.parametrize("options", [[], ["--adam", "--filter", "float32"]])
def test_smoke_of_the_speed(tmp_path, options):
    file = tmp_path / "speed.json"
    command = [sys.executable, "-m", "benchmarks", "speed", "--smoke", "--json", str(file)]
    done = subprocess.run(command + options, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "configuration" in done.stderr                               # a progress bar
    result = json.loads(file.read_text())
    assert result["threads"] == 1 and result["adam"] == bool(options)
    assert [(row["cell"], row["dtype"]) for row in result["rows"]] == [
        (cell, dtype) for cell in ("Elman", "LSTM", "GRU") for dtype in DTYPES[:1 + (not options)]]
    present = set(NAMES) - set(result["skipped"])
    assert present >= {"textbook", "limit"} and "numpy" in result["libraries"]
    assert all(f"skipped: {name}" in done.stdout for name in result["skipped"])
    for row in result["rows"]:
        expected = present - ({"textbook"} if row["cell"] != "Elman" else set())
        assert set(row["ratios"]) == expected and set(row["seconds"]) == expected | {"ours"}
        assert row["rounds"] >= 5 and min(row["seconds"].values()) > 0
        for name, ratio in row["ratios"].items():
            assert ratio == row["seconds"][name] / row["seconds"]["ours"]
        assert row["ratios"]["limit"] < 1
    for name, summary in result["summary"].items():
        ratios = [row["ratios"][name] for row in result["rows"] if name in row["ratios"]]
        assert summary["worst"] == min(ratios) and summary["configurations"] == len(ratios)
        assert summary["geometric mean"] == pytest.approx(geometric_mean(ratios))


@pytest.mark.parametrize("name", PEERS)
@pytest.mark.parametrize("cell", ["Elman", "LSTM", "GRU"])
def test_contestants_make_our_step_and_learn(name, cell):
    """Also after two updates, but for PyTorch: there, both of its biases learn."""
    problem = make_problem(cell, "float32", *SIZE)
    try:
        contestant, mine = PEERS[name](problem), ours(problem)
    except ImportError as error:
        pytest.skip(str(error))
    if contestant is None:
        assert (name, cell) in {("textbook", "LSTM"), ("textbook", "GRU")}
        return
    contestant.gradients()                                              # leaves nothing behind
    before = np.zeros_like(problem.params.cell.W_xh)
    for update in range(3):
        grads, own = contestant.gradients(), mine.gradients()
        pairs = list(zip(named_leaves(contestant.as_ours(grads)), named_leaves(own), strict=True))
        if update == 0 or "torch" not in name:
            for (_, g), (tensor, g_own) in pairs:
                assert g.dtype == g_own.dtype == np.float32
                assert relative_error(g, g_own) < 1e-4, (tensor, update)
        assert relative_error(pairs[0][0][1], before) > 1e-6            # the parameters did move
        before = pairs[0][0][1].copy()
        contestant.update(grads)
        mine.update(own)


@pytest.mark.parametrize("wrong", [lambda g: g * 1.001, lambda g: g * np.nan, lambda g: g.T,
                                   lambda g: g.astype("float32")])
def test_another_gradient_stops_the_benchmark(wrong):
    mine = ours(make_problem("GRU", "float64", *SIZE))

    def as_ours(grads):
        return grads._replace(cell=grads.cell._replace(W_hh=wrong(grads.cell.W_hh)))

    _agree({"ours": mine, "theirs": mine}, "float64", "here")
    with pytest.raises(SystemExit, match="here: theirs has another gradient of cell.W_hh"):
        _agree({"ours": mine, "theirs": mine._replace(as_ours=as_ours)}, "float64", "here")


@pytest.mark.parametrize("rows", [False, True])
@pytest.mark.parametrize("cell, G, tanhs", [("Elman", 1, 1), ("LSTM", 4, 5), ("GRU", 3, 3)])
def test_the_limit_makes_all_the_products(monkeypatch, cell, G, tanhs, rows):
    T, B, D, H = SIZE
    work, squashed = [], []

    def dot(left, right, out):
        work.append(left.shape[0] * left.shape[1] * right.shape[1])
        out[...] = left @ right

    once = bare(make_problem(cell, "float64", *SIZE), rows)
    monkeypatch.setattr(np, "dot", dot)
    monkeypatch.setattr(np, "tanh", lambda a, out: squashed.append(a.size))
    once()
    assert sum(work) == T * B * (3 * G * H * H + 2 * G * H * D + 3 * D * H)
    assert len(work) == 2 * T + 6 and sum(squashed) == T * B * H * tanhs


def test_wrong_arguments_are_refused(capfd):
    for wrong in (["--threads", "0"], ["--peers", "jax,keras"], ["--seconds", "long"]):
        with pytest.raises(SystemExit) as stop:
            main(["speed", *wrong])
        assert stop.value.code == 2
    assert main(["speed", "--smoke", "--filter", "nothing like it"]) == 1
    assert "no configuration has 'nothing like it' in its name" in capfd.readouterr().err
