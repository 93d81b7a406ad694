# %% [markdown]
# # Exercises 03 · Full backpropagation through time
#
# Write the backward pass of an Elman network yourself. You need unit
# [03](../../notebooks/03_full_bptt.ipynb). Replace each `raise NotImplementedError()` by your code, and run the
# cell below it: `check` says at once what is right, and where it is not, which mistake it looks like.
# `hint("elman_backward")` opens one hint at a time, `progress()` shows what you have reached.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 3.3 · The whole backward pass
#
# **`elman_backward`** · 8 points · about 30 minutes · relative error at most 1e-10
#
# The network $a_t = W_{xh} x_t + W_{hh} h_{t-1} + b_h$, $h_t = \tanh(a_t)$, $y_t = W_{hy} h_t + b_y$ has run, and
# each step has delivered the gradient of its own loss, $e_t = \partial \ell_t / \partial y_t$. The loss is the
# mean over the $N$ steps and sequences that the mask counts, $L = \frac1N \sum_{t,b} m_{t,b}\, \ell_{t,b}$. Return
# its gradient.
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
