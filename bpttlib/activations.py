"""Squashing functions, their derivatives, and the softmax."""
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bpttlib.errors import require


class Activation(NamedTuple):
    """
    Hold an activation f, its derivative and the steepest slope γ = sup |f'|.

    The derivative is written in terms of the output y = f(a), as the papers do: the forward
    pass has y at hand, and a_t need not be kept.

    Parameters
    ----------
    name : str
        What it is called.
    f : callable
        The function of the pre-activation a, elementwise.
    derivative : callable
        The derivative at a as a function of y = f(a), elementwise.
    gamma : float
        The largest slope, γ in the bounds on vanishing and exploding gradients.

    See Also
    --------
    ACTIVATIONS : The four that the course uses, by name.

    Examples
    --------
    >>> tanh = ACTIVATIONS["tanh"]
    >>> y = tanh.f(np.array(0.5))
    >>> float(tanh.derivative(y).round(4))
    0.7864
    """

    name: str
    f: Callable
    derivative: Callable
    gamma: float


def sigmoid(a):
    """
    Return σ(a) = 1 / (1 + exp(-a)).

    It is computed as ½ tanh(a/2) + ½, which neither overflows nor needs a case distinction.

    Parameters
    ----------
    a : array_like
        Pre-activations of any shape, real or complex.

    Returns
    -------
    ndarray
        The values, between 0 and 1 where a is real.

    See Also
    --------
    softmax : The same idea for more than two classes.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    return 0.5 * np.tanh(0.5 * np.asarray(a)) + 0.5


def sigmoid_slope(y):
    """
    Return σ'(a) = y (1 - y), where y = σ(a).

    Each step is done in place: the pieces that the backward pass works on fill the cache.

    Parameters
    ----------
    y : ndarray
        Values of the sigmoid.

    Returns
    -------
    ndarray
        The derivative, a new array.

    See Also
    --------
    tanh_slope : The same for tanh.

    Examples
    --------
    >>> sigmoid_slope(np.array([0.5, 0.75]))
    array([0.25  , 0.1875])
    """
    slope = 1 - y
    slope *= y
    return slope


def tanh_slope(y):
    """
    Return tanh'(a) = 1 - y², where y = tanh(a).

    The result is a new array.

    Parameters
    ----------
    y : ndarray
        Values of tanh.

    Returns
    -------
    ndarray
        The derivative.

    See Also
    --------
    sigmoid_slope : The same for σ.

    Examples
    --------
    >>> tanh_slope(np.array([0.0, 0.5]))
    array([1.  , 0.75])
    """
    slope = np.multiply(y, y, out=np.empty_like(y))
    return np.subtract(1, slope, out=slope)


def log_softmax(logits, axis=1):
    """
    Return log softmax(a)_k = a_k - log Σ_j exp(a_j).

    The largest logit is subtracted first, so nothing overflows. It is taken of the real part:
    a complex step must not change which logit is the largest.

    Parameters
    ----------
    logits : ndarray
        Logits, by default of shape (T, K, B).
    axis : int, default 1
        The axis of the K classes.

    Returns
    -------
    ndarray
        Logarithms of probabilities, of the same shape.

    See Also
    --------
    softmax : The probabilities themselves.

    Examples
    --------
    >>> log_softmax(np.zeros((1, 2, 1))).ravel().round(4)
    array([-0.6931, -0.6931])
    """
    shifted = logits - logits.real.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def softmax(logits, axis=1):
    """
    Return softmax(a)_k = exp(a_k) / Σ_j exp(a_j).

    It turns K scores into K probabilities.

    Parameters
    ----------
    logits : ndarray
        Logits, by default of shape (T, K, B).
    axis : int, default 1
        The axis of the K classes.

    Returns
    -------
    ndarray
        Probabilities, of the same shape; they sum to 1 along the axis.

    See Also
    --------
    log_softmax : Its logarithm, computed without loss.

    Examples
    --------
    >>> softmax(np.array([0.0, np.log(3.0)]), axis=0)
    array([0.25, 0.75])
    """
    return np.exp(log_softmax(logits, axis))


def get_activation(name):
    """
    Return the activation of that name.

    An :class:`Activation` is returned as it is, so that callers can bring their own.

    Parameters
    ----------
    name : str or Activation
        One of "tanh", "sigmoid", "relu", "identity", or a record of your own.

    Returns
    -------
    Activation
        The record.

    See Also
    --------
    Activation : What such a record holds.

    Examples
    --------
    >>> get_activation("sigmoid").gamma
    0.25
    """
    if isinstance(name, Activation):
        return name
    require(name in ACTIVATIONS, "activation", repr(name), "one of " + ", ".join(ACTIVATIONS))
    return ACTIVATIONS[name]


ACTIVATIONS = {act.name: act for act in (
    Activation("tanh", np.tanh, tanh_slope, 1.0),
    Activation("sigmoid", sigmoid, sigmoid_slope, 0.25),
    Activation("relu", lambda a: np.where(a.real <= 0, 0, a), lambda y: (y.real > 0) * 1.0, 1.0),
    Activation("identity", np.array, np.ones_like, 1.0),
)}
