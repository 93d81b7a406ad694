"""Make the course as a site to read and search: static, and without a network once it is made.

Notebooks with their stored outputs, exercises without answers, notation, glossary, guides and the
reference of the library. Open build/site/index.html, or put the folder on any web server.
"""

import argparse
import json
import shutil
import sys
from itertools import pairwise
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from tools.html_of import parsed
from tools.make_slides import COURSE, copy_scripts
from tools.npm_packages import PackageError
from tools.site.pages import Links, Page, SiteError, headings, read, sections
from tools.site.reference import MODULES, module_page, overview

ROOT = Path(__file__).resolve().parents[1]
LOOK = Path(__file__).parent / "site"
SCRIPTS = {"mathjax": ("mathjax", ["es5/tex-svg.js", "LICENSE"])}
GROUPS = {"Course": ["README.md", "notebooks/start.ipynb", "notebooks/[0-9][0-9]*.ipynb"],
          "Exercises": ["exercises/[0-9][0-9]/*.ipynb"],
          "Reference": ["docs/notation.md", "docs/glossary.md"],
          "Guides": ["docs/*.md"]}
TITLES = {"README.md": "About the course", "notebooks/start.ipynb": "Start page"}
templates = Environment(loader=FileSystemLoader(LOOK), undefined=StrictUndefined)


def collect(root: Path) -> list[Page]:
    """Return the pages of the menu, in its order."""
    ordered = {}
    for group, patterns in GROUPS.items():
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                ordered.setdefault(path.relative_to(root).as_posix(), group)
    pages = [read(root, *one) for one in tqdm(ordered.items(), unit="page", disable=None)]
    exercises = [page for page in pages if page.group == "Exercises"]
    pages.insert(pages.index(exercises[0]), exercise_list(exercises))
    library = [module_page(name) for name in tqdm(MODULES, unit="module", disable=None)]
    for page in pages:
        page.title = TITLES.get(page.source, page.title)
    return [*pages, overview(), *library]


def exercise_list(exercises: list[Page]) -> Page:
    """Return the page that a link to the folder of exercises leads to."""
    items = "".join(f'<li><a href="{one.source.removeprefix("exercises/")}">{one.title}</a></li>'
                    for one in exercises)
    page = (f"<h1>All exercises</h1><p>To be read here; you write and check your answers in "
            f"the notebooks of the folder <code>exercises</code>.</p><ul>{items}</ul>")
    return Page("exercises/index.html", "exercises/index.html", "All exercises", "Exercises",
                parsed(page))


def render(page: Page, pages: list[Page], menu: list[tuple[str, list[Page]]]) -> str:
    """Return a page with all that stands around its text."""
    same = [one for one in pages if one.group == page.group and page.group == "Course"]
    before = next((a for a, b in pairwise(same) if b is page), None)
    after = next((b for a, b in pairwise(same) if a is page), None)
    return templates.get_template("page.html.j2").render(
        page=page, course=COURSE, menu=menu, before=before, after=after, headings=headings(page),
        math=page.tree.select_one(".math") is not None)


def search_index(pages: list[Page]) -> str:
    """Return the script that holds all text of the site, section by section."""
    rows = [[page.title, title, page.target + (f"#{anchor}" if anchor else ""), text]
            for page in pages for anchor, title, text in sections(page)]
    return "window.SEARCH = " + json.dumps(rows, ensure_ascii=False, separators=(",", ":")) + ";\n"


def make(root: Path, out: Path) -> list[str]:
    """Write the site; return what is wrong with its links."""
    copy_scripts(out, SCRIPTS)
    pages = collect(root)
    links = Links(root, pages)
    for page in pages:
        links.resolve(page)
    extra = [page for page in links.pages.values() if page not in pages]
    menu = [(group, [page for page in pages if page.group == group])
            for group in dict.fromkeys(page.group for page in pages)]
    for page in [*pages, *extra]:
        file = out / page.target
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(render(page, pages, menu), encoding="utf-8")
    for picture in links.pictures:
        (out / picture).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / picture, out / picture)
    for name in ("site.css", "site.js", "theme.js"):
        shutil.copy(LOOK / name, out)
    (out / "search-index.js").write_text(search_index(pages), encoding="utf-8")
    return links.problems


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="course.py site", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site",
                        help="where the site goes (default: build/site)")
    out = parser.parse_args(argv).out.expanduser().resolve()
    try:
        problems = make(ROOT, out)
    except (PackageError, SiteError, OSError) as error:
        print(f"course.py: {error}", file=sys.stderr)
        return 1
    for problem in problems:
        print(f"course.py: {problem}", file=sys.stderr)
    print(f"The site is in {out}; open its index.html in a browser.")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
