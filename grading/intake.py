"""Read a submission: without running it, without trusting it, whatever is left of the notebook.

What is wanted are the student's own code cells in their order. The policy for every damage is in
docs/grading.md; what was noticed is kept as flags, so that a person can look.
"""
import ast
import hashlib
import json
import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

MOST_BYTES, MOST_CELLS, MOST_SOURCE = 20 << 20, 2000, 1 << 20
STUB = "raise NotImplementedError"


class Unreadable(Exception):
    """Nothing in the submission can be read as a notebook; a person has to look."""


class Submission(NamedTuple):
    """The student's code cells, which file they are from, and what was noticed."""

    sources: tuple
    file: str
    flags: tuple


def _open(path):
    """Return a file's bytes; links and devices are not followed."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Unreadable(f"{path.name} is not a regular file")
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"{path.name} is larger than {MOST_BYTES >> 20} MiB")
    return raw


def files_of(place):
    """Return the regular files of a submission by name: a notebook, or a folder of files."""
    place = Path(place)
    if not place.is_dir():
        return {place.name: place}
    files = {}
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(f for f in folders if f != ".ipynb_checkpoints")
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink() and path.is_file() and len(files) < 200:
                files[path.relative_to(place).as_posix()] = path
    return files


def fingerprint(place):
    """Return a hash of all that a submission holds, to know it again."""
    digest = hashlib.sha256()
    for name, path in sorted(files_of(place).items()):
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        try:
            digest.update(hashlib.sha256(_open(path)).digest())
        except (OSError, Unreadable) as problem:
            digest.update(type(problem).__name__.encode())
    return digest.hexdigest()


def _decoded(raw, flags):
    """Return a file's text: UTF-8 with or without a mark, UTF-16 with one, or Latin-1."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        flags.append("saved as UTF-16")
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        flags.append("not saved as UTF-8")
        return raw.decode("latin-1")


def _text(cell):
    """Return a cell's source, or None where there is none that can be used."""
    source = cell.get("source", cell.get("input", ""))
    if type(source) is list:
        source = "".join(line for line in source if type(line) is str)
    return source if type(source) is str and len(source) <= MOST_SOURCE else None


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
    return found


def _read_file(path):
    """Return the cells of one file and what was noticed; a script counts as one cell."""
    flags = []
    text = _decoded(_open(path), flags)
    if not text.strip():
        raise Unreadable("it is empty")
    if path.suffix == ".py":
        return [("code", text)], [*flags, "a script, not a notebook"]
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("it is not a whole notebook: the JSON in it breaks off or is damaged"
                         ) from None
    return _cells(notebook, flags), flags


def defines(source, name):
    """Tell whether a cell's text defines a function, by a look that a syntax error survives."""
    return re.search(rf"^(?:async\s+)?def\s+{name}\s*\(|^{name}\s*=[^=]", source, re.M) is not None


def is_stub(source, name):
    """Tell whether a cell defines a function only as it was given out."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    own = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name]
    if not own or any(isinstance(n, ast.Assign) for n in tree.body):
        return False
    last = own[-1].body[-1]
    return isinstance(last, ast.Raise) and len(own[-1].body) <= 2 and "NotImplemented" in ast.dump(
        last)


def _stubs_first(sources, names, flags):
    """Put definitions as shipped in front where the same function is written elsewhere, too."""
    stubs = []
    for name in names:
        places = [s for s in sources if defines(s, name)]
        if len(places) > 1:
            flags.append(f"{name} is defined {len(places)} times: the last that is written counts")
            stubs += [s for s in places if is_stub(s, name) and s not in stubs]
    return stubs + [s for s in sources if s not in stubs]


def _parses(text):
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _joined(sources):
    """Join a cell that breaks off with those after it, where together they can be read."""
    joined = []
    while sources:
        more = next((m for m in (1, 2, 3) if _parses("\n".join(sources[:m]))), 1)
        joined.append("\n".join(sources[:more]))
        sources = sources[more:]
    return joined


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
    files = {name: path for name, path in files_of(place).items()
             if path.suffix.lower() in (".ipynb", ".json", ".py", ".txt", "")}
    best, problems = None, []
    for name, path in files.items():
        try:
            cells, flags = _read_file(path)
        except (Unreadable, OSError) as problem:
            if path.suffix.lower() == ".ipynb":
                problems.append(f"{name}: {problem}")
            continue
        code = [source for kind, source in cells if kind == "code"]
        others = [source for kind, source in cells if kind != "code"]
        found = sum(any(defines(s, n) and not is_stub(s, n) for s in code) for n in names)
        rank = (found, path.name == f"{unit}.ipynb", path.suffix == ".ipynb")
        if best is None or rank > best[0]:
            best = (rank, name, code, others, flags)
    if best is None:
        raise Unreadable("; ".join(problems) or "there is no notebook in it")
    _, name, code, others, flags = best
    if Path(name).name != f"{unit}.ipynb":
        flags.append(f"read from {Path(name).name}")
    if sum(path.suffix == ".ipynb" for path in files.values()) > 1:
        flags.append("more than one notebook: the one with most answers counts")
    if problems:
        flags += problems
    for wanted in names:  # an answer in a cell that was made text by accident
        if not any(defines(s, wanted) for s in code):
            rescued = [s for s in others if defines(s, wanted)]
            if rescued:
                flags.append(f"{wanted} stood in a cell that is not code")
                code += rescued[-1:]
    given = {"".join(text.split()) for text in given}
    code = [s for s in code if s.strip() and "".join(s.split()) not in given]
    code = _stubs_first(_joined(code), names, flags)
    return Submission(tuple(code), name, tuple(flags))
