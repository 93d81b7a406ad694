"""
The definition of the gradient, with no cleverness: what every backward pass is held to.

A state s_t = step(θ, x_t, s_{t-1}) depends on the parameters θ directly at step t, and through
every earlier state. Writing ∂⁺s_s/∂θ for the direct part at step s,

    ∂L/∂θ = Σ_t Σ_{s≤t} (∂L_t/∂s_t) (∂s_t/∂s_{t-1}) … (∂s_{s+1}/∂s_s) (∂⁺s_s/∂θ)

(Werbos 1990; in this form Pascanu, Mikolov and Bengio 2013, equations 3 to 5). This file
computes that double sum, O(T²), and takes every factor by complex step from `step` alone. It
knows no cell, so it cannot share a mistake with one.
"""
import numpy as np


def complex_step_jacobian(f, z, eps=1e-30):
    """
    Return the Jacobian ∂f/∂z by complex step, Im f(z + iεe_j) / ε for each column j.

    Nothing is subtracted, so nothing cancels: ε may be as small as 1e-30 and the result is
    exact to rounding. The function f must be analytic and written for complex numbers too.

    Parameters
    ----------
    f : callable
        A function of one array, which returns an array or a number.
    z : ndarray
        Where the derivative is taken; real.
    eps : float, default 1e-30
        The length of the imaginary step.

    Returns
    -------
    ndarray
        The Jacobian, of shape (f(z).size, z.size).

    See Also
    --------
    gradient_by_definition : The gradient of a whole sequence, built from such Jacobians.

    References
    ----------
    Squire and Trapp 1998, Using complex variables to estimate derivatives of real functions,
    SIAM Review 40(1).

    Examples
    --------
    >>> complex_step_jacobian(lambda z: z**2, np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """
    z = np.asarray(z, dtype=complex)
    columns = []
    for j in np.ndindex(z.shape):
        z[j] += 1j * eps
        columns.append(np.imag(f(z)).ravel() / eps)
        z[j] = z[j].real
    return np.stack(columns, axis=1)


def gradient_by_definition(step, params, x, s0, dh_own):
    """
    Return ∂L/∂θ, ∂L/∂x and ∂L/∂s_0 as the double sum over products of Jacobians.

    Slow and plain on purpose. Sequences of a batch do not touch each other, so each is done
    alone.

    Parameters
    ----------
    step : callable
        One step of any recurrent network, `step(params, x_t, s) -> s`, with x_t of shape (D, 1)
        and s a tuple of arrays of shape (H, 1) whose first part is h.
    params : tuple of ndarray
        The parameters, in any flat record.
    x : ndarray
        Inputs, of shape (T, D, B).
    s0 : tuple of ndarray
        The initial state's parts, each of shape (H, B).
    dh_own : ndarray
        Gradient of each step's own loss with respect to h_t, of shape (T, H, B).

    Returns
    -------
    params : tuple
        Gradients of the parameters, in a record like theirs.
    x : ndarray
        Gradient of the inputs, of shape (T, D, B).
    s0 : tuple of ndarray
        Gradients of the initial state's parts, each of shape (H, B).

    See Also
    --------
    complex_step_jacobian : Where each factor comes from.

    Examples
    --------
    The linear network x_t = w x_{t-1} with L = x_3 has dL/dw = 3 w² x_0.

    >>> step = lambda params, x, s: (params[0] * s[0],)
    >>> own = np.array([0.0, 0.0, 1.0]).reshape(3, 1, 1)
    >>> w, x0 = (np.array([[0.2]]),), (np.array([[0.9]]),)
    >>> params, x, s0 = gradient_by_definition(step, w, np.zeros((3, 1, 1)), x0, own)
    >>> params[0].round(12)
    array([[0.108]])
    """
    dparams = tuple(np.zeros(np.shape(p)) for p in params)
    dx, ds0 = np.zeros(x.shape), tuple(np.zeros(s.shape) for s in s0)
    for b in range(x.shape[2]):                               # views: each call adds to them
        column = slice(b, b + 1)
        _add_one_sequence((dparams, dx[:, :, b], [ds[:, column] for ds in ds0]), step, params,
                          x[:, :, column], tuple(s[:, column] for s in s0), dh_own[:, :, b])
    return type(params)(*dparams) if hasattr(params, "_fields") else dparams, dx, ds0


def _add_one_sequence(grads, step, params, x, state, dh_own):
    """Add the double sum of one sequence to the gradients."""
    dparams, dx, ds0 = grads
    H, parts = len(state[0]), len(state)

    def pack(s):
        return np.concatenate([part.ravel() for part in s])

    def unpack(v):
        return tuple(part.reshape(H, 1) for part in np.split(v, parts))

    through_state, through_params, through_x = [], [], []     # entry s-1 belongs to step s
    for x_t in x:
        v = pack(state)
        through_state.append(complex_step_jacobian(
            lambda v: pack(step(params, x_t, unpack(v))), v))
        through_x.append(complex_step_jacobian(lambda z: pack(step(params, z, state)), x_t))
        through_params.append([complex_step_jacobian(
            lambda z: pack(step((*params[:k], z, *params[k + 1:]), x_t, state)), p)
            for k, p in enumerate(params)])
        state = step(params, x_t, state)

    for t in range(len(x)):                                   # the loss of each step …
        row = np.concatenate([dh_own[t], np.zeros(H * (parts - 1))])
        for s in range(t, -1, -1):                            # … goes back to every earlier one
            for grad, direct in zip(dparams, through_params[s], strict=True):
                grad += (row @ direct).reshape(grad.shape)
            dx[s] += row @ through_x[s]
            row = row @ through_state[s]
        for grad, part in zip(ds0, unpack(row), strict=True):
            grad += part
