# %% [markdown]
# # 04 · Debugging a backward pass
#
# A wrong gradient does not crash. It has the right shape, it is a plausible size, and the loss goes
# down. This unit turns "something is wrong" into "this tensor, from this step on, because of this line",
# and it shows when the check itself is what lies.
#
# After this unit you can
#
# - build a gradient check that cannot be passed by luck, and say when its verdict is worthless,
# - read from the tensors that are wrong which line made them wrong,
# - find the time step at which a mistake enters,
# - name the tests that belong beside every backward pass.
#
# You need: units [00](00_shared_weights.ipynb) and [03](03_full_bptt.ipynb). Time: about 75 minutes.

# %%
import numpy as np
from bpttlib.gradcheck import central_difference, compare, complex_step, relative_error
from bpttlib.plots import lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# Here are three ways to spoil the backward pass of unit 03, each by one edit of one line:
#
# - A: `+ back` is forgotten, so nothing is carried back through time,
# - B: `h[t]` stands where `h[t - 1]` should in the share of $W_{hh}$,
# - C: `=` stands where `+=` should, so that one copy's share is taken for the sum.
#
# A network is trained with each. In how many of the three cases does the loss fall? And if you check the
# three on a network that starts at $h_0 = 0$ and reads a single step, $T = 1$, which of them pass?
#
# ## The patient
#
# The backward pass of unit 03 once more. It now returns the gradients of *all* tensors in a record with
# names, and $\delta_t$ of every step besides. The forward pass can add a `push` to the pre-activations
# $a_t$: a number for each step, unit and sequence, normally 0. We will need it later.

# %%
from collections import namedtuple

Tensors = namedtuple("Tensors", "W_xh W_hh b_h x h_0")


def elman_forward(theta, push=0.0):
    W_xh, W_hh, b_h, x, h_0 = theta
    h = np.empty((len(x) + 1, *h_0.shape), np.result_type(*theta, push))
    push = np.broadcast_to(push, h[1:].shape)
    h[0] = h_0
    for t in range(1, len(x) + 1):
        h[t] = np.tanh(W_xh @ x[t - 1] + W_hh @ h[t - 1] + b_h + push[t - 1])
    return h                                                # (T+1, H, B)


def elman_backward(theta, h, dh_own, back=0.0):
    """Return the gradients of all tensors, and δ_t in row t of an array like h."""
    W_xh, W_hh, b_h, x, _ = theta
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    dx, delta = np.empty_like(x), np.zeros_like(h)
    for t in range(len(x), 0, -1):                          # t = T … 1
        dh = dh_own[t - 1] + back
        delta[t] = (1 - h[t] ** 2) * dh
        dW_xh = dW_xh + delta[t] @ x[t - 1].T
        dW_hh = dW_hh + delta[t] @ h[t - 1].T
        db_h = db_h + delta[t].sum(axis=1, keepdims=True)
        dx[t - 1] = W_xh.T @ delta[t]
        back = W_hh.T @ delta[t]
    return Tensors(dW_xh, dW_hh, db_h, dx, back), delta

# %% [markdown]
# A *case* is everything a check needs: the tensors, a readout, targets and a mask. Ours is small, since
# the complex step runs the whole forward pass once for every number in it, and a small array can be
# looked at. It is in double precision, and every number in it is random and not zero. Steps 3 and 6 do
# not count.

# %%
from bpttlib.losses import squared_error

Case = namedtuple("Case", "theta W_hy target mask")


def a_case(T=8, D=2, H=4, K=3, B=3, seed=0):
    rng = np.random.default_rng(seed)
    theta = Tensors(rng.normal(size=(H, D)), rng.normal(size=(H, H)) / np.sqrt(H),
                    rng.normal(size=(H, 1)), rng.normal(size=(T, D, B)), rng.normal(size=(H, B)))
    mask = np.ones((T, B), bool)
    mask[[t - 1 for t in (3, 6) if t <= T]] = False
    return Case(theta, rng.normal(size=(K, H)), rng.normal(size=(T, K, B)), mask)


def loss(case, theta, push=0.0):
    return squared_error(case.W_hy @ elman_forward(theta, push)[1:], case.target, case.mask)


def gradients(case, backward=elman_backward):
    _, e = loss(case, case.theta)
    return backward(case.theta, elman_forward(case.theta), case.W_hy.T @ e)


def truth(case):
    return complex_step(lambda theta: loss(case, theta)[0], case.theta)


case = a_case()
grads, delta = gradients(case)
lines_of_five = compare(grads, truth(case), show=False)
print("all five tensors right to 1e-10:", all(line.ok for line in lines_of_five))

# %% [markdown]
# ## A collection of mistakes
#
# To learn what symptoms look like one needs patients. (You may have begun such a collection in unit 03.)
# Each of these eleven mistakes is one edit of one line of `elman_backward`, and easily made. `broken`
# returns the function with the edit in it, made at every step or only at step `at`. To spoil the code
# and see whether the tests notice is called *mutation testing*: it is the test of a test. (In our case
# 18 steps count: six of them, in three sequences. Whoever sums the loss in place of averaging has a
# factor of 18.)

# %%
import inspect

MISTAKES = {                                        # what is written, and what should not be
    "dh not carried back": ("dh_own[t - 1] + back", "dh_own[t - 1]"),
    "W_hh not transposed": ("W_hh.T @ delta[t]", "W_hh @ delta[t]"),
    "mask on what comes back": ("dh_own[t - 1] + back", "(dh_own[t - 1] + back) * (dh_own[t - 1] != 0)"),
    "own loss one step off": ("dh_own[t - 1] + back", "dh_own[t - 2] + back"),
    "sum, not average": ("dh_own[t - 1] + back", "18 * dh_own[t - 1] + back"),
    "tanh' taken of a_t": ("1 - h[t] ** 2", "1 - np.arctanh(h[t]) ** 2"),
    "h_t for h_(t-1)": ("delta[t] @ h[t - 1].T", "delta[t] @ h[t].T"),
    "h_0 taken for zero": ("delta[t] @ h[t - 1].T", "(t > 1) * delta[t] @ h[t - 1].T"),
    "copies not summed": ("dW_hh + delta[t]", "delta[t]"),
    "mean over the batch": (".sum(axis=1, keepdims=True)", ".mean(axis=1, keepdims=True)"),
    "h_0's gradient forgotten": ("dx, back", "dx, 0 * back"),
}


def broken(mistake, at=None):
    old, new = MISTAKES[mistake]
    source = inspect.getsource(elman_backward)
    right = next(line for line in source.splitlines() if old in line)
    wrong, indent = right.replace(old, new), right[:len(right) - len(right.lstrip())]
    if at is not None:
        wrong = f"{indent}if t == {at}:\n    {wrong}\n{indent}else:\n    {right}"
    names = {}
    exec(source.replace(right, wrong), globals(), names)
    return names["elman_backward"]


grads, _ = gradients(case, broken("h_t for h_(t-1)"))
print(compare(grads, truth(case), show=False)[1])

# %% [markdown]
# The printed line is what `compare` says about one tensor: its name, its shape, how wrong it is, and
# where it is worst. Start there, always: *which* tensors are wrong says more than how wrong they are.
#
# ## A check that cannot be passed by luck
#
# A check is a net, and the case decides how wide its meshes are. We let all eleven mistakes swim through
# six cases: our random one, and five that people like because they are convenient. A field shows the
# largest relative error over the five tensors. Where it says "ok", the mistake has **passed**.

# %%
from bpttlib.plots import error_map


def spoil(case, **tensors):
    return case._replace(theta=case.theta._replace(**tensors))


zero = {name: np.zeros_like(getattr(case.theta, name)) for name in ("W_xh", "W_hh", "b_h", "h_0")}
cases = {
    "random": case,
    "zeros": spoil(case, **zero),
    "T = 1": a_case(T=1),
    "identity": spoil(case, W_hh=np.eye(4)),
    "h_0 = 0": spoil(case, h_0=zero["h_0"]),
    "no mask": case._replace(mask=np.ones_like(case.mask)),
}


def errors(got, want):
    return [relative_error(g, w) for g, w in zip(got, want, strict=True)]


def worst(got, want):
    return max(errors(got, want))


truths = [truth(c) for c in cases.values()]
caught = {mistake: [worst(gradients(c, broken(mistake))[0], true)
                    for c, true in zip(cases.values(), truths, strict=True)] for mistake in MISTAKES}
passed = {name: sum(row[k] <= 1e-10 for row in caught.values()) for k, name in enumerate(cases)}
show(error_map(caught, list(cases)),
     "Table of eleven mistakes by six cases. Mistakes that pass as right: "
     + ", ".join(f"{name}: {n}" for name, n in passed.items()) + ".")
print("mistakes that pass, of eleven:", passed)

# %%
single = spoil(a_case(T=1), h_0=zero["h_0"])
passing = {letter: worst(gradients(single, broken(mistake))[0], truth(single)) <= 1e-10
           for letter, mistake in (("A", "dh not carried back"), ("B", "h_t for h_(t-1)"),
                                   ("C", "copies not summed"))}
print("with T = 1 and h_0 = 0, passes:", passing)

# %% [markdown]
# So A and C pass the check of the prediction, and B does not: $h_1$ is not zero.
#
# Zero weights, so tidy a fixture, let most of the mistakes through: all states are zero, so products
# with states vanish, and with $W_{hh} = 0$ nothing comes back from anywhere. A single step knows no
# time. The identity for $W_{hh}$, with which some networks start (unit
# [08](08_clipping_init_optimisers.ipynb)), is its own transpose. And where every step counts, no mask
# can be put in the wrong place.
#
# So the case is random and has no zeros: weights, biases, the initial state, the mask. And $T$ is at
# least 3, so that there is a first, a last and an inner step.
#
# Read the table the other way round, too. **What hides a mistake tells what it is.** A mistake that
# disappears with $T = 1$ has to do with time; one that disappears with $h_0 = 0$, with the start.
#
# ## When the check lies
#
# ### The numerical derivative is the one that is wrong
#
# Unit 00 drew the V of the central difference for one weight. Here it is for $W_{hh}$, in double and in
# single precision.

# %%
exact = gradients(case)[0].W_hh


def difference_error(eps, dtype):
    small = Case(Tensors(*(p.astype(dtype) for p in case.theta)), case.W_hy.astype(dtype),
                 case.target.astype(dtype), case.mask)
    moved = central_difference(lambda W: loss(small, small.theta._replace(W_hh=W.astype(dtype)))[0],
                               case.theta.W_hh, eps)
    return relative_error(exact, moved)


def complex_error(eps):
    def im(j):
        W_hh = case.theta.W_hh + 1j * eps * (np.arange(16) == j).reshape(4, 4)
        return np.imag(loss(case, case.theta._replace(W_hh=W_hh))[0]) / eps
    return relative_error(exact, np.reshape([im(j) for j in range(16)], (4, 4)))


eps = 10.0 ** np.arange(-12, 0.1, 0.5)
curves = {"central, float32": [difference_error(e, np.float32) for e in eps],
          "central, float64": [difference_error(e, np.float64) for e in eps],
          "complex step": [max(complex_error(e), 1e-17) for e in eps]}
show(lines({name: (eps, curve) for name, curve in curves.items()}, "step ε",
           "relative error of $dL/dW_{hh}$", log="xy", horizontal={"the course's tolerance": 1e-10}),
     "Relative error of a right gradient against the step of the numerical derivative. Single precision "
     "never gets below about 1e-4, double precision reaches about 1e-10 at one step size only, and the "
     "complex step stays below 1e-15 for all steps up to 1e-8.")
single, double, imaginary = curves.values()
print("smallest error in float32 is above 1e-5:", min(single) > 1e-5)
print("smallest error in float64 is between 1e-12 and 1e-8:", 1e-12 < min(double) < 1e-8)
print("complex step with ε = 1e-12 is below 1e-14:", imaginary[0] < 1e-14)

# %% [markdown]
# In single precision *no* step size proves anything beyond four digits. If your code will run in
# float32, check it in float64. For the complex step there is no V, and that is why the course can ask
# for a relative error of $10^{-10}$, as the [notation page](../docs/notation.md) defines it. A tight
# tolerance is no pedantry: we shall meet mistakes that are small.
#
# ### The function is not analytic
#
# The complex step asks that $L$ be made of analytic operations. The first four of these are not; none
# raises an error.

# %%
z = np.array([-2.0, 1.0])
functions = {
    "|z_1| + |z_2|": lambda z: np.abs(z).sum(),
    "length of z": lambda z: np.linalg.norm(z),
    "z · conj(z)": lambda z: np.vdot(z, z),
    "real part of z²": lambda z: (z * z).real.sum(),
    "z · z": lambda z: (z * z).sum(),
    "max(z, 0)": lambda z: np.maximum(z, 0).sum(),
}
print(f"{'':16}  complex step      central difference")
for name, f in functions.items():
    print(f"{name:16} {complex_step(f, z)!s:>14}", f"{central_difference(f, z).round(6) + 0.0!s:>18}")

# %% [markdown]
# Where an imaginary part is thrown away, the complex step answers **zero**. That is dangerous if your
# backward pass has forgotten the same term: zero equals zero, and the check passes. The last line works,
# though, because NumPy compares complex numbers by their real part first. If the complex step and the
# central difference disagree in the first digits, look for an operation that is not analytic, or a kink.
#
# ### The point lies on a kink
#
# The rectifier, $\max(a, 0)$, has a kink at 0, and a central difference that straddles it takes the mean
# of both slopes. With zero biases and a zero initial state, the pre-activations of the first step are
# *exactly* 0 if its input is.

# %%
def relu(a):
    return np.maximum(a, 0).sum()


for a in (0.0, 1e-7, 1e-3):
    print(f"relu'({a:g}):  central difference {central_difference(relu, np.array(a)):.3f}"
          f"   complex step {complex_step(relu, np.array(a)):.0f}")

# %% [markdown]
# At 0 neither is wrong: there is no derivative, and libraries choose one. At $10^{-7}$ the slope is 1,
# and the difference says otherwise, since its step of $10^{-5}$ reaches across. If errors come and go
# with the seed of the case, count the entries that lie closer to a kink than the step.
#
# ### The function is not the same twice
#
# Dropout sets some entries of the states to zero, drawn anew at every call. Then
# $L(\theta + \varepsilon) - L(\theta - \varepsilon)$ is mostly noise, which is divided by
# $2 \varepsilon$.

# %%
def dropout_loss(theta, rng):
    h = elman_forward(theta)
    kept = rng.random(h[1:].shape) < 0.8
    L, e = squared_error(case.W_hy @ (kept * h[1:] / 0.8), case.target, case.mask)
    return L, kept / 0.8 * (case.W_hy.T @ e)                # the way back passes the same dropout


_, dh_own = dropout_loss(case.theta, np.random.default_rng(7))
right, _ = elman_backward(case.theta, elman_forward(case.theta), dh_own)
rng = np.random.default_rng(7)
anew = central_difference(lambda theta: dropout_loss(theta, rng)[0], case.theta)
same = central_difference(lambda theta: dropout_loss(theta, np.random.default_rng(7))[0], case.theta)
print("a right gradient, and dropout drawn anew:   error above 0.9: ", worst(right, anew) > 0.9)
print("a right gradient, and the same seed always: error below 1e-6:", worst(right, same) < 1e-6)

# %% [markdown]
# ### The network saturates, or hardly remembers
#
# What a check can see depends on where the network works. We multiply $W_{xh}$ and $W_{hh}$ by a common
# factor, forget to carry `dh` back, and compare the weights' gradients with the truth: the middle one of
# five cases.

# %%
backwards = {"no mistake": elman_backward, "dh not carried back": broken("dh not carried back")}


def errors_at(factor, seed):
    c = a_case(seed=seed)
    c = spoil(c, W_xh=factor * c.theta.W_xh, W_hh=factor * c.theta.W_hh)
    true = truth(c)
    return [worst(gradients(c, backward)[0][:3], true[:3]) for backward in backwards.values()]


factors = 10.0 ** np.arange(-4, 3.1, 0.5)
middle = np.array([np.median([errors_at(f, seed) for seed in range(5)], axis=0) for f in factors])
right, mistaken = middle.T
show(lines({name: (factors, np.maximum(curve, 1e-17)) for name, curve in zip(backwards, middle.T)},
           "factor of the weights", "relative error", log="xy",
           horizontal={"the course's tolerance": 1e-10}),
     "Relative error against the factor of the weights, both logarithmic. With the mistake the error "
     "is near 1 only for factors around 1 to 10. Towards small factors it falls in proportion, to 1e-4. "
     "At 100 it has plunged below 1e-10 and met the curve without a mistake; from there on both rise "
     "together, and at 1000 they lie above the tolerance.")
print("factor 1e-4: the mistake passes a tolerance of 1e-3:", mistaken[0] < 1e-3)
print("factor 100:  the mistake passes even 1e-10:         ", mistaken[12] < 1e-10)
print("factor 1000: the right gradient does not pass 1e-10:", right[14] > 1e-10)

# %% [markdown]
# At the left little is carried back, because $W_{hh}$ is small: that is a fresh network with cautious
# weights. At a factor of 100 nothing is carried back, because $1 - h_t^2$ is almost zero: that is a
# network whose units are saturated. In both, a wrong line has nothing to act on, and the mistake passes.
# At 1000 the check errs the other way: $|h_t|$ is so close to 1 that $1 - h_t^2$ has lost its digits, and
# the *right* gradient fails. So check **before and after training**, and choose the case such that what
# you want to see is large. And keep the tolerance tight: over a wide range the mistake is small, but far
# above $10^{-10}$.
#
# The tolerance must be *relative*. `np.allclose` has an absolute part too, $10^{-8}$ unless one says
# otherwise, and gradients can be smaller than that:

# %%
true = truths[0]                                            # of our random case
passing = sum(np.allclose(1e-10 * g, 1e-10 * w) for m in MISTAKES
              for g, w in zip(gradients(case, broken(m))[0], true, strict=True))
print(f"loss times 1e-10: np.allclose lets {passing} of {5 * len(MISTAKES)} pairs pass, right or wrong")

# %% [markdown]
# ## Which tensor
#
# Now the diagnosis. One mistake per row, one tensor per column.

# %%
by_tensor = {mistake: errors(gradients(case, broken(mistake))[0], true) for mistake in MISTAKES}
show(error_map(by_tensor, Tensors._fields),
     "Table of eleven mistakes by five tensors. The first six mistakes spoil all five tensors. The next "
     "three spoil W_hh alone, one spoils b_h alone, and one h_0 alone.")
spoil_all = [mistake for mistake, row in by_tensor.items() if min(row) > 1e-10]
print(f"{len(spoil_all)} of {len(MISTAKES)} spoil every tensor:", *spoil_all, sep="\n  ")

# %% [markdown]
# There are two kinds.
#
# **One tensor is wrong.** Then every $\delta_t$ is right, for all tensors are made of them, and the
# mistake sits in the one line that makes this tensor. Three of the mistakes spoil $W_{hh}$ alone, and
# the table of cases tells them apart: one passes with $h_0 = 0$, one with $T = 1$, and the third with
# neither.
#
# **All tensors are wrong.** Then some $\delta_t$ is wrong, and the table can say no more. The error for
# "sum, not average" is 0.94 in every column, which is $1 - 1/18$. An error that is *the same number
# everywhere* is a factor:

# %%
summed, _ = gradients(case, broken("sum, not average"))
print("g / truth:", {name: np.unique((g / w).round(6)).tolist()
                     for name, g, w in zip(Tensors._fields, summed, true, strict=True)})

# %% [markdown]
# It is $N = 18$: somebody forgot to divide. For the others we have to look into time.
#
# ## Which time step
#
# We need the truth for every $\delta_t$. Follow unit 00 and pretend that what is shared is separate:
# give each step, unit and sequence a bias of its own, the `push`. It is added to $a_t$ and to nothing else,
# so the gradient of the loss with respect to it, taken at 0, *is* $\delta_t = \partial L / \partial a_t$.

# %%
def true_delta(case):
    push = np.zeros_like(elman_forward(case.theta)[1:])     # (T, H, B)
    return complex_step(lambda push: loss(case, case.theta, push)[0], push)


def error_by_step(case, backward):
    _, delta = gradients(case, backward)
    return errors(delta[1:], true_delta(case))


by_step = {mistake: error_by_step(case, broken(mistake)) for mistake in spoil_all}
show(error_map(by_step, [f"$\\delta_{t}$" for t in range(1, 9)]),
     "Table of the six mistakes that spoil all tensors, by time step. Read from the right, the first "
     "wrong step is 7 for dh not carried back and for W_hh not transposed, 6 for the mask, and 8 for the "
     "other three.")

# %% [markdown]
# Read each row **from right to left**, as the backward pass runs. An error at step $t$ flows on to all
# earlier steps, so only the *first bad step counting from the back* means something. Everything to the
# left of it is a consequence.
#
# - $\delta_8$ is wrong, and nothing had come back yet: the mistake is in what the step does by itself,
#   the own loss or the derivative of tanh.
# - $\delta_8$ is right and $\delta_7$ is wrong: the mistake is in what goes from step to step, the two lines
#   with `back`.
# - It starts at step 6, and steps 3 and 6 are the ones that do not count: the mask.
#
# ### A mistake at one step
#
# Real mistakes often strike at one step only: the first, the last, a border between two windows, a step
# where some sequence ends. Here $W_{hh}$ is not transposed at step 5, and nowhere else.

# %%
def first_bad_step(errors):
    return next((t for t in range(len(errors), 0, -1) if errors[t - 1] > 1e-10), None)


for mistake in ("W_hh not transposed", "dh not carried back", "tanh' taken of a_t"):
    first = first_bad_step(error_by_step(case, broken(mistake, at=5)))
    print(f"{mistake:20} at step 5: first bad step {first}")

# %% [markdown]
# Mind the difference. The line that makes `back` at step 5 makes what arrives at step **4**. The other two
# act on $\delta_5$ itself. The first bad step is where the wrong number *arrives*; ask then who has sent it.
#
# A case with a single loss, at the last step, asks one more thing. If nothing is carried back, then all
# $\delta_t$ before it are exactly zero; if it is carried wrongly, they are wrong and not zero.

# %%
last_only = case._replace(mask=case.mask & (np.arange(8) == 7)[:, None])
for mistake in ("dh not carried back", "W_hh not transposed"):
    _, delta = gradients(last_only, broken(mistake))
    print(f"{mistake:22} all δ_t before the last are zero:", bool((delta[1:-1] == 0).all()))

# %% [markdown]
# The same works for any cell. In the library the tape holds $\delta_t$ as `tape.delta`; the truth comes
# from pushes, or from `gradient_by_definition` (unit 03) on the steps after $t$: its gradient of their
# initial state is what must come back to $h_t$.
#
# ## The loss goes down
#
# "It trains" is no evidence. Whatever has a positive product with the true gradient makes the loss fall,
# if the steps are small. We train on an echo: the input is a random sign at each of ten steps, and the
# target is the sign of three steps earlier. Without a memory nothing beats the answer 0, whose loss is
# ½. We make 240 updates with each of the backward passes A, B and C of the prediction; the readout's
# gradient is always right.

# %%
from bpttlib.optim import adam
from bpttlib.sums import sum_over_time


def train(backward, T=10, H=16, B=16, updates=240, lag=3):
    rng = np.random.default_rng(1)
    weights = (rng.normal(size=(H, 1)), rng.normal(size=(H, H)) / np.sqrt(H), np.zeros((H, 1)),
               rng.normal(size=(1, H)) / np.sqrt(H))
    optimiser, losses = adam(lr=0.01), []
    memory, mask = optimiser.start(weights), np.broadcast_to(np.arange(T)[:, None] >= lag, (T, B))
    for _ in range(updates):
        x = rng.choice([-1.0, 1.0], size=(T, 1, B))
        theta, W_hy = Tensors(*weights[:3], x, np.zeros((H, B))), weights[3]
        h = elman_forward(theta)
        L, e = squared_error(W_hy @ h[1:], np.roll(x, lag, axis=0), mask)
        grads, _ = backward(theta, h, W_hy.T @ e)
        weights, memory = optimiser.update(weights, (*grads[:3], sum_over_time(e, h[1:])), memory)
        losses.append(L)
    return np.array(losses)


named = {"A": "dh not carried back", "B": "h_t for h_(t-1)", "C": "copies not summed"}
trained = {"right": train(elman_backward)} | {f"{k}: {m}": train(broken(m)) for k, m in named.items()}
smooth = {name: (np.arange(10, 240, 10), losses[:-10].reshape(-1, 10).mean(axis=1))
          for name, losses in trained.items()} | {"always 0": ([10, 230], [0.5, 0.5])}
show(lines(smooth, "updates", "loss", log="y"),
     "Loss against updates on a logarithmic scale. All four curves start between 0.4 and 1 and fall. B "
     "ends a little below the level line at 0.5, the loss of always answering 0; A and C fall below a "
     "hundredth, and the right gradient furthest.")
right, A, B, C = (losses[-20:].mean() for losses in trained.values())
print("all four end below 0.5:            ", max(right, A, B, C) < 0.5)
print("A and C end below a fiftieth of it:", max(A, C) < 0.01)
print("the right one ends at least five times lower than the best of them:", 5 * right < min(A, B, C))

# %% [markdown]
# All three train. A and C would pass for working code; who has no right curve to compare with would
# blame the learning rate for the rest. Why does A do so well? A random $W_{hh}$ echoes by itself, and
# the readout learns to listen. That the loss falls, if the steps are small, is *necessary*. It is not
# sufficient; nor is it that a network can overfit four sequences.
#
# ## Tests that belong beside it
#
# Beside the comparison with a numerical derivative, there are laws that a right backward pass obeys.
# They need no complex numbers, they cost at most three backward passes, and they work at full size, in
# single precision and on somebody else's code.
#
# - **Linear**: the backward pass is linear in `dh_own`. The gradient for $2u - 3v$ is twice that for $u$
#   minus three times that for $v$.
# - **Causal**: the loss of step 4 cannot change by an input that comes later, so its `dx` is zero there.
# - **Two windows**: steps 6 to 8, and then steps 1 to 5 with what came out of the first as `back`, must
#   add up to the whole.
# - **Two batches**: a batch in two parts, the gradients added, is the whole batch.

# %%
def flat(tensors):
    return np.concatenate([g.ravel() for g in tensors])


def linear(backward):
    rng, h = np.random.default_rng(3), elman_forward(case.theta)
    u, v = rng.normal(size=(2, *h[1:].shape))
    u[3 - 1], v[6 - 1] = 0.0, 0.0                           # steps without a loss
    g = [flat(backward(case.theta, h, own)[0]) for own in (2 * u - 3 * v, u, v)]
    return relative_error(g[0], 2 * g[1] - 3 * g[2])


def causal(backward):
    h = elman_forward(case.theta)
    own = np.zeros_like(h[1:])
    own[4 - 1] = 1.0
    dx = backward(case.theta, h, own)[0].x
    return np.abs(dx[4:]).max() / np.abs(dx).max()


def two_windows(backward):
    h, own = elman_forward(case.theta), np.random.default_rng(4).normal(size=(8, 4, 3))
    whole, _ = backward(case.theta, h, own)
    late, _ = backward(case.theta._replace(x=case.theta.x[5:]), h[5:], own[5:])
    early, _ = backward(case.theta._replace(x=case.theta.x[:5]), h[:6], own[:5], late.h_0)
    return worst(whole[:3], [e + l for e, l in zip(early[:3], late[:3], strict=True)])


def two_batches(backward):
    h, own = elman_forward(case.theta), np.random.default_rng(5).normal(size=(8, 4, 3))
    whole, _ = backward(case.theta, h, own)
    parts = [backward(spoil(case, x=case.theta.x[..., b], h_0=case.theta.h_0[:, b]).theta, h[..., b],
                      own[..., b])[0] for b in (slice(0, 1), slice(1, 3))]
    return worst(whole[:3], [g + k for g, k in zip(parts[0][:3], parts[1][:3], strict=True)])


laws = {"linear": linear, "causal": causal, "windows": two_windows, "batches": two_batches}
broken_laws = {mistake: [law(broken(mistake)) for law in laws.values()] for mistake in MISTAKES}
found = {name: sum(row[k] > 1e-10 for row in broken_laws.values()) for k, name in enumerate(laws)}
show(error_map(broken_laws, list(laws)),
     "Table of the eleven mistakes by the four laws. Mistakes that break a law: "
     + ", ".join(f"{name}: {n}" for name, n in found.items()) + ".")
print("the right one keeps all laws:", all(law(elman_backward) < 1e-10 for law in laws.values()))
lawful = [mistake for mistake, row in broken_laws.items() if max(row) < 1e-10]
print(f"{len(lawful)} mistakes keep all laws:", *lawful, sep="\n  ")

# %% [markdown]
# No law is sufficient, and some mistakes keep them all: what they compute is consistent, and it is not
# the gradient. A forgotten average is one of them. The table says what each is good for. So a full set
# of tests has the comparison with the complex step on small random cases, *and* the laws at full size.
#
# ## Experiment
#
# Choose a mistake, and the step at which it is made. The upper row shows it there and nowhere else, the
# lower row shows it at every step: which tensors are wrong, and from which step on.

# %%
right_delta = true_delta(case)


def look(mistake, step):
    rows = {}
    for name, at in ((f"at step {step}", step), ("always", None)):
        grads, delta = gradients(case, broken(mistake, at))
        rows[name] = [*errors(grads, true), np.nan, *errors(delta[1:], right_delta)]
    once = rows[f"at step {step}"]
    wrong = [name for name, error in zip(Tensors._fields, once, strict=False) if error > 1e-10]
    first = first_bad_step(once[6:])
    figure = error_map(rows, ["$W_{xh}$", "$W_{hh}$", "$b_h$", "$x$", "$h_0$", "",
                              *(f"$\\delta_{t}$" for t in range(1, 9))])
    return figure, (f"{mistake}, at step {step} only. Wrong tensors: {', '.join(wrong) or 'none'}. "
                    f"First bad step from the back: {first or 'none'}.")


explore(look, mistake=list(MISTAKES), step=(1, 8, 1, 5), tasks=[
    "dh not carried back, at step 8: why is nothing wrong? And what is spoilt at step 1?",
    "W_hh not transposed: at which step does it spoil a single tensor?",
    "Mask on what comes back: at which steps does it do no harm, and why?",
    "Which mistakes spoil something only if they are made at step 1?",
])

# %% [markdown]
# ## Your turn
#
# 1. Let chance choose: `mystery = broken(list(MISTAKES)[k], at=s)` with
#    `k, s = np.random.default_rng().integers(1, 9, size=2)`. Find the mistake and the step with
#    `error_map` alone. If nothing is wrong, which pairs can it be? Print `k` and `s` only then.
# 2. Add a twelfth mistake of your own to `MISTAKES`. Which case hides it? Which law finds it?
# 3. Write a `relu` into `elman_forward` and its derivative into `elman_backward`, and make all five
#    tensors right to $10^{-10}$. Then set `b_h`, `h_0` and the first row of `x` to zero. What happens, and is
#    it a mistake?
# 4. Run `relative_error` on float32 gradients against float64 ones, for $T = 8$ and for $T = 200$. Which
#    tolerance is honest in single precision?
#
# Exercises with points: [Exercises 04](../exercises/04/04.ipynb).
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. Of the five tensors only dW<sub>hh</sub> is wrong. Where is the mistake?**
#
# <details><summary>A. In the line of δ<sub>t</sub></summary>
#
# **No.** All tensors are made of the same $\delta_t$. If it were wrong, $dW_{xh}$, $db_h$ and $dx$ would
# be wrong too.
# </details>
#
# <details><summary>B. In the line of dW<sub>hh</sub> itself</summary>
#
# **Right.** Every $\delta_t$ is right, since the other tensors are made of them. What remains is the one
# line that makes this tensor.
# </details>
#
# <details><summary>C. In a line with <code>back</code></summary>
#
# **No.** What comes back makes the $\delta_t$ of all earlier steps, and these make every tensor. A
# mistake there spoils all five.
# </details>
#
# **2. The relative error is exactly 0.75 in every tensor. What do you look for?**
#
# <details><summary>A. A wrong sign</summary>
#
# **No.** A flipped sign has the relative error 2: $g$ and $-g$ are two lengths of $g$ apart.
# </details>
#
# <details><summary>B. Single precision</summary>
#
# **No.** Rounding does not give the same number everywhere, and it is smaller by orders of magnitude.
# </details>
#
# <details><summary>C. A step that is wrong</summary>
#
# **No.** One wrong step changes each tensor by another amount. The same number everywhere is the mark of
# a factor.
# </details>
#
# <details><summary>D. A factor of four</summary>
#
# **Right.** $1 - 1/4$ is the error of a gradient that is four times too small or too large. Something has
# four steps, or four sequences that count.
# </details>
#
# **3. δ<sub>t</sub> is right at T and wrong at all earlier steps. At which step do you look for the
# mistake?**
#
# <details><summary>A. At T and T−1: what is sent there, and what arrives</summary>
#
# **Right.** The first bad step from the back is where the wrong number arrives. The line that makes `back`
# at step $T$ sends it, and step $T-1$ receives it.
# </details>
#
# <details><summary>B. At step 1, where most wrong things have come together</summary>
#
# **No.** What reaches step 1 has passed through all the others. Its error is a consequence and says
# nothing of the cause.
# </details>
#
# <details><summary>C. At all of them: each must have its own mistake</summary>
#
# **No.** One mistake is enough. What is wrong at $T-1$ flows on to all earlier steps, however right their
# own lines are.
# </details>
#
# **4. The complex step says 0 for one tensor, and your backward pass says 0 as well. What now?**
#
# <details><summary>A. Both agree to all digits, so the tensor is right</summary>
#
# **No.** An operation that throws the imaginary part away gives zero as well. If the backward pass has
# forgotten the same term, zero equals zero.
# </details>
#
# <details><summary>B. It is wrong: no gradient is exactly zero</summary>
#
# **No.** Some must be: the loss of step 4 has a zero gradient for every later input. So zero alone does
# not convict.
# </details>
#
# <details><summary>C. Ask the central difference, on a random case</summary>
#
# **Right.** It needs no imaginary part, so it sees what the complex step may have lost. And a random case
# is free of the zeros that make a product vanish.
# </details>
#
# **5. The gradient check passed at the start, and after an hour the loss stops falling. What do you check
# first?**
#
# <details><summary>A. The learning rate: the gradient is known to be right</summary>
#
# **No.** It was right at the first weights. A mistake that had nothing to act on there may act now.
# </details>
#
# <details><summary>B. The gradient, at the weights of now and in float64</summary>
#
# **Right.** What a check can see depends on where the network works. If it passes here, too, the gradient
# is not to blame.
# </details>
#
# <details><summary>C. The gradient, at new random weights of the same size</summary>
#
# **No.** That is the check that has passed already. What has changed since are the weights.
# </details>
#
# ## What to take away
#
# - Random, not zero, T of at least 3, a mask, an initial state; double precision; a relative tolerance
#   of $10^{-10}$ with the complex step. Each convenience hides a mistake.
# - One wrong tensor: its own line. All wrong: look at $\delta_t$ and find the first bad step from the
#   back.
# - A constant factor is an average that was forgotten, or taken twice.
# - The numerical derivative can lie too: step size, kinks, lost imaginary parts, noise.
# - A loss that falls with small steps, and every single law, is necessary. None is sufficient.
#
# Next: [05 · Truncated BPTT and streaming state](05_truncation.ipynb). Symbols:
# [notation](../docs/notation.md). Terms: [glossary](../docs/glossary.md).
#
# **Sources.** The complex step: Squire and Trapp 1998, *Using complex variables to estimate derivatives
# of real functions*, SIAM Review 40(1). Mutation testing: DeMillo, Lipton and Sayward 1978, *Hints on
# test data selection: help for the practicing programmer*, Computer 11(4). That a random recurrent
# network echoes its inputs, and that a readout can learn from the echo: Jaeger 2001, *The "echo state"
# approach to analysing and training recurrent neural networks*, GMD Report 148.
