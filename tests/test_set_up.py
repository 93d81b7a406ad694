"""The set-up, really run: what it makes, that it makes it once, and how it gets out of trouble."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import zipfile

import pytest

from tests.conftest import hear_ctrl_c
from tools.environment import PYTHON, ROOT


def index(address):
    """Return the variables that give the installers a package index."""
    return {"PIP_INDEX_URL": address, "UV_DEFAULT_INDEX": address}


def tiny_wheel(folder):
    """Write an index with one package of one module, and return its line for the lock."""
    wheel = folder / "simple" / "tiny" / "tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "answer = 42\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": f"tiny.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"tiny==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


class Folder:
    """A copy of the course whose lock holds one tiny package of its own index."""

    def __init__(self, path, tool):
        self.path, self.venv, self.lock = path, path / ".venv", path / "requirements.lock"
        self.command = [sys.executable, path / "course.py", "setup"]
        self.python = path / PYTHON.relative_to(ROOT)
        shutil.copytree(ROOT / "tools", path / "tools")
        for name in ("course.py", "pyproject.toml"):
            shutil.copy(ROOT / name, path)
        (path / "bpttlib").mkdir()
        (path / "bpttlib" / "__init__.py").touch()
        self.lock.write_text(tiny_wheel(path))
        folders = os.environ["PATH"].split(os.pathsep)
        if tool == "pip":
            folders = [f for f in folders if shutil.which("uv", path=f) is None]
        # The index is a folder of the copy, and the user's own settings are switched off.
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
        self.env |= {"PATH": os.pathsep.join(folders), "PIP_CONFIG_FILE": os.devnull}
        self.env |= {"PIP_NO_CACHE_DIR": "1", "UV_NO_CACHE": "1", "UV_NO_CONFIG": "1"}
        self.env |= {"PIP_RETRIES": "1", "UV_HTTP_RETRIES": "1", "PYTHONUTF8": "1"}
        self.env |= index((path / "simple").as_uri())

    def setup(self, **more):
        """Run the set-up; return its exit code and all it said."""
        told = {"capture_output": True, "encoding": "utf-8", "timeout": 120}
        return subprocess.run(self.command, env=self.env | more, **told)

    def ask(self, expression):
        """Return what the copy's own functions answer."""
        command = [sys.executable, "-c", f"from tools import environment; print({expression})"]
        return subprocess.check_output(command, cwd=self.path, text=True).strip()


TOOLS = ["pip", *(["uv"] if shutil.which("uv") else [])]


@pytest.fixture(params=TOOLS)
def fresh(request, tmp_path):
    return Folder(tmp_path / "course", request.param)


@pytest.fixture(scope="module", params=TOOLS)
def done(request, tmp_path_factory):
    """A folder whose set-up is complete; a test that breaks it puts it right again."""
    folder = Folder(tmp_path_factory.mktemp("made") / "my course", request.param)
    folder.first = folder.setup()
    return folder


def test_setup_makes_the_environment_and_says_how_long_it_took(done):
    assert done.first.returncode == 0, done.first.stderr
    first, second, ready = done.first.stdout.splitlines()
    assert first.startswith("[1/2] making .venv for Python 3.") and first.endswith(" s")
    assert second.startswith("[2/2] installing the locked packages … ") and second.endswith(" s")
    assert ready.startswith("Ready in ")
    ask = "import bpttlib, tiny; print(tiny.answer, bpttlib.__file__)"
    said = subprocess.check_output([done.python, "-I", "-c", ask], cwd="/", text=True)
    assert said == f"42 {done.path / 'bpttlib' / '__init__.py'}\n"
    settings = done.venv / "share/jupyter/lab/settings/overrides.json"
    assert '"fetchNews": "false"' in settings.read_text()


def test_second_setup_has_nothing_to_do(done):
    again = done.setup()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_changed_lock_is_installed_into_the_same_environment(done):
    before = done.lock.read_text()
    for text in (before + "# a new comment\n", before):
        done.lock.write_text(text)
        assert "[1/2]" not in done.setup().stdout
        assert done.setup().stdout == ""


def test_interrupted_install_is_taken_up_and_completed(done):
    module = next(done.venv.glob("**/tiny.py"))
    module.unlink()
    (done.venv / "course-stamp").unlink()
    again = done.setup()
    assert again.returncode == 0 and "[1/2]" not in again.stdout
    assert module.exists()


def test_broken_environment_is_made_anew(done):
    (done.venv / "pyvenv.cfg").unlink()
    again = done.setup()
    assert again.stdout.startswith("Making .venv anew: it is half-made.\n[1/2] ")
    assert again.returncode == 0, again.stderr
    assert done.setup().stdout == ""


def program(text):
    """Return a way to break an environment: its Python becomes this script."""

    def harm(folder):
        folder.python.unlink()
        folder.python.write_text(text.format(folder.venv))
        folder.python.chmod(0o755)

    return harm


def move(folder):
    """Leave the stamp that .venv would have after its folder was copied from another one."""
    (folder.venv / "course-stamp").write_text("0123 /another/folder")


@pytest.mark.parametrize(
    "harm, reason",
    [
        (lambda folder: None, "None"),
        (lambda folder: (folder.venv / "pyvenv.cfg").unlink(), "it is half-made"),
        (lambda folder: folder.python.unlink(), "its Python is not there"),
        (program("no program"), "its Python does not start"),
        (program("#!/bin/sh\nexit 1"), "its Python does not start"),
        (program("#!/bin/sh\necho 3.9 '{}'"), "it was made with Python 3.9 and this is 3."),
        (move, "it was made in another folder"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="the programs that stand for Python are shell scripts")
def test_what_is_wrong_with_an_environment_is_said(tmp_path, harm, reason):
    folder = Folder(tmp_path / "course", "pip")
    folder.ask("environment.make_venv()")
    harm(folder)
    assert folder.ask("environment.fault()").startswith(reason)


def test_a_folder_that_is_somebody_s_own_is_left_alone(fresh):
    fresh.venv.mkdir()
    (fresh.venv / "thesis.txt").write_text("three years of work")
    result = fresh.setup()
    assert result.returncode == 1
    assert "is not a virtual environment; move it away" in result.stderr
    assert (fresh.venv / "thesis.txt").exists()


def test_no_network_is_named(fresh):
    result = fresh.setup(**index("http://127.0.0.1:9/simple"))  # nobody listens there
    assert result.returncode == 1
    assert "there is no connection to the package index; check the network" in result.stderr
    assert "The end of" in result.stderr and "Traceback" not in result.stderr


def test_wrong_file_is_named(fresh):
    fresh.lock.write_text("tiny==1.0 --hash=sha256:" + "0" * 64)
    result = fresh.setup()
    assert result.returncode == 1
    assert "a file came that is not the one in requirements.lock" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C in another way")
def test_ctrl_c_ends_the_installer_and_says_how_to_go_on(fresh):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls, and never answers
        env = fresh.env | index(f"http://127.0.0.1:{silent.getsockname()[1]}/simple")
        told = {"stderr": subprocess.PIPE, "encoding": "utf-8"}
        process = subprocess.Popen(fresh.command, env=env, preexec_fn=hear_ctrl_c, **told)
        silent.settimeout(60)
        call, _ = silent.accept()  # now the installer waits
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "interrupted; the same command goes on from here" in said
        assert "Traceback" not in said
        call.settimeout(10)
        with call:
            while call.recv(4096):  # what it asked, then the end: the installer is gone
                pass
