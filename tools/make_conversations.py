"""Make conversations.txt.bz2 from the chitchat-dataset wheel: runs of messages to show in class."""
import bz2
import hashlib
import json
from collections import Counter

from tools.showable import verdict, words

FILE = "chitchat_dataset/dataset.json"
PARTS = ("train", "valid", "test")
SHORTEST = 6                            # messages in a run: five, and a reply
LONGEST = 40                            # words of a message; what comes after is left out
RUN_END, TALK_END, PART_END = "\n\n", "\f", "\f\f"


def make(wheel, counts=None):
    """
    Return the file's bytes: in each part the talks, in each talk its runs, a message on each line.

    What became of talks and messages is added to the counts.
    """
    counts = Counter() if counts is None else counts
    parts = {part: [] for part in PARTS}
    for key, talk in json.loads((wheel / FILE).read_text(encoding="utf-8")).items():
        messages = [" . ".join(m["text"] for m in turn) for turn in talk["messages"]]
        runs = clean(messages, counts) if len(messages) >= SHORTEST else []
        if runs:
            parts[part_of(key)].append(RUN_END.join("\n".join(run) for run in runs))
    return bz2.compress(PART_END.join(TALK_END.join(parts[part]) for part in PARTS).encode("ascii"))


def part_of(key):
    """Return the part of a talk, by its key alone: of ten talks one for each of the last two."""
    number = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 10
    return PARTS[max(0, number - 7)]


def clean(messages, counts):
    """Return the runs of neighbouring messages that can be shown, at least six in each."""
    verdicts = [verdict(message) for message in messages]
    if "drop" in verdicts:
        counts["talk dropped"] += 1
        return []
    counts.update(f"message: {answer}" for answer in verdicts)
    runs, wait = [[]], 0
    for message, answer in zip(messages, verdicts):
        found = words(message)[:LONGEST]
        wait = 3 if answer == "names" else wait
        if answer == "show" and wait == 0 and readable(found):
            runs[-1].append(" ".join(found))
        else:
            runs.append([])
        wait = max(0, wait - 1)
    runs = [run for run in runs if len(run) >= SHORTEST]
    counts["message kept"] += sum(map(len, runs))
    counts["pair"] += sum(len(run) - SHORTEST + 1 for run in runs)
    counts["talk kept"] += bool(runs)
    return runs


def readable(found):
    """Tell whether a message has words, and at most one in five is unknown."""
    return any(word not in ".,?!_#" for word in found) and 5 * found.count("_") <= len(found)
