"""What all experiments share: controls, a picture that follows them, and a sentence on it."""
import html

import ipywidgets

from bpttlib.errors import require
from bpttlib.plots.picture import bundle
from bpttlib.plots.svg import Svg
from bpttlib.widgets._controls import MOUSE_ONLY, make_control


class Experiment:
    """
    Join controls to a picture and a sentence, of which the notebook stores the first ones.

    A change that cannot be drawn keeps the last picture and says why. Nothing is drawn twice in
    a row: the widgets may report one change several times.

    Parameters
    ----------
    draw : callable
        Called with one keyword for each control; returns a figure or an Svg, and its alternative
        text. A third entry, if there is one, is the sentence to read out instead of that text.
    tasks : sequence of str
        What to try, shown beneath the picture: predictions that the reader can test.
    controls : dict
        What each keyword may be: (least, greatest, step, start) for a number, a list for a choice
        that starts with its first entry, True or False for a switch, a range for whole numbers
        that can be played.
    names : dict, optional
        What to call a control on the page, where its keyword is not plain enough.

    See Also
    --------
    explore : Show one in a line.

    Examples
    --------
    >>> def square(side):
    ...     svg = Svg(100, 100)
    ...     svg.rect(0, 0, side, side, "black")
    ...     return svg, f"A black square of side {side}.", f"Its area is {side**2}."
    >>> experiment = Experiment(square, ["Double the side."], {"side": (1, 9, 1, 3)})
    >>> experiment.controls["side"].value = 6
    >>> experiment.readout.value
    '<p role="status" aria-live="polite" style="margin:0">Its area is 36.</p>'
    """

    def __init__(self, draw, tasks, controls, names=None):
        require(controls, "controls", "none", "at least one, such as w=(0.0, 2.0, 0.1, 1.0)")
        self.draw, self._still = draw, False
        made = {name: make_control((names or {}).get(name, name), spec)
                for name, spec in controls.items()}
        self.controls = {name: control for name, (control, *_) in made.items()}
        self.start = self.drawn = self.values()
        self.picture, self.readout = ipywidgets.HTML(), ipywidgets.HTML()
        static = self._show(self.start)                     # a failure at the start is raised
        self.reset_button = ipywidgets.Button(description="Reset", tooltip="Back to the start")
        self.reset_button.on_click(lambda _: self.reset())
        for control, _, join in made.values():
            control.observe(self._redraw, "value")
            join()
        rows = [ipywidgets.HBox(row, layout={"flex_flow": "row wrap"})
                for _, row, _ in made.values()]
        what_to_try = ipywidgets.HTML(_list(tasks) + MOUSE_ONLY)
        self.box = ipywidgets.VBox([*rows, self.reset_button, self.picture, self.readout,
                                    what_to_try])
        static = static()
        static["text/html"] += self.readout.value + _list(tasks)
        self.bundle = self.box._repr_mimebundle_() | static

    def values(self):
        """
        Return what the controls say.

        Each stands under its name.

        Returns
        -------
        dict
            The keywords for `draw`.

        See Also
        --------
        reset : Set all back.

        Examples
        --------
        >>> from bpttlib.plots import lines
        >>> def line(w):
        ...     return lines({"w": [0, w]}, "t", "w"), f"A line from 0 to {w}."
        >>> Experiment(line, (), {"w": (0.0, 2.0, 0.1, 1.0)}).values()
        {'w': 1.0}
        """
        return {name: control.value for name, control in self.controls.items()}

    def reset(self):
        """
        Set all controls back, and draw once, not once for each of them.

        A button calls it.

        See Also
        --------
        values : What the controls say.

        Examples
        --------
        >>> from bpttlib.plots import lines
        >>> def line(w):
        ...     return lines({"w": [0, w]}, "t", "w"), f"A line from 0 to {w}."
        >>> experiment = Experiment(line, (), {"w": (0.0, 2.0, 0.1, 1.0)})
        >>> experiment.controls["w"].value = 1.5
        >>> experiment.reset()
        >>> experiment.values()
        {'w': 1.0}
        """
        self._still = True
        for name, control in self.controls.items():
            control.value = self.start[name]
        self._still = False
        self._redraw()

    def _show(self, values):
        figure, alt, *sentence = self.draw(**values)
        if isinstance(figure, Svg):
            static, self.picture.value = None, figure.html(alt)
        else:
            static = bundle(figure, alt)
            self.picture.value = static["text/html"]
        self._say(sentence[0] if sentence else " ".join(alt.split()), "status")
        return lambda: static or bundle(figure, alt)

    def _say(self, text, role):
        self.readout.value = (f'<p role="{role}" aria-live="polite" style="margin:0">'
                              f'{html.escape(text)}</p>')

    def _redraw(self, _=None):
        values = self.values()
        if self._still or values == self.drawn:
            return
        self.drawn = values
        try:
            self._show(values)
        except Exception as error:                          # in a callback nobody would see it
            self._say(str(error) or type(error).__name__, "alert")


def _list(tasks):
    items = "".join(f"<li>{html.escape(task)}</li>" for task in tasks)
    return f"<p><strong>What to try</strong></p><ul>{items}</ul>" if items else ""
