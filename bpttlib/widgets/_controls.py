"""The controls of an experiment: each with a name, and usable by the keyboard alone."""
from numbers import Integral, Real

import ipywidgets

from bpttlib.errors import require

WIDTH = "8em"                                               # of the names
MILLISECONDS = 700                                          # between two positions when it plays
MOUSE_ONLY = """<style>
.bptt-mouse-only .noUi-handle { visibility: hidden }
.bptt-mouse-only .noUi-touch-area { visibility: visible; box-sizing: border-box; border-radius: 50%;
  background: var(--jp-widgets-slider-handle-background-color, white);
  border: 1px solid var(--jp-widgets-slider-handle-border-color, grey) }
</style>"""


def make_control(name, spec):
    """
    Make one control, the row of widgets in which it stands, and what joins them.

    The last is a function, to be called when the control is watched already: then the picture
    follows first, and a slider only afterwards. A choice has buttons, as JupyterLab takes the arrow
    keys from a Dropdown. A range of whole numbers can be played.
    """
    named = {"description": name, "style": {"description_width": WIDTH}}
    if isinstance(spec, bool):
        box = ipywidgets.Checkbox(value=spec, **named)
        return box, [box], lambda: None
    if isinstance(spec, list) and spec:
        label = ipywidgets.Label(name, layout={"flex": f"0 0 {WIDTH}",
                                               "justify_content": "flex-end"})
        buttons = ipywidgets.ToggleButtons(options=spec, style={"button_width": "auto"},
                                           tooltips=[f"{name}: {choice}" for choice in spec])
        return buttons, [label, buttons], lambda: None
    if isinstance(spec, range) and len(spec) > 1 and spec.step == 1:
        field, row, join = _number(name, (spec[0], spec[-1], 1, spec[0]), named)
        player, start = _player(field)
        return field, [*row, *player], lambda: (join(), start())
    ordered = (isinstance(spec, tuple) and len(spec) == 4
               and all(isinstance(number, Real) for number in spec)
               and spec[0] <= spec[3] <= spec[1] and spec[0] < spec[1] and spec[2] > 0)
    require(ordered, name, spec, "(least, greatest, step, start), a list, True or False")
    return _number(name, spec, named)


def _number(name, spec, named):
    """
    Make a field and a slider, linked.

    The handle of ipywidgets' slider has no name that a screen reader could say. The field before
    it has a name, takes the arrow keys, and shows the number. So the slider is for the mouse alone:
    MOUSE_ONLY hides its handle from the keyboard and from screen readers, and draws it again.
    """
    span = dict(zip(("min", "max", "step", "value"), spec, strict=True))
    whole = all(isinstance(number, Integral) for number in spec)
    kinds = ("BoundedIntText", "IntSlider") if whole else ("BoundedFloatText", "FloatSlider")
    field, slider = (getattr(ipywidgets, kind) for kind in kinds)
    field = field(**span, **named, layout={"width": "14em"})
    slider = slider(**span, readout=False, continuous_update=True, tooltip=name,
                    layout={"width": "22em"})
    slider.add_class("bptt-mouse-only")
    return field, [field, slider], lambda: _link(field, slider)


def _player(field):
    """
    Make buttons that go back, play or pause, and go on, for a field of whole numbers.

    The buttons of ipywidgets' Play have pictures and no names; it stays hidden and keeps the time.
    For the same reason ours have words and no icons, whose glyphs would be part of their names.
    """
    clock = ipywidgets.Play(min=field.min, max=field.max, value=field.value, show_repeat=False,
                            interval=MILLISECONDS, layout={"display": "none"})
    play = ipywidgets.ToggleButton(description="Play", tooltip="Play or pause",
                                   layout={"width": "6em"})
    ipywidgets.link((clock, "playing"), (play, "value"))

    def label(change):
        play.description = "Pause" if change["new"] else "Play"
        if change["new"] and field.value == field.max:      # from the end it starts again
            field.value = field.min

    play.observe(label, "value")
    back, on = (ipywidgets.Button(description=word, layout={"width": "6em"})
                for word in ("Back", "Step"))
    for button, by in ((back, -1), (on, 1)):
        def move(_, by=by):
            clock.playing = False
            field.value = field.value + by                  # the field keeps to its range
        button.on_click(move)
    return [back, play, on, clock], lambda: _link(field, clock)


def _link(field, other):
    """Let the two show one number, also where another watcher of the field has changed it."""
    def to_other(_):
        other.value = field.value

    def to_field(_):
        field.value = round(other.value, 10)                # a slider's 0.1 · 3

    field.observe(to_other, "value")
    other.observe(to_field, "value")
