"""Rows of the table: what a paper says, what we measured, and whether that is the same."""
from statistics import fmean, stdev
from typing import NamedTuple

REPRODUCED, DIFFERS, NOT_REPRODUCED = "reproduced", "differs", "not reproduced"
SHORT = "too short a run to say"


class Row(NamedTuple):
    """One result: its source, what was measured, the paper's value, ours, and the verdict."""

    source: str
    result: str
    paper: str
    ours: str
    verdict: str


def verdict(same, other=NOT_REPRODUCED):
    """Return the word for a result that is, or is not, as published."""
    return REPRODUCED if same else other


def spread(values, digits=3, unit=""):
    """Return mean ± standard deviation over the seeds, and how many there were."""
    text = f"{{:,.{digits}f}}".format
    sd = stdev(values) if len(values) > 1 else 0.0
    return f"{text(fmean(values))} ± {text(sd)}{unit} (n = {len(values)})"


def plain(rows):
    """Return the table for a terminal, one block for each source."""
    lines, source = [], None
    for row in rows:
        if row.source != source:
            source = row.source
            lines += ["", source]
        lines += [f"  {row.result}", f"      paper: {row.paper}", f"      ours:  {row.ours}",
                  f"      {row.verdict}"]
    return "\n".join(lines[1:])


def markdown(rows):
    """Return the table in Markdown, for the README."""
    lines = ["| result | paper | ours (mean ± standard deviation) | verdict |", "|---|---|---|---|"]
    for row in (Row(*row) for row in rows):
        cells = [f"{row.result} ({row.source})", row.paper, row.ours, row.verdict]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
