"""An experiment that trains while it is shown: its controls, its buttons, its turns of work."""
import asyncio
import html
from time import perf_counter

import ipywidgets

from bpttlib.widgets._live_picture import describe, draw
from bpttlib.widgets._live_run import OPTIMISERS, Run, Settings
from bpttlib.widgets._live_tasks import CELLS, GAPS, ONE_BIT, RECALL, STREAMS, SUNSPOTS, problem
from bpttlib.widgets.experiment import Experiment

CONTROLS = {
    "task": [RECALL, ONE_BIT, SUNSPOTS], "cell": list(CELLS), "gap": (1, 60, 1, 5),
    "k1": (1, 40, 1, 5), "k2": (1, 80, 1, 10), "optimiser": list(OPTIMISERS),
    "clip": ["none", "0.1", "1", "10"], "lr": ["0.01"]}     # a choice starts with its first entry
RATES = ("0.001", "0.003", "0.01", "0.03", "0.1", "0.3", "1", "3", "10")
START = Settings(RECALL, "Elman", 5, 5, 10, "adam", "none", "0.01")
NAMES = {"k1": "k1, new steps", "k2": "k2, horizon", "clip": "clip norm at",
         "lr": "learning rate"}
STATIC = 150                                                # updates before anything is touched
REST = 20_000                                               # after so many it pauses by itself
SLICE = 0.02                                                # seconds until others have their turn
SHARE, SOONEST, LATEST = 0.15, 1 / 14, 1 / 12               # of the time for drawing; between two


class LiveTraining(Experiment):
    """
    Train slice by slice on the kernel's own loop, and draw now and then.

    Clicks and keys may come in other threads. What they ask for is done on the loop, too.
    """

    def __init__(self, tasks):
        self.loop = _running_loop()
        self.training, self.task, self.note, self.failure = False, None, "", ""
        self.drawn_at, self.interval = 0.0, SOONEST
        self.runs = [Run("A", START)]
        self.runs[0].train(START, STATIC)
        super().__init__(self._picture, tasks, CONTROLS, NAMES)
        *rows, reset, picture, readout, what_to_try = self.box.children
        row = self.rows = dict(zip(self.controls, rows, strict=True))
        self._offer_all_rates()
        self.go = ipywidgets.Button(description="Continue", tooltip="Train, or pause")
        self.new = ipywidgets.Button(description="New run", tooltip="Keep this one beside it")
        self.go.on_click(lambda _: self._in_loop(self.pause if self.training else self.begin))
        self.new.on_click(lambda _: self._in_loop(self.new_run))
        self.box.children = [_beside(row["task"], row["cell"]), row["gap"],
                             _beside(row["k1"], row["k2"]), _beside(row["optimiser"], row["clip"]),
                             row["lr"], _beside(self.go, self.new, reset), picture, readout,
                             what_to_try]
        self.box.observe(lambda change: change["new"] or self.stop(), "comm")   # when it is closed

    def _offer_all_rates(self):
        rates = self.controls["lr"]
        rates.unobserve(self._redraw, "value")
        rates.options, rates.tooltips = RATES, [f"learning rate: {rate}" for rate in RATES]
        rates.value = START.lr
        rates.observe(self._redraw, "value")

    def begin(self):
        """Train from now on; another task, cell or gap needs a new run."""
        if not self.runs or self.runs[-1].settings.kind != self.settings().kind:
            self._add()
        loop = _running_loop()
        self.failure, self.training = "", loop is not None
        self.note = "" if loop else "This kernel has no loop in which to train."
        self._redraw_now()
        self.task = loop and loop.create_task(self._train())

    def new_run(self):
        """Begin another run with today's settings, beside the last one."""
        self._add()
        if not self.training:
            self.begin()

    def pause(self, note=""):
        """End the training for now; nothing is lost."""
        self.training, self.note = False, note
        self._redraw_now()

    def stop(self):
        """End the training for good."""
        self.training = False
        if self.task:
            self._in_loop(self.task.cancel)

    def reset(self):
        """Forget all runs, and set the controls back."""
        self.stop()
        self.runs, self.failure = [], ""
        super().reset()

    def settings(self):
        """Return what the controls say; k2 may be about to be set right."""
        now = Settings(**self.values())
        return now._replace(k2=max(now.k1, now.k2))

    async def _train(self):
        while self.training and self.task is asyncio.current_task():
            self.slice()
            await asyncio.sleep(0)                          # clicks, keys and other cells

    def slice(self, seconds=SLICE):
        """Train for so long, draw if it is time to, and never raise."""
        settings, now = self.settings(), perf_counter()
        due = self.drawn_at + self.interval
        until = max(now, min(now + seconds, due))
        try:
            if self.runs[-1].settings.kind != settings.kind:
                self._add()
            run = self.runs[-1]
            rest = REST * (run.state.updates // REST + 1)
            run.train(settings, rest, until)
        except Exception as error:                          # else it would be lost in the loop
            self._fail(error)
        else:
            if run.state.updates == rest:
                self.pause(f"After each {REST:,} updates it has a rest.")
            elif perf_counter() < until:
                self.pause("It was interrupted.")           # `fit` ends when the kernel's user says
        if self.training and perf_counter() >= due:
            self._redraw_now()

    def _add(self):
        """Add a run beside the last one, if that has begun and both have the same task."""
        settings = self.settings()
        kept = [run for run in self.runs if run.state.updates][-1:]
        name = chr(ord("A") + (ord(kept[0].name) - ord("A") + 1) % 26) if kept else "A"
        kept = [run for run in kept if run.settings.task == settings.task]
        self.runs, self.failure, self.note = [*kept, Run(name, settings)], "", ""

    def _fail(self, error):
        run = self.runs[-1]
        self.failure = (f"Run {run.name} stopped after {run.state.updates:,} updates: "
                        f"{str(error) or type(error).__name__} Continue goes on from where its "
                        f"loss was least, at update {run.best_at:,}; set other numbers before.")
        self.pause()

    def _redraw(self, _=None):
        self._in_loop(self._follow)

    def _follow(self):
        """Set k2 right, and draw; what belongs to other tasks cannot be used."""
        k1, k2 = (self.controls[name] for name in ("k1", "k2"))
        self.note = ""
        if k2.value < k1.value:
            k2.value = k1.value                             # which comes here again
            self.note = f"k2 cannot be less than k1, so it is {k1.value} now."
        for name, tasks in (("gap", GAPS), ("k1", STREAMS), ("k2", STREAMS)):
            for part in self.rows[name].children:
                part.disabled = self.controls["task"].value not in tasks
        self._redraw_now()

    def _redraw_now(self):
        start = perf_counter()
        try:
            self._show(self.values())
            if self.failure:
                self._say(f"{self.failure} {self.note}".strip(), "alert")
        except Exception as error:                          # a picture must not end the loop
            self.training = False
            self._say(f"No picture: {str(error) or type(error).__name__}", "alert")
        begun = self.runs and self.runs[-1].state.updates
        self.go.description = "Pause" if self.training else "Continue" if begun else "Start"
        self.drawn_at = start
        self.interval = min(max((perf_counter() - start) / SHARE, SOONEST), LATEST)

    def _picture(self, **_):
        settings = self.settings()
        shown = self.runs[-1].problem if self.runs else problem(*settings.kind)
        alt, sentence = describe(self.runs, shown)
        sentence += "" if self.training else self._next(settings)
        return draw(self.runs, shown), alt, f"{sentence} {self.note}".strip()

    def _next(self, settings):
        """Say what comes next."""
        if not self.runs:
            return " Start begins with what is set above."
        if settings.kind != self.runs[-1].settings.kind:
            return " Another task, cell or gap is set: Continue begins a new run."
        if settings.words() != self.runs[-1].settings.words():
            return " Continue goes on with what is set now; New run begins anew with it."
        return " It is paused."

    def _say(self, text, role):
        if self.training and role == "status":              # nobody could listen to so many
            self.readout.value = ('<p role="timer" aria-live="off" style="margin:0">'
                                  f'{html.escape(text)}</p>')
        else:
            super()._say(text, role)

    def _in_loop(self, function):
        if self.loop in (None, _running_loop()) or not self.loop.is_running():
            function()
        else:
            self.loop.call_soon_threadsafe(function)


def _beside(*widgets):
    return ipywidgets.HBox(widgets, layout={"flex_flow": "row wrap"})


def _running_loop():
    try:
        return asyncio.get_running_loop()
    except RuntimeError:                                    # as in a test, or a plain script
        return None
