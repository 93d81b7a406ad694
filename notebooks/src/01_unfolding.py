# %% [markdown]
# # 01 · Unfolding an Elman network
#
# A feedforward network sees one input and gives one output. A recurrent network reads a *sequence*
# and keeps a *state*: a few numbers that sum up what it has read so far. This unit builds the simplest
# one, runs it on real data, and unfolds it in time, until it looks like a deep feedforward network.
# That picture is what backpropagation through time will walk back through.
#
# After this unit you can
#
# - draw a recurrent network folded and unfolded, and say what is shared,
# - name the shape of every array in it,
# - run it with an initial state of your choice, with an output at each step or only at the last.
#
# You need: unit [00](00_shared_weights.ipynb), matrix products. Time: about 75 minutes.

# %%
import numpy as np
from bpttlib.data import sunspots
from bpttlib.plots import draw_unfolding, lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# A network keeps a state of 5 numbers. Each step makes the next five of 3 inputs and the old five: one
# matrix for the inputs, one for the state, and a bias. What a step computes is called the *cell*. The
# network reads 10 steps; unfolded, it has ten copies of its cell. How many numbers does it have to learn?
# How many if it reads 1000 steps?
#
# ## The training data: a sequence of input–target pairs
#
# We are given inputs $x_1, \dots, x_T$ in their order, and with each a target $y^*_t$, for instance the
# next value of the series. Order matters: shuffle the pairs and the task is gone. Here is such a
# sequence, the yearly sunspot numbers in hundreds. The input is this year's number, the target is next
# year's.

# %%
series = sunspots().numbers / 100
pairs = list(zip(series[:-1], series[1:], strict=True))
for year, (now, following) in zip(sunspots().years[:4], pairs, strict=False):
    print(f"{int(year)}: input {now:.2f}  target {following:.2f}")
print(f"… {len(pairs)} pairs")

# %% [markdown]
# ## The equation, and the picture
#
# Jeffrey Elman's simple recurrent network (1990) has a state $h_t$ of $H$ numbers, one for each of its
# *units*. Each step mixes the new input with the old state and squashes the result (he with the logistic
# function, we with tanh, as is the custom today); a *readout* makes the output of the state:
#
# $$ a_t = W_{xh}\, x_t + W_{hh}\, h_{t-1} + b_h , \qquad h_t = \tanh(a_t) , \qquad
#    y_t = W_{hy}\, h_t + b_y . $$
#
# $W_{xh}$ leads from $x$ to $h$, and so on; the matrices and the biases are what is learnt.
#
# Drawn folded (left), the network has a loop: the state feeds into itself, one step later. A loop is
# awkward to differentiate. But a sequence of $T$ steps goes round it just $T$ times. So **unfold** it
# (right): one copy of the cell for each step, each handing its state to the next. The copies are not
# alike, they are *the same*: arrows of one colour carry one matrix. $L_t$ is the loss of step $t$, which
# compares $y_t$ with $y^*_t$.

# %%
show(draw_unfolding(T=4),
     "Left, the folded network: input x, state h with a loop through W_hh, output y, loss L. Right, the "
     "same network unfolded over four steps: four copies of the cell from left to right, starting from "
     "the given state h_0. All arrows from inputs share W_xh, all from state to state share W_hh, all to "
     "outputs share W_hy.")

# %% [markdown]
# Unfolded, the network is a feedforward network with two peculiarities: its layers share their
# weights, and each layer gets an input of its own. Every tool for feedforward networks applies to it,
# backpropagation first of all. That is all the magic there is. Minsky and Papert noted in 1969 that a
# recurrent network over finitely many steps can be unfolded in this way; Rumelhart, Hinton and Williams made it
# a training method in 1986.
#
# ## Shapes
#
# We process $B$ sequences at once. The course keeps to one convention, that of the papers: **a state is
# a column**, and a batch is $B$ columns side by side. Time comes first, the batch last.
#
# | symbol | code | shape | here |
# |---|---|---|---|
# | $x_t$ | `x[t-1]` | (D, B) | D = 1 number per step |
# | $h_t$ | `h[t]` | (H, B) | H = 5 units |
# | $y_t$ | `y[t-1]` | (K, B) | K = 1 output |
# | $W_{xh}$ | `W_xh` | (H, D) | |
# | $W_{hh}$ | `W_hh` | (H, H) | |
# | $b_h$ | `b_h` | (H, 1) | |
# | $W_{hy}$ | `W_hy` | (K, H) | |
# | $b_y$ | `b_y` | (K, 1) | |
#
# Note the rows. **States have T+1 rows and row 0 is the initial state**; row $t-1$ of inputs, targets
# and outputs belongs to step $t$. If states had $T$ rows, step 1 would have to look up `h[-1]`, and
# Python would silently hand it the *last* state.
#
# Let us cut the series into $B = 3$ sequences of $T = 100$ years, and draw some random weights.

# %%
T, D, H, B, K = 100, 1, 5, 3, 1
x = series[:300].reshape(B, T).T[:, None, :]        # (T, D, B)
rng = np.random.default_rng(0)
W_xh = rng.normal(size=(H, D))
W_hh = rng.normal(size=(H, H)) / np.sqrt(H)
b_h = np.zeros((H, 1))
print("x", x.shape, " W_xh", W_xh.shape, " W_hh", W_hh.shape, " b_h", b_h.shape)

# %% [markdown]
# ## One step, then all steps
#
# Here is one step of the network, written as in the equation:

# %%
h_0 = np.zeros((H, B))                              # the initial state: zero, unless we say otherwise
a_1 = W_xh @ x[0] + W_hh @ h_0 + b_h                # (H, B)
h_1 = np.tanh(a_1)
print("h_1 of the first sequence:", h_1[:, 0].round(3))

# %% [markdown]
# And here are all of them. Unfolding is a loop; that the same three arrays appear in every turn of it
# *is* the weight sharing.

# %%
def unfold(W_xh, W_hh, b_h, x, h_0):
    h = np.empty((len(x) + 1, *h_0.shape))          # (T+1, H, B)
    h[0] = h_0
    for t in range(1, len(x) + 1):                  # t = 1 … T
        h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h)
    return h


h = unfold(W_xh, W_hh, b_h, x, h_0)
print("h", h.shape, "  row 1 is h_1:", np.allclose(h[1], h_1))

# %% [markdown]
# The library's `unroll` is this loop, for any cell. Its result is a *tape*: a record of what happened,
# with T+1 rows. The backward pass will write its own results onto the same tape.

# %%
from bpttlib.bptt import unroll
from bpttlib.cells import Elman
from bpttlib.params import CellParams, count_parameters

params = CellParams(W_xh, W_hh, b_h)
tape = unroll(Elman(), params, x)
print("fields of the tape:", tape._fields)
print("same states as our loop:", np.allclose(tape.h, h))
print("parameters:", count_parameters(params), "  states kept:", T + 1)

# %% [markdown]
# Now you can settle your prediction. With $D = 3$ and $H = 5$ there are $5 \cdot 3 + 5 \cdot 5 + 5 =
# 45$ parameters, **for ten steps and for a thousand**. What grows with $T$ is the tape: all states are
# kept, since the way back will need them.

# %%
for steps in (10, 1000):
    cell = CellParams(np.zeros((5, 3)), np.zeros((5, 5)), np.zeros((5, 1)))
    states = unroll(Elman(), cell, np.zeros((steps, 3, 1))).h
    print(f"T = {steps:4}: {count_parameters(cell)} parameters, {states.nbytes} bytes of states")

# %% [markdown]
# ## What the state remembers
#
# The initial state is zero by default: "nothing has been read". It can be anything, for instance the
# last state of an earlier piece, so that a long series can be read in pieces.

# %%
first, second = x[:60], x[60:]
early = unroll(Elman(), params, first)
late = unroll(Elman(), params, second, s0=early.h[-1])
print("two pieces, state handed on: same states", np.allclose(late.h[1:], tape.h[61:]))

# %% [markdown]
# How long does the network feel where it started? We run it twice on the same input, from zero and
# from a random state, and watch how far apart the two runs are. We do so for three sizes of $W_{hh}$;
# the *spectral radius* $\rho$ is the largest magnitude among its eigenvalues.

# %%
def distance(rho):
    W = W_hh * rho / np.abs(np.linalg.eigvals(W_hh)).max()
    start = np.random.default_rng(1).normal(size=(H, B))
    one = unroll(Elman(), params._replace(W_hh=W), x)
    other = unroll(Elman(), params._replace(W_hh=W), x, s0=start)
    slope = np.mean(1 - one.h[1:] ** 2)                 # of the tanh, over all units and steps
    return np.linalg.norm(one.h - other.h, axis=(1, 2)), slope


gaps, slopes = {}, {}
for rho in (0.5, 0.9, 1.2):
    gaps[f"ρ = {rho}"], slopes[f"ρ = {rho}"] = distance(rho)
show(lines({name: np.maximum(gap, 1e-17) for name, gap in gaps.items()},
           "step t", "distance of the two runs", log="y"),
     "Distance between two runs from different initial states against the step, logarithmic, for "
     "three spectral radii of W_hh. All three fall; the line for 0.5 falls fastest, and the line for "
     "1.2 starts slowest but later crosses below that for 0.9.")
for name, gap in gaps.items():
    print(f"{name}: distance {gap[0]:.2f} at the start, below 1 % of it after",
          f"{np.argmax(gap < 0.01 * gap[0])} steps; mean slope of the tanh {slopes[name]:.2f}")

# %% [markdown]
# All three forget where they began, even with $\rho > 1$, and $1.2$ in the end faster than $0.9$. (Values
# below $10^{-17}$ are drawn there.) So the weights alone do not decide. At $1.2$ the input drives the units
# to where the tanh is flatter, and less of a difference passes through. It does not always suffice: try
# $\rho = 2$, or $1.2$ with an input of zeros. What the state forgets, the gradient cannot learn from; unit
# 07 will come back to this.
#
# ## An output at each step, or only one
#
# The state at every step can be read out, $y_t = W_{hy} h_t + b_y$. Which of the outputs are compared
# with a target is a matter of the task:
#
# - **many-to-many**: each step has a target, as in forecasting the next value;
# - **many-to-one**: only the last step has one, as in naming what was said once the word is over.
#
# There is no second kind of network for the second case. Our code computes all outputs, and a **mask**
# says which of them count. The loss is the mean over the steps that do. The drawing below leaves out what
# does not count.

# %%
from bpttlib.losses import squared_error

W_hy, b_y = rng.normal(size=(K, H)), np.zeros((K, 1))
y = W_hy @ tape.h[1:] + b_y                          # (T, K, B): all steps at once
targets = np.concatenate([x[1:], np.zeros((1, D, B))])
every_step = np.ones((T, B), bool)
every_step[-1] = False                               # the last year of a sequence has no next year in it
one_step = np.zeros((T, B), bool)
one_step[-2] = True                                  # the last step that has a target here
print(f"many-to-many, {every_step.sum()} steps count: L = {squared_error(y, targets, every_step)[0]:.4f}")
print(f"many-to-one,    {one_step.sum()} steps count: L = {squared_error(y, targets, one_step)[0]:.4f}")

# %%
show(draw_unfolding(T=4, targets="last"),
     "The unfolded network with a target at the last step only: all four states are computed, and "
     "the single loss sits on top of the last one.")

# %% [markdown]
# ## Experiment
#
# The unfolded network with numbers in it: one unit, $w_{xh} = 1$, and a single input of 1 at the first
# step. Move through the steps, and change $w_{hh}$ and the initial state.

# %%
def watch(step, w_hh, h_0):
    one = CellParams(np.ones((1, 1)), np.array([[w_hh]]), np.zeros((1, 1)))
    pulse = np.array([1.0, 0, 0, 0, 0])[:, None, None]
    h = unroll(Elman(), one, pulse, s0=np.array([[h_0]])).h.ravel()
    figure = draw_unfolding(5, folded=False, upto=step, values={"x": pulse.ravel(), "h": h})
    return figure, (f"After step {step}, with w_hh = {w_hh:.2f} and h_0 = {h_0:.1f}: h = {h[step]:.3f}. "
                    "The drawing shows the unfolded network with its inputs and states so far.")


explore(watch, step=(0, 5, 1, 0), w_hh=(-2.0, 2.0, 0.25, 0.5), h_0=(-1.0, 1.0, 0.5, 0.0), tasks=[
    "With w_hh = 0.5, how large is h_5? Guess, then look.",
    "Which w_hh keeps the pulse alive for all five steps? Why does it not grow without bound?",
    "Make w_hh negative. What happens to the sign, and why?",
    "At w_hh = 0.5, after how many steps does h_0 = 1 change h by less than 0.01?",
])

# %% [markdown]
# ## Your turn
#
# 1. Draw the unfolding of a network with $T = 3$ by hand, with all three matrices in three colours.
#    Write the shape at every arrow, for $D = 2$, $H = 4$, $K = 1$, $B = 6$.
# 2. In a new cell, write `unfold` once more, without looking, and compare with `unroll` for $T = 1$ and
#    $B = 1$, and for $h_0 \neq 0$. These are the cases in which shapes go wrong.
# 3. Change `h[t - 1]` into `h[t - 2]` on purpose. Python raises no error. What does step 1 read instead,
#    and which of the tests in task 2 would notice?
#
# Exercises with points: [Exercises 01](../exercises/01/01.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. Which of these is not the same in all copies of the unfolded network?**
#
# <details><summary>A. The biases b<sub>h</sub></summary>
#
# **No.** They belong to the cell, and all copies are the same cell. Together with $W_{xh}$ and $W_{hh}$
# they are what is learnt.
# </details>
#
# <details><summary>B. The states h<sub>t</sub></summary>
#
# **Right.** Each step has its own input, state and output, and later its own gradient at the state.
# Shared are the weights, and those of the readout too.
# </details>
#
# <details><summary>C. The matrix W<sub>hh</sub></summary>
#
# **No.** In the drawing all arrows from state to state have one colour, because they carry one matrix. In
# the code it is the same array in every turn of the loop.
# </details>
#
# <details><summary>D. The matrix W<sub>hy</sub></summary>
#
# **No.** The readout is shared like the cell: one matrix reads out every state.
# </details>
#
# **2. Why do states have T+1 rows, if there are T inputs?**
#
# <details><summary>A. So that counting can start at 1: row 0 is a spare</summary>
#
# **No.** Row 0 is no spare: step 1 reads it. It may be anything, and it has a gradient.
# </details>
#
# <details><summary>B. So that the last state is there twice, for the next piece</summary>
#
# **No.** The last state is stored once, in row $T$. Whoever reads on hands `h[-1]` to the next piece, as
# its row 0.
# </details>
#
# <details><summary>C. So that step 1, too, has a state before it</summary>
#
# **Right.** That is $h_0$. It is part of the input, zero unless one says otherwise, and it has a gradient
# too.
# </details>
#
# **3. On which sizes does the number of parameters of a network with readout depend?**
#
# <details><summary>A. On D, H, K and T</summary>
#
# **No.** Each step has a copy of the cell, but all copies share their parameters. What grows with $T$ is
# the tape.
# </details>
#
# <details><summary>B. On D, H, K and B</summary>
#
# **No.** The sequences of a batch go through the same weights side by side. $B$ is the number of columns,
# and nothing that is learnt.
# </details>
#
# <details><summary>C. On D, H and K</summary>
#
# **Right.** Those are the sides of $W_{xh}$, $W_{hh}$ and $W_{hy}$ and the lengths of the biases. Ten
# steps or a thousand, one sequence or many: nothing changes.
# </details>
#
# **4. You read a series of 1000 steps as ten pieces of 100, each from the zero state. What is lost?**
#
# <details><summary>A. What a piece would have known of those before it</summary>
#
# **Right.** Each piece starts having forgotten everything. Handing over `h[-1]` restores exactly the
# states of the uncut run.
# </details>
#
# <details><summary>B. Nothing: all the pieces have the same weights</summary>
#
# **No.** The weights are; the states are not. The network's answer depends on what it has read, and that
# is in the state.
# </details>
#
# <details><summary>C. Ten rows of states, one at each of the starts</summary>
#
# **No.** A wrong start acts on all states that follow, until the network has forgotten it. In this unit
# that took 6 to 32 steps, down to one percent.
# </details>
#
# **5. In a many-to-one task, what need not be computed for the steps before the last?**
#
# <details><summary>A. The states, which the mask removes</summary>
#
# **No.** The mask removes losses, not states. The last state is made of the one before it, and so on down
# to $h_0$.
# </details>
#
# <details><summary>B. The readouts, and with them the losses</summary>
#
# **Right.** No target waits for them. The states must be there, since the last one depends on them all.
# </details>
#
# <details><summary>C. The products with W<sub>xh</sub>, but for the last</summary>
#
# **No.** Then the last state would not know the sequence at all, only its last input. What came before
# reaches it through the states, and these read every $x_t$.
# </details>
#
# ## What to take away
#
# - Unfolding turns a loop into a chain of copies that share parameters.
# - Rows: states have T+1, row 0 is the initial state; row $t - 1$ of inputs, outputs and targets is step
#   $t$.
# - Parameters do not grow with $T$, the tape does.
# - Many-to-one is many-to-many with a mask.
#
# Next: [02 · BPTT on two numbers](02_two_numbers.ipynb).
#
# **Sources.** Elman 1990, *Finding structure in time*, Cognitive Science 14(2), 179–211. Minsky and
# Papert 1969, *Perceptrons*, MIT Press. Rumelhart, Hinton and Williams 1986, *Learning internal
# representations by error propagation*, in *Parallel Distributed Processing* 1, chapter 8.
