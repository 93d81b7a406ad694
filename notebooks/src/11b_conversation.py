# %% [markdown]
# # 11b · Conversation: five messages, and a reply
#
# Backpropagation through time is sometimes explained with a conversation: the last five messages
# unfold into five steps, and the state after them answers. Here that picture is taken at its word. Each
# message is one input $x_t$, a network reads five of them, and its last state has to find the reply. Then we
# ask what such a memory is worth: is the answer any better than one to the last message alone?
#
# After this unit you can
#
# - turn a message into a vector, and let the gradient go on through it to the words,
# - train a network to choose among replies, with a loss that needs no output for every word,
# - compare with baselines by a bootstrap over talks, and say when a difference is one,
# - say what the memory of five messages adds, and which of them matter.
#
# You need: units [03](03_full_bptt.ipynb), [05](05_truncation.ipynb) and [10](10_gru_stacks.ipynb).
# Time: about 60 minutes.

# %%
import numpy as np
from bpttlib.data import conversations
from bpttlib.plots import lines, show
from bpttlib.widgets import explore

# %% [markdown]
# ## Predict
#
# Ten replies, one of which was really given; the other nine come from elsewhere. Guessing is right in one of
# ten. Write down how often you expect to be right
#
# - if you choose the reply that shares the most telling words with the last message,
# - if you do so with all five messages,
# - with a trained network that reads one message, and with one that reads five.
#
# ## Look at the data
#
# Students chatted with strangers, about anything. Whatever could not be shown in class was left out, and so
# were names: "_" stands for a word that is not on a list of common ones, "#" for a number.

# %%
train, valid, test = (conversations(part) for part in ("train", "valid", "test"))
for name, part in (("train", train), ("valid", valid), ("test", test)):
    print(f"{name}: {len(part.replies):,} replies with five messages before them, from {len(set(part.talks)):,} talks")
n = 150
for t, m in enumerate(test.contexts[:, n], start=1):
    print(f"   x_{t}  {'A' if t % 2 else 'B'}: {test.text(m)}")
print(f"  reply B: {test.text(test.replies[n])}")

# %%
length = (train.messages > 0).sum(axis=0)
V = len(train.words)
rank = np.arange(1, V)
count = np.bincount(train.messages[train.messages > 0], minlength=V)[1:]
show(lines({"words": (rank, np.sort(count)[::-1])}, "rank of the word", "how often it occurs", log="xy"),
     "How often a word occurs against its rank, both logarithmic: nearly a straight line, from "
     f"{count.max():,} times for the first to {count.min()} for the last of {V - 1:,} words.")
print(f"words in a message: median {np.median(length):.0f}; one in ten has {np.quantile(length, 0.1):.0f} or fewer")

# %% [markdown]
# A message such as *yeah* fits nearly anywhere, and no method can tell whose it was. One message in ten has three
# words or fewer. Keep that in mind when you read the results.
#
# ## Baselines that are not straw men
#
# Words that are in many messages say little. The usual weight is $\ln (M / (1 + d_k))$ for a word that is in
# $d_k$ of the $M$ messages. A message is then a *bag*: its words with their weights. We compare bags by their
# cosine. The measure is *recall@1*: how often the right one of ten candidates comes first.

# %%
from bpttlib.tasks.bags import bags, inverse_document_frequency
from bpttlib.tasks.candidates import candidates

idf = inverse_document_frequency(train.messages, V)
own = {"train": bags(train.messages, idf), "test": bags(test.messages, idf)}
choice = candidates(test)                                   # (10, N), the right replies in row 0


def unit(x):
    return x / np.maximum(np.sqrt((x * x).sum(axis=0)), 1e-9)


def hits(context, replies):
    """Return for which contexts the right reply is nearest: vectors (D, N), and one for each message."""
    replies = unit(replies).astype(np.float32)              # several alike: the right one counts as first
    scores = np.array([np.einsum("dn,dn->n", context, replies[:, row]) for row in choice])
    return scores.argmax(axis=0) == 0


dense = np.zeros((V, test.messages.shape[1]), np.float32)   # a column for each message
dense[own["test"].words, np.repeat(np.arange(dense.shape[1]), np.diff(own["test"].starts))] = own["test"].weights
fading = (0.3, 0.5, 0.6, 0.8, 1.0)                          # the best of some that were tried on "valid"
right = {"last message, shared words": hits(dense[:, test.contexts[-1]], dense),
         "five messages, shared words": hits(sum(a * dense[:, m] for a, m in zip(fading, test.contexts)), dense)}

# %% [markdown]
# Three more. **Popularity**: choose the reply whose words are the most frequent. **Counted vectors**: words that
# often occur together, in one message or in neighbouring ones, get similar vectors, by a table of counts and its
# main directions; no network, no gradient. **Retrieval**: find the fifty contexts of the training talks that are
# most alike, and take the candidate that is most like what was replied there.

# %%
from bpttlib.tasks.word_vectors import word_vectors

every = np.arange(train.messages.shape[1])
pairs = [(every, every)] * 2 + [(train.replies, train.replies - lag) for lag in (1, 2, 3)]
E_0 = word_vectors(own["train"], pairs, V, D=128)
X_train, X = (own[part].vectors(E_0, np.arange(len(own[part].starts) - 1)) for part in ("train", "test"))
past, now = (sum(a * x[:, m] for a, m in zip(fading, chats.contexts))
             for x, chats in ((X_train, train), (X, test)))
right["counted vectors, fading sum"] = hits(now, X)

past, retrieved = unit(past), np.empty_like(now)
for block in np.array_split(np.arange(now.shape[1]), 8):
    likeness = past.T @ unit(now[:, block])                 # (training contexts, block)
    nearest = np.argpartition(-likeness, 50, axis=0)[:50]
    retrieved[:, block] = unit(X_train[:, train.replies])[:, nearest].mean(axis=1)
right["retrieval, fifty contexts"] = hits(retrieved, X)

frequency = np.log(np.bincount(train.messages[train.messages > 0], minlength=V) + 1.0)
per_word = (frequency[test.messages] * (test.messages > 0)).sum(axis=0) / (test.messages > 0).sum(axis=0)
right["popularity"] = per_word[choice].argmax(axis=0) == 0
for name in sorted(right, key=lambda name: right[name].mean()):
    print(f"{name:28} recall@1 {right[name].mean():.2f}")

# %% [markdown]
# The opponent to beat shares words with five fading messages. It is strong, because people repeat the words of
# what they talk about. And it gains from the past: the last message alone does much worse.
#
# ## The network
#
# The vector of a message is the weighted sum of its words' embeddings, $x_t = \sum_k v_k E e_k$. A GRU reads
# $x_1, \dots, x_5$; the answer is a direction, $y = W_{hy} h_5 + b_y$; a reply with the vector $r$ scores
# $s\, y^\top r / \|r\|$, with a fixed $s = 10$. The loss is the cross-entropy of choosing the right one *among the
# replies of the batch*: the other 255 contexts bring the wrong answers along. The library's `Answering` does just
# this:

# %%
from bpttlib.batch import Batch
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU
from bpttlib.losses import softmax_cross_entropy
from bpttlib.tasks.answering import Answering

model = Answering(GRU(), own["train"], D=128)
start = model.begin(np.random.default_rng(0), E_0)
some = Batch(train.contexts[:, :256], train.replies[None, :256])

E, cell, W_hy, b_y = start.cell.E, start.cell.network, *start.readout
x = np.stack([model.bags.vectors(E, m) for m in some.x])    # (5, D, B)
r = unit(model.bags.vectors(E, some.targets[0]))            # (D, B)
tape = unroll(GRU(), cell, x)
y = W_hy @ tape.h[-1] + b_y                                 # only the state after five messages answers
L, dscores = softmax_cross_entropy((10.0 * r.T @ y)[None], np.arange(256)[None])
dh_own = np.zeros_like(tape.h[1:])
dh_own[-1] = W_hy.T @ (10.0 * r @ dscores[0])               # one loss, at step 5
back = bptt(GRU(), cell, x, tape, dh_own)
dE = sum(model.bags.gradient(E, m, dx) for m, dx in zip(some.x, back.x, strict=True))

step = model.loss_and_gradients(start, some)
print("loss as the library has it:", np.isclose(L, step.L, rtol=1e-4))
print("gradient of W_hh as the library has it:", np.allclose(back.params.W_hh, step.grads.cell.network.W_hh, atol=1e-6))
print(f"embeddings that hear of this batch: {np.count_nonzero(dE.any(axis=0)):,} of {V - 1:,}")

# %% [markdown]
# (Embeddings also hear of the loss as parts of replies; the library adds that.)
#
# ## Choose by measuring
#
# **The start.** Random embeddings learn, too, but in our trials, which are not stored, they ended a few hundredths of
# recall lower on the validation talks. So the words start from counting, and the GRU starts as what already works: a
# fading sum. Its candidate is close to $\tanh x_t$ and its gate $z$ is near 0.7, so the state keeps 0.7 of itself at
# each message.
#
# **Horizon and clip.** Five steps are few; how large is what comes back?

# %%
from bpttlib.diagnostics import norm_by_lag

for lag, size in enumerate(norm_by_lag(tape)[:-1] / norm_by_lag(tape)[0]):
    print(f"gradient at the state {lag} messages back: {size:.2f} of the last one's")
print("z at the start, mean:", round(float(GRU().blocks(tape.a[1:])[1].mean()), 1))

# %% [markdown]
# It falls by the factor $z$ per step, as it was built to: nothing vanishes over five steps, nothing explodes, and
# full BPTT costs five steps. So $k_2 = 5$, and a clip of 1 as insurance; whether they matter is measured below.

# %% [markdown] tags=["notes"]
# ## Train
#
# Thirty updates here; each takes 256 contexts.

# %%
from bpttlib.optim import adam
from bpttlib.train import fit
from IPython.display import display
import ipywidgets


bar, view = ipywidgets.IntProgress(max=30), "application/vnd.jupyter.widget-view+json"
display({view: bar._repr_mimebundle_()[view]}, raw=True)    # the bar alone; nothing of it is stored


def tick(state, step):
    bar.value = state.updates


def feed(i):
    some = np.random.default_rng((0, i)).integers(len(train.replies), size=256)
    return Batch(train.contexts[:, some], train.replies[None, some])


run = fit(model, start, feed, 30, adam(2e-4), clip=1.0, callbacks=tick, progress=False)
print("the loss of 1 among 256 fell by more than 0.1:", run.loss[-5:].mean() < run.loss[:5].mean() - 0.1)

# %% [markdown]
# The stored networks had up to 200 updates; their number was chosen on the validation talks. Longer is not better: after
# 160 updates the recall falls, and we read that as overfitting. (`python -m tools.train_conversation` trained them, with
# all contexts, and with the openings of the talks, where fewer than five messages were said.)

# %%
from bpttlib.data.trained import trained
from bpttlib.layers import EmbeddedParams
from bpttlib.params import CellParams, ModelParams, ReadoutParams, tree_map

stored = trained("conversation")
cell = CellParams(*(stored[f"reader.cell.network.{name}"] for name in CellParams._fields))
params = ModelParams(EmbeddedParams(stored["reader.cell.E"], cell),
                     ReadoutParams(stored["reader.readout.W_hy"], stored["reader.readout.b_y"]))
updates = np.arange(40, 201, 40)
curves = {name: (updates, stored[f"{key}.curve"]) for name, key in (("five messages", "five"), ("three", "three"),
                                                                    ("two", "two"), ("one", "one"))}
show(lines(curves, "update", "recall@1 on validation talks"),
     "Recall on validation talks against updates, for networks that read one, two, three and five messages. "
     "Each rises, and turns after 160 updates. "
     + " ".join(f"{name}: best {curve.max():.2f}." for name, (_, curve) in curves.items()))

# %% [markdown]
# ## The result
#
# Now, and only now, the test talks. A difference between two methods is judged on the same questions: we draw the
# *talks* with replacement, two thousand times, and look at where the difference of the two recalls lies in 95 of
# 100 draws. That is a *bootstrap*. Talks, not replies, since replies of one talk are not independent.

# %%
reader = Answering(GRU(), own["test"], D=128)


replies = own["test"].vectors(params.cell.E, np.arange(test.messages.shape[1]))


def ranks_first(contexts):
    y, _, _ = reader.answer(params, contexts)
    return hits(y, replies)


def interval(difference, talks=test.talks, draws=2000):
    """Return the 95 % bootstrap interval of a mean, by talk."""
    of_talk = np.bincount(talks, difference), np.bincount(talks)
    drawn = np.random.default_rng(0).integers(len(of_talk[0]), size=(draws, len(of_talk[0])))
    return np.quantile(of_talk[0][drawn].sum(axis=1) / of_talk[1][drawn].sum(axis=1), (0.025, 0.975))


network = ranks_first(test.contexts)
print(f"network, five messages: recall@1 {network.mean():.2f}\n")
right["network trained on one message"] = stored["one.test"]
for name, baseline in right.items():
    low, high = interval(network * 1.0 - baseline)
    print(f"{name:30} {baseline.mean():.2f}; network +{low:.2f} to +{high:.2f}; zero is excluded: {low > 0}")

# %% [markdown]
# The bar is met, and the intervals say that it is no accident of these talks. What training added is the difference
# to the counted vectors, from which the network started. And we were generous to the baselines: where several
# candidates score alike, often at zero because no word is shared at all, the right one counts as chosen.
#
# ## What the memory is worth
#
# We cut it in two ways. *Cut when reading*: the network that was trained with five messages gets only the last
# few. *Trained so*: another network, with nothing else changed, never saw more.

# %%
kept = np.arange(1, 6)
read = np.array([ranks_first(test.contexts[-k:]).mean() for k in kept])
made = np.array([stored[f"{name}.test"].mean() for name in ("one", "two", "three", "five")])
three = hits(sum(a * dense[:, m] for a, m in zip(fading[2:], test.contexts[2:])), dense)
shared = np.array([right["last message, shared words"].mean(), three.mean(), right["five messages, shared words"].mean()])
show(lines({"trained so": (np.array([1, 2, 3, 5]), made), "cut when reading": (kept, read), "shared words": (np.array([1, 3, 5]), shared)},
           "messages in memory", "recall@1 on test talks"),
     "Recall on test talks against the number of messages in memory, one to five. All three lines rise and flatten. "
     f"Cut when reading: from {read[0]:.2f} to {read[-1]:.2f}; trained so: from {made[0]:.2f} to {made[-1]:.2f}; "
     f"shared words: from {shared[0]:.2f} to {shared[-1]:.2f}.")
for a, b in ((1, 2), (2, 3), (3, 5)):
    low, high = interval(ranks_first(test.contexts[-b:]) * 1.0 - ranks_first(test.contexts[-a:]))
    print(f"{b} messages in place of {a}: better by {low:.2f} to {high:.2f}")
low, high = interval(network * 1.0 - ranks_first(test.contexts[-1:]))
print(f"5 messages in place of 1: better by {low:.2f} to {high:.2f}; zero is excluded: {low > 0}")

# %% [markdown]
# Five messages beat one, in whichever way one cuts. But look at the steps: the second message back adds the most, the
# third a little, and from the third to the fifth nothing that these talks could show. The memory of the picture
# is real, and here it is short. Shared words gain from the past as well; the network's advantage over them stays
# about the same at every length.
#
# ### Which of the five matter?
#
# Take one away, and leave the others in place. And look at where the gradient of the right reply's score is large.

# %%
y, x, tape = reader.answer(params, test.contexts)
r = unit(own["test"].vectors(params.cell.E, test.replies))
dh_own = np.zeros_like(tape.h[1:])
dh_own[-1] = params.readout.W_hy.T @ r                      # how the right reply's score changes with h_5
bptt(GRU(), params.cell.network, x, tape, dh_own)
size = norm_by_lag(tape)[:-1][::-1]
print("step   said by       recall without it   gradient at h_t, of that at h_5")
for t in range(1, 6):
    less = test.contexts.copy()
    less[t - 1] = -1                                        # nothing was said
    print(f"{t}      {'who waits' if t % 2 else 'who replies':12} {ranks_first(less).mean():10.2f} {size[t - 1] / size[-1]:24.2f}")

# %% [markdown]
# Take away the last message, and the recall falls below what shared words reach. The fourth is missed a little. The
# older ones are not missed at all, as each of them is backed up by the others: that a *single* step can be spared does
# not show that all can, and the picture above says how much they are worth together. The gradient tells less: it falls
# by the factor $z$ per step, because that is how the network was started, and training changed it little.
#
# ## Take something away
#
# **Horizon**: the state comes from five messages, but the gradient goes back over $k_2$ only, so embeddings and
# weights do not hear of what older messages could have said better. **Clip**: 1, or none.

# %%
for name, label in (("five", "k2 = 5, clip 1"), ("k2 = 2", "k2 = 2, clip 1"), ("k2 = 1", "k2 = 1, clip 1"),
                    ("no clip", "k2 = 5, no clip")):
    low, high = interval(stored[f"{name}.test"] * 1.0 - stored["five.test"])
    print(f"{label:16} recall {stored[f'{name}.test'].mean():.2f}; against the first {low:+.2f} to {high:+.2f}")
norm = stored["no clip.norm"]
print(f"norm of the gradient without a clip: {norm.min():.1f} to {norm.max():.1f}")

# %% [markdown]
# Nothing. The gradient without a clip is always longer than 1, so the clip cut every update to its direction; Adam
# divides by the size in any case. And even $k_2 = 1$ does no harm: words in the last message are the same table as
# words in the first, so what is learnt at step 5 serves all steps, and the fading sum of the start already passes them
# on. That is a lesson on truncation, too. What is cut off must *matter*, and here the start had solved the
# problem of memory before training began.
#
# ## Word by word
#
# Choosing is one way to reply. The other is to *write*: a second GRU, of 96 units, reads the word before and, at each
# step, the $y$ of the first; it forecasts the next of the 1,000 most frequent words. If $y$ helps, then the $y$ of
# another conversation must hurt.

# %%
from bpttlib.model import Model
from bpttlib.tasks.replying import next_word

writer = Model(GRU(), D=256, H=96, K=1000, loss="softmax_cross_entropy")
pen = ModelParams(CellParams(*(stored[f"writer.cell.{name}"] for name in CellParams._fields)),
                  ReadoutParams(stored["writer.readout.W_hy"], stored["writer.readout.b_y"]))
first = slice(0, 1200)
words = test.messages[:20, test.replies[first]]
for name, about in (("its own y", y[:, first]), ("another's y", np.roll(y[:, first], 100, axis=1)),
                    ("no y, zeros", 0 * y[:, first])):
    print(f"{name:12} {writer.evaluate(pen, next_word(words, about, params.cell.E, 1000)):.2f} nats per word")
known = train.messages[:20][train.messages[:20] > 0]
p = np.bincount(known[known < 1000], minlength=1000) + 1.0
p[0] = train.messages.shape[1]                              # each message ends once
batch = next_word(words, y[:, first], params.cell.E, 1000)
print(f"word frequencies alone {-np.log(p / p.sum())[batch.targets[batch.mask]].mean():.2f} nats per word")

# %%
E64 = params.cell.E.astype(float)
pen = tree_map(lambda p: p.astype(float), pen)              # in double precision: the same on every machine
y64 = Answering(GRU(), own["test"], D=128).answer(tree_map(lambda p: p.astype(float), params), test.contexts)[0]


def write(y, temperature, rng, longest=15):
    """Draw a word, feed it in, until the end is drawn."""
    words = np.zeros((0, 1), int)
    while len(words) < longest:
        batch = next_word(words, y[:, None], E64, 1000)
        logits = writer.forward(pen, batch.x)[0][-1]
        word = (logits + temperature * rng.gumbel(size=logits.shape)).argmax()
        if word == 0:
            break
        words = np.append(words, [[word]], axis=0)
    return " ".join(test.words[k] for k in words[:, 0])


for n in (150, 40, 700, 1100, 2000):
    print("they said:  ", test.text(test.contexts[-1, n]))
    print("was replied:", test.text(test.replies[n]))
    print("written at temperature 0:  ", write(y64[:, n], 0.0, np.random.default_rng(n)))
    print("written at temperature 0.7:", write(y64[:, n], 0.7, np.random.default_rng(n)), end="\n\n")

# %% [markdown]
# The $y$ helps, by a twentieth of a nat; most of what is gained over the frequencies comes from the words before. And
# the replies are bland: *i think it would be a lot of*. That is not a mistake in the code. The likeliest next word,
# again and again, leads to what fits everywhere; Li and others (2016) describe it for much larger networks. With
# 23,000 replies to learn from, ranking what people really said is the better way to answer.
#
# ## Talk to it
#
# Type a message and press Enter. The network reads your last messages and its own, five in all, and chooses the
# reply among those of the training talks that have no gap, "_". So whatever you type, it can only say what is in the
# filtered data, and your own words are not shown again. Where no kernel runs, there is a short exchange to read.

# %%
import html

gap, words = train.words.index("_"), (train.messages > 0).sum(axis=0)
sayable = np.unique(train.replies[(~(train.messages == gap).any(axis=0) & (words >= 3) & (words <= 18))[train.replies]])
answers = unit(own["train"].vectors(params.cell.E, sayable))


class Talk:
    """Keep the last five messages, as words, and what was replied."""

    def __init__(self):
        self.said, self.used = [], set()

    def reply(self, text):
        heard = train.encode(text)[:40]
        self.said.append(heard if len(heard) else np.array([gap]))
        self.said = self.said[-5:]
        padded = np.zeros((40, len(self.said)), int)
        for column, message in zip(padded.T, self.said, strict=True):
            column[:len(message)] = message
        listener = Answering(GRU(), bags(padded, idf), D=128)
        y, _, _ = listener.answer(params, np.arange(len(self.said))[:, None])
        best = next(k for k in np.argsort(-(answers.T @ y)[:, 0]) if train.text(sayable[k]) not in self.used)
        answer = train.text(sayable[best])
        self.used.add(answer)
        self.said.append(train.messages[:, sayable[best]][train.messages[:, sayable[best]] > 0])
        return answer


example, exchange = Talk(), []
for line in ("hi, how was your weekend?", "i went skiing in the mountains with my brother", "do you play any sports?"):
    exchange += [f"you: {line}", f"it: {example.reply(line)}"]
talk, box = Talk(), ipywidgets.Text(description="you:", placeholder="type a message, press Enter", continuous_update=False)
heard = ipywidgets.HTML()


def answer(change):
    if change["new"].strip():
        heard.value = f'<p role="status" aria-live="polite">it: {html.escape(talk.reply(change["new"]))}</p>'
        box.value = ""


box.observe(answer, "value")
static = {"text/plain": "\n".join(exchange), "text/html": "<br>".join(map(html.escape, exchange))}
display(ipywidgets.VBox([box, heard])._repr_mimebundle_() | static, raw=True)

# %% [markdown]
# ## What went wrong
#
# Where does the network fail? By the length of the right reply:

# %%
size = (test.messages[:, test.replies] > 0).sum(axis=0)
for low, high in ((1, 2), (3, 5), (6, 10), (11, 20), (21, 40)):
    here = (size >= low) & (size <= high)
    print(f"replies of {low:2} to {high:2} words: {here.mean():4.0%} of all, recall {network[here].mean():.1f}")

# %% [markdown]
# Short replies are hard, as foreseen: *yeah* has no topic. Long ones have more words to tell them by. Two things that
# did not help, tried on the validation talks: a second table of embeddings for replies, and features of style, such as
# length and signs. And in the exchange above the network has the right tone, and hardly a point: it was trained to
# choose, not to mean anything.
#
# ## Experiment
#
# Whose past is it? Choose a conversation and how many of its messages are kept, and see how the ten candidates are
# ranked.

# %%
from textwrap import shorten

from bpttlib.plots.style import BLUE, STYLE, VERMILLION, WIDTH, new_figure
from matplotlib import rc_context


def ranking(conversation, messages):
    scores = reader.score(params, test.contexts[-messages:, [conversation]], choice[:, [conversation]])[:, 0]
    p = np.exp(10 * (scores - scores.max()))
    p /= p.sum()
    order = np.argsort(p)
    with rc_context(STYLE):
        figure = new_figure(WIDTH, 4.0)
        figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
        ax = figure.add_subplot(xlabel="probability among the ten", xlim=(0, 1))
        bars = ax.barh(np.arange(10), p[order])
        replies = [shorten(test.text(choice[k, conversation]), 34, placeholder=" …") for k in order]
        ax.set_yticks(np.arange(10), [("was said: " if k == 0 else "") + reply
                                      for k, reply in zip(order, replies, strict=True)])
        for k, bar in zip(order, bars, strict=True):
            bar.set(color=VERMILLION if k == 0 else BLUE, hatch="//" if k == 0 else "")
        last = shorten(test.text(test.contexts[-1, conversation])[::-1], 70, placeholder=" …")[::-1]
        figure.suptitle(last, fontsize=13)
    place = int((p > p[0]).sum()) + 1
    return figure, (f"Bars for ten candidates, given the last {messages} messages: the reply that was really given "
                    f"is number {place}, with probability {p[0]:.2f}.")


explore(ranking, conversation=[150, 40, 700, 1100, 2000], messages=(1, 5, 1, 5), tasks=[
    "Is there a conversation in which one message ranks the right reply higher than five do? Why could that be?",
    "In which of them does the right reply's place change most between one message and five?",
    "Guess the right reply yourself before you look at the bars. How many of the five do you get?",
])

# %% [markdown]
# ## Your turn
#
# A project with points, on data of your choice: [Exercises 11](../exercises/11/11.ipynb).
#
# 1. Add the scores of the shared words to those of the network, with a weight that you choose on the validation
#    talks. How much better does it get, and what does that say about what the network has not learnt?
# 2. Let `begin` set $b_z = 0$ and $b_z = 3$. What do 30 updates yield, and why?
# 3. Replace the GRU by an Elman network with $W_{xh} = 1$ and $W_{hh} = 0.7$ times the identity, and train it for
#    the same time. Does it need gates for five steps?
# 4. Give the network the five messages in reverse order, and in a random one. How much of its advantage is order,
#    how much is topic?
#
# ## Five questions
#
# Decide first, then open your answer: it says whether it is right, and why. Open the others, too: the
# wrong ones are mistakes that are easily made. By keyboard, `Tab` goes from answer to answer, and `Enter`
# opens one.
#
# **1. The loss chooses among the 256 replies of the batch. Why not among all replies there are?**
#
# <details><summary>A. It would be wrong, since among all replies there are several that fit.</summary>
#
# **No.** Several can fit in the batch, too; that makes both losses imperfect in the same way.
# </details>
#
# <details><summary>B. It would cost a vector and a product for each of them at every update.</summary>
#
# **Right.** The batch's own replies have to be computed anyway; used as each other's wrong answers they come free.
# </details>
#
# <details><summary>C. The gradient could not reach the embeddings.</summary>
#
# **No.** It would reach more of them than it does now.
# </details>
#
# **2. Only $h_5$ answers. How does the embedding of a word in the first message hear of the loss?**
#
# <details><summary>A. Through the deltas of all five steps, back to the input of the first.</summary>
#
# **Right.** That is backpropagation through time, continued through $x_1 = \sum_k v_k E e_k$.
# </details>
#
# <details><summary>B. Not at all: only the words of the last message learn, since it alone is read last.</summary>
#
# **No.** That is what a window of one step, $k_2 = 1$, would do.
# </details>
#
# <details><summary>C. By the replies, which share the table of embeddings.</summary>
#
# **No.** That is a second way for words that occur in replies, but the first message has one of its own.
# </details>
#
# **3. Why is the bootstrap taken over talks?**
#
# <details><summary>A. There are far fewer talks than replies, so that the bootstrap takes much less time.</summary>
#
# **No.** It is faster, but that is no reason to trust it.
# </details>
#
# <details><summary>B. It makes the interval narrower.</summary>
#
# **No.** It mostly makes the interval wider, and more honest.
# </details>
#
# <details><summary>C. Replies of one talk share topic and people, and are not independent.</summary>
#
# **Right.** What can be drawn independently are talks. Taken as independent, replies would feign certainty.
# </details>
#
# **4. The network of five messages, given only the last one, falls from 0.52 to 0.44. Does that prove that the memory
# is worth 0.08?**
#
# <details><summary>A. Yes: the two numbers come from the same weights.</summary>
#
# **No.** The same weights are used outside of what they were trained for.
# </details>
#
# <details><summary>B. No; a network that was trained on one message is the fair opponent.</summary>
#
# **Right.** It has had the chance to make the most of it. It gets 0.42, so here the memory is worth no less.
# </details>
#
# <details><summary>C. No, since one message has too few words for any method.</summary>
#
# **No.** One message is far better than guessing.
# </details>
#
# **5. The writer likes to say what is always possible. Where does that come from?**
#
# <details><summary>A. Its gradient vanishes over the words.</summary>
#
# **No.** A more exact gradient would not change what is likely.
# </details>
#
# <details><summary>B. The temperature was too high.</summary>
#
# **No.** At temperature 0, where the likeliest is always taken, it is at its blandest.
# </details>
#
# <details><summary>C. The vocabulary is too small.</summary>
#
# **No.** More words to choose from would not make the likeliest reply less bland.
# </details>
#
# <details><summary>D. The likeliest single reply is a bland one, since many different good ones share the rest.</summary>
#
# **Right.** Likelihood rewards what fits everywhere; ranking against other replies does not.
# </details>
#
# ## What to take away
#
# - Five messages are five steps: one vector each, one state that is carried, one loss at the end, and a gradient that
#   goes back to each word.
# - Start from what already works, here counting and a fading sum, and let the gradient improve it.
# - Wrong answers come free with the batch.
# - A difference counts when a bootstrap over independent units says so; a fair opponent is trained for its task.
#
# Next: [11c · Speech](11c_speech.ipynb).
#
# **Sources.** Levy and Goldberg 2014, *Neural word embedding as implicit matrix factorization*, NIPS. Li, Galley,
# Brockett, Gao and Dolan 2016, *A diversity-promoting objective function for neural conversation models*, NAACL.
# Lowe, Pow, Serban and Pineau 2015, *The Ubuntu Dialogue Corpus: a large dataset for research in unstructured
# multi-turn dialogue systems*, SIGDIAL. Myers, Etchart and Fulda 2020, *Conversational scaffolding: an
# analogy-based approach to response prioritization in open-domain dialogs*. Vinyals and Le 2015, *A neural
# conversational model*, arXiv 1506.05869.
