"""Plays as characters, and conversations as words."""
import numpy as np
import pytest

from bpttlib.data import Characters, characters, conversations, next_character
from bpttlib.data.language import ALPHABET
from bpttlib.tasks import windows

PARTS = ("train", "valid", "test")


@pytest.fixture(scope="module")
def plays():
    return {part: characters(part) for part in PARTS}


@pytest.fixture(scope="module")
def chats():
    return {part: conversations(part) for part in PARTS}


def test_the_parts_are_plays(plays):
    texts = {part: text.decode(text.ids) for part, text in plays.items()}
    starts = {part: text.split("\n")[0] for part, text in texts.items()}
    assert starts == {"train": "THESEUS:", "valid": "ORLANDO:", "test": "DUKE ORSINO:"}
    assert "To be, or not to be: that is the question:\n" in texts["train"]
    assert "\n\nJAQUES:\nAll the world's a stage,\n" in texts["valid"]
    assert "\nFriends, Romans, countrymen, lend me your ears;\n" in texts["test"]
    for one in PARTS:                                       # no play is in two parts
        lines = {line for line in texts[one].split("\n") if len(line) > 40}
        for other in PARTS:
            shared = {line for line in lines if line in texts[other]} if one != other else ()
            assert len(shared) <= 2, shared


def test_the_text_is_clean(plays):
    assert set(plays["train"].ids.tolist()) == set(range(62)) and len(ALPHABET) == 62
    for text in plays.values():
        assert text.ids.dtype == np.uint8 and text.alphabet == ALPHABET
        written = text.decode(text.ids)
        assert "\n\n\n" not in written and "  " not in written and "\nExit" not in written
        assert "SCENE" not in written and "[" not in written


def test_encode_undoes_decode():
    text = Characters(np.array([2, 0], np.uint8), alphabet="abc")
    assert text.encode(text.decode([2, 0, 1])).tolist() == [2, 0, 1]
    with pytest.raises(ValueError, match=r"text: got the character \['é'\]; needs some of 'abc'"):
        text.encode("aé")
    with pytest.raises(ValueError, match="ids: got 0 to 3; needs whole numbers from 0 to 2"):
        text.decode([0, 3])


def test_next_character_reads_b_places_side_by_side(plays):
    ids = plays["test"].ids[:103]
    x, targets, mask, *_ = next_character(ids, B=10)
    assert x.shape == targets.shape == (10, 10) and mask is None
    assert (x.T.ravel() == ids[:100]).all() and (targets.T.ravel() == ids[1:101]).all()
    window = windows(x, targets, k1=4)
    assert (window(1).x == x[4:8]).all() and not window(1).fresh


@pytest.mark.parametrize("ids, B, message", [
    (np.arange(3), 3, "ids: got 3 characters; needs at least 4, since B = 3"),
    (np.arange(3), 0, "B: got 0; needs a whole number"),
    (np.ones(3), 1, "ids: got ndarray of dtype float64"),
])
def test_next_character_errors(ids, B, message):
    with pytest.raises(ValueError, match=message):
        next_character(ids, B)


def test_pairs_are_six_messages_in_a_row(chats):
    for chat in chats.values():
        steps = np.arange(-5, 0)[:, None]
        assert (chat.contexts == chat.replies + steps).all() and chat.contexts.min() == 0
        assert chat.replies.max() == chat.messages.shape[1] - 1
        assert (np.diff(chat.replies) >= 1).all() and (np.diff(chat.talks) >= 0).all()
        new_talk = np.diff(chat.talks) > 0                  # no context reaches into another talk
        assert (np.diff(chat.replies)[new_talk] >= 6).all()


def test_messages_are_words_then_padding(chats):
    for chat in chats.values():
        there = chat.messages > 0
        lengths = there.sum(axis=0)
        assert lengths.min() >= 1 and len(chat.messages) == lengths.max() == 40
        assert (there == (np.arange(40)[:, None] < lengths)).all()


def test_the_vocabulary_is_one_for_all_and_ordered(chats):
    words = chats["train"].words
    assert words[0] == "" and len(set(words)) == len(words) < 5300
    assert all(chat.words == words for chat in chats.values())
    counts = np.bincount(chats["train"].messages.ravel(), minlength=len(words))[1:]
    assert (np.diff(counts) <= 0).all() and words[1] == "."
    unknown = words.index("_")
    assert 0.02 < counts[unknown - 1] / counts.sum() < 0.04


def test_no_conversation_is_in_two_parts(chats):
    def longer(chat):
        return {chat.text(m) for m in range(chat.messages.shape[1])
                if (chat.messages[:, m] > 0).sum() > 25}

    train, valid, test = (longer(chats[part]) for part in PARTS)
    assert min(map(len, (train, valid, test))) > 300
    assert len((train & valid) | (train & test) | (valid & test)) <= 5   # phrases said again


def test_text_and_encode(chats):
    chat = chats["test"]
    ids = chat.encode("Hello! I'm 20, it’s Zyxx?")
    assert [chat.words[k] for k in ids] == ["hello", "!", "i'm", "#", ",", "it's", "_", "?"]
    for m in (0, 17, 99):
        row = chat.messages[:, m]
        assert (chat.encode(chat.text(m)) == row[row > 0]).all()
