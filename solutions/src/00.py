# %% [markdown]
# # Exercises 00 · Shared weights and the chain rule
#
# Derive a gradient of two numbers that are used many times, and build the two tools that check every gradient of this
# course. You need unit [00](../../notebooks/00_shared_weights.ipynb). Replace each `raise NotImplementedError()` by your
# code, and run the cell below it: `check` says at once what is right, and where it is not, which mistake it looks
# like. `hint("grad_tied")` opens one hint at a time, `progress()` shows what you have reached. Answers use Python,
# NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 0.1 · Two tied numbers
#
# **`grad_tied`** · 2 points · about 20 minutes · relative error at most 1e-10
#
# The unit forecast the sunspots by multiplying with $w$ again and again. Now each year also adds a number $b$: the
# forecast $\hat y$ is what becomes of $x$ after $k$ turns of
#
# $$ s_i = w\, s_{i-1} + b, \qquad s_0 = x, \qquad \hat y = s_k, \qquad
#    L = \frac1N \sum_{n=1}^{N} \tfrac12 (\hat y_n - y^*_n)^2 . $$
#
# There are $k$ copies of $w$ and $k$ copies of $b$, and this time the shares of the copies differ. Return $dL/dw$ and
# $dL/db$.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `w`, `b` | numbers | | `dw` | a number |
# | `k`, how many turns | a whole number, 1 or more | | `db` | a number |
# | `x` | (N,) | | | |
# | `target`, the $y^*$ | (N,) | | | |
#
# Start from one copy: what does it multiply, and what happens to that afterwards? $w$ can be any number, also 1 or
# less than 0. Points: without b (where $b = 0$, but $dL/db$ is not) 1, with b 1.

# %% answer="grad_tied"
def grad_tied(w, b, k, x, target):
    """Return dL/dw and dL/db, where the forecast is x after k turns of s ← w s + b."""
    ### BEGIN SOLUTION
    states = [x]
    for i in range(k):
        states.append(w * states[i] + b)
    ds = (states[k] - target) / len(x)          # dL/ds_k, for each pair
    dw = db = 0.0
    for before in reversed(states[:k]):         # s_{k-1} … s_0: what copy k … 1 multiplies
        dw = dw + ds @ before
        db = db + np.sum(ds)
        ds = w * ds                             # one copy further back
    return dw, db
    ### END SOLUTION

# %% check="grad_tied"
check("grad_tied", grad_tied)

# %% [markdown]
# ## 0.2 · How close is close enough
#
# **`relative_error`** · 1 point · about 5 minutes · relative error at most 1e-10
#
# Write the measure by which the whole course compares two gradients,
#
# $$ \frac{\lVert g - \hat g \rVert_\infty}
#         {\max(\lVert g \rVert_\infty, \lVert \hat g \rVert_\infty, 10^{-12})} . $$
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `g`, `g_hat` | any, and both the same | | `error` | a number |
#
# Points: relative error 1.

# %% answer="relative_error"
def relative_error(g, g_hat):
    """Return how far two gradients lie apart, relative to the larger of them."""
    ### BEGIN SOLUTION
    def norm(z):
        return np.max(np.abs(z))

    return norm(g - g_hat) / max(norm(g), norm(g_hat), 1e-12)
    ### END SOLUTION

# %% check="relative_error"
check("relative_error", relative_error)

# %% [markdown]
# ## 0.3 · A gradient without a formula
#
# **`numerical_gradient`** · 2 points · about 15 minutes · relative error at most 1e-8
#
# You are given a function that you can only call. It takes an array of real numbers and returns a number. Find its
# gradient at a point by central differences, one coordinate at a time. The point is an array of any shape, and it may
# hold whole numbers.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `f(point)` | any → a number | | `gradient` | the shape of `point` |
# | `point` | any | | | |
#
# Start from $\partial f / \partial p_j \approx \left( f(p + \varepsilon e_j) - f(p - \varepsilon e_j) \right) / 2
# \varepsilon$. Every step from $10^{-7}$ to $10^{-4}$ is exact enough here; a forward difference is not, whatever its
# step. Calls cost time: two for each coordinate are enough. Points: gradient 1, calls 1.

# %% answer="numerical_gradient"
def numerical_gradient(f, point):
    """Return the gradient of f at a point, an array of the point's shape."""
    ### BEGIN SOLUTION
    start = np.asarray(point).astype(float).ravel()
    slopes = []
    for unit in 1e-5 * np.eye(start.size):                      # ε e_j for each coordinate j
        up = f((start + unit).reshape(point.shape))
        down = f((start - unit).reshape(point.shape))
        slopes.append((up - down) / 2e-5)
    return np.reshape(slopes, point.shape)
    ### END SOLUTION

# %% check="numerical_gradient"
check("numerical_gradient", numerical_gradient)
