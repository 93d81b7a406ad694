"""Clipping: keep an exploding gradient from throwing the parameters away."""
from numbers import Real

import numpy as np

from bpttlib.errors import require
from bpttlib.params import named_leaves, tree_map


def global_norm(grads):
    """
    Return ‖g‖, the Euclidean norm of all gradients taken together.

    Parameters and gradients are seen as one long vector.

    Parameters
    ----------
    grads : tuple
        A record of gradients.

    Returns
    -------
    float
        The norm.

    Raises
    ------
    ValueError
        If a tensor holds NaN or infinity; the message names it.

    See Also
    --------
    clip_by_global_norm : Bound it.

    Examples
    --------
    >>> global_norm((np.array([3.0]), np.array([[4.0]])))
    5.0
    """
    largest, relative = _norm(grads)
    if not np.isfinite(relative):
        for name, g in named_leaves(grads):
            bad = np.size(g) - np.isfinite(g).sum()
            require(bad == 0, f"gradient of {name}",
                    f"{bad} of {np.size(g)} entries NaN or infinite",
                    "finite numbers; lower the learning rate, or clip from the first step on")
    return largest * relative


def clip_by_global_norm(grads, c):
    """
    Return g ← c g / ‖g‖ if ‖g‖ > c, and ‖g‖ as it was before.

    The gradient gets shorter and keeps its direction.

    Parameters
    ----------
    grads : tuple
        A record of gradients.
    c : float
        The largest norm that passes.

    Returns
    -------
    clipped : tuple
        A record like the gradients'.
    norm : float
        The norm before clipping.

    Raises
    ------
    ValueError
        If c is not positive, or a tensor holds NaN or infinity; the message names it.

    See Also
    --------
    clip_by_value : Clip each entry on its own.

    References
    ----------
    Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks,
    ICML, algorithm 1.

    Examples
    --------
    >>> clip_by_global_norm((np.array([3.0, 4.0]),), c=1.0)
    ((array([0.6, 0.8]),), 5.0)
    """
    c, norm = _positive(c), global_norm(grads)
    if norm <= c:
        return grads, norm
    largest, relative = _norm(grads)                        # c / norm itself might underflow
    return tree_map(lambda g: (g / largest) * (c / relative), grads), norm


def clip_by_value(grads, c):
    """
    Return g ← min(max(g, -c), c) for each entry, and ‖g‖ as it was before.

    Large entries are cut and small ones stay, so the direction changes.

    Parameters
    ----------
    grads : tuple
        A record of gradients.
    c : float
        The largest magnitude that passes.

    Returns
    -------
    clipped : tuple
        A record like the gradients'.
    norm : float
        The norm before clipping.

    Raises
    ------
    ValueError
        If c is not positive, or a tensor holds NaN or infinity; the message names it.

    See Also
    --------
    clip_by_global_norm : Keep the direction.

    Examples
    --------
    >>> clip_by_value((np.array([3.0, 0.4]),), c=1.0)[0]
    (array([1. , 0.4]),)
    """
    c = _positive(c)
    return tree_map(lambda g: np.clip(g, -c, c), grads), global_norm(grads)


def _norm(grads):
    """Return two factors of the norm: 1 and the norm, or such that no square overflows."""
    leaves = [np.asarray(g, np.result_type(g, float)) for _, g in named_leaves(grads)]
    squares = sum(np.vdot(g, g).real for g in leaves)
    if 1e-30 < squares < 1e30:                              # the rule
        return 1.0, float(np.sqrt(squares))
    largest = max((float(np.abs(g).max(initial=0.0)) for g in leaves), default=0.0)
    if largest == 0.0:
        return 0.0, 0.0
    with np.errstate(invalid="ignore"):                     # infinite by infinite: told later
        return largest, float(np.sqrt(sum(np.square(np.abs(g) / largest).sum() for g in leaves)))


def _positive(c):
    """Return c as a plain float: a NumPy number would change the dtype of float32 gradients."""
    require(isinstance(c, Real) and c > 0, "c", repr(c), "a positive number")
    return float(c)
