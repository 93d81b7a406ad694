"""A browser in front of JupyterLab, driven by the keyboard: for tests, and for a benchmark."""
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "tests" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    FLAGS.append("--no-sandbox")  # Chromium's sandbox refuses root
RAN = re.compile(r"^\[\d+\]:$")
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},  # also cells out of sight can be found
    "apputils-extension/notification": {"fetchNews": "false"},  # no question in front of the page
}
EXPERIMENTS = {"unfolding_machine": "unfolding", "descent_on_two_numbers": "surface",
               "map_of_credit": "credit", "gradient_microscope": "microscope",
               "gates_at_work": "gates", "train_it_live": "training"}
AXE = "4.10.3"


@contextmanager
def new_page():
    """Open a page in whatever Chromium there is: the system's, or playwright's own."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser.new_page(viewport={"width": 1400, "height": 1400})
        browser.close()


def copy_of_the_course(folder, *notebooks):
    """Copy what `course.py lab` needs to folder/course; beside it stand JupyterLab's settings."""
    course = folder / "course"
    shutil.copytree(ROOT / "tools", course / "tools")
    shutil.copy(ROOT / "course.py", course)
    (course / "notebooks").mkdir()
    for name, notebook in notebooks:
        (course / "notebooks" / name).write_text(json.dumps(notebook), encoding="utf-8")
    for name, setting in SETTINGS.items():
        extension, plugin = name.split("/")
        place = folder / "lab/user-settings/@jupyterlab" / extension
        place.mkdir(parents=True)
        (place / f"{plugin}.jupyterlab-settings").write_text(json.dumps(setting))
    return course


def scratch_notebook(names=EXPERIMENTS):
    """Return a notebook with one cell for each experiment, as a reader would write it."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [{"cell_type": "code", "id": name, "metadata": {}, "outputs": [],
              "execution_count": None,
              "source": f"from bpttlib.widgets import {name}\n{name}()"} for name in names]
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def open_notebook(page, url, path):
    """Open a notebook in JupyterLab, and wait until its kernel is there and connected."""
    page.goto(f"{url}/lab/tree/{path}")
    wait_until_idle(page)
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()


def wait_until_idle(page):
    """The status bar speaks of the notebook's kernel only once both are there and connected."""
    idle = page.locator(".jp-StatusBar-TextItem", has_text=re.compile(r"\| Idle$"))
    expect(idle).to_be_visible(timeout=60_000)


def run_all(page, seconds=180):
    """Run all cells, and fail with what any of them writes on stderr."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    last = code_cells(page).last.locator(".jp-InputPrompt", has_text=RAN)
    errors = complaints(page).filter(has_text=re.compile(r"Error\b|Traceback"))
    expect(errors.or_(last).first).to_be_visible(timeout=1000 * seconds)
    assert errors.all_inner_texts() == []
    prompts = code_cells(page).locator(".jp-InputPrompt")
    expect(prompts).to_have_text([RAN] * prompts.count())


def code_cells(page):
    """Find the notebook's cells of code."""
    return page.locator(".jp-NotebookPanel .jp-CodeCell")


def complaints(page):
    """Find what stands on stderr, tracebacks and warnings alike."""
    return page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')


def wait_until_saved(file, seconds=20):
    """Wait until a file holds the outputs of all experiments."""
    end = time.monotonic() + seconds
    while file.read_text(encoding="utf-8").count("text/html") < len(EXPERIMENTS):
        assert time.monotonic() < end, "JupyterLab has not saved the notebook"
        time.sleep(0.1)


class Shown:
    """An experiment as it stands on the page: what its reader touches, sees and hears."""

    def __init__(self, page, cell):
        self.page, self.root = page, code_cells(page).nth(cell).locator(".widget-vbox").first
        self.picture = self.root.locator("svg[role=img]")
        self.words = self.root.locator("p[aria-live]")

    def control(self, name):
        """Find a control by its name, or a choice by both names, such as "cell: LSTM"."""
        if ": " in name:
            return self.root.get_by_title(name, exact=True)
        button = self.root.get_by_role("button", name=name, exact=True)
        return self.root.get_by_label(name, exact=True).or_(button)

    def press(self, name, *keys, delay=None):
        """Put the focus on a control, and press keys; what is no key's name is typed."""
        self.control(name).focus()
        for key in keys:
            if re.fullmatch(r"[-\d.]+", key):
                self.page.keyboard.press("Control+a")
                self.page.keyboard.type(key)
                key = "Enter"
            self.page.keyboard.press(key, delay=delay)

    def slide(self, name, share):
        """Click on a control's slider, at this share of its length; it is for the mouse alone."""
        label = self.page.get_by_title(name, exact=True)
        track = self.root.locator(".widget-slider", has=label).locator(".noUi-target")
        box = track.bounding_box()
        track.click(position={"x": share * box["width"], "y": box["height"] / 2}, force=True)

    def says(self, *fragments):
        """Wait until the read-out contains all of this."""
        for fragment in fragments:
            expect(self.words).to_contain_text(fragment, timeout=5000)

    def alt(self):
        return self.picture.get_attribute("aria-label")


def axe_core(leave_out):
    """Return axe-core, from npm the first time and from the user's cache from then on."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bptt-course"
    file = cache / f"axe-core-{AXE}.js"
    if not file.exists():
        npm = shutil.which("npm") or leave_out("no npm, and so no axe-core to look at the pages")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([npm, "pack", f"axe-core@{AXE}"], cwd=folder, text=True,
                                  capture_output=True, timeout=120)
            if done.returncode:
                leave_out(f"npm has no axe-core: {done.stderr.strip()[-300:]}")
            with tarfile.open(next(Path(folder).glob("axe-core-*.tgz"))) as package:
                script = package.extractfile("package/axe.min.js").read()
        cache.mkdir(parents=True, exist_ok=True)
        file.write_bytes(script)
    return file.read_text(encoding="utf-8")
