"""From a figure to a picture with alternative text in a notebook."""
import base64
import html
import io
import sys

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from bpttlib.plots._svg_marks import one_line
from bpttlib.plots.style import STYLE
from bpttlib.plots.svg import Svg


def figure_html(figure, alt):
    """
    Return the figure as an HTML image that carries its alternative text.

    The same figure gives the same bytes: no date, no version, fixed resolution. JupyterLab
    ignores alternative text on plain PNG outputs, and removes svg elements; hence an image.

    Parameters
    ----------
    figure : Figure or Svg
        The figure.
    alt : str
        What one sees in it, in a sentence or two of at least 20 characters.

    Returns
    -------
    str
        An img element with the picture inside.

    See Also
    --------
    show : Show it in a notebook.

    Examples
    --------
    >>> from bpttlib.plots import lines
    >>> figure_html(lines({"loss": [3, 2, 1]}, "step", "loss"), "The loss falls from 3 to 1.")[:40]
    '<img alt="The loss falls from 3 to 1." s'
    """
    kind, image = ("svg+xml", figure.html(alt).encode()) if isinstance(figure, Svg) else (
        "png", _png(figure))
    return (f'<img alt="{html.escape(one_line(alt))}" style="max-width:100%" '
            f'src="data:image/{kind};base64,{base64.b64encode(image).decode()}">')


def show(figure, alt):
    """
    Show a figure in a notebook, with its alternative text.

    One output holds the picture as HTML and the alternative text as plain text, so a reader
    without the picture, and a comparison of outputs, still has the text.

    Parameters
    ----------
    figure : Figure or Svg
        The figure.
    alt : str
        What one sees in it, in a sentence or two of at least 20 characters.

    See Also
    --------
    figure_html : The picture alone.

    Examples
    --------
    >>> from bpttlib.plots import lines
    >>> show(lines({"loss": [3, 2, 1]}, "step", "loss"), "Loss")
    Traceback (most recent call last):
    ValueError: alt: got 'Loss'; needs a sentence of at least 20 characters on what one sees.
    """
    from IPython.display import display
    display(bundle(figure, alt), raw=True)
    if "matplotlib.pyplot" in sys.modules:                  # else the figure would appear twice
        sys.modules["matplotlib.pyplot"].close(figure)


def bundle(figure, alt):
    """
    Return what a notebook stores for a figure: HTML, and the alternative text.

    The widgets add their own entry to it.

    Parameters
    ----------
    figure : Figure or Svg
        The figure.
    alt : str
        What one sees in it, in a sentence or two of at least 20 characters.

    Returns
    -------
    dict
        From MIME type to text.

    See Also
    --------
    show : Show it in a notebook.

    Examples
    --------
    >>> from bpttlib.plots import lines
    >>> figure = lines({"loss": [3, 2, 1]}, "step", "loss")
    >>> bundle(figure, "The loss falls from 3 to 1.")["text/plain"]
    'The loss falls from 3 to 1.'
    """
    return {"text/html": figure_html(figure, alt), "text/plain": one_line(alt)}


def _png(figure):
    """Draw once, straight to pixels, and store them with a palette: small, and the same always."""
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        canvas = FigureCanvasAgg(figure)
    with rc_context(STYLE):
        canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]      # all our figures are opaque
    image = Image.fromarray(np.ascontiguousarray(pixels)).quantize(256, Image.Quantize.MAXCOVERAGE)
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return buffer.getvalue()
