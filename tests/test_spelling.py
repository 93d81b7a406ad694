"""Spelling: no word of the prose is unknown, none is American, and the check itself sees them."""
import pytest

from tests.conftest import leave_out
from tools.spelling import (
    SpellingError,
    main,
    of_code,
    of_notebook,
    prose,
    texts,
    unknown,
    unused,
)


def words(text):
    return text.split()


def look(found):
    try:
        return unknown(found)
    except SpellingError as error:
        leave_out(str(error))


@pytest.fixture(scope="module")
def all_texts():
    return texts()


def test_nothing_in_the_course_is_misspelt(all_texts):
    assert look(all_texts) == []


def test_no_word_of_our_list_is_there_for_nothing(all_texts):
    assert unused(all_texts) == []


def test_all_kinds_of_prose_are_read(all_texts):
    for name, phrase in {
        "README.md": "course that one can study alone", "docs/notation.md": "One home for every",
        "notebooks/src/05_truncation.py": "This unit says exactly what is cut",
        "solutions/src/03.py": "Write the backward pass of an Elman network yourself",
        "grading/problems/u03_step.py": "acts on the loss through",
        "tools/spelling.py": "Check the spelling", "tests/test_spelling.py": "the check itself",
    }.items():
        assert phrase in " ".join(words(all_texts[name])), name
    assert "A vertical line" not in all_texts["tests/test_spelling.py"]  # a test's strings are data


def test_mistakes_of_every_kind_are_found_on_their_line():
    found = look({
        "a.md": "The gradient is\nrecieved, the colour is right.\nA squahing function and NumPy.",
        "b.py": of_code('def f():\n    """Retrun it."""\n    return 1  # the lenght\n'),
        "c.py": of_notebook("# %% [markdown]\n# A gradeint.\n\n# %%\nteh = 1\n"),
        "d.md": "Its behavior can be optimized, modeled and analyzed at the center of a size.",
    })
    assert found == [
        ("a.md", 2, "recieved"), ("a.md", 3, "squahing"), ("b.py", 2, "Retrun"),
        ("b.py", 3, "lenght"), ("c.py", 2, "gradeint"), ("d.md", 1, "analyzed"),
        ("d.md", 1, "behavior"), ("d.md", 1, "center"), ("d.md", 1, "modeled"),
        ("d.md", 1, "optimized"),
    ]


def test_what_is_not_prose_is_left_out():
    text = ("See `teh` and $teh_1$, [here](teh.md), https://teh.org/teh, <b>bold</b>.\n"
            "```text\nteh\n```\nAfter teh_code and tools/teh.py the prose goes on.\n\n"
            "**Sources.** Teh 1990, *Behavior of teh center*.\n\nThe end.")
    assert words(prose(text)) == words(
        "See and , [here , bold . After and the prose goes on. The end.")
    assert prose(text).count("\n") == text.count("\n")


def test_strings_count_in_the_library_and_not_in_tests():
    code = 'require(x, "teh mask must be given here")\n'
    assert "teh" in of_code(code) and "teh" not in of_code(code, strings=False)


def test_the_command_names_file_line_and_word(monkeypatch, capsys):
    monkeypatch.setattr("tools.spelling.texts", lambda: {"a.md": "\nteh"})
    monkeypatch.setattr("tools.spelling.unknown", lambda found: [("a.md", 2, "teh")])
    assert main([]) == 1
    assert capsys.readouterr().out == "a.md:2: teh\n"


def test_without_npm_it_says_so(monkeypatch, capsys):
    monkeypatch.setattr("tools.spelling.shutil.which", lambda name: None)
    monkeypatch.setattr("tools.spelling.texts", lambda: {"a.md": "words"})
    assert main([]) == 2
    assert "no npm" in capsys.readouterr().err
