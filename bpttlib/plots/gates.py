"""The LSTM: its cell with both directions, and the values of its gates over a sequence."""
import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from bpttlib.errors import require, require_array
from bpttlib.plots._diagram import GIVEN, OUTPUT, PLAIN, STATE, arrow, canvas, label, node
from bpttlib.plots.style import BLUE, GREEN, GREY, INK, PURPLE, STYLE, VERMILLION, WIDTH, new_figure

SIZE, SMALL = 0.29, 0.2                                     # radii of nodes and of operations
WIRE, INNER, ROW, SUM = 4.3, 3.3, 2.2, 1.0                  # heights: c, products, gates, a_t
PLACE = {"c_{t-1}": (0.6, WIRE), "xf": (2.0, WIRE), "+": (3.85, WIRE), "c_t": (5.3, WIRE),
         "xi": (3.85, INNER), "tanh": (6.55, INNER), "xo": (6.55, ROW), "h_t": (7.65, ROW),
         "f": (2.0, ROW), "i": (3.2, ROW), "g": (4.5, ROW), "o": (5.6, ROW),
         "h_{t-1}": (0.6, SUM), "x_t": (3.85, 0.1),
         "next c": (8.0, WIRE), "next h": (7.65, INNER)}
OPERATION = {"xf": "×", "xi": "×", "xo": "×", "+": "+"}
EDGES = (("c_{t-1}", "xf", "cell"), ("xf", "+", "cell"), ("+", "c_t", "cell"),
         ("f", "xf", "gate"), ("i", "xi", "gate"), ("g", "xi", "gate"), ("xi", "+", "gate"),
         ("c_t", "tanh", "out"), ("tanh", "xo", "out"), ("o", "xo", "out"), ("xo", "h_t", "out"),
         ("c_t", "next c", "cell"), ("h_t", "next h", "out"))
COLOUR = {"cell": BLUE, "gate": GREEN, "out": PURPLE}


def draw_lstm(backward=False):
    """
    Draw one step of an LSTM, c_t = f ⊙ c_{t-1} + i ⊙ g above and h_t = o ⊙ tanh(c_t) at the right.

    Solid arrows carry values. Dashed arrows carry gradients, each beside the arrow that it
    answers: along the top there is one product with f and no matrix.

    Parameters
    ----------
    backward : bool, default False
        Whether to draw the gradient's way back.

    Returns
    -------
    Figure
        The drawing.

    See Also
    --------
    gate_maps : What the gates do on a sequence.

    Examples
    --------
    >>> figure = draw_lstm(backward=True)
    """
    side = 0.08 * backward                                  # opposite arrows side by side
    with rc_context(STYLE):
        figure, ax = canvas(WIDTH, WIRE + 0.65, below=0.3)
        for start, end, kind in EDGES:
            ends, gap = (PLACE[start], PLACE[end]), (_radius(start), _radius(end))
            arrow(ax, *ends, COLOUR[kind], kind, gap=gap, side=side)
            if backward:
                arrow(ax, *ends[::-1], VERMILLION, "back", gap=gap[::-1], side=side, dashed=True)
        _pre_activations(ax, side, backward)
        for name, where in PLACE.items():
            _node(ax, name, where)
        if backward:
            _gradients(ax)
    return figure


def gate_maps(maps, marked=None):
    """
    Draw values between 0 and 1 over time, one map beneath the other, one row per unit.

    White is closed, dark is open.

    Parameters
    ----------
    maps : dict
        From a name to an array of shape (T, H), whose row t-1 belongs to step t.
    marked : dict, optional
        Steps to frame, from a label to a step.

    Returns
    -------
    Figure
        The maps.

    See Also
    --------
    draw_lstm : Where the gates stand.

    Examples
    --------
    >>> f = np.full((10, 3), 0.9)
    >>> figure = gate_maps({"forget": f, "kept": np.cumprod(f, axis=0)}, {"mark": 4})
    """
    require(maps and isinstance(maps, dict), "maps", type(maps).__name__,
            "a dictionary with at least one map")
    shape = np.shape(next(iter(maps.values())))
    maps = {name: require_array(f'maps["{name}"]', values, ("T", "H"), kinds="f")
            for name, values in maps.items()}
    for name, values in maps.items():
        require(values.shape == shape, f'maps["{name}"]', f"shape {values.shape}", f"{shape}")
        require(values.min() >= 0 and values.max() <= 1, f'maps["{name}"]',
                f"from {values.min():.3g} to {values.max():.3g}", "values from 0 to 1")
    T, H = shape
    with rc_context(STYLE):
        figure = new_figure(WIDTH, 0.9 + len(maps) * (0.2 + max(0.9, min(2.0, 0.25 * H))))
        figure.set_layout_engine("constrained", h_pad=0.06)
        axes = figure.subplots(len(maps), sharex=True, squeeze=False)[:, 0]
        for ax, (name, values) in zip(axes, maps.items(), strict=True):
            drawn = ax.pcolormesh(np.arange(T + 1) + 0.5, np.arange(H + 1) + 0.5, values.T,
                                  cmap=colormaps["Blues"], vmin=0, vmax=1)
            ax.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=12)
            ax.set_yticks([1, H] if H > 4 else np.arange(1, H + 1))
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            ax.invert_yaxis()
            ax.spines[["top", "right"]].set_visible(True)
            for step in (marked or {}).values():
                ax.axvspan(step - 0.5, step + 0.5, fill=False, edgecolor=VERMILLION, linewidth=2,
                           gid="mark")
        for text, step in (marked or {}).items():
            axes[0].text(step, 1.05, text, color=VERMILLION, ha="center", va="bottom",
                         transform=axes[0].get_xaxis_transform(), gid="mark label")
        axes[-1].set_xlabel("step $t$; rows are units")
        figure.colorbar(drawn, ax=axes, ticks=(0, 0.5, 1), aspect=30, pad=0.02)
    return figure


def _radius(name):
    return 0.0 if "next" in name else SMALL if name in OPERATION else SIZE


def _node(ax, name, where):
    x, y = where
    if name in OPERATION:
        node(ax, where, OPERATION[name], PLAIN, SMALL)
    elif name in "ifgo":
        node(ax, where, "", OUTPUT, SIZE, box=True)
        label(ax, (x, y + 0.09), f"${name}$", size=17, zorder=4)
        label(ax, (x, y - 0.14), "tanh" if name == "g" else "$\\sigma$", GREY, size=11, zorder=4)
    elif name == "tanh":
        _bar(ax, x, y, 0.33, 0.2)
        label(ax, where, "tanh", size=13, zorder=4)
    elif name == "next c":
        label(ax, (x - 0.1, y + 0.34), "step $t+1$", GREY, size=13, ha="right")
    elif name == "next h":
        label(ax, (x + 0.05, y + 0.42), "loss,\nstep $t+1$", GREY, size=13)
    else:
        given = name in ("c_{t-1}", "h_{t-1}", "x_t")
        node(ax, where, f"${name}$", GIVEN if given else STATE, SIZE)


def _bar(ax, x, y, half_width, half_height):
    ax.add_patch(FancyBboxPatch((x - half_width, y - half_height), 2 * half_width,
                                2 * half_height, facecolor=PLAIN, edgecolor=INK, linewidth=1.4,
                                zorder=3, boxstyle="round,pad=0,rounding_size=0.06"))


def _pre_activations(ax, side, backward):
    """Draw the bar a_t, what enters it, and what each gate takes from it."""
    left, right, height = 1.5, 6.1, 0.24
    _bar(ax, (left + right) / 2, SUM, (right - left) / 2, height)
    label(ax, ((left + right) / 2, SUM), "$a_t = W_{xh}\\, x_t + W_{hh}\\, h_{t-1} + b_h$",
          zorder=4)
    ways = [((PLACE[gate][0], SUM), PLACE[gate], (height, SIZE), side) for gate in "ifgo"]
    ways.append((PLACE["h_{t-1}"], (left, SUM), (SIZE, 0), side))
    for start, end, gap, beside in ways:
        arrow(ax, start, end, GREEN, "input", gap=gap, side=beside)
        if backward:
            arrow(ax, end, start, VERMILLION, "back", gap=gap[::-1], side=beside, dashed=True)
    arrow(ax, PLACE["x_t"], (PLACE["x_t"][0], SUM), GREEN, "input", gap=(SIZE, height))


def _gradients(ax):
    """Name the gradients where they arrive."""
    for (x, y), text in {
            (5.3, WIRE + 0.48): "$\\partial L/\\partial c_t$",
            (0.75, WIRE + 0.48): "$f \\odot \\partial L/\\partial c_t$",
            (7.62, ROW - 0.5): "$\\partial L/\\partial h_t$",
            (0.75, SUM + 0.5): "$W_{hh}^\\top \\delta_t$"}.items():
        label(ax, (x, y), text, VERMILLION)
    for gate in "ifgo":
        label(ax, (PLACE[gate][0] + 0.17, 1.57), f"$\\delta_{gate}$", VERMILLION, ha="left")
