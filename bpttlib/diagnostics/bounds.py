"""
What the weights alone can foretell about the gradient of an Elman network.

One step back multiplies a gradient by W_hhᵀ diag(f'(a_t)), whose norm is at most σ_max γ: the
largest singular value of W_hh times the steepest slope of f. What these numbers can prove goes in
one direction only.
"""
import numpy as np

from bpttlib.activations import get_activation
from bpttlib.errors import require, require_array


def spectral_radius(W):
    """
    Return ρ = max |λ|, the largest magnitude among the eigenvalues of W.

    In a linear network, ρ decides what happens to the gradient in the long run: ‖Wⁿ‖^(1/n) tends
    to ρ. It says nothing about any n in particular.

    Parameters
    ----------
    W : ndarray
        A square matrix.

    Returns
    -------
    float
        The spectral radius.

    See Also
    --------
    largest_singular_value : What one step can do at most.

    Examples
    --------
    >>> spectral_radius(np.array([[0.5, 8.0], [0.0, 0.5]]))
    0.5
    """
    return float(np.abs(np.linalg.eigvals(_square("W", W))).max())


def largest_singular_value(W):
    """
    Return σ_max = max ‖W v‖ over all v of length 1.

    It is the spectral norm of W and of Wᵀ, and never smaller than the spectral radius.

    Parameters
    ----------
    W : ndarray
        A square matrix.

    Returns
    -------
    float
        The largest singular value.

    See Also
    --------
    spectral_radius : What many steps tend to.

    Examples
    --------
    >>> round(largest_singular_value(np.array([[0.5, 8.0], [0.0, 0.5]])), 2)
    8.03
    """
    return float(np.linalg.norm(_square("W", W), ord=2))


def norm_bound(W_hh, activation, lags):
    """
    Return (σ_max γ)ⁿ, which ‖∂L_T/∂h_{T-n}‖ / ‖∂L_T/∂h_T‖ cannot exceed.

    Each of the n steps back multiplies the gradient by W_hhᵀ diag(f'), and the norm of a product
    is at most the product of the norms.

    Parameters
    ----------
    W_hh : ndarray
        The recurrent weights of an Elman network.
    activation : str or Activation
        Its activation, whose steepest slope is γ.
    lags : array_like of int
        The numbers n of steps back.

    Returns
    -------
    ndarray
        The bound for each lag.

    See Also
    --------
    sufficient_to_vanish : Whether the bound tends to zero.
    norm_by_lag : What it bounds, measured.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks,
    ICML, section 2.1.

    Examples
    --------
    >>> norm_bound(2 * np.eye(3), "sigmoid", [0, 1, 2])
    array([1.  , 0.5 , 0.25])
    """
    return _factor(W_hh, activation) ** np.asarray(lags, dtype=float)


def sufficient_to_vanish(W_hh, activation):
    """
    Tell whether σ_max γ < 1, which is enough for the gradient to vanish with every input.

    It is sufficient and not necessary: where it is False, the gradient may vanish or explode. To
    explode it must be False; that is necessary and not sufficient.

    Parameters
    ----------
    W_hh : ndarray
        The recurrent weights of an Elman network.
    activation : str or Activation
        Its activation, whose steepest slope is γ.

    Returns
    -------
    bool
        True if the gradient must vanish, False if the weights alone do not say.

    See Also
    --------
    norm_bound : How fast it vanishes at least.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks,
    ICML, section 2.1.

    Examples
    --------
    >>> sufficient_to_vanish(0.9 * np.eye(3), "tanh"), sufficient_to_vanish(np.eye(3), "tanh")
    (True, False)
    """
    return _factor(W_hh, activation) < 1


def _factor(W_hh, activation):
    return largest_singular_value(_square("W_hh", W_hh)) * get_activation(activation).gamma


def _square(name, W):
    W = require_array(name, W, ("H", "H"))
    require(W.shape[0] == W.shape[1], name, f"shape {W.shape}", "as many rows as columns")
    return W
