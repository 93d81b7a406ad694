"""Nodes, arrows and labels: the few marks from which drawings of networks are made."""
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyBboxPatch, Polygon

from bpttlib.plots.style import GREY, INK, new_figure

GIVEN, STATE, OUTPUT, PLAIN = "#E9E9E9", "#D9E9F5", "#F3E2EC", "#FFFFFF"    # fills of nodes
HEAD = 0.13                                                 # length of an arrow's head, inches


def canvas(width, height, below=0.0):
    """A figure that is one blank sheet, measured in inches from a corner; `below` adds a strip."""
    figure = new_figure(width, height + below)
    ax = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(-below, height))
    ax.set_axis_off()
    return figure, ax


def number(value):
    """Write a number in a few characters: 0.25, −1.5, 120, 0.001, −3e−5."""
    value, size = value + 0.0, abs(value)                   # no −0
    if size and not 0.001 <= size < 9999.5:
        mantissa, exponent = f"{value:.0e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        text = f"{value:.{0 if size >= 99.5 else 2 if size >= 0.1 else 3}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def fade(colour, live):
    """The colour, or its pale version for what has not happened yet."""
    return to_rgb(colour) if live else tuple(1 - 0.25 * (1 - np.array(to_rgb(colour))))


def label(ax, where, text, colour=INK, *, live=True, size=15, **kwargs):
    """Write text at a point, centred unless told otherwise."""
    ax.text(*where, text, color=fade(colour, live), fontsize=size,
            **({"ha": "center", "va": "center"} | kwargs))


def node(ax, where, text, fill, radius, *, value=None, live=True, box=False):
    """Draw a named node, a circle or a rounded box, with its number if it has one."""
    x, y = where
    look = {"facecolor": fade(fill, live), "edgecolor": fade(INK, live), "linewidth": 1.4,
            "zorder": 3, "gid": "node"}
    if box:
        side = 0.87 * radius
        ax.add_patch(FancyBboxPatch((x - side, y - side), 2 * side, 2 * side, **look,
                                    boxstyle="round,pad=0,rounding_size=0.06"))
    else:
        ax.add_patch(Circle(where, radius, **look))
    shown = value is not None and live
    label(ax, (x, y + 0.11 * shown), text, live=live, size=17, zorder=4)
    if shown:
        label(ax, (x, y - 0.12), number(value), size=12, zorder=4, gid="value")


def arrow(ax, start, end, colour, kind, *, gap=(0, 0), side=0, dashed=False, live=True):
    """
    Draw a straight arrow between two nodes.

    It keeps `gap` inches (their radii) from the two centres. `side` shifts it to the left of its
    own direction, so that two opposite arrows run beside each other, like traffic.
    """
    start, end = np.array(start, float), np.array(end, float)
    along = (end - start) / np.hypot(*(end - start))
    across = side * np.array([-along[1], along[0]])
    stroke(ax, [start + (gap[0] + 0.03) * along + across, end - (gap[1] + 0.03) * along + across],
            colour, kind, dashed, live)


def loop(ax, centre, radius, colour, kind, *, above=False):
    """Draw an arrow that leaves a node at its right, or above it, and comes back into it."""
    angle = np.pi * np.linspace(0.73, -0.70, 60)            # a circle that cuts the node's rim
    circle = [1.5 + 0.88 * np.cos(angle), 0.88 * np.sin(angle)]
    stroke(ax, centre + radius * np.stack([-circle[1], circle[0]] if above else circle, axis=1),
           colour, kind)


def stroke(ax, points, colour, kind, dashed=False, live=True):
    """Draw a line through the points, with a head at its end that is never dashed."""
    points = np.asarray(points)
    colour, tip = fade(colour, live), points[-1]
    inside = np.hypot(*(points - tip).T) < HEAD
    base = points[np.argmax(inside)] if len(points) > 2 else points[0]
    along = (tip - base) / np.hypot(*(tip - base))
    foot, across = tip - HEAD * along, 0.075 * np.array([-along[1], along[0]])
    shaft = np.concatenate([points[~inside], [foot]])
    ax.add_line(Line2D(*shaft.T, color=colour, linewidth=2.2, zorder=2, gid=kind,
                       linestyle=(0, (2, 1)) if dashed else "-", dash_capstyle="butt",
                       solid_capstyle="butt"))
    ax.add_patch(Polygon([tip, foot + across, foot - across], color=colour, linewidth=0, zorder=2))


def big_arrow(ax, start, end, text):
    """Draw the wide grey arrow from one drawing to the next, with a word above it."""
    (x0, y), (x1, _) = start, end
    x2 = x1 - 0.22
    ax.add_patch(Polygon([(x0, y + 0.05), (x2, y + 0.05), (x2, y + 0.14), (x1, y), (x2, y - 0.14),
                          (x2, y - 0.05), (x0, y - 0.05)], color="#B0B0B0", linewidth=0))
    label(ax, ((x0 + x1) / 2, y + 0.3), text, colour=GREY, size=14)
