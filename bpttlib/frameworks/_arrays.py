"""The look at shapes that all conversions share."""
from bpttlib.errors import require_array


def cell_arrays(cell, tensors, column=()):
    """Return the two matrices and the biases after a look at their shapes."""
    _, W_hh = list(tensors)[:2]
    H = require_array(W_hh, tensors[W_hh], ("G·H", "H"), "f").shape[1]
    GH = len(cell.gates) * H
    shapes = [(GH, "D"), (GH, H)] + [(GH, *column)] * (len(tensors) - 2)
    return [require_array(name, array, shape, "f")
            for (name, array), shape in zip(tensors.items(), shapes, strict=True)]
