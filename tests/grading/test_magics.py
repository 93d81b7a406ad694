"""A cell as plain Python: lines of IPython's go, and no others."""
import ast

import pytest

from grading.magics import without_magics


@pytest.mark.parametrize(("source", "plain"), [
    ("x = 50 \\\n  % 3", "x = 50 \\\n  % 3"),
    ("%matplotlib inline\nx = 1  # right?", "pass\nx = 1  # right?"),
    ("%time x = 1\n%timeit x", "x = 1\npass"),
    ("t = %timeit -o f()\nfiles = !ls", "t = None\nfiles = None"),
    ("np.sum?\n?np.sum\n!echo it's", "pass\npass\npass"),
    ("print('%d'\n      % 3)\n%pwd", "print('%d'\n      % 3)\npass"),
    ("text = '''\n% of all\nreally?\n'''\n!ls", "text = '''\n% of all\nreally?\n'''\npass"),
    ("if x:\n    %pwd", "if x:\n    pass"),
    ("%%time\nx = 1", "\nx = 1"),
    ("\n%%capture out\n  x = 1\n  y = 2", "\n\nx = 1\ny = 2"),
    (">>> x = 1\n>>> if x:\n...     y = 2", "x = 1\nif x:\n    y = 2"),
    ("%%bash\ndef f(): pass", ""),
    ("%%timeit\nx = 1", ""),
    ("x = (1\n%pwd", "x = (1\n%pwd"),
])
def test_only_what_is_not_python_goes(source, plain):
    assert without_magics(source).strip("\n") == plain.strip("\n")


def test_a_file_that_a_cell_writes_is_written():
    text = without_magics("%%writefile mine.py\nx = 'a'\n")
    assert ast.literal_eval(ast.parse(text).body[0].value.args[0]) == "x = 'a'"
    assert without_magics("%%writefile ../mine.py\nx = 1") == ""


def test_much_that_is_no_python_ends_soon():
    assert without_magics("%x\n" * 20_000 + "(") != ""
