"""One interface to many cores or many machines: `concurrent.futures.Executor`."""
import contextlib
import ctypes
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor


def _end_with(parent):
    """Let this process end when its parent ends, however that happens."""
    def watch():
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    # On Linux the kernel does it at once, also while the thread above cannot run.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent to handle
    if os.getppid() != parent:
        os._exit(1)


@contextlib.contextmanager
def open_executor(jobs=None, scheduler=None, tls=None):
    """
    Yield an executor: a pool of processes here, or Dask's where a scheduler is named.

    Parameters
    ----------
    jobs : int, optional
        How many processes; by default one per core.
    scheduler : str, optional
        The address of a Dask scheduler, such as "tls://host:8786".
    tls : tuple of str, optional
        The files of the certificate authority, the certificate and the key, for a scheduler.

    Yields
    ------
    concurrent.futures.Executor
        With `submit` and `map`.

    Raises
    ------
    ValueError
        If Dask is wanted and is not installed, or the scheduler does not answer.
    """
    with _dask(scheduler, tls) if scheduler else _pool(jobs) as executor:
        yield executor


@contextlib.contextmanager
def _pool(jobs):
    """Yield a pool of processes here; when it is left by an error, what runs is given up."""
    # Fresh processes: nothing of the parent's threads and locks is copied into them.
    pool = ProcessPoolExecutor(jobs or os.cpu_count() or 1, initializer=_end_with,
                               initargs=(os.getpid(),),
                               mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _dask(scheduler, tls):
    """Yield the executor of a Dask cluster."""
    try:
        from distributed import Client
    except ImportError:
        raise ValueError("--scheduler: got an address, and Dask is not installed; needs "
                         "pip install distributed cryptography.") from None
    security = None
    if tls:
        from distributed.security import Security

        for path in tls:
            if not os.path.isfile(path):
                raise ValueError(f"--tls: got {path}, which is no file; needs the certificate of "
                                 "the authority, a certificate and its key, in PEM.")
        ca, certificate, key = tls
        security = Security(tls_ca_file=ca, tls_client_cert=certificate, tls_client_key=key,
                            require_encryption=True)
    try:
        client = Client(scheduler, security=security, timeout=20)
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise ValueError(f"--scheduler: got {scheduler}, which does not answer ({error}); needs "
                         "the address of a running Dask scheduler, and its certificates.") from None
    with client, client.get_executor(retries=3, pure=False) as executor:
        yield executor
