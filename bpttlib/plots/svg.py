"""A small SVG writer: pictures for the experiments, drawn anew with every change of a control."""
import html

from bpttlib.plots._svg_axes import Axes, colour_bar
from bpttlib.plots._svg_marks import Marks, one_line

FONT = "DejaVu Sans,Verdana,sans-serif"


class Svg(Marks):
    """
    Draw on a white sheet, in units of which a page is about 900 wide.

    It draws in a few milliseconds, where matplotlib needs a hundred. Its methods `line`, `rect`,
    `circle`, `text`, `arrow` and `image` add marks; `axes` and `colour_bar` add scales. The same
    marks give the same text. What is not a finite number breaks a line, or leaves a mark out.

    Parameters
    ----------
    width, height : float
        Size of the sheet; its origin is the upper left corner.

    See Also
    --------
    bpttlib.plots.show : Show it in a notebook.

    Examples
    --------
    >>> svg = Svg(200, 100)
    >>> svg.text(100, 50, "a < b")
    >>> svg.html("Two letters, compared.")[-57:]
    'font-size="15" text-anchor="middle">a &lt; b</text></svg>'
    """

    def __init__(self, width, height):
        super().__init__()
        self.width, self.height = width, height

    def axes(self, box, xlim, ylim, xlabel="", ylabel="", **options):
        """
        Add axes, which then draw data with their own `line`, `lines`, `points` and `image`.

        Lines beyond the limits are cut off at the edge.

        Parameters
        ----------
        box : tuple of float
            Their rectangle on the sheet: left, top, width, height.
        xlim, ylim : tuple of float
            The least and the greatest number.
        xlabel, ylabel : str, default ""
            What stands at the axes.
        **options
            The switches `xlog`, `ylog`, `grid`, and `right` for numbers at the right.

        Returns
        -------
        Axes
            The axes.

        See Also
        --------
        colour_bar : Add a scale of colours.

        Examples
        --------
        >>> Svg(200, 100).axes((50, 10, 100, 50), (0, 1), (1, 100), ylog=True).at(0.5, 10)
        (100.0, 35.0)
        """
        return Axes(self, box, xlim, ylim, xlabel, ylabel, **options)

    def colour_bar(self, box, colours, low, high, label=""):
        """
        Add an upright scale of colours.

        Its numbers stand at the right.

        Parameters
        ----------
        box : tuple of float
            Its rectangle on the sheet: left, top, width, height.
        colours : {"diverging", "sequential", "log"}
            The scale; a diverging one is white in the middle.
        low, high : float
            The numbers at its ends.
        label : str, default ""
            What it measures.

        See Also
        --------
        axes : Add axes.

        Examples
        --------
        >>> Svg(200, 100).colour_bar((10, 10, 20, 80), "log", 0.001, 1, "loss")
        """
        colour_bar(self, box, colours, low, high, label)

    def html(self, alt):
        """
        Return the picture as an svg element that carries its alternative text.

        A page that shrinks it keeps its shape.

        Parameters
        ----------
        alt : str
            What one sees in it, in a sentence or two of at least 20 characters.

        Returns
        -------
        str
            The element.

        See Also
        --------
        bpttlib.plots.figure_html : The same as an image, for pages that remove svg elements.

        Examples
        --------
        >>> Svg(200, 100).html("An empty sheet of paper.")[:57]
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-l'
        """
        alt = html.escape(one_line(alt))
        return (f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{alt}" '
                f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" style="max-width:100%;height:auto" font-family="{FONT}">'
                f'<title>{alt}</title><rect width="100%" height="100%" fill="white"/>'
                f'{"".join(self.parts)}</svg>')
