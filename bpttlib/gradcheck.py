"""Checks of derivatives against something that is not themselves."""
from typing import NamedTuple

import numpy as np

from bpttlib.errors import require
from bpttlib.params import named_leaves, tree_map
from bpttlib.reference import complex_step_jacobian


class Comparison(NamedTuple):
    """
    Hold how far two gradients of one tensor lie apart.

    Its text is one line: exact to rounding, close, or wrong, and where it is worst.

    Parameters
    ----------
    name : str
        The tensor.
    shape : tuple of int
        Its shape.
    error : float
        The relative error.
    worst : tuple of int
        Where the two differ most.
    ok : bool
        Whether the error is within the tolerance.

    See Also
    --------
    compare : Makes one for each tensor of a record.

    Examples
    --------
    >>> print(Comparison("W_hh", (3, 3), 0.25, (0, 2), False))
    W_hh           (3, 3)       WRONG  relative error 2e-01, worst at (0, 2)
    """

    name: str
    shape: tuple
    error: float
    worst: tuple
    ok: bool

    def __str__(self):
        verdict = "ok   " if self.ok else "WRONG"
        where = "" if self.ok else f", worst at {self.worst}"
        return (f"{self.name:<14} {self.shape!s:<12} {verdict}  "
                f"relative error {self.error:.0e}{where}")


def relative_error(g, g_hat):
    """
    Return ‖g - ĝ‖_∞ / max(‖g‖_∞, ‖ĝ‖_∞, 1e-12).

    The floor in the denominator keeps two gradients that are both zero from differing.

    Parameters
    ----------
    g, g_hat : array_like
        Two gradients of the same shape.

    Returns
    -------
    float
        The error; infinite if either holds NaN.

    See Also
    --------
    compare : The same for each tensor of a record.

    Examples
    --------
    >>> relative_error([1.0, 2.0], [1.0, 1.0])
    0.5
    """
    g, g_hat = np.asarray(g), np.asarray(g_hat)
    require(g.shape == g_hat.shape, "g_hat", f"shape {g_hat.shape}", f"the shape of g, {g.shape}")
    scale = max(np.abs(g).max(initial=0), np.abs(g_hat).max(initial=0), 1e-12)
    error = float(np.abs(g - g_hat).max(initial=0) / scale)
    return error if error == error else float("inf")


def complex_step(f, tree):
    """
    Return ∂f/∂θ = Im f(θ + iεe_j) / ε for each number of a record θ.

    It is exact to rounding, since nothing is subtracted; f must be written for complex numbers.

    Parameters
    ----------
    f : callable
        A function of the record, which returns a number.
    tree : tuple or ndarray
        The record θ, real.

    Returns
    -------
    tuple or ndarray
        The gradient, in a record like θ.

    See Also
    --------
    central_difference : Needs no complex numbers and is less exact.
    bpttlib.reference.complex_step_jacobian : The same for functions with many values.

    Examples
    --------
    >>> complex_step(lambda theta: theta[0] ** 3, (np.array(2.0),))
    (array(12.),)
    """
    return _for_each_tensor(
        lambda g, z: complex_step_jacobian(g, z).reshape(np.shape(z)), f, tree)


def central_difference(f, tree, eps=1e-5):
    """
    Return ∂f/∂θ ≈ (f(θ + εe_j) - f(θ - εe_j)) / 2ε for each number of a record θ.

    A large ε is wrong by the curve's bend, of order ε²; a small one by rounding, of order 1/ε.

    Parameters
    ----------
    f : callable
        A function of the record, which returns a number.
    tree : tuple or ndarray
        The record θ.
    eps : float, default 1e-5
        The step ε.

    Returns
    -------
    tuple or ndarray
        The gradient, in a record like θ.

    See Also
    --------
    complex_step : Exact to rounding.

    Examples
    --------
    >>> central_difference(lambda theta: theta[0] ** 2, (np.array(3.0),))[0].round(6)
    np.float64(6.0)
    """
    require(eps > 0, "eps", eps, "a positive number")

    def difference(g, z):
        z, grad = np.array(z, dtype=float), np.zeros(np.shape(z))
        for j in np.ndindex(z.shape):
            kept = z[j]
            z[j] = kept + eps
            above = float(g(z))                             # a number, no view of z
            z[j] = kept - eps
            grad[j] = (above - float(g(z))) / (2 * eps)
            z[j] = kept
        return grad

    return _for_each_tensor(difference, f, tree)


def compare(grads, reference, tol=1e-10, show=True):
    """
    Compare two records of gradients tensor by tensor, and print a line for each.

    The message names the tensor and the entry, so that one knows where to look.

    Parameters
    ----------
    grads : tuple
        The gradients in question.
    reference : tuple
        What they should be, in a record built alike.
    tol : float, default 1e-10
        The largest relative error that passes.
    show : bool, default True
        Whether to print.

    Returns
    -------
    list of Comparison
        One for each tensor.

    See Also
    --------
    relative_error : What is measured.

    Examples
    --------
    >>> lines = compare((np.array([1.0, 2.0]),), (np.array([1.0, -2.0]),), show=False)
    >>> lines[0].ok, lines[0].worst
    (False, (1,))
    """
    lines = []
    for (name, g), (_, g_hat) in zip(named_leaves(grads), named_leaves(reference), strict=True):
        error = relative_error(g, g_hat)
        at = np.unravel_index(np.argmax(np.abs(np.subtract(g, g_hat))), np.shape(g))
        lines.append(Comparison(name, np.shape(g), error, tuple(map(int, at)), error <= tol))
    if show:
        print(*lines, sep="\n")
    return lines


def _for_each_tensor(derivative, f, tree):
    """Apply derivative(g, z) to each tensor z of the record, where g is f with only z free."""
    leaves = [leaf for _, leaf in named_leaves(tree)]

    def f_of(k, z):
        others = iter([*leaves[:k], z, *leaves[k + 1:]])
        return f(tree_map(lambda _: next(others), tree))

    grads = iter([derivative(lambda z, k=k: f_of(k, z), leaf) for k, leaf in enumerate(leaves)])
    return tree_map(lambda _: next(grads), tree)
