"""Run hostile code isolated and fast, and talk to it in plain data; see `open_sandbox`."""
from .errors import (
    CellError,
    Died,
    NoSandbox,
    NotData,
    SandboxBroken,
    StudentError,
    StudentRaised,
    TimedOut,
)
from .limits import Limits
from .opening import open_sandbox

__all__ = ["CellError", "Died", "Limits", "NoSandbox", "NotData", "SandboxBroken", "StudentError",
           "StudentRaised", "TimedOut", "open_sandbox"]
