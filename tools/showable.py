"""
Tell which messages of strangers can be shown in class, and write them in words that all were read.

Two nets, one behind the other. Words and patterns that call for it make the message, or the whole
talk, be left out. In what stays, every word not in `conversation_words.txt`, a list that was read
by eye, becomes "_", and every number "#": no name, place or unforeseen word comes through.

The words of the first net are kept as digests in `unshowable_words.txt`: nobody need read them.
"""
import hashlib
import re
import unicodedata
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
KNOWN = frozenset((HERE / "conversation_words.txt").read_text(encoding="ascii").split())
DIGESTS = dict(line.split() for line in
               (HERE / "unshowable_words.txt").read_text(encoding="ascii").splitlines())
LEET = str.maketrans("01345789@$!|", "oieastbgasil")
ENDINGS = ("", "s", "es", "ed", "d", "er", "ers", "in", "ing", "y", "ish")
DROP = [
    r"[a-z][*#%$@]{2,}", r"\b[a-z]+[*#%$]+[a-z]+\b",                 # made unreadable on purpose
    r"\b(kill(ing)?|cut(ting)?|hurt(ing)?|hang(ing)?) (my|your|him|her|them)sel",
    r"\b(want(ed)?|wanna|going|gonna|ready) (to )?(die|end it)\b", r"\bend (it all|my life)\b",
]
CUT = [
    r"\S+@\S+", r"@\w", r"https?:", r"www\.", r"\w\.(com|org|net|edu|gov|io|ly|me)\b",
    r"\d[\d\s().-]{5,}\d", r"\d+\s+\w+\s+(st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd)\b",
    r"\b\d+ [nsew]\b", r"\bapt\b",
    r"\b(my|your|ur|his|her) (number|digits|phone|cell|account|card|licen[cs]e|age)\b",
    r"\bhow old (are|r|is)\b", r"\by(ea)?rs?[ -]olds?\b", r"\by/?o\b", r"\basl\b", r"\bage is\b",
    r"\bi ?'?a?m (almost |already |only |just |turning )?"
    r"(\d+\b(?! ?(hour|min|week|month|day|year|mile|st\b|nd\b|rd\b|th\b))|twenty|thirty|\w+teen\b)",
    r"\b(i|you|we) (was|were) born\b", r"\bbirthday\b", r"\bturn(ed|ing|s)? (\d|twenty|thirty)",
    r"\b(i|we|you) live (in|at|on|near|by|off|with)\b", r"\blive here\b",
    r"\bwhere (do|are|r) (you|u) (live|living)\b",
    r"\b(black|white|brown|yellow|red|hot|cute|pretty|beautiful|gorgeous) "
    r"(people|persons?|guys?|girls?|boys?|m[ae]n|wom[ae]n|kids?|dudes?|body|skin)",
    r"\b(i'?m|i am|you'?re|ur|u r|you are|you look|s?he'?s) ((so|really|very|pretty|too|also) )*"
    r"(hot|cute|pretty|beautiful|gorgeous|black|white|brown)\b",
    r"\b(part|half|quarter|full|i'?m|i am) (\w+ and )?"
    r"(chinese|japanese|italian|german|french|spanish|english|greek|irish|latin|american|european)\b",
    r"\b(every|any|no|some|many|a|one|the) (girls?|boys?) (i|you|we|that|who)\b",
    r"\b(those|these|all|most|typical|the) (girls|boys|guys|men|wom[ae]n|foreigners)\b",
    r"\b(sleep|slept|sleeping) (with|together)", r"\bin bed\b", r"\bma(de|ke|king) out\b",
    r"\bhook(ed|ing)? up\b", r"\bturn(s|ed|ing)? (me|you|him|her|us) on\b", r"\bcome over\b",
    r"\btouch(ed|ing)? (me|you|my|your)", r"\b(your|my|her|his) (body|bed|pants|lips|legs|lap)\b",
    r"\bmarry (me|you)\b", r"\blove (you|u|me)\b", r"\b(a|first|my|our|your|dinner|on) dates?\b",
    r"\bdate (me|you|her|him|girls?|guys?)\b", r"\bask(s|ed|ing)? (\w+ )?out\b",
    r"\b(you|u) (are )?(a )?(girl|boy|guy or)\b", r"\bi like (you|u)\b", r"\bhit (you|my)\w*\b",
    r"\bthis girl\b", r"\bmy life (is|was) (a wreck|ruined|gone|over)\b",
    r"\bare you single\b", r"\b(i'?m|i am|be|being|still|stay) single\b",
    r"\bbeat (you|him|her|me|them) up\b", r"\bself.?harm", r"\bgo to h",
    r"\bserv(ed?|ing) (in|at)\b", r"\bsecond coming\b",
]
NAMES = [
    r"\b(nick)?name[sd]?\b", r"\bcall me\b", r"\bgo by\b", r"\bwho (is|are|r) (this|you|u)\b",
    r"\bwho am i\b", r"\bthis is \w+\W*$", r"\bdo (i|you) know (you|me|u)\b",
]
DROP, CUT, NAMES = (re.compile("|".join(patterns)) for patterns in (DROP, CUT, NAMES))


def digest(word):
    """Return what stands for a word in `unshowable_words.txt`."""
    return hashlib.sha256(word.encode()).hexdigest()[:12]


def plain(text):
    """Return the text in lower case, in ASCII, with one kind of apostrophe and single spaces."""
    for quote in "’‘`´ʼ":
        text = text.replace(quote, "'")
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return " ".join(text.split())


def verdict(text):
    """
    Return what to do for this message: "show", "cut" it out, or "drop" the whole talk.

    The fourth answer is "names": cut it and the next two messages, for they may tell who speaks.
    """
    text = plain(text)
    found = {answer for word in _candidates(text) for answer in _answers(word)}
    shown = " ".join(words(text))                           # quotes no longer hide a pattern
    drop, names, cut = (any(map(p.search, (text, shown))) for p in (DROP, NAMES, CUT))
    if drop or "drop" in found:
        return "drop"
    return "names" if names else "cut" if cut or "cut" in found else "show"


def _candidates(text):
    """Return all that might be a word, also one spelled l.e.t.t.e.r by letter or with signs."""
    chunks = re.findall(r"\S+", text)
    words = re.findall(r"[a-z']+", text)
    words += [re.sub(r"[^a-z]", "", chunk.translate(LEET)) for chunk in chunks]
    spelled = re.findall(r"\b(?:[a-z][\s.*_-]+){2,}[a-z]\b", text)
    return {word.strip("'") for word in words + [re.sub(r"[^a-z]", "", s) for s in spelled]}


@cache
def _answers(word):
    """Return what the list says of a word and its stems."""
    return {DIGESTS[digest(form)] for form in _forms(word) if digest(form) in DIGESTS}


def _forms(word):
    """Yield the word; if it is not a known one, also its stems, and it with letters unrepeated."""
    yield word
    if word in KNOWN or len(word) < 3:
        return
    once, twice = (re.sub(r"(.)\1+", letters, word) for letters in (r"\1", r"\1\1"))
    for variant in (word, once, twice, word.replace("'", "")):
        for ending in ENDINGS:
            if variant.endswith(ending):
                stem = variant.removesuffix(ending)
                yield from (stem, stem + "e", re.sub(r"(.)\1$", r"\1", stem))


def words(text):
    """Return a message as known words, "_" for others, "#" for numbers, and . , ? !"""
    text = re.sub(r"[^a-z0-9'.,?!]+", " ", re.sub(r"(\d)[.,:](?=\d)", r"\1", plain(text)))
    found = []
    for piece in re.findall(r"[a-z0-9']+|[.,?!]+", text):
        if piece[0] in ".,?!":
            mark = next(m for m in "?!.," if m in piece)    # "..." and "?!" are one mark
            if found and found[-1] not in tuple(".,?!"):
                found.append(mark)
        elif piece.strip("'"):
            found.append(_word(piece.strip("'")))
    return found


def _word(piece):
    """Return a piece of text as a known word, or as the sign of what it is."""
    if any(c.isdigit() for c in piece):
        return "#"
    shorter = (re.sub(r"(.)\1{2,}", letters, piece) for letters in (r"\1", r"\1\1"))
    laughs = ("haha",) if re.fullmatch(r"[ah]{3,}", piece) else ()
    return next((word for word in (piece, *shorter, *laughs) if word in KNOWN), "_")
