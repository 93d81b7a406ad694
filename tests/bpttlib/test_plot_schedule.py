"""The drawing of a schedule shows what the schedule does."""
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bpttlib.checkpoint import least_steps
from bpttlib.plots.schedule import draw_schedule


def pieces(figure, name):
    """Return all (x, y) of the lines of one kind."""
    return [line.get_data() for line in figure.axes[0].lines if line.get_gid() == name]


@settings(max_examples=25)
@given(T=st.integers(1, 30), states=st.integers(1, 10), segment=st.integers(1, 8))
def test_the_drawing_shows_every_run_and_every_state(T, states, segment):
    figure = draw_schedule(T, states, segment)
    runs, held = pieces(figure, "run from a stored state"), pieces(figure, "stored state")
    onto_tape = pieces(figure, "run onto the tape, then back")
    n = -(-T // segment)
    assert len(onto_tape) == n                              # each segment once, the last one first
    places = [tuple(map(int, y)) for _, y in onto_tape]
    assert places == [(k * segment, min((k + 1) * segment, T)) for k in reversed(range(n))]
    moves = sorted((x[0], x[1], y[1] - y[0]) for x, y in runs + onto_tape)
    assert all(stop - start == steps for start, stop, steps in moves)      # time is steps forward
    assert all(a[1] == b[0] for a, b in zip(moves, moves[1:]))             # without a gap
    assert moves[-1][1] == segment * (least_steps(n, states) - n) + T
    for time in range(int(moves[-1][1])):
        assert sum(x[0] <= time < x[1] for x, _ in held) <= states
    for x, y in runs:                                       # each starts from a state that is held
        assert any(y[0] == place[0] and since <= x[0] < until for (since, until), place in held)


@pytest.mark.parametrize("arguments, name", [
    ((0, 1), "T"), ((4, 0), "states"), ((4, 1, 0), "segment")])
def test_bad_arguments(arguments, name):
    with pytest.raises(ValueError, match=f"{name}.*: got 0"):
        draw_schedule(*arguments)
