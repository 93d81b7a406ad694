"""How a report, hints and progress look: rich in a notebook, plain text elsewhere."""
import html

from grading.examine import CORRECT, NOT_ATTEMPTED, UNREADABLE

_MARKS = {CORRECT: "✓", NOT_ATTEMPTED: "·", UNREADABLE: "?"}
_COLOURS = {CORRECT: "#00688b", NOT_ATTEMPTED: "#666666"}
_WRONG = "#a63d00"


def _case_in_words(run):
    return ", ".join(sorted(run.case.facts)) or "sizes at random"


def _lines_of_tensors(report):
    """Return one line per result: its shape, worst relative error, and where it is first wrong."""
    lines = []
    for i, result in enumerate(report.problem.results):
        seen = [(run, run.verdicts[i]) for run in report.runs if run.verdicts]
        if not seen:
            continue
        bad = [(run, verdict) for run, verdict in seen if not verdict.ok]
        run, verdict = bad[0] if bad else max(seen, key=lambda pair: pair[1].error)
        shape = f"{result.shape or verdict.shape}"
        if not bad:
            said = "right" if verdict.error == 0 else f"right, relative error {verdict.error:.0e}"
        else:
            said = verdict.sentence
            if verdict.step is not None:
                T = verdict.shape[0] - 1 + result.row
                way = ", counted from the end, where it begins" if result.back else ""
                said += f", first wrong at step t = {verdict.step} of {T}{way}"
            said += f"  (in {len(bad)} of {len(seen)} cases; here: {_case_in_words(run)})"
        lines.append((result.name, shape, not bad, said))
    return lines


def _lines_of_parts(report):
    return [(part.name, report.earned[part.name], part.points) for part in report.problem.parts]


def _more(finding):
    """Return what follows a finding's name: its sentence, and where to read."""
    only = f" (This explains {finding.only}.)" if finding.only else ""
    section = f" See unit {finding.section}" if finding.section else ""
    section += "." * (section != "" and not section.endswith("?"))
    return f"{finding.sentence}{section}{only}"


class Shown:
    """A report that a notebook shows in colour and a terminal as text.

    Parameters
    ----------
    report : Report
        What was found.
    """

    def __init__(self, report):
        self.report = report

    @property
    def points(self):
        """Return the points earned."""
        return self.report.points

    @property
    def outcome(self):
        """Return what became of the answer."""
        return self.report.outcome

    @property
    def headline(self):
        """Return the outcome in one line."""
        report = self.report
        mark = _MARKS.get(report.outcome, "✗")
        said = f": {report.sentence}" if report.sentence else ""
        return (f"{mark} {report.problem.name}: {report.outcome}, "
                f"{report.points} of {report.problem.points} points{said}")

    def __repr__(self):
        report = self.report
        lines = [self.headline]
        if report.outcome == NOT_ATTEMPTED:
            return f"{self.headline}. hint({report.problem.name!r}) opens the first hint."
        if len(report.problem.parts) > 1:
            lines.append("  " + " · ".join(f"{name} {got}/{most}"
                                           for name, got, most in _lines_of_parts(report)))
        lines += [f"  {'✓' if ok else '✗'} {name:<8} {shape:<14} {said}"
                  for name, shape, ok, said in _lines_of_tensors(report)]
        lines += [f"  → {finding.name}. {_more(finding)}"
                  for finding in report.findings]
        if report.output:
            lines.append("  Your code printed: " + report.output.strip())
        return "\n".join(lines)

    def _repr_html_(self):
        report, esc = self.report, html.escape
        colour = _COLOURS.get(report.outcome, _WRONG)
        out = [f'<div style="border-left:4px solid {colour};padding:2px 12px">'
               f'<b style="color:{colour}">{esc(self.headline)}</b>']
        if report.outcome == NOT_ATTEMPTED:
            out.append(f"<p><code>hint({report.problem.name!r})</code> opens the first hint.</p>")
        elif len(report.problem.parts) > 1:
            out.append("<p>" + " · ".join(f"{esc(name)} {got}/{most}" for name, got, most
                                          in _lines_of_parts(report)) + "</p>")
        rows = "".join(
            f'<tr><td>{"✓" if ok else "✗"}</td><td><code>{esc(name)}</code></td>'
            f'<td>{esc(shape)}</td><td style="text-align:left">{esc(said)}</td></tr>'
            for name, shape, ok, said in _lines_of_tensors(report))
        if rows:
            out.append("<table><tr><th></th><th>result</th><th>shape</th>"
                       '<th style="text-align:left">found</th></tr>'
                       f"{rows}</table>")
        out += [f"<p><b>{esc(f.name)}.</b> {esc(_more(f))}</p>"
                for f in report.findings]
        if report.output:
            out.append(f"<details><summary>Your code printed</summary><pre>{esc(report.output)}"
                       "</pre></details>")
        return "".join(out) + "</div>"


class Text:
    """A short text: as it is in a terminal, as a paragraph in a notebook.

    Parameters
    ----------
    text : str
        The text.
    """

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return f'<pre style="white-space:pre-wrap">{html.escape(self.text)}</pre>'
