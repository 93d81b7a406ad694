"""nbval with our sanitising file notices one digit of one output, and overlooks pixels alone."""

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"


def next_digit(match):
    return str((int(match[0]) + 1) % 10)


def change_text(output):
    """Change the last digit of what a cell printed."""
    if "text" in output:
        output.text = re.sub(r"\d(?=\D*$)", next_digit, output.text)


def change_alt(output):
    """Change the first digit of a picture's alternative text."""
    if "<img" in output.get("data", {}).get("text/html", ""):
        html = output.data["text/html"]
        output.data["text/html"] = re.sub(r'(?<=alt=")[^"]*', lambda alt: re.sub(
            r"\d", next_digit, alt[0], count=1), html, count=1)  # fmt: skip


def change_pixels(output):
    """Store other pixels."""
    if "<img" in output.get("data", {}).get("text/html", ""):
        output.data["text/html"] = output.data["text/html"].replace("base64,iVBOR", "base64,iVBOS")


def tampered(path, change):
    """Apply the change to the first output it can change; return that cell's number for nbval."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(cells):
        for output in cell.outputs:
            before = str(output)
            change(output)
            if str(output) != before:
                nbformat.write(notebook, path)
                return number
    return pytest.fail(f"{change.__name__} finds nothing to change in {path.name}")


def failed_cells(folder):
    """Run nbval in a process of its own; return its exit code and the cells that failed."""
    (folder / "pytest.ini").write_text("[pytest]\n")  # so that the course's settings stay away
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider"]
    command += ["--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"]
    done = subprocess.run([*command, "--junitxml=report.xml"], cwd=folder, capture_output=True)
    cases = ET.parse(folder / "report.xml").iter("testcase")
    return done.returncode, [case.get("name") for case in cases if len(case)]


@pytest.fixture
def unit(tmp_path):
    """Return a copy of the course's first unit."""
    (original,) = (ROOT / "notebooks").glob("00_*.ipynb")
    return Path(shutil.copy(original, tmp_path))


def test_the_stored_outputs_are_what_the_cells_print(unit):
    assert failed_cells(unit.parent) == (0, [])


@pytest.mark.parametrize("change", [change_text, change_alt])
def test_one_changed_digit_fails_in_its_cell(unit, change):
    number = tampered(unit, change)
    assert failed_cells(unit.parent) == (1, [f"Cell {number}"])


def test_changed_pixels_pass(unit):
    tampered(unit, change_pixels)
    assert failed_cells(unit.parent) == (0, [])
