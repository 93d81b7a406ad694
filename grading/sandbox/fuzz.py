"""
Feed the wire with damaged frames: `python -m grading.sandbox.fuzz --frames 1000000 --seed 0`.

Each frame begins as a valid one and is then bent: bits, lengths, tags, types, nesting. What comes
out must be plain data or `WireError`; anything else ends the run with the frame that did it.
"""
import argparse
import json
import random
import sys

import numpy as np
from tqdm import trange

from . import wire

SEEDS = (
    None, True, -7, 2 ** 200, 1.5, float("nan"), 1 - 2j, "text ü", [1, (2, [3.0])], {"a": 1, 2: ()},
    np.arange(6.0).reshape(2, 3), np.array([True, False]), np.float32(2), np.zeros((0, 4), "i2"),
    np.complex128(1j), {"id": "0" * 16, "status": "value", "value": ([np.eye(3)], {"h": "x"})},
    {"id": "0" * 16, "status": "callback", "number": 0, "args": (1, 2), "kwargs": {}},
)
TREES = (
    None, [], {}, 1e308, -1, 2 ** 64, "a", {"f": "nan"}, {"f": 1}, {"a": ["<f8", [2 ** 40]]},
    {"a": ["<f8", [0, 2 ** 26, 2 ** 26, 2 ** 26]]}, {"a": ["|O", [1]]}, {"g": "<f8"}, {"k": 0},
    {"d": [[{"l": []}, 1]]}, {"d": [["a", 1], ["a", 2]]}, {"t": {}}, {"l": "abc"}, {"": 0},
    {"c": [1, 2]}, {"a": [["<f8"], []]}, {"a": ["<f8", [-1]]}, {"a": ["<f8", [True]]},
    {"l": [], "t": []}, "\ud800",
)


def bend(frame, random):
    """
    Return a frame with one to four defects.

    Parameters
    ----------
    frame : bytes
        A valid frame.
    random : random.Random
        Where the defects come from.

    Returns
    -------
    bytes
        The damaged frame; once in a while it is still valid.
    """
    for _ in range(random.randint(1, 4)):
        frame = random.choice(DEFECTS)(frame, random)
    return frame


def flip(frame, random):
    """Flip one bit."""
    data = bytearray(frame or b"\0")
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(data)


def cut(frame, random):
    """Cut off the end."""
    return frame[:random.randint(0, len(frame))]


def stuff(frame, random):
    """Insert random bytes."""
    place = random.randint(0, len(frame))
    return frame[:place] + random.randbytes(random.randint(1, 9)) + frame[place:]


def double(frame, random):
    """Repeat a piece, which nests trees and lengthens numbers."""
    first, last = sorted(random.randint(0, len(frame)) for _ in range(2))
    return frame[:last] + frame[first:last] * random.randint(1, 3) + frame[last:]


def lie(frame, random):
    """Announce other lengths."""
    tree, blob = (random.choice((n, 0, 2 ** 31, random.randint(0, 300))) for n in _lengths(frame))
    return wire.HEAD.pack(wire.MAGIC, tree, blob) + frame[wire.HEAD.size:]


def mend(frame, random):
    """Announce lengths that fit, so that the damage inside is reached."""
    body = frame[wire.HEAD.size:]
    blob = min(_lengths(frame)[1], len(body))
    return wire.HEAD.pack(wire.MAGIC, len(body) - blob, blob) + body


def swap(frame, random):
    """Put another tree in the place of one of the frame's parts."""
    tree, blob = _lengths(frame)
    text = frame[wire.HEAD.size:wire.HEAD.size + tree]
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        return frame
    text = json.dumps(_exchange(parts, random)).encode()
    blob = frame[wire.HEAD.size + tree:]
    return wire.HEAD.pack(wire.MAGIC, len(text), len(blob)) + text + blob


def nest(frame, random):
    """Wrap the tree many times."""
    tree, _ = _lengths(frame)
    text, blob = frame[wire.HEAD.size:wire.HEAD.size + tree], frame[wire.HEAD.size + tree:]
    depth = random.choice((1, 5, 25, 3000))
    opening, closing = random.choice(((b'{"l":[', b"]}"), (b"[", b"]"), (b'{"a":', b"}")))
    text = opening * depth + text + closing * depth
    return wire.HEAD.pack(wire.MAGIC, len(text), len(blob)) + text + blob


DEFECTS = (flip, flip, cut, stuff, double, lie, mend, mend, swap, swap, swap, nest)


def _lengths(frame):
    """Return what the head announces, as far as there is a head."""
    size = wire.HEAD.size
    _, tree, blob = wire.HEAD.unpack(frame[:size].ljust(size, b"\0"))
    return min(tree, len(frame)), min(blob, len(frame))


def _exchange(tree, random):
    """Return the tree with one part, found on a random way down, replaced."""
    if not isinstance(tree, (list, dict)) or not tree or random.random() < 0.2:
        return random.choice(TREES)
    keys = list(tree) if isinstance(tree, dict) else range(len(tree))
    key = random.choice(keys)
    tree[key] = _exchange(tree[key], random)
    return tree


def is_plain(value):
    """
    Tell whether a value has only the types that the wire promises.

    Parameters
    ----------
    value : object
        What `decode` returned.

    Returns
    -------
    bool
        True if every part is of exactly one of these types.
    """
    kind = type(value)
    if kind in (list, tuple):
        return all(map(is_plain, value))
    if kind is dict:
        return all(type(key) in (str, int) for key in value) and all(map(is_plain, value.values()))
    if kind is np.ndarray or isinstance(value, np.generic):
        return value.dtype.str in wire.DTYPES and (kind is np.ndarray or kind is value.dtype.type)
    return value is None or kind in (bool, int, float, complex, str)


def fuzz(frames, seed):
    """
    Decode damaged frames; return how many were refused.

    Parameters
    ----------
    frames : int
        How many.
    seed : int
        Of the damage.

    Returns
    -------
    int
        How many raised `WireError`; the others were plain data.
    """
    valid, rng, refused = [wire.encode(value) for value in SEEDS], random.Random(seed), 0
    for _ in trange(frames, unit="frame", unit_scale=True, disable=None):
        frame = bend(rng.choice(valid), rng)
        try:
            value = wire.decode(frame)
        except wire.WireError:
            refused += 1
            continue
        except BaseException as error:
            raise SystemExit(f"{type(error).__name__} from the frame {frame!r}") from error
        if not is_plain(value):
            raise SystemExit(f"not plain: {value!r} from the frame {frame!r}")
    return refused


def main():
    """Run the command."""
    import resource

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    fuzz(min(asked.frames, 10_000), asked.seed)     # warm: what follows is the decoder's own
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = fuzz(asked.frames, asked.seed)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{asked.frames} frames: {refused} refused, {asked.frames - refused} plain data, nothing "
          f"else; memory grew by {grown:.1f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
