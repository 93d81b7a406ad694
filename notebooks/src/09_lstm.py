# %% [markdown]
# # 09 · LSTM
#
# Unit 07 ended with a product of matrices that shrinks or grows. Long short-term memory lays a second
# path beside it, on which states are *added* instead of multiplied by a matrix. This unit derives its
# gradient gate by gate, measures what the second path keeps and what it does not, and looks into a
# trained cell to see who remembers what.
#
# After this unit you can
#
# - derive and write the backward pass of an LSTM, gates, cell state and all,
# - say which part of $\partial c_T / \partial c_t$ is a product of forget gates, and which part is not,
# - choose a forget bias for a given time lag, and say what an LSTM does not promise,
# - find the unit of a trained network that holds a memory, and test it by an intervention.
#
# You need: units [03](03_full_bptt.ipynb), [04](04_debugging.ipynb) and
# [07](07_vanishing_exploding.ipynb). Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.cells import LSTM, Elman
from bpttlib.plots import lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# "LSTMs solve the vanishing gradient problem", one reads. An LSTM has a second state, the cell state, of
# which a *forget gate* keeps a share at each step. By custom that share starts at $\sigma(1)$, 73 percent. Of
# a gradient that goes back along the cell state *alone*, how much is left after 50 steps: about a half, about
# one percent, or about a ten-millionth?
#
# And: can the gradient of an LSTM explode?
#
# ## From a product to a sum
#
# In an Elman network every step back costs a factor $W_{hh}^\top \operatorname{diag}(1 - h_t^2)$. What
# would a state look like whose gradient costs *nothing* to carry? It would have to be handed on as it is,
# with news only added:
#
# $$ c_t = c_{t-1} + \text{news}_t , \qquad \frac{\partial c_t}{\partial c_{t-1}} = 1 . $$
#
# Hochreiter and Schmidhuber (1997) call this the **constant error carousel**: an error that enters stays
# on it, round after round, neither growing nor fading. But nothing ever leaves it, either. Feed it random
# news and its content grows without end, until old and new can no longer be told apart. Gers, Schmidhuber
# and Cummins (2000) therefore multiply the old content by a number between 0 and 1, the **forget gate**:
# $c_t = f_t\, c_{t-1} + \text{news}_t$.

# %%
rng = np.random.default_rng(0)
news = rng.normal(size=(1001, 2000))                # for 2000 carousels
print("typical size of c   after 10   100   1000 steps")
for f in (1.0, 0.9):
    c, sizes = np.zeros(2000), {}
    for t in range(1, 1001):
        c = f * c + news[t]
        sizes[t] = c.std()
    print(f"forget gate {f}        {sizes[10]:6.0f} {sizes[100]:5.0f} {sizes[1000]:6.0f}")

# %% [markdown]
# With $f = 1$ the content grows like $\sqrt t$. With $f = 0.9$ it stays bounded, and each step back
# costs a factor 0.9. That is the bargain of this whole unit. What makes it a good one is that $f$ is a
# *gate*: the network computes it anew at each step and for each unit, from what it sees, and learns
# how.
#
# ## One step, forward
#
# The news is a *candidate* $g$, and three gates act: the input gate $i$ decides how much of the candidate
# enters, the forget gate $f$ how much of the old content stays, the output gate $o$ how much of the
# content is shown. All four read the input and the last $h$, and by custom all four are called gates:
#
# $$ a_t = W_{xh} x_t + W_{hh} h_{t-1} + b_h , \qquad
#    i, f, o = \sigma(a_i), \sigma(a_f), \sigma(a_o) , \qquad g = \tanh(a_g) , $$
# $$ c_t = f_t \odot c_{t-1} + i_t \odot g_t , \qquad h_t = o_t \odot \tanh(c_t) . $$
#
# The state has two parts now, $h$ and $c$. The four gates are stacked in the order `i f g o`, so
# $W_{hh}$ is (4H, H) and one matrix product serves all of them.

# %%
from bpttlib.plots import draw_lstm

show(draw_lstm(backward=True),
     "One step of an LSTM. Along the top runs the cell state: from c_{t-1} through one product with f and "
     "one sum to c_t. Beneath, i times g enters the sum; at the right, h_t is o times tanh of c_t. All four "
     "gates take their share of a_t, which is made of x_t and h_{t-1}. A dashed arrow runs back beside each "
     "solid one, but for that of x_t: along the top it meets the product with f and no matrix.")

# %%
from bpttlib.activations import sigmoid


def lstm_forward(W_xh, W_hh, b_h, x, h_0, c_0):
    dtype = np.result_type(W_xh, W_hh, b_h, x, h_0, c_0)
    h = np.empty((len(x) + 1, *h_0.shape), dtype)
    c = np.empty_like(h)
    gates = np.empty((len(x) + 1, 4, *h_0.shape), dtype)
    h[0], c[0] = h_0, c_0
    for t in range(1, len(x) + 1):
        a = W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h         # (4·H, B)
        a_i, a_f, a_g, a_o = np.split(a, 4)                 # (H, B) each
        i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
        c[t] = f * c[t - 1] + i * g
        h[t] = o * np.tanh(c[t])
        gates[t] = i, f, g, o
    return h, c, gates

# %% [markdown]
# ## The derivation
#
# We follow the dashed arrows, from the right. The recipe is that of unit 03: for each quantity, ask *where
# does it go?*, and add up what comes back from there.
#
# **1. Into $h_t$.** It goes to its own loss and, through $W_{hh}$, into all four gates of the next step:
# $\partial L/\partial h_t = \text{own loss} + W_{hh}^\top \delta_{t+1}$, as ever.
#
# **2. Into $c_t$.** It goes to two places: into $h_t = o_t \odot \tanh(c_t)$, and into $c_{t+1} =
# f_{t+1} \odot c_t + \dots$. Two places, two terms:
#
# $$ \frac{\partial L}{\partial c_t} =
#    \underbrace{\frac{\partial L}{\partial h_t} \odot o_t \odot (1 - \tanh^2 c_t)}_{\text{through } h_t}
#    + \underbrace{\frac{\partial L}{\partial c_{t+1}} \odot f_{t+1}}_{\text{through } c_{t+1}} . $$
#
# **3. Through the gates.** Each gate is one factor of a product. Its gradient is what arrives at the
# product, times the *other* factor, times the slope of its own squashing, $\sigma' = \sigma (1 - \sigma)$
# or $\tanh' = 1 - \tanh^2$:
#
# $$ \delta_i = \tfrac{\partial L}{\partial c_t} \odot g \odot i (1 - i) , \qquad
#    \delta_f = \tfrac{\partial L}{\partial c_t} \odot c_{t-1} \odot f (1 - f) , $$
# $$ \delta_g = \tfrac{\partial L}{\partial c_t} \odot i \odot (1 - g^2) , \qquad
#    \delta_o = \tfrac{\partial L}{\partial h_t} \odot \tanh(c_t) \odot o (1 - o) . $$
#
# Three gates act on $c_t$. The output gate acts on $h_t$ alone, so its error is the one that arrives
# there.
#
# **4. To the copies, and their sum.** With the four stacked into $\delta_t$, nothing changes:
# $\partial L/\partial W_{hh} = \sum_t \delta_t h_{t-1}^\top$ and so on.
#
# **5. Into the step before.** $W_{hh}^\top \delta_t$ goes to $h_{t-1}$: four errors, one product. And
# $\tfrac{\partial L}{\partial c_t} \odot f_t$ goes to $c_{t-1}$, with no matrix and no slope.

# %%
def lstm_backward(W_xh, W_hh, b_h, x, h, c, gates, dh_own):
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    back_h, back_c = np.zeros_like(h[0]), np.zeros_like(c[0])
    for t in range(len(x), 0, -1):                          # t = T … 1
        i, f, g, o = gates[t]
        tanh_c = np.tanh(c[t])
        dh = dh_own[t - 1] + back_h                         # 1. own loss, and what comes back
        dc = dh * o * (1 - tanh_c**2) + back_c              # 2. through h_t, and through c_{t+1}
        d_i = dc * g * i * (1 - i)                          # 3. through the gates
        d_f = dc * c[t - 1] * f * (1 - f)
        d_g = dc * i * (1 - g**2)
        d_o = dh * tanh_c * o * (1 - o)
        delta = np.concatenate([d_i, d_f, d_g, d_o])        # (4·H, B)
        dW_xh += delta @ x[t - 1].T                         # 4. this copy's share, and the sum
        dW_hh += delta @ h[t - 1].T
        db_h += delta.sum(axis=1, keepdims=True)
        back_h = W_hh.T @ delta                             # 5. to h_{t-1}, from all four gates,
        back_c = dc * f                                     #    and to c_{t-1}, through f alone
    return dW_xh, dW_hh, db_h, back_h, back_c

# %% [markdown]
# Compare with the cell of the library, `bpttlib/cells/lstm.py`: the same formulas, with the loop and the
# sums taken out, since those belong to every cell. What item 3 multiplies $\partial L/\partial c_t$ and
# $\partial L/\partial h_t$ by is known when the way there is done. The method `slopes` computes it for many
# steps at once, and only the products are left to `step_backward` (unit 06).
#
# ### Three checks
#
# All random and nothing zero, as unit 04 taught: weights, biases, both initial states, and a mask.

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.losses import squared_error
from bpttlib.params import CellParams
from bpttlib.reference import gradient_by_definition

T, D, H, K, B = 6, 2, 3, 2, 4
rng = np.random.default_rng(1)
params = CellParams(rng.normal(size=(4 * H, D)), rng.normal(size=(4 * H, H)), rng.normal(size=(4 * H, 1)))
x, target, W_hy = rng.normal(size=(T, D, B)), rng.normal(size=(T, K, B)), rng.normal(size=(K, H))
h_0, c_0 = rng.normal(size=(H, B)), rng.normal(size=(H, B))
mask = rng.random((T, B)) < 0.67


def loss(W_xh, W_hh, b_h, h_0, c_0):
    h, _, _ = lstm_forward(W_xh, W_hh, b_h, x, h_0, c_0)
    return squared_error(W_hy @ h[1:], target, mask)


def one_step(params, x_t, state):                   # for the definition: from s_{t-1} to s_t
    h, c, _ = lstm_forward(*params, x_t[None], *state)
    return h[1], c[1]


_, e = loss(*params, h_0, c_0)
dh_own = W_hy.T @ e
grads = lstm_backward(*params, x, *lstm_forward(*params, x, h_0, c_0), dh_own)

numerical = complex_step(lambda theta: loss(*theta)[0], (*params, h_0, c_0))
sums, _, starts = gradient_by_definition(one_step, params, x, (h_0, c_0), dh_own)
tape = unroll(LSTM(), params, x, s0=(h_0, c_0))
library = bptt(LSTM(), params, x, tape, dh_own)
for name, others in (("complex step", numerical), ("the double sum of the definition", (*sums, *starts)),
                     ("the library", (*library.params, *library.s0))):
    worst = max(relative_error(g, other) for g, other in zip(grads, others, strict=True))
    print(f"five tensors equal {name} to 1e-10: {worst < 1e-10}")

# %% [markdown]
# ## What each mistake looks like
#
# An LSTM offers more places to be wrong than an Elman network. We do what unit 04 did: spoil one line at a
# time and look at what it leaves. The rows of $W_{hh}$ are split into the blocks of the four gates, since
# *which gate* is wrong says most. And we begin with a single step, $T = 1$, from random states.

# %%
import inspect

from bpttlib.plots import error_map

MISTAKES = {
    "dc not carried": [("+ back_c", "")],
    "dh not carried": [("+ back_h", "")],
    "neither carried": [("+ back_c", ""), ("+ back_h", "")],
    "f left out going back": [("back_c = dc * f", "back_c = dc")],
    "o left out of dc": [("dh * o *", "dh *")],
    "1 - c² for 1 - tanh² c": [("1 - tanh_c**2", "1 - c[t]**2")],
    "c_t for c_(t-1)": [("c[t - 1]", "c[t]")],
    "i and f exchanged": [("d_i, d_f, d_g", "d_f, d_i, d_g")],
    "c for tanh c in d_o": [("dh * tanh_c", "dh * c[t]")],
}


def broken(edits):
    source, names = inspect.getsource(lstm_backward), {}
    for old, new in edits:
        source = source.replace(old, new)
    exec(source, globals(), names)
    return names["lstm_backward"]


def errors_by_block(got, want):
    blocks = zip(np.split(got[1], 4), np.split(want[1], 4), strict=True)         # of W_hh
    return [relative_error(g, w) for g, w in (*blocks, *zip(got[3:], want[3:], strict=True))]


def signatures(x, h_0, c_0, dh_own):
    forward = lstm_forward(*params, x, h_0, c_0)
    right = lstm_backward(*params, x, *forward, dh_own)
    return {name: errors_by_block(broken(edits)(*params, x, *forward, dh_own), right)
            for name, edits in MISTAKES.items()}


def table_of(T):
    table = signatures(x[:T], h_0, c_0, rng.normal(size=(T, H, B)))
    show(error_map(table, ["$i$", "$f$", "$g$", "$o$", "$h_0$", "$c_0$"]),
         f"T = {T}: {len(table)} mistakes by the blocks i, f, g, o of dW_hh and the gradients of h_0 and "
         "c_0. Right are: " + ", ".join(f"{name}: {sum(error <= 1e-10 for error in row)} of 6"
                                   for name, row in table.items()) + ".")


table_of(T=1)

# %% [markdown]
# With one step each mistake has a clear signature. A wrong $\delta_f$ spoils block $f$ and, through
# $W_{hh}^\top$, $h_0$. A wrong $\partial L/\partial c$ spoils the three gates that act on $c$ and
# leaves $o$ alone. Exchanged gates spoil just these two, and $h_0$. But the first three mistakes pass:
# they are about time, and a single step knows none. So add a second one.

# %%
table_of(T=2)
six = signatures(x, h_0, c_0, rng.normal(size=(6, H, B)))
print("with six steps, every mistake spoils every column:", min(map(min, six.values())) > 1e-10)

# %% [markdown]
# Now the three show, too. If $\partial L/\partial c$ is not carried, $o$ is still right: it hears only
# of $h$. If $\partial L/\partial h$ is not carried, everything is wrong. For all others the second step
# only mixes what was clear before, and with six steps all rows are dark throughout. *To find a mistake,
# use the shortest sequence on which it shows.*
#
# The third row is no invention. Several public copies of teaching code do just this: `back_h` and
# `back_c` are set to zero before the loop, handed to every step, and never updated. All shapes are
# right. But it is the gradient cut after one step (`k2 = 1` in unit [05](05_truncation.ipynb)): no
# earlier step is ever credited with anything, and that is what an LSTM is built for.
#
# ## The path along c
#
# Now the question of this unit. How much does $c_t$ act on $c_T$? From $c_{t+1} = f_{t+1} \odot c_t +
# \dots$ one reads
#
# $$ \frac{\partial c_T}{\partial c_t} =
#    \underbrace{\operatorname{diag}(f_T \odot f_{T-1} \odot \dots \odot f_{t+1})}_{\text{along } c
#    \text{ alone}} \;+\; \underbrace{\text{all paths that leave } c \text{ for some } h}_{\text{they
#    return through } W_{hh} \text{ and the gates}} . $$
#
# Many texts stop after the first term. We measure both. One backward pass gives the whole matrix: take
# $H$ copies of one sequence as the batch and let copy $k$ ask for entry $k$ of $c_T$; the gradient that
# arrives at $c_t$ is then $(\partial c_T/\partial c_t)^\top$. And there is a trick to close the other
# paths: on the way back, $W_{hh}$ appears only where errors go to $h_{t-1}$. With zeros in its place,
# and the tape as it is, only the path along $c$ is open.

# %%
def jacobians(cell, params, x, through_h=True):
    """Return ∂s_T/∂s_{T-n} for the lags n = 0 … T-1; s is c, or h for an Elman network."""
    H = params.W_hh.shape[1]
    columns = np.repeat(x, H, axis=2)                       # x is one sequence, (T, D, 1)
    tape = unroll(cell, params, columns)
    *others, kept = cell.state                              # ("h", "c") or ("h",)
    ask = (*(np.zeros((H, H)) for _ in others), np.eye(H))
    back = params if through_h else params._replace(W_hh=np.zeros_like(params.W_hh))
    bptt(cell, back, columns, tape, np.zeros_like(tape.h[1:]), ds_T=ask, need_dx=False)
    gradients = getattr(tape, "d" + kept)[:0:-1]            # T … 1; at step 0 no h is made from c
    return gradients.swapaxes(1, 2), tape


def reach(*args, **kwargs):
    """Return the reach of unit 07, a largest singular value for each lag, here from c to c."""
    return np.linalg.norm(jacobians(*args, **kwargs)[0], 2, axis=(1, 2))


from bpttlib.diagnostics import cell_path
from bpttlib.init import init_cell

alone, tape = jacobians(LSTM(), params, x[..., :1], through_h=False)
product = cell_path(LSTM(), tape)[:0:-1, :, 0]              # products of forget gates, (T, H)
print("along c alone, the Jacobian is the diagonal matrix of products of f:",
      relative_error(alone, product[:, :, None] * np.eye(H)) < 1e-10)

# %% [markdown]
# Now at the start of training: 32 units, weights as the library draws them, random inputs, 60 steps,
# and four forget biases. Beside them $\partial h_T/\partial h_{T-n}$ of an Elman network of the same
# size, with an orthogonal $W_{hh}$. All lines are geometric means over five draws.

# %%
D, H, T, draws = 4, 32, 61, range(5)


def mean_reach(make_cell, **how):
    found = []
    for seed in draws:
        rng, cell = np.random.default_rng(seed), make_cell()
        found.append(reach(cell, init_cell(rng, cell, D, H), rng.normal(size=(T, D, 1)), **how))
    return np.exp(np.mean(np.log(found), axis=0))


biases = (0, 1, 2, 3)
all_paths = {b: mean_reach(lambda b=b: LSTM(b)) for b in biases}
along_c = {b: mean_reach(lambda b=b: LSTM(b), through_h=False) for b in biases}
elman = mean_reach(Elman)
show(lines({"Elman": elman} | {f"LSTM, bias {b}": all_paths[b] for b in biases}, "steps back n",
           r"size of $\partial c_T / \partial c_{T-n}$, all paths", log="y"),
     "Largest singular value of the complete Jacobian against the lag, on a logarithmic scale. After 60 "
     f"steps: Elman {elman[60]:.0e}; LSTM with forget bias 0 {all_paths[0][60]:.0e}, bias 1 "
     f"{all_paths[1][60]:.0e}; with biases 2 and 3 it does not fall, and ends above 1.")

# %%
print("after 50 steps  σ(b)    σ(b)^50   along c, best unit   all paths")
for b in biases:
    print(f"bias {b}          {sigmoid(b):.2f}    {sigmoid(b)**50:.0e}    {along_c[b][50]:12.0e}"
          f"      {all_paths[b][50]:12.0e}")
print(f"Elman                                                {elman[50]:12.0e}")

# %% [markdown]
# Four things to take from the picture and the table.
#
# **An LSTM's gradient can vanish like any other.** With forget bias 0 the gates stand at one half, and
# the gradient falls *faster* than that of an Elman network with orthogonal weights. And along $c$ alone
# even the customary bias of 1 leaves about a ten-millionth after 50 steps ($\sigma(b)^{50}$; the best
# of the 32 units keeps a few millionths). That answers the first prediction.
#
# **The product of forget gates is not the gradient.** With bias 1 about one percent is left along all
# paths together, orders of magnitude more than along $c$. Here the paths through $h$ and the gates
# carry most of the gradient.
#
# **The complete Jacobian is not bounded by 1.** Each forget gate is below 1, and so is every product of
# them; with biases 2 and 3 the sum over all paths grows beyond 1 all the same.
#
# **What the bias sets is a rate.** A gate that stays at $f$ halves a memory in $\ln \tfrac12 / \ln f$
# steps:

# %%
for b in (0, 1, 2, 3, 4, 5):
    half = np.log(0.5) / np.log(sigmoid(b))
    print(f"bias {b}: f = {sigmoid(b):.3f}, a memory is halved in {half:5.1f} steps")

# %% [markdown]
# For large $b$ that is about $\ln 2 \cdot e^b$: each unit of bias makes the memory last $e$ times
# longer. If you know the lag $n$ of your task, start near $b = \ln n$; then $f^n \approx 1/e$ (Tallec
# and Ollivier 2018 draw forget biases for a whole range of lags that way). So the honest sentence is:
# *an LSTM does not solve vanishing gradients; it turns the rate at which they vanish along $c$ into a
# number per unit and step that can be set, and learnt.*
#
# ### And exploding?
#
# The paths through $h$ run over $W_{hh}$, and nothing forbids a large $W_{hh}$. We multiply the orthogonal
# start by a gain, keep the forget bias at 1, and watch both paths.

# %%
from functools import partial

from bpttlib.init import orthogonal


def reach_with_gain(gain, **how):
    found = []
    for seed in draws:
        rng, cell = np.random.default_rng(seed), LSTM()
        strong = init_cell(rng, cell, D, H, W_hh=partial(orthogonal, gain=gain))
        found.append(reach(cell, strong, rng.normal(size=(T, D, 1)), **how))
    return np.exp(np.mean(np.log(found), axis=0))


gains = {gain: reach_with_gain(gain) for gain in (1, 4, 8)}
show(lines({f"gain {gain}": curve for gain, curve in gains.items()}
           | {"gain 8, along c": reach_with_gain(8, through_h=False)}, "steps back n",
           r"size of $\partial c_T / \partial c_{T-n}$", log="y"),
     "Jacobian of the cell state against the lag for three gains of W_hh. After 60 steps it has fallen to "
     f"{gains[1][60]:.0e} with gain 1, and risen to {gains[4][60]:.0e} with gain 4 and to "
     f"{gains[8][60]:.0e} with gain 8. The path along c alone falls even with gain 8.")
print("all paths after 60 steps:  gain 1 below 0.1:", gains[1][60] < 0.1,
      "  gain 4 above 10:", gains[4][60] > 10, "  gain 8 above 10,000:", gains[8][60] > 1e4)

# %% [markdown]
# It explodes like any other network. No forget gate can exceed 1, so the path along $c$ cannot grow,
# but the others can. That answers the second half of the prediction. Clip the gradients of an LSTM too
# (unit [08](08_clipping_init_optimisers.ipynb)).
#
# ## What the inventors did in 1997
#
# The first LSTM had no forget gate: $f = 1$, a pure carousel. And it was not trained with the gradient
# that we derived. Errors that arrived at the gates and at the candidate changed the weights there, but
# travelled no further back in time. In our code: `back_h = 0`, while `back_c` is carried. (They computed
# this forward in time, by a variant of RTRL, unit [06](06_exact_alternatives.ipynb).) That
# truncation is what made the error flow *constant*: with the paths through $h$ cut and $f = 1$, only
# the carousel remains. Our trick from above does just that. A bias of 50 makes $\sigma$ exactly 1 in
# double precision.

# %%
rng = np.random.default_rng(2)
x_one, last_only = rng.normal(size=(T, D, 1)), np.zeros((T, H, 1))
last_only[-1] = rng.normal(size=(H, 1))
carousel = init_cell(rng, LSTM(forget_bias=50.0), D, H)
for name, W_back in (("truncated, 1997", 0 * carousel.W_hh), ("complete", carousel.W_hh)):
    tape = unroll(LSTM(), carousel, x_one)
    bptt(LSTM(), carousel._replace(W_hh=W_back), x_one, tape, last_only)
    length_1, length_T = np.linalg.norm(tape.dc[[1, T], :, 0], axis=1)
    print(f"{name:15}  ∂L/∂c is exactly the same at all steps: {str((tape.dc == tape.dc[T]).all()):5}"
          f"   length at step 1, relative to step T: {length_1 / length_T:.0f}")

# %% [markdown]
# The complete gradient of the same network grows on its way back. Graves and Schmidhuber (2005) trained
# LSTMs with the complete gradient, by backpropagation through time, and so does everyone since who lets a
# framework differentiate. When you read that "the error flow through an LSTM is constant", this is the
# LSTM, and this is the truncation, of which it is true.
#
# ## The forget bias in training
#
# The task of unit 07, on which nothing but memory helps: the first input is a bit, $+1$ or $-1$, then
# come distractors, and at the end the bit is asked for. Here the end comes 100 steps later. Guessing
# costs $\ln 2$. Three forget biases, and an Elman network with orthogonal $W_{hh}$, three seeds each.

# %%
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.tasks import batches, one_bit
from bpttlib.train import fit


def learning_curve(cell, seed, updates=60):
    model = Model(cell, D=1, H=8, K=2, loss="softmax_cross_entropy")
    start = model.init(np.random.default_rng(seed))
    bits = batches(one_bit, seed, T=101)                    # the lag is 100
    run = fit(model, start, bits, updates, adam(lr=0.01), clip=1.0, progress=False)
    return run.loss / np.log(2)


cells = {f"bias {b}": LSTM(b) for b in (0, 1, 3)} | {"Elman": Elman()}
curves = {name: np.array([learning_curve(cell, seed) for seed in range(3)])
          for name, cell in cells.items()}
for name, runs in curves.items():
    learnt = (runs[:, -15:].mean(axis=1) < 0.5).sum()
    print(f"{name}: learnt by {learnt} of 3 networks")
print("σ(b)^100:", ", ".join(f"{sigmoid(b)**100:.0e} for bias {b}" for b in (0, 1, 3)))

# %%
medians = {name: np.median(runs, axis=0) for name, runs in curves.items()}
show(lines(medians, "updates", r"loss, in units of $\ln 2$: guessing is 1"),
     "Median learning curves of three networks each. With forget bias 3 the loss falls from "
     f"{medians['bias 3'][0]:.1f} of guessing to near zero within 60 updates, with a few jumps back; with "
     "biases 0 and 1, and for the Elman network, it stays at guessing.")

# %% [markdown]
# Between the three LSTMs nothing was changed but one number: not the sizes, not the learning rate, not
# the seeds. Gers and others started with positive forget biases already in 2000; Jozefowicz, Zaremba
# and Sutskever (2015) recommended a bias of 1 for every LSTM after a search through ten thousand
# architectures. For the hundred steps of this task that is too little, as the power suggests. But do
# not make a law of it. The power is not the gradient, as we saw; and where short lags can teach the way
# to long ones, a network can raise its forget gates by itself (first task under *Your turn*).
#
# ## Gates at work
#
# What does an LSTM do with its gates once it has learnt? We take a small one, four units, on the adding
# task. At each step there is a number; two of the numbers carry a mark; at the end, their sum is asked for.

# %%
from bpttlib.tasks import adding

T = 20
model = Model(LSTM(), D=2, H=4, K=1, loss="squared_error")
trained = fit(model, model.init(np.random.default_rng(0)), batches(adding, seed=0, T=T), 500,
              adam(lr=0.03), clip=1.0, progress=False).params
test = adding(np.random.default_rng(5), T=T, B=500)
y, tape = model.forward(trained, test.x)


def relative_mse(y):
    return float(np.mean((y[-1] - test.targets[-1]) ** 2) / np.var(test.targets[-1]))


print("error relative to guessing, below 0.1:", relative_mse(y) < 0.1)

# %%
from bpttlib.plots import gate_maps

i, f, g, o = LSTM().blocks(tape.a[1:])                      # (T, H, B) each; row t-1 is step t
marked = test.x[:, 1] == 1                                  # (T, B)
contrast = [i[:, k][marked].mean() - i[:, k][~marked].mean() for k in range(4)]
keeper = int(np.argmax(contrast))                           # whose input gate follows the mark
first, second = np.flatnonzero(marked[:, 0]) + 1
show(gate_maps({"input\ngate $i$": i[..., 0], "forget\ngate $f$": f[..., 0],
                "output\ngate $o$": o[..., 0], "kept to\nthe end": cell_path(LSTM(), tape)[1:, :, 0]},
               {"1st mark": first, "2nd mark": second}),
     f"Four maps over 20 steps for one sequence with marks at steps {first} and {second}: input gates, "
     "forget gates, output gates, and the product of the forget gates from each step to the end. The input "
     f"gate of unit {keeper + 1} is white except at the two marks, where it is dark; its forget gate is dark "
     "throughout, and its product to the end is the darkest of the four. The other units forget.")

# %% [markdown]
# Look at the row of the unit that reacts to the marks. Its input gate is shut, opens at a mark, and
# shuts again. Its forget gate stays open, and the last map, $\prod f$ from each step to the end, says
# that most of what came in at the first mark is still there. In the other units little is left. Over
# all 500 sequences:

# %%
path = cell_path(LSTM(), tape)[marked[:10].argmax(axis=0) + 1, :, np.arange(500)]     # (B, H)
for k in range(4):
    at, off, kept = i[:, k][marked].mean(), i[:, k][~marked].mean(), path[:, k].mean()
    print(f"unit {k + 1}: input gate {at:.1f} at the marks and {off:.1f} elsewhere; "
          f"kept from the first mark to the end: {kept:.1f}" + "   <- follows the mark" * (k == keeper))

# %% [markdown]
# What does the cell state itself do? We take that sequence three times and change a single number in it,
# the first one with a mark.

# %%
three = np.repeat(test.x[:, :, :1], 3, axis=2)
three[first - 1, 0] = 0.1, 0.5, 0.9
_, varied = model.forward(trained, three)
kept = varied.c[:, keeper]                                  # (T+1, 3)
show(lines({f"number {v}": kept[:, b] for b, v in enumerate((0.1, 0.5, 0.9))}, "step $t$",
           f"$c_t$ of unit {keeper + 1}", vertical={"1st mark": first, "2nd mark": second}),
     f"Cell state of unit {keeper + 1} over 20 steps for three sequences that differ only in the number at "
     "the first mark. The lines are one until that mark, part there in proportion to the number, run almost "
     "level until the second mark, and make the same step there.")
spread = kept[:, 2] - kept[:, 0]
print("before the first mark the three are the same:", np.ptp(kept[:first], axis=1).max() < 1e-12)
print("of the distance at the first mark, so much is left at the end:", round(spread[-1] / spread[first], 1))

# %% [markdown]
# The number lives in the distance between the lines: a carousel, built by learning.
#
# A suggestive picture does not yet show that the number is *used*. So we operate. The first mark lies in
# the first ten steps, the second in the last ten. After step 10 we take from one unit what it knows of
# *its* sequence: its $h$ and $c$ are replaced by their averages over all 500 sequences. Then the run goes
# on. Beside it stands what an onlooker would have measured: how strongly the unit's $c$ correlates with
# the first number.

# %%
first_number = test.targets[9, 0]                           # after ten steps the sum holds just one
for k in range(4):
    h, c = tape.h[10].copy(), tape.c[10].copy()
    h[k], c[k] = h[k].mean(), c[k].mean()
    y, _ = model.forward(trained, test.x[10:], s0=(h, c))
    r = abs(np.corrcoef(tape.c[10, k], first_number)[0, 1])
    print(f"unit {k + 1}: correlation {r:.1f};  averaged after step 10, error relative to guessing "
          f"{relative_mse(y):.1f}" + "   <- follows the mark" * (k == keeper))

# %% [markdown]
# Three units can each be wiped without harm, though two of these correlate well with the number: a
# trace of it is in them, but the answer does not need it. Without the one that follows the mark, the
# error is one half: the error of someone who knows the second number and must guess the first, since each
# has half of the sum's variance. The first number was kept in that one unit.
#
# In the experiment below such gates work, step by step: an LSTM and a GRU (unit 10), on this task and on the
# sunspots of unit 03. Its last picture is the path along $c$, $\prod_t f_t$, or what
# takes its place in the GRU. Since no weight lies on it, such a path is called *direct*.

# %%
from bpttlib.widgets import gates_at_work

gates_at_work()

# %% [markdown]
# ## What it costs
#
# Everything per gate is there four times: parameters and multiplications in the products. The tape is
# three times as large: $h$, $c$, their gradients, four gates and their $\delta$ make twelve numbers
# for each unit and step, and an Elman network has four.

# %%
from bpttlib.diagnostics import operations, tape_bytes
from bpttlib.params import count_parameters

D, H = 16, 64
counts = {}
for cell in (Elman(), LSTM()):
    G = len(cell.gates)
    counts[G] = count_parameters(init_cell(np.random.default_rng(0), cell, D, H))
    assert counts[G] == G * H * (D + H + 1)
    print(f"{type(cell).__name__:5}  G·H·(D+H+1) = {counts[G]:6,} parameters,"
          f"  {sum(operations(cell, T=1, B=1, D=D, H=H, need_dx=False)):6,} multiply-adds a step,"
          f"  tape of 100 steps {tape_bytes(cell, T=100, H=H, B=1) / 1024:4.0f} KiB")
H_equal = next(H for H in range(64, 1000) if H * (D + H + 1) > counts[4]) - 1
print(f"an Elman network with as many parameters as this LSTM has {H_equal} units")

# %% [markdown]
# So when you compare the two, say at equal what. At equal parameters the Elman network has about twice the
# units.
#
# **Variants.** *Peepholes* let the gates read $c$ (Gers, Schraudolph and Schmidhuber 2002). *Coupled
# gates* set $i = 1 - f$, so what enters displaces what was there. A *projection* makes $h$ shorter than
# $c$ (Sak, Senior and Beaufays 2014). Greff and others (2017) compared eight variants at great expense:
# none was much better than the plain one (theirs had peepholes), and the forget gate and the output's
# tanh were the parts that it could least do without. Unit 10 takes up the one variant that became a cell of its own, the GRU.
#
# ## Experiment
#
# An LSTM of 16 units at the start of training. Three lines over the lag: the power $\sigma(b)^n$ of the
# bias alone, the path along $c$ (its best unit), and all paths.

# %%
def flow_back(forget_bias, gain, lag):
    rng, cell = np.random.default_rng(3), LSTM(forget_bias)
    start = init_cell(rng, cell, 4, 16, W_hh=partial(orthogonal, gain=gain))
    x = rng.normal(size=(lag + 1, 4, 1))
    power = sigmoid(forget_bias) ** np.arange(lag + 1.0)
    path, paths = (reach(cell, start, x, through_h=way) for way in (False, True))
    figure = lines({"σ(b)ⁿ": power, "along c": path, "all paths": paths}, "steps back n",
                   r"size of $\partial c_T / \partial c_{T-n}$", log="y")
    return figure, (f"Forget bias {forget_bias:g}, gain {gain:g}, after {lag} steps: the power is "
                    f"{power[-1]:.2g}, the path along c {path[-1]:.2g}, all paths {paths[-1]:.2g}.")


explore(flow_back, forget_bias=(-2.0, 6.0, 0.5, 1.0), gain=(0.0, 8.0, 0.5, 1.0),
        lag=(10, 100, 10, 50), tasks=[
    "Which is the smallest forget bias that keeps one percent along c over 50 steps? Compare with ln 50.",
    "Set the gain to 0. Two of the lines coincide. Which, and why?",
    "At bias 1, raise the gain. From where on can all paths end above 1? For every larger gain? Can the path along c?",
    "The path along c is drawn for the best of 16 units. Where does it lie against the power, and why?",
])

# %% [markdown]
# ## Your turn
#
# 1. Train on `adding` with $T = 30$ instead of `one_bit`, with forget biases 0, 1 and 3 and several seeds
#    (400 updates, $H = 8$, learning rate 0.02). Does the bias still decide? What is different about the
#    lags in this task?
# 2. Repeat *Gates at work* with seeds 1, 2 and 3 for the start. Is there always a single unit that
#    keeps the number? Does its input gate always do the same? (Find it by the operation, not by its
#    looks.)
# 3. Give the trained network of *Gates at work* sequences with $T = 40$ and $T = 80$. How does the
#    error grow, and what does $\prod f$ of the keeper say about it?
# 4. Add peepholes to `lstm_forward`: $a_i$ and $a_f$ also get $p_i \odot c_{t-1}$ and $p_f \odot
#    c_{t-1}$. Derive the new terms of $\partial L / \partial c_{t-1}$ and check with `complex_step`.
# 5. How far does the truncation of 1997 turn the gradient? Compute the cosine between the truncated and
#    the complete gradient of $W_{hh}$, at the start and after training.
#
# Exercises with points: [Exercises 09](../exercises/09/09.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. Why does ∂L/∂c<sub>t</sub> have two terms?**
#
# <details><summary>A. h and c are both states, and each has a loss</summary>
#
# **No.** Losses look at $h$ alone. What $c$ does to them it does through some $h$, of its own step or of
# a later one.
# </details>
#
# <details><summary>B. c<sub>t</sub> goes to two places, into h<sub>t</sub> and into c<sub>t+1</sub></summary>
#
# **Right.** It makes $h_t$ at its own step, and the forget gate keeps a part of it in $c_{t+1}$. Two
# places, two terms.
# </details>
#
# <details><summary>C. c<sub>t</sub> is a sum of two terms, f ⊙ c<sub>t−1</sub> and i ⊙ g</summary>
#
# **No.** That is where $c_t$ comes from. The gradient asks where it goes; these two terms matter when it
# goes on to the gates and to $c_{t-1}$.
# </details>
#
# **2. A check of an LSTM has T = 1 and c<sub>0</sub> = 0, all else random. About which error does it say
# least?**
#
# <details><summary>A. About δ<sub>i</sub></summary>
#
# **No.** $\delta_i$ contains $g$, not $c_{t-1}$. The input gate lets something in, also into an empty
# cell.
# </details>
#
# <details><summary>B. About δ<sub>o</sub></summary>
#
# **No.** $\delta_o$ contains $\tanh(c_1)$, and $c_1 = i \odot g$ is not zero.
# </details>
#
# <details><summary>C. About δ<sub>f</sub></summary>
#
# **Right.** $\delta_f$ contains $c_{t-1}$. The first forget gate has nothing to keep, so $\delta_f$ is
# zero, and a mistake in any other factor goes unseen.
# </details>
#
# <details><summary>D. About δ<sub>g</sub></summary>
#
# **No.** $\delta_g$ contains $i$ and the slope of the candidate. Both are there from the first step on.
# </details>
#
# **3. "∂c<sub>T</sub>/∂c<sub>t</sub> is the product of the forget gates, so it lies between 0 and 1."
# What is wrong?**
#
# <details><summary>A. The product of the gates can exceed 1</summary>
#
# **No.** Each gate is below 1, and so is every product of them. On this path alone a gradient cannot
# grow.
# </details>
#
# <details><summary>B. Nothing: this is why LSTMs do not explode</summary>
#
# **No.** They can: with a gain of 8 the complete Jacobian passed 10,000 in 60 steps. The sentence forgets
# how it comes about.
# </details>
#
# <details><summary>C. It is the direct path, one of many paths</summary>
#
# **Right.** The complete derivative also has all paths that leave $c$ through $h$ and come back through
# the gates. They pass through $W_{hh}$ and can make it larger than 1.
# </details>
#
# **4. Your task has lags of about 200 steps. Which forget bias do you start with?**
#
# <details><summary>A. About 5</summary>
#
# **Right.** $\ln 200 \approx 5.3$: then $f \approx 0.995$, and a memory is halved in about 140 steps.
# </details>
#
# <details><summary>B. About 1</summary>
#
# **No.** That is the custom, and there a memory is halved in 2.2 steps. Along $c$ practically nothing is
# left after 200.
# </details>
#
# <details><summary>C. About 0.995</summary>
#
# **No.** That is the value that the *gate* should have. The bias goes through σ first, and
# $\sigma(0.995)$ is only 0.73.
# </details>
#
# <details><summary>D. About 50</summary>
#
# **No.** Then $f$ is exactly 1 in double precision. Nothing is ever forgotten, and since $f (1 - f) = 0$
# the gate cannot learn to.
# </details>
#
# **5. In which LSTM is the error flow constant?**
#
# <details><summary>A. In that of 1997, errors cut at the gates</summary>
#
# **Right.** It has no forget gate, and errors that would leave through the gates are cut: the original
# with its truncated gradient. The complete gradient of the same network grew 62-fold.
# </details>
#
# <details><summary>B. In any whose forget gates are near 1</summary>
#
# **No.** Near 1 keeps the path along $c$ nearly constant. The paths through $h$ remain, and the complete
# gradient can still grow.
# </details>
#
# <details><summary>C. In every one: that is its invention</summary>
#
# **No.** With forget gates an error fades along $c$, and through $W_{hh}$ it can vanish or explode like
# any other.
# </details>
#
# ## What to take away
#
# - Backward: $\partial L/\partial c_t = \partial L/\partial h_t \odot o \odot (1 - \tanh^2 c_t) +
#   \partial L/\partial c_{t+1} \odot f_{t+1}$; each gate's $\delta$ is what arrives, times the other
#   factor, times its slope.
# - Along $c$ a gradient meets forget gates and nothing else. That is one path of many.
# - $\sigma(1)^{50}$ is about a ten-millionth. The forget bias sets a rate: $b \approx \ln n$ for lags of
#   $n$ steps.
# - LSTM gradients can vanish and can explode. What the forget gates add is that a rate is learnt.
# - To show that a unit remembers, take its memory away and see what is lost.
#
# Next: [10 · GRU, stacked and bidirectional networks](10_gru_stacks.ipynb).
#
# **Sources.** Gers, Schmidhuber and Cummins 2000, *Learning to forget: continual prediction with LSTM*,
# Neural Computation 12(10). Gers, Schraudolph and Schmidhuber 2002, *Learning precise timing with LSTM
# recurrent networks*, Journal of Machine Learning Research 3. Graves and Schmidhuber 2005, *Framewise
# phoneme classification with bidirectional LSTM and other neural network architectures*, Neural
# Networks 18. Greff, Srivastava, Koutník, Steunebrink and Schmidhuber 2017, *LSTM: a search space
# odyssey*, IEEE Transactions on Neural Networks and Learning Systems 28(10). Hochreiter and Schmidhuber
# 1997, *Long short-term memory*, Neural Computation 9(8). Jozefowicz, Zaremba and Sutskever 2015, *An
# empirical exploration of recurrent network architectures*, ICML. Sak, Senior and Beaufays 2014, *Long
# short-term memory recurrent neural network architectures for large scale acoustic modeling*,
# Interspeech. Tallec and Ollivier 2018, *Can recurrent neural networks warp time?*, ICLR.
