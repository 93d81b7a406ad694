"""Losses: values from their formulas, gradients from complex step, masks, and bad input."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.losses import softmax_cross_entropy, squared_error


def make(T, K, B, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((T, B)) < 0.5
    mask[rng.integers(T), rng.integers(B)] = True
    return rng.normal(size=(T, K, B)) * 3, rng.normal(size=(T, K, B)), \
        rng.integers(K, size=(T, B)), mask


sizes = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(0, 9999))


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_values_are_the_formulas(case):
    y, targets, labels, mask = make(*case)
    steps = np.argwhere(mask)
    want = np.mean([0.5 * np.sum((y[t, :, b] - targets[t, :, b])**2) for t, b in steps])
    assert squared_error(y, targets, mask)[0] == pytest.approx(want, rel=1e-12)
    want = np.mean([np.log(np.sum(np.exp(y[t, :, b]))) - y[t, labels[t, b], b] for t, b in steps])
    assert softmax_cross_entropy(y, labels, mask)[0] == pytest.approx(want, rel=1e-12, abs=1e-14)


@settings(max_examples=60, deadline=None)
@given(sizes)
def test_gradients_are_those_of_complex_step(case):
    y, targets, labels, mask = make(*case)
    for loss, target in ((squared_error, targets), (softmax_cross_entropy, labels)):
        dy = loss(y, target, mask)[1]
        want = complex_step(lambda y: loss(y, target, mask)[0], y)
        assert relative_error(dy, want) < 1e-10
        assert (dy[~np.broadcast_to(mask[:, None], y.shape)] == 0).all()


def test_what_does_not_count_is_never_looked_at():
    """NaN targets and labels out of range are allowed where the mask is 0."""
    y, targets, labels, mask = make(4, 3, 2, 0)
    mask[1, 0], mask[2, 1] = False, False
    hidden_targets, hidden_labels = targets.copy(), labels.copy()
    hidden_targets[1, :, 0], hidden_labels[2, 1] = np.nan, -100
    for loss, shown, hidden in ((squared_error, targets, hidden_targets),
                                (softmax_cross_entropy, labels, hidden_labels)):
        for a, b in zip(loss(y, shown, mask), loss(y, hidden, mask), strict=True):
            assert np.array_equal(a, b)


def test_no_mask_means_that_all_count():
    y, targets, labels, _ = make(4, 3, 2, 0)
    for loss, target in ((squared_error, targets), (softmax_cross_entropy, labels)):
        for a, b in zip(loss(y, target), loss(y, target, np.ones((4, 2))), strict=True):
            assert np.array_equal(a, b)


def test_huge_logits_do_not_overflow():
    L, dlogits = softmax_cross_entropy(np.array([[[1e4], [0.0]]]), np.array([[1]]))
    assert L == 1e4 and dlogits.ravel().tolist() == [1.0, -1.0]


def test_integer_masks_are_masks():
    y, targets, _, mask = make(4, 3, 2, 0)
    assert squared_error(y, targets, mask.astype(int))[0] == squared_error(y, targets, mask)[0]


@pytest.mark.parametrize(("loss", "change", "message"), [
    (softmax_cross_entropy, dict(targets=np.full((4, 2), 3)),
     r"label 3 at index \(0, 0\); needs labels from 0 to 2"),
    (softmax_cross_entropy, dict(targets=np.full((4, 2), -1)), "label -1"),
    (softmax_cross_entropy, dict(targets=np.ones((4, 2))),
     "targets: got ndarray of dtype float64; needs an array of integers"),
    (softmax_cross_entropy, dict(targets=np.ones((2, 4), int)),
     r"targets: got shape \(2, 4\); needs shape \(4, 2\)"),
    (squared_error, dict(targets=np.ones((4, 2))),
     r"targets: got shape \(4, 2\); needs shape \(4, 3, 2\)"),
    (squared_error, dict(targets=np.full((4, 3, 2), np.nan)), r"targets: got nan"),
    (squared_error, dict(mask=np.zeros((4, 2))), "mask: got no step that counts"),
    (squared_error, dict(mask=np.full((4, 2), 0.5)), "mask: got .*only 0 and 1"),
    (squared_error, dict(mask=np.ones((4,))), r"mask: got shape \(4,\)"),
    (squared_error, dict(y=np.ones((0, 3, 2))), r"y: got shape \(0, 3, 2\)"),
    (softmax_cross_entropy, dict(y=np.ones((4, 3))), r"logits: got shape \(4, 3\)"),
])
def test_bad_input(loss, change, message):
    good = dict(y=np.ones((4, 3, 2)), mask=None,
                targets=np.ones((4, 3, 2)) if loss is squared_error else np.ones((4, 2), int))
    with pytest.raises(ValueError, match=message):
        loss(**{"y" if loss is squared_error else "logits": (good | change)["y"],
                "targets": (good | change)["targets"], "mask": (good | change)["mask"]})
