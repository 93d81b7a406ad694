# %% [markdown]
# # Exercises 06 · Exact, unbiased, or frugal
#
# Three ways out of the choice between all memory and a bias: cut at random, carry the gradient forward, or store a few
# states and compute the others again. You need unit [06](../../notebooks/06_exact_alternatives.ipynb). Replace each
# `raise NotImplementedError()` by your code, and run the cell below it. `hint("rtrl")` opens one hint at a time,
# `progress()` shows what you have reached. Answers use Python, NumPy and what this notebook imports; when a class is
# graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 6.1 · Random cuts
#
# **`random_truncation`** · 4 points · about 20 minutes · relative error at most 1e-10
#
# An Elman network has run, and its states stand on a tape. Go back with random cuts, in a more general form than the
# unit's: the probability of a cut may differ from step to step, and each sequence of the batch has cuts of its own. The
# dice have been thrown already, so the result is determined: `keep` says where the way from step $t$ to step $t-1$ stays
# open.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_hh` | (H, H) | | `dW_xh` | (H, D) |
# | `x`, row t-1 is step t | (T, D, B) | | `dW_hh` | (H, H) |
# | `h`, row 0 is $h_0$ | (T+1, H, B) | | `db_h` | (H, 1) |
# | `dh_own`, row t-1 is step t | (T, H, B) | | | |
# | `keep`, row t-1 is step t | (T, B), true or false | | | |
# | `p`, the probability of a cut, row t-1 is step t | (T,) | | | |
#
# Start from $\mathbb{E}[\kappa_{t,b}] = 1$, where $\kappa_{t,b}$ is the factor on the way from step $t$ to $t-1$ in sequence
# $b$: what must it be where the way stays open, so that no share is lost on average? The check takes the mean over all
# draws of a small case. Points: cuts 2, initial state 1, no bias 1.

# %% answer="random_truncation"
def random_truncation(W_hh, x, h, dh_own, keep, p):
    """Return dW_xh, dW_hh and db_h for the cuts that were drawn."""
    ### BEGIN SOLUTION
    kappa = np.where(keep, 1 / (1 - p)[:, np.newaxis], 0)   # (T, B), 1 on average
    slope, delta = 1 - h[1:] ** 2, np.empty_like(dh_own)
    delta[-1] = slope[-1] * dh_own[-1]
    for row in range(len(x) - 2, -1, -1):
        through = kappa[row + 1] * (W_hh.T @ delta[row + 1])
        delta[row] = slope[row] * (dh_own[row] + through)
    return (np.einsum("tib,tjb->ij", delta, x), np.einsum("tib,tjb->ij", delta, h[:-1]),
            delta.sum(axis=(0, 2))[:, np.newaxis])
    ### END SOLUTION

# %% check="random_truncation"
check("random_truncation", random_truncation)

# %% [markdown]
# ## 6.2 · Forward instead of back
#
# **`rtrl`** · 4 points · about 30 minutes · relative error at most 1e-10
#
# Real-time recurrent learning for a whole batch: carry the influence forward with the state, and look back at nothing.
# As in the unit, put the parameters side by side, $W = (W_{xh}\ W_{hh}\ b_h)$, with $n = D + H + 1$ columns. Return the gradient,
# summed over the steps and sequences, and the influence after the last step, entry by entry
# $P_{ijkb} = \partial h_{T,ib} / \partial W_{jk}$: each sequence has an influence of its own.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (H, D) | | `dW` | (H, n) |
# | `W_hh` | (H, H) | | `P_T` | (H, H, n, B) |
# | `b_h` | (H, 1) | | | |
# | `x`, row t-1 is step t | (T, D, B) | | | |
# | `h_0` | (H, B) | | | |
# | `dh_own`, row t-1 is step t | (T, H, B) | | | |
#
# Start from $P_t = J_t P_{t-1} + \partial^{+} h_t / \partial W$ and
# $\partial L_t / \partial W = (\partial L_t / \partial h_t)\, P_t$. Points: sequence 3, initial state 1.

# %% answer="rtrl"
def rtrl(W_xh, W_hh, b_h, x, h_0, dh_own):
    """Return dW and P_T."""
    ### BEGIN SOLUTION
    H, B = h_0.shape
    n = len(x[0]) + H + 1
    dW, P, h_t = np.zeros((H, n)), np.zeros((H, H, n, B)), h_0
    for x_t, own in zip(x, dh_own, strict=True):
        into = np.vstack([x_t, h_t, np.ones(B)])            # what W multiplies: (n, B)
        P = np.tensordot(W_hh, P, 1)
        P[range(H), range(H)] += into                       # only row i of W makes a_i
        h_t = np.tanh(W_xh @ x_t + W_hh @ h_t + b_h)
        P *= (1 - h_t**2)[:, None, None]
        dW += (own[:, None, None] * P).sum(axis=(0, 3))
    return dW, P
    ### END SOLUTION

# %% check="rtrl"
check("rtrl", rtrl)

# %% [markdown]
# ## 6.3 · Few places
#
# **`checkpointed_bptt`** · 5 points · about 40 minutes · relative error at most 1e-10
#
# You operate a machine. It holds a network that is to be gone back through, and you never see its states. It has one
# *current* state, `slots` *places* in which states can be kept, and a tape for a single step. You have five functions:
#
# | call | what the machine does |
# |---|---|
# | `start()` | begins anew: $h_0$ is the current state, all places are empty |
# | `forward()` | takes one step: the current state $h_t$ becomes $h_{t+1}$ |
# | `store(place)` | keeps the current state in a place, 0 … `slots` - 1; what was there is gone |
# | `load(place)` | makes the state in a place the current one; it stays in its place as well |
# | `backward(dh)` | goes back through one step, and returns two arrays: `dh` for the step before, and this copy's share of `dtheta` |
#
# The steps are gone back through in the order $T, T-1, \dots, 1$. For step $t$ the current state must be $h_{t-1}$, since
# `backward` takes the step onto the tape first. Its argument is what comes back to $h_t$ from step $t+1$; for $t = T$ that is
# `0.0`. The own loss of step $t$ is added inside. Afterwards the current state is still $h_{t-1}$. The machine refuses with an
# error what it cannot do, such as using a place that it does not have.
#
# | argument | | | result | shape |
# |---|---|---|---|---|
# | `T`, `slots` | whole numbers, at least 1 | | `dtheta` | as the shares |
# | `start`, `forward`, `store`, `load`, `backward` | functions | | `dh_0` | as $h_0$ |
# | | | | `steps`, how many steps forward it took | a whole number |
#
# Each `forward()` counts as a step forward, and so does each `backward(dh)`. The machine counts, too, from the last `start()`;
# no other state than $h_0$ is there for nothing. Points:
#
# - gradient 2: there are `slots` ≥ T places, and any number of steps is right,
# - places 1: there are few places, and any number of steps is right,
# - steps 2: there are few places, `steps` is what the machine has counted, and it is not more than $C(T, \text{slots})$.
#
# Start from the recurrence $C(n, m) = \min_y \{ y + C(n - y, m - 1) + C(y, m) \}$, where $h_0$ takes one of the $m$ places. Here
# it is, as a function that you may use:

# %%
from functools import cache


@cache
def least_steps(n, m):
    """C(n, m): the fewest steps forward for n steps back with m places."""
    if n == 1 or m == 1:
        return n * (n + 1) // 2
    return min(y + least_steps(n - y, m - 1) + least_steps(y, m) for y in range(1, n))


print("30 steps, from one place to seven:", [least_steps(30, m) for m in range(1, 8)])

# %% answer="checkpointed_bptt"
def checkpointed_bptt(T, slots, start, forward, store, load, backward):
    """Return dtheta, dh_0 and the number of steps forward."""
    ### BEGIN SOLUTION
    dtheta, dh, steps = 0.0, 0.0, 0

    def run(n):
        nonlocal steps
        steps += n
        for _ in range(n):
            forward()

    def cost(y, n, m):
        return y + least_steps(n - y, m - 1) + least_steps(y, m)

    def back_through(n, m):
        """Go back through the n steps after the state in place slots - m, with m places."""
        nonlocal dtheta, dh, steps
        while n > 0:
            load(slots - m)
            y = min(range(1, n), key=lambda y: cost(y, n, m)) if n > 1 and m > 1 else n - 1
            run(y)
            if n - y > 1:
                store(slots - m + 1)
                back_through(n - y, m - 1)
            else:
                dh, share = backward(dh)
                dtheta, steps = dtheta + share, steps + 1
            n = y

    start()
    store(0)
    back_through(T, slots)
    return dtheta, dh, steps
    ### END SOLUTION

# %% check="checkpointed_bptt"
check("checkpointed_bptt", checkpointed_bptt)
