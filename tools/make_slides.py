"""Make one deck per unit from the notebooks; reveal.js and MathJax lie beside it, for no network.

Open a deck in any browser. `S` shows the speaker's notes with the time of each slide, `O` all
slides, `F` the full screen; `?print-pdf` at the end of the address prepares it for printing, and
`--pdf` prints them all.
"""

import argparse
import shutil
import sys
from itertools import accumulate
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tqdm import tqdm

from tools.html_of import parsed
from tools.npm_packages import PackageError, folder
from tools.slides.outline import Slide, minutes, outline
from tools.slides.printing import NoBrowser, print_decks

ROOT = Path(__file__).resolve().parents[1]
LOOK = Path(__file__).parent / "slides"
COURSE = "Backpropagation through time"
NEEDED = {
    "reveal": ("reveal.js", ["dist/reset.css", "dist/reveal.css", "dist/reveal.js",
                             "plugin/notes/notes.js", "LICENSE"]),
    "mathjax": ("mathjax", ["es5/tex-svg.js", "LICENSE"]),
}  # fmt: skip
templates = Environment(loader=FileSystemLoader(LOOK), undefined=StrictUndefined)


def copy_scripts(out: Path, needed: dict = NEEDED) -> None:
    """Put the script packages beside the decks."""
    for place, (package, names) in needed.items():
        (out / place).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copy(folder(package) / name, out / place)


def timed(slides: list[Slide], total: int) -> list[dict]:
    """Return what the template needs of each slide, and when it should be done."""
    ends = accumulate(slide.seconds for slide in slides)
    return [vars(slide) | {"time": f"{spoken(slide.seconds)}; done at minute "
                                   f"{round(end / 60)} of {total}"}
            for slide, end in zip(slides, ends)]


def spoken(seconds: int) -> str:
    """Return a duration as a lecturer says it."""
    return f"{seconds} s" if seconds < 90 else f"{seconds / 60:.1f} min".replace(".0 ", " ")


def deck(path: Path) -> str:
    """Return a unit's deck as one page."""
    notebook = nbformat.read(path, as_version=4)
    slides = outline(notebook)
    name = parsed(slides[0].title).get_text()
    return templates.get_template("deck.html.j2").render(
        name=name, course=COURSE, slides=timed(slides, minutes(notebook)))


def units(names: list[str], notebooks: Path) -> list[Path]:
    """Return the notebooks called by name or number, or all; KeyError for one that is none."""
    paths = sorted(notebooks.glob("[0-9][0-9]*_*.ipynb"))
    called = {}
    for path in paths:
        number = path.stem.split("_")[0]
        for key in {path.stem, number, number[:2]}:                 # 11a_language, 11a, 11
            called.setdefault(key, []).append(path)
    return sorted({path for name in names for path in called[Path(name).stem]}) if names else paths


def make(paths: list[Path], out: Path) -> None:
    """Write decks, and what they need, into a folder."""
    copy_scripts(out)
    for name in ("deck.css", "deck.js"):
        shutil.copy(LOOK / name, out)
    for path in tqdm(paths, unit="deck", disable=None):
        (out / f"{path.stem}.html").write_text(deck(path), encoding="utf-8")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="course.py slides", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("units", nargs="*", help="such as 03, 03_full_bptt or 11a; "
                                                     "11 is 11a to 11d (default: all)")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides",
                        help="where the decks go (default: build/slides)")
    parser.add_argument("--pdf", action="store_true", help="also print them, which needs Chromium")
    options = parser.parse_args(argv)
    out = options.out.expanduser().resolve()
    try:
        paths = units(options.units, ROOT / "notebooks")
        make(paths, out)
        if options.pdf:
            print_decks([out / f"{path.stem}.html" for path in paths])
    except KeyError as error:
        parser.error(f"there is no unit {error} in {ROOT / 'notebooks'}")
    except (PackageError, NoBrowser, OSError) as error:
        print(f"course.py: {error}", file=sys.stderr)
        return 1
    print(f"{len(paths)} decks are in {out}; open one of them in a browser.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
