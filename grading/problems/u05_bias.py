"""Unit 05: the bias of truncation, measured."""
from functools import cache

import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Result
from grading.problems.elman_tape import elman_tape
from grading.problems.u05_windows import tbptt_k1_k2
from grading.sizes import Sizes, draw_sizes

BIAS, RULE = "05: The bias, measured", "05: Two numbers, $k_1$ and $k_2$"


def bias_curve(truncated, T, ks):
    """Return ‖ĝ - g‖ / ‖g‖ for chunks of k steps and for windows of k steps that slide."""
    def length(grads):
        return np.sqrt(sum((g ** 2).sum() for g in grads))

    full = truncated(T, T)
    chunks, sliding = np.zeros(len(ks)), np.zeros(len(ks))
    for i, k in enumerate(ks):
        chunks[i] = length([a - b for a, b in zip(truncated(k, k), full)])
        sliding[i] = length([a - b for a, b in zip(truncated(1, k), full)])
    return chunks / length(full), sliding / length(full)


def _gradient_of(rng, sizes, one):
    """Return truncated(k1, k2) for some tape: all gradients, or that of W_hh alone."""
    _, W_hh, _, x, h = elman_tape(rng, sizes, rng.normal(size=(sizes.H, sizes.B)))
    dh_own = rng.normal(size=(sizes.T, sizes.H, sizes.B)) / (sizes.T * sizes.B)

    @cache
    def gradient(k1, k2):
        return tbptt_k1_k2(W_hh, 3 * x, h, dh_own, k1, k2)  # so that the tensors differ in size

    def truncated(k1, k2):
        if min(k1, k2) < 1 or k2 < k1:
            raise ValueError(f"truncated: got k1 = {k1}, k2 = {k2}; needs 1 ≤ k1 ≤ k2")
        return tuple(g.copy() for g in gradient(int(k1), int(k2))[one][:])

    return truncated


ONE, ALL = slice(1, 2), slice(0, 3)
SITUATIONS = (
    ("one parameter", (), Sizes(T=7, D=2, H=1, K=1, B=3), ONE, (1, 2, 4)),
    ("one parameter", ("some k ≥ T",), Sizes(T=5, D=2, H=1, K=1, B=2), ONE, (3, 5, 8)),
    ("all parameters", (), {"T": 8}, ALL, (1, 2, 3, 5, 7)),
    ("all parameters", ("some k ≥ T",), {"T": 6}, ALL, (1, 4, 6, 7, 20)),
    ("all parameters", ("B = 1",), {"T": 7, "B": 1}, ALL, (5, 3, 1)),
    ("all parameters", ("one k",), {"T": 5}, ALL, (2,)),
    ("all parameters", ("T = 1", "some k ≥ T"), {"T": 1}, ALL, (1, 2)),
)


def _telling(rng, sizes, which, ks):
    """Return truncated for a tape on which it matters: a bias of 1e-9 is half rounding."""
    while True:
        truncated = _gradient_of(rng, sizes, which)
        curves = bias_curve(truncated, sizes.T, ks)
        if sizes.T == 1 or min(curve.max() for curve in curves) > 1e-3:
            return truncated


def _cases(rng):
    cases = []
    for part, facts, sizes, which, ks in SITUATIONS:
        sizes = draw_sizes(rng, **sizes) if isinstance(sizes, dict) else sizes
        cases.append(Case(part, (_telling(rng, sizes, which, ks), sizes.T, ks), frozenset(facts)))
    return cases


BIAS_CURVE = Problem(
    name="bias_curve",
    unit="05",
    title="The bias, for many k",
    minutes=15,
    parts=(Part("one parameter", 1), Part("all parameters", 2)),
    results=(Result("chunks", "(len(ks),)"), Result("sliding", "(len(ks),)")),
    reference=bias_curve,
    cases=_cases,
    mistakes=(
        Mistake("relative to the truncated gradient",
                "The bias is measured against the length of the full gradient.",
                BIAS, (("length([a - b for a, b in zip(truncated(k, k), full)])",
                        "length([a - b for a, b in zip(truncated(k, k), full)]) * length(full) "
                        "/ length(truncated(k, k))"),
                       ("length([a - b for a, b in zip(truncated(1, k), full)])",
                        "length([a - b for a, b in zip(truncated(1, k), full)]) * length(full) "
                        "/ length(truncated(1, k))"))),
        Mistake("not relative",
                "Divide by the length of the full gradient: then the number says how much is "
                "wrong.", BIAS, (("chunks / length(full), sliding / length(full)",
                                  "chunks, sliding"),)),
        Mistake("the difference of the lengths",
                "Two vectors can be equally long and point in different directions: subtract the "
                "gradients, then take the length.",
                BIAS, (("length([a - b for a, b in zip(truncated(k, k), full)])",
                        "abs(length(truncated(k, k)) - length(full))"),
                       ("length([a - b for a, b in zip(truncated(1, k), full)])",
                        "abs(length(truncated(1, k)) - length(full))"))),
        Mistake("the root is missing",
                "A Euclidean length is the root of the sum of the squares.",
                BIAS, (("np.sqrt(sum((g ** 2).sum() for g in grads))",
                        "sum((g ** 2).sum() for g in grads)"),)),
        Mistake("the largest entry in place of the length",
                "The bias uses Euclidean lengths; the largest entry belongs to the relative error.",
                BIAS, (("np.sqrt(sum((g ** 2).sum() for g in grads))",
                        "max(np.abs(g).max() for g in grads)"),)),
        Mistake("lengths of tensors added up",
                "All parameters make one long vector: add the squares, then take one root.",
                BIAS, (("np.sqrt(sum((g ** 2).sum() for g in grads))",
                        "sum(np.sqrt((g ** 2).sum()) for g in grads)"),)),
        Mistake("root of the mean in place of the sum, tensor by tensor",
                "All entries of all tensors count alike, however many a tensor has.",
                BIAS, (("(g ** 2).sum()", "(g ** 2).mean()"),)),
        Mistake("only one of the tensors is measured",
                "The bias is that of the whole gradient, over all parameters together.",
                BIAS, (("for g in grads", "for g in grads[:1]"),)),
        Mistake("compared with the largest k",
                "The largest k of the list may still cut something; nothing is cut from k = T on.",
                RULE, (("truncated(T, T)", "truncated(max(ks), max(ks))"),)),
        Mistake("T windows of one step taken for the full gradient",
                "k1 = k2 = 1 cuts everything that can be cut.",
                RULE, (("truncated(T, T)", "truncated(1, 1)"),)),
        Mistake("chunks in both curves",
                "Windows that slide have k1 = 1: each loss is sent back by itself.",
                "05: Who counts: the maps", (("truncated(1, k)", "truncated(k, k)"),)),
        Mistake("windows that slide in both curves",
                "Chunks do not overlap: k1 = k2.",
                "05: Who counts: the maps", (("truncated(k, k)", "truncated(1, k)"),)),
    ),
    hints=(
        "You need one full gradient and two truncated ones for each k. Which k1 and k2 cut nothing "
        "at all, and which are chunks, and which is a window that slides?",
        "‖ĝ - g‖ / ‖g‖ with ‖g‖² = the sum of the squares of all entries of all tensors; g is "
        "truncated(T, T).",
        "A helper makes it short: `def length(grads): return np.sqrt(sum(… for g in grads))`. "
        "Then each entry is one length divided by another.",
    ),
)
