# %% [markdown]
# # Exercises 08 · Clipping, initialisation, optimisers
#
# Four small functions that stand in nearly every training loop. You need unit
# [08](../../notebooks/08_clipping_init_optimisers.ipynb). Replace each `raise NotImplementedError()` by your code,
# and run the cell below it. `hint("clip_by_value")` opens one hint at a time, `progress()` shows what you have
# reached. Answers use Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# In the first two exercises a gradient is a tuple of three tensors, as an Elman network has them:
#
# | in `grads` | shape |
# |---|---|
# | `dW_xh` | (H, D) |
# | `dW_hh` | (H, H) |
# | `db_h` | (H, 1) |
#
# ## 8.1 · Clip each entry
#
# **`clip_by_value`** · 1 point · about 5 minutes · relative error at most 1e-10
#
# Return the three tensors in a tuple, with every entry cut to $[-c, c]$:
#
# $$ g_j \leftarrow \min(\max(g_j, -c),\, c) . $$
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `grads` | three tensors | | `dW_xh` | (H, D) |
# | `c`, positive | a number | | `dW_hh` | (H, H) |
# | | | | `db_h` | (H, 1) |
#
# Points: every entry 1.

# %% answer="clip_by_value"
def clip_by_value(grads, c):
    """Return the tuple dW_xh, dW_hh, db_h with entries from -c to c."""
    ### BEGIN SOLUTION
    return tuple(np.clip(g, -c, c) for g in grads)
    ### END SOLUTION

# %% check="clip_by_value"
check("clip_by_value", clip_by_value)

# %% [markdown]
# ## 8.2 · Clip the length
#
# **`clip_by_global_norm`** · 2 points · about 10 minutes · relative error at most 1e-10
#
# See the three tensors as one long vector $g$. Where it is longer than $c$, shorten it to length $c$; otherwise
# leave it as it is, also where it is zero:
#
# $$ g \leftarrow c\, \frac{g}{\lVert g \rVert} \quad \text{if } \lVert g \rVert > c . $$
#
# Return the three tensors and, as a fourth result, $\lVert g \rVert$ as it was *before*: whoever chooses a threshold
# wants to look at it.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `grads` | three tensors | | `dW_xh` | (H, D) |
# | `c`, positive | a number | | `dW_hh` | (H, H) |
# | | | | `db_h` | (H, 1) |
# | | | | `norm` | a number |
#
# Points: too long 1, short enough 1.

# %% answer="clip_by_global_norm"
def clip_by_global_norm(grads, c):
    """Return dW_xh, dW_hh, db_h with a global norm of at most c, and the norm before."""
    ### BEGIN SOLUTION
    everything = np.concatenate([g.ravel() for g in grads])     # one long vector
    norm = np.linalg.norm(everything)
    if norm > c:
        grads = tuple(g * (c / norm) for g in grads)
    return *grads, norm
    ### END SOLUTION

# %% check="clip_by_global_norm"
check("clip_by_global_norm", clip_by_global_norm)

# %% [markdown]
# ## 8.3 · Orthogonal, and any as likely as any other
#
# **`orthogonal`** · 2 points · about 15 minutes · relative error at most 1e-10
#
# Given a matrix $A$ of normal random numbers, make an orthogonal matrix from it. The decomposition $A = Q R$, with
# $R$ upper triangular, delivers one, but not just one: change the sign of a column of $Q$ and of the same row of $R$,
# and the product is still $A$. Which of the pairs `np.linalg.qr` returns is a habit of its algorithm, and with it
# some orthogonal matrices would come up more often than others. Return the $Q$ for which **the diagonal of $R$ is
# positive**. There is only one, and if $A$ is drawn from normal numbers, all orthogonal matrices are equally likely
# to come out (Mezzadri 2007, *How to generate random matrices from the classical compact groups*).
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `A`, not singular | (n, n) | | `Q` | (n, n) |
#
# Start from $A = Q R = (Q S)(S R)$, where $S$ is diagonal with entries $\pm 1$. Points: orthogonal 1, signs 1.

# %% answer="orthogonal"
def orthogonal(A):
    """Return Q of A = Q R with a positive diagonal of R."""
    ### BEGIN SOLUTION
    Q, upper = np.linalg.qr(A)
    S = np.diag(np.where(np.diag(upper) < 0, -1.0, 1.0))
    return Q @ S
    ### END SOLUTION

# %% check="orthogonal"
check("orthogonal", orthogonal)

# %% [markdown]
# ## 8.4 · One update of Adam
#
# **`adam_step`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# One update of Adam (Kingma and Ba 2015, algorithm 1) for one tensor of parameters `p` with the gradient `g`. The
# function remembers nothing: it is given the running means `m` of the gradients and `s` of their squares, and the
# number `n` of updates made **before** this one, and returns all of them as they are afterwards, for the next call.
# At first `m` and `s` are zero and `n` is 0.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `p`, `g`, `m`, `s` | any, but all the same | | `p` | as before |
# | `n`, updates before this one | whole number | | `m`, `s` | as before |
# | `lr`, `beta1`, `beta2`, `eps` | numbers | | `n` | whole number |
#
# Start from $\hat m = m / (1 - \beta_1^n)$, where $n$ counts this update as well: a running mean that began at zero
# is filled to $1 - \beta_1^n$. $\varepsilon$ stands outside the root. Points: first update 1, later updates 2.

# %% answer="adam_step"
def adam_step(p, g, m, s, n, lr, beta1, beta2, eps):
    """Return p, m, s, n after this update."""
    ### BEGIN SOLUTION
    n += 1
    m = m + (1 - beta1) * (g - m)                               # the same as beta1 m + (1 - beta1) g
    s = s + (1 - beta2) * (g * g - s)
    filled_m, filled_s = 1 - beta1**n, 1 - beta2**n
    p = p - lr * (m / filled_m) / (np.sqrt(s / filled_s) + eps)
    return p, m, s, n
    ### END SOLUTION

# %% check="adam_step"
check("adam_step", adam_step)
