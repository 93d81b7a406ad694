"""How every picture of the course looks: one size of type, one palette, one resolution."""
from matplotlib.figure import Figure

# Okabe and Ito's colours, darkened: text in them stands out from white by 4.5 to 1.
INK, GREY = "#1a1a1a", "#6b6b6b"
BLUE, VERMILLION, GREEN, PURPLE, OCHRE = "#0072B2", "#C25500", "#007D5A", "#8F2D6B", "#946200"
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, INK, OCHRE)     # of the lines in a chart
MARKERS = "osD^vP"                                          # and their marks, and those of paths

DPI = 110                                                   # 8.2 inches are 900 pixels
WIDTH = 8.2

STYLE = {
    "font.family": "DejaVu Sans",                           # comes with matplotlib
    "font.size": 13,
    "mathtext.fontset": "stix",
    "axes.edgecolor": GREY,
    "axes.labelsize": 14,
    "axes.titlesize": 14,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 13,
    "ytick.labelsize": 13,
    "text.color": INK,
    "text.usetex": False,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
}


def new_figure(width=WIDTH, height=4.0):
    """
    Make an empty white figure that belongs to nobody.

    It is not registered with pyplot: no backend opens a window for it, and it is freed with
    its last reference.

    Parameters
    ----------
    width, height : float
        Size in inches.

    Returns
    -------
    Figure
        The figure.

    See Also
    --------
    bpttlib.plots.show : Show a figure in a notebook.

    Examples
    --------
    >>> new_figure(8, 4).get_dpi()
    110
    """
    return Figure(figsize=(width, height), dpi=DPI, facecolor="white")
