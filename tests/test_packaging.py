"""pyproject.toml, environment.yml and requirements.lock must say the same."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA_NAMES = {"playwright": "playwright-python"}  # where conda-forge has another name

EXTRAS = PROJECT["optional-dependencies"]
ALL = [Requirement(text) for text in sum(EXTRAS.values(), PROJECT["dependencies"])]
WANTED = {canonicalize_name(r.name): r.specifier for r in ALL if r.name != PROJECT["name"]}

# One entry: name==version ; marker, then its hashes on lines of their own.
ENTRIES = re.findall(r"^(\S+==.*?)((?: \\\n +--hash=\S+)*)\n", LOCK, re.MULTILINE)
PINS = [Requirement(text) for text, _ in ENTRIES]


def locked(python, platform):
    """Return the versions that the lock gives to a Python on a platform, by name."""
    systems = {"win32": "Windows", "darwin": "Darwin", "linux": "Linux"}
    here = default_environment() | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "sys_platform": platform,
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_system": systems[platform],
    }
    found = {}
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate(here):
            found.setdefault(canonicalize_name(pin.name), []).append(pin.specifier)
    return found


def test_ranges_are_closed_on_both_sides():
    for name, specifier in WANTED.items():
        assert sorted(s.operator for s in specifier) == ["<", ">="], name


def test_environment_yml_has_the_same_packages_with_the_same_ranges():
    named = [Requirement(text) for text in CONDA if isinstance(text, str)]
    conda = {r.name: r.specifier for r in named}
    assert conda.pop("python") == SpecifierSet(PROJECT["requires-python"])
    assert conda.pop("pip") == SpecifierSet()  # for the course itself
    assert conda == {CONDA_NAMES.get(name, name): range_ for name, range_ in WANTED.items()}
    assert [d for d in CONDA if not isinstance(d, str)] == [{"pip": ["-e ."]}]


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_serves_every_python_and_platform(python, platform):
    versions = locked(python, platform)
    for name, specifiers in versions.items():
        assert len(specifiers) == 1, f"{name} is pinned twice"
    for name, allowed in WANTED.items():
        (pin,) = versions[name][0]
        assert pin.operator == "==" and pin.version in allowed, f"{name}{pin}, not {allowed}"
    assert ("pywinpty" in versions) == (platform == "win32")


def test_lock_pins_every_line_by_hash_and_names_no_place():
    assert len(ENTRIES) == len(re.findall(r"^\S", LOCK, re.MULTILINE)) > 100
    for text, hashes in ENTRIES:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", hashes), text
    assert not re.search(r"://|@|--(extra-)?index|--find-links", LOCK)


def test_wheel_is_told_to_hold_the_library_only():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["build-system"]["build-backend"] == "flit_core.buildapi"
    assert project["tool"]["flit"]["module"] == {"name": "bpttlib"}
