"""
A picture of what `python -m benchmarks speed --json FILE` measured, and its alternative text.

Each mark is the time of a peer over ours, in one configuration: above the line at 1 we are faster.
The grey ground is the limit, the bare matrix products. Where a peer was not measured there is no
mark. The same file gives the same picture; the alternative text, for the README, is printed.
"""
import json
import math
import sys
from io import BytesIO
from itertools import groupby
from pathlib import Path
from statistics import geometric_mean

from benchmarks.speed import NAMES

PEERS = [name for name in NAMES if name != "limit"]
GAP = 0.7                               # between two groups; a configuration is 1 wide
DPI = 165                               # one and a half times 900 pixels: sharp in a README
TICKS = [m * 10**n for n in range(-3, 4) for m in (1, 2, 5)]


def add_arguments(parser):
    """Say what can be chosen."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what --json of speed wrote")
    parser.add_argument("--out", type=Path, metavar="PICTURE",
                        default=Path("docs/pictures/speed.png"),
                        help="where to write the picture (default: %(default)s)")


def run(args):
    """Draw the picture, and print its alternative text."""
    result = read(args.file)
    try:
        args.out.write_bytes(_png(draw(result)))
    except OSError as error:
        sys.exit(f"{args.out} cannot be written: {error.strerror}")
    print(alt_text(result))
    return 0


def read(file):
    """Return the result in the file; leave with a sentence if it is none."""
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
        _header(result)
        for row in result["rows"]:
            _size(row), _group(row)
            if not all(name in NAMES and 0 < r < math.inf for name, r in row["ratios"].items()):
                raise ValueError
        if not any(_ratios(result, name) for name in PEERS):
            raise ValueError
    except OSError as error:
        sys.exit(f"{file} cannot be read: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError):
        sys.exit(f"{file} is not what `python -m benchmarks speed --json FILE` writes, with the "
                 "ratios of at least one peer")
    return result


def alt_text(result):
    """Say what one sees, with the range and the geometric means computed from the rows."""
    marks = [ratio for name in PEERS for ratio in _ratios(result, name)]
    limits = _ratios(result, "limit")
    means = ", ".join(f"{name} {_mean(result, name)}" for name in PEERS if _ratios(result, name))
    text = (f"The time of {_step(result)} in peers over ours, in {len(result['rows'])} "
            "configurations of cell, precision and size, on a logarithmic scale. "
            f"{sum(mark > 1 for mark in marks)} of {len(marks)} marks lie above the line at 1, "
            "where a peer is as fast as we are; all lie between "
            f"{min(marks):.2f} and {max(marks):.2f}. Geometric means: {means}.")
    if limits:
        text += (f" The limit, the bare matrix products, lies between {min(limits):.2f} and "
                 f"{max(limits):.2f}, with the geometric mean {_mean(result, 'limit')}.")
    return text


def draw(result):
    """Draw a mark for each ratio, grouped by cell and dtype, and the limit as grey ground."""
    from matplotlib import rc_context

    from bpttlib.plots.style import STYLE, new_figure

    with rc_context(STYLE):
        figure = new_figure(height=6.5)
        figure.set_layout_engine("constrained", w_pad=0.08, h_pad=0.08)
        ax = figure.add_subplot()
        places = _configurations(ax, result["rows"])
        _marks(ax, result, places)
        _ratio_axis(ax, result)
        figure.suptitle(f"The time of {_step(result)}: theirs / ours", x=0.012, ha="left",
                        fontsize=18)
        ax.legend(loc="lower left", bbox_to_anchor=(-0.11, 1.16), ncols=3, frameon=False,
                  title=_header(result) + "\nGeometric means:", title_fontsize=13, borderpad=0,
                  alignment="left", columnspacing=1.4, handletextpad=0.4, handlelength=1.6)
    return figure


def _png(figure):
    """Store the pixels with a palette, which halves the size and keeps the colours."""
    from PIL import Image

    pixels, small = BytesIO(), BytesIO()
    figure.savefig(pixels, format="png", dpi=DPI)
    image = Image.open(pixels).convert("RGB").quantize(128, Image.Quantize.MEDIANCUT)
    image.save(small, "png", optimize=True)
    return small.getvalue()


def _configurations(ax, rows):
    """Label the configurations and their groups; return the place of each on the x axis."""
    from bpttlib.plots.style import GREY, INK

    places = []
    for number, (group, members) in enumerate(groupby(rows, _group)):
        start = len(places) + GAP * number
        here = [start + i for i, _ in enumerate(members)]
        places += here
        ax.text(sum(here) / len(here), 1.02, "\n".join(group), ha="center", fontsize=12,
                color=INK, transform=ax.get_xaxis_transform(), gid="group")
        if number:
            ax.axvline(start - (1 + GAP) / 2, color=GREY, linewidth=0.6)
    ax.set_xticks(places, [_size(row) for row in rows], rotation=90, fontsize=11)
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.9, places[-1] + 0.9), xlabel="steps · sequences · inputs · units")
    return places


def _marks(ax, result, places):
    """Draw the marks of each peer, joined by a thin line within a group, and the limit."""
    from bpttlib.plots.style import COLOURS, MARKERS

    for name, colour, marker in zip(PEERS, COLOURS, MARKERS, strict=False):
        if _ratios(result, name):
            joined = list(_with_breaks(result["rows"], places, name))
            ax.plot(*zip(*joined, strict=True), color=colour, marker=marker, linewidth=0.8,
                    markeredgecolor="white", markeredgewidth=0.5, markersize=7, gid=name,
                    label=_legend(result, name), zorder=3)
    if _ratios(result, "limit"):
        floor = 1e-9                                    # far below what is shown
        known = [(x, row["ratios"]["limit"]) for x, row in zip(places, result["rows"], strict=True)
                 if "limit" in row["ratios"]]
        ax.bar([x for x, _ in known], [y - floor for _, y in known], 1, floor, color="#D5D5D5",
               label=_legend(result, "limit"), zorder=1)


def _with_breaks(rows, places, name):
    """Yield places and ratios of one peer, and between two groups nan, which breaks the line."""
    for i, (row, x) in enumerate(zip(rows, places, strict=True)):
        if i and _group(row) != _group(rows[i - 1]):
            yield x, math.nan
        yield x, row["ratios"].get(name, math.nan)


def _ratio_axis(ax, result):
    """Make the y axis logarithmic, with plain numbers and the line at 1."""
    from matplotlib.ticker import NullLocator

    from bpttlib.plots.style import INK

    shown = [ratio for name in NAMES for ratio in _ratios(result, name)]
    low, high = min(*shown, 1) / 1.35, max(*shown, 1) * 1.25
    ticks = [tick for tick in TICKS if low <= tick <= high]
    ax.set(yscale="log", ylim=(low, high), ylabel="their time / our time")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.grid(axis="y", color="#E4E4E4", linewidth=0.8, zorder=0)
    ax.set_axisbelow(True)
    ax.axhline(1, color=INK, linewidth=2, zorder=2, gid="ours")
    ax.annotate("as fast\nas we\nare", (1, 1), (6, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", va="center", fontsize=12)


def _header(result):
    """Return the number of threads, and the versions of the libraries."""
    versions = [f"{name} {version}" for name, version in result["libraries"].items()
                if isinstance(version, str)]
    threads = result["threads"]
    return " · ".join(["1 thread" if threads == 1 else f"{threads:d} threads", *versions])


def _step(result):
    return "a training step" + " with Adam" * bool(result.get("adam"))


def _group(row):
    return row["cell"], row["dtype"]


def _size(row):
    return "·".join(str(row["size"][name]) for name in "TBDH")


def _ratios(result, name):
    return [row["ratios"][name] for row in result["rows"] if name in row["ratios"]]


def _mean(result, name):
    return f"{geometric_mean(_ratios(result, name)):.2f}"


def _legend(result, name):
    """Return the geometric mean, and of how many configurations if not of all."""
    measured, rows = len(_ratios(result, name)), len(result["rows"])
    words = "limit: bare matrix products" if name == "limit" else name
    return f"{words} {_mean(result, name)}" + f" ({measured} of {rows})" * (measured < rows)
