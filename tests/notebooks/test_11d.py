"""Unit 11d: its bars, read from the stored outputs, and the numbers of its prose."""

import pytest

NOTEBOOK = "11d_time_series"


def row(printed, name):
    """Return the numbers of the table of the test that stand behind a name."""
    table = printed.split("relative variance  1921")[1]
    return [float(number) for number in table.split(name)[1].split("\n")[0].split()]


def test_the_networks_reach_the_bar_and_the_stretch(printed):
    """AR(12) has 0.130 and 0.368; the table is rounded, so a tenth below it is said in words."""
    first, second = row(printed, "ten networks")
    assert first <= 0.13 and second <= 0.368
    assert "a tenth or more below AR(12) on both periods: True" in printed
    assert "below AR(9) on both periods: True" in printed
    assert "variance up to 1979: 1495.6" in printed


@pytest.mark.parametrize("words", [
    "AR(12)                 0.177     0.130     0.368",
    "persistence            0.304     0.427     0.965",
    "k2 = 1        0.13   5 % more or worse: True",
    "k2 = 6        0.12   5 % more or worse: False",
    "gradient norms: 0.03 to 0.14; some above 1: False",
    "the worst of the ten loses to AR(12) on both periods: True",
    "16 (1 ahead), 25 (2 ahead), 42 (4 ahead)",
    "calendar + AR(2)        0.45  0.45\ncalendar + AR(2) + GRU  0.44  0.46",
])  # fmt: skip
def test_what_the_prose_says_is_printed(printed, words):
    assert words in printed


def test_the_choices_are_made_on_years_up_to_1920(notebook):
    """Whatever trains for a choice is given `before` and not a block of it."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    choosing = code[code.index("def held_out("):code.index("learnt = ")]
    assert "before & ~between(*block)" in choosing and "TESTS" not in choosing
    assert "before = years <= 1920" in code
