"""
Plain data as bytes, and back: the only thing that crosses between grader and student.

A frame is a head (magic, length of the tree, length of the blob), a tree in JSON, and a blob that
holds the bytes of all arrays one after another. Nothing here can run code or unpack to more than
was sent: no pickle, no zip, no eval. `decode` is the border. Whatever the bytes, it returns values
of exactly the types below or raises `WireError`, in bounded time and memory.

    None, bool, int, float, complex, str, list, tuple, dict with keys of str or int,
    numpy.ndarray of booleans and numbers, NumPy's scalars of the same dtypes

In the tree, None, bool, int, str and finite floats stand for themselves; all else is an object
with one tag: {"f": "nan"}, {"c": [re, im]}, {"l": [...]}, {"t": [...]}, {"d": [[key, value], ...]},
{"a": [dtype, shape]} for an array, {"g": dtype} for a scalar, {"k": n} for a callable.
"""
import json
import math
import struct

import numpy as np

HEAD = struct.Struct("<4sIQ")
MAGIC = b"BTT1"
MAX_TREE = 4 << 20
MAX_BLOB = 16 << 20             # the grader keeps the results of some thirty cases at once
MAX_NODES = 100_000
MAX_DEPTH = 20
MAX_DIMS = 16
MAX_KEYS = 2_000                # numbers as keys can be made to collide: keep the square small
INT_BITS = 256
DTYPES = {np.dtype(t).str: np.dtype(t)
          for t in "? i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16".split()}
ARRAYS = {np.ndarray, *(np.dtype(letter).type for letter in np.typecodes["All"])}


class WireError(ValueError):
    """The bytes are not a frame, or the value is too large for one."""


class NotPlain(TypeError):
    """The value is not plain data; the message says what it was."""


def encode(value, name_callable=None):
    """
    Return the frame of a value.

    Parameters
    ----------
    value : object
        Plain data, as listed above; anything else, a subclass included, raises `NotPlain`, and
        what is too large or too deep raises `WireError`.
    name_callable : callable, optional
        Gives a callable the number under which the other side may call it; without it, callables
        are not data.

    Returns
    -------
    bytes
        The frame.
    """
    encoder = _Encoder(name_callable)
    tree = json.dumps(encoder.tree(value, 0), separators=(",", ":")).encode()
    if len(tree) > MAX_TREE:
        raise WireError(f"the value needs {len(tree)} bytes of text; at most {MAX_TREE} travel")
    blob = b"".join(encoder.blob)
    return HEAD.pack(MAGIC, len(tree), len(blob)) + tree + blob


class _Encoder:
    """Collect the arrays' bytes while a value becomes a tree."""

    def __init__(self, name_callable):
        self.name_callable, self.blob = name_callable, []
        self.size = self.nodes = self.letters = 0

    def tree(self, value, depth):
        """Return the tree of one value; types are compared exactly, so that no subclass passes."""
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the value has too many parts, or parts nested too deeply")
        kind = type(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            if value.bit_length() > INT_BITS:
                raise WireError(f"whole numbers of more than {INT_BITS} bits do not travel")
            return value
        if kind is float:
            return value if math.isfinite(value) else {"f": repr(value)}
        if kind is complex:
            return {"c": [self.tree(part, depth + 1) for part in (value.real, value.imag)]}
        if kind is str:
            self.letters += len(value)
            if self.letters > MAX_TREE:
                raise WireError(f"texts of more than {MAX_TREE >> 20} MiB do not travel")
            if not _is_text(value):
                raise NotPlain("a str with lone surrogates, which is not text")
            return value
        if kind is list or kind is tuple:
            return {kind.__name__[0]: [self.tree(part, depth + 1) for part in value]}
        if kind is dict:
            return {"d": [self.pair(key, part, depth + 1) for key, part in value.items()]}
        if kind is np.ndarray or isinstance(value, np.generic):
            return self.array(value, kind)
        if self.name_callable is not None and callable(value):
            return {"k": self.name_callable(value)}
        raise NotPlain(f"a value of type {_full_name(kind)}")

    def pair(self, key, value, depth):
        if type(key) not in (str, int):
            raise NotPlain(f"a dict with a key of type {_full_name(type(key))}")
        return [self.tree(key, depth), self.tree(value, depth)]

    def array(self, value, kind):
        dtype = DTYPES.get(value.dtype.str)
        if dtype is None or kind not in ARRAYS:
            what = f"an array of dtype {value.dtype}" if kind is np.ndarray else _full_name(kind)
            raise NotPlain(what)
        self.size += value.size * dtype.itemsize    # broadcast views can be small and claim much
        if self.size > MAX_BLOB or value.ndim > MAX_DIMS:
            raise WireError(f"arrays of more than {MAX_BLOB >> 20} MiB do not travel")
        self.blob.append(value.tobytes())
        return {"a": [dtype.str, list(value.shape)]} if kind is np.ndarray else {"g": dtype.str}


def read_head(head):
    """Return how many bytes of tree and blob follow a frame's head; never more than the caps."""
    if len(head) != HEAD.size:
        raise WireError("the frame ends within its head")
    magic, tree, blob = HEAD.unpack(head)
    if magic != MAGIC or tree > MAX_TREE or blob > MAX_BLOB:
        raise WireError("not the head of a frame")
    return tree, blob


def decode(frame, make_callable=None):
    """
    Return the value that a frame holds.

    Parameters
    ----------
    frame : bytes
        A whole frame; anything else raises `WireError`.
    make_callable : callable, optional
        Makes a callable from its number; without it, a frame that names one is refused.

    Returns
    -------
    object
        Plain data, as listed above; arrays are fresh and writable.
    """
    tree_bytes, blob_bytes = read_head(frame[:HEAD.size])
    if len(frame) != HEAD.size + tree_bytes + blob_bytes:
        raise WireError("the frame is not as long as it says")
    text = bytes(frame[HEAD.size:HEAD.size + tree_bytes])
    # Each part of a tree costs an opening bracket or a comma: refuse a bomb before it is parsed.
    if text.count(b",") + text.count(b"[") + text.count(b"{") > 5 * MAX_NODES:
        raise WireError("the tree has too many parts")
    decoder = _Decoder(memoryview(frame)[HEAD.size + tree_bytes:], make_callable)
    try:
        tree = json.loads(text.decode("utf-8"), parse_constant=int)    # int("NaN") raises
        value = decoder.value(tree, 0)
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise WireError(f"not a tree: {type(error).__name__}") from None
    if decoder.used != blob_bytes:
        raise WireError("the blob holds more than the arrays of the tree")
    return value


class _Decoder:
    """Use up the blob, array by array, while a tree becomes a value."""

    def __init__(self, blob, make_callable):
        self.blob, self.make_callable, self.used, self.nodes = blob, make_callable, 0, 0

    def value(self, tree, depth):
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("the tree has too many parts, or parts nested too deeply")
        kind = type(tree)
        if tree is None or kind is bool:
            return tree
        if kind is int:
            return _checked(tree, tree.bit_length() <= INT_BITS)
        if kind is float:                           # 1e999 is valid JSON
            return _checked(tree, math.isfinite(tree))
        if kind is str:
            return _checked(tree, _is_text(tree))
        _checked(tree, kind is dict and len(tree) == 1)
        (tag, inner), = tree.items()
        if tag == "f":
            return float(_checked(inner, inner in ("inf", "-inf", "nan")))
        if tag == "a":
            dtype, shape = _checked(inner, type(inner) is list and len(inner) == 2)
            return self.array(dtype, shape)
        if tag == "g":
            return self.array(inner, [])[()]
        if tag == "k":
            return self.make_callable(_checked(inner, self.make_callable and type(inner) is int))
        _checked(inner, type(inner) is list)
        if tag == "d":
            return self.dictionary(inner, depth + 1)
        parts = [self.value(part, depth + 1) for part in inner]
        if tag == "c":
            _checked(parts, len(parts) == 2 and all(type(part) is float for part in parts))
            return complex(*parts)
        return _checked(parts if tag == "l" else tuple(parts), tag in ("l", "t"))

    def dictionary(self, pairs, depth):
        result, numbers = {}, 0
        for pair in pairs:
            key, inner = _checked(pair, type(pair) is list and len(pair) == 2)
            key = self.value(key, depth)
            numbers += type(key) is int
            _checked(key, type(key) is str or (type(key) is int and numbers <= MAX_KEYS))
            result[key] = self.value(inner, depth)
        return _checked(result, len(result) == len(pairs))

    def array(self, name, shape):
        dtype = _checked(DTYPES.get(name) if type(name) is str else None, type(name) is str)
        _checked(shape, dtype and type(shape) is list and len(shape) <= MAX_DIMS)
        _checked(shape, all(type(n) is int and 0 <= n <= MAX_BLOB for n in shape))
        start, self.used = self.used, self.used + math.prod(shape) * dtype.itemsize
        _checked(shape, self.used <= len(self.blob))
        array = np.ndarray(shape, dtype, self.blob, start).copy() if self.used > start else (
            np.zeros(shape, dtype))
        if dtype.kind == "b":                       # a boolean of 2 would be neither
            _checked(array, not (array.view(np.uint8) > 1).any())
        return array


def _checked(value, condition):
    """Return the value if the condition holds; otherwise these bytes were not made by us."""
    if not condition:
        raise WireError("a part of the tree is malformed")
    return value


def _is_text(text):
    """Tell whether a str can be written to a file: lone surrogates cannot."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _full_name(kind):
    """Return a type's name as a reader would import it."""
    module = getattr(kind, "__module__", "builtins")
    return kind.__name__ if module in ("builtins", "__main__") else f"{module}.{kind.__name__}"
