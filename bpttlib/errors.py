"""Errors that name the argument, say what it got and what it needs."""
from numbers import Integral

import numpy as np


def require(condition, name, got, needs):
    """
    Raise a ValueError that names the argument unless the condition holds.

    Every complaint of the library goes through here, so they all read alike.

    Parameters
    ----------
    condition : bool
        What must be true.
    name : str
        The argument's name, as the caller wrote it.
    got : object
        What the argument was.
    needs : str
        What it must be, and if there is one, the remedy.

    Raises
    ------
    ValueError
        If the condition is false.

    See Also
    --------
    require_array : Ask for an array of a certain shape.

    Examples
    --------
    >>> require(0 < 1, "k1", 1, "a positive whole number")
    >>> require(0 > 1, "k1", 0, "a positive whole number")
    Traceback (most recent call last):
    ValueError: k1: got 0; needs a positive whole number.
    """
    if not condition:
        raise ValueError(f"{name}: got {got}; needs {needs}.")


def require_whole(name, n, least=1):
    """
    Raise a ValueError unless n is a whole number that is large enough.

    Sizes and seeds are checked with it.

    Parameters
    ----------
    name : str
        The argument's name.
    n : object
        The argument.
    least : int, default 1
        The smallest number that will do.

    See Also
    --------
    require : Ask for any condition.

    Examples
    --------
    >>> require_whole("T", 1, least=2)
    Traceback (most recent call last):
    ValueError: T: got 1; needs a whole number, at least 2.
    """
    require(isinstance(n, Integral) and not isinstance(n, bool) and n >= least, name, repr(n),
            f"a whole number, at least {least}")


def require_generator(rng):
    """
    Raise a ValueError unless rng is a random generator.

    A seed in its place would draw the same numbers at each call.

    Parameters
    ----------
    rng : object
        The argument.

    See Also
    --------
    require : Ask for any condition.

    Examples
    --------
    >>> require_generator(0)
    Traceback (most recent call last):
    ValueError: rng: got 0; needs a random generator, as numpy.random.default_rng(0) makes it.
    """
    require(isinstance(rng, np.random.Generator), "rng", repr(rng),
            "a random generator, as numpy.random.default_rng(0) makes it")


def require_array(name, value, shape, kinds="biufc", where=True):
    """
    Return the value as a finite array of the given shape, or say what is wrong.

    An axis given as a letter may have any length from 1 on, so that an empty sequence is
    caught here and not three calls later.

    Parameters
    ----------
    name : str
        The argument's name.
    value : array_like
        The argument.
    shape : tuple of int or str
        The shape it needs: numbers are exact, letters stand for any length of at least 1.
    kinds : str, default "biufc"
        The admitted dtype kinds: b bool, i and u integers, f floats, c complex numbers.
    where : ndarray of bool or bool, default True
        Which entries must be finite; all by default, none where False.

    Returns
    -------
    ndarray
        The value as an array, not copied if it was one.

    Raises
    ------
    ValueError
        If the shape or dtype is wrong or an entry is NaN or infinite.

    See Also
    --------
    require : Ask for any condition.

    Examples
    --------
    >>> require_array("x", [[1.0, 2.0]], ("T", 2)).shape
    (1, 2)
    >>> require_array("x", [[1.0, float("nan")]], ("T", 2))
    Traceback (most recent call last):
    ValueError: x: got nan at index (0, 1); needs finite numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError:                                      # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in kinds:                       # texts take their time: only if needed
        words = {"b": "booleans", "i": "integers", "f": "floats", "c": "complex numbers"}
        require(False, name, f"{type(value).__name__} of dtype {array.dtype}",
                "an array of " + " or ".join(words[kind] for kind in words if kind in kinds))
    if array.shape != shape and not _fits(array.shape, shape):
        wanted = f"({', '.join(map(str, shape))}{',' * (len(shape) == 1)})"
        letters = ", ".join(want for want in shape if isinstance(want, str))
        require(False, name, f"shape {array.shape}",
                f"shape {wanted}" + (f" with {letters} at least 1" if letters else ""))
    if where is False or array.dtype.kind not in "fc":
        return array
    if not np.logical_and.reduce(np.isfinite(array), axis=None, where=where):
        index = tuple(int(k) for k in np.argwhere(~np.isfinite(array) & where)[0])
        require(False, name, f"{array[index]} at index {index}", "finite numbers")
    return array


def _fits(got, wanted):
    """Tell whether a shape is the wanted one; a letter stands for any length of at least 1."""
    if len(got) != len(wanted):
        return False
    for n, want in zip(got, wanted, strict=True):
        if (n < 1) if isinstance(want, str) else n != want:
            return False
    return True
