"""Every public name explains itself: numpydoc's whole list of checks, and examples that run."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest
from numpydoc.validate import validate

import bpttlib

MODULES = ["bpttlib"] + [
    module.name
    for module in pkgutil.walk_packages(bpttlib.__path__, "bpttlib.")
    if not module.name.rpartition(".")[2].startswith("_")
]


TOY = """
from functools import cached_property, lru_cache
from math import sin
from typing import NamedTuple

CONSTANT = 3

def _hidden(): pass

def f(x):
    'Return x'
    return x

@lru_cache
def cached(): pass

class R(NamedTuple):
    field: int
    def norm(self): pass

class C:
    def __init__(self): pass
    def _hidden(self): pass
    @property
    def p(self): pass
    @staticmethod
    def s(): pass
    @classmethod
    def k(cls): pass
    @cached_property
    def lazy(self): pass

class D(C):
    def p(self): pass
    def new(self): pass
"""


def public_names(module_name):
    """Yield the module's public functions and classes, and these classes' public methods."""
    for name, thing in vars(importlib.import_module(module_name)).items():
        ours = getattr(thing, "__module__", None) == module_name and not name.startswith("_")
        if ours and (inspect.isroutine(thing) or inspect.isclass(thing)):
            yield f"{module_name}.{name}"
            if inspect.isclass(thing):
                yield from (f"{module_name}.{name}.{method}" for method in own_methods(thing))


def own_methods(cls):
    """Yield what the class itself defines: not a NamedTuple's fields, nor a text it inherits."""
    for name, thing in vars(cls).items():
        if thing.__doc__ is None and any(hasattr(base, name) for base in cls.__bases__):
            continue  # `help` shows the docstring of the method that it overrides
        function = getattr(thing, "fget", None) or getattr(thing, "func", None) or thing
        function = inspect.unwrap(getattr(function, "__func__", function))
        if not name.startswith("_") and getattr(function, "__module__", None) == cls.__module__:
            yield name


NAMES = [name for module in MODULES for name in public_names(module)]


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_has_no_errors(name):
    assert validate(name)["errors"] == []


@pytest.mark.parametrize("module_name", MODULES)
def test_the_module_says_what_it_holds_and_its_examples_run(module_name):
    module = importlib.import_module(module_name)
    assert module.__doc__
    assert doctest.testmod(module, extraglobs={"np": np}).failed == 0


def test_nothing_public_is_overlooked(tmp_path, monkeypatch):
    (tmp_path / "toy_module.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    names = {name.removeprefix("toy_module") for name in public_names("toy_module")}
    assert names == {
        ".f", ".cached", ".R", ".R.norm", ".C", ".C.p", ".C.s", ".C.k", ".C.lazy", ".D", ".D.new",
    }  # fmt: skip
    codes = [code for code, _ in validate("toy_module.f")["errors"]]
    assert codes == ["SS03", "ES01", "PR01", "RT01", "SA01", "EX01"]


def test_no_check_is_switched_off_in_a_comment():
    """A comment "numpydoc ignore=..." would silently shorten the list of checks."""
    for module_name in MODULES:
        assert "numpydoc ignore" not in inspect.getsource(importlib.import_module(module_name))
