"""A task on strings of a grammar: what comes next?"""
import numpy as np

from bpttlib.errors import require
from bpttlib.tasks.encoding import check_task, next_symbol

REBER = ({"B": 1}, {"T": 2, "P": 3}, {"S": 2, "X": 4}, {"T": 3, "V": 5},   # state: {symbol: state}
         {"X": 3, "S": 6}, {"P": 4, "V": 6}, {"E": 7})
SYMBOLS = "BTPSXVE"                     # in the order of their labels


def embedded_reber(rng, T=30, B=32):
    """
    Predict the next symbol of strings of the embedded Reber grammar.

    A string is B T r T E or B P r P E, where r is a string of the Reber grammar. Its second symbol
    returns as the last but one: that must be remembered across all of r. Labels are in the order
    B T P S X V E.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the strings come from.
    T, B : int
        Number of steps of the longest string, at least 8, and number of sequences. A string of s
        symbols has s - 1 steps; longer ones are drawn anew.

    Returns
    -------
    Batch
        Inputs of shape (T, 7, B), labels and mask of shape (T, B). After the end of a string,
        inputs are zero, targets -1 and the mask is false.

    See Also
    --------
    legal_next : What may follow.
    is_grammatical : Whether a string belongs to the grammar.

    Notes
    -----
    Where two symbols may follow, they are equally likely. A string has 11 steps and 7 such choices
    on average, so the best predictor pays 7/11 ln 2 per step; one that forgets the second symbol
    pays 8/11 ln 2; guessing costs ln 7. One string in a thousand has more than 30 steps.

    References
    ----------
    Hochreiter and Schmidhuber 1997, Long short-term memory, Neural Computation 9(8), experiment 1.

    Examples
    --------
    >>> batch = embedded_reber(np.random.default_rng(0), T=20, B=1)
    >>> "".join(SYMBOLS[k] for k in batch.targets[batch.mask])
    'PBPVPXTTTTVVEPE'
    """
    check_task(rng, T, B, least=8)
    labels = np.full((T + 1, B), -1)
    for column in labels.T:
        string = _draw(rng)
        while len(string) > T + 1:
            string = _draw(rng)
        column[:len(string)] = [SYMBOLS.index(symbol) for symbol in string]
    return next_symbol(labels, len(SYMBOLS))


def legal_next(string):
    """
    Return the symbols that may follow the beginning of an embedded Reber string.

    There are one or two of them, and none after the whole string.

    Parameters
    ----------
    string : str
        The beginning of a string.

    Returns
    -------
    str
        The symbols.

    See Also
    --------
    is_grammatical : Whether a string belongs to the grammar.

    Examples
    --------
    >>> legal_next("BT"), legal_next("BTB"), legal_next("BPBTXSE")
    ('B', 'TP', 'P')
    """
    state = 0
    for t, symbol in enumerate(string):
        legal = "".join(EMBEDDED[state])
        require(symbol in EMBEDDED[state], f"string[{t}]", repr(symbol),
                " or ".join(legal) + f" after {string[:t]!r}" if legal else "nothing after the end")
        state = EMBEDDED[state][symbol]
    return "".join(EMBEDDED[state])


def is_grammatical(string):
    """
    Say whether a string belongs to the embedded Reber grammar.

    It must be complete: the beginning of such a string is none.

    Parameters
    ----------
    string : str
        Any string.

    Returns
    -------
    bool
        Whether it does.

    See Also
    --------
    legal_next : What may follow.

    Examples
    --------
    >>> is_grammatical("BTBTXSETE"), is_grammatical("BTBTXSEPE")
    (True, False)
    """
    try:
        return legal_next(string) == ""
    except ValueError:
        return False


def _embed(inner):
    """Return the states of B T r T E | B P r P E, given those of r; the last one ends a string."""
    states, E = [{"B": 1}, {}], 2 * len(inner) + 4
    for symbol in "TP":
        start = states[1][symbol] = len(states)
        states += [{s: start + to for s, to in row.items()} for row in inner] + [{symbol: E}]
    return (*states, {"E": E + 1}, {})


EMBEDDED = _embed(REBER)


def _draw(rng):
    """Walk through the embedded grammar, tossing a coin wherever there is a choice."""
    string, state = "", 0
    while EMBEDDED[state]:
        arrows = list(EMBEDDED[state].items())
        symbol, state = arrows[rng.integers(len(arrows))]
        string += symbol
    return string
