"""The readout y_t = W_hy h_t + b_y, shared by all steps: there and back by matrix products."""
import numpy as np

from bpttlib.errors import require, require_array
from bpttlib.params import ModelParams, ReadoutParams
from bpttlib.sums import blocks, columns, sum_over_time


def check_parameters(network, params, D, H, K):
    """
    Raise a ValueError unless network and readout have parameters of the right sizes.

    What the network's own parameters hold is looked at when they are used.

    Parameters
    ----------
    network : Network
        The network.
    params : ModelParams
        The parameters.
    D, H, K : int
        Number of inputs, of units in each layer and of outputs.

    See Also
    --------
    bpttlib.model.Model.init : Make parameters that fit.

    Examples
    --------
    >>> check_parameters(None, "W", D=2, H=3, K=4)
    Traceback (most recent call last):
    ValueError: params: got str; needs ModelParams, as init makes them.
    """
    require(isinstance(params, ModelParams), "params", type(params).__name__,
            "ModelParams, as init makes them")
    network.check(params.cell, D, H)
    require_array("W_hy", params.readout.W_hy, (K, network.outputs(H)), kinds="fc")
    require_array("b_y", params.readout.b_y, (K, 1), kinds="fc")


def read_out(params, h):
    """
    Return y_t = W_hy h_t + b_y for all steps.

    One product serves many of them. In memory the K outputs come first; so what follows, a softmax
    for example, runs along the steps.

    Parameters
    ----------
    params : ReadoutParams
        The parameters.
    h : ndarray
        States, of shape (T, H, B).

    Returns
    -------
    ndarray
        Outputs, of shape (T, K, B).

    See Also
    --------
    read_out_backward : The way back.

    Examples
    --------
    >>> params = ReadoutParams(np.array([[2.0]]), np.array([[1.0]]))
    >>> read_out(params, np.array([3.0, 4.0]).reshape(2, 1, 1)).ravel()
    array([7., 9.])
    """
    W_hy, b_y = params
    (T, _, B), K = h.shape, len(W_hy)
    y = np.empty((K, T * B), np.result_type(W_hy, h, b_y))
    for here in blocks(T, B):
        np.matmul(W_hy, columns(h[here]), out=y[:, here.start * B:here.stop * B])
    y += b_y
    return y.reshape(K, T, B).transpose(1, 0, 2)


def read_out_backward(params, h, dy, out=None):
    """
    Return ∂L/∂W_hy = Σ_t ∂L/∂y_t h_tᵀ, ∂L/∂b_y = Σ_t ∂L/∂y_t, and W_hyᵀ ∂L/∂y_t.

    The readout's gradients are sums over time, for it is shared by all steps.

    Parameters
    ----------
    params : ReadoutParams
        The parameters.
    h : ndarray
        States, of shape (T, H, B).
    dy : ndarray
        Gradient of the outputs, of shape (T, K, B).
    out : ndarray, optional
        Where to put the gradients of the states; a new array by default.

    Returns
    -------
    grads : ReadoutParams
        The gradients of the parameters.
    dh_own : ndarray
        That of each step's own loss with respect to h_t, of shape (T, H, B).

    See Also
    --------
    bpttlib.bptt.bptt : Goes on with it.

    Examples
    --------
    >>> params = ReadoutParams(np.array([[2.0]]), np.array([[1.0]]))
    >>> read_out_backward(params, np.full((2, 1, 1), 3.0), np.ones((2, 1, 1)))[0].W_hy
    array([[6.]])
    """
    grads = ReadoutParams(sum_over_time(dy, h), dy.sum(axis=(0, 2))[:, None])
    return grads, np.matmul(params.W_hy.T, dy, out=out)
