"""The rule that makes slides from a notebook: its structure says what to show.

A section gives its first sentences; each displayed formula with the sentence that leads to it; each
list, table, short result and short function; and each picture, one of these to a slide. All of the
prose becomes the speaker's notes. A tag of a cell overrides the rule: `slide` shows its prose in
full, `notes` shows nothing of it, `skip` leaves it out of the notes as well.
"""

import re
from dataclasses import dataclass, field

from bs4 import BeautifulSoup
from nbformat import NotebookNode

from tools.html_of import parsed
from tools.slides.reading import Section, count_words, sections, short_items, shortened

# Words on a slide, in whole sentences: of prose, before a picture, of an item in a list.
WORDS, LEAD, ITEM = 40, 26, 28
FUNCTIONS = 2               # on slides, of each section
TEXT_LINES, TEXT_COLUMNS, ROWS = (2, 10), 84, 20
MINUTES = {"title": 1, "predict": 4, "formula": 3, "code": 3, "picture": 3, "try": 5, "table": 2,
           "result": 2, "question": 2, "text": 1.5, "list": 1.5}
# What shares a slide, if there is room, where no word stands in between.
TOGETHER = {("formula", "formula"), ("picture", "result"), ("code", "result")}
LEFT_OUT = {"How to read this unit"}


@dataclass
class Slide:
    """What stands on one slide, and what the speaker may say to it."""

    title: str
    above: str = ""
    kind: str = "text"
    blocks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: int = 0


def outline(notebook: NotebookNode) -> list[Slide]:
    """Return the slides of a unit, with the seconds that each may take in a lecture."""
    slides = []
    for section in sections(notebook):
        if section.title not in LEFT_OUT:
            rule = opening if section.level == 1 else SPECIAL.get(section.title, by_rule)
            slides += rule(section)
    total = 60 * minutes(notebook)
    weight = total / sum(MINUTES[slide.kind] for slide in slides)
    for slide in slides:
        slide.seconds = 5 * round(weight * MINUTES[slide.kind] / 5)
    return slides


def minutes(notebook: NotebookNode) -> int:
    """Return a lecture's minutes for a unit: half of what a reader alone takes."""
    said = re.search(r"Time: about (\d+) minutes", notebook.cells[0].source)
    return int(said[1]) // 2 if said else 45


class Showing:
    """The slides of one section, while its blocks are read from top to bottom."""

    def __init__(self, section: Section):
        self.section, self.slides = section, []
        self.said, self.unsaid, self.functions = set(), [], 0
        self.new()

    def new(self) -> None:
        """Begin a slide."""
        self.slides.append(Slide(self.section.title, self.section.above))

    def say(self, parts: list[str]) -> None:
        """Put sentences on the slide that no slide of this section has shown."""
        fresh = [part for part in parts if part not in self.said]
        if fresh:
            self.said.update(fresh)
            self.slides[-1].blocks.append(f"<p>{' '.join(fresh)}</p>")

    def main(self, kind: str, page: str) -> None:
        """Put what a slide is about on one, below the sentence that leads to it."""
        both = (self.slides[-1].kind, kind)
        if both[0] != "text" and (self.unsaid or both not in TOGETHER):
            self.new()
        self.say(self.leading(kind))
        self.unsaid = []
        if self.slides[-1].kind == "text":
            self.slides[-1].kind = kind
        self.slides[-1].blocks.append(page)

    def leading(self, kind: str) -> list[str]:
        """Return the sentences before a formula; to all else, those that opened what was said."""
        if not self.unsaid:
            return []
        if kind != "formula":
            return shortened(self.unsaid[0], LEAD)
        *before, last = shortened(self.unsaid[-1], 999)
        name = re.match(r"<strong>.*?</strong>", before[0]) if before else None
        return ([name[0]] if name else []) + ([last] if count_words(last) <= WORDS else [])

    def prose(self, page: str, whole: bool) -> None:
        """Take in a paragraph."""
        self.slides[-1].notes.append(f"<p>{page}</p>")
        if whole or not self.said:
            if self.slides[-1].kind != "text":
                self.new()
            self.say(shortened(page, 999 if whole else WORDS))
        self.unsaid.append(page)


def by_rule(section: Section) -> list[Slide]:
    """Return the slides of a section that has no rule of its own."""
    showing = Showing(section)
    for kind, page, tags in section.blocks:
        tree = parsed(page)
        lines = tree.get_text().rstrip("\n").split("\n")
        if "notes" in tags:
            showing.slides[-1].notes.append(page)
        elif kind == "p":
            showing.prose(page, "slide" in tags)
        elif kind == "list":
            showing.slides[-1].notes.append(page)
            showing.main(kind, short_items(page, ITEM))
        elif kind == "table" and len(tree.find_all("tr")) > ROWS:
            showing.slides[-1].notes.append("<p>The table stands in the notebook.</p>")
        elif kind == "picture":
            showing.main(kind, page)
            showing.slides[-1].notes.append(f"<p><em>{tree.img['alt']}</em></p>")
        elif kind == "code":
            showing.functions += 1
            if showing.functions <= FUNCTIONS and section.title != "Experiment":
                showing.main(kind, page)
        elif kind == "result":
            few = TEXT_LINES[0] <= len(lines) <= TEXT_LINES[1]
            if few and max(map(len, lines)) <= TEXT_COLUMNS:
                showing.main(kind, page)
            else:
                showing.slides[-1].notes.append(page)
        elif kind in ("formula", "table", "try"):
            showing.main(kind, short_items(page, ITEM) if kind == "try" else page)
        else:
            showing.slides[-1].notes.append(page)
    return [slide for slide in showing.slides if slide.blocks]


def opening(section: Section) -> list[Slide]:
    """Return the title's slide, and that of the goals."""
    said = [f"<p>{page}</p>" for kind, page, _ in section.blocks if kind == "p"]
    goals = next((page for kind, page, _ in section.blocks if kind == "list"), None)
    title = Slide(section.title, kind="title", blocks=said[:1], notes=said[-1:])
    goals = [Slide("After this unit you can", kind="list", blocks=[goals])] if goals else []
    return [title, *goals]


def predict(section: Section) -> list[Slide]:
    """Return the slide that asks, in full; from the first result on the notebook answers."""
    slide = Slide(section.title, kind="predict", notes=["<p>Let everybody write an answer down, "
                                                        "and compare at the end.</p>"])
    place = slide.blocks
    for kind, page, _ in section.blocks:
        place = slide.notes if kind in ("code", "result") else place
        place.append(f"<p>{page}</p>" if kind == "p" else page)
    return [slide]


def closing(section: Section) -> list[Slide]:
    """Return a section's list, cut short for tasks and in full for what to take away."""
    tasks = section.title == "Your turn"
    slide = Slide(section.title, kind="list")
    for kind, page, _ in section.blocks:
        if kind == "list":
            slide.blocks.append(short_items(page, ITEM) if tasks else page)
        if kind == "p" or tasks:
            slide.notes.append(f"<p>{page}</p>" if kind == "p" else page)
    return [slide]


def questions(section: Section) -> list[Slide]:
    """Return a slide for each question; the next click marks the right answer."""
    slides = []
    for kind, page, _ in section.blocks:
        asked = re.match(r"<strong>(\d)\.\s+(.*)</strong>$", page, flags=re.S)
        if kind == "p" and asked:
            slides.append(Slide(f"Question {asked[1]}", kind="question",
                                blocks=[f"<p>{asked[2]}</p>", '<ul class="answers"></ul>']))
        elif kind == "details" and slides:
            answer(slides[-1], parsed(page))
    return slides


def answer(slide: Slide, tree: BeautifulSoup) -> None:
    """Add one answer to a question's slide, and what is to be said to it to the notes."""
    option = tree.summary.extract()
    right = tree.get_text().strip().startswith("Right.")
    mark = ' class="fragment right"' if right else ""
    item = f"<li{mark}>{option.decode_contents()}</li></ul>"
    slide.blocks[-1] = slide.blocks[-1].removesuffix("</ul>") + item
    slide.notes.append(f"<p><strong>{option.get_text()[:2]}</strong></p>"
                       + tree.details.decode_contents())


SPECIAL = {"Predict": predict, "Your turn": closing, "What to take away": closing,
           "Five questions": questions}
