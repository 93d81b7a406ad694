"""What keys do to the experiments; and what these must say, by the library's public functions."""
import importlib
import re
from time import monotonic

import numpy as np
from playwright.sync_api import expect

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.diagnostics import largest_singular_value, spectral_radius
from bpttlib.gradcheck import relative_error
from bpttlib.init import SCHEMES, orthogonal
from bpttlib.losses import softmax_cross_entropy, squared_error
from bpttlib.model import Model
from bpttlib.optim import adam, sgd
from bpttlib.params import CellParams, tree_map
from bpttlib.tape import window
from bpttlib.tasks import adding, batches, counting_ones, one_bit, temporal_xor, windows
from bpttlib.train import fit
from bpttlib.truncation import truncated_bptt
from bpttlib.widgets._gates import problem as gates_problem
from bpttlib.widgets._gates import trained_parameters
from bpttlib.widgets._unfolding import problem as unfolding_problem
from tests.browser import EXPERIMENTS

# For each experiment: a control, the keys to press on it, or where to click on its slider; and what
# is set thereby.
TABLE = {
    "unfolding_machine": [
        ("cell: LSTM", ["Space"], {"cell": "LSTM"}), ("position", 3 * ["ArrowUp"], {"position": 3}),
        ("position", 8 / 19, {"position": 8}),
        ("Step", ["Enter"], {"position": 9}), ("Back", ["Space"], {"position": 8}),
        ("cell: GRU", ["Enter"], {"cell": "GRU"}), ("position", ["15"], {"position": 15}),
        ("numbers", ["Space"], {"numbers": True})],
    "descent_on_two_numbers": [
        ("w", ["ArrowUp"], {"w": 5.05}), ("b", 4 * ["ArrowDown"], {"b": -2.24}),
        ("learning rate", ["0.02"], {"lr": 0.02}), ("clip norm at", ["ArrowDown"], {"c": 0.45}),
        ("w", 7 / 11, {"w": 4.9})],
    "map_of_credit": [
        ("cell: GRU", ["Space"], {"cell": "GRU"}), ("task: counting", ["Enter"],
                                                    {"task": "counting"}),
        ("gain of W_hh", 2 * ["ArrowUp"], {"gain": 1.1}), ("steps T", ["24"], {"T": 24}),
        ("k1, new steps", 3 * ["ArrowDown"], {"k1": 1}), ("k2, steps back", ["12"], {"k2": 12}),
        ("k2, steps back", 13 / 31, {"k2": 14})],
    "gradient_microscope": [
        ("W_hh drawn by: orthogonal", ["Space"], {"scheme": "orthogonal"}),
        ("activation: relu", ["Enter"], {"activation": "relu"}),
        ("gain of W_hh", 3 * ["ArrowUp"], {"gain": 1.3}), ("size of inputs", ["1"], {"size": 1.0}),
        ("steps T", 10 * ["ArrowDown"], {"T": 30}),
        ("gain of W_hh", 1.1 / 3, {"gain": 1.1})],
    "gates_at_work": [
        ("step s", 8 * ["ArrowUp"], {"step": 9}), ("forget bias +", ["ArrowDown"], {"added": -0.5}),
        ("Step", ["Space"], {"step": 10}), ("sequence: sunspots", ["Space"],
                                            {"sequence": "sunspots"}),
        ("step s", 12 / 58, {"step": 13}), ("cell: GRU", ["Enter"],
                                                                 {"cell": "GRU"}),
        ("shown large: f, z", ["Space"], {"large": "f, z"})],
}
AT_ONCE = {"unfolding_machine": "position", "descent_on_two_numbers": "b", "map_of_credit": "k2",
           "gradient_microscope": "gain", "gates_at_work": "step"}
SETTINGS = [("cell: LSTM", "Space"), ("gap", "4"), ("k1, new steps", "4"), ("k2, horizon", "8"),
            ("k2, horizon", "ArrowUp"), ("optimiser: sgd", "Enter"),
            ("clip norm at: 1", "Space"), ("learning rate: 1", "Space")]
SET = {"task": "delayed recall", "cell": "LSTM", "gap": 4, "k1": 4, "k2": 9, "optimiser": "sgd",
       "clip": "1", "lr": "1"}
CELLS = {"Elman": Elman(), "LSTM": LSTM(), "GRU": GRU()}


def unfolding_machine(cell, position, numbers):
    model, params, batch, s0 = unfolding_problem(cell)
    y, tape = model.forward(params, batch.x, s0)
    _, dy = squared_error(y, batch.targets)
    own = params.readout.W_hy.T @ dy
    first = max(19 - position, 1)                           # the copy that was gone back to last
    total = 0.0 if first > 6 else np.linalg.norm(bptt(      # a slice of a tape is a tape
        model.cell, params.cell, batch.x[first - 1:], window(tape, first - 1, 6),
        own[first - 1:]).params.W_hh)
    said = [f"Position {position} of 19", f"running sum dW_hh is {total:.4g}."]
    if position <= 6:
        said.append("h_{} = ({:.3f}, {:.3f})".format(position, *tape.h[position, :, 0]))
    elif position <= 12:
        error = (y - batch.targets)[position - 7].item()
        said.append(f"L_{position - 6} = {error**2 / 2 / 6:.4g};")
    return said


def descent_on_two_numbers(w, b, lr, c):
    cell, h_0, x = Elman("sigmoid"), 1 / (1 + np.exp(-0.5)), np.zeros((50, 1, 1))

    def at(w, b):
        params = CellParams(np.zeros((1, 1)), np.array([[w]]), np.array([[b]]))
        tape, own = unroll(cell, params, x, np.array([[h_0]])), np.zeros((50, 1, 1))
        own[-1] = 2 * (tape.h[-1] - 0.7)
        grads = bptt(cell, params, x, tape, own).params
        return (tape.h[-1].item() - 0.7)**2, (grads.W_hh.item(), grads.b_h.item())

    L, (dw, db) = at(w, b)
    said = [f"At w = {w:.4g}, b = {b:.4g}: L = {L:.4g}, dL/dw = {dw:.4g}, dL/db = {db:.4g}"]
    return said                                             # where descents end is chaotic


def map_of_credit(cell, task, gain, T, k1, k2):
    draw, D, K, loss = {"temporal XOR": (temporal_xor, 1, 2, softmax_cross_entropy),
                        "counting": (counting_ones, 1, 1, squared_error),
                        "adding": (adding, 2, 1, squared_error)}[task]
    batch = draw(np.random.default_rng(3), T=T, B=1)
    mask = None if task == "counting" else batch.mask       # a loss at every step
    model = Model(CELLS[cell], D, 8, K, loss.__name__)
    params = model.init(np.random.default_rng(7), W_hh=lambda *a: orthogonal(*a, gain=gain))
    y, tape = model.forward(params, batch.x)
    own = params.readout.W_hy.T @ loss(y, batch.targets, mask)[1]
    full = bptt(model.cell, params.cell, batch.x, tape, own).params.W_hh
    cut = truncated_bptt(model.cell, params.cell, batch.x, tape, own, k1, max(k1, k2)).params.W_hh
    error = 100 * relative_error(full, cut)
    return [f"k1 = {k1}, k2 = {max(k1, k2)}",
            f"bias of the gradient of W_hh is {error if error > 1e-9 else 0:.3g} %"]


def gradient_microscope(scheme, activation, gain, size, T):
    cell, rng = Elman(activation), np.random.default_rng(1)
    W_hh = gain * SCHEMES[scheme](np.random.default_rng(0), (16, 16))
    direction, params = rng.normal(size=16), CellParams(np.eye(16), W_hh, np.zeros((16, 1)))
    x, own = size * rng.normal(size=(T, 16, 1)), np.zeros((T, 16, 1))
    own[-1, :, 0] = direction / np.linalg.norm(direction)
    tape = unroll(cell, params, x)
    bptt(cell, params, x, tape, own)
    return [f"ρ = {spectral_radius(W_hh):.3g}, σ_max = {largest_singular_value(W_hh):.3g}",
            f"{T} steps back the gradient's norm is {np.linalg.norm(tape.dh[0]):.2g} of what"]


def gates_at_work(cell, sequence, step, added, large):
    task, params = gates_problem(sequence), trained_parameters(cell, sequence)
    kept = {"LSTM": "f", "GRU": "z"}[cell]
    params = tree_map(np.copy, params)
    CELLS[cell].blocks(params.cell.b_h)[CELLS[cell].gates.index(kept)] += added
    y, tape = Model(CELLS[cell], task.D, 8, 1, "squared_error").forward(params, task.batch.x)
    blocks = dict(zip(CELLS[cell].gates, CELLS[cell].blocks(tape.a[-59:]), strict=True))
    means = ", ".join(f"{name} {block[step - 1, :, 0].mean():.2f}"
                      for name, block in blocks.items())
    path = np.prod(blocks[kept][step:, :, 0], axis=0)
    error = 2 * squared_error(y, task.batch.targets, task.batch.mask)[0] / task.guessing
    return [f"Step {step}", f"gates on average {means};", f"{error:.3g}",
            "all, as it is the last" if step == 59 else
            f"{path.max():.{3 if path.max() >= 0.1 else 2}g} in unit {path.argmax() + 1}"
            if path.max() >= 0.001 else f"in unit {path.argmax() + 1}"]


def train_it_live(updates, task, cell, gap, k1, k2, optimiser, clip, lr):
    """Train so many updates with the same settings; only the two tasks of bits are known here."""
    if task == "delayed recall":
        bits = np.random.default_rng(0).integers(0, 2, (50_000 + gap, 16))
        loader = windows(2.0 * bits[gap:, None] - 1, bits[:50_000], k1, k2)
    else:
        loader = batches(one_bit, seed=0, T=gap + 1, B=16)
    model = Model(CELLS[cell], 1, 16, 2, "softmax_cross_entropy")
    done = fit(model, model.init(np.random.default_rng(0)), loader, updates,
               {"adam": adam, "sgd": sgd}[optimiser](float(lr)),
               None if clip == "none" else float(clip), progress=False)
    return [f"{updates:,} updates: loss {done.loss[0]:.2g} at first, {done.loss[-10:].mean():.2g} "
            f"over the last {min(10, updates)}; gradient norm {done.norm[-1]:.2g}"]


def facts(name, values):
    """What the words must hold, by the library's public functions."""
    if name == "train_it_live":
        return train_it_live(150, **values)    # as it stands there at first
    return globals()[name](**values)


def made(name):
    """The same experiment without a page."""
    module = importlib.import_module(f"bpttlib.widgets.{EXPERIMENTS[name]}")
    return next(make for word, make in vars(module).items() if word.startswith("_make"))()


def set_back(shown, name):
    """Press Reset, and wait until the words and the picture are those of the start again."""
    shown.press("Reset", "Enter")
    if name == "train_it_live":
        return shown.says("Nothing has been trained yet")
    return agrees(shown, name, made(name), made(name).start)


def agrees(shown, name, experiment, values):
    """Wait until the words hold the library's numbers, and compare the picture, mark by mark."""
    shown.says(*facts(name, values))
    svg, alt, _ = experiment.draw(**values)
    expect(shown.picture).to_have_attribute("aria-label", " ".join(alt.split()))
    same = """(picture, html) => { const sheet = document.createElement("template");
              sheet.innerHTML = html; return sheet.content.firstChild.isEqualNode(picture) }"""
    end = monotonic() + 10                                  # the words may be there before it
    while not shown.picture.evaluate(same, svg.html(alt)):
        assert monotonic() < end, values
    assert shown.words.get_attribute("role") == "status"


def trained(shown, **settings):
    """Wait until it rests; compare its numbers with those of so many updates; return how many."""
    expect(shown.words).to_have_attribute("role", "status")
    updates = int(re.search(r"([\d,]+) updates", shown.words.inner_text())[1].replace(",", ""))
    shown.says(*train_it_live(updates, **settings))
    return updates
