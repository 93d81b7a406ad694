"""Maps: who contributes what to a gradient, and how the loss lies over two parameters."""
import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.colors import LogNorm, Normalize
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator

from bpttlib.errors import require, require_array
from bpttlib.plots._diagram import number
from bpttlib.plots.style import GREY, INK, MARKERS, STYLE, new_figure

SIGNED = colormaps["RdBu"]                                  # red below zero, blue above


def heat_map(values, sums=True, rows="loss of step $t$", columns="through copy $s$"):
    """
    Draw the map of contributions, one row per loss and one column per copy of the weights.

    A loss cannot depend on later copies, so the map is lower triangular. Up to T = 8 the numbers
    stand in the cells and the sums at the margin; beyond, bars show the sums, and a minus sign
    marks what is negative. The total of all is the gradient.

    Parameters
    ----------
    values : array_like of shape (T, T)
        Row t-1, column s-1 is what the loss of step t sends through copy s.
    sums : bool, default True
        Whether to show row sums at the right, column sums beneath and the total in the corner.
    rows, columns : str
        What the rows and the columns are.

    Returns
    -------
    Figure
        The map.

    See Also
    --------
    loss_surface : Map a loss over two parameters.

    Examples
    --------
    >>> figure = heat_map([[0.5, 0.0], [-0.2, 0.3]])
    """
    values = require_array("values", values, ("T", "T"), kinds="biuf")
    T = len(values)
    require(values.shape == (T, T), "values", f"shape {values.shape}", "as many rows as columns")
    require(not np.triu(values, 1).any(), "values", "numbers above the diagonal",
            "a lower triangular array: no loss depends on a later copy")
    top = np.abs(values).max() or 1.0
    cell, margin = min(0.85, 5.4 / T), sums * (1.2 if T <= 8 else T / 6)
    side = cell * (T + margin)                              # of the map in inches
    with rc_context(STYLE):
        figure = new_figure(side + 1.1, side + 1.0)
        ax = figure.add_axes((0.85 / (side + 1.1), 0.8 / (side + 1.0),
                              side / (side + 1.1), side / (side + 1.0)))
        shown = np.ma.masked_array(values, np.triu(np.ones((T, T)), 1) > 0)
        edges = np.arange(T + 1) + 0.5
        ax.pcolormesh(edges, edges, shown, cmap=SIGNED, norm=Normalize(-top, top),
                      edgecolor="white", linewidth=1 if T <= 30 else 0)
        corners = np.repeat(edges, 2)                       # the border holds pale cells together
        ax.plot([0.5, 0.5, *corners[1:], 0.5], [T + 0.5, 0.5, *corners[:-1], T + 0.5],
                color="#C8C8C8", linewidth=1.5)
        if T <= 8:
            for t, s in zip(*np.tril_indices(T), strict=True):
                _cell(ax, s + 1, t + 1, values[t, s], color=_on(values[t, s], top))
        else:
            _colour_bar(figure, ax, top, signed=values.min() < 0)
            for t, s in np.argwhere(values < -top / 20):    # for those who see no colours
                ax.text(s + 1, t + 1, "−", ha="center", va="center", gid="minus",
                        fontsize=min(12, 30 * cell), color=_on(values[t, s], top))
        if sums:
            _margins(ax, values, margin)
        _table_axes(ax, T, margin, rows, columns)
    return figure


def _on(value, top):
    """Return the colour that can be read on the cell of a value."""
    return "white" if abs(value) > 0.6 * top else INK


def _cell(ax, x, y, value, *, gid="value", fontsize=12, **look):
    ax.text(x, y, number(value), ha="center", va="center", gid=gid, fontsize=fontsize, **look)


def _margins(ax, values, margin):
    """Write the sums, or draw them as bars on a common scale, and the total in the corner."""
    T, down, right = len(values), values.sum(axis=0), values.sum(axis=1)
    middle = T + 0.7 + (margin - 0.2) / 2                   # of the strip
    _cell(ax, middle, middle, values.sum(), fontweight="bold", gid="total",
          fontsize=13 if T <= 8 else 14)
    steps = np.arange(1, T + 1)
    if T <= 8:
        for k in range(T):
            _cell(ax, steps[k], middle, down[k], gid="column sum")
            _cell(ax, middle, steps[k], right[k], gid="row sum")
        return
    scale = (margin - 0.4) / 2 / (np.abs([down, right]).max() or 1.0)
    bars = {"color": GREY, "linewidth": 0}
    ax.bar(steps, -scale * down, 0.8, middle, **bars)       # upwards is positive
    ax.barh(steps, scale * right, 0.8, middle, **bars)
    ax.plot([0.5, T + 0.5], [middle] * 2, [middle] * 2, [0.5, T + 0.5], color=INK, linewidth=0.8)


def _table_axes(ax, T, margin, rows, columns):
    stride = 1 if T <= 15 else 5 * max(1, round(T / 50))
    steps = [t for t in range(1, T + 1) if t == 1 or t % stride == 0]
    ticks, names = list(steps), [str(t) for t in steps]
    if margin:
        ticks, names = [*ticks, T + 0.7 + (margin - 0.2) / 2], [*names, "sum"]
    ax.set(xlim=(0.5, T + 0.5 + margin), ylim=(T + 0.5 + margin, 0.5), xlabel=columns, ylabel=rows)
    ax.set_xticks(ticks, names)
    ax.set_yticks(ticks, names)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)


def _colour_bar(figure, ax, top, signed):
    """Put the scale into the corner that the triangle leaves free."""
    place = ax.get_position()
    bar = figure.add_axes((place.x0 + 0.38 * place.width, place.y0 + 0.95 * place.height,
                           0.4 * place.width, 0.03 * place.height))
    ends = [-top, 0.0, top] if signed else [0.0, top]
    bar.imshow(np.linspace(ends[0], top, 256)[None], cmap=SIGNED, norm=Normalize(-top, top),
               aspect="auto")
    bar.set_xticks(np.linspace(0, 255, len(ends)), [number(end) for end in ends])
    bar.set_yticks([])


def loss_surface(w, b, L, path=None, points=None, xlabel="$w$", ylabel="$b$"):
    """
    Draw the loss over two parameters, on a logarithmic colour scale.

    Dark is low. Paths of a descent start at a ring and end at a filled mark.

    Parameters
    ----------
    w : array_like of shape (N,)
        Values of the parameter on the horizontal axis, increasing.
    b : array_like of shape (M,)
        Values of the parameter on the vertical axis, increasing.
    L : array_like of shape (M, N)
        The loss, not negative: row j, column i belongs to b[j] and w[i].
    path : array_like of shape (P, 2) or dict, optional
        The points (w, b) that a descent visited, or a dictionary from names to such paths.
    points : dict, optional
        From a label to the point (w, b) that gets it.
    xlabel, ylabel : str
        Names of the two parameters.

    Returns
    -------
    Figure
        The map.

    See Also
    --------
    heat_map : Map the contributions to one gradient.

    Examples
    --------
    >>> w, b = np.linspace(-1, 1, 5), np.linspace(0, 1, 3)
    >>> figure = loss_surface(w, b, (b[:, None] - w) ** 2, points={"start": (0.5, 0.2)})
    """
    w = require_array("w", w, ("N",), kinds="iuf")
    b = require_array("b", b, ("M",), kinds="iuf")
    L = require_array("L", L, (len(b), len(w)), kinds="iuf")
    require((L >= 0).all() and (L > 0).any(), "L", f"a lowest value of {L.min():.3g}",
            "losses that are not negative, nor all zero")
    low, high = np.log10([L[L > 0].min(), L.max()])
    low = max(low, high - 8)                                # eight decades are enough to see
    levels = np.logspace(low, max(high, low + 1e-3), 25)
    with rc_context(STYLE):
        figure = new_figure(7.6, 5.2)
        ax = figure.add_axes((0.13, 0.14, 0.69, 0.8), xlabel=xlabel, ylabel=ylabel)
        filled = ax.contourf(w, b, np.clip(L, levels[0], levels[-1]), levels, cmap="viridis",
                             norm=LogNorm(levels[0], levels[-1]))
        narrow = high - low < 2                             # decades: too few for powers of ten
        bar = figure.colorbar(filled, cax=figure.add_axes((0.85, 0.14, 0.03, 0.8)),
                              ticks=LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=9),
                              format="%g" if narrow else None)
        bar.set_label("loss")
        bar.minorticks_off()
        paths = path if isinstance(path, dict) else {"": path} if path is not None else {}
        for k, (name, visited) in enumerate(paths.items()):
            _path(ax, name, require_array("path", visited, ("P", 2)), MARKERS[k % len(MARKERS)])
        for name, (x, y) in (points or {}).items():
            ax.plot(x, y, "o", color="white", markeredgecolor=INK, markersize=9, gid="point")
            _outlined(ax, x, y, name)
        ax.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]))
    return figure


def _path(ax, name, visited, marker):
    ax.plot(*visited.T, color="white", marker=marker, markersize=3.5, linewidth=1.4,
            markeredgecolor=INK, markeredgewidth=0.6, gid="path",
            markevery=0.02,                                 # a fiftieth of the diagonal apart
            path_effects=[withStroke(linewidth=2.8, foreground=INK)])
    ax.plot(*visited[0], marker, markersize=11, markerfacecolor="none", markeredgecolor="white",
            markeredgewidth=2)
    ax.plot(*visited[-1], marker, markersize=10, color="white", markeredgecolor=INK)
    if name:
        _outlined(ax, *visited[-1], name)


def _outlined(ax, x, y, text):
    ax.annotate(text, (x, y), (9, 9), textcoords="offset points", color=INK, annotation_clip=True,
                path_effects=[withStroke(linewidth=3, foreground="white")])
