"""
What the training loop adds: the time of an update by `fit`, against that of its bare parts.

The parts are loss and gradients, on a tape that is used again and again, and Adam. Both start from
the same parameters and take turns in one process, some updates each: whenever `fit` asks for the
first batch of a block, the bare updates are made before it gets one. In the end their parameters
must be the same, bit for bit. The limit holds for `fit` without its progress bar; what it takes
with the bar, written to nowhere, is shown beside it. The time is that of the processor, with one
thread. Each block is compared with the one right before it, and the median of these ratios counts.
"""
import json
import os
import sys
import time
from contextlib import redirect_stderr
from itertools import product
from pathlib import Path
from statistics import median

from benchmarks.alone import in_a_fresh_process, positive

LIMIT = 10                              # per cent
CELLS, DTYPES = ("Elman", "LSTM", "GRU"), ("float32", "float64")
SIZE = {"T": 50, "B": 32, "D": 32, "H": 64}
SMOKE = {"size": {"T": 5, "B": 2, "D": 3, "H": 4}, "updates": 3, "rounds": 2}


def add_arguments(parser):
    """Say what can be chosen."""
    parser.add_argument("--updates", type=positive, default=10,
                        help="in a block (default: %(default)s)")
    parser.add_argument("--rounds", type=positive, default=45,
                        help="blocks of each kind, after a first one (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result there")
    parser.add_argument("--smoke", action="store_true",
                        help="seconds with tiny sizes: does it run, do the parameters agree?")


def run(args):
    """Measure all six in a fresh process, report, and return 0 if all are within the limit."""
    settings = {"size": SIZE, "updates": args.updates, "rounds": args.rounds}
    settings |= SMOKE if args.smoke else {}
    rows = in_a_fresh_process("benchmarks.overhead", settings)
    print(", ".join(f"{name} = {n}" for name, n in settings["size"].items()))
    print(f"{'':<16}{'bare':>10}{'fit adds':>11}{'with its bar':>15}")
    for row in rows:
        print(line(row))
    within = all(passed(row) for row in rows)
    print(f"What fit adds must be at most {LIMIT} %: {'PASS' if within else 'FAIL'}")
    if args.json:
        result = settings | {"rows": rows, "limit": LIMIT, "passed": within}
        args.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if within or args.smoke else 1


def passed(row):
    """Tell whether `fit` without its bar is within the limit."""
    return row["fit"] <= LIMIT


def line(row):
    """Return a row of the table."""
    return (f"{row['cell'] + ' ' + row['dtype']:<16}{1e3 * row['bare']:>7.2f} ms"
            f"{row['fit']:>9.1f} %{row['with bar']:>13.1f} %   {'PASS' if passed(row) else 'FAIL'}")


def measure(size, updates, rounds):
    """Return a row for each cell and dtype: seconds of a bare update, and what fit adds in %."""
    from tqdm import tqdm

    rows = []
    with tqdm(list(product(CELLS, DTYPES)), unit="configuration") as bar:
        for cell, dtype in bar:
            bar.set_postfix_str(f"{cell} {dtype}")
            pairs, with_bar = (take_turns(cell, dtype, size, updates, rounds, progress)
                               for progress in (False, True))
            rows.append({"cell": cell, "dtype": dtype, "bare": median(bare for bare, _ in pairs),
                         "fit": added(pairs), "with bar": added(with_bar)})
    return rows


def added(pairs):
    """Return by how many per cent the second is above the first, in the median of all pairs."""
    return 100 * (median(fit / bare for bare, fit in pairs) - 1)


def take_turns(cell, dtype, size, updates, rounds, progress):
    """Train twice, block by block in turn; return pairs (bare, fit) of seconds for an update."""
    from benchmarks.peers import make_problem
    from bpttlib.batch import Batch
    from bpttlib.model import Model
    from bpttlib.optim import adam
    from bpttlib.train import fit

    cell, first, x, targets, _ = make_problem(cell, dtype, *(size[name] for name in "TBDH"))
    model = Model(cell, size["D"], size["H"], size["D"], "softmax_cross_entropy")
    batch, optimiser = Batch(x, targets), adam()
    params, memory, tape = first, optimiser.start(first), None
    marks = []                                          # for each block: before, between, and …

    def bare():
        nonlocal params, memory, tape
        for _ in range(updates):
            step = model.loss_and_gradients(params, batch, tape=tape)
            params, memory = optimiser.update(params, step.grads, memory)
            tape = step.tape

    def batches(n):
        if n % updates == 0:
            marks.append(time.process_time())
            bare()
            marks.append(time.process_time())
        return batch

    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        state = fit(model, first, batches, updates * (rounds + 1), optimiser, progress=progress)
    marks.append(time.process_time())                   # … the end is the next one's beginning
    same(state.params, params, f"{type(cell).__name__} {dtype}")
    spans = [(stop - start) / updates for start, stop in zip(marks, marks[1:])]
    return list(zip(spans[2::2], spans[3::2]))          # not the first two: there, tapes are new


def same(ours, theirs, label):
    """Stop unless the parameters of both are the same, bit for bit."""
    from bpttlib.params import named_leaves

    for (name, p), (_, p_hat) in zip(named_leaves(ours), named_leaves(theirs), strict=True):
        if p.dtype != p_hat.dtype or p.tobytes() != p_hat.tobytes():
            sys.exit(f"{label}: fit has learnt another {name} than the bare updates")


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
