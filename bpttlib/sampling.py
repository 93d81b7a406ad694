"""Drawing sequences from a model that has learnt to tell what comes next."""
from numbers import Real

import numpy as np

from bpttlib.errors import require, require_array, require_generator, require_whole


def sample(model, params, prompt, steps, rng, temperature=1.0, s0=None):
    """
    Draw k_t ~ softmax(y_t / temperature), and feed it in as the next input.

    The model reads the prompt, then what it has drawn itself; its state is carried from one draw to
    the next.

    Parameters
    ----------
    model : Model
        A model with as many outputs as its inputs have values, and softmax cross-entropy as loss.
    params : ModelParams
        Its parameters.
    prompt : ndarray of int
        The labels to begin with, of shape (T, B); B sequences are drawn side by side.
    steps : int
        How many labels to draw.
    rng : numpy.random.Generator
        Where the draws come from.
    temperature : float, default 1.0
        Below 1 likely labels become likelier still; 0 always takes the likeliest.
    s0 : tuple, optional
        The initial state; zero by default.

    Returns
    -------
    ndarray of int
        The labels drawn, of shape (steps, B), without the prompt.

    See Also
    --------
    bpttlib.model.Model.forward : What is asked at each step.

    Examples
    --------
    >>> from bpttlib.cells import LSTM
    >>> from bpttlib.model import Model
    >>> model = Model(LSTM(), D=5, H=8, K=5, loss="softmax_cross_entropy")
    >>> rng = np.random.default_rng(0)
    >>> sample(model, model.init(rng), np.array([[2]]), steps=7, rng=rng).shape
    (7, 1)
    """
    require(model.loss == "softmax_cross_entropy", "model", f"one with the loss {model.loss}",
            "one that gives classes, with the loss softmax_cross_entropy")
    require(model.network.streams, "model", "a bidirectional network",
            "one that can stream; what comes next is not known while it is drawn")
    require_whole("steps", steps)
    require_generator(rng)
    require(isinstance(temperature, Real) and temperature >= 0 and np.isfinite(temperature),
            "temperature", repr(temperature), "a number that is at least 0")
    x, drawn = require_array("prompt", prompt, ("T", "B"), "iu"), []
    values = getattr(model.network, "V", model.D)
    require(model.K == values, "model", f"K = {model.K} outputs for {values} values of the inputs",
            "as many outputs as values")
    require((x >= 0).all() and (x < values).all(), "prompt", f"labels from {x.min()} to {x.max()}",
            f"labels from 0 to {values - 1}")
    for _ in range(steps):
        y, tape = model.forward(params, x, s0)
        s0 = model.network.state_at(tape, len(x))
        drawn.append(_draw(y[-1], temperature, rng))
        x = drawn[-1][None]                                             # (1, B)
    return np.stack(drawn)


def _draw(logits, temperature, rng):
    """Return one label for each column of logits (K, B)."""
    # The largest of the logits plus Gumbel noise is a draw from their softmax; dividing the logits
    # by the temperature is the same as multiplying the noise, and works for 0, too.
    return (logits + temperature * rng.gumbel(size=logits.shape)).argmax(axis=0)
