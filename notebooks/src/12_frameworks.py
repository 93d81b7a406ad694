# %% [markdown]
# # 12 · Bridge to frameworks
#
# You have written all of it by hand. In daily work you will not: PyTorch, JAX or Keras will unroll,
# differentiate and clip for you. This unit shows where each thing you know lives there, what it is
# called, and where it is silently different.
#
# After this unit you can
#
# - carry weights from PyTorch to this library and back, and say why a GRU may have to stay where it is,
# - find chunks, cuts, masks, clipping and checkpoints in `detach`, `ignore_index`, `clip_grad_norm_`
#   and `lax.scan`,
# - read PyTorch's message about a *second backward* as a sentence on truncated backpropagation,
# - name the defaults that differ from what you have learnt.
#
# You need: units [03](03_full_bptt.ipynb), [05](05_truncation.ipynb),
# [08](08_clipping_init_optimisers.ipynb), [09](09_lstm.ipynb) and
# [10](10_gru_stacks.ipynb). Time: about 60 minutes.

# %%
import numpy as np
from bpttlib.bptt import bptt, unroll
from bpttlib.plots import heat_map, lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# An LSTM has $D = 50$ inputs and $H = 100$ units. PyTorch's has 400 parameters more than ours. Which
# ones? Is there anything that they let it compute and ours cannot? And for a GRU, where PyTorch's has
# 300 more?
#
# ## How to read this unit
#
# Neither PyTorch nor JAX is needed. Cells compute our side with NumPy. Blocks that begin with
# `# PyTorch` or `# JAX` show the other side: they are not run here, but each can be pasted into a new
# cell below the cells before it, where the framework is installed. Every `assert` in them holds: the
# tests of this course run the blocks, in this order, wherever the framework is installed, and compare
# Keras's layers with ours. What is said of Flax and Optax was read in their sources. Flax has two
# interfaces, Linen and the newer NNX; the table gives Linen's names.
#
# | here | PyTorch | JAX, with Flax's Linen and Optax | Keras |
# |---|---|---|---|
# | `unroll` | a loop, or `nn.LSTM` | `lax.scan`, or `nn.RNN` | `layers.LSTM` |
# | `bptt` | `loss.backward()` | `jax.grad` | inside `fit` |
# | `x`, (T, D, B) | (T, B, D), or with `batch_first` (B, T, D) | `scan`: time first; `nn.RNN`: (B, T, D) | (B, T, D) |
# | `W_xh`, `W_hh` | `weight_ih_l0`, `weight_hh_l0` | a kernel per gate, transposed | `kernel`, `recurrent_kernel`, transposed |
# | `b_h` | `bias_ih_l0` + `bias_hh_l0` | `bias` | `bias` |
# | LSTM's gates i f g o | i f g o | `i f g o`, by name | i f c o |
# | GRU's gates r z n | r z n | `r z n`, by name | z r h |
# | z keeps the old state | yes | yes | yes |
# | state (h, c) | (h, c) | (c, h) | [h, c] |
# | a cut, k1 = k2 | `h.detach()` | `lax.stop_gradient(h)` | `stateful=True` |
# | `mask` | `ignore_index`, packed sequences | a factor in the loss, `seq_lengths` | `mask`, `Masking` |
# | `clip_by_global_norm` | `clip_grad_norm_` | `clip_by_global_norm` | `global_clipnorm` |
# | `clip_by_value` | `clip_grad_value_` | `clip` | `clipvalue` |
# | `checkpointed_bptt` | `torch.utils.checkpoint` | `jax.checkpoint` | `keras.remat` |
# | forget gate's bias starts at 1 | no | no | yes |
# | `complex_step` | `autograd.gradcheck`, by differences | works as it is | |
#
# ## Weights
#
# What PyTorch saves of a module is a `state_dict`: a mapping from names to tensors. To NumPy that is a
# dictionary of arrays. Here is one for an LSTM, made by hand with PyTorch's names, shapes and starting
# values.

# %%
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.frameworks import from_pytorch, to_pytorch
from bpttlib.gradcheck import relative_error

T, D, H, B = 12, 2, 3, 4
rng = np.random.default_rng(0)


def a_state_dict(G):
    shapes = {"weight_ih_l0": (G * H, D), "weight_hh_l0": (G * H, H),
              "bias_ih_l0": G * H, "bias_hh_l0": G * H}
    return {name: rng.uniform(-1, 1, shape) / np.sqrt(H) for name, shape in shapes.items()}


state = a_state_dict(G=4)
params = from_pytorch(LSTM(), state)
for name, array in state.items():
    print(f"{name:13} {array.shape}")
print("ours:", {name: array.shape for name, array in params._asdict().items()})
print("matrices are the same, and b_h is the sum of both biases:",
      (params.W_hh == state["weight_hh_l0"]).all()
      and (params.b_h[:, 0] == state["bias_ih_l0"] + state["bias_hh_l0"]).all())

# %% [markdown]
# The order of the gates is the same, so the matrices need no change. Is the function the same? We write
# PyTorch's LSTM down as its documentation gives it, with rows for sequences and two biases, and compare.

# %%
from bpttlib.activations import sigmoid


def pytorchs_lstm(state, x):
    """x is (T, B, D), as there; states are rows."""
    h = c = np.zeros((x.shape[1], H))
    outputs = []
    for x_t in x:
        a = (x_t @ state["weight_ih_l0"].T + state["bias_ih_l0"]
             + h @ state["weight_hh_l0"].T + state["bias_hh_l0"])
        i, f, g, o = np.split(a, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs)                                # (T, B, H)


x = rng.normal(size=(T, D, B))
there = x.transpose(0, 2, 1)                                # (T, B, D)
ours = unroll(LSTM(), params, x).h[1:]
theirs = pytorchs_lstm(state, there)
print("same outputs to 1e-10:", relative_error(ours.transpose(0, 2, 1), theirs) < 1e-10)

# %% [markdown]
# And with the real one:
#
# ```python
# # PyTorch
# import torch
#
# lstm = torch.nn.LSTM(D, H, dtype=torch.float64)
# lstm.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
# y, (h_T, c_T) = lstm(torch.from_numpy(there))
# assert relative_error(ours.transpose(0, 2, 1), y.detach().numpy()) < 1e-10
# ```
#
# ### Two biases
#
# Both biases are added to the same pre-activation, so the second changes nothing that an LSTM can
# compute. PyTorch has it to be compatible with cuDNN, NVIDIA's library for neural networks. It has a
# consequence, though. Both get the same gradient, so their *sum* moves **twice as fast** as a single
# bias would: with equal learning rates, PyTorch's biases learn at double speed.
#
# ```python
# # PyTorch
# (y ** 2).sum().backward()
# assert torch.allclose(lstm.bias_ih_l0.grad, lstm.bias_hh_l0.grad, rtol=1e-10)
# ```
#
# In a GRU the second bias is more than a repetition (unit [10](10_gru_stacks.ipynb)). cuDNN multiplies
# by the reset gate *after* the product with $W_{hn}$, and PyTorch's bias stands inside the brackets:
#
# $$ n_t = \tanh\big(W_{xn} x_t + b_{in} + r_t \odot (W_{hn} h_{t-1} + b_{hn})\big) . $$
#
# Keras has it too, unless `reset_after=False`, and so has Linen. NNX writes it in its documentation, and
# its code leaves it out (Flax 0.12.8). Ours has no $b_{hn}$. No other bias can replace it, since
# $r_t \odot b_{hn}$ changes from step to step. So the conversion refuses rather than drop it.

# %%
gru = a_state_dict(G=3)
try:
    from_pytorch(GRU(), gru)
except ValueError as error:
    print(error)
gru["bias_hh_l0"][2 * H:] = 0.0
print("with b_hn = 0:", from_pytorch(GRU(), gru).b_h.shape)

# %%
from bpttlib.init import init_cell
from bpttlib.params import count_parameters

for cell in (LSTM(), GRU()):
    large = init_cell(rng, cell, D=50, H=100)
    there_too = sum(array.size for array in to_pytorch(cell, large).values())
    print(f"{type(cell).__name__:4}  parameters here {count_parameters(large)}, in PyTorch {there_too}")

# %% [markdown]
# That answers the prediction. $4 \cdot 100$ parameters are a second bias, which computes nothing new; of
# the GRU's $3 \cdot 100$, the last 100 do. If you mean to bring a GRU back, keep its $b_{hn}$ at zero
# while it is trained:
#
# ```python
# # PyTorch
# gru_there = torch.nn.GRU(D, H, dtype=torch.float64)
# free = torch.ones(3 * H, dtype=torch.float64)
# free[2 * H:] = 0.0
# with torch.no_grad():
#     gru_there.bias_hh_l0 *= free
# gru_there.bias_hh_l0.register_hook(lambda grad: grad * free)   # and no gradient moves it
# from_pytorch(GRU(), gru_there.state_dict())
# ```
#
# ### Keras
#
# The `get_weights()` of a layer in Keras is a list: kernel, recurrent kernel, bias. States are rows
# there, so the matrices are transposed. An LSTM's blocks stand in our order, a GRU's do not, and a GRU's
# bias has two rows, which are PyTorch's two biases.

# %%
from bpttlib.frameworks import from_keras, to_keras

gru_params = from_pytorch(GRU(), gru)
kernel, recurrent_kernel, bias = to_keras(GRU(), gru_params)
print("kernel", kernel.shape, " recurrent_kernel", recurrent_kernel.shape, " bias", bias.shape)
r, z, n = GRU().blocks(gru_params.W_xh)
print("blocks of the kernel are z, r, h:",
      all((theirs == ours.T).all() for theirs, ours in zip(np.split(kernel, 3, axis=1), (z, r, n))))
print("there and back:", (from_keras(GRU(), [kernel, recurrent_kernel, bias]).W_xh == gru_params.W_xh).all())

# %% [markdown]
# ### Starting values
#
# PyTorch draws *every* number of `nn.RNN`, `nn.LSTM` and `nn.GRU` from $U(-1/\sqrt H, 1/\sqrt H)$: both
# matrices and both biases. Here, in Keras and in Flax biases start at zero, but for the forget gate's,
# which starts at 1 here and in Keras.
#
# ```python
# # PyTorch
# fresh = torch.nn.LSTM(D, 100)
# assert all(0.09 < p.abs().max() < 0.1001 for p in fresh.parameters())
# assert all(p.dtype == torch.float32 for p in fresh.parameters())
# ```
#
# All but PyTorch say that $W_{hh}$ starts *orthogonal*. Which matrix is meant? Here and in Linen it is
# the block of each gate. Keras draws the $G$ blocks as one matrix, with an orthonormal shorter side.
# Then no single block is orthogonal. All of them together keep the length of a vector; each has a part
# of it.

# %%
from bpttlib.init import orthogonal

one_block = orthogonal(np.random.default_rng(1), (100, 100))            # H = 100 units
all_blocks = orthogonal(np.random.default_rng(1), (400, 100))           # and G = 4 gates
for name, block in (("gate by gate", one_block), ("all gates at once", all_blocks[100:200])):
    factor = np.linalg.norm(block) / np.sqrt(100)                       # root mean square
    print(f"{name:17}  a block multiplies a vector's length by about {factor:.2f}")

# %% [markdown]
# And how much of a cell state is left after 20 steps, at the start of training, if nothing but the bias
# acts on the forget gate?

# %%
for name, b_f in (("PyTorch, about 0", 0.0), ("ours and Keras, 1", 1.0),
                  ("both of PyTorch's biases set to 1", 2.0)):
    print(f"{name:34} f = {sigmoid(b_f):.2f}   after 20 steps: {sigmoid(b_f) ** 20:.1e}")

# %% [markdown]
# The last line is what happens if one sets "the" bias to 1 in PyTorch by a loop over all names that
# contain `bias`. It may even help; but it is 2. This sets it to 1:
#
# ```python
# # PyTorch
# with torch.no_grad():
#     lstm.bias_ih_l0[H:2 * H] = 1.0                          # rows of f, the second block
#     lstm.bias_hh_l0[H:2 * H] = 0.0
# assert (LSTM().blocks(from_pytorch(LSTM(), lstm.state_dict()).b_h)[1] == 1.0).all()
# ```
#
# ### Several layers
#
# Layers are counted in the names, and the backward direction is marked. PyTorch's `h_n` has the states
# of all layers and directions in the same order, in one array of shape (layers · directions, B, H).

# %%
from bpttlib.layers import Bidirectional, Stacked

network = Stacked(Bidirectional(GRU()), Bidirectional(GRU()))
deep = to_pytorch(network, network.init(rng, D, H))
for name in list(deep)[::4]:
    print(f"{name:24} {deep[name].shape}")

# %% [markdown]
# ```python
# # PyTorch
# module = torch.nn.GRU(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
# module.load_state_dict({name: torch.from_numpy(array) for name, array in deep.items()})
# assert list(module.state_dict()) == list(deep)
# y, h_n = module(torch.from_numpy(there))
# states = network.unroll(from_pytorch(network, deep), x)
# upper = states.layers[1]                                    # its own step T is the sequence's step 1
# assert relative_error(upper.backward.h[-1].T, h_n[3].detach().numpy()) < 1e-10
# assert relative_error(upper.onward.h[-1].T, h_n[2].detach().numpy()) < 1e-10
# ```
#
# `dropout=p` in PyTorch acts between the layers and not after the last one, and our `Stacked` does the
# same. In Keras `dropout` acts on the *inputs* of a layer, and `recurrent_dropout` on the way from step
# to step.
#
# ## Axes
#
# Three layouts are in use: (T, D, B) here, (T, B, D), and (B, T, D). If $T$ and $B$ are exchanged
# nothing crashes: the network then walks from one *sequence* to the next. A test tells: change the input
# of one sequence, and no other sequence may notice.

# %%
def others_notice(x, run):
    """Change the first sequence's inputs; how much do the other sequences' outputs change?"""
    changed = x.copy()
    changed[..., 0] += 1.0
    return relative_error(run(x)[..., 1:], run(changed)[..., 1:])


def right(x):
    return unroll(LSTM(), params, x).h[1:]                  # (T, H, B)


def exchanged(x):
    return unroll(LSTM(), params, x.T).h[1:].T              # runs through the batch, and says nothing


print("right:                others notice:", others_notice(x, right) > 1e-12)
print("T and B exchanged:    others notice:", others_notice(x, exchanged) > 1e-12)

# %% [markdown]
# ```python
# # PyTorch
# first = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
# first.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
# y, (h_T, c_T) = first(torch.from_numpy(there).transpose(0, 1))      # (B, T, D) in, (B, T, H) out
# assert relative_error(ours.transpose(2, 0, 1), y.detach().numpy()) < 1e-10
# assert h_T.shape == (1, B, H)                               # batch_first does not touch the states
# ```
#
# ## `detach` is a cut
#
# PyTorch records every operation in a *graph*, its tape, and `backward` runs through all of it. To
# truncate, one takes the *value* of a state and forgets where it came from. Those are our chunks,
# $k_1 = k_2$: values are carried, gradients are cut.

# %%
from bpttlib.truncation import truncated_bptt

k = 4
elman = init_cell(rng, Elman(), D, H)
own = rng.normal(size=(T, H, B))                            # L = Σ own · h, so this is dh_own
tape = unroll(Elman(), elman, x)
chunks = truncated_bptt(Elman(), elman, x, tape, own, k1=k, k2=k)
full = bptt(Elman(), elman, x, tape, own)
off = relative_error(chunks.params.W_hh, full.params.W_hh)
print(f"cut every {k} steps: relative error of the gradient of W_hh {off:.2f}")

# %%
from bpttlib.diagnostics import contributions

shares = contributions(Elman(), elman, x, tape, own).W_hh[:, :, 0, 0]       # loss of step t, copy s
same_chunk = np.arange(T)[:, None] // k == np.arange(T) // k
show(heat_map(np.where(same_chunk, shares, 0.0)),
     f"Map of contributions to one entry of W_hh, {T} losses by {T} copies. Colour is found only in "
     f"three triangles along the diagonal, one for each chunk of {k} steps; all else has been cut off. "
     "The column of copy 1 is empty, since h_0 = 0.")
print("what is left of the entry's gradient is what the chunks say:",
      abs(shares[same_chunk].sum() - chunks.params.W_hh[0, 0]) < 1e-10)

# %% [markdown]
# ```python
# # PyTorch
# rnn = torch.nn.RNN(D, H, dtype=torch.float64)
# start_values = {name: torch.from_numpy(array) for name, array in to_pytorch(Elman(), elman).items()}
# rnn.load_state_dict(start_values)
# inputs, weights = torch.from_numpy(there), torch.from_numpy(own.transpose(0, 2, 1))
# h = torch.zeros(1, B, H, dtype=torch.float64)
# for start in range(0, T, k):
#     y, h = rnn(inputs[start:start + k], h.detach())         # the value goes on, the gradient does not
#     (y * weights[start:start + k]).sum().backward()         # .grad adds up
# assert relative_error(chunks.params.W_hh, rnn.weight_hh_l0.grad.numpy()) < 1e-10
# ```
#
# ### What the famous message means
#
# Leave `.detach()` out, and the second `backward` stops with *Trying to backward through the graph a
# second time*. The graph of the second chunk goes on into the first; the first has been gone through
# already, and what it had stored was freed. The message then recommends `retain_graph=True`, which is
# rarely what you want: it asks for **full** backpropagation from every window to the very start.
#
# ```python
# # PyTorch
# def without_detach(**options):
#     rnn.zero_grad()
#     h = torch.zeros(1, B, H, dtype=torch.float64)
#     for start in range(0, T, k):
#         y, h = rnn(inputs[start:start + k], h)
#         (y * weights[start:start + k]).sum().backward(**options)
#
#
# try:
#     without_detach()
#     assert False, "this line is not reached"
# except RuntimeError as error:
#     assert "Trying to backward through the graph a second time" in str(error)
# without_detach(retain_graph=True)
# assert relative_error(full.params.W_hh, rnn.weight_hh_l0.grad.numpy()) < 1e-10
# ```
#
# In our terms that is $k_2 = T$: exact at frozen weights, and each window is dearer than the one before.

# %%
again = truncated_bptt(Elman(), elman, x, tape, own, k1=k, k2=T)
print("k2 = T equals full BPTT to 1e-10:", relative_error(again.params.W_hh, full.params.W_hh) < 1e-10)
for windows in (3, 30, 300):
    print(f"{windows:4} windows of {k}: steps gone back  with detach {windows * k:5}"
          f"   with retain_graph {k * windows * (windows + 1) // 2:7}")

# %% [markdown]
# And if the optimiser changes the weights between the windows, PyTorch refuses once more: the old graph
# needs the old weights. Rightly so. It would not be the gradient of any one loss (unit
# [03](03_full_bptt.ipynb)).
#
# ```python
# # PyTorch
# def with_updates():
#     h, sgd = torch.zeros(1, B, H, dtype=torch.float64), torch.optim.SGD(rnn.parameters(), lr=1e-6)
#     for start in range(0, T, k):
#         y, h = rnn(inputs[start:start + k], h)
#         (y * weights[start:start + k]).sum().backward(retain_graph=True)
#         sgd.step()
#
#
# try:
#     with_updates()
#     assert False, "nor is this one"
# except RuntimeError as error:
#     assert "modified by an inplace operation" in str(error)
# rnn.load_state_dict(start_values)                           # the first update had been made
# ```
#
# **If you see either message in a recurrent network, look for a missing `detach`.** Remember that an
# LSTM has two parts of state to detach, h and c.
#
# ## Masks, means and packed sequences
#
# Our mask says which steps count, and the loss is the mean over those. PyTorch has `reduction="mean"`,
# which divides by the number of entries it is given, and `ignore_index`, which takes steps out of both
# sum and count. The shapes fit as they are: its `cross_entropy` wants the classes on the second axis,
# and we have (T, K, B).

# %%
from bpttlib.losses import softmax_cross_entropy

K, lengths = 5, np.array([12, 9, 5, 2])
mask = np.arange(T)[:, None] < lengths                      # (T, B)
logits, labels = rng.normal(size=(T, K, B)), rng.integers(K, size=(T, B))
L, _ = softmax_cross_entropy(logits, labels, mask)
each = [softmax_cross_entropy(logits[:n, :, [b]], labels[:n, [b]])[0] for b, n in enumerate(lengths)]
print(f"mean over the {mask.sum()} steps that count:           {L:.4f}")
print(f"their sum, divided by all {mask.size} steps:           {L * mask.sum() / mask.size:.4f}")
print(f"mean over the sequences of each one's mean:   {np.mean(each):.4f}")

# %% [markdown]
# Three losses, all called "mean" by someone. The second is what one gets by setting the loss to 0 on the
# filling and calling `.mean()`. It is too small by the share of the filling, a share that changes with
# each batch, and so does the learning rate. The third gives short sequences the same weight as long
# ones. It can be meant; it is not ours.
#
# ```python
# # PyTorch
# target = torch.from_numpy(np.where(mask, labels, -100))     # -100 is what ignore_index is by default
# assert abs(torch.nn.functional.cross_entropy(torch.from_numpy(logits), target).item() - L) < 1e-10
# ```
#
# A *packed sequence* is the other way: PyTorch leaves the filling out of the computation altogether. In
# a network that reads forward that changes nothing that counts, because no step can see what comes after
# it. What it saves is time, and it hands you each sequence's **own last state**. With us that is a row
# of the tape.

# %%
tape_of_lstm = unroll(LSTM(), params, x)
own_last = tape_of_lstm.h[lengths, :, np.arange(B)]         # h_t at each one's own length: (B, H)
print("own last state equals the tape's last row:", (own_last == tape_of_lstm.h[-1].T).all(axis=1))

# %% [markdown]
# ```python
# # PyTorch
# from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
#
# lstm.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
# packed, (h_n, c_n) = lstm(pack_padded_sequence(inputs, lengths, enforce_sorted=False))
# y, _ = pad_packed_sequence(packed)
# assert relative_error(own_last, h_n[0].detach().numpy()) < 1e-10
# counted = mask[:, None] * tape_of_lstm.h[1:]
# assert relative_error(counted.transpose(0, 2, 1), y.detach().numpy()) < 1e-10
# ```
#
# For a **bidirectional** network they are not the same. The backward direction starts at the end of the
# array, so it reads the filling first. Packing spares it that; a mask in the loss does not. (In Keras
# the mask goes to the layer, and both directions skip the filling.)

# %%
both = Bidirectional(LSTM())
weights_both = both.init(rng, D, H)
filled = np.where(mask[:, None], x, 9.0)                    # the same sequences, other filling
for name, run in (("forward only", lambda x: unroll(LSTM(), params, x).h[1:]),
                  ("bidirectional", lambda x: both.unroll(weights_both, x).h[1:])):
    gap = np.abs(run(x) - run(filled)).max(axis=1)[mask].max()
    print(f"{name:14} outputs that count depend on the filling:", gap > 1e-12)

# %% [markdown]
# So with us, batch sequences of equal length for a bidirectional network.
#
# ## Clipping
#
# `clip_grad_norm_` is our `clip_by_global_norm` (unit [08](08_clipping_init_optimisers.ipynb)): all
# gradients as one long vector, the same direction, and it *returns the norm before clipping*, which is
# worth plotting. It differs in three points.
#
# - It works in place, on `.grad`; ours leaves alone what it is given.
# - It divides by $\lVert g \rVert + 10^{-6}$, ours by $\lVert g \rVert$. Optax has no such term either.
# - With a NaN in one tensor it makes **all** gradients NaN and says nothing, unless
#   `error_if_nonfinite=True`. So does Optax. Ours raises an error that names the tensor.

# %%
from bpttlib.clip import clip_by_global_norm, global_norm


def clip_as_pytorch(grads, c):
    norm = global_norm(grads)
    return tuple(g * min(1.0, c / (norm + 1e-6)) for g in grads), norm


grads, norm = full.params, global_norm(full.params)
tiny = tuple(1e-6 * g / norm for g in grads)
for g, c in ((grads, 1.0), (tiny, 1e-6)):
    (ours_clipped, before), (theirs, _) = clip_by_global_norm(g, c), clip_as_pytorch(g, c)
    short = 1 - global_norm(theirs) / global_norm(ours_clipped)
    print(f"norm before {before:5.3g}, c = {c:g}: PyTorch's is shorter by a share of {short:.0e}")

# %% [markdown]
# ```python
# # PyTorch
# leaves = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in grads]
# for leaf, g in zip(leaves, grads):
#     leaf.grad = torch.from_numpy(g.copy())
# norm_before = torch.nn.utils.clip_grad_norm_(leaves, max_norm=1.0)
# theirs, norm = clip_as_pytorch(grads, 1.0)
# assert abs(norm_before.item() - norm) < 1e-10 * norm
# assert max(relative_error(g, leaf.grad.numpy()) for g, leaf in zip(theirs, leaves)) < 1e-10
#
# from bpttlib.clip import clip_by_value
#
# torch.nn.utils.clip_grad_value_(leaves, 0.1)
# values, _ = clip_by_value(theirs, 0.1)
# assert max(relative_error(g, leaf.grad.numpy()) for g, leaf in zip(values, leaves)) < 1e-10
#
# leaves[0].grad[0, 0] = torch.nan                            # one number …
# torch.nn.utils.clip_grad_norm_(leaves, max_norm=1.0)
# assert all(leaf.grad.isnan().all() for leaf in leaves)      # … and all are lost
# ```
#
# The order matters everywhere: backward, *then* clip, *then* step. And in PyTorch, `zero_grad` before
# the next backward, since `.grad` adds up. That is how sums over windows come about for free, and how
# yesterday's gradient gets into today's if one forgets.
#
# ## JAX: the loop is a function
#
# `lax.scan` is our `unroll`: a step from (carry, input) to (carry, output), and a loop whose step is
# compiled once, however often it runs. (With `jax.jit`, another $T$ is another shape, and all is
# compiled anew.) `jax.grad` derives the backward loop. Parameter records such as our `CellParams` work
# as they are: a named tuple is a *pytree*, JAX's word for nested containers of arrays.
#
# ```python
# # JAX
# import jax
# import jax.numpy as jnp
#
# jax.config.update("jax_enable_x64", True)                   # else all is float32, without a word
#
#
# def step(params, h, x_t):
#     h = jnp.tanh(params.W_xh @ x_t + params.W_hh @ h + params.b_h)
#     return h, h                                             # what is carried, what is recorded
#
#
# def loss_of(params, step=step, cut=None):
#     h, total = jnp.zeros((H, B)), 0.0
#     for start in range(0, T, cut or T):
#         window = slice(start, start + (cut or T))
#         h, y = jax.lax.scan(lambda h, x_t: step(params, h, x_t), jax.lax.stop_gradient(h), x[window])
#         total += (own[window] * y).sum()
#     return total
#
#
# def agree(theirs, ours):
#     return max(relative_error(np.asarray(g), w) for g, w in zip(theirs, ours)) < 1e-10
#
#
# assert agree(jax.grad(loss_of)(elman), full.params)         # bptt
# assert agree(jax.grad(lambda p: loss_of(p, cut=k))(elman), chunks.params)   # stop_gradient is detach
# assert agree(jax.grad(lambda p: loss_of(p, jax.checkpoint(step)))(elman), full.params)
# ```
#
# The last line is checkpointing. `jax.checkpoint` says: do not store what happens inside `step`, compute
# it again on the way back. The gradient is the same to rounding, and memory is paid for with time. The
# states *between* the steps are still stored, all $T$ of them. To store only one for each segment, as in
# unit [06](06_exact_alternatives.ipynb), put `jax.checkpoint` round a function that scans a whole
# segment. In PyTorch that is:
#
# ```python
# # PyTorch
# from torch.utils.checkpoint import checkpoint
#
# rnn.zero_grad()
# h, total = torch.zeros(1, B, H, dtype=torch.float64), 0.0
# for start in range(0, T, k):
#     y, h = checkpoint(rnn, inputs[start:start + k], h, use_reentrant=False)
#     total = total + (y * weights[start:start + k]).sum()
# total.backward()
# assert relative_error(full.params.W_hh, rnn.weight_hh_l0.grad.numpy()) < 1e-10
# ```
#
# ## Checks, and float32
#
# Frameworks compute in float32 unless they are told otherwise, and there a gradient is right to six or
# seven digits at best. How large is the error of our own backward pass in float32, and could a check see
# a mistake behind it?

# %%
def gradients_in(dtype, T=200):
    rng = np.random.default_rng(1)
    p = type(elman)(*(w.astype(dtype) for w in elman))
    x, own = rng.normal(size=(T, D, B)).astype(dtype), rng.normal(size=(T, H, B)).astype(dtype)
    return bptt(Elman(), p, x, unroll(Elman(), p, x), own).params


single, double = gradients_in(np.float32), gradients_in(np.float64)
error = max(relative_error(a, b) for a, b in zip(single, double, strict=True))
print("float32 against float64: error between 1e-8 and 1e-4:", 1e-8 < error < 1e-4)

# %% [markdown]
# A difference quotient in float32 is worse still: it never got below about 1e-4 in unit
# [04](04_debugging.ipynb). Whoever checks in float32 needs a tolerance of 1e-3 or so, and small mistakes
# hide behind it. Check in float64, then train in float32. `torch.autograd.gradcheck` uses
# central differences, and warns if it is given anything but double precision. It is content with a
# relative error of $10^{-3}$ unless you set `rtol`. In JAX the complex step works as it does here, where
# functions are analytic and accept complex numbers:
#
# ```python
# # PyTorch
# def total_loss(W_hh):
#     h, total = torch.zeros(H, B, dtype=torch.float64), 0.0
#     for x_t, own_t in zip(torch.from_numpy(x), torch.from_numpy(own)):
#         h = torch.tanh(torch.from_numpy(elman.W_xh) @ x_t + W_hh @ h + torch.from_numpy(elman.b_h))
#         total = total + (own_t * h).sum()
#     return total
#
#
# assert torch.autograd.gradcheck(total_loss, torch.from_numpy(elman.W_hh.copy()).requires_grad_())
# ```
#
# ```python
# # JAX
# from bpttlib.gradcheck import complex_step
#
#
# def through_complex_numbers(params):
#     h = jnp.zeros((H, B), complex)
#     _, y = jax.lax.scan(lambda h, x_t: step(params, h, x_t), h, x)
#     return (own * y).sum()
#
#
# assert agree(jax.grad(loss_of)(elman), complex_step(through_complex_numbers, elman))
# ```
#
# ## Experiment
#
# What does the $10^{-6}$ in `clip_grad_norm_` do? Choose the threshold $c$ and compare the norm after
# clipping with the norm before.

# %%
def thresholds(log10_c):
    c = 10.0 ** log10_c
    before = 10.0 ** np.arange(-9, 2.1, 0.25)
    series = {"ours": (before, np.minimum(before, c)),
              "PyTorch": (before, before * np.minimum(1.0, c / (before + 1e-6)))}
    gap = 1e-6 / (c + 1e-6)
    return (lines(series, "norm before", "norm after", log="xy", vertical={"c": c}),
            f"Norm after clipping against norm before, both logarithmic, for c = {c:.0e}. Both curves rise "
            f"to c and stay there. At a norm of c, PyTorch's is smaller by {100 * gap:.2g} percent.")


explore(thresholds, log10_c=(-8, 1, 1, -6), tasks=[
    "At which c is the difference at most one in a thousand? Do you know a training that clips lower?",
    "At c = 1e-8: what becomes of a gradient of norm 1e-9, which is short enough as it is?",
    "In float32, what becomes of norm + 1e-6 when the norm is 100?",
])

# %% [markdown]
# ## Your turn
#
# The first two need no framework.
#
# 1. Linen keeps a GRU as a dictionary of small ones: `ir`, `iz` and `in` with a `kernel` (D, H) and a
#    `bias` each, `hr` and `hz` with a `kernel` (H, H) alone, and `hn` with a `kernel` and a `bias`.
#    Write `from_flax` that returns `CellParams`, and refuse what cannot come along. Check it against the
#    equations, written down as `pytorchs_lstm` was.
# 2. Some texts let z take the *new* state, $h = z \odot n + (1 - z) \odot h_{t-1}$. Convert such a GRU
#    by changing signs, and check that the states agree to $10^{-10}$.
# 3. With PyTorch: train an `nn.LSTM` on a task of your choice, bring it here by `from_pytorch`, and draw
#    where its gradient comes from with `bpttlib.diagnostics.contributions`.
# 4. With PyTorch: put an `nn.LSTM` into the block on `detach`, detach h and forget c. Does it raise? And
#    with `retain_graph=True`: is its gradient that of any $k_2$?
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. PyTorch says "Trying to backward through the graph a second time". What do you look for first in a
# recurrent network?**
#
# <details><summary>A. A missing <code>zero_grad</code> before the next backward</summary>
#
# **No.** Without it no message comes at all: `.grad` adds up, and yesterday's gradient gets into today's.
# </details>
#
# <details><summary>B. A missing <code>retain_graph=True</code>, as the message says</summary>
#
# **No.** It makes the message go away by going back to the very start from every window. That is $k_2 =
# T$, and rarely what you want.
# </details>
#
# <details><summary>C. A missing <code>detach</code>, where a state is carried over</summary>
#
# **Right.** The second backward runs into the graph of the first window, which is gone. An LSTM has two
# parts of state to detach.
# </details>
#
# **2. You convert a bidirectional LSTM, and its outputs agree with PyTorch's for the longest sequences of
# the batch only. Why?**
#
# <details><summary>A. Here the backward direction reads the filling</summary>
#
# **Right.** PyTorch was given packed sequences. Here the backward direction of a shorter sequence begins
# in the filling.
# </details>
#
# <details><summary>B. The second bias got lost on the way here</summary>
#
# **No.** Both biases are added up, and nothing is lost. If it were, all the sequences would disagree.
# </details>
#
# <details><summary>C. The gates stand in another order there</summary>
#
# **No.** The order is the same, `i f g o`. If it were not, the longest sequences would disagree as well.
# </details>
#
# **3. A colleague sums the loss over N steps, you average. She copies your learning rate, and clips at
# the same c. What happens?**
#
# <details><summary>A. She diverges: her steps are N times as long</summary>
#
# **No.** They would be without clipping. With it no step of plain gradient descent is longer than $c$
# times the learning rate.
# </details>
#
# <details><summary>B. She clips far more often, and trains otherwise</summary>
#
# **Right.** Her gradient is $N$ times as long and points the same way. Each clipped step has the length
# $c$ times the learning rate, however long the gradient was: it looks stable, and it is another
# algorithm.
# </details>
#
# <details><summary>C. The same as with you: clipping takes out the N</summary>
#
# **No.** Only in updates in which your gradient is clipped as well. Where yours is shorter than $c$, your
# step is in proportion to it, and hers is not.
# </details>
#
# **4. Why can a GRU's b<sub>hn</sub> not be added to b<sub>n</sub>?**
#
# <details><summary>A. It has another shape than b<sub>n</sub></summary>
#
# **No.** Both have one number for each unit. They could be added; the sum would only compute something
# else.
# </details>
#
# <details><summary>B. The reset gate multiplies it</summary>
#
# **Right.** $r_t$ changes with every step and sequence. A constant cannot stand for $r_t \odot b_{hn}$.
# </details>
#
# <details><summary>C. Its gradient would be doubled</summary>
#
# **No.** That happens where both biases of an LSTM are one sum, and it changes how fast the bias learns,
# not what the cell computes.
# </details>
#
# **5. Where is the sum over the copies of the weights in PyTorch's code?**
#
# <details><summary>A. In the loss, which is summed over the steps</summary>
#
# **No.** That is the sum over the *losses*. With a single loss at the last step it is gone, and the sum
# over the copies is still there.
# </details>
#
# <details><summary>B. In <code>optimizer.step</code>, which takes their mean</summary>
#
# **No.** The optimiser gets one gradient for each parameter, and the sum has been taken. A mean over the
# copies is taken nowhere.
# </details>
#
# <details><summary>C. In <code>.grad</code>, to which each use adds</summary>
#
# **Right.** Each use of the parameter in the graph sends its share there, and nobody has to write the
# sum: it is the chain rule for shared weights of unit 00.
# </details>
#
# ## What to take away
#
# - The same gates, two biases, rows instead of columns. Converted weights agree to $10^{-10}$, or the
#   conversion says why not.
# - `detach` and `stop_gradient` cut into chunks, $k_1 = k_2$; the message about a second backward means
#   that one is missing.
# - "Mean" has three meanings. Ask what it is divided by.
# - Defaults differ: forget bias, what is orthogonal, float32, what a NaN does, what a mask does not hide
#   from a backward direction.
# - Trust, and check: convert, run both, compare.
#
# Back to the [start page](start.ipynb). Symbols: [notation](../docs/notation.md). Terms:
# [glossary](../docs/glossary.md).
#
# **Sources.** The documentation and source of PyTorch 2.13 (`torch.nn.LSTM`, `torch.nn.GRU`,
# `torch.nn.utils.clip_grad_norm_`, `torch.nn.CrossEntropyLoss`, `torch.autograd.gradcheck`), JAX 0.10
# (`jax.lax.scan`, `jax.checkpoint`), Flax 0.12 (`flax.linen` and `flax.nnx`, recurrent cells), Optax 0.2
# (`clip_by_global_norm`) and Keras 3.15 (`layers.LSTM`, `layers.GRU`, `layers.Bidirectional`,
# `initializers.Orthogonal`, optimizers). The forget gate's
# bias of 1: Jozefowicz, Zaremba and Sutskever 2015, *An empirical exploration of recurrent network
# architectures*, ICML.
