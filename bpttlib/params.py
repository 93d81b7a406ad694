"""Parameter records, and the few things one does with all tensors of a record at once."""
from typing import NamedTuple

import numpy as np

from bpttlib.errors import require


class CellParams(NamedTuple):
    """
    Hold the parameters of a recurrent cell, shared by all time steps.

    A cell with G gates stacks their blocks of H rows: row block g of each tensor is gate g.

    Parameters
    ----------
    W_xh : ndarray
        From input to gates, of shape (G·H, D).
    W_hh : ndarray
        From the last state to gates, of shape (G·H, H).
    b_h : ndarray
        Bias, of shape (G·H, 1).

    See Also
    --------
    ModelParams : A cell's parameters together with a readout's.

    Examples
    --------
    >>> W_xh, W_hh, b_h = CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1)))
    >>> W_xh.shape
    (3, 2)
    """

    W_xh: np.ndarray
    W_hh: np.ndarray
    b_h: np.ndarray


class ReadoutParams(NamedTuple):
    """
    Hold the parameters of the readout y_t = W_hy h_t + b_y.

    The readout is shared by all time steps too.

    Parameters
    ----------
    W_hy : ndarray
        From state to output, of shape (K, H).
    b_y : ndarray
        Bias, of shape (K, 1).

    See Also
    --------
    ModelParams : A cell's parameters together with a readout's.

    Examples
    --------
    >>> ReadoutParams(np.ones((1, 3)), np.zeros((1, 1))).W_hy.shape
    (1, 3)
    """

    W_hy: np.ndarray
    b_y: np.ndarray


class ModelParams(NamedTuple):
    """
    Hold everything that a model learns: its cell's and its readout's parameters.

    Gradients come in the same record, with the same names.

    Parameters
    ----------
    cell : CellParams
        The recurrent cell's parameters.
    readout : ReadoutParams
        The readout's parameters.

    See Also
    --------
    named_leaves : List all tensors with their names.

    Examples
    --------
    >>> cell = CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1)))
    >>> params = ModelParams(cell, ReadoutParams(np.ones((1, 3)), np.zeros((1, 1))))
    >>> [name for name, _ in named_leaves(params)]
    ['cell.W_xh', 'cell.W_hh', 'cell.b_h', 'readout.W_hy', 'readout.b_y']
    """

    cell: CellParams
    readout: ReadoutParams


def tree_map(f, tree, *others):
    """
    Apply f to each tensor of a record, and build the same record of the results.

    Records may hold records. With further records of the same kind, f gets the tensors that
    stand at the same place in all of them.

    Parameters
    ----------
    f : callable
        A function of one tensor from each record.
    tree : tuple or ndarray
        A record: an array, or a (named) tuple of records.
    *others : tuple or ndarray
        Further records, built alike.

    Returns
    -------
    tuple or ndarray
        A record built like the first.

    See Also
    --------
    named_leaves : List the tensors of a record.

    Examples
    --------
    >>> tree_map(np.add, (1.0, (2.0,)), (10.0, (20.0,)))
    (np.float64(11.0), (np.float64(22.0),))
    """
    if not isinstance(tree, tuple):
        return f(tree, *others)
    for other in others:
        if not (isinstance(other, tuple) and len(other) == len(tree)):
            require(False, "tree_map", repr(other)[:60],          # the text takes its time
                    f"a record built like {type(tree).__name__} with {len(tree)} entries")
    branches = [tree_map(f, *branch) for branch in zip(tree, *others, strict=True)]
    return type(tree)(*branches) if hasattr(tree, "_fields") else tuple(branches)


def named_leaves(tree, prefix=""):
    """
    List the tensors of a record as pairs of a dotted name and an array.

    The order is that of the fields, depth first.

    Parameters
    ----------
    tree : tuple or ndarray
        A record.
    prefix : str, default ""
        What stands before each name.

    Returns
    -------
    list of tuple
        Pairs (name, array).

    See Also
    --------
    tree_map : Apply a function to each tensor.

    Examples
    --------
    >>> named_leaves((1.0, (2.0, 3.0)))
    [('0', 1.0), ('1.0', 2.0), ('1.1', 3.0)]
    """
    if not isinstance(tree, tuple):
        return [(prefix, tree)]
    names = getattr(tree, "_fields", range(len(tree)))
    dot = "." if prefix else ""
    return [leaf for name, branch in zip(names, tree, strict=True)
            for leaf in named_leaves(branch, f"{prefix}{dot}{name}")]


def count_parameters(tree):
    """
    Count the numbers in a record.

    Shared weights count once, however many copies the unfolded network has.

    Parameters
    ----------
    tree : tuple or ndarray
        A record.

    Returns
    -------
    int
        How many numbers it holds.

    See Also
    --------
    named_leaves : List the tensors of a record.

    Examples
    --------
    >>> count_parameters(CellParams(np.ones((3, 2)), np.eye(3), np.zeros((3, 1))))
    18
    """
    return sum(np.size(leaf) for _, leaf in named_leaves(tree))
