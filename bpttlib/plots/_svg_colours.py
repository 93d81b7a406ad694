"""From an array of numbers to an image: three scales of colours, and a PNG as a data URI."""
import base64
import io

import numpy as np
from PIL import Image

from bpttlib.errors import require
from bpttlib.plots.style import BLUE, GREY, VERMILLION

# Each gets lighter, or darker, in one direction only; so greyscale keeps their order.
ANCHORS = {"diverging": ("#7A2E00", VERMILLION, "#F3B98B", "#FFFFFF", "#9CCBEA", BLUE, "#00365A"),
           "sequential": ("#10203F", "#12508A", "#1E86A8", "#58B59B", "#B5D98A", "#FFF4C2")}
ANCHORS["log"] = ANCHORS["sequential"]
LAST = 254                                                  # entry 255 is for what is no number


def _rgb(colour):
    return [int(colour[k:k + 2], 16) for k in (1, 3, 5)]


def _palette(anchors):
    rows = np.array([_rgb(colour) for colour in anchors], float)
    at, places = np.linspace(0, len(rows) - 1, LAST + 1), np.arange(len(rows))
    table = np.stack([np.interp(at, places, channel) for channel in rows.T], axis=1)
    return np.vstack([table.round(), _rgb(GREY)]).astype(np.uint8)


PALETTES = {name: _palette(anchors) for name, anchors in ANCHORS.items()}


def limits(values, colours="sequential", low=None, high=None):
    """Fill in the ends of a scale that are not given; a diverging one has white at zero."""
    require(colours in PALETTES, "colours", repr(colours), "one of " + ", ".join(PALETTES))
    values = np.asarray(values, float)
    seen = values[np.isfinite(values) & ((values > 0) | (colours != "log"))]
    top = float(seen.max(initial=-np.inf)) if len(seen) else 1.0
    if colours == "diverging":
        high = high or float(np.abs(seen).max(initial=0.0)) or 1.0
        return -high, high
    high = top if high is None else high
    if low is None:
        low = float(seen.min()) if len(seen) else high / 10
        low = max(low, high * 1e-8) if colours == "log" else low    # eight decades are enough
    return low, high


def indices(values, colours="sequential", low=None, high=None):
    """Return each number's place in the palette, from 0 to 254, and 255 for what is no number."""
    values = np.asarray(values, float)
    low, high = limits(values, colours, low, high)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if colours == "log":                                # zero is as low as can be
            values = np.log(np.maximum(values, 0.0))
            low, high = np.log([low, high])
        share = (values - low) / (high - low or 1.0)
    place = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0, 1) * LAST
    return np.where(np.isnan(values), 255, place.round()).astype(np.uint8)


def colour(value, colours="diverging", low=None, high=1.0):
    """Return the colour of one number, as #rrggbb."""
    r, g, b = PALETTES[colours][int(indices(value, colours, low, high))]
    return f"#{r:02x}{g:02x}{b:02x}"


def colour_image(values, colours="sequential", low=None, high=None):
    """Return an array as a PNG with a palette, in a data URI; keep it if you draw it often."""
    values = np.atleast_2d(values)
    image = Image.fromarray(indices(values, colours, low, high), "P")
    image.putpalette(PALETTES[colours].tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
