"""How searches look into text: letters of any alphabet in either case, which SQLite's own functions don't know."""

from __future__ import annotations

import sqlite3
import unicodedata

WORD = "rolecall_word"
PART = "rolecall_part"


def define(raw: sqlite3.Connection) -> None:
    """Make the functions known to a connection; both take the text and what is looked for, and answer 1 or 0."""
    raw.create_function(WORD, 2, starts_word, deterministic=True)
    raw.create_function(PART, 2, has_part, deterministic=True)


def starts_word(text: str, start: str) -> bool:
    """Tell whether what is looked for stands at the start of a word; what follows no letter or digit starts one."""
    text, start = text.casefold(), start.casefold()
    place = text.find(start)
    while place > 0 and _in_word(text[place - 1]):
        place = text.find(start, place + 1)
    return place >= 0


def has_part(text: str, part: str) -> bool:
    """Tell whether the text has the part anywhere."""
    return part.casefold() in text.casefold()


def _in_word(character: str) -> bool:
    """Letters, digits, and the marks that some alphabets write as characters of their own."""
    return unicodedata.category(character)[0] in "LMN"
