"""How much one submission may use."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """
    Say how much one submission may use.

    Parameters
    ----------
    memory_MiB : int, default 1024
        Address space of the worker, about 300 of which Python and NumPy take.
    call_seconds : float, default 10
        Wall time of one call or cell, callbacks included.
    budget_seconds : float, default 120
        Wall time of the session, restarts included; also CPU time of each worker.
    disk_MiB : int, default 64
        Size of its /tmp.
    output_KiB : int, default 64
        How much of what it prints is kept.
    threads : int, default 32
        How many threads it may have.
    callbacks : int, default 10000
        How often one call may call back.
    restarts : int, default 50
        How often a worker is replaced.
    """

    memory_MiB: int = 1024
    call_seconds: float = 10.0
    budget_seconds: float = 120.0
    disk_MiB: int = 64
    output_KiB: int = 64
    threads: int = 32
    callbacks: int = 10_000
    restarts: int = 50
