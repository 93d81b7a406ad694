"""
The time of a training step, against other frameworks and against the limit.

A step goes forward, through softmax cross-entropy on every time step, and back to the gradients of
all parameters of cell and readout; with --adam it also makes the update. The peers get the same
parameters and data, and their gradients must agree with ours before anything is timed. All take
turns in one process. The table holds medians as ratios, theirs over ours: above 1 we are faster.
The limit is the bare matrix products and tanh; its column is the share of our time that they take.

With one thread the time is that of the processor, so that other programs do not count; with more
it is the clock on the wall. Each library picks the instructions that suit the processor: what the
environment says about that is put aside.
"""
import json
import os
import subprocess
import sys
import time
from argparse import ArgumentTypeError
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path
from statistics import geometric_mean, median

from benchmarks.alone import environment

CELLS, DTYPES = ("Elman", "LSTM", "GRU"), ("float32", "float64")
SIZES = [(25, 1, 64, 100), (50, 32, 32, 64), (100, 32, 2, 128), (100, 64, 64, 128),
         (200, 64, 128, 256), (50, 128, 256, 512)]                              # T, B, D, H
SMOKE = [(7, 3, 4, 5)]
NAMES = ("torch.nn", "torch-cells", "jax", "autograd", "textbook", "limit")
TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
ROUNDS, SLOT, REST = 5, 0.02, 0.005     # at least so many rounds; seconds, at least, and between


def add_arguments(parser):
    """Say what can be chosen."""
    parser.add_argument("--threads", type=int, choices=(1, 2), default=1,
                        help="for everybody (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, metavar="S",
                        help="for each configuration, five rounds at least (default: %(default)s)")
    parser.add_argument("--peers", type=_names, default=list(NAMES), metavar="A,B",
                        help="of " + ", ".join(NAMES) + " (default: all)")
    parser.add_argument("--filter", default="", metavar="TEXT",
                        help='only configurations with this in their name, such as "LSTM float32"')
    parser.add_argument("--adam", action="store_true", help="with the update of the parameters")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    parser.add_argument("--smoke", action="store_true",
                        help="a few seconds with tiny sizes: does it run, do the gradients agree?")


def run(args):
    """Measure in a fresh process: the numbers of threads are read when libraries are loaded."""
    settings = {name: getattr(args, name)
                for name in ("threads", "seconds", "peers", "filter", "adam", "smoke")}
    settings["file"] = args.json and str(args.json)
    one = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    jax = {"XLA_FLAGS": one if args.threads == 1 else "", "JAX_PLATFORMS": "cpu",
           "JAX_ENABLE_X64": "1"}
    command = [sys.executable, "-m", "benchmarks.speed", json.dumps(settings)]
    return subprocess.run(command, env=environment(args.threads) | jax).returncode


def measure(threads, seconds, peers, filter, adam, smoke, file):
    """Measure all configurations, report, and write the result to the file if there is one."""
    from tqdm import tqdm

    chosen = [setting for setting in product(CELLS, DTYPES, SMOKE if smoke else SIZES)
              if filter in _label(*setting)]
    if not chosen:
        sys.exit(f"--filter: no configuration has {filter!r} in its name")
    skipped, libraries = _prepare(peers, threads)
    peers = [name for name in peers if name not in skipped]
    print("".join(f"skipped: {name} ({why})\n" for name, why in skipped.items())
          + f"{'':<40}{'ours':>10}" + "".join(f"{name:>12}" for name in peers))
    rows = []
    with tqdm(chosen, unit="configuration") as bar:
        for setting in bar:
            bar.set_postfix_str(_label(*setting))
            rows.append(_row(*setting, threads, 0.0 if smoke else seconds, peers, adam))
            bar.write(_line(rows[-1], peers), file=sys.stdout)
            sys.stdout.flush()
    summary = {name: _summary([row["ratios"][name] for row in rows if name in row["ratios"]])
               for name in peers}
    for word in ("geometric mean", "worst"):
        print(f"{word:<50}" + _cells({name: summary[name][word] for name in peers}, peers))
    if file:
        result = {"threads": threads, "adam": adam, "libraries": libraries, "skipped": skipped,
                  "rows": rows, "summary": summary}
        Path(file).write_text(json.dumps(result, indent=2) + "\n")


def _prepare(peers, threads):
    """Pin the threads; return which peers are not installed, and the libraries that are there."""
    if hasattr(os, "sched_setaffinity"):                # not on macOS and Windows
        processors = sorted(os.sched_getaffinity(0))
        if len(processors) < threads:
            sys.exit(f"--threads {threads}: only {len(processors)} processor is there")
        os.sched_setaffinity(0, processors[-threads:])
    from benchmarks.peers import PEERS, make_problem

    skipped, problem = {}, make_problem("Elman", "float64", *SMOKE[0], threads)
    for name in peers:
        try:
            if name in PEERS:                           # the limit needs nothing
                PEERS[name](problem)
        except ImportError as error:
            skipped[name] = str(error)
    versions = {}
    for name in ("numpy", "torch", "jax", "autograd"):
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    try:
        import threadpoolctl
    except ImportError:
        return skipped, versions
    threadpoolctl.threadpool_limits(threads)
    pools = [{key: pool[key] for key in ("internal_api", "version", "num_threads")}
             for pool in threadpoolctl.threadpool_info()]
    return skipped, versions | {"pools": pools}


def _row(cell, dtype, size, threads, seconds, peers, adam):
    """Measure one configuration: medians in seconds, and their ratios to ours."""
    from benchmarks.limit import bare
    from benchmarks.peers import PEERS, make_problem, ours

    problem = make_problem(cell, dtype, *size, threads)
    runners = {"ours": ours(problem)}
    runners |= {name: PEERS[name](problem) for name in peers if name in PEERS}
    runners = {name: runner for name, runner in runners.items() if runner}
    _agree(runners, dtype, _label(cell, dtype, size))
    calls = {name: _step(runner, adam) for name, runner in runners.items()}
    if "limit" in peers:
        calls |= {"limit": bare(problem), "limit in rows": bare(problem, rows=True)}
    medians, rounds = _take_turns(calls, threads, seconds)
    if "limit" in peers:
        medians["limit"] = min(medians["limit"], medians.pop("limit in rows"))
    mine = medians["ours"]
    ratios = {name: median / mine for name, median in medians.items() if name != "ours"}
    return {"cell": cell, "dtype": dtype, "size": dict(zip("TBDH", size)), "rounds": rounds,
            "seconds": medians, "ratios": ratios}


def _step(runner, adam):
    return (lambda: runner.update(runner.gradients())) if adam else runner.gradients


def _agree(runners, dtype, label):
    """Stop unless everybody's gradients are ours."""
    from bpttlib.gradcheck import relative_error
    from bpttlib.params import named_leaves

    grads = {name: named_leaves(runner.as_ours(runner.gradients()))
             for name, runner in runners.items()}
    for peer, theirs in grads.items():
        for (name, g), (_, g_hat) in zip(grads["ours"], theirs, strict=True):
            same = g.shape == g_hat.shape and g.dtype == g_hat.dtype == dtype
            if not (same and relative_error(g, g_hat) <= TOLERANCE[dtype]):     # nan, too
                sys.exit(f"{label}: {peer} has another gradient of {name}")


def _take_turns(calls, threads, seconds):
    """Time all calls again and again in turn; return their medians and the number of rounds."""
    clock = time.process_time if threads == 1 else time.perf_counter
    repeats, times = {}, {name: [] for name in calls}
    for name, call in calls.items():
        call()                                          # the first one may compile
        repeats[name] = max(1, round(SLOT / max(_time(call, time.perf_counter), 1e-9)))
    end = time.perf_counter() + seconds
    while len(times["ours"]) < ROUNDS or time.perf_counter() < end:
        for name, call in calls.items():
            time.sleep(REST)                            # until the threads of others are at rest
            call()                                      # as in training: after one of its own
            times[name].append(_time(call, clock, repeats[name]))
    return {name: median(t) for name, t in times.items()}, len(times["ours"])


def _time(call, clock, repeats=1):
    start = clock()
    for _ in range(repeats):
        call()
    return (clock() - start) / repeats


def _summary(ratios):
    return {"geometric mean": geometric_mean(ratios) if ratios else None,
            "worst": min(ratios, default=None), "configurations": len(ratios)}


def _label(cell, dtype, size):
    return " ".join([cell, dtype, *(f"{name}={n}" for name, n in zip("TBDH", size))])


def _line(row, peers):
    label = _label(row["cell"], row["dtype"], row["size"].values())
    return f"{label:<40}{1e3 * row['seconds']['ours']:>7.2f} ms" + _cells(row["ratios"], peers)


def _cells(ratios, peers):
    return "".join(f"{'' if ratios.get(name) is None else format(ratios[name], '.2f'):>12}"
                   for name in peers)


def _names(text):
    names = text.split(",")
    if not set(names) <= set(NAMES):
        raise ArgumentTypeError(f"{text!r}, but it must be some of {','.join(NAMES)}")
    return names


if __name__ == "__main__":
    measure(**json.loads(sys.argv[1]))
