# %% [markdown]
# # 07 · Vanishing and exploding gradients
#
# In unit 02 a gradient lost or gained a factor $w$ with each step back, and that was the whole story.
# With matrices and squashing it is not. This unit finds out which numbers decide, what they prove, and
# what they do not; and why a network may fail to learn although its gradient is large.
#
# After this unit you can
#
# - write the way back through $n$ steps as a product of Jacobians, and measure its norm,
# - predict from $\sigma_{\max}$, $\rho$ and $\gamma$ what a gradient must do, and say where they are
#   silent,
# - name for each half of the usual rule a network that breaks it,
# - tell a small gradient from a small *share*, and say which of them stops learning.
#
# You need: units [02](02_two_numbers.ipynb) and [03](03_full_bptt.ipynb), eigenvalues and singular
# values. Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.cells import Elman
from bpttlib.plots import heat_map, lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# You will hear it said: *if the eigenvalues of $W_{hh}$ are below 1, the gradient vanishes; if they are
# above 1, it explodes; so make $W_{hh}$ orthogonal, and it does neither.* Here are four networks. The
# spectral radius $\rho$ is the largest magnitude among the eigenvalues.
#
# | network | units | $W_{hh}$ | $\rho$ |
# |---|---|---|---|
# | A | 2, linear | $\begin{pmatrix} 0.9 & 3 \\ 0 & 0.9 \end{pmatrix}$ | 0.9 |
# | B | 32, tanh, with inputs of size 1 | orthogonal | 1 |
# | C | 32, tanh, with large inputs | random | above 2 |
# | D | 2, tanh, with biases 1.5 and −3, no input | $\begin{pmatrix} 3 & 3 \\ -3 & -3 \end{pmatrix}$ | 0 |
#
# What does the rule say of each? What do you think its gradient does over forty steps back? Write it down:
# four times "vanishes", "keeps its length" or "explodes".
#
# ## The way back is a product of matrices
#
# Let only the last step have a loss. Unit 03 carried its gradient back by $\partial L/\partial h_{t-1} =
# W_{hh}^\top \big( f'(a_t) \odot \partial L/\partial h_t \big)$. That is one matrix per step, the
# transposed Jacobian of the step:
#
# $$ J_t = \frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}\!\big(f'(a_t)\big)\, W_{hh} , \qquad
#    \frac{\partial L}{\partial h_{T-n}}
#    = \underbrace{J_{T-n+1}^\top \cdots J_T^\top}_{n\ \text{factors}}\; \frac{\partial L}{\partial h_T}
#    = \Big( \frac{\partial h_T}{\partial h_{T-n}} \Big)^{\!\top} \frac{\partial L}{\partial h_T} . $$
#
# We shall look at many networks, so here is one function that runs them. Each unit gets an input of its
# own, normal numbers of a given size, and $W_{xh}$ is the identity, so that it plays no part.

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.params import CellParams

T = 40


def run(W_hh, activation="tanh", size=1.0, b_h=0.0, seed=1):
    H, cell = len(W_hh), Elman(activation)
    params = CellParams(np.eye(H), W_hh, np.zeros((H, 1)) + b_h)
    x = size * np.random.default_rng(seed).normal(size=(T, H, 1))
    return cell, params, unroll(cell, params, x)


rng = np.random.default_rng(0)
H = 32
W_random = rng.normal(size=(H, H)) / np.sqrt(H)
cell, params, tape = run(W_random)

# %% [markdown]
# The library takes the Jacobians from the cell's own backward step. Do they agree with the formula, and
# does their product carry a gradient back as `bptt` does?

# %%
from bpttlib.diagnostics import jacobian_product, norm_by_lag, step_jacobian
from bpttlib.gradcheck import relative_error

h = tape.h[..., 0]                                        # (T+1, H): the one sequence
J_7 = step_jacobian(cell, params, tape, t=7)
print("J_7 is diag(1 - h²) W_hh:  ",
      relative_error(J_7, np.diag(1 - h[7] ** 2) @ params.W_hh) < 1e-10)

dh_own = np.zeros((T, H, 1))
dh_own[-1] = rng.normal(size=(H, 1))                      # any loss, at the last step only
bptt(cell, params, np.zeros((T, H, 1)), tape, dh_own)     # fills tape.dh
J = jacobian_product(cell, params, tape, start=30, stop=T)
print("ten steps back are Jᵀ dh_T:", relative_error(tape.dh[30], J.T @ tape.dh[T]) < 1e-10)
print(f"‖dL/dh_T‖ = {norm_by_lag(tape)[0]:.2f}, ten steps back {norm_by_lag(tape)[10]:.3f}")

# %% [markdown]
# One gradient may be lucky or unlucky in its direction. What *any* loss can achieve is the norm of the
# product: the largest factor by which it lengthens a vector, its largest singular value. We call it the
# **reach**,
#
# $$ r_n = \Big\lVert \frac{\partial h_T}{\partial h_{T-n}} \Big\rVert
#        = \max_{\lVert v \rVert = 1} \lVert J_{T-n+1}^\top \cdots J_T^\top v \rVert , \qquad r_0 = 1 . $$
#
# (Unit 05 counted with this word how many steps back a loss is carried; here it is what survives.) If
# $r_n$ is tiny, hardly anything of $\partial L / \partial h_T$ arrives $n$ steps back, whatever the loss.
# If it is huge, the gradient of some loss arrives so much enlarged. We say that the gradient **vanishes**
# if $r_n$ falls to 0 exponentially as $n$ grows, and that it **explodes** if $r_n$ grows exponentially.
# A run of finite length shows no more than the trend.
#
# ## Linear networks: two numbers
#
# Without squashing $f' = 1$, all factors are alike, and $r_n = \lVert W_{hh}^n \rVert$. Two numbers of
# the matrix enclose it, for every $n$:
#
# $$ \rho^n \;\le\; \lVert W^n \rVert \;\le\; \sigma_{\max}^n , \qquad
#    \lVert W^n \rVert^{1/n} \to \rho \quad (n \to \infty) . $$
#
# The *largest singular value* $\sigma_{\max}$ is the most that one step can do: it decides **at once**,
# $r_1 = \sigma_{\max}$. The *spectral radius* $\rho$ is the rate to which many steps settle: it decides
# **in the end**. (Left: $W^n v = \lambda^n v$ for an eigenvector $v$. Right: the norm of a product is at
# most the product of the norms. The limit is Gelfand's formula.) How long is "in the end"? Look at
# network A, and at a rotation with the same $\rho$.

# %%
from bpttlib.diagnostics import largest_singular_value, reach, spectral_radius

shear = np.array([[0.9, 3.0], [0.0, 0.9]])
rotation = 0.9 * np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
two = {name: [np.linalg.norm(np.linalg.matrix_power(W, n), 2) for n in range(101)]
       for name, W in {"A": shear, "rotation": rotation}.items()}
peak = int(np.argmax(two["A"]))
below = next(n for n in range(1, 101) if two["A"][n] < 1)
for name, W in {"A": shear, "rotation": rotation}.items():
    roots = "  ".join(f"n = {n}: {two[name][n] ** (1 / n):.2f}" for n in (1, 10, 100))
    print(f"{name:8} ρ = {spectral_radius(W):.2f}  σ_max = {largest_singular_value(W):.2f}"
          f"   n-th root of ‖Wⁿ‖ at {roots}")
print(f"A grows by a factor of {two['A'][peak]:.1f} up to n = {peak},",
      f"and is below 1 only from n = {below} on")
print("the reach of A is ‖Wⁿ‖:",
      relative_error(reach(*run(shear, "identity")), two["A"][:T + 1]) < 1e-10)

# %%
n = np.arange(101)
show(lines({"A": two["A"], "rotation": two["rotation"]}, "steps back n", r"reach $r_n$", log="y",
           horizontal={"": 1}),
     f"Reach of two linear networks against the steps back, logarithmic. The rotation falls along a "
     f"straight line, 0.9 to the n. A, with the same eigenvalues, first rises to {two['A'][peak]:.1f} at "
     f"n = {peak}, crosses 1 at n = {below}, and in the end falls at nearly the same slope.")

# %% [markdown]
# Same eigenvalues, and for forty steps the opposite fate: on sequences of that length the reach of A
# never falls below 1. The rotation has $\sigma_{\max} = \rho$: this is so for all *normal* matrices,
# $W W^\top = W^\top W$, such as symmetric and orthogonal ones. A is not normal: its second unit feeds the
# first, three times enlarged, and nothing flows back. Such one-way streets can make powers grow before
# they decay, and the longer the street, the more (task 1). This growth is called a *transient*. Not every
# matrix that is not normal has one: as long as $\sigma_{\max} \le 1$, nothing grows.
#
# ## Enough to vanish
#
# Now with squashing. Let $\gamma = \sup |f'|$ be the steepest slope of $f$: 1 for tanh, ¼ for the
# logistic function $\sigma$ (which shares a letter with $\sigma_{\max}$, and nothing else).
#
# > **If $\sigma_{\max}\, \gamma < 1$, the gradient vanishes**: $r_n \le (\sigma_{\max} \gamma)^n$.
#
# The proof has two lines:
#
# $$ \lVert J_t \rVert = \lVert \operatorname{diag}(f'(a_t))\, W_{hh} \rVert
#    \le \max_i |f'(a_{t,i})| \cdot \lVert W_{hh} \rVert \le \gamma\, \sigma_{\max} , $$
# $$ r_n = \lVert J_T \cdots J_{T-n+1} \rVert \le \lVert J_T \rVert \cdots \lVert J_{T-n+1} \rVert
#    \le (\gamma\, \sigma_{\max})^n . $$
#
# It holds for every input, every initial state, every loss. Take $\sigma_{\max} = 0.9$ and inputs of
# three sizes:

# %%
from bpttlib.diagnostics import norm_bound, sufficient_to_vanish

W = 0.9 * W_random / largest_singular_value(W_random)
lags = np.arange(T + 1)
bound = norm_bound(W, "tanh", lags)
measured = {f"size {size}": reach(*run(W, size=size)) for size in (0.01, 1, 3)}
print("sufficient_to_vanish:", sufficient_to_vanish(W, "tanh"))
print("all below the bound: ", all((r <= bound * (1 + 1e-9)).all() for r in measured.values()))
show(lines({"bound": bound} | measured, "steps back n", r"reach $r_n$", log="y"),
     f"Reach against the steps back for a tanh network with a largest singular value of 0.9, logarithmic. "
     f"The bound falls slowly, to {bound[-1]:.0e} at n = {T}. The three measured lines lie far below it, "
     f"the lower the larger the inputs: {', '.join(f'{r[-1]:.0e}' for r in measured.values())}.")

# %% [markdown]
# The truth may lie far below the bound, for two reasons: few vectors are stretched by $\sigma_{\max}$ at
# every step, and few units sit where the slope is $\gamma$.
#
# ### Sufficient is not necessary
#
# "If $\sigma_{\max} \gamma < 1$, then it vanishes" says nothing about $\sigma_{\max} \gamma > 1$. The
# bound read backwards says: *if it explodes, then* $\sigma_{\max} \gamma > 1$. So a large
# $\sigma_{\max} \gamma$ is **necessary** to explode, and not sufficient. The same random matrix with
# $\sigma_{\max} = 1.3$:

# %%
W = 1.3 * W_random / largest_singular_value(W_random)
print(f"σ_max = {largest_singular_value(W):.1f}, ρ = {spectral_radius(W):.2f},",
      "sufficient_to_vanish:", sufficient_to_vanish(W, "tanh"))
for activation in ("identity", "tanh"):
    r = reach(*run(W, activation))
    print(f"{activation:8}  one step back {r[1]:.1f}, {T} steps back {r[T]:.0e}")

# %% [markdown]
# It vanishes, linear or not. The condition did not lie; it was silent.
#
# ## Orthogonal is not enough
#
# If $W_{hh}$ is orthogonal, all its singular values are 1 and $\rho = \sigma_{\max} = 1$. Linear, it
# keeps the length of every gradient exactly. That is network B without the tanh. Now put the tanh back.
# Its slope is 1 at $a = 0$ and *below* 1 everywhere else. So no step can lengthen, and a step shortens
# what comes to units with $a \ne 0$:

# %%
from bpttlib.init import orthogonal

Q = orthogonal(np.random.default_rng(0), (H, H))
r = reach(*run(Q, "identity"))
print(f"linear:                     reach after {T} steps {r[T]:.6f}")
orthogonals = {"linear": r}
for size in (0.1, 0.3, 1.0, 3.0):
    cell, params, tape = run(Q, size=size)
    orthogonals[f"tanh, {size}"] = r = reach(cell, params, tape)
    print(f"tanh, inputs of size {size}:  reach after {T} steps {r[T]:.0e},",
          f"mean slope {np.mean(1 - tape.h[1:] ** 2):.2f}")
show(lines(orthogonals, "steps back n", r"reach $r_n$", log="y"),
     f"Reach of networks with orthogonal weights against the steps back, logarithmic. The linear one "
     f"stays at 1. With tanh all lines fall, the faster the larger the inputs: for size 0.1 to "
     f"{orthogonals['tanh, 0.1'][-1]:.1f}, for size 3 to {orthogonals['tanh, 3.0'][-1]:.0e}.")

# %% [markdown]
# So B vanishes. Orthogonal weights are a good start (unit 08), since they take nothing away themselves.
# But the slopes do, and how much depends on the *data*: large inputs push units onto the flat parts of
# the curve.
#
# ### The logistic function
#
# For $\sigma$, $\gamma = \tfrac14$. Then $\sigma_{\max} < 4$ is enough to vanish; with an orthogonal
# matrix at least a factor of four is lost per step.

# %%
for gain in (1, 4, 8):
    r = reach(*run(gain * Q, "sigmoid"))
    print(f"σ_max = {gain}: bound after 10 steps {norm_bound(gain * Q, 'sigmoid', 10):.0e},",
          f"measured {r[10]:.0e}")

# %% [markdown]
# With $\sigma_{\max} = 4$ the bound no longer says that the gradient vanishes, only that it cannot grow.
# It still shrinks, for a slope of exactly ¼ is found at $a = 0$ only. Beyond 4, a gradient *may*
# survive, or grow. This factor of four speaks against the logistic function inside an Elman network.
# Gates, which must lie between 0 and 1, use it all the same (unit 09); there it does not stand in every
# path.
#
# ## Exploding: the same weights, other data
#
# Network C: the random matrix from above, times 2. This factor is its *gain*, as with orthogonal matrices.
# With $\rho > 2$ the rule says: it explodes. We run the *same* weights on inputs of three sizes.

# %%
from bpttlib.diagnostics import growth_rates

W_C = 2 * W_random
print(f"ρ = {spectral_radius(W_C):.2f}, σ_max = {largest_singular_value(W_C):.2f}")
driven = {}
for size in (0.01, 1, 3):
    cell, params, tape = run(W_C, size=size)
    driven[f"size {size}"] = r = reach(cell, params, tape)
    rate = np.exp(growth_rates(cell, params, tape, 0, T)[0])
    print(f"inputs of size {size:<4} reach after {T} steps {r[T]:.0e},  factor per step {rate:.1f},",
          f" mean slope {np.mean(1 - tape.h[1:] ** 2):.1f}")
show(lines(driven, "steps back n", r"reach $r_n$", log="y", horizontal={"": 1}),
     f"Reach of one and the same network against the steps back, for inputs of three sizes, logarithmic. "
     f"For size 0.01 the line rises to {driven['size 0.01'][-1]:.0e}; for size 1 it rises a little and "
     f"then stays, ending at {driven['size 1'][-1]:.0f}; for size 3 it falls to {driven['size 3'][-1]:.0e}.")

# %% [markdown]
# One matrix, and in forty steps it explodes, holds or vanishes, as the data will have it. The growth
# factor per step comes from `growth_rates`, which multiplies Jacobians in a way that neither overflows
# nor underflows.
#
# Unless $\sigma_{\max} \gamma < 1$, the weights alone do not say, in general, whether a gradient vanishes.
# It depends on the weights *at the states that the data lead to*.
#
# ### Network D: squashing can make a gradient explode
#
# $f' \le 1$, so squashing can only shorten, you may think. Both eigenvalues of D are zero; indeed
# $W_{hh}^2 = 0$, and a linear network with these weights forgets everything in two steps. Now with tanh,
# and the biases 1.5 and −3:

# %%
W_D, bias = np.array([[3.0, 3.0], [-3.0, -3.0]]), np.array([[1.5], [-3.0]])
linear, squashed = reach(*run(W_D, "identity", 0.0, bias)), reach(*run(W_D, "tanh", 0.0, bias))
print("W² = 0:", not (W_D @ W_D).any(), f"  ρ = 0,  σ_max = {largest_singular_value(W_D):.0f}")
print("linear:", linear[:4].round(1), "…   tanh:", squashed[:4].round(1), f"… {squashed[T]:.0e}")

# %% [markdown]
# How can that be? In $W_{hh}^2 = 0$ two paths cancel: what unit 1 passes on, unit 2 takes away again.
# When one of the units sits on the flat part of its curve, its path is closed and the other is left
# alone. Slopes below 1 do not only shorten, they *unbalance*. So $\rho < 1$ by itself proves
# nothing about a network with squashing. Pascanu, Mikolov and Bengio (2013) use $\rho$ for linear networks
# in the long run, and $\sigma_{\max}$ for all others; that is the condition above. An early version had
# the largest eigenvalue in both places; with squashing that is false, as D shows.
#
# ### The verdict
#
# The four networks again, with what the rule foretold:

# %%
verdicts = [("A", "vanishes", shear, run(shear, "identity")), ("B", "keeps", Q, run(Q)),
            ("C", "explodes", W_C, run(W_C, size=3)),
            ("D", "vanishes", W_D, run(W_D, "tanh", 0.0, bias))]
print("network   ρ    σ_max  the rule says   after 10   after 40 steps")
for name, foretold, W, network in verdicts:
    r = reach(*network)
    print(f"{name:7} {spectral_radius(W):4.1f}  {largest_singular_value(W):5.1f}   "
          f"{foretold:12}  {r[10]:8.0e}   {r[T]:8.0e}")

# %% [markdown]
# Wrong four times out of four, on these forty steps. The networks were chosen for it, of course. What is
# left that always holds?
#
# | if … | then … | status |
# |---|---|---|
# | $\sigma_{\max} \gamma < 1$ | vanishes, from the first step on, with any data | proved above |
# | it explodes | $\sigma_{\max} \gamma > 1$ | the same, read backwards |
# | linear, $\rho < 1$ | vanishes in the end; may grow first | proved (Gelfand) |
# | linear, $\rho > 1$ | explodes in the end | proved (left inequality) |
# | anything else | it depends, in general on the data: measure | |
#
# ## What the state forgets, the gradient cannot learn from
#
# Unit 01 ran a network from two initial states, saw the difference die out, and with $\rho = 1.2$ sooner
# than with 0.9. It promised that this would come back. Here it is. A small difference $d$ at step 0 has
# become, to first order, $\frac{\partial h_T}{\partial h_0}\, d$ at step $T$. *The same matrix*, transposed,
# carries the gradient back, and a matrix and its transpose have the same singular values.

# %%
for size, length in ((0.01, 1e-8), (3, 1e-4)):             # short, but not lost in rounding
    cell, params, tape = run(W_C, size=size)
    J = jacobian_product(cell, params, tape, 0, T)
    d = length * np.linalg.svd(J).Vh[0][:, None]           # the direction that grows most
    other = unroll(cell, params, size * np.random.default_rng(1).normal(size=(T, H, 1)), s0=d)
    forward = np.linalg.norm(other.h[T] - tape.h[T]) / np.linalg.norm(d)
    print(f"C, inputs of size {size}: forward the difference changes by {forward:.0e},",
          f"backward the gradient by at most {reach(cell, params, tape)[T]:.0e}")

# %% [markdown]
# So an exploding gradient is no fault of backpropagation. The gradient is right: a nudge of $10^{-8}$ at
# the start really does come out enlarged like this. A network that goes on enlarging small differences,
# while its states stay bounded, is called *chaotic*; its gradient, however right, holds only for steps
# as small as that. Large random networks without input are known to become chaotic when the gain
# exceeds 1 (Sompolinsky, Crisanti and Sommers 1988), and strong input is known to calm them (Rajan,
# Abbott and Sompolinsky 2010); you have just seen both in one figure. And a vanishing gradient is no
# fault of backpropagation either: a nudge that leaves no trace has no gradient.
#
# But a vanishing gradient does not prove that the state has forgotten: a state can *keep* what no small
# nudge changes. One tanh unit with $w = 2$ comes to rest at one of two points, one on each side of 0. It
# remembers on which side it started, for ever:

# %%
w = np.array([[2.0]])
for h_0 in (0.3, -0.3):
    cell, params = Elman(), CellParams(np.zeros((1, 1)), w, np.zeros((1, 1)))
    tape = unroll(cell, params, np.zeros((T, 1, 1)), s0=np.array([[h_0]]))
    print(f"h_0 = {h_0:4}: h_{T} = {tape.h[T].item():.3f},  dh_{T}/dh_0 =",
          f"{jacobian_product(cell, params, tape, 0, T).item():.0e}")

# %% [markdown]
# The bit is safe *because* the derivative vanishes: a little noise on $h_0$ is wiped out, and so is the
# gradient.
# Bengio, Simard and Frasconi (1994) proved this in general: to store a bit at an attractor, robustly
# against noise, a network must be where its gradients vanish. Safe storage and long gradients are at
# odds. That is the heart of the difficulty. Later cells (unit 09) store in another way.
#
# ## The gradient does not vanish, the memory's share does
#
# "The gradient vanishes" suggests that $\partial L/\partial W_{hh}$ becomes zero and training stops. It
# does not. The gradient of the weights is a *sum over copies*, and the recent copies are always near.
# First the map of who hears of which loss: network B once more, now with a loss at every step. Row $t$,
# column $s$ is $\lVert \partial L_t / \partial h_s \rVert$, relative to the diagonal.

# %%
from bpttlib.diagnostics import credit_map

cell, params, tape = run(Q)
credit = np.linalg.norm(credit_map(cell, params, tape, rng.normal(size=(T, H, 1))), axis=2)
credit /= np.diag(credit)[:, None]
by_distance = {k: np.diagonal(credit, -k).mean() for k in (1, 5, 10)}
show(heat_map(credit[:20, :20], sums=False, columns="at state $s$"),
     "Lower triangular map of twenty losses and twenty states. The diagonal is dark, and only a narrow "
     "band beneath it is coloured: on average "
     + ", ".join(f"{value:.2f} at distance {k}" for k, value in by_distance.items()) + ".")
print("credit at distance", ", ".join(f"{k}: {value:.3f}" for k, value in by_distance.items()))

# %% [markdown]
# Every loss speaks up, and every loss is heard: by the last few states. Now a task in which that is not
# enough. **Remember one bit**: the first input is $+1$ or $-1$, then come distractors, small random
# numbers, and at the last step, `lag` steps later, the network must say which it was.

# %%
from functools import partial

from bpttlib.model import Model
from bpttlib.tasks import one_bit

model = Model(Elman(), D=1, H=8, K=2, loss="softmax_cross_entropy")


def start(gain, seed):
    return model.init(np.random.default_rng(seed), W_hh=partial(orthogonal, gain=gain))

# %% [markdown]
# Only one copy of $W_{xh}$ ever touches the bit: the first. What is its share in $\partial L/\partial
# W_{xh}$ before training? We take the gradient apart into the shares of the copies, as in unit 03, and
# compare their lengths: each is given as a part of the sum of all.

# %%
from bpttlib.diagnostics import contributions
from bpttlib.losses import softmax_cross_entropy


def shares(gain, lag, distractors):
    sizes, parts = [], []
    for seed in range(5):                                      # the mean of five networks
        params = start(gain, seed)
        batch = one_bit(np.random.default_rng(seed), T=lag + 1, B=256, distractors=distractors)
        step = model.loss_and_gradients(params, batch)
        _, dy = softmax_cross_entropy(step.y, batch.targets, batch.mask)
        dh_own = params.readout.W_hy.T @ dy
        copies = contributions(model.cell, params.cell, batch.x, step.tape, dh_own).W_xh[-1]
        lengths = np.linalg.norm(copies, axis=(1, 2))          # one for each copy
        sizes.append(np.linalg.norm(copies.sum(axis=0)))
        parts.append(lengths / lengths.sum())
    return np.mean(sizes), np.mean(parts, axis=0)


settings = [(0.5, 5, 0.3), (0.5, 20, 0.3), (1.0, 5, 0.3), (1.0, 20, 0.3), (0.5, 20, 0.0)]
by_copy = {}
print("gain of W_hh   lag   distractors   ‖dL/dW_xh‖   share of the copy that reads the bit")
for gain, lag, distractors in settings:
    size, share = shares(gain, lag, distractors)
    by_copy[gain, lag, distractors] = share[::-1]              # from the last copy back to the first
    print(f"{gain:8} {lag:9} {distractors:10} {size:17.0e} {share[0]:19.0e}")

# %%
show(lines({f"gain {gain}": by_copy[gain, 20, 0.3] for gain in (0.5, 1.0)}, "steps back",
           "share of the copy", log="y"),
     f"Share of each copy in the gradient of W_xh against the steps back from the loss, logarithmic. For "
     f"the gain 1 it is much the same for all copies, and larger for the last point, the copy that reads "
     f"the bit: {by_copy[1.0, 20, 0.3][-1]:.0e}. For the gain 0.5 it falls by many powers of ten; the copy "
     f"that reads the bit has {by_copy[0.5, 20, 0.3][-1]:.0e}.")

# %% [markdown]
# Compare the second row with the last: the same weights, the same lag. With distractors the gradient is
# more than ten thousand times larger, but hardly any of it is about the bit. Without them it is tiny,
# and all of it is about the bit.
#
# Which of the five settings will learn? And does it depend on the optimiser? Plain gradient descent
# takes steps in proportion to the gradient; Adam (unit 08) divides each gradient by its own running size.
# Predict before you run it.

# %%
from bpttlib.optim import adam, sgd
from bpttlib.tasks import batches
from bpttlib.train import fit


def learns(gain, lag, distractors, seed, optimiser):
    bits = batches(one_bit, seed, T=lag + 1, distractors=distractors)
    trained = fit(model, start(gain, seed), bits, updates=100, optimiser=optimiser, progress=False)
    test = one_bit(np.random.default_rng(999), T=lag + 1, B=500, distractors=distractors)
    y, _ = model.forward(trained.params, test.x)
    return np.mean(y[-1].argmax(axis=0) == test.targets[-1]) > 0.9


print("gain of W_hh   lag   distractors   optimiser   learnt by")
for name, optimiser, chosen in (("adam", adam(lr=0.02), settings), ("sgd", sgd(lr=1.0), settings[-1:])):
    for gain, lag, distractors in chosen:
        count = sum(learns(gain, lag, distractors, seed, optimiser) for seed in range(5))
        print(f"{gain:8} {lag:9} {distractors:10}        {name:8} {count:5} of 5 networks")

# %% [markdown]
# With orthogonal weights the lag of 20 is learnt; with a gain of 0.5 it is not. Now the last two rows.
# Without distractors plain gradient descent gets nowhere: the *size* has vanished. Adam repairs the
# size, and **learns from a vanished gradient**. What Adam cannot repair is the *share*, in the second
# row. The bit and the recent distractors meet in the same sum, and whatever an optimiser does to the sum
# it does to both. Averaging over very many sequences would help, since the distractors pull now here,
# now there, and the bit always the same way; but with so small a share it takes very many.
#
# Nor is it the backward pass alone that loses the bit. Forward it is the same matrix, and the distractors
# drown the bit in the state $h_T$ itself. (That 100 updates of this size fail is an observation, not a
# theorem. Task 5 finds a way out.)
#
# ## What is proved, what is measured, what is folklore
#
# | statement | status |
# |---|---|
# | $\sigma_{\max} \gamma < 1$ is sufficient to vanish; $\sigma_{\max} \gamma > 1$ is necessary to explode | proved (Pascanu, Mikolov and Bengio 2013) |
# | linear and orthogonal: the length is kept exactly | proved; for deep linear networks Saxe, McClelland and Ganguli 2014 |
# | storing a bit robustly at an attractor makes gradients vanish | proved (Bengio, Simard and Frasconi 1994), for such attractors |
# | errors that flow back through time vanish or blow up exponentially | analysed first by Hochreiter (1991) |
# | tanh with orthogonal weights vanishes; large inputs turn exploding into vanishing | measured here, on these networks |
# | the size can be repaired by the optimiser, the share cannot | measured here, on one task |
# | "eigenvalues below 1 vanish, above 1 explode" | folklore; true in the long run of linear networks, refuted beyond that by A to D |
# | "the gradient becomes zero and training stops" | folklore; the recent shares remain |
#
# ## Experiment
#
# Two units, $W_{hh} = \begin{pmatrix} \rho & \text{shear} \\ 0 & \rho \end{pmatrix}$: the spectral radius
# is $\rho$, whatever the shear. The picture has the reach as measured, the bound
# $(\sigma_{\max} \gamma)^n$, and what the eigenvalues alone would say, $\rho^n$ (lines end where they
# leave $10^{-8}$ to $10^8$).

# %%
def probe(rho, shear, size, activation):
    W = np.array([[rho, shear], [0.0, rho]])
    series = {"bound": norm_bound(W, activation, lags), "measured": reach(*run(W, activation, size)),
              "ρⁿ": rho ** lags}
    inside = {name: np.where((1e-8 <= y) & (y <= 1e8), y, np.nan) for name, y in series.items()}
    figure = lines(inside, "steps back n",
                   r"reach $r_n$", log="y", horizontal={"": 1})
    largest = series["measured"].max()
    return figure, (f"{activation}, inputs of size {size:.1f}: ρ = {rho:.2f}, σ_max = "
                    f"{largest_singular_value(W):.2f}; enough to vanish: "
                    f"{sufficient_to_vanish(W, activation)}. Measured: at most {largest:.2g}, "
                    f"after {T} steps {series['measured'][T]:.2g}; the bound there {series['bound'][T]:.2g}.")


explore(probe, rho=(0.1, 6.0, 0.1, 0.9), shear=(0.0, 3.0, 0.25, 1.5), size=(0.0, 3.0, 0.1, 0.1),
        activation=["identity", "tanh", "sigmoid"], tasks=[
    "Linear, ρ = 0.9: set the shear to 0, then raise it. Which of the three lines does not move?",
    "tanh: find a network whose bound rises while its reach falls. Do its inputs have to be large?",
    "tanh, ρ = 1, shear 0: raise the size of the inputs from 0 to 2. What changes, if not the weights?",
    "sigmoid: up to which ρ, without shear, is it certain to vanish? And just beyond it?",
])

# %% [markdown]
# Under the microscope: networks of more units, drawn by the schemes of unit 08. At the left one gradient's
# norm and the two lines that you know; at the right the singular values of the whole product.

# %%
from bpttlib.widgets import gradient_microscope

gradient_microscope()

# %% [markdown]
# ## Your turn
#
# 1. Give a matrix with $\rho = 0.5$ and three units whose powers reach a norm above 100. Check it with
#    `reach`.
# 2. Prove that an orthogonal $W_{hh}$ with tanh can never explode. Which theorem of this unit do you
#    need?
# 3. For network D, print `step_jacobian` at a few steps and its eigenvalues. When is the magnitude of one
#    of them above 1, and which unit is then *saturated*, its slope below a tenth of γ? (`saturation` counts
#    how often units are.)
# 4. Train the network with gain 1 on `one_bit` with a lag of 20, and compare the reach before and after.
#    Has it learnt to store the bit by keeping the gradient alive, or by an attractor as with $w = 2$?
# 5. Run the second setting (gain 0.5, lag 20, distractors 0.3) with ten times the learning rate. Some
#    networks now find the bit. Do large steps hear it better? Give `fit` a callback that keeps the
#    spectral radius of `W_hh` and the reach after 1, 5, 20 and 100 updates, and say what happened.
#
# Exercises with points: [Exercises 07](../exercises/07/07.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. σ<sub>max</sub> = 0.95, tanh. What do you know about the gradient 100 steps back?**
#
# <details><summary>A. It is at most 0.006 of what it was</summary>
#
# **Right.** $0.95^{100} \approx 0.006$ bounds it with any data and any loss. How much smaller it is you
# do not know.
# </details>
#
# <details><summary>B. Nothing, without the data</summary>
#
# **No.** $\sigma_{\max} \gamma < 1$ is the one case in which the data do not matter: the bound holds for
# every input.
# </details>
#
# <details><summary>C. It is exactly 0.006 of what it was</summary>
#
# **No.** $0.95^{100} \approx 0.006$ is an upper bound. Few vectors are stretched by $\sigma_{\max}$ at
# every step, and few units have the slope 1.
# </details>
#
# **2. σ<sub>max</sub> = 1.05, tanh. What does the gradient do?**
#
# <details><summary>A. It explodes, if slowly: 1.05 is above 1</summary>
#
# **No.** $\sigma_{\max} \gamma > 1$ is *necessary* to explode, not sufficient. The unit's random matrix
# with 1.3 vanished.
# </details>
#
# <details><summary>B. It vanishes: the slopes of tanh are below 1</summary>
#
# **No.** They may be close to 1, where the states are near 0. Slopes below 1 can even make a gradient
# explode, as network D does.
# </details>
#
# <details><summary>C. It may vanish, keep its length or explode</summary>
#
# **Right.** All you know is that it has at most grown by $1.05^n$. The rest depends on the data: measure.
# </details>
#
# **3. A linear network has ρ = 0.9 and σ<sub>max</sub> = 3.25. What does its gradient do on the way
# back?**
#
# <details><summary>A. It vanishes from the first step on, as ρ is below 1</summary>
#
# **No.** So it would be with $\sigma_{\max} < 1$. $\rho$ speaks for the long run only, and the reach of
# network A is below 1 only from 49 steps on.
# </details>
#
# <details><summary>B. It may grow at first, and vanishes in the end</summary>
#
# **Right.** One step lengthens by up to $\sigma_{\max}$; many steps settle to the rate $\rho$. Network A
# grows by a factor of 11.6 before it falls.
# </details>
#
# <details><summary>C. It explodes, as one step can lengthen it threefold</summary>
#
# **No.** It cannot do so again and again: $\lVert W^n \rVert^{1/n}$ tends to $\rho$, and that is below 1.
# </details>
#
# **4. Your gradients explode on quiet inputs and vanish on loud ones. Is there a bug?**
#
# <details><summary>A. Yes: the weights alone decide, and they are the same</summary>
#
# **No.** They decide alone if $\sigma_{\max} \gamma < 1$. Else the slopes have a say, and these depend on
# the states that the inputs lead to.
# </details>
#
# <details><summary>B. Not necessarily: the inputs choose the slopes</summary>
#
# **Right.** Loud inputs drive units onto the flat parts of the curve. The same weights then shorten what
# they enlarge near $a = 0$.
# </details>
#
# <details><summary>C. Yes: loud inputs must have larger gradients</summary>
#
# **No.** The share of $W_{xh}$ is multiplied by the input, the way back is not. There loud inputs
# shorten, since they drive units to where the slope is small.
# </details>
#
# **5. ‖dL/dW<sub>hh</sub>‖ is healthy all through training, and still nothing older than ten steps is
# learnt. How can that be?**
#
# <details><summary>A. The learning rate is too small for the old steps</summary>
#
# **No.** A learning rate multiplies the whole sum, old and recent shares alike. It cannot change what
# part the old ones have in it.
# </details>
#
# <details><summary>B. The norm proves that old steps are heard: look elsewhere</summary>
#
# **No.** The norm is that of a *sum* over copies. It does not say which of them made it.
# </details>
#
# <details><summary>C. The recent copies make the norm, the old have no share</summary>
#
# **Right.** The shares of the old copies have vanished beside the others. Take the sum apart with
# `contributions` to see it.
# </details>
#
# ## What to take away
#
# - $n$ steps back are a product of $n$ Jacobians $\operatorname{diag}(f')\, W_{hh}$. Its norm is the
#   reach.
# - $\sigma_{\max} \gamma < 1$ suffices to vanish. $\sigma_{\max} \gamma > 1$ is necessary to explode, and
#   not sufficient. The eigenvalues of $W_{hh}$ speak for linear networks, in the long run.
# - Beyond that, weights alone do not decide: the data choose the slopes. Measure.
# - What the state forgets, the gradient cannot learn from: forward and backward it is one matrix.
# - What vanishes from the gradient of the weights is the share of the distant past.
#
# Next: [08 · Clipping, initialisation, optimisers](08_clipping_init_optimisers.ipynb).
#
# **Sources.** Hochreiter 1991, *Untersuchungen zu dynamischen neuronalen Netzen*, diploma thesis,
# Technische Universität München. Bengio, Simard and Frasconi 1994, *Learning long-term dependencies with
# gradient descent is difficult*, IEEE Transactions on Neural Networks 5(2). Pascanu, Mikolov and Bengio
# 2013, *On the difficulty of training recurrent neural networks*, ICML, section 2.1; the version with
# eigenvalues: arXiv:1211.5063. Saxe, McClelland and Ganguli 2014, *Exact solutions to the nonlinear
# dynamics of learning in deep linear neural networks*, ICLR. Sompolinsky, Crisanti and Sommers 1988,
# *Chaos in random neural networks*, Physical Review Letters 61(3). Rajan, Abbott and Sompolinsky 2010,
# *Stimulus-dependent suppression of chaos in recurrent neural networks*, Physical Review E 82(1). The
# formula $\lVert W^n \rVert^{1/n} \to \rho$ is Gelfand's, 1941. That storage and long gradients are at
# odds, and everything called "measured", you can run again above.
