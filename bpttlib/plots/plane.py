"""Pictures in a plane: gradients as arrows, and what becomes of training over two settings."""
import numpy as np
from matplotlib import rc_context
from matplotlib.patches import Circle, Patch, Rectangle
from matplotlib.patheffects import withStroke

from bpttlib.errors import require, require_array
from bpttlib.plots.style import BLUE, COLOURS, GREY, INK, STYLE, VERMILLION, WIDTH, new_figure

LOOKS = ((BLUE, ""), (VERMILLION, "///"), ("#DEDEDE", ""))  # told apart without colour, too


def arrows(vectors, radius, xlabel, ylabel):
    """
    Draw vectors from the origin, with the circle and the square that bound a clipped gradient.

    Both axes have the same scale, so angles are what they look like. A vector that leaves the
    picture is drawn up to its edge and says how long it is.

    Parameters
    ----------
    vectors : dict
        From a name to a pair of numbers.
    radius : float
        Radius of the circle, and half a side of the square.
    xlabel, ylabel : str
        What the two numbers are.

    Returns
    -------
    Figure
        The picture.

    See Also
    --------
    bpttlib.clip.clip_by_global_norm : Puts a gradient on the circle.
    bpttlib.clip.clip_by_value : Puts a gradient on the square.

    Examples
    --------
    >>> figure = arrows({"raw": (0.5, 1.5), "by norm": (0.32, 0.95)}, 1.0, "dw", "db")
    """
    require(vectors and isinstance(vectors, dict), "vectors", repr(vectors),
            "a dictionary with at least one vector")
    require(radius > 0, "radius", radius, "a positive number")
    edge = 1.6 * radius
    with rc_context(STYLE):
        figure = new_figure(7.6, 5.4)
        ax = figure.add_axes((0.13, 0.13, 0.6, 0.6 * 7.6 / 5.4), xlabel=xlabel, ylabel=ylabel,
                             xlim=(-0.25 * edge, edge), ylim=(-0.25 * edge, edge))
        bound = {"fill": False, "edgecolor": GREY, "linewidth": 1.2, "linestyle": (0, (4, 3))}
        ax.add_patch(Circle((0, 0), radius, gid="circle", **bound))
        ax.add_patch(Rectangle((-radius, -radius), 2 * radius, 2 * radius, gid="box", **bound))
        vectors = {name: require_array(f'vectors["{name}"]', vector, (2,), kinds="iuf")
                   for name, vector in vectors.items()}
        angles = {name: np.arctan2(*vector[::-1]) for name, vector in vectors.items()}
        for (name, vector), colour in zip(vectors.items(), COLOURS, strict=False):
            beyond = np.abs(vector).max() / edge
            tip = vector / max(beyond, 1.0)
            ax.annotate("", tip, (0, 0), gid="arrow", arrowprops={
                "arrowstyle": "-|>", "color": colour, "linewidth": 2.4, "shrinkA": 0,
                "shrinkB": 0, "mutation_scale": 18, "linestyle": "-" if beyond <= 1 else "--"})
            text = name if beyond <= 1 else f"{name}, length {np.hypot(*vector):.3g}"
            left = angles[name] > np.mean(list(angles.values()))        # away from the others
            ax.annotate(text, tip, (-10 if left else 8, 2), textcoords="offset points",
                        color=colour, ha="right" if left else "left", va="center",
                        path_effects=[withStroke(linewidth=3, foreground="white")])
    return figure


def phase_diagram(rows, columns, panels, ylabel, xlabel):
    """
    Draw what became of training over two settings: in each cell, the shares of the outcomes.

    A cell is filled from left to right, each outcome as wide as its share of the runs. Every
    outcome has a colour and a hatching of its own.

    Parameters
    ----------
    rows, columns : sequence of float
        Values of the two settings, the rows' from bottom to top.
    panels : dict
        From the title of a panel to its outcomes: a dictionary from the name of an outcome to an
        array of shares of shape (rows, columns). In each cell they add up to 1.
    ylabel, xlabel : str
        What the rows and the columns are.

    Returns
    -------
    Figure
        The panels side by side, with a legend beneath.

    See Also
    --------
    bpttlib.plots.loss_surface : Map a loss over two parameters.

    Examples
    --------
    >>> shares = {"solved": [[1.0, 0.5]], "diverged": [[0.0, 0.5]]}
    >>> figure = phase_diagram([1.0], [0.1, 1.0], {"SGD": shares}, "gain", "learning rate")
    """
    require(panels and isinstance(panels, dict), "panels", repr(panels),
            "a dictionary with at least one panel")
    names = list(next(iter(panels.values())))
    require(len(names) <= len(LOOKS), "panels", f"{len(names)} outcomes", f"at most {len(LOOKS)}")
    with rc_context(STYLE):
        figure = new_figure(WIDTH, 1.9 + 0.5 * len(rows))
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.08)
        axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for ax, (title, outcomes) in zip(axes, panels.items(), strict=True):
            require(list(outcomes) == names, f'panels["{title}"]', f"outcomes {list(outcomes)}",
                    f"the outcomes {names}, as in the first panel")
            shares = require_array(f'panels["{title}"]', [outcomes[name] for name in names],
                                   (len(names), len(rows), len(columns)), kinds="biuf")
            require((shares >= 0).all() and np.allclose(shares.sum(axis=0), 1),
                    f'panels["{title}"]', "shares that do not add up to 1",
                    "in each cell shares of the runs, such as 2/3 and 1/3")
            _cells(ax, shares)
            ax.set(title=title, xlabel=xlabel, xlim=(0, len(columns)), ylim=(0, len(rows)))
            ax.set_xticks(np.arange(len(columns)) + 0.5, [f"{value:g}" for value in columns])
            ax.set_yticks(np.arange(len(rows)) + 0.5, [f"{value:g}" for value in rows])
            ax.tick_params(length=0)
            ax.spines[["left", "bottom"]].set_visible(False)
        axes[0].set_ylabel(ylabel)
        keys = [Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=name)
                for name, (colour, hatch) in zip(names, LOOKS, strict=False)]
        figure.legend(handles=keys, loc="outside lower center", ncols=len(keys), frameon=False,
                      labelcolor=INK)
    return figure


def _cells(ax, shares):
    """Fill each cell from left to right, and draw white lines between the cells."""
    lefts = np.cumsum(shares, axis=0) - shares
    for (k, row, column), share in np.ndenumerate(shares):
        if share > 0:
            colour, hatch = LOOKS[k]
            ax.add_patch(Rectangle((column + lefts[k, row, column], row), share, 1, gid=f"{k}",
                                   facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0))
    for row in range(shares.shape[1] + 1):
        ax.axhline(row, color="white", linewidth=3)
    for column in range(shares.shape[2] + 1):
        ax.axvline(column, color="white", linewidth=3)
