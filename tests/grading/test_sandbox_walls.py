"""The walls: what back ends let through, who may use them, what a killed grader leaves behind."""
import copy
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from grading.sandbox import NoSandbox, SandboxBroken, open_sandbox, seccomp
from grading.sandbox.doctor import describe, examine
from grading.sandbox.image import HELPERS, OWN, Image
from tests.conftest import leave_out

ROOT = Path(__file__).resolve().parents[2]
BACK_ENDS = ["forkserver", "bubblewrap", "landlock"]


@pytest.fixture(scope="module")
def image():
    return Image()


@pytest.mark.parametrize("name", BACK_ENDS)
def test_every_attempt_to_get_out_fails(name):
    finding = examine(name)
    if not finding.works:
        leave_out(finding.note)
    assert [what for what, held in finding.holds.items() if not held] == []
    assert f"{name}: works" in describe([finding])
    assert "0 of" not in describe([finding])


def test_the_doctor_sees_open_doors():
    finding = examine("none")
    assert finding.works
    assert not finding.holds["network"] and not finding.holds["files of the machine"]
    assert finding.holds["memory"] and finding.holds["time"]
    assert "No back end is safe here" in describe([finding])


def test_without_walls_calls_work_all_the_same():
    with open_sandbox("none") as box, box.session() as session:
        session.run("def f(x): return x + 1", "cell 1")
        assert session.call("f", 1) == 2


def test_the_fork_server_is_renewed_when_it_was_killed():
    try:
        with open_sandbox("forkserver") as box:
            box.back_end.server.kill()
            box.back_end.server.wait()
            with box.session() as session:
                session.run("x = 1", "cell 1")
                assert session.get("x") == 1
    except NoSandbox as error:
        leave_out(str(error))


def test_a_sandbox_that_breaks_is_not_the_students_fault():
    try:
        with open_sandbox("forkserver") as box, box.session() as session:
            session.run("def f(g):\n g()\n while True: pass", "cell 1")
            server = box.back_end.server
            with pytest.raises(SandboxBroken):
                session.call("f", lambda: (server.kill(), server.wait()) and None)
            assert session.run("x = 1", "cell 2") is None
            assert session.get("x") == 1
    except NoSandbox as error:
        leave_out(str(error))


def test_where_nothing_works_the_reason_and_a_remedy_are_given(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NoSandbox, match="(?s)bubblewrap is not installed.*container"):
        with open_sandbox("bubblewrap"):
            pass
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoSandbox, match="need Linux.*sandbox-container"):
        with open_sandbox():
            pass
    with pytest.raises(ValueError, match="backend: got 'docker'"):
        with open_sandbox("docker"):
            pass


def test_the_image_is_found_again_and_holds_no_answers(image):
    assert Image().folder == image.folder
    files = {str(path.relative_to(image.folder / "box")) for path in
             (image.folder / "box").rglob("*.py") if "numpy" not in path.parts}
    assert files == {"bpttlib/__init__.py", "boxed/__init__.py"} | {
        f"boxed/{name}" for name in OWN} | {
        name.replace(".", "/") + ".py" for name in HELPERS}
    assert not list(image.folder.rglob("site-packages"))
    assert not [path for path in image.folder.rglob("*") if path.stat().st_mode & 0o022]


def test_a_helper_that_changed_gets_a_new_image(image, monkeypatch):
    monkeypatch.setattr("grading.sandbox.image.HELPERS", HELPERS[:1])
    assert Image.fingerprint(image) != image.folder.name.removeprefix("image-")


def test_images_out_of_use_are_removed(image, tmp_path):
    image = copy.copy(image)
    image.folder = tmp_path / "image-new"
    for name, age in (("image-old", 15), ("making-old", 15), ("image-new", 0), ("image-1", 13)):
        (tmp_path / name / "box").mkdir(parents=True)
        os.utime(tmp_path / name, (time.time() - age * 86_400,) * 2)
    image.forget_others()
    assert {path.name for path in tmp_path.iterdir()} == {"image-new", "image-1"}


@pytest.mark.parametrize("machine, header", [
    ("x86_64", "*/asm/unistd_64.h"), ("aarch64", "asm-generic/unistd.h")])
def test_the_numbers_of_forbidden_calls_are_the_kernels(machine, header):
    headers = list(Path("/usr/include").glob(header))
    if not headers:
        pytest.skip("the kernel's headers are not installed")
    known = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", headers[0].read_text()))
    for name, numbers in (seccomp.NUMBERS | seccomp.CHECKED).items():
        number = numbers[seccomp.COLUMN[machine]]
        assert number is None or known.get(name) == str(number), name


ENDLESS = """
import sys
from grading.sandbox import Limits, open_sandbox
with open_sandbox(sys.argv[1], Limits(call_seconds=60, memory_MiB=int(sys.argv[2]))) as box:
    with box.session() as session:
        session.run("import ctypes, signal, threading, time\\n"
                    "ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\\n"
                    "for n in range(1, 64):\\n try: signal.signal(n, signal.SIG_IGN)\\n"
                    " except (OSError, ValueError): pass\\n"
                    "def endless():\\n while True: pass\\n"
                    "threading.Thread(target=endless, daemon=True).start()", "cell 1")
        print("running", flush=True)
        session.call("endless")
"""


@pytest.mark.parametrize("name", BACK_ENDS)
def test_a_killed_grader_leaves_no_process(name):
    mark = str(3000 + BACK_ENDS.index(name) * 1000 + os.getpid() % 1000)
    grader = subprocess.Popen([sys.executable, "-c", ENDLESS, name, mark], cwd=ROOT,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if grader.stdout.readline() != b"running\n":
        grader.wait()
        leave_out(f"{name} does not work here")
    assert left_over(mark)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    end = time.monotonic() + 10
    while left_over(mark) and time.monotonic() < end:
        time.sleep(0.05)
    assert left_over(mark) == []


def left_over(mark):
    """The processes whose command names this limit."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f'"memory_MiB": {mark},'.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


@pytest.fixture
def as_ordinary_user(image):
    """A function that runs Python as a user who is not root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become an ordinary user; this one is one already")
    # Root's Python may lie where nobody else can go; the image's own is open to all.
    home = Path(tempfile.mkdtemp(prefix="bptt-home-"))
    os.chown(home, 65_432, 65_432)
    packages = os.pathsep.join([str(ROOT), str(Path(np.__file__).parents[1])])
    environment = image.environment(False) | {
        "PYTHONPATH": packages, "PATH": os.environ["PATH"], "HOME": str(home)}

    def run(*arguments):
        done = subprocess.run(
            [f"{image.folder}{image.python}", "-B", *arguments], cwd=home, capture_output=True,
            text=True, env=environment, user=65_432, group=65_432, extra_groups=[])
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    yield run
    shutil.rmtree(home)


@pytest.mark.parametrize("name", BACK_ENDS)
def test_an_ordinary_user_gets_the_same_walls(name, as_ordinary_user):
    said = as_ordinary_user("-c", (
        "from grading.sandbox.doctor import describe, examine\nimport os\n"
        f"found = examine({name!r})\nprint(os.getuid(), describe([found]))\n"
        "assert found.works and all(found.holds.values())\n"))
    assert said.startswith(f"65432 {name}: works")


@pytest.mark.long
def test_an_ordinary_user_stands_the_same_attacks(as_ordinary_user):
    attacks = Path(__file__).with_name("test_sandbox_attacks.py")
    said = as_ordinary_user("-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=",
                            "-c", str(ROOT / "pyproject.toml"), str(attacks))
    assert " passed" in said and "skipped" not in said
