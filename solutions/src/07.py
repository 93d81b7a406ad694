# %% [markdown]
# # Exercises 07 · Vanishing and exploding gradients
#
# Measure how a change of one state acts on a later one, and refute two sentences that are often heard. You need
# unit [07](../../notebooks/07_vanishing_exploding.ipynb). Replace each `raise NotImplementedError()` by your code,
# and run the cell below it. `hint("jacobian_product")` opens one hint at a time, `progress()` shows what you have
# reached. Answers use Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 7.1 · From one state to a later one
#
# **`jacobian_product`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# A tanh network, $h_t = \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)$, has run, and its states are given. Return
# $\partial h_t / \partial h_s$ for $0 \le s \le t \le T$, for all sequences of the batch at once: one matrix for each
# of them. Entry $(b, i, j)$ says how entry $j$ of $h_s$ acts on entry $i$ of $h_t$ in sequence $b$. And what is
# $\partial h_t / \partial h_s$ where $s = t$?
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_hh` | (H, H) | | `J` | (B, H, H) |
# | `h`, row 0 is $h_0$ | (T+1, H, B) | | | |
# | `s`, `t` | whole numbers | | | |
#
# Start from one step, $J_k = \partial h_k / \partial h_{k-1} = \operatorname{diag}(1 - h_k^2)\, W_{hh}$. Points: one
# step (or none) 1, several steps 2.

# %% answer="jacobian_product"
def jacobian_product(W_hh, h, s, t):
    """Return ∂h_t/∂h_s for each sequence, (B, H, H)."""
    ### BEGIN SOLUTION
    one_sequence = []
    for b in range(h.shape[2]):
        J = np.eye(len(W_hh))
        for k in range(t, s, -1):                               # from the last step to the first:
            J = J @ np.diag(1 - h[k, :, b] ** 2) @ W_hh         # one more factor at the right
        one_sequence.append(J)
    return np.array(one_sequence)
    ### END SOLUTION

# %% check="jacobian_product"
check("jacobian_product", jacobian_product)

# %% [markdown]
# ## 7.2 · Two counterexamples
#
# **`find_counterexample`** · 4 points · about 20 minutes · each answer that refutes the claim is right
#
# Two sentences about *linear* networks, in which $k$ steps back multiply a gradient by $(W_{hh}^\top)^k$:
#
# - **Claim a:** if $\sigma_{\max}(W_{hh}) > 1$, gradients do not vanish.
# - **Claim b:** if $\rho(W_{hh}) < 1$, gradients never grow.
#
# Both are false. For `claim` equal to `"a"` or `"b"`, return a $W_{hh}$ for `n` units that refutes it, for any
# $n \ge 2$. It is judged by these numbers, where $\lVert \cdot \rVert$ is the largest singular value and the margin
# keeps rounding out of it:
#
# | claim | the matrix must have | and yet |
# |---|---|---|
# | `"a"` | $\sigma_{\max} \ge 1.001$ | $\lVert W^{50} \rVert < 0.001$ |
# | `"b"` | $\rho \le 0.999$ | $\lVert W^k \rVert \ge 5$ for some $k$ from 1 to 1000 |
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `claim` | `"a"` or `"b"` | | `W` | (n, n), of decimal numbers |
# | `n` | whole number | | | |
#
# Start from $\rho^k \le \lVert W^k \rVert \le \sigma_{\max}^k$: between the two there is room if $W$ is not normal.
# Points: claim a 2, claim b 2.

# %% answer="find_counterexample"
def find_counterexample(claim, n):
    """Return a matrix (n, n) that refutes claim "a" or claim "b"."""
    ### BEGIN SOLUTION
    if claim == "a":
        u, v = np.eye(n)[:2]
        return 2 * np.outer(u, v)                               # u vᵀ with vᵀ u = 0: its square is 0
    street = np.diag(np.full(n - 1, 4.0), k=1)                  # each unit feeds the one before it,
    return 0.8 * np.eye(n) + street                             # triangular: all eigenvalues are 0.8
    ### END SOLUTION

# %% check="find_counterexample"
check("find_counterexample", find_counterexample)
