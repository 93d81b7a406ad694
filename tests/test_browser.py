"""A first hour, done by a browser: JupyterLab opens, notebook 03 runs, the forecast shows."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Error, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = "notebooks/03_full_bptt.ipynb"
SCREENSHOTS = ROOT / "tests" / "screenshots"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
if hasattr(os, "geteuid") and os.geteuid() == 0:
    FLAGS.append("--no-sandbox")  # Chromium's sandbox refuses root


@pytest.fixture
def page():
    """A page of whatever Chromium there is: the system's, or playwright's own."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            said = str(error).splitlines()[0]
            reason = f"no Chromium: install chromium, or: playwright install chromium ({said})"
            # Where everything must be tested, a test that was left out is a failure.
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        yield browser.new_page(viewport={"width": 1400, "height": 1000})
        browser.close()


@pytest.fixture
def course_copy(tmp_path):
    """A copy of the course to work in, so that saving touches nothing; its outputs are removed."""
    copy = tmp_path / "course"
    for folder in ("tools", "notebooks"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "course.py", copy)
    notebook = json.loads((ROOT / NOTEBOOK).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    (copy / NOTEBOOK).write_text(json.dumps(notebook), encoding="utf-8")
    # With all cells on the page, also those out of sight, the test can count them.
    settings = tmp_path / "lab/user-settings/@jupyterlab/notebook-extension"
    settings.mkdir(parents=True)
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    return copy


def test_notebook_03_runs_in_the_browser_and_shows_the_forecast(page, course_copy, start_lab):
    lab = start_lab(course_copy, "--here")
    page.goto(f"{lab.url}/lab/tree/{NOTEBOOK}")
    # The status bar speaks of the notebook's kernel only once both are there and connected.
    idle = page.locator(".jp-StatusBar-TextItem", has_text=re.compile(r"\| Idle$"))
    expect(idle).to_be_visible(timeout=60_000)
    page.locator(".jp-NotebookPanel .jp-Cell").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()

    cells = page.locator(".jp-NotebookPanel .jp-CodeCell")
    source = json.loads((course_copy / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
    expect(cells).to_have_count(sum(cell["cell_type"] == "code" for cell in source))
    ran = re.compile(r"^\[\d+\]:$")
    last = cells.last.locator(".jp-InputPrompt", has_text=ran)
    stderr = page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]')
    errors = stderr.filter(has_text=re.compile(r"Error\b|Traceback"))  # drawn alike, with warnings
    expect(errors.or_(last).first).to_be_visible(timeout=180_000)
    assert errors.all_inner_texts() == []
    expect(cells.locator(".jp-InputPrompt")).to_have_text([ran] * cells.count())

    forecast = page.locator('.jp-OutputArea img[alt*="forecast" i][alt*="sunspot" i]').first
    forecast.scroll_into_view_if_needed()
    expect(forecast).to_be_visible()
    assert forecast.evaluate("image => image.complete && image.naturalWidth") > 300
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "notebook_03.png")
