"""
Stand-ins for what notebooks import and the image does not hold, so that a cell still comes to
the functions that it defines: pictures and checks do nothing, the rest of bpttlib says it is away.
"""
import importlib.abc
import importlib.machinery
import sys
import types

INERT = ("matplotlib", "ipywidgets", "IPython", "grading")      # calls do nothing
AWAY = ("bpttlib",)                                             # calls raise


class Inert:
    """An object that takes everything and does nothing; as a pair it is ``fig, ax``."""

    def __init__(self, name):
        self.__dict__["_name"] = name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(self)(f"{self._name}.{name}")

    def __call__(self, *args, **kwargs):
        return self

    def __getitem__(self, key):
        return self

    def __setitem__(self, key, value):
        pass

    def __setattr__(self, name, value):
        pass

    def __iter__(self):
        return iter((self, self))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


class Away(Inert):
    """An object that can be imported, but says that it is not there when it is called."""

    def __call__(self, *args, **kwargs):
        raise ImportError(f"{self._name} is not available while exercises are graded")


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The last that Python asks for a module; it makes one of stand-ins."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in INERT + AWAY:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return types.ModuleType(spec.name)

    def exec_module(self, module):
        add_stand_ins(module)


def add_stand_ins(module):
    """Answer for every name that a module lacks."""
    kind = Inert if module.__name__.partition(".")[0] in INERT else Away

    def stand_in(name):
        if name.startswith("__"):
            raise AttributeError(name)
        return kind(f"{module.__name__}.{name}")
    module.__getattr__ = stand_in


def install():
    """Put the stand-ins at the end of what imports try."""
    sys.meta_path.append(Finder())
    add_stand_ins(importlib.import_module("bpttlib"))
