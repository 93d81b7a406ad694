"""A tape worked on in pieces: wherever it is cut, the same comes out."""
import numpy as np
import pytest

from bpttlib import pieces
from bpttlib.bptt import bptt, unroll
from bpttlib.cells import GRU, LSTM, Elman, prepare
from bpttlib.gradcheck import relative_error
from bpttlib.init import init_cell
from bpttlib.params import named_leaves, tree_map
from bpttlib.pieces import in_pieces
from bpttlib.tape import new_tape

T, B, D, H = 17, 2, 3, 4
CELLS = [Elman(), LSTM(), GRU()]


def there_and_back(cell, labels, with_keep):
    """States, and all gradients, of a problem that is the same at each call."""
    rng = np.random.default_rng(1)
    params = tree_map(lambda p: p + 0.2 * rng.normal(size=p.shape), init_cell(rng, cell, D, H))
    x = rng.integers(0, D, (T, B)) if labels else rng.normal(size=(T, D, B))
    s0, ds_T = (tuple(rng.normal(size=(len(cell.state), H, B))) for _ in range(2))
    keep = rng.random(T) if with_keep else None
    tape = unroll(cell, params, x, s0)
    back = bptt(cell, params, x, tape, rng.normal(size=(T, H, B)), ds_T, keep=keep)
    return named_leaves(tuple(tape)) + named_leaves((back.params, back.s0))


@pytest.mark.parametrize("with_keep", [False, True])
@pytest.mark.parametrize("labels", [False, True])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: type(cell).__name__)
def test_the_cuts_change_nothing(monkeypatch, cell, labels, with_keep):
    whole = there_and_back(cell, labels, with_keep)
    for n in (1, 2, 5, 16):                                 # steps in a piece
        monkeypatch.setattr(pieces, "COLUMNS", n * B)
        monkeypatch.setattr(pieces, "PIECE", 1)
        assert len(list(in_pieces(new_tape(cell, T, H, B)))) == -(-T // n)
        for (name, a), (_, b) in zip(whole, there_and_back(cell, labels, with_keep), strict=True):
            assert relative_error(a, b) <= 1e-12, (name, n)


@pytest.mark.parametrize("back", [False, True])
def test_every_step_is_in_one_piece(monkeypatch, back):
    monkeypatch.setattr(pieces, "COLUMNS", 6 * B)
    monkeypatch.setattr(pieces, "PIECE", 1)
    tape = new_tape(Elman(), T, H, B)
    tape.h[...] = np.arange(T + 1)[:, None, None]
    cut = [(here, piece.h[:, 0, 0].tolist()) for here, piece in in_pieces(tape, back)]
    assert cut == [(slice(0, 6), [0, 1, 2, 3, 4, 5, 6]), (slice(6, 12), [6, 7, 8, 9, 10, 11, 12]),
                   (slice(12, 17), [12, 13, 14, 15, 16, 17])][::-1 if back else 1]


def test_a_piece_is_large_enough_for_small_and_for_large_networks(monkeypatch):
    monkeypatch.setattr(pieces, "COLUMNS", 10)
    monkeypatch.setattr(pieces, "PIECE", 1000)
    assert next(in_pieces(new_tape(LSTM(), 99, H=5, B=1)))[0].stop == 50      # 1000 / 20
    assert next(in_pieces(new_tape(LSTM(), 99, H=500, B=5)))[0].stop == 2     # 10 / 5
    assert next(in_pieces(new_tape(LSTM(), 99, H=500, B=50)))[0].stop == 1


def test_a_short_tape_remembers_its_rows_and_a_long_one_does_not(monkeypatch):
    def twice(tape):
        return [next(in_pieces(tape))[1].rows for _ in range(2)]

    first, second = twice(new_tape(GRU(), 9, H, B))
    assert first is second
    monkeypatch.setattr(pieces, "REMEMBERED", 8)
    first, second = twice(new_tape(GRU(), 9, H, B))
    assert first is not second


def test_rows_are_views():
    tape = new_tape(LSTM(), T, H, B)
    rows = tape.rows
    rows[3].gates[1][...] = 2.0
    rows[3].d_gates[3][...] = 5.0
    assert (tape.a[3, H:2 * H] == 2.0).all() and tape.a.sum() == 2.0 * H * B
    assert (tape.delta[3, 3 * H:] == 5.0).all() and tape.delta.sum() == 5.0 * H * B
    np.testing.assert_array_equal(tape.gates[1][3], rows[3].gates[1])


@pytest.mark.parametrize("dtype", ["float32", float, complex])
def test_prepared_parameters_keep_their_dtype(dtype):
    params = tree_map(lambda p: p.astype(dtype), init_cell(np.random.default_rng(0), LSTM(), D, H))
    s = prepare(params, LSTM().gates, LSTM().sigmoids, B)
    assert {array.dtype for array in s[:3]} == {np.dtype(dtype)}
    assert s.s.dtype == s.shift.dtype == np.dtype(dtype).type(0).real.dtype
    np.testing.assert_array_equal(s.W_hh[2 * H:3 * H], params.W_hh[2 * H:3 * H])    # g: a tanh
    np.testing.assert_array_equal(s.W_hh[:2 * H], params.W_hh[:2 * H] / 2)
