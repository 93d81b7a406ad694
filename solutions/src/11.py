# %% [markdown]
# # Exercises 11 · A project on real sequences
#
# Train a recurrent network on real data, beat a baseline that you have named *before* training, take one thing away
# to see what it was worth, and say what you found. A person marks this unit: there is no `check`. It can earn
# **10 bonus points** and takes about four hours, most of them thinking. You need the unit of your data,
# [11a](../../notebooks/11a_language.ipynb), [11b](../../notebooks/11b_conversation.ipynb),
# [11c](../../notebooks/11c_speech.ipynb) or [11d](../../notebooks/11d_time_series.ipynb), and units
# [05](../../notebooks/05_truncation.ipynb) and [08](../../notebooks/08_clipping_init_optimisers.ipynb) for the settings.
#
# **Choose one** of these four, and stay with it:
#
# | data | loader in `bpttlib.data` | the usual question | baselines to state |
# |---|---|---|---|
# | time series | `sunspots`, `sea_temperature` | forecast the next value | persistence, AR(12) |
# | speech | `japanese_vowels` | which of nine speakers is it? | the most frequent speaker, a linear model of each utterance's mean |
# | language | `characters` | the next character | n-grams of the same split |
# | conversation | `conversations` | which reply follows five messages? | chance, the last message alone, retrieval |
#
# The cells below load the sunspot numbers, so that you can begin at once. With other data, replace them by your own
# loading, your own split, your own measure and your own baseline, in the same order.
#
# **What is marked.** Everything a number depends on must stand in the notebook, and it must run from top to bottom
# within five minutes: a number that is not printed in this way does not count. Each point is given whole or not at all. A
# network that fails to beat its baseline, honestly measured and well explained, earns all points; a better number that
# was chosen by looking at the test data does not.
#
# | part | 10 points | what earns them |
# |---|---|---|
# | 11.2 the plan | 1 | 1: the measure, the baselines with their numbers, which data trains, chooses and tests, and what you expect of which ablation, written before training |
# | 11.3 model and training | 3 | 1: settings are chosen on data that no candidate was trained on, and that the test does not hold · 1: the gradient's path is right for the data, by carried state, windows or masks, and it is said whether clipping acts · 1: at least three seeds, with their spread, beside the baseline |
# | 11.4 ablation | 2 | 1: one thing is changed at a time, and all else, seeds included, stays · 1: a table with the spread, against the full model |
# | 11.5 reflection | 4 | 1: claims no more than the numbers carry · 1: explains the ablation by how gradients flow · 1: names what went wrong or surprised, with evidence · 1: says which single measurement would come next, and what each outcome would mean |

# %%
import numpy as np
from bpttlib.cells import Elman
from bpttlib.clip import clip_by_global_norm
from bpttlib.data import one_step_ahead, sunspots
from bpttlib.init import uniform_fan_in
from bpttlib.losses import squared_error
from bpttlib.model import Model
from bpttlib.optim import adam
from bpttlib.params import ModelParams
from bpttlib.readout import read_out_backward
from bpttlib.truncation import truncated_bptt

# %% [markdown]
# ## 11.1 · Data, measure, baselines (given)
#
# The years up to 1880 are for training, 1881–1920 for choosing settings; 1921–1955 and 1956–1979 are the test, and
# are looked at once. The measure is the relative variance of the one-year-ahead forecast: its mean squared error,
# divided by the variance of the series up to 1979.

# %%
years, numbers = sunspots()
past, following, when = numbers[:-1], numbers[1:], years[1:]
PERIODS = {"1881–1920": (1881, 1920), "1921–55": (1921, 1955), "1956–79": (1956, 1979)}


def relative_variances(predicted):
    """Return the measure of each period, for forecasts of the years 1701 … 2008."""
    inside = [(first <= when) & (when <= last) for first, last in PERIODS.values()]
    squares = (predicted - following) ** 2 / numbers[years <= 1979].var()
    return np.array([squares[chosen].mean() for chosen in inside])


def row(name, errors):
    """Print a name and the mean over the seeds, ± half the distance between the largest and the smallest."""
    errors = np.atleast_2d(errors)
    spread = np.ptp(errors, axis=0) / 2
    cells = (f"{m:.3f} ± {s:.3f}" if len(errors) > 1 else f"{m:.3f}        "
             for m, s in zip(errors.mean(axis=0), spread, strict=True))
    print(f"{name:<24}", *cells, sep="  ")


def head():
    print(" " * 24, *(f"{name:<13}" for name in PERIODS), sep="  ")


def autoregression(p=12, last=1880):
    """Return the forecasts of a weighted sum of the last p years, fitted by least squares."""
    rows = np.lib.stride_tricks.sliding_window_view(past, p)
    rows = np.column_stack([np.ones(len(rows)), rows])
    known = when[p - 1:] <= last
    weights = np.linalg.lstsq(rows[known], following[p - 1:][known])[0]
    return np.concatenate([np.full(p - 1, np.nan), rows @ weights])


head()
row("persistence", relative_variances(past))
row("AR(12), up to 1880", relative_variances(autoregression()))
row("AR(12), up to 1920", relative_variances(autoregression(last=1920)))

# %% [markdown]
# ## 11.2 · The plan (1 point)
#
# In five to ten sentences, before you train anything: what is forecast or told apart, and how is it measured? Which
# baselines do you want to beat, and what do they score? Which data trains, which chooses, which tests? What will you
# take away in the ablation, and what do you expect to happen?

# %% [markdown] written="project_plan" points=1
# I forecast next year's sunspot number from all years so far. The measure is the relative variance: 0 is perfect, and
# the best constant gets about 1. On the two test periods persistence scores 0.43 and 0.96; AR(12), fitted up to 1920,
# scores 0.13 and 0.37. I want to beat persistence on both and AR(12) on one, and I doubt the latter: 220 years are few,
# and AR(12) is handed twelve years at each step where my network sees one.
#
# The years up to 1880 train and 1881–1920 choose the learning rate and the number of updates. Then fresh networks are
# trained up to 1920 and tested once. The cell is an Elman network with 8 units; the series is too short for many gates.
#
# The ablation cuts the gradient every 12, 4 or 1 steps. Values are carried over the cuts as before, the weights move
# once per pass as before, and only the way back changes. The cycle takes about eleven years. So I expect that 12 does
# little harm, and that 1, which never credits a year for what the state keeps of it later, is much worse.

# %% [markdown]
# ## 11.3 · Model and training (3 points)
#
# Write a function that trains one network from a seed, with your settings and any changes to them, and returns what it
# scores. Choose the settings on the validation data, and show how. Then print a table of at least three seeds, with
# their spread, beside the baselines.

# %% answer="project_model" points=3
### BEGIN SOLUTION
SETTING = {"cell": Elman(), "H": 8, "lr": 0.003, "clip": 1.0, "k": None}        # k = None: full BPTT
SEEDS, CANDIDATES = range(5), range(25, 401, 25)
MEAN, SD = numbers[years <= 1880].mean(), numbers[years <= 1880].std()          # of the training years


def gradients(model, params, task, k):
    """Return ∂L/∂θ over the whole series, cut every k steps at frozen weights; nothing is cut without k."""
    y, tape = model.forward(params, task.x)
    _, dy = squared_error(y, task.targets, task.mask)
    readout, dh_own = read_out_backward(params.readout, tape.h[1:], dy)
    k = k or len(task.x)
    return ModelParams(truncated_bptt(model.network, params.cell, task.x, tape, dh_own, k, k).params, readout)


def train(seed, last, updates, **changes):
    """Train on the years up to `last`; yield (n, model, parameters) after each update."""
    s = SETTING | changes
    model, rule = Model(s["cell"], D=1, H=s["H"], K=1, loss="squared_error"), adam(lr=s["lr"])
    task = one_step_ahead((numbers[years <= last] - MEAN) / SD)
    task = task._replace(mask=np.arange(len(task.x))[:, np.newaxis] >= 12)      # one cycle to warm up
    params = model.init(np.random.default_rng(seed), W_hh=uniform_fan_in)
    memory = rule.start(params)
    for n in range(1, updates + 1):
        grads, _ = clip_by_global_norm(gradients(model, params, task, s["k"]), s["clip"])
        params, memory = rule.update(params, grads, memory)
        yield n, model, params


def scores(model, params):
    y, _ = model.forward(params, one_step_ahead((numbers - MEAN) / SD).x)
    return relative_variances(MEAN + SD * y.ravel())


def validation(**changes):
    """Return the error on 1881–1920 after each candidate number of updates, mean over the seeds."""
    return np.mean([[scores(model, params)[0] for n, model, params in train(seed, 1880, 400, **changes)
                     if n in CANDIDATES] for seed in SEEDS], axis=0)


def train_and_test(seed, updates, **changes):
    """Train on the years up to 1920; return the errors on all periods (1881–1920 are training years now)."""
    *_, (_, model, params) = train(seed, 1920, updates, **changes)
    return scores(model, params)


curves = {f"lr {lr}": validation(lr=lr) for lr in (0.001, 0.003, 0.01)}
print("mean error on 1881–1920")
for name, errors in curves.items():
    print(f"{name:<10} smallest {errors.min():.3f}, after {CANDIDATES[int(errors.argmin())]} updates")
best = CANDIDATES[int(curves[f"lr {SETTING['lr']}"].argmin())]
print(f"chosen: lr {SETTING['lr']}, {best} updates\n")

full = [train_and_test(seed, best) for seed in SEEDS]
head()
row("persistence", relative_variances(past))
row("AR(12), up to 1920", relative_variances(autoregression(last=1920)))
row("Elman, full BPTT", full)
### END SOLUTION

# %% [markdown]
# ## 11.4 · Ablation (2 points)
#
# Take one thing away, or change it, and leave all else as it was: k2, the clip, the gates, the carried state, the
# initialisation. Print a table in which the full model stands beside the changed ones, with the same seeds.

# %% answer="project_ablation" points=2
### BEGIN SOLUTION
head()
row("full BPTT", full)
for k in (12, 4, 1):
    row(f"cut every {k} steps", [train_and_test(seed, best, k=k) for seed in SEEDS])
row("clip at 1e9", [train_and_test(seed, best, clip=1e9) for seed in SEEDS])
print("\neach with its own number of updates, chosen on 1881–1920")
head()
for k in (12, 4, 1):
    errors = validation(k=k)
    own = CANDIDATES[int(errors.argmin())]
    row(f"every {k}: {own} updates", [train_and_test(seed, own, k=k) for seed in SEEDS])
### END SOLUTION

# %% [markdown]
# ## 11.5 · Reflection (4 points)
#
# In a page: what do your numbers show, and what do they not show? Explain the ablation by what the gradient can and
# cannot reach. What went wrong, or surprised you, and how did you find out? Which one measurement would you make next,
# and what would you conclude from each of its outcomes?

# %% [markdown] written="reflection" points=4
# **What the numbers show.** On 1921–55 the network scores 0.13 ± 0.02 over five seeds. That is far below persistence,
# 0.43, and the same as AR(12), 0.13, whose number lies inside the spread: I cannot claim to have beaten it. On 1956–79 it
# scores 0.65 ± 0.09. Persistence, 0.96, is beaten there as well, but AR(12), 0.37, is clearly better. So the answer to
# my plan is: persistence yes, AR(12) no. What they do not show: that no recurrent network can. I tried one cell, one
# size and three learning rates, on one series.
#
# **The ablation.** Cut every 12 steps the network scores 0.14, as good as whole. That I expected: a cycle fits into a
# chunk. But cut at *every* step it still scores 0.15 ± 0.02, and the two spreads overlap. My prediction was wrong. With
# k = 1 a loss credits only what step t does with $x_t$ and with $h_{t-1}$ as it is: δ_t is the own loss's alone, and
# $W_{hh}$ learns from $\delta_t h_{t-1}^\top$ how to *read* the old state, never how to *write* one that will be useful
# later. Yet the values are carried. The random $W_{hh}$ of the start spreads the last years over eight units, and on a
# task with a loss at each step, where the next value mostly depends on a few last ones, reading seems to be enough. The
# bit that has to be kept through silence (unit 09) is another matter: there nothing can be read that was not written.
#
# **What went wrong.** My first ablation used short windows with a weight change after each. It compared two things at
# once: how far the gradient went, and how many updates there were in a pass. Cutting at frozen weights removes the
# second. Then I asked whether the whole model's number of updates was unfair to the others and chose one for each of
# them on 1881–1920: with its own number k = 1 does not get better, 0.16, and k = 4 gets worse. Forty validation years
# choose noisily; differences of 0.02 are below what this experiment can see. Clipping made no difference beyond the
# spread.
#
# **Next.** Train the readout alone, with $W_{xh}$ and $W_{hh}$ left as drawn, and the same seeds. If it scores about
# 0.15, the state is a random echo and backpropagation through time has bought at most 0.02 here. If it is much worse,
# the one-step gradient does the work that I credited to the echo, and I would ask the same of k = 2 and 3.
