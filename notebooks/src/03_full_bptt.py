# %% [markdown]
# # 03 · Full backpropagation through time
#
# Now with vectors and matrices, squashing and batches: the gradient of a whole Elman network, derived
# line by line, written in a dozen lines of code, checked against its own definition, drawn, and used to
# forecast sunspots.
#
# After this unit you can
#
# - derive and write the backward pass of an Elman network, with masks and any initial state,
# - say which step's loss changes the weights through which copy,
# - recognise the algorithm as encyclopaedias state it, and say what it computes,
# - train a network on a real series and judge its forecast against honest baselines.
#
# You need: units [01](01_unfolding.ipynb) and [02](02_two_numbers.ipynb). Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.cells import Elman
from bpttlib.plots import draw_copies, draw_unfolding, forecast, heat_map, lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# A network with tanh units starts from some $h_0 \neq 0$ and reads six steps, and only the *last* step has
# a loss. Which copies of $W_{hh}$ get a share of the gradient: the last one, the last few, or all six?
# And if only the *first* step has a loss?
#
# ## The network once more
#
# $$ a_t = W_{xh} x_t + W_{hh} h_{t-1} + b_h, \qquad h_t = \tanh(a_t), \qquad
#    y_t = W_{hy} h_t + b_y, \qquad L = \frac1N \sum_{t, b\ \text{that count}} \ell(y_t, y^*_t). $$
#
# $N$ is the number of steps $t$ and sequences $b$ that the mask lets count, and $\ell$ the loss of one
# output.

# %%
show(draw_unfolding(T=4, backward=True),
     "The Elman network folded and unfolded over four steps. Solid arrows run forward, from inputs up "
     "to the losses and from left to right through W_hh. Dashed arrows run backward: from each loss "
     "down into its state, and from right to left through the transposed W_hh.")

# %% [markdown]
# ## The derivation
#
# We follow the dashed arrows. $\partial L/\partial h_t$ means: over **all** paths.
#
# **1. Into the states.** A state acts on the loss through its own output $y_t$, and through the next
# state $h_{t+1}$. With $e_t = \partial L/\partial y_t$, which the loss function delivers,
#
# $$ \frac{\partial L}{\partial h_t} = \underbrace{W_{hy}^\top e_t}_{\text{own loss}}
#    + \underbrace{W_{hh}^\top \delta_{t+1}}_{\text{what comes back}} ,
#    \qquad \delta_{T+1} = 0 . $$
#
# Why $W_{hh}^\top \delta_{t+1}$? Because $h_t$ enters the next step only as $W_{hh} h_t$ inside
# $a_{t+1}$, and the derivative of $W h$ with respect to $h$, applied to a gradient, is $W^\top$.
#
# **2. Through the squashing.** $\delta_t := \partial L/\partial a_t$ is what remains behind the tanh,
# whose derivative is $1 - \tanh^2(a_t) = 1 - h_t^2$. With $\odot$ for the product entry by entry,
#
# $$ \delta_t = (1 - h_t^2) \odot \frac{\partial L}{\partial h_t} . $$
#
# **3. To the copies.** At step $t$, the copy of $W_{hh}$ only multiplies $h_{t-1}$, so its share is
# $\delta_t h_{t-1}^\top$. Likewise $\delta_t x_t^\top$ for $W_{xh}$ and $\delta_t$ for $b_h$.
#
# **4. Sum the copies**, since they are one and the same (unit 00):
#
# $$ \frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T} \delta_t h_{t-1}^\top, \qquad
#    \frac{\partial L}{\partial W_{xh}} = \sum_{t=1}^{T} \delta_t x_t^\top, \qquad
#    \frac{\partial L}{\partial b_h} = \sum_{t=1}^{T} \delta_t . $$
#
# A batch is $B$ columns; products such as $\delta_t h_{t-1}^\top$ then sum over the columns by
# themselves, and for the bias we sum them by hand. Two more things fall out for free: $\partial
# L/\partial x_t = W_{xh}^\top \delta_t$, which a layer below would need, and $\partial L/\partial h_0 =
# W_{hh}^\top \delta_1$, which says how the start should have been.
#
# ## The code is the derivation

# %%
def elman_forward(W_xh, W_hh, b_h, x, h_0):
    h = np.empty((len(x) + 1, *h_0.shape), np.result_type(W_xh, W_hh, b_h, x, h_0))
    h[0] = h_0
    for t in range(1, len(x) + 1):
        h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h)
    return h                                                # (T+1, H, B)


def elman_backward(W_xh, W_hh, b_h, x, h, dh_own):
    """dh_own[t-1] is the gradient of step t's own loss with respect to h_t."""
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    back = np.zeros_like(h[0])                              # what comes back from step t+1
    for t in range(len(x), 0, -1):                          # t = T … 1
        dh = dh_own[t - 1] + back                           # 1. own loss, and what comes back
        delta = (1 - h[t] ** 2) * dh                        # 2. through the tanh
        dW_xh += delta @ x[t - 1].T                         # 3. this copy's share, and
        dW_hh += delta @ h[t - 1].T                         # 4. the sum over the copies
        db_h += delta.sum(axis=1, keepdims=True)
        back = W_hh.T @ delta
    return dW_xh, dW_hh, db_h, back                         # the last `back` is dL/dh_0

# %% [markdown]
# To try it we take random numbers for everything: weights, inputs, targets, the initial state, and a
# mask that lets some of the steps count. Zeros would hide mistakes.

# %%
from bpttlib.losses import squared_error

T, D, H, K, B = 6, 2, 4, 3, 5
rng = np.random.default_rng(0)
W_xh, W_hh = rng.normal(size=(H, D)), rng.normal(size=(H, H)) / np.sqrt(H)
W_hy, b_h, b_y = rng.normal(size=(K, H)), rng.normal(size=(H, 1)), rng.normal(size=(K, 1))
x, target, h_0 = rng.normal(size=(T, D, B)), rng.normal(size=(T, K, B)), rng.normal(size=(H, B))
mask = rng.random((T, B)) < 0.67


def loss(W_xh, W_hh, b_h, h_0):
    h = elman_forward(W_xh, W_hh, b_h, x, h_0)
    return squared_error(W_hy @ h[1:] + b_y, target, mask)


h = elman_forward(W_xh, W_hh, b_h, x, h_0)
L, e = loss(W_xh, W_hh, b_h, h_0)                           # e = dL/dy: (T, K, B), 0 where masked
dh_own = W_hy.T @ e                                         # (T, H, B)
grads = elman_backward(W_xh, W_hh, b_h, x, h, dh_own)
print(f"{mask.sum()} of {mask.size} steps count, L = {L:.4f}")

# %% [markdown]
# Masked steps need no special treatment in the backward pass. Their own gradient is zero, and what
# comes back from later steps passes through them all the same.
#
# ### Three checks
#
# Complex step: from the loss alone.

# %%
from bpttlib.gradcheck import complex_step, relative_error

numerical = complex_step(lambda p: loss(*p)[0], (W_xh, W_hh, b_h, h_0))
for name, g, g_hat in zip(("W_xh", "W_hh", "b_h", "h_0"), grads, numerical, strict=True):
    print(f"{name:5} shape {g.shape!s:7} relative error below 1e-10: {relative_error(g, g_hat) < 1e-10}")

# %% [markdown]
# The definition: the gradient is a double sum, over the steps $t$ that have a loss and the copies
# $s \le t$ of the weights, each term a product of *Jacobians*, the matrices of the derivatives of one vector
# by another,
#
# $$ \frac{\partial L}{\partial W} = \sum_{t=1}^{T} \sum_{s=1}^{t}
#    \frac{\partial L_t}{\partial h_t}\,
#    \frac{\partial h_t}{\partial h_{t-1}} \cdots \frac{\partial h_{s+1}}{\partial h_s}\,
#    \frac{\partial^{+} h_s}{\partial W} . $$
#
# Here $L_t$ is step $t$'s part of $L$, and $\partial^{+}$ is the direct part, with $h_{s-1}$ held
# fixed. These are $T(T+1)/2$ terms; even when each loss's product is carried on from copy to copy, that
# takes on the order of $T^2$ Jacobian products. The recursion above computes the same in $T$, since it adds
# up what arrives at a state *before* it goes on. That is the whole difference.

# %%
from bpttlib.reference import gradient_by_definition


def one_step(params, x_t, state):
    W_xh, W_hh, b_h = params
    return (np.tanh(W_xh @ x_t + W_hh @ state[0] + b_h),)


by_definition, _, (dh_0,) = gradient_by_definition(one_step, (W_xh, W_hh, b_h), x, (h_0,), dh_own)
print("recursion equals definition to 1e-10:",
      max(relative_error(g, d) for g, d in zip(grads, (*by_definition, dh_0), strict=True)) < 1e-10)

# %% [markdown]
# And the library, which does the same for any cell. Its loop over time knows no formulas. The own losses
# come in as `dh_own`. The factors of item 2, here $1 - h_t^2$, need nothing that comes back, so the cell's
# `slopes` computes them for many steps at once; its `step_backward` multiplies by them and carries
# $\delta$ back. And the sum over time is *one* matrix product, because putting the columns of many steps
# side by side turns $\sum_t \delta_t h_{t-1}^\top$ into a product of two wide matrices. Unit 06 says what
# that gains.

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.params import CellParams

params = CellParams(W_xh, W_hh, b_h)
tape = unroll(Elman(), params, x, s0=h_0)
back = bptt(Elman(), params, x, tape, dh_own)
print("library equals our loop to 1e-10:",
      max(relative_error(g, l) for g, l in zip(grads, (*back.params, *back.s0), strict=True)) < 1e-10)

# %% [markdown]
# ## Who changes the weights: a map of contributions
#
# The double sum is a table. Row $t$: the loss of step $t$. Column $s$: the copy of $W_{hh}$ at step $s$.
# An entry is the share of the gradient that belongs to both, here for one entry of $W_{hh}$, as a
# percentage of the whole. A loss cannot act on copies that come after it, so the upper triangle is
# empty.

# %%
from bpttlib.diagnostics import contributions

C = contributions(Elman(), params, x, tape, dh_own).W_hh            # (T, T, H, H)
entry = (2, 0)                                      # an entry on which the steps disagree
total = grads[1][entry]
table = 100 * C[:, :, *entry] / total
show(heat_map(table),
     f"Lower triangular map, six by six: losses in rows, copies in columns, in percent of the gradient "
     f"at entry {entry} of W_hh. The largest single share is {np.abs(table).max():.0f} percent in "
     f"magnitude; all of them together make 100.")
print(f"all entries together: {table.sum():.1f} % of dL/dW_hh, for every entry of the matrix:",
      relative_error(C.sum(axis=(0, 1)), grads[1]) < 1e-10)
print("column sums, the copies' shares: ", table.sum(axis=0).round(1))
print("row sums, what each loss asks for:", table.sum(axis=1).round(1))

# %% [markdown]
# Shares can be negative, and a share can exceed the whole: steps pull in different directions, and the
# sum is what is left over. Entries far from the diagonal are those of long reach. A single loss at the
# end would fill only the last row: **all six copies** get a share. A single loss at the first step would
# fill one field. (From $h_0 = 0$ the first copy multiplies zeros, and its share is 0.)
#
# ## The algorithm as encyclopaedias state it
#
# You will meet backpropagation through time in another dress, with other letters. Written out:
#
# > The training data is a sequence of pairs $(a_0, y_0), \dots, (a_{n-1}, y_{n-1})$ of inputs and
# > outputs. A function $f$ takes the context $x_t$ and the input $a_t$ to the next context $x_{t+1}$; a
# > function $g$ takes a context to a prediction. Unfold the network over $k$ time steps: it then has
# > $k$ copies $f_1, \dots, f_k$ of $f$, followed by $g$, and all copies share their parameters. Set the
# > context to zero. For each $t$ from $0$ to $n - k$: feed in the context $x_t$ and the inputs $a_t,
# > \dots, a_{t+k-1}$, compare the prediction with the target $y_{t+k}$, propagate the error back through
# > all $k$ copies, **sum the changes of the copies**, change $f$ and $g$, and compute the next context
# > $x_{t+1} = f(x_t, a_t)$. The cost is averaged over the time steps.
#
# Only the letters are new. Its context $x_t$ is our $h_t$, its input $a_t$ our $x_{t+1}$ (it counts from
# 0), and $y_{t+k}$ belongs to the state after $k$ inputs, our step $t + k$. Counted strictly, the last
# window asks for a $y_n$, which is not among the pairs; we supply one. In the picture $p$ is the
# prediction, and the error is $e = p - y_{t+3}$, whose changes are subtracted; some texts take $y - p$
# and add them.

# %%
show(draw_copies(k=3, backward=True),
     "Three copies f_1, f_2, f_3 in a row: the context x_t enters at the left, an input a enters each "
     "copy from below, and g after the last copy makes the prediction that is compared with the target. "
     "Dashed arrows carry the error e, prediction minus target, back through all copies, and the "
     "changes of f_1, f_2 and f_3 are summed.")

# %% [markdown]
# We run it in its own notation, first **without changing the parameters** between windows. Then each
# window must give exactly what our `bptt` gives on that slice of the tape, with a loss on the slice's
# last step only.

# %%
from bpttlib.tape import window

n, k = 12, 4
a = rng.normal(size=(n, D, 1))                      # inputs a_0 … a_{n-1}
y = rng.normal(size=(n + 1, K, 1))                  # y[t] is the target of context t
theta = CellParams(W_xh, W_hh, b_h)


def f(theta, x, a):
    W_xh, W_hh, b_h = theta
    return np.tanh(W_xh @ a + W_hh @ x + b_h)


def g(x):
    return W_hy @ x + b_y


def summed_copies(theta, x, a, target):
    """Forward through k copies of f and g, back again, and the sum of the copies' changes."""
    contexts = [x]
    for a_i in a:
        contexts.append(f(theta, contexts[-1], a_i))
    error = W_hy.T @ (g(contexts[-1]) - target)
    dW_xh, dW_hh, db_h = (np.zeros_like(p) for p in theta)
    for x_before, x_after, a_i in zip(contexts[-2::-1], contexts[:0:-1], a[::-1], strict=True):
        delta = (1 - x_after**2) * error
        dW_xh, dW_hh, db_h = dW_xh + delta @ a_i.T, dW_hh + delta @ x_before.T, db_h + delta
        error = theta[1].T @ delta
    return CellParams(dW_xh, dW_hh, db_h)


tape = unroll(Elman(), theta, a)
x_t, worst = np.zeros((H, 1)), 0.0                  # zero context
for t in range(n - k + 1):
    copies = summed_copies(theta, x_t, a[t:t + k], y[t + k])
    piece, own = window(tape, t, t + k), np.zeros((k, H, 1))
    own[-1] = W_hy.T @ (W_hy @ piece.h[-1] + b_y - y[t + k])
    ours = bptt(Elman(), theta, a[t:t + k], piece, own).params
    worst = max(worst, *(relative_error(p, q) for p, q in zip(copies, ours, strict=True)))
    x_t = f(theta, x_t, a[t])                       # the context for the next window
print(f"{n - k + 1} windows; each equals bptt on its slice to 1e-10: {worst < 1e-10}")

# %% [markdown]
# So the encyclopaedia's algorithm is our `bptt`, run on a sliding window of $k$ steps. With $k = n$
# there is a single window: full backpropagation for a loss at the last step. With $k < n$ it is
# *truncated*: no loss reaches further back than $k$ steps, and losses before step $k$ are never asked.
# Unit 05 studies what that costs.
#
# ### What changes when the parameters move
#
# The algorithm changes $f$ and $g$ after *every* window. Then the context $x_t$ has been computed by
# older parameters, while the window is unfolded with today's. The result is no longer the gradient of
# any one loss. How far off is it? We run it with four learning rates, the first of them zero, changing $f$
# alone, and compare the carried context with the one that today's parameters would have produced.

# %%
def sweep(theta, lr):
    x_t, gaps = np.zeros((H, 1)), []
    for t in range(n - k + 1):
        grads = summed_copies(theta, x_t, a[t:t + k], y[t + k])
        theta = CellParams(*(p - lr * d for p, d in zip(theta, grads, strict=True)))
        x_t = f(theta, x_t, a[t])
        fresh = unroll(Elman(), theta, a[:t + 1]).h[-1]
        gaps.append(np.abs(x_t - fresh).max())
    return np.array(gaps)


for lr in (0.0, 0.001, 0.01, 0.1):
    print(f"learning rate {lr:5}: context off by at most {sweep(theta, lr).max():.3f}")

# %% [markdown]
# With frozen parameters, nothing; the smaller the learning rate, the less. In practice this is accepted:
# it is an approximation, not an identity, and it is good to know which of the two one is using.
#
# ## Where it comes from
#
# Nobody owns this algorithm; it was found several times. That a network with loops can be unfolded
# over finitely many steps was noted by **Minsky and Papert** (1969). The chain rule run backward through
# a process in time was known in optimal control as the adjoint method (**Kelley** 1960, **Bryson and Ho**
# 1969), and **Werbos** (1974) brought backward derivatives to models with memory. For neural networks,
# **Rumelhart, Hinton and Williams** (1986) described unfolding with shared weights in chapter 8 of
# *Parallel Distributed Processing*. **Robinson and Fallside** (1987) derived it for speech coding,
# **Werbos** (1988) applied it to a recurrent model of the gas market and gave the method its classic
# account in 1990, and **Mozer** (1989) published a focused version for sequences. **Williams and Peng**
# (1990) worked out truncation, with the forms that unit 05 uses. **Elman** (1990), by contrast, trained
# his famous network *without* unfolding: the context was treated as one more input, so errors went back
# one step only.
#
# ## A forecast of the sun
#
# Time to use it. We train an Elman network on the sunspot numbers up to 1920 and let it forecast, each
# year, the next one. The years 1921–1955 and 1956–1979 are kept for the test, as in the studies of this
# series since Weigend, Huberman and Rumelhart (1990). The error is the *relative variance*: the mean
# squared error over a period, divided by the variance of the whole series from 1700 to 1979. Over all
# those years the best constant forecast gets exactly 1; over a single period it can get more. 0 would be
# perfect.
#
# Three baselines, so that we know what a number means. The **mean** of the years up to 1920, for every
# year. **Persistence** says that next year will be like this one. **AR(12)** is linear: a constant and a
# weighted sum of the last twelve years, fitted by least squares.

# %%
from bpttlib.data import sunspots

years, numbers = sunspots()
variance = numbers[years <= 1979].var()
following, past = numbers[1:], numbers[:-1]                 # each year, and the year before it
following_years = years[1:]
periods = {"1921–55": (1921, 1955), "1956–79": (1956, 1979)}


def relative_variance(predicted, period):
    inside = (following_years >= period[0]) & (following_years <= period[1])
    return ((predicted - following)[inside] ** 2).mean() / variance


twelve = np.lib.stride_tricks.sliding_window_view(past, 12)  # a row: twelve years in their order
twelve = np.insert(twelve, 0, 1.0, axis=1)                   # and a constant
known = following_years[11:] <= 1920
weights = np.linalg.lstsq(twelve[known], following[11:][known])[0]
ar12 = np.concatenate([np.full(11, np.nan), twelve @ weights])
print("relative variance     ", *periods)
for name, predicted in (("mean up to 1920", numbers[years <= 1920].mean()),
                        ("persistence", past), ("AR(12)", ar12)):
    first, second = (relative_variance(predicted, period) for period in periods.values())
    print(f"{name:<22} {first:.3f}   {second:.3f}")

# %% [markdown]
# Now the network: eight tanh units and a linear readout, on numbers scaled to mean 0 and variance 1 *by
# the years up to 1920 alone*. The training set is **one** sequence of input–target pairs. Each update
# goes forward through all its steps and back through all of them; nothing is truncated. What makes a change
# of the parameters out of the gradient is *Adam*, a descendant of gradient descent (unit 08). The first
# twelve years do not count in the loss, since the network has not seen a cycle yet: a mask.
#
# How many updates? A network that is trained for too long learns the noise of its training years. The
# test years must not answer the question, so we set other years aside: train up to 1880, and look at the
# forecasts for 1881–1920. Training depends on the random start, so there are five networks, each from a
# *seed* of its own, and `fit` takes each of them up again where it stopped.

# %%
from bpttlib.data import one_step_ahead
from bpttlib.init import uniform_fan_in
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.train import fit

mean, sd = numbers[years <= 1920].mean(), numbers[years <= 1920].std()
scaled = (numbers - mean) / sd
model = Model(Elman(), D=1, H=8, K=1, loss="squared_error")
starts = [model.init(np.random.default_rng(seed), W_hh=uniform_fan_in) for seed in range(5)]


def train(params, last_year, updates, state=None):
    batch = one_step_ahead(scaled[years <= last_year])          # x and targets: (T, 1, 1)
    batch = batch._replace(mask=np.arange(len(batch.x))[:, None] >= 12)
    return fit(model, params, lambda update: batch, updates, adam(lr=0.003), state=state,
               progress=False)


def one_year_ahead(params):
    y, _ = model.forward(params, one_step_ahead(scaled).x)
    return mean + sd * y.ravel()


checkpoints, states, validation = range(25, 401, 25), [None] * 5, []
for updates in checkpoints:
    states = [train(params, 1880, updates, state)
              for params, state in zip(starts, states, strict=True)]
    validation.append(np.mean([relative_variance(one_year_ahead(state.params), (1881, 1920))
                               for state in states]))
best = checkpoints[np.argmin(validation)]
print(f"smallest error on 1881–1920 after {best} updates: {min(validation):.3f}")

# %%
show(lines({"mean of five networks": (list(checkpoints), validation)}, "updates",
           "relative variance on 1881–1920", vertical={f"{best} updates": best}),
     f"Error on the years 1881 to 1920 against the number of updates. It falls steeply at first, is "
     f"smallest at {best} updates, and then slowly rises again.")

# %% [markdown]
# That is the usual picture of overfitting: beyond its lowest point, further training makes the forecasts
# of unseen years worse. Now train on all years up to 1920, for that many updates, and look at the test
# years. Once.

# %%
runs = [train(params, 1920, best) for params in starts]
forecasts = [one_year_ahead(run.params) for run in runs]
print("relative variance     ", *periods)
for seed, predicted in enumerate(forecasts):
    first, second = (relative_variance(predicted, period) for period in periods.values())
    print(f"Elman, seed {seed}           {first:.2f}    {second:.2f}")
threshold = relative_variance(past, periods["1921–55"])
print("all below persistence on 1921–55:",
      all(relative_variance(predicted, periods["1921–55"]) < threshold for predicted in forecasts))

# %%
recent = following_years >= 1900
error = {name: relative_variance(forecasts[0], period) for name, period in periods.items()}
show(forecast(following_years[recent], following[recent], forecasts[0][recent], past[recent],
              shaded=periods),
     "Forecast of the yearly sunspot numbers, one step ahead: the series, the network's forecast, and "
     "persistence, with both test periods shaded; beneath, the absolute error of both. The network's "
     "relative variance is "
     + ", and ".join(f"{value:.2f} on {name}" for name, value in error.items()) + ".")
tested = (following_years >= 1921) & (following_years <= 1979)
for seed, predicted in enumerate(forecasts):
    worst = np.argmax(np.where(tested, abs(predicted - following), 0))
    print(f"seed {seed}: largest error in {following_years[worst]}")
print(f"highest maximum: {numbers.max():.1f} in {years[numbers.argmax()]};",
      f"up to 1920: {numbers[years <= 1920].max():.1f} in {years[numbers[years <= 1920].argmax()]}")

# %% [markdown]
# All of them err most on the rise to the highest maximum of the series, and nothing in the training years
# is as high. It falls into the second period, on which both AR(12) and the networks do worse. And mind the
# spread over the seeds: a single number from a single run would have told you little.
#
# Two honest remarks. On so short a series a linear model is hard to beat: our networks do about as well as
# AR(12) on the first period and worse on the second. But AR(12) is handed the last twelve years at every
# step. The network sees *one* number per step; what it knows of the cycle it keeps in its state, and it
# has learnt to do so by backpropagation through time.
#
# ## Experiment
#
# The whole machine, with two units and six steps. Step on: the states fill, then the losses; then
# $\delta_t$ travels back, and each copy adds its share until the sum $dW_{hh}$ stands. Play it, or go step by
# step, and switch the numbers on where you want to check one. (LSTM and GRU are units 09 and 10.)

# %%
from bpttlib.widgets import unfolding_machine

unfolding_machine()

# %% [markdown]
# And one unit, five steps, a pulse at the first step, and a loss only at the last, $L = h_5$ (the readout of
# the drawing passes it on as it is). Walk back: the step says how far the backward sweep has come.

# %%
def walk_back(step, w_hh):
    one = CellParams(np.ones((1, 1)), np.array([[w_hh]]), np.zeros((1, 1)))
    pulse = np.array([1.0, 0, 0, 0, 0])[:, None, None]
    tape = unroll(Elman(), one, pulse)
    bptt(Elman(), one, pulse, tape, np.array([0.0, 0, 0, 0, 1.0])[:, None, None])
    h, dh, delta = tape.h.ravel(), tape.dh.ravel(), tape.delta.ravel()
    sum_so_far = sum(delta[t] * h[t - 1] for t in range(max(step, 1), 6))
    figure = draw_unfolding(5, backward=True, folded=False, targets="last", upto=step,
                            values={"x": pulse.ravel(), "h": h, "dh": dh})
    return figure, (f"Back at step {step}: dL/dh_{step} = {dh[step]:.4f}, and the copies seen so far "
                    f"add up to dL/dw_hh = {sum_so_far:.4f}. The drawing shows all states, and the "
                    "gradients down to this step.")


explore(walk_back, step=(0, 5, 1, 0), w_hh=(-2.0, 2.0, 0.25, 1.0), tasks=[
    "Start at step 5 and walk back. Which copy adds most to the sum at w_hh = 1?",
    "Set w_hh = 2. The weight is large, and yet dL/dh_0 is small. Which factor is to blame?",
    "Is there a w_hh at which the sum is negative?",
])

# %% [markdown]
# ## Your turn
#
# 1. Write `elman_backward` without looking, in a new cell, and check it with `complex_step` for $T = 1$,
#    for $B = 1$, and for a mask with a hole in the middle.
# 2. Break it on purpose, one mistake at a time: forget `+ back`; forget the factor $1 - h_t^2$; use
#    `W_hh` in place of its transpose; sum over too few steps. Which tensors does each mistake spoil? Make
#    a table: with it you can tell the mistake from the symptoms.
# 3. Why does the gradient of $b_h$ stay right when you write `h[t]` for `h[t - 1]` in `dW_hh`?
# 4. Derive the backward pass for the logistic function, $h_t = \sigma(a_t) = 1/(1 + e^{-a_t})$. One line
#    changes.
#
# Exercises with points: [Exercises 03](../exercises/03/03.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. Of all that comes back, why do the parameters need only δ<sub>t</sub>?**
#
# <details><summary>A. δ<sub>t</sub> is the gradient with respect to the state h<sub>t</sub></summary>
#
# **No.** That is $\partial L/\partial h_t$. $\delta_t = \partial L/\partial a_t$ is what remains of it
# behind the tanh, after the factor $1 - h_t^2$.
# </details>
#
# <details><summary>B. δ<sub>t</sub> already is the sum over all the steps</summary>
#
# **No.** $\delta_t$ belongs to one step: it has heard of all *later* losses, but each copy has its own
# $\delta_t$. The sum over the copies comes afterwards.
# </details>
#
# <details><summary>C. They act on the loss through a<sub>t</sub> alone</summary>
#
# **Right.** So each share is $\delta_t$ times whatever the parameter was multiplied with at step $t$:
# $x_t$, $h_{t-1}$, or 1 for the bias.
# </details>
#
# **2. Step 4 is masked, later steps count. What share of the gradient does the copy of W<sub>hh</sub> at
# step 4 get?**
#
# <details><summary>A. None: a masked step is skipped on the way back</summary>
#
# **No.** Then everything before it would be cut off as well. The mask makes $e_4$ zero, and the way back
# goes on through $h_4$ all the same.
# </details>
#
# <details><summary>B. What comes back to it from the later losses</summary>
#
# **Right.** The mask silences the step's own loss. What comes from later ones passes through $W_{hh}^\top
# \delta_5$ and makes $\delta_4$.
# </details>
#
# <details><summary>C. What its own loss asks for, and nothing else</summary>
#
# **No.** It is just the other way round: its own loss does not count, and the later ones do.
# </details>
#
# **3. Definition and recursion give the same gradient. How does the recursion get from T² down to T?**
#
# <details><summary>A. It adds up what arrives at a state, then goes on</summary>
#
# **Right.** The definition follows each loss back on its own. The way back is linear, so the sum can be
# carried on in place of its terms.
# </details>
#
# <details><summary>B. It leaves out terms too small to matter</summary>
#
# **No.** It leaves out nothing: the two agree to $10^{-10}$, and on paper exactly. To leave out terms is
# truncation, unit 05.
# </details>
#
# <details><summary>C. It computes all the steps at the same time</summary>
#
# **No.** It goes step by step, since $\delta_t$ needs $\delta_{t+1}$. It saves work by not doing the same
# work twice.
# </details>
#
# **4. The encyclopaedia's algorithm is run with k = n. What does it compute?**
#
# <details><summary>A. Full backpropagation for the losses of all steps</summary>
#
# **No.** A window compares one prediction with one target, after its last copy. With $k = n$ there is one
# window, and so one loss.
# </details>
#
# <details><summary>B. Truncated backpropagation, as for every k</summary>
#
# **No.** With $k = n$ the only window is the whole sequence, and nothing is cut off. Truncation begins
# with $k < n$.
# </details>
#
# <details><summary>C. Full backpropagation for a last loss alone</summary>
#
# **Right.** One window over the whole sequence, with a loss at its last step. The losses before step $k$
# are never asked.
# </details>
#
# **5. Your forecast has a relative variance of 0.4 on 1921–55. Is that good?**
#
# <details><summary>A. Yes: it is far better than guessing the mean</summary>
#
# **No.** It is: the mean of the years up to 1920 gets 1.180. But that is the easiest of the baselines,
# and a fair judge asks for the hardest.
# </details>
#
# <details><summary>B. Hardly: "as last year" is about as good</summary>
#
# **Right.** Persistence has 0.427 and learns nothing at all. AR(12) has 0.130. Without baselines the
# number would say nothing.
# </details>
#
# <details><summary>C. It cannot be said: 0.4 depends on the units</summary>
#
# **No.** It does not: the squared error is divided by the variance of the series, which has the same
# units. What is missing is not a unit but a baseline.
# </details>
#
# ## What to take away
#
# - $\partial L/\partial h_t$ = own loss + $W_{hh}^\top \delta_{t+1}$; then $\delta_t$; then shares; then
#   the sum over the copies.
# - The recursion equals the double sum of the definition, exactly, at a cost of $T$ instead of $T^2$.
# - A sliding window of $k$ copies is `bptt` on a slice. Changing the parameters between windows makes it
#   an approximation.
# - Report baselines and seeds.
#
# Next: [04 · Debugging a backward pass](04_debugging.ipynb). Symbols: [notation](../docs/notation.md). Terms:
# [glossary](../docs/glossary.md).
#
# **Sources.** Bryson and Ho 1969, *Applied Optimal Control*. Elman 1990, *Finding structure in time*,
# Cognitive Science 14(2). Kelley 1960, *Gradient theory of optimal flight paths*, ARS Journal 30. Minsky
# and Papert 1969, *Perceptrons*. Mozer 1989, *A focused backpropagation algorithm for temporal pattern
# recognition*, Complex Systems 3. Robinson and Fallside 1987, *The utility driven dynamic error
# propagation network*, Cambridge University Engineering Department TR 1; and *Static and dynamic error
# propagation networks with application to speech coding*, NIPS 1987. Rumelhart, Hinton and Williams
# 1986, in *Parallel Distributed Processing* 1, chapter 8. Weigend, Huberman and Rumelhart 1990,
# *Predicting the future: a connectionist approach*, International Journal of Neural Systems 1(3).
# Werbos 1974, *Beyond Regression*, PhD thesis, Harvard; 1988, *Generalization of backpropagation with
# application to a recurrent gas market model*, Neural Networks 1(4); 1990, *Backpropagation through
# time: what it does and how to do it*, Proceedings of the IEEE 78(10). Williams and Peng 1990, *An
# efficient gradient-based algorithm for on-line training of recurrent network trajectories*, Neural
# Computation 2(4).
