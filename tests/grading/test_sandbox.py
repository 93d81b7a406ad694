"""The sandbox from the grader's side: values, callbacks, errors, restarts, output."""
from contextlib import ExitStack

import numpy as np
import pytest

from grading.sandbox import (
    CellError,
    Died,
    Limits,
    NoSandbox,
    NotData,
    StudentRaised,
    open_sandbox,
)
from grading.sandbox.image import HELPERS
from tests.conftest import leave_out

BACK_ENDS = ["forkserver", "bubblewrap", "landlock"]


@pytest.fixture(scope="module", params=BACK_ENDS)
def box(request):
    """A sandbox; tests are left out where its back end does not work."""
    with ExitStack() as stack:
        try:
            limits = Limits(call_seconds=5, callbacks=300)
            yield stack.enter_context(open_sandbox(request.param, limits))
        except NoSandbox as error:
            leave_out(str(error))


@pytest.fixture
def session(box):
    with box.session() as session:
        yield session


def test_cells_share_names_and_functions_return_data(session):
    assert session.run("import numpy as np\nk = 3", "cell 1") is None
    assert session.run("def f(x, y): return {'sum': x + y, 'k': (k, [k])}", "cell 2") is None
    value = session.call("f", np.arange(3.0), 1)
    assert value["sum"].tolist() == [1, 2, 3]
    assert value["k"] == (3, [3]) and type(value["k"]) is tuple
    assert session.get("k") == 3
    assert session.defines("f") and not session.defines("g")


def test_scalars_keep_their_types(session):
    session.run("import numpy as np\ndef same(x): return x", "cell 1")
    for value in (np.float32(0.1), np.float64(1), 1, 1.0, True, np.bool_(True), None, "ü", 1j):
        back = session.call("same", value)
        assert type(back) is type(value) and back == value


@pytest.mark.parametrize("code, words", [
    ("np.ma.masked_array([1.0], [True])", "MaskedArray"), ("np.matrix([1.0])", "matrix"),
    ("type('Liar', (np.ndarray,), {'__eq__': lambda a, b: True})(2)", "Liar"),
    ("np.array([None])", "object"), ("(x for x in 'a')", "generator"), ("f", "function"),
    ("type('F', (float,), {})(1)", "F"), ("[1, {2}]", "set"), ("object()", "object"),
    ("__import__('collections').namedtuple('P', 'x')(1)", "P")])
def test_what_is_not_data_is_not_believed(session, code, words):
    session.run(f"import numpy as np\ndef f(): return {code}", "cell 1")
    with pytest.raises(NotData, match=words):
        session.call("f")
    session.run("f.x = value = f", "cell 2")
    with pytest.raises(NotData, match="function"):
        session.get("value")


def test_errors_carry_kind_words_and_line(session):
    session.run("def f(x):\n    y = 1\n    return y / x", "cell 7")
    with pytest.raises(StudentRaised) as caught:
        session.call("f", 0)
    assert caught.value.kind == "ZeroDivisionError"
    assert caught.value.message == "division by zero (line 3 of cell 7)"
    with pytest.raises(StudentRaised, match="NameError: name 'g' is not defined"):
        session.call("g")
    assert session.run("a = 1\nb = c", "cell 8") == CellError(
        "NameError", "name 'c' is not defined (line 2 of cell 8)")
    assert session.get("a") == 1
    assert session.run("a b", "cell 9").kind == "SyntaxError"


def test_our_functions_can_be_called_while_the_call_lasts(session):
    session.run("def outer(f, x):\n    global kept\n    kept = f\n    return [f(x), f(x=2 * x)]\n"
                "def later(): return kept(1)\n"
                "def wrong(f): return f({1})\ndef again(f):\n    while True: f(1)", "cell 1")
    asked = []

    def ours(x):
        asked.append(x)
        return x + 1
    assert session.call("outer", ours, 10) == [11, 21]
    assert asked == [10, 20]
    with pytest.raises(StudentRaised, match="only while the call lasted"):
        session.call("later")
    with pytest.raises(StudentRaised, match="NotPlain"):
        session.call("wrong", ours)
    assert len(asked) == 2
    with pytest.raises(Died, match="300 callbacks"):
        session.call("again", ours)


def test_of_our_errors_only_the_type_reaches_the_student(session):
    session.run("def f(g):\n    try: g()\n    except Exception as e: return repr(e)", "cell 1")

    def secretive():
        raise KeyError("the answer is 42")
    assert session.call("f", secretive) == "KeyError('KeyError')"


def test_arguments_that_are_no_data_are_our_mistake(session):
    session.run("def f(x): return x", "cell 1")
    with pytest.raises(TypeError, match="set"):
        session.call("f", {1})
    assert session.call("f", 1) == 1
    session.run("def g(f): return f()", "cell 2")
    with pytest.raises(TypeError, match="set"):
        session.call("g", lambda: {1})
    assert session.call("f", 1) == 1


def test_an_interrupted_call_does_not_answer_the_next(session):
    session.run("def f(g): return g()\ndef one(): return 1", "cell 1")

    def interrupted():
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        session.call("f", interrupted)
    assert session.call("one") == 1


@pytest.mark.parametrize("code", [1, 128, 129, 200, 255])
def test_every_exit_code_is_a_death(session, code):
    session.run(f"import os\ndef f(): os._exit({code})", "cell 1")
    with pytest.raises(Died):
        session.call("f")


def test_a_student_cannot_change_our_arrays(session):
    session.run("def f(x): x[:] = 9; return x", "cell 1")
    x = np.ones(2)
    assert session.call("f", x).tolist() == [9, 9]
    assert x.tolist() == [1, 1]


def test_our_functions_raise_there_what_they_raise_here_and_take_matrices(session):
    def ours(x):
        return [float(np.sum(x)), [1][int(x[0, 0])]][1]

    session.run("import numpy as np\ndef f(ours):\n    try:\n        ours(np.matrix([[7.0]]))\n"
                "    except LookupError as error:\n        return type(error).__name__", "cell 1")
    assert session.call("f", ours) == "IndexError"
    session.run("def g(ours):\n    return ours(np.matrix([[0.0]]))", "cell 2")
    assert session.call("g", ours) == 1


def test_display_and_absent_modules_do_no_harm(session):
    assert session.run(
        "import matplotlib.pyplot as plt\nfrom grading import check\n"
        "from bpttlib.bptt import bptt\nfrom bpttlib import unroll\nfig, ax = plt.subplots()\n"
        "ax.plot([1], label='x'); check('f', len); display(1)\n"
        "get_ipython().run_line_magic('time', '')\ndef f(): return 1", "cell 1") is None
    assert session.call("f") == 1
    error = session.run("unroll(1)", "cell 3")
    assert (error.kind, "bpttlib.unroll is not available" in error.message) == ("ImportError", True)


@pytest.mark.parametrize("name", HELPERS)
def test_helpers_can_be_imported_and_answers_cannot(session, name):
    assert session.run(f"import {name}\nhelper = {name}.__file__", "cell 1") is None
    assert session.get("helper").endswith(name.rpartition(".")[2] + ".py")
    assert session.run("import bpttlib, os\nhere = os.listdir(os.path.dirname(bpttlib.__file__))",
                       "cell 2") is None
    names = {helper.rpartition(".")[2] + ".py" for helper in HELPERS} | {"__init__.py"}
    assert set(session.get("here")) - {"__pycache__"} == names


def test_output_is_kept_up_to_its_cap_also_after_a_death(session):
    session.run("def say(x): print(x)\ndef die(): print('last words', flush=True); os._exit(1)\n"
                "import os", "cell 1")
    session.call("say", "ä")
    with pytest.raises(Died):
        session.call("die")
    session.call("say", "b")
    assert session.output == "ä\nlast words\nb\n"
    session.call("say", "x" * 100_000)
    assert session.output.endswith(" more bytes]") and len(session.output) < 70_000


def test_two_sessions_do_not_see_each_other(box):
    with box.session() as one, box.session() as two:
        one.run("x = 1", "cell 1")
        two.run("x = 2", "cell 1")
        assert (one.get("x"), two.get("x")) == (1, 2)
        one.run("import os; os._exit(1)", "cell 2")
        assert (one.get("x"), two.get("x")) == (1, 2)
