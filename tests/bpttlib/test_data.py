"""The data that comes with the library: its bytes, its origin, and what is said of it."""
import hashlib
import re
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from bpttlib import data
from bpttlib.data import _files, catalogue, datasets
from bpttlib.data.trained import SHA256

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "bpttlib" / "data"
NAMES = [d.name for d in datasets()]


@pytest.mark.parametrize("dataset", datasets(), ids=NAMES)
def test_the_catalogue_is_true(dataset):
    content = (files("bpttlib.data") / dataset.file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == dataset.sha256
    assert len(content) == dataset.size
    assert all(dataset) and callable(getattr(data, dataset.name))


def test_every_data_file_has_its_licence_and_its_place_in_the_catalogue():
    text = (DATA / "LICENSES.md").read_text(encoding="utf-8")
    shipped = {f.name for f in DATA.iterdir() if f.is_file() and f.suffix not in (".py", ".md")}
    trained = {"gates.npz"} | {f"{name}.npz" for name in SHA256}
    assert shipped == {d.file for d in datasets()} | trained
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == shipped
    for d in datasets():
        assert d.sha256 in sections[d.file] and d.licence in sections[d.file]
        assert f"{d.size:,} bytes" in sections[d.file], (d.file, f"{d.size:,}")


def test_all_of_it_is_small():
    assert sum(f.stat().st_size for f in DATA.iterdir() if f.is_file()) < 6_000_000


def test_the_catalogue_shows_itself():
    lines = repr(datasets()).split("\n")
    assert [line.split()[0] for line in lines] == NAMES
    assert all(d.licence in line and d.what in line for d, line in zip(datasets(), lines))
    page = datasets()._repr_html_()
    assert page.count("<tr>") == len(NAMES) + 1 and page.count('scope="row"') == len(NAMES)
    assert "BYU Perception, Control &amp; Cognition Lab" in page and "1,363 kB" in page


@pytest.mark.parametrize("name", NAMES)
def test_a_part_that_is_none_is_named(name):
    with pytest.raises(ValueError, match=r"part: got 'exam'; needs one of '\w+', "):
        getattr(data, name)("exam")


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_not_read(name, tmp_path, monkeypatch):
    (dataset,) = (d for d in catalogue.ALL if d.name == name)
    content = (DATA / dataset.file).read_bytes()
    (tmp_path / dataset.file).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    monkeypatch.setattr(_files, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="needs .*, as it came with the library; install"):
        getattr(data, name)("train")


@pytest.mark.parametrize("name", NAMES)
def test_each_caller_gets_arrays_of_their_own(name):
    read = getattr(data, name)
    for array in read("train"):
        if isinstance(array, np.ndarray):
            array[...] = 0
    assert all(np.any(a) for a in read("train") if isinstance(a, np.ndarray))
