"""The learner's copies of the notebooks and exercises, in work/: never overwritten.

The originals stay as they are, so that tests go on passing and a new version of the course can be
fetched without a conflict. What each copy was made from is remembered beside them.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

# Where copies lie deeper or higher than their originals, their links to each other change.
LINKS = {"(../exercises/": "(exercises/", "(../../notebooks/": "(../../"}
MEMORY = ".copied"  # a file of work/: name of a copy -> fingerprint of what was copied


def originals(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each notebook and exercise with the name of its copy in work/."""
    for original in sorted((root / "notebooks").glob("*.ipynb")):
        yield original, original.name
    for original in sorted((root / "exercises").glob("*/*.ipynb")):
        yield original, original.relative_to(root).as_posix()


def with_links(original: Path) -> str:
    """Return an original's text with the links that hold for its copy."""
    text = original.read_text(encoding="utf-8")
    for link, there in LINKS.items():
        text = text.replace(link, there)
    return text


def fingerprint(text: str) -> str:
    """Return a short hash of a notebook's cells; to run and save them leaves it as it is."""
    try:
        cells = [[cell["cell_type"], "".join(cell["source"])] for cell in json.loads(text)["cells"]]
    except (ValueError, KeyError, TypeError):  # no notebook any more, so it counts as changed
        cells = text
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:16]


def refresh(root: Path) -> None:
    """Copy what is not there yet, renew copies that were not touched, and keep all others."""
    work = root / "work"
    work.mkdir(exist_ok=True)
    memory = work / MEMORY
    copied = json.loads(memory.read_text(encoding="utf-8")) if memory.exists() else {}
    for original, name in originals(root):
        copy, text = work / name, with_links(original)
        new = fingerprint(text)
        if copy.exists():
            if copied.get(name) == new:
                continue
            if fingerprint(copy.read_text(encoding="utf-8")) != copied.get(name):
                print(f"{original.relative_to(root).as_posix()} is new, and work/{name} holds your"
                      " work: it is kept. To take the new one, rename or delete yours and start"
                      " again.")
                continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(text, encoding="utf-8")
        copied[name] = new
    part = memory.with_suffix(".part")
    part.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    os.replace(part, memory)
