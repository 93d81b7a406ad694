"""Take what an answer returned as plain numbers, or say in a sentence why that cannot be done.

Nothing of the returned object is asked to compare itself: exact types only, and copies of them.
"""
import numpy as np

from grading.ask import Unreadable

_FLOATS = (float, np.float64, np.float32)
_WHOLE = (int, np.int64, np.int32, np.intp)


def _kind(value):
    """Name the type of a value as the learner would."""
    if value is None:
        return "None (is there a `return`?)"
    return f"a value of type {type(value).__name__}"


def _array(name, value, like):
    """Return a copy of an array of numbers."""
    if type(value) is not np.ndarray:
        needs = "a plain NumPy array"
        if isinstance(value, np.ndarray):
            needs += ", and not a subclass of it"
        raise Unreadable(f"{name} is {_kind(value)}; it must be {needs}")
    wanted = like.dtype.kind
    if value.dtype.kind != wanted:
        what = {"c": "complex numbers", "i": "whole numbers", "u": "whole numbers", "O": "objects",
                "b": "truth values", "f": "decimal numbers"}.get(value.dtype.kind, "no numbers")
        needs = {"f": "float64", "i": "whole numbers", "b": "truth values"}[wanted]
        raise Unreadable(f"{name} holds {what} (dtype {value.dtype}); it must hold {needs}")
    if wanted == "f" and value.dtype not in (np.float64, np.float32):
        raise Unreadable(f"{name} has dtype {value.dtype}; it must have float64")
    value = np.array(value, order="C", copy=True)
    finite = np.isfinite(value)
    if not finite.all():
        where = tuple(int(i) for i in np.unravel_index(finite.argmin(), value.shape))
        raise Unreadable(f"{name} holds {value[where]} at {where}; every number must be finite")
    return value


def _number(name, value, like):
    """Return a number, given as one or as an array without axes."""
    if type(value) is np.ndarray and value.ndim == 0:
        value = value[()]
    whole = isinstance(like, (int, np.integer))
    if type(value) not in (_WHOLE if whole else _FLOATS + _WHOLE):
        is_array = type(value) is np.ndarray
        got = f"an array of shape {value.shape}" if is_array else _kind(value)
        raise Unreadable(f"{name} is {got}; it must be a {'whole ' if whole else ''}number")
    if not -1e300 < value < 1e300:  # false for NaN, too
        raise Unreadable(f"{name} is {value}; it must be finite")
    return int(value) if whole else float(value)


def read_one(name, value, like):
    """Return a value as data of the kind of `like`: an array, a number, a truth value or a text."""
    if isinstance(like, np.ndarray):
        return _array(name, value, like)
    if isinstance(like, (bool, np.bool_)):
        if type(value) not in (bool, np.bool_):
            raise Unreadable(f"{name} is {_kind(value)}; it must be True or False")
        return bool(value)
    if isinstance(like, (float, int, np.floating, np.integer)):
        return _number(name, value, like)
    if isinstance(like, str):
        if type(value) is not str:
            raise Unreadable(f"{name} is {_kind(value)}; it must be a text")
        return value
    if isinstance(like, (tuple, list)):
        return _sequence(name, value, like)
    if isinstance(like, dict):
        return _table(name, value, like)
    raise TypeError(f"{name}: no rule to read a {type(like).__name__}")


def _sequence(name, value, like):
    """Return a tuple or list, item by item."""
    if type(value) is not type(like):
        raise Unreadable(f"{name} is {_kind(value)}; it must be a {type(like).__name__}")
    if len(value) != len(like):
        raise Unreadable(f"{name} holds {len(value)} items; it must hold {len(like)}")
    items = (read_one(f"{name}[{i}]", v, e) for i, (v, e) in enumerate(zip(value, like)))
    return type(like)(items)


def _table(name, value, like):
    """Return a dictionary with the keys of `like`."""
    if type(value) is not dict:
        raise Unreadable(f"{name} is {_kind(value)}; it must be a dict")
    if any(type(key) not in (str, int) for key in value) or set(value) != set(like):
        raise Unreadable(f"{name} must have the keys {', '.join(map(repr, like))}")
    return {key: read_one(f"{name}[{key!r}]", value[key], like[key]) for key in like}


def as_tuple(value):
    """Return the results of a reference as a tuple, also where it is one thing only."""
    return value if type(value) is tuple else (value,)


def read(results, value, expected):
    """
    Return what an answer returned as a tuple of plain data.

    Parameters
    ----------
    results : sequence of Result
        What must be returned.
    value : object
        What was returned.
    expected : tuple
        The right values; only their kinds are looked at, and not their sizes.

    Returns
    -------
    tuple
        One entry per result.

    Raises
    ------
    Unreadable
        With a sentence for the learner.
    """
    names = [result.name for result in results]
    if len(names) == 1:
        if type(value) is tuple and not isinstance(expected[0], tuple):
            raise Unreadable(f"it returned a tuple of {len(value)}; it must return "
                             f"{names[0]} alone")
        value = (value,)
    if type(value) is not tuple:
        raise Unreadable(f"it returned {_kind(value)}; it must return {', '.join(names)}")
    if len(value) != len(names):
        raise Unreadable(f"it returned {len(value)} values; it must return {', '.join(names)}")
    return tuple(read_one(n, v, e) for n, v, e in zip(names, value, expected))
