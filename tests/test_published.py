"""The literature's results: what is exact in full, what is trained on toy sizes, and the runs."""
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from math import log
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import published
from benchmarks.__main__ import main
from benchmarks.published import _run, lstm1997
from benchmarks.published._table import REPRODUCED, SHORT, Row, markdown, plain, spread, verdict

ROOT = Path(__file__).resolve().parents[1]
EXACT = {"influence_balancing": 5, "checkpointing": 2, "bounds": 4, "cliff": 2, "rtrl": 3,
         "unfolding": 2}                                    # and how many rows each has
RESULTS = {name: import_module(f"benchmarks.published.{name}") for name in published.NAMES}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """Through the command line, in processes of its own, as a user would."""
    out = tmp_path_factory.mktemp("published") / "table.json"
    command = [sys.executable, "-m", "benchmarks", "published", "--smoke", "--jobs", "1", "--out",
               str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text(encoding="utf-8")), done, out


def parts(smoke, name):
    """Return what a module's parts measured."""
    return [part["result"] for part in smoke[0]["parts"] if part["name"] == name]


def test_smoke_runs_all_writes_the_table_and_leaves_nothing_behind(smoke):
    content, done, out = smoke
    assert {part["name"] for part in content["parts"]} == set(published.NAMES)
    assert sorted(file.name for file in out.parent.iterdir()) == ["table.json", "table.md"]
    rows = [Row(**row) for row in content["rows"]]
    assert out.with_suffix(".md").read_text(encoding="utf-8") == markdown(rows)
    assert done.stdout.strip() == plain(rows).strip()
    assert "part" in done.stderr                                        # a progress bar
    for name, module in RESULTS.items():
        own = {row.verdict for row in rows if row.source == module.SOURCE}
        assert own == ({REPRODUCED} if module.EXACT else {SHORT}), name


def test_what_is_exact_is_reproduced_in_full(smoke):
    assert {name for name, module in RESULTS.items() if module.EXACT} == set(EXACT)
    for name, rows in EXACT.items():
        assert RESULTS[name].parts(True) == RESULTS[name].parts(False)
        verdicts = [row.verdict for row in RESULTS[name].rows(parts(smoke, name))]
        assert verdicts == [REPRODUCED] * rows


def test_influence_balancing(smoke):
    signs, *runs = parts(smoke, "influence_balancing")
    assert signs["windows"] == signs["windows, closed"] == {"first": 41, "stays": True}
    assert signs["chunks"] == signs["chunks, closed"] == {"first": 110, "stays": True}
    assert [run["K"] for run in runs] == [10, 20, 30, 41, 50]
    assert min(run["peak"] for run in runs[:3]) > 1e6 and runs[4]["peak"] < 100
    assert abs(runs[3]["theta"] - 0.283) < 1e-3 and abs(runs[4]["theta"] + 1 / 6) < 1e-3


def test_checkpointing(smoke):
    (costs,) = parts(smoke, "checkpointing")
    known = [500_500, 29_820, 13_155, 7284, 4636, 3747, 2948]
    assert list(costs.values()) == [known] * 4 and len(costs) == 4


def test_bounds_hold_and_are_only_sufficient_and_only_necessary(smoke):
    for result in parts(smoke, "bounds"):
        below, beyond = result["below"], result["beyond"]
        assert (below["broken"], below["vanished"], below["grown"]) == (0, 200, 0)
        assert (below["foretold"], beyond["foretold"], beyond["broken"]) == (200, 0, 0)
        assert beyond["vanished"] > 50 and beyond["grown"] > 0          # it may go either way


def test_the_cliff(smoke):
    (found,) = parts(smoke, "cliff")
    near, wall, far = found["norms"]
    assert abs(wall - 779) < 1 and max(near, far) < 0.2 and found["error"] < 1e-10
    assert found["above"] < 0.1 < 0.3 < found["below"]
    assert found["clipped"]["longest"] <= 0.1 * 0.5 * (1 + 1e-12) < 30 < found["free"]["longest"]
    assert found["clipped"]["loss"] < 0.01 < found["free"]["loss"]


def test_bptt_is_rtrl_and_the_sum_over_copies(smoke):
    errors = [error for result in parts(smoke, "rtrl") for error in result["errors"]]
    errors += [error for result in parts(smoke, "unfolding") for error in result.values()]
    assert len(errors) == 3 * 5 + 5 * 2 and 0 < max(errors) < 1e-12     # 0 would compare nothing


def test_toy_networks_beat_the_baselines_and_the_baselines_are_known(smoke):
    for result in parts(smoke, "adding"):
        assert abs(result["guessing"] - 1) < 0.05 and result["network"] < 0.1
    for result in parts(smoke, "copying"):
        assert abs(result["memoryless"] - 10 * log(8) / 25) < 1e-9
        assert result["network"] < result["memoryless"]
    for result in parts(smoke, "temporal_order"):
        assert 500 * len(result["wrong"]) == result["updates"] <= 1000
        assert result["wrong"][-1] < 0.01 and result["norm"] > 1        # ¾ is guessing


def test_the_old_lstm_learns_a_toy(smoke):
    (result,) = parts(smoke, "lstm1997")
    assert result["weights"] == 156 and result["wrong"] == [0, 0]
    assert all(1000 < needed < 8000 for needed in result["needed"])


def test_the_old_lstms_gradient_is_the_truncated_one():
    """By complex step, with what comes back to cells and gates held fixed: that is the cut."""
    rng, T, N = np.random.default_rng(3), 22, 3
    W, V = lstm1997.start(rng, N)
    W, V = W + 0.3 * rng.normal(size=W.shape), V + rng.normal(size=V.shape)
    x, last, target = lstm1997.sequences(rng, N, T)
    u, z, s = lstm1997.forward(W, x)
    *changes, _ = lstm1997.backward(V, x, u, z, s, last, target)
    assert len(set(last)) > 1                                           # of different lengths

    def loss(W, V, i):
        state, sigmoid = np.zeros((2, 2)), lambda a: 1 / (1 + np.exp(-a))
        for t in range(last[i] + 1):
            a = W @ np.concatenate([x[t, i], z[t, i], [1.0]])
            gates = sigmoid(a[4:])
            state = state + gates[:2, None] * (4 * sigmoid(a[:4]) - 2).reshape(2, 2)
        cells = (gates[2:, None] * (2 * sigmoid(state) - 1)).ravel()
        np.testing.assert_allclose(cells.real, z[last[i] + 1, i, :4], rtol=1e-12)
        return 0.5 * ((target[i] - sigmoid(V @ np.append(cells, 1.0)))**2).sum()

    for i in range(N):
        for k, change in enumerate(changes):
            gradient = np.zeros(change[i].shape)
            for j in np.ndindex(gradient.shape):
                both = [W[i].astype(complex), V[i].astype(complex)]
                both[k][j] += 1e-30j
                gradient[j] = loss(*both, i).imag / 1e-30
            np.testing.assert_allclose(change[i], -gradient, atol=1e-12 * abs(gradient).max())


@pytest.fixture
def threads(monkeypatch):
    """Threads in place of processes, and parts that only say who they are; the third one fails."""
    ran, broken = [], [2]

    def measure(name, settings):
        if settings["i"] in broken:
            raise RuntimeError("killed")
        ran.append(settings["i"])
        return {"i": (settings["i"],)}

    @contextmanager
    def executor(jobs, scheduler):
        with ThreadPoolExecutor(1) as pool:
            yield pool

    monkeypatch.setattr(_run, "measure", measure)
    monkeypatch.setattr(_run, "executor", executor)
    return ran, broken


def test_what_is_finished_is_not_run_again(threads, tmp_path):
    ran, broken = threads
    work, file = [("rtrl", {"i": i}) for i in range(4)], tmp_path / "kept.json"
    with pytest.raises(RuntimeError, match="killed"):
        _run.run_all(work, _run.Kept(file))
    assert ran == [0, 1, 3] and len(json.loads(file.read_text())) == 3  # the others' are not lost
    broken.clear()
    kept = _run.Kept(file)
    assert _run.run_all(work, kept) == [{"i": [i]} for i in range(4)]   # as JSON has it
    assert ran == [0, 1, 3, 2]                                          # each of them once
    kept.forget({_run.Kept.key(*work[0])})
    assert len(_run.Kept(file).parts) == 3
    kept.forget({_run.Kept.key(*part) for part in work})
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_killed_goes_on_and_leaves_no_worker(tmp_path):
    out, kept = tmp_path / "table.json", tmp_path / "table.parts.json"
    command = [sys.executable, "-m", "benchmarks", "published", "influence_balancing", "--jobs",
               "1", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as first:
        while not kept.exists() and first.poll() is None:
            time.sleep(0.01)
        first.kill()
        first.communicate(timeout=60)                       # ends when the worker has let go, too
    assert json.loads(kept.read_text()) and not out.exists()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and " 0/6 " not in done.stderr, done.stderr
    assert len(json.loads(out.read_text(encoding="utf-8"))["parts"]) == 6 and not kept.exists()


def test_a_part_is_measured_anew_where_its_settings_or_its_module_differ():
    keys = {_run.Kept.key("rtrl", {"i": 0}), _run.Kept.key("rtrl", {"i": 1}),
            _run.Kept.key("cliff", {"i": 0})}
    assert len(keys) == 3 and len({key.split()[-1] for key in keys}) == 2


def test_dask_is_asked_for_only_with_a_scheduler(monkeypatch):
    asked = []

    class Client(SimpleNamespace):
        def __init__(self, address, **_):
            asked.append(address)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            asked.append("closed")

        def get_executor(self, **_):
            return ThreadPoolExecutor(1)

    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=Client))
    with _run.executor(scheduler="tcp://there:8786") as pool:
        assert pool.submit(max, 3, 4).result() == 4
    assert asked == ["tcp://there:8786", "closed"]
    monkeypatch.setitem(sys.modules, "distributed", None)               # as if not installed
    with pytest.raises(SystemExit, match="pip install distributed"), _run.executor(None, "tcp://x"):
        pass
    with _run.executor(1) as pool:
        assert pool.submit(max, 3, 4).result() == 4


def test_the_table():
    assert spread([1.0, 2.0, 3.0], 1) == "2.0 ± 1.0 (n = 3)" and spread([31390], 0) == (
        "31,390 ± 0 (n = 1)")
    assert (verdict(True), verdict(False), verdict(False, "differs")) == (
        "reproduced", "not reproduced", "differs")
    row = Row("Elman 1990", "|x|", "1", "2 ± 1", "differs")
    assert markdown([row]).splitlines()[2] == r"| \|x\| (Elman 1990) | 1 | 2 ± 1 | differs |"
    assert plain([row, row]).count("Elman 1990") == 1


def test_an_unknown_result_is_refused():
    with pytest.raises(SystemExit, match="table7: no such result; there are influence_balancing"):
        main(["published", "table7"])


def test_the_stored_table_is_what_the_stored_measurements_say():
    content = json.loads(published.FILE.read_text(encoding="utf-8"))
    rows = []
    for name, module in RESULTS.items():
        own = [part for part in content["parts"] if part["name"] == name]
        assert [part["settings"] for part in own] == module.parts(False)
        rows += module.rows([part["result"] for part in own])
    assert [row._asdict() for row in rows] == content["rows"]
    assert published.FILE.with_suffix(".md").read_text(encoding="utf-8") == markdown(rows)
    assert published.readme_table() == markdown(rows)


def test_the_command_line_loads_no_numpy():
    """Memory is measured by the benchmark next door, in processes that start with its peak."""
    code = "import sys, benchmarks.__main__; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
