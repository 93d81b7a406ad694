"""The answers in solutions/src and what students get, as functions."""

import contextlib
import io
import os
from functools import cache
from pathlib import Path

import jupytext
import nbformat

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "solutions/src").glob("*.py"))


def cells(path):
    """Return the cells of a source or a notebook."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4).cells
    return jupytext.read(path, fmt="py:percent").cells


@cache
def namespace(path):
    """Run a source's or a notebook's code, without its checks, and return what it defines."""
    names = {"__name__": path.stem}
    here = os.getcwd()
    os.chdir(path.parent)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in cells(path):
                if cell.cell_type == "code" and not cell.source.startswith("check("):
                    exec(compile(cell.source, str(path), "exec"), names)
    finally:
        os.chdir(here)
    return names


def solution(problem):
    """Return the solution of a problem."""
    return namespace(ROOT / f"solutions/src/{problem.unit}.py")[problem.name]


def shipped(problem):
    """Return the function as students get it."""
    return namespace(ROOT / f"exercises/{problem.unit}/{problem.unit}.ipynb")[problem.name]
