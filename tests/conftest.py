"""What several test files need: fixed random cases, and a running JupyterLab."""

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from course import is_free

ROOT = Path(__file__).resolve().parent.parent

# The same cases in every run; and no deadline, because the workers share the cores.
settings.register_profile("course", derandomize=True, deadline=None)
settings.load_profile("course")


def hear_ctrl_c():
    """Undo what a runner in the background hands down to its children: that Ctrl-C is ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Lab:
    """JupyterLab as course.py starts it, on a free port and with settings of its own."""

    def __init__(self, folder, home, *options):
        # below the ports that systems hand out, of which a kernel may take one in between
        port = next(filter(is_free, random.SystemRandom().sample(range(20_000, 32_000), 100)))
        own = {"JUPYTER_CONFIG_DIR": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
        self.url, self.log = f"http://127.0.0.1:{port}", home / "lab.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, folder / "course.py", "lab", *options, "--no-browser"]
                + ["--port", str(port), "--IdentityProvider.token="],
                env=os.environ | own | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=None if os.name == "nt" else hear_ctrl_c,
            )

    def wait(self, seconds=60):
        """Wait until the server answers; if it does not, fail with what it said."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            try:
                return self.get("/api/status")
            except OSError:
                time.sleep(0.1)
        return pytest.fail(f"JupyterLab does not answer:\n{self.log.read_text()[-2000:]}")

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def stop(self, how=signal.SIGTERM):
        """Send a signal and return the exit code."""
        self.process.send_signal(how)
        return self.process.wait(30)


@pytest.fixture
def start_lab(tmp_path):
    """Return a function that starts JupyterLab in a folder; stop it when the test ends."""
    running = []

    def start(folder, *options):
        running.append(Lab(folder, tmp_path, *options))
        running[-1].wait()
        return running[-1]

    yield start
    for lab in running:
        try:
            lab.stop()
        except subprocess.TimeoutExpired:  # a busy machine; its kernels notice and end as well
            lab.process.kill()


@pytest.fixture(scope="module")
def page():
    """A page in a browser, for all tests of a file; they are left out where there is none."""
    from playwright.sync_api import Error

    from tests.browser import new_page

    with ExitStack() as stack:
        try:
            page = stack.enter_context(new_page())
        except Error as error:
            said = str(error).splitlines()[0]
            leave_out(f"no Chromium: install chromium, or: playwright install chromium ({said})")
        yield page


def leave_out(reason):
    """Skip the test; but where everything must be tested, a test that was left out is a failure."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
