"""What only graders know: the cases of each student, drawn from a class secret.

The same student gets the same cases whenever the class is graded again, so marks are reproducible;
nobody else gets them, so copied constants are useless.
"""
import hashlib
import os
import secrets
from pathlib import Path

import numpy as np
from grading.problem import Property

ROUNDS = 2  # how often the cases of a problem are drawn; a learner's `check` draws them once
PLACE = Path(__file__).resolve().parents[1] / "class-secret.txt"


def read_secret(path=None):
    """Return the class secret; make one if there is none yet, and say so."""
    path = Path(path or PLACE)
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        secret = secrets.token_hex(16)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secret + "\n")
        print(f"A new class secret was made: {path}. Keep it: with it, marks can be reproduced.")
    if len(secret) < 16:
        raise ValueError(f"--secret: {path} holds {len(secret)} characters; it needs 16 or more.")
    return secret


def generator(secret, student, name):
    """Return the random numbers of one student and exercise."""
    digest = hashlib.sha256("\0".join((secret, student, name)).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, np.uint32))


def cases(problem, rng):
    """Return the hidden cases of a problem."""
    return [case for _ in range(ROUNDS) for case in problem.cases(rng)]


def _is_linear(argument):
    """Return a check that results double with one of the arguments, and that zero gives zero."""
    def holds(problem, ask, rng):
        case = problem.cases(rng)[0]
        k = problem.arguments.index(argument)
        once = ask(*case.args)
        twice = ask(*case.args[:k], 2 * case.args[k], *case.args[k + 1:])
        good = all(np.allclose(2 * a, b, rtol=1e-9, atol=1e-12) for a, b in zip(once, twice))
        return good or f"the results are not linear in {argument}"
    return holds


#: Properties beyond those that a learner's check uses, by exercise.
LINEAR = {"elman_backward": "e", "tbptt_chunks": "dh_own", "tbptt_k1_k2": "dh_own",
          "rtrl": "dh_own", "lstm_backward": "dh_own", "gru_backward": "dh_own"}


def with_hidden_properties(problem):
    """Return a problem with the properties that only graders check."""
    argument = LINEAR.get(problem.name)
    if argument not in problem.arguments:
        return problem
    holds = _is_linear(argument)
    more = Property(problem.parts[0].name, f"linear in {argument}",
                    lambda ask, rng: holds(problem, ask, rng))
    return problem._replace(properties=(*problem.properties, more))
