"""Run a student's cells: what fails costs only itself, and what is slow takes no answer's time."""
import ast
import builtins
import re
import time
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from grading.magics import UNREADABLE, without_magics
from grading.sandbox import StudentError
from grading.sandbox.image import HELPERS

ROOT = Path(__file__).resolve().parents[1]
MOST_NOTES = 20  # of each kind that are kept in a record
STOPPED = ("TimedOut", "Died")
SHARE = 1 / 3  # of the budget is for cells; then each must end within a second
SLOW, KEPT_SECONDS, MOST_RESTARTS = 1.0, 4.0, 20
SLOW_KINDS = (ast.For, ast.While, ast.With, ast.Expr)  # left out where a cell took too long
QUICK = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
KNOWN = {*dir(builtins), "np", "numpy", "math", "namedtuple", "deque", "defaultdict", "Counter",
         "partial", "collections", "functools", "itertools", "TypeVar", "field"}
LATE = "from __future__ import annotations\n"  # what only annotates need not be there

MODULE = """
import sys, types
module = sys.modules[{name!r}] = types.ModuleType({name!r})
exec(compile({text!r}, "/" + {name!r}, "exec"), module.__dict__)
parent, _, name = {name!r}.rpartition(".")
if parent:
    setattr(sys.modules[parent], name, module)
del sys, types
del module, parent
del name, _
"""
TQDM = """
class tqdm:
    n = total = 0
    def __init__(self, iterable=(), *args, **kwargs):
        self.iterable = iterable
    def __iter__(self):
        return iter(self.iterable)
    def __len__(self):
        return len(self.iterable)
    def __enter__(self):
        return self
    def __exit__(self, *error):
        return False
    def __getattr__(self, name):
        return lambda *args, **kwargs: None
    write = staticmethod(lambda *args, **kwargs: None)

def trange(*args, **kwargs):
    return tqdm(range(*args))

tqdm_notebook = tqdm
"""
#: Run after the cells: here, too, NumPy does not stop an answer that overflows to what is right.
CALM = '__import__("numpy").seterr(all="ignore")'


@cache
def tools(given):
    """Return cells that put in place what the course installs, and what a unit's cells import."""
    names = re.findall(r"(?m)^(?:from|import) (bpttlib\.\w+)", "\n".join(given))
    texts = {}
    while names:
        name = names.pop()
        if name in texts or name in HELPERS:
            continue
        text = ROOT.joinpath(*name.split(".")).with_suffix(".py").read_text(encoding="utf-8")
        texts = {name: text} | texts
        names += re.findall(r"(?m)^from (bpttlib\.\w+)", text)
    for name in ("tqdm", "tqdm.auto", "tqdm.notebook"):
        texts[name] = TQDM
    modules = (MODULE.format(name=name, text=text) for name, text in texts.items())
    return ("import sys; sys.path.append(''); del sys", *modules)  # for files that cells write


def parts(source):
    """Return pieces of a cell that can be run by themselves, for when it failed as a whole."""
    text = without_magics(source)
    try:
        return ast.parse(text).body
    except UNREADABLE:
        pass
    nodes = []
    for piece in re.split(r"(?m)^(?=@|def |async def |class |import |from )", text):
        whole = _nodes(piece)
        for part in [] if whole else re.split(r"(?m)^(?=[^\s#)\]}])", piece):
            whole += _nodes(part)
        nodes += whole
    return nodes


def _nodes(text):
    try:
        return ast.parse(text).body
    except UNREADABLE:
        return []


def _text(node):
    """Return a statement as text, or one that does nothing if it is too deep for that."""
    try:
        return ast.unparse(node)
    except UNREADABLE:
        return "pass"


def _is_quick(node):
    """Tell whether a statement defines something, and calls at most Python's and NumPy's own."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, QUICK + (ast.Lambda,)):
            continue
        if isinstance(one, (ast.For, ast.While, ast.AsyncFor)):
            return False
        if isinstance(one, ast.Call) and _text(one.func).split(".")[0] not in KNOWN:
            return False
        waiting += ast.iter_child_nodes(one)
    return True


class Runner:
    """
    Run a student's cells in a session, within their share of its time.

    Parameters
    ----------
    session : grading.sandbox.Session
        Where they run.
    """

    def __init__(self, session):
        self.session, self.limits = session, session.limits
        self.start, self.failed, self.slow, self.late = time.monotonic(), [], [], False

    def run(self, source, name):
        """Run one cell; where it fails, its statements, each by itself."""
        with suppress(StudentError):
            self.session.defines(name)  # has a worker that must start again do so now
        if not self.late and time.monotonic() - self.start > SHARE * self.limits.budget_seconds:
            self.late = True
            self.session.limits = replace(self.limits,
                                          call_seconds=min(SLOW, self.limits.call_seconds))
        before, first = time.monotonic(), len(self.session.cells)
        careful = self.session.restarts > MOST_RESTARTS
        error = None if careful else self.session.run(source, name)
        if error is not None:
            self.failed.append(f"{name}: {error.kind}: {error.message}"[:200])
        if careful or error is not None:
            self.by_statement(source, name, careful, error is not None and error.kind in STOPPED)
        if time.monotonic() - before > SLOW:
            self.slow += self.session.cells[first:]
        if time.monotonic() - self.start > KEPT_SECONDS:
            self.lighten()

    def by_statement(self, source, name, careful, stopped):
        """Run a cell's statements; after one that does not end, only those that are quick."""
        careful = careful or stopped and self.late
        for node in parts(source):
            if _is_quick(node) or not careful and not (stopped and isinstance(node, SLOW_KINDS)):
                error = self.session.run(LATE + _text(node), name)
                careful = careful or error is not None and error.kind in STOPPED

    def lighten(self):
        """Have a worker that must start again run only what is quick of the cells that are slow."""
        cells = self.session.cells
        for cell in self.slow:
            if cell in cells:
                text = "\n".join(_text(node) for node in parts(cell[0]) if _is_quick(node))
                cells[cells.index(cell)] = (text, cell[1])
        self.slow = []

    def end(self):
        """Give answers their whole time again, and NumPy its calm."""
        self.session.limits = self.limits
        self.session.run(CALM, "the grader's")
