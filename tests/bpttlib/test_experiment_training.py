"""The live training without a browser: slices are asked for by hand, or run on a small loop."""
import asyncio
import re
from itertools import product

import numpy as np
import pytest

from bpttlib.clip import clip_by_global_norm
from bpttlib.optim import adam, sgd
from bpttlib.params import named_leaves
from bpttlib.train import fit
from bpttlib.widgets import _live_training
from bpttlib.widgets._live_picture import _decades, _round
from bpttlib.widgets._live_run import Run, Settings, size_for
from bpttlib.widgets._live_tasks import CELLS, ONE_BIT, RECALL, SUNSPOTS, problem
from bpttlib.widgets._live_training import RATES, START, STATIC
from bpttlib.widgets.training import _make_training

SUN = START._replace(task=SUNSPOTS, optimiser="sgd", lr="10")   # explodes within 100 updates


@pytest.fixture
def live():
    experiment = _make_training()
    yield experiment
    experiment.stop()


def said(live):
    """The role and the text of the read-out."""
    return re.match('<p role="(.*?)".*?>(.*)</p>', live.readout.value).groups()


def alike(params, others):
    return all(np.array_equal(a, b) for (_, a), (_, b) in zip(
        named_leaves(params), named_leaves(others), strict=True))


def put(live, settings):
    for name, value in settings._asdict().items():
        live.controls[name].value = value


def some_slices(live, n, seconds=0.0):
    """Work as the loop does; with no time at all, a slice is one update."""
    live.training = True
    for _ in range(n):
        if live.training:
            live.slice(seconds)


@pytest.mark.parametrize("settings, optimiser, clip", [
    (START, adam(lr=0.01), None),
    (START._replace(cell="GRU", optimiser="sgd", lr="0.3", clip="0.1"), sgd(lr=0.3), 0.1),
    (START._replace(task=ONE_BIT, gap=12, clip="1"), adam(lr=0.01), 1.0),
    (START._replace(task=SUNSPOTS, cell="LSTM", k1=3, k2=7), adam(lr=0.01), None)])
def test_a_run_in_slices_is_fit_bit_for_bit(settings, optimiser, clip):
    run, task = Run("A", settings), problem(*settings.kind)
    for n in (1, 2, 17, 30):                                # each call goes on where one ended
        run.train(settings, n)
    same = fit(task.model, task.params, task.batches(settings.k1, settings.k2), 30, optimiser, clip,
               progress=False)
    assert run.state.updates == 30 and alike(run.state.params, same.params)
    assert np.array_equal(run.state.loss, same.loss) and np.array_equal(run.state.norm, same.norm)


def test_what_is_shown_after_clipping_is_the_norm_of_the_clipped_gradient():
    settings = START._replace(clip="0.1", optimiser="sgd", lr="1")
    run, passed = Run("A", settings), []
    run.train(settings, 20)

    def clip(grads):
        clipped, norm = clip_by_global_norm(grads, 0.1)
        passed.append(clip_by_global_norm(clipped, 1e9)[1])
        return clipped, norm
    fit(run.problem.model, run.problem.params, run.loader, 20, sgd(lr=1.0), clip, progress=False)
    x, loss, before, after = run.curves(1)
    np.testing.assert_allclose(after, passed)
    assert x[0] == 1 and before.max() > 0.2 and np.array_equal(loss, run.state.loss)


def test_a_point_of_a_curve_stands_for_several_updates():
    run = Run("A", START)
    run.train(START, 10)
    x, loss, before, _ = run.curves(4)
    assert x.tolist() == [4, 8, 10] and before[1] == run.state.norm[4:8].max()
    np.testing.assert_allclose(loss[2], run.state.loss[8:].mean())
    for n, size in ((0, 1), (200, 1), (201, 2), (401, 4), (800, 4), (801, 8), (20_000, 128)):
        run.state = run.state._replace(loss=np.ones(n))
        assert size_for([run]) == size and n / size <= 200


def test_the_notebook_stores_a_short_training(live):
    role, text = said(live)
    assert role == "status" and live.runs[0].state.updates == STATIC
    assert text == ("Run A, 150 updates: loss 0.74 at first, 0.0024 over the last 10; gradient "
                    "norm 0.011; of 40 held-out bits 40 are right. It is paused.")
    assert live.go.description == "Continue" and "<img alt=" in live.bundle["text/html"]
    assert "Run A is Elman, gap 5, k1 = 5, k2 = 10, adam 0.01" in live.bundle["text/plain"]
    assert "What to try" in live.bundle["text/html"]


def test_a_pause_loses_nothing(live):
    some_slices(live, 20)
    live.pause()
    picture = live.picture.value
    some_slices(live, 20)
    once = Run("A", START)
    once.train(START, STATIC + 40)
    assert alike(live.runs[0].state.params, once.state.params)
    live.pause()
    assert live.picture.value != picture and "190 updates" in said(live)[1]


def test_it_trains_on_a_loop_and_leaves_others_their_turn():
    async def main():
        live = _make_training()
        live.go.click()
        assert live.go.description == "Pause" and said(live)[0] == "timer"
        pictures = set()
        for _ in range(50):                                 # this is the other cell
            await asyncio.sleep(0.01)
            pictures.add(live.picture.value)
        live.go.click()
        updates = live.runs[0].state.updates
        await asyncio.sleep(0.05)
        assert live.task.done() and live.runs[0].state.updates == updates > STATIC
        assert len(pictures) >= 3 and live.go.description == "Continue"
        live.go.click()
        live.go.click()
        live.go.click()                                     # twice on within one turn: one task
        await asyncio.sleep(0.05)
        ours = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert ours == [live.task]
        live.stop()
    asyncio.run(main())


@pytest.mark.parametrize("end", ["close", "again", "stop", "reset"])
def test_nothing_goes_on_when_it_has_been_closed(end):
    async def main():
        live = _make_training()
        live.go.click()
        await asyncio.sleep(0.05)
        {"close": live.box.close, "again": _make_training, "stop": live.stop,
         "reset": live.reset_button.click}[end]()
        await asyncio.sleep(0.05)
        assert live.task.done() and not live.training
        _make_training().stop()
    asyncio.run(main())


def test_what_comes_in_another_thread_is_done_on_the_loop():
    async def main():
        live = _make_training()
        await asyncio.to_thread(live.go.click)              # as JupyterLab's subshells do
        await asyncio.sleep(0.05)
        assert live.training and live.runs[0].state.updates > STATIC
        await asyncio.to_thread(live.new.click)
        await asyncio.sleep(0.05)
        assert [run.name for run in live.runs] == ["A", "B"]
        await asyncio.to_thread(setattr, live.controls["cell"], "value", "LSTM")
        await asyncio.sleep(0.05)
        assert [run.name for run in live.runs] == ["B", "C"]
        await asyncio.to_thread(live.reset_button.click)
        await asyncio.sleep(0.05)
        assert live.runs == [] and live.task.done()
    asyncio.run(main())


def test_two_runs_stand_side_by_side_with_their_settings(live):
    live.controls["optimiser"].value = "sgd"
    live.controls["lr"].value = "3"
    before = live.runs[0].state
    live.new.click()
    some_slices(live, 5)
    assert [run.name for run in live.runs] == ["A", "B"] and live.runs[0].state is before
    assert live.runs[1].state.updates == 5
    live.pause()
    text = " ".join(re.sub("<.*?>", "", live.picture.value).split())
    assert "adam 0.01" in text and "sgd 3" in text
    assert "#0072B2" in live.picture.value and "#C25500" in live.picture.value
    live.new.click()
    assert [run.name for run in live.runs] == ["B", "C"]    # the older one has gone
    live.new.click()
    assert [run.name for run in live.runs] == ["B", "C"]    # as C had not begun


def test_another_cell_needs_a_new_run_and_another_task_forgets_the_former(live):
    live.controls["cell"].value = "GRU"
    assert "Continue begins a new run" in said(live)[1] and live.runs[0].settings.cell == "Elman"
    some_slices(live, 3)
    assert [run.settings.cell for run in live.runs] == ["Elman", "GRU"]
    live.controls["task"].value = ONE_BIT
    some_slices(live, 3)
    assert [(run.name, run.settings.task) for run in live.runs] == [("C", ONE_BIT)]


def test_settings_change_on_the_way(live):
    run = live.runs[0]
    live.controls["lr"].value = "0.1"
    some_slices(live, 1)
    half = fit(run.problem.model, run.problem.params, run.problem.batches(5, 10), STATIC,
               adam(lr=0.01), progress=False)
    whole = fit(run.problem.model, run.problem.params, run.problem.batches(5, 10), STATIC + 1,
                adam(lr=0.1), progress=False, state=half)
    assert alike(run.state.params, whole.params) and run.changed == STATIC
    live.controls["k2"].value = 12                          # then the stream starts again
    live.controls["optimiser"].value = "sgd"
    some_slices(live, 1)
    anew = run.problem.model.evaluate(whole.params, run.problem.batches(5, 12)(0))
    assert run.state.loss[-1] == anew
    assert run.first == STATIC + 1 and run.state.optimiser.startswith("sgd(lr=0.1")
    live.pause()
    assert "since update 151" in live.picture.value


def test_a_run_that_explodes_says_so_and_goes_on_from_its_best(live):
    put(live, SUN)
    some_slices(live, 200)
    role, text = said(live)
    assert role == "alert" and not live.training and live.go.description == "Continue"
    assert re.match(r"Run B stopped after \d+ updates: loss: got inf; .*lower the learning rate, "
                    r"or clip. Continue goes on from where its loss was least, at update \d+", text)
    run = live.runs[-1]
    best, stopped = run.best_at, run.state.updates
    assert run.state.loss[best] == run.state.loss.min() < 1
    live.controls["lr"].value = "0.01"
    assert said(live)[0] == "alert"                         # still true
    live.begin()                                            # no loop here: but it is set right
    some_slices(live, 60)
    assert said(live)[0] != "alert" and run.state.updates == stopped + 60
    assert run.state.loss[-44:].mean() < 1                  # a whole turn through the years
    assert np.isfinite(run.held_out()).all()


def test_the_best_parameters_are_those_before_the_update():
    run = Run("A", START._replace(task=ONE_BIT))
    run.train(run.settings, 40)
    again = run.problem.model.evaluate(run.best, run.loader(run.best_at))
    assert again == run.least == run.state.loss.min() == run.state.loss[run.best_at]


def test_parameters_that_are_not_finite_are_drawn_as_nothing(live):
    run = live.runs[0]
    run.state = run.state._replace(params=run.state.params._replace(
        readout=run.state.params.readout._replace(b_y=np.full((2, 1), np.nan))))
    live.pause()
    assert said(live)[0] == "status" and np.isnan(run.held_out()).all()


def test_an_error_becomes_an_alert_and_ends_the_training(live, monkeypatch):
    def fails(*_):
        raise ZeroDivisionError
    live.runs[0].loader = fails
    some_slices(live, 3)
    assert said(live)[0] == "alert" and "ZeroDivisionError" in said(live)[1] and not live.training
    live.reset()
    monkeypatch.setattr(_live_training, "draw", fails)
    live.begin()
    assert said(live) == ("alert", "No picture: ZeroDivisionError") and not live.training


def test_an_interrupt_pauses(live):
    def ctrl_c(n):
        raise KeyboardInterrupt
    live.runs[0].loader = ctrl_c
    some_slices(live, 3, seconds=1)
    assert not live.training and "It was interrupted." in said(live)[1]
    assert live.runs[0].state.updates == STATIC


def test_it_has_a_rest(live, monkeypatch):
    monkeypatch.setattr(_live_training, "REST", 160)
    some_slices(live, 20)
    assert live.runs[0].state.updates == 160 and "has a rest" in said(live)[1]
    some_slices(live, 1)
    assert live.runs[0].state.updates == 161


def test_k2_is_never_less_than_k1(live):
    live.controls["k1"].value = 20
    assert live.controls["k2"].value == 20
    assert "k2 cannot be less than k1, so it is 20 now." in said(live)[1]
    live.controls["k2"].value = 3
    assert live.controls["k2"].value == 20 and "so it is 20 now" in said(live)[1]
    live.controls["k2"].value = 30
    assert live.controls["k2"].value == 30 and "cannot" not in said(live)[1]


def test_training_never_sees_a_k2_that_is_about_to_be_set_right(live):
    live.controls["k2"].unobserve_all()                     # the loop has not come to it yet
    live.controls["k2"].value = 2
    some_slices(live, 1)
    live.pause()
    assert live.settings().k2 == 5 and said(live)[0] == "status"


def test_what_does_not_matter_cannot_be_used(live):
    def off():
        return [name for name in live.controls if live.controls[name].disabled]
    assert off() == []
    live.controls["task"].value = SUNSPOTS
    assert off() == ["gap"]
    live.controls["task"].value = ONE_BIT
    assert off() == ["k1", "k2"]
    live.controls["task"].value = RECALL
    assert off() == []


def test_reset_forgets_both_runs(live):
    put(live, SUN)
    some_slices(live, 100)
    live.reset_button.click()
    assert live.runs == [] and live.settings() == START and live.go.description == "Start"
    assert said(live) == ("status", "Nothing has been trained yet. Start begins with what is set "
                                    "above.")
    assert "Nothing has been trained yet" in live.picture.value
    live.begin()
    some_slices(live, 2)
    assert live.runs[0].name == "A" and live.runs[0].state.updates == 2


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("task", [RECALL, ONE_BIT, SUNSPOTS])
def test_no_extreme_raises(live, task, cell):
    for (gap, k1, k2), optimiser, lr, clip in product(
            ((1, 1, 1), (60, 40, 80), (60, 1, 80)), ("adam", "sgd"), (RATES[0], RATES[-1]),
            ("none", "0.1")):
        put(live, Settings(task, cell, gap, k1, k2, optimiser, clip, lr))
        some_slices(live, 3)
        live.pause()
        assert said(live)[0] == "status" or "stopped after" in said(live)[1]
        assert "nan" not in live.picture.value.split("</title>")[1]


def test_the_rates_can_be_chosen_in_order_and_have_names(live):
    rates = live.controls["lr"]
    assert list(rates.options) == sorted(rates.options, key=float) and rates.value == "0.01"
    assert rates.tooltips[rates.options.index("0.3")] == "learning rate: 0.3"
    assert live.controls["k2"].description == "k2, horizon"


def test_axes():
    assert [_round(n) for n in (0, 10, 11, 99, 101, 161, 7000)] == [10, 10, 15, 100, 150, 200, 8000]
    assert _decades([[0.02, 5.0], [np.nan, 0.0, np.inf]]) == (0.01, 10.0)
    assert _decades([]) == (1.0, 10.0) and _decades([[1e-300, 1e300]]) == (1e-8, 1e4)
