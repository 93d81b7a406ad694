"""Training: one flat loop that shows its progress, can be stopped, saved and taken up again."""
from numbers import Real
from pathlib import Path

import numpy as np

from bpttlib.batch import Batch
from bpttlib.clip import clip_by_global_norm, global_norm
from bpttlib.errors import require, require_whole
from bpttlib.optim import Optimiser, adam
from bpttlib.params import ModelParams, named_leaves, tree_map
from bpttlib.saving import FitState, check_optimiser, load_state, save_state, start


def fit(model, params, batches, updates, optimiser=None, clip=None, callbacks=(), progress=True,
        state=None, path=None, seed=0):
    """
    Repeat the update θ ← optimiser(θ, clip(∂L/∂θ)) until so many have been made.

    Each update goes forward over one batch, back through all its time steps, and changes the
    shared parameters once. Where a batch is not fresh, its initial state is carried over from the
    last batch: values are carried on, gradients are not. That is truncated backpropagation through
    time; :func:`bpttlib.tasks.windows` makes such batches. The loss is the mean over the window's
    own steps, and the memory does not grow with the length of the stream.

    Parameters
    ----------
    model : Model or Frugal
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
    callbacks : callable or sequence of callable, optional
        Each is called after each update with the FitState and the Step behind it, whose tape is
        overwritten later. One that returns True ends the training.
    progress : bool, default True
        Whether to show a progress bar.
    state : FitState, optional
        Where to go on; the start by default.
    path : str or Path, optional
        A file for the state. If it is there, training goes on from it, whatever state says; it is
        written every 200 updates and at the end, also when an error or you end the training.
    seed : int, default 0
        Where dropout's masks come from, together with the update's number.

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
    require_whole("seed", seed, least=0)
    optimiser = optimiser or adam()
    callbacks = (callbacks,) if callable(callbacks) else tuple(callbacks or ())
    require(all(map(callable, callbacks)), "callbacks", callbacks, "functions of state and step")
    state = _first_state(params, optimiser, state, path)
    loss, norm = _with_room(state.loss, updates), _with_room(state.norm, updates)
    step, last, network = None, None, model.network

    todo = range(state.updates, updates)
    bar = tqdm(todo, initial=state.updates, total=updates, disable=not progress, unit="update")
    try:
        for n in bar:
            batch = batches(n)
            require(isinstance(batch, Batch), f"batches({n})", type(batch).__name__,
                    "a Batch(x, targets)")
            require(batch.fresh or network.streams, f"batches({n})", "one that goes on",
                    "fresh ones, since a bidirectional network cannot stream")
            # The 1 keeps dropout's numbers apart from those of tasks.batches(task, seed)(n).
            rng = np.random.default_rng((seed, n, 1)) if network.drops else None
            step = model.loss_and_gradients(state.params, batch,
                                            s0=_initial_state(n, batch, state),
                                            tape=step.tape if _alike(last, batch) else None,
                                            rng=rng)
            last = batch
            grads, norm[n] = _clipped(step.grads, clip)
            loss[n] = step.L
            params, memory = optimiser.update(state.params, grads, state.memory)
            params = tree_map(lambda new, old: np.asarray(new, old.dtype), params, state.params)
            state = FitState(optimiser.name, n + 1, params, memory, step.carried, loss[:n + 1],
                             norm[:n + 1])
            bar.set_postfix(loss=f"{loss[n]:.4f}", refresh=False)
            if path is not None and (n + 1) % 200 == 0:
                save_state(path, state)
            answers = [callback(state, step) for callback in callbacks]
            if any(isinstance(answer, bool | np.bool_) and answer for answer in answers):
                break
    except KeyboardInterrupt:
        bar.write(f"Stopped after {state.updates} updates; to go on, pass what fit returned as "
                  f"state=…")
    finally:                                    # also when a callback or a batch fails
        bar.close()
        if path is not None:
            save_state(path, state)
    return state


def _first_state(params, optimiser, state, path):
    """Return where to go on, after a look at what was given."""
    require(isinstance(optimiser, Optimiser), "optimiser", repr(optimiser), "one such as adam()")
    require(isinstance(params, ModelParams), "params", type(params).__name__,
            "ModelParams, as model.init makes them")
    if path is not None:
        require(Path(path).absolute().parent.is_dir() and not Path(path).is_dir(), "path",
                str(path), "a file in a folder that is there")
        if Path(path).exists():
            return load_state(path, like=start(params, optimiser))
    state = state or start(params, optimiser)
    require(isinstance(state, FitState), "state", type(state).__name__, "what fit returned")
    check_optimiser("state", state.optimiser, optimiser.name)
    return state


def _initial_state(n, batch, state):
    """Return the carried state, or None for zero."""
    if batch.fresh or not state.carried:
        return None
    B, before = np.shape(batch.x)[-1], named_leaves(state.carried)[0][1].shape[-1]
    require(B == before, f"batches({n})", f"{B} sequences that go on, after {before}",
            "as many as in the last batch, or fresh ones")
    return state.carried


def _with_room(history, updates):
    """Return a copy of the history with room for all updates."""
    room = np.zeros(max(updates, len(history)))
    room[:len(history)] = history
    return room


def _clipped(grads, clip):
    """Return the gradients after clipping, and their norm before."""
    require(clip is None or callable(clip) or isinstance(clip, Real), "clip", repr(clip),
            "a number, or a function such as lambda grads: clip_by_value(grads, 1.0)")
    if clip is None:
        return grads, global_norm(grads)
    if not callable(clip):
        return clip_by_global_norm(grads, clip)
    clipped, norm = clip(grads)
    global_norm(clipped)                                        # refuses what is not finite
    return clipped, norm


def _alike(last, batch):
    """Tell whether the inputs have the size and dtype of the last ones: then its tape fits."""
    if last is None:
        return False
    one, other = np.asarray(last.x), np.asarray(batch.x)
    return one.shape == other.shape and one.dtype == other.dtype
