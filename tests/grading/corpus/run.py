"""Grade the corpus: `python -m tests.grading.corpus.run forkserver` says what was not deserved.

It is a command, so that a test can run it as another user. Around the submissions it plants what
must not be read, and a server that nobody must reach; afterwards it looks whether that held.
"""
import argparse
import contextlib
import json
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

from grading.files import find_submissions
from grading.grade import ATTENTION, GRADED, grade
from grading.report import feedback_page
from grading.sandbox import Limits, open_sandbox
from tests.grading.corpus import corpus

CANARY = "canary-5d0c1f3a"
SECRET = "0123456789abcdef-of-the-class"
LIMITS = Limits(memory_MiB=768, call_seconds=2.0, budget_seconds=40, disk_MiB=16)
TELLING = ("LEAK", CANARY, SECRET)  # in a record, these are a leak
CASES = ("CASE", "_0_", "_1_", "27182", "8459")  # on a page for a student, these are


class Planted:
    """What submissions aim at: files, the environment, a server, this process."""

    def __init__(self, folder):
        self.folder, self.visits = Path(folder), 0
        self.files = {name: self.folder / f"{name}.txt" for name in
                      ("solutions", "secret", "gradebook", "other")}
        for path in self.files.values():
            path.write_text(CANARY)
            path.chmod(0o666)
        os.environ["CANARY"] = CANARY
        self.ear = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                self.ear.accept()[0].close()
                self.visits += 1

    @property
    def facts(self):
        """Return where they are."""
        return {name: str(path) for name, path in self.files.items()} | {
            "pid": os.getpid(), "port": self.ear.getsockname()[1]}

    def violated(self):
        """Return what did not hold."""
        said = [f"{name} was changed" for name, path in self.files.items()
                if path.read_text() != CANARY]
        said += [f"the server had {self.visits} visits"] * bool(self.visits)
        self.visits = 0
        return said


def descendants(ancestor=None):
    """Return the numbers of all processes that one began (by default this one) and that live."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(path.parent.name)] = int(fields[1])
    found, new = set(), {ancestor or os.getpid()}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return found


def write(entry, folder):
    """Write a submission into the folder of a student, and return whose and where it is."""
    place = Path(folder) / "student"
    place.mkdir(parents=True)
    entry.write(place)
    ((student, found),) = find_submissions(folder, entry.unit)
    return student, found


def complaints(entry, record, planted):
    """Return what is wrong with a record of a submission."""
    deserved = (ATTENTION, 0) if entry.points is None else (GRADED, entry.points)
    said = planted.violated()
    if (record["state"], record["points"]) != deserved:
        parts = {name: (one["points"], one["outcome"], one["said"], one["heard"][:2])
                 for name, one in record["exercises"].items()}
        said.append(f"deserves {deserved}, got {record['state']}, {record['points']}: "
                    f"{record.get('reason', '')} {parts} {record.get('failed')} {record['flags']}")
    said += [f"the record holds {word}" for word in TELLING if word in json.dumps(record)]
    page = feedback_page("student", {entry.unit: record})
    said += [f"the feedback holds {word}" for word in (*TELLING, *CASES) if word in page]
    return said


def run(names, back_end, planted, box):
    """Yield (name, complaints) for each submission."""
    for name in names:
        entry = corpus(planted.facts)[name]
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            student, place = write(entry, folder)
            record = grade(place, entry.unit, student, SECRET, box)
            yield name, complaints(entry, record, planted), time.monotonic() - start


def main(argv=None):
    """Grade some of the corpus; the exit status tells whether all went as it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("back_end")
    parser.add_argument("names", nargs="*", help="default: all")
    options = parser.parse_args(argv)
    bad = 0
    with tempfile.TemporaryDirectory() as folder, open_sandbox(options.back_end, LIMITS) as box:
        planted = Planted(folder)
        before = descendants()
        for name, said, seconds in run(options.names or corpus(), options.back_end, planted, box):
            print(f"{seconds:5.1f} s  {name}", *said, sep="\n        ", flush=True)
            bad += bool(said)
        time.sleep(0.5)
        left = descendants() - before
    print(f"{bad} went wrong, {len(left)} processes were left")
    return 1 if bad or left else 0


if __name__ == "__main__":
    sys.exit(main())
