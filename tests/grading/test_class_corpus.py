"""Every submission of the corpus gets what it deserves, and changes nothing for the others."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from grading.batch import grade_folder
from grading.records import read_records
from grading.sandbox import NoSandbox, open_sandbox
from grading.sandbox.image import Image
from tests.conftest import leave_out
from tests.grading.corpus import corpus, run

ROOT = Path(__file__).resolve().parents[2]
BACK_ENDS = ("forkserver", "bubblewrap")
LIMITS = (768, 2.0, 40)
#: One of each kind, for every day.
SOME = ("all right", "helpers in cells of its own", "spoils its arguments and prints",
        "leaves Python", "mistake: the mask is not used", "metadata stripped",
        "an answer cut in two", "format 3", "%%time above its answers", "a measured hunt", "tqdm",
    "the same name for two helpers",
        "UTF-16", "Latin-1", "a script", "cut off", "a link to the solutions", "a loop in C",
        "memory by and by", "a segmentation fault", "os._exit", "output", "processes",
        "patched NumPy", "an array that lies", "all objects", "a reply of its own", "all files",
        "bytes on every descriptor", "a survivor", "the network", "tells the cases",
        "tells the cases by a type", "keeps the first result", "constants of the public cases",
        "an import hook", "AST transformers", "forged outputs and points", "strange points for f",
        "a machine that is not asked")
OTHER_USER = 65_433


def test_the_corpus_is_large_and_of_all_kinds():
    kinds = [entry.kind for entry in corpus().values()]
    assert len(kinds) >= 60
    assert all(kinds.count(kind) >= 15 for kind in ("honest", "damaged", "greedy", "cheating"))


@pytest.fixture(scope="module", params=BACK_ENDS)
def box(request):
    try:
        with open_sandbox(request.param, run.LIMITS) as box:
            yield box
    except NoSandbox as error:
        leave_out(f"{request.param} does not work here: {error}")


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return run.Planted(tmp_path_factory.mktemp("planted"))


@pytest.mark.parametrize("name", SOME)
def test_it_gets_what_it_deserves(name, box, planted):
    before = run.descendants()
    ((_, said, _),) = run.run([name], box.name, planted, box)
    assert said == []
    assert run.descendants() <= before


@pytest.mark.long
@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_all_get_what_they_deserve(back_end):
    done = subprocess.run([sys.executable, "-m", "tests.grading.corpus.run", back_end], cwd=ROOT,
                          env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True,
                          text=True, timeout=3000)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


@pytest.fixture
def as_another():
    """Return a function that runs a module as a user who is not root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user; this one is no root already")
    image = Image()  # its Python is open to all, and root's may lie where nobody else can go
    home = Path(tempfile.mkdtemp(prefix="bptt-home-"))
    os.chown(home, OTHER_USER, OTHER_USER)
    packages = os.pathsep.join([str(ROOT), str(Path(np.__file__).parents[1])])
    env = image.environment(False) | {"PYTHONPATH": packages, "PATH": os.environ["PATH"],
                                      "HOME": str(home)}
    yield lambda *arguments: subprocess.run(
        [f"{image.folder}{image.python}", "-B", "-m", *arguments], cwd=home, env=env,
        capture_output=True, text=True, user=OTHER_USER, group=OTHER_USER, extra_groups=[])
    shutil.rmtree(home)


@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_some_get_it_from_an_ordinary_user(back_end, as_another):
    done = as_another("tests.grading.corpus.run", back_end, *SOME[::6])
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


@pytest.mark.long
@pytest.mark.parametrize("back_end", BACK_ENDS)
def test_all_get_it_from_an_ordinary_user(back_end, as_another):
    done = as_another("tests.grading.corpus.run", back_end)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def grade_class(folder, names, honest):
    """Grade some of the corpus among honest submissions; return the records by student."""
    entries = corpus()
    for k in range(honest):
        place = folder / "class" / f"honest {k:02}"
        place.mkdir(parents=True)
        entries["all right" if k % 2 else "the first only"].write(place)
    for k, name in enumerate(names):
        place = folder / "class" / f"honest {k % honest:02} and {k}"  # sorted into their midst
        place.mkdir()
        entries[name].write(place)
    records, _ = grade_folder(folder / "class", folder / "out", ["03"], "a secret of the class",
                              jobs=2, limits=LIMITS)
    assert read_records(folder / "out") == sorted(records, key=lambda r: r["student"])
    return {record["student"]: record for record in records}


def check_class(folder, names, honest):
    records = grade_class(folder, names, honest)
    assert len(records) == honest + len(names)
    for k in range(honest):
        record = records[f"honest {k:02}"]
        assert (record["state"], record["points"]) == ("graded", 15 if k % 2 else 3)
    for k, name in enumerate(names):
        points = corpus()[name].points
        record = records[f"honest {k % honest:02} and {k}"]
        deserved = ("needs attention", 0) if points is None else ("graded", points)
        assert (record["state"], record["points"]) == deserved, (name, record)


def test_bad_ones_in_the_middle_change_nothing(tmp_path):
    check_class(tmp_path, ["a segmentation fault", "a link to the solutions", "kills the grader",
                           "a loop in C", "replies ahead", "memory at once"], 6)


@pytest.mark.long
def test_all_bad_ones_in_the_middle_change_nothing(tmp_path):
    names = [name for name, entry in corpus().items() if entry.unit == "03"]
    check_class(tmp_path, names, 20)
