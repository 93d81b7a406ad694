"""What editors, browsers and file systems make of a notebook."""
import json
import os

import nbformat

from tests.grading.corpus.making import (
    FULL,
    NAMES,
    SOFTMAX,
    STEP,
    WHOLE,
    Entry,
    answers,
    exercise,
    plain,
    put,
    saved,
)

HEAD = "import numpy as np"


def _moved(right):
    """Return the notebook with its cells in the opposite order."""
    notebook = exercise(own=right)
    notebook.cells.reverse()
    return notebook


def _split(right):
    """Return a notebook in which an answer was cut in two by Split Cell."""
    lines = right[WHOLE].splitlines()
    return plain([("code", HEAD), ("code", right[SOFTMAX]), ("code", right[STEP]),
                  ("code", "\n".join(lines[:8])), ("code", "\n".join(lines[8:]))])


def _format_3(right):
    """Return the notebook in format 3."""
    cells = [{"cell_type": "code", "input": text.splitlines(True), "language": "python",
              "outputs": [], "collapsed": False, "metadata": {}}
             for text in (HEAD, *right.values())]
    return {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0,
            "worksheets": [{"cells": cells, "metadata": {}}]}


def _files(**contents):
    """Return what writes several files, in folders if need be."""
    def write(place):
        for name, text in contents.items():
            path = place.joinpath(*name.split("/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return write


def _linked(place):
    """Write a notebook that is a link to the solutions."""
    (place / "03.ipynb").symlink_to(SOLVED)


def _linked_folder(place):
    """Write a folder that is a link to the solutions."""
    (place / "work").symlink_to(SOLVED.parent, target_is_directory=True)


def _pipe(place):
    """Write a pipe in place of a notebook, and the notebook beside it."""
    os.mkfifo(place / "02.ipynb")
    saved(exercise(own=answers()))(place)


def _only_a_pipe(place):
    os.mkfifo(place / "03.ipynb")


def entries():
    """Yield the damaged submissions."""
    from tests.grading.solutions import ROOT

    global SOLVED
    SOLVED = ROOT / "solutions/03/03.ipynb"
    right = answers()
    whole, text = exercise(own=right), nbformat.writes(exercise(own=right))
    cells = [("code", HEAD), *(("code", right[name]) for name in NAMES)]
    empty = nbformat.writes(exercise())
    everything = "\n\n".join([HEAD, *right.values()])
    big = plain([*cells, ("markdown", "x" * 900_000)])
    big["cells"][0]["outputs"] = [{"output_type": "display_data", "metadata": {},
                                   "data": {"image/png": "A" * (15 << 20)}}]
    deep = '{"cells": ' + "[" * 200_000
    accents = text.replace('"""Return', '"""Rück: Return', 1)
    cases = {
        "metadata stripped": (FULL, saved(plain(cells))),
        "cells reversed": (FULL, saved(_moved(right))),
        "all in one cell": (FULL, saved(plain([("code", everything)]))),
        "one cell that ends in a syntax error": (FULL, saved(plain([
            ("code", everything + "\n\ndef oops(:\n    pass")]))),
        "an answer cut in two": (FULL, saved(_split(right))),
        "answers below empty ones": (FULL, saved(exercise(last=list(right.values())))),
        "empty ones below answers": (FULL, saved(plain([*cells, *(
            ("code", c.source) for c in exercise().cells if c.cell_type == "code")]))),
        "answers twice, the last one wrong": (7, saved(exercise(
            own=right, last=[f"def {WHOLE}(*args):\n    return 1"]))),
        "answers twice, the last one right": (FULL, saved(exercise(
            own=right | {WHOLE: f"def {WHOLE}(*args):\n    return 1"}, last=[right[WHOLE]]))),
        "format 3": (FULL, saved(_format_3(right))),
        "a byte-order mark": (FULL, put("03.ipynb", b"\xef\xbb\xbf" + text.encode())),
        "UTF-16": (FULL, put("03.ipynb", text.encode("utf-16"))),
        "UTF-16 without a mark": (FULL, put("03.ipynb", text.encode("utf-16-le"))),
        "Latin-1": (FULL, put("03.ipynb", accents.encode("latin-1", "replace"))),
        "Windows line ends": (FULL, saved(text.replace("\\n", "\\r\\n"))),
        "half a character": (FULL, saved(text.replace('"""Return', '"""\\ud800 Return', 1))),
        "renamed": (FULL, saved(whole, "my homework (1).ipynb")),
        "renamed by a browser": (FULL, saved(whole, "03.ipynb (1)")),
        "ending .txt": (FULL, saved(whole, "03.ipynb.txt")),
        "ending .JSON": (FULL, saved(whole, "03.JSON")),
        "a script": (FULL, saved(everything, "03.py")),
        "a script of Jupyter's": (FULL, saved(
            "#!/usr/bin/env python\n# coding: utf-8\n# In[1]:\nget_ipython().run_line_magic("
            "'matplotlib', 'inline')\n" + everything + "\ncheck('elman_backward', elman_backward)",
            "03.py")),
        "given out, and very deep": (7, saved(exercise(own=right | {
            WHOLE: f"def {WHOLE}(*args):\n    raise NotImplementedError" + ".a" * 2000}))),
        "an answer in a raw cell": (FULL, saved(plain([*cells[:3], ("raw", right[WHOLE])]))),
        "an answer in a Markdown cell": (FULL, saved(plain([*cells[:3],
                                                            ("markdown", right[WHOLE])]))),
        "indented by a space": (FULL, saved(plain([*cells[:3], ("code", "\n".join(
            " " + line for line in right[WHOLE].splitlines()))]))),
        "sources as lists": (FULL, saved({"nbformat": 4, "nbformat_minor": 2, "cells": [
            {"cell_type": "code", "source": s.splitlines(True)} for _, s in cells]})),
        "cells of no kind": (FULL, saved({"cells": [{"source": s} for _, s in cells] + [
            1, None, {"cell_type": [], "source": {}}]})),
        "large pictures": (FULL, saved(big)),
        "in a folder in a folder": (FULL, _files(**{"homework/unit 3/03.ipynb": text})),
        "several notebooks": (FULL, _files(**{"00.ipynb": empty, "03.ipynb": text,
                                             "draft.ipynb": empty})),
        "given out and done": (FULL, _files(**{"03.ipynb": empty, "03-Copy1.ipynb": text})),
        "with checkpoints": (3, _files(**{
            "03.ipynb": nbformat.writes(exercise(own={SOFTMAX: right[SOFTMAX]})),
            ".ipynb_checkpoints/03-checkpoint.ipynb": text, "__MACOSX/._03.ipynb": "\0\5\x16\7"})),
        "a pipe beside it": (FULL, _pipe),
        "only a pipe": (None, _only_a_pipe),
        "a link to the solutions": (None, _linked),
        "a link to the solutions' folder": (None, _linked_folder),
        "no file": (None, lambda place: None),
        "an empty file": (None, put("03.ipynb", b"")),
        "blanks only": (None, put("03.ipynb", b" \n\n")),
        "cut off": (None, saved(text[:len(text) // 2])),
        "not JSON": (None, put("03.ipynb", bytes(range(256)) * 40)),
        "another kind of JSON": (None, saved("[1, 2, 3]")),
        "JSON without cells": (None, saved('{"nbformat": 4}')),
        "deep JSON": (None, saved(deep)),
        "a huge number": (None, saved('{"nbformat": 1' + "0" * 10_000 + "}")),
        "too large": (None, put("03.ipynb", b" " * (21 << 20))),
        "too much code": (None, saved(plain([*cells, ("code", "x = 1\n" * 400_000)]))),
        "a PDF": (None, put("03.pdf", b"%PDF-1.4\n")),
        "an archive": (None, put("03.zip", b"PK\3\4")),
        "other functions": (None, saved(plain([("code", "def f(x):\n    return x")]))),
    }
    for name, (points, write) in cases.items():
        yield Entry("damaged", name, points, write)
