"""Who may import whom in grading/, and that its public names explain themselves."""

import ast
from pathlib import Path

import pytest
from numpydoc.validate import validate

GRADING = Path(__file__).resolve().parents[2] / "grading"
# What checks a learner's answer; a file imports those to the left of it.
FLOORS = ["problem", "sizes", "comparing", "problems", "ask", "reading", "diagnosis", "shares",
          "distortions", "suspects", "examine", "notes", "shown", "notebook"]
ALLOWED_UP = {("diagnosis", "suspects")}  # inside a function, where it is needed


@pytest.mark.parametrize("name", FLOORS)
def test_imports_go_to_the_left(name):
    path = GRADING / f"{name}.py"
    for file in [path] if path.exists() else sorted((GRADING / name).glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grading."):
                other = node.module.split(".")[1]
                left = FLOORS[:FLOORS.index(name) + 1]
                assert other in left or (name, other) in ALLOWED_UP, (file.name, other)


def test_the_library_knows_nothing_of_grading():
    for path in (GRADING.parent / "bpttlib").rglob("*.py"):
        assert "grading" not in {part for node in ast.walk(ast.parse(path.read_text("utf-8")))
                                 if isinstance(node, ast.ImportFrom)
                                 for part in (node.module or "").split(".")}


@pytest.mark.parametrize("name", ["check", "hint", "progress"])
def test_what_learners_call_is_documented(name):
    assert validate(f"grading.{name}")["errors"] == []
