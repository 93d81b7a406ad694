"""
The walls around a worker, put up from within and for good: it can only ever get less.

The server that forks workers enters namespaces of its own, in which the image is the whole
machine (`enter_image`). Each worker then gives up what is left (`lock_down`): capabilities, files
(Landlock), resources, system calls. Linux only; no privileges needed.
"""
import ctypes
import os
import signal
import socket
import struct
import sys

from . import seccomp

libc = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, NOEXEC, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PIVOT_ROOT, CAPSET = {"aarch64": (41, 91)}.get(seccomp.MACHINE, (155, 126))
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446         # Landlock, on every architecture
DEVICES = ("null", "zero", "random", "urandom")


def checked(result, what):
    """Return what a C function returned, or raise the OSError that it left behind."""
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def mount(source, target, kind, flags, options=None):
    """Mount something, as the system call of that name does."""
    c = [text and os.fsencode(text) for text in (source, target, kind, options)]
    checked(libc.mount(c[0], c[1], c[2], ctypes.c_ulong(flags), c[3]), f"mount on {target}")


def drop_user(uid):
    """Become an ordinary user who owns nothing; only root can, and needs to."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)         # or /proc/self would stay root's


def enter_namespaces():
    """Leave the machine's users, mounts, processes, network; children are in the new place."""
    uid, gid = os.getuid(), os.getgid()
    kinds = NEWUSER | NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS | NEWCGROUP
    checked(libc.unshare(kinds), "user namespaces")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                       ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def enter_image(image):
    """Make the image, read-only, the root of all that can be seen."""
    mount("none", "/", None, REC | PRIVATE)
    mount(image, image, None, BIND | REC)
    for device in DEVICES:
        mount(f"/dev/{device}", f"{image}/dev/{device}", None, BIND)
    kept = os.statvfs(image).f_flag & NOEXEC        # a flag of the machine's that cannot be lifted
    mount(None, image, None, BIND | REMOUNT | RDONLY | NOSUID | NODEV | kept)
    os.chdir(image)
    checked(libc.syscall(PIVOT_ROOT, b".", b"."), "pivot_root")
    checked(libc.umount2(b".", DETACH), "leaving the old root")
    os.chdir("/")
    socket.sethostname("sandbox")


def own_scratch(disk_MiB):
    """Mount a small /tmp of this worker's own, which ends with it; few files, few bytes."""
    checked(libc.unshare(NEWNS | NEWIPC), "unshare")
    options = f"size={disk_MiB}m,nr_inodes=2000,mode=0777"
    mount("tmpfs", "/tmp", "tmpfs", NOSUID | NODEV | NOEXEC, options)
    os.chdir("/tmp")


def die_with_parent():
    """Ask the kernel to kill this process when its parent ends; seccomp keeps it that way."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def lock_down(limits, readable, writable, own_users):
    """
    Give up capabilities, files, resources and system calls.

    Parameters
    ----------
    limits : dict
        The fields of `Limits`.
    readable, writable : list of str
        Files and folders that stay so; all others can no longer be opened.
    own_users : bool
        Whether the process limit counts this sandbox alone, not all of a person's processes.
    """
    for capability in range(64):
        if libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0:
            break
    checked(libc.syscall(CAPSET, struct.pack("<Ii", 0x20080522, 0), bytes(24)), "capset")
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    if landlock_version():
        restrict_files(readable, writable)
    set_resources(limits, own_users)
    seccomp.install(libc)


def set_resources(limits, own_users):
    """Limit memory, CPU time, files, open files and threads of this process."""
    import resource  # not on Windows

    MiB = 1 << 20
    wanted = {"CORE": 0, "AS": limits["memory_MiB"] * MiB, "CPU": int(limits["budget_seconds"]) + 5,
              "FSIZE": limits["disk_MiB"] * MiB, "NOFILE": 64, "MSGQUEUE": 0, "MEMLOCK": 0}
    if own_users:
        wanted["NPROC"] = limits["threads"]
    if sys.platform == "darwin":                    # refuses to limit it
        del wanted["AS"]
    for name, value in wanted.items():
        which = getattr(resource, f"RLIMIT_{name}", None)   # macOS has fewer, with --no-sandbox
        if which is not None:
            hard = resource.getrlimit(which)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(which, (value, value))


def landlock_version():
    """Return the kernel's version of Landlock, 0 where it has none."""
    return max(0, libc.syscall(CREATE_RULESET, None, 0, 1))


def restrict_files(readable, writable):
    """Let only these files and folders be opened; with newer kernels, no network or signals."""
    version = landlock_version()
    rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    attributes = struct.pack("<QQQ", rights, 3, 3)
    attributes = attributes[:8 if version < 4 else 16 if version < 6 else 24]
    rules = checked(libc.syscall(CREATE_RULESET, attributes, len(attributes), 0), "Landlock")
    read = 1 | 4 | 8                                # execute, read a file, list a folder
    for paths, allowed in ((readable, read), (writable, rights)):
        for path in filter(os.path.exists, paths):
            file = os.open(path, os.O_PATH)
            if not os.path.isdir(path):             # rights of folders are refused for files
                allowed &= 1 | 2 | 4 | 1 << 14 | 1 << 15
            rule = struct.pack("<Qi", allowed & rights, file)
            checked(libc.syscall(ADD_RULE, rules, 1, rule, 0), f"Landlock: {path}")
            os.close(file)
    checked(libc.syscall(RESTRICT_SELF, rules, 0), "Landlock")
    os.close(rules)


def holes():
    """Return in words what this process can do and should not; it runs before student code."""
    found = []
    for what, attempt in (
        ("read /etc/passwd", lambda: open("/etc/passwd").close()),
        ("list the folder /proc", lambda: os.listdir("/proc")),
        ("write beside /tmp", lambda: open("/hole", "x").close()),
        ("open a socket", lambda: socket.socket().close()),
        ("start a process", lambda: os.fork() or os._exit(0)),
        ("signal its parent", lambda: os.kill(os.getppid(), 0)),
    ):
        try:
            attempt()
            found.append(what)
        except OSError:
            pass
    return found + ["read the environment"] * bool(os.environ)
