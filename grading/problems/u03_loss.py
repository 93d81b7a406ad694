"""Unit 03: the loss for classes, with a mask."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result
from grading.sizes import draw_mask, draw_sizes

NETWORK, CODE = "03: The network once more", "03: The code is the derivation"
NOWHERE = -1  # the target where nothing counts: no class


def softmax_cross_entropy_masked(y, target, mask):
    """Return L = (1/N) Σ -log softmax(y)_target over the N that count, and e = ∂L/∂y."""
    N = mask.sum()
    shifted = y - y.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    onehot = np.arange(y.shape[1])[:, np.newaxis] == target[:, np.newaxis]
    losses = -(onehot * log_p).sum(axis=1)
    L = (losses * mask / N).sum()
    e = (np.exp(log_p) - onehot) * mask[:, np.newaxis] / N
    return L, e


SITUATIONS = (
    ("values", (), {}),
    ("values", (), {"K": 2}),
    ("values", ("T = 1",), {"T": 1}),
    ("values", ("B = 1",), {"B": 1}),
    ("values", ("K = B",), {"K": 4, "B": 4}),
    ("large outputs", ("large outputs",), {}),
    ("large outputs", ("large outputs", "B = 1"), {"B": 1}),
    ("large outputs", ("large outputs", "T = 1"), {"T": 1}),
    ("masks", ("a mask",), {}),
    ("masks", ("a mask", "T = 1"), {"T": 1}),
    ("masks", ("a mask", "B = 1"), {"T": 7, "B": 1}),
)


def _cases(rng):
    cases = []
    for part, facts, fixed in SITUATIONS:
        T, _, _, K, B = draw_sizes(rng, **fixed)
        y = rng.normal(size=(T, K, B))
        if "large outputs" in facts:  # of another size and sign at each step
            y = 30 * y + np.linspace(-900, 900, T)[:, np.newaxis, np.newaxis]
        target = rng.integers(0, K, (T, B))
        if "large outputs" in facts:  # or L might be nothing but rounding
            target[0] = y[0].argmin(axis=0)
        mask = np.ones((T, B), bool)
        if "a mask" in facts:
            mask = draw_mask(rng, T, B)
            mask[0] |= ~mask.any(axis=0) & (T > 1)
            target[~mask] = NOWHERE if B == 1 else target[~mask]
        cases.append(Case(part, (y, target, mask), frozenset(facts)))
    return cases


def _a_constant_for_all_classes_changes_nothing(ask, rng):
    y, target = rng.normal(size=(3, 4, 2)), rng.integers(0, 4, (3, 2))
    args = target, np.ones((3, 2), bool)
    (L, e), (L_more, e_more) = ask(y, *args), ask(y + rng.normal(size=(3, 1, 2)), *args)
    if e.shape == e_more.shape and np.allclose([L, *e.flat], [L_more, *e_more.flat], atol=1e-12):
        return True
    return "adding the same number to all K outputs of a step must change neither L nor e"


SOFTMAX_CROSS_ENTROPY_MASKED = Problem(
    name="softmax_cross_entropy_masked",
    unit="03",
    title="Where e comes from",
    minutes=15,
    parts=(Part("values", 1), Part("large outputs", 1), Part("masks", 1)),
    results=(Result("L", "a number"), Result("e", "(T, K, B)", row=1)),
    reference=softmax_cross_entropy_masked,
    cases=_cases,
    properties=(Property("values", "a constant", _a_constant_for_all_classes_changes_nothing),),
    mistakes=(
        Mistake("the loss does not use the mask",
                "The losses of steps that do not count are added as well.",
                NETWORK, (("losses * mask / N", "losses / N"),)),
        Mistake("the gradient does not use the mask",
                "Where a step does not count, e must be zero.",
                CODE, ((" * mask[:, np.newaxis] / N", " / N"),)),
        Mistake("divided by all steps, not by those that count",
                "N counts where the mask is true; it is T·B only without a mask.",
                NETWORK, (("mask.sum()", "mask.size"),)),
        Mistake("each sequence is averaged by itself first",
                "A short sequence then weighs as much as a long one; L is one mean over all that "
                "counts.", NETWORK, (("mask.sum()", "mask.sum(axis=0) * mask.shape[1]"),)),
        Mistake("summed where the loss averages",
                "L is the mean over the N steps and sequences that count: divide by N.",
                NETWORK, (("mask.sum()", "1"),)),
        Mistake("the gradient is not divided by N",
                "L is a mean, and so its gradient has the same factor as L.",
                NETWORK, ((" * mask[:, np.newaxis] / N", " * mask[:, np.newaxis]"),)),
        Mistake("the gradient has the wrong sign",
                "Raising the output of the right class must lower the loss.",
                CODE, (("(np.exp(log_p) - onehot)", "(onehot - np.exp(log_p))"),)),
        Mistake("the gradient lacks the target",
                "What you return for e is the softmax alone; the derivative of the score of the "
                "right class is missing.", CODE, (("(np.exp(log_p) - onehot)", "np.exp(log_p)"),)),
        Mistake("only the right class gets a gradient",
                "The sum in the softmax holds all K outputs, so each of them has a gradient.",
                CODE, (("(np.exp(log_p) - onehot)", "(np.exp(log_p) - 1) * onehot"),)),
        Mistake("the softmax runs over the sequences",
                "Probabilities add up to one over the K classes, axis 1.",
                NETWORK, (("np.exp(shifted).sum(axis=1,", "np.exp(shifted).sum(axis=2,"),)),
        Mistake("exp of large outputs",
                "exp(800) is infinite, and exp(-800) is 0, whose logarithm is not finite.",
                CODE, (("y - y.max(axis=1, keepdims=True)", "y"),)),
        Mistake("one maximum for all steps",
                "Where the outputs of one step are far below those of another, their exponentials "
                "all vanish.", CODE, (("y.max(axis=1, keepdims=True)", "y.max()"),)),
        Mistake("a small number added inside the logarithm",
                "It hides a probability that has underflowed: then the loss is wrong, not safe.",
                CODE, (("-(onehot * log_p).sum(axis=1)",
                        "-np.log((onehot * np.exp(log_p)).sum(axis=1) + 1e-9)"),)),
        Mistake("the loss is in bits", "The course measures in nats, with the natural logarithm.",
                NETWORK, (("(losses * mask / N).sum()", "(losses * mask / N).sum() / np.log(2)"),)),
    ),
    hints=(
        "Do it in logarithms: -log softmax(y)_k is log Σ_j exp(y_j) - y_k. Adding the same number "
        "to all K outputs changes nothing, so choose one that makes the largest of them zero.",
        "With p = softmax(y), ∂ℓ/∂y_k = p_k - 1 for the target's class and p_k for the others; the "
        "mean puts 1/N before it, and the mask makes it zero where nothing counts.",
        "`shifted = y - y.max(axis=1, keepdims=True)` is the first line; the targets that count "
        "can be found by comparing them with `np.arange(K)`.",
    ),
)
