"""Run a notebook in a fresh kernel; keep of its outputs what a reader without a kernel can see."""

import time
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from traitlets.config import Config

# No installed kernel may step in front of the interpreter that runs the builder.
OWN_KERNEL = Config({"KernelSpecManager": {"kernel_dirs": []}})
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
TIMEOUT = 120  # seconds per notebook


class BuildError(Exception):
    """A notebook cannot be built; the message names it, the cell and the remedy."""


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that a kernel counts."""
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


async def execute(notebook: NotebookNode, name: str, folder: Path) -> None:
    """Run all cells in a fresh kernel, in the notebook's folder."""
    if not code_cells(notebook):
        return
    deadline = time.monotonic() + TIMEOUT
    client = NotebookClient(
        notebook,
        resources={"metadata": {"path": str(folder)}},
        timeout_func=lambda cell: max(1.0, deadline - time.monotonic()),
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
        config=OWN_KERNEL,
    )
    async with client.async_setup_kernel():
        for index, cell in enumerate(notebook.cells):
            try:
                await client.async_execute_cell(cell, index)
            except CellExecutionError as error:
                raise BuildError(complaint(name, cell, f"{error.ename}: {error.evalue}")) from None
            except CellTimeoutError:
                problem = f"the notebook took more than {TIMEOUT} s"
                raise BuildError(complaint(name, cell, problem)) from None
            except DeadKernelError:
                raise BuildError(complaint(name, cell, "the kernel died")) from None
    for cell in code_cells(notebook):
        cell.outputs = tidy(cell.outputs)
        refuse_stderr(name, cell)


def complaint(name: str, cell: NotebookNode, problem: str) -> str:
    """Say which cell of which notebook has the problem."""
    return f"{name}: cell “{cell.source.strip().splitlines()[0]}”: {problem}"


def tidy(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Drop widget views, which are blank without a kernel, and join a stream's pieces."""
    kept = []
    for output in outputs:
        if "data" in output:
            output.data.pop(WIDGET_VIEW, None)
            if not output.data:
                continue
        last = kept[-1] if kept else {}
        if output.output_type == "stream" and output.name == last.get("name"):
            last.text += output.text
        else:
            kept.append(output)
    return kept


def refuse_stderr(name: str, cell: NotebookNode) -> None:
    """Raise BuildError if the cell warns and is not tagged for it."""
    if {"raises-exception", "allow-stderr"} & set(cell.metadata.get("tags", [])):
        return
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            problem = f"prints to stderr: {output.text.strip()}"
            raise BuildError(complaint(name, cell, problem))
