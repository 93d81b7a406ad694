"""
The memory and the time of one training step on a long sequence: full, checkpointed, PyTorch.

A step goes forward through all T time steps, through softmax cross-entropy on each of them, and
back to all gradients. Full BPTT keeps every step on its tape; checkpointing stores few states and
takes steps again; PyTorch keeps what it needs, and is left out where it is not installed. All get
the same parameters and data, in double precision and with one thread, each in a fresh process; and
their gradients must agree before anything is reported.

The base is the resident memory after imports, data and a step on a few time steps; the peak is the
largest that the process ever had, and the table shows what lies above the base. (macOS tells only
peaks: there the base is the peak so far. Not for Windows.) The time is that of the processor, the
median of some steps after a first one.
"""
import json
import math
import sys
import time
from pathlib import Path
from statistics import median

from benchmarks.alone import in_a_fresh_process, positive

MEMORY, TIME = 50, 1.25                 # the limits: MiB above the base, and times full BPTT
TOLERANCE = 1e-9
MiB = 2**20
WARM = 8                                # time steps of the step before the base is read
NAMES = ("full", "checkpointed", "torch")
SMOKE = {"T": 300, "B": 4, "D": 2, "H": 8, "mebibytes": 0.1, "steps": 1}


def add_arguments(parser):
    """Say what can be chosen."""
    for name, default, meaning in (
            ("T", 10_000, "time steps"), ("B", 32, "sequences side by side"),
            ("H", 128, "units"), ("D", 2, "inputs, and as many outputs"),
            ("steps", 3, "training steps that are timed, after a first one")):
        parser.add_argument(f"--{name}", type=positive, default=default,
                            help=meaning + " (default: %(default)s)")
    parser.add_argument("--cell", choices=("Elman", "LSTM", "GRU"), default="LSTM",
                        help="the network (default: %(default)s)")
    parser.add_argument("--mebibytes", type=float, default=36.0,
                        help="what checkpointing may store, its tape included; a little more is "
                        "needed besides (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    parser.add_argument("--smoke", action="store_true",
                        help="seconds with small numbers: does it run, do the gradients agree?")


def run(args):
    """Measure everybody, report, and return 0 if all limits are kept."""
    settings = {name: getattr(args, name) for name in ("T", "B", "D", "H", "cell", "mebibytes",
                                                       "steps")}
    settings |= SMOKE if args.smoke else {}
    results = {}
    for name in NAMES:
        print(f"{name}: {settings['steps'] + 1} steps …", file=sys.stderr, flush=True)
        results[name] = in_a_fresh_process("benchmarks.memory", settings | {"name": name})
    skipped = [result for result in results.values() if "skipped" in result]
    results = {name: result for name, result in results.items() if "skipped" not in result}
    agree(results)
    for line in (*table(settings, results), *(result["skipped"] for result in skipped)):
        print(line)
    bars = decide(results)
    for bar in bars:
        print(f"{bar['what']}: {'PASS' if bar['passed'] else 'FAIL'}")
    if args.json:
        kept = {name: {key: value for key, value in result.items() if key != "grads"}
                for name, result in results.items()}
        args.json.write_text(json.dumps(settings | {"results": kept, "bars": bars}, indent=2)
                             + "\n")
    return 0 if args.smoke or all(bar["passed"] for bar in bars) else 1


def agree(results):
    """Stop unless everybody's gradients are those of full BPTT: ‖g - ĝ‖ ≤ 1e-9 ‖g‖."""
    for name, result in results.items():
        for (tensor, g), g_hat in zip(results["full"]["grads"].items(),
                                      result["grads"].values(), strict=True):
            if not math.dist(g, g_hat) <= TOLERANCE * math.hypot(*g):      # nan, too
                sys.exit(f"{name} has another gradient of {tensor}")


def above(result):
    """Return by how much the peak lies above the base, in MiB."""
    return (result["peak"] - result["base"]) / MiB


def decide(results):
    """Return the bars: what is asked, and whether it is so."""
    full, frugal = results["full"], results["checkpointed"]
    memory, ratio = above(frugal), frugal["seconds"] / full["seconds"]
    bars = [(f"checkpointed: {memory:.1f} MiB above its base, at most {MEMORY}", memory <= MEMORY),
            (f"checkpointed: {ratio:.3f} times the time of full BPTT, at most {TIME}",
             ratio <= TIME)]
    if "torch" in results:
        theirs = above(results["torch"])
        bars.append((f"full BPTT: {above(full):,.0f} MiB above its base, below PyTorch's "
                     f"{theirs:,.0f}", above(full) < theirs))
    return [{"what": what, "passed": passed} for what, passed in bars]


def table(settings, results):
    """Yield the lines of the table, and what checkpointing planned."""
    yield ", ".join(f"{name} = {settings[name]:,}" for name in "TBDH") + f", {settings['cell']}"
    yield f"{'':<14}{'base':>10}{'above it':>14}{'time':>10}{'/ full':>8}"
    for name, result in results.items():
        yield (f"{name:<14}{result['base'] / MiB:>6.0f} MiB{above(result):>10,.1f} MiB"
               f"{result['seconds']:>8.2f} s{result['seconds'] / results['full']['seconds']:>8.2f}")
    yield ("checkpointed: segments of {segment} steps, {states} states stored, {steps:,} steps "
           "forward, {0:.1f} MiB planned".format(results["checkpointed"]["plan"]["bytes"] / MiB,
                                                 **results["checkpointed"]["plan"]))
    for name, result in results.items():
        if result["peak"] <= result["before"]:
            yield f"{name}: no step went above the peak from before, so it needs less than shown"


def measure(name, T, B, D, H, cell, mebibytes, steps):
    """Make the steps; return memory in bytes, time in seconds and the gradients."""
    from benchmarks.peers import make_problem
    from bpttlib.params import named_leaves

    problem = make_problem(cell, "float64", T, B, D, H)
    warm = problem._replace(x=problem.x[:WARM], targets=problem.targets[:WARM])
    try:
        _contestant(name, warm, mebibytes=None)[0].gradients()
    except ImportError as error:
        return {"skipped": f"{name} is left out: {error}."}
    # A new tape is not resident: the system gives each page when it is first written to.
    contestant, planned = _contestant(name, problem, mebibytes)
    base, before = memory()
    contestant.gradients()
    times = []
    for _ in range(steps):
        start = time.process_time()
        grads = contestant.gradients()
        times.append(time.process_time() - start)
    _, peak = memory()
    leaves = named_leaves(contestant.as_ours(grads))
    return {"base": base, "before": before, "peak": peak, "seconds": median(times),
            "grads": {tensor: g.ravel().tolist() for tensor, g in leaves}, **planned}


def _contestant(name, problem, mebibytes):
    """Return the contestant, and what it planned."""
    from benchmarks.peers import Contestant, ours, torch_nn
    from bpttlib.batch import Batch
    from bpttlib.checkpoint import plan
    from bpttlib.frugal import Frugal
    from bpttlib.model import Model

    if name != "checkpointed":
        return {"full": ours, "torch": torch_nn}[name](problem), {}
    cell, params, x, targets, _ = problem
    D, H = x.shape[1], params.cell.W_hh.shape[1]
    frugal = Frugal(Model(cell, D, H, D, "softmax_cross_entropy"), mebibytes=mebibytes)
    planned = plan(cell, params.cell, x, mebibytes=mebibytes)._asdict()
    batch = Batch(x, targets)
    return Contestant(lambda: frugal.loss_and_gradients(params, batch).grads, None,
                      lambda grads: grads), {"plan": planned}


def memory():
    """Return the resident memory of this process, now and at its largest so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():                                 # its peak is not that of the parent
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return tuple(1024 * int(lines[name].split()[0]) for name in ("VmRSS", "VmHWM"))
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak, peak


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
