"""Unit 08: orthogonal matrices, all equally likely."""
import numpy as np

from grading.problem import Case, Mistake, Part, Problem, Property, Result


def orthogonal(A):
    """Return the factor Q of A = Q R for which the diagonal of R is positive."""
    Q, R = np.linalg.qr(A)
    signs = np.sign(np.diag(R))
    return Q * signs


def _draw(rng, n):
    """Draw normal numbers (n, n), far enough from singular for any way to compute Q."""
    while True:
        A = rng.normal(size=(n, n))
        if np.linalg.cond(A) < 30:
            return A


def _orthogonal_cases(rng):
    sizes = (1, 1, 2, 3, *(int(n) for n in 4 + rng.permutation(5)[:3]))
    cases = [Case("signs", (_draw(rng, n),), frozenset({"n = 1"} if n == 1 else ()))
             for n in sizes]
    cases[0].args[0][:], cases[1].args[0][:] = 0.8, -1.3
    return cases


def _is_a_q(ask, rng):
    """Tell whether the columns are those of a Q, whatever their signs."""
    for n in (1, 4, 7):
        A = _draw(rng, n)
        Q, = ask(A)
        if Q.shape != A.shape:
            return f"it has shape {Q.shape} and must have {A.shape}"
        off = np.abs(Q.T @ Q - np.eye(n)).max()
        if off > 1e-10:
            return f"Qᵀ Q differs from the identity by up to {off:.1g}"
        below = np.abs(np.tril(Q.T @ A, -1)).max() / np.abs(A).max()
        if below > 1e-10:
            return "Q is orthogonal; but Qᵀ A is not upper triangular, so this Q is not A's"
    return True


_START = "08: Where to start: initialisation"

ORTHOGONAL = Problem(
    name="orthogonal",
    unit="08",
    title="Orthogonal, and any as likely as any other",
    minutes=15,
    parts=(Part("orthogonal", 1), Part("signs", 1)),
    results=(Result("Q", "(n, n)"),),
    reference=orthogonal,
    cases=_orthogonal_cases,
    properties=(Property("orthogonal", "orthogonal", _is_a_q),),
    mistakes=(
        Mistake("the signs are left to the algorithm",
                "Q is orthogonal; but a column and its negative are not equally likely, since "
                "QR's habits decide.", _START, (("Q * signs", "Q"),)),
        Mistake("rows get the signs",
                "A column of Q belongs to a row of R: the signs go to columns.",
                _START, (("Q * signs", "Q * signs[:, np.newaxis]"),)),
        Mistake("the signs of Q's diagonal",
                "It is the diagonal of R that is to be positive.",
                _START, (("np.diag(R)", "np.diag(Q)"),)),
        Mistake("the diagonal of R is negative",
                "Each sign of R's diagonal goes to Q, so that what is left of it is positive.",
                _START, (("Q * signs", "-Q * signs"),)),
        Mistake("the diagonal of R itself",
                "Only its signs go to Q: its magnitudes would change the lengths of the columns.",
                _START, (("np.sign(np.diag(R))", "np.diag(R)"),)),
        Mistake("the transpose",
                "The columns of Q are made from the columns of A.",
                _START, (("return Q * signs", "return (Q * signs).T"),)),
        Mistake("the rows of A are made orthogonal",
                "The columns of Q are made from the columns of A, one after the other.",
                _START, (("np.linalg.qr(A)", "np.linalg.qr(A.T)"),)),
        Mistake("the nearest orthogonal matrix",
                "That is orthogonal, and equally likely in all directions, too; here the factor of "
                "QR is asked for.", _START,
                (("Q, R = np.linalg.qr(A)",
                  "U, _, V = np.linalg.svd(A); Q, R = U @ V, np.eye(len(A))"),)),
        Mistake("columns of length 1",
                "Columns must also be perpendicular to each other.",
                _START, (("Q * signs", "A / np.linalg.norm(A, axis=0)"),)),
        Mistake("divided by the largest singular value",
                "One number cannot make all singular values 1.",
                _START, (("Q * signs", "A / np.linalg.norm(A, 2)"),)),
    ),
    hints=(
        "Look at the diagonal of the R that np.linalg.qr returns. Where it is negative, what can "
        "be done to Q and R that leaves Q R as it is?",
        "With S a diagonal matrix of signs, A = (Q S)(S R): choose S such that the diagonal of S R "
        "is positive.",
        "It begins `Q, R = np.linalg.qr(A)`; the signs come from `np.diag(R)`, and each goes to a "
        "column of Q.",
    ),
)
