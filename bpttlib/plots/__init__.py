"""Pictures for the notebooks: with the widgets, the only importer of matplotlib."""
from bpttlib.plots.copies import draw_copies
from bpttlib.plots.credit import draw_credit
from bpttlib.plots.curves import forecast, lines
from bpttlib.plots.errors import error_map
from bpttlib.plots.gates import draw_lstm, gate_maps
from bpttlib.plots.layers import draw_both_ways, draw_stack
from bpttlib.plots.maps import heat_map, loss_surface
from bpttlib.plots.network import draw_unfolding
from bpttlib.plots.picture import figure_html, show
from bpttlib.plots.plane import arrows, phase_diagram
from bpttlib.plots.schedule import draw_schedule

__all__ = ["arrows", "draw_both_ways", "draw_copies", "draw_credit", "draw_lstm", "draw_schedule",
           "draw_stack", "draw_unfolding", "error_map", "figure_html", "forecast", "gate_maps",
           "heat_map", "lines", "loss_surface", "phase_diagram", "show"]
