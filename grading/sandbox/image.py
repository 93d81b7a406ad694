"""
Make the image: the folder that is the whole machine for student code.

It holds Python with its standard library, the shared libraries these need, NumPy, the modules of
`HELPERS`, and the sandbox's own side. It holds no other part of the course, so no answers. Images
are cached under a name made from their contents, and appear complete or not at all.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy

# What exercises may import of bpttlib, and nothing else of it: the one place that says so.
HELPERS = ("bpttlib.activations", "bpttlib.errors", "bpttlib.params")

HERE = Path(__file__).resolve().parent
OWN = ("wire.py", "worker.py", "absent.py", "confine.py", "seccomp.py", "forkserver.py")
BOX = "box"                                         # the image's folder for all but Python
UNWANTED = shutil.ignore_patterns(
    "site-packages", "dist-packages", "test", "test_*.py", "idlelib", "tkinter", "turtledemo",
    "ensurepip", "lib2to3", "config-*", "*.a", "*.h", "include", "_tkinter*", "_test*")
UNUSED_SECONDS = 14 * 24 * 3600
START = "import sys; sys.path.append({!r}); from boxed.forkserver import main; main()"


class Image:
    """
    Find or make the image for this Python, this NumPy and this version of the course.

    Parameters
    ----------
    folder : Path, optional
        Where images are kept; by default the user's cache folder.
    """

    def __init__(self, folder=None):
        base = _run(sys._base_executable, "-ISc", "import sys; print(*sys.path, sep='\\n')")
        self.python = os.path.realpath(sys._base_executable)
        self.stdlib = [path for path in base.splitlines() if os.path.isdir(path)]
        self.folder = Path(folder or cache_folder()) / f"image-{self.fingerprint()}"
        if not self.folder.is_dir():
            self.make()
            self.forget_others()
        os.utime(self.folder)
        facts = json.loads((self.folder / "image.json").read_text())
        self.libraries = facts["libraries"]

    def fingerprint(self):
        """Return a short hash of everything that decides what the image holds."""
        parts = [sys.version, self.python, numpy.__version__, numpy.__file__, *self.stdlib]
        for path in [*(HERE / name for name in OWN), *map(source_of, HELPERS), Path(__file__)]:
            parts.append(path.read_text(encoding="utf-8"))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def command(self, settings, inside):
        """Return the command that starts the image's Python; inside: the image is the root."""
        root = "" if inside else str(self.folder)
        return [root + self.python, "-ISuBc", START.format(f"{root}/{BOX}"), json.dumps(settings)]

    def environment(self, inside):
        """Return the few variables that Python starts with; it forgets them at once."""
        # Python's own library first: the machine may have another of the same name.
        python_first = sorted(self.libraries, key=lambda path: ("libpython" not in path, path))
        folders = list(dict.fromkeys(map(os.path.dirname, python_first)))
        if not inside:                              # as the machine sees them, and from inside
            folders += [f"{self.folder}{folder}" for folder in folders]
        return {"LD_LIBRARY_PATH": ":".join(folders),
                "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8",
                "PYTHONUTF8": "1"}

    def make(self):
        """Build the image beside its place, and move it there in one step."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix="making-", dir=self.folder.parent))
        try:
            self.fill(new)
            new.chmod(0o755)
            try:
                new.rename(self.folder)
            except OSError:                         # somebody else was quicker
                if not self.folder.is_dir():
                    raise
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def forget_others(self):
        """Remove images, and halves of images, that nobody has used for two weeks."""
        for folder in [*self.folder.parent.glob("image-*"), *self.folder.parent.glob("making-*")]:
            if time.time() - folder.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def fill(self, new):
        """Copy everything into the new folder."""
        for path in self.stdlib:
            if "lib-dynload" not in path or not _inside(path, self.stdlib):
                shutil.copytree(path, f"{new}{path}", ignore=UNWANTED, dirs_exist_ok=True,
                                ignore_dangling_symlinks=True)
        self.copy(new, self.python)
        box = new / BOX
        numpy_home = Path(numpy.__file__).parent
        for package in (numpy_home, numpy_home.with_name("numpy.libs")):
            if package.is_dir():
                shutil.copytree(package, box / package.name, ignore=UNWANTED)
        for name in OWN:
            _put(box / "boxed" / name, (HERE / name).read_text(encoding="utf-8"))
        for name in HELPERS:
            target = box.joinpath(*name.split(".")).with_suffix(".py")
            _put(target, source_of(name).read_text(encoding="utf-8"))
        _put(box / "boxed" / "__init__.py", '"""The sandbox\'s own side."""\n')
        _put(box / "bpttlib" / "__init__.py", '"""The part of bpttlib that exercises use."""\n')
        for device in ("null", "zero", "random", "urandom"):
            _put(new / "dev" / device, "")
        (new / "tmp").mkdir(exist_ok=True)
        libraries = self.shared_libraries(new)
        for path in libraries:
            self.copy(new, path)
        _put(new / "image.json", json.dumps({"libraries": libraries}))
        _open_to_all(new)

    def copy(self, new, path):
        """Copy one file to its own place below the new folder, unless a tree brought it along."""
        target = Path(f"{new}{path}")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)

    def shared_libraries(self, new):
        """Return the paths of the shared libraries that the copied programs ask for."""
        if not sys.platform.startswith("linux"):
            return []
        programs = [f"{new}{self.python}", *map(str, new.rglob("*.so"))]
        said = _run("ldd", *programs)
        paths = re.findall(r"(?:=> |^\t)(/\S+) \(0x", said, re.MULTILINE)
        return sorted({path for path in paths if not path.startswith(str(new))})


def cache_folder():
    """
    Return the folder for images: every user can reach root's, nobody else can write to it.

    Returns
    -------
    Path
        A folder that belongs to this user alone.
    """
    if os.geteuid() == 0:
        base = Path("/var/cache")                   # /root is closed to the user that root becomes
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / "bptt-course"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        usable = os.access(folder, os.W_OK) and folder.stat().st_uid == os.geteuid()
    except OSError:
        usable = False
    if not usable:                                  # no home: for this run only
        folder = Path(tempfile.mkdtemp(prefix="bptt-course-"))
    folder.chmod(0o755)
    return folder


def source_of(module):
    """Return the source file of a module of the course, without importing it."""
    return HERE.parents[1].joinpath(*module.split(".")).with_suffix(".py")


def _put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _inside(path, others):
    return any(path != other and path.startswith(other + "/") for other in others)


def _open_to_all(folder):
    """Let every user read the image and nobody write to it."""
    for path in [*folder.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or os.access(path, os.X_OK)
            path.chmod(0o755 if path.is_dir() else 0o555 if runs else 0o444)


def _run(*command):
    """Return what a command of our own printed; ldd complains of what is no program."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
