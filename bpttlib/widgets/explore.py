"""One line for an experiment: controls, a picture that follows them, and a sentence on it."""
from bpttlib.widgets.experiment import Experiment as _Experiment


def explore(draw, tasks=(), **controls):
    """
    Show a picture that follows its controls.

    Where no kernel runs, the first picture and its text stand there instead. A change that cannot
    be drawn keeps the last picture and says why.

    Parameters
    ----------
    draw : callable
        Called with one keyword for each control; returns a figure and its alternative text.
    tasks : sequence of str
        What to try, shown beneath the picture: predictions that the reader can test.
    **controls
        What each keyword may be: (least, greatest, step, start) for a number, a list for a choice
        that starts with its first entry, True or False for a switch, a range for whole numbers
        that can be played.

    See Also
    --------
    bpttlib.plots.show : Show a picture without controls.

    Examples
    --------
    >>> from bpttlib.plots import lines
    >>> def powers(w):
    ...     return lines({"w": [w**t for t in range(9)]}, "t", "power"), f"The powers of {w}."
    >>> explore(powers, w=(0, 1, 0.1))
    Traceback (most recent call last):
    ValueError: w: got (0, 1, 0.1); needs (least, greatest, step, start), a list, True or False.
    """
    from IPython.display import display
    display(_Experiment(draw, tasks, controls).bundle, raw=True)
