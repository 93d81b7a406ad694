"""Maps of credit: which loss is sent through which copy, and which share is cut off."""
import numpy as np
from matplotlib import rc_context
from matplotlib.colors import to_rgb

from bpttlib.errors import require, require_array
from bpttlib.plots.style import BLUE, GREY, STYLE, VERMILLION, WIDTH, new_figure

GAP, LEFT, BELOW, ABOVE = 0.3, 0.75, 0.72, 0.45             # inches around the maps
FAINT, CUT = 0.12, 0.6                                      # strength of almost no share, of a cut


def draw_credit(kept, weights=None):
    """
    Draw side by side which losses are sent through which copies of the weights.

    Rows are losses, columns are copies, as in a map of contributions. What is kept is blue with a
    dot, what is cut off is vermillion; with weights, the colour's strength says how much it is.

    Parameters
    ----------
    kept : dict
        From a title to an array of shape (T, T), true where the loss of step t is sent through
        copy s; lower triangular.
    weights : array_like of shape (T, T), optional
        How much each loss would send through each copy, not negative; all the same by default.

    Returns
    -------
    Figure
        The maps.

    See Also
    --------
    bpttlib.plots.heat_map : Write the contributions themselves into the map.

    Examples
    --------
    >>> band = np.tri(6) - np.tri(6, k=-2) > 0
    >>> figure = draw_credit({"everything": np.tri(6) > 0, "two steps": band})
    """
    require(isinstance(kept, dict) and 1 <= len(kept) <= 4, "kept", repr(kept)[:60],
            "a dictionary of one to four maps")
    arrays = [require_array(f"kept[{title!r}]", array, ("T", "T"), kinds="biuf").astype(bool)
              for title, array in kept.items()]
    T = len(arrays[0])
    for title, array in zip(kept, arrays, strict=True):
        require(array.shape == (T, T) and not np.triu(array, 1).any(), f"kept[{title!r}]",
                f"shape {array.shape}", f"a lower triangular array of shape {(T, T)}")
    weights = require_array("weights", np.ones((T, T)) if weights is None else weights, (T, T),
                            kinds="biuf")
    require((weights >= 0).all() and np.tril(weights).any(), "weights", "numbers below zero, or "
            "nothing but zeros", "numbers that are not negative")
    strength = FAINT + (1 - FAINT) * np.sqrt(weights / np.tril(weights).max())
    side = min(4.6, (WIDTH - LEFT - 0.15 - GAP * (len(kept) - 1)) / len(kept))
    width = LEFT + len(kept) * side + (len(kept) - 1) * GAP + 0.15
    height = BELOW + side + ABOVE
    with rc_context(STYLE):
        figure = new_figure(width, height)
        for i, (title, array) in enumerate(zip(kept, arrays, strict=True)):
            ax = figure.add_axes(((LEFT + i * (side + GAP)) / width, BELOW / height,
                                  side / width, side / height))
            _map(ax, array, strength, dots=side / T > 0.1)
            ax.set_title(title, fontsize=13)
            ax.set(xlabel="copy $s$", ylabel="" if i else "loss of step $t$")
            ticks = [1, *range(4, T + 1, 4)] if T <= 24 else [1, T // 2, T]
            ax.set_xticks(ticks)
            ax.set_yticks(ticks, [""] * len(ticks) if i else None)
    return figure


def _map(ax, kept, strength, dots):
    T = len(kept)
    ink = np.where(kept[..., None], to_rgb(BLUE), to_rgb(VERMILLION))       # (T, T, 3)
    strength = np.where(kept, strength, CUT * strength)
    colours = 1 - strength[..., None] * (1 - ink)
    colours[np.triu_indices(T, 1)] = 1.0
    edges = np.arange(T + 1) + 0.5
    ax.pcolormesh(edges, edges, colours, edgecolor="white", linewidth=0.8 if T <= 24 else 0)
    if dots:                                                # for those who see no colours
        t, s = np.nonzero(kept)
        ax.plot(s + 1, t + 1, "o", color="white", markersize=2.6, markeredgecolor=GREY,
                markeredgewidth=0.4, linestyle="none", gid="kept")
    ax.set(xlim=(0.5, T + 0.5), ylim=(T + 0.5, 0.5))
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
