"""Lines, shapes, texts, arrows and images as SVG elements: the marks on an `Svg`."""
import html
import re
from math import hypot, isfinite

from bpttlib.errors import require
from bpttlib.plots._svg_colours import colour_image
from bpttlib.plots.style import INK

_MINUS = re.compile(r"(?<!\w)-(?=[\d.])")                # in numbers, not between words
HEAD = 9                                                    # length of an arrow's head
FAR = 99999                                                 # browsers draw nothing beyond
_SCRIPT = re.compile(r"([_^])(?:\{([^}]*)\}|(.))|([^_^]+)")
_LETTERS = re.compile(r"([^\W\d_]+)")                       # set in italics, digits are not


class Marks:
    """
    Collect marks; `parts` is their text.

    Points are pairs (x, y), x to the right and y down. A line breaks where a number is not
    finite; any other mark with such a number is left out. In texts, what stands between two dollar
    signs is mathematics: $W_{hh}$, $h_t^2$. Ids are never used: pictures share a page.
    """

    def __init__(self):
        self.parts = []

    def line(self, points, colour=INK, width=2, dashed=False, fill="none", opacity=1):
        """Draw a line through the points; closed and filled if there is a fill."""
        path, pen = [], "M"
        for x, y in points:
            if isfinite(x) and isfinite(y):
                path.append(f"{pen}{_n(x)} {_n(y)}")
                pen = "L"
            else:
                pen = "M"
        if path:
            close = "Z" if fill != "none" else ""
            self.parts.append(f'<path d="{"".join(path)}{close}" fill="{fill}" stroke="{colour}" '
                              f'stroke-width="{_n(width)}"{_dash(dashed)}{_pale(opacity)}/>')

    def rect(self, x, y, width, height, fill, edge="none", *, thick=1.4, round=0, opacity=1):
        """Draw a rectangle from its upper left corner; a negative height goes upwards."""
        if height < 0:
            y, height = y + height, -height
        if _finite(x, y, width, height) and width >= 0:
            self.parts.append(f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
                              f'height="{_n(height)}" rx="{round}" fill="{fill}" stroke="{edge}" '
                              f'stroke-width="{thick}"{_pale(opacity)}/>')

    def circle(self, x, y, radius, fill, edge=INK, *, thick=1.4, opacity=1):
        """Draw a circle around a point."""
        if _finite(x, y, radius):
            self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" '
                              f'stroke="{edge}" stroke-width="{thick}"{_pale(opacity)}/>')

    def dots(self, points, radius, fill, edge=INK, *, thick=1.0):
        """Draw many small discs as one mark: the round ends of lines that have no length."""
        path = "".join(f"M{_n(x)} {_n(y)}h0" for x, y in points if _finite(x, y))
        for colour, width in ((edge, 2 * radius + thick), (fill, 2 * radius - thick)):
            if path:
                self.parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="{_n(width)}" '
                                  'stroke-linecap="round"/>')

    def text(self, x, y, text, colour=INK, size=15, anchor="middle", *, bold=False, halo=False,
             turn=0, opacity=1):
        """Write a line whose middle height is at y; anchor is "start", "middle" or "end"."""
        if not _finite(x, y):
            return
        look = ' font-weight="bold"' * bold + f' transform="rotate({turn} {_n(x)} {_n(y)})"' * bool(
            turn) + ' paint-order="stroke" stroke="white" stroke-width="4"' * halo
        self.parts.append(f'<text x="{_n(x)}" y="{_n(y + 0.35 * size)}" fill="{colour}" '
                          f'font-size="{size}" text-anchor="{anchor}"{look}{_pale(opacity)}>'
                          f'{markup(text)}</text>')

    def arrow(self, start, end, colour=INK, *, width=2, gap=(0, 0), side=0, dashed=False,
              opacity=1):
        """
        Draw a straight arrow that keeps `gap` units (their radii) from its two ends.

        `side` shifts it to the left of its own direction, so that two opposite arrows run
        beside each other, like traffic.
        """
        (x0, y0), (x1, y1) = start, end
        length = hypot(x1 - x0, y1 - y0)
        if not _finite(length) or length <= gap[0] + gap[1]:
            return
        u, v = (x1 - x0) / length, (y1 - y0) / length
        x0, y0 = x0 + gap[0] * u + side * v, y0 + gap[0] * v - side * u
        x1, y1 = x1 - gap[1] * u + side * v, y1 - gap[1] * v - side * u
        head = min(HEAD, hypot(x1 - x0, y1 - y0))
        x, y, half = x1 - head * u, y1 - head * v, 0.55 * head      # where the head begins
        self.line([(x0, y0), (x, y)], colour, width, dashed, opacity=opacity)
        self.line([(x1, y1), (x - half * v, y + half * u), (x + half * v, y - half * u)],
                  "none", 0, fill=colour, opacity=opacity)

    def image(self, x, y, width, height, values, colours="sequential", low=None, high=None):
        """Draw an array's colours, its row 0 at the top; or what `colour_image` has made of it."""
        source = values if isinstance(values, str) else colour_image(values, colours, low, high)
        self.parts.append(f'<image x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
                          f'height="{_n(height)}" preserveAspectRatio="none" '
                          f'style="image-rendering:pixelated" href="{source}"/>')

    def within(self, x, y, width, height, marks):
        """Add marks, cut off at the rectangle's edges; a nested svg needs no id to do so."""
        box = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
        view = f"{_n(x)} {_n(y)} {_n(width)} {_n(height)}"
        self.parts.append(f'<svg {box} viewBox="{view}" overflow="hidden">'
                          f'{"".join(marks.parts)}</svg>')


def one_line(alt):
    """Return an alternative text on one line, if it is one."""
    text = " ".join(alt.split()) if isinstance(alt, str) else ""
    require(len(text) >= 20, "alt", repr(alt),
            "a sentence of at least 20 characters on what one sees")
    return text


def markup(text):
    """Escape a text, and set its mathematics with italics, subscripts and superscripts."""
    plain, *rest = _MINUS.sub("−", str(text)).split("$")
    out = [html.escape(plain)]
    for k, part in enumerate(rest):
        out.append(html.escape(part) if k % 2 else _mathematics(part))
    return "".join(out)


def _mathematics(text):
    out, level = [], 0                                      # level: how far below the line we are
    for kind, braced, single, body in _SCRIPT.findall(text):
        target = {"_": 0.22, "^": -0.38, "": 0.0}[kind]
        size = 0.7 if kind else 1.0
        shift = f' dy="{(target - level) / size:.2f}em"' if target != level else ""
        small = ' font-size="70%"' if kind else ""
        words = _italics(braced or single or body)
        out.append(f"<tspan{shift}{small}>{words}</tspan>" if shift or small else words)
        level = target
    if level:                                               # an empty tspan would not move the pen
        out.append(f'<tspan dy="{-level:.2f}em">\u200b</tspan>')
    return "".join(out)


def _italics(text):
    """Split first and escape then, so that no letter of an escape is taken for mathematics."""
    return "".join(f'<tspan font-style="italic">{part}</tspan>' if k % 2 else html.escape(part)
                   for k, part in enumerate(_LETTERS.split(text)))


def _n(value):
    """A coordinate in few characters, one digit after the point."""
    if not -FAR < value < FAR:
        value = FAR if value > 0 else -FAR
    return f"{round(value, 1):g}"


def _finite(*numbers):
    return all(isfinite(number) for number in numbers)


def _dash(dashed):
    return ' stroke-dasharray="7 4"' if dashed else ""


def _pale(opacity):
    return f' opacity="{opacity}"' if opacity != 1 else ""
