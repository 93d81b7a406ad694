"""The model: its gradients, where in time they come from, and the checks that say so."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.cells import LSTM, Elman
from bpttlib.diagnostics import contributions
from bpttlib.gradcheck import central_difference, compare, complex_step, relative_error
from bpttlib.params import named_leaves

from .problems import a_problem


@settings(max_examples=30, deadline=None)
@given(T=st.integers(1, 6), B=st.integers(1, 4), seed=st.integers(0, 9999),
       loss=st.sampled_from(["squared_error", "softmax_cross_entropy"]),
       cell=st.sampled_from([Elman(), LSTM()]))
def test_model_gradients_equal_complex_step(T, B, seed, loss, cell):
    model, params, batch, s0 = a_problem(loss, cell, T, B, seed)
    step = model.loss_and_gradients(params, batch, s0)
    want = complex_step(lambda p: model.evaluate(p, batch, s0), params)
    assert step.L == model.evaluate(params, batch, s0)
    assert all(line.ok for line in compare(step.grads, want, show=False))
    assert all(np.array_equal(part, getattr(step.tape, name)[-1])
               for name, part in zip(cell.state, step.carried, strict=True))


def test_central_difference_agrees():
    model, params, batch, s0 = a_problem()
    step = model.loss_and_gradients(params, batch, s0)
    approx = central_difference(lambda p: model.evaluate(p, batch, s0), params)
    assert all(line.ok for line in compare(step.grads, approx, tol=1e-7, show=False))


def test_compare_names_tensor_and_entry(capsys):
    _, params, _, _ = a_problem()
    wrong = params._replace(cell=params.cell._replace(W_hh=params.cell.W_hh.copy()))
    wrong.cell.W_hh[2, 1] *= -1
    lines = compare(params, wrong)
    assert [line.name for line in lines if not line.ok] == ["cell.W_hh"]
    assert lines[1].worst == (2, 1)
    assert "cell.W_hh      (4, 4)       WRONG" in capsys.readouterr().out
    assert relative_error([np.nan], [1.0]) == np.inf
    with pytest.raises(ValueError, match="needs the shape of g"):
        relative_error(np.ones(3), np.ones(2))


@settings(max_examples=20, deadline=None)
@given(T=st.integers(1, 6), seed=st.integers(0, 999), cell=st.sampled_from([Elman(), LSTM()]))
def test_contributions_are_lower_triangular_and_sum_to_the_gradient(T, seed, cell):
    model, params, batch, s0 = a_problem(cell=cell, T=T, seed=seed)
    step = model.loss_and_gradients(params, batch, s0)
    y, tape = model.forward(params, batch.x, s0)
    dh_own = params.readout.W_hy.T @ (np.where(batch.mask[:, None], y - batch.targets, 0)
                                      / batch.mask.sum())
    C = contributions(model.cell, params.cell, batch.x, tape, dh_own)
    for (_, c), (_, g) in zip(named_leaves(C), named_leaves(step.grads.cell), strict=True):
        assert relative_error(c.sum(axis=(0, 1)), g) < 1e-10
        later = np.triu_indices(T, k=1)
        assert (c[later] == 0).all()


def test_a_model_of_another_size_is_refused():
    model, params, batch, _ = a_problem()
    with pytest.raises(ValueError, match="batch: got tuple; needs a Batch"):
        model.evaluate(params, tuple(batch))
    for change, message in ((dict(D=9), "W_xh: got"), (dict(K=9), "W_hy: got")):
        with pytest.raises(ValueError, match=message):
            model._replace(**change).evaluate(params, batch)
    readout = params.readout._replace(b_y=np.zeros(3))          # it would broadcast
    with pytest.raises(ValueError, match=r"b_y: got shape \(3,\); needs shape \(3, 1\)"):
        model.evaluate(params._replace(readout=readout), batch)
