"""Unit 11c: its bars, read from the stored outputs, and the numbers of its prose."""

from pathlib import Path

import nbformat
import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "11c_speech.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def printed(notebook):
    """Return all that the cells printed."""
    outputs = (o for cell in notebook.cells for o in cell.get("outputs", []))
    return "".join(o.get("text", "") for o in outputs)


@pytest.mark.parametrize("line", [
    "each of the five networks above 95.0 %: True",
    "mean of the five: 98 %; above 96.2 %: True",
    "spread from the worst to the best, below 2 %: True",
])  # fmt: skip
def test_five_networks_reach_the_bar_and_the_stretch(printed, line):
    assert line in printed


@pytest.mark.parametrize("words", [
    "Kudo and others 94.1 %, hidden Markov model 96.2 %",
    "mean and spread, linear  97.3 %",
    "one standard error: 0.7 %",
    "one utterance of 270 is 0.4 %",
    "trained, the two ends weigh more than all between together: True",
    "untrained, too: False",
    "at least one utterance is wrong for all five networks: True",
    "gradient norms: some above 1: False; at least nine of ten above 0.03: True",
])  # fmt: skip
def test_what_the_prose_says_is_printed(printed, words):
    assert words in printed


def test_the_test_utterances_play_no_part_in_the_choices(notebook):
    """Between the baselines and the results no cell reads them."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    first = next(n for n, source in enumerate(code) if "def task(" in source)
    results = next(n for n, source in enumerate(code) if "x_test" in source)
    between = "\n".join(code[first:results])
    assert first < results and "(test" not in between and "test." not in between


def test_no_bar_is_stored(notebook):
    assert "it/s" not in NOTEBOOK.read_text() and "tqdm" in str(notebook.cells)


def test_five_questions_have_one_right_option_each(notebook):
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    questions = prose.split("## Five questions")[1].split("## What to take away")[0]
    asked = questions.split("\n**")[1:]
    asked = [part for part in asked if part[0] in "12345" or part.startswith(("Right", "No"))]
    rights, place = [], None
    for part in asked:
        if part[0] in "12345":
            place = 0
            rights.append([])
        else:
            place += 1
            rights[-1] += [place] * part.startswith("Right")
    assert [len(r) for r in rights] == [1] * 5 and len({r[0] for r in rights}) >= 3
