"""A notebook as it is stored, for tests that hold its prose to what it printed."""
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.fixture(scope="module")
def notebook(request):
    """Return the notebook that the module names as NOTEBOOK."""
    return nbformat.read(NOTEBOOKS / f"{request.module.NOTEBOOK}.ipynb", as_version=4)


@pytest.fixture(scope="module")
def printed(notebook):
    """Return all that its cells printed."""
    outputs = (o for cell in notebook.cells for o in cell.get("outputs", []))
    return "".join(o.get("text", "") for o in outputs)
