"""The site, crawled and looked at with the network cut: links, formulas, pictures, search."""

import importlib
import json
import re
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup

from tests.browser import ROOT, axe_core
from tests.conftest import leave_out
from tools import make_site
from tools.html_of import markdown, parsed, slug
from tools.npm_packages import PackageError
from tools.site.pages import Links, Page, read, target
from tools.site.reference import MODULES, prose, public

KINDS = ["index.html", "notebooks/03_full_bptt.html", "exercises/03/03.html", "docs/notation.html",
         "api/index.html", "api/cells.html", "bpttlib/bptt.py.html"]
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of this course, and what its maker has to say about links."""
    out = tmp_path_factory.mktemp("site")
    try:
        problems = make_site.make(ROOT, out)
    except PackageError as error:
        leave_out(str(error))
    return out, problems


@pytest.fixture(scope="module")
def trees(site):
    """All pages, parsed, by their path."""
    return {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
            for path in sorted(site[0].rglob("*.html"))}


def go(page, path):
    """Open a page with the network cut, typeset; return what it asked of the world outside."""
    asked = []

    def hear(request):
        asked.append(request.url)

    page.context.set_offline(True)
    page.on("request", hear)
    page.goto(path.as_uri())
    if page.locator(".math").count():
        page.wait_for_selector("body.ready", timeout=60_000)
    page.remove_listener("request", hear)
    return [url for url in asked if urlsplit(url).scheme not in ("file", "data")]


def test_every_link_leads_somewhere_and_every_page_is_linked(site, trees):
    out, problems = site
    ids = {path: [one["id"] for one in tree.find_all(id=True)] for path, tree in trees.items()}
    broken, reached = list(problems), set()
    for path, tree in trees.items():
        broken += [f"{path.name}: two {one}" for one in ids[path] if ids[path].count(one) > 1]
        for one in tree.select("[href], [src]"):
            url = urlsplit(one.get("href") or one.get("src"))
            if url.scheme:
                assert url.scheme in ("https", "http", "data"), url
                continue
            there = (path.parent / unquote(url.path)).resolve() if url.path else path
            reached |= {there} if there != path else set()
            anchor = unquote(url.fragment)
            if not there.is_file() or anchor and anchor not in ids[there]:
                broken.append(f"{path.relative_to(out)}: {one.get('href') or one.get('src')}")
    assert broken == []
    assert set(trees) <= reached
    assert len(trees) > 60


def test_every_page_shows_all_without_a_network(site, trees, page):
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.set_viewport_size({"width": 390, "height": 800})
    for path in trees:
        assert go(page, path) == [], path
        assert page.locator(".math:not(:has(mjx-container)), mjx-merror").count() == 0, path
        bad = "all => all.filter(one => !one.naturalWidth || !one.alt).map(one => one.src)"
        assert page.locator("img").evaluate_all(bad) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert faults == []


def looked_at(page, paths):
    """Fail with what axe-core finds on pages that keeps somebody out."""
    axe = axe_core(leave_out)
    page.set_viewport_size({"width": 1440, "height": 900})
    for path in paths:
        go(page, path)
        page.evaluate(axe)
        found = page.evaluate("axe.run()")["violations"]
        said = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS]
        assert said == [], path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(site, page, theme):
    page.emulate_media(color_scheme=theme)
    looked_at(page, [site[0] / kind for kind in KINDS])
    assert page.locator("html").get_attribute("data-theme") == theme
    page.emulate_media(color_scheme=None)


@pytest.mark.long
def test_axe_finds_nothing_serious_on_any_page(trees, page):
    looked_at(page, trees)


def test_the_search_finds_by_keyboard_what_is_meant(site, page):
    go(page, site[0] / "api/clip.html")
    for asked, expected in [("truncated bias", "05_truncation.html#"),
                            ("clip_by_global_norm", "api/clip.html#clip_by_global_norm"),
                            ("W_hh^T delta_{t+1}", "notebooks/"), ("carousel", "09_lstm.html#")]:
        page.keyboard.press("Escape")
        page.locator("h1").click()
        page.keyboard.press("/")
        page.keyboard.type(asked)
        page.locator("#search-results li a").first.wait_for()
        assert "section" in page.locator("#search-results [role=status]").inner_text()
        assert expected in page.locator("#search-results li a").first.get_attribute("href")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('#search-results') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("09_lstm.html#"))
    anchor = unquote(urlsplit(page.url).fragment)
    assert page.locator(f"[id='{anchor}']").bounding_box()["y"] > 40       # below the header
    page.keyboard.press("/")
    page.keyboard.type("zzzz")
    page.get_by_text("Nothing found").wait_for()
    page.keyboard.press("Escape")
    assert page.locator("#search-results").is_hidden()


def test_dark_stays_dark_the_skip_link_skips_and_print_opens_answers(site, page):
    page.emulate_media(color_scheme="light")
    go(page, site[0] / "notebooks/03_full_bptt.html")
    page.get_by_role("button", name="Dark").click()
    go(page, site[0] / "docs/notation.html")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 150
    page.get_by_role("button", name="Light").click()
    go(page, site[0] / "notebooks/03_full_bptt.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator("header, #pages, footer").first.is_visible()
    page.emulate_media(media="screen")


def test_exercises_come_without_answers(site):
    shown = "".join(BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").get_text()
                    for path in (site[0] / "exercises").rglob("*.html"))
    assert shown.count("NotImplementedError") > 29
    answers = []
    for source in sorted((ROOT / "solutions/src").glob("*.py")):
        text = source.read_text(encoding="utf-8")
        given = re.sub(r"BEGIN SOLUTION\n(.*?)### END SOLUTION", "", text, flags=re.S)
        for answer in re.findall(r"BEGIN SOLUTION\n(.*?)### END SOLUTION", text, flags=re.S):
            lines = [line.strip() for line in answer.splitlines()]
            answers += [line for line in lines if len(line) > 30 and line not in given]
    assert len(answers) > 50
    assert [line for line in answers if line in shown] == []
    assert not [path for path in site[0].rglob("*") if {"solutions", "grading", "tests"}
                & set(path.relative_to(site[0]).parts)]


def test_the_reference_has_every_public_name(trees, site):
    for short in MODULES:
        tree = trees[site[0] / "api" / f"{short}.html"]
        for name in public(importlib.import_module(f"bpttlib.{short}")):
            heading = tree.find(id=name)
            assert heading is not None, f"{short}.{name}"
            assert heading.find_next("p") is not None
    unroll = trees[site[0] / "api/bptt.html"].find(id="unroll")
    assert "s_t = step(s_{t-1}, x_t) for t = 1 … T." in unroll.find_next("p").get_text()


def test_a_bar_and_backticks_in_a_docstring():
    assert prose("|det W| of `W_hh` and :func:`bpttlib.bptt.bptt`") == (
        "<p>|det W| of <code>W_hh</code> and <code>bpttlib.bptt.bptt</code></p>\n")


def test_links_are_rewritten_or_lose_what_is_the_staffs(tmp_path):
    for name, text in {"docs/a.md": "# A\n", "solutions/x.py": "", "pic.png": "",
                       "lib.py": "x = 1", "notebooks/n.ipynb": "{}"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    a = read(tmp_path, "docs/a.md", "Guides")
    n = Page("notebooks/n.ipynb", target("notebooks/n.ipynb"), "N", "Course", parsed(markdown(
        "[a](../docs/a.md#The-Part) [s](../solutions/x.py) [l](../lib.py) [w](https://b.org)"
        " [m](m.md) ![p](../pic.png) ![q](q.png)")))
    links = Links(tmp_path, [a, n])
    links.resolve(n)
    found = [one["href"] for one in n.tree.find_all("a")]
    assert found == ["../docs/a.html#the-part", "../lib.py.html", "https://b.org"]
    assert links.pages["lib.py"].target == "lib.py.html"
    assert links.pictures == {"pic.png"}
    assert links.problems == ["notebooks/n.ipynb links to m.md, which is not there",
                              "notebooks/n.ipynb shows q.png, which is not there"]


def test_anchors_are_githubs():
    assert slug("Two numbers, <em>k</em> and `b_h`: why?") == "two-numbers-k-and-b_h-why"
    assert slug("Reset, carry – cut") == "reset-carry--cut"


def test_the_index_holds_sections_without_markup(site):
    script = (site[0] / "search-index.js").read_text(encoding="utf-8")
    rows = json.loads(script.removeprefix("window.SEARCH = ").rstrip(";\n"))
    assert not [row for row in rows if "<span" in row[3] or r"\(" in row[3]]
    text = next(row[3] for row in rows if row[2].endswith("03_full_bptt.html#the-derivation"))
    assert "W_hh^top delta_t+1" in text
