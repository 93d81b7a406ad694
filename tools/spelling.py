"""Check the spelling, British, of all prose: pages, notebooks, exercises, docstrings and comments.

    python -m tools.spelling               names file, line and word; no output if all is well
    python -m tools.spelling --unused      names the words of the list that nothing needs

The dictionary is cspell's, from npm the first time (tools/dictionary/package-lock.json pins it by
hash) and from the user's cache from then on. Names, and terms of the field, stand in
tools/dictionary/words.txt. Code, mathematics, addresses and sources are not looked at.
"""
import argparse
import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
from functools import partial
from pathlib import Path

from tools.npm_packages import cache

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "tools/dictionary"
PAGES = ("*.md", "docs/*.md", "bpttlib/data/*.md", "CITATION.cff", "LICENSE-TEXT")
NOTEBOOKS = ("notebooks/src/*.py", "solutions/src/*.py")
CODE = ("bpttlib/**/*.py", "grading/**/*.py")  # with their messages and hints
PLAIN = ("*.py", "tools/**/*.py", "benchmarks/**/*.py", "tests/**/*.py")
CONFIG = {"version": "0.2", "language": "en-GB", "loadDefaultConfiguration": False,
          "minWordLength": 3, "maxNumberOfProblems": 10_000, "maxDuplicateProblems": 10_000,
          "dictionaryDefinitions": [{"name": "words", "path": str(HERE / "words.txt")}],
          "dictionaries": ["words", "en-gb"]}

# What is not prose, in the order in which it is taken out; lines keep their numbers.
NOT_PROSE = [re.compile(pattern, re.M | re.S) for pattern in (
    r"^( *)(`{3,}|~{3,})\w*$.*?^\1\2$",                     # blocks of code
    r"^ *\*\*Sources\.\*\*.*?(?=\n\s*\n|\Z)",             # names and foreign titles
    r"^ *References\n *-+\n.*?(?=^ *\w[\w ]*\n *---|\Z|\"{3})",
    r"^ *\*{0,2}\w+(?:, \*{0,2}\w+)* : [^\n]*$",            # arguments and their types
    r"^ *>>> .*?(?=\n\s*\n|\"{3}|\Z)",                      # examples
    r"<details><summary>|</?\w[^>\n]*>",                    # HTML, without what it holds
    r"``[^`]+``|`[^`\n]+(?:\n[^`\n]+)?`",                                    # code in a line
    r"\$\$.+?\$\$|\$[^$\n]+(?:\n[^$\n]+)?\$",               # mathematics
    r"\]\([^)]*\)|https?://[^\s)>\"]+|\S+@\S+\.\w+",        # addresses
    r"\b\w*[\d_ⁿᵏ]\w*|\\\w+|\{[^{}\n]*\}",                 # names in code, fields of f-strings
    r"\B-{1,2}[a-z][\w-]*|[\w.-]*/[\w./-]*|\b\w+(?:\.\w+)+\b",  # options, paths, attributes
    r"\b[A-Z]{4,}[a-z]{3,}\b|\bd?[A-Z]+(?:_\w+)?\b(?![a-z]|['’]s)",  # classes, matrices
)]
# The dictionary has these as well, since some British houses print them; ours does not.
AMERICAN = re.compile(r"\b(?:(?!(?:re|over|under)?siz|priz|seiz|capsiz)[a-z]+[iy]z(?:e[ds]?|ing|"
                      r"ers?|ations?|able)|(?-i:center(?:s|ed)?)|gray\w*|(?:judg|acknowledg)ments?|"
                      r"math|toward|afterward|gotten)\b", re.I)


class SpellingError(Exception):
    """The dictionary cannot be had."""


def blank(text: str) -> str:
    """Return spaces in the place of everything but line ends."""
    return re.sub(r"[^\n]", " ", text)


def prose(text: str) -> str:
    """Return the text with everything blank that is not prose; each word stays in its place."""
    for pattern in NOT_PROSE:
        text = pattern.sub(lambda found: blank(found[0]), text)
    return text


def of_page(text: str) -> str:
    """Return a Markdown page without its indented code."""
    return re.sub(r"(?m)^ {4}.*$", lambda found: blank(found[0]), text)


def of_notebook(text: str) -> str:
    """Return the Markdown cells of a percent script, and what `of_code` finds in the others."""
    parts = re.split(r"(?m)^(?=# %%)", text)
    return "".join(re.sub(r"(?m)^# ?", lambda found: " " * len(found[0]), part)
                   if part.startswith("# %% [markdown]") else of_code(part) for part in parts)


def of_code(text: str, strings: bool = True) -> str:
    """Return comments, docstrings and, if asked for, all other strings of four words and more."""
    kept = [[" "] * len(line) for line in text.split("\n")]
    lines = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[token.type]
        sentence = re.search(r"(?:[a-z]{2,},? ){3}[a-z]", token.string)
        if name == "COMMENT" or re.match(r'r?"""\s*[A-Z]', token.string) or (
                strings and sentence and name in ("STRING", "FSTRING_MIDDLE")):
            (row, column), (last, end) = token.start, token.end
            for r in range(row, last + 1):
                first, stop = (column if r == row else 0), (end if r == last else None)
                kept[r - 1][first:stop] = list(lines[r - 1][first:stop])
    return re.sub(r"# (noqa|fmt).*|\\n", lambda found: blank(found[0]),
                  "\n".join(map("".join, kept)))


def texts(root: Path = ROOT) -> dict[str, str]:
    """Return what is to be checked, by path."""
    found = {}
    for patterns, read in ((PAGES, of_page), (NOTEBOOKS, of_notebook), (CODE, of_code),
                           (PLAIN, partial(of_code, strings=False))):
        for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
            text = path.read_text(encoding="utf-8")
            found[path.relative_to(root).as_posix()] = prose(read(text))
    return found


def cspell() -> list[str]:
    """Return the command of cspell; install it into the user's cache where it is not there yet."""
    lock = (HERE / "package-lock.json").read_bytes()
    folder = cache() / f"cspell-{hashlib.sha256(lock).hexdigest()[:12]}"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SpellingError("there is no npm, and so no dictionary")
    if not folder.exists():
        cache().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache()) as making:
            whole = Path(making, "whole")
            shutil.copytree(HERE, whole)
            done = subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
                                  cwd=whole, text=True, capture_output=True, timeout=300)
            if done.returncode:
                raise SpellingError(f"npm has no cspell: {done.stderr.strip()[-300:]}")
            with contextlib.suppress(OSError):              # then somebody else was faster
                os.replace(whole, folder)
    return [node, str(folder / "node_modules/cspell/bin.mjs")]


def unknown(found: dict[str, str]) -> list[tuple[str, int, str]]:
    """Return path, line and word of everything that is not in the dictionary or is American."""
    problems = [(name, text.count("\n", 0, match.start()) + 1, match[0])
                for name, text in found.items() for match in AMERICAN.finditer(text)]
    command = cspell()
    modules = Path(command[1]).parents[1]
    config = CONFIG | {"import": [str(modules / "@cspell/dict-en-gb/cspell-ext.json")]}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in found.items():
            path = Path(folder, f"{name}.txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        Path(folder, "cspell.json").write_text(json.dumps(config))
        done = subprocess.run([*command, "lint", "--no-progress", "--no-summary", "--no-color",
                               "--relative", "--config", "cspell.json", "**/*.txt"],
                              cwd=folder, text=True, encoding="utf-8", capture_output=True)
    said = re.findall(r"^(.+)\.txt:(\d+):\d+ - Unknown word \((.+?)\)", done.stdout, re.M)
    if done.returncode and not said:
        raise SpellingError(f"cspell ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return sorted({*problems, *((name, int(line), word) for name, line, word in said)})


def unused(found: dict[str, str]) -> list[str]:
    """Return the words of our list that stand nowhere."""
    there = set(re.findall(r"[^\W\d_]+(?:'s)?", " ".join(found.values()).lower()))
    listed = (HERE / "words.txt").read_text(encoding="utf-8").split("\n")
    words = [line for line in listed if line and not line.startswith("#")]
    return [word for word in words if word.lower() not in there]


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="tools.spelling", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unused", action="store_true", help="look at the list of words instead")
    options = parser.parse_args(argv)
    found = texts()
    if options.unused:
        problems = unused(found)
    else:
        try:
            problems = [f"{name}:{line}: {word}" for name, line, word in unknown(found)]
        except SpellingError as error:
            print(f"spelling: {error}", file=sys.stderr)
            return 2
    print("\n".join(problems), end="\n" * bool(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
