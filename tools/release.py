"""Make what a class gets: the course without answers and without what graders need.

Only what is listed here leaves, and of that only what git knows, so that neither a new file nor a
forgotten one can slip through. What stays: the solutions, their builder, the grader with its hidden
cases and its sandbox, the tests that hold answers, and of course the class secret.
"""

import argparse
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tqdm import tqdm

ROOT = Path(__file__).resolve().parents[1]
NAME = "bptt-course"
LEAVES = (
    "README.md", "LICENSE", "LICENSE-TEXT", "course.py", "environment.yml", "pyproject.toml",
    "requirements.lock", ".gitignore", "bpttlib/", "notebooks/", "exercises/", "benchmarks/",
    "docs/",
    "grading/__init__.py", "grading/ask.py", "grading/comparing.py", "grading/diagnosis.py",
    "grading/distortions.py", "grading/examine.py", "grading/executor.py",
    "grading/notebook.py", "grading/notes.py",
    "grading/problem.py", "grading/problems/", "grading/reading.py",
    "grading/shares.py", "grading/shown.py", "grading/sizes.py", "grading/suspects.py",
    "tests/__init__.py", "tests/conftest.py", "tests/nbval_sanitize.cfg", "tests/bpttlib/",
    "tests/notebooks/", "tests/browser.py", "tests/experiment_facts.py", "tests/test_browser.py",
    "tests/test_browser_experiments.py", "tests/test_course.py", "tests/test_set_up.py",
    "tests/test_working_copies.py",
    "tools/__init__.py", "tools/build_notebooks.py", "tools/environment.py",
    "tools/run_notebook.py", "tools/set_up.py", "tools/working_copies.py",
)  # fmt: skip


class ReleaseError(Exception):
    """The release cannot be made."""


def tracked(root: Path) -> list[str]:
    """Return the files that git knows, as they are in the last commit."""
    command = ["git", "-C", str(root), "ls-files", "-z"]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        raise ReleaseError("git does not know this folder; make the release in the clone that you"
                           " keep for yourself, and not in a copy of it") from None
    return [name for name in listed.split("\0") if name]


def leaving(names: list[str]) -> list[str]:
    """Return which of the files leave."""
    return [n for n in names if any(n == one or one[-1] == "/" and n.startswith(one)
                                    for one in LEAVES)]


def make(root: Path, out: Path) -> Path:
    """Write the folder and the zip into `out`, and return the zip's path."""
    folder, packed = out / NAME, out / f"{NAME}.zip"
    for path in (folder, packed):
        if path.exists():
            raise ReleaseError(f"{path} is there already; name another folder, or remove it")
    out.mkdir(parents=True, exist_ok=True)
    names = leaving(tracked(root))
    with zipfile.ZipFile(packed, "x", zipfile.ZIP_DEFLATED) as zipped:
        for name in tqdm(names, unit="file", disable=None):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, target)
            entry = zipfile.ZipInfo(f"{NAME}/{name}")  # dated 1980: the same files, the same zip
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, target.read_bytes())
    return packed


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="course.py release", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="where the folder and the zip go")
    options = parser.parse_args(argv)
    try:
        packed = make(root, options.out.expanduser().resolve())
    except (ReleaseError, OSError) as error:
        print(f"course.py: {error}", file=sys.stderr)
        return 1
    size = packed.stat().st_size / 2**20
    print(f"{packed} ({size:.1f} MiB) and the folder beside it are what a class gets.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
