"""
Train the language model of unit 11a, and measure what its choices are worth:

    python -m tools.train_language

The model takes about five minutes on one quiet core, the shorter runs beside it two more. Stop it
when you like: the same command goes on where it was. The result is bpttlib/data/language.npz, which
the notebook reads. Another machine rounds differently and gets other digits; to replace the file,
replace its checksum in bpttlib/data/trained.py, too.
"""
import argparse
import hashlib
from pathlib import Path

import numpy as np

from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.data import characters, next_character
from bpttlib.model import Model
from bpttlib.optim import adam, sgd
from bpttlib.params import named_leaves, tree_map
from bpttlib.tasks import windows
from bpttlib.train import fit

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "bpttlib" / "data" / "language.npz"
K, B, K1 = 62, 32, 64
# Updates so far, and the learning rate: it is lowered, raised once more, and lowered for good.
STAGES = ((6_000, 3e-3), (8_000, 1e-3), (9_000, 3e-4), (11_000, 1e-3), (12_000, 3e-4),
          (13_300, 1e-3), (14_300, 2e-4))


def text_model(cell, H):
    """Return a model that reads a character and forecasts the next."""
    return Model(cell, D=K, H=H, K=K, loss="softmax_cross_entropy")


def draw(model):
    """Return initial parameters in single precision."""
    return tree_map(np.float32, model.init(np.random.default_rng(0)))


def feed(k1=K1, k2=None, reset=False):
    """Return the windows of the training text; with reset each starts from a zero state."""
    batch = next_character(characters("train").ids, B)
    window = windows(batch.x, batch.targets, k1, k2)
    return (lambda i: window(i)._replace(fresh=True)) if reset else window


def train_model(folder):
    """Train the LSTM that the notebook shows."""
    model, window = text_model(LSTM(), 128), feed()
    for updates, lr in STAGES:
        state = fit(model, draw(model), window, updates, adam(lr), clip=1.0,
                    path=folder / "model.npz")
    return state


def comparisons():
    """Yield the name, model, windows, updates, optimiser and clip of each shorter run."""
    for cell, H in ((LSTM(), 64), (GRU(), 78), (Elman(), 138)):             # equal parameters
        yield type(cell).__name__, text_model(cell, H), feed(), 600, adam(3e-3), 1.0
    small = text_model(LSTM(), 64)
    for k2 in (8, 16, 64):
        yield f"k2 = {k2}", small, feed(8, k2), 3_000, adam(3e-3), 1.0
    yield "reset", small, feed(8, reset=True), 3_000, adam(3e-3), 1.0
    for name, optimiser in (("Adam", adam(3e-3)), ("momentum", sgd(2.0, momentum=0.9))):
        for clip in (None, 0.1):
            yield f"{name}, clip {clip}", small, feed(), 600, optimiser, clip
    yield "momentum, clip 1.0", small, feed(), 600, sgd(2.0, momentum=0.9), 1.0


def compare(folder, name, model, window, updates, optimiser, clip):
    """Train for a while; return the state, or None where the loss ceased to be finite."""
    print(name, flush=True)
    try:
        return fit(model, draw(model), window, updates, optimiser, clip,
                   path=folder / f"{name.replace(' ', '_')}.npz")
    except ValueError as error:                             # the loss, or a gradient, is infinite
        print(error)
        return None


def nats(model, params, s0, characters_read=100_000):
    """Return the loss on the start of the validation text, read in B places from the state s0."""
    batch = next_character(characters("valid").ids[:characters_read], B)
    L = []
    for first in range(0, len(batch.x), 400):
        part = slice(first, first + 400)
        y, tape = model.forward(params, batch.x[part], s0)
        s0 = model.network.state_at(tape, -1)
        logits = y - y.max(axis=1, keepdims=True)
        right = np.take_along_axis(logits, batch.targets[part][:, None].astype(int), axis=1)
        L.append((np.log(np.exp(logits).sum(axis=1)) - right[:, 0]).ravel())
    return float(np.concatenate(L).mean())


def main(arguments=None):
    """Train everything that is not yet trained, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / "work" / "language",
                        help="where unfinished runs are kept (%(default)s)")
    parser.add_argument("--out", type=Path, default=FILE, help="what to write (%(default)s)")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    state = train_model(options.work)
    stored = {f"model.{name}": leaf for name, leaf in named_leaves(state.params)}
    stored["loss"] = state.loss[:len(state.loss) // 50 * 50].reshape(-1, 50).mean(axis=1)
    stored["norm"], names, results = state.norm, [], []
    for name, model, *settings in comparisons():
        short = compare(options.work, name, model, *settings)
        names.append(name)
        results.append([nats(model, short.params, s0) if short else np.nan
                        for s0 in (short and short.carried, None)])
        if name == "LSTM":
            stored |= {f"early.{key}": leaf for key, leaf in named_leaves(short.params)}
    stored = {name: leaf.astype(np.float16) for name, leaf in stored.items()}
    np.savez_compressed(options.out, names=np.array(names), nats=np.array(results), **stored)
    content = options.out.read_bytes()
    print(options.out.name, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
