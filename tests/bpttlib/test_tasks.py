"""
Tasks: each target is computed again from the inputs, and each stated loss is measured.

Losses are measured on large samples with fixed seeds; tolerances are several standard errors.
"""
import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpttlib.batch import Batch
from bpttlib.cells import Elman
from bpttlib.losses import softmax_cross_entropy, squared_error
from bpttlib.model import Model
from bpttlib.optim import sgd
from bpttlib.tasks import (
    adding,
    anbn,
    batches,
    copy_memory,
    counting_ones,
    embedded_reber,
    from_pairs,
    is_grammatical,
    legal_next,
    next_symbol,
    one_bit,
    one_hot,
    temporal_order,
    temporal_xor,
    windows,
)
from bpttlib.train import fit

LN2 = np.log(2)
TASKS = {counting_ones: (1, 1), adding: (2, 1), temporal_xor: (1, 2), copy_memory: (10, 9),
         temporal_order: (8, 4), one_bit: (1, 2), anbn: (3, 3), embedded_reber: (7, 7)}  # (D, K)

# The Reber grammar once more, as a regular expression: from X or P on, and the whole string.
REST = "(?:XT*VP)*(?:S|XT*VV)"
EMBEDDED = re.compile(f"B([TP])B(?:TS*X{REST}|PT*V(?:V|P{REST}))E\\1E")


def draw(task, seed=0, **sizes):
    return task(np.random.default_rng(seed), **sizes)


def decode(x, symbols):
    """Return each sequence of one-hot columns as a string; a column of zeros is a dot."""
    assert set(np.unique(x)) <= {0.0, 1.0} and x.sum(axis=1).max() == 1
    return ["".join(symbols[column.argmax()] if column.any() else "." for column in x[:, :, b])
            for b in range(x.shape[2])]


def loss_of_guessing(batch, K):
    """Return the cross-entropy of equal logits."""
    return softmax_cross_entropy(np.zeros((len(batch.x), K, batch.x.shape[2])), *batch[1:3])[0]


@pytest.mark.parametrize("task", TASKS)
def test_layout_and_one_update(task):
    D, K = TASKS[task]
    batch = draw(task, B=3)
    T = len(batch.x)
    assert batch.x.dtype == np.float64 and batch.x.shape == (T, D, 3) and batch.fresh is True
    assert batch.mask is None or (batch.mask.dtype == bool and batch.mask.shape == (T, 3))
    classes = task not in (counting_ones, adding)
    assert batch.targets.dtype == (np.int64 if classes else np.float64)
    assert batch.targets.shape == ((T, 3) if classes else (T, 1, 3))
    model = Model(Elman(), D, 6, K, "softmax_cross_entropy" if classes else "squared_error")
    params = model.init(np.random.default_rng(0))
    state = fit(model, params, lambda i: batch, 5, sgd(0.001), progress=False)
    assert state.loss[-1] < state.loss[0]


def test_counting_ones():
    batch = draw(counting_ones, T=15, B=4000)
    for b in range(20):
        bits = [int(bit) for bit in batch.x[:, 0, b]]
        assert set(bits) <= {0, 1}
        assert batch.targets[:, 0, b].tolist() == [sum(bits[:t + 1]) for t in range(15)]
    assert batch.mask.sum() == 4000 and batch.mask[-1].all()
    always_half = np.full((15, 1, 4000), 7.5)
    assert squared_error(always_half, *batch[1:3])[0] == pytest.approx(15 / 8, rel=0.05)


@pytest.mark.parametrize("T", [2, 3, 4, 5, 60])
def test_temporal_xor_rule(T):
    batch = draw(temporal_xor, T=T, B=300)
    for b in range(300):
        bits = [int(bit) for bit in batch.x[:, 0, b]]
        assert batch.targets[:-1, b].tolist() == bits[1:]       # the next bit
        bits.append(batch.targets[-1, b])
        thirds = range(2, T + 1, 3)
        assert [bits[t] for t in thirds] == [bits[t - 2] ^ bits[t - 1] for t in thirds]


def test_temporal_xor_losses():
    batch = draw(temporal_xor, T=60, B=2000)
    assert batch.mask is None
    assert loss_of_guessing(batch, 2) == pytest.approx(LN2)
    now, following = batch.x[:, 0].astype(int), batch.targets
    for row in range(1, 60):      # two bits tell the third at the rows 1, 4, …, and only there
        pairs = 2 * now[row - 1] + now[row]
        rates = np.array([following[row, pairs == pair].mean() for pair in range(4)])
        expected = [0, 1, 1, 0] if row % 3 == 1 else [0.5] * 4
        assert rates == pytest.approx(expected, abs=0.1)
    for bit in (0, 1):            # and one bit tells nothing, anywhere
        assert following[now == bit].mean() == pytest.approx(0.5, abs=0.01)
    knowing = np.zeros((60, 2, 2000))
    rows = np.arange(1, 60, 3)
    xor = now[rows - 1] ^ now[rows]
    knowing[rows] = 50 * one_hot(xor, 2)
    assert softmax_cross_entropy(knowing, following)[0] == pytest.approx(2 / 3 * LN2)


@pytest.mark.parametrize("T", [2, 3, 10, 11])
def test_adding(T):
    batch = draw(adding, T=T, B=3000)
    for b in range(50):
        marked = [t for t in range(T) if batch.x[t, 1, b]]
        assert len(marked) == 2 and marked[0] < T // 2 <= marked[1]
        assert batch.targets[-1, 0, b] == pytest.approx(sum(batch.x[t, 0, b] for t in marked))
    assert set(np.unique(batch.x[:, 1])) <= {0.0, 1.0}
    assert (batch.x[:, 1].sum(axis=1) > 0).all()                # every place gets its turn
    numbers = batch.x[:, 0]
    assert 0 <= numbers.min() < 0.01 and 0.99 < numbers.max() <= 1
    assert batch.mask.sum() == 3000 and batch.mask[-1].all()
    assert squared_error(np.ones((T, 1, 3000)), *batch[1:3])[0] == pytest.approx(1 / 12, rel=0.1)


def test_copy_memory():
    T, B = 7, 2000
    batch = draw(copy_memory, T=T, B=B)
    assert batch.x.shape == (T + 20, 10, B) and batch.mask is None
    for b, string in enumerate(decode(batch.x, "01234567_>")):
        shown = string[:10]
        assert re.fullmatch("[0-7]{10}_{6}>_{10}", string)
        assert "".join("01234567_"[k] for k in batch.targets[:, b]) == 17 * "_" + shown
    assert np.bincount(batch.targets[-10:].ravel()) / (10 * B) == pytest.approx(1 / 8, abs=0.01)
    blank_or_any = np.full((T + 20, 9, B), -100.0)
    blank_or_any[:T + 10, 8] = blank_or_any[T + 10:, :8] = 0.0
    guessing = softmax_cross_entropy(blank_or_any, batch.targets)[0]
    assert guessing == pytest.approx(10 * np.log(8) / (T + 20))


@pytest.mark.parametrize(("T", "distractors"), [(2, 0.3), (40, 0.0), (9, 2.0)])
def test_one_bit(T, distractors):
    batch = draw(one_bit, T=T, B=4000, distractors=distractors)
    assert (batch.x[0, 0] == 2 * batch.targets[-1] - 1).all()
    assert (batch.targets == batch.targets[0]).all()
    assert batch.mask[-1].all() and not batch.mask[:-1].any()
    assert abs(batch.targets[0].mean() - 0.5) < 0.03
    assert abs(batch.x[1:].std() - distractors) < 0.05 * distractors + 1e-12
    assert abs(loss_of_guessing(batch, 2) - LN2) < 1e-12


@pytest.mark.parametrize("T", [11, 21, 22, 110])
def test_temporal_order(T):
    u, B = T // 11, 3000
    batch = draw(temporal_order, T=T, B=B)
    classes = {"XX": 0, "XY": 1, "YX": 2, "YY": 3}
    seen = {"length": set(), "first": set(), "second": set()}
    for b, padded in enumerate(decode(batch.x, "EBabcdXY")):
        string = padded.rstrip(".")
        match = re.fullmatch("E[abcd]*([XY])[abcd]*([XY])[abcd]*B", string)
        assert match and (batch.targets[:, b] == classes["".join(match.groups())]).all()
        assert np.flatnonzero(batch.mask[:, b]).tolist() == [len(string) - 1]
        for name, n in zip(seen, (len(string), match.start(1), match.start(2)), strict=True):
            seen[name].add(n)
    assert seen == {"length": set(range(T - u, T + 1)), "first": set(range(u, 2 * u + 1)),
                    "second": set(range(5 * u, 6 * u + 1))}
    assert np.bincount(batch.targets[0]) / B == pytest.approx(1 / 4, abs=0.03)
    assert loss_of_guessing(batch, 4) == pytest.approx(np.log(4))


@pytest.mark.parametrize("N", [1, 2, 10])
def test_anbn(N):
    B = 4000
    batch = draw(anbn, N=N, B=B)
    assert batch.x.shape == (2 * N + 1, 3, B)
    counts = np.zeros(N + 1)
    for b, string in enumerate(decode(batch.x, "|ab")):
        n = string.count("a")
        assert string == ("|" + n * "a" + n * "b").ljust(2 * N + 1, ".")
        assert batch.targets[:, b].tolist() == n * [1] + n * [2] + [0] + 2 * (N - n) * [-1]
        assert batch.mask[:, b].tolist() == [t < 2 * n + 1 for t in range(2 * N + 1)]
        counts[n] += 1
    assert counts[0] == 0 and counts[1:] / B == pytest.approx(1 / N, abs=0.03)
    assert loss_of_guessing(batch, 3) == pytest.approx(np.log(3))


def test_anbn_losses_of_the_best_predictor_and_of_one_without_memory():
    N, B = 6, 20_000
    batch = draw(anbn, N=N, B=B)
    best, blind = np.full((2, 2 * N + 1, 3, B), -50.0)
    p = 2 / (N + 1)                     # an a that is followed by a b; a b, by the end
    for t, b in product(range(2 * N + 1), range(B)):
        past = batch.x[:t + 1, :, b].argmax(axis=1)
        a, bs = (past == 1).sum(), (past == 2).sum()
        if past[-1] == 0:
            best[t, 1, b] = blind[t, 1, b] = 0
        elif past[-1] == 1:
            with np.errstate(divide="ignore"):
                best[t, 1:, b] = np.maximum(np.log([N - a, 1]), -50)
            blind[t, 1:, b] = np.log([1 - p, p])
        else:
            best[t, 2 if bs < a else 0, b] = 0
            blind[t, [2, 0], b] = np.log([1 - p, p])
    L_best, L_blind = (softmax_cross_entropy(y, *batch[1:3])[0] for y in (best, blind))
    assert L_best == pytest.approx(np.log(N) / (N + 2), rel=0.02)
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    assert L_blind == pytest.approx((N + 1) * entropy / (N + 2), rel=0.02)
    assert L_best < L_blind < loss_of_guessing(batch, 3)


def reber_strings(T=60, B=2000):
    """Return a batch and its strings, read from the inputs and the last target."""
    batch = draw(embedded_reber, T=T, B=B)
    strings = []
    for b, padded in enumerate(decode(batch.x, "BTPSXVE")):
        steps = batch.mask[:, b].sum()
        assert batch.mask[:steps, b].all() and padded[steps:] == (T - steps) * "."
        assert (batch.targets[steps:, b] == -1).all()
        targets = "".join("BTPSXVE"[k] for k in batch.targets[:steps, b])
        assert padded[1:steps] == targets[:-1]                  # the next symbol
        strings.append(padded[0] + targets)
    return batch, strings


def test_embedded_reber_strings_are_grammatical():
    for string in reber_strings()[1]:
        assert is_grammatical(string) and EMBEDDED.fullmatch(string), string
        assert all(string[t] in legal_next(string[:t]) for t in range(len(string)))
        assert legal_next(string) == ""
        assert not is_grammatical(string[:-1]) and not is_grammatical(string + "E")
        other = {"T": "P", "P": "T"}[string[1]]
        assert not is_grammatical(string[0] + other + string[2:])
        assert not is_grammatical(string[:-2] + other + "E")


@given(seed=st.integers(0, 999), place=st.integers(0, 99), symbol=st.sampled_from("BTPSXVE"))
def test_corrupted_strings_are_judged_as_the_regular_expression_does(seed, place, symbol):
    batch = draw(embedded_reber, seed, T=30, B=1)
    string = "B" + "".join("BTPSXVE"[k] for k in batch.targets[batch.mask])
    place %= len(string)
    corrupted = string[:place] + symbol + string[place + 1:]
    assert is_grammatical(corrupted) == (EMBEDDED.fullmatch(corrupted) is not None)


def test_embedded_reber_losses():
    batch, strings = reber_strings(B=6000)
    steps = sum(len(string) - 1 for string in strings)
    choices = [legal_next(string[:t]) for string in strings for t in range(1, len(string))]
    assert steps == len(choices) == batch.mask.sum()
    assert steps / 6000 == pytest.approx(11, rel=0.02)
    best = sum(np.log(len(legal)) for legal in choices) / steps
    assert best == pytest.approx(7 / 11 * LN2, rel=0.01)
    assert best + 6000 * LN2 / steps == pytest.approx(8 / 11 * LN2, rel=0.01)
    assert loss_of_guessing(batch, 7) == pytest.approx(np.log(7))
    drawn = "".join(s[t] for s in strings for t in range(1, len(s)) if legal_next(s[:t]) == "TP")
    assert drawn.count("T") / len(drawn) == pytest.approx(0.5, abs=0.02)
    assert sum(len(string) > 31 for string in strings) / 6000 == pytest.approx(0.001, abs=0.001)


def test_embedded_reber_length_limit():
    batch = draw(embedded_reber, T=8, B=50)
    assert len(batch.x) == 8 and batch.mask.all()               # only the shortest strings fit


def test_legal_next_says_where_a_string_goes_wrong():
    with pytest.raises(ValueError, match=r"string\[2\]: got 'X'; needs B after 'BT'"):
        legal_next("BTXX")
    with pytest.raises(ValueError, match=r"string\[9\]: got 'E'; needs nothing after the end"):
        legal_next("BTBTXSETEE")


def test_batch_number_i_depends_on_seed_and_i_alone():
    batch = batches(adding, seed=3, T=6, B=2)
    last_first = {i: batch(i).x for i in (4, 1, 0)}
    for i, x in last_first.items():
        expected = adding(np.random.default_rng((3, i)), T=6, B=2)
        assert (x == expected.x).all() and (batch(i).targets == expected.targets).all()
    others = [last_first[0], last_first[1], last_first[4], batches(adding, seed=4, T=6, B=2)(0).x]
    assert all((a != b).any() for i, a in enumerate(others) for b in others[:i])


@given(T=st.integers(1, 12), k=st.integers(1, 15), B=st.integers(1, 3), K=st.integers(0, 2),
       masked=st.booleans())
def test_windows_cover_the_stream_in_order_again_and_again(T, k, B, K, masked):
    rng = np.random.default_rng(T)
    x = rng.standard_normal((T, 2, B))
    targets = rng.standard_normal((T, K, B)) if K else rng.integers(0, 5, (T, B))
    mask = rng.random((T, B)) < 0.5 if masked else None
    if masked:
        mask[::k, 0] = True                                 # something counts in each window
    window = windows(x, targets, k, mask=mask)
    n = len(range(0, T, k))
    for start in (0, n, 5 * n):
        run = [window(start + i) for i in range(n)]
        assert [part.fresh for part in run] == [True] + (n - 1) * [False]
        assert [len(part.x) for part in run[:-1]] == (n - 1) * [k]
        assert (np.concatenate([part.x for part in run]) == x).all()
        assert (np.concatenate([part.targets for part in run]) == targets).all()
        masks = [part.mask for part in run]
        assert (np.concatenate(masks) == mask).all() if masked else masks == n * [None]


def test_windows_that_overlap():
    """k2 - k1 earlier steps come along, do not count, and start from a state that was carried."""
    x = np.arange(7.0).reshape(7, 1, 1)
    window = windows(x, x, k1=2, k2=5)
    parts = [window(i) for i in range(5)]
    assert [part.x.ravel().tolist() for part in parts] == [[0, 1], [0, 1, 2, 3], [1, 2, 3, 4, 5],
                                                           [3, 4, 5, 6], [0, 1]]
    assert [part.fresh for part in parts] == [True, True, False, False, True]
    assert [part.carry for part in parts] == [0, 1, 2, None, 0]
    assert parts[0].mask is None
    assert [part.mask.ravel().astype(int).tolist() for part in parts[1:4]] == [
        [0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 1]]


def test_a_window_in_which_nothing_counts_is_named():
    x, mask = np.ones((7, 1, 1)), np.zeros((7, 1), bool)
    mask[[0, 6]] = True
    with pytest.raises(ValueError, match=r"mask: got no step that counts in window \[1\]"):
        windows(x, x, 3, mask=mask)


def test_labels_that_next_symbol_refuses():
    refused = ([[0], [7]], "7"), ([[0], [-5]], "-5"), ([[0], [-1], [1]], "-1 before")
    for labels, message in refused:
        with pytest.raises(ValueError, match=message):
            next_symbol(np.array(labels), K=3)


def test_from_pairs():
    batch = from_pairs([([1, 2], [3.5]), ((4, 5), 6), (np.array([7, 8]), [9])])
    assert isinstance(batch, Batch) and batch.mask is None and batch.fresh
    assert batch.x.tolist() == [[[1.0], [2.0]], [[4.0], [5.0]], [[7.0], [8.0]]]
    assert batch.targets.tolist() == [[[3.5]], [[6.0]], [[9.0]]]


def test_one_hot_and_next_symbol():
    labels = np.array([[1, 0], [2, 2], [0, -1]])
    batch = next_symbol(labels, K=3)
    assert decode(batch.x, "012") == ["12", "0."]
    assert batch.targets.tolist() == [[2, 2], [0, -1]]
    assert batch.mask.tolist() == [[True, True], [True, False]]
    with pytest.raises(ValueError, match="targets: got label -1"):      # the mask forgotten
        softmax_cross_entropy(np.zeros((2, 3, 2)), batch.targets)


@pytest.mark.parametrize("task, least", [(counting_ones, 1), (temporal_xor, 2), (adding, 2),
                                         (copy_memory, 1), (temporal_order, 11), (one_bit, 2),
                                         (anbn, 1), (embedded_reber, 8)])
def test_sizes(task, least):
    name = "N" if task is anbn else "T"
    assert draw(task, **{name: least}, B=1).x.shape[2] == 1
    for n in (least - 1, -3, 12.0):
        with pytest.raises(ValueError, match=f"^{name}: got {n}; needs a whole number, at least"):
            draw(task, **{name: n})
    with pytest.raises(ValueError, match="^B: got 0; needs a whole number, at least 1"):
        draw(task, B=0)
    with pytest.raises(ValueError, match=r"^rng: got 7; needs a random generator"):
        task(7)


stream = np.zeros((4, 2, 3))


@pytest.mark.parametrize("call, message", [
    (lambda: batches("adding"), r"task: got 'adding'; needs a function"),
    (lambda: batches(adding, seed=-1), "seed: got -1; needs a whole number, at least 0"),
    (lambda: windows(stream, stream, 0), "k1: got 0; needs a whole number, at least 1"),
    (lambda: windows(stream[0], stream, 2), r"x: got shape \(2, 3\); needs shape \(T, D, B\)"),
    (lambda: windows(stream, stream[:3], 2),
     r"targets: got shape \(3, 2, 3\); needs shape \(4, 3\) or \(4, K, 3\)"),
    (lambda: windows(stream, stream[:, 0, 0], 2), r"targets: got shape \(4,\); needs"),
    (lambda: windows(stream, stream, 2, mask=np.ones((3, 3))), r"mask: got shape \(3, 3\); needs"),
    (lambda: windows(stream * np.nan, stream, 2), "x: got nan at index"),
    (lambda: from_pairs([]), "pairs: got an empty list; needs at least one"),
    (lambda: from_pairs([([1], [2]), ([1],)]), r"pairs\[1\]: got \(\[1\],\); needs an \(input"),
    (lambda: from_pairs([([1], [2]), ([1, 2], [3])]), "pairs: got inputs of lengths 1 and 2; nee"),
    (lambda: from_pairs([([1], [2]), ([1], [])]), r"targets of pairs\[1\]: got shape \(0,\)"),
    (lambda: from_pairs([([1], [2]), ([np.nan], [1])]), r"inputs of pairs\[1\]: got nan at index"),
    (lambda: from_pairs([(["a"], [2])]), r"inputs of pairs\[0\]: got ndarray of dtype"),
    (lambda: one_hot(np.array([[3]]), 3), "labels: got label 3; needs labels from 0 to 2, or -1"),
    (lambda: one_hot(np.array([[-2]]), 3), "labels: got label -2; needs labels from 0 to 2, or"),
    (lambda: one_hot(np.array([[0.0]]), 3), "labels: got ndarray of dtype float64; needs"),
    (lambda: next_symbol(np.array([[0]]), 3), r"labels: got shape \(1, 1\); needs strings of two"),
])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
