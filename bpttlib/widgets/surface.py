"""The loss surface of a network with two numbers, and how descents fare at its cliff."""
import numpy as np

from bpttlib.plots.style import BLUE, INK, VERMILLION
from bpttlib.plots.svg import Svg
from bpttlib.widgets._surface import H_0, HIGH, LOW, B, T, W, at, descend, surface
from bpttlib.widgets.experiment import Experiment

TASKS = (
    "Lower b from -2.2 in steps of 0.01, with w = 5. What does the line at the right do before the "
    "wall, on it and beyond it? Where is the norm of the gradient greatest?",
    "Which descent leaves the map, and after which update? Guess what a threshold of 0.05 does, "
    "and one of 2; then try.",
    "With w = 4.2 there is hardly a wall. Does clipping still change where the descent ends?",
)
MAP, SIDE = (75, 52, 410, 340), (690, 52, 270, 340)
SEEN = (1e-12, 1e4)                                         # of the gradients through time


def descent_on_two_numbers():
    """
    Show the loss over w and b of h_t = σ(w h_{t-1} + b), a point on it, and two descents from it.

    Two controls move the point. Beside the map stands the gradient through time, |∂L/∂h_t|; from
    the point start a descent whose gradient is clipped by norm, and one whose gradient is not. It
    is the network of unit 08, L = (h_50 - 0.7)², with its cliff.

    See Also
    --------
    bpttlib.widgets.explore : Make an experiment of your own.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks,
    ICML, figure 6.

    Examples
    --------
    >>> descent_on_two_numbers()                                # doctest: +SKIP
    """
    from IPython.display import display
    display(_make_descent().bundle, raw=True)


def _make_descent():
    return Experiment(_draw, TASKS, {
        "w": (*W, 0.05, 5.0), "b": (*B, 0.01, -2.2), "lr": (0.02, 0.5, 0.02, 0.1),
        "c": (0.05, 2.0, 0.05, 0.5)}, names={"lr": "learning rate", "c": "clip norm at"})


def _draw(w, b, lr, c):
    L, dw, db, dh = at(w, b)
    norm = float(np.hypot(dw, db))
    clipped, free = descend(w, b, lr, c), descend(w, b, lr)
    svg = Svg(980, 450)
    _map(svg, w, b, clipped, free)
    _through_time(svg, dh)
    here = (f"At w = {w:.4g}, b = {b:.4g}: L = {L:.4g}, dL/dw = {dw:.4g}, dL/db = {db:.4g}, "
            f"gradient norm {norm:.4g}.")
    ends = f"Clipped at {c:.4g}, {_end(clipped)}; not clipped, {_end(free)}."
    alt = (f"Left: the loss over w from {W[0]} to {W[1]} and b from {B[0]} to {B[1]}, dark where "
           "it is low; a wall runs from the upper left down to the right, and beneath it the loss "
           f"is large. Two paths start at the point. {here} {ends} Right: the gradient through "
           f"time, {dh[-1]:.1e} at step {T} and {dh[0]:.1e} at step 0.")
    return svg, alt, f"{here} {ends}"


def _map(svg, w, b, clipped, free):
    axes = svg.axes(MAP, W, B, "$w$", "$b$", grid=False)
    axes.image(surface())
    axes.text(5.18, 0.5 - 5.18 * H_0, "wall", dx=-14, dy=16, size=14)
    for path, colour, halo, radius in ((clipped, "white", INK, 3.2),
                                       (free, VERMILLION, "white", 2.4)):
        axes.line(*zip(*path, strict=True), colour, radius - 1, halo=halo)
        axes.points(*zip(*_spread(axes, path), strict=True), colour, radius, INK)
        axes.points([path[-1][0]], [path[-1][1]], colour, 7, INK, thick=1.5)
    svg.circle(*axes.at(w, b), 10, "none", INK, thick=6)
    svg.circle(*axes.at(w, b), 10, "none", "white", thick=3)
    _key(svg)
    svg.colour_bar((500, MAP[1], 16, MAP[3]), "log", LOW, HIGH, "loss $L$")


def _key(svg):
    """Say what the marks are, above the map."""
    svg.circle(84, 30, 8, "none", INK, thick=5)
    svg.circle(84, 30, 8, "none", "white", thick=2.5)
    svg.text(99, 30, "the point", size=14, anchor="start")
    for x, name, colour, halo in ((192, "clipped", "white", INK),
                                  (297, "not clipped", VERMILLION, "white")):
        svg.line([(x, 30), (x + 30, 30)], halo, 4.7)
        svg.line([(x, 30), (x + 30, 30)], colour, 2.2)
        svg.circle(x + 15, 30, 5, colour)
        svg.text(x + 38, 30, name, size=14, anchor="start")


def _spread(axes, path):
    """Keep of a path's points, while they are on the map, those that stand 9 units apart."""
    kept = [path[0]]
    for point in path:
        (x, y), (x0, y0) = axes.at(*point), axes.at(*kept[-1])
        if abs(x - x0) + abs(y - y0) >= 9:
            kept.append(point)
    return kept


def _through_time(svg, dh):
    axes = svg.axes(SIDE, (0, T + 1), SEEN, "step $t$", "$|∂L/∂h_t|$", ylog=True)
    svg.text(SIDE[0], 30, "the gradient through time", size=14, anchor="start")
    axes.line(range(T + 1), dh, BLUE)
    axes.points(range(0, T + 1, 5), dh[::5], BLUE, 4)


def _end(path):
    """Say where a descent ends; coarsely, as what a wall throws back is chaotic in its digits."""
    out = [not (W[0] <= w <= W[1] and B[0] <= b <= B[1]) for w, b in path]
    low = "below" if at(*path[-1])[0] < 0.01 else "above"
    where = "it stays on the map"
    if any(out):
        back = "and is not there at the end" if out[-1] else "and comes back"
        where = f"it leaves the map with update {out.index(True)} {back}"
    return f"{where}, with L {low} 0.01 after {len(path) - 1} updates"
