"""One interface to many cores or many machines: `concurrent.futures.Executor`."""
import contextlib
import ctypes
import multiprocessing
import os
import signal
from concurrent.futures import ProcessPoolExecutor


def _end_with(parent):
    """Have the kernel end this process when its parent ends, however that happens (Linux)."""
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
    if scheduler is None:
        # Fresh processes: nothing of the parent's threads and locks is copied into them.
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=context,
                                   initializer=_end_with, initargs=(os.getpid(),))
        with pool:
            yield pool
        return
    try:
        from distributed import Client
        from distributed.security import Security
    except ImportError:
        raise ValueError("--scheduler: got an address, and Dask is not installed; needs "
                         "pip install distributed.") from None
    security = None
    if tls:
        ca, certificate, key = tls
        security = Security(tls_ca_file=ca, tls_client_cert=certificate, tls_client_key=key,
                            require_encryption=True)
    try:
        client = Client(scheduler, security=security, timeout=20)
    except (OSError, TimeoutError, TypeError) as error:
        raise ValueError(f"--scheduler: got {scheduler}, which does not answer ({error}); needs "
                         "the address of a running Dask scheduler, and its certificates.") from None
    with client, client.get_executor(retries=3, pure=False) as executor:
        yield executor
