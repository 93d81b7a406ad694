"""The decks: what goes on slides by rule, and every slide looked at with the network cut."""

import os
import re
import subprocess
import sys
from urllib.parse import urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import expect

from tests.browser import ROOT
from tests.conftest import leave_out
from tools import make_slides, npm_packages
from tools.slides.outline import minutes, outline
from tools.slides.reading import broken, sentences, shortened

UNITS = make_slides.units([], ROOT / "notebooks")
SMALLEST = 22       # of 720: the size of long lines of code; prose has 34
OVERFLOW = """slide => {
    const body = slide.querySelector(".body"), frame = slide.getBoundingClientRect();
    const outside = [...body.querySelectorAll("*:not(svg *)")].filter(one => {
        const box = one.getBoundingClientRect();
        return one.closest("mjx-assistive-mml") === null && box.width > 0 &&
            (box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.left < frame.left);
    });
    return [slide.scrollHeight - slide.clientHeight, slide.scrollWidth - slide.clientWidth,
            body.scrollHeight - body.clientHeight, body.scrollWidth - body.clientWidth,
            ...[...body.querySelectorAll("pre")].map(one => one.scrollWidth - one.clientWidth)]
        .filter(more => more > 1).concat(outside.map(one => one.tagName));
}"""
SIZES = """slide => {
    const walk = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT), sizes = [];
    while (walk.nextNode()) {
        const parent = walk.currentNode.parentElement;
        const small = parent.closest("aside, mjx-container, sub, sup");
        if (walk.currentNode.textContent.trim() && !small)
            sizes.push(parseFloat(getComputedStyle(parent).fontSize));
    }
    for (const formula of slide.querySelectorAll(".body .display mjx-container > svg"))
        sizes.push(30 * Math.min(1, formula.getBoundingClientRect().height /
            Reveal.getScale() / parseFloat(getComputedStyle(formula).height)));
    return sizes;
}"""
RAW = r"""() => document.body.innerText.match(/\\[()[\]]|\$/g) || []"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory):
    """All decks, in a folder of their own."""
    out = tmp_path_factory.mktemp("slides")
    try:
        make_slides.make(UNITS, out)
    except npm_packages.PackageError as error:
        leave_out(str(error))
    return out


def opened(page, file):
    """Open a deck with the network cut; return what it asked of the world outside."""
    asked = []
    page.context.set_offline(True)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.wait_for_selector("body.ready", timeout=60_000)
    return [url for url in asked if urlsplit(url).scheme not in ("file", "data", "blob")]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_every_slide_fits_and_shows_all_without_a_network(decks, page, unit):
    assert opened(page, decks / f"{unit.stem}.html") == []
    assert page.locator(".body mjx-container").count() > 3
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert page.locator(".math:not(:has(mjx-container))").count() == 0
    pictures = page.locator(".slides img")
    assert pictures.count() > 1
    assert pictures.evaluate_all("all => all.filter(one => !one.naturalWidth || !one.alt)") == []
    for index in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate(f"Reveal.slide({index})")
        slide = page.locator("section.present")
        assert slide.evaluate(OVERFLOW) == [], f"slide {index + 1}"
        assert min(slide.evaluate(SIZES)) >= SMALLEST, f"slide {index + 1}"
        assert page.evaluate(RAW) == [], f"slide {index + 1}"
        assert all(len(code.split("\n")) <= 14 for code in slide.locator(".code").all_inner_texts())


def test_what_is_too_much_goes_on_to_the_next_slide(decks, page):
    items = "\n".join(f"{k}. " + "many words of a task that is long " * 3 for k in range(1, 13))
    long = "\n\n".join(["# 99 · Long\n\nText.", "## Predict\n\n" + "Long sentence here. " * 70,
                        "## Your turn\n\n" + items])
    path = decks / "long.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell(long)]), path)
    (decks / "long.html").write_text(make_slides.deck(path), encoding="utf-8")
    opened(page, decks / "long.html")
    slides = page.locator(".slides > section")
    turns = slides.filter(has_text="Your turn")
    assert turns.count() > 1
    starts = turns.locator(".body ol").evaluate_all(
        "all => all.map(one => [one.start, one.children.length])")
    assert [start for start, _ in starts] == [1 + sum(n for _, n in starts[:k])
                                              for k in range(len(starts))]
    assert sum(n for _, n in starts) == 12
    last = slides.count() - 1
    page.evaluate(f"Reveal.slide({last})")
    assert page.locator("section.present").evaluate(OVERFLOW) == []
    page.evaluate("Reveal.slide(1)")        # a single paragraph cannot move: the check must see it
    assert page.locator("section.present").evaluate(OVERFLOW) != []


def test_printed_each_slide_is_a_page_and_each_answer_another(decks, page):
    file = decks / "03_full_bptt.html"
    opened(page, file)
    slides = page.evaluate("Reveal.getTotalSlides()")
    page.goto(file.as_uri() + "?print-pdf")
    page.wait_for_selector("body.ready")
    expect(page.locator(".pdf-page")).to_have_count(slides + 5)
    for slide in page.locator(".pdf-page section").all():
        assert slide.evaluate(OVERFLOW) == []
        assert slide.evaluate("one => getComputedStyle(one).paddingLeft") == "30px"


def command(*options, **env):
    """Run the command in a process of its own: this one has a browser open already."""
    return subprocess.run([sys.executable, "-m", "tools.make_slides", *map(str, options)],
                          cwd=ROOT, env=os.environ | env, capture_output=True, text=True)


def test_the_command_prints_a_pdf_with_a_page_for_each_slide_and_answer(decks, tmp_path, page):
    done = command("02", "--pdf", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    opened(page, tmp_path / "02_two_numbers.html")
    pdf = (tmp_path / "02_two_numbers.pdf").read_bytes()
    pages = re.findall(rb"/Type ?/Page\b(?!s)", pdf)
    assert pdf.startswith(b"%PDF-") and len(pages) == page.evaluate("Reveal.getTotalSlides()") + 5


def test_without_a_browser_it_says_how_to_get_one(decks, tmp_path):
    nowhere = {"PATH": "", "PLAYWRIGHT_BROWSERS_PATH": f"{tmp_path}/no"}
    done = command("02", "--pdf", "--out", tmp_path, **nowhere)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "--pdf: it needs Chromium: install it" in done.stderr
    assert (tmp_path / "02_two_numbers.html").exists()          # the deck is there all the same


def test_the_speaker_sees_notes_and_times(decks, page):
    opened(page, decks / "03_full_bptt.html")
    page.evaluate("Reveal.slide(2)")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    notes = popup.value.locator(".speaker-controls-notes")
    notes.get_by_text("Let everybody write an answer down").wait_for(timeout=10_000)
    assert re.search(r"min; done at minute \d+ of 45", notes.inner_text())
    popup.value.close()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_times_add_up_and_every_question_has_one_right_answer(unit):
    notebook = nbformat.read(unit, as_version=4)
    slides = outline(notebook)
    assert sum(slide.seconds for slide in slides) == pytest.approx(60 * minutes(notebook), rel=0.03)
    asked = [slide for slide in slides if slide.kind == "question"]
    assert len(asked) == 5
    for slide in asked:
        assert slide.blocks[1].count("<li") in (3, 4)
        assert slide.blocks[1].count("fragment right") == 1
    assert slides[0].kind == "title" and slides[-1].title == "What to take away"
    assert not any("<a " in block for slide in slides for block in slide.blocks + slide.notes)


def unit(*cells, tags=()):
    cells = [new_markdown_cell("# 42 · Toy\n\nTime: about 30 minutes."), *cells]
    cells[1].metadata.tags = list(tags)
    return outline(new_notebook(cells=cells))[1:]


def test_a_section_gives_its_beginning_its_formulas_and_their_leads():
    first, second = unit(new_markdown_cell(
        "## Title\n\nOne sentence. " + "Words that nobody needs on a slide. " * 12 +
        "\n\n**1. Step.** Prose. Then it follows that\n\n$$ a = b $$\n\nThe rest.\n\n- an item"))
    assert first.blocks[0].startswith("<p>One sentence. Words")
    assert first.blocks[1] == "<p><strong>1. Step.</strong> Then it follows that</p>"
    assert r"\[a = b\]" in first.blocks[2] and first.kind == "formula"
    assert "The rest." in second.blocks[0] + "".join(first.notes)
    assert "an item" in second.blocks[-1]


@pytest.mark.parametrize("tag, slides, notes", [("skip", 0, 0), ("notes", 0, 0), ("slide", 1, 1)])
def test_a_tag_overrides_the_rule(tag, slides, notes):
    shown = unit(new_markdown_cell("## Title\n\n" + "A sentence of five words. " * 20), tags=[tag])
    assert len(shown) == slides
    if slides:
        assert shown[0].blocks[0].count("five words") == 20


def test_a_prediction_is_asked_and_not_answered():
    result = new_output("stream", name="stdout", text="0.12\n")
    (slide,) = unit(new_markdown_cell("## Predict\n\nHow much?"),
                    new_code_cell("print(0.12)", outputs=[result]),
                    new_markdown_cell("The effects add."))
    assert slide.blocks == ["<p>How much?</p>"]
    assert "<p>The effects add.</p>" in slide.notes


def test_sentences_end_outside_of_elements():
    text = r'A <em>b. C</em> d. See <span class="math">\(a. B\)</span>. "E" f?'
    assert sentences(text) == ["A <em>b. C</em> d.",
                               r'See <span class="math">\(a. B\)</span>.', '"E" f?']
    assert shortened("One two. Three four. Five six.", 4) == ["One two.", "Three four."]


def test_a_row_of_formulas_is_set_below_each_other():
    row = r'<span class="math display">\[ ' + "a" * 60 + r", \qquad {b \qquad c} \]</span>"
    assert broken(row).count(r"\\[1.2ex]") == 1
    short = r'<span class="math display">\[ a, \qquad b \]</span>'
    assert broken(short) == short


def test_a_missing_npm_is_named_with_its_remedy(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(npm_packages.shutil, "which", lambda name: None)
    assert make_slides.main(["03", "--out", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "npm is not installed" in said and "https://nodejs.org" in said


def test_an_archive_that_is_another_is_refused(monkeypatch, tmp_path):
    other = tmp_path / "other.tgz"
    other.write_bytes(b"not it")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(npm_packages, "fetch", lambda package, work: other)
    with pytest.raises(npm_packages.PackageError, match="not the archive"):
        npm_packages.folder("mathjax")
    assert not list((tmp_path / "cache").glob("*/mathjax-*"))


def test_an_unknown_unit_is_named(capsys):
    with pytest.raises(SystemExit):
        make_slides.main(["77"])
    assert "there is no unit '77'" in capsys.readouterr().err


def test_units_are_called_by_name_number_or_the_digits_alone():
    def stems(*names):
        return [path.stem for path in make_slides.units(list(names), ROOT / "notebooks")]

    four = ["11a_language", "11b_conversation", "11c_speech", "11d_time_series"]
    assert stems("11") == stems("11d", "11", "11a_language.ipynb") == four
    assert stems("11b", "03") == ["03_full_bptt", "11b_conversation"]
    assert set(four) < set(stems()) and "start" not in stems()


def test_an_option_may_hold_a_formula_and_an_output_a_dollar(decks, page):
    price = r"$5 or $6 \(a\)" + "\nor $7"
    cells = [new_markdown_cell("# 42 · Toy\n\nText."),
             new_markdown_cell("## Prices\n\nPrinted by `f($x$)`:"),
             new_code_cell("f()", outputs=[new_output("stream", name="stdout", text=price)]),
             new_markdown_cell("## Five questions\n\n**1. Why?**\n\n<details><summary>A. By $E$, "
                               r"and $W < \delta_1$.</summary>" + "\n\n**Right.** $x$\n</details>")]
    nbformat.write(new_notebook(cells=cells), decks / "toy.ipynb")
    (decks / "toy.html").write_text(make_slides.deck(decks / "toy.ipynb"), encoding="utf-8")
    opened(page, decks / "toy.html")
    assert page.locator("pre.output").text_content() == price
    assert page.locator(".body code").text_content() == "f($x$)"
    assert page.locator(".answers mjx-container").count() == 2
    assert page.locator("pre mjx-container, code mjx-container, mjx-merror").count() == 0
