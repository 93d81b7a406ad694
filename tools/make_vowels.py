"""Make japanese_vowels.csv.bz2: a row for each frame of each utterance, from the aeon wheel."""
import bz2

FILE = "aeon/datasets/data/JapaneseVowels/JapaneseVowels_{}.ts"


def make(wheel):
    """Return the file's bytes; the numbers stand as they were published, digit for digit."""
    rows = ["part,utterance,speaker," + ",".join(f"c{k}" for k in range(1, 13))]
    for part in ("train", "test"):
        text = (wheel / FILE.format(part.upper())).read_text(encoding="utf-8")
        for n, line in enumerate(text.split("@data\n")[1].split()):
            *cepstra, speaker = (field.split(",") for field in line.split(":"))
            rows += [",".join([part, str(n), *speaker, *frame])
                     for frame in zip(*cepstra, strict=True)]
    return bz2.compress("\n".join([*rows, ""]).encode("ascii"))
