"""Clipping: keep an exploding gradient from throwing the parameters away."""
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
    for name, g in named_leaves(grads):
        bad = np.size(g) - np.isfinite(g).sum()
        require(bad == 0, f"gradient of {name}", f"{bad} of {np.size(g)} entries NaN or infinite",
                "finite numbers; lower the learning rate, or clip from the first step on")
    # Divided by the largest entry first, so that squares of huge gradients do not overflow.
    largest = max((float(np.abs(g).max(initial=0.0)) for _, g in named_leaves(grads)), default=0.0)
    if largest == 0.0:
        return 0.0
    return largest * float(np.sqrt(sum(np.square(g / largest, dtype=float).sum()
                                       for _, g in named_leaves(grads))))


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
    require(c > 0, "c", c, "a positive number")
    norm = global_norm(grads)
    if norm <= c:
        return grads, norm
    return tree_map(lambda g: g * (c / norm), grads), norm


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
    require(c > 0, "c", c, "a positive number")
    return tree_map(lambda g: np.clip(g, -c, c), grads), global_norm(grads)
