"""Marks as CSV, for spreadsheets, Moodle and Canvas; and the class list that they need."""
import csv
import re
import unicodedata
from collections import Counter

from grading.grade import GRADED
from grading.problems import unit_problems

#: How Moodle and Canvas call what we need of a class list.
COLUMNS = {"id number": "id", "email address": "email", "username": "login", "surname": "last name",
           "sis user id": "sis", "sis login id": "login"}


def safe_cell(text):
    """Return a text that a spreadsheet does not take for a formula."""
    text = str(text)
    return "'" + text if text.startswith(tuple("=+-@\t\r\n")) else text


def _write(path, header, rows, encoding="utf-8-sig"):  # the mark is for Excel
    with open(path, "w", newline="", encoding=encoding) as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[safe_cell(value) if isinstance(value, str) else value for value in row]
                          for row in rows])


def composed(text):
    """Return a text with ä as one letter, which a Mac's file names hold as two."""
    return unicodedata.normalize("NFC", text)


def read_roster(path):
    """Return the rows of a class list; an export of Moodle's or Canvas's gradebook is one, too."""
    if path is None:
        return []
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = [{COLUMNS.get(key.strip().lower(), key.strip().lower()): composed(value.strip())
                 for key, value in row.items() if key and type(value) is str}
                for row in csv.DictReader(file)]
    for row in rows:
        row.setdefault("name", f"{row.get('first name', '')} {row.get('last name', '')}".strip())
    if rows and not any("student" in row or row["name"] for row in rows):
        raise ValueError(f"--roster: {path} has the columns {', '.join(rows[0])}; needs one called "
                         "student, or name, or First name and Last name.")
    return rows


def matched(students, rows):
    """Return the row of the class list for each student, by folder or by a name that one has."""
    folders = {row["student"]: row for row in rows if row.get("student")}
    names = Counter(row["name"] for row in rows)
    by_name = {row["name"]: row for row in rows if names[row["name"]] == 1}
    known = {student: composed(student) for student in students}
    return {student: folders.get(name) or by_name.get(re.sub(r" \(\d+\)$", "", name), {})
            for student, name in known.items()}


def write_marks(out, students, units):
    """Write marks.csv."""
    names = [(unit, problem.name) for unit in units for problem in unit_problems(unit)]
    header = ["student", *(name for _, name in names), *(f"{unit} points" for unit in units),
              "points", "of", "state", "flags"]
    rows = []
    for student, mine in students.items():
        one = [mine.get(u, {}).get("exercises", {}).get(n, {}).get("points", "") for u, n in names]
        totals = [mine[u]["points"] if is_marked(mine.get(u)) else "" for u in units]
        states = sorted({f"{u}: {r['state']}" for u, r in mine.items() if r["state"] != GRADED})
        flags = [f"{u}: {flag}" for u, r in mine.items() for flag in r.get("flags", ())]
        rows.append([student, *one, *totals, sum(t for t in totals if t != ""),
                     sum(p.points for u in units for p in unit_problems(u)),
                     "; ".join(states) or GRADED, "; ".join(flags)])
    _write(out / "marks.csv", header, rows)


def is_marked(record):
    """Tell whether a record is a mark; whatever a person must look at is none, and not a zero."""
    return record is not None and record["state"] == GRADED


def write_moodle(out, students, units, roster):
    """Write moodle.csv: identified by ID number or e-mail, one column per assignment."""
    header = ["ID number", "Email address", *(f"BPTT {unit}" for unit in units)]
    rows = [[roster[s].get("id", s), roster[s].get("email", ""),
             *(mine[u]["points"] if is_marked(mine.get(u)) else "" for u in units)]
            for s, mine in students.items()]
    _write(out / "moodle.csv", header, rows)


def write_canvas(out, students, units, roster):
    """Write canvas.csv: its five fixed columns, one per assignment, and the row of points."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section",
              *(f"BPTT {unit}" for unit in units)]
    rows = [["Points Possible", "", "", "", "",
             *(sum(p.points for p in unit_problems(u)) for u in units)]]
    for s, mine in students.items():
        row = roster[s]
        rows.append([row.get("name") or s, row.get("id", ""), row.get("sis", ""),
                     row.get("login", "" if row else s), row.get("section", ""),
                     *(mine[u]["points"] if is_marked(mine.get(u)) else "" for u in units)])
    _write(out / "canvas.csv", header, rows, "utf-8")
