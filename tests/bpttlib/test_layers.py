"""Networks of layers: against plain loops, against complex step, and their contract."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.batch import Batch
from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.layers import Bidirectional, Embedded, Stacked, as_network
from bpttlib.losses import softmax_cross_entropy, squared_error
from bpttlib.model import Model
from bpttlib.params import named_leaves, tree_map
from bpttlib.train import fit

from .plain_steps import STEPS

NETWORKS = {
    "stack of three": lambda: Stacked(LSTM(), GRU(), Elman()),
    "bidirectional": lambda: Bidirectional(LSTM()),
    "stack of both": lambda: Stacked(Bidirectional(GRU()), Bidirectional(Elman())),
    "with dropout": lambda: Stacked(Elman(), LSTM(), GRU(), dropout=0.4),
    "both ways through a stack": lambda: Bidirectional(Stacked(GRU(), Elman(), dropout=0.3)),
}
D, H = 2, 3


def random_state(network, params, x, rng):
    """A state of random numbers; any tape shows what one looks like."""
    return tree_map(lambda part: rng.normal(size=part.shape),
                    network.state_at(network.unroll(params, x), 0))


def make(network, T, B, seed, V=None):
    rng = np.random.default_rng(seed)
    network = as_network(network)
    params = tree_map(lambda p: rng.uniform(-1, 1, size=p.shape), network.init(rng, D, H))
    x = rng.integers(V, size=(T, B)) if V else rng.uniform(-1, 1, size=(T, D, B))
    mask = rng.random((T, B)) < 0.6
    mask[rng.integers(T), rng.integers(B)] = True
    return network, params, x, random_state(network, params, x, rng), mask, rng


def assert_close(got, want):
    for (name, g), (_, g_hat) in zip(named_leaves(got), named_leaves(want), strict=True):
        assert relative_error(g, g_hat) <= 1e-10, name


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=25, deadline=None)
@given(T=st.integers(1, 6), B=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_equals_complex_step(name, T, B, seed):
    """All parameters, inputs and initial states, through a masked loss and through dropout."""
    network, params, x, s0, mask, rng = make(NETWORKS[name](), T, B, seed)
    targets = rng.normal(size=(T, network.outputs(H), B))

    def L(everything):
        params, x, s0 = everything
        tape = network.unroll(params, x, s0, rng=np.random.default_rng(seed))
        return squared_error(tape.h[1:], targets, mask)[0]

    tape = network.unroll(params, x, s0, rng=np.random.default_rng(seed))
    got = network.bptt(params, x, tape, squared_error(tape.h[1:], targets, mask)[1])
    assert_close(got, complex_step(L, (params, x, s0)))


@settings(max_examples=25, deadline=None)
@given(T=st.integers(1, 6), B=st.integers(1, 3), seed=st.integers(0, 2**32 - 1),
       embedded=st.booleans())
def test_whole_numbers_in(T, B, seed, embedded):
    """With a table of embeddings, or looked up in W_xh; both against complex step."""
    V = 5 if embedded else D
    network, params, x, s0, mask, rng = make(
        Embedded(Stacked(LSTM(), Elman()), V=V) if embedded else Stacked(GRU(), LSTM()),
        T, B, seed, V)
    targets = rng.integers(H, size=(T, B))

    def L(everything):
        params, s0 = everything
        return softmax_cross_entropy(network.unroll(params, x, s0).h[1:], targets, mask)[0]

    tape = network.unroll(params, x, s0)
    got = network.bptt(params, x, tape, softmax_cross_entropy(tape.h[1:], targets, mask)[1])
    assert got.x is None
    assert_close((got.params, got.s0), complex_step(L, (params, s0)))


def test_a_whole_number_is_a_one_hot_column():
    network, params, ids, s0, _, rng = make(LSTM(), 6, 3, 0, V=D)
    columns = (ids[:, None, :] == np.arange(D)[:, None]).astype(float)
    one, other = network.unroll(params, ids, s0), network.unroll(params, columns, s0)
    np.testing.assert_allclose(one.h, other.h, rtol=0, atol=1e-15)
    own = rng.normal(size=(6, H, 3))
    assert_close(network.bptt(params, ids, one, own).params,
                 network.bptt(params, columns, other, own).params)
    for wrong in (D, -1):
        with pytest.raises(ValueError, match=r"x: got -?\d at index \(4, 1\).*from 0 to 1"):
            network.unroll(params, np.where(np.arange(18).reshape(6, 3) == 13, wrong, 0))


def run(step, params, x, s):
    """Run a plain step over a sequence (T, D, 1)."""
    states = []
    for x_t in x:
        s = step(params, x_t, s)
        states.append(s[0])
    return np.stack(states)


def test_forward_is_what_plain_loops_compute():
    network, params, x, s0, _, _ = make(Stacked(Bidirectional(LSTM()), GRU()), 5, 1, 7)
    (right, left), upper = params
    onward = run(STEPS["lstm"], right, x, s0[0][0])
    backward = run(STEPS["lstm"], left, x[::-1], s0[0][1])[::-1]
    want = run(STEPS["gru"], upper, np.concatenate([onward, backward], axis=1), s0[1])
    tape = network.unroll(params, x, s0)
    np.testing.assert_allclose(tape.h[1:], want, rtol=1e-13)
    (h_onward, _), (h_backward, _) = s0[0]
    np.testing.assert_array_equal(tape.layers[0].h[0], np.concatenate([h_onward, h_backward]))


def test_each_output_of_a_bidirectional_network_sees_the_whole_sequence():
    network, params, x, _, _, _ = make(Bidirectional(Elman()), 6, 1, 3)
    for t in range(6):
        own = np.zeros((6, 2 * H, 1))
        own[t] = 1.0
        dx = network.bptt(params, x, network.unroll(params, x), own).x
        assert (np.abs(dx).max(axis=(1, 2)) > 0).all()


@pytest.mark.parametrize("name", NETWORKS)
def test_the_inputs_gradient_is_made_only_if_asked_for(name):
    network, params, x, s0, _, rng = make(NETWORKS[name](), 4, 2, 5)
    tape, own = network.unroll(params, x, s0), rng.normal(size=(4, network.outputs(H), 2))
    with_dx, without = (network.bptt(params, x, tape, own, need_dx=need) for need in (True, False))
    assert with_dx.x.shape == x.shape and without.x is None
    assert_close(without.params, with_dx.params)


def test_dropout_keeps_the_mean_leaves_time_alone_and_can_be_switched_off():
    network = Stacked(Elman("identity"), Elman("identity"), dropout=0.25)
    rng = np.random.default_rng(0)
    params = network.init(rng, 1, 200)
    x = np.ones((3, 1, 50))
    tape = network.unroll(params, x, rng=rng)
    (mask,) = tape.masks
    assert set(np.unique(mask)) == {0.0, 1 / 0.75}
    assert abs(mask.mean() - 1) < 0.02
    assert abs((mask == 0).mean() - 0.25) < 0.02
    plain = network.unroll(params, x)
    assert plain.masks == ()
    np.testing.assert_array_equal(tape.layers[0].h, plain.layers[0].h)
    same = Stacked(Elman("identity"), Elman("identity")).unroll(params, x, rng=rng)
    np.testing.assert_array_equal(same.h, plain.h)


@pytest.mark.parametrize("cell", [Stacked(LSTM(), GRU(), dropout=0.5), Bidirectional(Elman()),
                                  Embedded(Stacked(Elman(), LSTM()), V=4)])
def test_a_model_of_layers_learns_and_is_taken_up_again(cell, tmp_path):
    """At once or in two pieces through a file: the same, with carried state and dropout."""
    model = Model(cell, D=2, H=4, K=3, loss="softmax_cross_entropy")
    rng = np.random.default_rng(1)
    embedded = isinstance(cell, Embedded)
    params = model.init(rng)
    x = rng.integers(4, size=(20, 6, 5)) if embedded else rng.normal(size=(20, 6, 2, 5))
    targets = rng.integers(3, size=(20, 6, 5))

    def batches(n):
        fresh = n % 3 == 0 or not model.network.streams
        return Batch(x[n % 20], targets[n % 20], fresh=fresh)

    at_once = fit(model, params, batches, 8, progress=False)
    fit(model, params, batches, 5, progress=False, path=tmp_path / "run.npz")
    again = fit(model, params, batches, 8, progress=False, path=tmp_path / "run.npz")
    for (name, a), (_, b) in zip(named_leaves(at_once), named_leaves(again), strict=True):
        assert np.array_equal(a, b), name
    other = fit(model, params, batches, 8, progress=False, seed=1)
    dropped = isinstance(cell, Stacked)
    assert np.array_equal(other.loss, at_once.loss) != dropped
    one = fit(model, params, lambda n: Batch(x[0], targets[0]), 150, progress=False)
    assert one.loss[-1] < one.loss[0] - 0.05


def test_each_update_drops_other_entries_and_evaluation_none():
    model = Model(Stacked(Elman(), GRU(), dropout=0.5), D=2, H=9, K=1, loss="squared_error")
    params, seen = model.init(np.random.default_rng(0)), []
    batch = Batch(np.ones((4, 2, 3)), np.ones((4, 1, 3)))
    fit(model, params, lambda n: batch, 3, progress=False,
        callbacks=lambda state, step: seen.append(step.tape.masks[0].copy()))
    assert all((a != b).any() for a, b in zip(seen, seen[1:], strict=False))
    assert model.evaluate(params, batch) == model.evaluate(params, batch)
    assert model.forward(params, batch.x)[1].masks == ()
    rng = np.random.default_rng
    for n, mask in enumerate(seen):                         # not what tasks.batches draws from
        assert ((rng((0, n)).random(mask.shape) >= 0.5) != (mask > 0)).any()
    assert model.evaluate(params, batch, rng=rng(1)) == model.evaluate(params, batch, rng=rng(1))
    assert model.evaluate(params, batch, rng=rng(1)) != model.evaluate(params, batch, rng=rng(2))


def test_a_tape_of_layers_is_used_again():
    network, params, x, s0, _, rng = make(NETWORKS["with dropout"](), 5, 2, 0)
    tape = network.unroll(params, x, s0, rng=np.random.default_rng(4))
    again = network.unroll(params, -x, s0, tape=tape, rng=np.random.default_rng(4))
    assert all(a.h is b.h for a, b in zip(tape.layers, again.layers, strict=True))
    new = network.unroll(params, -x, s0, rng=np.random.default_rng(4))
    np.testing.assert_array_equal(again.h, new.h)


BAD = {
    "no layers": (lambda: Stacked(), "layers: got none"),
    "a class": (lambda: Stacked(LSTM), "cell: got .*needs a cell or a network"),
    "dropout": (lambda: Stacked(LSTM(), dropout=1.0), "dropout: got 1.0"),
    "V": (lambda: Embedded(LSTM(), V=0), "V: got 0"),
    "params": (lambda: Stacked(LSTM(), GRU()).unroll((1,), np.ones((2, 2, 1))),
               "params: got 1 parts; needs a tuple of 2"),
    "two": (lambda: Bidirectional(GRU()).unroll((1,), np.ones((2, 2, 1))), "params: got tuple"),
    "s0": (lambda: Stacked(LSTM(), GRU()).unroll((1, 2), np.ones((2, 2, 1)), s0=np.ones(3)),
           "s0: got ndarray"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_layers(name):
    call, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        call()


def test_parameters_of_another_size_are_refused():
    for cell in (Stacked(LSTM(), GRU()), Bidirectional(LSTM()), Embedded(GRU(), V=7)):
        model = Model(cell, D=2, H=4, K=3, loss="squared_error")
        params = model.init(np.random.default_rng(0))
        for change in (dict(D=3), dict(H=5), dict(K=2)):
            with pytest.raises(ValueError, match="W_xh: got|W_hy: got|E: got"):
                model._replace(**change).forward(params, np.zeros((2, 2, 1)))


def test_single_precision_stays_single():
    """Also with targets in double precision, integer columns, and data in double precision."""
    for cell in (Stacked(LSTM(), GRU(), dropout=0.3), Embedded(GRU(), V=2), Bidirectional(Elman())):
        model = Model(cell, D=2, H=4, K=3, loss="squared_error")
        params = tree_map(lambda p: p.astype(np.float32), model.init(np.random.default_rng(0)))
        for x in (np.ones((4, 2, 1), np.float32), np.ones((4, 2, 1), int), np.ones((4, 2, 1))):
            batch = Batch(x, np.ones((4, 3, 1)))
            step = model.loss_and_gradients(params, batch)
            state = fit(model, params, lambda n, batch=batch: batch, 2, progress=False)
            assert {leaf.dtype for _, leaf in named_leaves(state.params)} == {np.dtype("f4")}
            if x.dtype != float:
                assert {leaf.dtype for _, leaf in named_leaves(step.grads)} == {np.dtype("f4")}


def test_wrong_tapes_are_named():
    rng, x = np.random.default_rng(0), np.ones((4, 2, 1))
    networks = {net: net.init(rng, D, H) for net in (Stacked(LSTM(), GRU()), Bidirectional(GRU()),
                                                     as_network(LSTM()), as_network(GRU()))}
    tapes = [net.unroll(params, x) for net, params in networks.items()]
    for net, params in networks.items():
        for tape in tapes:
            own = np.ones((4, net.outputs(H), 1))
            if type(tape) is type(net.unroll(params, x)):
                continue
            for call in (lambda: net.unroll(params, x, tape=tape),
                         lambda: net.bptt(params, x, tape, own)):
                with pytest.raises(ValueError, match="tape: got .*Tape; needs a"):
                    call()
    net = Bidirectional(GRU())
    with pytest.raises(ValueError, match="dh_own: got shape"):
        net.bptt(net.init(rng, D, H), x, net.unroll(net.init(rng, D, H), x), np.ones((4, 5, 1)))


def test_a_bidirectional_model_cannot_stream():
    model = Model(Stacked(Bidirectional(GRU()), LSTM()), D=2, H=4, K=3, loss="squared_error")
    batch = Batch(np.ones((4, 2, 1)), np.ones((4, 3, 1)), fresh=False)
    with pytest.raises(ValueError, match=r"batches\(0\): .*a bidirectional network cannot stream"):
        fit(model, model.init(np.random.default_rng(0)), lambda n: batch, 1, progress=False)
