"""Marks for the class: CSV tables, feedback pages for students, a summary for the staff.

    marks.csv            a row per student: points per exercise and assignment, state, flags
    moodle.csv           for Moodle: Grades > Import > CSV; identified by ID or e-mail, see --roster
    canvas.csv           for Canvas: Grades > Import
    feedback/STUDENT.html  what each student may see: parts, outcomes and diagnoses; no hidden case
    summary.html         the distribution per exercise, and the mistakes that were made most often
"""
import csv
import html
from collections import Counter
from pathlib import Path

from grading.grade import GRADED
from grading.problems import unit_problems
from grading.records import read_records, record_path

STYLE = """<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ccc;
text-align:left}td.n{text-align:right}h2{margin-top:2rem}</style>"""


def safe_cell(text):
    """Return a text that a spreadsheet does not take for a formula."""
    text = str(text)
    return "'" + text if text[:1] in "=+-@\t\r" else text


def by_student(records):
    """Return the records of each student by assignment."""
    students = {}
    for record in records:
        students.setdefault(record["student"], {})[record["assignment"]] = record
    return dict(sorted(students.items()))


def _write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8-sig") as file:  # the mark is for Excel
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[safe_cell(value) if isinstance(value, str) else value for value in row]
                          for row in rows])


def read_roster(path):
    """Return the rows of a class list by student; its columns are named in the first line."""
    if path is None:
        return {}
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if rows and "student" not in rows[0]:
        raise ValueError(f"--roster: {path} has the columns {', '.join(map(str, rows[0]))}; "
                         "needs one that is called student, and for Moodle and Canvas: id, email, "
                         "name, login, sis, section.")
    return {row["student"]: row for row in rows}


def write_marks(out, students, units):
    """Write marks.csv."""
    names = [(unit, problem.name) for unit in units for problem in unit_problems(unit)]
    header = ["student", *(name for _, name in names), *(f"{unit} points" for unit in units),
              "points", "of", "state", "flags"]
    rows = []
    for student, mine in students.items():
        one = [mine.get(u, {}).get("exercises", {}).get(n, {}).get("points", "") for u, n in names]
        totals = [mine[u]["points"] if _is_marked(mine.get(u)) else "" for u in units]
        states = sorted({f"{u}: {r['state']}" for u, r in mine.items() if r["state"] != GRADED})
        flags = [f"{u}: {flag}" for u, r in mine.items() for flag in r.get("flags", ())]
        rows.append([student, *one, *totals, sum(t for t in totals if t != ""),
                     sum(p.points for u in units for p in unit_problems(u)),
                     "; ".join(states) or GRADED, "; ".join(flags)])
    _write(out / "marks.csv", header, rows)


def _is_marked(record):
    """Tell whether a record is a mark; whatever a person must look at is none, and not a zero."""
    return record is not None and record["state"] == GRADED


def write_moodle(out, students, units, roster):
    """Write moodle.csv: identified by ID number or e-mail, one column per assignment."""
    header = ["ID number", "Email address", *(f"BPTT {unit}" for unit in units)]
    rows = [[roster.get(s, {}).get("id", s), roster.get(s, {}).get("email", ""),
             *(mine[u]["points"] if _is_marked(mine.get(u)) else "" for u in units)]
            for s, mine in students.items()]
    _write(out / "moodle.csv", header, rows)


def write_canvas(out, students, units, roster):
    """Write canvas.csv: its five fixed columns, one per assignment, and the row of points."""
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section",
              *(f"BPTT {unit}" for unit in units)]
    rows = [["Points Possible", "", "", "", "",
             *(sum(p.points for p in unit_problems(u)) for u in units)]]
    for s, mine in students.items():
        row = roster.get(s, {})
        rows.append([row.get("name", s), row.get("id", ""), row.get("sis", ""),
                     row.get("login", s), row.get("section", ""),
                     *(mine[u]["points"] if _is_marked(mine.get(u)) else "" for u in units)])
    with open(out / "canvas.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([header, *[[safe_cell(v) if isinstance(v, str) else v for v in row]
                                    for row in rows]])


def feedback_page(student, mine):
    """Return the page that a student may see."""
    esc, parts = html.escape, []
    for unit, record in sorted(mine.items()):
        if _is_marked(record):
            parts.append(f"<h2>Unit {esc(unit)}: {record['points']} of {record['of']} points</h2>")
        else:
            parts.append(f"<h2>Unit {esc(unit)}: a person will look at it</h2>"
                         f"<p>{esc(record.get('reason', ''))}</p>")
        for name, one in record.get("exercises", {}).items():
            earned = ", ".join(f"{esc(part)} {points}" for part, points in one["parts"].items())
            parts.append(f"<h3><code>{esc(name)}</code>: {esc(one['outcome'])}, {one['points']} of "
                         f"{one['of']} points</h3><p>{earned}</p>")
            if one["said"]:
                parts.append(f"<p>{esc(one['said'])}</p>")
            for what, why, where in one["findings"]:
                see = f" See unit {where}." if where else ""
                parts.append(f"<p><b>{esc(what)}.</b> {esc(why + see)}</p>")
        flags = record.get("flags", ())
        if flags:
            parts.append("<p>Noticed: " + esc("; ".join(flags)) + "</p>")
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>Feedback</title>{STYLE}"
            f"<h1>Feedback for {esc(student)}</h1>{''.join(parts)}</html>")


def mistakes(records):
    """Return how often each diagnosed mistake came first, by exercise and name."""
    return Counter((name, one["findings"][0][0]) for record in records
                   for name, one in record.get("exercises", {}).items() if one["findings"])


def distribution(records):
    """Return the points that were reached, by exercise, of the submissions that were graded."""
    reached = {}
    for record in records:
        for name, one in record.get("exercises", {}).items():
            reached.setdefault(name, []).append((one["points"], one["of"]))
    return reached


def summary_page(records, picture):
    """Return the page for the staff."""
    esc = html.escape
    states = Counter(record["state"] for record in records)
    rows = "".join(
        f"<tr><td><code>{esc(name)}</code></td><td class=n>{len(got)}</td>"
        f"<td class=n>{sum(p for p, _ in got) / len(got):.1f} of {got[0][1]}</td>"
        f"<td class=n>{sum(p == of for p, of in got)}</td></tr>"
        for name, got in distribution(records).items())
    often = "".join(f"<tr><td><code>{esc(name)}</code></td><td>{esc(what)}</td>"
                    f"<td class=n>{n}</td></tr>" for (name, what), n
                    in mistakes(records).most_common(25))
    look = "".join(f"<li>{esc(r['student'])}, {esc(r['assignment'])}: {esc(r['state'])}: "
                   f"{esc(r.get('reason', ''))}</li>" for r in records if r["state"] != GRADED)
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>Summary</title>{STYLE}"
            f"<h1>{len(records)} submissions</h1><p>"
            + ", ".join(f"{esc(state)}: {n}" for state, n in states.most_common()) + "</p>"
            + picture + "<h2>Exercises</h2><table><tr><th>exercise</th><th>tried</th>"
            f"<th>mean points</th><th>full points</th></tr>{rows}</table>"
            "<h2>Mistakes made most often</h2><table><tr><th>exercise</th><th>diagnosis</th>"
            f"<th>students</th></tr>{often}</table>"
            + (f"<h2>To look at</h2><ul>{look}</ul>" if look else "") + "</html>")


def write_report(out, roster=None):
    """
    Write all tables and pages of a results folder.

    Parameters
    ----------
    out : path
        The results folder; its records are read.
    roster : path, optional
        A CSV list of the class with the columns student, id, name, email, section.

    Returns
    -------
    list of dict
        The records.
    """
    from grading.pictures import distribution_picture

    out = Path(out)
    records = read_records(out)
    if not records:
        raise ValueError(f"RESULTS: {out} holds no records; needs a folder that `grade` wrote to.")
    students, rows = by_student(records), read_roster(roster)
    units = sorted({record["assignment"] for record in records})
    write_marks(out, students, units)
    write_moodle(out, students, units, rows)
    write_canvas(out, students, units, rows)
    pages = out / "feedback"
    pages.mkdir(exist_ok=True)
    for student, mine in students.items():
        name = record_path(out, student, units[0]).stem
        (pages / f"{name}.html").write_text(feedback_page(student, mine), encoding="utf-8")
    picture = distribution_picture(distribution(records))
    (out / "summary.html").write_text(summary_page(records, picture), encoding="utf-8")
    return records
