"""Commands for those who give the course: python -m grading COMMAND."""
import argparse
import sys
from collections import Counter
from pathlib import Path

from grading.problems import UNITS

LOUD = """
  NO SANDBOX: the students' code runs as you, with your files, your network and your rights.
  It can read the answers, change the marks and delete what you can delete. Do this only for code
  that you trust, on a machine where that is safe.
"""


def _confusion(options):
    from grading.confusion import main
    from grading.problems import all_problems, find

    names = options.names or list(all_problems())
    return main([find(name) for name in names], not options.no_pairs)


def _limits(options):
    """Return the sandbox's limits; say at once which of them cannot work."""
    for name, value, least in (("--memory", options.memory, 400), ("--time-limit",
                               options.time_limit, 0.1), ("--budget", options.budget, 1)):
        if not least <= value < 1e6:
            raise ValueError(f"{name}: got {value:g}; needs {least:g} or more.")
    if options.jobs is not None and not 1 <= options.jobs <= 1024:
        raise ValueError(f"--jobs: got {options.jobs}; needs a number of processes from 1 to 1024.")
    return options.memory, options.time_limit, options.budget


def _grade(options):
    from grading.batch import grade_folder
    from grading.grade import GRADED
    from grading.hidden import read_secret

    units = [options.assignment] if options.assignment else list(UNITS)
    back_end = options.sandbox
    if options.no_sandbox:
        print(LOUD, file=sys.stderr)
        back_end = "none"
    limits = _limits(options)
    tls = tuple(options.tls) if options.tls else None
    records, useless = grade_folder(
        options.submissions, options.out, units, read_secret(options.secret), options.jobs,
        options.scheduler, tls, back_end, limits)
    if not records:
        where = f" for {options.assignment}" if options.assignment else ""
        raise ValueError(f"SUBMISSIONS: {options.submissions} holds no submission{where}; needs a "
                         "folder per student, or a notebook per student.")
    if useless:
        print("Not read, because they are no notebooks, or of no unit that can be told: "
              + ", ".join(useless[:20]))
    states = Counter(record["state"] for record in records)
    print(", ".join(f"{state}: {n}" for state, n in states.most_common()))
    print(f"The records are in {options.out}/records; next: python -m grading report {options.out}")
    for record in records:
        if record["state"] != GRADED:
            print(f"  look at {record['student']}, {record['assignment']}: {record['state']}: "
                  f"{record.get('reason', '')}")
    return 0 if all(r["state"] in (GRADED, "needs attention") for r in records) else 1


def _report(options):
    from grading.report import write_report

    records, strangers = write_report(options.results, options.roster)
    print(f"{len(records)} records: marks.csv, moodle.csv, canvas.csv, summary.html and feedback/ "
          f"are in {options.results}")
    if strangers:
        print("Not in the class list: " + ", ".join(strangers[:20]))
    return 0


def _gradebook(options):
    from grading.gradebook import write_gradebook

    print(f"{write_gradebook(options.results, options.db)} submissions are in {options.db}")
    return 0


def _similar(options):
    from grading.similar import like_the_course, read_class, similar_pairs
    from grading.similar_page import write_similar

    if not 0 < options.threshold <= 1:
        raise ValueError(f"--threshold: got {options.threshold:g}; needs a share above 0, up to 1.")
    units = [options.assignment] if options.assignment else list(UNITS)
    found = {}
    for unit in units:
        works, unread = read_class(options.submissions, unit, by_name=len(units) > 1)
        if works or unread:
            found[unit] = (similar_pairs(works, options.threshold),
                           like_the_course(works, unit, options.threshold), unread)
    if not found:
        raise ValueError(f"SUBMISSIONS: {options.submissions} holds no submission; needs a folder "
                         "per student, or a notebook per student.")
    write_similar(options.out, found, options.threshold)
    for unit, (pairs, course, unread) in found.items():
        print(f"{unit}: {len(pairs)} pairs are alike, {len(course)} are like the course's own "
              f"answers, {len(unread)} could not be read")
    print(f"similar.html and similar.csv are in {options.out}; they are advice, and no verdict.")
    return 0


def _doctor(options):
    from grading.sandbox.doctor import describe, examine_back_ends

    if not sys.platform.startswith("linux"):
        print(f"Grading needs Linux; this is {sys.platform}. docs/sandbox-container/README.md says "
              "how to grade in a container.")
        return 1
    findings = examine_back_ends()
    print(describe(findings))
    return 0 if any(f.works and all(f.holds.values()) for f in findings) else 1


def _add_grade(commands):
    one = commands.add_parser("grade", help="grade a folder of submissions")
    one.add_argument("submissions", metavar="SUBMISSIONS",
                     help="a folder per student, with or without one per assignment, or a notebook")
    one.add_argument("--out", required=True, metavar="RESULTS", help="where the records go")
    one.add_argument("--assignment", choices=UNITS, metavar="NN",
                     help="one unit, such as 03 (default: all)")
    one.add_argument("--jobs", type=int, metavar="N", help="processes (default: one per core)")
    one.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, tls://host:port")
    one.add_argument("--tls", nargs=3, metavar=("CA", "CERT", "KEY"), help="its certificates")
    one.add_argument("--time-limit", type=float, default=10, metavar="S",
                     help="seconds for one call or cell (default: 10)")
    one.add_argument("--budget", type=float, default=120, metavar="S",
                     help="seconds for one submission (default: 120)")
    one.add_argument("--memory", type=int, default=1024, metavar="MIB",
                     help="memory of a submission (default: 1024)")
    one.add_argument("--secret", metavar="FILE", help="the class secret (default: made once)")
    one.add_argument("--sandbox", default="auto",
                     choices=("auto", "forkserver", "bubblewrap", "landlock"),
                     help="default: the first that works")
    one.add_argument("--no-sandbox", action="store_true", help="no isolation at all: see the guide")
    one.set_defaults(run=_grade)


def parser():
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    _add_grade(commands)
    one = commands.add_parser("report", help="tables, feedback and a summary of what was graded")
    one.add_argument("results", metavar="RESULTS")
    one.add_argument("--roster", metavar="CSV",
                     help="the class list, such as an export of Moodle's grades")
    one.set_defaults(run=_report)
    one = commands.add_parser("gradebook", help="write the marks into an nbgrader gradebook")
    one.add_argument("results", metavar="RESULTS")
    one.add_argument("--db", default="sqlite:///gradebook.db", metavar="URL",
                     help="the database (default: sqlite:///gradebook.db)")
    one.set_defaults(run=_gradebook)
    one = commands.add_parser("similar", help="which submissions are alike: advice for a person")
    one.add_argument("submissions", metavar="SUBMISSIONS", help="as for grade")
    one.add_argument("--out", required=True, type=Path, metavar="RESULTS")
    one.add_argument("--assignment", choices=UNITS, metavar="NN",
                     help="one unit, such as 03 (default: all)")
    one.add_argument("--threshold", type=float, default=0.8, metavar="SHARE",
                     help="the share of pieces in common that is listed (default: 0.8)")
    one.set_defaults(run=_similar)
    one = commands.add_parser("doctor", help="which sandbox works here, and how well")
    one.set_defaults(run=_doctor)
    one = commands.add_parser("confusion", help="make every known mistake; see what it is called")
    one.add_argument("names", nargs="*", metavar="NAME", help="exercises (default: all)")
    one.add_argument("--no-pairs", action="store_true", help="leave out two mistakes at once")
    one.set_defaults(run=_confusion)
    return whole


def main(argv=None):
    """Run a command and return its exit code."""
    from grading.sandbox import NoSandbox

    options = parser().parse_args(argv)
    try:
        return options.run(options)
    except (ValueError, OSError, NoSandbox) as error:
        print(f"python -m grading: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is lost: the same command goes on from here.",
              file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
