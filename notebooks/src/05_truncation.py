# %% [markdown]
# # 05 · Truncated backpropagation and streaming state
#
# Full backpropagation through time must keep every step until the last one is done. For a long sequence
# that is a lot of memory, and for a stream it is impossible. So one cuts: the state is carried on, the
# gradient is not. This unit says exactly what is cut, measures what that does to the gradient, and shows
# when it does no harm, when it does a little, and when it sends learning the wrong way.
#
# After this unit you can
#
# - tell windows that slide from chunks that do not overlap, and name both by two numbers, $k_1$ and $k_2$,
# - carry values and cut gradients, and say what is then still computed exactly,
# - measure the bias of truncation, and choose $k_1$ and $k_2$ by it,
# - train on a stream without end, in constant memory, and say what cannot be learnt that way.
#
# You need: unit [03](03_full_bptt.ipynb). Time: about 90 minutes.

# %%
import numpy as np
from bpttlib.cells import Elman
from bpttlib.plots import lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# A linear network of 23 units, $s_t = A s_{t-1} + \theta v$. At each step a unit keeps half of itself and
# takes half of its right neighbour. One number is to be learnt: $\theta$, which pushes the first ten units
# up ($v = 1$) and the other thirteen down ($v = -1$). The first unit shall become 1. After 30 steps, what
# a unit has kept of itself is $2^{-30}$, less than a billionth. So somebody truncates after 30 steps, and
# takes a small learning rate. What will happen to the loss? Decide between
#
# - it falls to nearly zero, since so little is cut off,
# - it falls, but stops at some distance from zero,
# - it grows above a million.
#
# ## Why truncate?
#
# Three reasons. **Memory**: the backward pass needs all states, so the tape grows with the sequence.
# **Updates**: full backpropagation makes one update per pass, however long the pass. **Streams**: where
# speech, measurements or text never end, there is no last step from which one could go back. In numbers,
# for 256 units and 32 sequences:

# %%
from bpttlib.tape import new_tape

one_step = (sum(field.nbytes for field in new_tape(Elman(), T=101, H=256, B=32))
            - sum(field.nbytes for field in new_tape(Elman(), T=1, H=256, B=32))) / 100
for T in (1_000, 100_000, 10_000_000):
    print(f"T = {T:>10,}: tape {T * one_step / 2**30:8.1f} GiB;  updates in one pass: "
          f"full 1, every 100 steps {T // 100:,}")

# %% [markdown]
# ## Two numbers, $k_1$ and $k_2$
#
# Run forward without a stop. **Every $k_1$ steps** look back: send the losses of these $k_1$ new steps
# back together, **through the last $k_2$ steps** and no further. We call $k_2 \ge k_1$ the *horizon*, and the
# steps that one backward pass goes through its *window*. Any slice of a tape is a tape, so this is `bptt`
# on windows:

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.tape import window


def in_windows(cell, params, x, tape, dh_own, k1, k2):
    total = [np.zeros_like(p) for p in params]
    for first in range(0, len(x), k1):                      # the new steps are first+1 … first+k1
        start, stop = max(0, first + k1 - k2), min(first + k1, len(x))
        own = dh_own[start:stop].copy()
        own[:first - start] = 0.0                           # earlier losses had their turn
        part = bptt(cell, params, x[start:stop], window(tape, start, stop), own)
        total = [sum_so_far + p for sum_so_far, p in zip(total, part.params, strict=True)]
    return total

# %% [markdown]
# The library's `truncated_bptt` does the same. We compare them on a network that will serve for most
# measurements of this unit: eight tanh units that are to keep a slow average of their input,
# $y^*_t = 0.9\, y^*_{t-1} + 0.3\, x_t$. The `gain`, the length of the columns of $W_{hh}$, says how
# long it remembers: 0.6 forgets fast, 0.95 slowly.

# %%
from functools import partial

from bpttlib.gradcheck import relative_error
from bpttlib.init import init_cell, orthogonal
from bpttlib.losses import squared_error
from bpttlib.truncation import truncated_bptt

T, H, B = 96, 8, 16
rng = np.random.default_rng(0)
x, y = rng.normal(size=(T, 1, B)), np.zeros((T, 1, B))
for t in range(T):
    y[t] = 0.3 * x[t] + (0.9 * y[t - 1] if t else 0.0)
W_hy = rng.normal(size=(1, H)) / np.sqrt(H)


def network(gain):
    params = init_cell(np.random.default_rng(1), Elman(), 1, H, W_hh=partial(orthogonal, gain=gain))
    return params._replace(W_xh=0.3 * params.W_xh)          # small inputs: tanh stays nearly straight


def run(params, x=x, y=y, s0=None):
    """Return the tape, the loss L, and dh_own, the gradient of each step's own loss."""
    tape = unroll(Elman(), params, x, s0)
    L, dy = squared_error(W_hy @ tape.h[1:], y)
    return tape, L, W_hy.T @ dy


slow = network(0.95)
tape, L, dh_own = run(slow)
full = bptt(Elman(), slow, x, tape, dh_own).params
for k1, k2 in ((1, 4), (2, 4), (4, 4), (7, 20)):
    ours = in_windows(Elman(), slow, x, tape, dh_own, k1, k2)
    library = truncated_bptt(Elman(), slow, x, tape, dh_own, k1, k2).params
    worst = max(relative_error(a, b) for a, b in zip(ours, library, strict=True))
    print(f"k1 = {k1}, k2 = {k2:2}: equal to 1e-10: {worst < 1e-10};  W_hh's relative error against "
          f"full: {relative_error(library.W_hh, full.W_hh):.3f}")
library = truncated_bptt(Elman(), slow, x, tape, dh_own, 7, 98).params
print(f"k1 = 7, k2 = 98: nothing is cut: {relative_error(library.W_hh, full.W_hh) < 1e-10}")

# %% [markdown]
# (96 steps are 14 windows of 7, the last one short; that is why 98, and not 96, is enough for everything. And
# look at the first three lines: $k_1 = 1$ keeps most shares, and is furthest off. Shares can have opposite signs,
# unit 03, so that to keep one of two can be worse than to keep neither.)
#
# ### Who counts: the maps
#
# Which loss reaches which copy of the weights? We need not believe the formula, we can see it. Give every
# step an input of its own, a single 1 at its own place. Then column $s$ of $\partial L / \partial W_{xh} =
# \sum_s \delta_s x_s^\top$ is $\delta_s$ alone: what copy $s$ gets. Now switch on one loss at a time.

# %%
from bpttlib.plots import draw_credit

steps = 12
clock = np.eye(steps)[:, :, None]                           # step s has a 1 at place s: (T, D, 1)
ticking = init_cell(np.random.default_rng(2), Elman(), steps, 3)
ticked = unroll(Elman(), ticking, clock)


def reached(k1, k2):
    """Return true at (t, s) where the loss of step t, run by itself, changes copy s."""
    kept = np.zeros((steps, steps), bool)
    for t in range(steps):
        own = np.zeros((steps, 3, 1))
        own[t] = 1.0
        kept[t] = truncated_bptt(Elman(), ticking, clock, ticked, own, k1, k2).params.W_xh.any(axis=0)
    return kept


maps = {"full": reached(12, 12), "$k_1 = 1, k_2 = 4$": reached(1, 4),
        "$k_1 = 2, k_2 = 4$": reached(2, 4), "$k_1 = k_2 = 4$": reached(4, 4)}
show(draw_credit(maps),
     "Four triangular maps, losses in rows, copies in columns. Full: every loss reaches its own copy and "
     "all before it. k1 = 1, k2 = 4: a band of equal width, four copies for each loss. k1 = 2, k2 = 4: a band with "
     "steps, three or four copies. k1 = k2 = 4: three separate triangles, one to four copies.")
for name, kept in maps.items():
    print(f"{name.replace('$', ''):18} copies per loss: {kept.sum(axis=1)}, "
          f"{kept.sum() / maps['full'].sum():.0%} of all")

# %% [markdown]
# Blue with a dot is kept, orange is cut. Two of the maps have names of their own, and both are called
# "truncated BPTT" in the literature, which is a source of much confusion:
#
# - **$k_1 = 1$: a window that slides.** Each loss is sent back by itself, through $k_2$ copies. This is
#   what Williams and Peng (1990) call BPTT($h$), with $h = k_2$, and it is the algorithm of the
#   encyclopaedias in unit 03, whose $k$ is our $k_2$ (but they skip the losses before step $k$). Each
#   loss costs $k_2$ steps back.
# - **$k_1 = k_2$: chunks**, windows that do not overlap. The losses of a chunk go back together to its
#   start: "detach every $k$ steps". Each loss costs one step back. But a loss at place $j$ of its chunk
#   reaches only $j$ copies; on average over a chunk, $(k + 1)/2$.
#
# Both belong to Williams and Peng's BPTT($h; h'$), with $h = k_2$ and $h' = k_1$. Our letters are those of
# Sutskever's thesis (2013). Here is the general rule; the maps obey it. It also says what every loss is
# *sure* to get: $k_2 - k_1 + 1$ copies, once so many exist.

# %%
def rule(T, k1, k2):
    """The loss of step t goes back to the start of its window."""
    t, s = np.arange(T)[:, None], np.arange(T)
    start = np.maximum(0, t // k1 * k1 + k1 - k2)
    return (s >= start) & (s <= t)


print("the maps obey the rule:", all(np.array_equal(reached(k1, k2), rule(steps, k1, k2))
                                     for k1 in range(1, 6) for k2 in range(k1, 9)))

# %% [markdown]
# ## Count every loss once
#
# The line `own[:first - start] = 0.0` is the one that gets forgotten. Here is the smallest example: one
# unit, $h_t = w\, h_{t-1}$, the loss $L = h_3$, with $h_0 = 0.9$ and $w = 0.2$. You know it from unit 02:
# three copies of $w$, each with a share of $w^2 h_0 = 0.036$, so $dL/dw = 0.108$. We let the sequence run
# on to step 5 (without further losses), as a stream would.

# %%
from bpttlib.params import CellParams

w, h_0 = 0.2, 0.9
scalar = CellParams(np.zeros((1, 1)), np.array([[w]]), np.zeros((1, 1)))
silent, only_third = np.zeros((5, 1, 1)), np.array([0, 0, 1.0, 0, 0]).reshape(5, 1, 1)
short = unroll(Elman("identity"), scalar, silent, s0=np.array([[h_0]]))
for k2 in (1, 2, 3, 4):
    dw = truncated_bptt(Elman("identity"), scalar, silent, short, only_third, 1, k2).params.W_hh
    print(f"right, k1 = 1, k2 = {k2}: {dw.item():.3f}")

across = 0.0                                                # mistake 1: each window sends all it sees
for stop in range(1, 6):
    start = max(0, stop - 3)
    across += bptt(Elman("identity"), scalar, silent[start:stop], window(short, start, stop),
                   only_third[start:stop]).params.W_hh.item()
print(f"losses counted by every window that sees them, k2 = 3: {across:.3f}")

within, dh = 0.0, 1.0                                       # mistake 2: the path back, twice
for t in (3, 2, 1):
    within += dh * short.h[t - 1].item()
    dh = w * dh + w * dh
print(f"what comes back added twice on each step: {within:.3f}")

# %% [markdown]
# Repeat it by hand. **The first mistake**: the windows of three steps that see $L = h_3$ are the steps 1–3,
# 2–4 and 3–5. They send it through three, two and one copies, so $(3 + 2 + 1) \cdot 0.036 = 0.216$: copy 3
# counts three times, copy 1 once. With more than one weight the result need not even point the same way as
# the gradient. **The second mistake** happens when what comes back is stored in an array *and* carried on
# in a variable, and the loop adds the two. Each step back then multiplies by $2w$ in place of $w$:
#
# | copy | $\partial L / \partial h_t$ should be | is | times $h_{t-1}$ | share |
# |---|---|---|---|---|
# | 3 | 1 | 1 | 0.036 | 0.036 |
# | 2 | 0.2 | 0.4 | 0.18 | 0.072 |
# | 1 | 0.04 | 0.16 | 0.9 | 0.144 |
#
# In all $(1 + 2 + 4) \cdot 0.036 = 0.252$. Both results have the right sign here, so training goes on, and
# the mistake survives. The check is the one above: with $k_2$ large enough, truncation must give the full
# gradient exactly.
#
# ## Carry values, cut gradients
#
# At a border between two chunks there are three things one can do. **Reset** the state to zero. **Carry**
# the state, but let no gradient pass. Or let both pass: **full**. We do all three with chunks of 16 steps.

# %%
k = 16
chunks = [slice(start, start + k) for start in range(0, T, k)]
resets = [run(slow, x[c], y[c]) for c in chunks]
h_reset = np.concatenate([chunk.h[1:] for chunk, _, _ in resets])
L_reset = np.mean([L for _, L, _ in resets])
g_reset = np.mean([bptt(Elman(), slow, x[c], chunk, own).params.W_hh
                   for c, (chunk, _, own) in zip(chunks, resets, strict=True)], axis=0)
g_carried = truncated_bptt(Elman(), slow, x, tape, dh_own, k, k).params.W_hh
gap = np.linalg.norm(h_reset - tape.h[1:], axis=(1, 2)) / np.linalg.norm(tape.h[1:], axis=(1, 2))
print(f"reset:    states off by up to {gap.max():.0%}, L = {L_reset:.3f}, gradient's relative error "
      f"{relative_error(g_reset, full.W_hh):.2f}")
print(f"carried:  states exact,           L = {L:.3f}, gradient's relative error "
      f"{relative_error(g_carried, full.W_hh):.2f}")
print(f"full:     states exact,           L = {L:.3f}")

# %%
show(lines({"reset": (np.arange(1, T + 1), np.where(gap > 0, gap, np.nan))}, "step $t$",
           "state's distance from the true one", log="y"),
     f"Relative distance between the states of the network that is reset every {k} steps and those of the "
     f"one that is not, on a logarithmic axis: a sawtooth. After each reset the state is off by up to "
     f"{gap.max():.0%}; then the distance falls nearly exponentially, to about a tenth, as the network forgets.")

# %% [markdown]
# - **Reset** computes the exact gradient of *another problem*: six times as many sequences, each 16 steps
#   long, each from a zero state. Its first states are ones that a stream has at its beginning only. In the
#   picture they come back to the truth just as fast as the network forgets.
# - **Carried** has all states right, and all losses. Only the gradient lacks terms: those that cross a
#   border. It is the usual choice.
#
# What, then, is the truncated gradient the gradient *of*? In general, of nothing. The derivatives of a
# gradient field are symmetric: $\partial^2 L / \partial w\, \partial u$ does not depend on the order. So
# take a network with two numbers, $h_t = \tanh(w\, h_{t-1} + u\, x_t)$, and ask the complex step for the
# mixed derivatives of the truncated field.

# %%
from bpttlib.gradcheck import complex_step

two = CellParams(np.array([[0.8]]), np.array([[0.7]]), np.zeros((1, 1)))
for name, k1, k2 in (("full", 12, 12), ("k1 = 1, k2 = 2", 1, 2), ("k1 = k2 = 2", 2, 2)):
    def truncated(params, tensor):
        run_of_12 = unroll(Elman(), params, x[:12, :, :1])
        own = (run_of_12.h[1:] - y[:12, :, :1]) / 12
        grads = truncated_bptt(Elman(), params, x[:12, :, :1], run_of_12, own, k1, k2)
        return getattr(grads.params, tensor)[0, 0]

    dw_du = complex_step(lambda p: truncated(p, "W_hh"), two).W_xh.item()
    du_dw = complex_step(lambda p: truncated(p, "W_xh"), two).W_hh.item()
    print(f"{name:15} d(dL/dw)/du = {dw_du:.4f}   d(dL/du)/dw = {du_dw:.4f}")

# %% [markdown]
# Only the full field is symmetric. So there is no loss whose gradient the truncated one is, and no theorem
# about gradient descent speaks about it without further thought. That is proved by the numbers above for
# this network; that it mostly works all the same is experience.
#
# ### Frozen weights and moving weights
#
# `truncated_bptt` works on a tape, so with *one* set of weights. In training the weights move after each
# window: a carried state, like the context in unit 03, has been computed with older weights than those that
# use it. How much does that change? We go over the stream once, in chunks of 16, move the weights after each,
# and compare the sum of all the gradients with the one at frozen weights.

# %%
def moving(params, lr):
    s, total = None, 0.0
    for c in chunks:
        chunk, _, own = run(params, x[c], y[c], s)
        grads = bptt(Elman(), params, x[c], chunk, own / len(chunks)).params    # the mean over all steps
        total = total + grads.W_hh
        params = CellParams(*(p - lr * g for p, g in zip(params, grads, strict=True)))
        s = (chunk.h[-1].copy(),)
    return total


for lr in (1.0, 0.1, 0.01, 0.001):
    print(f"learning rate {lr:5}: relative error against frozen weights "
          f"{relative_error(moving(slow, lr), g_carried):.1e}")
print("learning rate   0.0: equal to 1e-10:", relative_error(moving(slow, 0.0), g_carried) < 1e-10)

# %% [markdown]
# A tenth of the learning rate, a tenth of the difference. So there are two approximations, and they are of
# different kinds: a small learning rate makes the second one as small as one likes, but **no learning rate
# removes the truncation**.
#
# ## The bias, measured
#
# Call the truncated gradient minus the full one its **bias**, and measure it relative to the full one,
# over all parameters together: $\|\hat g - g\| / \|g\|$, with Euclidean lengths. Two networks, one that
# forgets fast and one that forgets slowly; windows that slide and chunks; and $k$ from 1 to 48.

# %%
from bpttlib.clip import global_norm
from bpttlib.params import tree_map


def bias(params, k1, k2):
    tape, _, dh_own = run(params)
    g = bptt(Elman(), params, x, tape, dh_own).params
    g_hat = truncated_bptt(Elman(), params, x, tape, dh_own, k1, k2).params
    cosine = sum((a * b).sum() for a, b in zip(g, g_hat, strict=True)) / global_norm(g) / global_norm(g_hat)
    return global_norm(tree_map(np.subtract, g_hat, g)) / global_norm(g), cosine


ks = (1, 2, 4, 8, 12, 16, 24, 32, 48)
measured = {}
print("k               " + "".join(f"{k:8}" for k in ks))
for name, gain in (("fast", 0.6), ("slow", 0.95)):
    for kind, k1s in (("sliding", [1] * len(ks)), ("chunks", ks)):
        pairs = [bias(network(gain), k1, k) for k1, k in zip(k1s, ks, strict=True)]
        measured[f"{name}, {kind}"] = np.array([error for error, _ in pairs])
        print(f"{name}, {kind:8}bias" + "".join(f"{error:8.0e}" for error, _ in pairs))
        print("            cosine" + "".join(f"{cosine:8.3f}" for _, cosine in pairs))

# %%
show(lines({name: (ks, values) for name, values in measured.items()}, "$k$", "relative bias", log="y"),
     "Relative bias against k on a logarithmic axis. With windows that slide it falls along nearly straight "
     "lines, steeply for the network that forgets fast, and to "
     f"{measured['slow, sliding'][-1]:.0e} at k = 48 for the slow one. "
     f"With chunks it flattens: at k = 48 it is still {measured['fast, chunks'][-1]:.0e} and "
     f"{measured['slow, chunks'][-1]:.0e}.")
for name in ("fast", "slow"):
    print(f"{name}, chunks: k times bias for k = 8 … 48:", (measured[f"{name}, chunks"] * ks)[3:].round(1))

# %% [markdown]
# **Windows that slide: the bias falls exponentially**, as fast as the network forgets. **Chunks: it falls
# like $1/k$**, the product in the last lines hardly changes. The reason is in the maps. In a chunk, the
# first losses reach one copy, two copies, three, however large $k$ is; making the chunk longer only makes
# them rarer. With 48 steps the fast network, which has forgotten nearly everything after a dozen, still
# has a bias of one percent.
#
# The *direction* is forgiving. Whatever the network, a relative bias of 10 percent leaves a cosine of at
# least $\sqrt{1 - 0.1^2} \approx 0.995$ (draw the right-angled triangle). That chunks work so well in
# practice for this reason is folklore. The next section is about a case where they do not.
#
# Where does the bias come from, exactly? Take the shares of the gradient one by one, as in unit 03. Those
# inside the map add up to the truncated gradient. Or sort them by their age, $n = t - s$ steps back: what a
# sliding window of $k$ steps lacks is the sum of all shares with $n \ge k$.

# %%
from bpttlib.diagnostics import contributions

C = contributions(Elman(), slow, x, tape, dh_own).W_hh              # (T, T, H, H): loss t, copy s
for k1, k2 in ((1, 8), (4, 8), (8, 8)):
    inside = C[rule(T, k1, k2)].sum(axis=0)
    g_hat = truncated_bptt(Elman(), slow, x, tape, dh_own, k1, k2).params.W_hh
    print(f"k1 = {k1}, k2 = {k2}: the shares inside the map are the truncated gradient:",
          np.abs(inside - g_hat).max() < 1e-10)
by_age = np.array([np.trace(C, offset=-n) for n in range(T)])       # sum over t of C[t, t - n]
for k in (1, 8, 32):
    lacking = full.W_hh - truncated_bptt(Elman(), slow, x, tape, dh_own, 1, k).params.W_hh
    print(f"k = {k:2}: what is lacking is the sum of the shares of age {k} and more:",
          np.abs(by_age[k:].sum(axis=0) - lacking).max() < 1e-10)

# %% [markdown]
# So where the shares fall off geometrically with age, the bias of a sliding window does too; Aicher, Foti
# and Fox (2019) turn this into a rule that chooses $k$ during training.
#
# ## When the bias has the wrong sign
#
# Small shares can add up to a large bias, if there are many of them and they agree. Back to the prediction.
# The network is due to Tallec and Ollivier (2017), who call it *influence balancing*. From afar, the first
# unit is pulled down by thirteen units; near by, it sees ten that push up. It is linear, so we can compute
# everything. At rest $s = \theta\,(I - A)^{-1} v$, so $ds_1/d\theta$ is the first entry of
# $(I - A)^{-1} v = \sum_{j \ge 0} A^j v$. A sliding window of $K = k_2$ steps keeps the first $K$ terms of
# it, with the sum $c_K$. A chunk of $K$ steps gets the mean of $c_1, \dots, c_K$.

# %%
from bpttlib.tasks import influence_balancing

v = influence_balancing(theta=1.0).cell.W_xh                        # W_xh is theta times v
A = influence_balancing().cell.W_hh
term, c = v, np.zeros(201)
for K in range(1, 201):
    c[K] = c[K - 1] + term[0, 0]                                    # c_K = first entry of sum A^j v, j < K
    term = A @ term
c_chunks = np.cumsum(c)[1:] / np.arange(1, 201)                     # a chunk's mean over places 1 … K
slope = np.linalg.solve(np.eye(23) - A, v)[0, 0]
print(f"exact ds_1/d(theta) = {slope:.1f}, so the best theta is {1 / slope:.4f}")
print("sliding: c_K has the wrong sign up to K =", np.flatnonzero(c > 0).max())
print("chunks:  the mean has the wrong sign up to K =", 1 + np.flatnonzero(c_chunks > 0).max())

# %%
show(lines({"sliding": (np.arange(1, 201), c[1:]), "chunks": (np.arange(1, 201), c_chunks)},
           "$K$", r"truncated $ds_1/d\theta$", horizontal={"exact": slope},
           vertical={"41": 41, "110": 110}),
     f"The truncated derivative against K. With windows that slide it rises to {c.max():.1f}, falls through zero "
     f"between 40 and 41, and has reached the exact value of -6 at K = 80. With chunks it lags "
     f"behind, crosses zero between 109 and 110, and is still at {c_chunks[-1]:.1f} at K = 200.")

# %% [markdown]
# A chunk needs almost three times the length of a sliding window to get even the *sign* right. Does the
# library say the same? We start it at rest, so that every step looks alike, and take the gradient of the
# last few.

# %%
theta, cell = 0.5, Elman("identity")
params = influence_balancing(theta).cell
at_rest = theta * np.linalg.solve(np.eye(23) - A, v)
error = at_rest[0, 0] - 1


def by_library(k1, k2, T, count):
    ones, own = np.ones((T, 1, 1)), np.zeros((T, 23, 1))
    own[-count:, 0] = error / count
    rest = unroll(cell, params, ones, s0=at_rest)
    return float((v * truncated_bptt(cell, params, ones, rest, own, k1, k2).params.W_xh).sum()) / error


for K in (10, 30, 40, 41, 50):
    print(f"sliding, K = {K:3}: {by_library(1, K, T=60, count=5):8.4f}   closed form {c[K]:8.4f}")
for K in (100, 109, 110, 120):
    print(f"chunks,  K = {K:3}: {by_library(K, K, 2 * K, count=K):8.4f}   closed form {c_chunks[K - 1]:8.4f}")

# %% [markdown]
# Now train: $\theta = 0.5$ and all units 1 at the start, learning rate $10^{-4}$, 3000 steps, one update
# after each, $k_1 = 1$ and $k_2 = K$, the state carried. As in the encyclopaedia's algorithm, the first
# update comes when $K$ steps are there to go back through. The states on the tape stay as they were
# computed. The network is linear, so the way back does not depend on them: the gradient is
# $(s_1 - 1)\, c_K$.

# %%
def online(K, theta=0.5, lr=1e-4, updates=3000):
    s, losses = np.ones((23, 1)), []
    for t in range(1, updates + 1):
        s = A @ s + theta * v
        losses.append(0.5 * (s[0, 0] - 1) ** 2)
        if t >= K:
            theta -= lr * (s[0, 0] - 1) * c[K]
    return theta, np.array(losses)


runs = {K: online(K) for K in (10, 20, 30, 41, 50)}
for K, (theta, losses) in runs.items():
    end = f"theta ends at {theta:.3f}" if losses.max() < 1e6 else "theta far away"
    print(f"K = {K}: peak of the loss above a million: {losses.max() > 1e6!s:5}  {end}")
print(f"K = 50 within 0.001 of -1/6: {abs(runs[50][0] + 1 / 6) < 0.001}")

# %%
show(lines({f"K = {K}": np.maximum(losses, 1e-12) for K, (_, losses) in runs.items()}, "update", "loss", log="y",
           horizontal={"a million": 1e6}),
     "Loss against the update on a logarithmic axis, for five horizons. For K = 10, 20 and 30 it grows "
     "exponentially, far beyond a million. For K = 41 it hardly moves; for K = 50 it falls to nothing.")

# %% [markdown]
# The answer to the prediction is the third: it grows above a million. The learning rate is not to blame;
# a smaller one takes the same wrong way more slowly. With $K = 41$ the sign is right, but the gradient is
# so small that $\theta$ has come only from 0.5 to 0.28. With $K = 50$ it arrives.
#
# Two honest remarks. The point where $K = 41$ stands after 3000 updates depends on details of the start:
# whether the first 40 steps make updates, too, with shorter windows, and whether a window is computed again
# with today's weights. The signs and the end of $K = 50$ do not; our tests run it both ways. And this
# network was *built* to fail: two groups of units at different distances, with opposite signs. It does not
# say how often real tasks are like this. What it proves is that truncation's bias can be fatal, and that no
# learning rate cures it.
# [Unit 06](06_exact_alternatives.ipynb) has three ways out: truncation at random, which has no bias; running
# the derivative forward; and full gradients with less memory.
#
# ## Choosing $k_1$ and $k_2$
#
# What does it cost? We let the cell count its own steps back.

# %%
class Counting(Elman):
    def __init__(self):
        super().__init__()
        self.steps_back = 0

    def step_backward(self, *args):
        self.steps_back += 1
        super().step_backward(*args)


print(" k1  k2   steps back per loss   states kept   copies: least       mean   bias (slow)")
for k1, k2 in ((32, 32), (16, 32), (8, 32), (1, 32), (16, 16), (48, 48)):
    counting, copies = Counting(), rule(T, k1, k2).sum(axis=1)[k2:]         # once the start is past
    truncated_bptt(counting, slow, x, tape, dh_own, k1, k2)
    print(f"{k1:3} {k2:3} {counting.steps_back / T:21.1f} {k2 + 1:13} {copies.min():15} {copies.mean():10.1f}"
          f" {bias(slow, k1, k2)[0]:13.1%}")

# %% [markdown]
# Per loss, about $k_2 / k_1$ steps back (the start of the sequence is cheaper); in memory, $k_2$ steps. A
# loss is sure of $k_2 - k_1 + 1$ copies, and gets $k_2 - (k_1 - 1)/2$ on average. So:
#
# - **$k_1 = k_2$ is the cheap default.** Every step is visited once forward and once backward, as in full
#   BPTT. Frameworks offer this: they call it *detach*, or stop the gradient, at the carried state.
# - **$k_1 = k_2 / 2$ doubles the work of the way back** (in training, where a window is computed again with
#   today's weights, of the way there, too), and every loss gets more than half of the horizon. Here that
#   divides the bias by about ten, at the same memory. When bias hurts, this is the first thing to try.
# - **$k_1 = 1$** is for learning that must react at every step.
# - Ask first how far back the *task* has to look, and let each loss be sure of that many copies, and one
#   for its own step.
#
# ## Streams
#
# A long text, $B$ parts side by side. What has to be true so that a carried state means something? Each
# *column* must go on, from one batch to the next, where it stopped. So cut the stream into $B$ long pieces,
# one for each column. The natural-looking loader does something else.

# %%
from bpttlib.tasks import windows

text = np.arange(24)
for name, columns in (("each column is a piece of the text", text.reshape(3, 8).T),
                      ("the text fills row after row", text.reshape(8, 3))):
    loader = windows(columns, columns, k1=4)
    print(f"{name}: column 0 of the first batches:", *(loader(i).x[:, 0] for i in range(2)))

# %% [markdown]
# The second loader hands every column a text with gaps. And shuffling the batches, the right thing to do
# with independent examples, destroys the order of *all* columns: states are carried to where they do not
# belong. How bad is it? A task that needs the carried state: now and then, with probability 0.02 per step,
# the input is a pulse, +1 or −1, else 0. Say at every step which sign the *last* pulse had. Between two
# pulses lie 50 steps on average; the windows have 10.
#
# The answer is one of two classes. The *softmax* makes probabilities of the two outputs, $e^{y_k} / \sum_j e^{y_j}$,
# and the loss is the *cross-entropy*: minus the logarithm of the right one's probability. (You know both if you
# did exercises 03. In the code, `fresh` says that a batch starts from the zero state; `clip=1.0` shortens a gradient
# that is longer than 1. Unit 08 says why one does that, and what Adam is.)

# %%
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.train import fit

k, p = 10, 0.02


def pulses(seed, T, B=32):
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 0.0, 1.0], (T, 1, B), p=[p / 2, 1 - p, p / 2])
    x[0] = rng.choice([-1.0, 1.0], (1, B))
    last = np.maximum.accumulate(np.where(x[:, 0] != 0, np.arange(T)[:, None], 0))    # when it was
    return x, (np.take_along_axis(x[:, 0], last, axis=0) > 0).astype(int)


in_order = windows(*pulses(seed=0, T=3000), k1=k)
order = np.random.default_rng(1).permutation(300)
loaders = {"in order, carried": in_order,
           "shuffled, carried": lambda i: in_order(order[i])._replace(fresh=i == 0),
           "in order, reset": lambda i: in_order(i)._replace(fresh=True)}
model = Model(Elman(), D=1, H=8, K=2, loss="softmax_cross_entropy")
start = model.init(np.random.default_rng(0))
states = {name: fit(model, start, loader, 300, adam(lr=0.01), clip=1.0, progress=False)
          for name, loader in loaders.items()}
blind = np.log(2) * np.mean((1 - p) ** np.arange(1, k + 1))
show(lines({name: np.convolve(state.loss, np.ones(20) / 20, "valid") for name, state in states.items()},
           "update", "loss, mean of 20", horizontal={"": blind}),
     "Loss against updates. With the state carried in order it falls to nearly zero. Shuffled, and with "
     f"resets, it stays near a dashed line at {blind:.2f}, the best for one that cannot see beyond its "
     "window.")

# %%
print(f"no pulse in the window so far: {blind / np.log(2):.0%} of the steps; guessing there costs "
      f"{blind:.2f} on average, the dashed line")
for name, state in states.items():
    print(f"{name:18} loss of the last 50 updates below 0.05: {state.loss[-50:].mean() < 0.05!s:5}  "
          f"above 0.5: {state.loss[-50:].mean() > 0.5}")
x_new, y_new = pulses(seed=2, T=2000)
answer, _ = model.forward(states["in order, carried"].params, x_new)
right = answer.argmax(axis=1) == y_new
since = np.arange(2000)[:, None] - np.maximum.accumulate(
    np.where(x_new[:, 0] != 0, np.arange(2000)[:, None], 0))
print(f"new stream: longest wait for a pulse {since.max()} steps; share right after 100 steps and more "
      f"above 0.99: {right[since >= 100].mean() > 0.99}")

# %% [markdown]
# Look at the last line. The gradient never reached further back than ten steps, and the network remembers
# for a hundred steps and more. **The horizon of the gradient is not the horizon of the memory.** What has
# to be learnt here, *keep what you have*, can be learnt from short waits, and a carried state then keeps
# it for as long as it takes.
#
# ### Memory that does not grow
#
# A stream need not be stored. `fit` asks for batch number $i$; make it when it is asked for. The task: name
# the bit before.

# %%
from bpttlib.batch import Batch


def block(i):
    return np.random.default_rng((0, i)).integers(0, 2, (100, 8))


def endless(i):
    bits = block(i)
    before = block(i - 1)[-1:] if i else np.zeros((1, 8), int)
    return Batch(2.0 * bits[:, None, :] - 1, np.concatenate([before, bits[:-1]]), fresh=i == 0)


sizes = set()
state = fit(model, start, endless, 150, adam(lr=0.01), progress=False,
            callbacks=lambda state, step: sizes.add(sum(field.nbytes for field in step.tape)))
print(f"{state.updates * 100:,} steps; bytes of the tape at all updates: {sizes}; bytes of the history:",
      state.loss.nbytes + state.norm.nbytes)
print("loss below 0.05 at the end:", state.loss[-10:].mean() < 0.05)

# %% [markdown]
# The tape is that of one window. All that grows is the history, 16 bytes per update. To see it on your
# machine, in a terminal: `python -m benchmarks stream`. It runs 10,000 and 1,000,000 steps, each in a
# process of its own, and compares the peaks of their memory; the ratio must be below 1.2.
#
# For overlapping windows, $k_1 < k_2$, write `windows(x, targets, k1, k2)`. Each batch then brings $k_2$
# steps, of which the last $k_1$ count, and `fit` starts it from the state that the window before had at the
# right row; what overlaps is computed anew with today's weights.
#
# ## What cannot be learnt
#
# And where does it matter that the gradient ends? A delay: name the bit that came in four steps ago. The
# copy that read it is the fifth, counted back from the loss. So with $k_2 = 4$ no loss ever tells that copy
# what to store; with $k_2 = 5$ one does.

# %%
lag = 4


def delayed(seed, T, B=32):
    bits = np.random.default_rng(seed).integers(0, 2, (T + lag, B))
    return 2.0 * bits[lag:, None, :] - 1, bits[:T]


def readout_only(optimiser):
    """Let the optimiser change the readout, and leave the cell as it is."""
    def update(params, grads, memory):
        changed, memory = optimiser.update(params, grads, memory)
        return params._replace(readout=changed.readout), memory
    return optimiser._replace(update=update)


def learn(k1, k2, H=8, gain=0.9, optimiser=None, start=None, updates=250):
    model = Model(Elman(), D=1, H=H, K=2, loss="softmax_cross_entropy")
    start = start or model.init(np.random.default_rng(0), W_hh=partial(orthogonal, gain=gain))
    loader = windows(*delayed(seed=0, T=updates * k1), k1, k2)
    state = fit(model, start, loader, updates, optimiser or adam(lr=0.03), progress=False)
    x_new, y_new = delayed(seed=99, T=300)
    answer, _ = model.forward(state.params, x_new)
    return state, (answer.argmax(axis=1) == y_new)[lag:].mean()


learnt = {(k1, k2): learn(k1, k2) for k1, k2 in ((1, 4), (4, 4), (1, 5), (5, 5))}
for (k1, k2), (_, accuracy) in learnt.items():
    print(f"k1 = {k1}, k2 = {k2}: accuracy above 0.8: {accuracy > 0.8!s:5}  above 0.98: {accuracy > 0.98}")
show(lines({f"k1 = {k1}, k2 = {k2}": np.convolve(state.loss, np.ones(10) / 10, "valid")
            for (k1, k2), (state, _) in learnt.items()},
           "update", "loss, mean of 10", horizontal={"": np.log(2)}),
     "Loss against updates on the delay of four steps. With k2 = 4 it ends on the dashed line at ln 2 = 0.69, "
     "the cost of guessing, for windows that slide and for chunks, though for chunks it had fallen below one half "
     "before. With k2 = 5 it falls to zero for both.")

# %% [markdown]
# One step decides. But look at the beginning: the loss of the two that fail *falls* at first, and then
# climbs back to the dashed line, $\ln 2$, the cost of guessing. Something must have been there to be
# read. A network with random orthogonal weights echoes its inputs for some steps, whether it was taught
# to or not. So we leave the recurrent weights as they were drawn and train only the readout, which needs
# no gradient back in time at all. Then we do the same with the recurrent weights that $k_2 = 4$ has
# learnt.

# %%
for units, gain, lr in ((8, 0.9, 0.03), (64, 0.95, 0.005)):
    _, accuracy = learn(4, 4, units, gain, readout_only(adam(lr)))
    print(f"{units:2} units as drawn, readout only:    accuracy above 0.8: {accuracy > 0.8!s:5}  "
          f"above 0.98: {accuracy > 0.98}")
taught = learnt[4, 4][0].params
_, accuracy = learn(4, 4, optimiser=readout_only(adam(lr=0.03)), start=taught)
print(f" 8 units after k1 = k2 = 4, readout: accuracy above 0.8: {accuracy > 0.8!s:5}  "
      f"above 0.98: {accuracy > 0.98}")

# %% [markdown]
# Eight random units do better than eight that are *trained* with $k_2 = 4$, and 64 have the task solved.
# The truncated gradient was worse than none. It changed the recurrent weights for the sake of what it could
# see, and the echo was lost: with the weights that it left, a new readout does not find the bit either.
# Reservoir computing (Jaeger 2001) makes a method of leaving them alone.
#
# So be careful with conclusions. "It remembers more than $k_2$ steps" does not prove that a network was
# taught beyond its horizon: the pulses needed no far gradient, and the echo needed none at all. And "the task
# needs more than $k_2$ steps" does not prove that it must fail. What a horizon limits is what is *taught*.
#
# ## Experiment
#
# Choose $k_1$, $k_2$ and the gain of the network. Blue is kept, orange is cut; the stronger the colour, the
# larger the share of the gradient of $W_{hh}$. The read-out gives the relative bias of the whole gradient.

# %%
def look(k1, k2, gain):
    params, x_short, y_short = network(gain), x[:24], y[:24]
    tape, _, own = run(params, x_short, y_short)
    shares = contributions(Elman(), params, x_short, tape, own).W_hh
    g = bptt(Elman(), params, x_short, tape, own).params
    g_hat = truncated_bptt(Elman(), params, x_short, tape, own, k1, k2).params
    off = global_norm(tree_map(np.subtract, g_hat, g)) / global_norm(g)
    kept = rule(24, k1, k2)
    figure = draw_credit({f"$k_1 = {k1},\\ k_2 = {k2}$": kept}, np.linalg.norm(shares, axis=(2, 3)))
    return figure, (f"With k1 = {k1}, k2 = {k2} and gain {gain:.2f}, {kept.sum()} of the 300 pairs of loss "
                    f"and copy are kept; the bias is {off:.2%} of the gradient.")


explore(look, k1=(1, 24, 1, 4), k2=(1, 24, 1, 8), gain=(0.2, 1.2, 0.05, 0.9), tasks=[
    "At gain 0.9 and k2 = 12, find the cheapest k1 with a bias below 5 percent: the largest.",
    "Set k1 = k2 = 12, then k1 = 6, then k1 = 1. By what factor does the bias fall each time?",
    "Set the gain to 0.4. How small may k2 be for a bias below 3 percent, with k1 = 1? And chunks of that size?",
    "What happens for k1 > k2, and why must it?",
])

# %% [markdown]
# The same question, asked of states instead of copies, and of other cells and tasks: how much of a loss
# arrives where, and what does a truncation cut? (The LSTM and the GRU are units 09 and 10.)

# %%
from bpttlib.widgets import map_of_credit

map_of_credit()

# %% [markdown]
# ## Your turn
#
# 1. Remove the line `own[:first - start] = 0.0` from `in_windows`. For which $k_1, k_2$ is the result still
#    right? Which factor does the gradient of $b_h$ get, far from the start, when the network forgets at once?
# 2. In `online`, train with $K = 41$ for 30,000 updates. Where does it end? And with chunks: one update
#    every $K$ steps, with $K = 60$ and `c_chunks[K - 1]`?
# 3. How long does the echo last? Raise `lag`, with 64 units and only the readout trained, until the accuracy
#    falls. Then try `gain=0.5`.
# 4. Train the sunspot network of unit 03 with `windows(x, targets, 10)` in place of full sequences. Do the
#    forecasts suffer? How far back does an eleven-year cycle ask one to look?
# 5. In the callback of the stream, check that `step.carried` is the last row of `step.tape`.
#
# Exercises with points: [Exercises 05](../exercises/05/05.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. A paper uses "truncated BPTT with 20 steps". Through how many copies does a loss go back, once the
# start is past?**
#
# <details><summary>A. That depends on k₁, and one has to ask</summary>
#
# **Right.** With $k_1 = 1$ it is 20, with $k_1 = k_2 = 20$ it is 10.5 on average. Both are called
# truncated BPTT.
# </details>
#
# <details><summary>B. Through 20, that is what the number says</summary>
#
# **No.** So it is if the window slides with every loss, $k_1 = 1$. With chunks only the last loss of each
# sees 20.
# </details>
#
# <details><summary>C. Through 10.5, the mean of 1 to 20</summary>
#
# **No.** So it is on average with chunks, $k_1 = k_2 = 20$. A window that slides gives 20 to every loss.
# </details>
#
# **2. The state is carried over the border of a chunk, the gradient is not. What is exact, at frozen
# weights?**
#
# <details><summary>A. The gradient alone, of each chunk by itself</summary>
#
# **No.** That is what a *reset* gives: the exact gradient of another problem, with other states.
# </details>
#
# <details><summary>B. The states alone</summary>
#
# **No.** If the states are right, so are the outputs, and the losses with them. Only the gradient lacks
# something.
# </details>
#
# <details><summary>C. The states, the losses and the gradient</summary>
#
# **No.** The shares that cross a border are cut off the gradient. What is left is in general the gradient
# of no loss at all.
# </details>
#
# <details><summary>D. The states and the losses</summary>
#
# **Right.** Of the gradient, those shares are cut that would cross the start of their loss's window.
# </details>
#
# **3. Chunks of twice the length have only half the bias, though the network forgets exponentially. Why
# not less?**
#
# <details><summary>A. Two neighbouring chunks count the same losses</summary>
#
# **No.** Every loss counts once, in the chunk in which it lies. To count it in each window that sees it
# is a mistake that the unit prints: 0.216 for 0.108.
# </details>
#
# <details><summary>B. A chunk's first losses see few steps, at any length</summary>
#
# **Right.** The loss at place $j$ reaches $j$ copies, however long the chunk is. Doubling $k$ makes such
# losses half as frequent, and no better.
# </details>
#
# <details><summary>C. The state at the border is only an estimate</summary>
#
# **No.** The state is exact, at frozen weights: values are carried. It is the gradient that ends at the
# border.
# </details>
#
# **4. A training run with truncation diverges, also at a tenth of the learning rate. What do you try?**
#
# <details><summary>A. Clipping the gradient at a small norm</summary>
#
# **No.** Clipping keeps the direction, and it is the direction that may be wrong. A short step the wrong
# way is still one.
# </details>
#
# <details><summary>B. A larger k₂, or a smaller k₁</summary>
#
# **Right.** Both send losses further back. And compare, on a short tape, the truncated gradient with the
# full one.
# </details>
#
# <details><summary>C. A hundredth of the learning rate</summary>
#
# **No.** If the truncated gradient has the wrong sign, smaller steps take the same wrong way more slowly.
# Bias does not shrink with the learning rate.
# </details>
#
# **5. Your loader shuffles its windows, and your network carries its state. What will you see?**
#
# <details><summary>A. Better training, as with all shuffling</summary>
#
# **No.** Shuffling helps with independent examples. Windows of a stream are not independent: the state
# ties each to the one before it.
# </details>
#
# <details><summary>B. An error: state and input do not fit</summary>
#
# **No.** They fit, since all windows have the same shape. Nothing crashes, and that is the trouble.
# </details>
#
# <details><summary>C. Nothing is learnt beyond the window</summary>
#
# **Right.** The states that arrive belong to other places of the text. In the unit the loss stayed near
# that of a network that cannot see beyond its window.
# </details>
#
# ## What to take away
#
# - Every $k_1$ steps, the new losses go back at most $k_2$ steps. $k_1 = 1$ slides, $k_1 = k_2$ are chunks;
#   every loss counts once.
# - Carry values, cut gradients. The result is in general the gradient of no loss; its bias does not go away
#   with the learning rate.
# - Where the network forgets, the bias falls exponentially for windows that slide, and like $1/k$ for
#   chunks. It can have the wrong sign.
# - In a stream each column must go on where it stopped. Memory stays constant.
# - The gradient's horizon limits what is *taught*, not what is remembered.
#
# Next: [06 · Randomised truncation, RTRL, checkpointing](06_exact_alternatives.ipynb).
#
# **Sources.** Aicher, Foti and Fox 2019, *Adaptively truncating backpropagation through time to control
# gradient bias*, UAI. Jaeger 2001, *The "echo state" approach to analysing and training recurrent neural
# networks*, GMD Report 148. Sutskever 2013, *Training recurrent neural networks*, PhD thesis, University of
# Toronto. Tallec and Ollivier 2017, *Unbiasing truncated backpropagation through time*, arXiv 1705.08209, and
# 2018, *Unbiased online recurrent optimization*, ICLR. Williams and Peng 1990, *An efficient gradient-based
# algorithm for on-line training of recurrent network trajectories*, Neural Computation 2(4). That carried
# state changes the loader is shown step by step in chapter 12 of Howard and Gugger 2020, *Deep Learning for
# Coders with fastai and PyTorch*.
