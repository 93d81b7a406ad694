# %% [markdown]
# # 02 · Backpropagation through time on two numbers
#
# The smallest recurrent network has one unit, no squashing, and two parameters. Everything that
# matters about backpropagation through time already happens in it, and here it can be done by hand and
# seen whole: two parameters make a landscape that one can look at.
#
# After this unit you can
#
# - derive $dL/dw$ of a scalar recurrent network, forward and backward, with pencil and paper,
# - carry a gradient back through time in two lines of code,
# - predict from $w$ whether it dies out or blows up, and see both in the loss surface.
#
# You need: units [00](00_shared_weights.ipynb) and [01](01_unfolding.ipynb). Time: about 75 minutes.

# %%
import numpy as np
from bpttlib.data import sunspots
from bpttlib.plots import draw_unfolding, lines, loss_surface, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# A state starts at $h_0 = 0.9$ and is multiplied by $w = 0.2$ three times. The loss is the last state,
# $L = h_3$. What is $dL/dw$? Decide between $w^2 h_0 = 0.036$, $3 w^2 h_0 = 0.108$ and
# $w^3 h_0 = 0.0072$ before you go on.
#
# ## The network and its data
#
# One unit reads the sunspot numbers $x_1, x_2, \dots$ and forecasts the next year:
#
# $$ h_t = w\, h_{t-1} + u\, x_t , \qquad
#    L = \frac1T \sum_{t=1}^{T} \tfrac12 (h_t - y^*_t)^2 , \qquad y^*_t = x_{t+1} . $$
#
# The state is the forecast, so there is no readout: $y_t = h_t$. It is a running sum of the past that
# fades by the factor $w$ each year, $h_t = w^t h_0 + \sum_{s=1}^{t} w^{t-s} u\, x_s$. Two numbers to learn:
# how much of the new to take in, $u$, and how much of the old to keep, $w$. With $u = 1$ and $w = 0$ the
# forecast is that nothing changes; it is called *persistence*, and a network should beat it.

# %%
series = sunspots().numbers / 100                    # in hundreds
x, target = series[:100], series[1:101]              # 1700 … 1799, and the year after each


def forward(w, u, x, h_0=0.0):
    h = np.empty(len(x) + 1, dtype=np.result_type(w, u, x, h_0))
    h[0] = h_0
    for t in range(1, len(x) + 1):
        h[t] = w * h[t - 1] + u * x[t - 1]
    return h


def loss(w, u, x=x, target=target):
    h = forward(w, u, x)
    return np.mean(0.5 * (h[1:] - target) ** 2)


print("persistence, w = 0 and u = 1:", round(loss(0.0, 1.0), 4))
print("a fading memory, w = 0.5 and u = 0.5:", round(loss(0.5, 0.5), 4))

# %% [markdown]
# ## The derivative by hand
#
# Take $T = 3$ and follow unit 00: pretend that the three copies of $w$ are separate weights $w_1, w_2,
# w_3$, and the copies of $u$ too; differentiate, and add up.
#
# $$ h_1 = w_1 h_0 + u_1 x_1, \quad h_2 = w_2 h_1 + u_2 x_2, \quad h_3 = w_3 h_2 + u_3 x_3 . $$
#
# **Step 1: what does each state do to the loss?** Write $e_t = (h_t - y^*_t) / T$ for the gradient of
# step $t$'s *own* loss. The last state does nothing but cause its own loss, so $\partial L / \partial
# h_3 = e_3$. State $h_2$ causes its own loss, and it makes $h_3$, with factor $w_3 = w$:
#
# $$ \frac{\partial L}{\partial h_2} = e_2 + w\, \frac{\partial L}{\partial h_3}, \qquad
#    \frac{\partial L}{\partial h_1} = e_1 + w\, \frac{\partial L}{\partial h_2}, \qquad
#    \frac{\partial L}{\partial h_0} = w\, \frac{\partial L}{\partial h_1} . $$
#
# **Step 2: what does each copy of a parameter do?** Copy $w_t$ touches only $h_t$, with factor
# $h_{t-1}$; copy $u_t$ does so with factor $x_t$.
#
# **Step 3: add up the copies.**
#
# $$ \frac{dL}{dw} = \sum_{t=1}^{T} \frac{\partial L}{\partial h_t}\, h_{t-1}, \qquad
#    \frac{dL}{du} = \sum_{t=1}^{T} \frac{\partial L}{\partial h_t}\, x_t . $$
#
# This is backpropagation through time, complete. The rest of the course puts matrices for the numbers.

# %%
def backward(w, u, x, target, h):
    T = len(x)
    dh, dw, du = 0.0, 0.0, 0.0
    for t in range(T, 0, -1):
        dh = (h[t] - target[t - 1]) / T + w * dh     # own loss, plus what comes back from h_{t+1}
        dw += dh * h[t - 1]                          # this copy's share …
        du += dh * x[t - 1]                          # … added to the sum
    return dw, du, w * dh                            # dL/dw, dL/du, dL/dh_0


dw, du, dh_0 = backward(0.5, 0.5, x, target, forward(0.5, 0.5, x))
print(f"dL/dw = {dw:.4f}   dL/du = {du:.4f}   dL/dh_0 = {dh_0:.4f}")

# %% [markdown]
# And the check by something that is not itself:

# %%
from bpttlib.gradcheck import complex_step, relative_error

check = complex_step(lambda p: loss(p[0], p[1]), (np.array(0.5), np.array(0.5)))
print("dL/dw and dL/du agree with the complex step to 1e-10:",
      max(relative_error(dw, check[0]), relative_error(du, check[1])) < 1e-10)

# %% [markdown]
# Once with numbers small enough to follow on paper: $T = 4$, $w = \tfrac12$, $u = 1$, $h_0 = 0$, the
# input a single 1 at the first step, every target 0. Do the table yourself, from left to right and back
# again, before you look.

# %%
pulse = np.array([1.0, 0, 0, 0])
h = forward(0.5, 1.0, pulse)
dh = np.zeros(5)
for t in (4, 3, 2, 1):
    dh[t] = h[t] / 4 + (0.5 * dh[t + 1] if t < 4 else 0.0)
dh[0] = 0.5 * dh[1]
print("t             " + "".join(f"{t:10}" for t in range(5)))
print("h_t       ->  " + "".join(f"{v:10.5f}" for v in h))
print("dL/dh_t   <-  " + "".join(f"{v:10.5f}" for v in dh))
print("copy's share of dL/dw   " + "".join(f"{dh[t] * h[t - 1]:10.5f}" for t in range(1, 5)))
print(f"dL/dw = {sum(dh[t] * h[t - 1] for t in range(1, 5)):.5f}")

# %%
show(draw_unfolding(4, backward=True, folded=False, values={"x": pulse, "h": h, "dh": dh}),
     "The unfolded network over four steps with the numbers of the table, rounded: states from left to "
     "right, and dashed arrows that carry the gradients from the losses down and from right to left.")

# %% [markdown]
# (The drawing is the general one: here $y_t$ is $h_t$ itself, $W_{hh}$ is $w$, and $W_{xh}$ is $u$.)
#
# Now the prediction from the start. With no input, $h_3 = w^3 h_0$, and three copies of $w$ share in it:

# %%
w, h_0 = 0.2, 0.9
shares = [w**2 * h_0 for copy in (1, 2, 3)]          # the other two copies pass it on, h_0 starts it
exact = complex_step(lambda p: p[0] ** 3 * h_0, (np.array(w),))[0]
print("share of one copy:", round(shares[0], 4), "  sum:", round(sum(shares), 4),
      "  complex step:", round(float(exact), 4))

# %% [markdown]
# ## The gradient through time
#
# Let $L_T$ be the loss of the last step alone. How much does it know of the state $n$ steps earlier? The
# chain has $n$ links, each a factor $w$, so
#
# $$ \frac{\partial L_T}{\partial h_{T-n}} = w^n\, \frac{\partial L_T}{\partial h_T} . $$
#
# This is no accident of our numbers; for a scalar linear network it is an identity. For $|w| < 1$ it
# *vanishes*, for $|w| > 1$ it *explodes*, both exponentially. Bengio, Simard and Frasconi (1994) showed
# what this means for learning.

# %%
n = np.arange(0, 51)
show(lines({f"w = {w}": (n, w ** n) for w in (0.5, 0.9, 1.0, 1.1)}, "steps back n",
           r"$|\partial L_T / \partial h_{T-n}|$, relative to n = 0", log="y"),
     "Gradient against the number of steps back, on a logarithmic scale: straight lines that fall "
     "for w = 0.5 and 0.9, stay level for w = 1 and rise for w = 1.1.")
for w in (0.5, 0.9, 1.1):
    print(f"w = {w}: after 50 steps the factor is {w**50:.1e}")

# %% [markdown]
# With tanh and matrices, each link is $W_{hh}^\top \operatorname{diag}(1 - h^2)$ instead of $w$, and
# "below 1" splits into a condition that is sufficient and one that is only necessary. Unit 07 will do
# this properly. Do not apply the rule $|w| < 1$ to matrices without further thought.
#
# ## The whole loss surface
#
# Two parameters, so we can compute the loss everywhere, and watch gradient descent walk on it: each of
# its steps subtracts from a parameter its derivative times the *learning rate*. The path starts at
# $w = 0.1$, $u = 0.1$ and makes 1000 steps with the learning rate 0.3.

# %%
def descend(w, u, lr=0.3, steps=1000):
    path = [(w, u)]
    for _ in range(steps):
        dw, du, _ = backward(w, u, x, target, forward(w, u, x))
        w, u = w - lr * dw, u - lr * du
        path.append((w, u))
    return np.array(path)


ws, us = np.linspace(-1.0, 1.05, 80), np.linspace(-0.2, 1.9, 80)
surface = np.array([[loss(w, u) for w in ws] for u in us])
path = descend(0.1, 0.1)
show(loss_surface(ws, us, surface, path=path, points={"start": path[0], "end": path[-1]},
                  xlabel="$w$: how much of the old to keep", ylabel="$u$: how much of the new"),
     "Loss surface over w and u for the first hundred years of sunspots. Towards w = 1 the contour "
     "lines crowd together into a steep wall. The descent path first falls quickly into a valley and "
     f"then follows it, ending at w = {path[-1][0]:.2f}, u = {path[-1][1]:.2f}.")
print(f"loss: start {loss(*path[0]):.4f}, end {loss(*path[-1]):.4f}, persistence {loss(0.0, 1.0):.4f}")

# %% [markdown]
# The descent ends at a *negative* $w$ and a $u$ above 1. Look at what that says: $h_t = u\, x_t + w\,
# h_{t-1}$ takes more than the whole of this year's number and subtracts a part of what had been expected
# for it. It follows the direction of the surprise, and beats persistence by it. One unit cannot swing in
# an eleven-year rhythm; for that one needs more units, as in unit 03.
#
# Now look at the right edge: the loss shoots up like a wall. Towards $w = 1$ the state becomes an ever
# longer sum of the past; beyond 1, each year multiplies what is kept by more than 1. How steep is it, and
# where would one step of our descent land?

# %%
for w in (0.9, 1.0, 1.1, 1.2):
    dw, _, _ = backward(w, 1.0, x, target, forward(w, 1.0, x))
    print(f"w = {w}: L = {loss(w, 1.0):.1e}   dL/dw = {dw:.1e}   next w = {w - 0.3 * dw:.1e}")

# %% [markdown]
# Out of the picture, each time. Clipping (unit 08) is the parachute: it bounds the length of the step.
#
# ## Experiment
#
# Choose $w$ and $u$. The line of text gives the loss and both derivatives; the picture shows how far the loss
# of the last year reaches back (values below $10^{-12}$ are drawn there).

# %%
def probe(w, u):
    h = forward(w, u, x)
    dw, du, _ = backward(w, u, x, target, h)
    e = h[-1] - target[-1]
    back = np.abs(e * w ** np.arange(0.0, 31))
    figure = lines({"gradient": np.maximum(back, 1e-12)}, "steps back n",
                   r"$|\partial L_T / \partial h_{T-n}|$", log="y")
    return figure, (f"At w = {w:.2f}, u = {u:.2f}: L = {loss(w, u):.4g}, dL/dw = {dw:.4g}, "
                    f"dL/du = {du:.4g}. The line shows the last year's gradient up to 30 steps back.")


explore(probe, w=(-1.2, 1.2, 0.05, 0.5), u=(-0.5, 1.5, 0.05, 0.5), tasks=[
    "Find a point with a loss below 0.02. Is w positive or negative there?",
    "At u = 0.5, raise w from 0.8 to 1.2. By what factor does dL/dw grow with each 0.1, and why?",
    "Compare w = 0.9 with w = -0.9. What stays the same in the line, slope or height, and why?",
])

# %% [markdown]
# ## Your turn
#
# 1. Add the initial state as a third parameter: give `loss` an `h_0` too, and start the descent from
#    $h_0 = 0$. `backward` already returns its derivative. By how much does the loss fall, and why so
#    little?
# 2. Change `w * dh` into `dh` in the loop of `backward`. For which $w$ is the result still right? Which
#    check finds the mistake at once?
# 3. Derive $d^2 L / dh_0^2$ for $L = \tfrac12 h_T^2$ and no input. What does it say about the surface
#    for $w > 1$?
#
# Exercises with points: [Exercises 02](../exercises/02/02.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. In the example with T = 3, ∂L/∂h₃ has one term and ∂L/∂h₂ has two. Where does the second come
# from?**
#
# <details><summary>A. From h₃, which is made of h₂</summary>
#
# **Right.** $h_2$ acts on the loss in two ways: through its own loss and through $h_3$. The last state
# has nobody after it.
# </details>
#
# <details><summary>B. From the second copy of w</summary>
#
# **No.** The copies of $w$ get their shares later, in step 2. This term is about what the *state* $h_2$
# does: it is multiplied by $w$ and becomes part of $h_3$.
# </details>
#
# <details><summary>C. From h₁, which h₂ is made of</summary>
#
# **No.** That is the way forward. A gradient asks where a state *goes*, not where it comes from, and
# $h_2$ does not go into $h_1$.
# </details>
#
# **2. A colleague computes dh from each step's own loss alone, and it trains. What has she computed?**
#
# <details><summary>A. The gradient, but with a smaller learning rate</summary>
#
# **No.** Nothing is scaled: terms are missing, and they differ from step to step and from $w$ to $u$. So
# the direction changes, too.
# </details>
#
# <details><summary>B. The gradient of the last step's loss</summary>
#
# **No.** All losses are there. But each of them changes only the copy at its own step.
# </details>
#
# <details><summary>C. A gradient truncated to a single step</summary>
#
# **Right.** What is missing is `w * dh`: nothing is carried back, so the network learns from one step at
# a time. It is no longer the gradient of the loss.
# </details>
#
# **3. w = 0.9. After how many steps has the gradient fallen below one percent?**
#
# <details><summary>A. After 10 steps</summary>
#
# **No.** Each step takes a tenth of what is *left*, not of the whole. After 10 steps more than a third is
# still there, $0.9^{10} \approx 0.35$.
# </details>
#
# <details><summary>B. After 22 steps</summary>
#
# **No.** Then it has fallen to about a tenth. A hundredth is a tenth of a tenth and takes twice as long.
# </details>
#
# <details><summary>C. After 44 steps</summary>
#
# **Right.** $0.9^n < 0.01$ means $n > \ln 100 / \ln(1/0.9) \approx 43.7$.
# </details>
#
# <details><summary>D. After 100 steps</summary>
#
# **No.** By then it is far below: $0.9^{100} \approx 0.00003$. One percent is passed much earlier.
# </details>
#
# **4. The gradient vanishes. Does that mean that dL/dw is zero?**
#
# <details><summary>A. Yes: each of its terms has the factor wⁿ</summary>
#
# **No.** Each has it with an $n$ of its own, and the loss of a step reaches its own copy with $n = 0$.
# These near terms have lost nothing.
# </details>
#
# <details><summary>B. No: the near terms remain in the sum</summary>
#
# **Right.** The *far* contributions vanish. The network still learns, but only what the recent past can
# teach.
# </details>
#
# <details><summary>C. No: a larger learning rate makes up for it</summary>
#
# **No.** It makes all terms longer, near and far alike. The far ones stay just as small beside the near
# ones.
# </details>
#
# **5. The loss is divided by T. What is that good for?**
#
# <details><summary>A. Sequences of different lengths can be compared</summary>
#
# **Right.** The loss is the mean over the steps. Their sum would grow with $T$, and with it the gradient:
# each length would want a learning rate of its own.
# </details>
#
# <details><summary>B. It keeps the gradient of a long sequence from exploding</summary>
#
# **No.** A factor of $1/T$ cannot hold what grows like $w^n$. Against that one clips, in unit 08.
# </details>
#
# <details><summary>C. It turns the sum over the copies into their mean</summary>
#
# **No.** The copies' shares are added up, as unit 00 proved. The $1/T$ belongs to the loss, and is in
# each $e_t$ from the start.
# </details>
#
# ## What to take away
#
# - Backward: $\partial L/\partial h_t = e_t + w\, \partial L/\partial h_{t+1}$. Own loss plus what comes
#   back.
# - Then each copy's share, added up.
# - In this network $n$ steps back cost a factor $w^n$, exactly. Near $w = 1$ the surface turns into a
#   wall.
#
# Next: [03 · Full backpropagation through time](03_full_bptt.ipynb).
#
# **Sources.** The idea to look at the whole surface of a two-parameter network, and at the gradient
# through time from its points, follows Peter Roelants' tutorial *How to implement a recurrent neural
# network*. Bengio, Simard and Frasconi 1994, *Learning long-term dependencies with gradient descent is
# difficult*, IEEE Transactions on Neural Networks 5(2).
