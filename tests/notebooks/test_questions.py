"""Five questions close each unit, and every answer to them says whether it is right, and why."""

import math
import re
from collections import Counter, namedtuple
from html import unescape
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
UNITS = sorted(NOTEBOOKS.glob("[01]*_*.ipynb"))
EXERCISED = [path for path in UNITS if path.name[:2] <= "11"]
SECTION = re.compile(r"^## Five questions\n(.*?)^## ", re.M | re.S)
QUESTION = re.compile(r"^\*\*(\d)\. (.+?)\*\*\n\n(.*?)(?=^\*\*\d\. |\Z)", re.M | re.S)
# The blank line after the summary makes JupyterLab render what follows it.
OPTION = re.compile(r"^<details><summary>([A-D])\. ([^\n]+)</summary>\n\n"
                    r"\*\*(Right|No)\.\*\* (.+?)\n</details>$", re.M | re.S)
SHORTEST = 40  # characters of an explanation

Option = namedtuple("Option", "letter text verdict why")


def markdown(path):
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def questions(text):
    """Return number, text and options of each question in the section, and its introduction."""
    (section,) = SECTION.findall(text + "\n## ")
    found = [(int(n), asked, [Option(*option) for option in OPTION.findall(rest)], rest)
             for n, asked, rest in QUESTION.findall(section)]
    return section.partition("**1. ")[0], found


def problems(text):
    """Return what is wrong with a unit's five questions, as sentences."""
    intro, found = questions(text)
    if not ("`Tab`" in intro and "`Enter`" in intro):
        yield "the introduction does not say how to use the keyboard"
    if [n for n, *_ in found] != [1, 2, 3, 4, 5]:
        yield f"the questions are numbered {[n for n, *_ in found]}"
    for n, _, options, rest in found:
        if rest.count("<details") != len(options) or OPTION.sub("", rest).strip():
            yield f"question {n}: something in it is no option"
        if "".join(option.letter for option in options) not in ("ABC", "ABCD"):
            yield f"question {n}: its options are not A to C or A to D"
        if [option.verdict for option in options].count("Right") != 1:
            yield f"question {n}: not exactly one option is right"
        if len({option.text for option in options}) < len(options):
            yield f"question {n}: an option is there twice"
        for option in options:
            if len(option.why) < SHORTEST:
                yield f"question {n}, {option.letter}: it hardly says why"
            if "$" in option.text or "**" in option.text:
                yield f"question {n}, {option.letter}: a summary shows Markdown as it is"


def right(options):
    return next(option for option in options if option.verdict == "Right")


def longest(options):
    """Return the option whose text is longest, as one sees it; None if there are several."""
    lengths = {option: len(unescape(re.sub("<[^>]+>", "", option.text))) for option in options}
    first, second = sorted(options, key=lengths.get)[:-3:-1]
    return first if lengths[first] > lengths[second] else None


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_has_five_questions_whose_answers_say_why(path):
    assert list(problems(markdown(path))) == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_neither_place_nor_length_gives_the_answer_away(path):
    sets = [options for _, _, options, _ in questions(markdown(path))[1]]
    places = Counter(right(options).letter for options in sets)
    assert len(places) >= 3 and max(places.values()) <= 2
    assert sum(longest(options) == right(options) for options in sets) <= 2


def test_over_all_units_the_right_answers_are_spread():
    sets = [options for path in UNITS for _, _, options, _ in questions(markdown(path))[1]]
    places = Counter(right(options).letter for options in sets)
    assert all(places[letter] >= len(sets) / 5 for letter in "ABC")
    keys = {"".join(right(options).letter for options in sets[i:i + 5])
            for i in range(0, len(sets), 5)}
    assert len(keys) >= len(UNITS) - 1  # hardly any two units have the same pattern


@pytest.mark.parametrize("path", EXERCISED, ids=lambda path: path.stem)
def test_a_unit_links_its_exercises(path):
    unit = path.name[:2]
    assert f"[Exercises {unit}](../exercises/{unit}/{unit}.ipynb)" in markdown(path)


def test_the_numbers_that_answers_quote_and_no_cell_prints():
    def halved(f):
        return math.log(0.5) / math.log(f)

    def sigmoid(b):
        return 1 / (1 + math.exp(-b))

    # unit 02
    assert (round(0.9**10, 2), round(0.9**22, 1), round(0.9**100, 5)) == (0.35, 0.1, 3e-5)
    assert 0.9**44 < 0.01 < 0.9**43 and round(math.log(100) / math.log(1 / 0.9), 1) == 43.7
    assert sum(range(1, 21)) / 20 == 10.5  # unit 05: copies that chunks of 20 give to a loss
    assert 500 * 500 * (500 + 1 + 1) > 1e8  # unit 06: S n of an Elman network with one input
    assert round(0.95**100, 3) == 0.006  # unit 07
    # unit 09
    assert round(math.log(200), 1) == 5.3 and round(sigmoid(5.3), 3) == 0.995
    assert round(halved(sigmoid(5.3)), -1) == 140 and round(halved(sigmoid(1)), 1) == 2.2
    assert round(sigmoid(0.995), 2) == 0.73 and sigmoid(50.0) == 1.0


def example(**changes):
    """Write a section that keeps every rule but for the changes."""
    given = {"intro": "`Tab` and `Enter`", "count": 5, "verdicts": ("No", "Right", "No"),
             "why": "Because of something that takes a while to say.", "text": "it is", **changes}
    options = "\n\n".join(
        f"<details><summary>{letter}. {given['text']} {letter}</summary>\n\n"
        f"**{verdict}.** {given['why']}\n</details>"
        for letter, verdict in zip("ABCDE", given["verdicts"]))
    asked = "\n\n".join(f"**{n}. What?**\n\n{options}{given.get('after', '')}"
                        for n in range(1, given["count"] + 1))
    return f"## Five questions\n\n{given['intro']}\n\n{asked}\n\n## What to take away\n"


def test_a_good_section_breaks_no_rule():
    assert list(problems(example())) == []


@pytest.mark.parametrize("change, word", [
    ({"intro": "Click."}, "keyboard"),
    ({"count": 4}, "numbered [1, 2, 3, 4]"),
    ({"verdicts": ("No", "Right")}, "not A to C"),
    ({"verdicts": ("No", "Right", "No", "No", "No")}, "no option"),
    ({"verdicts": ("No", "No", "No")}, "exactly one"),
    ({"verdicts": ("Right", "No", "Right")}, "exactly one"),
    ({"verdicts": ("No", "Right", "Well")}, "no option"),
    ({"why": "So it is."}, "hardly says why"),
    ({"text": "$h$"}, "Markdown"),
    ({"after": "\n\n<details><summary>An answer</summary>\n\nYes.\n</details>"}, "no option"),
])  # fmt: skip
def test_each_broken_rule_is_named(change, word):
    assert any(word in problem for problem in problems(example(**change)))
