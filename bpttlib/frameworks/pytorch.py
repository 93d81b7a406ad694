"""
Parameters from and to PyTorch: exactly, or refused with the reason.

PyTorch's `nn.RNN`, `nn.LSTM` and `nn.GRU` stack the blocks of their gates as we do, i f g o and
r z n, and their z keeps the old state, too. So the matrices are the same, and only names and biases
differ. For layer k, counted from 0, with "_reverse" at the end for the backward direction:

======================  ======  ===========================================
PyTorch                 ours    difference
======================  ======  ===========================================
`weight_ih_lk`          `W_xh`  none
`weight_hh_lk`          `W_hh`  none
`bias_ih_lk`            `b_h`   a vector; ours is a column …
`bias_hh_lk`                    … and holds the sum of both
`Linear.weight, .bias`  `W_hy`  none; `b_y` is a column
`Embedding.weight`      `E`     transposed
======================  ======  ===========================================

Arrays of shape (T, B, D) there are (T, D, B) here: `x.transpose(0, 2, 1)` goes both ways. This file
needs no PyTorch: a `state_dict` is a mapping from names to what NumPy can read.
"""
import numpy as np

from bpttlib.activations import ACTIVATIONS
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.errors import require
from bpttlib.frameworks._arrays import cell_arrays
from bpttlib.layers import Bidirectional, Layer, Stacked, as_network
from bpttlib.params import CellParams, named_leaves, tree_map

WEIGHTS, BIASES = ("weight_ih", "weight_hh"), ("bias_ih", "bias_hh")


def to_pytorch(network, params):
    """
    Return what `load_state_dict` of the same network in PyTorch takes, as NumPy arrays.

    The bias goes into `bias_ih`; `bias_hh` is zero. If training goes on there, the n block of a
    GRU's `bias_hh` must be kept at zero for the way back to be open. Not meant for gradients, which
    both of PyTorch's biases share.

    Parameters
    ----------
    network : Cell or Network
        Elman with tanh or relu, LSTM, GRU; Bidirectional or Stacked, all layers alike.
    params : tuple
        Its parameters.

    Returns
    -------
    dict
        From PyTorch's names to arrays, which are copies.

    Raises
    ------
    ValueError
        If PyTorch has no such network.

    See Also
    --------
    from_pytorch : The way back.

    Examples
    --------
    >>> params = CellParams(np.ones((3, 2)), np.eye(3), np.full((3, 1), 0.5))
    >>> state = to_pytorch(Elman(), params)
    >>> list(state)
    ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
    >>> state["bias_ih_l0"]
    array([0.5, 0.5, 0.5])

    With PyTorch, `rnn.load_state_dict({name: torch.from_numpy(a) for name, a in state.items()})`.
    """
    endings, cell, _ = _plan(network)
    _check(network, params)
    state = {}

    def write(ending, own):
        W_xh, W_hh, b_h = cell_arrays(cell, own._asdict(), (1,))
        bias = b_h[:, 0]
        for name, array in zip(WEIGHTS + BIASES, (W_xh, W_hh, bias, 0 * bias), strict=True):
            state[f"{name}_{ending}"] = array.copy()

    tree_map(write, endings, params)
    return state


def from_pytorch(network, state):
    """
    Return the parameters that a `state_dict` of the same network in PyTorch holds.

    The two biases become their sum, and without biases it is zero. A GRU there has a bias within
    the reset product, r ⊙ (W_hn h + b_hn), where ours has none: it is refused unless it is zero.

    Parameters
    ----------
    network : Cell or Network
        Elman with tanh or relu, LSTM, GRU; Bidirectional or Stacked, all layers alike.
    state : dict
        From PyTorch's names to arrays or tensors: the `state_dict()` of the recurrent module alone.

    Returns
    -------
    tuple
        The parameters, which are copies.

    Raises
    ------
    ValueError
        If a name is missing or not expected, a shape does not fit, the module has projections, or
        a GRU's b_hn is not zero.

    See Also
    --------
    to_pytorch : The way there.

    Examples
    --------
    >>> state = {"weight_ih_l0": np.ones((3, 2)), "weight_hh_l0": np.eye(3),
    ...          "bias_ih_l0": np.full(3, 0.5), "bias_hh_l0": np.full(3, 0.25)}
    >>> from_pytorch(Elman(), state).b_h
    array([[0.75],
           [0.75],
           [0.75]])
    """
    endings, cell, module = _plan(network)
    state = {name: np.asarray(array) for name, array in dict(state).items()}
    for name in state:
        require(not name.startswith("weight_hr"), name, "a projection of the state",
                "a module without one, proj_size=0")
    names = WEIGHTS + BIASES if any(name.startswith("bias") for name in state) else WEIGHTS
    needed = [f"{name}_{ending}" for _, ending in named_leaves(endings) for name in names]
    missing = [name for name in needed if name not in state]
    extra = [name for name in state if name not in needed]
    require(not missing and not extra, "state",
            " and ".join(word + ", ".join(which) for word, which in
                         (("no ", missing), ("besides ", extra)) if which),
            f"the state_dict() of {module}, and of nothing else")

    def read(ending):
        tensors = {f"{name}_{ending}": state[f"{name}_{ending}"] for name in names}
        W_xh, W_hh, *biases = cell_arrays(cell, tensors)
        if isinstance(cell, GRU) and biases:
            b_hn = cell.blocks(biases[1][:, None])[2]
            require(not b_hn.any(), f"bias_hh_{ending}",
                    f"up to {np.abs(b_hn).max():.3g} in its n block, b_hn",
                    "zeros there: our GRU has no bias inside the reset product; train with b_hn "
                    "at zero, or with bias=False")
        b_h = sum(biases, np.zeros(len(W_hh), W_hh.dtype))
        return CellParams(W_xh.copy(), W_hh.copy(), b_h[:, None])

    params = tree_map(read, endings)
    _check(network, params)
    return params


def _plan(network):
    """Return the endings of PyTorch's names, in a record like the parameters, cell and module."""
    network = as_network(network)
    layers = network.layers if isinstance(network, Stacked) else (network,)
    both = [isinstance(layer, Bidirectional) for layer in layers]
    cells = [layer.cell if two else layer for layer, two in zip(layers, both, strict=True)]
    require(all(isinstance(cell, Layer) for cell in cells), "network", type(network).__name__,
            "a cell, a Bidirectional of a cell, or a Stacked of either")
    modules = {_module(layer.cell) for layer in cells}
    require(len(modules) == 1 and len(set(both)) == 1, "network",
            f"layers of several kinds ({', '.join(sorted(modules))}; bidirectional: {both})",
            "layers that are all alike, as in PyTorch's modules")
    endings = tuple((f"l{k}", f"l{k}_reverse") if two else f"l{k}" for k, two in enumerate(both))
    module = f"{modules.pop()} with num_layers={len(layers)} and bidirectional={both[0]}"
    return endings if isinstance(network, Stacked) else endings[0], cells[0].cell, module


def _module(cell):
    """Return how PyTorch calls the cell."""
    if isinstance(cell, Elman):
        name = cell.activation.name
        require(cell.activation in (ACTIVATIONS["tanh"], ACTIVATIONS["relu"]), "activation",
                repr(name), '"tanh" or "relu"; nn.RNN has no other')
        return f'nn.RNN("{name}")'
    require(isinstance(cell, LSTM | GRU), "cell", type(cell).__name__, "Elman, LSTM or GRU")
    return "nn.LSTM" if isinstance(cell, LSTM) else "nn.GRU"


def _check(network, params):
    """Look whether the layers fit on each other, each with the H of the bottom one."""
    sizes = [np.shape(leaf) for _, leaf in named_leaves(params)[:2]]
    require([len(size) for size in sizes] == [2, 2], "params", type(params).__name__,
            "the network's parameters, as its init makes them")
    as_network(network).check(params, D=sizes[0][1], H=sizes[1][1])
