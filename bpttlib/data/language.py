"""Language: plays by Shakespeare, as a stream of characters."""
from typing import NamedTuple

import numpy as np

from bpttlib.batch import Batch
from bpttlib.data._files import read
from bpttlib.errors import require, require_array, require_whole

ALPHABET = "\n !',-.:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PARTS = ("train", "valid", "test")
PLACE = np.zeros(128, np.uint8)
PLACE[[ord(c) for c in ALPHABET]] = np.arange(len(ALPHABET))


class Characters(NamedTuple):
    """
    Hold a text as whole numbers, one for each character.

    A number is the character's place in the alphabet.

    Parameters
    ----------
    ids : ndarray of uint8
        The numbers, of shape (n,).
    alphabet : str
        Which characters there are, each once.

    See Also
    --------
    characters : Read a text.

    Examples
    --------
    >>> text = Characters(np.array([1, 0, 2], np.uint8), alphabet="aho")
    >>> text.decode(text.ids), text.encode("aha")
    ('hao', array([0, 1, 0], dtype=uint8))
    """

    ids: np.ndarray
    alphabet: str

    def decode(self, ids):
        """
        Return numbers as text.

        A model's samples become readable by it.

        Parameters
        ----------
        ids : array_like of int
            Places in the alphabet.

        Returns
        -------
        str
            The characters.

        See Also
        --------
        encode : The other way.

        Examples
        --------
        >>> text = characters("test")
        >>> print(text.decode(text.ids[:42]))
        DUKE ORSINO:
        If music be the food of love,
        """
        ids = require_array("ids", ids, ("n",), kinds="iu")
        K = len(self.alphabet)
        require((0 <= ids.min()) & (ids.max() < K), "ids", f"{ids.min()} to {ids.max()}",
                f"whole numbers from 0 to {K - 1}, for {K} characters")
        return "".join(self.alphabet[k] for k in ids)

    def encode(self, text):
        """
        Return a text as numbers.

        So a model can be given something to go on from.

        Parameters
        ----------
        text : str
            Characters of the alphabet.

        Returns
        -------
        ndarray of uint8
            The place of each.

        See Also
        --------
        decode : The other way.

        Examples
        --------
        >>> characters("test").encode("Ay")
        array([10, 60], dtype=uint8)
        """
        strange = sorted(set(text) - set(self.alphabet))
        require(not strange, "text", f"the character {strange[:1]}", f"some of {self.alphabet!r}")
        return np.array([self.alphabet.index(c) for c in text], np.uint8)


def characters(part="train"):
    """
    Return plays by Shakespeare, as one stream of characters.

    Who speaks stands on a line of its own, then what is said, then an empty line. There are 62
    characters; headings and stage directions are left out.

    Parameters
    ----------
    part : {"train", "valid", "test"}
        Which plays: "valid" has As You Like It and King John, "test" Twelfth Night and Julius
        Caesar, "train" the other 33 of the 37.

    Returns
    -------
    Characters
        The numbers of the characters, in an array of your own, and the alphabet.

    See Also
    --------
    next_character : Make a task of it.
    bpttlib.data.baselines.witten_bell : Forecast by counting.

    Notes
    -----
    Nats per character of the part "test", by interpolated n-grams of order 1 to 6
    (:func:`bpttlib.data.baselines.witten_bell`): 3.316,
    2.494, 2.042, 1.746, 1.628, 1.620.

    Examples
    --------
    >>> [len(characters(part).ids) for part in ("train", "valid", "test")]
    [4187122, 233000, 216221]
    """
    text = read("characters", part, PARTS).split("\f\f")[PARTS.index(part)]
    letters = np.frombuffer(text.replace("\f", "\n").encode("ascii"), np.uint8)
    return Characters(PLACE[letters], ALPHABET)


def next_character(ids, B=1):
    """
    Make a task of a text: at each step read one character, and forecast the next.

    The text is cut into B equal pieces, which are read side by side, and
    :func:`bpttlib.tasks.windows` cuts these into windows. Up to B - 1 characters at the end of the
    text are left out.

    Parameters
    ----------
    ids : ndarray of int
        The characters' numbers, of shape (n,).
    B : int, default 1
        How many places of the text are read at once.

    Returns
    -------
    Batch
        Inputs and targets, whole numbers of shape (T, B), where T = (n - 1) // B.

    See Also
    --------
    characters : A text.
    bpttlib.tasks.windows : Cuts a long sequence into pieces.

    Examples
    --------
    >>> batch = next_character(np.arange(7), B=2)
    >>> batch.x.T, batch.targets.T
    (array([[0, 1, 2],
           [3, 4, 5]]), array([[1, 2, 3],
           [4, 5, 6]]))
    """
    require_whole("B", B)
    ids = require_array("ids", ids, ("n",), kinds="iu")
    T = (len(ids) - 1) // B
    require(T >= 1, "ids", f"{len(ids)} characters", f"at least {B + 1}, since B = {B}")
    x, targets = ids[:B * T].reshape(B, T).T, ids[1:B * T + 1].reshape(B, T).T
    return Batch(np.ascontiguousarray(x), np.ascontiguousarray(targets))
