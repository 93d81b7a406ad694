"""What students get: made by nbgrader, up to date, and without a trace of the answers."""

import ast
import subprocess
import sys
import zipfile

import pytest

from tests.grading.solutions import ROOT, SOURCES, cells
from tools import release
from tools.build_exercises import build

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def regions():
    """Yield the lines of every answer that students must not see."""
    for source in SOURCES:
        for cell in cells(source):
            lines, inside = [], False
            for line in cell.source.splitlines():
                if END in line:
                    inside = False
                    yield lines
                    lines = []
                elif inside and line.strip():
                    lines.append("".join(line.split("#")[0].split()))
                inside = inside or BEGIN in line


def leaks(text):
    """Return the answers of which two thirds stand in a text, line by line, whatever the blanks."""
    there = {"".join(line.split("#")[0].split()) for line in text.splitlines()}
    return [lines for lines in regions() if lines and _leaks(lines, there)]


def _leaks(lines, there):
    telling = [line for line in lines if len(line) > 12]
    return len(telling) >= 3 and sum(line in there for line in telling) > 0.67 * len(telling)


@pytest.fixture(scope="module")
def built():
    return build(SOURCES)


def test_the_committed_files_are_what_the_sources_make(built):
    stale = [str(path.relative_to(ROOT)) for path, content in built.items()
             if not path.exists() or path.read_bytes() != content]
    assert stale == []


def test_building_again_changes_no_byte(built):
    unit = SOURCES[3]
    again = build([unit])
    assert all(built[path] == content for path, content in again.items())


def test_a_leak_would_be_found():
    text = (ROOT / "solutions/src/03.py").read_text(encoding="utf-8")
    assert leaks(text) and not leaks("import numpy as np")


def test_exercises_hold_nothing_of_the_answers():
    for path in sorted((ROOT / "exercises").glob("*/*.ipynb")):
        text = "\n".join(cell.source for cell in cells(path))
        assert "SOLUTION" not in text and "HIDDEN" not in text, path
        assert leaks(text) == [], path
        assert all(cell.get("outputs", []) == [] for cell in cells(path))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    out = tmp_path_factory.mktemp("class")
    return out, release.make(ROOT, out)


def test_a_release_holds_the_course_and_no_answers(released):
    out, packed = released
    folder = out / release.NAME
    with zipfile.ZipFile(packed) as zipped:
        names = zipped.namelist()
        assert all(name.startswith(release.NAME + "/") for name in names)
        assert zipped.read(f"{release.NAME}/course.py") == (ROOT / "course.py").read_bytes()
    for kept in ("solutions", "grading/sandbox", "grading/confusion", "tests/grading", "secret"):
        assert not [name for name in names if f"/{kept}" in name]
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".md", ".ipynb"}:
            plain = path.suffix != ".ipynb"
            text = path.read_text(encoding="utf-8") if plain else "\n".join(
                cell.source for cell in cells(path))
            assert BEGIN not in text, path
            assert leaks(text) == [], path


def test_a_release_works_where_it_is_unpacked(released):
    out, _ = released
    folder = out / release.NAME
    code = ("from grading import check, hint, progress\n"
            "from grading.problems import all_problems\n"
            "print(len(all_problems()), hint('elman_backward'))\n"
            "print(check('elman_backward', lambda *args: None))\nprint(progress())")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True,
                          env={"PYTHONPATH": str(folder), "PATH": ""}, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Hint 1 of 3" in done.stdout and "could not be checked" in done.stdout
    staff = subprocess.run([sys.executable, "course.py", "exercises", "--here"], cwd=folder,
                           capture_output=True, text=True, timeout=120)
    assert staff.returncode == 2 and "for those who give the course" in staff.stderr


def test_a_release_overwrites_nothing(released, capsys):
    out, _ = released
    assert release.main(["--out", str(out)]) == 1
    assert "is there already" in capsys.readouterr().err


@pytest.mark.long
def test_a_release_passes_its_own_tests(released):
    out, _ = released
    done = subprocess.run([sys.executable, "course.py", "test"], cwd=out / release.NAME,
                          capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_files_that_leave_exist():
    tracked = release.tracked(ROOT)
    for one in release.LEAVES:
        assert release.leaving([n for n in tracked if n == one or n.startswith(one)]), one


def test_what_leaves_imports_nothing_that_stays():
    leaving = set(release.leaving(release.tracked(ROOT)))
    for name in sorted(n for n in leaving if n.startswith("grading/") and n.endswith(".py")):
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("grading"):
                path = node.module.replace(".", "/")
                assert {f"{path}.py", f"{path}/__init__.py"} & leaving, (name, node.module)
