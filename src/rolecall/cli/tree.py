"""The parser of everything, made from the table of commands."""

from __future__ import annotations

import argparse
from typing import Final

from rolecall import __version__
from rolecall.cli.command import Command
from rolecall.cli.commands import COMMANDS, FAMILIES, GROUPS
from rolecall.cli.parser import Parser, examples_text

_ABOUT: Final = "Answers whether a user may act on a call or a channel, each answer with its reason."
_EXIT_CODES: Final = "exit code: 0 done (check: allowed), 3 check: denied, 2 bad input, 1 any other failure"


def build_parser(*, lazy: bool = False) -> Parser:
    """Make the parser of everything; a lazy one adds the flags of a command only when that command is chosen."""
    parser = Parser(
        prog="rolecall",
        usage="rolecall COMMAND …",
        description=f"{_ABOUT}\n\n{_overview()}",
        epilog=f"`rolecall COMMAND --help` shows a command's flags and examples.\n{_EXIT_CODES}",
    )
    parser.add_argument("--version", action="version", version=f"rolecall {__version__}")
    parser.set_defaults(run="", parser=parser)
    first = parser.add_subparsers(metavar="COMMAND", help=argparse.SUPPRESS, parser_class=Parser)
    families: dict[str, argparse._SubParsersAction[Parser]] = {}
    for command in COMMANDS:
        family, _, name = command.name.rpartition(" ")
        if family and family not in families:
            families[family] = _add_family(first, family)
        _add_command(families.get(family, first), name, command, lazy=lazy)
    return parser


def _overview() -> str:
    """Return the commands under their headings."""
    width = max(len(command.name) for command in COMMANDS)
    lines: list[str] = []
    for heading, commands in GROUPS:
        lines += ["", f"{heading}:"]
        lines += [f"  {command.name:<{width}}  {command.about}" for command in commands]
    return "\n".join(lines[1:])


def _add_family(first: argparse._SubParsersAction[Parser], name: str) -> argparse._SubParsersAction[Parser]:
    parser = first.add_parser(
        name, prog=f"rolecall {name}", usage=f"rolecall {name} COMMAND …", description=_sentence(FAMILIES[name])
    )
    parser.set_defaults(parser=parser)
    return parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)


def _add_command(commands: argparse._SubParsersAction[Parser], name: str, command: Command, *, lazy: bool) -> None:
    more = f"\n\n{command.more}" if command.more else ""
    parser = commands.add_parser(
        name,
        prog=f"rolecall {command.name}",
        usage=" ".join(filter(None, ("rolecall", command.name, command.usage, "[flags]"))),
        help=command.about,
        description=_sentence(command.about) + more,
        epilog=examples_text(command.examples),
    )
    parser.set_defaults(run=command.run, parser=parser)
    parser.later(command.flags)
    if not lazy:
        parser.fill()


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."
