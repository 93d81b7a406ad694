"""A training to watch and to touch: its loss, its gradients and what it has learnt."""
from bpttlib.widgets._live_training import LiveTraining

TASKS = (
    "Delayed recall over a gap of 5, with k1 = k2 = 5: the copy that read the bit is just out of "
    "reach. Guess the loss after 100 updates, and after 800; then look. Does k1 = k2 = 6 help?",
    "sgd, learning rate 10, no clipping: is the loss above or below ln 2 = 0.69, the cost of "
    "guessing? Pause, clip at 0.1 and make a new run, with the same rate.",
    "adam, learning rate 0.01: how much is lost if gradients are clipped at 0.1? Compare the "
    "norms, then the losses. Do the same with sgd and the rate 0.1.",
    "One-bit memory, gap 50, adam, 0.01, no clipping: train each of the three cells for 600 "
    "updates. Which of them fails? And how does the Elman network keep the bit? Look at its "
    "answers on the way.",
    "Sunspots, Elman, sgd, learning rate 1, no clipping: how many updates go well? After the end, "
    "set the rate 0.1 and continue.",
)
_shown = []


def train_it_live():
    """
    Train a small network while you watch, and change its settings on the way.

    Choose a task, a cell, k1 and k2, clipping and an optimiser. Three charts follow the training:
    the loss, the gradient's norm before and after clipping, and the answers on data that is held
    out. A new run keeps the former one beside it. It is :func:`bpttlib.train.fit` that trains, a
    slice at a time, so that the controls and the other cells stay alive. Calling it again ends the
    training that was shown before.

    See Also
    --------
    bpttlib.train.fit : What is watched here.
    bpttlib.widgets.explore : Make an experiment of your own.

    Examples
    --------
    >>> train_it_live()                                         # doctest: +SKIP
    """
    from IPython.display import display
    display(_make_training().bundle, raw=True)


def _make_training():
    for former in _shown:
        former.stop()
    _shown[:] = [LiveTraining(TASKS)]
    return _shown[0]
