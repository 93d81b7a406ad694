"""Ways to start a worker: the fork server, and what all back ends share; see also bubblewrap.py."""
import contextlib
import itertools
import os
import select
import signal
import socket
import subprocess
import threading
from dataclasses import asdict

from .errors import SandboxBroken
from .image import HELPERS
from .process import Process, pipes

WORKER_UID = 54_321                                 # what root becomes, or the next one not taken


class BackEnd:
    """
    Know the limits and the image; subclasses start workers.

    Parameters
    ----------
    limits : Limits
        What a worker may use.
    image : Image
        What it can see.
    """

    def __init__(self, limits, image):
        self.limits, self.image = limits, image
        self.uid = free_uid() if os.geteuid() == 0 else None

    def settings(self, **more):
        """Return what the process inside needs to know."""
        return {"limits": asdict(self.limits), "helpers": HELPERS} | more

    def process(self, ours, handle):
        """Return the worker that has the other ends of these."""
        return Process(*ours, handle, self.limits.output_KiB << 10)

    def popen(self, command, inside, fd, output, drop=False):
        """Start a process with an almost empty environment and no descriptors but these."""
        user = {"user": self.uid, "group": self.uid, "extra_groups": []}
        return subprocess.Popen(
            command, env=self.image.environment(inside), cwd="/", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=(fd,),
            **(user if drop and self.uid is not None else {}))

    def close(self):
        """End what serves all workers; there is nothing of that kind by default."""


class Started:
    """
    Handle of a worker that is a child of ours.

    Parameters
    ----------
    popen : subprocess.Popen
        The child.
    """

    def __init__(self, popen):
        self.popen = popen

    def end(self, grace):
        """Kill the child's session unless it ends in time; return its exit code or None."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self.popen.wait(grace)
            return 128 - code if code > 128 else code       # bubblewrap's way to name a signal
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(30)
        return None


class ForkServer(BackEnd):
    """
    Fork workers from one warm process.

    Parameters
    ----------
    limits : Limits
        What a worker may use.
    image : Image
        What it can see.
    namespaces : bool, default True
        Whether the image becomes all there is; else Landlock alone guards the files.
    """

    def __init__(self, limits, image, namespaces=True):
        super().__init__(limits, image)
        self.namespaces, self.lock, self.server = namespaces, threading.Lock(), None
        self.begin()

    def begin(self):
        """Start the server and wait until it is warm."""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control.settimeout(60)
        settings = self.settings(
            kind="forkserver", fd=theirs.fileno(), image=str(self.image.folder), uid=self.uid,
            namespaces=self.namespaces, libraries=self.image.libraries)
        command = self.image.command(settings, inside=False)
        self.server = self.popen(command, False, theirs.fileno(), subprocess.DEVNULL)
        theirs.close()
        said = self.control.recv(512)
        if said != b"ready":
            self.close()
            raise SandboxBroken(f"the fork server did not start: {said.decode() or 'no word'}")

    def start(self):
        """Return a new worker."""
        ours, theirs = pipes()
        try:
            with self.lock:
                socket.send_fds(self.control, [b"fork"], [theirs[0].fileno(), theirs[1]])
                said, fds, _, _ = socket.recv_fds(self.control, 64, 1)
            return self.process(ours, Forked(self, int(said), fds[0]))
        except (OSError, ValueError, IndexError) as error:
            self.server.kill()                      # it might answer later, out of step
            self.server.wait()
            ours[0].close()
            os.close(ours[1])
            raise SandboxBroken(f"the fork server does not answer ({error})") from None
        finally:
            theirs[0].close()
            os.close(theirs[1])

    def reap(self, pid):
        """Return the exit code of a worker that has ended."""
        with self.lock:
            self.control.send(f"reap {pid}".encode())
            return os.waitstatus_to_exitcode(int(self.control.recv(64)))

    def close(self):
        """Close the socket: the server ends, and with it every worker."""
        self.control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.server.wait(5)
        if self.server.poll() is None:
            self.server.kill()
            self.server.wait()


class Forked:
    """
    Handle of a worker that the fork server made.

    Parameters
    ----------
    server : ForkServer
        Who made it.
    pid : int
        Its number as the server counts.
    pidfd : int
        A descriptor of the process, first of its namespace: with it ends all that it started.
    """

    def __init__(self, server, pid, pidfd):
        self.server, self.pid, self.pidfd = server, pid, pidfd

    def end(self, grace):
        """Kill the worker unless it ends in time; return its exit code or None."""
        by_itself, _, _ = select.select([self.pidfd], [], [], grace)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
        gone, _, _ = select.select([self.pidfd], [], [], 30)
        os.close(self.pidfd)
        if not gone:
            raise SandboxBroken("a worker could not be ended")
        try:
            code = self.server.reap(self.pid)
        except (OSError, ValueError):               # and the worker with it
            raise SandboxBroken("the fork server ended") from None
        return code if by_itself else None


class Unconfined(BackEnd):
    """Run workers with limits but without walls: they can read and send whatever we can."""

    def start(self):
        """Return a new worker."""
        ours, theirs = pipes()
        settings = self.settings(kind="none", fd=theirs[0].fileno())
        command = self.image.command(settings, inside=False)
        popen = self.popen(command, False, theirs[0].fileno(), theirs[1], drop=True)
        theirs[0].close()
        os.close(theirs[1])
        return self.process(ours, Started(popen))


def free_uid():
    """Return the number of a user who does not exist."""
    import pwd  # not on Windows, where nothing comes this far

    for uid in itertools.count(WORKER_UID):
        try:
            pwd.getpwuid(uid)
        except KeyError:
            return uid
