"""Errors as Stream's clients know them: the six fields, the code and the HTTP status of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from rolecall.domain.errors import (
    AlreadyExists,
    Forbidden,
    InvalidInput,
    NotFound,
    OutOfRange,
    OverLimit,
    Precondition,
    RevisionConflict,
    RolecallError,
    Unauthenticated,
    Unavailable,
    Unsupported,
)

MORE_INFO: Final = "https://getstream.io/chat/docs/api_errors_response"


class Code(NamedTuple):
    """A code of Stream's and the HTTP status that goes with it."""

    code: int
    status: int


INTERNAL: Final = Code(-1, 500)
INPUT: Final = Code(4, 400)
NOT_FOUND: Final = Code(16, 404)
TOO_BIG: Final = Code(22, 413)
RATE_LIMIT: Final = Code(9, 429)

_KINDS: Final[Mapping[type[RolecallError], Code]] = {
    InvalidInput: INPUT,
    AlreadyExists: INPUT,
    Precondition: INPUT,
    RevisionConflict: INPUT,
    OutOfRange: INPUT,
    OverLimit: INPUT,
    NotFound: NOT_FOUND,
    Unsupported: NOT_FOUND,
    Unauthenticated: Code(5, 401),
    Forbidden: Code(17, 403),
    Unavailable: Code(-1, 503),
}
"""Kind of error -> code; leaves take the code of their kind."""

_REASONS: Final[Mapping[str, Code]] = {
    "API_KEY_MISSING": Code(2, 401),
    "API_KEY_UNKNOWN": Code(2, 401),
    "TOKEN_EXPIRED": Code(40, 401),
    "TOKEN_NOT_YET_VALID": Code(41, 401),
    "TOKEN_USED_BEFORE_ISSUED": Code(42, 401),
    "TOKEN_SIGNATURE_INVALID": Code(43, 401),
    "TEAMS_SERVER_SIDE_ONLY": Code(5, 401),
    "USERNAME_TAKEN": Code(6, 400),
    "BODY_TOO_LARGE": TOO_BIG,
    "RATE_LIMITED": RATE_LIMIT,
    "TOO_MANY_CONNECTIONS": RATE_LIMIT,
    "CONNECTION_NOT_FOUND": Code(46, 400),
}
"""Reasons that have a code of their own."""

CODES: Final = frozenset({INTERNAL, *_KINDS.values(), *_REASONS.values()})
"""Every code there is."""


_SEGMENTS: Final = "JWTAuth error: token contains an invalid number of segments"
_TEXTS: Final[Mapping[str, str]] = {
    "API_KEY_MISSING": "api_key is invalid",
    "API_KEY_UNKNOWN": "api_key is invalid",
    "AUTH_TYPE_INVALID": "stream-auth-type missing or invalid",
    "TOKEN_MISSING": _SEGMENTS,
    "TOKEN_MALFORMED": "Token is invalid",
    "TOKEN_UNWANTED": "Token is invalid",
    "TOKEN_EXPIRED": "JWTAuth error: token is expired (exp)",
    "TOKEN_NOT_YET_VALID": "JWTAuth error: token not valid yet (nbf)",
    "TOKEN_USED_BEFORE_ISSUED": "JWTAuth error: token date incorrect (iat)",
    "TOKEN_SIGNATURE_INVALID": (
        'JWTAuth error: signature is not valid. Make sure the token is created using the secret for API key "{key}"'
    ),
}
"""Why a caller is unknown, in the words of Stream's service; other reasons are told in ours."""


class ApiError(msgspec.Struct, kw_only=True):
    """An error on the wire. All six fields are always there."""

    code: int
    message: str
    StatusCode: int
    duration: str
    more_info: str = MORE_INFO
    details: list[int] = []
    exception_fields: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


def code_of(error: RolecallError) -> Code:
    """Return the code of an error, by its reason or else its nearest kind."""
    own = _REASONS.get(error.code_reason)
    return own or next(_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS)


def text_of(error: RolecallError, said: str, key: str) -> str:
    """Return what a client is told of an error: `said`, or Stream's words for why a caller with this key is unknown."""
    if not isinstance(error, Unauthenticated):
        return said
    text = _SEGMENTS if error.metadata.get("segments", "3") != "3" else _TEXTS.get(error.code_reason)
    return f"JWTAuth error: {said}" if text is None else text.replace("{key}", key)


def api_error(operation: str, code: Code, message: str, duration: str, field: str = "", reason: str = "") -> ApiError:
    """Return an error as clients expect it; `field` is the request's field at fault, `reason` that of a decision."""
    fields = ({field: message} if field else {}) | ({"reason": reason} if reason else {})
    return ApiError(
        code=code.code,
        message=f'{operation} failed with error: "{message}"',
        StatusCode=code.status,
        duration=duration,
        exception_fields=fields or msgspec.UNSET,
    )
