"""One line for an experiment: controls, a picture that follows them, and a sentence on it."""
import html
from numbers import Integral, Real

import ipywidgets

from bpttlib.errors import require
from bpttlib.plots.picture import bundle


def explore(draw, tasks=(), **controls):
    """
    Show a picture that follows its controls.

    Where no kernel runs, the first picture and its text stand there instead. A change that cannot
    be drawn keeps the last picture and says why.

    Parameters
    ----------
    draw : callable
        Called with one keyword for each control; returns a figure and its alternative text.
    tasks : sequence of str
        What to try, shown beneath the picture: predictions that the reader can test.
    **controls
        What each keyword may be: (least, greatest, step, start) for a number, a list for a choice
        that starts with its first entry, True or False for a switch.

    See Also
    --------
    bpttlib.plots.show : Show a picture without controls.

    Examples
    --------
    >>> from bpttlib.plots import lines
    >>> def powers(w):
    ...     return lines({"w": [w**t for t in range(9)]}, "t", "power"), f"The powers of {w}."
    >>> explore(powers, w=(0, 1, 0.1))
    Traceback (most recent call last):
    ValueError: w: got (0, 1, 0.1); needs (least, greatest, step, start), a list, True or False.
    """
    from IPython.display import display
    display(_Experiment(draw, tasks, controls).bundle, raw=True)


class _Experiment:
    """The widgets of one experiment, its `bundle` for the notebook, and what joins them."""

    def __init__(self, draw, tasks, controls):
        require(controls, "controls", "none", "at least one, such as w=(0.0, 2.0, 0.1, 1.0)")
        self.draw = draw
        made = {name: _control(name, spec) for name, spec in controls.items()}
        self.controls = {name: control for name, (control, _) in made.items()}
        self.start = self.values()
        self.picture, self.readout = ipywidgets.HTML(), ipywidgets.HTML()
        static = self.show(self.start)                      # a failure at the start is raised
        self.reset_button = ipywidgets.Button(description="Reset", tooltip="Back to the start")
        self.reset_button.on_click(self.reset)
        for control in self.controls.values():
            control.observe(self.redraw, "value")
        what_to_try = ipywidgets.HTML(_list(tasks))
        rows = [ipywidgets.HBox(row) for _, row in made.values()]
        self.box = ipywidgets.VBox([*rows, self.reset_button, self.picture, self.readout,
                                    what_to_try])
        static["text/html"] += self.readout.value + what_to_try.value
        self.bundle = self.box._repr_mimebundle_() | static

    def values(self):
        return {name: control.value for name, control in self.controls.items()}

    def show(self, values):
        shown = bundle(*self.draw(**values))
        self.picture.value = shown["text/html"]
        self.say(shown["text/plain"], "status")
        return shown

    def say(self, text, role):
        self.readout.value = (f'<p role="{role}" aria-live="polite" style="margin:0">'
                              f'{html.escape(text)}</p>')

    def redraw(self, _=None):
        try:
            self.show(self.values())
        except Exception as error:                          # in a callback nobody would see it
            self.say(str(error) or type(error).__name__, "alert")

    def reset(self, _=None):
        """Set all controls back, and draw once, not once for each of them."""
        for name, control in self.controls.items():
            control.unobserve(self.redraw, "value")
            control.value = self.start[name]
            control.observe(self.redraw, "value")
        self.redraw()


def _control(name, spec):
    """
    Make one control, and the row of widgets in which it stands.

    A number has a field and a slider, linked: the handle of ipywidgets' slider has no name that
    a screen reader could say; the field has one, takes the arrow keys, and shows the number.
    A choice has buttons, as JupyterLab takes the arrow keys from a Dropdown.
    """
    width = "8em"
    named = {"description": name, "style": {"description_width": width}}
    if isinstance(spec, bool):
        box = ipywidgets.Checkbox(value=spec, **named)
        return box, [box]
    if isinstance(spec, list) and spec:
        label = ipywidgets.Label(name, layout={"flex": f"0 0 {width}",
                                               "justify_content": "flex-end"})
        buttons = ipywidgets.ToggleButtons(options=spec, style={"button_width": "auto"},
                                           tooltips=[f"{name}: {choice}" for choice in spec])
        return buttons, [label, buttons]
    ordered = (isinstance(spec, tuple) and len(spec) == 4
               and all(isinstance(number, Real) for number in spec)
               and spec[0] <= spec[3] <= spec[1] and spec[0] < spec[1] and spec[2] > 0)
    require(ordered, name, spec, "(least, greatest, step, start), a list, True or False")
    span = dict(zip(("min", "max", "step", "value"), spec, strict=True))
    whole = all(isinstance(number, Integral) for number in spec)
    kinds = ("BoundedIntText", "IntSlider") if whole else ("BoundedFloatText", "FloatSlider")
    field, slider = (getattr(ipywidgets, kind) for kind in kinds)
    field = field(**span, **named, layout={"width": "14em"})
    slider = slider(**span, readout=False, continuous_update=True, tooltip=name,
                    layout={"width": "22em"})
    tidy = (lambda value: round(value, 10)), (lambda value: value)      # a slider's 0.1 · 3
    ipywidgets.link((slider, "value"), (field, "value"), transform=tidy)
    return field, [field, slider]


def _list(tasks):
    items = "".join(f"<li>{html.escape(task)}</li>" for task in tasks)
    return f"<p><strong>What to try</strong></p><ul>{items}</ul>" if items else ""
