"""Build the notebooks: notebooks/src/NN_name.py, which people review, into executed .ipynb.

Cell ids are a hash of the source, the metadata holds the kernelspec alone, and nothing that is
stored depends on the clock: building again without execution changes no byte.
"""

import argparse
import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from tools.run_notebook import BuildError, code_cells, execute

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
SLOW = 60  # seconds; the design's limit for a notebook that a person waits for


def cell_ids(sources: Iterable[str]) -> Iterator[str]:
    """Yield one id per cell: a hash of its source and its occurrence among equal sources."""
    seen = Counter()
    for source in sources:
        seen[source] += 1
        yield hashlib.sha256(f"{seen[source]}\n{source}".encode()).hexdigest()[:12]


def read_source(path: Path) -> NotebookNode:
    """Return the percent script as a notebook without outputs."""
    notebook = jupytext.read(path, fmt="py:percent")
    notebook.update(metadata={"kernelspec": KERNELSPEC}, nbformat=4, nbformat_minor=5)
    for cell, cell_id in zip(notebook.cells, cell_ids(c.source for c in notebook.cells)):
        cell.id = cell_id
        for key in [key for key in cell.metadata if key.startswith("lines_to_")]:
            del cell.metadata[key]  # jupytext's memory of blank lines
    return notebook


def keep_outputs(notebook: NotebookNode, built: Path) -> None:
    """Take over the stored outputs of every cell whose id is unchanged."""
    if not built.exists():
        return
    try:
        cells = nbformat.read(built, as_version=4).cells
    except Exception as error:  # nbformat has no common class for what may be wrong with a file
        remedy = "build it with execution"
        raise BuildError(f"{built.name} cannot be read ({error}): {remedy}") from None
    stored = {cell.id: cell for cell in cells if cell.cell_type == "code"}
    for cell in code_cells(notebook):
        if cell.id in stored:
            cell.outputs = stored[cell.id].outputs
            cell.execution_count = stored[cell.id].execution_count


def write_if_changed(path: Path, content: bytes) -> None:
    """Replace the file in one step, so that a reader never meets half a notebook."""
    if path.exists() and path.read_bytes() == content:
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)  # mkstemp's files are for the owner's eyes only
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def to_bytes(notebook: NotebookNode) -> bytes:
    """Return the notebook as nbformat writes it."""
    nbformat.validate(notebook)
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def target(source: Path) -> Path:
    """Return where the notebook of notebooks/src/name.py lives."""
    return source.parents[1] / f"{source.stem}.ipynb"


def check(source: Path) -> str:
    """Return what is wrong with the built notebook, or an empty string."""
    built = target(source)
    if not built.exists():
        return f"{source.stem}: is not built"
    notebook = read_source(source)
    try:
        keep_outputs(notebook, built)
    except BuildError as error:
        return str(error)
    # A cell that was added, removed or moved leaves a gap in the counts of the stored outputs.
    counts = [cell.execution_count for cell in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        return f"{source.stem}: its cells were not all executed, in this order"
    return "" if to_bytes(notebook) == built.read_bytes() else f"{source.stem}: is out of date"


async def build(source: Path, run: bool) -> float:
    """Write one notebook; return the seconds it took."""
    start = time.monotonic()
    notebook = read_source(source)
    if run:
        await execute(notebook, source.stem, target(source).parent)
    else:
        keep_outputs(notebook, target(source))
    write_if_changed(target(source), to_bytes(notebook))
    return time.monotonic() - start


async def build_all(sources: list[Path], run: bool, jobs: int) -> bool:
    """Build several notebooks at a time, report each, and return whether all succeeded."""
    free = asyncio.Semaphore(jobs)

    async def one(source: Path) -> tuple[bool, str]:
        async with free:
            try:
                seconds = await build(source, run)
            except BuildError as error:
                return False, str(error)
        slow = f", more than the {SLOW} s a reader should wait" if seconds > SLOW else ""
        return True, f"{source.stem}: {seconds:.1f} s{slow}"

    good = True
    for done in tqdm(asyncio.as_completed(map(one, sources)), total=len(sources), disable=None):
        success, message = await done
        tqdm.write(message, file=sys.stdout if success else sys.stderr)
        good = good and success
    return good


def select(names: list[str], folder: Path) -> list[Path]:
    """Return the sources called by name, by number, or all; KeyError for a name that is none."""
    sources = sorted((folder / "src").glob("*.py"))
    if not names:
        return sources
    called = {key: source for source in sources for key in (source.stem, source.stem.split("_")[0])}
    return sorted({called[Path(name).stem] for name in names})


def main(argv: list[str] | None = None, folder: Path = NOTEBOOKS) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="tools.build_notebooks", description=__doc__)
    parser.add_argument("names", nargs="*", help="such as 03 or 03_full_bptt (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    parser.add_argument("--no-execute", action="store_true", help="keep unchanged cells' outputs")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks executed at a time")
    options = parser.parse_args(argv)
    try:
        sources = select(options.names, folder)
    except KeyError as error:
        parser.error(f"there is no notebook {error} in {folder / 'src'}")
    if not options.check:
        run = not options.no_execute
        return int(not asyncio.run(build_all(sources, run, max(1, options.jobs))))
    problems = [problem for source in sources if (problem := check(source))]
    print(*problems or ["every notebook is what its source says"], sep="\n")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
