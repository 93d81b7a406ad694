"""Conversation: chats of two people, of which five messages are read and the sixth is the reply."""
import re
from collections import Counter
from typing import NamedTuple

import numpy as np

from bpttlib.data._files import read

PARTS = ("train", "valid", "test")
BEFORE = 5                              # messages that are read
PADDING, UNKNOWN, NUMBER = "", "_", "#"


class Conversations(NamedTuple):
    """
    Hold messages, and which five come before which reply.

    Two people take turns: messages 1, 3 and 5 of a context are by one, 2, 4 and the reply by the
    other.

    Parameters
    ----------
    messages : ndarray of int
        Word t of message m, as a place in the vocabulary, of shape (T, M); after the end 0.
    contexts : ndarray of int
        The messages that are read before reply n, as numbers m, of shape (5, N); row t-1 is step t.
    replies : ndarray of int
        The messages that answer, of shape (N,).
    talks : ndarray of int
        Which talk a reply is from, of shape (N,).
    words : tuple of str
        The vocabulary: "" for padding first, then by falling frequency in the part "train"; "_"
        stands for any other word, "#" for a number.

    See Also
    --------
    conversations : Read them.

    Examples
    --------
    >>> test = conversations("test")
    >>> test.contexts.shape == (5, len(test.replies))
    True
    """

    messages: np.ndarray
    contexts: np.ndarray
    replies: np.ndarray
    talks: np.ndarray
    words: tuple

    def text(self, m):
        """
        Return a message as text.

        Words that were left out show as "_".

        Parameters
        ----------
        m : int
            The number of the message.

        Returns
        -------
        str
            Its words.

        See Also
        --------
        encode : The other way.

        Examples
        --------
        >>> test = conversations("test")
        >>> test.text(test.replies[0])
        'i think so, with cute alive animals in it.'
        """
        known = (self.words[k] for k in self.messages[:, m] if k > 0)
        return re.sub(r" ([.,?!])", r"\1", " ".join(known))

    def encode(self, text):
        """
        Return a text as places in the vocabulary.

        So a model can be talked to.

        Parameters
        ----------
        text : str
            Any text; only its words, numbers and the signs . , ? ! are read.

        Returns
        -------
        ndarray of int
            The place of each word, of shape (T,).

        See Also
        --------
        text : The other way.

        Examples
        --------
        >>> chats = conversations("test")
        >>> [chats.words[k] for k in chats.encode("Hello! Is it 7 yet, Xyz?")]
        ['hello', '!', 'is', 'it', '#', 'yet', ',', '_', '?']
        """
        place = {word: k for k, word in enumerate(self.words)}
        found = re.findall(r"[a-z]+(?:'[a-z]+)*|\d+|[.,?!_#]", text.lower().replace("’", "'"))
        found = (NUMBER if word.isdigit() else word for word in found)
        return np.array([place.get(word, place[UNKNOWN]) for word in found], int)


def conversations(part="train"):
    """
    Return chats of two people; the task is to find the reply to five messages.

    They are by students who talked with strangers about anything, in lower case and with few signs.
    Each reply comes with the five messages before it, of the same talk and without a gap.

    Parameters
    ----------
    part : {"train", "valid", "test"}
        Which talks: of ten about eight, one and one. No talk is in two parts, but the same person
        may be.

    Returns
    -------
    Conversations
        Messages, contexts and replies, in arrays of your own; the vocabulary is the same for all
        parts.

    See Also
    --------
    Conversations.text : Show a message.

    Notes
    -----
    So that any line can be shown in class, talks and messages with offensive, intimate, religious,
    political or personal content were left out, and every word that is not on a list of 5,200
    common ones, names of persons and places among them, became "_". Messages end after 40 words.

    Examples
    --------
    >>> [len(conversations(part).replies) for part in ("train", "valid", "test")]
    [22755, 2690, 2483]
    """
    texts = read("conversations", part, PARTS).split("\f\f")
    vocabulary = _vocabulary(texts)
    place = {word: k for k, word in enumerate(vocabulary)}
    rows, replies, talks = [], [], []
    for talk, runs in enumerate(texts[PARTS.index(part)].split("\f")):
        for run in runs.split("\n\n"):
            first = len(rows) + BEFORE
            rows += [[place[word] for word in line.split()] for line in run.split("\n")]
            replies += range(first, len(rows))
            talks += [talk] * (len(rows) - first)
    lengths = np.array([len(row) for row in rows])
    messages = np.zeros((lengths.max(), len(rows)), np.int32)
    messages.T[np.arange(len(messages)) < lengths[:, None]] = [k for row in rows for k in row]
    replies = np.array(replies)
    contexts = replies - np.arange(BEFORE, 0, -1)[:, None]
    return Conversations(messages, contexts, replies, np.array(talks), vocabulary)


def _vocabulary(texts):
    """Return all words: by falling frequency in the first text, equal ones by the alphabet."""
    count = Counter(texts[0].split())
    return PADDING, *sorted(set(" ".join(texts).split()), key=lambda word: (-count[word], word))
