"""What leaves for students, staff, Moodle and Canvas."""
import csv
import re
from html.parser import HTMLParser

import pytest

from grading.__main__ import main
from grading.grade import ATTENTION, GRADED, GRADER
from grading.problems import unit_problems
from grading.records import record_path, write_record
from grading.report import write_report
from grading.tables import matched, safe_cell

EVIL = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://x","y")'


def record(student, points, state=GRADED, unit="03", **more):
    """Return a record in which exercises earn these points."""
    exercises = {
        p.name: {"defined": True, "points": n, "of": p.points, "outcome": "wrong", "said": "",
                 "parts": {part.name: 0 for part in p.parts}, "findings": [], "heard": ["HIDDEN"]}
        for p, n in zip(unit_problems(unit), points)}
    return {"version": 1, "student": student, "assignment": unit, "state": state, "flags": [],
            "points": sum(points), "of": 15, "exercises": exercises} | more


@pytest.fixture
def results(tmp_path):
    """Records of a class: ordinary, evil, and those without a mark."""
    evil = record(EVIL, (3, 4, 0), flags=[f"read from {EVIL}.ipynb"])
    evil["exercises"]["elman_backward"] |= {
        "said": f"ValueError: {EVIL}", "findings": [[EVIL, f"Look at {EVIL}", "03: <b>"]]}
    records = [
        record("Ann Bo (17)", (3, 4, 8)), evil, record(FORMULA, (0, 0, 0)),
        record("Zoë", (3, 0, 0)),
        record("Cem", (), ATTENTION, reason=f"03.ipynb: it is empty {EVIL}"),
        record("Dee", (), GRADER, reason="SECRET PATH /srv/x")]
    for one in records:
        write_record(record_path(tmp_path, one["student"], "03"), one)
    return tmp_path


def read(path, encoding="utf-8-sig"):
    with open(path, newline="", encoding=encoding) as file:
        return list(csv.reader(file))


class Tags(HTMLParser):
    """Collect the tags of a page, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_marks_hold_every_student_and_every_exercise(results):
    write_report(results)
    header, *rows = read(results / "marks.csv")
    table = {row[0]: dict(zip(header, row)) for row in rows}
    assert len(rows) == 6
    assert table["Ann Bo (17)"]["points"] == "15" and table["Ann Bo (17)"]["of"] == "15"
    assert table["Zoë"]["softmax_cross_entropy_masked"] == "3"
    assert table["Cem"]["03 points"] == "" and table["Cem"]["state"] == "03: needs attention"
    assert table["Dee"]["state"] == "03: grader error"
    assert table[EVIL]["flags"] == f"03: read from {EVIL}.ipynb"


def test_no_cell_is_a_formula(results):
    write_report(results)
    for name in ("marks.csv", "moodle.csv", "canvas.csv"):
        cells = [cell for row in read(results / name) for cell in row]
        assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r\n")], name
    assert [safe_cell(x) for x in ("a", "-1", "\t=1")] == ["a", "'-1", "'\t=1"]


def test_excel_sees_the_accents_and_canvas_no_mark(results):
    write_report(results)
    assert (results / "marks.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert (results / "canvas.csv").read_bytes().startswith(b"Student,ID,SIS User ID,SIS Login ID,")


def test_a_name_from_a_mac_is_found_in_the_class_list():
    """There, ë is an e and two dots."""
    rows = [{"name": "Zo\u00eb", "id": "7"}]
    assert matched(["Zoe\u0308 (12)"], rows)["Zoe\u0308 (12)"]["id"] == "7"


@pytest.mark.parametrize("roster", [
    "student,id,email,name,login,sis,section\nAnn Bo (17),4711,ann@x.org,Ann Bo,ab,S1,A\n",
    "\ufeffFirst name,Surname,ID number,Email address,Username,SIS User ID,Section\n"
    "Ann,Bo,4711,ann@x.org,ab,S1,A\nEve,No,1,e@x.org,e,S9,B\n",
])
def test_moodle_and_canvas_find_the_students(roster, results, tmp_path):
    path = tmp_path / "class.csv"
    path.write_text(roster, encoding="utf-8")
    _, strangers = write_report(results, path)
    assert len(strangers) == 5 and "Ann Bo (17)" not in strangers
    moodle = read(results / "moodle.csv")
    assert moodle[0] == ["ID number", "Email address", "BPTT 03"]
    assert ["4711", "ann@x.org", "15"] in moodle
    assert ["Cem", "", ""] in moodle
    canvas = read(results / "canvas.csv", "utf-8")
    assert canvas[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert canvas[1] == ["Points Possible", "", "", "", "", "15"]
    assert ["Ann Bo", "4711", "S1", "ab", "A", "15"] in canvas


def test_two_of_the_same_name_are_not_mixed_up(results, tmp_path):
    path = tmp_path / "class.csv"
    path.write_text("name,id\nAnn Bo,1\nAnn Bo,2\n")
    _, strangers = write_report(results, path)
    assert "Ann Bo (17)" in strangers


def test_a_class_list_without_names_is_refused(results, tmp_path, capsys):
    path = tmp_path / "class.csv"
    path.write_text("mail,number\na@b.c,1\n")
    assert main(["report", str(results), "--roster", str(path)]) == 2
    assert "has the columns mail, number" in capsys.readouterr().err


def test_nothing_to_report_is_said(tmp_path, capsys):
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no records" in capsys.readouterr().err


def test_pages_are_escaped(results):
    write_report(results)
    pages = [*results.glob("feedback/*.html"), results / "summary.html"]
    assert len(pages) == 7
    for path in pages:
        page = Tags(path.read_text(encoding="utf-8"))
        assert "script" not in page.tags and "b" not in page.tags[:0]
    mine = Tags((record_page(results, EVIL)).read_text(encoding="utf-8"))
    assert f"Feedback for {EVIL}" in mine.text and f"Look at {EVIL}" in mine.text


def record_page(results, student):
    return results / "feedback" / f"{record_path(results, student, '03').stem}.html"


def test_feedback_holds_nothing_for_the_staff(results):
    write_report(results)
    for path in results.glob("feedback/*.html"):
        assert "HIDDEN" not in path.read_text() and "SECRET PATH" not in path.read_text()
    assert "it is empty" in record_page(results, "Cem").read_text()


def test_the_summary_counts(results):
    write_report(results)
    page = (results / "summary.html").read_text(encoding="utf-8")
    text = Tags(page).text
    assert "6 submissions" in text and "graded: 4" in text
    assert "Dee, 03: grader error: SECRET PATH /srv/x" in text
    said = re.search(r'aria-label="([^"]*)"', page)[1]
    assert "softmax_cross_entropy_masked: 75% full, 0% a part, 25% none" in said
    assert "elman_backward: 25% full, 0% a part, 75% none" in said
    assert page.count("Look at") == 0 and "1.5 of 8" not in text
    assert "2.0 of 8" in text
