"""The unfolding as encyclopaedias state it: k copies of f, and g at the end."""
import numpy as np
from matplotlib import rc_context

from bpttlib.errors import require
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
)
from bpttlib.plots.style import BLUE, INK, STYLE, VERMILLION, WIDTH

LOW, MIDDLE, HIGH = 0.5, 1.75, 2.9                          # heights: inputs, copies, output
SIZE = 0.3


def draw_copies(k, backward=False):
    """
    Draw the window of k copies of f, with g at its end.

    The notation is that of encyclopaedias: f makes the next state from the state x_t and the
    input a_t, g makes the output from the state. After k steps g's prediction p is compared
    with the target y_{t+k}.

    Parameters
    ----------
    k : int
        Number of copies of f, from 1 to 5.
    backward : bool, default False
        Whether to draw the error's way back through g and the copies.

    Returns
    -------
    Figure
        The drawing.

    See Also
    --------
    draw_unfolding : The same for an Elman network with a loss at every step.

    Examples
    --------
    >>> figure = draw_copies(3, backward=True)
    """
    require(isinstance(k, int | np.integer) and 1 <= k <= 5, "k", k, "a whole number from 1 to 5")
    left = 3.05                                             # where x_t stands
    spacing = max(0.9, min(1.2, (WIDTH - 0.45 - left) / (k + 1)))
    xs = [left + i * spacing for i in range(k + 2)]         # x_t, the k copies of f, and g
    look = {"gap": (SIZE, SIZE), "side": 0.09 * backward}   # opposite arrows side by side
    with rc_context(STYLE):
        figure, ax = canvas(xs[-1] + 0.45, HIGH + 0.45, below=0.4 * backward)
        _folded(ax, 0.5, 1.5)
        big_arrow(ax, (2.02, MIDDLE), (2.56, MIDDLE), "unfold")
        node(ax, (xs[0], MIDDLE), "$x_t$", GIVEN, SIZE)
        for i in range(1, k + 1):
            _copy(ax, i, xs[i])
        arrow(ax, (xs[0], MIDDLE), (xs[1], MIDDLE), BLUE, "state", gap=(SIZE, SIZE))
        for i in range(1, k + 1):                           # x_t is given: no gradient goes there
            ends = (xs[i], MIDDLE), (xs[i + 1], MIDDLE)
            arrow(ax, *ends, BLUE, "state", **look)
            label(ax, (xs[i] + spacing / 2, MIDDLE + 0.42), _at("x", i), BLUE)
            if backward:
                arrow(ax, *ends[::-1], VERMILLION, "back", **look, dashed=True)
        _comparison(ax, k, xs[-1], look, backward)
        if backward:
            total = " + ".join(f"\\Delta f_{i}" for i in range(1, k + 1))
            label(ax, ((xs[1] + xs[k]) / 2, -0.12), f"$\\Delta f = {total}$", VERMILLION)
    return figure


def _at(letter, offset):
    return f"${letter}_{{t+{offset}}}$" if offset else f"${letter}_t$"


def _copy(ax, i, x):
    node(ax, (x, LOW), _at("a", i - 1), GIVEN, SIZE)
    node(ax, (x, MIDDLE), f"$f_{i}$", STATE, SIZE, box=True)
    arrow(ax, (x, LOW), (x, MIDDLE), INK, "input", gap=(SIZE, SIZE))


def _folded(ax, x, end):
    node(ax, (x, LOW), "$a$", GIVEN, SIZE)
    node(ax, (x, MIDDLE), "$f$", STATE, SIZE, box=True)
    node(ax, (end, MIDDLE), "$g$", OUTPUT, SIZE, box=True)
    node(ax, (end, HIGH), "$p$", PLAIN, SIZE)
    arrow(ax, (x, LOW), (x, MIDDLE), INK, "input", gap=(SIZE, SIZE))
    arrow(ax, (x, MIDDLE), (end, MIDDLE), BLUE, "state", gap=(SIZE, SIZE))
    arrow(ax, (end, MIDDLE), (end, HIGH), INK, "output", gap=(SIZE, SIZE))
    loop(ax, (x, MIDDLE), SIZE, BLUE, "state", above=True)
    label(ax, (x, MIDDLE + 0.9), "$x$", BLUE)


def _comparison(ax, k, x, look, backward):
    """Draw g, its prediction p, and the target at p's left, with the error between them."""
    target = (x - 2.1, HIGH)
    node(ax, (x, MIDDLE), "$g$", OUTPUT, SIZE, box=True)
    node(ax, (x, HIGH), "$p$", PLAIN, SIZE)
    node(ax, target, _at("y", k), GIVEN, SIZE)
    arrow(ax, (x, MIDDLE), (x, HIGH), INK, "output", **look)
    if backward:
        arrow(ax, (x, HIGH), (x, MIDDLE), VERMILLION, "back", **look, dashed=True)
    label(ax, (x - 1.05, HIGH), f"$e = p - {_at('y', k)[1:-1]}$", VERMILLION)
