"""A first hour, done by a browser: JupyterLab opens, notebook 03 runs, the forecast shows."""

import json

from playwright.sync_api import expect

from tests.browser import ROOT, SCREENSHOTS, code_cells, copy_of_the_course, open_notebook, run_all

NOTEBOOK = "03_full_bptt.ipynb"


def test_notebook_03_runs_in_the_browser_and_shows_the_forecast(page, tmp_path, start_lab):
    notebook = json.loads((ROOT / "notebooks" / NOTEBOOK).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    lab = start_lab(copy_of_the_course(tmp_path, (NOTEBOOK, notebook)), "--here")
    open_notebook(page, lab.url, f"notebooks/{NOTEBOOK}")
    run_all(page)
    expect(code_cells(page)).to_have_count(
        sum(cell["cell_type"] == "code" for cell in notebook["cells"]))

    forecast = page.locator('.jp-OutputArea img[alt*="forecast" i][alt*="sunspot" i]').first
    forecast.scroll_into_view_if_needed()
    expect(forecast).to_be_visible()
    assert forecast.evaluate("image => image.complete && image.naturalWidth") > 300
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "notebook_03.png")
