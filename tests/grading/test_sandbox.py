"""The sandbox from the grader's side: values, callbacks, errors, restarts, and what it can see."""
import copy
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from grading.sandbox import (
    CellError,
    Died,
    Limits,
    NoSandbox,
    NotData,
    SandboxBroken,
    StudentRaised,
    open_sandbox,
)
from grading.sandbox.doctor import describe, examine
from grading.sandbox.image import HELPERS, OWN, Image
from tests.conftest import leave_out

ROOT = Path(__file__).resolve().parents[2]
BACK_ENDS = ["forkserver", "bubblewrap", "landlock"]


@pytest.fixture(scope="module")
def image():
    return Image()


@pytest.fixture(scope="module", params=BACK_ENDS)
def box(request):
    """A sandbox; tests are left out where its back end does not work."""
    with ExitStack() as stack:
        try:
            limits = Limits(call_seconds=5, callbacks=300)
            yield stack.enter_context(open_sandbox(request.param, limits))
        except NoSandbox as error:
            leave_out(str(error))


@pytest.fixture
def session(box):
    with box.session() as session:
        yield session


def test_cells_share_names_and_functions_return_data(session):
    assert session.run("import numpy as np\nk = 3", "cell 1") is None
    assert session.run("def f(x, y): return {'sum': x + y, 'k': (k, [k])}", "cell 2") is None
    value = session.call("f", np.arange(3.0), 1)
    assert value["sum"].tolist() == [1, 2, 3]
    assert value["k"] == (3, [3]) and type(value["k"]) is tuple
    assert session.get("k") == 3
    assert session.defines("f") and not session.defines("g")


def test_scalars_keep_their_types(session):
    session.run("import numpy as np\ndef same(x): return x", "cell 1")
    for value in (np.float32(0.1), np.float64(1), 1, 1.0, True, np.bool_(True), None, "ü", 1j):
        back = session.call("same", value)
        assert type(back) is type(value) and back == value


@pytest.mark.parametrize("code, words", [
    ("np.ma.masked_array([1.0], [True])", "MaskedArray"), ("np.matrix([1.0])", "matrix"),
    ("type('Liar', (np.ndarray,), {'__eq__': lambda a, b: True})(2)", "Liar"),
    ("np.array([None])", "object"), ("(x for x in 'a')", "generator"), ("f", "function"),
    ("type('F', (float,), {})(1)", "F"), ("[1, {2}]", "set"), ("object()", "object"),
    ("__import__('collections').namedtuple('P', 'x')(1)", "P")])
def test_what_is_not_data_is_not_believed(session, code, words):
    session.run(f"import numpy as np\ndef f(): return {code}", "cell 1")
    with pytest.raises(NotData, match=words):
        session.call("f")
    session.run("f.x = value = f", "cell 2")
    with pytest.raises(NotData, match="function"):
        session.get("value")


def test_errors_carry_kind_words_and_line(session):
    session.run("def f(x):\n    y = 1\n    return y / x", "cell 7")
    with pytest.raises(StudentRaised) as caught:
        session.call("f", 0)
    assert caught.value.kind == "ZeroDivisionError"
    assert caught.value.message == "division by zero (line 3 of cell 7)"
    with pytest.raises(StudentRaised, match="NameError: name 'g' is not defined"):
        session.call("g")
    assert session.run("a = 1\nb = c", "cell 8") == CellError(
        "NameError", "name 'c' is not defined (line 2 of cell 8)")
    assert session.get("a") == 1
    assert session.run("a b", "cell 9").kind == "SyntaxError"


def test_our_functions_can_be_called_while_the_call_lasts(session):
    session.run("def outer(f, x):\n    global kept\n    kept = f\n    return [f(x), f(x=2 * x)]\n"
                "def later(): return kept(1)\n"
                "def wrong(f): return f({1})\ndef again(f):\n    while True: f(1)", "cell 1")
    asked = []

    def ours(x):
        asked.append(x)
        return x + 1
    assert session.call("outer", ours, 10) == [11, 21]
    assert asked == [10, 20]
    with pytest.raises(StudentRaised, match="only while the call lasted"):
        session.call("later")
    with pytest.raises(StudentRaised, match="NotPlain"):
        session.call("wrong", ours)
    assert len(asked) == 2
    with pytest.raises(Died, match="300 callbacks"):
        session.call("again", ours)


def test_of_our_errors_only_the_type_reaches_the_student(session):
    session.run("def f(g):\n    try: g()\n    except Exception as e: return str(e)", "cell 1")

    def secretive():
        raise KeyError("the answer is 42")
    assert session.call("f", secretive) == "KeyError"


def test_arguments_that_are_no_data_are_our_mistake(session):
    session.run("def f(x): return x", "cell 1")
    with pytest.raises(TypeError, match="set"):
        session.call("f", {1})
    assert session.call("f", 1) == 1
    session.run("def g(f): return f()", "cell 2")
    with pytest.raises(TypeError, match="set"):
        session.call("g", lambda: {1})
    assert session.call("f", 1) == 1


def test_an_interrupted_call_does_not_answer_the_next(session):
    session.run("def f(g): return g()\ndef one(): return 1", "cell 1")

    def interrupted():
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        session.call("f", interrupted)
    assert session.call("one") == 1


@pytest.mark.parametrize("code", [1, 128, 129, 200, 255])
def test_every_exit_code_is_a_death(session, code):
    session.run(f"import os\ndef f(): os._exit({code})", "cell 1")
    with pytest.raises(Died):
        session.call("f")


def test_a_student_cannot_change_our_arrays(session):
    session.run("def f(x): x[:] = 9; return x", "cell 1")
    x = np.ones(2)
    assert session.call("f", x).tolist() == [9, 9]
    assert x.tolist() == [1, 1]


def test_notebook_magic_display_and_absent_modules_do_no_harm(session):
    assert session.run(
        "%matplotlib inline\n!ls\nimport matplotlib.pyplot as plt\nfrom grading import check\n"
        "from bpttlib.bptt import bptt\nfrom bpttlib import unroll\nfig, ax = plt.subplots()\n"
        "ax.plot([1], label='x'); check('f', len); display(1)\n"
        "get_ipython().run_line_magic('time', '')\ndef f(): return 1", "cell 1") is None
    assert session.call("f") == 1
    assert session.run("%%bash\nls", "cell 2") is None
    error = session.run("unroll(1)", "cell 3")
    assert (error.kind, "bpttlib.unroll is not available" in error.message) == ("ImportError", True)


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_can_be_imported_and_answers_cannot(session, name):
    assert session.run(f"import {name}\nhelper = {name}.__file__", "cell 1") is None
    assert session.get("helper").endswith(name.rpartition(".")[2] + ".py")
    assert session.run("import bpttlib, os\nhere = os.listdir(os.path.dirname(bpttlib.__file__))",
                       "cell 2") is None
    names = {helper.rpartition(".")[2] + ".py" for helper in HELPERS} | {"__init__.py"}
    assert set(session.get("here")) - {"__pycache__"} == names


def test_output_is_kept_up_to_its_cap_also_after_a_death(session):
    session.run("def say(x): print(x)\ndef die(): print('last words', flush=True); os._exit(1)\n"
                "import os", "cell 1")
    session.call("say", "ä")
    with pytest.raises(Died):
        session.call("die")
    session.call("say", "b")
    assert session.output == "ä\nlast words\nb\n"
    session.call("say", "x" * 100_000)
    assert session.output.endswith(" more bytes]") and len(session.output) < 70_000


def test_two_sessions_do_not_see_each_other(box):
    with box.session() as one, box.session() as two:
        one.run("x = 1", "cell 1")
        two.run("x = 2", "cell 1")
        assert (one.get("x"), two.get("x")) == (1, 2)
        one.run("import os; os._exit(1)", "cell 2")
        assert (one.get("x"), two.get("x")) == (1, 2)


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
    assert " passed" in said and "failed" not in said
