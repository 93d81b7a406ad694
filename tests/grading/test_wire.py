"""What crosses the wire comes out as it went in; all else is refused, whatever the bytes."""
import json
import struct
import subprocess
import sys
import tracemalloc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from grading.sandbox import fuzz, wire


def frame(tree, blob=b""):
    """A frame with any tree, made without the encoder."""
    text = tree if isinstance(tree, bytes) else json.dumps(tree).encode()
    return wire.HEAD.pack(wire.MAGIC, len(text), len(blob)) + text + blob


def same(a, b):
    """Equal in type and value, NaN included, all the way down."""
    if type(a) is not type(b):
        return False
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (np.ndarray, np.generic)):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return repr(a) == repr(b)


numbers = st.one_of(
    st.none(), st.booleans(), st.integers(-2 ** 255, 2 ** 255), st.floats(), st.complex_numbers(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    arrays.arrays(st.sampled_from(list(wire.DTYPES.values())), arrays.array_shapes(min_dims=0)),
    st.sampled_from([np.float64(-0.0), np.int8(3), np.bool_(True), np.complex64(1j)]))
values = st.recursive(numbers, lambda part: st.one_of(
    st.lists(part, max_size=4), st.lists(part, max_size=4).map(tuple),
    st.dictionaries(st.one_of(st.text("abcü", max_size=3), st.integers()), part, max_size=3)))


@given(values)
def test_plain_data_comes_back_exactly(value):
    back = wire.decode(wire.encode(value))
    assert same(back, value)
    assert fuzz.is_plain(back)


def test_arrays_come_back_fresh_and_writable():
    back = wire.decode(wire.encode(np.ones((2, 3)).T[::2]))
    back += 1
    assert back.tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize("value, words", [
    (np.ma.masked_array([1.0], [True]), "MaskedArray"), (np.ones((1, 1)).view(np.matrix), "matrix"),
    (type("Liar", (np.ndarray,), {})(2), "Liar"), (np.array([None]), "object"),
    (np.array(["a"]), "dtype <U1"), (np.array([1], ">i4"), "dtype >i4"), (b"", "bytes"),
    (np.zeros(2, [("a", "i4")]), "dtype"), (np.longdouble(1), "longdouble"),
    (type("F", (float,), {})(1), "F"), (type("F", (np.float64,), {})(1), "F"),
    (type("I", (int,), {})(1), "I"), (type("S", (str,), {})(1), "S"),
    (namedtuple("P", "x")(1), "P"), (OrderedDict(a=1), "OrderedDict"), ({1.0: 2}, "key"),
    ({True: 2}, "key"), ((x for x in ()), "generator"), ({1}, "set"), (range(3), "range"),
    (len, "builtin"), (object(), "object"), (np.datetime64("2020"), "datetime64"),
    ([1, (2, {3})], "set"), ("\ud800", "surrogates")])
def test_what_is_not_plain_is_named(value, words):
    with pytest.raises(wire.NotPlain, match=words):
        wire.encode(value)


@pytest.mark.parametrize("value", [
    2 ** 300, "x" * 5_000_000, np.broadcast_to(1.0, (10 ** 5, 10 ** 5)), [0] * 200_000,
    np.zeros((1,) * 20)], ids=["number", "text", "broadcast", "parts", "dimensions"])
def test_what_is_too_large_does_not_travel(value):
    with pytest.raises(wire.WireError):
        wire.encode(value)


def test_what_is_nested_too_deeply_does_not_travel():
    loop = []
    loop.append(loop)
    with pytest.raises(wire.WireError):
        wire.encode(loop)


@pytest.mark.parametrize("tree", [
    [], {}, {"x": 1}, {"l": 1}, {"l": [], "t": []}, {"f": "1.5"}, {"f": 1}, {"c": [1, 2]},
    {"c": [1.0]}, {"d": [[1]]}, {"d": [[1.5, 1]]}, {"d": [[{"t": []}, 1]]},
    {"d": [["a", 1], ["a", 2]]}, {"d": [[n, 0] for n in range(wire.MAX_KEYS + 1)]}, {"k": 0},
    {"a": ["|O", [1]]}, {"a": ["<f8", [1]]}, {"a": ["<f8", [-1]]}, {"a": ["<f8", [True]]},
    {"a": ["<f8", [0.0]]}, {"a": ["<f8", 0]}, {"a": [[], []]}, {"a": ["<f8"]},
    {"a": ["<f8", [0] + [2 ** 26] * 9]}, {"a": ["<f8", [2 ** 40]]}, {"a": ["<f8", [0] * 17]},
    {"g": "<U1"}, {"g": ["<f8", []]}, "\ud800", 2 ** 300, b"NaN", b"Infinity", b"1e999", b"",
    b"[", b"\xff", b"9" * 9999, b"[" * 100_000, b'{"l":[' * 1000 + b"]}" * 1000,
    b'{"l":[' + b"1," * 600_000 + b"1]}", b'{"l":[]' * 3], ids=lambda tree: str(tree)[:30])
def test_a_malformed_tree_is_refused(tree):
    with pytest.raises(wire.WireError):
        wire.decode(frame(tree))


@pytest.mark.parametrize("data", [
    b"", b"BTT1", frame(1)[:-1], frame(1) + b"1", frame(1, b"rest"), frame({"g": "|b1"}, b"\2"),
    b"XXXX" + frame(1)[4:], struct.pack("<4sIQ", wire.MAGIC, 2 ** 32 - 1, 2 ** 63),
    frame({"l": [{"a": ["<f8", [1]]}] * 2}, bytes(8))])
def test_a_malformed_frame_is_refused(data):
    with pytest.raises(wire.WireError):
        wire.decode(data)


def test_callables_travel_as_numbers_and_only_if_asked_for():
    data = wire.encode([len], lambda function: 7)
    assert wire.decode(data, lambda number: number + 1) == [8]
    with pytest.raises(wire.WireError):
        wire.decode(data)


def test_a_bomb_is_refused_before_it_takes_memory():
    bombs = [frame({"l": [{"a": ["<f8", [2 ** 20]]}] * 1000}, bytes(1 << 23)),
             frame(b"[" + b"[]," * 1_300_000 + b"[]]"), frame(b'{"l":[' + b"{}," * 1_300_000)]
    tracemalloc.start()
    for bomb in bombs:
        with pytest.raises(wire.WireError):
            wire.decode(bomb)
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()


def test_twenty_thousand_damaged_frames_raise_nothing_else():
    refused = fuzz.fuzz(20_000, seed=1)
    assert 12_000 < refused < 20_000                # and some of them get far


def test_the_fuzzer_notices_a_decoder_that_lets_other_errors_out(monkeypatch):
    monkeypatch.setattr(wire, "decode", lambda data: data[10 ** 6])
    with pytest.raises(SystemExit, match="IndexError"):
        fuzz.fuzz(10, seed=0)
    monkeypatch.setattr(wire, "decode", lambda data: {1, 2})
    with pytest.raises(SystemExit, match="not plain"):
        fuzz.fuzz(10, seed=0)


def test_the_command_reports():
    command = [sys.executable, "-m", "grading.sandbox.fuzz", "--frames", "2000", "--seed", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("2000 frames: ")
