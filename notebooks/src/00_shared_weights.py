# %% [markdown]
# # 00 · Shared weights and the chain rule
#
# A recurrent network uses the same weights at every time step. Before we meet one, we need a single
# fact about derivatives: **when a number is used in several places, its derivative is the sum over
# the places.** Backpropagation through time is this fact, applied with care.
#
# After this unit you can
#
# - say why the gradients of tied weights add up, and do not average,
# - compute such a gradient on real data,
# - check any derivative by three numerical methods, and know how far to trust each.
#
# You need: derivatives, the chain rule, a little NumPy. Time: about 60 minutes.

# %%
import numpy as np
from bpttlib.data import sunspots
from bpttlib.plots import lines, loss_surface, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# Let $y = w \cdot (w \cdot x)$ with $x = 3$ and $w = 2$, so $y = 12$. Now $w$ grows by 0.01.
# By how much does $y$ grow, to two digits? Is that the effect of one of the two factors, of their
# mean, or of their sum? Write your answer down, then run the cell.

# %%
x, w, step = 3.0, 2.0, 0.01
print("only the first factor grows: ", round(w * ((w + step) * x) - w * (w * x), 4))
print("only the second factor grows:", round((w + step) * (w * x) - w * (w * x), 4))
print("both grow, as they must:     ", round((w + step) * ((w + step) * x) - w * (w * x), 4))

# %% [markdown]
# The two effects add: 0.06 + 0.06 = 0.12. The remaining 0.0003 is $\text{step}^2\,x$, and it vanishes
# faster than the step does.
#
# ## One number, used twice, on real data
#
# For every year since 1700 there is a sunspot number, a measure of how many spots astronomers saw (the
# early ones are reconstructed). We want to forecast it two years ahead with a single weight: each year
# multiplies the number by $w$. Two years multiply it by $w$ twice, and the loss $L$ is the mean over all
# $N$ pairs of years,
#
# $$ \hat{x}_{t+2} = w \cdot (w \cdot x_t), \qquad
#    L(w) = \frac{1}{N} \sum_t \tfrac12 \left( \hat{x}_{t+2} - x_{t+2} \right)^2 . $$
#
# It is a poor forecast. But it is a network with a shared weight, on real input, and small enough to
# see through.

# %%
series = sunspots().numbers / 100          # in hundreds, so that the numbers are near 1
now, later = series[:-2], series[2:]       # each year, and the year two years after it
print(f"{len(now)} pairs, from the years 1700 and 1702 to the years 2006 and 2008")

# %% [markdown]
# Here is the trick of this whole course. **Pretend that the two uses are different weights**, $w_1$
# in the first year and $w_2$ in the second. For separate weights the derivatives are easy. With the
# residual $r_t = w_2 w_1 x_t - x_{t+2}$,
#
# $$ \frac{\partial L}{\partial w_1} = \frac1N \sum_t r_t\, w_2 x_t, \qquad
#    \frac{\partial L}{\partial w_2} = \frac1N \sum_t r_t\, w_1 x_t . $$
#
# The code is the equation:

# %%
def loss(w1, w2):
    return np.mean(0.5 * (w2 * w1 * now - later) ** 2)


def partials(w1, w2):
    r = w2 * w1 * now - later
    return np.mean(r * w2 * now), np.mean(r * w1 * now)


d1, d2 = partials(0.5, 0.5)
print(f"dL/dw1 = {d1:.4f}    dL/dw2 = {d2:.4f}    sum = {d1 + d2:.4f}")

# %% [markdown]
# Now tie them again. Both copies are functions of the one $w$, namely $w_1 = w$ and $w_2 = w$, so the
# chain rule for several variables says
#
# $$ \frac{dL}{dw}
#    = \frac{\partial L}{\partial w_1} \underbrace{\frac{dw_1}{dw}}_{1}
#    + \frac{\partial L}{\partial w_2} \underbrace{\frac{dw_2}{dw}}_{1}
#    = \frac{\partial L}{\partial w_1} + \frac{\partial L}{\partial w_2} . $$
#
# That is the proof: **gradients of tied weights add up, because each copy moves at speed 1 when $w$
# does.** As a picture: $L(w_1, w_2)$ is a landscape, and a tied weight may only walk on the diagonal.
# One step of $\Delta w$ along $w$ goes $\Delta w$ east *and* $\Delta w$ north.

# %%
grid = np.linspace(0.05, 1.45, 60)
surface = np.array([[loss(w1, w2) for w1 in grid] for w2 in grid])
tied = np.linspace(0.05, 1.45, 1401)
best = tied[np.argmin([loss(w, w) for w in tied])]
show(loss_surface(grid, grid, surface, path={"w₁ = w₂": np.array([[0.15, 0.15], [1.1, 1.1]])},
                  points={"0.5": (0.5, 0.5), "best": (best, best)},
                  xlabel="$w_1$", ylabel="$w_2$"),
     "Contour map of the loss over the two copies w1 and w2. The valley is a curve on which the "
     "product w1 w2 is constant. The tied weights lie on the diagonal: a mark at 0.5 shows where the "
     f"derivatives above were taken, and the diagonal crosses the valley at w1 = w2 = {best:.3f}.")

# %% [markdown]
# ## The sum, not the mean
#
# It is tempting to average the copies' gradients. What would that do? With a single shared weight,
# the mean is the sum divided by the number of copies: the same direction, a smaller step. Training
# still works, only slower, and so the mistake can live for years. With several weights that are used
# *differently often*, the mean shrinks each by its own factor, and the direction is wrong.
#
# A numerical derivative does not know about copies. It asks what happens to $L$ when $w$ moves.

# %%
eps = 1e-5
numerical = (loss(0.5 + eps, 0.5 + eps) - loss(0.5 - eps, 0.5 - eps)) / (2 * eps)
print(f"numerical {numerical:.4f}    sum {d1 + d2:.4f}    mean {(d1 + d2) / 2:.4f}")

# %% [markdown]
# ## Eleven copies
#
# The sun has a cycle of about eleven years, so let us look eleven years ahead: $\hat{x}_{t+11} =
# w^{11} x_t$. There are eleven copies of $w$. Copy $i$ multiplies what the first $i - 1$ copies made,
# and $11 - i$ copies still follow, so its share is
# $\frac1N \sum_t r_t \, w^{11-i} \, w^{i-1} x_t$.

# %%
k, w = 11, 0.8
now, later = series[:-k], series[k:]
r = w**k * now - later
shares = [np.mean(r * w ** (k - i) * w ** (i - 1) * now) for i in range(1, k + 1)]
print("share of each copy:", *(f"{share:.5f}" for share in shares[:3]), "…")
print(f"their sum:          {sum(shares):.5f}")
print(f"k w^(k-1) formula:  {np.mean(r * k * w ** (k - 1) * now):.5f}")

# %% [markdown]
# All shares are equal here, because the factors are plain numbers and commute. In a recurrent network
# they are matrices, each copy sees another state, and the shares differ; unit 03 draws them.
#
# ## Three ways to check a derivative
#
# You will write many derivatives, and some will be wrong. A check must not share the mistake, so it
# uses nothing but the function itself.
#
# | method | formula | error |
# |---|---|---|
# | forward difference | $\dfrac{L(w + \varepsilon) - L(w)}{\varepsilon}$ | of order $\varepsilon$, and rounding of order $10^{-16} / \varepsilon$ |
# | central difference | $\dfrac{L(w + \varepsilon) - L(w - \varepsilon)}{2 \varepsilon}$ | of order $\varepsilon^2$, and rounding of order $10^{-16} / \varepsilon$ |
# | complex step | $\operatorname{Im} L(w + i \varepsilon) \,/\, \varepsilon$ | of order $\varepsilon^2$, and **no** rounding from a subtraction |
#
# The first two subtract two nearly equal numbers, so a smaller $\varepsilon$ is not always better. The
# third (Squire and Trapp 1998) steps into the imaginary direction. By Taylor's theorem
# $L(w + i\varepsilon) = L(w) + i \varepsilon L'(w) - \tfrac12 \varepsilon^2 L''(w) - \dots$, so the
# imaginary part, divided by $\varepsilon$, *is* the derivative, up to order $\varepsilon^2$, and nothing
# has to be subtracted. It asks for one thing: that $L$ is made of analytic operations. An absolute value,
# a real part or a conjugate breaks it; unit 04 shows how.

# %%
def L(w):
    return np.mean(0.5 * (w**k * now - later) ** 2)


exact = np.mean((w**k * now - later) * k * w ** (k - 1) * now)
steps = 10.0 ** np.arange(-15, -1, 0.25)
errors = {
    "forward difference": [abs((L(w + h) - L(w)) / h / exact - 1) for h in steps],
    "central difference": [abs((L(w + h) - L(w - h)) / (2 * h) / exact - 1) for h in steps],
    "complex step": [abs(np.imag(L(w + 1j * h)) / h / exact - 1) for h in steps],
}
errors = {name: (steps, np.maximum(error, 1e-17)) for name, error in errors.items()}
show(lines(errors, "step size ε", "relative error of dL/dw", log="xy"),
     "Relative error against step size, both logarithmic. Forward and central differences form a V: "
     "too large a step is wrong by curvature, too small a one by rounding. The complex step falls "
     "with the square of the step and then stays at the floor of about 1e-16.")

# %% [markdown]
# Read the picture from right to left. With a smaller step, the forward difference gains one digit per
# digit, the central difference two, until rounding takes over and both get worse. The complex step
# just reaches the floor and stays. We use $\varepsilon = 10^{-30}$ and forget about it.
#
# How close is close enough? The course always measures the same thing,
#
# $$ \text{relative error} = \frac{\lVert g - \hat g \rVert_\infty}
#                                 {\max(\lVert g \rVert_\infty, \lVert \hat g \rVert_\infty, 10^{-12})} , $$
#
# for two gradients $g$ and $\hat g$, where $\lVert g \rVert_\infty$ is the largest magnitude among the
# entries of $g$. It asks for at most $10^{-10}$ in double precision with the complex step. The library has
# all of it:

# %%
from bpttlib.gradcheck import central_difference, complex_step, relative_error

w = np.array(0.8)
print("central difference, below 1e-7: ", relative_error(exact, central_difference(L, w)) < 1e-7)
print("complex step,       below 1e-10:", relative_error(exact, complex_step(L, w)) < 1e-10)
print("the mean of the copies' shares: ", round(relative_error(exact, exact / k), 3))

# %% [markdown]
# ## Experiment
#
# How strongly does $y = w^k x$ react to $w$? By $k\, w^{k-1} x$: there are $k$ copies, and each passes
# through $k - 1$ others. Move $w$ and $k$. Before each move, say what will happen.

# %%
def sensitivity(w, k):
    ks = np.arange(1, 41)
    figure = lines({"$k\\,w^{k-1}$": (ks, ks * w ** (ks - 1.0))}, "number of copies k",
                   "dy/dw for x = 1", log="y", vertical={f"k = {k}": k})
    return figure, (f"With w = {w:.2f} and k = {k} copies, dy/dw = {k * w ** (k - 1.0):.4g}. The curve "
                    "shows dy/dw for 1 to 40 copies; the dashed line marks k.")


explore(sensitivity, w=(0.55, 1.3, 0.05, 0.8), k=(1, 40, 1, 11), tasks=[
    "At w = 0.8, which numbers of copies give the largest derivative?",
    "At which w does the derivative stop being exponential in k? How does it grow there?",
    "Why does the curve rise at first for every w in the range?",
])

# %% [markdown]
# ## Your turn
#
# In a new cell below (`Esc`, then `b`), take a network with two shared weights that are used
# differently often: $\hat{x}_{t+3} = w \cdot (w \cdot (u \cdot x_t))$.
#
# 1. Derive $dL/dw$ and $dL/du$ on paper, by pretending that all three uses are separate.
# 2. Write `loss3(w, u)`, and `gradient(w, u)` that returns both derivatives, for the sunspot series.
# 3. Check it: `complex_step(lambda p: loss3(p[0], p[1]), (np.array(0.7), np.array(0.9)))` must agree
#    to a relative error of $10^{-10}$.
# 4. Replace the sum over the copies of $w$ by their mean, and look at the direction
#    $(dL/dw, dL/du)$. Is it still the steepest?
#
# Exercises with points: [Exercises 00](../exercises/00/00.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. A weight is used 100 times. What does that say of its gradient, beside that of a weight used
# once?**
#
# <details><summary>A. It is about 100 times as large</summary>
#
# **No.** It is a sum of 100 shares, and shares may differ in size and in sign. Only the *number of terms*
# is 100 times as large.
# </details>
#
# <details><summary>B. It is as large, since copies are averaged</summary>
#
# **No.** Nothing is averaged: each copy moves at speed 1 when the weight does, so the shares add up. A
# numerical derivative sides with the sum.
# </details>
#
# <details><summary>C. It is a sum of 100 terms, and may have any size</summary>
#
# **Right.** The shares can be tiny, or large, or cancel. How often a weight is used says how many terms
# are added, and no more.
# </details>
#
# **2. Two copies of w are made as w₁ = w and w₂ = 2w. How do their partial derivatives enter dL/dw?**
#
# <details><summary>A. Each once: copies of one weight are tied</summary>
#
# **No.** Once is right where a copy *is* $w$, for then $dw_i/dw = 1$. Here $w_2$ moves twice as fast as
# $w$.
# </details>
#
# <details><summary>B. The first once, and the second twice</summary>
#
# **Right.** The chain rule multiplies $\partial L/\partial w_i$ by $dw_i/dw$, which is 1 and 2. The plain
# sum is the case in which each copy is $w$ itself.
# </details>
#
# <details><summary>C. Each with one half, as there are two copies</summary>
#
# **No.** That would be a mean, and the number of copies appears nowhere in the chain rule. What counts is
# how fast each copy moves when $w$ does.
# </details>
#
# **3. You take the mean of the shares in place of their sum, and training works. What did you change?**
#
# <details><summary>A. The step's length, and perhaps its direction</summary>
#
# **Right.** With one shared weight the step is shorter by the factor $1/k$. With several
# weights of different $k$, each shrinks by its own factor, and the direction is wrong.
# </details>
#
# <details><summary>B. Nothing that matters: a mean is a sum as well</summary>
#
# **No.** The mean is the sum divided by the number of copies. It trains, because the sign is right; it is
# not the derivative, as any numerical check tells.
# </details>
#
# <details><summary>C. The direction, even with a single shared weight</summary>
#
# **No.** With a single weight all shares are scaled by the same positive factor $1/k$: same direction,
# smaller step. It takes two weights that are used differently often to turn it.
# </details>
#
# **4. A central difference with ε = 1e-15 disagrees with your derivative by 5 %. Is your derivative
# wrong?**
#
# <details><summary>A. Yes: a check that uses only the function is right</summary>
#
# **No.** It uses only the function, and it subtracts two nearly equal numbers. At this step size rounding
# is as large as what is left.
# </details>
#
# <details><summary>B. No: central differences are that inaccurate</summary>
#
# **No.** At a good step size, near $10^{-5}$, they are accurate to many digits. And a check that fails
# for its own reasons does not acquit you.
# </details>
#
# <details><summary>C. That cannot be told from this check</summary>
#
# **Right.** At that step size rounding alone causes errors of that size: see the left arm of the V. Try
# $10^{-5}$, or the complex step.
# </details>
#
# **5. The complex step of <code>abs(w)</code> at w = −2 gives 0. Why?**
#
# <details><summary>A. abs throws the imaginary part away</summary>
#
# **Right.** `abs` of a complex number is its length, which is real. The function must be made of analytic
# operations for the method to work.
# </details>
#
# <details><summary>B. The step of 1e-30 is too small to be seen</summary>
#
# **No.** It would be for a difference, where it vanishes beside the 2. The complex step subtracts
# nothing, so it may be as small as that.
# </details>
#
# <details><summary>C. The derivative of abs at −2 is 0</summary>
#
# **No.** It is $-1$: left of zero, `abs` falls with slope 1. At its kink, at 0, there is no derivative;
# but that is elsewhere.
# </details>
#
# ## What to take away
#
# - Pretend that the copies are separate, differentiate, **add up**. It is the chain rule, so it is
#   proved, not a convention.
# - The mean instead of the sum is a scaled sum if there is one weight, and a wrong direction if there
#   are several.
# - Check every derivative by something that is not itself. The complex step is exact to rounding where
#   the function is analytic.
#
# Next: [01 · Unfolding an Elman network](01_unfolding.ipynb). Symbols: [notation](../docs/notation.md). Terms:
# [glossary](../docs/glossary.md).
#
# **Sources.** Squire and Trapp 1998, *Using complex variables to estimate derivatives of real
# functions*, SIAM Review 40(1), 110–112. The sunspot series and its licence are described in
# [bpttlib/data/LICENSES.md](../bpttlib/data/LICENSES.md).
