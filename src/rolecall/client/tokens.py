"""Tokens: made from an app's secret, and kept while they last. What a token may do is the server's matter."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import jwt
from jwt.algorithms import HMACAlgorithm

from rolecall.client.errors import InvalidArgument

_DAY: Final = 86_400


def server_token(secret: str, *, seconds: int | None = None) -> str:
    """Make a server-side token, which may do everything within the app; `seconds` None: it never expires."""
    return _signed(secret, {"server": True}, seconds)


def user_token(
    secret: str,
    user_id: str,
    *,
    seconds: int | None = _DAY,
    calls: Iterable[str] = (),
    channels: Iterable[str] = (),
    role: str = "",
) -> str:
    """Make a token that speaks for one user.

    It makes the user a member of these calls and channels (cids) while it lives, with this role.
    """
    if not user_id:
        raise InvalidArgument("a user's token needs a user", field="user_id")
    claims: dict[str, Any] = {"user_id": user_id}
    if calls := list(calls):
        claims["call_cids"] = calls
    if channels := list(channels):
        claims["channel_cids"] = channels
    if role:
        claims["role"] = role
    return _signed(secret, claims, seconds)


def server_tokens(secret: str, *, seconds: int = 3_600) -> Callable[[], str]:
    """Return what makes server-side tokens of limited life, for `token=` of a client, which asks when one is over."""
    return lambda: server_token(secret, seconds=seconds)


def _signed(secret: str, claims: dict[str, Any], seconds: int | None) -> str:
    if not secret:
        raise InvalidArgument("the secret is empty")
    now = int(time.time())
    claims["iat"] = now
    if seconds is not None:
        claims["exp"] = now + seconds
    return _JWS.encode(json.dumps(claims).encode(), secret.encode(), algorithm="HS256")


class _AnyLength(HMACAlgorithm):
    """HS256 with secrets of any length: apps bring their own, and short ones occur."""

    def check_key_length(self, key: Any) -> str | None:
        return None


_JWS: Final = jwt.PyJWS(algorithms=["HS256"])
_JWS.unregister_algorithm("HS256")
_JWS.register_algorithm("HS256", _AnyLength(HMACAlgorithm.SHA256))


def sendable(what: str, text: str) -> str:
    """Return a key or token that can be sent as it is; what can't is refused without being shown."""
    if not (text.isascii() and text.isprintable()):
        raise InvalidArgument(f"the {what} holds characters that none has")
    return text
