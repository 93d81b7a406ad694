"""The records of what was graded: one file for each submission, whole or not there."""
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path


def record_path(out, student, unit):
    """Return where a record lies: a name that no file can have is hashed, or that looks like it.

    So no student can choose a name whose record is another's.
    """
    safe = re.sub(r"[^\w.@+-]", "_", student).encode()[:200].decode("utf-8", "ignore")
    if safe != student or re.search(r"-[0-9a-f]{16}$", safe):
        safe += "-" + hashlib.sha256(student.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(out) / "records" / unit / f"{safe}.json"


def write_record(path, record):
    """Write a record in one step: a reader meets the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(record, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_record(path):
    """Return a record, or None where there is none that is whole."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
        return record if isinstance(record, dict) else None
    except (OSError, ValueError):
        return None


def read_records(out):
    """Return all records of a results folder."""
    paths = sorted((Path(out) / "records").glob("*/*.json"))
    return [record for path in paths if (record := read_record(path))]
