"""The wheel, really built and installed: it works alone, and the sdist makes the same one."""
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import leave_out

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
VERSION = PROJECT["project"]["version"]
WHEN = "1700000000"                                         # one date for all, so the same bytes
USE = """
import sys
import bpttlib
from importlib.metadata import version
from bpttlib.cells import LSTM
from bpttlib.data import sunspots
from bpttlib.gradcheck import relative_error
from bpttlib.model import Model
from bpttlib.tasks import adding, batches
from bpttlib.train import fit
import numpy as np

model = Model(LSTM(), D=2, H=4, K=1, loss="squared_error")
params = model.init(np.random.default_rng(0))
state = fit(model, params, batches(adding, T=5, B=4), updates=3, progress=False)
assert np.isfinite(state.loss).all() and state.loss.shape == (3,)
assert not {"matplotlib", "ipywidgets", "IPython"} & set(sys.modules)
print(version("bptt-course"), bpttlib.__file__, len(sunspots().numbers), sunspots().numbers[-1])
"""
DATA = """
from importlib.resources import files
import numpy as np
print(*sorted(f.name for f in files("bpttlib.data").iterdir() if f.name[0] != "_"))
np.load(files("bpttlib.data").joinpath("gates.npz"))
"""


def run(*command, **options):
    told = {"capture_output": True, "text": True, "timeout": 500} | options
    done = subprocess.run([*map(str, command)], **told)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installer():
    """Return how to install into an environment, with the place for its Python left open."""
    if shutil.which("uv"):
        return lambda python, *what: run("uv", "pip", "install", "--python", python, *what)
    for pip in (sys.executable, sys._base_executable):
        if subprocess.run([pip, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            return lambda python, *what: run(pip, "-m", "pip", "--python", python, "install",
                                             "--disable-pip-version-check", *what)
    leave_out("neither uv nor pip is there to install the wheel")


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    """Return the folder that holds flit_core: the environment's own, or one fetched for it."""
    if importlib.util.find_spec("flit_core"):
        return Path(importlib.util.find_spec("flit_core").origin).parents[1]
    needs = PROJECT["build-system"]["requires"]
    folder = tmp_path_factory.mktemp("backend")
    try:
        installer()(sys.executable, "--target", str(folder), *needs)
    except AssertionError as error:
        leave_out(f"flit_core, which builds the wheel, cannot be had: {str(error)[-200:]}")
    return folder


def build(tree, out, backend):
    """Build wheel and sdist of a tree, as pip would, without a network."""
    env = os.environ | {"SOURCE_DATE_EPOCH": WHEN, "PYTHONPATH": str(backend)}
    out.mkdir()
    program = ("import sys; from flit_core.buildapi import *; "
               "print(build_wheel(sys.argv[1])); print(build_sdist(sys.argv[1]))")
    wheel, sdist = run(sys.executable, "-c", program, str(out), cwd=tree, env=env).split()
    return out / wheel, out / sdist


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def built(tmp_path_factory, backend):
    """A wheel and an sdist of what git knows: no stray file of a working folder gets in."""
    place = tmp_path_factory.mktemp("built")
    names = run("git", "ls-files", "-z", "pyproject.toml", "README.md", "LICENSE", "bpttlib",
                cwd=ROOT).split("\0")
    for name in filter(None, names):
        (place / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "tree" / name).write_bytes((ROOT / name).read_bytes())
    return place / "tree", *build(place / "tree", place / "dist", backend)


def test_the_wheel_holds_the_library_and_nothing_else(built):
    tree, wheel, _ = built
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {path.relative_to(tree).as_posix() for path in (tree / "bpttlib").rglob("*")
                    if path.is_file()}


def test_the_sdist_builds_the_same_wheel(built, backend, tmp_path):
    _, wheel, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    again, sdist_again = build(next(tmp_path.glob("bptt_course-*")), tmp_path / "dist", backend)
    assert (again.name, digest(again)) == (wheel.name, digest(wheel))
    assert digest(sdist_again) == digest(sdist)


def install(folder, *what):
    """Make an empty environment, install this into it, and return its Python."""
    venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt").create(folder)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installer()(python, *map(str, what))
    return python


def alone(more=None):
    """Return the variables without what leads to our own modules."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | (more or {})


def test_the_wheel_works_in_an_environment_of_its_own(built, tmp_path):
    tree, wheel, _ = built
    python = install(tmp_path / "empty", "--no-deps", "--no-index", wheel)
    borrowed = tmp_path / "borrowed"                        # NumPy and tqdm, as they are here
    borrowed.mkdir()
    for name in ("numpy", "numpy.libs", "tqdm"):
        source = Path(np.__file__).parents[1] / name
        if source.exists():
            shutil.copytree(source, borrowed / name, symlinks=True,
                            ignore=shutil.ignore_patterns("tests", "__pycache__"))
    env = alone({"PYTHONPATH": str(borrowed)})
    version, file, years, last = run(python, "-c", USE, cwd=tmp_path, env=env).split()
    assert (version, years, last) == (VERSION, "309", "2.9")
    assert Path(file).is_relative_to(tmp_path / "empty")
    data = {path.name for path in (tree / "bpttlib/data").iterdir() if path.name[0] != "_"}
    assert set(run(python, "-c", DATA, cwd=tmp_path, env=env).split()) == data


@pytest.mark.long
def test_pip_installs_it_with_its_dependencies_and_nothing_else(built, tmp_path):
    _, wheel, _ = built
    python = install(tmp_path / "real", wheel)
    env = alone()
    assert run(python, "-c", USE, cwd=tmp_path, env=env).split()[2] == "309"
    told = run(python, "-c", "from importlib.metadata import distributions\n"
               "print(*sorted(d.name.lower() for d in distributions()))", env=env)
    assert told.split() == ["bptt-course", "numpy", "tqdm"]
