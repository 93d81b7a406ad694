"""The experiments in JupyterLab, by keyboard alone: what they say is what the library computes."""
import re
import time

import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import expect

from tests import browser
from tests.browser import EXPERIMENTS, SCREENSHOTS, Shown, complaints, run_all
from tests.conftest import Lab, leave_out
from tests.experiment_facts import (
    AT_ONCE,
    SET,
    SETTINGS,
    TABLE,
    agrees,
    facts,
    made,
    set_back,
    trained,
)
from tools.run_notebook import tidy

NOTEBOOK = "experiments.ipynb"
STILL = [name for name in EXPERIMENTS if name != "train_it_live"]


@pytest.fixture(scope="module")
def lab(page, tmp_path_factory):
    """Open one JupyterLab for all tests here, with one cell for each experiment, all run."""
    home = tmp_path_factory.mktemp("home")
    folder = browser.copy_of_the_course(home, (NOTEBOOK, browser.scratch_notebook()))
    page.said = []
    page.on("console", lambda message: message.type == "error" and page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    SCREENSHOTS.mkdir(exist_ok=True)
    lab = Lab(folder, home, "--here")
    try:
        lab.wait()
        lab.notebook = folder / "notebooks" / NOTEBOOK
        browser.open_notebook(page, lab.url, f"notebooks/{NOTEBOOK}")
        run_all(page)
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def quiet(lab, page):
    """No error in the console or on the page, and nothing on stderr, once the test is done."""
    yield
    assert page.said == [] and complaints(page).all_inner_texts() == []


@pytest.fixture
def show(quiet, page):
    """Return a function that finds an experiment on the page, and waits until it is set back."""
    def find(name):
        shown = Shown(page, list(EXPERIMENTS).index(name))
        set_back(shown, name)                               # late, it would undo the first keys
        return shown
    return find


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_what_it_says_before_anything_is_touched(quiet, page, name):
    shown = Shown(page, list(EXPERIMENTS).index(name))
    shown.says(*facts(name, made(name).start))
    assert len(shown.alt()) > 100 and shown.picture.bounding_box()["width"] > 600


@pytest.mark.parametrize("name", STILL)
def test_each_control_moves_picture_and_words(show, name):
    shown, experiment = show(name), made(name)
    values, touched = dict(experiment.start), set()
    agrees(shown, name, experiment, values)
    for control, keys, change in TABLE[name]:
        before = shown.picture.inner_html()
        shown.press(control, *keys) if isinstance(keys, list) else shown.slide(control, keys)
        values |= change
        touched |= set(change)
        agrees(shown, name, experiment, values)
        assert shown.picture.inner_html() != before, control
    assert touched == set(values)
    shown.root.screenshot(path=SCREENSHOTS / f"{name}.png")
    shown.press("Reset", "Space")
    agrees(shown, name, experiment, experiment.start)


@pytest.mark.parametrize("name", STILL)
@pytest.mark.parametrize("far, end", [("1000000000", "max"), ("-1000000000", "min")])
def test_at_its_ends_no_control_fails(show, name, far, end):
    shown, experiment = show(name), made(name)
    values = dict(experiment.start)
    for keyword, control in experiment.controls.items():
        if hasattr(control, end):
            shown.press(control.description, far)
            values[keyword] = getattr(control, end)
        elif hasattr(control, "tooltips"):
            pick = -1 if end == "max" else 0
            shown.press(control.tooltips[pick], "Space")
            values[keyword] = control.options[pick]
            control.value = values[keyword]                 # which may rename another one
        agrees(shown, name, experiment, values)
    shown.root.screenshot(path=SCREENSHOTS / f"{name}_{end}.png")


@pytest.mark.parametrize("name", STILL)
def test_twenty_changes_in_a_second_end_with_the_last(show, page, name):
    experiment = made(name)
    control = experiment.controls[AT_ONCE[name]]
    for _ in range(3):                                      # as often as others keep us too busy
        shown, start = show(name), time.monotonic()
        shown.press(control.description, *13 * ["ArrowUp"], *7 * ["ArrowDown"], delay=20)
        seconds = time.monotonic() - start
        if seconds < 2:
            break
    assert seconds < 2                                      # one second, on a machine at rest
    values = experiment.start | {AT_ONCE[name]: round(control.value + 6 * control.step, 10)}
    agrees(shown, name, experiment, values)
    page.wait_for_timeout(700)                              # no echo of an older value comes late
    agrees(shown, name, experiment, values)


@pytest.mark.parametrize("name", ["unfolding_machine", "gates_at_work"])
def test_it_plays_and_pauses(show, name):
    shown, experiment = show(name), made(name)
    keyword = AT_ONCE[name]
    field = shown.control(experiment.controls[keyword].description)
    shown.press("Play", "Space")
    expect(field).to_have_value("3", timeout=6000)
    shown.press("Pause", "Space")
    expect(shown.control("Play")).to_be_visible()
    now = int(field.input_value())
    shown.page.wait_for_timeout(1000)
    agrees(shown, name, experiment, experiment.start | {keyword: now})


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_tab_key_reaches_each_control(show, page, name):
    shown, controls, reached = show(name), made(name).controls.values(), []
    shown.root.locator("button").first.or_(shown.root.locator("input").first).first.focus()
    name_of = """root => { const e = document.activeElement;
                 return root.contains(e) && (e.labels?.[0]?.innerText || e.title || "slider") }"""
    while said := shown.root.evaluate(name_of):
        reached.append(said.strip("\u200b \n"))
        page.keyboard.press("Tab")
    for control in controls:
        if not control.disabled:
            assert set(getattr(control, "tooltips", [control.description])) <= set(reached)
    assert "Back to the start" in reached and "slider" not in reached


def test_a_training_is_what_fit_makes(show):
    """Set all anew, train, pause and count; then change the problem while it trains."""
    shown = show("train_it_live")
    picture = shown.picture.inner_html()
    for control, key in SETTINGS:
        shown.press(control, key)
    shown.page.wait_for_timeout(700)                        # a click may overtake what is changed
    shown.press("New run", "Space")
    expect(shown.words).to_contain_text(re.compile(r"Run A, (\d{3}|\d,\d{3})"), timeout=30_000)
    shown.root.screenshot(path=SCREENSHOTS / "train_it_live.png")
    shown.press("Pause", "Space")
    assert trained(shown, **SET) >= 100
    assert shown.picture.inner_html() != picture
    shown.press("New run", "Space")
    expect(shown.words).to_contain_text(re.compile(r"Run B, \d{2,}"), timeout=30_000)
    shown.press("gap", *13 * ["ArrowUp"], *7 * ["ArrowDown"], delay=40)   # each is another problem
    shown.press("task: one-bit memory", "Space")
    expect(shown.picture).to_have_attribute("aria-label", re.compile("LSTM, gap 10, sgd"))
    expect(shown.words).to_contain_text(re.compile(r"Run \w, \d{2,} "), timeout=30_000)
    shown.press("Pause", "Enter")
    trained(shown, **SET | {"task": "one-bit memory", "gap": 10})
    shown.press("Reset", "Enter")
    shown.says("Nothing has been trained yet")


@pytest.mark.parametrize("far, rate", [("1000000000", "10"), ("-1000000000", "0.001")])
def test_at_its_ends_a_training_goes_on_or_says_why_not(show, far, rate):
    shown = show("train_it_live")
    for control in ("optimiser: sgd", f"learning rate: {rate}"):
        shown.press(control, "Space")
    for control in ("gap", "k2, horizon", "k1, new steps"):
        shown.press(control, far)
    shown.press("Start", "Space")
    words = r"Run A, \d+ updates: loss|stopped after \d+ updates: .* Change the settings"
    expect(shown.words).to_contain_text(re.compile(words), timeout=30_000)
    shown.root.screenshot(path=SCREENSHOTS / f"train_it_live_{rate}.png")
    shown.press("Reset", "Space")
    shown.says("Nothing has been trained yet")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_axe_finds_nothing_serious(show, page, name):
    shown, axe = show(name), browser.axe_core(leave_out)
    page.evaluate(axe)
    found = shown.root.evaluate("root => axe.run(root, {resultTypes: ['violations']})")
    assert len(found["passes"]) > 3                         # it has looked at something
    assert [(v["id"], [node["html"] for node in v["nodes"]]) for v in found["violations"]
            if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("built", [True, False], ids=["as built", "as saved"])
def test_without_a_kernel_picture_and_words_are_there(lab, quiet, page, tmp_path, built):
    """Neither the widgets' JavaScript nor the network is there."""
    page.keyboard.press("Control+s")
    browser.wait_until_saved(lab.notebook)
    notebook = nbformat.read(lab.notebook, as_version=4)
    if built:                                               # the builder leaves views out
        for cell in notebook.cells:
            cell.outputs = tidy(cell.outputs)
    file = tmp_path / "experiments.html"
    file.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    context = page.context.browser.new_context(offline=True, viewport={"width": 1400,
                                                                       "height": 1400})
    reader = context.new_page()
    reader.goto(file.as_uri(), wait_until="domcontentloaded")
    for name, cell in zip(EXPERIMENTS, reader.locator(".jp-CodeCell").all(), strict=True):
        picture = cell.locator("img[alt]")
        picture.evaluate("image => image.decode()")
        assert picture.evaluate("image => image.naturalWidth") > 300
        assert picture.bounding_box()["width"] > 300 and len(picture.get_attribute("alt")) > 100
        for fact in facts(name, made(name).start):
            expect(cell).to_contain_text(fact)
        expect(cell).to_contain_text("What to try")
        cell.screenshot(path=SCREENSHOTS / f"{name}_static.png")
    context.close()


def test_a_new_kernel_leaves_the_pictures_and_takes_up_the_work(quiet, page):
    page.locator(".jp-NotebookPanel .jp-Cell .jp-InputPrompt").first.click()
    for key in ("Escape", "0", "0"):
        page.keyboard.press(key)
    expect(page.locator(".jp-Dialog")).to_contain_text("Restart Kernel?")
    page.keyboard.press("Enter")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    page.wait_for_timeout(1000)
    browser.wait_until_idle(page)
    for name in STILL:                                      # controls that nobody answers any more
        shown, control = Shown(page, list(EXPERIMENTS).index(name)), made(name).controls[
            AT_ONCE[name]]
        expect(shown.picture).to_be_visible()
        before = shown.words.inner_text()
        shown.press(control.description, "ArrowUp", "ArrowUp")
        assert shown.words.inner_text() == before
    run_all(page)
    for name in STILL:
        shown, experiment = Shown(page, list(EXPERIMENTS).index(name)), made(name)
        agrees(shown, name, experiment, experiment.start)
        control, keys, change = TABLE[name][0]
        shown.press(control, *keys)
        agrees(shown, name, experiment, experiment.start | change)
