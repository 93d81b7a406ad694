"""Mistakes that no catalogue lists, and two at once."""


import numpy as np
import pytest

from grading.problem import mistaken
from tests.grading.verdicts import ELMAN, changed, findings, with_mistakes

backward = ELMAN.reference


# -- diagnosis beyond the catalogue ----------------------------------------------------------------

def with_shares(which, name, steps, factor):
    """Return an answer in which some steps' shares of one result are multiplied."""
    def answer(*args):
        shares = ELMAN.shares(*args)[name]
        c = np.ones((len(shares), 1, 1))
        c[steps] = factor
        return changed(which, lambda g: (c * shares).sum(axis=0))(*args)
    return answer


@pytest.mark.parametrize(("answer", "said"), [
    (lambda *args: tuple(-g for g in backward(*args)), "every result: has the wrong sign"),
    (changed(0, lambda g: 2 * g), "dW_xh: twice as large as it should be"),
    (changed(3, lambda g: 0.3 * g), "dW_hy: off by the factor 0.3"),
    (changed(1, np.transpose), "dW_hh: is transposed"),
    (changed(4, np.abs), "dh_0: has lost its signs"),
    (changed(4, np.zeros_like), "dh_0: is zero everywhere"),
    (changed(2, lambda g: g[:, 0]), "db_h: has lost its last axis: keepdims=True keeps it"),
    (changed(4, lambda g: g.sum(axis=1, keepdims=True)), "dh_0: is summed over its last axis"),
    (with_shares(3, "dW_hy", 0, 0), "dW_hy: lacks the share of the first step"),
    (with_shares(1, "dW_hh", -1, 0), "dW_hh: lacks the share of the last step"),
    (with_shares(3, "dW_hy", -1, 2), "dW_hy: holds the share of the last step 2 times"),
    (with_shares(3, "dW_hy", slice(None, -1), 0), "dW_hy: holds only the share of the last step"),
    (lambda *args: backward(*args[:3], args[3][::-1], *args[4:]),
     "the steps of x are read in reverse"),
    (lambda *args: backward(*args)[::-1], "results in another order"),
    (changed(0, lambda g: g.astype(np.float32)), "nearly right"),
    (changed(0, np.tanh), "not recognised"),
])
def test_mistakes_in_general_are_named(answer, said):
    assert findings(answer)[0] == said


def test_a_known_factor_is_named():
    def sums(*args):
        return changed(0, lambda g: g * args[6].sum())(*args)

    assert findings(sums)[0].startswith("dW_xh: N times as large as it should be")


def test_what_is_wrong_in_one_situation_only_is_not_said_of_all():
    def answer(*args):
        sign = -1 if args[3].shape[2] == 1 else 1
        return tuple(sign * g for g in backward(*args))

    assert findings(answer) == ["wrong where: B = 1"]


def test_two_known_mistakes_at_once_are_both_named():
    names = "dh is not carried back", "W_hh is not transposed"
    assert set(findings(with_mistakes(*names))[:2]) == set(names)


def test_changes_that_do_not_fit_make_no_mistake():
    assert mistaken(backward, (("no such line", ""),)) is None
    assert mistaken(backward, (("return dW_xh", "return ("),)) is None
