"""The pages of the site: each mirrors a file of the course, so that links between files stay right.

`docs/notation.md` becomes `docs/notation.html`, a notebook likewise; a source file is shown as text
under its name with `.html` added. Where a link leads to what only the staff has, its words stay and
the link goes.
"""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup

from tools.html_of import code_block, markdown, output_blocks, parsed, slug

STAFF = ("solutions/", "grading/", "tests/", "tools/", ".")
WHOLE = {".md", ".ipynb"}
LANGUAGES = {".py": "python", ".toml": "toml", ".yml": "yaml"}


class SiteError(Exception):
    """The site cannot be made; the message says which page and what to do."""


@dataclass
class Page:
    """A page: the file it comes from, where it goes, its group in the menu, and what it shows."""

    source: str
    target: str
    title: str
    group: str
    tree: BeautifulSoup


def target(source: str) -> str:
    """Return where a file's page goes."""
    path = Path(source)
    if path.name == "README.md":
        return path.with_name("index.html").as_posix()
    return path.with_suffix(".html").as_posix() if path.suffix in WHOLE else f"{source}.html"


def read(root: Path, source: str, group: str) -> Page:
    """Return the page of one file."""
    text = (root / source).read_text(encoding="utf-8")
    if source.endswith(".ipynb"):
        page = notebook_html(nbformat.reads(text, as_version=4))
    elif source.endswith(".md"):
        page = markdown(text)
    else:
        page = f"<h1>{source}</h1>\n" + code_block(text, LANGUAGES.get(Path(source).suffix, "text"))
    tree = parsed(page)
    heading = tree.find("h1")
    if heading is None:
        raise SiteError(f"{source} has no title; begin it with a line such as “# Title”")
    return Page(source, target(source), heading.get_text().strip(), group, tree)


def notebook_html(notebook: nbformat.NotebookNode) -> str:
    """Return all cells of a notebook, with their stored outputs."""
    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(markdown(cell.source))
        elif cell.source.strip():
            parts.append(code_block(cell.source))
            parts += [f'<div class="shown">{page}</div>' for _, page in output_blocks(cell)]
    return "\n".join(parts)


class Links:
    """The links between pages; files that a link asks for become pages as well."""

    def __init__(self, root: Path, pages: list[Page]):
        self.root, self.pages = root, {page.source: page for page in pages}
        for page in pages:  # a link to a folder leads to its list
            folder, name = posixpath.split(page.source)
            if folder and name == "index.html":
                self.pages[folder] = page
        self.pictures, self.problems = set(), []

    def resolve(self, page: Page) -> None:
        """Rewrite a page's links and collect its pictures."""
        tree = page.tree
        for link in tree.find_all("a", href=True):
            href = self.rewritten(page, link["href"])
            if href is None:
                link.unwrap()
            else:
                link["href"] = href
        for picture in tree.find_all("img", src=True):
            if not urlsplit(picture["src"]).scheme:
                self.picture(page, picture["src"])
        for table in tree.find_all("table"):
            table.wrap(tree.new_tag("div", attrs={"class": "wide"}))

    def picture(self, page: Page, src: str) -> None:
        """Note that a picture has to come along."""
        source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), unquote(src)))
        if (self.root / source).is_file():
            self.pictures.add(source)
        else:
            self.problems.append(f"{page.source} shows {src}, which is not there")

    def rewritten(self, page: Page, href: str) -> str | None:
        """Return the address of a link on the site, or None where its words stay alone."""
        url = urlsplit(href)
        if url.scheme or url.netloc:
            return href
        folder = posixpath.dirname(page.source)
        source = posixpath.normpath(posixpath.join(folder, unquote(url.path)))
        if not url.path:
            found, address = page, ""
        elif source not in self.pages and not (self.root / source).exists():
            self.problems.append(f"{page.source} links to {href}, which is not there")
            return None
        elif found := self.pages.get(source) or self.text_page(source):
            address = posixpath.relpath(found.target, posixpath.dirname(page.target) or ".")
        else:
            return None
        made = found.source.endswith(".html")  # by us, with anchors that are names
        anchor = url.fragment if made else slug(unquote(url.fragment))
        return address + (f"#{anchor}" if anchor else "")

    def text_page(self, source: str) -> Page | None:
        """Make a page of a file that is linked and not the staff's own; return it."""
        if source.startswith(STAFF) or not (self.root / source).is_file():
            return None
        self.pages[source] = read(self.root, source, "")
        return self.pages[source]


def headings(page: Page) -> list[tuple[str, str]]:
    """Return the second-level headings of a page: anchor and text."""
    return [(one["id"], one.decode_contents()) for one in page.tree.find_all("h2", id=True)]


def sections(page: Page) -> list[tuple[str, str, str]]:
    """Return what there is to search on a page: anchor, heading and text of each section."""
    found = [("", "", [])]
    for one in page.tree.find_all(recursive=False):
        if one.name in ("h2", "h3") and one.get("id"):
            found.append((one["id"], plain(one.get_text()), []))
        else:
            found[-1][2].append(one.get_text("" if one.name == "pre" else " "))
    return [(anchor, title, plain(" ".join(text))) for anchor, title, text in found]


def plain(text: str) -> str:
    r"""Return text for a search: W_{hh} is W_hh, and \delta is delta."""
    return " ".join(re.sub(r"\\[()\[\]]|[\\{}$]", "", text).split())
