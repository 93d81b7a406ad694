"""The report on submissions that are alike: a table, and each pair side by side, for the staff."""
import csv
import html

from grading.pieces import pieces
from grading.report import STYLE
from grading.similar import COMMON, LEAST
from grading.tables import safe_cell

MOST = 100  # pairs that are shown side by side; the table in similar.csv has all
LOOK = """<style>body{max-width:none}.pair{display:grid;gap:1rem;
grid-template-columns:repeat(2,minmax(0,1fr))}pre{overflow:auto;font-size:13px;line-height:1.4;
margin:0}mark{background:#ffe9a8;color:inherit;
border-left:4px solid #a65e00;display:inline-block;min-width:100%}
pre span{padding-left:4px}summary{cursor:pointer;padding:.3rem 0}h2 small{font-weight:normal}
</style>"""
ADVICE = (
    "This is advice, and no verdict. Names of variables, comments and layout do not count, nor "
    "does what was given out, what stands in the lessons, or what more than "
    f"{COMMON:.0%} of the class wrote. <i>Alike</i> is the share of the smaller one's other "
    "pieces, of twelve tokens, that the other has too; <i>as written</i> is the same with names "
    "and comments. Two who learned from the same lesson write alike: read both, look for the same "
    "odd turns, mistakes and comments, and ask.")


def _code(work, shared):
    """Return a submission's code with the lines marked that hold shared pieces."""
    both = set()
    for piece in pieces(work.text):
        if piece.mark in shared:
            both.update(range(piece.first, piece.last + 1))
    lines = work.text.splitlines()
    return "<pre tabindex=0>" + "\n".join(
        f"<{tag}>{html.escape(line) or ' '}</{tag}>" for k, line in enumerate(lines, 1)
        for tag in ["mark" if k in both else "span"]) + "</pre>"


def _pair(pair):
    """Return a pair as a fold that opens to both texts."""
    left, right = html.escape(pair.left.student), html.escape(pair.right.student)
    return (f"<details><summary>{left} and {right}: {pair.share:.0%} alike, {len(pair.shared)} "
            f"pieces; as written {pair.as_written:.0%}</summary><div class=pair>"
            f"<div><h3>{left}</h3>{_code(pair.left, pair.shared)}</div>"
            f"<div><h3>{right}</h3>{_code(pair.right, pair.shared)}</div></div></details>")


def _section(title, pairs, nothing):
    shown = "".join(map(_pair, pairs[:MOST])) or f"<p>{nothing}</p>"
    more = f"<p>{len(pairs) - MOST} more are in similar.csv.</p>" if len(pairs) > MOST else ""
    return f"<h2>{title} <small>({len(pairs)})</small></h2>{shown}{more}"


def page(found, threshold):
    """Return the page of all units: found[unit] = (pairs, pairs with the course, unread)."""
    parts = []
    for unit, (pairs, course, unread) in found.items():
        parts.append(_section(f"Unit {unit}: alike", pairs, "No two of them."))
        parts.append(_section(f"Unit {unit}: like the course's own answers, which lie open",
                              course, "None."))
        if unread:
            parts.append(f"<h2>Unit {unit}: not compared</h2><ul>" + "".join(
                f"<li>{html.escape(s)}: {html.escape(why)}</li>" for s, why in unread) + "</ul>")
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>Alike</title>{STYLE}{LOOK}"
            f"<h1>Submissions that are alike</h1><p>{ADVICE} Listed are those that are at least "
            f"{threshold:.0%} alike and share at least {LEAST} pieces.</p>{''.join(parts)}</html>")


def write_similar(out, found, threshold):
    """Write similar.html and similar.csv into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "similar.html").write_text(page(found, threshold), encoding="utf-8")
    with open(out / "similar.csv", "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["assignment", "student", "other", "alike", "as written", "pieces"])
        for unit, (pairs, course, _) in found.items():
            for pair in [*pairs, *course]:
                writer.writerow([unit, safe_cell(pair.left.student), safe_cell(pair.right.student),
                                 round(pair.share, 3), round(pair.as_written, 3),
                                 len(pair.shared)])
