"""Results as text: aligned tables, colour on terminals, JSON for machines. What is in them is the commands' matter."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

_GAP: Final = "  "
_NARROWEST: Final = 30
_CODES: Final = {"green": "32", "red": "31", "bold": "1", "dim": "2"}


def show_json(value: object) -> None:
    """Print one object or array; what is not ASCII is escaped, so any terminal and locale takes it."""
    print(json.dumps(value, indent=2))


def show_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print aligned columns under headings; on a terminal the last column wraps."""
    for line in table(headers, rows, _terminal_width()):
        print(line)


def show_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print names and values, aligned."""
    for line in columns(list(fields)):
        print(line)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int = 0) -> list[str]:
    """Return the lines of a table; `width` 0 wraps nothing."""
    return columns([[header.upper() for header in headers], *rows], width)


def columns(rows: Sequence[Sequence[str]], width: int = 0) -> list[str]:
    """Return rows as aligned lines; with a `width`, the last cell wraps under itself."""
    cells = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)][:-1]
    indent = sum(widths) + len(_GAP) * len(widths)
    lines: list[str] = []
    for *first, last in cells:
        start = "".join(f"{cell:<{size}}{_GAP}" for cell, size in zip(first, widths, strict=True))
        parts = textwrap.wrap(last, max(width - indent, _NARROWEST)) if width else [last]
        lines += [f"{start if not place else ' ' * indent}{part}".rstrip() for place, part in enumerate(parts or [""])]
    return lines


def printable(text: str) -> str:
    """Escape what would break a line or steer the terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def paint(text: str, style: str) -> str:
    """Return text in a colour where colours are wanted: on a terminal, and without NO_COLOR."""
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if _colourful() else text


def _colourful() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _terminal_width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def rfc3339(seconds: int) -> str:
    """Return a time, Unix seconds, as RFC 3339 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def nested(leaves: dict[str, Any]) -> dict[str, Any]:
    """Return dotted paths as a tree."""
    tree: dict[str, Any] = {}
    for path, value in leaves.items():
        *groups, name = path.split(".")
        branch = tree
        for group in groups:
            branch = branch.setdefault(group, {})
        branch[name] = value
    return tree
