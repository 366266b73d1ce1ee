"""The parser: help that teaches, errors of one line, and flags that are added only when they are needed."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from rolecall.cli.problem import BAD_INPUT

_HELP_WIDTH: Final = 110
_HELP_COLUMN: Final = 34
_UNKNOWN: Final = "unrecognized arguments: "


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

    def error(self, message: str) -> NoReturn:
        """End with one line, and where to read more."""
        command, _, _ = self.prog.partition(" COMMAND")
        self.exit(BAD_INPUT, f"error: {_discreet(message)}\nhint: see `{command} --help`\n")


def _formatter(prog: str) -> argparse.HelpFormatter:
    width = min(shutil.get_terminal_size().columns, _HELP_WIDTH) - 2
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=_HELP_COLUMN, width=width)


def _discreet(message: str) -> str:
    """Leave out what follows an unknown flag: it may be a secret behind a mistyped `--secret`."""
    if not message.startswith(_UNKNOWN):
        return message
    words = message.removeprefix(_UNKNOWN).split()
    flags = [word.partition("=")[0] for word in words if word.startswith("-")]
    return f"unknown flag {', '.join(f'`{flag}`' for flag in flags)}" if flags else "too many arguments"


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
