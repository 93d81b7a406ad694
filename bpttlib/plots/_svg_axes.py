"""Axes on a sheet: from numbers to places, ticks, and lines that carry their names."""
from math import ceil, floor, isfinite, log10

import numpy as np

from bpttlib.errors import require
from bpttlib.plots._svg_colours import colour_image
from bpttlib.plots._svg_marks import Marks
from bpttlib.plots.style import COLOURS, GREY

GRID = "#E4E4E4"


class Axes:
    """
    Stand in the rectangle (x, y, width, height) of a sheet, and draw data there.

    What lies outside the limits is cut off at the edge.
    """

    def __init__(self, sheet, box, xlim, ylim, xlabel="", ylabel="", *, xlog=False, ylog=False,
                 right=False, grid=True):
        for name, (low, high), log in (("xlim", xlim, xlog), ("ylim", ylim, ylog)):
            require(low < high and isfinite(high - low) and (low > 0 or not log), name,
                    (low, high), "two increasing numbers, positive ones on a log scale")
        self.sheet, self.box = sheet, box
        self._x, self._y = _scale(xlim, xlog), _scale(ylim, ylog)
        x, y, width, height = box
        base = y + height
        for value, name in ticks(*xlim, xlog, width / 70) if xlabel is not None else ():
            px = self.at(value, ylim[0])[0]
            if grid:
                sheet.line([(px, y), (px, base)], GRID, 1)
            sheet.text(px, base + 15, name, size=14)
        for value, name in ticks(*ylim, ylog, height / 45):
            py = self.at(xlim[0], value)[1]
            if grid:
                sheet.line([(x, py), (x + width, py)], GRID, 1)
            sheet.text(x + width + 7 if right else x - 7, py, name, size=14,
                       anchor="start" if right else "end")
        sheet.line([(x, y), (x, base), (x + width, base)], GREY, 1)
        if xlabel:
            sheet.text(x + width / 2, base + 38, xlabel, size=16)
        if ylabel:
            sheet.text(x + width + 58 if right else x - 55, y + height / 2, ylabel, size=16,
                       turn=-90)

    def at(self, x, y):
        """Return the place of a point on the sheet; not a number where a logarithm has none."""
        left, top, width, height = self.box
        return left + width * self._x(x), top + height * (1 - self._y(y))

    def line(self, x, y, colour=COLOURS[0], width=2.2, dashed=False, halo=False):
        """Draw a line through the data; `halo`, True or a colour, sets it off."""
        inside, points = Marks(), [self.at(*point) for point in zip(x, y, strict=True)]
        if halo:
            inside.line(points, "white" if halo is True else halo, width + 2.5)
        inside.line(points, colour, width, dashed)
        self.sheet.within(*self.box, inside)

    def points(self, x, y, colour=COLOURS[0], radius=4, edge="white", thick=1):
        """Draw a dot at each point."""
        inside = Marks()
        inside.dots([self.at(*point) for point in zip(x, y, strict=True)], radius, colour, edge,
                    thick=thick)
        self.sheet.within(*self.box, inside)

    def lines(self, data, dashed=()):
        """Draw a dictionary from names to (x, y), each line with its name at its right end."""
        ends = {}
        for k, (name, (x, y)) in enumerate(data.items()):
            colour = COLOURS[k % len(COLOURS)]
            self.line(x, y, colour, dashed=name in dashed)
            seen = [(px, py) for px, py in map(self.at, x, y) if isfinite(px) and isfinite(py)]
            if seen:
                ends[name] = (*seen[-1], colour)
        self.names(ends)

    def names(self, ends, size=15):
        """Write names beside places (x, y, colour) on the sheet, pushed apart where need be."""
        _, top, _, height = self.box
        lowest = top - size
        for name, (x, y, colour) in sorted(ends.items(), key=lambda item: item[1][1]):
            lowest = max(min(max(y, top), top + height), lowest + 1.25 * size)
            self.sheet.text(x + 8, lowest, name, colour, size, "start", halo=True)

    def text(self, x, y, text, dx=0, dy=0, **look):
        """Write at a point of the data, moved by so many units of the sheet."""
        px, py = self.at(x, y)
        self.sheet.text(px + dx, py + dy, text, **look)

    def image(self, values, colours="sequential", low=None, high=None):
        """Fill the axes with an array's colours, its row 0 at the bottom as y grows upwards."""
        flipped = values if isinstance(values, str) else np.asarray(values)[::-1]
        self.sheet.image(*self.box, flipped, colours, low, high)


def colour_bar(sheet, box, colours, low, high, label=""):
    """Draw an upright scale of colours with its numbers at the right."""
    ramp = np.linspace(1, 0, 255)[:, None]
    sheet.image(*box, colour_image(2 * ramp - 1 if colours == "diverging" else ramp,
                                   "sequential" if colours == "log" else colours))
    Axes(sheet, box, (0, 1), (low, high), None, label, ylog=colours == "log", right=True,
         grid=False)


def ticks(low, high, log=False, most=6):
    """Return pairs of a number and its text, at most about so many, from low to high."""
    if log and log10(high / low) >= 1.5:
        first, last = ceil(log10(low) - 1e-9), floor(log10(high) + 1e-9)
        stride = max(1, ceil((last - first) / max(most, 1)))
        return [(10.0**k, f"$10^{{{k}}}$" if k not in (0, 1) else str(10**k))
                for k in range(first, last + 1) if k % stride == 0]
    rough = (high - low) / max(most, 1)
    size = 10.0 ** floor(log10(rough))
    step = next(size * k for k in (1, 2, 5, 10) if size * k >= 0.999 * rough)
    whole = range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    form = f".{max(0, -floor(log10(step) + 1e-9))}f" if 1e-4 < step < 1e5 else ".3g"
    return [(k * step, f"{k * step:{form}}") for k in whole]


def _scale(lim, log):
    low, high = map(log10, lim) if log else lim

    def place(value):
        if log:
            value = log10(value) if value > 0 else float("nan")
        return (value - low) / (high - low)
    return place

