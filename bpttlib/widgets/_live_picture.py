"""The picture of one training, or two side by side: losses, gradient norms, what is held out."""
from math import ceil, floor, log10

import numpy as np

from bpttlib.plots.style import BLUE, GREY, INK, VERMILLION
from bpttlib.plots.svg import Svg
from bpttlib.widgets._live_run import size_for

COLOURS, PALE = (BLUE, VERMILLION), ("#9CCBEA", "#F3B98B")
LOSS, NORM, BELOW = (75, 96, 355, 180), (520, 96, 355, 180), (75, 368, 800, 130)
SEEN = (1e-8, 1e4)                                          # no axis goes beyond
DRAWN = 2                                                   # of the sequences that are held out


def draw(runs, problem):
    """Return the picture, with all runs of the problem; runs may be none or two."""
    svg = Svg(900, 556)
    size = size_for(runs)
    curves = [run.curves(size) for run in runs]
    last = _round(max((len(run.state.loss) for run in runs), default=100))
    _key(svg, runs)
    _losses(svg, runs, curves, last, size)
    _norms(svg, runs, curves, last, size)
    _held_out(svg, runs, problem)
    return svg


def describe(runs, problem):
    """Return the alternative text, and the sentence on the run that was last begun."""
    if not runs:
        return ("Three empty charts, for the loss, the gradient norm and the answers on data that "
                "is held out.", "Nothing has been trained yet.")
    sentences = []
    for run in runs:
        n, c = run.state.updates, run.settings.c
        now = f"Run {run.name}, {n:,} updates"
        if n:
            norm = run.state.norm[-1]
            clipped = f", clipped to {c:g}" if c and norm > c else ""
            now += (f": loss {run.state.loss[0]:.2g} at first, {run.state.loss[-10:].mean():.2g} "
                    f"over the last {min(n, 10)}; gradient norm {norm:.2g}{clipped}")
        if alike(run, runs[-1]):
            now += f"; {problem.judge(run.held_out())}"
        sentences.append(now + ".")
    named = " ".join(f"Run {run.name} is {run.settings.words()}.".replace("$", "").replace("_", "")
                     for run in runs)
    return ("Above, the loss and the gradient norm against updates, on logarithmic axes. Below, "
            f"what is held out, with the answers. {named} {' '.join(sentences)}", sentences[-1])


def colour(run, colours=COLOURS):
    """Return the colour that a run keeps: A, C, E … have one, B, D, F … the other."""
    return colours[(ord(run.name) - ord("A")) % 2]


def alike(run, other):
    """Tell whether both have the same held-out data: then one chart holds both answers."""
    return run.settings.kind[::2] == other.settings.kind[::2]


def _key(svg, runs):
    """Name each run's settings above the charts."""
    for y, run in zip((16, 40), runs, strict=False):
        svg.line([(12, y), (38, y)], colour(run), 4)
        svg.text(46, y, run.name, bold=True, anchor="start", colour=colour(run))
        since = f", since update {run.changed:,}" if run.changed else ""
        svg.text(64, y, run.settings.words() + since, anchor="start", size=14)
    if not runs:
        svg.text(450, 28, "Nothing has been trained yet", GREY)


def _losses(svg, runs, curves, last, size):
    over = f", mean of {size}" if size > 1 else ""
    svg.text(LOSS[0], 76, f"loss of the training batches{over}", size=14, anchor="start")
    axes = svg.axes(LOSS, (0, last), _decades([curve[1] for curve in curves]), "update", "$L$",
                    ylog=True)
    for run, (x, loss, _, _) in zip(runs, curves, strict=True):
        if run.changed:
            axes.line((run.changed, run.changed), SEEN, colour(run), 1.2, dashed=True)
        axes.line(x, loss, colour(run))
        axes.points(x[-1:], loss[-1:], colour(run), 4)


def _norms(svg, runs, curves, last, size):
    of = f", largest of {size}" if size > 1 else ""
    svg.text(NORM[0], 76, f"gradient norm{of}; pale: before clipping", size=14, anchor="start")
    thresholds = [[run.settings.c] for run in runs if run.settings.c]
    axes = svg.axes(NORM, (0, last), _decades([curve[k] for curve in curves for k in (2, 3)]
                                              + thresholds), "update", "$‖g‖$", ylog=True)
    for run, (x, _, before, after) in zip(runs, curves, strict=True):
        if (before > after).any():
            axes.line(x, before, colour(run, PALE))
        axes.line(x, after, colour(run), 1.6)
    for c in {run.settings.c for run in runs if run.settings.c}:
        axes.line((0, last), (c, c), INK, 1.4, dashed=True)
        axes.text(last, c, f"$c$ = {c:g}", dx=-4, dy=-10, anchor="end", size=14, halo=True)


def _held_out(svg, runs, problem):
    what = "the forecasts" if problem.labels[0] == "year" else "the answers"
    svg.text(BELOW[0], 350, f"held out: the targets, in black, and {what} of each run", size=14,
             anchor="start")
    x, targets = problem.x, problem.held_out.targets[problem.shown]
    mask = problem.held_out.mask[problem.shown]
    forecast = problem.labels[0] == "year"
    ylim = (-10, 210) if forecast else (-0.1, 1.1)
    axes = svg.axes(BELOW, (x[0] - 0.5, x[-1] + 0.5), ylim, *problem.labels)
    if forecast:
        axes.line(x, targets[:, 0], INK, 1.6)
    else:
        for b in range(min(targets.shape[1], DRAWN)):
            due = mask[:, b]
            axes.points(x[due], targets[due, b], "none", 6, INK, thick=2)
    for run in runs:
        answers = run.held_out()[problem.shown]
        if alike(run, runs[-1]):
            for b in range(min(targets.shape[1], DRAWN)):
                axes.line(x, answers[:, b], colour(run), 1.8)
                if not forecast:
                    axes.points(x[mask[:, b]], answers[mask[:, b], b], colour(run), 3.5)


def _round(n):
    """Return a number of updates at which an axis may end for a while."""
    power = 10 ** max(floor(log10(max(n, 1))), 1)
    return next(int(k * power) for k in (1, 1.5, 2, 3, 4, 6, 8, 10) if k * power >= n)


def _decades(series):
    """Return limits in whole decades around all numbers that are positive and finite."""
    numbers = np.concatenate([np.asarray(part, float) for part in series] or [np.ones(1)])
    numbers = numbers[(numbers > 0) & np.isfinite(numbers)]
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0.1, 1.0)
    low, high = np.clip((low, high), *SEEN)
    low, high = floor(log10(low) + 1e-9), ceil(log10(high) - 1e-9)
    return 10.0**low, 10.0 ** max(high, low + 1)
