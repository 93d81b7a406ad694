"""Unit 11c: its bars, read from the stored outputs, and the numbers of its prose."""

import pytest

NOTEBOOK = "11c_speech"


@pytest.mark.parametrize("line", [
    "each of the five networks above 95.0 %: True",
    "mean of the five: 98 %; above 96.2 %: True",
    "each of them above 96.2 %, too: True",
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
