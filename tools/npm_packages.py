"""Script packages from npm: fetched once, verified, and kept in the user's cache from then on."""

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

# Each with the SHA-512 of its archive: what is not byte for byte the same is refused.
PACKAGES = {
    "reveal.js": ("4.6.1", "d425b46ae69734f9b09af43b4f0a6ccf0571322d97af97134b72771010bf1c78"
                  "1b3c5df60e7eda8aefcb2960ce1a331b683c0a4221a67ea728190ef81d41c233"),
    "mathjax": ("3.2.2", "06df9249553c7811b6ef30a155ec0e89c62ced7b1db78d2a9b8f94a47c97ee4d"
                "3f3bd36588f73ec7bee4d7f144b0fb2328f64626fb5164cd6f3be81e5b43a11b"),
}  # fmt: skip


class PackageError(Exception):
    """A package cannot be had; the message names it and the remedy."""


def cache() -> Path:
    """Return the course's folder in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(base or Path.home() / ".cache") / "bptt-course"


def folder(name: str) -> Path:
    """Return the folder that holds the unpacked package; fetch it if it is not there yet."""
    version, digest = PACKAGES[name]
    place = cache() / f"{name}-{version}-{digest[:12]}"
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        archive = fetch(f"{name}@{version}", Path(work))
        if hashlib.sha512(archive.read_bytes()).hexdigest() != digest:
            raise PackageError(f"npm's {name} {version} is not the archive that this course knows;"
                               " compare the registry that npm uses with https://registry.npmjs.org")
        with tarfile.open(archive) as package:
            package.extractall(work, filter="data")
        try:
            os.replace(Path(work) / "package", place)
        except OSError:
            if not place.is_dir():  # then nobody else was faster
                raise
    return place


def fetch(package: str, work: Path) -> Path:
    """Let npm download one archive into a folder, and return it."""
    npm = shutil.which("npm")
    if npm is None:
        raise PackageError(f"npm is not installed, and {package} has not been fetched yet; get npm"
                           " with Node.js from https://nodejs.org or your system's packages."
                           " It is needed once, with a network")
    try:
        done = subprocess.run([npm, "pack", package], cwd=work, text=True, capture_output=True,
                              timeout=300)
    except subprocess.TimeoutExpired:
        raise PackageError(f"npm did not deliver {package} within 300 s; try again later") from None
    archives = list(work.glob("*.tgz"))
    if done.returncode or not archives:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise PackageError(f"npm cannot fetch {package} (it says: {said}); is there a network?")
    return archives[0]
