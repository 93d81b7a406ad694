"""The reference of the library: a page per module, from its numpydoc docstrings."""

import html
import importlib
import inspect
import re
from functools import cache
from pathlib import Path
from types import ModuleType

from docutils.core import publish_parts
from docutils.utils import SystemMessage
from numpydoc.docscrape import ClassDoc, FunctionDoc

import bpttlib
from tools.html_of import code_block, parsed
from tools.site.pages import Page, SiteError

MODULES = [*bpttlib.__all__, "plots", "widgets"]
SETTINGS = {"syntax_highlight": "short", "halt_level": 2, "report_level": 5,
            "file_insertion_enabled": False}
FIELDS = ("Parameters", "Returns", "Yields", "Raises")


@cache
def prose(text: str) -> str:
    """Return reStructuredText as HTML; names between backticks are code."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"``\1``", text)
    text = re.sub(r"(?<!`)`([^`\n]+)`(?![`_])", r"``\1``", text)
    if ">>>" not in text:  # a bar is a bar
        text = re.sub(r"(``[^`]*``)|\|", lambda found: found[1] or r"\|", text)
    tree = parsed(publish_parts(text, writer="html5", settings_overrides=SETTINGS)["body"])
    for one in tree.select("span.docutils.literal"):
        one.name, one.attrs = "code", {}
        one.string = one.get_text()
    for one in tree.select("pre"):
        one.replace_with(parsed(code_block(one.get_text(), "pycon")))
    return str(tree)


def public(module: ModuleType) -> list[str]:
    """Return a module's public names: those it lists, or those it defines, in their order."""
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not inspect.ismodule(getattr(module, name))]
    return [name for name, one in vars(module).items()
            if not name.startswith("_") and getattr(one, "__module__", "") == module.__name__
            and (inspect.isfunction(one) or inspect.isclass(one))]


@cache
def places() -> dict[str, str]:
    """Return where each public name stands: from bpttlib.bptt.unroll, say, to page and anchor."""
    found = {}
    for short in MODULES:
        module = importlib.import_module(f"bpttlib.{short}")
        found[module.__name__] = f"{short}.html"
        for name in public(module):
            one = getattr(module, name)
            found[f"{module.__name__}.{name}"] = f"{short}.html#{name}"
            found.setdefault(f"{getattr(one, '__module__', '')}.{name}", f"{short}.html#{name}")
    return found


def linked(name: str, short: str) -> str:
    """Return a name as code that leads to its place, if it has one."""
    options = (name, f"bpttlib.{short}.{name}", f"bpttlib.{name}")
    place = next((places()[one] for one in options if one in places()), None)
    code = f"<code>{html.escape(name)}</code>"
    return f'<a href="{place}">{code}</a>' if place else code


def described(doc, short: str) -> str:
    """Return the parts of one docstring as HTML."""
    parts = [prose(" ".join(doc["Summary"])), prose("\n".join(doc["Extended Summary"]))]
    for field in FIELDS:
        names = [html.escape(": ".join(filter(None, [one.name, one.type]))) for one in doc[field]]
        rows = [f"<dt><code>{name}</code></dt><dd>{prose(chr(10).join(one.desc))}</dd>"
                for name, one in zip(names, doc[field])]
        parts += [f"<h4>{field}</h4><dl>{''.join(rows)}</dl>"] if rows else []
    for field in ("Notes", "References", "Examples"):
        parts += [f"<h4>{field}</h4>{prose(chr(10).join(doc[field]))}"] if doc[field] else []
    also = [f"<li>{linked(name, short)}{': ' if text else ''}{prose(' '.join(text))}</li>"
            for names, text in doc["See Also"] for name, _ in names]
    parts += [f'<h4>See also</h4><ul class="also">{"".join(also)}</ul>'] if also else []
    return "".join(parts)


def entry(one, name: str, short: str, anchor: str, level: int) -> str:
    """Return a function or a class, with its public methods."""
    try:
        signature = str(inspect.signature(one))
    except (TypeError, ValueError):
        signature = ""
    title = f'<h{level} id="{anchor}"><code>{name}</code></h{level}>'
    head = f'<pre class="signature">{name}{html.escape(signature)}</pre>' if signature else ""
    if not inspect.isclass(one):
        text = described(FunctionDoc(one), short) if callable(one) else ""
        return title + head + text
    methods = [entry(member, method, short, f"{anchor}.{method}", 3)
               for method, member in vars(one).items()
               if not method.startswith("_") and inspect.isfunction(member) and member.__doc__]
    return title + head + described(ClassDoc(one), short) + "".join(methods)


def module_page(short: str) -> Page:
    """Return the page of one module."""
    module = importlib.import_module(f"bpttlib.{short}")
    file = Path(module.__file__).relative_to(Path(bpttlib.__file__).parents[1]).as_posix()
    try:
        entries = [entry(getattr(module, name), name, short, name, 2) for name in public(module)]
        about = prose(inspect.getdoc(module))
    except SystemMessage as error:
        raise SiteError(f"a docstring of {file} cannot be read: {error}") from None
    page = (f"<h1><code>bpttlib.{short}</code></h1>{about}"
            f'<p><a href="../{file}">Source</a></p>{"".join(entries)}')
    name = f"api/{short}.html"
    return Page(name, name, f"bpttlib.{short}", "Library", parsed(page))


def overview() -> Page:
    """Return the page that lists all modules, each with its first line."""
    rows = "".join(
        f'<tr><td><a href="{short}.html"><code>bpttlib.{short}</code></a></td><td>'
        + html.escape(inspect.getdoc(importlib.import_module(f"bpttlib.{short}")).split("\n")[0])
        + "</td></tr>" for short in MODULES)
    page = (f"<h1>The library</h1>{prose(inspect.getdoc(bpttlib))}"
            "<table><thead><tr><th>module</th><th>what it holds</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>")
    return Page("api/index.html", "api/index.html", "The library", "Library", parsed(page))
