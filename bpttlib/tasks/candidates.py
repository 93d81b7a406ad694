"""Candidates: the right reply among wrong ones."""
import numpy as np

from bpttlib.errors import require, require_whole


def candidates(chats, n=10, seed=0):
    """
    Put n - 1 replies to other contexts beside each right reply.

    All n of a question have different texts.

    Parameters
    ----------
    chats : Conversations
        The conversations.
    n : int, default 10
        How many there are to choose from.
    seed : int, default 0
        Another seed gives other wrong replies.

    Returns
    -------
    ndarray of int
        Numbers of messages, of shape (n, N); row 0 has the right ones.

    See Also
    --------
    bpttlib.data.conversations : Read conversations.

    Examples
    --------
    >>> from bpttlib.data import conversations
    >>> test = conversations("test")
    >>> choice = candidates(test)
    >>> choice.shape == (10, len(test.replies)), bool((choice[0] == test.replies).all())
    (True, True)
    """
    require_whole("n", n, least=2)
    rng, number = np.random.default_rng(seed), {}
    text = [number.setdefault(chats.messages[:, m].tobytes(), m) for m in chats.replies]
    require(len(number) >= n, "chats", f"{len(number)} different replies", f"at least {n}")
    choice = np.empty((n, len(text)), int)
    for right in range(len(text)):
        drawn = [right]
        while len({text[k] for k in drawn}) < n:
            drawn = [right, *rng.integers(len(text), size=n - 1)]
        choice[:, right] = chats.replies[drawn]
    return choice
