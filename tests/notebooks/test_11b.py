"""Unit 11b: above every baseline, five messages beat one, and the gradient is right."""
import numpy as np
import pytest

from bpttlib.batch import Batch
from bpttlib.cells import GRU
from bpttlib.data import conversations
from bpttlib.data.trained import trained
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.layers import EmbeddedParams
from bpttlib.params import CellParams, ModelParams, ReadoutParams, named_leaves
from bpttlib.tasks.answering import Answering
from bpttlib.tasks.bags import bags, inverse_document_frequency
from bpttlib.tasks.candidates import candidates
from bpttlib.tasks.replying import next_word


def small(k2=None):
    rng = np.random.default_rng(0)
    own = bags(rng.integers(1, 9, size=(4, 12)), rng.random(9) + 0.5)
    model = Answering(GRU(), own._replace(weights=own.weights.astype(float)), D=5, k2=k2)
    batch = Batch(rng.integers(0, 12, (5, 4)), rng.integers(0, 12, (1, 4)))
    batch.x[0, 0] = -1                                          # nothing was said yet
    return model, model.begin(rng, rng.normal(size=(5, 9))), batch


def test_the_gradient_is_that_of_the_complex_step():
    model, params, batch = small()
    grads = model.loss_and_gradients(params, batch).grads
    checked = complex_step(lambda p: model.evaluate(p, batch), params)
    for (name, ours), (_, theirs) in zip(named_leaves(grads), named_leaves(checked)):
        assert relative_error(ours, theirs) < 1e-12, name


def test_a_horizon_cuts_the_way_back_and_nothing_else():
    full, params, batch = small()
    exact, cut, whole = (m.loss_and_gradients(params, batch)
                         for m in (full, small(k2=1)[0], small(k2=5)[0]))
    assert cut.L == exact.L
    assert relative_error(whole.grads.cell.E, exact.grads.cell.E) < 1e-12
    assert relative_error(cut.grads.cell.E, exact.grads.cell.E) > 0.01
    delta = cut.tape.delta[-1:]                                 # step 5 alone
    W_xh = delta[0] @ full.bags.vectors(params.cell.E, batch.x[-1]).T
    assert relative_error(cut.grads.cell.network.W_xh, W_xh) < 1e-12


@pytest.fixture(scope="module")
def talk():
    chats, train = conversations("test"), conversations("train")
    idf = inverse_document_frequency(train.messages, len(train.words))
    stored = trained("conversation")
    cell = CellParams(*(stored[f"reader.cell.network.{p}"] for p in CellParams._fields))
    params = ModelParams(EmbeddedParams(stored["reader.cell.E"], cell),
                         ReadoutParams(stored["reader.readout.W_hy"], stored["reader.readout.b_y"]))
    return chats, bags(chats.messages, idf), stored, params, candidates(chats)


def lower_end(difference, talks):
    """Return the lower end of the 95 % bootstrap interval of a mean, by talk."""
    total, count = np.bincount(talks, difference), np.bincount(talks)
    drawn = np.random.default_rng(1).integers(len(total), size=(2000, len(total)))
    return np.quantile(total[drawn].sum(axis=1) / count[drawn].sum(axis=1), 0.025)


def test_candidates_differ_and_hold_the_right_one(talk):
    chats, *_, choice = talk
    assert (choice[0] == chats.replies).all()
    assert all(len({chats.text(m) for m in column}) == 10 for column in choice[:, :200].T)


def test_the_network_is_above_the_baselines_and_five_messages_beat_one(talk):
    chats, own, stored, params, choice = talk
    model = Answering(GRU(), own, D=128)
    five, one = (model.score(params, chats.contexts[-k:], choice).argmax(axis=0) == 0
                 for k in (5, 1))
    assert five.mean() > 0.5
    assert (five != stored["five.test"]).mean() < 0.002         # as the training itself saw it
    assert lower_end(five * 1.0 - one, chats.talks) > 0.03
    assert lower_end(five * 1.0 - stored["one.test"], chats.talks) > 0.03
    dense = np.zeros((len(chats.words), chats.messages.shape[1]), np.float32)
    dense[own.words, np.repeat(np.arange(dense.shape[1]), np.diff(own.starts))] = own.weights
    reply = dense / np.sqrt((dense * dense).sum(axis=0))
    for weights in ((0, 0, 0, 0, 1), (0.3, 0.5, 0.6, 0.8, 1)):
        context = sum(a * dense[:, m] for a, m in zip(weights, chats.contexts))
        scores = np.array([np.einsum("dn,dn->n", context, reply[:, row]) for row in choice])
        assert lower_end(five * 1.0 - (scores.argmax(axis=0) == 0), chats.talks) > 0.03


def test_next_word_asks_for_each_word_and_the_end():
    y, E = np.array([[1.0, 2.0]]), np.array([[0.0, 3.0, 4.0, 5.0]])
    batch = next_word(np.array([[1, 3], [2, 0]]), y, E, K=3)
    assert batch.targets.tolist() == [[1, 0], [2, 0], [0, 0]]   # the word 3 is not asked for …
    assert batch.mask.tolist() == [[True, False], [True, True], [True, False]]
    assert batch.x[:, 0].tolist() == [[0, 0], [1, 0], [1, 0]]   # … nor read
    assert (batch.x[:, 1] == y[0]).all()
