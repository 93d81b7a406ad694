"""What only graders know: the cases of each student, drawn from a class secret.

The same student gets the same cases whenever the class is graded again, so marks are reproducible;
nobody else gets them, so copied constants are useless.
"""
import hashlib
import os
import secrets
import sys
from functools import partial
from pathlib import Path

import numpy as np

from grading.ask import NoAnswer
from grading.problem import Property
from grading.reading import as_tuple

ROUNDS = 2  # how often the cases of a problem are drawn; a learner's `check` draws them once
TINY, REDRAWN = 1e-5, 8  # what is too small beside the arguments, and how often to try for better
PLACE = Path(__file__).resolve().parents[1] / "class-secret.txt"


def read_secret(path=None):
    """Return the class secret; make one if there is none yet, and say so on the error output."""
    path = Path(path or PLACE)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        secret = secrets.token_hex(16)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secret + "\n")
        print(f"A new class secret was made: {path}. Keep it: with it, marks can be reproduced.",
              file=sys.stderr)
    if len(secret) < 16:
        raise ValueError(f"--secret: {path} holds {len(secret)} characters; it needs 16 or more.")
    return secret


def generator(secret, student, name):
    """Return the random numbers of one student and exercise."""
    text = "\0".join((secret, student, name)).encode("utf-8", "backslashreplace")
    digest = hashlib.sha256(text).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def cases(problem, rng):
    """Return the hidden cases of a problem."""
    drawn = []
    for _ in range(ROUNDS):
        for _ in range(REDRAWN):
            some = problem.cases(rng)
            if _are_fair(problem, some):
                break
        drawn += some
    return drawn


def _are_fair(problem, drawn):
    """Tell whether no number that is asked for is tiny beside the numbers that it is made from.

    Such a number, as the loss where all is foretold with certainty, is little but rounding: two
    right answers differ in it.
    """
    if not _asks_for_a_number(problem, drawn[0]):
        return True
    for case in drawn:
        most = max(np.abs(a).max(initial=0) for a in case.args
                   if isinstance(a, np.ndarray) and a.dtype == float)
        if any(abs(n) < TINY * most for n in _numbers(problem, case)):
            return False
    return True


def _asks_for_a_number(problem, case):
    plain = all(isinstance(a, np.ndarray) for a in case.args)
    return plain and case.args[0].dtype == float and bool(_numbers(problem, case))


def _numbers(problem, case):
    return [n for n in as_tuple(problem.reference(*case.args)) if isinstance(n, float)]


def _is_linear(problem, argument, ask, rng):
    """Check that results double with one of the arguments."""
    case = problem.cases(rng)[0]
    k = problem.arguments.index(argument)
    once = ask(*case.args)
    twice = ask(*case.args[:k], 2 * case.args[k], *case.args[k + 1:])
    good = all(np.allclose(2 * a, b, rtol=1e-9, atol=1e-12) for a, b in zip(once, twice))
    return good or f"the results are not linear in {argument}"


#: Properties beyond those that a learner's check uses: in which argument results are linear.
LINEAR = {"elman_backward": "e", "tbptt_chunks": "dh_own", "tbptt_k1_k2": "dh_own",
          "gru_backward": "dh_own"}


def _guarded(function, reply):
    """Return a check of ours in which strange numbers cannot cause an error."""
    def guarded(*args):
        try:
            return function(*args)
        except NoAnswer:
            raise
        except Exception:
            return reply
    return guarded


def hardened(problem):
    """Return a problem as graders use it: with their own properties, and safe from strange data."""
    properties = problem.properties
    if (argument := LINEAR.get(problem.name)) in problem.arguments:
        properties += (Property(problem.parts[0].name, f"linear in {argument}",
                                partial(_is_linear, problem, argument)),)
    said = "no number can be found for it"
    return problem._replace(
        properties=tuple(p._replace(holds=_guarded(p.holds, said)) for p in properties),
        judge=problem.judge and _guarded(problem.judge, {problem.results[0].name: said}))
