"""Who may import whom: the floors of the house, read from the imports themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 250  # lines, more than half of them docstrings that a test holds to be complete
# A file imports from lower floors, or from files further left on its own floor.
# So `reference`, the definition that all else is held against, stands on nothing of ours.
FLOORS = {
    0: ["reference", "errors", "activations", "params"],
    1: ["cells", "init", "losses", "optim", "clip"],
    2: ["tape", "pieces", "inputs", "sums", "bptt", "readout", "layers", "truncation", "jacobian",
        "rtrl", "checkpoint"],
    3: ["batch", "model", "frugal", "saving", "train", "gradcheck", "diagnostics", "frameworks",
        "sampling", "tasks", "data"],
    4: ["plots", "widgets"],
}
ORDER = [name for floor in FLOORS.values() for name in floor]
PICTURES = {"matplotlib", "ipywidgets", "IPython", "PIL"}
GUESTS = {"train": {"tqdm"}} | {name: PICTURES for name in FLOORS[4]}


def imported(path):
    """Yield the full name of everything the file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (f"{module}.{alias.name}" for alias in node.names)


def problems(library):
    """Yield each import in the library that the floors forbid, and each file they do not know."""
    for path in sorted(library.rglob("*.py")):
        file = path.relative_to(library)
        here = file.parts[0].removesuffix(".py")
        if here == "__init__":
            lower = ORDER[: ORDER.index(FLOORS[4][0])]
        elif here in ORDER:
            lower = ORDER[: ORDER.index(here) + 1]  # itself: the files of a package are one place
        else:
            yield f"{file} has no place in FLOORS"
            continue
        for name in imported(path):
            top, *rest = name.split(".")
            if top == "bpttlib":
                allowed = rest and rest[0] in lower
            else:
                allowed = top in sys.stdlib_module_names | {"numpy"} | GUESTS.get(here, set())
            if not allowed:
                yield f"{file} imports {name}"


def test_every_import_goes_down_or_left():
    assert list(problems(ROOT / "bpttlib")) == []


@pytest.mark.parametrize("file, line, word", [
    ("losses.py", "from bpttlib.bptt import bptt", "imports bpttlib.bptt"),
    ("cells/elman.py", "from bpttlib import clip", "imports bpttlib.clip"),
    ("cells.py", "import bpttlib.optim as o", "imports bpttlib.optim"),
    ("cells.py", "import bpttlib", "imports bpttlib"),
    ("cells.py", "from . import params", "imports ."),
    ("reference.py", "from bpttlib.activations import sigmoid", "imports bpttlib.activations"),
    ("model.py", "def f():\n    from matplotlib import pyplot", "imports matplotlib"),
    ("data/sun.py", "if True:\n    import ipywidgets", "imports ipywidgets"),
    ("clip.py", "from tqdm import tqdm", "imports tqdm"),
    ("params.py", "from tools import build_notebooks", "imports tools"),
    ("__init__.py", "from bpttlib.plots import show", "imports bpttlib.plots"),
    ("extra.py", "x = 1", "no place"),
])  # fmt: skip
def test_a_forbidden_import_is_found(tmp_path, file, line, word):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(line)
    (problem,) = problems(tmp_path)
    assert word in problem and file in problem.replace("\\", "/")


@pytest.mark.parametrize("file, line", [
    ("optim.py", "import math\nimport numpy.linalg\nfrom bpttlib.params import tree_map"),
    ("clip.py", "from bpttlib.optim import adam"),
    ("tasks/reber.py", "from bpttlib.tasks.encoding import one_hot"),
    ("train.py", "def fit():\n    from tqdm.auto import tqdm"),
    ("widgets/slider.py", "import ipywidgets\nfrom bpttlib.plots import show"),
    ("__init__.py", "from bpttlib.train import fit\nfrom bpttlib import cells"),
])  # fmt: skip
def test_a_sound_import_passes(tmp_path, file, line):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(line)
    assert list(problems(tmp_path)) == []


BELOW_THE_PICTURES = [
    f"bpttlib.{name}"
    for name in ORDER[: ORDER.index(FLOORS[4][0])]
    if list(ROOT.glob(f"bpttlib/{name}.py")) or list(ROOT.glob(f"bpttlib/{name}/__init__.py"))
]


@pytest.mark.parametrize("modules", [["bpttlib"], BELOW_THE_PICTURES], ids=["bpttlib", "each"])
def test_the_library_loads_nothing_but_numpy(modules):
    program = f"""
import sys, numpy.random
before = set(sys.modules)
import {", ".join(modules)}
tops = {{name.split(".")[0] for name in set(sys.modules) - before}}
print(*sorted(tops - sys.stdlib_module_names - {{"numpy"}}))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["bpttlib"]


@pytest.mark.parametrize("folder", ["bpttlib", "tools"])
def test_files_are_short(folder):
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {file: size for file, size in sizes.items() if size > LONGEST} == {}


def test_ruff_finds_nothing():
    subprocess.run([sys.executable, "-m", "ruff", "check", "--quiet", "."], cwd=ROOT, check=True)
