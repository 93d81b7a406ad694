"""Training: one flat loop that shows its progress, can be stopped, saved and taken up again."""
from pathlib import Path

import numpy as np

from bpttlib.clip import clip_by_global_norm, global_norm
from bpttlib.errors import require, require_whole
from bpttlib.optim import adam
from bpttlib.saving import FitState, load_state, save_state, start


def fit(model, params, batches, updates, optimiser=None, clip=None, callbacks=(), progress=True,
        state=None, path=None):
    """
    Repeat the update θ ← optimiser(θ, clip(∂L/∂θ)) until so many have been made.

    Each update goes forward over one batch, back through all its time steps, and changes the
    shared parameters once. Where a batch is not fresh, its initial state is the last batch's final
    one: values are carried on, gradients are not. That is truncated backpropagation through time
    with windows as long as the batch; the loss is the mean over the window's own steps.

    Parameters
    ----------
    model : Model
        What to train.
    params : ModelParams
        The parameters to start from; they are not changed. A state brings its own.
    batches : callable
        A function of the update's number, 0, 1, 2, …, that returns its Batch. It must not depend
        on anything else: then training can be taken up at any number.
    updates : int
        How many updates to have made at the end, earlier ones included.
    optimiser : Optimiser, optional
        How gradients become changes; `adam()` by default.
    clip : float or callable, optional
        The largest gradient norm that passes, or a function like `clip_by_value` that returns the
        clipped gradients and the norm before; no clipping by default.
    callbacks : sequence of callable, optional
        Each is called after each update with the FitState and the Step behind it, whose tape is
        overwritten later. One that returns True ends the training.
    progress : bool, default True
        Whether to show a progress bar.
    state : FitState, optional
        Where to go on; the start by default.
    path : str or Path, optional
        A file for the state. If it is there, training goes on from it; it is written every 200
        updates, at the end, and when you interrupt.

    Returns
    -------
    FitState
        The state at the end. An interrupt (Ctrl-C, or the stop button) ends the training early and
        loses nothing.

    Raises
    ------
    ValueError
        If the loss or a gradient is NaN or infinite, or an argument is wrong.

    See Also
    --------
    bpttlib.saving.load_state : Read a state that was kept in a file.

    Examples
    --------
    >>> from bpttlib.cells import Elman
    >>> from bpttlib.batch import Batch
    >>> from bpttlib.model import Model
    >>> model = Model(Elman(), D=1, H=4, K=1, loss="squared_error")
    >>> params = model.init(np.random.default_rng(0))
    >>> batch = Batch(np.ones((3, 1, 2)), np.ones((3, 1, 2)))
    >>> state = fit(model, params, lambda i: batch, updates=100, progress=False)
    >>> bool(state.loss[-1] < 0.5 * state.loss[0])
    True
    """
    from tqdm.auto import tqdm  # here, so that `import bpttlib` needs nothing but NumPy

    require(callable(batches), "batches", type(batches).__name__,
            "a function of the update's number, such as lambda n: batch")
    require_whole("updates", updates)
    optimiser = optimiser or adam()
    state = state or start(params, optimiser)
    if path is not None and Path(path).exists():
        state = load_state(path, like=start(params, optimiser))
    loss, norm = _with_room(state.loss, updates), _with_room(state.norm, updates)
    step = None

    todo = range(state.updates, updates)
    bar = tqdm(todo, initial=state.updates, total=updates, disable=not progress, unit="update")
    try:
        for n in bar:
            batch = batches(n)
            step = model.loss_and_gradients(state.params, batch, tape=_reusable(step, batch),
                                            s0=None if batch.fresh else state.carried or None)
            grads, norm[n] = _clipped(step.grads, clip)
            loss[n] = step.L
            params, memory = optimiser.update(state.params, grads, state.memory)
            state = FitState(n + 1, params, memory, step.s_T, loss[:n + 1], norm[:n + 1])
            bar.set_postfix(loss=f"{loss[n]:.4f}", refresh=False)
            if path is not None and (n + 1) % 200 == 0:
                save_state(path, state)
            if any([callback(state, step) for callback in callbacks]):   # a list: call them all
                break
    except KeyboardInterrupt:
        bar.write(f"Stopped after {state.updates} updates; to go on, pass what fit returned as "
                  f"state=…")
    finally:
        bar.close()
    if path is not None:
        save_state(path, state)
    return state


def _with_room(history, updates):
    """Return a copy of the history with room for all updates."""
    room = np.zeros(max(updates, len(history)))
    room[:len(history)] = history
    return room


def _clipped(grads, clip):
    """Return the gradients after clipping, and their norm before."""
    if clip is None:
        return grads, global_norm(grads)
    return clip(grads) if callable(clip) else clip_by_global_norm(grads, clip)


def _reusable(step, batch):
    """Return the last step's tape if the next batch has its size."""
    same = step is not None and step.tape.h.shape[::2] == (len(batch.x) + 1, batch.x.shape[-1])
    return step.tape if same else None
