"""Experiments that one can touch, in a notebook; the only importer of ipywidgets."""
from bpttlib.widgets.explore import explore

__all__ = ["explore"]
