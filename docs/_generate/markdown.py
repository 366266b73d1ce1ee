"""The few bits of Markdown that the pages are made of. Nothing here knows what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

NOTICE: Final = "<!-- Made by docs/generate.py (`make docs`); edit what it is made from, not this file. -->\n"


def page(title: str, *parts: str) -> str:
    """Return a whole page from parts, which are paragraphs, tables or headings."""
    return "\n\n".join([f"{NOTICE}\n# {title}", *(part.strip("\n") for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; line breaks and bars inside cells are taken care of."""
    lines = [head, ["---"] * len(head), *([cell(text) for text in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cell(text: str) -> str:
    """Return a text that fits into one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Return a text as code; nothing for no text."""
    return f"`{text}`" if text else ""


def codes(names: Iterable[str]) -> str:
    """Return several texts as code, one after the other."""
    return " ".join(map(code, names))


def anchor(heading: str) -> str:
    """Return what a link to a heading ends with, by the rule of GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
