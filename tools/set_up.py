"""Install the locked packages into .venv, and say what is being done; used by course.py."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

from tools import environment
from tools.environment import LOCK, LOG, PYTHON, ROOT, STAMP, VENV, SetupError, site_packages

# What the log of a failed installation says, and what to tell the person; the first that fits.
CAUSES = {
    r"No space left|os error (28|112)\b|not enough space|[Dd]isk quota": (
        "the disk is full; free about 1 GB and run the same command again"
    ),
    r"DO NOT MATCH THE HASHES|[Hh]ash mismatch": (
        "a file came that is not the one in requirements.lock; empty the cache (uv cache clean, or"
        " python3 -m pip cache purge), or use another network, and run the same command again"
    ),
    r"NewConnectionError|[Tt]imed? ?out|[Nn]ame resolution|getaddrinfo|[Pp]roxy ?[Ee]rror|SSLError"
    r"|certificate|Network is unreachable|[Cc]onnection (refused|reset|aborted|broken)|dns error"
    r"|[Cc]onnect error|error sending request": (
        "there is no connection to the package index; check the network or the proxy and run the"
        " same command again: what has been fetched is kept"
    ),
}
# JupyterLab asks no question at the first start; nbgrader's panels are for staff, and slow.
PANELS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
SETTINGS = {
    "share/jupyter/lab/settings/overrides.json": {
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false", "checkForUpdates": False}},
    "etc/jupyter/labconfig/page_config.json": {"disabledExtensions": {"@jupyter/nbgrader": True}},
    "etc/jupyter/jupyter_server_config.d/without_panels.json": {
        "ServerApp": {"jpserver_extensions": {
            f"nbgrader.server_extensions.{panel}": False for panel in PANELS}}},
}
NO_INSTALLER = (
    "this Python has neither ensurepip nor pip, and there is no uv; install one of them"
    " (on Debian and Ubuntu: apt install python3-venv) and run the same command again"
)


class Step:
    """One line that says what is being done, how far it is, and how long it took."""

    def __init__(self, label):
        self.label, self.detail, self.start = label + " … ", "", time.monotonic()

    def __enter__(self):
        print(self.label, end="", flush=True)
        return self

    def __exit__(self, failed, *_):
        detail = "not finished, " if failed else self.detail
        self._line(f"{detail}{time.monotonic() - self.start:.1f} s", "\n")

    def tick(self):
        if sys.stdout.isatty():
            self._line(f"{self.detail}{time.monotonic() - self.start:.0f} s", "")

    def _line(self, text, end):
        text = ("\r" + self.label + text).ljust(79) if sys.stdout.isatty() else text
        print(text, end=end, flush=True)


def run_logged(command, step):
    """Run a command with its output in the log, showing how far it is; return its exit code."""
    with LOG.open("a", encoding="utf-8") as log:
        out = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        process = subprocess.Popen(command, cwd=ROOT, env=environment.variables(), **out)
        try:
            while True:
                try:
                    return process.wait(timeout=0.2)
                except subprocess.TimeoutExpired:
                    step.detail = progress()
                    step.tick()
        finally:
            process.terminate()
            process.wait()


def progress():
    """Say how many packages pip has fetched (uv is too fast to say) and how many are there."""
    lock = LOCK.read_text(encoding="utf-8")
    total = len(set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)))
    fetched = read_log().count("\nCollecting ")
    installed = len(list(site_packages().glob("*.dist-info")))
    return f"{fetched} fetched, " * bool(fetched) + f"{installed} of {total} installed, "


def read_log():
    return LOG.read_text(encoding="utf-8", errors="replace") if LOG.exists() else ""


def explain(otherwise):
    """Return the error of a failed installation: what its log says, and the log's end."""
    log = read_log()
    cause = next((words for pattern, words in CAUSES.items() if re.search(pattern, log)), otherwise)
    end = "\n  ".join(["", *(line[:200] for line in log.splitlines()[-6:])])
    return SetupError(f"{cause}.\nThe end of {LOG}:{end}" if end else cause)


def installer(step):
    """Return a command that installs into .venv: uv, or its own pip, or this Python's pip."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", str(PYTHON), "--no-progress"]
    options = ["install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    own = [str(PYTHON), "-m", "pip"]
    if run_logged([*own, "--version"], step) == 0:
        return own + options
    if run_logged([str(PYTHON), "-m", "ensurepip", "--default-pip"], step) == 0:
        return own + options
    other = [sys.executable, "-m", "pip", "--python", str(PYTHON)]  # pip 22.3 or newer
    if run_logged([*other, "--version"], step) == 0:
        return other + options
    raise explain(NO_INSTALLER)


def forget_half_installed():
    """Make the installer do again what it was interrupted in: packages that lack files."""
    for info in site_packages().glob("*.dist-info"):
        try:
            with (info / "RECORD").open(encoding="utf-8", newline="") as record:
                whole = all((info.parent / row[0]).exists() for row in csv.reader(record) if row)
        except OSError:
            whole = False
        if not whole:
            shutil.rmtree(info)


def install(step):
    """Install the locked packages, make bpttlib importable, and leave the stamp."""
    STAMP.unlink(missing_ok=True)
    LOG.unlink(missing_ok=True)
    forget_half_installed()
    command = [*installer(step), "--require-hashes", "-r", str(LOCK)]
    if run_logged(command, step) != 0:
        raise explain("the installer gave up; run the same command again, or ask with this log")
    # A path file does what an editable install would do, without a build backend or the network.
    # The path is relative: it holds no letters that a code page might misread.
    site = site_packages()
    (site / "bptt-course.pth").write_text(os.path.relpath(ROOT, site) + "\n", encoding="utf-8")
    for name, settings in SETTINGS.items():
        (VENV / name).parent.mkdir(parents=True, exist_ok=True)
        (VENV / name).write_text(json.dumps(settings))
    # Matplotlib looks for fonts once and warns while it does: here, and not in a notebook's output.
    run_logged([str(PYTHON), "-c", "import matplotlib.font_manager"], step)
    STAMP.write_text(environment.expected_stamp(), encoding="utf-8")
    step.detail = f"{len(list(site.glob('*.dist-info')))} installed, "


def set_up():
    """Bring .venv up to date; where it is already, do nothing."""
    start = time.monotonic()
    if VENV.is_symlink() or VENV.exists():
        reason = environment.fault()
        if reason is None and environment.read_stamp() == environment.expected_stamp():
            return
        if reason is not None:
            environment.remove_venv(reason)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the installer ends as well
    if not VENV.exists():
        with Step(f"[1/2] making .venv for Python {environment.VERSION}"):
            environment.make_venv()
    with Step("[2/2] installing the locked packages") as step:
        try:
            install(step)
        except OSError as error:
            raise explain(f"{error}; put that right and run the same command again") from None
    print(f"Ready in {time.monotonic() - start:.0f} s.", flush=True)
