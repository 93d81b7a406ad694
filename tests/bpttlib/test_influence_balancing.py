"""
A bias with the wrong sign: influence balancing, by closed form, by the library, and in training.

Protocol: 23 units, ten pushed up, θ = 0.5 and all states 1 at the start, learning rate 1e-4, 3000
updates, one after each step (k1 = 1, k2 = K), state carried. The best θ is -1/6.
"""
import numpy as np
import pytest

from bpttlib.bptt import bptt, unroll
from bpttlib.cells import Elman
from bpttlib.model import Model
from bpttlib.optim import Optimiser
from bpttlib.tape import window
from bpttlib.tasks import influence_balancing, windows
from bpttlib.train import fit
from bpttlib.truncation import truncated_bptt

CELL, LR = Elman("identity"), 1e-4
A = 0.5 * np.eye(23) + 0.5 * np.diag(np.ones(22), k=1)
V = np.array([[1.0]] * 10 + [[-1.0]] * 13)
C = np.concatenate([[0.0], np.cumsum([(np.linalg.matrix_power(A, j) @ V)[0, 0]
                                      for j in range(200)])])       # C[K] = Σ_{j<K} (A^j v)[0]


def at_rest(theta, T):
    """Return parameters, inputs, a tape at rest, and e = ∂L_t/∂y_t, the same at each step."""
    params, ones = influence_balancing(theta).cell, np.ones((T, 1, 1))
    s = theta * np.linalg.solve(np.eye(23) - A, V)
    return params, ones, unroll(CELL, params, ones, s0=s), s[0, 0] - 1


def gradient(theta, k1, k2, T, count):
    """Return dL/dθ / e by the library, with the last few losses of a tape at rest."""
    params, ones, tape, e = at_rest(theta, T)
    own = np.zeros((T, 23, 1))
    own[-count:, 0] = e / count
    return (V * truncated_bptt(CELL, params, ones, tape, own, k1, k2).params.W_xh).sum() / e


def online(K, updates=3000, wait=True, recompute=False, s=1.0):
    """Train in plain NumPy, all states s at the start; return the path of θ and the losses."""
    theta, states, path, losses = 0.5, [np.full((23, 1), s)], [], []
    for t in range(1, updates + 1):
        if recompute:                                       # the window anew, with today's θ
            states = states[-K:]
            for i in range(1, len(states)):
                states[i] = A @ states[i - 1] + theta * V
        states = [*states[-K:], A @ states[-1] + theta * V]
        e = states[-1][0, 0] - 1
        losses.append(0.5 * e**2)
        if t >= K or not wait:
            theta -= LR * e * C[min(t, K)]
        path.append(theta)
    return np.array(path), np.array(losses)


def test_the_network_is_the_published_one():
    (W_xh, W_hh, b_h), (W_hy, b_y) = influence_balancing(0.5)
    np.testing.assert_array_equal(W_xh, 0.5 * V)
    np.testing.assert_array_equal(W_hh, A)
    assert not b_h.any() and not b_y.any() and W_hy.tolist() == [[1.0] + [0.0] * 22]
    tape = at_rest(-1 / 6, 3)[2]
    np.testing.assert_allclose(tape.h[:, 0], 1.0, atol=1e-12)       # the best θ stays at the target
    assert influence_balancing(2.0, H=3, positive=1).cell.W_xh.ravel().tolist() == [2, -2, -2]
    with pytest.raises(ValueError, match="positive: got 4; needs at most H = 3"):
        influence_balancing(H=3, positive=4)


@pytest.mark.parametrize("K", [1, 10, 30, 40, 41, 50])
def test_windows_by_library_and_by_closed_form(K):
    assert abs(gradient(0.5, 1, K, T=55, count=3) - C[K]) < 1e-10 * max(1, abs(C[K]))


@pytest.mark.parametrize("K", [1, 10, 109, 110])
def test_chunks_by_library_and_by_closed_form(K):
    assert abs(gradient(0.5, K, K, T=2 * K, count=K) - C[1:K + 1].mean()) < 1e-9


def test_the_sign_turns_between_40_and_41_and_for_chunks_between_109_and_110():
    exact = np.linalg.solve(np.eye(23) - A, V)[0, 0]
    assert abs(exact + 6) < 1e-12 and abs(gradient(0.5, 160, 160, T=160, count=1) - exact) < 1e-6
    assert gradient(0.5, 1, 40, T=45, count=1) > 0 > gradient(0.5, 1, 41, T=45, count=1)
    assert gradient(0.5, 109, 109, 109, 109) > 0 > gradient(0.5, 110, 110, 110, 110)
    assert (C[1:41] > 0).all() and (C[41:] < 0).all()
    means = np.cumsum(C[1:]) / np.arange(1, 201)
    assert (means[:109] > 0).all() and (means[109:] < 0).all()


@pytest.mark.parametrize("K", [10, 20, 30])
def test_below_41_training_runs_away(K):
    for wait, recompute in ((True, False), (False, False), (False, True)):
        assert online(K, wait=wait, recompute=recompute)[1].max() > 1e6


def test_at_41_it_is_slow_and_at_50_it_arrives():
    assert abs(online(41)[0][-1] - 0.28) < 0.01
    for wait, recompute in ((True, False), (False, False), (False, True)):
        assert -1 / 6 < online(41, wait=wait, recompute=recompute)[0][-1] < 0.5
        assert abs(online(50, wait=wait, recompute=recompute)[0][-1] + 1 / 6) < 0.001


def test_the_plain_loop_is_bptt_on_the_states_as_they_were():
    """One row a step on a tape of the whole run, the last K of them gone back through."""
    K, updates = 41, 100
    tape, ones, theta, path = None, np.ones((updates, 1, 1)), 0.5, []
    for t in range(1, updates + 1):
        params = influence_balancing(theta).cell
        s0 = np.ones((23, 1)) if t == 1 else tape.h[t - 1].copy()
        now = unroll(CELL, params, ones[:1], s0)
        tape = tape or type(now)(*(np.zeros((updates + 1, 23, 1)) for _ in now))
        tape.h[t - 1], tape.h[t], tape.a[t] = now.h[0], now.h[1], now.a[1]
        if t >= K:
            own = np.zeros((K, 23, 1))
            own[-1, 0] = now.h[1, 0] - 1
            back = bptt(CELL, params, ones[:K], window(tape, t - K, t), own)
            theta -= LR * (V * back.params.W_xh).sum()
        path.append(theta)
    np.testing.assert_allclose(path, online(K, updates)[0], rtol=1e-10)


def test_fit_recomputes_its_windows():
    def descend(params, grads, memory):
        change = LR * (V * grads.cell.W_xh).sum() * V
        path.append((params.cell.W_xh - change)[0, 0])
        return params._replace(cell=params.cell._replace(W_xh=params.cell.W_xh - change)), memory

    K, updates, path = 12, 60, []
    model, ones = Model(CELL, D=1, H=23, K=1, loss="squared_error"), np.ones((updates, 1, 1))
    state = fit(model, influence_balancing(0.5), windows(ones, ones, 1, K), updates,
                Optimiser("theta", lambda params: (), descend), progress=False)
    thetas, losses = online(K, updates, wait=False, recompute=True, s=0.0)  # fit starts from zero
    np.testing.assert_allclose(path, thetas, rtol=1e-10)
    np.testing.assert_allclose(state.loss, losses, rtol=1e-10)
