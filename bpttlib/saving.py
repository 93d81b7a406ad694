"""The state of a training: kept in a record, and in a file."""
import os
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from bpttlib.errors import require
from bpttlib.params import ModelParams, named_leaves, tree_map


class FitState(NamedTuple):
    """
    Hold all that training knows after some updates.

    Training that goes on from it does what it would have done without the break.

    Parameters
    ----------
    optimiser : str
        Which optimiser made them, with its settings.
    updates : int
        How many updates have been made.
    params : ModelParams
        The parameters.
    memory : tuple
        What the optimiser remembers.
    carried : tuple
        The state with which a batch that is not fresh goes on; empty before the first.
    loss : ndarray
        The loss at each update, before the change.
    norm : ndarray
        The gradient's norm at each update, before clipping.

    See Also
    --------
    bpttlib.train.fit : Makes it.
    save_state : Write it to a file.

    Examples
    --------
    >>> FitState._fields
    ('optimiser', 'updates', 'params', 'memory', 'carried', 'loss', 'norm')
    """

    optimiser: str
    updates: int
    params: ModelParams
    memory: tuple
    carried: tuple
    loss: np.ndarray
    norm: np.ndarray


def start(params, optimiser):
    """
    Return the state before the first update.

    Nothing has been learnt and nothing is remembered.

    Parameters
    ----------
    params : ModelParams
        The initial parameters.
    optimiser : Optimiser
        The optimiser that will be used.

    Returns
    -------
    FitState
        The state.

    See Also
    --------
    bpttlib.train.fit : Goes on from it.

    Examples
    --------
    >>> from bpttlib.optim import sgd
    >>> start((np.zeros(2),), sgd()).updates
    0
    """
    return FitState(optimiser.name, 0, params, optimiser.start(params), (), np.zeros(0),
                    np.zeros(0))


def save_state(path, state):
    """
    Write a state to a file.

    The file is complete or not there: it is written beside its place and then moved.

    Parameters
    ----------
    path : str or Path
        The file, by custom with the ending .npz.
    state : FitState
        What to write.

    See Also
    --------
    load_state : Read it back.

    Examples
    --------
    >>> import tempfile
    >>> from bpttlib.optim import sgd
    >>> state = start((np.array([1.0, 2.0]),), sgd())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_state(f"{folder}/run.npz", state)
    ...     load_state(f"{folder}/run.npz", like=state).params
    (array([1., 2.]),)
    """
    beside = Path(f"{path}.part")
    with open(beside, "wb") as file:
        np.savez(file, **dict(named_leaves(state)))
    os.replace(beside, path)


def load_state(path, like):
    """
    Read a state that `save_state` wrote.

    Nothing in the file is executed; it holds numbers only.

    Parameters
    ----------
    path : str or Path
        The file.
    like : FitState
        A state of the same model and optimiser, such as `start(params, optimiser)`.

    Returns
    -------
    FitState
        The state.

    Raises
    ------
    ValueError
        If the file is no saved state, or tensors have other shapes, or another kind of optimiser
        made it. An optimiser with other settings may go on from it.

    See Also
    --------
    save_state : Write it.

    Examples
    --------
    >>> load_state("not/there.npz", like=None)
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'not/there.npz'
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            saved = dict(arrays)
    except (ValueError, EOFError, BadZipFile, TypeError):
        saved = {}
    require({"optimiser", "updates", "loss", "norm"} <= set(saved), str(path), "no saved state",
            "a file that save_state wrote; delete it to start anew")
    check_optimiser(str(path), str(saved["optimiser"]), like.optimiser)
    for name, leaf in named_leaves(like):
        if name.startswith(("params", "memory")):
            got = saved[name].shape if name in saved else "nothing"
            require(got == np.shape(leaf), f"{path}: {name}", got,
                    f"shape {np.shape(leaf)}, as the model and the optimiser have it")
    known = dict(named_leaves(like))
    extra = [name for name in saved if name.startswith(("params", "memory")) and name not in known]
    require(not extra, f"{path}: {', '.join(extra[:1])}", "a tensor",
            "nothing there, as the model and the optimiser say")

    def read(field):
        names = iter(name for name, _ in named_leaves(getattr(like, field), field))
        return tree_map(lambda _: saved[next(names)], getattr(like, field))

    return FitState(str(saved["optimiser"]), int(saved["updates"]), read("params"), read("memory"),
                    _state(saved, "carried"), saved["loss"], saved["norm"])


def _state(saved, name):
    """Return the state whose parts are saved as name.0, name.1.0 and so on."""
    if name in saved:
        return saved[name]
    parts = {key.split(".")[name.count(".") + 1] for key in saved if key.startswith(name + ".")}
    return tuple(_state(saved, f"{name}.{k}") for k in sorted(parts, key=int))


def check_optimiser(name, got, needs):
    """
    Raise a ValueError unless both names are those of the same kind of optimiser.

    What one kind remembers means something else to another, even where the shapes agree.

    Parameters
    ----------
    name : str
        Where the state comes from, for the message.
    got, needs : str
        Two optimisers' names, such as "sgd(lr=0.1, momentum=0.0)".

    See Also
    --------
    load_state : Asks it of a file.

    Examples
    --------
    >>> check_optimiser("state", "sgd(lr=0.1)", "sgd(lr=0.2)")
    >>> check_optimiser("state", "sgd(lr=0.1)", "rmsprop(lr=0.2)")
    Traceback (most recent call last):
    ValueError: state: got one of sgd(lr=0.1); needs one of rmsprop, which remembers other things.
    """
    kind = needs.split("(")[0]
    require(got.split("(")[0] == kind, name, f"one of {got}",
            f"one of {kind}, which remembers other things")
