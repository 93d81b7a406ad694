"""
Losses, averaged over the steps and sequences that count.

Each returns the loss L and its gradient with respect to what it was given. A mask of shape (T, B)
says which steps of which sequences count; L is the mean over those, and whatever stands in the
targets elsewhere is never looked at.
"""
import numpy as np

from bpttlib.errors import require, require_array


def squared_error(y, targets, mask=None):
    """
    Return L = mean over t, b of ½ ‖y_t - target_t‖², and ∂L/∂y.

    Twice L is the mean squared error, summed over the K outputs.

    Parameters
    ----------
    y : ndarray
        Outputs, of shape (T, K, B).
    targets : ndarray
        What they should be, of shape (T, K, B).
    mask : ndarray, optional
        Which steps count, of shape (T, B), booleans or zeros and ones; all by default.

    Returns
    -------
    L : float
        The loss.
    dy : ndarray
        Its gradient, of shape (T, K, B); zero where a step does not count.

    See Also
    --------
    softmax_cross_entropy : The loss for classes.

    Examples
    --------
    >>> L, dy = squared_error(np.array([[[3.0]], [[1.0]]]), np.array([[[1.0]], [[1.0]]]))
    >>> float(L), dy.ravel()
    (1.0, array([1., 0.]))
    """
    y, counts, N = _counting("y", y, mask)
    counts = counts[:, None, :]                                 # (T, 1, B)
    targets = require_array("targets", targets, y.shape, where=counts)
    error = np.where(counts, y - targets, 0.0)
    return 0.5 * (error * error).sum() / N, error / N


def softmax_cross_entropy(logits, targets, mask=None):
    """
    Return L = mean over t, b of -log softmax(logits_t)[target_t], in nats, and ∂L/∂logits.

    The gradient is (softmax(logits_t) - onehot(target_t)) / N for the N steps that count.

    Parameters
    ----------
    logits : ndarray
        Scores of the K classes, of shape (T, K, B).
    targets : ndarray of int
        Labels 0 … K-1, of shape (T, B).
    mask : ndarray, optional
        Which steps count, of shape (T, B), booleans or zeros and ones; all by default.

    Returns
    -------
    L : float
        The loss.
    dlogits : ndarray
        Its gradient, of shape (T, K, B); zero where a step does not count.

    See Also
    --------
    squared_error : The loss for numbers.

    Examples
    --------
    >>> L, dlogits = softmax_cross_entropy(np.zeros((1, 2, 1)), np.array([[1]]))
    >>> float(L.round(4)), dlogits.ravel()
    (0.6931, array([ 0.5, -0.5]))
    """
    logits, counts, N = _counting("logits", logits, mask)
    T, K, B = logits.shape
    targets = require_array("targets", targets, (T, B), kinds="iu")
    wrong = ((targets < 0) | (targets >= K)) & counts
    if wrong.any():
        t, b = (int(k) for k in np.argwhere(wrong)[0])
        require(False, "targets", f"label {targets[t, b]} at index ({t}, {b})",
                f"labels from 0 to {K - 1}, since there are K = {K} classes")
    own = np.arange(T)[:, None], np.where(counts, targets, 0), np.arange(B)     # of the target
    shifted = logits - logits.real.max(axis=1, keepdims=True)   # so that nothing overflows
    right = shifted[own]
    p = np.exp(shifted, out=shifted)
    total = p.sum(axis=1)
    share = np.divide(counts, N, dtype=total.real.dtype)
    p *= (share / total)[:, None, :]
    p[own] -= share                                             # (softmax - onehot) / N
    return (np.log(total) - right).sum(where=counts) / N, p


def _counting(name, y, mask):
    """Return y, the mask as booleans of shape (T, B), and how many entries count."""
    # Whether y is finite is left to the caller, who knows more about the reason.
    y = require_array(name, y, ("T", "K", "B"), kinds="fc", where=False)
    T, _, B = y.shape
    if mask is None:
        return y, np.ones((T, B), bool), T * B
    mask = require_array("mask", mask, (T, B), kinds="biuf")
    other = mask[~np.isin(mask, (0, 1))]
    require(other.size == 0, "mask", f"{other[:1]}", "only 0 and 1, or booleans")
    require(mask.any(), "mask", "no step that counts", "at least one, else there is no loss")
    return y, mask.astype(bool), int(mask.sum())


LOSSES = {"squared_error": squared_error, "softmax_cross_entropy": softmax_cross_entropy}
