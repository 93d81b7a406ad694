"""The data that comes with the library: its bytes, its origin, and the published facts about it."""
import hashlib
import runpy
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from bpttlib.data import one_step_ahead, sunspots
from bpttlib.tasks import windows

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "bpttlib" / "data"
SHA256 = "3617fb5c428f88aec9a12c8a0b8136a9537479e8611c8a986abf0591698e5a6b"
INSIDE = "statsmodels/datasets/sunspots/sunspots.csv"


@pytest.fixture
def make_data():
    return runpy.run_path(str(ROOT / "tools" / "make_data.py"))["main"]


@pytest.fixture
def published():
    """Return the file as statsmodels publishes it: ours with other names for the columns."""
    return (DATA / "sunspots.csv").read_text().replace("year,number", '"YEAR","SUNACTIVITY"')


def test_sunspots_bytes_and_values():
    assert hashlib.sha256((DATA / "sunspots.csv").read_bytes()).hexdigest() == SHA256
    years, numbers = sunspots()
    assert years.dtype == np.int64 and years.tolist() == list(range(1700, 2009))
    known = {1700: 5.0, 1712: 0.0, 1778: 154.4, 1816: 45.8, 1957: 190.2, 2008: 2.9}
    assert {year: numbers[years == year].item() for year in known} == known
    assert numbers.sum().round(1) == 15373.4


def test_each_caller_gets_arrays_of_their_own():
    sunspots().numbers[:] = -1
    assert sunspots().numbers.min() == 0


def test_every_data_file_has_its_licence():
    text = (DATA / "LICENSES.md").read_text(encoding="utf-8")
    files = [f.name for f in DATA.iterdir() if f.is_file() and f.suffix not in (".py", ".md")]
    assert files and all(f"## {name}" in text for name in files)
    assert SHA256 in text and "public domain" in text


def relative_errors(forecast):
    """Return the relative error variances on 1921–55 and 1956–79 of forecasts for all years."""
    years, numbers = sunspots()
    errors, whole = (numbers - forecast) ** 2, numbers[years <= 1979].var()
    return [round(errors[(first <= years) & (years <= last)].mean() / whole, 3)
            for first, last in ((1921, 1955), (1956, 1979))]


def test_persistence_has_the_stated_errors():
    years, numbers = sunspots()
    assert numbers[years <= 1979].var().round(1) == 1495.6
    assert relative_errors(np.r_[np.nan, numbers[:-1]]) == [0.427, 0.965]


def test_twelve_years_of_linear_memory_have_the_stated_errors():
    years, numbers = sunspots()
    past = np.lib.stride_tricks.sliding_window_view(numbers[:-1], 12)     # for 1712, 1713, …
    past = np.c_[np.ones(len(past)), past]
    training = years[12:] <= 1920
    weights, *_ = np.linalg.lstsq(past[training], numbers[12:][training])
    assert relative_errors(np.r_[np.full(12, np.nan), past @ weights]) == [0.130, 0.368]


def test_one_step_ahead():
    years, numbers = sunspots()
    batch = one_step_ahead(numbers[years <= 1920])
    assert batch.x.shape == batch.targets.shape == (220, 1, 1) and batch.mask is None
    assert (batch.x[:, 0, 0] == numbers[:220]).all()
    assert (batch.targets[:, 0, 0] == numbers[1:221]).all()
    window = windows(batch.x, batch.targets, k1=50)
    assert [len(window(i).x) for i in range(6)] == [50, 50, 50, 50, 20, 50]
    assert window(1).x[0] == numbers[50] and window(1).targets[-1] == numbers[100]


@pytest.mark.parametrize("series, message", [
    ([1.0], "series: got a single value; needs at least two values"),
    ([], r"series: got shape \(0,\); needs shape \(n,\)"),
    ([1.0, np.nan], r"series: got nan at index \(1,\); needs finite numbers"),
    ([[1.0, 2.0]], r"series: got shape \(1, 2\); needs shape \(n,\)"),
])
def test_one_step_ahead_errors(series, message):
    with pytest.raises(ValueError, match=message):
        one_step_ahead(series)


@pytest.mark.parametrize("kind", ["wheel", "folder with the package", "package folder"])
def test_make_data_writes_the_same_bytes(kind, make_data, published, tmp_path, capsys):
    source = tmp_path / "statsmodels.whl"
    if kind == "wheel":
        with ZipFile(source, "w") as wheel:
            wheel.writestr(INSIDE, published)
    else:
        file = tmp_path / INSIDE
        file.parent.mkdir(parents=True)
        file.write_bytes(published.encode())
        source = tmp_path / ("statsmodels" if kind == "package folder" else "")
    make_data([str(source), "--out", str(tmp_path)])
    assert (tmp_path / "sunspots.csv").read_bytes() == (DATA / "sunspots.csv").read_bytes()
    assert SHA256 in capsys.readouterr().out


@pytest.mark.parametrize("content, message", [
    (None, "holds no statsmodels/datasets/sunspots/sunspots.csv; pass a statsmodels wheel"),
    ("not a wheel", "is neither a wheel nor a folder"),
    ("wrong years", "does not hold one number for each year from 1700 to 2008"),
])
def test_make_data_errors(content, message, make_data, published, tmp_path):
    source = tmp_path / "source.whl"
    if content == "not a wheel":
        source.write_text("text")
    if content == "wrong years":
        with ZipFile(source, "w") as wheel:
            wheel.writestr(INSIDE, published.replace("1800,", "1801,"))
    with pytest.raises(SystemExit, match=message):
        make_data([str(source), "--out", str(tmp_path)])
    assert not (tmp_path / "sunspots.csv").exists()


def test_make_data_help(make_data, capsys):
    with pytest.raises(SystemExit) as stop:
        make_data(["--help"])
    assert stop.value.code == 0 and "wheel" in capsys.readouterr().out
