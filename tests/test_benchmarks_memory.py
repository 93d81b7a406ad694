"""The benchmark of memory runs, its contestants make one step, and its limits are judged right."""
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.__main__ import main
from benchmarks.alone import HELD_BACK, THREADS, environment
from benchmarks.memory import MiB, agree, decide, measure, memory, table

ROOT = Path(__file__).resolve().parents[1]
SIZE = {"T": 60, "B": 2, "D": 3, "H": 4, "mebibytes": 0.01, "steps": 2}


def test_smoke_of_the_memory(tmp_path):
    file = tmp_path / "memory.json"
    command = [sys.executable, "-m", "benchmarks", "memory", "--smoke", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        "full", "checkpointed", "torch"]
    result = json.loads(file.read_text())
    rows, bars = result["results"], result["bars"]
    assert set(rows) >= {"full", "checkpointed"} and len(bars) == len(rows)
    assert ("torch" in rows) != ("torch is left out" in done.stdout)
    for row in rows.values():
        assert 0 < row["base"] <= row["before"] <= row["peak"] and row["seconds"] > 0
    plan = rows["checkpointed"]["plan"]
    assert plan["bytes"] <= 0.1 * MiB and 300 < plan["steps"] < 600
    assert all(f"{bar['what']}: {'PASS' if bar['passed'] else 'FAIL'}" in done.stdout
               for bar in bars)


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no module resource")
def test_checkpointing_a_long_sequence_takes_little_memory(tmp_path):
    """Without the limit of time, which others on the processor would disturb."""
    file = tmp_path / "memory.json"
    main(["memory", "--T", "2000", "--mebibytes", "16", "--steps", "1", "--json", str(file)])
    rows = json.loads(file.read_text())["results"]
    full, frugal = ((rows[name]["peak"] - rows[name]["base"]) / MiB
                    for name in ("full", "checkpointed"))
    assert 16 < frugal < 32 and full > 500


@pytest.mark.parametrize("cell", ["Elman", "LSTM", "GRU"])
def test_all_contestants_have_the_same_gradients(cell):
    results = {name: measure(name, cell=cell, **SIZE) for name in ("full", "checkpointed", "torch")}
    results = {name: result for name, result in results.items() if "skipped" not in result}
    agree(results)
    grads = results["full"]["grads"]
    G = {"Elman": 1, "LSTM": 4, "GRU": 3}[cell]
    assert {name: len(g) for name, g in grads.items()} == {
        "cell.W_xh": G * 12, "cell.W_hh": G * 16, "cell.b_h": G * 4, "readout.W_hy": 12,
        "readout.b_y": 3}
    assert min(np.abs(g).max() for g in grads.values()) > 1e-4
    assert results["checkpointed"]["plan"]["bytes"] <= 0.01 * MiB


@pytest.mark.parametrize("wrong", [[3.0, 4.0 + 1e-8], [3.0, math.nan], [3.0, -4.0], [0.0, 0.0]])
def test_another_gradient_stops_the_benchmark(wrong):
    def results(g_hat):
        return {"full": {"grads": {"a": [1.0], "b": [3.0, 4.0]}},
                "theirs": {"grads": {"a": [1.0], "b": g_hat}}}

    agree(results([3.0, 4.0 + 1e-9]))
    with pytest.raises(SystemExit, match="theirs has another gradient of b"):
        agree(results(wrong))


def measured(memory, seconds, base=100.0):
    """Return a result whose peak lies so many MiB above the base."""
    return {"base": base * MiB, "before": base * MiB, "peak": (base + memory) * MiB,
            "seconds": seconds, "plan": {"segment": 9, "states": 8, "steps": 7, "bytes": 3 * MiB}}


@pytest.mark.parametrize("full, frugal, torch, passed", [
    ((4000, 4), (50, 5), (4001, 1), [True, True, True]),
    ((4000, 4), (50.1, 5), (4001, 1), [False, True, True]),
    ((4000, 4), (1, 5.01), (4001, 1), [True, False, True]),
    ((4000, 4), (1, 1), (4000, 9), [True, True, False]),
    ((4000, 4), (1, 1), None, [True, True])])
def test_the_limits(full, frugal, torch, passed):
    results = {"full": measured(*full), "checkpointed": measured(*frugal, base=7)}
    if torch:
        results["torch"] = measured(*torch, base=300)       # its libraries do not count
    assert [bar["passed"] for bar in decide(results)] == passed


def test_the_table():
    results = {"full": measured(4000, 4), "checkpointed": measured(0, 5)}
    lines = list(table({"T": 10_000, "B": 2, "D": 3, "H": 4, "cell": "GRU"}, results))
    assert lines[0] == "T = 10,000, B = 2, D = 3, H = 4, GRU"
    assert lines[2].split() == ["full", "100", "MiB", "4,000.0", "MiB", "4.00", "s", "1.00"]
    assert lines[3].split()[-1] == "1.25"
    assert lines[4].endswith("segments of 9 steps, 8 states stored, 7 steps forward, 3.0 MiB "
                             "planned")
    assert [line.split(":")[0] for line in lines[5:]] == ["checkpointed"]   # below an earlier peak


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory now")
def test_memory_is_counted_in_bytes():
    before, _ = memory()
    block = np.ones(2**23)                                                  # 64 MiB
    now, peak = memory()
    assert 63.5 * MiB < now - before < 64.9 * MiB and peak >= now
    del block
    later, peak_later = memory()
    assert later < before + 4 * MiB and peak_later >= peak - MiB            # counted in batches


def test_a_process_of_its_own_has_one_thread_and_its_own_instructions(monkeypatch):
    for name in HELD_BACK | {"OMP_NUM_THREADS"}:
        monkeypatch.setenv(name, "7")
    monkeypatch.setenv("SOMETHING_ELSE", "kept")
    alone = environment()
    assert not HELD_BACK & set(alone) and alone["SOMETHING_ELSE"] == "kept"
    assert {alone[name] for name in THREADS} == {"1"}


def test_the_command_imports_no_numpy():
    """On some systems a new process starts with the peak of the one that started it."""
    program = "import sys, benchmarks.__main__; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_wrong_arguments_are_refused(capsys):
    for wrong in (["--T", "0"], ["--steps", "-1"], ["--cell", "RNN"], ["--mebibytes", "few"]):
        with pytest.raises(SystemExit) as stop:
            main(["memory", *wrong])
        assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
