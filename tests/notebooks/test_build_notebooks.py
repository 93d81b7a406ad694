"""The builder, on small sources in a temporary folder, and on the course itself."""

import os
import re

import nbformat
import pytest

from tools import build_notebooks, run_notebook
from tools.build_notebooks import cell_ids, main

SOURCE = """\
# %% [markdown]
# # Two numbers

# %%
a = 2
print("a is", a)

# %%
print("twice", 2 * a)

# %%
print("twice", 2 * a)
"""
WIDGET = """\
# %%
import ipywidgets
from IPython.display import display

slider = ipywidgets.IntSlider()
view = slider._repr_mimebundle_()
display({**view, "text/html": "<b>static</b>"}, raw=True)

# %%
display({"application/vnd.jupyter.widget-view+json": {"model_id": slider.model_id}}, raw=True)
"""


@pytest.fixture
def course(tmp_path):
    """Return a function that writes the source 01_small and builds it."""
    (tmp_path / "src").mkdir()

    def build(source, *options):
        (tmp_path / "src" / "01_small.py").write_text(source, encoding="utf-8")
        return main(list(options), tmp_path)

    build.folder, build.notebook = tmp_path, tmp_path / "01_small.ipynb"
    return build


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return the bytes of the executed notebook."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "src").mkdir()
    (folder / "src" / "01_small.py").write_text(SOURCE, encoding="utf-8")
    assert main([], folder) == 0
    return (folder / "01_small.ipynb").read_bytes()


def outputs(path):
    """Return the text that each code cell printed, or None where it was not executed."""
    cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    return ["".join(o.text for o in c.outputs) if c.execution_count else None for c in cells]


def test_ids_depend_on_the_source_and_its_occurrence_alone():
    before = list(cell_ids(["a", "b", "a"]))
    assert len(set(before)) == 3
    assert all(re.fullmatch("[0-9a-f]{8,16}", one) for one in before)
    assert list(cell_ids(["new", "b", "a", "a"]))[1:] == [before[1], before[0], before[2]]


def test_a_rebuilt_notebook_is_the_same_to_the_byte(course, capsys):
    assert course(SOURCE) == 0
    first = course.notebook.read_bytes()
    assert outputs(course.notebook) == ["a is 2\n", "twice 4\n", "twice 4\n"]
    assert list(nbformat.read(course.notebook, as_version=4).metadata) == ["kernelspec"]
    assert first.endswith(b"}\n") and b"\r" not in first

    stamp = course.notebook.stat().st_mtime_ns
    assert course(SOURCE, "--no-execute") == course(SOURCE, "01", "--check") == course(SOURCE) == 0
    assert course.notebook.read_bytes() == first
    assert course.notebook.stat().st_mtime_ns == stamp  # not even written
    assert "01_small: " in capsys.readouterr().out


def test_a_changed_cell_loses_its_output_and_no_other_does(course, built, capsys):
    course.notebook.write_bytes(built)
    changed = SOURCE.replace("a = 2", "a = 3")
    assert course(changed, "--check") == 1
    assert "01_small" in capsys.readouterr().out
    assert course(changed, "--no-execute") == 0
    assert outputs(course.notebook) == [None, "twice 4\n", "twice 4\n"]
    assert course(changed, "--check") == 1  # not executed
    assert course(changed) == course(changed, "--check") == 0
    assert outputs(course.notebook) == ["a is 3\n", "twice 6\n", "twice 6\n"]


HEAD, FIRST, SECOND, THIRD = SOURCE.split("\n\n")


@pytest.mark.parametrize("source", [
    SOURCE.replace("Two", "2"),
    "\n\n".join([HEAD, SECOND, THIRD]),
    "\n\n".join([HEAD, SECOND, FIRST, THIRD]),
    SOURCE + "\n# %%\nprint(1)\n",
], ids=["prose", "removed", "moved", "added"])  # fmt: skip
def test_check_sees_a_changed_source_and_writes_nothing(course, built, capsys, source):
    """Kept outputs satisfy it only if no code cell came, went or moved."""
    course.notebook.write_bytes(built)
    assert course(source, "--check") == 1
    assert "01_small: " in capsys.readouterr().out
    assert course.notebook.read_bytes() == built
    assert course(source, "--no-execute") == 0
    assert course(source, "--check") == ("# 2 numbers" not in source)


@pytest.mark.parametrize("content", [
    lambda good: good.replace(b"# Two", b"# Three"),
    lambda good: good.replace(b"\n", b"\r\n"),
    lambda good: good.replace(b'"kernelspec"', b'"kernel"'),
    lambda good: good[:100],
], ids=["edited", "line ends", "metadata", "broken"])  # fmt: skip
def test_check_sees_a_changed_notebook(course, built, capsys, content):
    course.notebook.write_bytes(content(built))
    assert course(SOURCE, "--check") == 1
    assert "01_small" in capsys.readouterr().out


@pytest.mark.parametrize("cell, problem", [
    ("# %%\nx = [0]\nx[7]", "cell “x = [0]”: IndexError: list index out of range"),
    ("# %%\nimport warnings\nwarnings.warn('old')", "cell “import warnings”: prints to stderr"),
    ("# %%\nimport os\nos._exit(1)", "cell “import os”: the kernel died"),
    ("# %%\nwhile True: pass", "cell “while True: pass”: the notebook took more than 2 s"),
])  # fmt: skip
def test_a_failure_names_notebook_cell_and_error_and_keeps_the_old(
    course, built, capsys, monkeypatch, cell, problem
):
    course.notebook.write_bytes(built)
    if "while" in cell:
        monkeypatch.setattr(run_notebook, "TIMEOUT", 2)
    assert course(SOURCE + "\n" + cell) == 1
    assert f"01_small: {problem}" in capsys.readouterr().err
    assert course.notebook.read_bytes() == built


def test_a_tag_allows_stderr(course):
    cell = '# %% tags=["allow-stderr"]\nimport sys\nprint("so", file=sys.stderr)\n'
    assert course(cell) == course(cell, "--check") == 0
    assert outputs(course.notebook) == ["so\n"]


def test_one_failure_does_not_stop_the_others(course, capsys):
    (course.folder / "src" / "00_wrong.py").write_text("# %%\n1 / 0\n")
    assert course(SOURCE, "--jobs", "2") == 1
    assert "00_wrong: cell “1 / 0”: ZeroDivisionError" in capsys.readouterr().err
    assert course.notebook.exists() and course(SOURCE, "--check") == 1
    assert capsys.readouterr().out.splitlines()[-1] == "00_wrong: is not built"


def test_a_widget_leaves_its_static_picture(course):
    assert course(WIDGET) == 0
    notebook = nbformat.read(course.notebook, as_version=4)
    first, second = notebook.cells
    assert "widgets" not in notebook.metadata
    assert first.outputs[0].data["text/html"] == "<b>static</b>"
    assert set(first.outputs[0].data) == {"text/html", "text/plain"}
    assert second.outputs == []


def test_pieces_of_a_stream_are_joined_around_other_outputs(course):
    course("# %%\nimport time\nprint(1)\ntime.sleep(0.3)\nprint(2)\ndisplay(3)\nprint(4)\n")
    kinds = [o.get("text") for o in nbformat.read(course.notebook, as_version=4).cells[0].outputs]
    assert kinds == ["1\n2\n", None, "4\n"]


def test_an_interrupted_write_leaves_the_old_file(course, monkeypatch):
    course(SOURCE, "--no-execute")
    before = sorted(course.folder.iterdir()), course.notebook.read_bytes()

    def fail(*paths):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        build_notebooks.write_if_changed(course.notebook, b"new")
    assert (sorted(course.folder.iterdir()), course.notebook.read_bytes()) == before


def test_an_unknown_name_is_refused(course, capsys):
    with pytest.raises(SystemExit):
        course(SOURCE, "07")
    assert "no notebook '07'" in capsys.readouterr().err


def test_the_course_is_built_from_its_sources(capsys):
    assert main(["--check"]) == 0, capsys.readouterr().out
