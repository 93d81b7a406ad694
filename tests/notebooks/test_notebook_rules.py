"""What every notebook keeps to, so that each opens, reads and checks like the others."""

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from tools.build_notebooks import KERNELSPEC, cell_ids, to_bytes

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
BUILT = sorted(NOTEBOOKS.glob("*.ipynb"))
FORBIDDEN = {
    "import *": r"import\s+\*|import\s*\(\s*\*",
    "a change of the path": r"\bsys\s*\.\s*path\b|\bfrom\s+sys\s+import\b.*\bpath\b|\bchdir\b",
    "an install or a magic": r"^\s*[!%]|\bpip\b|\bconda\b",
}
EXEMPT_TAGS = {"nbval-ignore-output", "nbval-skip"}
EXEMPT_COMMENT = re.compile(r"^\s*#+\s*(NBVAL|PYTEST_VALIDATE)_(IGNORE_OUTPUT|SKIP)", re.M)
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
CODE_OR_MATHS = re.compile(r"`[^`\n]+`|\$\$.*?\$\$|\$[^$\n]+\$", re.S)
LINK = re.compile(r"(!?)\[([^\]]*)\]\(<?([^)\s>]*)>?[^)]*\)")
HEADING = re.compile(r"^(#{1,6}) +(.+?)\s*$", re.M)
A_MACHINE = re.compile(r"/(?:home|root|tmp|Users|work)/|[A-Z]:\\\\?Users|ipykernel_\d+")
SHORTEST_ALT = 20


class Images(HTMLParser):
    """Collects the alternative text of every img element."""

    def __init__(self, html):
        super().__init__()
        self.alts = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.alts.append((dict(attributes).get("alt") or "").strip())


def prose(notebook):
    """Return the text of all markdown cells, without blocks of code."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return FENCED.sub("", "\n\n".join(cells))


def check_code(notebook, path):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if cells and len(cells[0].source.splitlines()) > 4:
        yield "the first code cell has more than four lines"
    for cell in cells:
        for what, pattern in FORBIDDEN.items():
            if re.search(pattern, cell.source, re.M):
                yield f"there is {what} in: {cell.source}"
    exempt = sum(
        bool(EXEMPT_TAGS & set(cell.metadata.get("tags", [])) or EXEMPT_COMMENT.search(cell.source))
        for cell in cells
    )
    if exempt > len(cells) / 10:
        yield f"{exempt} of {len(cells)} code cells are exempt from comparison; at most one in ten"


def check_outputs(notebook, path):
    for output in (o for cell in notebook.cells for o in cell.get("outputs", [])):
        if output.output_type == "error":
            yield f"an output is an error: {output.ename}"
        data = output.get("data", {})
        for kind in data:
            if kind.startswith("image/"):
                yield f"there is a bare {kind}, which cannot have alternative text"
        for alt in Images(data.get("text/html", "")).alts:
            if len(alt) < SHORTEST_ALT:
                yield f"a picture's alternative text is too short: {alt!r}"
        text = output.get("text", "") + "".join(v for v in data.values() if isinstance(v, str))
        if A_MACHINE.search(re.sub("base64,[^\"']*", "", text)):
            yield f"an output names a folder of one machine: {text[:200]}"
        if re.search(r"\d(it/s|s/it)\b", text):
            yield f"a progress bar is stored: {text[-200:]}"


def check_prose(notebook, path):
    text = prose(notebook)
    titles = [title for level, title in HEADING.findall(text) if level == "#"]
    if len(titles) != 1:
        yield f"there must be one title, and there are {titles}"
    text = CODE_OR_MATHS.sub("", text)
    for alt in Images(text).alts:
        if len(alt) < SHORTEST_ALT:
            yield f"a picture's alternative text is too short: {alt!r}"
    for image, label, target in LINK.findall(text):
        if image and len(label) < SHORTEST_ALT:
            yield f"a picture's alternative text is too short: {label!r}"
        if not leads_somewhere(target, path):
            yield f"a link leads nowhere: {target}"


def leads_somewhere(target, path):
    """Tell whether a relative link's file exists, and has the heading that it names."""
    if re.match(r"(https?|mailto):", target):
        return True
    name, _, anchor = unquote(target).partition("#")
    file = path.parent / name if name else path
    if not file.exists():
        return False
    if not anchor:
        return True
    if file.suffix == ".ipynb":
        text = prose(nbformat.read(file, as_version=4))
    else:
        text = FENCED.sub("", file.read_text(encoding="utf-8"))
    headings = [title.replace("`", "") for _, title in HEADING.findall(text)]
    in_jupyterlab = {title.replace(" ", "-") for title in headings}
    on_github = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
    return anchor in in_jupyterlab | on_github


def check_format(notebook, path):
    if notebook.metadata != {"kernelspec": KERNELSPEC}:
        yield f"the metadata is not the kernelspec alone: {dict(notebook.metadata)}"
    if [c.id for c in notebook.cells] != list(cell_ids(c.source for c in notebook.cells)):
        yield "the ids are not the hashes of the cells"


def problems(path):
    """Return every rule that the notebook breaks, as sentences."""
    notebook = nbformat.read(path, as_version=4)
    checks = check_code, check_outputs, check_prose, check_format
    return [problem for check in checks for problem in check(notebook, path)]


@pytest.mark.parametrize("path", BUILT, ids=lambda path: path.stem)
def test_the_notebook_keeps_the_rules(path):
    assert problems(path) == []


def test_the_course_is_complete():
    names = {path.stem for path in BUILT}
    assert names == {path.stem for path in (NOTEBOOKS / "src").glob("*.py")}
    assert {name[:2] for name in names} >= {"00", "01", "02", "03"} and "start" in names


def example(tmp_path, **changes):
    """Write a notebook that keeps every rule but for the changes; return its path."""
    given = {"text": "# T\n[a](#T), [b](other.md#two-b), `[x](no)`, $[y](no)$", "code": "a = 1"}
    given |= {"html": f'<img alt="{"A line that falls"} to 1." src="">', "tags": [], **changes}
    output = nbformat.v4.new_output("display_data", {"text/html": given["html"]})
    output.data.update(given.get("data", {}))
    code = nbformat.v4.new_code_cell(given["code"], outputs=[output], execution_count=1)
    code.metadata["tags"] = given["tags"]
    more = [nbformat.v4.new_code_cell("b = 2", execution_count=n) for n in range(2, 11)]
    error = nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])
    more[0].outputs = [error] * given.get("errors", 0)
    more[1].source = given.get("second", "b = 2")
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": KERNELSPEC})
    notebook.metadata.update(given.get("metadata", {}))
    notebook.cells = [nbformat.v4.new_markdown_cell(given["text"]), code, *more]
    for cell, cell_id in zip(notebook.cells, cell_ids(c.source for c in notebook.cells)):
        cell.id = cell_id
    notebook.cells[0].id = given.get("id", notebook.cells[0].id)
    (tmp_path / "other.md").write_text("# One\n## Two `b`\n")
    path = tmp_path / "example.ipynb"
    path.write_bytes(to_bytes(notebook))
    return path


def test_no_rule_is_broken_by_a_good_notebook(tmp_path):
    assert problems(example(tmp_path, tags=["nbval-ignore-output"])) == []


@pytest.mark.parametrize("change, word", [
    ({"code": "1\n2\n3\n4\n5"}, "more than four lines"),
    ({"code": "from numpy import *"}, "import *"),
    ({"second": "import sys\nsys.path.insert(0, '..')"}, "change of the path"),
    ({"second": "%pip install torch"}, "install"),
    ({"second": "!ls"}, "install"),
    ({"second": "%matplotlib inline"}, "install"),
    ({"tags": ["nbval-skip"], "second": "# NBVAL_IGNORE_OUTPUT\nb"}, "2 of 10"),
    ({"html": "<img src=''>"}, "too short: ''"),
    ({"html": "<b>1</b><img alt='a line' src=''>"}, "too short: 'a line'"),
    ({"data": {"image/png": "aGk="}}, "bare image/png"),
    ({"data": {"text/plain": "/home/me/x.py:1: Warning"}}, "folder of one machine"),
    ({"errors": 1}, "an error: E"),
    ({"text": "# T\n![](other.md)"}, "too short: ''"),
    ({"text": "# T\n[a](missing.ipynb)"}, "nowhere: missing.ipynb"),
    ({"text": "# T\n[a](other.md#three)"}, "nowhere: other.md#three"),
    ({"text": "# T\n[a](#U)"}, "nowhere: #U"),
    ({"text": "# T\n# U"}, "one title"),
    ({"text": "```\n# T\n```"}, "one title"),
    ({"metadata": {"language_info": {"name": "python"}}}, "kernelspec alone"),
    ({"id": "0123456789ab"}, "not the hashes"),
])  # fmt: skip
def test_each_broken_rule_is_named(tmp_path, change, word):
    (problem,) = problems(example(tmp_path, **change))
    assert word in problem
