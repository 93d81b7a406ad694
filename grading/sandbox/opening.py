"""Open a sandbox: choose the back end that works here, or say why none does."""
import sys
from contextlib import contextmanager

from .back_ends import ForkServer, Unconfined
from .bubblewrap import Bubblewrap
from .errors import NoSandbox, SandboxBroken
from .image import Image
from .limits import Limits
from .session import Session

BACK_ENDS = {"forkserver": ForkServer, "bubblewrap": Bubblewrap, "none": Unconfined,
             "landlock": lambda limits, image: ForkServer(limits, image, namespaces=False)}
AUTO = ("forkserver", "bubblewrap", "landlock")     # the fastest and tightest first
REMEDY = ("Install bubblewrap (apt install bubblewrap), or allow user namespaces "
          "(sysctl kernel.unprivileged_userns_clone=1, or "
          "kernel.apparmor_restrict_unprivileged_userns=0), or use the container in "
          "docs/sandbox-container. `python -m grading doctor` shows what is missing.")


class Box:
    """
    Make sessions on one back end.

    Parameters
    ----------
    name : str
        The back end's name.
    limits : Limits
        What each session may use.
    image : Image
        What workers can see.
    """

    def __init__(self, name, limits, image):
        self.name, self.limits, self.image = name, limits, image
        self.back_end = BACK_ENDS[name](limits, image)
        try:
            self.start().close()                    # refuse now rather than at the first student
        except BaseException:
            self.back_end.close()
            raise

    def start(self):
        """Return a worker that has greeted; renew a fork server that has died."""
        try:
            return self.back_end.start().greet()
        except SandboxBroken:
            if not isinstance(self.back_end, ForkServer) or self.back_end.server.poll() is None:
                raise
            self.back_end.close()
            self.back_end.begin()
            return self.back_end.start().greet()

    @contextmanager
    def session(self):
        """Yield a `Session`; nothing of it is left when the block ends."""
        session = Session(self)
        try:
            yield session
        finally:
            session.retire()


@contextmanager
def open_sandbox(backend="auto", limits=None, image=None):
    """
    Yield a `Box`, in which many sessions can run one after another.

    Parameters
    ----------
    backend : str, default "auto"
        "forkserver", "bubblewrap", "landlock", the first of these that works ("auto"), or "none":
        no isolation at all, for code that one trusts.
    limits : Limits, optional
        What each session may use.
    image : Image, optional
        What workers can see; made if need be.

    Yields
    ------
    Box
        The sandbox.

    Raises
    ------
    NoSandbox
        If none works here; the message says why and what to do.
    """
    if backend not in (*BACK_ENDS, "auto"):
        raise ValueError(f"backend: got {backend!r}; needs one of auto, {', '.join(BACK_ENDS)}.")
    if not sys.platform.startswith("linux") and (backend != "none" or sys.platform == "win32"):
        raise NoSandbox(f"Sandboxes need Linux; this is {sys.platform}. Use the container in "
                        "docs/sandbox-container.")
    box, reasons = None, []
    image = image or Image()
    for name in AUTO if backend == "auto" else (backend,):
        try:
            box = Box(name, limits or Limits(), image)
            break
        except (NoSandbox, SandboxBroken, OSError) as error:
            reasons.append(f"{name}: {error}")
    if box is None:
        raise NoSandbox(f"No sandbox works here. {'; '.join(reasons)}. {REMEDY}")
    try:
        yield box
    finally:
        box.back_end.close()
