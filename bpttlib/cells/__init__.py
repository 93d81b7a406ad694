"""Recurrent cells: one step forward and one step backward, side by side."""
from bpttlib.cells.cell import Cell, require_cell
from bpttlib.cells.elman import Elman, ElmanTape
from bpttlib.cells.gru import GRU, GRUTape
from bpttlib.cells.lstm import LSTM, LSTMTape
from bpttlib.cells.prepared import Prepared, prepare
from bpttlib.cells.rows import Rows

__all__ = ["Cell", "Elman", "ElmanTape", "GRU", "GRUTape", "LSTM", "LSTMTape",
           "Prepared", "Rows", "prepare", "require_cell"]
