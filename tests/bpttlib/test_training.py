"""A training that can be stopped, saved and taken up again without a trace."""
import numpy as np
import pytest

from bpttlib.batch import Batch
from bpttlib.bptt import bptt
from bpttlib.cells import LSTM, Elman
from bpttlib.clip import clip_by_value
from bpttlib.gradcheck import compare
from bpttlib.layers import Stacked
from bpttlib.losses import squared_error
from bpttlib.model import Model
from bpttlib.optim import adam, sgd
from bpttlib.params import named_leaves, tree_map
from bpttlib.saving import load_state, save_state, start
from bpttlib.tape import window
from bpttlib.tasks import windows
from bpttlib.train import fit

from .problems import a_problem


def stream(i):
    """Window i of an endless stream: fresh only at the start."""
    rng = np.random.default_rng((7, i))
    x = rng.normal(size=(4, 2, 3))
    targets = np.cumsum(x.sum(axis=1, keepdims=True), axis=0) * np.ones((1, 3, 1))
    return Batch(x, targets, None, fresh=i == 0)


def same(a, b):
    return all(np.array_equal(p, q) for (_, p), (_, q) in
               zip(named_leaves(a), named_leaves(b), strict=True))


@pytest.mark.parametrize("optimiser", [sgd(0.05, momentum=0.9), adam(0.01)])
def test_training_taken_up_again_ends_bit_for_bit_the_same(tmp_path, optimiser):
    model, params, _, _ = a_problem(cell=LSTM())
    kwargs = dict(optimiser=optimiser, clip=1.0, progress=False)
    whole = fit(model, params, stream, 30, **kwargs)
    half = fit(model, params, stream, 12, **kwargs)
    assert same(fit(model, params, stream, 30, state=half, **kwargs), whole)
    path = tmp_path / "run.npz"
    fit(model, params, stream, 12, path=path, **kwargs)
    assert same(fit(model, params, stream, 30, path=path, **kwargs), whole)
    assert same(load_state(path, start(params, optimiser)), whole)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


def test_an_interrupt_loses_nothing(tmp_path, capsys):
    model, params, _, _ = a_problem()

    def interrupted(i):
        if i == 7:
            raise KeyboardInterrupt
        return stream(i)

    state = fit(model, params, interrupted, 20, path=tmp_path / "run.npz")
    assert state.updates == 7 and len(state.loss) == 7
    assert "Stopped after 7 updates" in "".join(capsys.readouterr())
    whole = fit(model, params, stream, 20, progress=False)
    assert same(fit(model, params, stream, 20, path=tmp_path / "run.npz", progress=False), whole)


def test_carried_state_and_fresh_starts():
    model, params, _, _ = a_problem()
    seen = []
    fit(model, params, stream, 3, sgd(1e-9), progress=False,
        callbacks=[lambda state, step: seen.append((step.tape.h[0].copy(), state.carried[0]))])
    assert (seen[0][0] == 0).all()
    assert (seen[1][0] == seen[0][1]).all() and (seen[2][0] == seen[1][1]).all()
    assert np.abs(seen[0][1]).max() > 0.1


@pytest.mark.parametrize("cell", [Elman(), LSTM()])
def test_truncation_by_carried_state_is_bptt_on_windows_of_the_tape(cell):
    """With frozen parameters, each window's gradient is that of its slice of the one long tape."""
    model, params, batch, _ = a_problem(cell=cell, T=10)
    seen = []
    fit(model, params, windows(batch.x, batch.targets, k1=4), 3, sgd(1e-300), progress=False,
        callbacks=[lambda state, step: seen.append((step.grads.cell, step.tape.h.copy()))])
    y, tape = model.forward(params, batch.x)
    for (grads, h), (first, last) in zip(seen, ((0, 4), (4, 8), (8, 10)), strict=True):
        _, dy = squared_error(y[first:last], batch.targets[first:last])
        want = bptt(cell, params.cell, batch.x[first:last], window(tape, first, last),
                    params.readout.W_hy.T @ dy).params
        assert all(line.ok for line in compare(grads, want, tol=1e-12, show=False))
        np.testing.assert_allclose(h, tape.h[first:last + 1], rtol=1e-12)


def test_fit_is_plain_descent_and_leaves_its_arguments_alone():
    model, params, batch, _ = a_problem()
    before = tree_map(np.copy, params)
    state = fit(model, params, lambda i: batch, 2, sgd(0.1), progress=False)
    by_hand = params
    for _ in range(2):
        grads = model.loss_and_gradients(by_hand, batch).grads
        by_hand = tree_map(lambda p, g: p - 0.1 * g, by_hand, grads)
    assert same(state.params, by_hand) and same(params, before)


def test_clipping_by_number_or_function_and_callbacks_that_stop():
    model, params, batch, _ = a_problem()
    big = batch._replace(targets=batch.targets * 1e3)
    state = fit(model, params, lambda i: big, 5, sgd(1.0), clip=1e-3, progress=False,
                callbacks=[lambda state, step: state.updates == 3])
    assert state.updates == 3 and (state.norm > 1).all()
    only_true_stops = fit(model, params, lambda i: batch, 3, sgd(), progress=False,
                          callbacks=lambda state, step: state.loss[-1])
    assert only_true_stops.updates == 3
    moved = np.sqrt(sum(((p - q)**2).sum() for (_, p), (_, q) in
                        zip(named_leaves(params), named_leaves(state.params), strict=True)))
    assert moved <= 3e-3 + 1e-12
    fit(model, params, lambda i: big, 2, sgd(1.0), progress=False,
        clip=lambda grads: clip_by_value(grads, 1e-3))


def test_bad_training():
    model, params, batch, _ = a_problem()
    with pytest.raises(ValueError, match="batches: got Batch; needs a function of the update's"):
        fit(model, params, batch, 5)
    with pytest.raises(ValueError, match="updates: got 0; needs a whole number, at least 1"):
        fit(model, params, stream, 0)
    too_fast = pytest.raises(ValueError, match="loss: got .*lower the learning rate")
    with np.errstate(all="ignore"), too_fast:
        fit(model, params, lambda i: batch, 200, sgd(1e200), progress=False)
    with pytest.raises(ValueError, match="loss: got 'mse'; needs one of squared_error"):
        Model(Elman(), 2, 4, 3, "mse").evaluate(params, batch)
    with pytest.raises(ValueError, match="H: got 0"):
        Model(Elman(), 2, 0, 3, "squared_error").init(np.random.default_rng(0))


def test_an_error_in_a_callback_loses_nothing(tmp_path):
    model, params, batch, _ = a_problem()

    def broken(state, step):
        if state.updates == 3:
            raise RuntimeError("my own mistake")

    path = tmp_path / "run.npz"
    with pytest.raises(RuntimeError, match="my own mistake"):
        fit(model, params, lambda i: batch, 9, sgd(), callbacks=broken, path=path, progress=False)
    assert load_state(path, start(params, sgd())).updates == 3


def test_float32_stays_float32_with_settings_from_numpy():
    model, params, batch, _ = a_problem()
    params = tree_map(lambda p: p.astype(np.float32), params)
    batch = Batch(batch.x.astype(np.float32), batch.targets.astype(np.float32), batch.mask)
    for optimiser in (sgd(np.float64(0.1)), adam(np.float64(0.1))):
        state = fit(model, params, lambda i: batch, 3, optimiser, clip=np.float64(0.1),
                    progress=False)
        assert {p.dtype for _, p in named_leaves(state.params)} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("change", "message"), [
    (dict(optimiser="adam"), "optimiser: got 'adam'; needs one such as adam"),
    (dict(clip="value"), "clip: got 'value'; needs a number, or a function"),
    (dict(state="run.npz"), "state: got str; needs what fit returned"),
    (dict(path="no/such/folder/run.npz"), "path: got no/such.*needs a file in a folder"),
    (dict(params=(1, 2)), "params: got tuple; needs ModelParams"),
    (dict(batches=lambda i: (1, 2)), r"batches\(0\): got tuple; needs a Batch\(x, targets\)"),
])
def test_bad_arguments_of_fit(change, message):
    model, params, batch, _ = a_problem()
    good = dict(params=params, batches=lambda i: batch, updates=2, progress=False)
    with pytest.raises(ValueError, match=message):
        fit(model, **good | change)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text", None])
def test_a_damaged_file_is_named(tmp_path, content):
    path, params = tmp_path / "run.npz", a_problem()[1]
    if content is None:
        np.savez(path, other=np.zeros(3))
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="run.npz: got no saved state; needs a file that"):
        load_state(path, start(params, sgd()))


def test_a_file_of_another_model_is_refused(tmp_path):
    model, params, _, _ = a_problem()
    save_state(tmp_path / "run.npz", start(params, sgd()))
    with pytest.raises(ValueError, match="one of sgd.*needs one of adam"):
        load_state(tmp_path / "run.npz", start(params, adam()))
    other = Model(Elman(), 2, 5, 3, "squared_error").init(np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"params.cell.W_xh: got \(4, 2\); needs shape \(5, 2\)"):
        load_state(tmp_path / "run.npz", start(other, sgd()))


@pytest.mark.parametrize("make", [np.float32, np.float64, list])
def test_batches_may_change_their_dtype(make):
    """Also inputs as lists: each update finds a tape that fits."""
    model, params, batch, _ = a_problem()
    other = batch._replace(x=batch.x.tolist() if make is list else batch.x.astype(make))
    state = fit(model, params, lambda i: (batch, other)[i % 2], 4, sgd(), progress=False)
    assert state.updates == 4


def test_a_file_with_a_layer_more_is_refused(tmp_path):
    three, two = (Model(Stacked(*[Elman()] * n), D=2, H=4, K=3, loss="squared_error")
                  for n in (3, 2))
    path, rng = tmp_path / "run.npz", np.random.default_rng(0)
    fit(three, three.init(rng), stream, 2, path=path, progress=False)
    with pytest.raises(ValueError, match=r"params.cell.2.W_xh: got a tensor; needs nothing there"):
        fit(two, two.init(rng), stream, 4, path=path, progress=False)


def test_what_a_callback_and_a_batch_may_say():
    model, params, _, _ = a_problem()
    kwargs = dict(progress=False, callbacks=lambda state, step: state.loss[-1] < np.inf)
    assert fit(model, params, stream, 9, **kwargs).updates == 1         # NumPy's True ends it, too
    assert fit(model, params, stream, 2, callbacks=None, progress=False).updates == 2
    each = (callback for callback in [lambda state, step: state.updates == 3])
    assert fit(model, params, stream, 9, callbacks=each, progress=False).updates == 3
    with pytest.raises(ValueError, match="callbacks: got"):
        fit(model, params, stream, 2, callbacks=[1], progress=False)

    def broken(grads):
        return tree_map(lambda g: g * np.nan, grads), 1.0

    with pytest.raises(ValueError, match="gradient of cell.W_xh: got 8 of 8 entries NaN"):
        fit(model, params, stream, 2, clip=broken, progress=False)

    def one_less(n):
        return stream(n) if n < 2 else stream(n)._replace(x=stream(n).x[..., 1:],
                                                          targets=stream(n).targets[..., 1:])

    with pytest.raises(ValueError, match=r"batches\(2\): got 2 sequences that go on, after 3"):
        fit(model, params, one_less, 4, progress=False)
    for carry, message in ((1.0, "batch.carry: got 1.0"), (True, "batch.carry: got True"),
                           (99, "batch.carry: got 99; needs a step from 0 to 4")):
        with pytest.raises(ValueError, match=message):
            model.loss_and_gradients(params, stream(0)._replace(carry=carry))
