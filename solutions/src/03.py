# %% [markdown]
# # Exercises 03 · Full backpropagation through time
#
# Write the backward pass of an Elman network yourself, in three rungs: where the gradient comes from, one step, all
# steps. You need unit [03](../../notebooks/03_full_bptt.ipynb). Replace each `raise NotImplementedError()` by your
# code, and run the cell below it: `check` says at once what is right, and where it is not, which mistake it looks
# like. `hint("elman_backward")` opens one hint at a time, `progress()` shows what you have reached. Answers use
# Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 3.1 · Where e comes from
#
# **`softmax_cross_entropy_masked`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# At each step the network says which of $K$ classes comes next: $p_t = \mathrm{softmax}(y_t)$, and the loss of a step
# is $\ell_t = -\ln p_{t, y^*_t}$, where $y^*_t$ is the label. Return the mean over the $N$ steps and sequences that
# the mask counts, and its gradient with respect to all outputs. What stands in `target` where nothing counts has no
# meaning; it may be -1.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `y`, row t-1 is step t | (T, K, B) | | `L` | a number |
# | `target`, labels 0 … K-1 | (T, B) | | `e`, $\partial L / \partial y$ | (T, K, B) |
# | `mask`, true where a step counts | (T, B) | | | |
#
# Start from $\ell = \ln \sum_j e^{y_j} - y_{y^*}$, and differentiate it. Outputs can be large, such as 900 or -900,
# and then $e^y$ is not a number that a computer holds. What can you add to all $K$ outputs of a step without changing
# the loss? Points: values 1, large outputs 1, masks 1.

# %% answer="softmax_cross_entropy_masked"
def softmax_cross_entropy_masked(y, target, mask):
    """Return L, the mean over the steps that count, and e = dL/dy."""
    ### BEGIN SOLUTION
    t, b = np.nonzero(mask)                                 # the N places that count
    label = target[t, b]
    p = np.exp(y - np.max(y, axis=1, keepdims=True))        # at most 1, so nothing overflows
    total = p.sum(axis=1)                                   # at least 1, so its logarithm is finite
    L = np.mean(np.log(total[t, b]) + y.max(axis=1)[t, b] - y[t, label, b])
    e = np.zeros_like(y)
    e[t, :, b] = p[t, :, b] / total[t, b, np.newaxis]
    e[t, label, b] -= 1
    return L, e / len(label)
    ### END SOLUTION

# %% check="softmax_cross_entropy_masked"
check("softmax_cross_entropy_masked", softmax_cross_entropy_masked)

# %% [markdown]
# ## 3.2 · One step back
#
# **`elman_step_backward`** · 4 points · about 20 minutes · relative error at most 1e-10
#
# One step is $a = W_{xh} x + W_{hh} h_{t-1} + b_h$, $h = \tanh(a)$, $y = W_{hy} h + b_y$. Two things arrive: `e`,
# which is $\partial L / \partial y$ from the step's own loss, and `back`, what comes back to $h$ from the next step.
# Return what the step adds to the gradients of the parameters, the gradient of its input, and what goes on to the
# state before. Where a layer lies below, it needs `dx`.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (H, D) | | `dW_xh` | (H, D) |
# | `W_hh` | (H, H) | | `dW_hh` | (H, H) |
# | `W_hy` | (K, H) | | `db_h` | (H, 1) |
# | `x` | (D, B) | | `dW_hy` | (K, H) |
# | `h_before`, $h_{t-1}$ | (H, B) | | `dx` | (D, B) |
# | `h`, $h_t$ | (H, B) | | `dh_before`, what goes on to $h_{t-1}$ | (H, B) |
# | `e` | (K, B) | | | |
# | `back` | (H, B) | | | |
#
# Start from $\partial L/\partial h = W_{hy}^\top e + \text{back}$. Points: last step, to which nothing comes back, 2;
# any step 2.

# %% answer="elman_step_backward"
def elman_step_backward(W_xh, W_hh, W_hy, x, h_before, h, e, back):
    """Return dW_xh, dW_hh, db_h, dW_hy, dx and dh_before of one step."""
    ### BEGIN SOLUTION
    delta = (back + W_hy.T @ e) * (1 - h * h)               # (H, B): dL/da
    share_of = [delta @ into.T for into in (x, h_before, np.ones((1, x.shape[1])))]
    return *share_of, e @ h.T, W_xh.T @ delta, W_hh.T @ delta
    ### END SOLUTION

# %% check="elman_step_backward"
check("elman_step_backward", elman_step_backward)

# %% [markdown]
# ## 3.3 · The whole backward pass
#
# **`elman_backward`** · 8 points · about 30 minutes · relative error at most 1e-10
#
# The network $a_t = W_{xh} x_t + W_{hh} h_{t-1} + b_h$, $h_t = \tanh(a_t)$, $y_t = W_{hy} h_t + b_y$ has run, and
# each step has delivered the gradient of its own loss, $e_t = \partial \ell_t / \partial y_t$: here neither the mask
# nor $1/N$ is in it yet. The loss is the mean over the $N$ steps and sequences that the mask counts,
# $L = \frac1N \sum_{t,b} m_{t,b}\, \ell_{t,b}$. Return its gradient.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (H, D) | | `dW_xh` | (H, D) |
# | `W_hh` | (H, H) | | `dW_hh` | (H, H) |
# | `W_hy` | (K, H) | | `db_h` | (H, 1) |
# | `x`, row t-1 is step t | (T, D, B) | | `dW_hy` | (K, H) |
# | `h`, row 0 is $h_0$ | (T+1, H, B) | | `dh_0` | (H, B) |
# | `e`, row t-1 is step t | (T, K, B) | | | |
# | `mask`, true where a step counts | (T, B) | | | |
#
# Start from $\delta_t = (1 - h_t^2) \odot \partial L/\partial h_t$. Points: sequence 4, initial state 2, masks 2.

# %% answer="elman_backward"
def elman_backward(W_xh, W_hh, W_hy, x, h, e, mask):
    """Return dW_xh, dW_hh, db_h, dW_hy and dh_0 of the mean loss."""
    ### BEGIN SOLUTION
    T = len(x)
    e = np.where(mask[:, np.newaxis], e, 0) / mask.sum()        # dL/dy: (T, K, B)
    delta = np.empty_like(h[1:])                                # (T, H, B)
    dh = np.zeros_like(h[0])
    for t in range(T, 0, -1):
        dh = dh + W_hy.T @ e[t - 1]                             # what comes back, and its own loss
        delta[t - 1] = (1 - h[t] ** 2) * dh
        dh = W_hh.T @ delta[t - 1]
    dW_xh = sum(delta[t] @ x[t].T for t in range(T))
    dW_hh = sum(delta[t] @ h[t].T for t in range(T))            # h[t] is the state before step t+1
    dW_hy = sum(e[t] @ h[t + 1].T for t in range(T))
    db_h = delta.sum(axis=(0, 2))[:, np.newaxis]
    return dW_xh, dW_hh, db_h, dW_hy, dh
    ### END SOLUTION

# %% check="elman_backward"
check("elman_backward", elman_backward)
