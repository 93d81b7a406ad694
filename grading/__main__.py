"""Commands for those who give the course: python -m grading COMMAND."""
import argparse
import sys


def _confusion(options):
    from grading.confusion import main
    from grading.problems import all_problems, find

    names = options.names or list(all_problems())
    return main([find(name) for name in names], not options.no_pairs)


def parser():
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(prog="python -m grading", description=__doc__)
    commands = whole.add_subparsers(metavar="COMMAND", required=True)
    one = commands.add_parser("confusion", help="make every known mistake; see what it is called")
    one.add_argument("names", nargs="*", metavar="NAME", help="exercises (default: all)")
    one.add_argument("--no-pairs", action="store_true", help="leave out two mistakes at once")
    one.set_defaults(run=_confusion)
    return whole


def main(argv=None):
    """Run a command and return its exit code."""
    options = parser().parse_args(argv)
    try:
        return options.run(options)
    except ValueError as error:
        print(f"python -m grading: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
