"""The unfolding machine: each number it shows is the library's, wherever the controls stand."""
import html
import re
import xml.etree.ElementTree as ET
from itertools import product

import numpy as np
import pytest

from bpttlib.gradcheck import complex_step
from bpttlib.widgets import unfolding_machine
from bpttlib.widgets._unfolding import CELLS, LAST, H, T, place, problem, run
from bpttlib.widgets.unfolding import _make_machine

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def machine():
    return _make_machine()


def read(machine):
    role, text = re.fullmatch('<p role="(.*)" aria-live="polite" style="margin:0">(.*)</p>',
                              machine.readout.value).groups()
    return role, html.unescape(text)


def move(machine, cell, position, numbers=False):
    for name, value in (("cell", cell), ("position", position), ("numbers", numbers)):
        machine.controls[name].value = value
    role, text = read(machine)
    assert role == "status"
    return text


@pytest.mark.parametrize("cell", CELLS)
def test_all_shares_add_up_to_the_gradient(cell):
    model, params, batch, s0 = problem(cell)
    done = run(cell)
    exact = complex_step(lambda p: model.evaluate(p, batch, s0), params).cell.W_hh
    np.testing.assert_allclose(sum(done.shares.values()), exact, rtol=0, atol=1e-14)
    for t in range(1, T + 1):
        rest = sum(done.shares[s] for s in range(t, T + 1))
        np.testing.assert_allclose(done.sums[t], rest, rtol=0, atol=1e-14)
        outer = done.deltas[t - 1] @ done.tape.h[t - 1].T
        np.testing.assert_allclose(done.shares[t], outer, rtol=0, atol=1e-14)
    assert abs(sum(done.losses) - model.evaluate(params, batch, s0)) < 1e-14
    sizes = [np.linalg.norm(share) for share in done.shares.values()]
    assert min(sizes) > 0.2 * max(sizes)                    # each copy has something to say


def test_a_position_says_how_far_one_has_come():
    assert place(0) == (0, 0, T + 1) and place(T) == (T, 0, T + 1)
    assert place(T + 1) == (T, 1, T + 1) and place(2 * T) == (T, T, T + 1)
    assert place(2 * T + 1) == (T, T, T) and place(3 * T) == place(LAST) == (T, T, 1)


@pytest.mark.parametrize("cell", CELLS)
def test_the_sentence_gives_the_library_s_numbers(machine, cell):
    done = run(cell)
    first, second = done.tape.h[3][:, 0]
    assert f"forward, h_3 = ({first:.3f}, {second:.3f})" in move(machine, cell, 3)
    assert ("c_3 = " in read(machine)[1]) == (cell == "LSTM")
    so_far = f"{done.losses[0] + done.losses[1]:.4g}."
    assert f"loss, L_2 = {done.losses[1]:.4g}; up to there they add up to {so_far}" in move(
        machine, cell, T + 2)
    text, delta = move(machine, cell, 2 * T + 3), "δ^h_4" if cell == "GRU" else "δ_4"
    for part in (f"{delta} has the norm {np.linalg.norm(done.deltas[3]):.4g}",
                 f"{delta} h_3ᵀ of copy 4 the norm {np.linalg.norm(done.shares[4]):.4g}",
                 f"running sum dW_hh is {np.linalg.norm(done.sums[4]):.4g}."):
        assert part in text
    text = move(machine, cell, LAST)
    assert "the sum of all 6 shares is what bptt returns" in text
    assert f"{np.linalg.norm(done.returned):.4g}." in text


def test_a_wrong_sum_would_be_seen(monkeypatch):
    run.cache_clear()
    monkeypatch.setattr("bpttlib.widgets._unfolding.sum_copies",
                        lambda *args: args[1]._replace(W_hh=0 * args[1].W_hh))
    assert "the sum of all 6 shares is not what bptt returns" in move(_make_machine(), "GRU", LAST)
    run.cache_clear()


def fields(machine):
    """The coloured fields in the picture, and the numbers written in them."""
    root = ET.fromstring(machine.picture.value)
    boxes = [e for e in root.iter() if e.get("stroke") == "#C8C8C8" and e.get("height") == "18"]
    return boxes, [e for e in root.iter() if e.get("font-size") in ("10", "11")]


@pytest.mark.parametrize("cell", CELLS)
def test_the_picture_fills_as_one_goes(machine, cell):
    G, parts = len(CELLS[cell].gates), len(CELLS[cell].state)
    for position in range(LAST + 1):
        move(machine, cell, position)
        state, _, back = place(position)
        share = H + G * H + G * H * H                       # the row, the column, their product
        boxes, numbers = fields(machine)
        assert len(boxes) == parts * H * (state + 1) + G * H * H + share * (T + 1 - back)
        assert numbers == []
    move(machine, cell, LAST, numbers=True)
    boxes, numbers = fields(machine)
    assert len(numbers) == len(boxes)
    shown, done = [float(e.text.replace("−", "-")) for e in numbers], run(cell)
    states = [getattr(done.tape, part)[t] for t in range(T + 1) for part in CELLS[cell].state]
    copies = [part for t in range(1, T + 1)
              for part in (done.tape.h[t - 1], done.deltas[t - 1], done.shares[t])]
    expected = np.concatenate([np.ravel(part) for part in (*states, *copies, done.returned)])
    np.testing.assert_allclose(shown, expected, rtol=0, atol=5.1e-4)


def test_no_setting_fails_and_none_is_drawn_twice(machine, monkeypatch):
    for cell, position, numbers in product(CELLS, (0, 1, T, T + 1, LAST - 1, LAST), (False, True)):
        move(machine, cell, position, numbers)
    calls, draw = [], machine.draw
    machine.draw = lambda **values: calls.append(values) or draw(**values)
    machine.controls["position"].value = LAST + 99          # brought back into the range: no change
    assert calls == [] and machine.controls["position"].value == LAST
    machine.controls["position"].value = 3
    assert len(calls) == 1


def test_reset_draws_the_first_picture_again(machine):
    start = machine.picture.value, machine.readout.value
    move(machine, "LSTM", 15, numbers=True)
    assert machine.picture.value != start[0]
    calls, draw = [], machine.draw
    machine.draw = lambda **values: calls.append(values) or draw(**values)
    machine.reset_button.click()
    assert (machine.picture.value, machine.readout.value) == start and len(calls) == 1
    machine.reset_button.click()                            # nothing has changed since
    assert len(calls) == 1


def test_play_back_and_step_move_the_position(machine):
    field, slider, back, play, step, clock = machine.box.children[1].children
    assert [button.description for button in (back, play, step)] == ["Back", "Play", "Step"]
    step.click(), step.click(), back.click()
    assert field.value == slider.value == clock.value == 1
    back.click(), back.click()
    assert field.value == 0
    play.value = True
    assert clock.playing and play.description == "Pause"
    clock.value = 7                                         # as the page does with every tick
    assert read(machine)[1].startswith("Position 7 of 19: loss, L_1")
    step.click()
    assert not clock.playing and play.description == "Play" and field.value == 8
    field.value = LAST
    play.value = True
    assert field.value == 0                                 # from the end it starts again


def test_a_failing_draw_keeps_the_picture(machine):
    before = machine.picture.value
    machine.draw = lambda **values: 1 / 0
    machine.controls["position"].value = 5
    assert machine.picture.value == before and read(machine) == ("alert", "division by zero")


def test_the_notebook_stores_picture_sentence_and_tasks(monkeypatch):
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: seen.append(data))
    assert unfolding_machine() is None
    assert set(seen[0]) == {VIEW, "text/html", "text/plain"}
    page = seen[0]["text/html"]
    assert page.startswith('<img alt="Left: the folded Elman network') and "svg+xml" in page
    assert 'role="status"' in page and page.count("<li>") == 4
