"""What goes wrong with a SQLite file, in the domain's words; the original error stays as the cause."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rolecall.domain.errors import OverLimit, RolecallError, Unavailable
from rolecall.domain.names import shown

_DAMAGED: Final = "store {path} is damaged or not a database ({error}): see `rolecall db check`, or restore a backup"
_SEE_CHECK: Final = "see `rolecall db check`, or "
_LOCKED: Final = "store {path} is locked by another process"
_FULL: Final = "no room left for store {path}"
_UNREADABLE: Final = "cannot open or write store {path}: {error}"
_TOO_LONG: Final = "the search takes too long: narrow its filter"
_FAILED: Final = "store {path} failed: {error}"

_Kind = tuple[type[RolecallError], str, str]

_OTHER: Final[_Kind] = (Unavailable, "STORE_FAILED", _FAILED)
_SQLITE: Final[dict[int, _Kind]] = {
    sqlite3.SQLITE_CORRUPT: (Unavailable, "STORE_CORRUPT", _DAMAGED),
    sqlite3.SQLITE_NOTADB: (Unavailable, "STORE_CORRUPT", _DAMAGED),
    sqlite3.SQLITE_BUSY: (Unavailable, "STORE_LOCKED", _LOCKED),
    sqlite3.SQLITE_LOCKED: (Unavailable, "STORE_LOCKED", _LOCKED),
    sqlite3.SQLITE_FULL: (OverLimit, "STORE_FULL", _FULL),
    sqlite3.SQLITE_INTERRUPT: (OverLimit, "SEARCH_TOO_LONG", _TOO_LONG),
    sqlite3.SQLITE_CANTOPEN: (Unavailable, "STORE_UNREADABLE", _UNREADABLE),
    sqlite3.SQLITE_PERM: (Unavailable, "STORE_UNREADABLE", _UNREADABLE),
    sqlite3.SQLITE_READONLY: (Unavailable, "STORE_UNREADABLE", _UNREADABLE),
}
"""By SQLite's primary result code; an extended code keeps it in its low byte."""

_SYSTEM: Final[dict[int | None, _Kind]] = {
    errno.ENOSPC: (OverLimit, "STORE_FULL", _FULL),
    errno.EDQUOT: (OverLimit, "STORE_FULL", _FULL),
}


@contextmanager
def domain_errors(path: str) -> Iterator[None]:
    """Turn what SQLite and the file system raise about a store into the domain's errors."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        raise _told(_SQLITE.get(code & 0xFF, _OTHER), path, error) from error
    except OSError as error:
        kind = _SYSTEM.get(error.errno, (Unavailable, "STORE_UNREADABLE", _UNREADABLE))
        raise _told(kind, path, error) from error


def found_by_check(error: RolecallError) -> str:
    """Return an error's text for who is checking the store already."""
    return error.message.replace(_SEE_CHECK, "")


def _told(kind: _Kind, path: str, error: Exception) -> RolecallError:
    leaf, reason, text = kind
    said = error.strerror if isinstance(error, OSError) else str(error)
    return leaf(text.format(path=shown(path), error=said), reason=reason)
