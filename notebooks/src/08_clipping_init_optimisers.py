# %% [markdown]
# # 08 · Clipping, initialisation, optimisers
#
# Unit 07 showed why gradients vanish and explode. This unit is about what one does: bound the step,
# start where gradients survive, and choose how a gradient becomes a change of the parameters. None of
# the three repairs what another one is for, and each of them is measured here.
#
# After this unit you can
#
# - say where the cliff in a recurrent network's loss comes from, and compute how steep it is,
# - clip by value and by global norm, and say what each does to the direction and to the mean,
# - initialise orthogonally and with the identity, and measure how far back the gradient reaches,
# - derive SGD with momentum and Adam, and choose hyper-parameters by measurement.
#
# You need: units [02](02_two_numbers.ipynb), [03](03_full_bptt.ipynb) and
# [07](07_vanishing_exploding.ipynb). Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.activations import sigmoid
from bpttlib.plots import lines, loss_surface, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# 1. A parameter's gradient is $-1$ in nine batches out of ten, and $19$ in the tenth. Its mean is $+1$,
#    so descent should lower the parameter. You clip at 1. Which way does it drift now?
# 2. One parameter has the gradient $0.001$ and another $1000$. With the learning rate $0.01$, how far
#    does each of them move in the first update of Adam?
#
# ## A cliff
#
# Pascanu, Mikolov and Bengio (2013, Fig. 6) draw the loss of a network with one sigmoid unit, no input
# and two parameters. In our letters (their $x_t$ is our pre-activation $a_t$):
#
# $$ a_t = w\, h_{t-1} + b, \qquad h_t = \sigma(a_t), \qquad h_0 = \sigma(0.5), \qquad
#    L = (h_{50} - 0.7)^2 . $$
#
# The gradient is unit 03 with one unit and a loss at the last step, where $\sigma' = h (1 - h)$:
#
# $$ \frac{\partial L}{\partial h_{50}} = 2 (h_{50} - 0.7), \qquad
#    \delta_t = h_t (1 - h_t) \frac{\partial L}{\partial h_t}, \qquad
#    \frac{\partial L}{\partial h_{t-1}} = w\, \delta_t, \qquad
#    \frac{dL}{dw} = \sum_t \delta_t h_{t-1}, \quad \frac{dL}{db} = \sum_t \delta_t . $$

# %%
T, h_0 = 50, sigmoid(0.5)


def forward(w, b):
    h = np.empty((T + 1, *np.shape(w)), np.result_type(w, b, 1.0))   # w and b may be whole maps
    h[0] = h_0
    for t in range(1, T + 1):
        h[t] = sigmoid(w * h[t - 1] + b)
    return h


def loss(w, b):
    return (forward(w, b)[-1] - 0.7) ** 2


def gradient(w, b):
    h = forward(w, b)
    dh, dw, db = 2 * (h[-1] - 0.7), 0.0, 0.0
    for t in range(T, 0, -1):
        delta = h[t] * (1 - h[t]) * dh
        dw, db = dw + delta * h[t - 1], db + delta
        dh = w * delta
    return np.array([dw, db])


# %%
from bpttlib.gradcheck import complex_step, relative_error

exact = complex_step(lambda p: loss(*p), (np.array(5.0), np.array(-2.6)))
print("gradient agrees with the complex step to 1e-10:",
      relative_error(gradient(5.0, -2.6), exact) < 1e-10)
print("b at w = 5       h_50       L    norm of the gradient")
for b in (-2.4, -2.6, -2.61, 0.5 - 5 * h_0, -2.615, -2.65, -2.8):
    print(f"{b:10.4f} {forward(5.0, b)[-1]:10.3f} {loss(5.0, b):7.3f} "
          f"{np.hypot(*gradient(5.0, b)):15.3f}")

# %% [markdown]
# Between two values of $b$ that differ by a few thousandths the final state jumps, and on the jump the
# gradient is thousands of times longer than at either end of the table. Look at the states on both sides:

# %%
b_wall = 0.5 - 5 * h_0
show(lines({"b a little higher": forward(5.0, b_wall + 0.004), "b on the wall": forward(5.0, b_wall),
            "b a little lower": forward(5.0, b_wall - 0.004)}, "step t", "$h_t$"),
     f"State over 50 steps at w = 5 for three values of b that differ by 0.004. All start at {h_0:.2f} and "
     "part slowly, then fast: after 40 steps the one with the higher b has risen to "
     f"{forward(5.0, b_wall + 0.004)[40]:.2f}, the one with the lower b has fallen to "
     f"{forward(5.0, b_wall - 0.004)[40]:.2f}, and the one in between has stayed.")

# %% [markdown]
# **How the cliff arises.** With fixed parameters the network repeats one map, $h \mapsto \sigma(w h + b)$.
# Take $w > 0$; then its slope is at most $w/4$. So for $w < 4$ it has a single **fixed point**, a state
# that is mapped to itself, and every start is drawn to it. At $w = 4$ comes a **bifurcation**, a change in
# the number of fixed points: beyond, there is a range of $b$ with three of them, two that attract and one
# between them that repels. Whether a start ends high or low depends on which side of the repelling one it
# lies. The starts that end at one point are its **basin of attraction**.

# %%
grid = np.linspace(0, 1, 100_001)
for w in (3.0, 3.9, 4.5, 5.0):
    b = 0.5 - w * h_0                                   # then sigma(w h_0 + b) = h_0: a fixed point
    crossings = np.sum(np.diff(sigmoid(w * grid + b) - grid > 1e-9) != 0)
    slope = w * h_0 * (1 - h_0)
    print(f"w = {w}: {crossings} fixed point(s), slope at h_0 {slope:.3f}, slope^50 = {slope**50:.1e}")
print(f"slope 1 at w = {1 / (h_0 * (1 - h_0)):.2f}")

# %% [markdown]
# The wall is where the repelling fixed point meets the start $h_0$, that is, where
# $\sigma(w h_0 + b) = h_0$, or $b = 0.5 - w h_0$. On it each step back multiplies the gradient by the
# slope $w\, h_0 (1 - h_0)$. That exceeds 1 from $w \approx 4.26$ on, and a number above 1 to the power
# of 50 is what makes the wall so steep. So the bifurcation makes the cliff possible, but the cliff does
# not stand on it: the gradient explodes where the start crosses from one basin of attraction into the
# other. That is how Pascanu, Mikolov and Bengio explain it (section 2.2). Between $w = 4$ and $4.26$ the
# edge is where two of the fixed points merge, and it is gentler.
#
# ### Two descents
#
# From the same start, at the same learning rate, 400 updates. The only difference is one line:
#
# $$ g \leftarrow c\, \frac{g}{\|g\|} \quad \text{if } \|g\| > c . $$

# %%
from bpttlib.clip import clip_by_global_norm


def descend(lr, c=np.inf, w=5.0, b=-2.2, updates=400):
    path, norms = [(w, b)], []
    for _ in range(updates):
        (g,), norm = clip_by_global_norm((gradient(w, b),), c)
        w, b = w - lr * g[0], b - lr * g[1]
        path.append((w, b))
        norms.append(norm)                              # before clipping
    return np.array(path), np.array(norms)


ws, bs = np.linspace(4.2, 5.3, 161), np.linspace(-2.8, -2.0, 161)
surface = np.maximum(loss(*np.meshgrid(ws, bs)), 1e-4)  # below 1e-4 one colour is enough
paths = {"clipped at 0.5": descend(0.1, 0.5), "not clipped": descend(0.1)}
ends = {name: path[-1] for name, (path, _) in paths.items()}
for name, (path, norms) in paths.items():
    print(f"{name:15} longest step {np.linalg.norm(np.diff(path, axis=0), axis=1).max():6.2f}   "
          f"end w = {path[-1][0]:5.1f}, b = {path[-1][1]:5.1f}   loss below 0.01: {loss(*path[-1]) < 0.01}"
          f"   gradient there below 1e-9: {norms[-1] < 1e-9}")
print(f"norm on the way to the wall, the first 20 updates: at most {norms[:20].max():.2f}")

# %%
free, _ = paths["not clipped"]
out = np.argmax(free[:, 1] > bs[-1])                      # the first point outside the picture
on_its_way = 0.9915 * free[out - 1] + 0.0085 * free[out]  # on the jump: its label, two blanks off
show(loss_surface(ws, bs, surface, path={name: path for name, (path, _) in paths.items()},
                  points={"start": (5.0, -2.2), "  not clipped, leaving": on_its_way},
                  xlabel="$w$", ylabel="$b$"),
     "Loss surface over w from 4.2 to 5.3 and b from -2.8 to -2.0. A straight wall runs from the upper left "
     "down to the right: above it the loss is small, below it large. Both paths run down to the wall. "
     "The one without clipping bumps into it a few times, leaves the picture in a single step and ends at "
     f"w = {ends['not clipped'][0]:.0f}, b = {ends['not clipped'][1]:.0f}; the clipped one creeps along "
     f"the wall to w = {ends['clipped at 0.5'][0]:.1f}, b = {ends['clipped at 0.5'][1]:.1f}, where the "
     "loss is low.")

# %% [markdown]
# Unit 02 called clipping the parachute. Here is what it saves from: one step on the wall threw the
# parameters far out of the map, onto a plain where the state saturates at 1. There the gradient has
# *vanished*, and descent has no way back. The clipped descent meets the same wall, again and again, and
# each time the damage is at most $0.1 \cdot 0.5$. On the ordinary slope the threshold is never met.
#
# ## What clipping does to the direction
#
# `clip_by_global_norm` divides all entries by the same number. `clip_by_value` cuts each entry on its
# own, $g_j \leftarrow \min(\max(g_j, -c), c)$. The gradient at the wall, both ways:

# %%
from bpttlib.clip import clip_by_value, global_norm
from bpttlib.params import named_leaves, tree_map
from bpttlib.plots import arrows


def angle(one, other):
    """The angle between two records of gradients, each seen as one long vector."""
    a, b = (np.concatenate([g.ravel() for _, g in named_leaves(grads)]) for grads in (one, other))
    return np.degrees(2 * np.arcsin(np.linalg.norm(a / np.linalg.norm(a) - b / np.linalg.norm(b)) / 2))


g = gradient(5.0, b_wall)
(by_norm,), _ = clip_by_global_norm((-g,), 0.5)
(by_value,), _ = clip_by_value((-g,), 0.5)
turned = angle((-g,), (by_value,))
show(arrows({"raw": -g, "by norm": by_norm, "by value": by_value}, 0.5, "$-dL/dw$", "$-dL/db$"),
     f"The negative gradient at the wall as an arrow of length {np.hypot(*g):.0f} that leaves the picture. "
     "Clipped by norm it ends on a circle of radius 0.5 and points the same way. Clipped by value it ends "
     f"in the corner of a square, turned by {turned:.0f} degrees.")
print(f"turned by norm: {angle((-g,), (by_norm,)):.1f} degrees, by value: {turned:.1f} degrees")

# %% [markdown]
# In two dimensions a corner is never more than 45 degrees away. In many dimensions it can be almost 90:
# if every entry is cut, only the signs are left. And "norm" must mean the norm of **all** tensors taken
# together, as one long vector. Clipping tensor by tensor changes their proportions. A real network:

# %%
from bpttlib.cells import Elman
from bpttlib.init import orthogonal, scaled_identity, uniform_fan_in
from bpttlib.model import Model
from bpttlib.tasks import adding, batches

relu_net = Model(Elman("relu"), D=2, H=16, K=1, loss="squared_error")
params = relu_net.init(np.random.default_rng(1), W_hh=scaled_identity)
grads = relu_net.loss_and_gradients(params, adding(np.random.default_rng(0), T=50, B=16)).grads

clipped = {"by global norm": clip_by_global_norm(grads, 1.0)[0],
           "tensor by tensor": tree_map(lambda g: clip_by_global_norm((g,), 1.0)[0][0], grads),
           "by value": clip_by_value(grads, 1.0)[0]}
print(f"raw norm {global_norm(grads):.0f}")
for name, record in clipped.items():
    print(f"{name:17} norm {global_norm(record):6.2f}   turned by {angle(grads, record):4.1f} degrees")

# %% [markdown]
# Both wrong directions still go down, if the step is short enough: each entry keeps its sign, so the
# product with the raw gradient is positive. But it is not the steepest way, and a gradient that backpropagation has got exactly right is
# bent after the fact. (That clipping by value *trains* worse is more than we have shown.)
#
# ## What clipping does to the mean
#
# Within one update clipping by norm keeps the direction. Over many batches it does not, since it shortens
# only the long gradients. The first prediction:

# %%
outcomes = np.array([-1.0] * 9 + [19.0])                # ten equally likely batches
print(f"mean gradient {outcomes.mean():+.1f}")
for c in (1, 5, 10, 19):
    print(f"clipped at {c:2}: mean {np.mean([clip_by_global_norm((g,), c)[0][0] for g in outcomes]):+.1f}")

# %% [markdown]
# Clipped at 1 or 5, the *mean update has the wrong sign*: descent climbs, on average. That is a bias, and
# a smaller learning rate does not remove it. It takes a skewed distribution, with rare long gradients
# that disagree with the many short ones. For one number, distributed symmetrically about its mean, the mean
# at least does not turn round (task 2 below asks for the proof). So a threshold should be met rarely, which
# needs a look at the norms; we shall take it as soon as we have a training run.
#
# ## What clipping cannot do
#
# It shortens. A gradient that has vanished is not too long, so nothing happens. And lengthening it would
# not help either: what hurts (unit 07) is not that the sum over the copies is small, but that the far
# copies have no *share* in it: their part is short beside the whole.

# %%
from functools import partial

from bpttlib.sums import sum_over_time

tanh_net = Model(Elman(), D=2, H=16, K=1, loss="squared_error")
start = tanh_net.init(np.random.default_rng(0), W_hh=partial(orthogonal, gain=0.5))
step = tanh_net.loss_and_gradients(start, adding(np.random.default_rng(0), T=50, B=16))
dW_hh = step.grads.cell.W_hh
far = sum_over_time(step.tape.delta[1:26], step.tape.h[:25])    # the copies at steps 1 … 25
unchanged = all((g == c).all() for (_, g), (_, c) in zip(
    named_leaves(step.grads), named_leaves(clip_by_global_norm(step.grads, 10.0)[0]), strict=True))
print("gradient after clipping at 10 is the same, bit by bit:", unchanged)
scale = 1 / np.linalg.norm(dW_hh)
print(f"share of the first 25 steps in dL/dW_hh:     {np.linalg.norm(far) / np.linalg.norm(dW_hh):.0e}")
print(f"the same when the gradient is scaled to 1:   "
      f"{np.linalg.norm(scale * far) / np.linalg.norm(scale * dW_hh):.0e}")

# %% [markdown]
# ## Not a number
#
# A training that blows up ends in infinities and NaN, and NaN spreads: one more update, and every
# parameter is NaN. `fit` stops before that and says where. Two ways to get there: a learning rate that is
# far too large, and weights so large that the way back overflows though the way forward is harmless
# (zero inputs keep tanh at 0, where its slope is 1).

# %%
from bpttlib.batch import Batch
from bpttlib.optim import adam, rmsprop, sgd
from bpttlib.train import fit

silence = Batch(np.zeros((50, 2, 1)), np.ones((50, 1, 1)))
huge = tanh_net.init(np.random.default_rng(0), W_hh=partial(orthogonal, gain=1e10))
attempts = {"learning rate 1": (relu_net, params, batches(adding, T=50, B=16)),
            "gain 1e10": (tanh_net, huge, lambda n: silence)}
for name, (model, first, data) in attempts.items():
    try:
        with np.errstate(all="ignore"):                 # NumPy would warn of each overflow
            fit(model, first, data, updates=20, optimiser=sgd(lr=1.0), progress=False)
    except ValueError as error:
        print(f"{name}: {error}")

# %% [markdown]
# The second message names the first tensor that is not finite. `clip_by_global_norm` raises the same
# error: infinity cannot be scaled down, as $\infty / \infty$ is NaN. Clipping prevents the blow-up; it
# does not heal it.
#
# ## Where to start: initialisation
#
# On its way back δ is multiplied by $W_{hh}^\top$ at each step. If we choose a matrix that keeps lengths,
# only the activation's slopes shrink it. Two such matrices are in use:
#
# - **orthogonal**, $Q^\top Q = I$, drawn at random (Saxe, McClelland and Ganguli 2014, for deep linear
#   networks, where all singular values 1 keep the gradient's length at any depth),
# - the **identity**, with rectified linear units (Le, Jaitly and Hinton 2015): a unit that is active
#   hands on its state, and its gradient, unchanged.
#
# The common heuristic, `uniform_fan_in`, draws the entries of a matrix with $n$ columns from
# $U(-1/\sqrt{n}, 1/\sqrt{n})$. Their variance is $1/(3n)$, hence the spectral radius of $W_{hh}$ is about
# $1/\sqrt3 \approx 0.58$ (for large $n$, by the circular law). Measure: a loss at the last step alone, and
# the gradient's norm at the states before it.

# %%
from bpttlib.diagnostics import norm_by_lag

starts = {"relu, identity": ("relu", scaled_identity), "tanh, orthogonal": ("tanh", orthogonal),
          "relu, orthogonal": ("relu", orthogonal), "tanh, uniform": ("tanh", uniform_fan_in),
          "relu, uniform": ("relu", uniform_fan_in)}
batch, curves = adding(np.random.default_rng(1), T=100, B=32), {}
for name, (activation, scheme) in starts.items():
    model = Model(Elman(activation), D=2, H=32, K=1, loss="squared_error")
    first = model.init(np.random.default_rng(0), W_hh=scheme)
    norms = norm_by_lag(model.loss_and_gradients(first, batch).tape)[:100]
    curves[name] = norms / norms[0]
    print(f"{name:17} after 50 steps {curves[name][50]:.0e}   after 99 steps {curves[name][99]:.0e}")

# %%
show(lines(curves, "steps back n", r"$\|\partial L / \partial h_{T-n}\|$, relative to n = 0", log="y"),
     "Gradient's norm against the number of steps back, up to 99, on a logarithmic scale. With relu and "
     f"the identity the line stays level at {curves['relu, identity'][99]:.1f}. All others fall "
     f"exponentially: tanh with an orthogonal matrix to {curves['tanh, orthogonal'][99]:.0e}, relu with "
     "uniform weights the fastest.")

# %% [markdown]
# Orthogonal is not enough by itself: each tanh has a slope below 1, and a rectified unit that is at zero
# passes nothing on. In the identity network a unit that has been pushed up stays up, so the line is level.
#
# Does it matter? The adding task over 50 steps: remember two marked numbers and give their sum. Who
# always says 1 has a loss of 1/12 ≈ 0.083. Same units, same optimiser, same batches, two seeds; only
# the scheme for $W_{hh}$ differs. The loss is that of 500 unseen sequences.

# %%
runs = {}
for name in ("relu, identity", "relu, uniform"):
    for seed in (1, 2):
        first = relu_net.init(np.random.default_rng(seed), W_hh=starts[name][1])
        runs[name, seed] = fit(relu_net, first, batches(adding, seed=seed, T=50, B=64), updates=200,
                               optimiser=adam(lr=0.008), clip=1.0, progress=False)
unseen = adding(np.random.default_rng(99), T=50, B=500)
for (name, seed), run in runs.items():
    final = relu_net.evaluate(run.params, unseen)
    print(f"{name:15} seed {seed}   first loss {run.loss[0]:5.2f}   "
          f"in the end below 0.05: {final < 0.05!s:5}   above 0.07: {final > 0.07}")

# %% [markdown]
# After 200 updates the networks that began with the identity are well below the loss of guessing; the others
# say little more than 1. (Two seeds and one learning rate show that the start *can* decide, not that it
# always does.) It is not free. An identity network adds up all its inputs, so it can start
# with a large loss, and slopes of exactly 1 are on the edge: a little more, and it explodes. That is why
# these runs are clipped, and why their norms are worth a look.
#
# ### Choosing the threshold
#
# `fit` records each gradient's norm before clipping in `FitState.norm`.

# %%
norms = runs["relu, identity", 1].norm
show(lines({"norm": (np.linspace(0, 1, len(norms)), np.sort(norms))}, "share of the 200 updates",
           "norm of the gradient, sorted", log="y", vertical={"median": 0.5, "90 %": 0.9},
           horizontal={"c = 1": 1.0}),
     "Norms of the identity network's gradients before clipping, from the smallest to the largest, on a "
     "logarithmic scale. Most lie between 1 and 20; the last few percent rise steeply, the largest by "
     "orders of magnitude. The threshold 1 lies below the median.")
print("median between 1 and 20:", 1 < np.median(norms) < 20)
print("largest norm more than 20 times the median:", norms.max() > 20 * np.median(norms))
print("more than half of the updates were clipped at c = 1:", (norms > 1).mean() > 0.5)

# %% [markdown]
# A threshold between the 90 percent quantile and the spikes cuts what is abnormal and leaves the mean of
# the rest alone. Our $c = 1$ clips most updates, so it acts as a normalisation: the *direction* comes from
# the gradient, the length from the optimiser. That often works, but then call it so, and remember the
# bias. Pascanu, Mikolov and Bengio suggest to look at the average norm over enough updates and report
# that with half to ten times this average training still converged, if not always as fast. Norms change during training: look again.
#
# ## From gradients to changes: optimisers
#
# $p$ is any one parameter, $g$ its gradient, $n$ now counts updates. Start with the plainest rule and repair
# one weakness after the other.
#
# **SGD.** $p \leftarrow p - \eta\, g$. One learning rate η, `lr` in the code, for all; the step is in
# proportion to the gradient.
#
# **Momentum** (Polyak 1964). Keep a velocity, $v \leftarrow \mu v + g$, and go $p \leftarrow p - \eta\, v$.
# Unrolled, $v_n = \sum_{k=1}^{n} \mu^{n-k} g_k$. Where gradients agree, they add up to
# $g / (1 - \mu)$; where they alternate, they cancel, to $g / (1 + \mu)$. With $\mu = 0.9$ the learning rate
# is in effect *ten times* as large along a steady slope.

# %%
def push(optimiser, gradients, p=0.0):
    """Feed a sequence of gradients to an optimiser; return the length of each change."""
    p, memory, changes = (np.array([p]),), optimiser.start((np.array([p]),)), []
    for g in gradients:
        before, (p, memory) = p, optimiser.update(p, (np.array([g]),), memory)
        changes.append(abs(float((p[0] - before[0])[0])))
    return np.array(changes)


momentum = sgd(lr=0.01, momentum=0.9)
print(f"steady slope 1, step 200:      {push(momentum, np.ones(200))[-1]:.4f}")
print(f"alternating slope ±1, step 200: {push(momentum, (-1.0) ** np.arange(200))[-1]:.4f}")

# %% [markdown]
# **RMSprop** (Tieleman and Hinton 2012). Gradients of different parameters differ by orders of magnitude.
# Keep a running mean of the squares, $s \leftarrow \rho s + (1 - \rho) g^2$, and divide by its root:
# $p \leftarrow p - \eta\, g / (\sqrt{s} + \varepsilon)$. Each parameter then moves by about η. Custom uses three
# letters twice: this ρ says how much of the mean stays and is no spectral radius; this ε, usually $10^{-8}$,
# keeps the division safe and is no step of a numerical derivative; and $s$ is no state.
#
# **Adam** (Kingma and Ba 2015, algorithm 1) takes both ideas, and repairs the start. Running means begin at
# zero, so at first they are too small. For a constant gradient $g$,
#
# $$ m_n = (1 - \beta_1) \sum_{k=1}^{n} \beta_1^{n-k} g = (1 - \beta_1^n)\, g , $$
#
# a geometric sum. Dividing by $1 - \beta_1^n$ makes it exact; if only the mean of $g$ is constant, it makes
# the mean of $m_n$ exact. The same holds for the squares:
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad s \leftarrow \beta_2 s + (1 - \beta_2)\, g^2, \quad
#    \hat m = \frac{m}{1 - \beta_1^n}, \quad \hat s = \frac{s}{1 - \beta_2^n}, \quad
#    p \leftarrow p - \eta \frac{\hat m}{\sqrt{\hat s} + \varepsilon} . $$
#
# In code, with a bare number:

# %%
def adam_by_hand(gradients, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    p, m, s = 0.0, 0.0, 0.0
    for n, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat, s_hat = m / (1 - beta1**n), s / (1 - beta2**n)
        p = p - lr * m_hat / (np.sqrt(s_hat) + eps)
    return p


some = np.random.default_rng(0).normal(size=50)
p, memory = (np.zeros(1),), adam(lr=0.01).start((np.zeros(1),))
for g in some:
    p, memory = adam(lr=0.01).update(p, (np.array([g]),), memory)
print("our Adam equals the library's to 1e-12:", abs(adam_by_hand(some) - p[0][0]) < 1e-12)
print("length of the first step, lr = 0.01     g = 0.001    g = 1000")
for name, optimiser in (("SGD", sgd(lr=0.01)), ("RMSprop", rmsprop(lr=0.01)), ("Adam", adam(lr=0.01))):
    first_steps = [push(optimiser, [g])[0] for g in (0.001, 1000.0)]
    print(f"{name:38} {first_steps[0]:10.5f} {first_steps[1]:11.5f}")
print(f"Adam without the corrections {0.01 * 0.1 / np.sqrt(0.001):20.5f}, whatever the gradient")

# %% [markdown]
# The second prediction: both move by the learning rate. In the first update $\hat m = g$ and
# $\hat s = g^2$, so the step is $\eta\, g / (|g| + \varepsilon)$: the sign times η, if $|g|$ is well above ε.
# Without the corrections both means would be too small, but the root of $s$ more so than $m$: the first
# step would be too *long*, three times here. RMSprop has no correction, and its first step is
# $1/\sqrt{1 - \rho} = 10$ times too long.
#
# ### Adam and clipping
#
# Multiply every gradient by the same number: $\hat m$ and $\sqrt{\hat s}$ grow alike, and nothing changes
# as long as ε is small beside $\sqrt{\hat s}$. So clipping that shortens *all* gradients by the same factor
# does nothing under Adam. What does it do to a single spike? Gradients of 1, with one of 1000 at update 100:

# %%
same = adam_by_hand(some), adam_by_hand(1000 * some)
print("every gradient times 1000: Adam's path changes by less than 1e-6:", abs(same[0] - same[1]) < 1e-6)
spike = np.ones(1000)
spike[100] = 1000.0
changes = {"SGD": push(sgd(lr=0.01), spike) / 0.01,
           "Adam": push(adam(lr=0.01), spike) / 0.01,
           "clipped, then Adam": push(adam(lr=0.01), np.minimum(spike, 1.0)) / 0.01}
print("length of the step, in learning rates    at the spike   100 later   500 later")
for name, change in changes.items():
    print(f"{name:40} {change[100]:12.2f} {change[200]:11.3f} {change[600]:11.3f}")

# %%
show(lines(changes, "update", "length of the step / learning rate", log="y"),
     "Length of the step over 1000 updates with a single spike of 1000 at update 100, on a logarithmic "
     "scale. SGD makes one step of 1000 and goes on as before. Adam makes no long step, but its steps fall "
     f"to {changes['Adam'][200]:.3f} and are still only {changes['Adam'][600]:.3f} after 500 updates. "
     "Clipped first, Adam does not notice.")

# %% [markdown]
# So Adam does not need clipping for the length of the step; it needs it for its *memory*. A spike enters
# $s$ squared and fades by no more than a factor of $e$ in $1/(1 - \beta_2) = 1000$ updates; all the while
# everything else is divided by its root. Clip first, then let Adam scale. (`fit` does it in this order: it
# clips the gradient, not the change.)
#
# ## A phase diagram
#
# Learning rate, initialisation and clipping act together. To see how, train everywhere. A small task with
# nothing but distance: say at step 15 what came in at step 1. Every cell below is three seeds of SGD with
# at most 50 updates, each on one batch of 16 sequences, always the same: this asks whether the network can
# be *trained*, not whether it would generalise. **Solved**: the loss falls below a tenth of what saying 0
# costs. **Diverged**: it exceeds ten times that. With either the run ends.

# %%
from bpttlib.plots import phase_diagram

recall_net = Model(Elman(), D=1, H=10, K=1, loss="squared_error")
gains, rates, seeds = (0.5, 0.75, 1.0, 1.5), (0.003, 0.03, 0.1, 0.3, 1.0), range(3)


def outcome(gain, lr, seed, clip=None, optimiser=sgd):
    rng = np.random.default_rng(seed)
    x = np.zeros((15, 1, 16))
    x[0] = rng.uniform(-1, 1, (1, 16))
    batch = Batch(x, np.repeat(x[:1], 15, axis=0), mask=np.arange(15)[:, None].repeat(16, 1) == 14)
    guess = np.mean(0.5 * x[0] ** 2)                    # the loss of always saying 0
    first = recall_net.init(rng, W_hh=partial(orthogonal, gain=gain))

    def decided(state, step):
        return bool(step.L < 0.1 * guess or step.L > 10 * guess)

    run = fit(recall_net, first, lambda n: batch, updates=50, optimiser=optimiser(lr=lr), clip=clip,
              callbacks=decided, progress=False)
    return ("solved" if run.loss[-1] < 0.1 * guess else
            "diverged" if run.loss[-1] > 10 * guess else "neither")


def phases(clip):
    found = [[[outcome(gain, lr, seed, clip) for seed in seeds] for lr in rates] for gain in gains]
    return {name: np.mean(np.array(found) == name, axis=2) for name in ("solved", "diverged", "neither")}


# %%
panels = {"not clipped": phases(None), "clipped at norm 0.1": phases(0.1)}
show(phase_diagram(gains, rates, panels, "gain of $W_{hh}$", "learning rate"),
     "Two diagrams over learning rate (0.003 to 1) and gain (0.5 to 1.5). Not clipped: with gain 0.5 nothing "
     "is solved, at the smallest learning rate nothing either; from gain 1 on most runs are solved in the "
     "middle, and at learning rate 1 nearly all runs with a gain above 0.5 have diverged. Clipped: nothing has "
     "diverged, the solved region reaches to the right edge but begins at larger learning rates, and the row "
     "of gain 0.5 is as empty as before.")

# %%
strong = np.array(gains) >= 1
for title, shares in panels.items():
    print(f"{title}:")
    print("  gain 0.5, any learning rate:         none solved:", (shares["solved"][0] == 0).all())
    print("  gain 1 and above, learning rate 0.1: most solved:", shares["solved"][strong, 2].mean() > 0.5)
    print("  gain 1 and above, learning rate 1:   most solved:", shares["solved"][strong, 4].mean() > 0.5,
          "  most diverged:", shares["diverged"][strong, 4].mean() > 0.5)

# %% [markdown]
# Read it in three parts. **The floor**: with a gain of 0.5 none of the five learning rates helps, nor does
# clipping. The slope of tanh is at most 1, so at the start, on the 14 steps from the last state back to the
# first, at most $0.5^{14} \approx 0.00006$ of a gradient survives. What helps is a better start. **The right
# edge**: too large a learning rate diverges, and clipping moves that edge out of the picture. **The left
# edge**: too small a learning rate is not wrong, only slow: 50 updates are few. A gradient cut to 0.1 is slow
# too, so clipping moves this edge as well. Trying one setting at a time would have shown you one line through
# this map, and in the cells of two colours a single seed could have misled you.
#
# Would Adam lift the floor? It scales each parameter's gradient up to the same size, however faint, if it
# is well above ε:

# %%
adams = [outcome(0.5, 0.01, seed, optimiser=adam) for seed in seeds]
print("gain 0.5 with Adam at learning rate 0.01, solved by at least one seed:", "solved" in adams)

# %% [markdown]
# It can, *here*: the only input stands at the first step, so the faint gradient of $W_{xh}$ has no rival and
# scaling it up is all that is needed. In the adding task every step has an input, near copies drown the far
# ones, and 200 updates of Adam did not save the uniform start. Vanishing is a matter of shares; no optimiser
# sees those.
#
# ## Hyper-parameters, in the order to set them
#
# | | what it does | how to choose it |
# |---|---|---|
# | `H`, `B` | capacity; noise and cost of a gradient | as large as you can afford to repeat with several seeds; *folklore*: powers of two |
# | `k1`, `k2` | how often to update; how far back a loss may reach (unit 05) | `k2` beyond the longest lag that matters |
# | gain, scheme | whether the gradient reaches back at the start | measure the norm by lag; level is good |
# | learning rate | length of a step | *rule of thumb*: in steps of 3, the largest with which no seed diverges, then one step less |
# | clip | the longest gradient that passes | from the recorded norms; *rule of thumb*: above the 90 percent quantile |
# | μ, β₁, β₂, ρ, ε | memory of the optimiser | *folklore*: leave them at 0.9, 0.9, 0.999, 0.99, 1e-8 |
#
# The order follows from what can spoil what: no learning rate makes up for a gradient that does not arrive,
# and no threshold can be read off before the learning rate is sensible. Changed learning rate or momentum?
# Look at the norms again. "Clip at 1", "Adam with 0.001" and "the identity for long lags" are folklore as
# well: good first guesses, measured by somebody on something else.
#
# ## Experiment
#
# The cliff again. Choose a learning rate and a threshold; 200 updates from the same start.

# %%
def walk(lr, clip):
    c = np.inf if clip == "none" else float(clip)
    path, norms = descend(lr, c, updates=200)
    w, b = path[-1]
    figure = loss_surface(ws, bs, surface, path=path, points={"start": path[0]})
    longest = np.linalg.norm(np.diff(path, axis=0), axis=1).max()
    inside = np.all((path >= (ws[0], bs[0])) & (path <= (ws[-1], bs[-1])))
    return figure, (f"Learning rate {lr:.2f}, clip {clip}: the longest of 200 steps is {longest:.3g}. "
                    f"The path {'stays in' if inside else 'leaves'} the picture; it ends with a loss "
                    f"{'below' if loss(w, b) < 0.01 else 'above'} 0.01. The raw gradient's norm was above 10 "
                    f"{'at least once' if norms.max() > 10 else 'at no update'}.")


explore(walk, lr=(0.02, 0.5, 0.02, 0.1), clip=["0.5", "none", "0.05", "5"], tasks=[
    "Switch clipping off. Does any learning rate keep the path in the picture? Some paths come back all the "
    "same: is that skill?",
    "With clip 0.5, how far can you raise the learning rate before the path leaves? And with 0.05?",
    "Set clip to 5, about fifty times the ordinary norm. What is such a threshold still good for?",
])

# %% [markdown]
# Now move the start itself over the map. Beside it, the gradient through time at that point, and both
# descents from there, with and without clipping.

# %%
from bpttlib.widgets import descent_on_two_numbers

descent_on_two_numbers()

# %% [markdown]
# And all hyper-parameters at once, while it trains: choose, start, stop, change, go on. "New run" keeps the
# last one beside the new one.

# %%
from bpttlib.widgets import train_it_live

train_it_live()

# %% [markdown]
# ## Your turn
#
# 1. Compute the gradient's norm along the wall $b = 0.5 - w h_0$ for $w = 4 \dots 6$ and draw it. At which
#    $w$ does it pass 1, and what is the slope $w h_0 (1 - h_0)$ there?
# 2. Prove: if a number $g$ is distributed symmetrically about its mean $\bar g > 0$, then clipping it to
#    $[-c, c]$ does not make the mean negative. (Pair the outcomes $\bar g + z$ and $\bar g - z$.)
# 3. Write `clip_by_global_norm` for a record of tensors, and check that the angle is 0, that a short
#    gradient comes back as it was, and that `(np.array([1e200, 1e200]),)` does not overflow.
# 4. Feed gradients that alternate between $+1$ and $-1$ to Adam with `push`. How long are its steps after
#    200 updates, and which of the two running means is responsible?
# 5. Draw the phase diagram for Adam: `outcome` takes an optimiser. Which of the three edges move?
#
# Exercises with points: [Exercises 08](../exercises/08/08.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. Why is there no cliff for w between 0 and 4?**
#
# <details><summary>A. The state saturates there, so the gradient is zero</summary>
#
# **No.** For small $w$ the states need not be near 0 or 1, and the gradient need not be zero. It just
# cannot grow on its way back.
# </details>
#
# <details><summary>B. There are three fixed points, and two attract</summary>
#
# **No.** That is so beyond $w = 4$, in a range of $b$, and it is what makes a cliff possible: the start
# may cross from one basin into the other.
# </details>
#
# <details><summary>C. The slope of one step is below 1 everywhere</summary>
#
# **Right.** The slope of $h \mapsto \sigma(w h + b)$ is at most $w/4$. There is a single fixed point,
# every start is drawn to it, and each step back shrinks the gradient.
# </details>
#
# **2. Clipping by norm keeps each gradient's direction. Can it bias training all the same?**
#
# <details><summary>A. Yes: it shortens the long gradients only</summary>
#
# **Right.** The mean over batches gets other weights. With a skewed distribution it can even turn round,
# as in the first prediction.
# </details>
#
# <details><summary>B. No: what keeps each direction keeps the mean's</summary>
#
# **No.** The mean is made of directions *and lengths*. In the prediction nine short gradients of $-1$
# outvote the long one, once that is clipped at 1.
# </details>
#
# <details><summary>C. Yes, but a smaller learning rate removes it</summary>
#
# **No.** The learning rate scales all updates alike, so the mean update keeps its wrong sign. One only
# drifts more slowly.
# </details>
#
# **3. A colleague's network does not learn over 100 steps: the gradient vanishes. She lowers the clipping
# threshold. Does it help?**
#
# <details><summary>A. Yes: near and far steps become more alike</summary>
#
# **No.** Clipping divides the whole sum by one number. The share of the far steps is the same before and
# after, 3e-09 in the unit's example.
# </details>
#
# <details><summary>B. No: she needs another start or another cell</summary>
#
# **Right.** Clipping acts on gradients that are too long, and hers does not arrive. Initialisation or the
# cell must change.
# </details>
#
# <details><summary>C. No: she should have raised the threshold</summary>
#
# **No.** Clipping never lengthens. A gradient below the threshold stays as it is, bit by bit, however
# high the threshold is.
# </details>
#
# **4. Adam with the learning rate 0.01. One parameter has the gradient 0.001, another 1000. How far do
# they go in the first update?**
#
# <details><summary>A. 0.00001 and 10</summary>
#
# **No.** That is plain gradient descent, whose step is in proportion to the gradient.
# </details>
#
# <details><summary>B. 0.03 and 0.03</summary>
#
# **No.** That would be Adam without its corrections: both running means start too small, the root of $s$
# more so than $m$.
# </details>
#
# <details><summary>C. 0.1 and 0.1</summary>
#
# **No.** That is RMSprop, which has no correction: its first step is $1/\sqrt{1 - \rho} = 10$ times too
# long.
# </details>
#
# <details><summary>D. 0.01 and 0.01</summary>
#
# **Right.** After the correction $\hat m = g$ and $\hat s = g^2$, and their ratio is the sign of $g$.
# (Only where $|g|$ comes down to ε is the step shorter.)
# </details>
#
# **5. You train with Adam. Is clipping of any use?**
#
# <details><summary>A. No: Adam bounds the length of each step itself</summary>
#
# **No.** It bounds the step. But a spike stays in its memory: in the unit's example steps were still at
# 0.027 of their length after 500 updates.
# </details>
#
# <details><summary>B. Yes: it keeps spikes out of Adam's memory</summary>
#
# **Right.** Adam remembers the square of a spike for many times $1/(1 - \beta_2)$ updates, if the spike
# is large, and divides everything by its root.
# </details>
#
# <details><summary>C. Yes: it makes all of Adam's steps shorter</summary>
#
# **No.** If all gradients shrink by one factor, $\hat m$ and $\sqrt{\hat s}$ shrink alike, and the steps
# stay as long as they were.
# </details>
#
# ## What to take away
#
# - The cliff stands where a repelling fixed point crosses the start. What makes it steep is a slope above 1
#   to the power of $T$.
# - Clip by the norm of all tensors together: $g \leftarrow c\, g / \|g\|$. It keeps a gradient's direction,
#   not the mean's. Take $c$ from the recorded norms.
# - Clipping is for gradients that explode. It does nothing for those that vanish; a better start may.
# - Adam moves each parameter by about the learning rate where gradients agree, and by less where they
#   alternate, whatever their scale above ε. Clip before it, for the sake of its memory.
# - Train on a grid with several seeds before you believe a setting.
#
# Next: [09 · LSTM](09_lstm.ipynb). Symbols:
# [notation](../docs/notation.md). Terms: [glossary](../docs/glossary.md).
#
# **Sources.** Pascanu, Mikolov and Bengio 2013, *On the difficulty of training recurrent neural networks*,
# ICML: basins and bifurcations (section 2.2), the cliff (figure 6), the clipping rule (algorithm 1) and how
# to choose its threshold (section 3.2). Saxe, McClelland and Ganguli 2014, *Exact solutions to the nonlinear
# dynamics of learning in deep linear neural networks*, ICLR. Le, Jaitly and Hinton 2015, *A simple way to
# initialize recurrent networks of rectified linear units*, arXiv:1504.00941. Glorot and Bengio 2010,
# *Understanding the difficulty of training deep feedforward neural networks*, AISTATS, equation 1: the
# uniform heuristic. Polyak 1964, *Some methods of speeding up the convergence of iteration methods*.
# Tieleman and Hinton 2012, Lecture 6.5, *Neural networks for machine learning*, Coursera. Kingma and Ba 2015,
# *Adam: a method for stochastic optimization*, ICLR, arXiv:1412.6980. The adding task is from Hochreiter and
# Schmidhuber 1997, *Long short-term memory*, Neural Computation 9(8), experiment 4, with other ranges; in
# this form Arjovsky, Shah and Bengio 2016, *Unitary evolution recurrent neural networks*, ICML.
