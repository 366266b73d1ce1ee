"""What is told, at every door alike, when an address can't be listened on."""

from __future__ import annotations

from rolecall.domain.errors import Unavailable


def cannot_listen(address: str, field: str) -> Unavailable:
    """Make the error of an address that `field` of the settings asked for."""
    return Unavailable(
        f"can't listen on `{address}`: is it in use, not of this machine, or not open to this user?",
        field=field,
        reason="LISTEN_FAILED",
    )
