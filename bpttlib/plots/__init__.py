"""Pictures for the notebooks: with the widgets, the only importer of matplotlib."""
from bpttlib.plots.copies import draw_copies
from bpttlib.plots.curves import forecast, lines
from bpttlib.plots.maps import heat_map, loss_surface
from bpttlib.plots.network import draw_unfolding
from bpttlib.plots.picture import figure_html, show

__all__ = ["draw_copies", "draw_unfolding", "figure_html", "forecast", "heat_map", "lines",
           "loss_surface", "show"]
