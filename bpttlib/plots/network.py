"""The unfolded Elman network: T copies of one network, drawn so that one sees it is one."""
import numpy as np
from matplotlib import rc_context

from bpttlib.errors import require, require_array
from bpttlib.plots._diagram import (
    GIVEN,
    OUTPUT,
    PLAIN,
    STATE,
    arrow,
    big_arrow,
    canvas,
    label,
    loop,
    node,
    number,
)
from bpttlib.plots.style import BLUE, GREEN, INK, PURPLE, STYLE, VERMILLION, WIDTH

ROW = {"x": 0.5, "h": 1.75, "y": 3.0, "L": 4.05}             # height of each kind of node
FILL = {"x": GIVEN, "h": STATE, "y": OUTPUT, "L": PLAIN}
EDGE = {"W_xh": ("x", "h"), "W_hh": ("h", "h"), "W_hy": ("h", "y"), "loss": ("y", "L")}
COLOUR = {"W_xh": GREEN, "W_hh": BLUE, "W_hy": PURPLE, "loss": INK}
NAME = {"W_xh": "$W_{xh}$", "W_hh": "$W_{hh}$", "W_hy": "$W_{hy}$"}


def draw_unfolding(T, forward=True, backward=False, folded=True, targets="all", upto=None,
                   values=None):
    """
    Draw an Elman network folded, and unfolded over T steps.

    Every copy has its own x_t, h_t and y_t, but the three matrices are the same in all of them:
    arrows of one colour are one matrix. Solid arrows carry values forward; dashed arrows carry
    the gradient backward, down from the losses and from right to left through W_hh.

    Parameters
    ----------
    T : int
        Number of steps, from 1 to 12; up to 6 are easily read.
    forward, backward : bool
        Whether to draw the forward and the backward arrows.
    folded : bool, default True
        Whether the folded network stands at the left.
    targets : str, default "all"
        "all": every step has a loss (many to many). "last": only the last one (many to one).
    upto : int, optional
        How far the sweep has come. Forward: steps after this one are pale. Backward: the forward
        sweep is complete, and the gradient has come from the right to the state of this step.
    values : dict, optional
        Numbers to write: "x" with T entries, "y" and "L" with one for each loss, "h" with T+1,
        and "dh" with T+1 for the gradient at each state. Row 0 of "h" and "dh" is step 0.

    Returns
    -------
    Figure
        The drawing.

    See Also
    --------
    draw_copies : The unfolding as encyclopaedias state it.

    Examples
    --------
    >>> figure = draw_unfolding(3, backward=True, values={"x": [1, 0, 1]})
    """
    require(isinstance(T, int | np.integer) and 1 <= T <= 12, "T", T, "a whole number from 1 to 12")
    require(targets in ("all", "last"), "targets", repr(targets), '"all" or "last"')
    require(upto is None or 0 <= upto <= T, "upto", upto, f"None or a step from 0 to T={T}")
    losses = range(1, T + 1) if targets == "all" else range(T, T + 1)
    steps = {"x": range(1, T + 1), "h": range(T + 1), "y": losses, "L": losses}
    numbers = _numbers(values or {}, steps)
    radius = 0.36 if values else 0.28
    left = 2.75 if folded else 0.5 + 0.35 * backward        # where h_0 stands
    right = 0.62                                            # room for the last W_xh
    spacing = max(min(1.3, (WIDTH - left - right) / T), 2 * radius + 0.3)

    def at(kind, t):
        return left + t * spacing, ROW[kind]

    def filled(t):
        return backward or upto is None or t <= upto

    def reached(t):
        return upto is None or t >= upto

    with rc_context(STYLE):
        figure, ax = canvas(left + T * spacing + right, 4.5)
        if folded:
            _folded(ax, 0.5)
            big_arrow(ax, (1.68, ROW["h"]), (2.22, ROW["h"]), "unfold")
        for kind in ROW:
            for t in steps[kind]:
                node(ax, at(kind, t), f"${kind}_{{{t}}}$", FILL[kind] if t else GIVEN, radius,
                     box=kind == "L", value=numbers.get((kind, t)), live=filled(t))
        for matrix, start, end in _edges(steps):
            if forward:                                     # beside the way back, if there is one
                _forward(ax, matrix, at(*start), at(*end), radius, filled(end[1]),
                         side=0.09 * (backward and matrix != "W_xh"))
            if backward and matrix != "W_xh":               # the input needs no gradient
                arrow(ax, at(*end), at(*start), VERMILLION, f"back {matrix}", side=0.09,
                      gap=(radius, radius), dashed=True, live=reached(start[1]))
        for t in steps["h"] if backward else ():
            _gradient(ax, t, at("h", t), radius, numbers.get(("dh", t)), reached(t))
    return figure


def _edges(steps):
    """List the arrows as (matrix, (kind, step), (kind, step)); only W_hh comes from a step ago."""
    return [(matrix, (start, t - (matrix == "W_hh")), (end, t))
            for matrix, (start, end) in EDGE.items() for t in steps[end]
            if t - (matrix == "W_hh") in steps[start]]


def _numbers(values, steps):
    """From a list for each kind of node to a number for each (kind, step)."""
    require(set(values) <= {*ROW, "dh"}, "values", f"keys {sorted(values)}",
            'a dictionary with keys from "x", "h", "y", "L", "dh"')
    numbers = {}
    for kind, row in values.items():
        ts = steps["h" if kind == "dh" else kind]
        row = require_array(f'values["{kind}"]', row, (len(ts),))
        numbers |= {(kind, t): value for t, value in zip(ts, row, strict=True)}
    return numbers


def _folded(ax, x):
    radius = 0.28
    for kind, y in ROW.items():
        node(ax, (x, y), f"${kind}$", FILL[kind], radius, box=kind == "L")
    for matrix, (start, end) in EDGE.items():
        if matrix != "W_hh":
            _forward(ax, matrix, (x, ROW[start]), (x, ROW[end]), radius)
    loop(ax, (x, ROW["h"]), radius, COLOUR["W_hh"], "W_hh")
    label(ax, (x + 0.7, ROW["h"]), NAME["W_hh"], COLOUR["W_hh"], ha="left")


def _forward(ax, matrix, start, end, radius, live=True, side=0):
    """Draw the arrow of a matrix, and its name: above it, or at its right."""
    arrow(ax, start, end, COLOUR[matrix], matrix, gap=(radius, radius), side=side, live=live)
    if matrix not in NAME:
        return
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if matrix == "W_hh":
        label(ax, (x, y + 0.22 + side), NAME[matrix], COLOUR[matrix], live=live)
    else:                                                   # off the middle, away from ∂L/∂h
        y += 0.08 if matrix == "W_hy" else -0.08
        label(ax, (x + 0.09 + side, y), NAME[matrix], COLOUR[matrix],
              live=live, ha="left")


def _gradient(ax, t, where, radius, value, live):
    """Write ∂L/∂h_t, and its number if there is one, at the lower left of the state."""
    x, y = where[0] - 0.12, where[1] - radius - 0.14
    label(ax, (x, y), f"$\\partial L/\\partial h_{{{t}}}$", VERMILLION, live=live, size=14,
          ha="right", gid="gradient")
    if value is not None and live:
        label(ax, (x, y - 0.22), number(value), VERMILLION, size=12, ha="right", gid="value")
