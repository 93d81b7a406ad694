"""What is left out of the conversations, so that any line can be shown in class."""
import re
from collections import Counter

import pytest

from bpttlib.data import conversations
from tools.make_conversations import PARTS, clean, part_of
from tools.showable import DIGESTS, KNOWN, digest, verdict, words


@pytest.fixture(scope="module")
def shipped():
    chats = [conversations(part) for part in PARTS]
    return [chat.text(m) for chat in chats for m in range(chat.messages.shape[1])]


@pytest.mark.parametrize("text", [
    "that movie was stupid", "STUPID!!", "stuuupid", "st*pid", "s t u p i d", "s.t.u.p.i.d",
    "$tupid", "k1lling", "he got drunk", "crappy day", "an ugly dog", "shut up",
    "see you in church", "who did you vote for", "my therapist says", "are you pregnant",
])
def test_words_that_call_for_it(text):
    assert verdict(text) in ("cut", "drop")


@pytest.mark.parametrize("text", [
    "a murder", "Murdered.", "murderrrr", "m u r d e r", "he is a racist", "s#@t", "w**t a day",
    "i want to die", "I'm gonna hurt myself", "suicide", "so sexual", "naked",
])
def test_words_for_which_the_whole_talk_is_dropped(text):
    assert verdict(text) == "drop"
    talk = ["hello there"] * 20 + [text]
    assert clean(["hello there"] * 20, Counter()) and not clean(talk, Counter())


@pytest.mark.parametrize("text", [
    "write to jo.smith@mail.example", "I'm @jo_smith", "see https://a.example/b", "www.example",
    "jo.com", "call 801-555-0199", "(801) 555 0199", "i live at home", "12 oak street", "apt 3",
    "700 N 200 E", "how old are you", "i am 20 years old", "im 19", "I'm nineteen", "a 20 yr old",
    "it's my birthday", "add me on snapchat", "what is your   number", "my email",
    "where do you live", "I was born in May",
    "i'm part italian", "you're pretty", "are you single", "want to make out", "he asked me out",
])
def test_what_is_personal_is_cut(text):
    assert verdict(text) == "cut"


@pytest.mark.parametrize("text", [
    "hello! how are you?", "i'm 10 minutes late", "my class has 30 people", "that was hard",
    "i butter my bread", "the assignment is due",
    "I love pizza", "pretty good", "the white house on black paper",
])
def test_what_is_harmless_stays(text):
    assert verdict(text) == "show"


def test_after_a_name_the_next_two_messages_are_cut_as_well():
    talk = ["good morning"] * 6 + ["What's your name?", "hope", "i like it"] + ["so do i"] * 7
    runs = clean(talk, Counter())
    assert runs == [["good morning"] * 6, ["so do i"] * 7]


def test_strange_words_and_numbers_do_not_come_through():
    assert words("Hi Xavier, I’m from Springfield since 12:30!!! xk9 émile") == [
        "hi", "_", ",", "i'm", "from", "_", "since", "#", "!", "#", "_"]
    assert words("sooooo goooood ... hahahahaha ?!") == ["so", "good", ".", "haha", "?"]
    assert words("and/or well-known (really) :)") == ["and", "or", "well", "known", "really"]
    assert words("...") == [] and words("") == []


def test_too_many_unknown_words_or_none_at_all_cut_a_run():
    six = ["good morning"] * 6
    for message in ("xqz xqy", "...", "7", "the xqz ate xqy"):
        assert clean(six + [message] + six, Counter()) == [six, six]
    assert len(clean(six + ["the xqz ate my lunch"] + six, Counter())[0]) == 13
    assert clean(six[:5], Counter()) == []
    (long,) = clean(["so " * 50] * 6, Counter())
    assert long == [" ".join(["so"] * 40)] * 6


def test_of_ten_talks_eight_are_for_training():
    parts = [part_of(str(k)) for k in range(2000)]
    shares = [parts.count(part) / 2000 for part in PARTS]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert parts[:4] == [part_of(str(k)) for k in range(4)]


def test_the_two_lists_exclude_each_other():
    assert not {word for word in KNOWN if digest(word) in DIGESTS}
    assert set(DIGESTS.values()) == {"cut", "drop"} and len(DIGESTS) > 1500
    assert all(re.fullmatch(r"[a-z]+('[a-z]+)*", word) for word in KNOWN)


def test_every_shipped_message_passes_the_filter(shipped):
    assert len(shipped) > 50_000
    for text in shipped:
        assert all(word in KNOWN for word in re.findall(r"[a-z']+", text)), text
        assert not re.search(r"[^a-z' .,?!_#]", text), text
        assert not any(digest(word) in DIGESTS for word in re.findall(r"[a-z']+", text)), text


@pytest.mark.parametrize("pattern", [
    r"\b(my|your) (number|phone|age)\b", r"\bnames?\b", r"\byears? old\b", r"\bi live (in|at)\b",
    r"\b(black|white) (people|guys?|girls?)\b", r"\bbirthday\b", r"\bmake out\b", r"\blove you\b",
])
def test_shipped_messages_show_nothing_personal(shipped, pattern):
    assert not [text for text in shipped if re.search(pattern, text)]
