"""The guides: what they say of units, exercises and mistakes is so, terms are in the glossary."""
import json
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from course import TOOLS
from grading.problems import all_problems, find
from tests.notebooks.test_notebook_rules import FENCED, LINK, leads_somewhere
from tools.build_notebooks import read_source

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "bpttlib/data/LICENSES.md"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ROW = re.compile(r"^\| ([^|]+?) \| ([^|]+?) \| ([^|]*?) ?\| \[?(\d\d)[^|]*\|$", re.M)
DEFINED = re.compile(r"\*\*([a-z][a-z -]{2,30})\*\*|\b[Cc]all(?:ed|s|) (?:it |this |the |a )?"
                     r"\*{1,2}([a-z][a-z -]{2,30})\*{1,2}")
# Set in bold for weight, and no terms.
WEIGHTY = """add up|all|at once|before and after training|full|mean|no|one|passed|ten|zero|explodes|
vanishes|identity|in the end|every step|from right to left|for ten steps and for a thousand|
twice as fast|all six copies|own last state|learns from a vanished gradient|unfold|
without changing the parameters|sum the changes of the copies|through the last|bidirectional|
both ends"""


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def stem(text):
    """Return the text with what tells singular from plural, or verb from noun, taken off."""
    text = re.sub(r"[\s_*-]+", " ", text.lower())
    return re.sub(r"([a-z]{3,}?)(?:ices|ix|ies|ing|ed|es|er|e|s|y)?\b", r"\1", text)


@cache
def units():
    """Return the text of each unit, by its two digits; the parts of unit 11 are one."""
    texts = {}
    for path in sorted((ROOT / "notebooks/src").glob("[0-9]*.py")):
        cells = "\n\n".join(cell.source for cell in read_source(path).cells)
        texts[path.name[:2]] = texts.get(path.name[:2], "") + cells
    return texts


def terms():
    """Return the rows of the glossary: term, meaning, other names and unit."""
    return ROW.findall(read("docs/glossary.md"))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(path):
    for _, _, target in LINK.findall(FENCED.sub("", path.read_text(encoding="utf-8"))):
        assert leads_somewhere(target, path), target


def test_links_to_the_notation_and_the_glossary_hold():
    for name, text in units().items():
        for target in re.findall(r"\]\((\.\./docs/[^)]+)\)", text):
            assert leads_somewhere(target, ROOT / "notebooks" / name), target


def test_the_glossary_is_in_order_and_says_each_thing_once():
    page = read("docs/glossary.md")
    assert len(terms()) == page.count("\n| ") - 1 > 80          # every row but the heads
    names = [re.sub(r"[^a-z0-9 ]", "", name.lower().replace("-", "")) for name, *_ in terms()]
    assert names == sorted(set(names))


@pytest.mark.parametrize("term", terms(), ids=lambda term: term[0])
def test_each_term_is_used_in_the_unit_that_the_glossary_names(term):
    name, _, _, unit = term
    if unit == "11" and unit not in units():
        pytest.skip("unit 11 is not there yet")
    assert stem(re.sub(r" \(.*\)", "", name)) in stem(units()[unit])


def test_what_the_notebooks_define_is_in_the_glossary():
    known = stem(" | ".join(f"{name}, {also}" for name, _, also, _ in terms()))
    weighty = set(WEIGHTY.replace("\n", "").split("|"))
    for unit, text in units().items():
        for found in DEFINED.findall(text):
            term = next(filter(None, found)).strip()
            assert term in weighty or stem(term) in known, (unit, term)
            assert len(term.split()) < 5 or term in weighty


def test_no_symbol_is_given_two_meanings_in_one_table():
    for table in re.findall(r"(?:^\|.*\n)+", read("docs/notation.md"), re.M):
        first = [row.split("|")[1].strip() for row in table.splitlines()[2:]]
        assert len(first) == len(set(first))


def test_every_unit_has_a_section_and_its_minutes():
    guide = read("docs/lecturers.md")
    assert re.findall(r"^## Unit (\d\d) ·", guide, re.M) == [f"{n:02}" for n in range(13)]
    for section in guide.split("\n## Unit ")[1:]:
        unit = section[:2]
        for part in ("**Goals.**", "**Needs**", "**Time**", "**Board.**", "| ask before " * (
                unit == "11") or "**Live.**"):
            assert part in section, (unit, part)
        if unit in units() and unit != "11":
            minutes = re.search(r"Time: about (\d+) minutes", units()[unit])[1]
            assert f"**Time** {minutes} minutes" in " ".join(section.split()), unit
            for need in re.findall(r"\d\d", re.search(r"You need:.*?\. Time", units()[unit],
                                                      re.S)[0]):
                assert need in section[:1200], (unit, need)


def test_the_mistakes_that_the_guide_names_are_in_the_catalogue():
    named = re.findall(r"`(\w+)` · \*([^*]+)\*", " ".join(read("docs/lecturers.md").split()))
    assert len(named) >= 40
    for exercise, mistake in named:
        assert mistake in [m.name for m in find(exercise).mistakes], (exercise, mistake)


def test_every_exercise_stands_in_the_plan_for_one_who_learns_alone():
    plan = re.search(r"## Alone\n.*?(?=\n## )", read("docs/lecturers.md"), re.S)[0]
    assert set(re.findall(r"`(\w+)`", plan)) == set(all_problems())
    hours = sum(problem.minutes for problem in all_problems().values()) / 60
    assert abs(hours - 10) < 0.5 and "about 10 more" in plan


def test_the_sessions_have_ninety_minutes_and_the_points_of_their_exercises():
    guide = read("docs/lecturers.md")
    points = {}
    for problem in all_problems().values():
        points[problem.unit] = points.get(problem.unit, 0) + problem.points
    assert sum(points.values()) == 100
    rows = re.findall(r"^\| (\d) \| (.*) \| 90 \| (.*) \| ([^|]+) \|$", guide, re.M)
    assert len(rows) == 6
    for session, plan, home, promised in rows:
        assert sum(map(int, re.findall(r" (\d+)(?= ·|$)", plan))) == 90, session
        whole = sum(points[n] for n in re.findall(r"\d\d", re.search(r"exercises ([\d and]+)",
                                                                     home)[1]))
        whole += sum(p.points for name, p in all_problems().items() if f"`{name}`" in plan + home)
        extra = {p.points for p in all_problems().values() if p.unit == "06"}
        allowed = {whole + e for e in extra} if "one of 06" in home else {whole}
        assert set(map(int, promised.split(" or "))) == allowed, session


def test_commands_and_names_in_the_guides_exist():
    text = "\n".join(read(f"docs/{name}.md") for name in ("lecturers", "contributing"))
    for command in re.findall(r"python3 course\.py (\w+)", text):
        assert command in (*TOOLS, "setup"), command
    for path in re.findall(r"`((?:tests|tools|bpttlib|grading|notebooks|docs|solutions)/[\w./]+)`",
                           text):
        if "NN" not in path:
            assert (ROOT / path).exists(), path


def test_the_guide_shows_every_experiment():
    guide = read("docs/lecturers.md")
    for name in re.findall(r'"(\w+_\w+)"', read("bpttlib/widgets/__init__.py")):
        assert f"`{name}`" in guide, name


def test_the_citation_is_complete_and_of_this_version():
    said = yaml.safe_load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= set(said)
    assert said["cff-version"] == "1.2.0" and said["type"] == "software"
    assert said["version"] == PROJECT["version"] and said["license"] == PROJECT["license"]
    assert all(set(author) <= {"name", "family-names", "given-names"} for author in said["authors"])


def test_the_changelog_has_the_usual_form():
    said = read("CHANGELOG.md")
    versions = re.findall(r"^## \[(Unreleased|\d+\.\d+\.\d+)\](?: - \d{4}-\d\d-\d\d)?$", said, re.M)
    assert versions[0] == "Unreleased" and len(versions) == said.count("\n## ")
    kinds = set(re.findall(r"^### (.*)$", said, re.M))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert PROJECT["version"] in said
    assert f"{len(all_problems())} exercises" in said
    assert f"{sum(len(p.mistakes) for p in all_problems().values())} known mistakes" in said


def test_the_container_is_set_up_by_the_course_itself():
    said = json.loads(read(".devcontainer/devcontainer.json"))
    assert said["postCreateCommand"] == "python3 course.py setup"
    version = re.fullmatch(r"mcr\.microsoft\.com/devcontainers/python:3\.(\d+)-\w+", said["image"])
    assert int(version[1]) >= int(PROJECT["requires-python"].split(".")[1])
