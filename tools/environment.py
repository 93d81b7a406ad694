"""The course's own environment, .venv: where it is, whether it is sound, how it is made."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

WINDOWS = os.name == "nt"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
STAMP = VENV / "course-stamp"  # written last: it says that the set-up is complete
LOG = VENV / "install.log"
# One of these, or nothing but those, in a folder named .venv: then it may be deleted.
OURS = {"pyvenv.cfg", STAMP.name, LOG.name}
HALF_MADE = {"bin", "include", "lib", "lib64", "Scripts", "Include", "Lib", ".gitignore"}


class SetupError(Exception):
    """What went wrong and what to do, as a sentence for the person at the keyboard."""


def variables():
    """Return the variables for programs in .venv: its scripts are found, nothing else leaks in."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    path = os.pathsep.join([str(PYTHON.parent), env.get("PATH", os.defpath)])
    return env | {"PATH": path, "VIRTUAL_ENV": str(VENV), "PIP_USER": "0", "PYTHONUTF8": "1"}


def site_packages():
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV)}))


def expected_stamp():
    """Return the stamp of a complete set-up: what it depends on, and the folder it is for."""
    inputs = LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes() + VERSION.encode()
    return f"{hashlib.sha256(inputs).hexdigest()} {ROOT}"


def read_stamp():
    return STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""


def fault():
    """Say why .venv cannot serve this Python in this folder, or return None."""
    if not PYTHON.exists():
        return "its Python is not there"
    ask = "import sys; print('%d.%d' % sys.version_info[:2], sys.prefix)"
    command = [PYTHON, "-I", "-X", "utf8", "-c", ask]
    try:
        answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "its Python does not start"
    version, prefix = answer.strip().split(" ", 1)
    if not VENV.samefile(prefix):
        return "it is half-made"
    if version != VERSION:
        return f"it was made with Python {version} and this is {VERSION}"
    if read_stamp() and not read_stamp().endswith(f" {ROOT}"):
        return "it was made in another folder"  # its scripts name that folder
    return None


def remove_venv(reason):
    """Delete .venv, but nothing that may be somebody's own folder."""
    names = {path.name for path in VENV.iterdir()} if VENV.is_dir() else {"?"}
    if VENV.is_symlink() or not (names & OURS or names <= HALF_MADE):
        raise SetupError(f"{VENV} is not a virtual environment; move it away and run this again")
    print(f"Making .venv anew: {reason}.", flush=True)
    try:
        shutil.rmtree(VENV)
    except OSError as error:
        sentence = f"cannot delete {VENV} ({error}); close what uses it, or delete it yourself"
        raise SetupError(sentence) from None


def make_venv():
    """Make an empty .venv; pip follows only where it is needed."""
    try:
        import venv  # some systems split it off

        venv.EnvBuilder(with_pip=False, symlinks=not WINDOWS).create(VENV)
    except (ImportError, OSError, subprocess.SubprocessError) as error:
        remedy = "is the disk full, the folder not yours, or Python's venv module not installed?"
        raise SetupError(f"cannot make {VENV} ({error}); {remedy}") from None
