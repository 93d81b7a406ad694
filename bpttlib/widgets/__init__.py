"""Experiments that one can touch, in a notebook; the only importer of ipywidgets."""
from bpttlib.widgets.credit import map_of_credit
from bpttlib.widgets.explore import explore
from bpttlib.widgets.gates import gates_at_work
from bpttlib.widgets.microscope import gradient_microscope
from bpttlib.widgets.surface import descent_on_two_numbers
from bpttlib.widgets.training import train_it_live
from bpttlib.widgets.unfolding import unfolding_machine

__all__ = ["descent_on_two_numbers", "explore", "gates_at_work", "gradient_microscope",
           "map_of_credit", "train_it_live", "unfolding_machine"]
