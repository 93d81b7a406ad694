"""The learner's copies of the notebooks, in work/: theirs to change, and never overwritten.

The originals stay as they are, so that tests go on passing and a new version of the course can be
fetched without a conflict. What each copy was made from is remembered beside them.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

MEMORY = ".copied"  # a file of work/: name of a copy -> fingerprint of what was copied


def fingerprint(path: Path) -> str:
    """Return a short hash of a notebook's cells; to run and save them leaves it as it is."""
    text = path.read_text(encoding="utf-8")
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
    for original in sorted((root / "notebooks").glob("*.ipynb")):
        copy, new = work / original.name, fingerprint(original)
        if copy.exists():
            if copied.get(copy.name) == new:
                continue
            if fingerprint(copy) != copied.get(copy.name):
                print(f"notebooks/{copy.name} is new, and work/{copy.name} holds your work: it is"
                      " kept. To take the new one, rename or delete yours and start again.")
                continue
        shutil.copyfile(original, copy)
        copied[copy.name] = new
    part = memory.with_suffix(".part")
    part.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    os.replace(part, memory)
