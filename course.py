#!/usr/bin/env python3
"""Set up the course and use it: python3 course.py COMMAND [--here] [ARGUMENT ...]

  lab        open JupyterLab on the start page   python3 course.py lab --no-browser --port 8899
  test       run the tests and every notebook    python3 course.py test -k truncation
             (--all: also what takes minutes)    python3 course.py test --all
  build      rebuild notebooks from source       python3 course.py build 03
  exercises  rebuild the exercises               python3 course.py exercises 03
  slides     make a deck of slides per unit      python3 course.py slides 03
  site       make a site to read and search      python3 course.py site --out DIR
  release    make what a class gets              python3 course.py release --out DIR
  setup      only set up

Each command first makes .venv beside this file and installs requirements.lock there: a minute or
two the first time, nothing from then on. It needs Python 3.11 or newer and the network. JupyterLab
opens copies of the notebooks, in work/: they are yours, and nothing overwrites them.

  --here  use the Python that runs this file as it is (a conda environment, say), without .venv
"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

NEEDED = (3, 11)
TOOLS = {"lab": "jupyterlab", "test": "pytest", "build": "tools.build_notebooks",
         "exercises": "tools.build_exercises", "slides": "tools.make_slides",
         "site": "tools.make_site", "release": "tools.release"}
ROOT = Path(__file__).resolve().parent
START_PAGE = "work/start.ipynb"


def stop(sentence, code):
    """Say on stderr what is wrong, and leave."""
    sys.stderr.write("course.py: " + sentence + "\n")
    raise SystemExit(code)


def runs(command):
    """Tell whether a command exists and succeeds."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def version_problem(found, args):
    """Say in one sentence why this Python will not do, or return None; runs on Python 3.6."""
    if found[:2] >= NEEDED:
        return None
    sentence = "this course needs Python %d.%d or newer, and this is Python %d.%d.%d; "
    remedy = "get one from https://www.python.org/downloads/ or from your system's packages"
    for minor in (13, 12, 11, 14):
        for newer in ([f"python3.{minor}"], ["py", f"-3.{minor}"]):
            if runs(newer + ["--version"]):
                remedy = "run: " + " ".join(newer + ["course.py"] + args)
                return sentence % (NEEDED + tuple(found[:3])) + remedy
    return sentence % (NEEDED + tuple(found[:3])) + remedy


def is_free(port):
    """Tell whether a server on this machine can take a port."""
    with socket.socket() as probe:
        if os.name != "nt":  # where the option means the opposite
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def check_port(args):
    """Refuse a wanted port that is taken; JupyterLab would silently take another one."""
    wanted = re.search(r"(?:^|\0)--(?:ServerApp\.)?port[=\0]([^\0]*)", "\0".join(args))
    if wanted is None:
        return
    if not (wanted[1].isdecimal() and 0 < int(wanted[1]) < 65536):
        stop(f"--port needs a number from 1 to 65535, and got {wanted[1]!r}", 2)
    port = int(wanted[1])
    if not is_free(port):
        free = next(filter(is_free, range(max(port + 1, 8888), 65536)), 8888)
        stop(f"port {port} is in use; take a free one (--port {free}), or stop what uses it", 2)


def command_line(python, command, args):
    """Return the program, with its arguments, that a command of the course stands for."""
    line = [str(python), "-m", TOOLS[command]]
    if command == "lab":
        line += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{START_PAGE}"]
        line += ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    if command == "test":  # an empty -m: no test is left out
        args = [new for a in args for new in (["-m", ""] if a == "--all" else [a])]
    return line + args


def become(line, env):
    """Run a program in place of this one, so that signals and the exit code are its own."""
    os.chdir(str(ROOT))
    if os.name != "nt":
        os.execve(line[0], line, env)
    with subprocess.Popen(line, env=env) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                pass  # the program got it as well, and ends in its own way


def main(args):
    """Do what the arguments say; return the exit code."""
    # not at the top: older Pythons cannot read them
    from tools import environment, set_up, working_copies

    here = "--here" in args
    command, *args = [a for a in args if a != "--here"] or ["--help"]
    if {command, *args[:1]} & {"-h", "--help"}:
        print(__doc__.strip())
        return 0
    if command not in (*TOOLS, "setup"):
        known = ", ".join(TOOLS)
        stop(f"there is no command {command!r}; the commands are {known} and setup", 2)
    tool = TOOLS.get(command, "").replace(".", "/")
    if tool.startswith("tools/") and not (ROOT / f"{tool}.py").exists():
        stop(f"{command} is for those who give the course; this copy is for those who take it", 2)
    if command == "lab":
        check_port(args)
    if not here:
        set_up.set_up()
    if command == "setup":
        return 0
    if command == "lab":
        working_copies.refresh(ROOT)
    env = dict(os.environ) if here else environment.variables()
    if command == "test":  # the workers share the cores
        env = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} | env
    return become(command_line(sys.executable if here else environment.PYTHON, command, args), env)


if __name__ == "__main__":
    problem = version_problem(sys.version_info, sys.argv[1:])
    if problem:
        stop(problem, 2)
    sys.stdout.reconfigure(errors="replace")
    from tools.environment import SetupError

    try:
        sys.exit(main(sys.argv[1:]))
    except (SetupError, OSError) as error:
        stop(str(error), 1)
    except KeyboardInterrupt:
        stop("interrupted; the same command goes on from here", 130)
