"""A map of relative errors: what a mistake spoils, and what it leaves alone."""
import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap

from bpttlib.errors import require, require_array
from bpttlib.plots._diagram import number
from bpttlib.plots.style import GREY, INK, STYLE, VERMILLION, WIDTH, new_figure

WRONG = LinearSegmentedColormap.from_list("wrong", ["#FBE7DA", "#EDA679", VERMILLION])
ROW, LETTER = 0.4, 0.112                                    # height of a row, width of a letter


def error_map(errors, columns, tol=1e-10):
    """
    Draw relative errors as a table, the darker the larger, with "ok" where they are small.

    The shade follows the logarithm from the tolerance up to 1. Each row is the signature of what
    its name says.

    Parameters
    ----------
    errors : dict
        From a row's name to its errors, one for each column; NaN leaves a gap.
    columns : sequence of str
        What was compared.
    tol : float, default 1e-10
        The largest error that is "ok".

    Returns
    -------
    Figure
        The map.

    See Also
    --------
    bpttlib.gradcheck.relative_error : Measures one entry.

    Examples
    --------
    >>> figure = error_map({"h_t for h_{t-1}": [1e-16, 0.7]}, ["W_xh", "W_hh"])
    """
    require(errors and isinstance(errors, dict), "errors", type(errors).__name__,
            "a dictionary with at least one row")
    require(0 < tol < 1, "tol", tol, "a number between 0 and 1")
    names, M = list(errors), len(columns)
    table = np.stack([require_array(f'errors["{name}"]', row, (M,), kinds="iuf", where=False)
                      for name, row in errors.items()]).astype(float)       # NaN is a gap
    left = 0.2 + LETTER * max(map(len, names))              # inches for the rows' names
    cell = min(0.95, (WIDTH - left - 0.1) / M)
    width, height = left + M * cell + 0.1, ROW * len(names) + 0.55
    shade = 1 - np.log10(np.clip(table, tol, 1)) / np.log10(tol)
    with rc_context(STYLE):
        figure = new_figure(width, height)
        ax = figure.add_axes((left / width, 0.05 / height, M * cell / width,
                              ROW * len(names) / height))
        ax.pcolormesh(np.ma.masked_invalid(np.where(table <= tol, np.nan, shade)), cmap=WRONG,
                      vmin=0, vmax=1, edgecolor="white", linewidth=1.5)
        for (k, m), error in np.ndenumerate(table):
            if not np.isnan(error):
                _write(ax, m + 0.5, k + 0.5, error, error <= tol, shade[k, m] > 0.8,
                       digits=2 if cell > 0.6 else 1)
        ax.set(xlim=(0, M), ylim=(len(names), 0))
        ax.set_xticks(np.arange(M) + 0.5, columns)
        ax.set_yticks(np.arange(len(names)) + 0.5, names)
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        ax.spines[["left", "bottom"]].set_visible(False)
    return figure


def _write(ax, x, y, error, fine, dark, digits):
    """Write one entry: "ok", or the number in a colour that stands out from its shade."""
    # A hair more, so that 0.875 and 0.875 - 1e-17 round alike.
    text = number(float(f"{error * (1 + 1e-9):.{digits}g}")) if np.isfinite(error) else "inf"
    ax.text(x, y, "ok" if fine else text, fontsize=12, ha="center", va="center",
            gid="ok" if fine else "error", color=GREY if fine else "white" if dark else INK)
