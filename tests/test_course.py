"""course.py, really run: what it answers, and that JupyterLab answers too."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

import course

ROOT = Path(__file__).resolve().parent.parent
IN_VENV = Path(sys.prefix) == ROOT / ".venv"
OLD = [shutil.which(f"python3.{minor}") for minor in range(6, 11)]
OLD += sorted(Path.home().glob(".pyenv/versions/3.[6-9].*/bin/python"))
OLD += sorted(Path.home().glob(".pyenv/versions/3.10.*/bin/python"))
OLD = [str(python) for python in OLD if python and course.runs([str(python), "--version"])]


def run(*args, python=sys.executable):
    """Run course.py; return its exit code and all it said."""
    command = [python, str(ROOT / "course.py"), *args]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120)


@pytest.mark.parametrize("args", [[], ["--help"], ["lab", "--help"], ["test", "-h"]])
def test_help_is_short_and_names_every_command(args):
    result = run(*args)
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) < 18
    for words in ("lab ", "test ", "build ", "exercises ", "slides ", "site ", "release ",
                  "setup ", "--here", "lab --no-browser --port 8899"):
        assert words in result.stdout


def test_unknown_command_is_answered_with_the_known_ones():
    result = run("notebook")
    assert result.returncode == 2
    known = "the commands are lab, test, build, exercises, slides, site, release and setup"
    assert f"no command 'notebook'; {known}" in result.stderr


def test_all_means_the_long_tests_too():
    line = course.command_line("python", "test", ["--all", "-x"])
    assert line == ["python", "-m", "pytest", "-m", "", "-x"]
    assert course.command_line("python", "lab", ["--all"])[-1] == "--all"


def test_old_python_gets_one_sentence():
    sentence = course.version_problem((3, 10, 13, "final", 0), ["lab"])
    assert "needs Python 3.11 or newer, and this is Python 3.10.13; " in sentence
    assert "course.py lab" in sentence or "https://www.python.org/downloads/" in sentence
    assert course.version_problem((3, 11, 0, "final", 0), ["lab"]) is None


@pytest.mark.skipif(not OLD, reason="no Python before 3.11 is installed here")
@pytest.mark.parametrize("python", OLD)
def test_old_python_is_refused_and_not_with_a_traceback(python):
    result = run("test", python=python)
    assert result.returncode == 2
    assert result.stderr.startswith("course.py: this course needs Python 3.11 or newer")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("form", ["--port {}", "--port={}", "--ServerApp.port={}"])
def test_port_in_use_is_named_beside_a_free_one(form):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("lab", "--no-browser", *form.format(port).split())
    assert result.returncode == 2
    offered = re.search(rf"port {port} is in use; take a free one \(--port (\d+)\)", result.stderr)
    assert course.is_free(int(offered[1]))


@pytest.mark.parametrize("port", ["eight", "0", "65536", ""])
def test_port_that_is_none_is_refused(port):
    result = run("lab", "--port", port)
    assert result.returncode == 2
    assert f"needs a number from 1 to 65535, and got {port!r}" in result.stderr


def test_arguments_go_on_to_the_program():
    result = run("test", "--here", "--version")
    assert result.returncode == 0
    assert re.match(r"pytest \d", result.stdout + result.stderr)


@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C in another way")
def test_lab_answers_on_its_port_and_stops_at_ctrl_c(start_lab):
    lab = start_lab(ROOT, *([] if IN_VENV else ["--here"]))
    assert '"course.py"' in lab.get("/api/contents/course.py?content=0")
    assert "JupyterLab" in lab.get("/lab/tree/work/start.ipynb")
    assert lab.stop(signal.SIGINT) == 0
    said = lab.log.read_text(encoding="utf-8")
    assert "/lab/tree/work/start.ipynb" in said
    assert "Traceback" not in said
