"""The files that were handed in: whose they are, which of them count, and the text in them."""
import hashlib
import json
import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from grading.problems import UNITS, unit_problems

MOST_BYTES, MOST_FILES = 20 << 20, 50  # of all files of a submission
KINDS = (".ipynb", ".json", ".py", ".txt", "")  # of files that may be what is wanted
CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # line ends and escapes, too
MOODLE = re.compile(r"(.+)_(\d+)_assignsubmission_([a-z]+)(_.*)?")
NUMBER = re.compile(r"(?<!\d)(0\d|1[01])(?!\d)")


class Unreadable(Exception):
    """Nothing in the submission can be read as a notebook; a person has to look."""


# -- whose they are --------------------------------------------------------------------------------

def find_submissions(folder, unit, by_name=False):
    """
    Yield (student, place) for each submission of a unit, and (None, place) for what is none.

    Parameters
    ----------
    folder : path
        What a class handed in: a folder per student, perhaps with one per assignment, or a file
        per student.
    unit : str
        The assignment.
    by_name : bool, default False
        Whether a student's folder counts only if one of its files is named after the unit.

    Yields
    ------
    student : str
        A name that no other submission has.
    place : Path
        A notebook, or a folder of files.

    Raises
    ------
    ValueError
        If there is no such folder.
    """
    if not Path(folder).is_dir():
        raise ValueError(f"SUBMISSIONS: got {folder}, which is no folder; needs the folder that "
                         "holds what the class handed in.")
    found = {}
    for path in sorted(Path(folder).iterdir()):
        try:
            place = _place(path, unit, by_name)
        except OSError:
            place = path  # closed to us, or too deep: a person has to look
        if place is False:
            yield None, path
        elif place is not None:
            found.setdefault(_student(path), []).append((path, place))
    taken = set(found)
    for student, places in found.items():
        if len(places) > 1:  # of several units, perhaps
            places = [two for two in places if unit in (_units_of(two[1]) or {unit})] or places
        for k, (path, place) in enumerate(places):
            name = str_of(path.name) if k else student
            while k and name in taken:
                name += " again"
            taken.add(name)
            yield name, place


def _place(path, unit, by_name):
    """Return what to read of an entry, None if it is of another unit, False if of no use."""
    moodle = MOODLE.fullmatch(path.name)
    if path.name.startswith(".") or path.name == "__MACOSX" or moodle and moodle[3] != "file":
        return None
    if path.is_symlink():
        return path  # it is not followed: a person has to look
    if path.is_dir():
        if (path / unit).is_dir():
            return path / unit
        if any((path / other).is_dir() for other in (*UNITS, "11")):
            return None
    elif ".ipynb" not in path.name.lower() and kind_of(path) != ".py":
        return False
    if not by_name:
        return path
    units = _units_of(path)
    return path if unit in units else None if units else False


def _units_of(place):
    """Return the units that a file or a folder is of."""
    try:
        return {unit for path in files_of(place).values() if is_plain(path)
                for unit in _units_of_file(path, path.stat().st_mtime_ns, path.stat().st_size)}
    except (Unreadable, OSError):
        return set()


@lru_cache(maxsize=10_000)
def _units_of_file(path, time, size):
    """Return the unit that a file begins with, or has most functions of, or names somewhere."""
    known = (*UNITS, "11")
    if ".ipynb" not in path.name.lower() and kind_of(path) != ".py":
        return set()
    if path.name[:2] in known and not path.name[2:3].isdigit():
        return {path.name[:2]}
    try:
        text = text_of(path, [])
    except (Unreadable, OSError):
        text = ""
    defined = set(re.findall(r"def (\w+)", text))
    hits = {unit: sum(p.name in defined for p in unit_problems(unit)) for unit in UNITS}
    best = max(hits, key=hits.get)
    return {best} if hits[best] else set(NUMBER.findall(path.name)) & set(known)


def _student(path):
    """Return the student that a file or folder is named after; Moodle adds a number."""
    name = path.name
    if not path.is_dir():
        name = name.removesuffix(path.suffix).removesuffix(".ipynb")
    found = MOODLE.fullmatch(name)
    return str_of(f"{found[1]} ({found[2]})" if found else name)


def str_of(name):
    """Return a name, or what holds one, as text that any file can hold and any terminal show."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


# -- which of them count ---------------------------------------------------------------------------

def files_of(place):
    """Return the files of a submission that may hold answers, by name; links are not followed."""
    place = Path(place)
    if place.is_symlink():
        return {}
    if not place.is_dir():
        return {place.name: place}
    files, room = {}, MOST_BYTES
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(f for f in folders if f[0] != "." and f != "__MACOSX")
        for name in sorted(names):
            path = Path(folder, name)
            if name[0] == "." or kind_of(path) not in KINDS or not is_plain(path):
                continue
            room -= path.stat().st_size
            if room >= 0 and len(files) < MOST_FILES:
                files[path.relative_to(place).as_posix()] = path
            elif kind_of(path) == ".ipynb":
                raise Unreadable(f"it is too much: more than {MOST_BYTES >> 20} MiB, or than "
                                 f"{MOST_FILES} files")
    return files


def kind_of(path):
    """Return a file's ending in small letters; a browser may have put (1) behind it."""
    return path.suffix.lower().split(" ")[0]


def is_plain(path):
    """Tell whether a path is a file, and no link, device or pipe."""
    return path.is_file() and not path.is_symlink()


# -- what is in them -------------------------------------------------------------------------------

def _open(path):
    """Return a file's bytes; links are not followed, and pipes not waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Unreadable(f"{path.name} is not a regular file")
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise Unreadable(f"{path.name} is larger than {MOST_BYTES >> 20} MiB")
    return raw


def fingerprint(place):
    """Return a hash of all that a submission holds, to know it again."""
    digest = hashlib.sha256()
    try:
        for name, path in sorted(files_of(place).items()):
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
            digest.update(hashlib.sha256(_open(path)).digest())
    except (OSError, Unreadable) as problem:
        digest.update(str(problem).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def text_of(path, flags):
    """Return a file's text: in UTF-8 with or without a mark, UTF-16, UTF-32, or else Latin-1."""
    raw = _open(path)
    encoding = json.detect_encoding(raw)
    if not encoding.startswith("utf-8"):
        flags.append(f"saved as {encoding.upper()}")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        flags.append("not saved as UTF-8")
        text = raw.decode("latin-1")
    if not text.strip("\0\ufeff \t\r\n"):
        raise Unreadable("it is empty")
    return text
