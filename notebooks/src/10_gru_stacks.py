# %% [markdown]
# # 10 · GRU, stacked and bidirectional networks
#
# The GRU makes do with three gates and one state, where an LSTM has four and two. This unit derives its
# gradient, whose one trap is the reset gate, and settles which of its several versions is which. Then
# it compares three cells at equal numbers of parameters, and builds larger networks from them: layers
# on top of each other, and two that read from opposite ends.
#
# After this unit you can
#
# - derive and write the backward pass of a GRU, and say what is lost where the reset gate is forgotten,
# - recognise both conventions of $z$ and both places of the reset gate, and say which of them translate,
# - compare cells at equal numbers of parameters, and say how little one comparison proves,
# - take a stack of layers and a bidirectional network apart into pieces that you already know.
#
# You need: units [03](03_full_bptt.ipynb), [04](04_debugging.ipynb), [07](07_vanishing_exploding.ipynb)
# and [09](09_lstm.ipynb). Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.plots import lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# Two colleagues have each trained a GRU and want to exchange weights. In the one's code, the gate $z$
# says how much of the old state is *kept*; in the other's, how much of it is *replaced*. What do they
# need: new training, a change of the code, or a change of some signs?
#
# And: an Elman network, an LSTM and a GRU get about 2000 parameters each. There are three tasks: add two
# marked numbers; say in which order two symbols came; repeat ten symbols. Which cell does best on which?
# Write your guess down.
#
# ## One step, forward
#
# A GRU has one state, $h$. A candidate $n$ is what the state could become; the update gate $z$ mixes the
# old state and the candidate; the reset gate $r$ says how much the candidate hears of the old state:
#
# $$ r_t = \sigma(W_{xr} x_t + W_{hr} h_{t-1} + b_r) , \qquad
#    z_t = \sigma(W_{xz} x_t + W_{hz} h_{t-1} + b_z) , $$
# $$ n_t = \tanh(W_{xn} x_t + b_n + r_t \odot u_t) , \qquad u_t = W_{hn} h_{t-1} , $$
# $$ h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1} . $$
#
# Compare with the LSTM's $c_t = f_t \odot c_{t-1} + i_t \odot g_t$: here $z$ is the forget gate, and
# the input gate is tied to it, $1 - z$. What enters displaces what was there, so $h$ stays between $-1$
# and 1 if it starts there. There is no output gate: all of the state is shown. The three blocks are
# stacked in the order `r z n`.

# %%
from bpttlib.activations import sigmoid


def gates(params, x_t, h):
    W_xh, W_hh, b_h = params
    x_r, x_z, x_n = np.split(W_xh @ x_t + b_h, 3)           # (H, B) each
    u_r, u_z, u = np.split(W_hh @ h, 3)
    r, z = sigmoid(x_r + u_r), sigmoid(x_z + u_z)
    return r, z, np.tanh(x_n + r * u), u


def gru_forward(params, x, h_0):
    h = np.empty((len(x) + 1, *h_0.shape), np.result_type(*params, x, h_0))
    h[0] = h_0
    for t in range(1, len(x) + 1):
        r, z, n, u = gates(params, x[t - 1], h[t - 1])
        h[t] = (1 - z) * n + z * h[t - 1]
    return h                                                # (T+1, H, B)

# %% [markdown]
# ## The derivation
#
# The recipe of units 03 and 09: for each quantity, ask *where does it go?*, and add up what comes back.
#
# **1. Into $h_t$.** Its own loss, and what comes back from step $t+1$ (item 5).
#
# **2. Through the mixture.** $h_t = (1 - z) \odot n + z \odot h_{t-1}$ holds $n$ with the factor
# $1 - z$, and $z$ with the factor $h_{t-1} - n$. Times the slopes of the squashings:
#
# $$ \delta_n = \tfrac{\partial L}{\partial h_t} \odot (1 - z) \odot (1 - n^2) , \qquad
#    \delta_z = \tfrac{\partial L}{\partial h_t} \odot (h_{t-1} - n) \odot z (1 - z) . $$
#
# **3. Through the reset gate.** Inside the tanh stands the product $r \odot u$. As with every product,
# each factor gets what arrives, times the *other* factor:
#
# $$ \delta_r = \delta_n \odot u \odot r (1 - r) , \qquad
#    \frac{\partial L}{\partial u_t} = r \odot \delta_n . $$
#
# This is the trap. The gate $r$ acts on the loss only through $n$, so its error is made of $\delta_n$,
# not of $\partial L/\partial h_t$. And $W_{hn}$ does not see $\delta_n$ as it is, but through $r$.
#
# **4. To the copies, and their sum.** Two stacks of errors, equal but for the last block:
#
# $$ \delta_t = \begin{pmatrix} \delta_r \\ \delta_z \\ \delta_n \end{pmatrix} , \qquad
#    \delta^h_t = \begin{pmatrix} \delta_r \\ \delta_z \\ r \odot \delta_n \end{pmatrix} , \qquad
#    \frac{\partial L}{\partial W_{xh}} = \sum_t \delta_t x_t^\top , \quad
#    \frac{\partial L}{\partial W_{hh}} = \sum_t \delta^h_t h_{t-1}^\top , \quad
#    \frac{\partial L}{\partial b_h} = \sum_t \delta_t . $$
#
# **5. Into the step before.** $h_{t-1}$ goes to two places: straight into $h_t$ with the factor $z$,
# and through $W_{hh}$ into all three blocks. So
# $z \odot \partial L/\partial h_t + W_{hh}^\top \delta^h_t$ comes back. The first term is the **direct
# path**: no matrix, no slope, only a gate.

# %%
def gru_backward(params, x, h, dh_own):
    dW_xh, dW_hh, db_h = (np.zeros_like(p) for p in params)
    back = np.zeros_like(h[0])
    for t in range(len(x), 0, -1):                          # t = T … 1
        r, z, n, u = gates(params, x[t - 1], h[t - 1])
        dh = dh_own[t - 1] + back                           # 1. own loss, and what comes back
        d_n = dh * (1 - z) * (1 - n**2)                     # 2. through the mixture
        d_z = dh * (h[t - 1] - n) * z * (1 - z)
        d_r = d_n * u * r * (1 - r)                         # 3. through the reset gate
        delta = np.concatenate([d_r, d_z, d_n])             # 4. as W_xh and b_h see it,
        delta_h = np.concatenate([d_r, d_z, r * d_n])       #    and as W_hh does
        dW_xh += delta @ x[t - 1].T
        dW_hh += delta_h @ h[t - 1].T
        db_h += delta.sum(axis=1, keepdims=True)
        back = z * dh + params.W_hh.T @ delta_h             # 5. straight on, and through the gates
    return dW_xh, dW_hh, db_h, back

# %% [markdown]
# The cell of the library, `bpttlib/cells/gru.py`, has the same formulas, divided as in unit 09 into `slopes`
# and `step_backward`. Its method `recurrent_delta` is $\delta^h$; for all other cells it returns $\delta$
# itself.
#
# ### Three checks
#
# Everything random and nothing zero: weights, biases, the initial state, and a mask.

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.losses import squared_error
from bpttlib.params import CellParams
from bpttlib.reference import gradient_by_definition

T, D, H, K, B = 6, 2, 4, 2, 3
rng = np.random.default_rng(0)
params = CellParams(rng.normal(size=(3 * H, D)), rng.normal(size=(3 * H, H)), rng.normal(size=(3 * H, 1)))
x, target, W_hy = rng.normal(size=(T, D, B)), rng.normal(size=(T, K, B)), rng.normal(size=(K, H))
h_0, mask = rng.normal(size=(H, B)), rng.random((T, B)) < 0.67


def loss(W_xh, W_hh, b_h, h_0):
    h = gru_forward((W_xh, W_hh, b_h), x, h_0)
    return squared_error(W_hy @ h[1:], target, mask)


def one_step(params, x_t, state):                   # for the definition
    return (gru_forward(params, x_t[None], state[0])[1],)


h, (_, e) = gru_forward(params, x, h_0), loss(*params, h_0)
dh_own = W_hy.T @ e
grads = gru_backward(params, x, h, dh_own)

numerical = complex_step(lambda theta: loss(*theta)[0], (*params, h_0))
sums, _, starts = gradient_by_definition(one_step, params, x, (h_0,), dh_own)
tape = unroll(GRU(), params, x, s0=h_0)
library = bptt(GRU(), params, x, tape, dh_own)
for name, others in (("complex step", numerical), ("the double sum of the definition", (*sums, *starts)),
                     ("the library", (*library.params, *library.s0))):
    worst = max(relative_error(g, other) for g, other in zip(grads, others, strict=True))
    print(f"four tensors equal {name} to 1e-10: {worst < 1e-10}")

# %% [markdown]
# ## What each mistake looks like
#
# As in unit 09: spoil one line at a time, and look at the blocks. First a single step from a random
# state, then a single step from $h_0 = 0$, as careless tests have it.

# %%
import inspect

from bpttlib.plots import error_map

MISTAKES = {
    "reset gate not learnt": ("d_n * u * r * (1 - r)", "0 * u"),
    "d_r made of dh": ("d_n * u", "dh * u"),
    "W_hn sees δ_n": ("r * d_n]", "d_n]"),
    "direct path forgotten": ("z * dh + ", ""),
    "z and 1 - z exchanged": ("z * dh + ", "(1 - z) * dh + "),
    "h_t for h_(t-1) in d_z": ("(h[t - 1] - n)", "(h[t] - n)"),
}
COLUMNS = ["$W_{hr}$", "$W_{hz}$", "$W_{hn}$", "$W_{xr}$", "$W_{xz}$", "$W_{xn}$", "$h_0$"]


def broken(old, new):
    names = {}
    exec(inspect.getsource(gru_backward).replace(old, new), globals(), names)
    return names["gru_backward"]


def errors_by_block(got, want):
    return [relative_error(g, w) for tensor in (1, 0)
            for g, w in zip(np.split(got[tensor], 3), np.split(want[tensor], 3), strict=True)
            ] + [relative_error(got[3], want[3])]


def signatures(T, h_0):
    h, own = gru_forward(params, x[:T], h_0), rng.normal(size=(T, H, B))
    right = gru_backward(params, x[:T], h, own)
    return {name: errors_by_block(broken(*edit)(params, x[:T], h, own), right)
            for name, edit in MISTAKES.items()}


for h_start, start in ((h_0, "a random state"), (np.zeros_like(h_0), "zero")):
    table = signatures(1, h_start)
    passed = ", ".join(f"{name}: {sum(e <= 1e-10 for e in row)} of 7" for name, row in table.items())
    print("one step, from", start)
    show(error_map(table, COLUMNS),
         f"One step from {start}: {len(table)} mistakes by the blocks of dW_hh and dW_xh and the gradient of "
         f"h_0. Right are: {passed}.")

# %% [markdown]
# From a random state each mistake shows. A wrong $\delta_r$ spoils the reset gate's blocks and, through
# $W_{hr}$, the gradient of $h_0$; a wrong $\delta^h$ spoils $W_{hn}$ and $h_0$, but not $W_{xn}$. From
# $h_0 = 0$ the gradient of $W_{hh}$ is zero whatever one does, and with $u = W_{hn} h_0 = 0$ there is
# nothing to reset: both mistakes in $\delta_r$ pass, and three others show in the gradient of $h_0$
# alone, which few tests look at.
#
# How much is lost? Over all six steps, tensor by tensor, and the cosine between the wrong and the right
# gradient of all parameters together:

# %%
def cosine(a, b):
    a, b = (np.concatenate([tensor.ravel() for tensor in tensors[:3]]) for tensors in (a, b))
    return a @ b / np.sqrt((a @ a) * (b @ b))


names = [column.strip("$").translate({ord("{"): None, ord("}"): None}) for column in COLUMNS]
print("relative errors        ", *(f"{name:>5}" for name in names), "  cosine")
for name, edit in MISTAKES.items():
    wrong = broken(*edit)(params, x, h, dh_own)
    errors = " ".join(f"{error:5.2f}" for error in errors_by_block(wrong, grads))
    print(f"{name:<23} {errors} {cosine(wrong, grads):8.2f}")

# %% [markdown]
# Every cosine is positive, so here a small enough update by any of these lowers the loss. In the first
# row the reset gate learns nothing, and a falling loss does not say so.
#
# ## Two conventions of z
#
# In Cho and others (2014), in PyTorch and in Keras, $z$ keeps the old state, as here. In Chung and others
# (2014), from the same group and the same year, it takes the new one:
# $h_t = (1 - z) \odot h_{t-1} + z \odot n$. Both are called GRU. But
#
# $$ \sigma(-a) = 1 - \sigma(a) , $$
#
# so exchanging $z$ and $1 - z$ is the same as changing the sign of $a_z$, that is, of **the $z$ blocks
# of all three parameters**. No training, no change of code.

# %%
def takes_the_new(params, x, h_0):
    h = [h_0]
    for x_t in x:
        _, z, n, _ = gates(params, x_t, h[-1])
        h.append((1 - z) * h[-1] + z * n)
    return np.stack(h)


sign = np.repeat([1, -1, 1], H)[:, None]                    # of the blocks r, z, n
flipped = CellParams(*(sign * p for p in params))
print("the weights as they are: states differ by up to", abs(takes_the_new(params, x, h_0) - h).max().round(1))
print("with the z block's sign changed, they are equal to 1e-12:",
      abs(takes_the_new(flipped, x, h_0) - h).max() < 1e-12)

own_loss = complex_step(lambda p: squared_error(W_hy @ takes_the_new(p, x, h_0)[1:], target, mask)[0], flipped)
print("gradients, too, up to the same sign, to 1e-10:",
      max(relative_error(sign * g, g_hat) for g, g_hat in zip(grads[:3], own_loss, strict=True)) < 1e-10)

# %% [markdown]
# Since even the gradients agree up to that sign, training started from translated weights stays
# translated, with any optimiser that treats signs alike. Mind the initial bias, though: $b_z = 1$
# remembers in the one convention and forgets in the other.
#
# ## Two places of the reset gate
#
# The other difference is real. In both papers, as published, the gate acts *before* the product,
# $W_{hn} (r \odot h_{t-1})$. Here, as in PyTorch and cuDNN, it acts *after*, $r \odot (W_{hn}
# h_{t-1})$: then one product $W_{hh} h_{t-1}$ serves all three blocks. Keras has both: after, unless one
# asks for `reset_after=False`. Can weights be translated?
#
# No, and one can count why. With the gate after the product, unit $j$ hears of $h_{t-1}$ only through
# four numbers: entry $j$ of $W_{hr} h_{t-1}$, of $W_{hz} h_{t-1}$, of $W_{hn} h_{t-1}$, and of
# $h_{t-1}$ itself. Its gradient with respect to $h_{t-1}$ is therefore always a mixture of four fixed
# vectors, whatever the state is. With the gate before the product, all $H$ reset gates have a say in
# each unit. We collect the gradients of one unit at fifty random states and ask for their rank.

# %%
from bpttlib.reference import complex_step_jacobian


def after(params, x_t, h):
    _, z, n, _ = gates(params, x_t, h)
    return (1 - z) * n + z * h


def before(params, x_t, h):
    r, z, _, _ = gates(params, x_t, h)
    W_xn, W_hn, b_n = (np.split(p, 3)[2] for p in params)
    n = np.tanh(W_xn @ x_t + b_n + W_hn @ (r * h))
    return (1 - z) * n + z * h


def rank(step, H, states=50):
    rng = np.random.default_rng(1)
    some = CellParams(*(rng.normal(size=(3 * H, columns)) for columns in (D, H, 1)))
    x_t = rng.normal(size=(D, 1))
    rows = [complex_step_jacobian(lambda h: step(some, x_t, h)[0], rng.normal(size=(H, 1)))[0]
            for _ in range(states)]
    return np.linalg.matrix_rank(np.array(rows), tol=1e-8)


for units in (1, 4, 8, 12):
    print(f"H = {units:2}   rank with the gate after the product: {rank(after, units)},"
          f"   before: {rank(before, units)}")
print("states differ, with the same weights, by up to",
      max(abs(before(params, x_t, h_t) - after(params, x_t, h_t)).max()
          for x_t, h_t in zip(x, h[:-1], strict=True)).round(1))

# %% [markdown]
# At most four, however many units there are, against $H$. So with more than four units, a GRU with the
# gate after the product has in general no weights with which it takes every state to the same next
# state as one with the gate before it. (With a single unit it has: numbers may be exchanged in a
# product.) This is a statement about weights, not about quality: trained anew, either may do.
#
# **A bias inside.** In $r$ and $z$, a second bias adds nothing new: PyTorch's `bias_ih` and `bias_hh`
# are simply summed. In $n$ it stands inside the product, $r \odot (W_{hn} h_{t-1} + b_{hn})$, and
# cannot be moved to $b_n$ unless $r = 1$:

# %%
b_hn = np.full((H, 1), 0.5)
differences = []
for x_t, h_t in zip(x, h[:-1], strict=True):
    r, z, n, u = gates(params, x_t, h_t)
    pre = np.arctanh(n)
    differences.append(abs(np.tanh(pre + r * b_hn) - np.tanh(pre + b_hn)).max())
print("n with b_hn inside, against n with b_hn moved outside: up to", max(differences).round(1))

# %% [markdown]
# The GRU of this course has no $b_{hn}$. The library reads PyTorch's weights, where $z$ and $r$ are as
# here, if $b_{hn}$ is zero; if it is not, it refuses:

# %%
from bpttlib.frameworks import from_pytorch, to_pytorch

state = to_pytorch(GRU(), params)                           # PyTorch's names, arrays of NumPy
back_again = from_pytorch(GRU(), state)
print("there and back:", all((a == b).all() for a, b in zip(back_again, params, strict=True)))
state["bias_hh_l0"][-H:] = 0.5
try:
    from_pytorch(GRU(), state)
except ValueError as error:
    print(error)

# %% [markdown]
# ## The gradient along time, at the start
#
# Unit 09 laid the forget gates beside the product of matrices. Here are three cells with random
# weights, fresh from initialisation, on random inputs, with a loss at the last step alone. Their sizes
# are those of the next section, about 2000 parameters each. The GRU's biases are zero, so $z$ is near
# $\sigma(0) = 1/2$; the LSTM begins with a forget bias of 1. A fourth line gives that bias to the GRU's
# $z$.

# %%
from bpttlib.diagnostics import norm_by_lag
from bpttlib.init import init_cell


def gradient_left(cell, params, x):
    """Return ‖∂L/∂s_{T-n}‖ by lag for a loss at the last step, relative to n = 1."""
    tape = unroll(cell, params, x)
    own = np.zeros_like(tape.h[1:])
    own[-1] = np.random.default_rng(5).normal(size=own[-1].shape)
    bptt(cell, params, x, tape, own, need_dx=False)
    norms = norm_by_lag(tape, cell.state[-1])[1:-1]         # of c for the LSTM, of h for the others
    return norms / norms[0]


def fresh(cell, H, b_z=None):
    params = init_cell(np.random.default_rng(2), cell, 2, H)
    if b_z is not None:
        cell.blocks(params.b_h)[1][...] = b_z
    return params


noise = np.random.default_rng(3).normal(size=(51, 2, 32))
fading = {"Elman": gradient_left(Elman(), fresh(Elman(), 43), noise),
          "LSTM": gradient_left(LSTM(), fresh(LSTM(), 21), noise),
          "GRU": gradient_left(GRU(), fresh(GRU(), 24), noise),
          "GRU, b_z = 1": gradient_left(GRU(), fresh(GRU(), 24, b_z=1.0), noise)}
left = {name: f"{line[-1]:.0e}" for name, line in fading.items()}
show(lines({name: (np.arange(1, 51), line) for name, line in fading.items()}, "steps back n",
           r"$\|\partial L / \partial s_{T-n}\|$, relative to $n = 1$", log="y"),
     "Gradient along 50 steps for four cells at the start of training, on a logarithmic scale: four nearly "
     "straight lines that fall. What is left at the end: "
     + ", ".join(f"{name} {value}" for name, value in left.items()) + ".")
print("left after 50 steps:", ",  ".join(f"{name} {value}" for name, value in left.items()))

# %% [markdown]
# At the start, in this draw, the gradient fades *fastest* in the plain GRU, faster even than in the Elman
# network, whose $W_{hh}$ is orthogonal. If the start decided what can be learnt, we could stop here.
# Does it?
#
# ## Three cells at equal numbers of parameters
#
# A cell has $G H (D + H + 1)$ parameters, the readout $K (H + 1)$. A fair comparison holds something
# fixed; we take about 2000 parameters and let $H$ follow. (At equal $H$ the LSTM would have four times
# as many.) The tasks:
#
# - **adding**, 20 steps: the sum of two marked numbers, due at the end,
# - **temporal order**, 20 to 22 steps: two symbols, X or Y, among distractors; in which order did they come?
# - **copy memory**: ten symbols of eight kinds, to be repeated in order after a cue that follows at once.
#
# Everything else is the same for the three cells: Adam with one learning rate for each task, not tuned
# cell by cell, clipping at 1, the same batches of 16 sequences, and three seeds.

# %%
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.params import count_parameters
from bpttlib.tasks import adding, batches, copy_memory, temporal_order
from bpttlib.train import fit

CELLS = {"Elman": Elman(), "LSTM": LSTM(), "GRU": GRU()}
CLASSES = "softmax_cross_entropy"
TASKS = {       # the task, T, (D, K, loss), the loss of guessing, updates, and the learning rate
    "adding": (adding, 20, (2, 1, "squared_error"), 1 / 12, 300, 0.015),
    "temporal order": (temporal_order, 22, (8, 4, CLASSES), np.log(4), 280, 0.005),
    "copy memory": (copy_memory, 1, (10, 9, CLASSES), 10 * np.log(8) / 21, 400, 0.015),
}


def model_with(n, cell, D, K, loss):
    """Return the model whose number of parameters is nearest to n, and that number."""
    G = len(cell.gates)
    H = min(range(1, 200), key=lambda H: abs(G * H * (D + H + 1) + K * (H + 1) - n))
    model = Model(cell, D, H, K, loss)
    return model, count_parameters(model.init(np.random.default_rng(0)))


models = {(task, name): model_with(2000, cell, *sizes)
          for task, (_, _, sizes, *_) in TASKS.items() for name, cell in CELLS.items()}
print("units (parameters)     Elman        LSTM         GRU")
for task in TASKS:
    print(f"{task:20}", *(f"{models[task, name][0].H:3} ({models[task, name][1]:4})  " for name in CELLS))
counts = [n for _, n in models.values()]
print("all within four percent of 2000:", max(abs(n - 2000) for n in counts) <= 80)

# %%
def train(task, name, seed, lr=None):
    function, T, _, guessing, updates, usual = TASKS[task]
    model, _ = models[task, name]
    run = fit(model, model.init(np.random.default_rng(seed)), batches(function, seed=seed, T=T, B=16),
              updates, adam(lr or usual), clip=1.0, progress=False)
    return run.params, run.loss.reshape(20, -1).mean(axis=1) / guessing


runs = {key: [train(*key, seed) for seed in range(3)] for key in models}


def in_words(share):
    return "learnt" if share < 0.2 else "partly" if share < 0.85 else "hardly"


final = {key: np.median([curve[-1] for _, curve in three]) for key, three in runs.items()}
print("median of three seeds         ", *(f"{name:9}" for name in CELLS))
for task in TASKS:
    print(f"{task:30}", *(f"{in_words(final[task, name]):9}" for name in CELLS))

# %% [markdown]
# "Learnt" means a loss below 0.2 of guessing at the end, "partly" below 0.85, "hardly" the rest.

# %%
for task, (*_, updates, _) in TASKS.items():
    curves = {name: np.median([curve for _, curve in runs[task, name]], axis=0) for name in CELLS}
    at = (np.arange(20) + 0.5) * updates / 20
    show(lines({name: (at, curve) for name, curve in curves.items()}, "updates",
               f"{task}: loss / guessing", horizontal={"": 1}),
         f"Learning curves on {task}, medians of three seeds, guessing is 1. At the end: "
         + ", ".join(f"{name} {in_words(curve[-1])}" for name, curve in curves.items()) + ".")

# %% [markdown]
# Three tasks, three answers. On adding, both gated cells learn and the Elman network stays where guessing
# is. On temporal order, at this length, all learn. On copying, where *much* has to be kept for
# *few* steps, the Elman network is ahead. It has about twice the units for the same number of
# parameters, and its orthogonal $W_{hh}$ passes a pattern on as a whole: two reasons that come to mind.
# Before you believe them, change the learning rate:

# %%
for lr in (0.005, 0.015, 0.03):
    end = np.median([train("copy memory", "Elman", seed, lr)[1][-1] for seed in range(3)])
    print(f"copy memory, Elman, learning rate {lr}: {in_words(end)}")

# %% [markdown]
# At a third of the rate, and at twice the rate, it hardly leaves guessing either. So that row of the
# table says something about one setting, and little about the cells.
#
# And the gradient at the start? It faded fastest in the GRU, which was the first to learn adding. So we
# measure it again, on the networks that were trained on adding.

# %%
def half(curve):
    return np.argmax(curve < 0.5)                           # the first point below one half of guessing


earlier = sum(half(gru) < half(lstm) for (_, gru), (_, lstm)
              in zip(runs["adding", "GRU"], runs["adding", "LSTM"], strict=True))
print(f"adding: the GRU's loss is halved before the LSTM's in {earlier} of 3 seeds")

test = adding(np.random.default_rng(100), T=20, B=64)
trained = {name: [gradient_left(cell, params.cell, test.x) for params, _ in runs["adding", name]]
           for name, cell in CELLS.items()}
start = {name: [gradient_left(cell, models["adding", name][0].init(np.random.default_rng(seed)).cell, test.x)
                for seed in range(3)] for name, cell in CELLS.items()}
show(lines({f"{name}, {when}": (np.arange(1, 20), np.median(cells[name], axis=0))
            for name in ("LSTM", "GRU") for when, cells in (("start", start), ("trained", trained))},
           "steps back n", r"$\|\partial L / \partial s_{T-n}\|$, relative to $n = 1$", log="y"),
     "Gradient along 19 steps of the adding task at the start and after training, medians of three seeds, on a "
     "logarithmic scale. The LSTM's and the GRU's lines lie higher after training than at the start.")
growth = {name: np.array([t[-1] / s[-1] for s, t in zip(start[name], trained[name], strict=True)])
          for name in CELLS}
for name in ("LSTM", "GRU"):
    print(f"{name:4} more is left after training than at the start in {(growth[name] > 1).sum()} of 3 seeds")
print("in the GRU by a factor above ten, in the LSTM below:",
      np.median(growth["GRU"]) > 10 > np.median(growth["LSTM"]))

# %% [markdown]
# After training the gradient reaches further back in both gated cells, and the GRU has gained more than
# the LSTM. A gate is computed from weights, so how far a gradient reaches is itself learnt.
#
# **This is one setting, not a law.** One initialisation with its forget bias of 1 and its $b_z$ of 0,
# one learning rate for each task, two thousand parameters, short lags, a few hundred updates; change
# one, and a row of the table may change (second task under *Your turn*). What larger studies say: Chung
# and others (2014) found both gated cells clearly ahead of tanh on speech, all three close together on
# music, and no winner among the two. Jozefowicz, Zaremba and Sutskever (2015) found the GRU ahead of an
# LSTM without a forget bias on most of their tasks, and that a forget bias of 1 closes the gap. Greff
# and others (2017), met in unit 09, found the learning rate the setting that matters most.
#
# ## Layers on top of each other
#
# The states of a layer are a sequence of columns, just like inputs. So a second layer can read them (the
# raised number counts layers):
#
# $$ x^{2}_t = h^{1}_t , \qquad x^{3}_t = h^{2}_t , \quad \dots $$
#
# Backward, ask again where $h^1_t$ goes: into the next step of its own layer, and, as an input, into
# layer 2. The first is the matter of its cell. The second arrives from outside, as if it came from a
# loss of its own. And what layer 2 asks of its inputs we have known since unit 03:
# $\partial L / \partial x^2_t = W_{xh}^\top \delta^2_t$. So **the gradient of the upper layer's inputs
# is the lower layer's `dh_own`**. Neither layer has to know what the other is made of; $\delta$ is the
# interface.

# %%
from bpttlib.layers import Stacked

network = Stacked(GRU(), LSTM())
lower, upper = network.init(np.random.default_rng(4), D, H)
own = rng.normal(size=(T, H, B))                            # from whatever stands above

tape_1 = unroll(GRU(), lower, x)
tape_2 = unroll(LSTM(), upper, tape_1.h[1:])                # reads the states below
back_2 = bptt(LSTM(), upper, tape_1.h[1:], tape_2, own)
back_1 = bptt(GRU(), lower, x, tape_1, dh_own=back_2.x)     # dx above is dh_own below


def worst(got, want):
    return max(relative_error(g, w) for one, other in zip(got, want, strict=True)
               for g, w in zip(one, other, strict=True))


by_hand = back_1.params, back_2.params
library = network.bptt((lower, upper), x, network.unroll((lower, upper), x), own)
numerical = complex_step(lambda p: (own * network.unroll(p, x).h[1:]).sum(), (lower, upper))
print("two layers by hand equal the library to 1e-10:", worst(by_hand, library.params) < 1e-10)
print("and the complex step to 1e-10:", worst(by_hand, numerical) < 1e-10)

# %% [markdown]
# `Model(cell=Stacked(...))` trains such a network like any other. Unfolded, it is a grid: time to the
# right, depth upwards. A gradient goes left or down. Along how many ways does it come to a state? Let
# every weight be 1, let nothing be squashed, and let $L$ be the sum of all outputs: then the gradient
# *counts* them.

# %%
from bpttlib.plots import draw_both_ways, draw_stack

ones = CellParams(np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 1)))
three = Stacked(Elman("identity"), Elman("identity"), Elman("identity"))
tape = three.unroll((ones, ones, ones), np.zeros((5, 1, 1)))
three.bptt((ones, ones, ones), np.zeros((5, 1, 1)), tape, np.ones((5, 1, 1)))
ways = np.array([layer.dh[1:].ravel() for layer in tape.layers])        # (layers, T)
show(draw_stack(5, 3, values=ways),
     "A stack of three layers unfolded over five steps: inputs below, outputs above, solid arrows up and to "
     "the right, dashed arrows back. Each state holds the number of ways from it to an output. From top to "
     "bottom: " + "; ".join(" ".join(f"{n:.0f}" for n in row) for row in ways[::-1]) + ".")

# %% [markdown]
# Each number is the sum of its right and its upper neighbour: Pascal's triangle. (In the top row the
# outputs count 1 each.) Credit is passed on through depth and through time alike, and every way to the
# lower left has its own product of factors. All that unit 07 says of long products holds for deep ones.
#
# ### Dropout, between layers only
#
# Dropout (Srivastava and others 2014) sets random entries to zero in training, so that no unit can rely
# on another. Entries that stay are divided by $1 - p$ (*inverted* dropout): then the mean is what it
# was, and in use nothing has to be changed.

# %%
network = Stacked(GRU(), LSTM(), dropout=0.2)
tape = network.unroll((lower, upper), x, rng=np.random.default_rng(0))
print("factors on what layer 2 reads:", np.unique(tape.masks[0]))
dropped = network.bptt((lower, upper), x, tape, own).params
for seed in (0, 1):
    numerical = complex_step(
        lambda p: (own * network.unroll(p, x, rng=np.random.default_rng(seed)).h[1:]).sum(), (lower, upper))
    print("gradient equals the complex step with", ("the same masks:", "other masks:   ")[seed],
          worst(dropped, numerical) < 1e-10)

# %% [markdown]
# The masks are part of the tape. Forward and backward must use the same ones, and so must a check.
#
# Why not drop from one step to the next, too? Because noise would multiply. If each step dropped anew
# with $p = 0.2$, then along $n$ steps

# %%
for n in (1, 10, 50):
    print(f"n = {n:2}: a share of {0.8**n:.2g} of the entries is left, each multiplied by {1.25**n:.3g}")

# %% [markdown]
# The mean is right and the memory is gone. Zaremba, Sutskever and Vinyals (2014) therefore leave the
# recurrent path alone: then what is remembered meets dropout only where it goes up to the next layer,
# however long it lasts. Gal and Ghahramani (2016) do drop along time, but with *one* mask for all steps
# of a sequence: then the same entries stay alive.
#
# ## Reading from both ends
#
# If the whole sequence is there before an answer is due, why read it in one direction? A bidirectional
# network (Schuster and Paliwal 1997) has two cells, each with parameters of its own. One reads
# $x_1, \dots, x_T$, the other $x_T, \dots, x_1$, and the readout sees both:
# $h_t = [\overrightarrow{h}_t; \overleftarrow{h}_t]$, $2H$ numbers.

# %%
show(draw_both_ways(4),
     "A bidirectional network unfolded over four steps. Each input goes to two states: one in a row whose "
     "arrows run from left to right, one in a row whose arrows run from right to left. The rows do not touch. "
     "Each output reads both.")

# %%
from bpttlib.layers import Bidirectional

network = Bidirectional(GRU())
forth, back = network.init(np.random.default_rng(5), D, H)
tape_forth = unroll(GRU(), forth, x)
tape_back = unroll(GRU(), back, x[::-1])                    # the other one reads from the end …
both = np.concatenate([tape_forth.h[1:], tape_back.h[:0:-1]], axis=1)   # … and is turned round again
own = rng.normal(size=both.shape)
by_hand = (bptt(GRU(), forth, x, tape_forth, own[:, :H]).params,
           bptt(GRU(), back, x[::-1], tape_back, own[::-1, H:]).params)
tape = network.unroll((forth, back), x)
print("states by hand equal the library's:", relative_error(both, tape.h[1:]) < 1e-10)
print("gradients, too, to 1e-10:", worst(by_hand, network.bptt((forth, back), x, tape, own).params) < 1e-10)

# %% [markdown]
# Nothing new in the backward pass either: $\partial L/\partial h_t$ is cut in two halves, and each cell
# goes back through its own time, which for the second is forward. Who sees what? Change one input and
# look which outputs move:

# %%
from bpttlib.layers import as_network


def moved(network):
    """Return M[t-1, s-1]: does the output of step t move when the input of step s does?"""
    params = network.init(np.random.default_rng(6), D, H)
    still = network.unroll(params, x).h[1:]
    table = []
    for s in range(len(x)):
        pushed = x.copy()
        pushed[s] += 1.0
        table.append(abs(network.unroll(params, pushed).h[1:] - still).max(axis=(1, 2)) > 1e-12)
    return np.array(table).T


print("input     one direction    both")
for t, (one, two) in enumerate(zip(moved(as_network(GRU())), moved(network), strict=True), start=1):
    print(f"output {t}  {' '.join('.x'[int(m)] for m in one)}      {' '.join('.x'[int(m)] for m in two)}")

# %% [markdown]
# Each output sees the whole input, the past through one cell and the future through the other. This has
# two prices. **It cannot stream**: the first output must wait for the last input, and there is no state
# to carry from one window to the next. The library refuses:

# %%
from bpttlib.tasks import padded, windows

model = Model(Bidirectional(GRU()), D=1, H=4, K=1, loss="squared_error")
stream = rng.normal(size=(40, 1, 1))
try:
    fit(model, model.init(rng), windows(stream[:-1], stream[1:], 10), updates=4, progress=False)
except ValueError as error:
    print(error)

# %% [markdown]
# (The first window is fine; the second one would go on where the first one ended.) **And it meets what
# fills up a batch.** In a padded batch, sequences of different lengths are made equal by zeros at the
# end, and the mask keeps these out of the *loss*. But the backward cell begins there. We compute a
# sequence of four steps alone, and in a batch with one of nine; once with the biases of a fresh network,
# which are zero, and once with others:

# %%
short, long = rng.normal(size=(4, D)), rng.normal(size=(9, D))
batch = padded([short, long], targets=[0, 1])
for biases in ("zero", "random"):
    pair = tuple(p._replace(b_h=(biases == "random") * rng.normal(size=(3 * H, 1))) for p in (forth, back))
    alone = network.unroll(pair, short[:, :, None]).h[1:, :, 0]
    together = network.unroll(pair, batch.x).h[1:5, :, 0]
    first, second = (abs(half).max() for half in np.split(together - alone, 2, axis=1))
    print(f"biases {biases:6}   onward half differs by up to {first:.2f},   backward half by {second:.2f}")

# %% [markdown]
# With zero biases a zero state stays zero under zero inputs, and a test of a fresh network passes.
# After the first update it no longer would: the answer for one sequence depends on how long its
# neighbours are. Put sequences of equal length into a batch, or turn each round within its own length,
# as packed sequences in frameworks do.
#
# ## Whole numbers as inputs
#
# Symbols are numbers from 0 to $D - 1$, and their one-hot columns $e_k$ are mostly zeros. The product
# $W_{xh} e_k$ just picks column $k$. So `unroll` takes whole numbers of shape (T, B) as well, and looks
# the column up; backward, a column hears only from the steps at which its symbol stood. The column is
# the symbol's **embedding**.

# %%
from bpttlib.layers import Embedded
from bpttlib.tasks import one_hot

symbols = np.array([[0, 3], [3, 1], [1, 1], [3, 0]])        # (T, B); D = 5
table = init_cell(rng, GRU(), D=5, H=H)
tape = unroll(GRU(), table, symbols)
print("the same as one-hot columns:",
      relative_error(tape.h, unroll(GRU(), table, one_hot(symbols, 5)).h) < 1e-12)
dW_xh = bptt(GRU(), table, symbols, tape, np.ones((4, H, 2))).params.W_xh
print("columns of W_xh with a gradient:", np.flatnonzero(abs(dW_xh).max(axis=0)))

for name, cell, inputs in (("W_xh alone", LSTM(), 1000), ("Embedded", Embedded(LSTM(), V=1000), 32)):
    n = count_parameters(as_network(cell).init(rng, D=inputs, H=128))
    print(f"LSTM with 128 units, 1000 symbols, {name + ':':12}{n:7,} parameters")

# %% [markdown]
# With many symbols and many gates, `Embedded` saves parameters: a table of short columns below the
# network, shared by all gates.
#
# ## Experiment
#
# How far back does a GRU's gradient reach at the start of training? Two of its biases matter most.
# The dashed line is about what the direct path alone would leave, $\sigma(b_z)^{n-1}$.

# %%
def memory(b_z, b_r):
    params = fresh(GRU(), 24, b_z=b_z)
    GRU().blocks(params.b_h)[0][...] = b_r
    line, n = gradient_left(GRU(), params, noise), np.arange(1, 51)
    direct = sigmoid(b_z) ** (n - 1)
    short = np.flatnonzero(line < 0.01)
    when = f"first below one percent at n = {short[0] + 1}" if len(short) else "above one percent throughout"
    figure = lines({"all paths": (n, line), "direct path": (n, direct)}, "steps back n",
                   r"$\|\partial L / \partial h_{T-n}\|$, relative to $n = 1$", log="y")
    return figure, (f"b_z = {b_z:g}, b_r = {b_r:g}: the gradient is {when}. After 50 steps {line[-1]:.2g} is "
                    f"left along all paths, and about {direct[-1]:.2g} along the direct path alone.")


explore(memory, b_z=(-4.0, 6.0, 0.5, 0.0), b_r=(-6.0, 6.0, 1.0, 0.0), tasks=[
    "At b_z = 0, how much of what is left after 50 steps came along the direct path alone?",
    "Raise b_z until at least a third is left. How does it compare with ln 50, unit 09's rule?",
    "At b_z = 0, go from b_r = 6 to -6: the candidate no longer hears of the state. Which paths are left?",
    "At b_z = -4 and b_r = 6 the GRU is nearly an Elman network. Compare with the picture at the start.",
])

# %% [markdown]
# ## Your turn
#
# 1. Derive and write the backward pass for the reset gate *before* the product, $n = \tanh(x_n + W_{hn} (r
#    \odot h_{t-1}))$. Which stack of errors does $W_{hn}$ see now, and what is it multiplied with? Check with
#    `complex_step`.
# 2. Repeat the comparison with the learning rates 0.01 and 0.03, and temporal order with $T = 44$ (400
#    updates, learning rate 0.01). Which words of the table stay? What would you report?
# 3. Start the GRU with $b_z = 1$ on adding with $T = 40$. Does it learn earlier than with $b_z = 0$? In how
#    many of five seeds?
# 4. Let one extra unit of a GRU hold a constant 1, by its initial state and a large $b_z$. Show that it can
#    supply any $b_{hn}$ to the others, and measure how exactly.
# 5. Let the inputs be independent random numbers and the target the input two steps later. Train a GRU
#    and a `Bidirectional(GRU())`, and predict first which loss each of them can reach.
#
# Exercises with points: [Exercises 10](../exercises/10/10.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. In a GRU, ∂L/∂W<sub>hn</sub> is a sum over t of something times h<sub>t−1</sub>ᵀ. Of what?**
#
# <details><summary>A. Of r ⊙ δ<sub>n</sub></summary>
#
# **Right.** $W_{hn} h_{t-1}$ is multiplied by $r_t$ before it enters $a_n$, so that is the error it sees.
# The other two blocks of $W_{hh}$ are as ever.
# </details>
#
# <details><summary>B. Of δ<sub>n</sub></summary>
#
# **No.** That is right for $W_{xn}$, with $x_t$. Between $W_{hn} h_{t-1}$ and $a_n$ stands the reset
# gate, and a factor of the way there is one of the way back.
# </details>
#
# <details><summary>C. Of r ⊙ ∂L/∂n</summary>
#
# **No.** The slope $1 - n^2$ of the tanh is missing: the product enters inside it. $\delta_n$ has that
# slope.
# </details>
#
# **2. Your GRU's check passes with T = 1 and h<sub>0</sub> = 0. Which of its lines has it hardly
# tested?**
#
# <details><summary>A. The line of δ<sub>z</sub></summary>
#
# **No.** With $h_0 = 0$ it is $-n$ times what arrives, times the gate's slope. That is not zero, and a
# mistake in the slope shows in $W_{xz}$.
# </details>
#
# <details><summary>B. The line of δ<sub>r</sub></summary>
#
# **Right.** With $u = W_{hn} h_0 = 0$ there is nothing to reset, so $\delta_r$ is zero, and a mistake in
# any other factor goes unseen. Nor did $W_{hh}$ or what is carried back have a test.
# </details>
#
# <details><summary>C. The line of δ<sub>n</sub></summary>
#
# **No.** The candidate enters $h_1$ with the factor $1 - z$, also from a zero state. A wrong $\delta_n$
# shows in $W_{xn}$.
# </details>
#
# **3. Weights come from a GRU whose z takes the <i>new</i> state. How do you use them here, where z keeps
# the old one?**
#
# <details><summary>A. One trains again: the two cells differ</summary>
#
# **No.** They compute the same functions, since $\sigma(-a) = 1 - \sigma(a)$. It is the *place of the
# reset gate* that has no translation.
# </details>
#
# <details><summary>B. One changes the sign of b<sub>z</sub></summary>
#
# **No.** That would turn only the bias. All of $a_z$ has to change its sign, so its blocks of $W_{xh}$
# and $W_{hh}$ as well.
# </details>
#
# <details><summary>C. One changes the sign of the z blocks</summary>
#
# **Right.** Of all three parameters: then $a_z$ changes its sign, and $z$ becomes $1 - z$. The states are
# equal to $10^{-12}$.
# </details>
#
# **4. In a stack of two layers, what does the upper layer hand to the lower one on the way back?**
#
# <details><summary>A. Its δ, to be multiplied by the lower W<sub>hh</sub>ᵀ</summary>
#
# **No.** The lower $W_{hh}$ belongs to the lower layer's own steps. From above comes $W_{xh}^\top
# \delta$, with the *upper* layer's $W_{xh}$.
# </details>
#
# <details><summary>B. Its W<sub>xh</sub> and its tape, so that it can go on</summary>
#
# **No.** Neither layer has to know what the other is made of. One may be a GRU and the other an LSTM.
# </details>
#
# <details><summary>C. The gradient of its own inputs, as the lower <code>dh_own</code></summary>
#
# **Right.** One array is all. The lower layer treats it as if it came from a loss of its own.
# </details>
#
# **5. At equal numbers of parameters one cell beats another on one task, with one learning rate and three
# seeds. What follows?**
#
# <details><summary>A. The better cell is better at this task</summary>
#
# **No.** At this learning rate. In the unit a third of the rate, or twice the rate, turned the Elman
# network's *partly* on copying into *hardly*.
# </details>
#
# <details><summary>B. Something about this one setting</summary>
#
# **Right.** Ask also how large the spread is, and how the learning rate and the biases at the start were
# chosen for each cell.
# </details>
#
# <details><summary>C. Its gradient reached further at the start</summary>
#
# **No.** At the start it faded fastest in the GRU, which was the first to learn adding. How far a
# gradient reaches is itself learnt.
# </details>
#
# ## What to take away
#
# - $h_t = (1 - z) \odot n + z \odot h_{t-1}$: the direct path is $z$. The reset gate's error is $\delta_n \odot u
#   \odot r (1 - r)$, and $W_{hn}$ sees $r \odot \delta_n$.
# - The conventions of $z$ differ by a sign; the places of the reset gate differ in what a step can compute.
# - Compare at equal something, with seeds, and say which setting it was.
# - In a stack, `dx` above is `dh_own` below. A bidirectional network is two networks and one concatenation.
# - Dropout goes between layers; its masks belong to the tape.
#
# Next: [11a · Language](11a_language.ipynb), the first of four units on real sequences.
#
# **Sources.** Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk and Bengio 2014, *Learning
# phrase representations using RNN encoder-decoder for statistical machine translation*, EMNLP. Chung,
# Gulcehre, Cho and Bengio 2014, *Empirical evaluation of gated recurrent neural networks on sequence
# modeling*, arXiv 1412.3555. Gal and Ghahramani 2016, *A theoretically grounded application of dropout
# in recurrent neural networks*, NIPS. Greff, Srivastava, Koutník, Steunebrink and Schmidhuber 2017,
# *LSTM: a search space odyssey*, IEEE Transactions on Neural Networks and Learning Systems 28(10).
# Jozefowicz, Zaremba and Sutskever 2015, *An empirical exploration of recurrent network architectures*,
# ICML. PyTorch's documentation of `torch.nn.GRU`, for its equations and biases; Keras's of
# `keras.layers.GRU`, for `reset_after`. Schuster and Paliwal 1997, *Bidirectional recurrent neural
# networks*, IEEE Transactions on Signal Processing 45(11). Srivastava, Hinton, Krizhevsky, Sutskever and
# Salakhutdinov 2014, *Dropout: a simple way to prevent neural networks from overfitting*, Journal of
# Machine Learning Research 15. Zaremba, Sutskever and Vinyals 2014, *Recurrent neural network
# regularization*, arXiv 1409.2329. The tasks: Hochreiter and Schmidhuber 1997, *Long short-term memory*,
# Neural Computation 9(8); Arjovsky, Shah and Bengio 2016, *Unitary evolution recurrent neural networks*,
# ICML.
