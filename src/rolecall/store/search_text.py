"""How searches look into text: letters of any alphabet in either case, which SQLite's own functions don't know."""

from __future__ import annotations

import re
import sqlite3
import time
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

WORD = "rolecall_word"
PART = "rolecall_part"
_REMEMBERED: Final = 256
_FOREVER: Final = float("inf")
_STRETCH_SECONDS: Final = 0.0005
_PAUSE_SECONDS: Final = 0.00005
"""Python lets one thread go on at a time: without pauses answers would wait 5 ms at each of their many turns."""


class Deadline:
    """When the search that a connection runs is to be given up; `until` is of the monotonic clock."""

    __slots__ = ("_pause_at", "until")

    def __init__(self) -> None:
        self.until = _FOREVER
        self._pause_at = 0.0

    def passed(self) -> bool:
        """Tell whether it is time to give up."""
        return time.monotonic() > self.until

    def passed_after_pause(self) -> bool:
        """Tell the same; meanwhile other threads get their turn, where the last time is a while ago."""
        now = time.monotonic()
        if now >= self._pause_at:
            time.sleep(_PAUSE_SECONDS)
            self._pause_at = now + _STRETCH_SECONDS
        return now > self.until

    def clear(self) -> None:
        """Let what comes next take as long as it takes."""
        self.until = _FOREVER


def define(raw: sqlite3.Connection, deadline: Deadline) -> None:
    """Make the functions known to a connection; both take the text and what is looked for, and answer 1 or 0.

    SQLite looks at the clock between its own steps only, and one step may be many texts; so they look at it too.
    """

    def in_time(found: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
        def function(text: str, wanted: str) -> bool:
            if deadline.passed_after_pause():
                raw.interrupt()
                return False
            return found(text, wanted)

        return function

    raw.create_function(WORD, 2, in_time(starts_word), deterministic=True)
    raw.create_function(PART, 2, in_time(has_part), deterministic=True)


def starts_word(text: str, start: str) -> bool:
    """Tell whether what is looked for stands at the start of a word; what follows no letter or digit starts one."""
    text = text.casefold()
    return any(not _after_mark(text, found.start()) for found in _at_word(start).finditer(text))


def has_part(text: str, part: str) -> bool:
    """Tell whether the text has the part anywhere."""
    return part.casefold() in text.casefold()


@lru_cache(maxsize=_REMEMBERED)
def _at_word(start: str) -> re.Pattern[str]:
    """Return the pattern of the places before a text that follow no letter or digit."""
    return re.compile(rf"(?<![^\W_])(?={re.escape(start.casefold())})")


def _after_mark(text: str, place: int) -> bool:
    """Some alphabets write marks as characters of their own: they are within words."""
    return place > 0 and unicodedata.category(text[place - 1])[0] == "M"
