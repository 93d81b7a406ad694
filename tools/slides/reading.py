"""What a notebook is made of: sections, in them blocks of one kind each; and how to cut them."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from nbformat import NotebookNode

from tools.html_of import code_block, markdown, narrow, output_blocks, parsed

CODE_LINES, CODE_COLUMNS = (5, 14), 90
WORKS = re.compile(r"for \w+ in range\(|for \w+_t in | @ ")
DISPLAY = re.compile(r'(<span class="math display">.*?</span>)', re.S)


class Block(NamedTuple):
    """A paragraph, formula, list, table, picture, result or piece of code."""

    kind: str
    html: str
    tags: frozenset = frozenset()


class Section(NamedTuple):
    """A heading, the heading above it if there is one, and what follows until the next."""

    level: int
    title: str
    above: str
    blocks: list[Block]


def sections(notebook: NotebookNode) -> list[Section]:
    """Return a notebook's sections in order."""
    found, above = [], ""
    for cell in notebook.cells:
        tags = frozenset(cell.metadata.get("tags", []))
        for kind, page in () if "skip" in tags else blocks(cell):
            if kind in ("h1", "h2", "h3"):
                found.append(Section(int(kind[1]), page, above if kind == "h3" else "", []))
                above = page if kind != "h3" else above
            elif found:
                found[-1].blocks.append(Block(kind, page, tags))
    return found


def blocks(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield the blocks of a cell, each as its kind and its HTML."""
    if cell.cell_type == "markdown":
        for block in parsed(markdown(cell.source)).find_all(recursive=False):
            for link in block.find_all("a"):
                link.unwrap()                           # a deck stands alone
            yield from markdown_block(block)
        return
    shown = output_blocks(cell)
    if not any(kind == "html" for kind, _ in shown):    # code that draws is seldom worth a slide
        yield from (("code", one) for one in functions(cell.source))
    for kind, page in shown:
        tree = parsed(page)
        if kind == "text":
            yield "result", page
        for picture in tree.find_all("img"):
            yield "picture", str(picture)
        for tasks in tree.find_all("ul"):
            yield "try", str(tasks)


def markdown_block(block) -> Iterator[tuple[str, str]]:
    """Yield what one element stands for."""
    kind = {"ul": "list", "ol": "list", "pre": "code"}.get(block.name)
    if block.name in ("h1", "h2", "h3"):
        yield block.name, block.decode_contents()
    elif block.name in ("p", "span"):
        for part in DISPLAY.split(str(block) if block.name == "span" else block.decode_contents()):
            if part.strip():
                shown = DISPLAY.match(part)
                yield ("formula", broken(part)) if shown else ("p", part.strip())
    elif kind == "code":
        lines = block.get_text().split("\n")
        if len(lines) <= CODE_LINES[1] and max(map(len, lines)) <= CODE_COLUMNS:
            yield kind, code_block(narrow("\n".join(lines)))
    else:
        yield kind or block.name, str(block)


def functions(source: str) -> Iterator[str]:
    """Yield the functions of a cell that go on a slide: short ones, with a loop or a product."""
    source = re.sub(r'\n +"""(?:[^"]|"(?!""))*"""', "", source)
    for one in re.findall(r"^def .*(?:\n(?:[ )].*)?)*", source, flags=re.M):
        lines = narrow(re.sub(r"\n\n+", "\n", one.rstrip())).split("\n")
        if not WORKS.search(one):
            continue
        if CODE_LINES[0] <= len(lines) <= CODE_LINES[1] and max(map(len, lines)) <= CODE_COLUMNS:
            yield code_block("\n".join(lines))


def broken(formula: str) -> str:
    r"""Set a long row of formulas below each other: \qquad outside of all braces parts them."""
    inside = re.search(r"\\\[(.*)\\\]", formula, flags=re.S)[1]
    rows, depth = [""], 0
    for token in re.split(r"(\\qquad|\\begin|\\end|[{}])", inside):
        depth += {"{": 1, "}": -1, r"\begin": 9, r"\end": -9}.get(token, 0)
        if token == r"\qquad" and depth == 0:
            rows.append("")
        else:
            rows[-1] += token
    if len(rows) == 1 or len(inside) < 75:
        return formula
    lines = r" \\[1.2ex] ".join(row.strip() for row in rows)
    return rf'<span class="math display">\[\begin{{gathered}} {lines} \end{{gathered}}\]</span>'


def sentences(text: str) -> list[str]:
    """Split HTML into sentences, never inside an element."""
    parts, start = [], 0
    for gap in re.finditer(r"(?<=[.?!:])(?:</\w+>)?\s+(?=[A-Z<“\"])", text):
        piece = text[start:gap.end()]
        if len(re.findall(r"<\w", piece)) == len(re.findall(r"</\w", piece)):
            parts.append(piece.strip())
            start = gap.end()
    return [*parts, text[start:].strip()]


def count_words(text: str) -> int:
    """Count the words of HTML; a formula is one."""
    return len(parsed(re.sub(r"\\\(.*?\\\)", "x", text, flags=re.S)).get_text().split())


def shortened(text: str, limit: int) -> list[str]:
    """Return whole sentences from the front, up to a number of words; at least one."""
    first, *others = sentences(text)
    kept = [first]
    for one in others:
        if count_words(" ".join([*kept, one])) > limit:
            break
        kept.append(one)
    return kept


def short_items(page: str, limit: int) -> str:
    """Return a list with each of its items cut to its first sentences."""
    tree = parsed(page)
    for item in tree.find_all("li"):
        cut = parsed(" ".join(shortened(item.decode_contents(), limit)))
        item.clear()
        item.append(cut)
    return str(tree)
