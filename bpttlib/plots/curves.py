"""Line charts, each line labelled where it ends, and the forecast of a series with its errors."""
from itertools import cycle

import numpy as np
from matplotlib import rc_context

from bpttlib.errors import require, require_array
from bpttlib.plots.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    MARKERS,
    STYLE,
    VERMILLION,
    WIDTH,
    new_figure,
)

DASHES = ("-", (0, (5, 2)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
LABEL, LETTER = 0.3, 0.12                                   # height of a label, width of a letter


def lines(series, xlabel, ylabel, log="", vertical=None, horizontal=None, shaded=None):
    """
    Draw lines, each labelled at its end.

    Colours, dashes and, on short lines, markers differ, so the lines are told apart without
    colour, too. A single line needs no label: the axis names it.

    Parameters
    ----------
    series : dict
        From a name to y, or to (x, y). Without x, the entries of y count from 0. On a logarithmic
        axis numbers that are not positive leave a gap, as NaN does.
    xlabel, ylabel : str
        What the axes measure.
    log : str, default ""
        Which axes are logarithmic: "", "x", "y" or "xy".
    vertical, horizontal : dict, optional
        Reference lines, from a label to a place on the x axis or the y axis.
    shaded : dict, optional
        Shaded ranges of the x axis, from a label to (first, last).

    Returns
    -------
    Figure
        The chart.

    See Also
    --------
    forecast : Draw a series, its forecast and the errors.

    Examples
    --------
    >>> figure = lines({"w = 0.9": [1, 0.9, 0.81], "w = 0.5": [1, 0.5, 0.25]},
    ...                "steps back", "gradient", log="y", horizontal={"one": 1})
    """
    require(series and isinstance(series, dict), "series", type(series).__name__,
            "a dictionary with at least one line")
    require(log in ("", "x", "y", "xy"), "log", repr(log), '"", "x", "y" or "xy"')
    with rc_context(STYLE):
        figure = new_figure(WIDTH, 4.2)
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
        ax = figure.add_subplot(xlabel=xlabel, ylabel=ylabel)
        ax.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
        ax.margins(x=0.015)
        references = vertical or {}, horizontal or {}, shaded or {}
        _references(ax, *references)
        drawn = [_line(ax, name, line, look, log)
                 for (name, line), look in zip(series.items(), _looks(), strict=False)]
        whole = all((np.asarray(line.get_xdata()) % 1 == 0).all() for line in ax.lines)
        if whole and "x" not in log:                            # steps, updates, lags
            ax.locator_params(axis="x", integer=True)
        _reference_labels(ax, *references)
        if len(drawn) > 1:
            _end_labels(ax, drawn, height=3.2)
    return figure


def forecast(years, numbers, predicted, baseline, shaded=None):
    """
    Draw a series with its one-step forecast, and beneath it the absolute errors.

    The baseline, persistence, forecasts that next year is as this one: a forecast is worth
    something where its error lies below the baseline's.

    Parameters
    ----------
    years : array_like of shape (N,)
        When.
    numbers : array_like of shape (N,)
        What was observed.
    predicted : array_like of shape (N,)
        What was forecast for each year from those before it; NaN where there is none.
    baseline : array_like of shape (N,)
        What persistence forecasts; NaN where there is none.
    shaded : dict, optional
        Ranges of years that were not trained on, from a label to (first, last).

    Returns
    -------
    Figure
        The chart.

    See Also
    --------
    lines : Draw any lines.

    Examples
    --------
    >>> figure = forecast([2001, 2002, 2003], [5, 6, 8], [np.nan, 6, 7], [np.nan, 5, 6],
    ...                   shaded={"test": (2002, 2003)})
    """
    years = require_array("years", years, ("N",))
    arrays = {"numbers": numbers, "predicted": predicted, "baseline": baseline}
    for name, values in arrays.items():
        arrays[name] = np.asarray(values, float)
        require(arrays[name].shape == years.shape, name, f"shape {arrays[name].shape}",
                f"shape {years.shape}, one number a year")
    observed, predicted, baseline = arrays.values()
    with rc_context(STYLE | {"lines.linewidth": 1.7}):      # the cycles are narrow
        figure = new_figure(WIDTH, 5.4)
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
        above, below = figure.subplots(2, sharex=True, height_ratios=(2, 1))
        above.margins(x=0.015)
        for ax in above, below:
            _references(ax, {}, {}, shaded or {})
        looks = (INK, "-", ""), (BLUE, DASHES[1], ""), (VERMILLION, DASHES[2], "")
        names = "observed", "forecast", "persistence"
        drawn = [_line(above, name, (years, values), look)
                 for name, values, look in zip(names, arrays.values(), looks, strict=True)]
        _reference_labels(above, {}, {}, shaded or {})
        _end_labels(above, drawn, height=2.6)
        drawn = [_line(below, name, (years, abs(observed - values)), look)
                 for name, values, look in zip(names[1:], (predicted, baseline), looks[1:],
                                               strict=True)]
        _end_labels(below, drawn, height=1.3)
        above.set_ylabel("number")
        below.set(xlabel="year", ylabel="absolute error")
    return figure


def _looks():
    return zip(cycle(COLOURS), cycle(DASHES), cycle(MARKERS), strict=False)


def _line(ax, name, line, look, log=""):
    """Draw one line, and return what its label needs: name, colour and last point."""
    x, y = line if isinstance(line, tuple) else (np.arange(len(line)), line)
    x, y = np.asarray(x, float), np.asarray(y, float)
    require(x.ndim == 1 and x.shape == y.shape, f'series["{name}"]', f"x {x.shape}, y {y.shape}",
            "y, or a pair (x, y) of equally many numbers")
    seen = np.isfinite(x) & np.isfinite(y)
    seen &= ("x" not in log) | (x > 0)
    seen &= ("y" not in log) | (y > 0)
    require(seen.any(), f'series["{name}"]', "nothing that can be drawn", "finite numbers"
            + " above zero on a logarithmic axis" * bool(log))
    colour, dashes, marker = look
    ax.plot(x, np.where(seen, y, np.nan), color=colour, linestyle=dashes, gid=name,
            marker=marker if len(x) <= 30 else "")
    return name, colour, x[seen][-1], y[seen][-1]


def _end_labels(ax, drawn, height):
    """Write each name to the right of its line's end, moved apart where names would collide."""
    ax.autoscale_view()                                     # else the limits are not known yet
    to_share = ax.transData + ax.transAxes.inverted()
    drawn = sorted(drawn, key=lambda line: line[3])
    wanted = [to_share.transform(end)[1] for _, _, *end in drawn]
    places = _apart(np.array(wanted), LABEL / height)
    places += max(0, -places[0])                            # and none below the axis
    for (name, colour, x, y), place in zip(drawn, places, strict=True):
        ax.annotate(name, (x, y), (1.03, place), textcoords="axes fraction", color=colour,
                    va="center", gid="line label", annotation_clip=False,
                    arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.7,
                                "shrinkA": 1, "shrinkB": 2})


def _apart(wanted, gap):
    """Move sorted places the least that leaves `gap` between neighbours (isotonic regression)."""
    offsets = np.append(0, np.cumsum(np.broadcast_to(gap, len(wanted) - 1)))
    groups = []                                             # [sum, count] of merged neighbours
    for free in wanted - offsets:
        groups.append([free, 1])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += count
    return np.concatenate([np.full(n, total / n) for total, n in groups]) + offsets


def _references(ax, vertical, horizontal, shaded):
    """Draw reference lines and shaded ranges."""
    thin = {"color": GREY, "linewidth": 1.1, "linestyle": (0, (4, 3)), "zorder": 1}
    for first, last in shaded.values():
        ax.axvspan(first, last, color="#EDEDED", linewidth=0, zorder=0)
    for place in vertical.values():
        ax.axvline(place, **thin)
    for place in horizontal.values():
        ax.axhline(place, **thin)


def _reference_labels(ax, vertical, horizontal, shaded):
    """Name them above the axes, moved apart, and on a line; below it where the next one is near."""
    ax.autoscale_view()                                     # else the limits are not known yet
    to_share = ax.transData + ax.transAxes.inverted()
    width, height = 0.75 * ax.figure.get_size_inches()      # about the length of the axes
    heights = sorted((place, name) for name, place in horizontal.items())
    shares = [to_share.transform((ax.get_xlim()[0], place))[1] for place, _ in heights]
    for (place, name), room in zip(heights, np.append(np.diff(shares), 1)):
        ax.text(0.01, place, name, color=GREY, va="top" if room < LABEL / height else "bottom",
                transform=ax.get_yaxis_transform())
    middles = vertical | {name: (first + last) / 2 for name, (first, last) in shaded.items()}
    middles = sorted((place, name) for name, place in middles.items())
    shares = [to_share.transform((place, ax.get_ylim()[0])) for place, _ in middles]
    halves = np.array([(1 + len(name)) * LETTER / width / 2 for _, name in middles])
    places = _apart(np.array(shares)[:, 0], halves[1:] + halves[:-1]) if shares else ()
    for (_, name), place, (_, y) in zip(middles, places, shares):
        ax.text(to_share.inverted().transform((place, y))[0], 1.02, name, color=GREY, ha="center",
                va="bottom", transform=ax.get_xaxis_transform())
