"""The schedule of checkpointing: what is run when, and which states are held meanwhile."""
from matplotlib import rc_context
from matplotlib.ticker import MaxNLocator

from bpttlib.checkpoint import schedule
from bpttlib.errors import require_whole
from bpttlib.plots.style import BLUE, GREY, STYLE, VERMILLION, WIDTH, new_figure


def draw_schedule(T, states, segment=1):
    """
    Draw the course of a checkpointed backward pass: the place in the sequence against time.

    Time is counted in steps forward. Thin lines that rise are runs from a stored state, and thick
    ones are the runs onto the tape, from which the way back follows. A horizontal bar is a state
    that is held: it starts where the state is stored and ends where it is needed no more.

    Parameters
    ----------
    T : int
        Number of steps.
    states : int
        How many states may be stored at once, that of the start included.
    segment : int, default 1
        Steps on the tape.

    Returns
    -------
    Figure
        The drawing.

    See Also
    --------
    bpttlib.checkpoint.schedule : What is drawn.

    Examples
    --------
    >>> figure = draw_schedule(16, states=3)
    """
    require_whole("T", T)
    require_whole("segment", segment)
    runs, onto_tape, held = _course(T, states, segment)
    with rc_context(STYLE):
        figure = new_figure(WIDTH, 4.4)
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
        ax = figure.add_subplot(xlabel="steps forward so far", ylabel="place in the sequence")
        looks = (("stored state", held, {"color": GREY, "linewidth": 2.2, "marker": "|"}),
                 ("run from a stored state", runs, {"color": BLUE, "linewidth": 1.4}),
                 ("run onto the tape, then back", onto_tape,
                  {"color": VERMILLION, "linewidth": 4, "solid_capstyle": "butt"}))
        for name, pieces, look in looks:
            for k, (x, y) in enumerate(pieces):
                ax.plot(x, y, gid=name, label=name if k == 0 else None, **look)
        ax.set(xlim=(0, None), ylim=(-0.02 * T, 1.02 * T))
        for axis in ax.xaxis, ax.yaxis:
            axis.set_major_locator(MaxNLocator(integer=True))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False,
                  fontsize=12, handlelength=1.4, columnspacing=1.4)
    return figure


def _course(T, states, segment):
    """Return runs, runs onto the tape, and stored states, each as pieces of ((x, x), (y, y))."""
    now, stored, runs, onto_tape, held = 0, [(0, 0)], [], [], []
    for start, stop, store in schedule(-(-T // segment), states):
        first, last = start * segment, stop * segment
        if stop > start:
            runs.append(((now, now + last - first), (first, last)))
            now += last - first
        if store:
            stored.append((now, last))
            continue
        end = min(last + segment, T)
        onto_tape.append(((now, now + end - last), (last, end)))
        now += end - last
        if stop == start:
            since, place = stored.pop()
            held.append(((since, now), (place, place)))
    return runs, onto_tape, held
