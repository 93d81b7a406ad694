"""The README and the prose of the course: links lead somewhere, examples run, sums are right."""

import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent


def test_links_of_the_pages_lead_somewhere():
    for page in (ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "bpttlib/data/LICENSES.md"):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (page.parent / target).exists(), (page, target)


def test_the_readme_example_runs():
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    names = {}
    exec(code.replace("updates=500", "updates=20, progress=False"), names)
    assert names["state"].loss.shape == (20,) and np.isfinite(names["state"].loss).all()


def test_the_picture_of_speed_is_described_by_its_own_numbers():
    from benchmarks.picture import alt_text, read

    said = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    result = read(ROOT / "benchmarks/speed.json")
    assert f"![{alt_text(result)}](docs/pictures/speed.png)" in said
    for row in result["rows"]:                              # who is ahead, as the README says
        size, ratios = row["size"], row["ratios"]
        small_lstm = (row["cell"], row["dtype"]) == ("LSTM", "float32") and size["H"] <= 128
        assert ratios["torch.nn"] > 1 or small_lstm
        assert (ratios["jax"] < 1) if size["B"] == 1 else ratios["jax"] > (0.85 if size["H"] <= 128
                                                                           else 1)


def test_the_minutes_are_those_of_the_units_and_add_up():
    sources = ROOT / "notebooks/src"
    promised = {name: int(minutes) for name, minutes in
                re.findall(r"\]\((\d\d_\w+)\.ipynb\) .*\| (\d+) \|$",
                           (sources / "start.py").read_text(encoding="utf-8"), re.M)}
    told = {path.stem: int(re.search(r"Time: about (\d+) minutes", path.read_text("utf-8"))[1])
            for path in sources.glob("[0-9]*.py")}
    assert promised == told
    assert set(told.values()) <= {60, 75, 90} and round(sum(told.values()) / 60) == 16
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(told) == 12 and "twelve notebooks of 60 to 90 minutes, about 16 hours" in readme


def test_numbers_that_only_the_prose_states():
    assert round(np.log(100) / np.log(1 / 0.9), 1) == 43.7                  # unit 02, question 3
    assert 0.9**43 > 0.01 > 0.9**44
    assert abs(2.01 * 2.01 * 3 - 12 - 2 * 0.06 - 0.01**2 * 3) < 1e-12       # unit 00, prediction
    assert 5 * 3 + 5 * 5 + 5 == 45                                          # unit 01, prediction


def test_the_scalar_example_and_a_faulty_double_count(capsys):
    """x_t = w x_{t-1}, L = x_3: dL/dw = 3 w² x_0 = 0.108; counting what comes back twice is not."""
    w, x0 = 0.2, 0.9
    x = x0 * w ** np.arange(4)
    right, faulty, dx, dx_faulty = 0.0, 0.0, 1.0, 1.0
    for t in (3, 2, 1):
        right, faulty = right + dx * x[t - 1], faulty + dx_faulty * x[t - 1]
        dx, dx_faulty = w * dx, w * dx_faulty + dx_faulty * w               # the path, twice
    print(f"right {right:.3f}, counted twice {faulty:.3f}")
    assert abs(right - 3 * w**2 * x0) < 1e-15
    assert capsys.readouterr().out == "right 0.108, counted twice 0.252\n"


def test_the_check_in_the_readme_is_what_check_says(tmp_path, monkeypatch):
    from grading import check
    from grading.problem import mistaken
    from grading.problems import all_problems

    monkeypatch.chdir(tmp_path)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.search(r">>> check\(.*?\)\n(.*?)```", readme, re.DOTALL)[1]
    problem = all_problems()["elman_backward"]
    wrong = mistaken(problem.reference, problem.mistakes[0].changes)
    now = repr(check("elman_backward", wrong))

    def rounding(text):  # the last digits of what is right differ between machines
        return re.sub(r"right, relative error \S+", "right", text).split()
    assert rounding(now) == rounding(said)
    known = sum(len(problem.mistakes) for problem in all_problems().values())
    assert f"{known} known mistakes" in readme
    assert f"In {len(all_problems())} exercises" in " ".join(readme.split())
