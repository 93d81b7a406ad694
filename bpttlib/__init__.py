"""
Backpropagation through time in plain NumPy, written to be read.

The floors, from the ground up; a module imports only what lies below it:

0. activations, params, errors, and reference, the definition of the gradient
1. cells, init, losses, optim, clip: one step, one formula, one update
2. tape, inputs, bptt, layers, truncation, jacobian, rtrl, checkpoint: here alone time exists
3. batch, model, sampling, saving, train, gradcheck, diagnostics, frameworks, tasks, data
4. plots and widgets, which need Matplotlib and ipywidgets; import them by name
"""
from bpttlib import (
    activations,
    batch,
    bptt,
    cells,
    checkpoint,
    clip,
    data,
    diagnostics,
    errors,
    frameworks,
    frugal,
    gradcheck,
    init,
    inputs,
    jacobian,
    layers,
    losses,
    model,
    optim,
    params,
    pieces,
    readout,
    reference,
    rtrl,
    sampling,
    saving,
    sums,
    tape,
    tasks,
    train,
    truncation,
)

__version__ = "0.1.0"
__all__ = [
    "activations", "batch", "bptt", "cells", "checkpoint", "clip", "data", "diagnostics",
    "errors", "frameworks", "frugal", "gradcheck", "init", "inputs", "jacobian", "layers",
    "losses", "model", "optim", "params", "pieces", "readout", "reference", "rtrl", "sampling",
    "saving", "sums", "tape", "tasks", "train", "truncation",
]
