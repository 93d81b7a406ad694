# %% [markdown]
# # Exercises 10 · GRU and stacked networks
#
# Two backward passes: a GRU with the second bias that frameworks give it, and two layers with dropout between them.
# You need unit [10](../../notebooks/10_gru_stacks.ipynb). Replace each `raise NotImplementedError()` by your code,
# and run the cell below it. `hint("gru_backward")` opens one hint at a time, `progress()` shows what you have
# reached. Answers use Python, NumPy and what this notebook imports; when a class is graded, nothing else is there.

# %%
import numpy as np
from grading import check, hint, progress

# %% [markdown]
# ## 10.1 · The backward pass of a GRU
#
# **`gru_backward`** · 4 points · about 35 minutes · relative error at most 1e-10
#
# In PyTorch and in Keras a GRU has one more bias than in the lesson: $b_{hn}$, which stands inside the product with
# the reset gate,
#
# $$ u_t = W_{hn} h_{t-1} + b_{hn} , \qquad n_t = \tanh(W_{xn} x_t + b_n + r_t \odot u_t) , \qquad
#    h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1} , $$
#
# with $r_t$ and $z_t$ as ever, and the blocks in the order `r z n`. The record holds the states and the values of the
# gates, but not $u_t$. Return the gradients of all parameters, of the inputs (a layer below will ask for them), and
# of the initial state.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W_xh` | (3·H, D) | | `dW_xh` | (3·H, D) |
# | `W_hh` | (3·H, H) | | `dW_hh` | (3·H, H) |
# | `b_hn` | (H, 1) | | `db_h` | (3·H, 1) |
# | `x`, row t-1 is step t | (T, D, B) | | `db_hn` | (H, 1) |
# | `h`, row 0 is $h_0$ | (T+1, H, B) | | `dx`, row t-1 is step t | (T, D, B) |
# | `gates`, values of r, z, n; row t-1 is step t | (T, 3·H, B) | | `dh_0` | (H, B) |
# | `dh_own`, row t-1 is step t | (T, H, B) | | | |
#
# Start from $\delta_n = \partial L/\partial h_t \odot (1 - z) \odot (1 - n^2)$. Points: one step 1, sequence 2,
# initial state 1.

# %% answer="gru_backward"
def gru_backward(W_xh, W_hh, b_hn, x, h, gates, dh_own):
    """Return dW_xh, dW_hh, db_h, db_hn, dx and dh_0."""
    ### BEGIN SOLUTION
    H = len(b_hn)
    r, z, n = gates[:, :H], gates[:, H:2 * H], gates[:, 2 * H:]         # (T, H, B) each
    u = W_hh[2 * H:] @ h[:-1] + b_hn
    by_n = (1 - z) * (1 - n**2)                     # how h_t changes with a_n, …
    by_z = (h[:-1] - n) * z * (1 - z)               # … with a_z
    by_r = by_n * u * r * (1 - r)                   # … and with a_r, through n
    seen_by_x, seen_by_h = np.hstack([by_r, by_z, by_n]), np.hstack([by_r, by_z, r * by_n])
    dh, complete = np.zeros_like(h[0]), np.empty_like(dh_own)
    for t in reversed(range(len(x))):               # row t belongs to step t+1
        complete[t] = dh + dh_own[t]
        dh = z[t] * complete[t] + W_hh.T @ (seen_by_h[t] * np.tile(complete[t], (3, 1)))
    delta, delta_h = (seen * np.tile(complete, (1, 3, 1)) for seen in (seen_by_x, seen_by_h))
    dW_xh = np.tensordot(delta, x, axes=([0, 2], [0, 2]))
    dW_hh = np.tensordot(delta_h, h[:-1], axes=([0, 2], [0, 2]))
    db_h, db_hn = delta.sum(axis=(0, 2)), delta_h[:, 2 * H:].sum(axis=(0, 2))
    return dW_xh, dW_hh, db_h[:, np.newaxis], db_hn[:, np.newaxis], W_xh.T @ delta, dh
    ### END SOLUTION

# %% check="gru_backward"
check("gru_backward", gru_backward)

# %% [markdown]
# ## 10.2 · Two layers, one on top of the other
#
# **`stacked_backward`** · 3 points · about 25 minutes · relative error at most 1e-10
#
# Two Elman layers, the lower with H1 units and the upper with H2. Between them stands dropout: what the upper layer
# reads are the lower layer's states times given factors $k_t$, 0 where an entry was dropped and $1/(1-p)$ where it
# stayed,
#
# $$ h^1_t = \tanh(W^1_{xh} x_t + W^1_{hh} h^1_{t-1} + b^1_h) , \qquad
#    h^2_t = \tanh(W^2_{xh} (k_t \odot h^1_t) + W^2_{hh} h^2_{t-1} + b^2_h) . $$
#
# Only the upper layer is read by a loss, and `dh_own` belongs to it. Return the gradients of both layers'
# parameters and of both initial states. No library this time: write out what passes from layer to layer.
#
# | argument | shape | | result | shape |
# |---|---|---|---|---|
# | `W1_xh`, `W1_hh` | (H1, D), (H1, H1) | | `dW1_xh`, `dW1_hh` | (H1, D), (H1, H1) |
# | `W2_xh`, `W2_hh` | (H2, H1), (H2, H2) | | `db1_h` | (H1, 1) |
# | `x`, row t-1 is step t | (T, D, B) | | `dW2_xh`, `dW2_hh` | (H2, H1), (H2, H2) |
# | `h1`, `h2`, row 0 is the initial state | (T+1, H1, B), (T+1, H2, B) | | `db2_h` | (H2, 1) |
# | `kept`, the factors $k_t$; row t-1 is step t | (T, H1, B) | | `dh1_0` | (H1, B) |
# | `dh_own`, row t-1 is step t | (T, H2, B) | | `dh2_0` | (H2, B) |
#
# Start from the question where $h^1_t$ goes. Points: sequence 1, initial states 1, dropout 1.

# %% answer="stacked_backward"
def stacked_backward(W1_xh, W1_hh, W2_xh, W2_hh, x, h1, h2, kept, dh_own):
    """Return dW1_xh, dW1_hh, db1_h, dW2_xh, dW2_hh, db2_h, dh1_0 and dh2_0."""
    ### BEGIN SOLUTION
    def layer(W_hh, inputs, h, own):
        """Return δ of all steps, the gradients of one layer, and that of its initial state."""
        delta, dh = np.empty_like(own), np.zeros_like(h[0])
        for t in reversed(range(len(own))):                     # row t belongs to step t+1
            delta[t] = (own[t] + dh) * (1 - h[t + 1] ** 2)
            dh = W_hh.T @ delta[t]
        sums = (np.einsum("thb,tdb->hd", delta, inputs), np.einsum("thb,tgb->hg", delta, h[:-1]),
                np.einsum("thb->h", delta)[:, np.newaxis])
        return delta, sums, dh

    delta2, upper, dh2_0 = layer(W2_hh, kept * h1[1:], h2, dh_own)
    _, lower, dh1_0 = layer(W1_hh, x, h1, kept * (W2_xh.T @ delta2))    # dx above is dh_own below
    return *lower, *upper, dh1_0, dh2_0
    ### END SOLUTION

# %% check="stacked_backward"
check("stacked_backward", stacked_backward)
