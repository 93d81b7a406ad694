"""The other back end: one bubblewrap per worker, for machines that allow namespaces only to it."""
import os
import shutil
import stat

from .back_ends import BackEnd, Started
from .confine import DEVICES
from .errors import NoSandbox
from .process import pipes


class Bubblewrap(BackEnd):
    """
    Start each worker inside a bubblewrap of its own.

    Parameters
    ----------
    limits : Limits
        What a worker may use.
    image : Image
        What it can see.
    """

    def __init__(self, limits, image):
        super().__init__(limits, image)
        self.program = shutil.which("bwrap")
        if self.program is None:
            raise NoSandbox("bubblewrap is not installed (the program bwrap)")
        # For a /tmp of few files, before the walls are complete; a setuid program refuses it.
        setuid = os.stat(self.program).st_mode & stat.S_ISUID
        self.kept = () if setuid else ("--cap-add", "CAP_SYS_ADMIN")

    def start(self):
        """Return a new worker."""
        ours, theirs = pipes()
        settings = self.settings(kind="bubblewrap", fd=theirs[0].fileno())
        command = [*self.walls(), *self.image.command(settings, inside=True)]
        popen = self.popen(command, True, theirs[0].fileno(), theirs[1], drop=True)
        theirs[0].close()
        os.close(theirs[1])
        return self.process(ours, Started(popen))

    def walls(self):
        """Return bubblewrap's command line up to the program that it runs."""
        command = [self.program, "--unshare-all", "--die-with-parent", "--new-session",
                   "--as-pid-1", "--cap-drop", "ALL", *self.kept, "--hostname", "sandbox",
                   "--ro-bind", str(self.image.folder), "/"]
        for name in DEVICES:                        # not --dev: its /dev/shm has no limit
            command += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
        return [*command, "--size", str(self.limits.disk_MiB << 20), "--tmpfs", "/tmp",
                "--remount-ro", "/", "--chdir", "/tmp"]
