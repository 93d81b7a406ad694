# %% [markdown]
# # 11a · Language: a text, one character at a time
#
# Thirty-three plays by Shakespeare, four million characters, and one task: say what comes next. Here all
# that the course has built is used at once: a cell, truncated backpropagation with carried state, a clip,
# an initialisation. As little as possible is chosen by taste: you already know how to measure what a choice
# is worth. And the result has to beat an opponent that is not a straw man.
#
# After this unit you can
#
# - set up a stream of text for truncated BPTT, and say what is carried and what is cut,
# - choose $k_1$, $k_2$, clip and initialisation from measurements, and say which of them mattered,
# - compare a network with counting, in nats per character, and say where its advantage comes from,
# - measure how far back a network remembers, and tell that from how far its gradient reached.
#
# You need: units [05](05_truncation.ipynb), [08](08_clipping_init_optimisers.ipynb) and
# [09](09_lstm.ipynb). Time: about 60 minutes.

# %%
import numpy as np
from bpttlib.data import characters
from bpttlib.plots import lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# An LSTM of 128 units reads the plays for some six minutes. Its gradients never go back more than 64
# characters. Its opponent counts: a *5-gram* has seen, for each four characters, what came next in four
# million. Write down
#
# - which of the two forecasts two plays better that neither has seen,
# - how many characters of context the LSTM makes use of: about 5, about 30, or more than 64,
# - whether it spells its words right when it writes by itself.
#
# ## Look at the data
#
# Thirty-three plays are for training, two to choose with, two for the end. The text is all that the network gets: no
# dictionary, and no list of words.

# %%
train, valid, test = (characters(part) for part in ("train", "valid", "test"))
K = len(train.alphabet)
print(f"{len(train.ids):,} characters for training, {len(valid.ids):,} to choose with, "
      f"{len(test.ids):,} for the end")
print(f"{K} different ones; the last part begins:\n")
print(test.decode(test.ids[:233]))

# %%
share = np.bincount(train.ids, minlength=K) / len(train.ids)
order = np.argsort(-share)
at_newline = np.flatnonzero(train.ids == train.encode("\n")[0])
length = np.diff(at_newline) - 1
per_length = np.bincount(length[length > 0], minlength=80)[:80] / (length > 0).sum()
show(lines({"lines": per_length}, "length of a line in characters", "share of the lines"),
     "Share of lines against their length. A narrow peak at six to nine characters: the names of those who "
     f"speak. A broad one around {per_length[20:].argmax() + 20}: verses. Long lines of prose trail off.")
print("the most frequent:", " ".join(repr(train.alphabet[k]) for k in order[:8]))
print(f"guessing each alike costs ln {K} = {np.log(K):.2f} nats per character; by frequency alone "
      f"{-(share[share > 0] * np.log(share[share > 0])).sum():.2f}")

# %% [markdown]
# So the text has structure of several sizes: letters make words, words make verses of some forty characters,
# a name in capitals and a colon stand before each speech. A model that looks four characters back sees the first
# of these only.
#
# ## A baseline that is not a straw man
#
# An *n-gram* looks $n-1$ characters back and counts what followed them in the training text. Long contexts
# are precise but rare, so one interpolates: what the long context has not seen, the next shorter one
# decides (Witten and Bell 1991). There is nothing to be tuned.

# %%
from bpttlib.data.baselines import witten_bell

by_counting = {n: -np.log(witten_bell(train.ids, test.ids, n, K)) for n in range(1, 7)}
for n, nats in by_counting.items():
    print(f"{n}-gram: {nats.mean():.3f} nats per character")
for m in (3, 4, 5):                                         # a context as one number, with m digits
    known, asked = (np.convolve(part.ids.astype(int), K ** np.arange(m), "valid")[:-1] for part in (train, test))
    known.sort()
    seen = np.searchsorted(known, asked, "right") - np.searchsorted(known, asked)
    print(f"contexts of {m} characters: {np.mean(seen < 100):.0%} seen fewer than 100 times, {np.mean(seen == 0):.0%} never")

# %% [markdown]
# From the fifth on, more context hardly helps: half of the contexts of five characters, as the test plays have them,
# were seen fewer than a hundred times. Counting cannot know that *the king* and *the queen* are followed by similar
# things. That is the opening for a network, which does not look contexts up but computes with them. The bar for this
# unit: below the 4-gram, and if possible below the 5-gram.
#
# ## The stream
#
# One text, cut into $B = 32$ long pieces that are read side by side; windows of $k_1$ characters; the state
# is carried from window to window, the gradient is not (unit [05](05_truncation.ipynb)). Watch that each
# column goes on where it stopped:

# %%
from bpttlib.data import next_character
from bpttlib.tasks import windows

stream = next_character(train.ids, B=32)
feed = windows(stream.x, stream.targets, k1=64)
for i in range(2):
    print(repr(train.decode(feed(i).x[:, 3])), "fresh" if feed(i).fresh else "carried")

# %% [markdown]
# ## Choose by measuring
#
# All measurements of this section come from short trainings, 600 updates with the same seed unless
# something else is said, and the losses are those on the validation plays; the test plays are not touched.
# The command that made them, `python -m tools.train_language`, also trained the network that we look at
# later. What it stored comes with the library.
#
# ### The cell
#
# Three cells with about as many parameters, read on from the training text and from a zero state:

# %%
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.data.trained import trained
from bpttlib.model import Model
from bpttlib.params import CellParams, ModelParams, ReadoutParams, count_parameters

stored = trained("language")
results = dict(zip(stored["names"].tolist(), stored["nats"].tolist(), strict=True))  # [carried, from zero]


def network(name, dtype=np.float32):
    """Return a stored network: the model, and its parameters."""
    cell = CellParams(*(stored[f"{name}.cell.{p}"].astype(dtype) for p in CellParams._fields))
    readout = ReadoutParams(*(stored[f"{name}.readout.{p}"].astype(dtype) for p in ReadoutParams._fields))
    return Model(LSTM(), K, cell.W_hh.shape[1], K, "softmax_cross_entropy"), ModelParams(cell, readout)


for cell, H in ((LSTM(), 64), (GRU(), 78), (Elman(), 138)):
    model, name = Model(cell, K, H, K, "softmax_cross_entropy"), type(cell).__name__
    size = count_parameters(model.init(np.random.default_rng(0)))
    carried, zero = results[name]
    print(f"{name:5} H = {H:3}, {size:,} parameters: {carried:.2f} nats read on, {zero:.2f} from a zero state")

# %% [markdown]
# The GRU is ahead after 600 updates, and the LSTM last. But look at the second number of the GRU: from a zero state
# it is worse than guessing. In training, its state was zero once, at the very start, and then carried for ever; it seems
# to have settled where no zero start leads. A model that has to begin somewhere must have begun often enough. The LSTM
# and the Elman network do not care. Of these two we take the LSTM, on trust: after 600 updates it is behind, but the
# training will be longer, and its cell state is made for keeping (unit [09](09_lstm.ipynb)). The GRU with resets is
# left to you (*Your turn*).
#
# ### The horizon
#
# How far back does the gradient of one loss reach? We let the last of 128 steps have a
# loss, go back, and look at $\|\partial L / \partial h_{T-n}\|$ over the lag $n$: for an LSTM before
# training, after 600 updates, and after the whole training. (The second one is the LSTM of 64 units above, the others
# have 128.)

# %%
from bpttlib.bptt import bptt, unroll
from bpttlib.diagnostics import norm_by_lag
from bpttlib.losses import softmax_cross_entropy
from bpttlib.params import tree_map

T = 128
some = next_character(valid.ids[:32 * T + 1], B=32)         # 32 places of 128 characters


def own_gradients(model, params, batch):
    """Return the tape, and the gradient of each step's own loss with respect to h_t."""
    y, tape = model.forward(params, batch.x)
    _, dy = softmax_cross_entropy(y, batch.targets)
    return tape, params.readout.W_hy.T @ dy


def by_lag(model, params):
    tape, own = own_gradients(model, params, some)
    own[:-1] = 0.0                                          # the last loss alone
    bptt(model.cell, params.cell, some.x, tape, own)
    norm = norm_by_lag(tape)[:-1]
    return norm / norm[0]


early, final = network("early"), network("model")
untrained = final[0], tree_map(np.float32, final[0].init(np.random.default_rng(0)))
reaches = {"untrained": by_lag(*untrained), "after 600": by_lag(*early), "trained": by_lag(*final)}
show(lines(reaches, "lag $n$", r"$\|\partial L/\partial h_{T-n}\|$, relative", log="y"),
     "Gradient norms against the lag on a logarithmic axis, for the LSTM untrained, after 600 updates and "
     "trained. " + " ".join(f"{name}: {norm[16]:.0e} at lag 16 and {norm[64]:.0e} at lag 64."
                            for name, norm in reaches.items()))
for name, norm in reaches.items():
    print(f"{name:10} below a tenth from lag {np.argmax(norm < 0.1):3}, below a hundredth from lag "
          f"{np.argmax(norm < 0.01) if (norm < 0.01).any() else f'more than {T - 1}'}")

# %% [markdown]
# Before training the forget bias of 1 lets a slow part through. Training first learns what is near: after 600 updates
# the gradient is below a hundredth beyond some ten characters. Then the reach grows again, as there is something
# further back to be learnt; in the trained network about a hundredth still comes back from some thirty characters.
#
# ### What the windows cut
#
# That was one loss. What is lost of the *sum*, when windows cut it? The truncated gradient against the full
# one, for the network after 600 updates, over those 128 steps:

# %%
from bpttlib.clip import global_norm
from bpttlib.truncation import truncated_bptt


def bias(k1, k2):
    model, params = early
    tape, own = own_gradients(model, params, some)
    g = bptt(model.cell, params.cell, some.x, tape, own).params
    g_hat = truncated_bptt(model.cell, params.cell, some.x, tape, own, k1, k2).params
    return global_norm(tree_map(np.subtract, g_hat, g)) / global_norm(g)


print("  k1  k2   relative bias   steps back per loss")
for k1, k2 in ((8, 8), (16, 16), (32, 32), (64, 64), (8, 16), (8, 64), (32, 64)):
    print(f"{k1:4} {k2:3} {bias(k1, k2):14.1%} {k2 / k1:19.1f}")

# %% [markdown]
# Chunks of 64 have a bias of a few percent, at one step back per loss; windows twice as long as $k_1$ have less,
# at twice the work (unit 05 says why). Decision: $k_1 = k_2 = 64$. It covers what the trained networks in the picture
# use, down to a thousandth, and more than a line of verse.
#
# ### Clip and initialisation
#
# What the forget bias does to the reach before training, and the norm of the gradient over the whole training:

# %%
for b in (0.0, 1.0, 3.0):
    model = Model(LSTM(b), K, 128, K, "softmax_cross_entropy")
    norm = by_lag(model, tree_map(np.float32, model.init(np.random.default_rng(0))))
    print(f"forget bias {b:.0f}, untrained: relative gradient {norm[8]:.0e} at lag 8, {norm[32]:.0e} at lag 32")
norm = stored["norm"]
print(f"norm of the gradient in training: median {np.median(norm):.2f}, 99 % below {np.quantile(norm, 0.99):.1f}, "
      f"largest {norm.max():.1f}")
print(f"above 1: {np.mean(norm > 1):.1%} of the updates")

# %% [markdown]
# With a forget bias of 0 hardly anything comes back from 32 characters; with 1 or 3 it does. We keep 1, the
# library's default. The gradient's norm is nearly always below 1. So a clip of 1 is an insurance that
# costs nothing, and we take it.

# %% [markdown] tags=["notes"]
# ## Train
#
# Now with a progress bar: 300 updates of a network with 64 units, a few seconds. In a notebook that runs,
# change what you like.

# %%
from bpttlib.optim import adam
from bpttlib.train import fit
from IPython.display import display
import ipywidgets

bar, view = ipywidgets.IntProgress(max=300), "application/vnd.jupyter.widget-view+json"
display({view: bar._repr_mimebundle_()[view]}, raw=True)    # the bar alone; nothing of it is stored


def tick(state, step):
    bar.value = state.updates


small = Model(LSTM(), K, 64, K, "softmax_cross_entropy")
start = tree_map(np.float32, small.init(np.random.default_rng(0)))
run = fit(small, start, feed, 300, adam(3e-3), clip=1.0, callbacks=tick, progress=False)
print("after 300 updates better than the 2-gram:", run.loss[-20:].mean() < by_counting[2].mean())

# %% [markdown]
# The long training is the same line with $H = 128$ and 14,300 updates, each with windows of 64 characters in
# 32 places: 7 times through the text, in some six minutes on one quiet core. The learning rate was
# $3 \cdot 10^{-3}$ for 6,000 updates, then $10^{-3}$ and $3 \cdot 10^{-4}$; after 9,000 and after 12,000 updates it was
# raised to $10^{-3}$ once more, and lowered again. (Nobody would plan it so: the first end was not good enough.)

# %%
loss = stored["loss"]                                       # the mean of each 50 updates
show(lines({"loss": (50 * np.arange(1, len(loss) + 1), loss)}, "update", "nats per character",
           horizontal={"4-gram": by_counting[4].mean(), "5-gram": by_counting[5].mean()},
           vertical={"6,000": 6000, "9,000": 9000, "12,000": 12000}),
     f"Training loss against updates. It falls from {loss[0]:.1f} to {loss[20]:.1f} within a thousand updates, "
     f"then slowly to {loss[-1]:.2f}. Vertical lines mark 6,000 updates, where the learning "
     "rate is lowered, and 9,000 and 12,000, where it is raised once more. Dashed lines mark what the 4-gram and the "
     "5-gram reach on the test plays.")

# %% [markdown]
# ## The result
#
# We read the two test plays in 64 places side by side, with carried state.

# %%
def nats_per_character(model, params, x, targets, s0=None, block=512):
    """Return -ln p of each character, and the state at the end; nothing is kept for a way back."""
    nats = []
    for first in range(0, len(x), block):
        y, tape = model.forward(params, x[first:first + block], s0)
        s0 = model.network.state_at(tape, -1)
        y -= y.max(axis=1, keepdims=True)
        right = np.take_along_axis(y, targets[first:first + block, None].astype(int), axis=1)[:, 0]
        nats.append(np.log(np.exp(y).sum(axis=1)) - right)
    return np.concatenate(nats), s0


unseen = next_character(test.ids, B=64)
ours, _ = nats_per_character(*final, unseen.x, unseen.targets)
seen = next_character(train.ids[:len(test.ids)], B=64)
on_train, _ = nats_per_character(*final, seen.x, seen.targets)
print(f"LSTM {ours.mean():.3f} nats per character on the test plays; {on_train.mean():.2f} on plays it has read")
for n in (4, 5, 6):
    print(f"{n}-gram {by_counting[n].mean():.3f}: the LSTM is better: {ours.mean() < by_counting[n].mean()}")

# %% [markdown]
# The bar is met: more than a tenth of a nat below the 4-gram. The 5-gram stays ahead by a hair; of what we had
# hoped for, that is missing. On plays that it has read the network is not much better than on new ones. So it is not too
# little text that limits it; its size and its training do.
#
# ## Samples
#
# The network writes: each character is drawn from its own forecast and fed back in. The *temperature*
# divides the outputs before the softmax: below 1 likely characters become likelier still.

# %%
from bpttlib.sampling import sample

model, params = network("model", float)                     # in double precision: the same on every machine
vocabulary = set(train.decode(train.ids).split())
prompt = np.repeat(test.encode("\n\nKING HENRY:\n")[:, None], 8, axis=1)
for temperature in (0.3, 0.7, 1.0, 1.5):
    drawn = sample(model, params, prompt, 300, np.random.default_rng(1), temperature)
    texts = [test.decode(column) for column in drawn.T]
    words = [word for text in texts for word in text.split()[:-1]]
    known = np.mean([word in vocabulary for word in words])
    print(f"--- temperature {temperature}: {known:.0%} of the words stand in the training plays")
    print(texts[0], end="\n\n")

# %% [markdown]
# Names, colons, line lengths, spelling: all from forecasts of single characters. Is each word spelt right? At
# temperature 0.3 nearly; at 1, which is the distribution that was learnt, about three in four. The words that do not exist
# sound as if they could. What is lacking is what needs more than thirty characters: a sentence that leads somewhere.
# (Low temperatures also choose common words, so their share says as much about caution as about skill.)
#
# ## What the network remembers
#
# The state has come through the whole play. How much of that past does the forecast *use*? We cut the test
# plays into pieces of 256 characters. Each piece is read twice: once from the state in which the piece
# before it ended, once from the state of *another* place. After $n$ characters the second network knows the
# true last $n$ characters, and before them a past that is wrong. The difference of the two losses is the
# worth of what lies further back.

# %%
pieces = next_character(test.ids, B=len(test.ids) // 256)
_, ends = nats_per_character(*final, pieces.x, pieces.targets)
shifted = [tuple(np.roll(part, by, axis=1) for part in ends) for by in (1, 100)]
true_past, wrong_past = (nats_per_character(*final, pieces.x, pieces.targets, s0)[0].mean(axis=1)
                         for s0 in shifted)                 # by 1: the piece before; by 100: elsewhere
excess, level = wrong_past - true_past, true_past.mean()
edges = np.array([1, 2, 3, 4, 5, 6, 8, 12, 20, 32, 64, 128, 257])
middle = np.sqrt(edges[:-1] * (edges[1:] - 1))
binned = np.array([level + excess[low - 1:high - 1].mean() for low, high in zip(edges, edges[1:], strict=False)])
counted = np.array([by_counting[order].mean() for order in range(2, 7)])
show(lines({"LSTM": (middle, binned), "n-grams": (np.arange(1, 6), counted),
            "the whole past": (np.array([1, 256]), np.full(2, level))},
           "true characters of context $n$", "nats per character", log="x"),
     "Nats per character against the number of true characters of context, on a logarithmic axis. The LSTM with "
     f"a wrong past before them falls from {binned[0]:.1f} with one to {binned[5]:.2f} with six or seven, and meets "
     f"its level with the whole past, {level:.2f}, at about fifty. The n-grams lie far below it at the start: "
     f"from {counted[0]:.2f} to {counted[4]:.2f} with five.")
for low, high in ((1, 1), (2, 4), (5, 8), (9, 16), (17, 32), (33, 64), (65, 128), (129, 256)):
    print(f"with {low:3} to {high:3} true characters a wrong past costs {excess[low - 1:high].mean():6.3f} nats")

# %% [markdown]
# So the answer to the second prediction is: some thirty. Beyond 64 characters a wrong past costs nothing that one
# could see, although the state has been carried through the whole play. What is *used* lies nearer than
# the horizon of the gradient, so a larger $k_2$ would probably have bought little. And the picture shows something that
# counting does better: with *few* true characters the network is misled by the wrong past before them, where an
# n-gram just does not look at it.
#
# ## Take something away
#
# ### A shorter horizon
#
# What is a choice worth? Trainings that differ in it and in nothing else will tell. First the horizon: 64 units, $k_1 = 8$
# new characters in each update, 3,000 updates.

# %%
for name in ("reset", "k2 = 8", "k2 = 16", "k2 = 64"):
    print(f"{name:8} {results[name][1]:.2f} nats" + "  (the state is not carried, either)" * (name == "reset"))
c = [np.sqrt(np.mean(unroll(LSTM(), params.cell, unseen.x[:T]).c[-1] ** 2)) for _, params in (early, final)]
print(f"\nroot mean square of c after {T} characters: {c[0]:.0f} (64 units, 600 updates), {c[1]:.0f} (128, all)")

# %% [markdown]
# The horizon hardly matters here: 8, 16 and 64 differ by about a hundredth, and reset windows are even a
# little *better*. That is not what unit 05 would have made you expect. With 64 units and less than a million characters,
# what can be learnt lies near; then a longer horizon has nothing to add. And why do resets help? Perhaps the
# last line tells: nothing ever pulls the carried cell state back, and it grows far beyond the range in
# which $\tanh c$ can tell values apart. A reset keeps it small. One short run of each proves little about
# hundredths; but that the horizon is *not* what limits this network agrees with the wrong past above.
#
# ### Another clip
#
# 64 units, $k_1 = k_2 = 64$, 600 updates, with Adam and with momentum.

# %%
for name, (_, zero) in results.items():
    if "clip" in name:
        print(f"{name:20}", f"{zero:.2f} nats" if np.isfinite(zero) else "the loss ceased to be finite")

# %% [markdown]
# With Adam, no clip and one of 0.1 differ by a hundredth, although 0.1 is below half of the median norm above. With
# momentum, the step grows with the gradient, so a clip of 0.1 makes steps shorter, and learning slower; a clip of 1
# changes nothing that one could see.
#
# ## What went wrong
#
# - **The optimiser was not chosen well.** Plain momentum with a learning rate of 2 is far ahead of Adam with
#   $3 \cdot 10^{-3}$ after 600 updates (above). We saw this after the long training, and left it as it was.
# - **The state drifts**, as the ablation says, and the GRU cannot start from zero, as a stream without end never shows
#   it how. Such training needs a reset now and then.
# - **It hardly memorises, and understands nothing.** Its sentences have the sound and no sense. The loss on plays it has
#   read is only a little lower than on new ones: the network is too small for them.
#
# ## Experiment
#
# What does the network expect next? Choose a beginning and a temperature. The *entropy* $-\sum_k p_k \ln p_k$ says how
# unsure it is.

# %%
from bpttlib.plots.style import BLUE, STYLE, WIDTH, new_figure
from matplotlib import rc_context

BEGINNINGS = ["The k", "The kin", "To be, or not to b", "\n\nKING HENR", "I have seen the q", "Good morrow, m", "What is thy n"]


def expects(beginning, temperature):
    y, _ = model.forward(params, test.encode(beginning)[:, None])
    p = np.exp((y[-1, :, 0] - y[-1].max()) / temperature)
    p /= p.sum()
    likely = np.argsort(-p)[:10]
    names = [repr(test.alphabet[k])[1:-1].replace(" ", "space") for k in likely]
    with rc_context(STYLE):
        figure = new_figure(WIDTH, 3.2)
        figure.set_layout_engine("constrained")
        ax = figure.add_subplot(ylabel="probability", ylim=(0, 1))
        ax.bar(names, p[likely], color=BLUE)
        ax.set_title(repr(beginning), loc="left")
    entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
    best = ", ".join(f"{name} {q:.2f}" for name, q in zip(names[:3], p[likely], strict=False))
    return figure, (f"Bars for the ten likeliest characters after {beginning!r} at temperature {temperature:g}: "
                    f"{best}. Entropy {entropy:.2f} nats.")


explore(expects, beginning=BEGINNINGS, temperature=(0.2, 2.0, 0.1, 1.0), tasks=[
    "After 'The k' and after 'The kin': where is the entropy larger? Guess before you look.",
    "After 'To be, or not to b' the next character is sure. Which temperature makes it unsure?",
    "Which beginning has the largest entropy at temperature 1? What do its likely characters have in common?",
    "Does a temperature ever change which character is the likeliest?",
])

# %% [markdown]
# ## Your turn
#
# A project with points, on data of your choice: [Exercises 11](../exercises/11/11.ipynb).
#
# 1. Train a GRU, with `feed` changed so that every fiftieth window is fresh. Does it now start from zero? Is it still
#    ahead of the LSTM?
# 2. Train the small network for 2,000 updates with $k_1 = k_2 = 16$, then with 64, *at the same number of
#    characters*, so four times as many updates with 16. Which is better, and which did you expect?
# 3. Read the test plays with a state that is reset every 64 characters. How many nats does that cost?
#    Foretell it from the picture of the wrong past.
# 4. Find the unit of $c$ that best follows the number of characters since the line began (correlation on the
#    training text), and operate: set it to its mean over the test plays. Do lines in samples get longer?
# 5. Draw samples from the network and measure how long the longest passage is that stands literally in the
#    training plays. Is it longer than in a test play?
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. Why are the 32 columns pieces of the text that lie far apart, and not 32 neighbouring windows?**
#
# <details><summary>A. So that each column's carried state is the one its next window needs.</summary>
#
# **Right.** A column must go on in its next window where it stopped in the last. With neighbouring windows
# side by side, each state would be carried to a place 32 windows away from its own.
# </details>
#
# <details><summary>B. So that the columns are independent, as stochastic gradient descent wants it.</summary>
#
# **No.** That is a welcome side effect, but neighbouring windows would be nearly as good for it. What they
# would break is the carried state.
# </details>
#
# <details><summary>C. So that the gradient can go back further than a window.</summary>
#
# **No.** The gradient ends at the start of the window in any case; only values are carried on.
# </details>
#
# **2. The 6-gram is hardly better than the 5-gram, although it sees more. Why?**
#
# <details><summary>A. Characters five places back say nothing about the next one, in any play.</summary>
#
# **No.** They do: the network, which reads further back, is still improving at that distance.
# </details>
#
# <details><summary>B. Interpolation gives all orders the same weight.</summary>
#
# **No.** The weight depends on how often a context was seen, and with how many different followers.
# </details>
#
# <details><summary>C. Long contexts in new plays are often rare; counts cannot transfer.</summary>
#
# **Right.** A count for *the kin* says nothing about *thy kin*. A network shares weights between contexts.
# </details>
#
# **3. Adam with and without a clip ends at nearly the same loss. What is the clip for here?**
#
# <details><summary>A. For nothing: Adam divides by the gradient's size, so with Adam one leaves it out.</summary>
#
# **No.** One rare, huge gradient spoils Adam's running means for many updates. It costs nothing to be insured.
# </details>
#
# <details><summary>B. It is an insurance against a rare event that did not happen in this run.</summary>
#
# **Right.** Adam divides by the gradient's own recent size, so a uniform factor falls out. The clip matters for
# outliers, and for optimisers whose step grows with the gradient.
# </details>
#
# <details><summary>C. It makes the gradient of long lags larger.</summary>
#
# **No.** It shortens the whole gradient and keeps its direction.
# </details>
#
# **4. At temperature 0.3 nearly every word is right, at 1.5 few are. Which temperature has the distribution the
# network was trained for?**
#
# <details><summary>A. 0.3, since the text is best.</summary>
#
# **No.** It repeats the most likely phrases; real text is more surprising than that.
# </details>
#
# <details><summary>B. It depends on the learning rate.</summary>
#
# **No.** The loss is computed from the softmax as it is, whatever the learning rate.
# </details>
#
# <details><summary>C. None; a temperature is always needed.</summary>
#
# **No.** Without one the outputs are used as they were trained.
# </details>
#
# <details><summary>D. 1.</summary>
#
# **Right.** The cross-entropy is measured at temperature 1. Other temperatures trade variety against safety.
# </details>
#
# **5. Gradients went back 64 characters at most. What follows for the memory of the network?**
#
# <details><summary>A. It cannot use anything further back than 64 characters.</summary>
#
# **No.** What has been learnt over short distances, *keep this*, may hold for longer ones (unit 05's pulses).
# </details>
#
# <details><summary>B. Nothing for sure: the memory must be measured, by changing the past.</summary>
#
# **Right.** The horizon of the gradient is not the horizon of the memory: that can be longer, and here it is
# shorter.
# </details>
#
# <details><summary>C. It uses exactly the last 64 characters, and all of them alike, like the window.</summary>
#
# **No.** Most of the worth lies in the last ten or twenty, as the picture shows.
# </details>
#
# ## What to take away
#
# - A text is a stream: columns that go on, values carried, gradients cut every $k$ characters.
# - Compare with the best that counting can do, in nats per character, on a text that neither has seen, and look
#   at the test text once.
# - Measure before you choose: the gradient's reach, the bias of truncation, the norms. Some choices matter (here the
#   optimiser and its learning rate), others hardly (here the horizon and the clip).
# - What a network remembers is measured by giving it a wrong past.
#
# Next: [11b · Conversation](11b_conversation.ipynb).
#
# **Sources.** Bengio, Ducharme, Vincent and Jauvin 2003, *A neural probabilistic language model*, Journal of
# Machine Learning Research 3. Graves 2013, *Generating sequences with recurrent neural networks*, arXiv
# 1308.0850. Karpathy, Johnson and Fei-Fei 2016, *Visualizing and understanding recurrent networks*, ICLR
# workshop. Khandelwal, He, Qi and Jurafsky 2018, *Sharp nearby, fuzzy far away: how neural language models use
# context*, ACL. Mikolov, Karafiát, Burget, Černocký and Khudanpur 2010, *Recurrent neural network based language
# model*, Interspeech. Sutskever, Martens and Hinton 2011, *Generating text with recurrent neural networks*,
# ICML. Witten and Bell 1991, *The zero-frequency problem: estimating the probabilities of novel events in
# adaptive text compression*, IEEE Transactions on Information Theory 37(4).
