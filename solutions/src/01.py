# %% [markdown]
# # Exercises 01 · Unfolding an Elman network
#
# Run an Elman network yourself: first one step with its output, then all steps, for sequences that are not all of the
# same length. You need unit [01](../../notebooks/01_unfolding.ipynb). Replace each `raise NotImplementedError()` by
# your code, and run the cell below it: `check` says at once what is right, and where it is not, which mistake it looks
# like. `hint("elman_step")` opens one hint at a time, `progress()` shows what you have reached. Answers use Python,
# NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 1.1 · One step and its output
#
# **`elman_step`** · 2 points · about 10 minutes · relative error at most 1e-10
#
# Compute the new state and the output of one step, for all sequences of the batch at once.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (H, D) | | `h_t` | (H, B) |
# | `W_hh` | (H, H) | | `y_t` | (K, B) |
# | `b_h` | (H, 1) | | | |
# | `W_hy` | (K, H) | | | |
# | `b_y` | (K, 1) | | | |
# | `x_t`, the input of this step | (D, B) | | | |
# | `h_before`, the state $h_{t-1}$ | (H, B) | | | |
#
# Start from $h_t = \tanh(W_{xh} x_t + W_{hh} h_{t-1} + b_h)$ and $y_t = W_{hy} h_t + b_y$. Points: one sequence 1, a
# batch 1.

# %% answer="elman_step"
def elman_step(W_xh, W_hh, b_h, W_hy, b_y, x_t, h_before):
    """Return the state h_t and the output y_t of one step."""
    ### BEGIN SOLUTION
    W = np.hstack([W_xh, W_hh])                                 # (H, D+H)
    h_t = np.tanh(W @ np.vstack([x_t, h_before]) + b_h)         # (H, B)
    return h_t, W_hy @ h_t + b_y
    ### END SOLUTION

# %% check="elman_step"
check("elman_step", elman_step)

# %% [markdown]
# ## 1.2 · All steps, for sequences of different lengths
#
# **`elman_forward`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# Sentences, utterances and talks differ in length. To process them in one batch one fills the short ones up to $T$
# steps, and from the step at which a sequence is over its **state stays as it is**, whatever numbers the filling
# holds. So `h[-1]` holds the last state of every sequence. Return all states, $h_0$ included:
#
# $$ h_{t,b} = \begin{cases} \tanh(W_{xh} x_{t,b} + W_{hh} h_{t-1,b} + b_h) & t \le \text{length}_b \\
#                            h_{t-1,b} & \text{else.} \end{cases} $$
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (H, D) | | `h`, row 0 is $h_0$ | (T+1, H, B) |
# | `W_hh` | (H, H) | | | |
# | `b_h` | (H, 1) | | | |
# | `x`, row t-1 is step t | (T, D, B) | | | |
# | `h_0` | (H, B) | | | |
# | `lengths`, from 1 to T | (B,), whole numbers | | | |
#
# Points: sequence (all of length T, from a zero state) 1, initial state 1, lengths 1.

# %% answer="elman_forward"
def elman_forward(W_xh, W_hh, b_h, x, h_0, lengths):
    """Return the states h_0 … h_T, where a sequence that is over keeps its state."""
    ### BEGIN SOLUTION
    states = [h_0]
    for step, x_t in enumerate(x, start=1):
        state = states[-1].copy()
        on = lengths >= step                                    # the sequences that are not over
        state[:, on] = np.tanh(W_xh @ x_t[:, on] + W_hh @ state[:, on] + b_h)
        states.append(state)
    return np.stack(states)
    ### END SOLUTION

# %% check="elman_forward"
check("elman_forward", elman_forward)
