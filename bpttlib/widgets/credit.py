"""The map of credit: which loss reaches which state, and what truncation cuts from it."""
from functools import lru_cache

import numpy as np

from bpttlib.plots._svg_colours import colour_image
from bpttlib.plots.style import BLUE, GREY, INK, PURPLE, VERMILLION
from bpttlib.plots.svg import Svg
from bpttlib.widgets._credit import CELLS, SPEAKING, TASKS, bias, biases, network, starts
from bpttlib.widgets.experiment import Experiment

TRY = (
    "k1 = 1: go from k2 = 1 to k2 = 2, so that nearly every loss reaches twice as many copies. "
    "Does the bias fall?",
    "adding, with chunks, k1 = k2: rank the lengths 5, 6, 10 and 19 by their bias. Then try them, "
    "and look at the last row.",
    "k2 = 10: with k1 = 10 the way back costs half of what it costs with k1 = 5. By what factor "
    "does the bias differ?",
    "k1 = 1, k2 = 19, T = 20: one entry of the map is cut, and yet there is no bias. Which part of "
    "that share is zero?",
    "Gain 0, k1 = k2 = 1: the Elman network's map is a diagonal, and nothing of its gradient is "
    "lacking. The LSTM's map is a diagonal, too. And its bias?",
)
MAP, BAR, CHART = (72, 58, 400, 400), (490, 58, 16, 400), (664, 58, 226, 400)
LOW, HIGH = 1e-6, 1.0                                       # of the map; beyond, as at the end
NO_LOSS = "#E9E9E9"
LEAST, MOST = 1e-3, 1e3                                     # of the bias, in percent


def map_of_credit():
    """
    Show how far each loss reaches, ‖∂L_t/∂h_s‖, and what truncation to k1 and k2 cuts.

    A line goes around what `truncated_bptt` keeps, and what it cuts is struck out. Beside the map
    stands the bias of the gradient of W_hh, its relative error, for each horizon k2. Controls
    choose the cell, the task, the gain of an orthogonal W_hh, the number of steps, k1 and k2.

    See Also
    --------
    bpttlib.diagnostics.credit_map : The gradients whose norms it shows.
    bpttlib.truncation.truncated_bptt : The gradient whose bias it shows.

    Examples
    --------
    >>> map_of_credit()                                         # doctest: +SKIP
    """
    from IPython.display import display
    display(_make_map().bundle, raw=True)


def _make_map():
    return Experiment(_draw, TRY, {
        "cell": list(CELLS), "task": list(TASKS), "gain": (0.0, 2.5, 0.1, 0.9),
        "T": (8, 32, 1, 20), "k1": (1, 32, 1, 4), "k2": (1, 32, 1, 8)}, names={
        "gain": "gain of W_hh", "T": "steps T", "k1": "k1, new steps", "k2": "k2, steps back"})


def _draw(cell, task, gain, T, k1, k2):
    raised, k2 = k2 < k1, max(k1, k2)
    norms, first = network(cell, task, gain, T).norms, starts(T, k1, k2)
    percent = 100 * bias(cell, task, gain, T, k1, k2)
    svg = Svg(980, 530)
    _map(svg, norms, first)
    svg.text(MAP[0] + MAP[2] / 2, 518, f"{task}: {SPEAKING[task]}", GREY, 14)
    svg.colour_bar(BAR, "log", LOW, HIGH, "$‖∂L_t/∂h_s‖$")
    _chart(svg, biases(cell, task, gain, T), k1, k2, percent)
    sentence = (f"{_rule(k1, k2, T)}{', as k2 must be at least k1' if raised else ''}: "
                f"{_what_is_cut(norms, first)} The bias of the gradient of W_hh is "
                f"{_percent(percent)}.")
    alt = (f"Left: the norms ‖∂L_t/∂h_s‖ of the {cell} network on {task} with gain {gain:.1f}, "
           f"losses 1 to {T} in rows, states in columns; {SPEAKING[task]}. The last loss asks "
           f"{norms[-1, -1]:.2g} of its own state and {norms[-1, 0]:.2g} of h_1. A line goes "
           f"around what truncation keeps. Right: the bias against k2, for windows that slide and "
           f"for chunks, and a dot at k2 = {k2}. {sentence}")
    return svg, alt, sentence


def _rule(k1, k2, T):
    name = "Windows that slide, " if k1 == 1 else "Chunks, " if k1 == k2 else ""
    return f"{name if k2 < T else ''}k1 = {k1}, k2 = {k2}"


def _what_is_cut(norms, first):
    """Say how many pairs of a loss and a state are kept, and how large the others are."""
    t, s = np.indices(norms.shape)
    pairs = (s <= t) & (norms.diagonal() > 0)[:, None]      # of losses that speak at all
    kept = pairs & (s >= first[:, None])
    if kept.sum() == pairs.sum():
        return f"nothing is cut, all {pairs.sum()} pairs of a loss and a state are kept."
    return (f"{kept.sum()} of {pairs.sum()} pairs of a loss and a state are kept. The largest norm "
            f"that is kept is {norms[kept].max():.2g}, the largest that is cut "
            f"{norms[pairs & ~kept].max():.2g}.")


def _percent(value):
    return f"{value if value > 1e-9 else 0:.3g} %"          # what is left there is rounding


@lru_cache(maxsize=64)
def _image(norms, T):
    return colour_image(np.frombuffer(norms).reshape(T, T), "log", LOW, HIGH)


def _map(svg, norms, first):
    left, top, side, _ = MAP
    T, cell = len(norms), MAP[2] / len(norms)
    svg.image(*MAP, _image(norms.tobytes(), T))
    for t in np.flatnonzero(~norms.any(axis=1)):            # no loss, no credit
        svg.rect(left, top + cell * t, cell * (t + 1), cell, NO_LOSS, round=0, thick=0)

    def corner(s, t):
        return left + cell * s, top + cell * t

    stairs = [corner(*point) for t in range(T) for point in ((t + 1, t), (t + 1, t + 1))]
    beyond = left + side + 1                                # else the image's edge stays visible
    svg.line([(left, top - 1), *stairs, (beyond, top + side), (beyond, top - 1)], "none", 0,
             fill="white")
    for t in np.flatnonzero(first):
        if norms[t].any():
            ends = [(x, y + cell / 2) for x, y in (corner(0, t), corner(first[t], t))]
            svg.line(ends, "white", 3.5, opacity=0.8)
            svg.line(ends, VERMILLION, 2.4)
    back = [corner(*point) for t in range(T - 1, -1, -1) for point in (
        (first[t], t + 1), (first[t], t))]
    for colour, width in (("white", 6), (INK, 2.5)):
        svg.line([corner(0, 0), *stairs, *back], colour, width)
    for k in [1, *range(4 if T <= 20 else 8, T + 1, 4 if T <= 20 else 8)]:
        at = cell * (k - 0.5)
        svg.text(left + at, top + side + 15, str(k), size=14)
        svg.text(left - 9, top + at, str(k), size=14, anchor="end")
    svg.text(left + side / 2, top + side + 36, "state $h_s$", size=16)
    svg.text(left - 50, top + side / 2, "loss $L_t$", size=16, turn=-90)
    _key(svg, left, silent=not norms.any(axis=1).all())


def _key(svg, left, silent):
    """Say what the marks mean, above the map."""
    svg.rect(left + 1, 22, 30, 18, "none", INK, thick=2.5, round=0)
    svg.text(left + 40, 31, "kept", size=14, anchor="start")
    svg.line([(left + 106, 31), (left + 136, 31)], VERMILLION, 2.4)
    svg.text(left + 144, 31, "cut", size=14, anchor="start")
    if silent:
        svg.rect(left + 190, 22, 30, 18, NO_LOSS, round=0)
        svg.text(left + 229, 31, "no loss", size=14, anchor="start")


def _chart(svg, data, k1, k2, percent):
    T = len(data["sliding"])
    axes = svg.axes(CHART, (0.5, T + 0.5), (LEAST, MOST), "horizon $k_2$", "bias in percent",
                    ylog=True)
    horizons, ends = range(1, T + 1), {}
    for name, colour in (("sliding", BLUE), ("chunks", PURPLE)):
        y = np.clip(100 * data[name], LEAST / 1e3, MOST * 1e3)   # beyond the edge, not at it
        axes.line(horizons, y, colour, dashed=name == "chunks")
        seen = np.flatnonzero(y >= LEAST)
        if len(seen):
            ends[name] = (*axes.at(horizons[seen[-1]], y[seen[-1]]), colour)
    axes.names(ends)
    if not ends:
        svg.text(CHART[0] + CHART[2] / 2, CHART[1] + 150, "no bias at any $k_2$", GREY)
    x, y = axes.at(min(k2, T), min(max(percent, LEAST), MOST))
    svg.circle(x, y, 7, VERMILLION, thick=1.5)
    svg.text(CHART[0] - 40, 31, f"$k_1$ = {k1}, $k_2$ = {k2}: bias {_percent(percent)}",
             VERMILLION, 15, "start", bold=True)
