"""The unfolding machine: fill the copies from left to right, go back, and add up their shares."""
import numpy as np

from bpttlib.plots._diagram import GIVEN, OUTPUT, STATE, number
from bpttlib.plots._svg_colours import colour
from bpttlib.plots.style import BLUE, GREEN, GREY, INK, VERMILLION
from bpttlib.plots.svg import Svg
from bpttlib.widgets._unfolding import CELLS, LAST, H, T, place, run
from bpttlib.widgets.experiment import Experiment

TASKS = (
    "Before you play: after how many positions is the first number of dW_hh known, and after how "
    "many is it right? Then look.",
    "Stop at position 13. Only L_6 has spoken so far. Which copies has it told nothing yet?",
    "Which copy has the largest share? Compare the Elman network with the LSTM: whose far copies "
    "have more to say?",
    "Switch the numbers on and check one entry by hand: the share of copy t is δ_t, the column, "
    "times the state before it, the row.",
)
ROW = {"L": 32, "y": 98, "h": 178, "c": 250}
CELL, TALL = 37, 18                                         # the size of a number's field
BAND = "#FFF3CC"                                            # behind the copy at work


def unfolding_machine():
    """
    Show a folded network, its unfolding over six steps, and the gradient of W_hh as it is summed.

    A position runs from the first state to the last, over the losses, and back through the copies;
    each of them adds its share δ_t h_{t-1}ᵀ, until the sum is what `bptt` returns. The position can
    be played, stepped and scrubbed; the cell is an Elman network's, an LSTM or a GRU.

    See Also
    --------
    bpttlib.bptt.bptt : Does this at once.

    Examples
    --------
    >>> unfolding_machine()                                     # doctest: +SKIP
    """
    from IPython.display import display
    display(_make_machine().bundle, raw=True)


def _make_machine():
    return Experiment(_draw, TASKS, {"cell": list(CELLS), "position": range(LAST + 1),
                                     "numbers": False})


def _draw(cell, position, numbers):
    done = run(cell)
    picture = _Picture(done, position, numbers)
    sentence = _sentence(done, position)
    alt = (f"Left: the folded {cell} network, and beneath it the sum dW_hh so far. Right: its six "
           f"copies, {_progress(position)}; beneath each copy that has been gone back to stands "
           f"its share of the gradient of W_hh. {sentence}")
    return picture.svg, alt, sentence


def _progress(position):
    state, loss, back = place(position)
    shares = ("no share yet" if back > T else f"the share of copy {T}" if back == T
              else f"the shares of copies {back} to {T}")
    return f"with the states up to h_{state}, {loss or 'no'} losses and {shares}"


def _sentence(done, position):
    """Name the position, the quantity and its value, and the norm of the sum so far."""
    state, loss, back = place(position)
    total = 0.0 if back > T else float(np.linalg.norm(done.sums[back]))
    so_far = f"The norm of the running sum dW_hh is {total:.4g}."
    if position <= T:
        values = " and ".join(f"{name}_{state} = {_vector(getattr(done.tape, name)[state])}"
                              for name in done.cell.state)
        what = f"forward, {values}" if position else f"given is {values}"
    elif position <= 2 * T:
        what = (f"loss, L_{loss} = {done.losses[loss - 1]:.4g}; "
                f"up to there they add up to {sum(done.losses[:loss]):.4g}")
    elif position < LAST:
        delta = np.linalg.norm(done.deltas[back - 1])
        name = f"δ^h_{back}" if _reset(done) else f"δ_{back}"
        what = (f"back at step {back}, {name} has the norm {delta:.4g} and the share "
                f"{name} h_{back - 1}ᵀ of copy {back} the norm "
                f"{np.linalg.norm(done.shares[back]):.4g}")
    else:
        same = np.allclose(done.sums[1], done.returned, rtol=0, atol=1e-12)
        what = f"the sum of all {T} shares {'is' if same else 'is not'} what bptt returns"
    return f"Position {position} of {LAST}: {what}. {so_far}"


def _reset(done):
    """Whether a reset gate stands between δ_t and W_hh, which then sees δ^h_t."""
    return "r" in done.cell.gates


def _vector(column):
    return "(" + ", ".join(f"{value:.3f}" for value in column[:, 0]) + ")"


class _Picture:
    """One position of one run, drawn on a sheet."""

    def __init__(self, done, position, numbers):
        self.done, self.position, self.numbers = done, position, numbers
        self.state, self.loss, self.back = place(position)
        self.parts = done.cell.state
        self.x_row = ROW[self.parts[-1]] + 70
        self.top = self.x_row + 76                          # of the shares
        self.under = self.top + TALL * len(done.returned)
        self.svg = Svg(980, self.under + 44)
        now = (position if position <= T else self.loss if position <= 2 * T else self.back)
        if 0 < position < LAST:
            self.svg.rect(_x(now) - 59, 4, 118, self.under + 36, BAND, round=8)
        self.fold()
        for t in range(T + 1):
            self.copy(t)
        for t in range(self.back, T + 1):
            self.share(t)
        self.sum()
        for row, (word, sign) in enumerate((("above 0", 0.7), ("below 0", -0.7))):
            y = self.top + 2 * TALL * row
            self.svg.rect(166, y, 16, 16, colour(sign), "#C8C8C8", thick=0.7)
            self.svg.text(188, y + 8, word, GREY, 13, "start")

    def fold(self):
        svg, x = self.svg, 50
        for kind, fill in (("L", "#FFFFFF"), ("y", OUTPUT), *((s, STATE) for s in self.parts)):
            self.node(x, ROW[kind], f"${kind}_t$", fill, square=kind == "L")
        self.node(x, self.x_row, "$x_t$", GIVEN)
        self.wires(x, 17, 17)
        for part in self.parts:
            tone = BLUE if part == "h" else GREEN
            angles, y = np.linspace(-2.3, 2.1, 24), ROW[part]
            loop = [(x + 26 + 14 * np.cos(a), y + 14 * np.sin(a)) for a in angles]
            svg.line(loop, tone)
            svg.arrow(loop[-2], (x + 15, y + 9), tone)
        svg.text(x + 62, ROW["h"] + 22, "$W_{hh}$", BLUE, 14)
        svg.arrow((100, ROW["h"]), (156, ROW["h"]), GREY, width=4)
        svg.text(128, ROW["h"] - 16, "unfold", GREY, 13)

    def wires(self, x, half, tall, opacity=1.0, loss=1.0):
        """Draw the arrows within a copy, from x_t up to L_t."""
        for start, end, tone, live in (
                (self.x_row, ROW[self.parts[-1]], INK, opacity),
                *(((ROW["c"], ROW["h"], INK, opacity),) if "c" in self.parts else ()),
                (ROW["h"], ROW["y"], INK, loss), (ROW["y"], ROW["L"], INK, loss)):
            below = 17 if start in (self.x_row, ROW["y"]) else tall
            above = 17 if end in (ROW["y"], ROW["L"]) else tall
            self.svg.arrow((x, start), (x, end), tone, gap=(below + 1, above + 2), opacity=live)

    def node(self, x, y, text, fill, opacity=1.0, square=False):
        if square:
            self.svg.rect(x - 17, y - 17, 34, 34, fill, INK, round=5, opacity=opacity)
        else:
            self.svg.circle(x, y, 17, fill, opacity=opacity)
        self.svg.text(x, y, text, size=16, opacity=opacity)

    def copy(self, t):
        x, live = _x(t), 1.0 if t <= self.state else 0.25
        heard = t >= self.back                              # the way back has come here
        for part in self.parts:
            self.box(t, part, live)
            if t:
                tone, name = (BLUE, "$W_{hh}$") if part == "h" else (GREEN, f"$f_{t}$")
                ends = (_x(t - 1), ROW[part]), (x, ROW[part])
                self.svg.arrow(*ends, tone, gap=(41, 42), side=6, opacity=live)
                self.svg.text(x - 61, ROW[part] - 20, name, tone, 13, opacity=live)
                if heard and (t > self.back or self.position == LAST):
                    self.svg.arrow(*ends[::-1], VERMILLION, gap=(41, 42), side=6, dashed=True)
        if t:
            spoken = 1.0 if t <= self.loss else 0.25
            self.node(x, self.x_row, f"$x_{t}$", GIVEN, live)
            self.node(x, ROW["y"], f"$y_{t}$", OUTPUT, spoken)
            self.node(x, ROW["L"], f"$L_{t}$", "#FFFFFF", spoken, square=True)
            self.wires(x, 41, 27, live, spoken)
            if self.numbers and t <= self.loss:
                self.svg.text(x + 21, ROW["L"], number(self.done.losses[t - 1]), size=12,
                              anchor="start")
            if heard:
                self.svg.arrow((x - 9, ROW["y"]), (x - 9, ROW["h"]), VERMILLION, gap=(16, 29),
                               dashed=True)
                self.svg.arrow((x - 9, ROW["L"]), (x - 9, ROW["y"]), VERMILLION, gap=(18, 17),
                               dashed=True)

    def box(self, t, part, live):
        x, y, values = _x(t), ROW[part], getattr(self.done.tape, part)[t][:, 0]
        self.svg.rect(x - 40, y - 26, 80, 52, STATE if t else GIVEN, INK, round=6, opacity=live)
        self.svg.text(x, y - 12, f"${part}_{t}$", size=16, opacity=live)
        if t <= self.state:
            self.fields(x - CELL, y + 3, values[None], 1.0)

    def fields(self, x, y, values, top, size=11, wide=CELL):
        """Draw numbers as coloured fields, and write them there if that is wanted."""
        for row, line in enumerate(values):
            for column, value in enumerate(line):
                left, upper = x + wide * column, y + TALL * row
                self.svg.rect(left, upper, wide, TALL, colour(value, high=top), "#C8C8C8",
                              thick=0.7)
                if self.numbers:
                    dark = abs(value) > 0.55 * top
                    self.svg.text(left + wide / 2, upper + TALL / 2, _short(value),
                                  "white" if dark else INK, size)

    def share(self, t):
        """Draw the product of a column δ_t and a row h_{t-1}ᵀ, and its norm."""
        done, x = self.done, _x(t) - 55
        delta, top = done.deltas[t - 1], np.abs(done.deltas).max()
        above = "^h" * _reset(done)
        self.svg.text(x + 72, self.top - 38, f"$δ_{t}{above} h_{t - 1}$ᵀ", VERMILLION, 15)
        self.fields(x + 36, self.top - TALL - 5, done.tape.h[t - 1].T, 1.0)
        self.fields(x, self.top, delta, top, 10, wide=31)
        self.fields(x + 36, self.top, done.shares[t], self.largest())
        self.svg.text(x + 36 + CELL, self.under + 14,
                      f"norm {number(np.linalg.norm(done.shares[t]))}", size=13)

    def largest(self):
        return max(np.abs(value).max() for value in (*self.done.shares.values(),
                                                     *self.done.sums.values()))

    def sum(self):
        """Draw the sum so far, and the gates' names beside their rows."""
        svg, x, gates = self.svg, 40, self.done.cell.gates
        so_far = self.done.sums[self.back] if self.back <= T else 0 * self.done.returned
        svg.text(x + CELL, self.top - 16, "$dW_{hh}$, the sum", VERMILLION, 15, bold=True)
        self.fields(x, self.top, so_far, self.largest())
        if len(gates) > 1:
            for row, gate in enumerate(gates):
                upper = self.top + TALL * H * row
                svg.text(x - 10, upper + TALL * H / 2, f"${gate}$", size=15)
                svg.line([(x, upper), (x + H * CELL, upper)], INK, 1)
        svg.rect(x, self.top, 2 * CELL, self.under - self.top, "none", INK)
        svg.text(x + CELL, self.under + 14, f"norm {number(np.linalg.norm(so_far))}", size=13)
        if self.position == LAST:
            svg.text(x + CELL, self.under + 32, "as bptt returns it", GREEN, 13, bold=True)


def _short(value):
    """Write a number in a field: three digits after the point, and no zero before it."""
    text = f"{value:.3f}".replace("-", "−").replace("0.", ".", 1 if abs(value) < 1 else 0)
    return "0" if float(f"{value:.3f}") == 0 else text


def _x(t):
    return 201 + 119 * t
