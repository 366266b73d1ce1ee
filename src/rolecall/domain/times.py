"""Times as clients write them: RFC 3339 text, read as Unix nanoseconds."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from typing import Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown

_NANOSECONDS: Final = 1_000_000_000
_DIGITS: Final = 9
_TEXT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d))?",
    re.ASCII,
)


def nanoseconds(text: str, field: str) -> int:
    """Return an RFC 3339 time as Unix nanoseconds, negative before 1970.

    Without an offset it is UTC, as some of Stream's SDKs send it; what is finer than nanoseconds is cut off.
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise _no_time(text, field)
    *moment, fraction = match.group(1, 2, 3, 4, 5, 6, 7)
    year, month, day, hour, minute, second = map(int, moment)
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _no_time(text, field) from None
    # Counted in seconds: a datetime would overflow when an offset takes it past its first or last year.
    seconds = calendar.timegm(local.timetuple()) - _offset_seconds(match)
    return seconds * _NANOSECONDS + int((fraction or "")[:_DIGITS].ljust(_DIGITS, "0"))


def _offset_seconds(match: re.Match[str]) -> int:
    if match["sign"] is None:
        return 0
    size = int(match["hours"]) * 3600 + int(match["minutes"]) * 60
    return -size if match["sign"] == "-" else size


def _no_time(text: str, field: str) -> InvalidInput:
    return InvalidInput(f"`{field}` must be a time such as `2026-01-31T12:00:00Z`, got {shown(text)}", field=field)
