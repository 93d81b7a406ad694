"""Conversion of parameters from and to frameworks, and parity where they are installed."""
import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from bpttlib.bptt import unroll
from bpttlib.cells import GRU, LSTM, Cell, Elman
from bpttlib.frameworks import from_keras, from_pytorch, to_keras, to_pytorch
from bpttlib.gradcheck import relative_error
from bpttlib.layers import Bidirectional, Embedded, Stacked, as_network
from bpttlib.params import CellParams, named_leaves, tree_map
from tools.build_notebooks import read_source

CELLS = {"tanh": Elman(), "relu": Elman("relu"), "LSTM": LSTM(), "GRU": GRU()}
NETWORKS = {
    "cell": lambda cell: cell,
    "bidirectional": Bidirectional,
    "stacked": lambda cell: Stacked(cell, cell, cell),
    "both": lambda cell: Stacked(Bidirectional(cell), Bidirectional(cell)),
}


def network_and_params(kind="cell", cell="LSTM", seed=0, D=2, H=3, dtype=float):
    rng = np.random.default_rng(seed)
    network = NETWORKS[kind](CELLS[cell])
    params = as_network(network).init(rng, D, H)
    return network, tree_map(lambda p: (p + rng.uniform(-0.5, 0.5, p.shape)).astype(dtype), params)


def a_state(G=4, D=2, H=3, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"weight_ih_l0": (G * H, D), "weight_hh_l0": (G * H, H), "bias_ih_l0": (G * H,),
              "bias_hh_l0": (G * H,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


# --- without PyTorch ---------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_there_and_back_is_the_same(kind, cell, dtype):
    network, params = network_and_params(kind, cell, dtype=dtype)
    back = from_pytorch(network, to_pytorch(network, params))
    pairs = list(zip(named_leaves(params), named_leaves(back), strict=True))
    assert all(a == b and (p == q).all() and q.dtype == dtype for (a, p), (b, q) in pairs)


def test_the_names_and_their_order_are_those_of_pytorch():
    network, params = network_and_params("both")
    state = to_pytorch(network, params)
    assert list(state) == [f"{what}_{ending}" for ending in ("l0", "l0_reverse", "l1", "l1_reverse")
                           for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    assert (state["weight_ih_l1_reverse"] == params[1][1].W_xh).all()
    assert (state["weight_hh_l0_reverse"] == params[0][1].W_hh).all()
    assert state["weight_ih_l1"].shape == (12, 6)           # reads both directions below
    assert (state["bias_ih_l1"] == params[1][0].b_h[:, 0]).all()
    assert not state["bias_hh_l1"].any() and state["bias_hh_l1"].shape == (12,)


def test_a_state_made_by_hand():
    """Each block where it belongs, the biases added, for all three modules."""
    for cell, G in ((Elman(), 1), (LSTM(), 4), (GRU(), 3)):
        state = a_state(G)
        if G == 3:
            state["bias_hh_l0"][6:] = 0.0
        params = from_pytorch(cell, state)
        assert (params.W_xh == state["weight_ih_l0"]).all()
        assert (params.W_hh == state["weight_hh_l0"]).all()
        np.testing.assert_array_equal(params.b_h[:, 0], state["bias_ih_l0"] + state["bias_hh_l0"])
        assert params.b_h.shape == (3 * G, 1)


def test_a_module_without_biases():
    state = {name: array for name, array in a_state(3).items() if name.startswith("weight")}
    params = from_pytorch(GRU(), state)
    assert params.b_h.shape == (9, 1) and not params.b_h.any()


def test_the_arrays_are_copies():
    network, params = network_and_params()
    before = [p.copy() for p in params]
    state = to_pytorch(network, params)
    converted = from_pytorch(network, state)
    for array in state.values():
        array += 1.0
    assert all((p == q).all() for p, q in zip(params, before, strict=True))
    assert all((p == q).all() for p, q in zip(converted, before, strict=True))


class OwnCell(Cell):
    gates = state = ("h",)


STATE = a_state()
REFUSED = {
    "b_hn": (GRU(), a_state(3) | {"bias_hh_l0": np.r_[np.ones(6), 0.0, 0.25, 0.0]},
             "bias_hh_l0: got up to 0.25 in its n block, b_hn; needs zeros there: our GRU has "
             "no bias inside the reset product; train with b_hn at zero, or with bias=False."),
    "missing": (LSTM(), {k: v for k, v in STATE.items() if k != "weight_hh_l0"},
                "state: got no weight_hh_l0; needs the state_dict() of nn.LSTM with num_layers=1 "
                "and bidirectional=False, and of nothing else."),
    "half a bias": (LSTM(), {k: v for k, v in STATE.items() if k != "bias_hh_l0"},
                    "state: got no bias_hh_l0;"),
    "one more": (LSTM(), STATE | {"weight_ih_l1": np.ones(3)}, "state: got besides weight_ih_l1;"),
    "a prefix": (LSTM(), {f"lstm.{k}": v for k, v in STATE.items()},
                 "state: got no weight_ih_l0, weight_hh_l0 and besides lstm.weight_ih_l0, "),
    "projections": (LSTM(), STATE | {"weight_hr_l0": np.ones((2, 3))},
                    "weight_hr_l0: got a projection of the state; needs a module without one"),
    "the wrong cell": (GRU(), STATE, "weight_ih_l0: got shape (12, 2); needs shape (9, D)"),
    "a short bias": (LSTM(), STATE | {"bias_ih_l0": np.ones(11)},
                     "bias_ih_l0: got shape (11,); needs shape (12,)"),
    "NaN": (LSTM(), STATE | {"bias_ih_l0": np.full(12, np.nan)}, "bias_ih_l0: got nan at index"),
    "sigmoid": (Elman("sigmoid"), a_state(1), "activation: got 'sigmoid'; needs \"tanh\" or"),
    "a cell of one's own": (OwnCell(), a_state(1), "cell: got OwnCell; needs Elman, LSTM or GRU."),
    "several kinds": (Stacked(LSTM(), GRU()), STATE, "network: got layers of several kinds (nn"),
    "one both ways": (Stacked(Bidirectional(LSTM()), LSTM()), STATE, "network: got layers of sev"),
    "embeddings": (Embedded(LSTM(), 5), STATE, "network: got Embedded; needs a cell, a Bidirec"),
    "a stack inside": (Bidirectional(Stacked(LSTM(), LSTM())), STATE, "network: got Bidirectional"),
    "layers that do not fit": (
        Stacked(LSTM(), LSTM()),
        STATE | {k.replace("l0", "l1"): v for k, v in STATE.items()},       # D = 2, and H = 3
        "W_xh: got shape (12, 2); needs shape (12, 3)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_is_refused(case):
    network, state, message = REFUSED[case]
    with pytest.raises(ValueError) as refusal:
        from_pytorch(network, state)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("network, params, message", [
    (Elman("identity"), CellParams(np.ones((3, 2)), np.eye(3), np.ones((3, 1))), "activation: got"),
    (Elman(), CellParams(np.ones((3, 2)), np.eye(3), np.ones(3)), "b_h: got shape (3,); needs sha"),
    (LSTM(), CellParams(np.ones((3, 2)), np.eye(3), np.ones((3, 1))), "W_xh: got shape (3, 2)"),
    (Elman(), CellParams(1j * np.ones((3, 2)), np.eye(3), np.ones((3, 1))), "W_xh: got ndarray of"),
    (Elman(), (), "params: got tuple; needs the network's parameters"),
    (Stacked(Elman(), Elman()), CellParams(np.ones((3, 2)), np.eye(3), np.ones((3, 1))), "params:"),
])
def test_what_cannot_be_written_is_refused(network, params, message):
    with pytest.raises(ValueError) as refusal:
        to_pytorch(network, params)
    assert str(refusal.value).startswith(message)


# --- Keras, without Keras ----------------------------------------------------------------------

def keras_weights(G=4, D=2, H=3, rows=(), seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in ((D, G * H), (H, G * H), (*rows, G * H))]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cell", [*CELLS, "sigmoid"])
def test_to_keras_and_back_is_the_same(cell, dtype):
    cell = CELLS.get(cell, Elman("sigmoid"))
    rng, G = np.random.default_rng(0), len(cell.gates)
    params = CellParams(*(rng.normal(size=(3 * G, n)).astype(dtype) for n in (2, 3, 1)))
    back = from_keras(cell, to_keras(cell, params))
    assert all((p == q).all() and q.dtype == dtype for p, q in zip(params, back, strict=True))


def test_the_blocks_of_keras_find_their_places():
    kernel, recurrent_kernel, bias = keras_weights(3, rows=(2,))
    bias[1, 6:] = 0.0
    params = from_keras(GRU(), [kernel, recurrent_kernel, bias])
    z, r, h = np.split(kernel, 3, axis=1)
    assert (params.W_xh == np.concatenate([r.T, z.T, h.T])).all()
    z, r, h = np.split(recurrent_kernel, 3, axis=1)
    assert (params.W_hh == np.concatenate([r.T, z.T, h.T])).all()
    z, r, h = np.split(bias.sum(axis=0), 3)
    assert (params.b_h[:, 0] == np.concatenate([r, z, h])).all()
    weights = keras_weights()
    params = from_keras(LSTM(), weights)
    assert all((p == w.T).all() for p, w in zip(params[:2], weights))
    assert (params.b_h[:, 0] == weights[2]).all()
    no_bias = from_keras(LSTM(), [w.astype(np.float32) for w in weights[:2]]).b_h
    assert not no_bias.any() and no_bias.dtype == np.float32            # use_bias=False


def test_keras_gets_and_gives_copies():
    for cell, G, rows in ((LSTM(), 4, ()), (GRU(), 3, (2,))):
        weights = keras_weights(G, rows=rows)
        weights[2][1:] *= 0.0 if rows else 1.0
        params = from_keras(cell, weights)
        before = [p.copy() for p in params]
        for array in (*weights, *to_keras(cell, params)):
            array += 1.0
        assert all((p == q).all() for p, q in zip(params, before, strict=True))


@pytest.mark.parametrize("cell, weights, message", [
    (GRU(), keras_weights(3, rows=(2,)), "bias: got up to "),
    (GRU(), keras_weights(3), "bias: got shape (9,); needs shape (2, 9) as with reset_after=True"),
    (LSTM(), keras_weights(3), "recurrent_kernel: got shape (3, 9); needs shape (3, 12)"),
    (LSTM(), [np.ones((2, 9)), *keras_weights()[1:]], "kernel: got shape (2, 9); needs shape (D,"),
    (LSTM(), [*keras_weights()[:2], np.ones(9)], "bias: got shape (9,); needs shape (12,)"),
    (LSTM(), keras_weights()[:1], "weights: got 1 arrays; needs a kernel, a recurrent kernel"),
    (Stacked(LSTM()), keras_weights(), "cell: got Stacked; needs Elman, LSTM or GRU"),
])
def test_what_keras_cannot_give_is_refused(cell, weights, message):
    with pytest.raises(ValueError) as refusal:
        from_keras(cell, weights)
    assert str(refusal.value).startswith(message)


def test_what_keras_cannot_take_is_refused():
    with pytest.raises(ValueError, match="cell: got OwnCell; needs Elman, LSTM or GRU"):
        to_keras(OwnCell(), CellParams(np.ones((3, 2)), np.eye(3), np.ones((3, 1))))
    with pytest.raises(ValueError, match=r"b_h: got shape \(3,\); needs shape \(3, 1\)"):
        to_keras(Elman(), CellParams(np.ones((3, 2)), np.eye(3), np.ones(3)))


# --- parity: skipped where PyTorch is not installed --------------------------------------------

def module_for(torch, cell, kind, D, H, seed):
    """A random module of PyTorch in double precision; a GRU's b_hn is zero."""
    torch.manual_seed(seed)
    network = NETWORKS[kind](CELLS[cell])
    settings = {"num_layers": len(getattr(network, "layers", [0])), "dtype": torch.float64,
                "bidirectional": kind in ("bidirectional", "both")}
    if cell in ("tanh", "relu"):
        settings["nonlinearity"] = cell
    module = getattr(torch.nn, cell if cell in ("LSTM", "GRU") else "RNN")(D, H, **settings)
    if cell == "GRU":
        for name, p in module.named_parameters():
            if name.startswith("bias_hh"):
                p.data[2 * H:] = 0.0
    return network, module


def nested(network, flat):
    """Put one state after another into a record like the network's; PyTorch has them in a row."""
    if isinstance(network, Stacked):
        return tuple(nested(layer, flat) for layer in network.layers)
    if isinstance(network, Bidirectional):
        return nested(network.cell, flat), nested(network.cell, flat)
    return next(flat)


SIZES = [(7, 4, 3, 5), (1, 1, 1, 1), (4, 1, 2, 3), (3, 6, 1, 2)]             # T, B, D, H


# Not packed where both ways are read: our backward direction begins at the filling, and says so.
WAYS = [(kind, False) for kind in NETWORKS] + [("cell", True), ("stacked", True)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind, packed", WAYS)
def test_outputs_and_all_gradients_are_those_of_pytorch(kind, cell, sizes, packed):
    """A loss of some outputs and of the last states, from a random initial state."""
    torch = pytest.importorskip("torch")
    T, B, D, H = sizes
    rng = np.random.default_rng(T)
    network, module = module_for(torch, cell, kind, D, H, seed=B)
    params = from_pytorch(network, module.state_dict())
    n = sum(name.startswith("weight_hh") for name in module.state_dict())
    parts = as_network(CELLS[cell]).cell.state
    x, outputs = rng.normal(size=(T, D, B)), as_network(network).outputs(H)
    lengths = rng.integers(1, T + 1, size=B) if packed else np.full(B, T)
    lengths[0] = T
    own = rng.normal(size=(T, outputs, B)) * (rng.random((T, 1, B)) < 0.7)
    own *= np.arange(T)[:, None, None] < lengths                            # our mask
    first = [rng.normal(size=(n, H, B)) for _ in parts]
    last = [0.0 * s if packed else rng.normal(size=s.shape) for s in first]

    def tensor(a):
        return torch.tensor(a.swapaxes(1, 2).copy(), requires_grad=True)

    there, s0 = tensor(x), [tensor(s) for s in first]
    given = there
    if packed:
        given = torch.nn.utils.rnn.pack_padded_sequence(there, lengths, enforce_sorted=False)
    y, s_T = module(given, tuple(s0) if len(parts) == 2 else s0[0])
    if packed:
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y)
    ends = s_T if len(parts) == 2 else (s_T,)
    loss = (y * tensor(own)).sum() + sum((e * tensor(g)).sum() for e, g in zip(ends, last))
    loss.backward()

    net = as_network(network)
    tape = net.unroll(params, x, nested(net, iter(zip(*first))))
    back = net.bptt(params, x, tape, own, nested(net, iter(zip(*last))))
    counted = np.arange(T)[:, None, None] < lengths
    want = y.detach().numpy().swapaxes(1, 2)
    pairs = {"y": (tape.h[1:] * counted, want), "x": (back.x, there.grad.numpy().swapaxes(1, 2))}
    ours = [leaf for _, leaf in named_leaves(back.s0)]
    theirs = [s.grad.numpy()[k].T for k in range(n) for s in s0]
    pairs |= {f"s0, {k}": pair for k, pair in enumerate(zip(ours, theirs, strict=True))}
    gradients = to_pytorch(network, back.params)            # bias_ih has ours; bias_hh is not meant
    for name, p in module.named_parameters():
        got, want = gradients[name.replace("bias_hh", "bias_ih")], p.grad.numpy()
        if cell == "GRU" and name.startswith("bias_hh"):
            got, want = got[:2 * H], want[:2 * H]           # in the n block, theirs passes r
        pairs[name] = got, want
    errors = {name: relative_error(*pair) for name, pair in pairs.items()}
    assert max(errors.values()) < 1e-10, errors


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_pytorch_loads_what_we_write(kind, cell):
    torch = pytest.importorskip("torch")
    _, module = module_for(torch, cell, kind, D=2, H=3, seed=0)
    network, params = network_and_params(kind, cell, seed=1)
    state = to_pytorch(network, params)
    assert list(state) == list(module.state_dict())
    module.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    x = np.random.default_rng(2).normal(size=(5, 2, 4))
    with torch.no_grad():
        y, _ = module(torch.from_numpy(x.swapaxes(1, 2).copy()))
    ours = as_network(network).unroll(params, x).h[1:]
    assert relative_error(ours, y.numpy().swapaxes(1, 2)) < 1e-10


@pytest.mark.parametrize("cell", [*CELLS, "sigmoid"])
def test_outputs_are_those_of_keras(cell, monkeypatch):
    """Our random weights there, from a random initial state, and back again; in float32."""
    backend = "torch" if importlib.util.find_spec("torch") else "jax"
    pytest.importorskip(backend)
    monkeypatch.setenv("KERAS_BACKEND", backend)
    keras = pytest.importorskip("keras")
    rng, name, cell = np.random.default_rng(0), cell, CELLS.get(cell, Elman("sigmoid"))
    T, B, D, H, G = 6, 4, 2, 3, len(cell.gates)
    params = CellParams(*(rng.normal(size=(G * H, n)).astype(np.float32) for n in (D, H, 1)))
    settings = {} if G > 1 else {"activation": name}
    kind = getattr(keras.layers, type(cell).__name__ if G > 1 else "SimpleRNN")
    layer = kind(H, return_sequences=True, dtype="float32", **settings)
    layer.build((B, T, D))
    layer.set_weights(to_keras(cell, params))
    x = rng.normal(size=(T, D, B)).astype(np.float32)
    s0 = tuple(rng.normal(size=(H, B)).astype(np.float32) for _ in cell.state)
    y = layer(x.transpose(2, 0, 1), initial_state=[s.T.copy() for s in s0])
    want = keras.ops.convert_to_numpy(y).transpose(1, 2, 0)
    assert relative_error(unroll(cell, params, x, s0).h[1:], want) < 1e-5
    back = from_keras(cell, layer.get_weights())
    assert all((p == q).all() for p, q in zip(params, back, strict=True))


# --- notebook 12: the code that it shows and does not run --------------------------------------

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks/src/12_frameworks.py"
BLOCK = re.compile(r"^```python\n# (PyTorch|JAX)\n(.*?)^```", re.M | re.S)


def shown_code():
    """Yield what the notebook runs, and the blocks that it shows, in their order."""
    for cell in read_source(NOTEBOOK).cells:
        if cell.cell_type == "code":
            yield "NumPy", cell.source
        else:
            yield from BLOCK.findall(cell.source)


def test_every_block_of_the_notebook_says_whose_it_is():
    text = "\n".join(c.source for c in read_source(NOTEBOOK).cells if c.cell_type == "markdown")
    kinds = [kind for kind, _ in shown_code()]
    assert text.count("```python") == kinds.count("PyTorch") + kinds.count("JAX") >= 10


@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_the_code_that_the_notebook_shows_runs(framework, monkeypatch):
    """The notebook's cells and one framework's blocks, as one program, with every assert."""
    pytest.importorskip(framework)
    monkeypatch.setattr("IPython.display.display", lambda *_, **__: None)
    names, asserts = {"__name__": "notebook"}, 0
    for kind, source in shown_code():
        if kind in ("NumPy", {"torch": "PyTorch", "jax": "JAX"}[framework]):
            exec(compile(source, f"a block of {kind}", "exec"), names)
            asserts += source.count("assert ")
    assert asserts >= 4
