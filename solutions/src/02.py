# %% [markdown]
# # Exercises 02 · Backpropagation through time on two numbers
#
# Derive the gradient of a scalar network with one number more than in the lesson, and predict from $w$ what becomes
# of a gradient. You need unit [02](../../notebooks/02_two_numbers.ipynb). Replace each `raise NotImplementedError()` by
# your code, and run the cell below it: `check` says at once what is right, and where it is not, which mistake it
# looks like. `hint("scalar_bptt")` opens one hint at a time, `progress()` shows what you have reached. Answers use
# Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 2.1 · Three numbers, and steps that do not count
#
# **`scalar_bptt`** · 4 points · about 25 minutes · relative error at most 1e-10
#
# In the unit the state was the forecast. Now it is read out by a third number, $v$, and a mask says which steps have a
# loss; years without a reliable record, say:
#
# $$ h_t = w\, h_{t-1} + u\, x_t, \qquad y_t = v\, h_t, \qquad
#    L = \frac1N \sum_{t=1}^{T} m_t\, \tfrac12 (y_t - y^*_t)^2, \qquad N = \sum_t m_t . $$
#
# Return the derivatives by the three numbers, and those by **all states**, $\partial L / \partial h_t$ for $t = 0 \dots
# T$. Take pencil and paper first: which paths lead from $h_t$ to the loss, and which from a copy of $v$?
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `w`, `u`, `v` | numbers | | `dw`, `du`, `dv` | numbers |
# | `x`, row t-1 is step t | (T,) | | `dh`, row t is $\partial L/\partial h_t$ | (T+1,) |
# | `h_0` | a number | | | |
# | `target`, row t-1 is $y^*_t$ | (T,) | | | |
# | `mask`, true where a step counts | (T,) | | | |
#
# Start from $e_t = \partial L / \partial y_t$. Points: sequence 2, initial state 1, masks 1.

# %% answer="scalar_bptt"
def scalar_bptt(w, u, v, x, h_0, target, mask):
    """Return dw, du, dv and dh, the gradient by each state, of the mean loss."""
    ### BEGIN SOLUTION
    states = [h_0]
    for x_t in x:
        states.append(w * states[-1] + u * x_t)
    h = np.array(states)
    e = np.where(mask, v * h[1:] - target, 0.0) / np.count_nonzero(mask)
    dh = np.concatenate([[0.0], v * e])             # first what each step's own loss sends …
    for t in range(len(x), 0, -1):
        dh[t - 1] += w * dh[t]                      # … then what comes back from the next state
    return dh[1:] @ h[:-1], dh[1:] @ x, e @ h[1:], dh
    ### END SOLUTION

# %% check="scalar_bptt"
check("scalar_bptt", scalar_bptt)

# %% [markdown]
# ## 2.2 · What becomes of a gradient
#
# **`predict_growth`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# Say what becomes of the gradient of the last loss in the network of unit 02, $h_t = w\, h_{t-1} + u\, x_t$, before
# it is run. Return three things:
#
# - `factor`: the number by which $\partial L_T / \partial h_T$ is multiplied on its way back to $h_0$, with its sign;
# - `verdict`: `"vanishes"` if the gradient gets ever smaller the further back one goes, `"explodes"` if ever larger,
#   else `"neither"`;
# - `steps`: the smallest number of steps back after which its magnitude is below one hundredth, or above a hundred times,
#   what it was at step $T$; 0 if that never happens. It may be larger than $T$.
#
# | argument | | | result | |
# |---|---|---|---|---|
# | `w`, `u` | numbers | | `factor` | a number |
# | `T` | a whole number | | `verdict` | a text |
# | | | | `steps` | a whole number |
#
# Start from $\partial L_T / \partial h_{T-n} = w^n\, \partial L_T / \partial h_T$. Points: vanishes 1, explodes 1,
# border ($w = 1$, $-1$ and 0) 1.

# %% answer="predict_growth"
def predict_growth(w, u, T):
    """Return factor, verdict and steps for the gradient of the last loss."""
    ### BEGIN SOLUTION
    if abs(w) == 1:
        return w ** T, "neither", 0
    size, steps = abs(w), 1
    while 1 / 100 <= size <= 100:
        size, steps = size * abs(w), steps + 1
    return w ** T, "explodes" if abs(w) > 1 else "vanishes", steps
    ### END SOLUTION

# %% check="predict_growth"
check("predict_growth", predict_growth)
