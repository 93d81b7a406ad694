"""The gradient's microscope: how a gradient fares on its way back, and what foretells it."""
import numpy as np

from bpttlib.plots.style import BLUE, GREEN, GREY, INK, OCHRE, PURPLE, VERMILLION
from bpttlib.plots.svg import Svg
from bpttlib.widgets._microscope import look as measure
from bpttlib.widgets.experiment import Experiment

SCHEMES = ["glorot_uniform", "orthogonal", "scaled_identity", "uniform_fan_in"]
TRY = (
    "tanh, scaled_identity, gain 2, inputs of size 0: it explodes. What will inputs of size 0.1 "
    "change, if not the weights?",
    "sigmoid, orthogonal, gain 3: all eigenvalues of W_hh have magnitude 3. Does the gradient "
    "explode?",
    "relu: double the size of the inputs, and again. What changes? Then do the same with tanh.",
    "identity, uniform_fan_in, gain 1: σ_max is above 1. Does the gradient explode? From which "
    "gain on does it, and what is ρ there?",
    "identity, glorot_uniform, gain 1: does the gradient vanish or explode? Look at the right "
    "before you answer.",
)
LEFT, RIGHT = (80, 104, 375, 340), (575, 104, 375, 340)
YLIM = (1e-10, 1e10)


def gradient_microscope():
    """
    Show ‖∂L/∂h_{T-n}‖ on its way back, with what the weights foretell, and what it passes through.

    At the left stand the norm as measured, the bound (σ_max γ)ⁿ, and ρⁿ, which is what the
    eigenvalues alone would say. At the right stand the singular values of ∂h_T/∂h_{T-n}. Controls
    choose the initialisation of W_hh, its gain, the activation, the size of the inputs and the
    number of steps.

    See Also
    --------
    bpttlib.diagnostics.norm_bound : The bound, and what it proves.
    bpttlib.diagnostics.reach : The largest of the singular values.

    Examples
    --------
    >>> gradient_microscope()                                   # doctest: +SKIP
    """
    from IPython.display import display
    display(_make_microscope().bundle, raw=True)


def _make_microscope():
    return Experiment(_draw, TRY, {
        "scheme": SCHEMES, "activation": ["tanh", "sigmoid", "relu", "identity"],
        "gain": (0.0, 3.0, 0.1, 1.0), "size": (0.0, 3.0, 0.1, 0.3), "T": (5, 60, 1, 40)}, names={
        "scheme": "W_hh drawn by", "gain": "gain of W_hh", "size": "size of inputs",
        "T": "steps T"})


def _draw(scheme, activation, gain, size, T):
    view = measure(scheme, gain, activation, size, T)
    bound, radius = _what_the_bound_says(view), _what_the_radius_says(view, activation)
    svg = Svg(980, 504)
    svg.text(LEFT[0], 18, f"$σ_{{max}}$ γ {bound}", VERMILLION, 15, "start", bold=True)
    svg.text(LEFT[0], 43, f"ρ {radius}", PURPLE, 15, "start", bold=True)
    _draw_norms(svg, view, T)
    _draw_singular_values(svg, view, T)
    largest, middle, smallest = view.singular[-1]
    sentence = (
        f"ρ = {view.rho:.3g}, σ_max = {view.sigma:.3g}, γ = {view.gamma:.3g}. {T} steps back the "
        f"gradient's norm is {view.norms[-1]:.2g} of what it was; the bound (σ_max γ)^{T} is "
        f"{view.bound[-1]:.2g}, ρ^{T} is {view.eigenvalues[-1]:.2g}. σ_max γ {bound}. ρ {radius}.")
    alt = (f"An Elman network with {activation}, W_hh {gain:.1f} times {scheme}, inputs of size "
           f"{size:.1f}. Left: the norm of the gradient against the steps back, logarithmic, with "
           f"the bound and ρⁿ. Right: singular values of the product of the Jacobians, {T} steps "
           f"back the largest {_seen(largest)}, the median {_seen(middle)}, the smallest "
           f"{_seen(smallest)}. {sentence}")
    return svg, alt, sentence


def _what_the_bound_says(view):
    """Say what σ_max γ proves; exactly 1, as with an orthogonal matrix, has rounding errors."""
    factor = round(view.sigma * view.gamma, 9)
    if factor < 1:
        return f"= {factor:.3g} < 1: this is sufficient to vanish, with every input"
    if factor == 1:
        return "= 1: the gradient cannot explode; whether it vanishes, the weights do not say"
    return f"= {factor:.3g} > 1: this is necessary to explode, and not sufficient"


def _what_the_radius_says(view, activation):
    """Say what ρ proves, which is something for linear networks only, in the long run."""
    rho = round(view.rho, 9)
    if activation != "identity":
        return f"= {rho:.3g}: this proves nothing, as the network is not linear"
    if rho == 1:
        return "= 1, linear: ρ alone does not say what happens in the end"
    if rho > 1:
        return f"= {rho:.3g} > 1, linear: the gradient explodes in the end"
    first = "; it may grow first" if view.sigma > 1 else ""
    return f"= {rho:.3g} < 1, linear: the gradient vanishes in the end{first}"


def _seen(value):
    return f"{value:.2g}" if np.isfinite(value) else "0 up to rounding"


def _draw_norms(svg, view, T):
    axes = svg.axes(LEFT, (0, T), YLIM, "steps back $n$", "$‖∂L/∂h_{T-n}‖$", ylog=True)
    _draw_lines(svg, axes, T, {
        "bound $(σ_{max}$ γ$)^n$": (view.bound, {"colour": VERMILLION, "width": 6}),
        "measured": (view.norms, {"colour": BLUE, "width": 3}),
        "$ρ^n$": (view.eigenvalues, {"colour": PURPLE, "dashed": True})})


def _draw_singular_values(svg, view, T):
    axes = svg.axes(RIGHT, (0, T), YLIM, "steps back $n$",
                    "singular values of $∂h_T/∂h_{T-n}$", ylog=True)
    largest, middle, smallest = view.singular.T
    _draw_lines(svg, axes, T, {"largest": (largest, {"colour": INK, "width": 6}),
                               "smallest": (smallest, {"colour": OCHRE, "width": 3}),
                               "median": (middle, {"colour": GREEN, "dashed": True})})


def _draw_lines(svg, axes, T, data):
    """Draw lines, from the widest to the thinnest so that all are seen, and a key above them."""
    axes.line([0, T], [1, 1], GREY, 1)
    for values, look in data.values():
        axes.line(range(T + 1), np.clip(values, YLIM[0] / 1e3, YLIM[1] * 1e3), **look)
    x, top, width, _ = axes.box
    for name, (_, look) in data.items():
        svg.line([(x, top - 18), (x + 28, top - 18)], **look)
        svg.text(x + 35, top - 18, name, look["colour"], 14, "start")
        x += width / 3 if len(name) < 10 else width / 2.1
