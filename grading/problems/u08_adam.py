"""Unit 08: one update of Adam."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result


def adam_step(p, g, m, s, n, lr, beta1, beta2, eps):
    """Return p, m, s and n after one more update."""
    k = n + 1
    m_k = beta1 * m + (1 - beta1) * g
    s_k = beta2 * s + (1 - beta2) * g ** 2
    m_hat = m_k / (1 - beta1 ** k)
    s_hat = s_k / (1 - beta2 ** k)
    step = lr * m_hat / (np.sqrt(s_hat) + eps)
    return p - step, m_k, s_k, k


#: Part, what is special, the shape, how many updates were made, how large the gradients are, and ε.
_UPDATES = (
    ("first update", ("n = 0",), (4, 3), 0, 1.0, 1e-8),
    ("first update", ("n = 0",), (5, 1), 0, 30.0, 1e-3),
    ("first update", ("n = 0", "one number"), (1, 1), 0, 1.0, 1e-2),
    ("first update", ("g = 0", "n = 0"), (3, 2), 0, 0.0, 1e-8),
    ("later updates", (), (3, 5), 1, 1.0, 1e-8),
    ("later updates", (), (4, 4), 2, 1.0, 0.1),
    ("later updates", (), (2, 6), 7, 0.01, 1e-3),
    ("later updates", ("one number",), (1, 1), 4, 1.0, 1e-3),
    ("later updates", ("g = 0",), (3, 4), 3, 0.0, 1e-3),
    ("later updates", ("n is large",), (5, 2), 20_000, 1.0, 1e-8),
)


def _settings(rng):
    """Draw a learning rate and the two shares."""
    return (float(rng.uniform(0.01, 0.1)), float(rng.uniform(0.7, 0.95)),
            float(rng.uniform(0.97, 0.999)))


def _adam_cases(rng):
    cases = []
    for part, facts, shape, n, scale, eps in _UPDATES:
        p, g = rng.normal(size=shape), scale * rng.normal(size=shape)
        m, s = (scale or 1.0) * rng.normal(size=shape), rng.uniform(0.2, 2, size=shape)
        m, s = (m, (scale or 1.0) ** 2 * s) if n else (0 * m, 0 * s)
        cases.append(Case(part, (p, g, m, s, n, *_settings(rng), eps), frozenset(facts)))
    return cases


def _in_a_row(ask, rng):
    """Make five updates in a row, and compare with the means written as sums."""
    p, gradients = rng.normal(size=(2, 3)), rng.normal(size=(5, 2, 3))
    lr, beta1, beta2 = _settings(rng)
    eps = 0.01
    state, right = (p, np.zeros((2, 3)), np.zeros((2, 3)), 0), p
    for k in range(1, 6):
        state = ask(state[0], gradients[k - 1], *state[1:], lr, beta1, beta2, eps)
        kept1, kept2 = (beta ** np.arange(k)[::-1] for beta in (beta1, beta2))
        mean = np.tensordot(kept1 / kept1.sum(), gradients[:k], 1)
        square = np.tensordot(kept2 / kept2.sum(), gradients[:k] ** 2, 1)
        right = right - lr * mean / (np.sqrt(square) + eps)
        if state[0].shape != right.shape or np.abs(state[0] - right).max() > 1e-9:
            return f"p is wrong after update {k}, although each call got what the last returned"
    return True


_ADAM = "08: From gradients to changes: optimisers"

ADAM_STEP = Problem(
    name="adam_step",
    unit="08",
    title="One update of Adam",
    minutes=15,
    parts=(Part("first update", 1), Part("later updates", 2)),
    results=(Result("p", "as p"), Result("m", "as p"), Result("s", "as p"),
             Result("n", "a whole number")),
    reference=adam_step,
    cases=_adam_cases,
    properties=(Property("later updates", "five updates in a row", _in_a_row),),
    mistakes=(
        Mistake("m is not corrected",
                "The running mean began at zero: divide by the share of it that is filled.",
                _ADAM, (("m_k / (1 - beta1 ** k)", "m_k"),)),
        Mistake("s is not corrected",
                "The mean of the squares began at zero as well, and fills even more slowly.",
                _ADAM, (("s_k / (1 - beta2 ** k)", "s_k"),)),
        Mistake("ε under the root",
                "ε is added to the root, and not to what stands under it.",
                _ADAM, (("np.sqrt(s_hat) + eps", "np.sqrt(s_hat + eps)"),)),
        Mistake("ε is left out",
                "Where all gradients were zero, the root is zero as well.",
                _ADAM, (("(np.sqrt(s_hat) + eps)", "np.sqrt(s_hat)"),)),
        Mistake("ε is added before the correction",
                "First correct s, then take the root, then add ε.",
                _ADAM, (("np.sqrt(s_hat) + eps",
                         "(np.sqrt(s_k) + eps) / np.sqrt(1 - beta2 ** k)"),)),
        Mistake("the correction counts from zero",
                "The first update is number 1: with β⁰ = 1 the correction would divide by zero.",
                _ADAM, (("beta1 ** k", "beta1 ** n"), ("beta2 ** k", "beta2 ** n"))),
        Mistake("the correction of the first update, always",
                "After n updates a running mean is filled to 1 - βⁿ.",
                _ADAM, (("beta1 ** k", "beta1"), ("beta2 ** k", "beta2"))),
        Mistake("n is not counted",
                "What is returned is the state after this update, and n is part of it.",
                _ADAM, (("s_k, k", "s_k, n"),)),
        Mistake("the shares are exchanged within a mean",
                "β is the share of the old mean that stays, 1 - β that of the new gradient.",
                _ADAM, (("beta1 * m + (1 - beta1) * g", "(1 - beta1) * m + beta1 * g"),
                        ("beta2 * s + (1 - beta2) * g ** 2",
                         "(1 - beta2) * s + beta2 * g ** 2"))),
        Mistake("β₁ and β₂ are exchanged",
                "β₁ belongs to the mean of the gradients, β₂ to that of their squares.",
                _ADAM, (("k = n + 1", "k = n + 1; beta1, beta2 = beta2, beta1"),)),
        Mistake("the new gradient enters with its full weight",
                "A running mean takes (1 - β) of what is new; without it, it is a sum.",
                _ADAM, (("(1 - beta1) * g", "g"), ("(1 - beta2) * g ** 2", "g ** 2"))),
        Mistake("the mean of the magnitudes, not of the squares",
                "s is a mean of squares, since its root is taken later.",
                _ADAM, (("g ** 2", "np.abs(g)"),)),
        Mistake("the square of the mean",
                "s takes the square of the gradient, and not of its mean m.",
                _ADAM, (("g ** 2", "m_k ** 2"),)),
        Mistake("the root is left out",
                "Divide by the root of the mean square: then the step does not depend on the "
                "gradient's scale.", _ADAM, (("np.sqrt(s_hat)", "s_hat"),)),
        Mistake("uphill",
                "Descent subtracts.",
                _ADAM, (("p - step", "p + step"),)),
        Mistake("the corrected means are kept",
                "The corrections are for the step alone; the next update goes on with m and s.",
                _ADAM, (("m_k, s_k, k", "m_hat, s_hat, k"),)),
        Mistake("the step follows the gradient itself",
                "The numerator is the corrected mean; with g alone this is RMSprop.",
                _ADAM, (("lr * m_hat", "lr * g"),)),
        Mistake("the step takes the old means",
                "First the means take in the new gradient, then the step uses them.",
                _ADAM, (("m_hat = m_k", "m_hat = m"), ("s_hat = s_k", "s_hat = s"))),
        Mistake("the learning rate is left out",
                "The step is lr times what Adam has scaled.",
                _ADAM, (("lr * m_hat", "m_hat"),)),
        Mistake("multiplied by the filled share",
                "A mean that is too small must grow: divide by 1 - βⁿ.",
                _ADAM, (("m_k / (1", "m_k * (1"), ("s_k / (1", "s_k * (1"))),
    ),
    hints=(
        "Three stages: the two means take in g, each is corrected for its start at zero, and p "
        "takes the step. What is returned is what the next update needs.",
        "m ← β₁ m + (1 - β₁) g, s ← β₂ s + (1 - β₂) g², and p ← p - lr m̂ / (√ŝ + ε) with "
        "m̂ = m / (1 - β₁ⁿ), where n counts this update, too.",
        "It begins `n = n + 1`, then `m = beta1 * m + …`; the corrected means get names of their "
        "own.",
    ),
)
