"""Read a submission: without running it, without trusting it, whatever is left of the notebook.

What is wanted are the student's own code cells in their order. The policy for every damage is in
docs/grading.md; what was noticed is kept as flags, so that a person can look.
"""
import json
from pathlib import Path
from typing import NamedTuple

from grading.files import Unreadable, files_of, kind_of, text_of
from grading.magics import without_magics
from grading.sources import defines, is_stub, joined

MOST_CELLS, MOST_SOURCE = 2000, 1 << 20  # of a notebook; its pictures do not count


class Submission(NamedTuple):
    """The student's code cells, which file they are from, and what was noticed."""

    sources: tuple
    file: str
    flags: tuple


def _text(cell):
    """Return a cell's source, or None where there is none that can be used."""
    source = cell.get("source", cell.get("input", ""))
    if type(source) is list:
        source = "".join(line for line in source if type(line) is str)
    return _sendable(source) if type(source) is str else None


def _sendable(text):
    """Return a text without halves of characters, which JSON can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _cells(notebook, flags):
    """Return (type, source) of all cells of a notebook, also of an old format."""
    if type(notebook) is not dict:
        raise Unreadable("it is JSON, but not a notebook")
    cells = notebook.get("cells")
    if type(cells) is not list and type(notebook.get("worksheets")) is list:
        flags.append("an old format")
        cells = [cell for sheet in notebook["worksheets"] if type(sheet) is dict
                 and type(sheet.get("cells")) is list for cell in sheet["cells"]]
    if type(cells) is not list:
        raise Unreadable("it is JSON, but not a notebook")
    if len(cells) > MOST_CELLS:
        flags.append(f"more than {MOST_CELLS} cells: the others are not read")
    found = []
    for cell in cells[:MOST_CELLS]:
        if type(cell) is dict and (source := _text(cell)) is not None:
            found.append((str(cell.get("cell_type", "code")), source))
        else:
            flags.append("a cell that cannot be read")
    _limited("".join(source for _, source in found))
    return found


def _limited(code):
    """Return code again, if it is not too long to be read by any person."""
    if len(code) > MOST_SOURCE:
        raise Unreadable(f"its cells hold more than {MOST_SOURCE >> 20} MiB of text")
    return code


def _read_file(path):
    """Return the cells of one file and what was noticed; a script counts as one cell."""
    flags = []
    text = text_of(path, flags)
    if kind_of(path) == ".py":
        return [("code", _limited(_sendable(text)))], [*flags, "a script, not a notebook"]
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable("it is not a whole notebook: the JSON in it breaks off or is damaged"
                         ) from None
    return _cells(notebook, flags), flags


def _stubs_first(sources, names, flags):
    """Put definitions as shipped in front where the same function is written elsewhere, too."""
    stubs = []
    for name in names:
        places = [s for s in sources if defines(s, name)]
        if len(places) > 1:
            flags.append(f"{name} is defined {len(places)} times: the last that is written counts")
            stubs += [s for s in places if is_stub(s, name) and s not in stubs]
    return stubs + [s for s in sources if s not in stubs]


class _Candidate(NamedTuple):
    """A file that can be read, and how likely it is the one that is wanted."""

    rank: tuple
    file: str
    code: list
    others: list
    flags: list

    @classmethod
    def of(cls, name, path, unit, names, given):
        cells, flags = _read_file(path)
        code = [source for kind, source in cells if kind == "code" and source.strip()
                and "".join(source.split()) not in given]
        code = [without_magics(source) for source in joined(code)]
        others = [source for kind, source in cells if kind != "code"]
        answers = sum(any(defines(s, n) and not is_stub(s, n) for s in code) for n in names)
        rank = (answers, path.name == f"{unit}.ipynb", kind_of(path) == ".ipynb")
        return cls(rank, name, code, others, flags)


def _with_rescued(best, names, flags):
    """Return the code of a notebook, with answers in cells that were made text by accident."""
    code = list(best.code)
    for name in names:
        rescued = [s for s in best.others if defines(s, name)]
        if rescued and not any(defines(s, name) and not is_stub(s, name) for s in code):
            flags.append(f"{name} stood in a cell that is not code")
            code += rescued[-1:]
    return code


def read(place, unit, names, given=()):
    """
    Read a submission.

    Parameters
    ----------
    place : path
        A notebook, or the folder that a student handed in.
    unit : str
        The assignment, such as "03": its notebook is preferred.
    names : sequence of str
        The functions that answers define.
    given : sequence of str
        Sources of cells that were given out, which are not the student's: checks, for example.

    Returns
    -------
    Submission
        The code cells that are the student's.

    Raises
    ------
    Unreadable
        If nothing in it can be read as a notebook.
    """
    found, problems = [], []
    given = {"".join(text.split()) for text in given}
    for name, path in files_of(place).items():
        try:
            found.append(_Candidate.of(name, path, unit, names, given))
        except (Unreadable, OSError) as problem:
            if kind_of(path) == ".ipynb":
                problems.append(f"{name}: {problem}")
    if not found:
        raise Unreadable("; ".join(problems) or _nothing(place))
    best = max(found, key=lambda one: one.rank)
    flags = [*best.flags, *problems]
    if Path(best.file).name != f"{unit}.ipynb":
        flags.append(f"read from {Path(best.file).name}")
    if any(one.rank[0] for one in found if one is not best):
        flags.append("more than one file with answers: the one with most of them counts")
    code = _with_rescued(best, names, flags)
    return Submission(tuple(_stubs_first(code, names, flags)), best.file, tuple(flags))


def _nothing(place):
    """Say what there is in place of a notebook."""
    place = Path(place)
    if place.is_symlink():
        return "it is a link, and links are not followed"
    names = sorted(path.name for path in place.iterdir())[:5] if place.is_dir() else [place.name]
    return "there is no notebook in it" + (f", only {', '.join(names)}" if names else "")
