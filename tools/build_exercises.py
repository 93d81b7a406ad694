"""Build the exercises: solutions/src/NN.py, which people write, into what nbgrader knows.

solutions/NN/NN.ipynb is nbgrader's source, with the answers; exercises/NN/NN.ipynb is what nbgrader
makes of it for students. Both are derived, and building again changes no byte.

In the source a cell `# %% answer="NAME"` holds an answer between the lines BEGIN SOLUTION and END
SOLUTION, and `# %% check="NAME"` the call that checks it; `written="NAME" points=4` marks a text,
and `answer="NAME" points=3` code, that a person marks.
"""

import argparse
import io
import logging
import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from grading.problems import find
from tools.build_notebooks import read_source, to_bytes, write_if_changed
from tools.run_notebook import BuildError

ROOT = Path(__file__).resolve().parents[1]


def marks(grade_id: str, **kind) -> dict:
    """Return nbgrader's metadata of a cell."""
    plain = {"grade": False, "locked": False, "solution": False, "task": False}
    return {"nbgrader": {**plain, **kind, "grade_id": grade_id, "schema_version": 3}}


def mark(cell: NotebookNode) -> None:
    """Replace our short marks in a cell's metadata by nbgrader's."""
    said = dict(cell.metadata)
    cell.metadata.clear()
    if "check" in said:
        name = said["check"]
        points = find(name).points
        cell.metadata.update(marks(f"check_{name}", grade=True, locked=True, points=points))
    elif "answer" in said and "points" in said:
        name, points = said["answer"], said["points"]
        cell.metadata.update(marks(name, grade=True, solution=True, points=points))
    elif "answer" in said:
        cell.metadata.update(marks(said["answer"], solution=True))
    elif "written" in said:
        name, points = said["written"], said["points"]
        cell.metadata.update(marks(name, grade=True, solution=True, points=points))
    elif said:
        raise ValueError(f"{', '.join(said)}: no mark that an exercise knows")


def with_answers(source: Path) -> NotebookNode:
    """Return the notebook with the answers."""
    notebook = read_source(source)
    for cell in notebook.cells:
        mark(cell)
    return notebook


def _config(course: Path):
    """Return nbgrader's configuration for a course in a folder of its own."""
    from traitlets.config import Config

    config = Config()
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "exercises"
    config.ClearSolutions.code_stub = {"python": "raise NotImplementedError()"}
    config.ClearSolutions.text_stub = "*Your text here.*"
    config.GenerateAssignment.force = True
    config.GenerateAssignment.create_assignment = True
    config.CourseDirectory.db_url = f"sqlite:///{course / 'gradebook.db'}"
    return config


def _log_of_nbgrader() -> io.StringIO:
    """Return what nbgrader logs from now on; it is shown only if something goes wrong."""
    log = io.StringIO()
    logger = logging.getLogger("traitlets")
    logger.handlers, logger.propagate = [logging.StreamHandler(log)], False
    return log


def without_answers(notebooks: dict[str, bytes]) -> dict[str, bytes]:
    """Return what nbgrader gives to students, by unit."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    scripts = str(Path(sys.executable).parent)  # where nbgrader looks for alembic
    os.environ["PATH"] = os.pathsep.join([scripts, os.environ.get("PATH", "")])
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        for unit, content in notebooks.items():
            path = course / "solutions" / unit / f"{unit}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        for unit in tqdm(notebooks, disable=None):
            config = _config(course)
            config.CourseDirectory.assignment_id = unit
            log = _log_of_nbgrader()
            try:
                GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
            except NbGraderException:
                raise BuildError(f"nbgrader could not make {unit}:\n{log.getvalue()}") from None
            out = course / "exercises" / unit / f"{unit}.ipynb"
            notebook = nbformat.read(out, as_version=4)
            notebook.metadata = {"kernelspec": notebook.metadata["kernelspec"]}
            made[unit] = to_bytes(notebook)
    return made


def build(sources: list[Path]) -> dict[Path, bytes]:
    """Return what the sources make: the content of each file by its path."""
    full = {source.stem: to_bytes(with_answers(source)) for source in sources}
    cleared = without_answers(full)
    files = {ROOT / f"solutions/{unit}/{unit}.ipynb": content for unit, content in full.items()}
    files |= {ROOT / f"exercises/{unit}/{unit}.ipynb": content for unit, content in cleared.items()}
    return files


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="tools.build_exercises", description=__doc__)
    parser.add_argument("units", nargs="*", help="such as 03 (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    options = parser.parse_args(argv)
    sources = {path.stem: path for path in sorted((ROOT / "solutions/src").glob("*.py"))}
    unknown = set(options.units) - set(sources)
    if unknown:
        parser.error(f"there are no exercises {', '.join(sorted(unknown))} in solutions/src")
    files = build([sources[unit] for unit in options.units or sources])
    if not options.check:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_if_changed(path, content)
        return 0
    stale = [path for path, content in files.items()
             if not path.exists() or path.read_bytes() != content]
    named = [f"{path.relative_to(ROOT)}: is out of date" for path in stale]
    print(*named or ["every exercise is what its source says"], sep="\n")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
