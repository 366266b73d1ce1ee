"""The parser: help that teaches, errors of one line, and flags that are added only when they are needed."""

from __future__ import annotations

import argparse
import difflib
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from rolecall.cli.problem import BAD_INPUT
from rolecall.domain.names import shown

_HELP_WIDTH: Final = 110
_HELP_COLUMN: Final = 34
_NO_COMMAND: Final = re.compile(r"argument COMMAND: invalid choice: '(.*?)' \(choose from (.*)\)", re.DOTALL)


class Example(NamedTuple):
    """A line that can be pasted, and what it shows."""

    line: str
    shows: str


class Parser(argparse.ArgumentParser):
    """An argument parser whose flags come from `later` the first time that they matter."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_formatter, **options)
        self._later: Callable[[Parser], None] | None = None

    def later(self, add: Callable[[Parser], None]) -> None:
        """Add arguments by this function when they are first needed."""
        self._later = add

    def fill(self) -> None:
        """Add the arguments that were left for later."""
        add, self._later = self._later, None
        if add is not None:
            add(self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what is known, with all flags there."""
        self.fill()
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        """Return the help, with all flags there."""
        self.fill()
        return super().format_help()

    def refuse(self, strange: Sequence[str]) -> NoReturn:
        """End because of arguments nobody knows.

        Values are not shown: one may be a secret behind a mistyped `--secret`.
        """
        flags = [word.partition("=")[0] for word in strange if word.startswith("-")]
        self.error(f"unknown flag {', '.join(map(shown, flags))}" if flags else "too many arguments")

    def error(self, message: str) -> NoReturn:
        """End with one line, and where to read more."""
        self.exit(BAD_INPUT, f"error: {_told(message)}\nhint: see `{self.prog} --help`\n")


def _formatter(prog: str) -> argparse.HelpFormatter:
    width = min(shutil.get_terminal_size().columns, _HELP_WIDTH) - 2
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=_HELP_COLUMN, width=width)


def _told(message: str) -> str:
    """Put argparse's message in our words."""
    wrong = _NO_COMMAND.match(message)
    if wrong is None:
        return message
    known = re.findall(r"[a-z-]+", wrong[2])
    close = difflib.get_close_matches(wrong[1][:40], known, n=1)
    return f"there is no command {shown(wrong[1])}" + (f"; did you mean `{close[0]}`?" if close else "")


def examples_text(examples: Sequence[Example]) -> str:
    """Return the examples as the end of a help text."""
    lines = ["examples:"]
    for line, shows in examples:
        lines += [f"  {line}", f"      {shows}"]
    return "\n".join(lines)


def print_help(parser: argparse.ArgumentParser, exit_code: int) -> int:
    """Print help, to stderr when it stands for an error."""
    parser.print_help(sys.stderr if exit_code else sys.stdout)
    return exit_code
