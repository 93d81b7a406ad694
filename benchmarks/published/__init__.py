"""
The literature's results, out of our own code: what the papers say, what we measured, the verdict.

Each result is a module with its protocol and its source in the docstring. Each is cut into parts,
most often one for each seed, which run side by side: in processes of this machine, or on Dask's
workers. A finished part is kept beside the output until all are there; so a run that was ended,
or killed, goes on where it was. What does not reproduce is in the table, too.

A full run takes a quarter of an hour on one processor. Without names it writes the table to
benchmarks/published.json, and in Markdown to benchmarks/published.md.
"""
import json
import os
from importlib import import_module
from pathlib import Path

from benchmarks.alone import THREADS, positive
from benchmarks.published._run import Kept, run_all
from benchmarks.published._table import SHORT, markdown, plain

# In the order of the table.
NAMES = ("influence_balancing", "lstm1997", "checkpointing", "adding", "copying", "bounds", "cliff",
         "temporal_order", "rtrl", "unfolding")
FILE = Path(__file__).parent.with_suffix(".json")


def add_arguments(parser):
    """Say what can be chosen."""
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="of " + ", ".join(NAMES) + " (default: all)")
    parser.add_argument("--jobs", type=positive, metavar="N",
                        help="processes side by side (default: one for each processor)")
    parser.add_argument("--scheduler", metavar="ADDRESS",
                        help="of Dask, such as tcp://host:8786, whose workers then do the work")
    parser.add_argument("--smoke", action="store_true",
                        help="seconds: what is exact in full, what is trained on toy sizes")
    parser.add_argument("--out", type=Path, metavar="FILE.json",
                        help="where to write (default: benchmarks/published.json after a full run "
                        "of all)")


def run(args):
    """Run what is not kept, print the table and write it; return 0 if all went through."""
    unknown = set(args.names) - set(NAMES)
    if unknown:
        raise SystemExit(f"{', '.join(sorted(unknown))}: no such result; there are "
                         + ", ".join(NAMES))
    names = [name for name in NAMES if name in args.names or not args.names]
    everything = names == list(NAMES) and not args.smoke
    out = args.out or (FILE if everything else None)
    kept = Kept(None if args.smoke and not out else (out or FILE).with_suffix(".parts.json"))
    os.environ.update(dict.fromkeys(THREADS, "1"))          # a part has one thread
    modules = {name: import_module(f"benchmarks.published.{name}") for name in names}
    work = [(name, settings) for name in names for settings in modules[name].parts(args.smoke)]
    try:
        results = run_all(work, kept, args.jobs, args.scheduler)
    except KeyboardInterrupt:
        print(f"Stopped. {len(kept.parts)} parts are kept; the same command goes on.")
        return 130
    rows = []
    for name in names:
        own = [result for part, result in zip(work, results, strict=True) if part[0] == name]
        new = modules[name].rows(own)
        toy = args.smoke and not modules[name].EXACT
        rows += [row._replace(verdict=SHORT) for row in new] if toy else new
    print(plain(rows))
    if out:
        _write(out, rows, work, results)
    kept.forget({Kept.key(*part) for part in work})
    return 0


def _write(out, rows, work, results):
    """Write all that was measured, and the table again in Markdown."""
    parts = [{"name": name, "settings": settings, "result": result}
             for (name, settings), result in zip(work, results, strict=True)]
    content = {"rows": [row._asdict() for row in rows], "parts": parts}
    out.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    out.with_suffix(".md").write_text(markdown(rows), encoding="utf-8")


def readme_table(file=FILE):
    """Return the stored table in Markdown, to stand between the README's markers."""
    rows = json.loads(Path(file).read_text(encoding="utf-8"))["rows"]
    return markdown(row.values() for row in rows)
