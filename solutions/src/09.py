# %% [markdown]
# # Exercises 09 · LSTM
#
# Write an LSTM that can stand still: one step, all steps, and the way back through all of them. You need unit
# [09](../../notebooks/09_lstm.ipynb). Replace each `raise NotImplementedError()` by your code, and run the cell
# below it. `hint("lstm_step")` opens one hint at a time, `progress()` shows what you have reached. Answers use
# Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.
#
# Sequences of a batch need not be equally long, and sensors fail. So each exercise here gets a table `runs`, true
# where a sequence has a step. **Where it is false, the sequence stands still: $h_t = h_{t-1}$ and $c_t = c_{t-1}$,
# exactly.** At the end, the last rows hold the last state of every sequence, however long it was. This is more than
# the mask of unit 03: that one silences a step's loss, this one takes out the step.

# %%
import numpy as np
from bpttlib.activations import sigmoid
from grading import check, hint, progress

# %% [markdown]
# ## 9.1 · One step
#
# **`lstm_step`** · 3 points · about 15 minutes · relative error at most 1e-10
#
# Compute one step for all sequences of the batch. The gates are stacked in the order `i f g o`, in the parameters
# and in what you return. The gates are returned as they were computed, also for sequences that stand still.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (4·H, D) | | `h_t` | (H, B) |
# | `W_hh` | (4·H, H) | | `c_t` | (H, B) |
# | `b_h` | (4·H, 1) | | `gates`, the values of i, f, g, o | (4·H, B) |
# | `x_t` | (D, B) | | | |
# | `h_prev`, `c_prev`, the state of step t-1 | (H, B) | | | |
# | `runs`, true where the sequence has this step | (B,) | | | |
#
# Start from $c_t = f_t \odot c_{t-1} + i_t \odot g_t$ and $h_t = o_t \odot \tanh(c_t)$. Points: from a zero state 1,
# from any state 1, standing still 1.

# %% answer="lstm_step"
def lstm_step(W_xh, W_hh, b_h, x_t, h_prev, c_prev, runs):
    """Return h_t, c_t and the values of the gates."""
    ### BEGIN SOLUTION
    i, f, g, o = np.split(W_xh @ x_t + W_hh @ h_prev + b_h, 4)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    c_t = np.where(runs, f * c_prev + i * g, c_prev)
    h_t = np.where(runs, o * np.tanh(c_t), h_prev)
    return h_t, c_t, np.vstack([i, f, g, o])
    ### END SOLUTION

# %% check="lstm_step"
check("lstm_step", lstm_step)

# %% [markdown]
# ## 9.2 · All steps
#
# **`lstm_forward`** · 2 points · about 10 minutes · relative error at most 1e-10
#
# Run a batch of sequences, each as long as `runs` says, holes included. Use your `lstm_step`.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh`, `W_hh`, `b_h` | as above | | `h`, row 0 is $h_0$ | (T+1, H, B) |
# | `x`, row t-1 is step t | (T, D, B) | | `c`, row 0 is $c_0$ | (T+1, H, B) |
# | `h_0`, `c_0` | (H, B) | | `gates`, row t-1 is step t | (T, 4·H, B) |
# | `runs`, row t-1 is step t | (T, B) | | | |
#
# Start from $(h_t, c_t) = \text{step}(x_t, h_{t-1}, c_{t-1})$. Points: sequence 1, initial states and standing still 1.

# %% answer="lstm_forward"
def lstm_forward(W_xh, W_hh, b_h, x, h_0, c_0, runs):
    """Return h and c for t = 0 … T, and the values of the gates for t = 1 … T."""
    ### BEGIN SOLUTION
    states, gates = [(h_0, c_0)], []
    for x_t, runs_t in zip(x, runs, strict=True):
        h_t, c_t, gates_t = lstm_step(W_xh, W_hh, b_h, x_t, *states[-1], runs_t)
        states.append((h_t, c_t))
        gates.append(gates_t)
    h, c = (np.stack(parts) for parts in zip(*states, strict=True))
    return h, c, np.stack(gates)
    ### END SOLUTION

# %% check="lstm_forward"
check("lstm_forward", lstm_forward)

# %% [markdown]
# ## 9.3 · The whole backward pass
#
# **`lstm_backward`** · 7 points · about 45 minutes · relative error at most 1e-10
#
# The forward pass has run, and its record is here: states, cell states and the values of the gates, as in 9.2. Each
# step's own loss sends `dh_own`, and something beyond the last step (the next window, or another network that
# starts from $c_T$) sends `dc_T` to $c_T$. A loss may also read a state that was only copied, so `dh_own` is given
# at every step. Return the gradients of the parameters and of both initial states.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (4·H, D) | | `dW_xh` | (4·H, D) |
# | `W_hh` | (4·H, H) | | `dW_hh` | (4·H, H) |
# | `x`, row t-1 is step t | (T, D, B) | | `db_h` | (4·H, 1) |
# | `h`, `c`, row 0 is the initial state | (T+1, H, B) | | `dh_0` | (H, B) |
# | `gates`, row t-1 is step t | (T, 4·H, B) | | `dc_0` | (H, B) |
# | `runs`, row t-1 is step t | (T, B) | | | |
# | `dh_own`, row t-1 is step t | (T, H, B) | | | |
# | `dc_T` | (H, B) | | | |
#
# Start from $\partial L/\partial c_t = \partial L/\partial h_t \odot o_t \odot (1 - \tanh^2 c_t) + \dots$, and ask of
# $h_{t-1}$ and $c_{t-1}$ where they go: when the sequence runs, and when it stands still. Points: one step 1,
# sequence 2, initial states 1, standing still 2, gradient of c_T 1.

# %% answer="lstm_backward"
def lstm_backward(W_xh, W_hh, x, h, c, gates, runs, dh_own, dc_T):
    """Return dW_xh, dW_hh, db_h, dh_0 and dc_0."""
    ### BEGIN SOLUTION
    i, f, g, o = np.split(gates, 4, axis=1)                     # (T, H, B) each
    runs = runs[:, np.newaxis]                                  # (T, 1, B)
    tanh_c = np.tanh(c[1:])
    through_h = o * (1 - tanh_c**2)                             # how h_t changes with c_t …
    slopes = np.stack([g * i * (1 - i), c[:-1] * f * (1 - f), i * (1 - g**2),    # … and c_t with a_t,
                       tanh_c * o * (1 - o)])                   # and, the last one, h_t with a_t
    delta = np.zeros_like(gates)
    dh, dc = np.zeros_like(dc_T), dc_T
    for t in reversed(range(len(x))):                           # row t belongs to step t+1
        dh = dh + dh_own[t]                                     # ∂L/∂h of this step, complete
        dc_now = dc + dh * through_h[t]                         # ∂L/∂c, if the sequence runs
        delta[t] = np.where(runs[t], np.vstack(slopes[:, t] * np.stack([dc_now] * 3 + [dh])), 0)
        dh = np.where(runs[t], 0, dh) + W_hh.T @ delta[t]
        dc = np.where(runs[t], dc_now * f[t], dc)
    return (np.einsum("tab,tdb->ad", delta, x), np.einsum("tab,thb->ah", delta, h[:-1]),
            delta.sum(axis=(0, 2))[:, np.newaxis], dh, dc)
    ### END SOLUTION

# %% check="lstm_backward"
check("lstm_backward", lstm_backward)
