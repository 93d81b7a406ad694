"""What the cells of a notebook define, and which of them belong together; nothing is run."""
import ast
import re
import textwrap
from functools import lru_cache

from grading.magics import UNREADABLE, parses

MOST_PIECES = 20  # of a function that was cut


def defines(source, name):
    """Tell whether a cell defines a function: by its syntax, or by a look if it has none."""
    bound = _bound(source)
    if bound is not None:
        return name in bound
    return re.search(rf"^(?:async\s+)?def\s+{name}\s*\(|^{name}\s*=[^=]", source, re.M) is not None


@lru_cache(maxsize=256)
def _bound(source, how=ast.Store):
    """Return the names that a cell binds outside of functions and classes; None if no Python."""
    try:
        waiting = [ast.parse(source)]
    except UNREADABLE:
        return None
    names = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            names.add(getattr(node, "name", ""))
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, how):
            names.add(node.id)
        if isinstance(node, ast.AnnAssign) and node.value is None:
            continue
        if isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        waiting += ast.iter_child_nodes(node)
    return names


def is_rebound(sources, name, given=()):
    """Tell whether cells after a function's last one bind or delete a name that was there."""
    places = [k for k, source in enumerate(sources) if defines(source, name)]
    first = places[-1] + 1 if places else len(sources)
    before = set().union(*(_bound(source) or () for source in (*given, *sources[:first])))
    after = [source for source in sources[first:] if "".join(source.split()) != "importnumpyasnp"]
    return any(before & (_bound(source, (ast.Store, ast.Del)) or set()) for source in after)


def is_stub(source, name):
    """Tell whether a cell defines a function only as it was given out."""
    try:
        tree = ast.parse(source)
    except UNREADABLE:
        return False
    own = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    if not own or any(isinstance(n, ast.Assign) for n in tree.body):
        return False
    last = own[-1].body[-1]
    returns = any(isinstance(n, ast.Return) for n in ast.walk(own[-1]))
    return (isinstance(last, ast.Raise) and len(own[-1].body) <= 2 and not returns and any(
        "NotImplemented" in getattr(node, "id", "") for node in ast.walk(last)))  # however deep


def joined(sources):
    """Join a cell that breaks off with those after it, where together they can be read."""
    whole = []
    while sources:
        more = next((m for m in (1, 2, 3) if parses("\n".join(sources[:m]))), 1)
        while more < min(len(sources), MOST_PIECES) and _is_tail(sources[more]) and parses(
                "\n".join(sources[:more + 1])):
            more += 1
        whole.append("\n".join(sources[:more]))
        sources = sources[more:]
    return whole


def _is_tail(source):
    """Tell whether a cell is the end of a function: it is indented, and returns out of nothing."""
    if not source.lstrip("\r\n").startswith((" ", "\t")) or parses(source):
        return False
    try:
        waiting = ast.parse(textwrap.dedent(source)).body
    except UNREADABLE:
        return False
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return False
