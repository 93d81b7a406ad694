"""
Seccomp: the system calls that student code may not make, as a program for the kernel.

The list forbids what could reach out of the worker (network, processes, signals, mounts, other
memory) or what plain numerical code never needs. Calls newer than the list answer ENOSYS, so that
a new kernel does not open a new door.
"""
import ctypes
import errno
import os
import platform
import struct

MACHINE = platform.machine()
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 0, "aarch64": 1}
FIRST_UNKNOWN = 442
CLONE_THREAD = 0x10000
PR_SET_PDEATHSIG, PR_SET_SECCOMP = 1, 22
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000

# name: number on x86-64, number on aarch64 (None: there is no such call)
NUMBERS = {name: (int(x86), None if arm == "-" else int(arm)) for name, x86, arm in (
    entry.split(":") for entry in """
    socket:41:198 socketpair:53:199 connect:42:203 bind:49:200 listen:50:201 accept:43:202
    accept4:288:242 sendto:44:206 recvfrom:45:207 sendmsg:46:211 recvmsg:47:212 sendmmsg:307:269
    recvmmsg:299:243 shutdown:48:210 getsockname:51:204 getpeername:52:205 setsockopt:54:208
    getsockopt:55:209
    fork:57:- vfork:58:- execve:59:221 execveat:322:281 ptrace:101:117 kcmp:312:272
    process_vm_readv:310:270 process_vm_writev:311:271 pidfd_getfd:438:438
    process_madvise:440:440 tkill:200:130 rt_sigqueueinfo:129:138 rt_tgsigqueueinfo:297:240
    pidfd_open:434:434 pidfd_send_signal:424:424 prlimit64:302:261 setpriority:141:140
    sched_setscheduler:144:119 sched_setparam:142:118 sched_setattr:314:274
    sched_setaffinity:203:122 ioprio_set:251:30
    mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51 unshare:272:97 setns:308:268
    fsopen:430:430 fsconfig:431:431 fsmount:432:432 fspick:433:433 open_tree:428:428
    move_mount:429:429 name_to_handle_at:303:264 open_by_handle_at:304:265
    chmod:90:- fchmod:91:52 fchmodat:268:53 chown:92:- lchown:94:- fchown:93:55 fchownat:260:54
    utime:132:- utimes:235:- futimesat:261:- utimensat:280:88 setxattr:188:5 lsetxattr:189:6
    fsetxattr:190:7 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16 truncate:76:45
    mknod:133:- mknodat:259:33 inotify_init:253:- inotify_init1:294:26 inotify_add_watch:254:27
    fanotify_init:300:262
    shmget:29:194 shmat:30:196 msgget:68:186 semget:64:190 mq_open:240:180 memfd_create:319:279
    keyctl:250:219 add_key:248:217 request_key:249:218 bpf:321:280 perf_event_open:298:241
    userfaultfd:323:282 io_uring_setup:425:425 io_uring_enter:426:426 io_uring_register:427:427
    io_setup:206:0
    kexec_load:246:104 kexec_file_load:320:294 init_module:175:105 finit_module:313:273
    delete_module:176:106 reboot:169:142 swapon:167:224 swapoff:168:225 acct:163:89
    quotactl:179:60 syslog:103:116 settimeofday:164:170 clock_settime:227:112 adjtimex:159:171
    clock_adjtime:305:266 sethostname:170:161 setdomainname:171:162 vhangup:153:58
    personality:135:92 modify_ldt:154:- iopl:172:- ioperm:173:- migrate_pages:256:238
    move_pages:279:239 mbind:237:235 set_mempolicy:238:237 vmsplice:278:75
    """.split())}
CHECKED = {"clone": (56, 220), "clone3": (435, 435), "prctl": (157, 167), "kill": (62, 129),
           "tgkill": (234, 131), "ioctl": (16, 29), "fcntl": (72, 25)}
FIRST_OF_SOCKETS = 0x8900           # an ioctl of a socket asks the machine it was made on
OWNERS = (8, 10, 15)                # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals by way of a file


def program(own_pid):
    """
    Return the filter for a worker, in the kernel's own instructions.

    Parameters
    ----------
    own_pid : int
        The worker's process id, the only one to which it may send signals.

    Returns
    -------
    bytes
        Instructions of eight bytes each.
    """
    column = COLUMN[MACHINE]
    number = {name: numbers[column] for name, numbers in CHECKED.items()}
    steps = [_load(4), _if_equal(ARCHITECTURE[MACHINE], 1, 0), _answer(KILL), _load(0)]
    steps += [_if_at_least(FIRST_UNKNOWN, 0, 1), _refuse(errno.ENOSYS)]     # x32 calls as well
    for numbers in NUMBERS.values():
        if numbers[column] is not None:
            steps += [_if_equal(numbers[column], 0, 1), _refuse(errno.EPERM)]
    # glibc falls back from clone3 to clone, whose flags a filter can read
    steps += [_if_equal(number["clone3"], 0, 1), _refuse(errno.ENOSYS)]
    steps += [_if_equal(number["clone"], 0, 4), _load(16), _if_set(CLONE_THREAD, 1, 0),
              _refuse(errno.EPERM), _answer(ALLOW)]
    # the order to die with the server must stand
    steps += [_if_equal(number["prctl"], 0, 4), _load(16), _if_equal(PR_SET_PDEATHSIG, 0, 1),
              _refuse(errno.EPERM), _answer(ALLOW)]
    for name in ("kill", "tgkill"):
        steps += [_if_equal(number[name], 0, 4), _load(16), _if_equal(own_pid, 1, 0),
                  _refuse(errno.EPERM), _answer(ALLOW)]
    steps += [_if_equal(number["ioctl"], 0, 4), _load(24), _if_at_least(FIRST_OF_SOCKETS, 0, 1),
              _refuse(errno.EPERM), _answer(ALLOW)]
    steps += [_if_equal(number["fcntl"], 0, 1 + 2 * len(OWNERS)), _load(24)]
    for command in OWNERS:
        steps += [_if_equal(command, 0, 1), _refuse(errno.EPERM)]
    return b"".join(steps + [_answer(ALLOW)])


def install(libc):
    """
    Filter this process's system calls from now on; there is no way back.

    Parameters
    ----------
    libc : ctypes.CDLL
        The C library.
    """
    code = program(os.getpid())
    buffer = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    pointer = ctypes.byref(Program(len(code) // 8, ctypes.addressof(buffer)))
    if libc.prctl(PR_SET_SECCOMP, 2, pointer, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "seccomp is not available")


def _step(code, if_true, if_false, k):
    return struct.pack("<HBBI", code, if_true, if_false, k)


def _load(offset):                  # of the record: 0 number, 4 architecture, 16, 24 arguments
    return _step(0x20, 0, 0, offset)


def _if_equal(k, if_true, if_false):
    return _step(0x15, if_true, if_false, k)


def _if_at_least(k, if_true, if_false):
    return _step(0x35, if_true, if_false, k)


def _if_set(k, if_true, if_false):
    return _step(0x45, if_true, if_false, k)


def _answer(k):
    return _step(0x06, 0, 0, k)


def _refuse(number):
    return _answer(REFUSE | number)
