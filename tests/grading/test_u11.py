"""Unit 11, the project: the marks add up, and the example says what its own code prints."""
import re

import numpy as np
import pytest

from bpttlib.cells import Elman
from bpttlib.data import one_step_ahead
from bpttlib.gradcheck import relative_error
from bpttlib.model import Model
from bpttlib.params import named_leaves
from tests.grading.solutions import ROOT, cells

SOURCE = ROOT / "solutions/src/11.py"
QUICK = (("range(5), range(25, 401, 25)", "range(2), range(2, 5, 2)"), ("1880, 400", "1880, 4"))


def marked():
    """Return the cells that a person marks, by name."""
    return {cell.metadata.get("answer") or cell.metadata.get("written"): cell
            for cell in cells(SOURCE) if "points" in cell.metadata}


def test_the_marks_add_up_to_ten_and_are_those_that_the_learner_reads():
    assert list(marked()) == ["project_plan", "project_model", "project_ablation", "reflection"]
    text = "\n".join(cell.source for cell in cells(SOURCE) if cell.cell_type == "markdown")
    rubric = re.findall(r"^\| 11\.\d [^|]+\| (\d) \| (.+) \|$", text, re.M)
    points = [int(cell.metadata["points"]) for cell in marked().values()]
    assert [int(total) for total, _ in rubric] == points and sum(points) == 10
    for total, criteria in rubric:
        assert [int(n) for n in re.findall(r"(\d): ", criteria)] == [1] * int(total)


def test_code_that_earns_points_can_be_cleared_and_the_texts_stand_alone():
    for name, cell in marked().items():
        if cell.cell_type == "code":
            assert cell.source.startswith("### BEGIN SOLUTION"), name
            assert cell.source.endswith("### END SOLUTION"), name
        else:
            assert len(cell.source.split()) > 100, name


@pytest.fixture(scope="module")
def notebook():
    """Run the notebook, with two seeds and few updates in place of many; return what it defines."""
    names = {}
    for cell in cells(SOURCE):
        if cell.cell_type == "code":
            code = cell.source
            for long, short in QUICK if cell.metadata.get("answer") == "project_model" else ():
                assert code.count(long) == 1
                code = code.replace(long, short)
            exec(compile(code, cell.metadata.get("answer", "given"), "exec"), names)
    return names


def test_the_plan_states_the_baselines_as_the_given_cell_prints_them(notebook):
    plan = marked()["project_plan"].source
    persistence = notebook["relative_variances"](notebook["past"])
    linear = notebook["relative_variances"](notebook["autoregression"](last=1920))
    assert np.allclose([persistence[1:], linear[1:]], [[0.427, 0.965], [0.130, 0.368]], atol=5e-4)
    assert "0.43 and 0.96" in plan and "0.13 and 0.37" in plan


def test_the_example_s_gradient_is_the_model_s_and_cuts_change_it(notebook):
    model = Model(Elman(), D=1, H=8, K=1, loss="squared_error")
    params = model.init(np.random.default_rng(0))
    task = one_step_ahead((notebook["numbers"][:60] - 40) / 30)
    task = task._replace(mask=np.arange(59)[:, None] >= 12)
    right = model.loss_and_gradients(params, task).grads
    errors = {k: max(relative_error(g, g_hat) for (_, g), (_, g_hat) in zip(
        named_leaves(notebook["gradients"](model, params, task, k)), named_leaves(right)))
        for k in (None, 59, 4, 1)}
    assert errors[None] < 1e-10 > errors[59]
    assert errors[4] > 1e-3 < errors[1]


def test_the_same_seed_trains_the_same_network(notebook):
    one, two, other = (notebook["train_and_test"](seed, 3) for seed in (0, 0, 1))
    assert np.array_equal(one, two) and not np.array_equal(one, other)
