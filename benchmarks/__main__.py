"""Measurements of the course's library: what it costs, as ratios with a limit."""
import argparse
import sys

from benchmarks import (
    check,
    classroom,
    memory,
    overhead,
    picture,
    published,
    speed,
    stream,
    widgets,
)

# A module with a docstring and two functions: add_arguments(parser), and run(args) -> exit status.
BENCHMARKS = {"speed": speed, "memory": memory, "overhead": overhead, "stream": stream,
              "picture": picture, "widgets": widgets, "check": check, "classroom": classroom,
              "published": published}


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name, module in BENCHMARKS.items():
        command = commands.add_parser(name, help=module.__doc__.strip().splitlines()[0],
                                      description=module.__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
        module.add_arguments(command)
    args = parser.parse_args(argv)
    return BENCHMARKS[args.name].run(args)


if __name__ == "__main__":
    sys.exit(main())
