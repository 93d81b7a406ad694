"""Cut code into pieces that can be compared: some tokens in a row, whatever its names are.

After S. Schleimer, D. Wilkerson and A. Aiken, "Winnowing: local algorithms for document
fingerprinting", SIGMOD 2003; answers are so short that all pieces are kept.
"""
import builtins
import io
import keyword
import tokenize
from typing import NamedTuple

LENGTH = 12  # tokens: a line such as dh = dh + W_hy.T @ e[t - 1] has 16
MOST = 20_000  # tokens of a submission that are looked at; a long honest one has 3,000
SKIPPED = {tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
KEPT = set(dir(builtins))


class Piece(NamedTuple):
    """A few tokens in a row, as a hash, and the lines that they stand on."""

    mark: int
    first: int
    last: int


def _tokens(text):
    """Yield a text's tokens, as far as Python can read it."""
    try:
        for k, token in enumerate(tokenize.generate_tokens(io.StringIO(text).readline)):
            if k == MOST:
                return
            yield token
    except (tokenize.TokenError, SyntaxError, ValueError):
        return


def _words(text, as_written):
    """Yield (word, line): comments, texts and names do not count, unless as they are written."""
    before, line_is_empty = "", True
    for token in _tokens(text):
        if token.type in SKIPPED or token.type == tokenize.COMMENT and not as_written:
            continue
        word = token.string
        if token.type == tokenize.NEWLINE:
            word = "\n"
        elif token.type == tokenize.STRING:
            if line_is_empty and not as_written:  # a docstring
                continue
            word = word if as_written else "''"
        elif token.type == tokenize.NAME and not as_written:
            known = keyword.iskeyword(word) or word in KEPT or before == "."
            word = word if known else "name"
        line_is_empty = token.type in (tokenize.NEWLINE, tokenize.COMMENT)
        if word != "\n" or before != "\n":
            yield word, token.start[0]
        before = word


def pieces(text, as_written=False):
    """
    Return the pieces of a text.

    Parameters
    ----------
    text : str
        Python code; what cannot be read ends it.
    as_written : bool, default False
        Whether names, comments and texts count.

    Returns
    -------
    list of Piece
        One for each token, but for the last few.
    """
    words = list(_words(text, as_written))
    return [Piece(hash(tuple(word for word, _ in words[k:k + LENGTH])), words[k][1],
                  words[k + LENGTH - 1][1]) for k in range(len(words) - LENGTH + 1)]


def marks(text, as_written=False):
    """Return the set of the marks of a text's pieces."""
    return frozenset(piece.mark for piece in pieces(text, as_written))
