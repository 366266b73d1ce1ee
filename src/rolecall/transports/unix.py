"""Unix sockets that clients come to: what may stand at their paths before."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

from rolecall.domain.errors import Unavailable


def check_free(path: str) -> None:
    """Raise Unavailable unless a socket may be bound at a path, in place of one that a dead server left behind."""
    file, address = Path(path), f"unix://{path}"
    if not file.parent.is_dir():
        raise Unavailable(f"can't listen on `{address}`: its folder does not exist", field="listen")
    if file.is_socket() and _answers(file):
        raise Unavailable(f"can't listen on `{address}`: another server answers there", field="listen")
    if file.exists() and not stat.S_ISSOCK(file.stat().st_mode):
        raise Unavailable(f"can't listen on `{address}`: a file that is no socket is there", field="listen")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) == 0
