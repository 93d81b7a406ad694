"""Unfolded networks of several layers, and of two directions."""
import numpy as np
from matplotlib import rc_context

from bpttlib.errors import require, require_array
from bpttlib.plots._diagram import GIVEN, OUTPUT, STATE, arrow, canvas, label, node, number
from bpttlib.plots.style import BLUE, GREEN, INK, PURPLE, STYLE, VERMILLION, WIDTH

LOW, RISE, RADIUS = 0.5, 1.2, 0.36                          # height of x, of a layer, of a node


def draw_stack(T, layers, values=None):
    """
    Draw a stack of recurrent layers, unfolded over T steps: a grid, in depth and in time.

    Solid arrows carry values up and to the right, dashed arrows the gradient down and to the left.

    Parameters
    ----------
    T : int
        Number of steps, from 1 to 6.
    layers : int
        Number of layers, from 1 to 4.
    values : array_like of shape (layers, T), optional
        A number for each state, the bottom layer first; it is written into its node.

    Returns
    -------
    Figure
        The drawing.

    See Also
    --------
    draw_both_ways : A layer that reads from both ends.

    Examples
    --------
    >>> figure = draw_stack(4, 2, values=[[4, 3, 2, 1], [1, 1, 1, 1]])
    """
    _require_between("T", T, 1, 6)
    _require_between("layers", layers, 1, 4)
    if values is not None:
        values = require_array("values", values, (layers, T), kinds="biuf")
    spacing = min(1.6, (WIDTH - 2 * LOW) / T)

    def at(layer, t):
        return LOW + (t - 1) * spacing, LOW + layer * RISE

    with rc_context(STYLE):
        width, height = at(layers, T)
        figure, ax = canvas(width + LOW, height + RISE + LOW)
        for t in range(1, T + 1):
            node(ax, at(0, t), f"$x_{{{t}}}$", GIVEN, RADIUS)
            node(ax, at(layers + 1, t), f"$y_{{{t}}}$", OUTPUT, RADIUS)
            for layer in range(1, layers + 1):
                value = None if values is None else values[layer - 1, t - 1]
                _state(ax, at(layer, t), f"$h^{{{layer}}}_{{{t}}}$", value)
            for layer in range(layers + 1):
                kind = ("input", GREEN) if layer < layers else ("output", PURPLE)
                _edge(ax, at(layer, t), at(layer + 1, t), *kind, back=layer > 0)
            for layer in range(1, layers + 1) if t < T else ():
                _edge(ax, at(layer, t), at(layer, t + 1), "state", BLUE)
    return figure


def draw_both_ways(T):
    """
    Draw a bidirectional layer, unfolded over T steps: two networks that do not touch.

    One carries its state from left to right, the other from right to left; each output reads both.

    Parameters
    ----------
    T : int
        Number of steps, from 1 to 5.

    Returns
    -------
    Figure
        The drawing.

    See Also
    --------
    draw_stack : Layers on top of each other.

    Examples
    --------
    >>> figure = draw_both_ways(4)
    """
    _require_between("T", T, 1, 5)
    spacing = min(1.75, (WIDTH - 0.4) / T)
    with rc_context(STYLE):
        figure, ax = canvas(T * spacing + 0.3, LOW + 3.2 * RISE + 0.5)
        for t in range(1, T + 1):
            middle = 0.15 + (t - 0.5) * spacing
            x, y = (middle, LOW), (middle, LOW + 3.2 * RISE)
            onward, backward = (middle - 0.32, LOW + RISE), (middle + 0.32, LOW + 2.2 * RISE)
            node(ax, x, f"$x_{{{t}}}$", GIVEN, RADIUS)
            node(ax, y, f"$y_{{{t}}}$", OUTPUT, RADIUS)
            node(ax, onward, rf"$\overrightarrow{{h}}_{{\!{t}}}$", STATE, RADIUS)
            node(ax, backward, rf"$\overleftarrow{{h}}_{{\!{t}}}$", STATE, RADIUS)
            for h in onward, backward:
                arrow(ax, x, h, GREEN, "input", gap=(RADIUS, RADIUS))
                arrow(ax, h, y, PURPLE, "output", gap=(RADIUS, RADIUS))
            if t < T:
                step = np.array([spacing, 0])
                arrow(ax, onward, onward + step, BLUE, "state", gap=(RADIUS, RADIUS))
                arrow(ax, backward + step, backward, INK, "state", gap=(RADIUS, RADIUS))
    return figure


def _state(ax, where, name, value):
    """Draw a state; with a number, its name moves up further than in `node`: it is taller."""
    node(ax, where, name if value is None else "", STATE, RADIUS)
    if value is not None:
        x, y = where
        label(ax, (x, y + 0.1), name, size=16, zorder=4)
        label(ax, (x, y - 0.19), number(value), size=12, zorder=4, gid="value")


def _edge(ax, start, end, kind, colour, back=True):
    """Draw an arrow, and beside it the gradient's way back; inputs need none."""
    look = {"gap": (RADIUS, RADIUS), "side": 0.08 * back}
    arrow(ax, start, end, colour, kind, **look)
    if back:
        arrow(ax, end, start, VERMILLION, "back", **look, dashed=True)


def _require_between(name, n, least, most):
    require(isinstance(n, int | np.integer) and least <= n <= most, name, repr(n),
            f"a whole number from {least} to {most}")
