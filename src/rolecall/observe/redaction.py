"""What may stand in a log line: plain values without secrets, of bounded size. Never raises.

Secrets are known by the name of their key and by the look of their value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from typing import Any, Final

REDACTED: Final = "[redacted]"

_SECRET_KEYS: Final = (
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "jwt",
    "passwd",
    "password",
    "private_key",
    "secret",
    "secrets",
    "token",
    "tokens",
)
_MAX_CHARACTERS: Final = 16_384
_MAX_ITEMS: Final = 100
_MAX_DEPTH: Final = 6
_MAX_NUMBER: Final = 2**63  # larger ones become text, which every reader of JSON can hold

# A run of base64url parts. It can begin only where no run is going on, so each character is looked at once, however
# long the input.
_DOTTED: Final = re.compile(r"(?<![A-Za-z0-9_.-])[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]*+){2,}+")
_JWT_START: Final = "eyJ"  # base64url of `{"`
_ASSIGNED: Final = re.compile(r"""(?i)\b(\w*(?:authorization|password|secret|token)=)("[^"]*"|'[^']*'|[^\s,;&)]+)""")
_BEARER: Final = re.compile(r"(?i)\b(bearer)\s+\S+")


def is_secret(key: str) -> bool:
    """Tell whether a field of this name holds a secret: `token`, `app_secret`, `Authorization`."""
    return key.lower().replace("-", "_").endswith(_SECRET_KEYS)


def without_secrets(text: str) -> str:
    """Return text with tokens taken out and, where it is very long, its middle too."""
    if _JWT_START in text:
        text = _DOTTED.sub(_without_jwt, text)
    if "bearer" in text.lower():
        text = _BEARER.sub(rf"\1 {REDACTED}", text)
    if "=" in text:
        text = _ASSIGNED.sub(rf"\1{REDACTED}", text)
    if len(text) <= _MAX_CHARACTERS:
        return text
    half = _MAX_CHARACTERS // 2
    return f"{text[:half]}[{len(text) - 2 * half} characters left out]{text[-half:]}"


def _without_jwt(match: re.Match[str]) -> str:
    run = match[0]
    start = run.find(_JWT_START)
    return run if start < 0 or run.count(".", start) < 2 else run[:start] + REDACTED  # noqa: PLR2004


def clean(value: object, depth: int = 0) -> Any:
    """Return a value as JSON can hold it, without secrets; what JSON has no form for becomes text."""
    match value:
        case str():
            return without_secrets(str(value))
        case None | bool():
            return value
        case int() | float() if -_MAX_NUMBER < value < _MAX_NUMBER:  # neither NaN nor infinite
            return value
        case Mapping() if depth < _MAX_DEPTH:
            return clean_fields(islice(value.items(), _MAX_ITEMS), depth + 1)
        case list() | tuple() | set() | frozenset() if depth < _MAX_DEPTH:
            return _clean_items(value, depth + 1)
        case _:
            return without_secrets(_text(value))


def _clean_items(value: Collection[object], depth: int) -> list[Any]:
    match value:
        case [str() as name, _] if is_secret(name):  # a header, as gRPC and HTTP keep them
            return [name, REDACTED]
    items = [clean(item, depth) for item in islice(value, _MAX_ITEMS)]
    return items if len(value) <= _MAX_ITEMS else [*items, f"[{len(value) - _MAX_ITEMS} left out]"]


def clean_fields(fields: Iterable[tuple[object, object]], depth: int = 0) -> dict[str, Any]:
    """Return named values as `clean` returns one; a secret's name is all that stays of it."""
    cleaned: dict[str, Any] = {}
    for name, value in fields:
        key = without_secrets(_text(name))
        cleaned[key] = REDACTED if is_secret(key) and value is not None else clean(value, depth)
    return cleaned


def _text(value: object) -> str:
    try:
        return repr(value) if isinstance(value, (BaseException, bytes, bytearray)) else str(value)
    except Exception:  # noqa: BLE001 (a log line about a broken object must still come out)
        return f"<{type(value).__name__}>"
