"""A batch that is killed goes on, a submission is graded once, and nothing is left behind."""
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from benchmarks.classroom import write_class
from grading import batch
from grading.batch import grade_folder
from grading.grade import ATTENTION, GRADED, GRADER, INFRASTRUCTURE
from grading.records import read_record, read_records, record_path, write_record
from grading.task import Task, grade_task
from tests.grading.corpus.making import answers, exercise, saved
from tests.grading.corpus.run import descendants

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of the class"
LIMITS = (1024, 10.0, 120)


def hand_in(folder, n):
    """Write n honest submissions; every fourth has a mistake, and every fourth is half done."""
    write_class(folder, n)
    return folder


def right_states(records, n):
    """Check the totals of such a class."""
    assert len(records) == n and {record["state"] for record in records} == {GRADED}
    points = Counter(record["points"] for record in records)
    assert points[15] == sum(k % 4 < 2 for k in range(n))
    assert points[3] == sum(k % 4 == 3 for k in range(n))


def start(submissions, out):
    """Start the grader as a person would."""
    secret = submissions.parent / "secret"
    secret.write_text(SECRET)
    return subprocess.Popen(
        [sys.executable, "-m", "grading", "grade", str(submissions), "--out", str(out),
         "--assignment", "03", "--jobs", "2", "--secret", str(secret)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
        # Who runs the tests in the background has Ctrl+C ignored, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL))


def wait_until(true, seconds=1200):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)


def living(pids):
    """Return those processes that still run."""
    return [pid for pid in pids if Path(f"/proc/{pid}/stat").exists() and
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"]


def number_of(out):
    return len(list(out.glob("records/03/[!.]*.json")))


def check_kills(folder, n):
    submissions, out = hand_in(folder / "submissions", n), folder / "out"
    for k in (1, 2, 3):
        grader = start(submissions, out)
        try:
            wait_until(lambda k=k: number_of(out) >= k * n // 4)
            began = descendants(grader.pid)
        finally:
            grader.send_signal(signal.SIGKILL)
        assert len(began) >= 2
        grader.communicate()
        wait_until(lambda began=began: living(began) == [], 20)
        assert number_of(out) < n
    done = number_of(out)
    grader = start(submissions, out)
    said, trouble = grader.communicate(timeout=1800)
    assert grader.returncode == 0, trouble
    assert f"graded: {n}" in said and done >= 3 * n // 4
    right_states(read_records(out), n)


def test_a_killed_batch_goes_on(tmp_path):
    check_kills(tmp_path, 60)


@pytest.mark.long
def test_a_large_batch_that_is_killed_goes_on(tmp_path):
    check_kills(tmp_path, 1000)


def test_an_interrupted_batch_says_how_to_go_on(tmp_path):
    submissions, out = hand_in(tmp_path / "submissions", 300), tmp_path / "out"
    grader = start(submissions, out)
    wait_until(lambda: number_of(out) >= 3)
    began = descendants(grader.pid)
    grader.send_signal(signal.SIGINT)
    _, said = grader.communicate(timeout=60)
    assert grader.returncode == 130 and "the same command goes on" in said
    assert "Traceback" not in said
    wait_until(lambda: living(began) == [], 20)


@pytest.fixture
def small(tmp_path):
    """Two submissions, and what grades them."""
    for name, own in (("ann", answers()), ("bob", {})):
        (tmp_path / "in" / name).mkdir(parents=True)
        saved(exercise(own=own))(tmp_path / "in" / name)

    def run(**more):
        return grade_folder(tmp_path / "in", tmp_path / "out", ["03"], more.pop("secret", SECRET),
                            jobs=1, **more)[0]
    return tmp_path, run


def test_what_was_graded_is_not_graded_again(small, monkeypatch):
    folder, run = small
    first = run()
    assert [record["points"] for record in first] == [15, 0]
    monkeypatch.setattr(batch, "open_executor", None)  # nothing is to be executed
    assert run() == first


def test_what_has_changed_is_graded_again(small):
    folder, run = small
    first = run()
    saved(exercise(own=answers()))(folder / "in/bob")
    second = run()
    assert [record["points"] for record in second] == [15, 15]
    assert second[0] == first[0]
    third = run(secret="another secret of the class")
    assert third[0]["key"] != first[0]["key"] and third[0]["points"] == 15


def test_half_a_record_is_none(small):
    folder, run = small
    run()
    path = record_path(folder / "out", "ann", "03")
    path.write_text(path.read_text()[:100])
    assert read_record(path) is None
    assert [record["points"] for record in run()] == [15, 0]


def test_a_record_is_written_in_one_piece(tmp_path, monkeypatch):
    path = record_path(tmp_path, "ann", "03")
    write_record(path, {"points": 1})
    monkeypatch.setattr(os, "replace", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_record(path, {"points": 2})
    assert read_record(path) == {"points": 1}


@pytest.mark.parametrize("name", ["../../etc", "a/b", "Zoë Ångström", "x" * 300, ".hidden", "\0",
                                  "\U0001d49c" * 63 + "abc"])
def test_any_name_has_a_record_of_its_own(name, tmp_path):
    path = record_path(tmp_path, name, "03")
    write_record(path, {"student": name})
    assert path.parent == tmp_path / "records/03"
    assert [record["student"] for record in read_records(tmp_path)] == [name]
    assert record_path(tmp_path, name + "_", "03") != path
    assert record_path(tmp_path, path.stem, "03") != path or path.stem == name


def task(place, **more):
    return Task("ann", "03", str(place), "key", SECRET, "auto", LIMITS)._replace(**more)


def test_our_own_fault_is_no_zero(small, monkeypatch):
    folder, _ = small
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr("grading.task.grade", lambda *a: 1 / 0)
    record = grade_task(task(folder / "in/ann"))
    assert record["state"] == GRADER and "ZeroDivisionError" in record["reason"]
    monkeypatch.undo()
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.setattr("grading.sandbox.opening.AUTO", ())
    record = grade_task(task(folder / "in/ann"))
    assert record["state"] == INFRASTRUCTURE and "No sandbox works here" in record["reason"]


def test_code_of_ours_that_never_ends_ends_its_process(small):
    folder, _ = small
    code = ("import grading.task as t, time\nt.SPARE, t._box = 0, lambda *a: None\n"
            "t.grade = lambda *a: time.sleep(600)\n"
            f"t.grade_task(t.Task('ann', '03', {str(folder)!r}, '', '', 'auto', (1024, 1, 1)))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=60)
    assert done.returncode == 1 and "Timeout" in done.stderr


def test_a_process_that_ends_again_and_again_costs_only_its_submission(small, monkeypatch):
    folder, run = small
    place = folder / "in/mean"
    place.mkdir()
    saved(exercise(own=answers()))(place)
    mine = str(os.getpid())
    monkeypatch.setenv("ENDS_AT", str(place))
    monkeypatch.setattr(batch, "grade_task", ends)
    records = {record["student"]: record for record in run()}
    assert mine == str(os.getpid())
    assert records["mean"]["state"] == INFRASTRUCTURE
    assert (records["ann"]["points"], records["bob"]["points"]) == (15, 0)
    assert records["ann"]["state"] == records["bob"]["state"] == GRADED


def ends(one):
    """Grade, but end the process at one of the submissions."""
    if one.place == os.environ["ENDS_AT"]:
        os._exit(1)
    return grade_task(one)


@pytest.fixture
def cluster(tmp_path):
    """A Dask cluster of two processes, with TLS, and its certificates as files."""
    distributed = pytest.importorskip("distributed")
    pytest.importorskip("cryptography")
    security = distributed.Security.temporary()
    files = []
    for name in ("tls_ca_file", "tls_client_cert", "tls_client_key"):
        files.append(str(tmp_path / f"{name}.pem"))
        Path(files[-1]).write_text(getattr(security, name))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, security=security,
                                  dashboard_address=None) as cluster:
        yield cluster, tuple(files)


def check_dask(folder, cluster, n):
    cluster, tls = cluster
    assert cluster.scheduler_address.startswith("tls://")
    submissions, out = hand_in(folder / "submissions", n), folder / "out"
    mine = next(iter(cluster.workers.values()))

    def kill_one():
        wait_until(lambda: number_of(out) >= n // 4)
        os.kill(mine.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill_one)
    killer.start()
    records, _ = grade_folder(submissions, out, ["03"], SECRET, None, cluster.scheduler_address,
                              tls, limits=LIMITS)
    killer.join()
    right_states(records, n)
    assert records == sorted(read_records(out), key=lambda record: record["student"])


def test_a_killed_dask_worker_costs_nothing(tmp_path, cluster):
    check_dask(tmp_path, cluster, 40)


@pytest.mark.long
def test_a_killed_dask_worker_costs_nothing_in_a_large_class(tmp_path, cluster):
    check_dask(tmp_path, cluster, 1000)


def test_without_certificates_the_scheduler_does_not_answer(tmp_path, cluster):
    cluster, tls = cluster
    hand_in(tmp_path / "submissions", 1)
    with pytest.raises(ValueError, match="--scheduler: got tls://.* needs the address"):
        grade_folder(tmp_path / "submissions", tmp_path / "out", ["03"], SECRET,
                     scheduler=cluster.scheduler_address)
    with pytest.raises(ValueError, match="--tls: got nothing.pem, which is no file"):
        grade_folder(tmp_path / "submissions", tmp_path / "out", ["03"], SECRET, None,
                     cluster.scheduler_address, ("nothing.pem",) * 3)


@pytest.mark.parametrize(("arguments", "said"), [
    (["/nowhere"], "SUBMISSIONS: got /nowhere, which is no folder"),
    (["FOLDER"], "holds no submission for 03"),
    (["FOLDER", "--memory", "3"], "--memory: got 3; needs 400 or more"),
    (["FOLDER", "--time-limit", "0"], "--time-limit: got 0; needs 0.1"),
    (["FOLDER", "--jobs", "0"], "--jobs: got 0"),
])
def test_errors_say_what_to_do(arguments, said, tmp_path, capsys):
    from grading.__main__ import main

    arguments = [str(tmp_path) if a == "FOLDER" else a for a in arguments]
    secret = tmp_path.parent / f"{tmp_path.name}-secret"
    assert main(["grade", *arguments, "--out", str(tmp_path / "out"), "--assignment", "03",
                 "--secret", str(secret)]) == 2
    assert said in capsys.readouterr().err


def test_attention_is_no_mark(tmp_path):
    (tmp_path / "in/ann").mkdir(parents=True)
    (tmp_path / "in/notes.pdf").write_bytes(b"%PDF")
    records, useless = grade_folder(tmp_path / "in", tmp_path / "out", ["03"], SECRET)
    assert [r["state"] for r in records] == [ATTENTION] and useless == ["notes.pdf"]
    json.dumps(records)


def test_a_sandbox_that_breaks_in_the_middle_is_tried_again(small, monkeypatch):
    from grading.sandbox.errors import SandboxBroken
    from grading.sandbox.session import Session

    folder, _ = small
    calls, call = [], Session.call

    def break_down(self, name, *args):
        calls.append(name)
        if len(calls) in (20, 60, 100):
            raise SandboxBroken("it broke")
        return call(self, name, *args)

    monkeypatch.setattr(Session, "call", break_down)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    record = grade_task(task(folder / "in/ann"))
    assert record["state"] == INFRASTRUCTURE and record["reason"] == "it broke"
    assert record["exercises"] == {} and record["points"] == 0
    record = grade_task(task(folder / "in/ann"))
    assert record["state"] == GRADED and record["points"] == 15


def test_a_sandbox_that_breaks_in_a_property_is_not_the_students_fault():
    from grading import hidden
    from grading.examine import examine
    from grading.problems import find
    from grading.remote import Broken, RemoteAsker
    from grading.sandbox.errors import SandboxBroken

    problem = hidden.hardened(find("elman_backward"))

    class Session:
        calls = 0

        def call(self, name, *args):
            self.calls += 1
            if self.calls > len(problem.cases(hidden.generator(SECRET, "ann", name))) + 1:
                raise SandboxBroken("it broke")
            return problem.reference(*args)

    rng = hidden.generator(SECRET, "ann", problem.name)
    with pytest.raises(Broken):
        examine(problem, RemoteAsker(Session(), problem.name), rng)
