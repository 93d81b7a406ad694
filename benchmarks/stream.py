"""
The memory of training on a stream, against the length of the stream.

Truncated backpropagation through time, with `fit`, over two streams, one far longer than the
other, each in a fresh process. The peak of the memory must not grow with the stream: the ratio of
the two peaks must stay below 1.2. The stream is made window by window and never stored; its task
is to name the bit before. What does grow is the history that `fit` keeps: loss and gradient norm,
16 bytes for each update.

The parent imports no NumPy on purpose: on Linux a new process starts with the peak of the one that
started it. Measured with `resource`, so on Linux and macOS only.
"""
import json
import sys
from pathlib import Path

from benchmarks.alone import in_a_fresh_process, positive

LIMIT = 1.2
MiB = 2**20
SMOKE = {"T": [300, 3000], "k1": 20, "k2": 20, "B": 2, "H": 8}


def add_arguments(parser):
    """Say what can be chosen."""
    for name, default, meaning in (
            ("k1", 100, "new steps in a window, one update for each"),
            ("k2", None, "all steps in a window, at least k1 (default: k1)"),
            ("B", 8, "sequences side by side"), ("H", 32, "units")):
        tail = "" if default is None else " (default: %(default)s)"
        parser.add_argument(f"--{name}", type=positive, default=default, help=meaning + tail)
    parser.add_argument("--T", type=positive, nargs=2, default=[10_000, 1_000_000],
                        metavar=("SHORT", "LONG"), help="lengths of the two streams "
                        "(default: 10000 1000000)")
    parser.add_argument("--cell", choices=("Elman", "LSTM", "GRU"), default="Elman",
                        help="the network (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    parser.add_argument("--smoke", action="store_true",
                        help="a few seconds with small numbers: does it run at all?")


def run(args):
    """Measure both streams, report, and return 0 if the ratio is below the limit."""
    settings = {name: getattr(args, name) for name in ("k1", "k2", "B", "H", "cell")}
    lengths = SMOKE["T"] if args.smoke else args.T
    if args.smoke:
        settings |= {name: SMOKE[name] for name in ("k1", "k2", "B", "H")}
    settings["k2"] = settings["k2"] or settings["k1"]
    if settings["k2"] < settings["k1"]:
        sys.exit("--k2 must be at least --k1")
    runs = []
    for T in lengths:
        runs.append(in_a_fresh_process("benchmarks.stream", settings | {"T": T}))
        print(_line(**runs[-1]), flush=True)
    short, long = runs
    ratio = long["peak"] / short["peak"]
    above = (long["peak"] - long["base"]) / (short["peak"] - short["base"])
    passed = ratio < LIMIT
    print(f"A tape for all of the longer stream would take {long['whole_tape'] / MiB:,.0f} MiB.")
    print(f"Ratio of what lies above the imports: {above:.3f}")
    print(f"Ratio of the peaks: {ratio:.3f}, must be below {LIMIT}: {'PASS' if passed else 'FAIL'}")
    if args.json:
        result = {"runs": runs, "ratio": ratio, "limit": LIMIT, "passed": passed}
        args.json.write_text(json.dumps(settings | result, indent=2) + "\n")
    return 0 if passed or args.smoke else 1


def _line(T, peak, base, updates, history, first_loss, last_loss, **_):
    return (f"T = {T:>9,}: peak {peak / MiB:.1f} MiB, of which {(peak - base) / MiB:.1f} MiB came "
            f"after the imports\n    {updates:,} updates, history {history / 1024:.1f} KiB, loss "
            f"{first_loss:.3f} at first and {last_loss:.3f} at last")


def measure(T, k1, k2, B, H, cell):
    """Train over a stream of T steps; return the peaks of this process's memory, in bytes."""
    import numpy as np

    from bpttlib import cells
    from bpttlib.model import Model
    from bpttlib.optim import adam
    from bpttlib.tape import new_tape
    from bpttlib.train import fit

    cell = getattr(cells, cell)()
    model = Model(cell, D=1, H=H, K=2, loss="softmax_cross_entropy")
    params = model.init(np.random.default_rng(0))
    base = _peak()
    state = fit(model, params, previous_bit(T, k1, k2, B), -(-T // k1), adam(lr=0.003), clip=1.0)
    row = sum(array.nbytes for array in new_tape(cell, 1, H, B)) // 2
    return {"T": T, "base": base, "peak": _peak(), "whole_tape": row * (T + 1),
            "updates": state.updates, "history": state.loss.nbytes + state.norm.nbytes,
            "first_loss": float(state.loss[0]), "last_loss": float(state.loss[-1])}


def previous_bit(T, k1, k2, B):
    """Return a function i ↦ window number i of a stream of T random bits, made when asked for."""
    import numpy as np

    from bpttlib.batch import Batch

    def bits(start, stop):
        blocks = range(start // k1, -(-stop // k1))
        made = [np.random.default_rng((0, block)).integers(0, 2, (k1, B)) for block in blocks]
        return np.concatenate(made)[start - blocks[0] * k1:stop - blocks[0] * k1]

    def window(i):
        first = i * k1
        start, following = max(0, first + k1 - k2), max(0, first + 2 * k1 - k2)
        stop = min(first + k1, T)
        seen = bits(max(start - 1, 0), stop)
        before = seen[:-1] if start else np.concatenate([np.zeros((1, B), int), seen[:-1]])
        new = np.broadcast_to(np.arange(start, stop)[:, None] >= first, (stop - start, B))
        return Batch(seen[start > 0:, None, :].astype(float), before, new, start == 0,
                     following - start if stop < T else None)

    return window


def _peak():
    """Return the largest resident memory of this process so far, in bytes."""
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
