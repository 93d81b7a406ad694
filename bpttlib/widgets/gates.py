"""The gates at work: what they do over a sequence, and how much of a step's memory is left."""
from functools import lru_cache

import numpy as np

from bpttlib.diagnostics import saturation
from bpttlib.plots.style import BLUE, GREEN, GREY, INK, VERMILLION
from bpttlib.plots.svg import Svg
from bpttlib.tape import window
from bpttlib.widgets._gates import CELLS, FIRST, KEEPS, H, T, problem, run
from bpttlib.widgets.experiment import Experiment

TASKS = (
    "Adding, LSTM: go to the first mark, step 9. Guess first what the median unit keeps of it for "
    "the fifty steps to the end, and what the best one keeps. Does the GRU do it the same way?",
    "Add 4 to the forget bias, so that little is forgotten. Does the error on the adding task "
    "fall, now that nearly all is remembered?",
    "With 4 added: what share of the forget gates is saturated at step 30, and at which end? The "
    "weights of such a gate learn little. Does the direct path suffer as well?",
    "On the sunspots, take 4 from the bias: the direct path is as good as shut. One of the two "
    "cells still forecasts better than guessing the mean, as its memory goes another way. Which?",
    "Training ended where it fitted the years up to 1920. Add 0.5 to the forget bias: which way "
    "does the error of the years shown here move? And with the GRU?",
)
LARGE = {"none": (), "i, r": "ir", "f, z": "fz", "g, n": "gn", "o": "o", "state": "ch"}
WORDS = {"i": "input", "f": "forget", "g": "candidate", "o": "output", "r": "reset",
         "z": "update", "n": "candidate", "c": "cell state", "h": "state"}
LEFT, WIDE = 122, 690                                       # of all panels: one axis of time
TOP, MAPS, GAP = 140, 300, 7                                # of the maps, all together
PATH, TALL = TOP + MAPS + 24, 130
RIGHT, STEPS, PALE = LEFT + WIDE + 14, np.arange(1, T + 1), "#8DBBDA"
LEAST = 1e-8                                                # of the path's scale


def gates_at_work():
    """
    Show the gates of a trained LSTM or GRU over a sequence, and the direct path to its end.

    The sequence is that of the yearly sunspot numbers, or one of the adding task, where a number
    must be kept over a gap. A step can be scrubbed; what the direct path, Π f_t of an LSTM and
    Π z_t of a GRU, keeps of it to the end is told unit by unit. The bias of f or z can be moved
    away from what was learnt: then memory is kept or lost, and the error changes.

    See Also
    --------
    bpttlib.diagnostics.cell_path : What the forget gates let through.
    bpttlib.plots.gate_maps : Draw the gates of a network of your own.

    Examples
    --------
    >>> gates_at_work()                                         # doctest: +SKIP
    """
    from IPython.display import display
    display(_make_gates().bundle, raw=True)


def _make_gates():
    experiment = Experiment(_draw, TASKS, {
        "cell": list(CELLS), "sequence": ["adding", "sunspots"], "step": range(1, T + 1),
        "added": (-4.0, 4.0, 0.5, 0.0), "large": list(LARGE)},
        names={"step": "step s", "added": "forget bias +", "large": "shown large"})

    def rename(change):
        name = "forget bias +" if change["new"] == "LSTM" else "bias of z +"
        experiment.controls["added"].description = name

    experiment.controls["cell"].observe(rename, "value")
    return experiment


def _draw(cell, sequence, step, added, large):
    done = run(cell, sequence, added)
    svg = Svg(980, PATH + TALL + 55)
    svg.parts += _still(cell, sequence, added, large)
    _marks(svg, done, step, large)
    sentence = _sentence(cell, sequence, step, added, done)
    if large == "o" and cell == "GRU":
        sentence = f"A GRU has no output gate. {sentence}"
    names = ", ".join(f"{WORDS[name]} {name}" for name in _panels(done))
    alt = (f"Panels over {T} steps, above each other: {_shown(sequence)}; maps of {H} units for "
           f"{names}; and on a logarithmic scale the product of {KEEPS[cell]} from each step to "
           f"the last, one line for each unit and their median. A frame marks step {step}. "
           f"{sentence}")
    return svg, alt, sentence


def _sentence(cell, sequence, step, added, done):
    kept, keeps = done.path[step], KEEPS[cell]
    means = ", ".join(f"{name} {values[step - 1].mean():.2f}"
                      for name, values in _gates(done).items())
    flat = ", ".join(f"{name} {100 * low:.0f}/{100 * high:.0f} %"
                     for name, (low, high) in saturation(
                         done.cell, window(done.tape, step - 1, step)).items())
    trained = run(cell, sequence).error
    now = (f"{done.error:.3g} with {added:+.1f} on the bias of {keeps}, {trained:.3g} as trained"
           if added else f"{trained:.3g} as trained")
    left = (f"{_short(kept.min())} in the least unit, {_short(np.median(kept))} in the median, "
            f"{_short(kept.max())} in unit {kept.argmax() + 1}, the most" if step < T else
            "all, as it is the last")
    return (f"Step {step}{_when(sequence, step)}, {cell}: gates on average {means}; saturated at "
            f"the lower/upper end {flat}. Of its memory the direct path keeps to step {T}: {left}. "
            f"{_measure(sequence)}: {now}.")


def _measure(sequence):
    return ("Relative variance of the forecasts" if sequence == "sunspots" else
            "Mean squared error of 200 sums, relative to guessing")


def _shown(sequence):
    return ("the yearly sunspot numbers and their forecasts" if sequence == "sunspots" else
            "numbers, of which two are marked")


def _when(sequence, step):
    if sequence == "sunspots":
        return f" (year {FIRST + step - 1})"
    marks = np.flatnonzero(problem(sequence).batch.x[:, 1, 0]) + 1
    names = dict(zip(marks.tolist(), (" (first mark)", " (second mark)"), strict=True))
    return names.get(step, "")


def _short(value):
    return f"{value:.{3 if value >= 0.1 else 2}g}" if value >= 0.001 else f"{value:.0e}"


def _gates(done):
    """Return the gates by their names, each of shape (T, H)."""
    blocks = done.cell.blocks(done.tape.a[1:])
    return {gate: block[..., 0] for gate, block in zip(done.cell.gates, blocks, strict=True)}


def _panels(done):
    state = done.cell.state[-1]                             # c of an LSTM, h of a GRU
    return _gates(done) | {state: getattr(done.tape, state)[1:, :, 0]}


def _sequence(svg, sequence, done):
    """Draw what the network reads, and what it says."""
    task = problem(sequence)
    x = task.batch.x[-T:, :, 0]
    box = (LEFT, 34, WIDE, TOP - 54)
    svg.text(LEFT - 28, TOP / 2 + 6, "reads $x_t$", size=14, anchor="end")
    if sequence == "sunspots":
        axes = svg.axes(box, (0.5, T + 0.5), (0, 2), None)
        axes.line(STEPS, x[:, 0], INK)
        axes.line(STEPS + 1, done.y, VERMILLION, dashed=True)
        svg.text(RIGHT, 60, "sunspots / 100", size=14, anchor="start")
        svg.text(RIGHT, 82, "forecast", VERMILLION, 14, "start")
        svg.text(RIGHT, 100, "one year before", VERMILLION, 13, "start")
        return
    axes = svg.axes(box, (0.5, T + 0.5), (0, 1), None)
    for t, (number, mark) in zip(STEPS, x, strict=True):
        left, base = axes.at(t - 0.32, 0)
        wide = axes.at(t + 0.32, 0)[0] - left
        svg.rect(left, base, wide, axes.at(t, number)[1] - base,
                 VERMILLION if mark else "#BBBBBB")
    sums = task.batch.targets[-1, 0, 0], done.y[-1]
    for y, name, colour in ((52, "marked", VERMILLION), (74, f"their sum {sums[0]:.2f}", INK),
                            (96, f"output {sums[1]:.2f}", GREEN)):
        svg.text(RIGHT, y, name, colour, 14, "start")


def _rows(done, large):
    """Yield each map's name, values, top and height; the one that is wanted large has most room."""
    panels, top = _panels(done), TOP
    shares = {name: 4 if name in LARGE[large] else 1 for name in panels}
    room = (MAPS - GAP * (len(panels) - 1)) / sum(shares.values())
    for name, values in panels.items():
        yield name, values, top, room * shares[name]
        top += room * shares[name] + GAP


@lru_cache(maxsize=64)
def _still(cell, sequence, added, large):
    """Draw all that does not depend on the step."""
    done, svg = run(cell, sequence, added), Svg(0, 0)
    _sequence(svg, sequence, done)
    for name, values, top, height in _rows(done, large):
        high = 1.0 if name in done.cell.gates else float(np.abs(values).max())
        svg.image(LEFT, top, WIDE, height, values.T, "diverging", high=high)
        svg.rect(LEFT, top, WIDE, height, "none", GREY, thick=1)
        svg.text(LEFT - 16, top + height / 2, f"{WORDS[name]} ${name}$", size=14, anchor="end")
        if name not in done.cell.gates:
            svg.text(RIGHT, top + height / 2, f"darkest: ±{high:.2g}", size=13, anchor="start")
    svg.colour_bar((RIGHT, TOP, 16, 0.72 * MAPS), "diverging", -1, 1)
    axes = svg.axes(*_path_axes(sequence), f"kept to $T$: $Π {KEEPS[cell]}$", ylog=True)
    for unit in done.path[1:].T:
        axes.line(STEPS, unit, PALE, 1.2)
    axes.line(STEPS, np.median(done.path[1:], axis=1), BLUE, 3)
    return tuple(svg.parts)


def _path_axes(sequence):
    year = f", that is the year {FIRST - 1} + $t$" * (sequence == "sunspots")
    return (LEFT, PATH, WIDE, TALL), (0.5, T + 0.5), (LEAST, 2), f"step $t${year}"


def _marks(svg, done, step, large):
    """Frame the step, point to the unit that keeps most of it, and say how much is kept."""
    kept, wide = done.path[step], WIDE / T
    x, scale = LEFT + wide * (step - 0.5), np.log([LEAST, 2])
    at = [(LEFT - 11, top + height * (kept.argmax() + 0.5) / H)
          for _, _, top, height in _rows(done, large)]
    for left, y in (*at, (RIGHT, PATH + 36)) if step < T else ():
        svg.line([(left, y - 5), (left, y + 5), (left + 9, y)], "none", 0, fill=INK)
    svg.rect(LEFT + 1, PATH, x - LEFT - 1, TALL - 1, "white", opacity=0.75)    # before step s
    svg.rect(x - wide / 2 - 1, 28, wide + 2, PATH + TALL - 28, "none", INK, thick=1.8, round=2)
    svg.text(min(max(x, LEFT + 20), LEFT + WIDE - 20), 14, f"$s$ = {step}", size=15, bold=True)
    svg.text(RIGHT, PATH + 10, f"kept of step {step}", size=14, anchor="start")
    for row, (name, value) in enumerate((("most", kept.max()), ("median", np.median(kept)),
                                         ("least", kept.min()))):
        y, bold = PATH + 36 + 24 * row, name == "median"
        svg.text(RIGHT + 15, y, name, BLUE, 14, "start", bold=bold)
        svg.text(RIGHT + 81, y, _short(value), BLUE, 14, "start", bold=bold)
        if value >= LEAST:
            height = TALL * (np.log(value) - scale[0]) / (scale[1] - scale[0])
            svg.circle(x, PATH + TALL - height, 4.5, BLUE, "white", thick=1)
