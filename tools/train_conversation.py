"""
Train the networks of unit 11b that answer after five messages:

    python -m tools.train_conversation

It takes about five minutes on one quiet core. Stop it when you like: the same command goes on where
it was. The result is bpttlib/data/conversation.npz, which the notebook reads. Another machine
rounds differently and gets other digits; to replace the file, replace its checksum in
bpttlib/data/trained.py, too.
"""
import argparse
import hashlib
from pathlib import Path

import numpy as np

from bpttlib.batch import Batch
from bpttlib.cells import GRU
from bpttlib.data import conversations
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.params import named_leaves, tree_map
from bpttlib.tasks.answering import Answering
from bpttlib.tasks.bags import bags, inverse_document_frequency
from bpttlib.tasks.candidates import candidates
from bpttlib.tasks.replying import next_word
from bpttlib.tasks.word_vectors import word_vectors
from bpttlib.train import fit

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "bpttlib" / "data" / "conversation.npz"
D, B, STOPS = 128, 256, range(40, 201, 40)                      # validated after so many updates
K, H, WRITING = 1000, 96, 900                                   # of the network that writes
# How many messages are read, how far back the gradient goes, and the clip.
RUNS = {"five": (5, 5, 1.0), "one": (1, 1, 1.0), "two": (2, 2, 1.0), "three": (3, 3, 1.0),
        "k2 = 1": (5, 1, 1.0), "k2 = 2": (5, 2, 1.0), "no clip": (5, 5, None)}


def feed(chats, steps):
    """Return a function i ↦ batch i of contexts and replies, each pass in a new order."""
    contexts, replies = with_openings(chats)
    N, each = len(replies), len(replies) // B

    def batch(i):
        order = np.random.default_rng((0, i // each)).permutation(N)
        some = order[B * (i % each):B * (i % each + 1)]
        return Batch(contexts[-steps:, some], replies[None, some])

    return batch


def with_openings(chats):
    """Add the first messages of each run as replies, with -1 where nothing was said before."""
    first = chats.replies[np.diff(chats.replies, prepend=-9) != 1] - 5
    contexts, replies = [chats.contexts], [chats.replies]
    for said in range(1, 5):
        before = np.arange(-5, 0)[:, None] + said               # -1 and less: before the run
        contexts.append(np.where(before >= 0, first + before, -1))
        replies.append(first + said)
    return np.concatenate(contexts, axis=1), np.concatenate(replies)


def start(chats, own, V):
    """Count how words go together, in a message and up to three messages apart."""
    every = np.arange(chats.messages.shape[1])
    pairs = [(every, every)] * 2 + [(chats.replies, chats.replies - n) for n in (1, 2, 3)]
    return word_vectors(own, pairs, V, D)


def right(model, params, chats, choice, steps):
    """Return which replies are ranked first among their ten."""
    return model.score(params, chats.contexts[-steps:], choice).argmax(axis=0) == 0


def train_reader(folder, name, chats, own, valid, E):
    """Train one network; return its best parameters on the validation talks, and its curve."""
    steps, k2, clip = RUNS[name]
    model = Answering(GRU(), own["train"], D, k2=k2)
    params, state = model.begin(np.random.default_rng(0), E), None
    choice, best, curve = candidates(valid), None, []
    checked = Answering(GRU(), own["valid"], D)
    for updates in STOPS:
        state = fit(model, params, feed(chats, steps), updates, adam(2e-4), clip, state=state,
                    path=folder / f"{name.replace(' ', '_')}_{updates}.npz")
        curve.append(right(checked, state.params, valid, choice, steps).mean())
        if curve[-1] == max(curve):
            best = state.params
    print(name, np.round(curve, 3), flush=True)
    return best, np.array(curve), state.norm


def train_writer(folder, chats, own, params):
    """Train the network that writes replies word by word, given the reader's y."""
    reader, E, N = Answering(GRU(), own["train"], D), params.cell.E, len(chats.replies)
    model = Model(GRU(), 2 * D, H, K, "softmax_cross_entropy")

    def batch(i):
        some = np.random.default_rng((1, i)).integers(N, size=64)
        y, _, _ = reader.answer(params, chats.contexts[:, some])
        return next_word(chats.messages[:20, chats.replies[some]], y, E, K)

    first = tree_map(np.float32, model.init(np.random.default_rng(0)))
    for updates, lr in ((WRITING * 2 // 3, 3e-3), (WRITING, 1e-3)):
        state = fit(model, first, batch, updates, adam(lr), 1.0, path=folder / "writer.npz")
    return state.params


def main(arguments=None):
    """Train everything that is not yet trained, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / "work" / "conversation",
                        help="where unfinished runs are kept (%(default)s)")
    parser.add_argument("--out", type=Path, default=FILE, help="what to write (%(default)s)")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    chats = {part: conversations(part) for part in ("train", "valid", "test")}
    idf = inverse_document_frequency(chats["train"].messages, len(chats["train"].words))
    own = {part: bags(chats[part].messages, idf) for part in chats}
    E = start(chats["train"], own["train"], len(idf))
    stored, readers = {}, {}
    for name, (steps, _, _) in RUNS.items():
        best, curve, norm = train_reader(options.work, name, chats["train"], own, chats["valid"], E)
        best = readers[name] = tree_map(np.float16, best)       # as it will be stored
        best = tree_map(np.float32, best)
        for part in ("valid", "test"):
            model = Answering(GRU(), own[part], D)
            choice = candidates(chats[part])
            stored[f"{name}.{part}"] = right(model, best, chats[part], choice, steps)
        stored[f"{name}.curve"], stored[f"{name}.norm"] = curve, norm.astype(np.float16)
    reader = tree_map(np.float32, readers["five"])
    writer = train_writer(options.work, chats["train"], own, reader)
    stored |= {f"reader.{key}": leaf for key, leaf in named_leaves(readers["five"])}
    stored |= {f"writer.{key}": leaf.astype(np.float16) for key, leaf in named_leaves(writer)}
    np.savez_compressed(options.out, **stored)
    content = options.out.read_bytes()
    print(options.out.name, len(content), hashlib.sha256(content).hexdigest())


if __name__ == "__main__":
    main()
