"""Marks for the class: CSV tables, feedback pages for students, a summary for the staff.

    marks.csv            a row per student: points per exercise and assignment, state, flags
    moodle.csv           for Moodle: Grades > Import > CSV; identified by ID or e-mail, see --roster
    canvas.csv           for Canvas: Grades > Import
    feedback/STUDENT.html  what each student may see: parts, outcomes and diagnoses; no hidden case
    summary.html         the distribution per exercise, and the mistakes that were made most often
"""
import html
from collections import Counter
from pathlib import Path

from grading.grade import ATTENTION, GRADED
from grading.records import read_records, record_path
from grading.tables import (
    is_marked,
    matched,
    read_roster,
    write_canvas,
    write_marks,
    write_moodle,
)

STYLE = """<style>body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;border-bottom:1px solid #ccc;
text-align:left}td.n{text-align:right}h2{margin-top:2rem}</style>"""


def by_student(records):
    """Return the records of each student by assignment."""
    students = {}
    for record in records:
        students.setdefault(record["student"], {})[record["assignment"]] = record
    return dict(sorted(students.items()))


def feedback_page(student, mine):
    """Return the page that a student may see."""
    esc, parts = html.escape, []
    for unit, record in sorted(mine.items()):
        if is_marked(record):
            parts.append(f"<h2>Unit {esc(unit)}: {record['points']} of {record['of']} points</h2>")
        else:
            why = record["reason"] if record["state"] == ATTENTION else ""
            parts.append(f"<h2>Unit {esc(unit)}: a person will look at it</h2><p>{esc(why)}</p>")
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
            + picture + "<h2>Exercises</h2><table><tr><th>exercise</th><th>graded</th>"
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
    list of str
        The students who are not in the class list, if there is one.
    """
    from grading.pictures import distribution_picture

    out = Path(out)
    records = read_records(out)
    if not records:
        raise ValueError(f"RESULTS: {out} holds no records; needs a folder that `grade` wrote to.")
    students = by_student(records)
    rows = matched(students, read_roster(roster))
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
    return records, [student for student, row in rows.items() if roster and not row]
