"""
Start workers: a warm process that forks confined ones, or a single one that was confined already.

It runs inside the image, started clean: no environment, no path of the course, nothing secret in
its memory. So that what a fork inherits is harmless.
"""
import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import sys

from . import absent, confine  # no NumPy before the image is entered

WIRE = 3                                            # the descriptor of a worker's socket
WARM = ("numpy", "numpy.linalg", "numpy.random", "collections.abc", "copy", "dataclasses",
        "fractions", "functools", "itertools", "math", "operator", "random", "re", "statistics",
        "string", "time", "typing", "unicodedata")


def main():
    """Start what the settings, one argument in JSON, ask for."""
    settings = json.loads(sys.argv.pop())
    os.environ.clear()
    if settings["kind"] == "forkserver":
        Server(settings).start()
    warm_up(settings)
    os.dup2(settings["fd"], WIRE)
    os.closerange(WIRE + 1, 256)
    if settings["kind"] == "bubblewrap":
        with contextlib.suppress(OSError):          # its own /tmp limits bytes, and not files
            confine.own_scratch(settings["limits"]["disk_MiB"])
        confine.lock_down(settings["limits"], ["/"], ["/tmp", *devices()], own_users=True)
    else:                                           # "none": only limits
        confine.set_resources(settings["limits"], own_users=False)
    serve(WIRE, check=settings["kind"] != "none")


def warm_up(settings):
    """Import what student code is likely to use, and what serves it."""
    for name in ("boxed.worker", *WARM, *settings["helpers"]):
        importlib.import_module(name)
    absent.install()


def forget_prefix(image):
    """Let imports find their files where they are once the image is the root."""
    sys.path[:] = [path.removeprefix(image) for path in sys.path]
    sys.path_importer_cache.clear()
    for module in list(sys.modules.values()):
        if isinstance(getattr(module, "__path__", None), list):
            module.__path__[:] = [path.removeprefix(image) for path in module.__path__]


def devices():
    """Return the paths of the devices that a worker has."""
    return [f"/dev/{name}" for name in confine.DEVICES]


def serve(fd, check):
    """Serve requests; where there are walls, look for holes in them before any student code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # Ctrl-C is the grader's
    with contextlib.suppress(AttributeError):       # Python 3.11 and later count digits of ints
        sys.set_int_max_str_digits(4300)
    worker = sys.modules["boxed.worker"]
    worker.Worker(fd).serve({"holes": confine.holes() if check else []})


class Server:
    """
    Fork a confined worker for each request on the control socket.

    Parameters
    ----------
    settings : dict
        Folder of the image, user to become, limits, and whether to use namespaces.
    """

    def __init__(self, settings):
        self.settings, self.limits = settings, settings["limits"]
        self.namespaces, self.children = settings["namespaces"], set()

    def start(self):
        """Enter the image, warm up, and serve until the grader closes the socket; then exit."""
        control = socket.socket(fileno=self.settings["fd"])
        try:
            if self.settings["uid"] is not None:
                confine.drop_user(self.settings["uid"])
            if self.namespaces:
                self.enter()
            elif confine.landlock_version() < 3:    # older ones let files be cut short
                raise OSError("this kernel has no Landlock of version 3 or later")
            warm_up(self.settings)
        except (OSError, ImportError) as error:
            control.send(f"{type(error).__name__}: {error}".encode()[:300])
            sys.exit(1)
        gc.collect()
        gc.freeze()                                 # forks share these pages
        control.send(b"ready")
        while True:
            message, fds, _, _ = socket.recv_fds(control, 64, 2)
            if not message:                         # the grader is gone, and so are all workers
                for pid in self.children:
                    os.kill(pid, signal.SIGKILL)
                os._exit(0)
            if message == b"fork":
                self.fork(control, fds)
            else:                                   # "reap <pid>", of one that has ended
                pid = int(message.split()[1])
                control.send(str(os.waitpid(pid, 0)[1]).encode())
                self.children.discard(pid)

    def enter(self):
        """Go on as the first process of new namespaces: when it ends, the kernel ends the rest."""
        confine.enter_namespaces()
        child = os.fork()
        if child:                                   # only waits
            os.closerange(3, 64)
            os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 127)
        confine.die_with_parent()
        image = self.settings["image"]
        confine.enter_image(image)
        forget_prefix(image)

    def fork(self, control, fds):
        """Fork one worker and answer with its number and a descriptor of its process."""
        if self.namespaces:
            confine.checked(confine.libc.unshare(confine.NEWPID), "unshare")
        pid = os.fork()
        if pid == 0:
            try:
                self.become_worker(control, fds)
            except BaseException as error:          # before the greeting: the sandbox is broken
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        self.children.add(pid)
        process = os.pidfd_open(pid)
        if self.namespaces:                         # back to where unshare is allowed again
            here = os.pidfd_open(os.getpid())
            confine.checked(confine.libc.setns(here, confine.NEWPID), "setns")
            os.close(here)
        socket.send_fds(control, [str(pid).encode()], [process])
        for fd in (process, *fds):
            os.close(fd)

    def become_worker(self, control, fds):
        """Confine this forked process and serve."""
        confine.die_with_parent()
        os.setsid()
        wire_fd, output = fds
        nothing = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((nothing, 0), (output, 1), (output, 2)):
            os.dup2(source, target)
        control.detach()
        os.dup2(wire_fd, WIRE)
        os.closerange(WIRE + 1, 256)
        if self.namespaces:
            confine.own_scratch(self.limits["disk_MiB"])
            readable, writable = ["/"], ["/tmp"]
        else:
            readable, writable = [self.settings["image"], *self.settings["libraries"]], []
        own_users = self.namespaces or self.settings["uid"] is not None
        confine.lock_down(self.limits, readable, writable + devices(), own_users)
        serve(WIRE, check=True)


if __name__ == "__main__":
    main()
