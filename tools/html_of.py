"""Markdown, code and outputs of notebooks as plain HTML, for the decks and for the site."""

import html
import re

from bs4 import BeautifulSoup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

STOP = re.compile(r'(<span class="math">[^<]*</span>[.,;:?!)]+)')  # no line begins with a stop
PLAIN = re.compile(r'<span class="(?:n|p|w|o|nn|nb|bp|go|fm|ne)">([^<]*)</span>')
MATHS = re.compile(r"\$([^$\n]+)\$")
SPACED = re.compile(r" {2,}(#.*)$")


def slug(text: str) -> str:
    """Return the anchor of a heading, as GitHub makes it: words in lower case, and hyphens."""
    text = html.unescape(re.sub(r"<[^>]*>", "", text)).lower()
    return re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")


class Renderer(IPythonRenderer):
    """Write formulas in MathJax's brackets, so that a dollar is a dollar, and headings by slug."""

    def escape_html(self, text):
        return html.escape(" ".join(text.split()), quote=False)

    def inline_math(self, body):
        return rf'<span class="math">\({self.escape_html(body)}\)</span>'

    def block_math(self, body):
        return rf'<span class="math display">\[{self.escape_html(body)}\]</span>'

    def latex_environment(self, name, body):
        return self.block_math(rf"\begin{{{name}}}{body}\end{{{name}}}")

    def block_html(self, html):
        """Set the formulas of raw HTML, too, as JupyterLab does: a question's options are such."""
        return super().block_html(MATHS.sub(lambda maths: self.inline_math(maths[1]), html))

    def heading(self, text, level, **attributes):
        return f'<h{level} id="{slug(text)}">{text}</h{level}>\n'

    def block_code(self, code, info=None):
        return code_block(code, (info or "text").split()[0])


def markdown(text: str) -> str:
    """Return Markdown as HTML."""
    page = MarkdownWithMath(renderer=Renderer(escape=False)).render(text)
    return STOP.sub(r'<span class="unbroken">\1</span>', page)


def parsed(page: str) -> BeautifulSoup:
    """Return a tree for a piece of HTML."""
    return BeautifulSoup(page, "html.parser")


def code_block(source: str, language: str = "python") -> str:
    """Return source code with its words marked for colouring."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    marked = highlight(source.rstrip("\n"), lexer, HtmlFormatter(nowrap=True)).rstrip("\n")
    marked = PLAIN.sub(r"\1", marked)  # what gets no colour needs no mark
    return f'<pre class="code"><code>{marked}</code></pre>\n'


def output_blocks(cell: NotebookNode) -> list[tuple[str, str]]:
    """Return what a code cell shows, each as its kind, "html" or "text", and its HTML."""
    blocks = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "text/html" in data:
            blocks.append(("html", data["text/html"]))
        elif "text" in output or "text/plain" in data:
            said = html.escape((output.get("text") or data["text/plain"]).rstrip("\n"), quote=False)
            blocks.append(("text", f'<pre class="output">{said}</pre>\n'))
    return blocks


def narrow(source: str) -> str:
    """Move comments at the ends of lines up to the longest line of code."""
    lines = [SPACED.split(line) for line in source.split("\n")]
    column = max((len(line[0]) for line in lines if len(line) > 1), default=0) + 2
    return "\n".join(line[0].ljust(column) + line[1] if len(line) > 1 else line[0]
                     for line in lines)
