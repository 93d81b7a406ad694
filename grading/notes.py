"""The file that remembers what a learner has reached: points, tries, hints.

It is `progress.json`, in the course's folder work/ where there is one and beside the notebook
elsewhere: plain text that one can read, copy and delete.
"""
import csv
import json
import os
import tempfile
from pathlib import Path

NAME = "progress.json"


def place():
    """Return where the file is: in work/ of the course around this folder, or in this folder."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        if folder.name == "work" and (folder.parent / "course.py").exists():
            return folder / NAME
        if (folder / "course.py").exists() and (folder / "work").is_dir():
            return folder / "work" / NAME
    return Path.cwd() / NAME


def load():
    """Return the notes by exercise; a file that cannot be read is kept aside, and said."""
    path = place()
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        if all(_is_note(note) for note in notes.values()):
            return notes
        raise ValueError("it holds no notes")
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError, OSError, RecursionError) as error:
        aside = unused(path, "unreadable")
        try:
            os.replace(path, aside)
            print(f"{path.name} could not be read ({error}); it is kept as {aside.name}, "
                  "and a new one begins.")
        except OSError:
            print(f"{path.name} could not be read ({error}), nor be put aside.")
        return {}


def _is_note(note):
    """Tell whether what was read is what `record` writes."""
    return isinstance(note, dict) and all(
        type(note.get(key, 0)) is int for key in ("points", "tries", "hints"))


def unused(path, word):
    """Return a name beside the file, of which there is none yet."""
    names = (path.with_suffix(f".{word}{i or ''}.json") for i in range(10_000))
    return next(name for name in names if not name.exists())


def save(notes):
    """Write the notes in one step, so that an interruption leaves the old or the new ones."""
    path = place()
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".progress")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(notes, file, indent=1, sort_keys=True)
        os.replace(temporary, path)
    except OSError as error:
        print(f"Your progress could not be kept in {path} ({error.strerror}).")


def record(report):
    """Add a report to the notes: the best points stay."""
    notes = load()
    note = notes.setdefault(report.problem.name, {"points": 0, "tries": 0, "hints": 0})
    note["tries"] = note.get("tries", 0) + 1
    note["points"] = max(note.get("points", 0), report.points)
    note["last"] = report.outcome
    save(notes)


def open_hint(name, most):
    """Count one more hint as read, and return how many are open now."""
    notes = load()
    note = notes.setdefault(name, {"points": 0, "tries": 0, "hints": 0})
    note["hints"] = min(note.get("hints", 0) + 1, most)
    save(notes)
    return note["hints"]


def export(path, rows, columns):
    """Write rows to a CSV file that is not there yet."""
    with open(path, "x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
