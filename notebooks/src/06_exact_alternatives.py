# %% [markdown]
# # 06 · Exact, unbiased, or frugal: randomised truncation, RTRL, checkpointing
#
# Full BPTT is exact and stores the whole past. Truncation stores little and is biased. Are these the
# only choices? No: with random cuts the bias turns into variance; real-time recurrent learning stores
# nothing of the past and pays with time; checkpointing stores a little, computes the rest again, and
# stays exact. This unit counts what each of them costs.
#
# After this unit you can
#
# - make a truncated gradient unbiased, and say when its variance is bearable,
# - carry a gradient *forward* in time, and count what that costs,
# - get the exact gradient of a long sequence with a thousandth of the memory,
# - say what a step costs, and which steps of BPTT can be done in parallel and which cannot,
# - choose among the five ways.
#
# You need: units [03](03_full_bptt.ipynb) and [05](05_truncation.ipynb). Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.plots import heat_map, lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# A sequence has 10,000 steps. You may store only **ten** states at once, and a tape for a single step.
# So you will have to compute states again and again to go back through all of them. How many steps
# forward does that take for the exact gradient: about 7 times, 70 times, or 700 times 10,000?
#
# And: cut the way back at random, at each step with probability $\tfrac1{10}$, and multiply what gets
# through by $\tfrac{10}{9}$. A gradient that happens to survive 50 steps has then been multiplied
# by $(10/9)^{50} \approx 194$. Can that be right on average?
#
# ## A problem to measure on
#
# Three tanh units that keep about 0.9 of their state from step to step; forty steps, with a loss at
# each; ten sequences. The targets are the states of a network with slightly other weights, so what is to
# be learnt lies in the memory. It is small enough that we can compute the exact gradient, the table $C$
# of all its contributions (unit 03), and thousands of random estimates.

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.diagnostics import contributions
from bpttlib.losses import squared_error
from bpttlib.params import CellParams

T, H, B = 40, 3, 10
rng = np.random.default_rng(1)
rotation = np.linalg.qr(rng.normal(size=(H, H)))[0]
params = CellParams(0.3 * rng.normal(size=(H, 1)), 0.9 * rotation, 0.1 * rng.normal(size=(H, 1)))
x, h_0 = rng.normal(size=(T, 1, B)), rng.normal(size=(H, B))
teacher = CellParams(*(p + 0.05 * rng.normal(size=p.shape) for p in params))
target = unroll(Elman(), teacher, x, h_0).h[1:]

tape = unroll(Elman(), params, x, h_0)
_, dh_own = squared_error(tape.h[1:], target)
exact = bptt(Elman(), params, x, tape, dh_own).params
C = contributions(Elman(), params, x, tape, dh_own)


def distance(grads):
    """Euclidean distance from the exact gradient, over all parameters, relative to its length."""
    error = sum(((g - e) ** 2).sum() for g, e in zip(grads, exact, strict=True))
    return np.sqrt(error / sum((e**2).sum() for e in exact))

# %% [markdown]
# ## Random cuts: no bias, at a price
#
# Truncation drops every share of the gradient that has to go back too many steps. Always the same shares
# are missing, and so averaging over many sequences does not bring them back: that is what *bias* means.
#
# Now let chance decide. On the way back, what flows from step $t$ to step $t-1$ is multiplied by
#
# $$ \kappa_t = \begin{cases} 0 & \text{with probability } p, \\ \frac{1}{1-p} & \text{otherwise,} \end{cases}
#    \qquad \mathbb{E}[\kappa_t] = p \cdot 0 + (1-p) \cdot \tfrac{1}{1-p} = 1 . $$
#
# The share $C_{ts}$, from the loss of step $t$ through the copy at step $s$, passes the steps
# $t, t-1, \dots, s+1$, and so is multiplied by $\kappa_t \kappa_{t-1} \cdots \kappa_{s+1}$. The factors are
# independent, hence the mean of the product is the product of the means, which is 1. Every share is
# there *on average*:
#
# $$ \mathbb{E}\Big[\sum_{t,s} C_{ts}\, \kappa_t \cdots \kappa_{s+1}\Big] = \sum_{t,s} C_{ts}
#    = \frac{\partial L}{\partial \theta} . $$
#
# This is *randomised truncation*. Tallec and Ollivier (2017) call it ARTBP, anticipated reweighted truncated
# backpropagation. Here is one draw, as weights on the shares of eight steps.

# %%
p = 0.25
keep = (np.random.default_rng(5).random(8) >= p) / (1 - p)          # steps 1 … 8
weights = np.array([[keep[s:t].prod() * (s <= t) for s in range(1, 9)] for t in range(1, 9)])
cuts = [t for t in range(2, 9) if keep[t - 1] == 0]                 # step 1's only weighs dL/dh_0
show(heat_map(weights, sums=False),
     f"Weights of the shares in one draw with p = {p}: lower triangular. The cuts fall before the steps "
     f"{cuts} and leave blocks along the diagonal; outside them the weights are 0. On the diagonal they "
     f"are 1, and inside a block they grow with the distance from it, up to {weights.max():.2f}.")
print("cut before the steps", cuts, "  what gets through is multiplied by", round(1 / (1 - p), 3))

# %% [markdown]
# The sequence falls into pieces of random length, in a long sequence $1/p$ steps on average, and no gradient
# passes from one to another: so a learner needs to store only the piece that it is in. (Some pieces are
# several times as long as the average, and it must be ready for them.) Inside, what comes from afar is made
# larger, to make up for the draws in which it is cut off.
#
# `randomised_bptt` draws the factors and is otherwise `bptt`. Does its mean meet the exact gradient? We
# draw 2000 times and ask how far off the mean is, in units of its standard error: the exact standard
# deviation, which comes next, divided by $\sqrt{2000}$.

# %%
from bpttlib.truncation import randomised_bptt, randomised_variance, truncated_bptt

p, N = 0.1, 2000
rng = np.random.default_rng(0)
draws = [randomised_bptt(Elman(), params, x, tape, dh_own, p, rng).params for _ in range(N)]
draws = CellParams(*(np.stack(tensors) for tensors in zip(*draws, strict=True)))
variance = CellParams(*(randomised_variance(shares, p) for shares in C))

z = np.concatenate([((d.mean(axis=0) - e) / np.sqrt(v / N)).ravel()
                    for d, e, v in zip(draws, exact, variance, strict=True)])         # in standard errors
print("entry          exact    mean of draws   sd of a draw: formula, measured")
for i, j in ((0, 0), (1, 0), (2, 2)):
    print(f"W_hh[{i}, {j}]   {exact.W_hh[i, j]:8.4f}   {draws.W_hh[:, i, j].mean():10.4f}"
          f"   {np.sqrt(variance.W_hh[i, j]):20.4f}   {draws.W_hh[:, i, j].std():7.4f}")
print(f"all {z.size} parameters within 3 standard errors: {(np.abs(z) < 3).all()}, "
      f"the furthest off by {np.abs(z).max():.1f}")
ratios = [d.var(axis=0) / v for d, v in zip(draws, variance, strict=True)]
print("measured variance within 25 % of the formula:",
      all((np.abs(ratio - 1) < 0.25).all() for ratio in ratios))
one = np.sqrt(np.mean([distance(draw) ** 2 for draw in zip(*draws, strict=True)]))
print(f"off the exact gradient: one draw {one:.2f} of its length (root mean square), "
      f"the mean of {N} draws {distance(d.mean(axis=0) for d in draws):.3f}")

# %% [markdown]
# That the expectation is right is proved above. Draws cannot prove it, but they can test the code. If
# the code is right and the means are nearly normal, each of the 15 lies beyond 3 standard errors with
# probability 0.0027, so some of them do in at most about 4 of 100 such tests. A mistake in the mean that
# is much smaller than a standard error would go unseen.
#
# So the factor 194 of the beginning is right, on average: a gradient survives 50 steps once in 194
# times, and then it counts 194 times. But look at the last line: a *single* draw is typically off by a
# quarter of the gradient. The mean of 2000 is off by about as little as it should be:
# $0.26 / \sqrt{2000} \approx 0.006$.
#
# ### The variance, exactly
#
# Because $\mathbb{E}[\kappa_t^2] = \frac{1}{1-p}$, the variance needs no drawing. Two shares $C_{ts}$ and
# $C_{t's'}$ have $o$ steps in common on their ways, and the mean of the product of their weights is
# $(1-p)^{-o}$:
#
# $$ \operatorname{Var} = \sum_{t,s} \sum_{t',s'} C_{ts}\, C_{t's'} \left((1-p)^{-o} - 1\right),
#    \qquad o = \max\big(0,\ \min(t,t') - \max(s,s')\big) . $$
#
# `randomised_variance` is this double sum. In a scalar linear network one can see what it does. Let only
# the last step have a loss. The share from $n$ steps back fades as $w^n$, and the mean of its square,
# weights included, as $(w^2/(1-p))^n$. (Products of two different shares change this by a constant factor
# at most, as long as $|w| < 1$.) So there is a threshold:
#
# $$ w^2 < 1 - p: \ \text{the variance stays bounded, however long the sequence;} \qquad
#    w^2 > 1 - p: \ \text{it grows exponentially with } T . $$
#
# We measure the standard deviation relative to the gradient, with inputs that are all 1, and $p = 0.2$:
# the threshold is at $w = \sqrt{0.8} \approx 0.894$.

# %%
def relative_sd(w, T, p):
    cell, one = Elman("identity"), CellParams(np.ones((1, 1)), np.array([[w]]), np.zeros((1, 1)))
    ones, last = np.ones((T, 1, 1)), np.zeros((T, 1, 1))
    last[-1] = 1.0                                                  # L = h_T
    shares = contributions(cell, one, ones, unroll(cell, one, ones), last).W_hh
    return float(np.sqrt(randomised_variance(shares, p)[0, 0]) / abs(shares.sum()))


lengths, ws = range(5, 61, 5), (0.5, 0.7, 0.8, 0.95, 1.0)
sd = {f"w = {w}": [relative_sd(w, n, p=0.2) for n in lengths] for w in ws}
show(lines({name: (list(lengths), values) for name, values in sd.items()}, "steps $T$",
           "standard deviation / gradient", log="y"),
     "Relative standard deviation of one randomised gradient against the number of steps, for p = 0.2, on "
     "a logarithmic axis. For w = 0.5, 0.7 and 0.8 the lines level off, at "
     + ", ".join(f"{sd[f'w = {w}'][-1]:.2f}" for w in ws[:3])
     + " after 60 steps; for 0.95 and 1.0 they keep rising along a straight line, to "
     + " and ".join(f"{sd[f'w = {w}'][-1]:.0f}" for w in ws[3:]) + ".")
print("p      " + "".join(f"{f'w = {w}':>10}" for w in ws) + "      (T = 60)")
for p in (0.02, 0.05, 0.1, 0.2):
    print(f"{p:<7}" + "".join(f"{relative_sd(w, 60, p):10.2f}" for w in ws))

# %% [markdown]
# Read a row from left to right: the longer the memory, the larger the variance. Read a
# column: fewer cuts, less variance. Unbiasedness is not free where it matters most: **with a long memory
# one needs a small $p$, and so long pieces.**
#
# ### Bias against variance
#
# Back to our problem. Which is nearer to the exact gradient at the same cost? Chunks of $k$ steps
# ("detach every $k$ steps") and random cuts with $p = 1/k$ store pieces of the same mean length, and
# both go back through each step once. The error of the chunks is all bias. That of the random cuts is
# all variance: averaging over $N$ draws divides its root mean square by $\sqrt N$. (So no draws are needed
# below.) In training the updates do the averaging, since each of them draws new cuts.

# %%
ks = [3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20]
length = np.sqrt(sum((e**2).sum() for e in exact))
chunks = [distance(truncated_bptt(Elman(), params, x, tape, dh_own, k, k).params) for k in ks]
one_draw = [np.sqrt(sum(randomised_variance(shares, 1 / k).sum() for shares in C)) / length for k in ks]
mean_of_100 = [error / np.sqrt(100) for error in one_draw]
table = {k: row for k, *row in zip(ks, chunks, one_draw, mean_of_100, strict=True)}
show(lines({"chunks": (ks, chunks), "one draw": (ks, one_draw), "mean of 100": (ks, mean_of_100)},
           "mean length of a piece, $k = 1/p$", "error / gradient", log="y"),
     "Root mean square error relative to the gradient, on a logarithmic axis, against the mean length of "
     f"a piece. Chunks fall slowly, from {chunks[0]:.2f} to {chunks[-1]:.2f}. One random draw starts above "
     f"them, at {one_draw[0]:.2f}, falls below them at {ks[np.less(one_draw, chunks).argmax()]} steps, and "
     f"ends near them at {one_draw[-1]:.2f}. The mean of 100 draws lies a factor of ten below one draw.")
print(" k   chunks   one draw   mean of 100")
for k in (3, 5, 10, 20):
    print(f"{k:2}" + "".join(f"{error:10.2f}" for error in table[k]))

# %% [markdown]
# With short pieces a single draw is worse than chunks: there $p$ is beyond the threshold of our memory,
# $1 - 0.9^2 = 0.19$, or near it. With longer ones it is about as good, or better, in this problem; in
# another the lines may cross elsewhere. What holds in every problem is what happens next. At frozen
# weights, averaging shrinks the error of the random cuts as far as one likes, and leaves that of the
# chunks where it is. Whether it pays in training depends also on how much the data vary from update to
# update. That is to be measured case by case.
#
# ### The fatal bias, once more
#
# Unit [05](05_truncation.ipynb) has a network in which truncation to 30 steps has the wrong sign, so
# that learning runs away however small the learning rate: influence balancing, a linear network at rest
# with $ds_1/d\theta = -6$. There, averaging wrong gradients is no help. Random cuts with pieces of 30
# steps on average:

# %%
from bpttlib.tasks.influence import influence_balancing

linear, theta, T = Elman("identity"), 0.5, 80
theirs = influence_balancing(theta).cell
v = theirs.W_xh / theta                                             # W_xh is theta times v
at_rest = np.linalg.solve(np.eye(23) - theirs.W_hh, theirs.W_xh)
ones, first_unit = np.ones((T, 1, 1)), np.zeros((T, 23, 1))
first_unit[-1, 0] = 1.0                                             # L = s_1 at the last step
rest = unroll(linear, theirs, ones, at_rest)
problem, rng = (linear, theirs, ones, rest, first_unit), np.random.default_rng(0)

draws = [(v * randomised_bptt(*problem, 1 / 30, rng).params.W_xh).sum() for _ in range(2000)]
print(f"exact         {(v * bptt(*problem).params.W_xh).sum():6.1f}")
print(f"30 steps back {(v * truncated_bptt(*problem, 1, 30).params.W_xh).sum():6.1f}")
print(f"random cuts   {np.mean(draws):6.1f}   mean of 2000 draws; standard error "
      f"{np.std(draws) / np.sqrt(2000):.1f}, standard deviation of one draw {np.std(draws):.0f}")
print("the mean has the right sign, by more than 3 standard errors:",
      np.mean(draws) < -3 * np.std(draws) / np.sqrt(2000))

# %% [markdown]
# The right sign, and the price: one draw varies by several times the gradient itself.
# Tallec and Ollivier (2017) introduced both the network and the remedy, and report that ARTBP does well
# on it where truncation diverges.
#
# ## Real-time recurrent learning: forward instead of back
#
# BPTT waits for the end, and then goes back through what it has stored. It can be turned round, as Robinson
# and Fallside (1987) saw; the name, and the account that became known, are those of Williams and Zipser
# (1989). Let $P_t = \partial h_t / \partial \theta$ be the *influence* of the parameters on the
# present state, over all paths. By the chain rule
#
# $$ P_t = J_t\, P_{t-1} + \frac{\partial^{+} h_t}{\partial \theta}, \qquad
#    J_t = \frac{\partial h_t}{\partial h_{t-1}}, \qquad P_0 = 0 , $$
#
# with $\partial^{+}$ the direct part, $h_{t-1}$ held fixed, as in unit 03. The gradient of step $t$'s loss
# is at hand *at step t*:
#
# $$ \frac{\partial L_t}{\partial \theta} = \frac{\partial L_t}{\partial h_t}\, P_t , \qquad
#    \frac{\partial L}{\partial \theta} = \sum_{t=1}^{T} \frac{\partial L_t}{\partial h_t}\, P_t . $$
#
# Nothing of the past is stored but $h_{t-1}$ and $P_{t-1}$. For an Elman network, put all parameters
# side by side, $W = (W_{xh}\ W_{hh}\ b_h)$, so that $a_t = W z_t$ with $z_t = (x_t, h_{t-1}, 1)$. The
# direct part of $\partial a_i / \partial W_{jk}$ is $z_k$ if $i = j$, else 0:

# %%
def elman_rtrl(params, x, h, dh_own):
    """For one sequence: x is (T, D), h is (H,), dh_own is (T, H)."""
    W, H = np.concatenate(params, axis=1), len(h)           # (H, D+H+1)
    P, grad = np.zeros((H, *W.shape)), np.zeros_like(W)     # P[i, j, k] = dh_i / dW_jk
    for x_t, own_t in zip(x, dh_own, strict=True):
        z = np.concatenate([x_t, h, [1.0]])
        direct = np.eye(H)[:, :, None] * z
        h = np.tanh(W @ z)
        P = (1 - h**2)[:, None, None] * (np.tensordot(params.W_hh, P, 1) + direct)
        grad += np.tensordot(own_t, P, 1)                   # the gradient of this step's loss
    return grad


from bpttlib.gradcheck import relative_error

forward = sum(elman_rtrl(params, x[:, :, b], h_0[:, b], dh_own[:, :, b]) for b in range(B))
print("RTRL equals BPTT to 1e-10:", relative_error(forward, np.concatenate(exact, axis=1)) < 1e-10)

# %% [markdown]
# The two are one product of Jacobians, multiplied in two orders. BPTT starts at the loss,
# with a *row vector*, and multiplies vector by matrix all the way. RTRL starts at the parameters, with a
# *matrix*, and multiplies matrix by matrix. Products of matrices are associative, so the result is the
# same; the cost is not.
#
# The library does this for any cell, LSTM and GRU (units 09 and 10) included. `influence` yields $s_t$ and
# $P_t$ step by step, where the state $s_t$ is $h_t$ above $c_t$ for an LSTM; `step_gradient` turns $P_t$ into
# the gradient of that step's loss; `rtrl` sums them.

# %%
from bpttlib.init import init_cell
from bpttlib.rtrl import influence, rtrl, step_gradient

rng = np.random.default_rng(2)
for cell in (Elman(), LSTM(), GRU()):
    some, inputs = init_cell(rng, cell, 2, 5), rng.normal(size=(30, 2, 4))
    own = rng.normal(size=(30, 5, 4))
    s_0 = tuple(rng.normal(size=(5, 4)) for _ in cell.state)
    ahead = rtrl(cell, some, inputs, own, s_0)
    back = bptt(cell, some, inputs, unroll(cell, some, inputs, s_0), own).params
    print(f"{type(cell).__name__:6} RTRL equals BPTT to 1e-10:",
          max(relative_error(a, b) for a, b in zip(ahead, back, strict=True)) < 1e-10)

# %% [markdown]
# ### A learner that never stops and never looks back
#
# Here is what RTRL can do and BPTT cannot: learn from every step at once, with nothing cut and no past in
# store. A stream of signs $\pm 1$ comes in, one after the other, and the first unit shall say what was
# four steps ago, times one half. The learner changes its weights at **every step**, and keeps nothing of
# the past. Beside it runs a learner that knows only the direct part $\partial^{+}$, that is truncation to
# a single step: the gradient never goes back.

# %%
def learn_online(carry, steps=2000, delay=4, H=8, lr=0.1):
    rng = np.random.default_rng(0)
    params, stream = init_cell(rng, Elman(), 1, H), rng.choice([-1.0, 1.0], size=(steps, 1, 1))
    learner, s, losses = influence(Elman(), params, stream), None, []
    for t in range(steps):
        if carry:
            s, P = next(learner)
        else:
            s, P = next(influence(Elman(), params, stream[t:t + 1], s))     # P starts from 0 again
        own = np.zeros((H, 1))
        own[0] = s[0][0] - (0.5 * stream[t - delay] if t >= delay else 0.0)
        losses.append(0.5 * own[0, 0] ** 2)
        for p, g in zip(params, step_gradient(P, own), strict=True):
            p -= lr * g                                     # in place, so the next step sees it
    return np.convolve(losses, np.full(100, 0.01), "valid"), P


with_rtrl, P = learn_online(carry=True)
without, _ = learn_online(carry=False)
after = np.arange(100, 2001)
show(lines({"RTRL": (after, with_rtrl), "direct part only": (after, without)}, "step",
           "loss, mean of 100 steps", log="y"),
     "Loss against the step, averaged over 100 steps, on a logarithmic axis. With RTRL it falls from about "
     f"{with_rtrl[0]:.1g} to {with_rtrl[-1]:.0e}; with the direct part only it stays near "
     f"{without[-1]:.1g}, close to the 0.125 of always saying zero.")
print("loss of always saying 0:", 0.5 * 0.5**2)
print("after 2000 steps RTRL's loss is lower by a factor above 20:", without[-1] > 20 * with_rtrl[-1])
print("stored of the past, in numbers:", 8 + sum(influence.size for influence in P))

# %% [markdown]
# One honest remark. The weights change at every step, while $P_t$ still holds derivatives
# that were taken at earlier weights. So an online learner's gradient is that of no single loss, as with
# the carried context of unit 03; with a small learning rate it is close. At frozen weights it is exact.
#
# ### What it costs
#
# Let $S$ be the length of the state and $n$ the number of parameters. $P$ has $S\,n$ numbers, and
# $J_t P_{t-1}$ takes $S^2 n$ multiply-adds, *at every step*. With $n \approx H^2$ that makes $H^3$
# numbers and $H^4$ multiply-adds. BPTT's tape has of the order of $H$ numbers a step, and a step takes of
# the order of $H^2$ multiply-adds. Counted in the library's matrix products, for an Elman network with one
# input and one sequence:

# %%
from bpttlib.diagnostics import operations, tape_bytes


def numbers(cell, D, H):
    """RTRL: numbers in P, and multiply-adds a step. BPTT: numbers in a row of the tape, likewise."""
    G, S = len(cell.gates), len(cell.state) * H
    n = G * H * (D + H + 1)
    of_bptt = sum(operations(cell, T=1, B=1, D=D, H=H, need_dx=False))
    of_rtrl = G * H * (D + H) + S * G * H * H + S * S * n + H * n   # step, J_t, J_t P, dh_own P
    return S * n, of_rtrl, tape_bytes(cell, T=1, H=H, B=1) // 16, of_bptt


print("  H    numbers in P   tape's row   equal at T   multiply-adds of a step, RTRL / BPTT")
for H in (4, 16, 64, 256):
    in_P, of_rtrl, in_row, of_bptt = numbers(Elman(), 1, H)
    print(f"{H:3}   {in_P:13,}   {in_row:10,}   {in_P // in_row:10,}   {of_rtrl / of_bptt:14,.0f}")

# %%
steps = np.geomspace(1, 100_000, 60)
stored = {}
for H in (10, 100):
    in_P, _, in_row, _ = numbers(Elman(), 1, H)
    stored |= {f"BPTT, H = {H}": (steps, in_row * (steps + 1)), f"RTRL, H = {H}": (steps, 0 * steps + in_P)}
meet = {H: numbers(Elman(), 1, H)[0] // numbers(Elman(), 1, H)[2] for H in (10, 100)}
show(lines(stored, "steps $T$", "numbers stored", log="xy"),
     "Numbers stored against the number of steps, both axes logarithmic. BPTT's lines rise with T, RTRL's "
     f"are level. They meet at about {meet[10]} steps for 10 units and at about {meet[100]:,} for 100.")

# %% [markdown]
# In *memory*, RTRL wins on sequences that are long against $H^2$. In *time* it never does, where one
# gradient at the end is wanted: both take the same number of steps, and each of RTRL's costs about
# $H^2/3$ times as much for large $H$, with a $P$ for each sequence of the batch. Only if the full
# gradient is wanted *at every step* does BPTT lose in the end, for it then goes back through all $t$
# steps at step $t$. So RTRL stayed with small networks, and people look for cheaper relatives. Three of
# them, for further reading; none of them is measured here. **UORO** (Tallec and Ollivier 2018) replaces
# $P$ by a random rank-one estimate that is unbiased. **SnAp** (Menick et al. 2021) keeps only those
# entries of $P$ that a parameter reaches within a few steps. **Synthetic gradients** (Jaderberg et al.
# 2017) let a second network foretell what will come back from beyond the window.
#
# ## Checkpointing: store a little, compute again
#
# The tape is large because the way back needs every state. But states can be computed again. Cut the
# sequence into segments of about $\sqrt T$ steps. On the way there store only the state *before* each
# segment. Then take the segments, the last one first: run one onto a short tape from its stored state,
# go back through it, hand $\partial L / \partial s$ to the segment before, and use the same tape again.

# %%
from bpttlib.checkpoint import checkpointed_bptt, least_steps, plan
from bpttlib.plots import draw_schedule

show(draw_schedule(36, states=5, segment=6),
     "Course of checkpointing 36 steps in segments of 6: the place in the sequence against the number of "
     "steps forward so far. A thin line rises to step 30, and states are stored at 0, 6, 12, 18 and 24, "
     "drawn as horizontal bars. Then thick lines run each segment onto the tape, the last one first; the "
     "bar of a segment ends when it has been gone back through. "
     f"In all, {6 * least_steps(6, states=5)} steps forward.")

# %% [markdown]
# Every step is taken once on the way there, and once more onto the tape (but for the last
# segment, which needs no rehearsal): fewer than $2T$ steps forward. Stored are about $\sqrt T$ states and a
# tape of $\sqrt T$ steps, in place of a tape of $T$. And the gradient is *exact*: nothing is cut, and
# the same states are computed twice.
#
# In the library, `checkpointed_bptt` is not given `dh_own`, which has as many numbers as all the
# states. It is given a function that says what the losses of a few steps ask of their states, and calls
# it segment by segment.

# %%
T, H, B = 2500, 6, 2
rng = np.random.default_rng(3)
x, target = rng.normal(size=(T, 2, B)), rng.normal(size=(T, H, B))


def own(h, start, stop):
    return (h - target[start:stop]) / (T * B)               # squared error, averaged over all steps


for cell in (Elman(), LSTM(), GRU()):
    some = init_cell(rng, cell, 2, H)
    s_0 = tuple(rng.normal(size=(H, B)) for _ in cell.state)
    tape = unroll(cell, some, x, s_0)
    full = bptt(cell, some, x, tape, own(tape.h[1:], 0, T))
    back = checkpointed_bptt(cell, some, x, own, s_0)
    error = max(relative_error(a, b) for a, b in
                zip((*back.params, *back.s0), (*full.params, *full.s0), strict=True))
    print(f"{type(cell).__name__:6} equal to full BPTT to 1e-10: {error < 1e-10},  "
          f"{back.peak_states} states stored, {back.steps / T:.2f} T steps forward")

# %% [markdown]
# ### How little is enough?
#
# Why store just once? With fewer stored states one can run again from further back, and store on the
# way. Say that $n$ steps are to be gone back through with $m$ stored states, that of the start included,
# and a tape for one step. Run $y$ steps and store the state. Then do the $n-y$ steps after it with $m-1$
# states; free its place, and do the $y$ steps before it with all $m$. The best $y$ costs
#
# $$ C(n, m) = \min_{1 \le y < n} \big\{\, y + C(n-y,\, m-1) + C(y,\, m) \,\big\}, \qquad
#    C(n, 1) = \tfrac{n(n+1)}{2}, \qquad C(1, m) = 1 $$
#
# steps forward (Gruslys et al. 2016). With one state only, one starts from the beginning each time. The
# recurrence has a closed form, known from automatic differentiation (Griewank 1992):
#
# $$ C(n, m) = (r+1)\,n - \binom{m+r}{r-1}, \qquad r = \text{the smallest with } \binom{m+r}{r} \ge n . $$
#
# No step is then run more than $r+1$ times, and the number of steps for which that suffices,
# $\binom{m+r}{r}$, explodes with $m$ and $r$. We compare the two, and then draw.

# %%
C_n = [np.array([n * (n + 1) // 2 for n in range(301)])]             # C(·, 1)
for _ in range(2, 21):                                             # m = 2 … 20
    fewer, now = C_n[-1], np.zeros(301, int)
    now[1] = 1
    for n in range(2, 301):
        y = np.arange(1, n)
        now[n] = (y + fewer[n - y] + now[y]).min()
    C_n.append(now)
print("closed form solves the recurrence, for n up to 300 and m up to 20:",
      all(least_steps(n, m) == C_n[m - 1][n] for n in range(1, 301) for m in range(1, 21)))
for m in (1, 2, 5, 10, 50, 100):
    print(f"T = 10,000, m = {m:3}: {least_steps(10_000, m) / 10_000:8.2f} T steps forward")

# %% [markdown]
# Ten states, and not quite seven times $T$. There is the answer to the first question. The
# course of such a schedule is made of runs within runs:

# %%
show(draw_schedule(36, states=4),
     "Course of the optimal schedule for 36 steps with 4 stored states and a tape of one step. From the "
     "start a line rises to the end and stores states at 15, 25 and 31. Later runs start from stored "
     "states, and store others in the places that have become free. "
     f"In all, {least_steps(36, 4)} steps forward.")

# %%
counts = np.unique(np.geomspace(2, 1000, 60).astype(int))
cost = {f"T = {T:,}": (counts, [least_steps(T, int(m)) / T for m in counts]) for T in (1000, 10_000)}
in_segments = least_steps(100, 99) / 100                    # 100 segments of 100 steps, 99 states stored
show(lines(cost | {"√T segments": ([99], [in_segments])}, "stored states $m$", "steps forward / T", log="xy"),
     "Steps forward, in multiples of T, against the number of stored states, both axes logarithmic, for "
     "T = 1,000 and T = 10,000. Both fall steeply from "
     f"{least_steps(1000, 2) / 1000:.0f} and {least_steps(10_000, 2) / 10_000:.0f} at two states, are "
     f"{least_steps(1000, 10) / 1000:.1f} and {least_steps(10_000, 10) / 10_000:.1f} at ten, and then level "
     f"off towards 2. A point marks segments of √T steps for T = 10,000: 99 states and {in_segments:.2f} T.")

# %% [markdown]
# The point of the $\sqrt T$ segments lies below the curve, because it has a tape of 100
# steps besides. What should count is *bytes*: a step on the tape takes more than a stored state. An LSTM
# has 12 numbers a unit and step on its tape, and 2 in its state. `plan` counts both, and given a budget
# it finds the cheapest plan: how long the segments, how many states.

# %%
from bpttlib.layers import as_network

T, D, H, B = 10_000, 64, 128, 32
cell = LSTM()
some, nothing = as_network(cell).init(rng, D, H), np.broadcast_to(0.0, (T, D, B))
full, root = plan(cell, some, nothing, segment=T), plan(cell, some, nothing)
budgets = [3, 4, 6, 10, 20, 30, 44, 100, 300, 1000, 2000]
cheapest = [plan(cell, some, nothing, mebibytes=mib) for mib in budgets]
print("                  MiB   segment   states   steps forward / T")
for name, chosen in (("full BPTT", full), ("√T segments", root),
                     *((f"at most {mib}", p) for mib, p in zip(budgets, cheapest, strict=True)
                       if mib in (4, 10, 30))):
    print(f"{name:13} {chosen.bytes / 2**20:7.1f} {chosen.segment:9} {chosen.states:8} "
          f"{chosen.steps / T:12.2f}")

# %%
show(lines({"cheapest plan": ([p.bytes / 2**20 for p in cheapest], [p.steps / T for p in cheapest]),
            "√T segments": ([root.bytes / 2**20], [root.steps / T]),
            "full BPTT": ([full.bytes / 2**20], [1.0])},
           "memory, MiB", "steps forward / T", log="x"),
     f"Steps forward, in multiples of T, against memory in MiB on a logarithmic axis, for an LSTM with "
     f"{H} units, {B} sequences and {T:,} steps. The cheapest plans fall from "
     f"{cheapest[0].steps / T:.1f} T at {cheapest[0].bytes / 2**20:.0f} MiB to about 2 T at 30 MiB and then "
     f"slowly on; segments of √T steps lie near the knee, at {root.bytes / 2**20:.0f} MiB and "
     f"{root.steps / T:.2f} T; full BPTT needs {full.bytes / 2**20:,.0f} MiB for T.")

# %% [markdown]
# About a thousandth of the memory at less than four times the steps forward; and the steps
# *back*, which cost more, are taken once in any case. What that is in seconds depends on the machine.
# `python -m benchmarks memory`, in a terminal in the course's folder, measures it. To train in this way, hand
# `fit` a `Frugal(model)` from `bpttlib.frugal` in the model's place: the losses are asked for along the way.
#
# ## What a step costs
#
# First we count, for the same LSTM. In the loop, a step multiplies $W_{hh}$ by the $B$ columns of
# $h_{t-1}$. How many multiply-adds is that, and how many for each byte that it has to read?

# %%
print("  B   multiply-adds   bytes of W_hh   of h_(t-1)   of the tape's row   multiply-adds per byte read")
for n in (1, 8, 32, 128):
    done = operations(cell, T=1, B=n, D=D, H=H).forward_in_loop
    of_W, of_h, row = some.W_hh.nbytes, 8 * H * n, tape_bytes(cell, T=1, H=H, B=n) // 2
    print(f"{n:3}   {done:13,}   {of_W:13,}   {of_h:10,}   {row:17,}   {done / (of_W + of_h):27.2f}")

# %% [markdown]
# The weights take the same bytes for one column as for 128. With $B = 1$ each is fetched, eight bytes,
# for a single multiply-add; with $B = 32$ it serves 32 of them. As a rule a processor multiplies faster
# than it can fetch, above all where the weights do not fit into its cache. In a *small* network something
# else counts: a step is about ten calls of NumPy, and a call on a few numbers takes nearly as long for one
# column as for 32. Either way, **a batch takes less time than its sequences one after the other.** The price
# is memory: the tape grows with $B$.
#
# The steps of *one* sequence can share calls, too, where they need not wait for each other:
#
# - **The slopes.** What comes back is multiplied by factors that the way there has left on the tape:
#   $f'(a_t)$ in an Elman network, in an LSTM $g \odot i(1-i)$ and its like (unit 09). They depend on
#   nothing that comes back. So a cell has two methods for the way back: `slopes` computes the factors for
#   many steps at once, and `step_backward` is what remains in the loop. It multiplies by them, which makes
#   $\delta_t$, and then by $W_{hh}^\top$.
# - **The sum over time.** Step by step, $\sum_t \delta_t h_{t-1}^\top$ would read and write the whole
#   gradient $T$ times, with $B = 1$ for one multiply-add an entry. But put the columns of many steps side
#   by side: then the sum over them is what *one* matrix product does anyway, and it writes each entry once.
#   (If $B$ is large, each small product is such a sum itself, and less is to be gained.)
#
# On the way there the gates need $h_{t-1}$ and stay in the loop. But a sigmoid is a tanh, squeezed:
# $\sigma(a) = \frac12 + \frac12 \tanh \frac a2$. With the rows of the sigmoid gates halved beforehand,
# in a copy of the parameters, one call of tanh serves all gates of a step.
#
# And "many steps" need not be all. The library works in *pieces* of a tape that fit into a processor's cache:
# it goes back through a piece, and sums the shares of its copies while the piece is still at hand.
#
# How much all this saves depends on the machine. *That* it saves time shows on any machine in a network of
# eight units, where the calls count most. Both ways take turns, and we compare the medians.

# %%
from statistics import median
from time import perf_counter

from bpttlib.activations import sigmoid
from bpttlib.sums import sum_over_time
from bpttlib.tape import new_tape, window

few = init_cell(rng, cell, 2, 8)
inputs, asks = rng.normal(size=(20, 2, 32)), rng.normal(size=(20, 8, 32))           # T = 20, B = 32
each = [(inputs[:, :, b:b + 1], asks[:, :, b:b + 1]) for b in range(32)]
wide, narrow = new_tape(cell, T=20, H=8, B=32), new_tape(cell, T=20, H=8, B=1)
step_by_step = [window(narrow, t, t + 1) for t in range(20)]                        # views of narrow


def gradient(inputs, asks, tape):
    return bptt(cell, few, inputs, unroll(cell, few, inputs, tape=tape), asks, need_dx=False).params


def seconds(way):
    start = perf_counter()
    way()
    return perf_counter() - start


ways = {
    "32 sequences": (lambda: gradient(inputs, asks, wide),
                     lambda: map(sum, zip(*[gradient(*one, narrow) for one in each]))),
    "sum over 20 steps": (lambda: [sum_over_time(narrow.delta[1:], narrow.h[:-1])],
                          lambda: [sum(d @ h.T for d, h in zip(narrow.delta[1:], narrow.h))]),
    "slopes of 20 steps": (lambda: cell.slopes(narrow),
                           lambda: map(np.concatenate, zip(*[cell.slopes(t) for t in step_by_step]))),
}
for name, (at_once, apart) in ways.items():
    error = max(relative_error(a, b) for a, b in zip(at_once(), apart(), strict=True))
    quick, slow = map(median, zip(*[(seconds(at_once), seconds(apart)) for _ in range(25)]))
    print(f"{name:18}  at once the same to 1e-12: {error < 1e-12},  "
          f"in less than half the time: {quick < slow / 2}")
a = np.linspace(-30, 30, 1001)
print("σ, made of tanh, to 1e-15:", np.abs(sigmoid(a) - 1 / (1 + np.exp(-a))).max() < 1e-15)

# %% [markdown]
# For larger networks `python -m benchmarks speed` measures a whole training step on your machine, against
# other frameworks and against the bare matrix products.
#
# ## What can be done in parallel, and what cannot
#
# BPTT is often called sequential. Which part of it is? Count the multiply-adds of all matrix products,
# for the LSTM with 128 units and 1000 steps.

# %%
counted = operations(cell, T=1000, B=B, D=D, H=H, need_dx=False)
everything = sum(counted)
for name, count in counted._asdict().items():
    print(f"{name.replace('_', ' '):19} {count / 1e9:5.2f} · 10⁹   {100 * count / everything:3.0f} %")
forward_share = (counted.forward_over_time + counted.forward_in_loop) / everything
print(f"√T checkpointing, all products: {1 + forward_share * (root.steps / T - 1):.2f} times full BPTT's")

# %% [markdown]
# - **Over time, at once**: $W_{xh} x_t$, the slopes, and the sums $\sum_t \delta_t h_{t-1}^\top$ and
#   $\sum_t \delta_t x_t^\top$ need no order.
# - **Over the batch, at once**: the $B$ sequences do not touch each other, until in the products over time
#   each entry of the gradient becomes a sum of $T \cdot B$ terms.
# - **Not at once**: $h_t$ needs $h_{t-1}$, and $\partial L / \partial h_{t-1}$ needs $\delta_t$. That is
#   a chain of $T$ steps there and $T$ back, which more processors do not shorten. Checkpointing lengthens it.
#
# So it is with BPTT as we know it. The chain back need not stay one. On a tape, what comes back is
# *linear* in $\partial L / \partial h_t$, whatever the cell, and products of Jacobians are associative:
# multiply neighbours in pairs, then pairs of pairs, all at once, and about $2 \log_2 T$ rounds are
# enough (Wang, Bai and Pekhimenko 2020). But that is matrix by matrix again, and takes $S$ times the
# multiply-adds or more. The same works on the way there if the cell is linear in its state (Martin and
# Cundy 2018). If it is not, one can guess all states at once and improve the guess round by round (Lim
# et al. 2024). We measure none of these.
#
# ## Which one when
#
# | | gradient | numbers stored | steps | take it when |
# |---|---|---|---|---|
# | full BPTT | exact | tape of $T$ steps | $T$ there, $T$ back | it fits |
# | checkpointing | exact | some states, a short tape | $2T$ there with $\sqrt T$ segments, $7T$ with ten states, $T$ back | the sequence is long and has an end |
# | chunks, $k_1 = k_2 = k$ | biased | tape of $k$ steps | $T$ there, $T$ back | a stream, and what matters is near |
# | random cuts | unbiased, with variance | tape of $1/p$ steps on average | $T$ there, $T$ back | a stream, and the bias would hurt |
# | RTRL | exact at frozen weights | $S\,n$ | $T$, each $S^2 n$ | a few units, and an update at every step |
#
# First ask whether the tape fits: `tape_bytes` tells. If it does not, checkpointing comes before any
# truncation, since it changes time and nothing else. Truncation is for streams that never end, or where
# unit 05's measurements say that the far past does not matter.
#
# ## Experiment
#
# Choose the number of steps and of stored states, and watch the schedule. The read-out counts.

# %%
def watch(steps, states):
    taken = least_steps(steps, states)
    return draw_schedule(steps, states), (
        f"{steps} steps with {states} stored state{'s' * (states != 1)}: {taken} steps forward, {taken / steps:.2f} times T. "
        "Thin lines are runs from a stored state, thick ones run a step onto the tape and are followed by "
        "the way back; horizontal bars are the states that are held.")


explore(watch, steps=(2, 80, 1, 40), states=(1, 12, 1, 3), tasks=[
    "With one state, what shape do the runs make, and why is their number that of a triangle?",
    "At 40 steps, how many states are needed to stay below 3 T? And at 80?",
    "Find the smallest number of states with which 10 steps take 19. Would one state more help?",
])

# %% [markdown]
# ## Your turn
#
# Tasks 2 and 4 use the first problem: run its cell again.
#
# 1. Segments of $\sqrt T$ steps are not the best for an LSTM, whose tape takes six times as much a step
#    as its state does. Minimise $\frac{T}{k} \cdot 2 + k \cdot 12$ over $k$, and check with `plan(…, segment=k)`
#    that your $k$ takes fewer bytes than the default. How many fewer?
# 2. Take the factor $\frac{1}{1-p}$ out of the random cuts: `bptt(…, keep=rng.random(T) >= p)`. Show that
#    the mean of 2000 draws is now off by many standard errors. What does it tend to, in terms of $C$?
# 3. The cuts need not be equally likely everywhere. If you could look at $C$ beforehand, where would you
#    rather not cut?
# 4. Give `elman_rtrl` a parameter `every` and set $P$ to zero after every so many steps. Which method of
#    unit 05 is that? Check it with `truncated_bptt`.
# 5. Show that $C(n, n-1) = 2n - 1$, and that no schedule can do with less unless its tape holds more than
#    one step.
#
# Exercises with points: [Exercises 06](../exercises/06/06.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. One random draw can be further from the exact gradient than chunks are. Why use it all the same?**
#
# <details><summary>A. It costs fewer steps back than chunks of that length</summary>
#
# **No.** With $p = 1/k$ both store pieces of the same mean length and go back through each step once. The
# cost is the same.
# </details>
#
# <details><summary>B. Its error has mean zero, and averages out</summary>
#
# **Right.** It changes from draw to draw, so the updates average it. The error of the chunks is the same
# each time.
# </details>
#
# <details><summary>C. Its error is small wherever the memory is long</summary>
#
# **No.** There its variance is *largest*: with one linear unit it grows exponentially where $w^2 > 1 -
# p$.
# </details>
#
# **2. You halve p, the probability of a cut. What happens?**
#
# <details><summary>A. Memory stays, variance falls, bias halves</summary>
#
# **No.** There is no bias to halve: the factor $1/(1-p)$ makes up for the cuts at any $p$. And longer
# pieces need a longer tape.
# </details>
#
# <details><summary>B. Memory halves, variance rises, bias stays zero</summary>
#
# **No.** Cuts become rarer, so the pieces get longer, and with them the tape. What gets through is
# enlarged less, and the variance falls.
# </details>
#
# <details><summary>C. Memory doubles, variance falls, bias stays zero</summary>
#
# **Right.** The pieces are $1/p$ steps long on average, and so is the tape. The bias is zero before and
# after.
# </details>
#
# **3. BPTT and RTRL multiply the same Jacobians. Why is RTRL so much dearer?**
#
# <details><summary>A. It stores the states of all the steps so far</summary>
#
# **No.** It stores nothing of the past but the last state and $P$. Keeping all states is what BPTT does.
# </details>
#
# <details><summary>B. It carries a matrix, where BPTT carries a row</summary>
#
# **Right.** From the loss's end it is a row of $S$ numbers, from the parameters' end a matrix with $S$
# rows and $n$ columns. One loss has many parameters behind it.
# </details>
#
# <details><summary>C. It goes through more steps than BPTT does</summary>
#
# **No.** For one gradient at the end both take $T$ steps. It is the single step that costs more, $S^2 n$
# multiply-adds.
# </details>
#
# **4. What does checkpointing change in what is learnt?**
#
# <details><summary>A. Nothing: only time and memory are different</summary>
#
# **Right.** The gradient is the same to rounding. It costs some more steps forward, and saves the tape.
# </details>
#
# <details><summary>B. It adds noise, since states are computed twice</summary>
#
# **No.** The same steps from the same stored state give the same states. Nothing is drawn at random.
# </details>
#
# <details><summary>C. It adds a small bias, at the borders of segments</summary>
#
# **No.** At a border $\partial L/\partial s$ is handed to the segment before, in full. Nothing is cut:
# this is not truncation.
# </details>
#
# **5. A stream never ends, and the network has 500 units. What remains?**
#
# <details><summary>A. Checkpointing, with few stored states</summary>
#
# **No.** It goes back from the end, and this sequence has none.
# </details>
#
# <details><summary>B. RTRL, which needs no end and no past</summary>
#
# **No.** It fits streams, but not 500 units: $P$ would have more than $10^8$ numbers, and each step
# multiplies them by a matrix.
# </details>
#
# <details><summary>C. Truncation, in windows or at random</summary>
#
# **Right.** Its tape is short, and it need not wait for an end. Random cuts take away the bias, at the
# price of variance.
# </details>
#
# ## What to take away
#
# - Random cuts with the factor $1/(1-p)$: no bias; with one linear unit, variance that explodes where
#   $w^2 > 1 - p$.
# - RTRL: $P_t = J_t P_{t-1} + \partial^{+} h_t / \partial \theta$. Exact at frozen weights, nothing stored of the
#   past, $S^2 n$ a step.
# - Checkpointing: exact, with few states and a few times the steps forward.
# - A batch reads each weight once for all its sequences. The products outside the loop and the slopes need
#   no order. The loop itself is a chain, $T$ steps there and $T$ back.
#
# Next: [07 · Vanishing and exploding gradients](07_vanishing_exploding.ipynb).
#
# **Sources.** Chen, Xu, Zhang and Guestrin 2016, *Training deep nets with sublinear memory cost*, arXiv
# 1604.06174, for segments of $\sqrt T$. Griewank 1992, *Achieving logarithmic growth of temporal and
# spatial complexity in reverse automatic differentiation*, Optimization Methods and Software 1(1).
# Griewank and Walther 2000, *Algorithm 799: revolve*, ACM Transactions on Mathematical Software 26(1).
# Gruslys, Munos, Danihelka, Lanctot and Graves 2016, *Memory-efficient backpropagation through time*,
# NIPS. Jaderberg et al. 2017, *Decoupled neural interfaces using synthetic gradients*, ICML. Lim, Zhu,
# Selfridge and Kasim 2024, *Parallelizing non-linear sequential models over the sequence length*, ICLR.
# Martin and Cundy 2018, *Parallelizing linear recurrent neural nets over sequence length*, ICLR. Menick
# et al. 2021, *Practical real time recurrent learning with a sparse approximation*, ICLR. Robinson and
# Fallside 1987, *The utility driven dynamic error propagation network*, Cambridge University Engineering
# Department TR 1. Tallec and Ollivier 2017, *Unbiasing truncated backpropagation through time*, arXiv
# 1705.08209; and 2018, *Unbiased online recurrent optimization*, ICLR. Wang, Bai and Pekhimenko 2020,
# *BPPSA: scaling back-propagation by parallel scan algorithm*, MLSys. Williams and Zipser 1989, *A
# learning algorithm for continually running fully recurrent neural networks*, Neural Computation 1(2).
