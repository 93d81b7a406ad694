"""
Optimisers: from gradients to changes of the parameters.

An optimiser is a pair of functions without memory. What it must remember, it hands out as a record
and gets back at the next update. Below, p is any one parameter tensor and g its gradient.
"""
from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import NamedTuple

import numpy as np

from bpttlib.errors import require
from bpttlib.params import named_leaves, tree_map


class Optimiser(NamedTuple):
    """
    Hold an optimiser: how its memory starts, and how one update goes.

    Nothing is changed in place.

    Parameters
    ----------
    name : str
        What it is, with its settings.
    start : callable
        A function `start(params) -> memory`.
    update : callable
        A function `update(params, grads, memory) -> params, memory`.

    See Also
    --------
    sgd : The simplest one.

    Examples
    --------
    >>> optimiser = sgd(lr=0.5)
    >>> params = (np.array([1.0]),)
    >>> params, memory = optimiser.update(params, (np.array([0.2]),), optimiser.start(params))
    >>> params
    (array([0.9]),)
    """

    name: str
    start: Callable
    update: Callable


def sgd(lr=0.1, momentum=0.0):
    """
    Descend by v ← μ v + g, p ← p - lr v.

    Without momentum, μ = 0, this is plain gradient descent.

    Parameters
    ----------
    lr : float, default 0.1
        Learning rate.
    momentum : float, default 0.0
        The share μ of the last change that goes on, 0 ≤ μ < 1.

    Returns
    -------
    Optimiser
        The optimiser.

    See Also
    --------
    adam : Scales each parameter's change by itself.

    References
    ----------
    Polyak 1964, Some methods of speeding up the convergence of iteration methods.

    Examples
    --------
    >>> sgd(lr=0.5, momentum=0.9).name
    'sgd(lr=0.5, momentum=0.9)'
    """
    lr, momentum, _ = _check_settings(lr, momentum=momentum)

    def update(params, grads, v):
        _check_shapes(params, grads)
        v = tree_map(lambda v, g: momentum * v + g, v, grads)
        return tree_map(lambda p, v: p - lr * v, params, v), v

    return Optimiser(f"sgd(lr={lr}, momentum={momentum})", _zeros_like, update)


def adagrad(lr=0.01, eps=1e-10):
    """
    Descend by s ← s + g², p ← p - lr g / (√s + ε).

    The more a parameter has been changed, the smaller its next change.

    Parameters
    ----------
    lr : float, default 0.01
        Learning rate.
    eps : float, default 1e-10
        Keeps the division safe.

    Returns
    -------
    Optimiser
        The optimiser.

    See Also
    --------
    rmsprop : Forgets old gradients.

    References
    ----------
    Duchi, Hazan and Singer 2011, Adaptive subgradient methods, JMLR 12.

    Examples
    --------
    >>> adagrad().name
    'adagrad(lr=0.01, eps=1e-10)'
    """
    lr, eps = _check_settings(lr, eps=eps)

    def update(params, grads, s):
        _check_shapes(params, grads)
        s = tree_map(lambda s, g: s + g * g, s, grads)
        return tree_map(lambda p, g, s: p - lr * g / (np.sqrt(s) + eps), params, grads, s), s

    return Optimiser(f"adagrad(lr={lr}, eps={eps})", _zeros_like, update)


def rmsprop(lr=0.01, rho=0.99, eps=1e-8):
    """
    Descend by s ← ρ s + (1-ρ) g², p ← p - lr g / (√s + ε).

    Each parameter's change is scaled by the recent size of its own gradient.

    Parameters
    ----------
    lr : float, default 0.01
        Learning rate.
    rho : float, default 0.99
        The share ρ of the running mean that stays, 0 ≤ ρ < 1.
    eps : float, default 1e-8
        Keeps the division safe.

    Returns
    -------
    Optimiser
        The optimiser.

    See Also
    --------
    adam : Adds momentum and a correction for the start.

    References
    ----------
    Tieleman and Hinton 2012, Lecture 6.5, Coursera: Neural networks for machine learning.

    Examples
    --------
    >>> rmsprop().name
    'rmsprop(lr=0.01, rho=0.99, eps=1e-08)'
    """
    lr, rho, eps = _check_settings(lr, rho=rho, eps=eps)

    def update(params, grads, s):
        _check_shapes(params, grads)
        s = tree_map(lambda s, g: rho * s + (1 - rho) * g * g, s, grads)
        return tree_map(lambda p, g, s: p - lr * g / (np.sqrt(s) + eps), params, grads, s), s

    return Optimiser(f"rmsprop(lr={lr}, rho={rho}, eps={eps})", _zeros_like, update)


def adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    """
    Descend by m ← β₁ m + (1-β₁) g, s ← β₂ s + (1-β₂) g², p ← p - lr m̂ / (√ŝ + ε).

    At update n, m̂ = m / (1-β₁ⁿ) and ŝ = s / (1-β₂ⁿ) make up for the start at zero.

    Parameters
    ----------
    lr : float, default 0.001
        Learning rate.
    beta1 : float, default 0.9
        The share β₁ of the running mean of g that stays, 0 ≤ β₁ < 1.
    beta2 : float, default 0.999
        The share β₂ of the running mean of g² that stays, 0 ≤ β₂ < 1.
    eps : float, default 1e-8
        Keeps the division safe.

    Returns
    -------
    Optimiser
        The optimiser.

    See Also
    --------
    sgd : The simplest optimiser.

    References
    ----------
    Kingma and Ba 2015, Adam: a method for stochastic optimization, ICLR, algorithm 1.

    Examples
    --------
    >>> adam(lr=0.01).name
    'adam(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-08)'
    """
    lr, beta1, beta2, eps = _check_settings(lr, beta1=beta1, beta2=beta2, eps=eps)

    def start(params):
        return np.array(0), _zeros_like(params), _zeros_like(params)

    def update(params, grads, memory):
        _check_shapes(params, grads)
        n, m, s = memory
        n = n + 1
        m = tree_map(lambda m, g: beta1 * m + (1 - beta1) * g, m, grads)
        s = tree_map(lambda s, g: beta2 * s + (1 - beta2) * g * g, s, grads)
        m_scale, s_scale = 1 / (1 - beta1**int(n)), 1 / (1 - beta2**int(n))

        def descend(p, m, s):
            return p - lr * (m_scale * m) / (np.sqrt(s_scale * s) + eps)

        return tree_map(descend, params, m, s), (n, m, s)

    return Optimiser(f"adam(lr={lr}, beta1={beta1}, beta2={beta2}, eps={eps})", start, update)


_zeros_like = partial(tree_map, np.zeros_like)


def _check_settings(lr, eps=1.0, **shares):
    """Return the settings as plain floats, which leave float32 as it is, or say what is wrong."""
    for name, value in (("lr", lr), ("eps", eps)):
        require(isinstance(value, Real) and 0 < value < np.inf, name, repr(value),
                "a positive number")
    for name, share in shares.items():
        require(isinstance(share, Real) and 0 <= share < 1, name, repr(share),
                "a number from 0 up to, but not including, 1")
    return [float(value) for value in (lr, *shares.values(), eps)]


def _check_shapes(params, grads):
    """Name the gradient that has another shape than its parameter, before it broadcasts."""
    for (name, p), (_, g) in zip(named_leaves(params), named_leaves(grads), strict=True):
        require(np.shape(p) == np.shape(g), f"gradient of {name}", f"shape {np.shape(g)}",
                f"the parameter's shape {np.shape(p)}")
