# %% [markdown]
# # Exercises 05 · Truncated backpropagation and streaming state
#
# Write truncated backpropagation in both its forms, with your own loops over time, and measure what it does to a
# gradient. You need unit [05](../../notebooks/05_truncation.ipynb). Replace each `raise NotImplementedError()` by your
# code, and run the cell below it. `hint("tbptt_chunks")` opens one hint at a time, `progress()` shows what you have
# reached. Answers use Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 5.1 · Chunks
#
# **`tbptt_chunks`** · 4 points · about 25 minutes · relative error at most 1e-10
#
# A network without a readout is to follow `target`: $h_t = \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)$, and
# $L = \frac{1}{T B} \sum_{t, b} \frac12 \|h_t - h^*_t\|^2$. Go through the sequence in chunks of `k` steps,
# $k_1 = k_2 = k$, at frozen weights: forward through a chunk, then back through it, then on to the next. The value of the
# state is carried across the border, the gradient is not. The last chunk may be short. So no more than one chunk of
# states need ever be kept. Return the sum of the chunks' gradients, and the state at the end, so that the stream can
# go on from there.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (H, D) | | `dW_xh` | (H, D) |
# | `W_hh` | (H, H) | | `dW_hh` | (H, H) |
# | `b_h` | (H, 1) | | `db_h` | (H, 1) |
# | `x`, row t-1 is step t | (T, D, B) | | `h_T` | (H, B) |
# | `target`, row t-1 is step t | (T, H, B) | | | |
# | `h_0` | (H, B) | | | |
# | `k`, at least 1 | a whole number | | | |
#
# Start from $\partial L/\partial h_t = \frac{1}{TB}(h_t - h^*_t) + W_{hh}^\top \delta_{t+1}$, and say where
# $\delta_{t+1}$ is zero. Points: chunks 2, short last chunk 1, initial state 1.

# %% answer="tbptt_chunks"
def tbptt_chunks(W_xh, W_hh, b_h, x, target, h_0, k):
    """Return dW_xh, dW_hh and db_h, summed over the chunks, and h_T."""
    ### BEGIN SOLUTION
    dW_xh, dW_hh, db_h = 0 * W_xh, 0 * W_hh, 0 * b_h
    h_now, N = h_0, target.shape[0] * target.shape[2]
    while len(x):
        before = []                                         # the states before the steps of a chunk
        for x_t in x[:k]:
            before.append(h_now)
            h_now = np.tanh(W_xh @ x_t + W_hh @ h_now + b_h)
        h_t, delta_next = h_now, 0 * h_now
        for x_t, goal, h_before in zip(x[:k][::-1], target[:k][::-1], before[::-1], strict=True):
            delta = (1 - h_t**2) * ((h_t - goal) / N + W_hh.T @ delta_next)
            dW_xh += delta @ x_t.T
            dW_hh += delta @ h_before.T
            db_h += delta.sum(axis=1, keepdims=True)
            h_t, delta_next = h_before, delta
        x, target = x[k:], target[k:]
    return dW_xh, dW_hh, db_h, h_now
    ### END SOLUTION

# %% check="tbptt_chunks"
check("tbptt_chunks", tbptt_chunks)

# %% [markdown]
# ## 5.2 · Windows
#
# **`tbptt_k1_k2`** · 5 points · about 30 minutes · relative error at most 1e-10
#
# Now the general rule, at frozen weights: the network has run, and its states stand on a tape. Every `k1` steps the
# losses of the `k1` new steps go back together, and no further than `k2` steps from the end of a full window. Write it
# without `bptt`, so that the whole loop over time is yours.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_hh` | (H, H) | | `dW_xh` | (H, D) |
# | `x`, row t-1 is step t | (T, D, B) | | `dW_hh` | (H, H) |
# | `h`, row 0 is $h_0$ | (T+1, H, B) | | `db_h` | (H, 1) |
# | `dh_own`, row t-1 is step t | (T, H, B) | | | |
# | `k1`, `k2`, with 1 ≤ `k1` ≤ `k2` | whole numbers | | | |
#
# `dh_own` belongs to the mean loss already. Start from this: the window whose new steps are $\text{first}+1, \dots,
# \text{first}+k_1$ begins with the state of step $\max(0, \text{first} + k_1 - k_2)$, also where the sequence ends before the
# window is full. Points: chunks 1, sliding windows 1, any $k_1$ and $k_2$ 2, initial state 1.

# %% answer="tbptt_k1_k2"
def tbptt_k1_k2(W_hh, x, h, dh_own, k1, k2):
    """Return dW_xh, dW_hh and db_h, truncated by k1 and k2."""
    ### BEGIN SOLUTION
    T = len(dh_own)
    delta = np.zeros_like(dh_own)                           # what each copy gets from all windows
    for first in range(0, T, k1):
        new = range(first, min(first + k1, T))              # rows of dh_own that have their turn
        reach = max(0, first + k1 - k2)
        at_h = np.zeros_like(h[0])
        for row in reversed(range(reach, new.stop)):
            if row in new:
                at_h = at_h + dh_own[row]
            at_a = at_h * (1 - h[row + 1] ** 2)
            delta[row] += at_a
            at_h = W_hh.T @ at_a
    return (np.einsum("thb,tdb->hd", delta, x), np.einsum("thb,tgb->hg", delta, h[:-1]),
            np.einsum("thb->h", delta)[:, np.newaxis])
    ### END SOLUTION

# %% check="tbptt_k1_k2"
check("tbptt_k1_k2", tbptt_k1_k2)

# %% [markdown]
# ## 5.3 · The bias, for many k
#
# **`bias_curve`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# You are given a function: `truncated(k1, k2)` returns the truncated gradients of some network on some tape of `T` steps,
# as a tuple of arrays. How many arrays there are, and of which shapes, differs. Return the relative bias
# $\|\hat g - g\| / \|g\|$ for each `k` in `ks`: once for chunks of `k` steps, once for windows of `k` steps that slide by one.
# $g$ is the full gradient, and lengths are Euclidean, over all numbers of all arrays together.
#
# | argument | | | result | shape |
# |---|---|---|---|---|
# | `truncated` | a function of `k1` and `k2`, with 1 ≤ `k1` ≤ `k2` | | `chunks` | (len(ks),) |
# | `T` | a whole number | | `sliding` | (len(ks),) |
# | `ks` | a tuple of whole numbers, in any order | | | |
#
# Nobody hands you $g$: ask for it. Points: one parameter 1, all parameters 2.

# %% answer="bias_curve"
def bias_curve(truncated, T, ks):
    """Return the relative biases of chunks and of windows that slide, one array each."""
    ### BEGIN SOLUTION
    def as_vector(k1, k2):
        return np.concatenate([np.ravel(g) for g in truncated(k1, k2)])

    g = as_vector(T, T)                                     # one chunk: nothing is cut
    chunks = np.array([np.linalg.norm(as_vector(k, k) - g) for k in ks])
    sliding = np.array([np.linalg.norm(as_vector(1, k) - g) for k in ks])
    return chunks / np.linalg.norm(g), sliding / np.linalg.norm(g)
    ### END SOLUTION

# %% check="bias_curve"
check("bias_curve", bias_curve)
