# %% [markdown]
# # Exercises 04 · Debugging a backward pass
#
# First you hunt: six backward passes, each with one mistake. Then you write the tool that finds the first bad step
# without being told the right answer. You need unit [04](../../notebooks/04_debugging.ipynb). `check` says at once
# what is right, `hint("bug_hunt")` opens one hint at a time, and `progress()` shows what you have reached. Answers
# use Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 4.1 · Six broken backward passes
#
# **`bug_hunt`** · 5 points · about 45 minutes
#
# Each of the six functions below, `pass_A` to `pass_F`, is a backward pass of the Elman network of unit 04, with the
# same arguments and results as `elman_backward` there. Each holds one mistake, in one line. All of them run, return
# the right shapes, and would train.
#
# Say of each, **for the case given here**:
#
# - the **tensor** that is the first to come out wrong: `"delta"`, `"dW_xh"`, `"dW_hh"`, `"db_h"`, `"dx"` or `"dh_0"`.
#   Where $\delta_t$ is wrong, it is `"delta"`, whatever else is spoilt by it;
# - the **time step**, from 1 to 8, at which it is wrong first *in the order of the backward pass*, from 8 to 1. For a
#   sum over time, this is the step whose share is wrong;
# - the **line** with the mistake, by the number at its end.
#
# Do not only read. Measure first: with the tools of the unit, a tensor and a step take a minute, and then there
# are few lines left to read. Points: A and B together 1, and C, D, E and F 1 each, so an answer
# for some of the letters counts, too.
#
# Here are the network, the case, and what is right: `right` holds the gradients, `right_delta` holds $\delta_t$ in row
# t-1, both by the complex step.

# %%
from collections import namedtuple

from bpttlib.gradcheck import compare, complex_step, relative_error
from bpttlib.losses import squared_error

Tensors = namedtuple("Tensors", "W_xh W_hh b_h x h_0")
Case = namedtuple("Case", "theta W_hy target mask")


def elman_forward(theta, push=0.0):
    W_xh, W_hh, b_h, x, h_0 = theta
    h = np.empty((len(x) + 1, *h_0.shape), np.result_type(*theta, push))
    push = np.broadcast_to(push, h[1:].shape)
    h[0] = h_0
    for t in range(1, len(x) + 1):
        h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h + push[t - 1])
    return h                                                # (T+1, H, B)


def a_case(T=8, D=2, H=4, K=3, B=3, seed=9):
    rng = np.random.default_rng(seed)
    theta = Tensors(rng.normal(size=(H, D)), rng.normal(size=(H, H)) / np.sqrt(H),
                    rng.normal(size=(H, 1)), rng.normal(size=(T, D, B)), rng.normal(size=(H, B)))
    mask = np.ones((T, B), bool)
    mask[[t - 1 for t in (3, 6) if t <= T]] = False         # steps 3 and 6 do not count
    return Case(theta, rng.normal(size=(K, H)), rng.normal(size=(T, K, B)), mask)


def loss(case, theta, push=0.0):
    return squared_error(case.W_hy @ elman_forward(theta, push)[1:], case.target, case.mask)


def gradients(case, backward):
    _, e = loss(case, case.theta)
    return backward(case.theta, elman_forward(case.theta), case.W_hy.T @ e)


case = a_case()
right = complex_step(lambda theta: loss(case, theta)[0], case.theta)
right_delta = complex_step(lambda push: loss(case, case.theta, push)[0], np.zeros((8, 4, 3)))

# %% [markdown]
# ### A

# %%
def pass_A(theta, h, dh_own):
    W_xh, W_hh, b_h, x, _ = theta                           # 1
    T = len(x)                                              # 2
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh) # 3
    db_h, dx = np.zeros_like(b_h), np.empty_like(x)         # 4
    delta = np.zeros_like(h)                                # 5
    slopes = 1 - h[:-1] ** 2                                # 6
    back = np.zeros_like(h[0])                              # 7
    for t in range(T, 0, -1):                               # 8
        dh = dh_own[t - 1] + back                           # 9
        delta[t] = slopes[t - 1] * dh                       # 10
        dW_xh += delta[t] @ x[t - 1].T                      # 11
        dW_hh += delta[t] @ h[t - 1].T                      # 12
        db_h += delta[t].sum(axis=1, keepdims=True)         # 13
        dx[t - 1] = W_xh.T @ delta[t]                       # 14
        back = W_hh.T @ delta[t]                            # 15
    return Tensors(dW_xh, dW_hh, db_h, dx, back), delta     # 16

# %% [markdown]
# ### B

# %%
def pass_B(theta, h, dh_own):
    W_xh, W_hh, b_h, x, _ = theta                           # 1
    T = len(x)                                              # 2
    delta = np.zeros_like(h)                                # 3
    dh = np.zeros_like(h[0])                                # 4
    for t in range(T, 0, -1):                               # 5
        dh = dh + dh_own[t - 1]                             # 6
        delta[t] = dh * (1 - h[t] * h[t])                   # 7
        dh = W_hh.T @ delta[t]                              # 8
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh) # 9
    for t in range(1, T + 1):                               # 10
        dW_xh += delta[t] @ x[t - 1].T                      # 11
        if t > 1:                                           # 12
            dW_hh += delta[t] @ h[t - 1].T                  # 13
    db_h = delta[1:].sum(axis=(0, 2))[:, None]              # 14
    dx = W_xh.T @ delta[1:]                                 # 15
    return Tensors(dW_xh, dW_hh, db_h, dx, dh), delta       # 16

# %% [markdown]
# ### C

# %%
def pass_C(theta, h, dh_own):
    W_xh, W_hh, b_h, x, _ = theta                           # 1
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh) # 2
    db_h, dx = np.zeros_like(b_h), np.zeros_like(x)         # 3
    delta = np.zeros_like(h)                                # 4
    back = np.zeros_like(h[0])                              # 5
    t = len(x)                                              # 6
    while t > 0:                                            # 7
        own, now, before = dh_own[t - 1], h[t], h[t - 1]    # 8
        if own.any():                                       # 9
            delta[t] = (1 - now ** 2) * (own + back)        # 10
            dW_xh += delta[t] @ x[t - 1].T                  # 11
            dW_hh += delta[t] @ before.T                    # 12
            db_h += delta[t].sum(axis=1, keepdims=True)     # 13
            dx[t - 1] = W_xh.T @ delta[t]                   # 14
            back = W_hh.T @ delta[t]                        # 15
        t -= 1                                              # 16
    return Tensors(dW_xh, dW_hh, db_h, dx, back), delta     # 17

# %% [markdown]
# ### D
#
# This one goes back window by window, three steps at a time, to save memory.

# %%
def pass_D(theta, h, dh_own):
    W_xh, W_hh, b_h, x, _ = theta                           # 1
    delta = np.zeros_like(h)                                # 2
    for last in range(len(x), 0, -3):                       # 3
        first = max(last - 2, 1)                            # 4
        back = np.zeros_like(h[0])                          # 5
        for t in range(last, first - 1, -1):                # 6
            dh = dh_own[t - 1] + back                       # 7
            delta[t] = (1 - h[t] ** 2) * dh                 # 8
            back = W_hh.T @ delta[t]                        # 9
    steps = range(1, len(h))                                # 10
    dW_xh = sum(delta[t] @ x[t - 1].T for t in steps)       # 11
    dW_hh = sum(delta[t] @ h[t - 1].T for t in steps)       # 12
    db_h = delta[1:].sum(axis=(0, 2))[:, None]              # 13
    dx = W_xh.T @ delta[1:]                                 # 14
    return Tensors(dW_xh, dW_hh, db_h, dx, back), delta     # 15

# %% [markdown]
# ### E

# %%
def pass_E(theta, h, dh_own):
    W_xh, W_hh, b_h, x, _ = theta                           # 1
    T = len(x)                                              # 2
    delta, dh = np.zeros_like(h), np.zeros_like(h)          # 3
    dh[1:] = dh_own                                         # 4
    for t in range(T, 0, -1):                               # 5
        delta[t] = dh[t] - dh[t] * h[t] ** 2                # 6
        dh[t - 1] += W_hh.T @ delta[t]                      # 7
    dW_xh = np.einsum("thb,tdb->hd", delta[1:], x)          # 8
    dW_hh = np.einsum("thb,tkb->hk", delta[1:], h[:-1])     # 9
    db_h = np.einsum("thb->h", delta).reshape(-1, 1)        # 10
    dx = np.einsum("hd,thb->tdb", W_xh, delta[:-1])         # 11
    return Tensors(dW_xh, dW_hh, db_h, dx, dh[0]), delta    # 12

# %% [markdown]
# ### F

# %%
def pass_F(theta, h, dh_own):
    W_xh, W_hh, b_h, x, _ = theta                           # 1
    T, H = len(x), len(W_hh)                                # 2
    delta = np.zeros_like(h)                                # 3
    back = np.zeros_like(h[0])                              # 4
    for t in range(T, 0, -1):                               # 5
        delta[t] = (1 - h[t] ** 2) * (dh_own[t - 1] + back) # 6
        back = np.clip(W_hh.T @ delta[t], -1, 1)            # 7
    columns = delta[1:].swapaxes(0, 1).reshape(H, -1)       # 8
    inputs = x.swapaxes(0, 1).reshape(x.shape[1], -1)       # 9
    before = h[:-1].swapaxes(0, 1).reshape(H, -1)           # 10
    dW_xh, dW_hh = columns @ inputs.T, columns @ before.T   # 11
    db_h = columns.sum(axis=1, keepdims=True)               # 12
    dx = W_xh.T @ delta[1:]                                 # 13
    return Tensors(dW_xh, dW_hh, db_h, dx, back), delta     # 14

# %% [markdown]
# A place to measure, with a first look at A. Change it as you like.

# %%
grads, delta = gradients(case, pass_A)
lines = compare(grads, right)
print("error of δ_8:", relative_error(delta[8], right_delta[8 - 1]))

# %% [markdown]
# Your answer: a function that returns what you have found for a letter, `(tensor, step, line)`, such as
# `("dh_0", 4, 2)`. For a letter that you have not found yet return `("", 0, 0)`.

# %% answer="bug_hunt"
def bug_hunt(letter):
    """Return (tensor, step, line) of the mistake in the pass with that letter, "A" to "F"."""
    ### BEGIN SOLUTION
    found = {
        "A": ("delta", 8, 6),       # the slope at step t is that of h[t], and slopes[t-1] holds h[t-1]'s
        "B": ("dW_hh", 1, 12),      # there is a state before step 1: h_0
        "C": ("delta", 6, 9),       # a step without a loss of its own hands on what comes back
        "D": ("delta", 5, 5),       # each window but the last must begin with what the later one left
        "E": ("dx", 8, 11),         # row t of delta is step t, row 0 is not used
        "F": ("delta", 3, 7),       # the clip acts first at step 4, and its result arrives at step 3
    }
    return found.get(letter, ("", 0, 0))
    ### END SOLUTION

# %% check="bug_hunt"
check("bug_hunt", bug_hunt)

# %% [markdown]
# ## 4.2 · The first bad step
#
# **`first_bad_step`** · 4 points · about 25 minutes
#
# In unit 04 the right $\delta_t$ were computed for all steps, and then compared. Write the whole tool: it gets what a
# backward pass says, and the loss as a function of the push, and finds the truth itself. Start from
#
# $$ \delta_t = \frac{\partial L}{\partial\, \text{push}_t} \Big|_{\text{push} = 0} . $$
#
# | argument | shape | | result | |
# |---|---|---|---|---|
# | `delta`, row t is step t, row 0 is not used | (T+1, H, B) | | `step` | a whole number |
# | `loss(push)`, row t-1 of the push is step t | (T, H, B) → a number | | | |
#
# Return the first step **in the order of the backward pass** at which `delta` is wrong, and 0 if it is right at all
# steps. A step is wrong if the relative error of $\delta_t$, as unit 00 defines it, **taken for this step alone**, is above
# $10^{-10}$. An entry that is no number (NaN) is wrong, too. The loss is analytic, so it takes complex numbers.
#
# Every call of `loss` is a whole forward pass. So look at a step only if all later ones were right: one call for each
# number of each step that you look at, and no more. Points: sequence 2, small numbers (gradients that vanish, small
# errors, NaN) 1, calls 1.

# %% answer="first_bad_step"
def first_bad_step(delta, loss):
    """Return the last step t at which delta[t] is not ∂L/∂push_t, or 0 if there is none."""
    ### BEGIN SOLUTION
    T, H, B = len(delta) - 1, *delta.shape[1:]
    for t in reversed(range(1, T + 1)):
        truth = np.empty(H * B)
        for j in range(H * B):
            push = np.zeros((T, H * B), dtype=complex)
            push[t - 1, j] = 1j * 1e-30
            truth[j] = np.imag(loss(push.reshape(T, H, B))) / 1e-30
        claimed = delta[t].ravel()
        scale = max(abs(claimed).max(), abs(truth).max(), 1e-12)
        wrong = ~(abs(claimed - truth) <= 1e-10 * scale)            # true for NaN, too
        if wrong.any():
            return t
    return 0
    ### END SOLUTION

# %% check="first_bad_step"
check("first_bad_step", first_bad_step)
