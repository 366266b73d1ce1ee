"""What a row of the table of commands is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rolecall.cli.parser import Example, Parser


class Command(NamedTuple):
    """One command: `name` may have two words, `usage` is what must follow it, `run` is `module:function` in here."""

    name: str
    about: str
    run: str
    flags: Callable[[Parser], None]
    examples: Sequence[Example]
    usage: str = ""
    more: str = ""
