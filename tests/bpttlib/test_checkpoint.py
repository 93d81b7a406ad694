"""Checkpointing: the exact gradient, with no more states and steps than the schedule promises."""
import re
import tracemalloc
from functools import cache
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.cells import GRU, LSTM, Elman
from bpttlib.checkpoint import checkpointed_bptt, least_steps, plan, schedule
from bpttlib.gradcheck import complex_step, relative_error
from bpttlib.layers import Bidirectional, Stacked, as_network
from bpttlib.params import named_leaves, tree_map

NETWORKS = {"elman": Elman(), "lstm": LSTM(), "gru": GRU(), "stack": Stacked(LSTM(), GRU()),
            "one in another": Stacked(Elman(), Stacked(GRU(), LSTM()))}


@cache
def by_recurrence(n, states):
    """Gruslys et al. 2016: C(n, m) = min over y of y + C(n - y, m - 1) + C(y, m), for all n."""
    if states == 1:
        return np.arange(n + 1) * np.arange(1, n + 2) // 2
    fewer, C = by_recurrence(n, states - 1), np.zeros(n + 1, int)
    C[1] = 1
    for k in range(2, n + 1):
        y = np.arange(1, k)
        C[k] = (y + fewer[k - y] + C[y]).min()
    return C


def revolve(n, states):
    """Griewank 1992: the forward steps besides the n onto the tape."""
    r = next(r for r in range(n) if comb(states + r, states) >= n)
    return r * n - comb(states + r, states + 1)


def test_the_closed_form_solves_the_recurrence():
    for states in range(1, 51):
        for n in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 200):
            assert least_steps(n, states) == by_recurrence(200, states)[n]


def test_a_thousand_steps_cost_what_the_literature_says():
    published = {2: 29820, 3: 13155, 5: 7284, 10: 4636, 20: 3747, 50: 2948}
    for states, steps in published.items():
        assert least_steps(1000, states) == revolve(1000, states) + 1000 == steps
        assert by_recurrence(1000, states)[1000] == steps


def follow(n, states):
    """Play a schedule on a chain without any network; return each unit's runs, and most states."""
    stored, runs, most, end = [0], np.zeros(n, int), 1, n
    for start, stop, store in schedule(n, states):
        assert start == stored[-1] <= stop < end            # it starts from what is there
        runs[start:stop] += 1
        if store:
            stored.append(stop)
            most = max(most, len(stored))
        else:
            assert stop == end - 1                          # the last unit not gone back through
            runs[stop] += 1
            end = stop
            if start == stop:
                stored.pop()
    assert end == 0 and stored == []
    return runs, most


@settings(max_examples=300)
@given(n=st.integers(1, 300), states=st.integers(1, 320))
def test_the_schedule_keeps_its_promise(n, states):
    runs, most = follow(n, states)
    assert runs.sum() == least_steps(n, states) and most <= states
    r = next(r for r in range(n) if comb(states + r, r) >= n)
    assert runs.max() <= r + 1                              # once of them onto the tape


@pytest.mark.parametrize("n, states", [(1, 1), (5000, 5000), (5000, 4999), (100_000, 7),
                                       (100_000, 10**6), (3000, 1)])
def test_long_chains(n, states):
    """No recursion, and every state there is may be stored."""
    runs, most = follow(n, states)
    assert runs.sum() == least_steps(n, states) and most <= states
    assert states < n - 1 or runs.sum() == 2 * n - 1


def a_problem(name, T, B, seed, whole_numbers=False):
    """A network, its arguments, and losses of the states that need the states: a mask in them."""
    network, D, H = as_network(NETWORKS[name]), 2, 3
    rng = np.random.default_rng(seed)
    params = tree_map(lambda p: p + 0.3 * rng.normal(size=p.shape), network.init(rng, D, H))
    x = rng.integers(D, size=(T, B)) if whole_numbers else rng.normal(size=(T, D, B))
    zero = network.state_at(network.unroll(params, x[:1]), 0)
    s0 = tree_map(lambda part: rng.normal(size=part.shape), zero)
    weights = rng.normal(size=(T, H, B)) * (rng.random((T, 1, B)) < 0.7)

    def own(h, start, stop):
        return weights[start:stop] * h**2
    return network, params, x, own, s0


def assert_equals_full_bptt(problem, got, need_dx=True):
    network, params, x, own, s0 = problem
    tape = network.unroll(params, x, s0)
    want = network.bptt(params, x, tape, own(tape.h[1:], 0, len(x)), need_dx=need_dx)
    for ours, theirs in zip((got.params, got.s0), (want.params, want.s0), strict=True):
        for (_, g), (_, g_hat) in zip(named_leaves(ours), named_leaves(theirs), strict=True):
            assert relative_error(g, g_hat) <= 1e-12
    assert (got.x is None) == (want.x is None)
    assert got.x is None or relative_error(got.x, want.x) <= 1e-12
    for (_, s), (_, s_T) in zip(named_leaves(got.s_T), named_leaves(network.state_at(tape, -1)),
                                strict=True):
        assert relative_error(s, s_T) <= 1e-12


@settings(max_examples=150)
@given(name=st.sampled_from(sorted(NETWORKS)), T=st.integers(1, 40), B=st.integers(1, 3),
       seed=st.integers(0, 2**32 - 1), segment=st.none() | st.integers(1, 45),
       states=st.none() | st.integers(1, 45), need_dx=st.booleans(), whole_numbers=st.booleans())
def test_equals_full_bptt_within_its_promise(name, T, B, seed, segment, states, need_dx,
                                             whole_numbers):
    problem = a_problem(name, T, B, seed, whole_numbers)
    network, params, x, own, s0 = problem
    wish = dict(segment=segment, states=states)
    got = checkpointed_bptt(NETWORKS[name], params, x, own, s0, **wish, need_dx=need_dx)
    assert_equals_full_bptt(problem, got, need_dx)
    promised = plan(NETWORKS[name], params, x, s0, **wish)
    assert (got.peak_states, got.steps) == (promised.states, promised.steps)
    assert states is None or got.peak_states <= states
    k = promised.segment
    assert k == (min(segment, T) if segment else 1 if states else int(np.ceil(np.sqrt(T))))
    n = int(np.ceil(T / k))                                 # units, of which the last may be short
    units = least_steps(n, min(states or n, n))
    assert got.steps == k * units - (n * k - T)             # and it is run just once
    assert n * k > T or got.steps == k * units


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=15, deadline=None)
@given(T=st.integers(1, 12), B=st.integers(1, 3), seed=st.integers(0, 2**32 - 1),
       segment=st.integers(1, 5), states=st.integers(1, 4))
def test_equals_complex_step(name, T, B, seed, segment, states):
    """All parameters, inputs and the initial state, through a masked loss on the states."""
    network, params, x, _, s0 = a_problem(name, T, B, seed)
    rng = np.random.default_rng(seed)
    shape = network.unroll(params, x, s0).h[1:].shape
    targets, mask = rng.normal(size=shape), rng.random((T, 1, B)) < 0.7
    mask[-1, 0, 0] = True

    def L(everything):
        params, x, s0 = everything
        error = network.unroll(params, x, s0).h[1:] - targets
        return 0.5 * (mask * error * error).sum() / mask.sum()

    def own(h, start, stop):
        return mask[start:stop] * (h - targets[start:stop]) / mask.sum()

    got = checkpointed_bptt(NETWORKS[name], params, x, own, s0, segment=segment, states=states,
                            need_dx=True)
    want = complex_step(L, (params, x, s0))
    for (name, g), (_, g_hat) in zip(named_leaves((got.params, got.x, got.s0)),
                                     named_leaves(want), strict=True):
        assert relative_error(g, g_hat) <= 1e-10, name


def test_the_losses_are_asked_for_once_and_last_first():
    network, params, x, own, s0 = a_problem("lstm", T=23, B=2, seed=1)
    tape, asked = network.unroll(params, x, s0), []

    def watched(h, start, stop):
        asked.append((start, stop))
        assert (h == tape.h[start + 1:stop + 1]).all()
        return own(h, start, stop)

    checkpointed_bptt(LSTM(), params, x, watched, s0, segment=5, states=2)
    assert asked == [(20, 23), (15, 20), (10, 15), (5, 10), (0, 5)]


def test_one_segment_is_full_bptt_bit_for_bit():
    network, params, x, own, s0 = a_problem("gru", T=9, B=2, seed=2)
    tape = network.unroll(params, x, s0)
    want = network.bptt(params, x, tape, own(tape.h[1:], 0, 9))
    got = checkpointed_bptt(GRU(), params, x, own, s0, segment=9, need_dx=True)
    for (_, g), (_, g_hat) in zip(named_leaves(tuple(got[:3])), named_leaves(tuple(want)),
                                  strict=True):
        assert (g == g_hat).all()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("kibibytes", [2, 5, 10, 40])
def test_a_budget_gets_the_cheapest_plan_that_fits(name, kibibytes):
    """Against all plans there are, asked for one by one."""
    problem = network, params, x, own, s0 = a_problem(name, T=30, B=2, seed=3)
    budget = kibibytes * 2**10
    plans = [plan(network, params, x, s0, segment=segment, states=states)
             for segment in range(1, 31) for states in range(1, 31)]
    fit = [p.steps for p in plans if p.bytes <= budget]
    if not fit:
        with pytest.raises(ValueError, match="mebibytes: got"):
            plan(network, params, x, s0, mebibytes=budget / 2**20)
        return
    got = plan(network, params, x, s0, mebibytes=budget / 2**20)
    assert got.bytes <= budget and got.steps == min(fit)
    back = checkpointed_bptt(network, params, x, own, s0, mebibytes=budget / 2**20, need_dx=True)
    assert_equals_full_bptt(problem, back)
    assert (back.peak_states, back.steps) == (got.states, got.steps)


def test_the_bytes_are_those_of_the_arrays():
    network, params, x, _, s0 = a_problem("lstm", T=30, B=2, seed=4)
    tape = network.unroll(params, x[:7], s0)
    got = plan(network, params, x, s0, segment=7, states=2)
    assert got.bytes == sum(a.nbytes for a in tape) + 2 * sum(a.nbytes for a in s0)
    half = tree_map(lambda a: a.astype(np.float32), (params, x, s0))
    assert 2 * plan(network, *half, segment=7, states=2).bytes == got.bytes


def test_a_budget_that_is_too_small_is_told_the_least_one():
    network, params, x, _, s0 = a_problem("elman", T=500, B=20, seed=5)
    with pytest.raises(ValueError, match="mebibytes: got 0.001; needs at least") as error:
        plan(network, params, x, s0, mebibytes=0.001)
    least = float(re.search(r"at least (\S+)", str(error.value))[1])
    assert plan(network, params, x, s0, mebibytes=1.01 * least)[:2] == (1, 1)
    with pytest.raises(ValueError, match="mebibytes"):
        plan(network, params, x, s0, mebibytes=0.99 * least)


def test_the_memory_is_really_saved():
    """Traced while it runs: stored states, tape, and whatever is needed for a moment."""
    rng, T, H, B = np.random.default_rng(0), 1000, 32, 8
    params = as_network(GRU()).init(rng, 1, H)
    x = rng.normal(size=(T, 1, B))
    run = dict(own=lambda h, start, stop: h / T, mebibytes=0.6)
    promised = plan(GRU(), params, x, mebibytes=0.6).bytes
    checkpointed_bptt(GRU(), params, x, **run)              # whatever is made once
    tracemalloc.start()
    checkpointed_bptt(GRU(), params, x, **run)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert promised <= 0.6 * 2**20 and peak < 2.5 * promised
    assert peak < 0.1 * plan(GRU(), params, x, segment=T).bytes


@pytest.mark.parametrize("change, message", [
    (dict(segment=0), "segment: got 0"), (dict(segment=2.5), "segment: got 2.5"),
    (dict(states=0), "states: got 0"), (dict(states=True), "states: got True"),
    (dict(mebibytes=0), "mebibytes: got 0; needs a number above 0, and at least"),
    (dict(mebibytes=float("nan")), "mebibytes: got nan"), (dict(mebibytes="1"), "mebibytes"),
    (dict(mebibytes=1, states=3), "mebibytes: got a segment or states besides"),
    (dict(cell=Bidirectional(Elman())), "cell: got .* one that can stream"),
    (dict(cell=Elman), "cell: got"), (dict(x=np.ones((5, 3, 2))), "x: got shape"),
    (dict(x=np.ones((0, 2, 2))), "the length of x: got 0"),
    (dict(s0=(np.ones((3, 3)),)), "s0, part h: got shape"),
    (dict(own=lambda h, start, stop: np.ones((1, 1, 1))), r"own\(h, start, stop\): got shape"),
    (dict(x=np.where(np.arange(5)[:, None, None] == 3, np.nan, np.ones((5, 2, 2)))), "x: got nan"),
])
def test_bad_arguments(change, message):
    _, params, x, own, s0 = a_problem("elman", T=5, B=2, seed=6)
    with pytest.raises(ValueError, match=message):
        checkpointed_bptt(**{"cell": Elman(), "params": params, "x": x, "own": own, "s0": s0,
                             **change})


@pytest.mark.parametrize("n, states", [(0, 1), (1, 0), (1.0, 1), (1, True)])
def test_bad_sizes_of_a_chain(n, states):
    for call in (least_steps, lambda n, states: list(schedule(n, states))):
        with pytest.raises(ValueError, match="n: got|states: got"):
            call(n, states)
