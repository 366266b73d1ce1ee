"""How many files this process may have open: every connection takes one, and so does the store."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

_WANTED: Final = 65_536
_UNKNOWN: Final = 1_024
_LEFT: Final = 4
"""One file in so many is left to gRPC, the store and logs."""


def most_files() -> int:
    """Raise the limit of this process as far as it may go and as there is use for; return what it is then."""
    if sys.platform == "win32":
        return _UNKNOWN
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _WANTED
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft < wanted:
        with suppress(ValueError, OSError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], _WANTED)


def most_connections(wanted: int, files: int) -> int:
    """Return how many HTTP connections there may be: those that are wanted, as long as enough files are left."""
    return max(1, min(wanted, files - files // _LEFT))
