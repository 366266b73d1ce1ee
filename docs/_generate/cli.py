"""The command-line reference, from the table of commands and the flags each adds to a parser."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from docs._generate.markdown import anchor, code, page, table
from rolecall.cli import flags
from rolecall.cli.command import Command
from rolecall.cli.commands import GROUPS
from rolecall.cli.parser import Parser

_INTRO: Final = """
People read aligned text on stdout, programs add `--json`. What went wrong is one line on stderr that begins with
`error: `, and often a line with a hint. Exit codes: 0 done (`check`: allowed), 3 denied (`check` only), 2 bad input,
1 any other failure.

Commands that ask or look up work on a store file (`--db FILE`, no server needed) or on a server (`--address`, with
`ROLECALL_API_KEY` and `ROLECALL_TOKEN`). Tokens are taken from the environment, a file or stdin, never from the command
line, which everyone on the machine can see.
"""


class Shared(NamedTuple):
    """Flags that several commands add alike: explained once, under a heading or on a page of their own."""

    add: Callable[[Parser], None]
    link: str
    heading: str = ""


_READING: Final = "Flags for asking and looking up"
_FACTS: Final = "Flags for what if"
_STORE: Final = "Flags for a store file"
_SHARED: Final = (
    Shared(flags.all_flags, "[a flag for every setting](configuration.md)"),
    Shared(flags.server_flags, "[a flag for every setting of a server](configuration.md)"),
    Shared(flags.reading_flags, f"[flags for asking and looking up](#{anchor(_READING)})", _READING),
    Shared(flags.fact_flags, f"[flags for what if](#{anchor(_FACTS)})", _FACTS),
    Shared(flags.store_flags, f"[flags for a store file](#{anchor(_STORE)})", _STORE),
)


def build() -> str:
    """Return the page."""
    return page(
        "Command-line reference",
        _INTRO,
        *(part for heading, commands in GROUPS for part in _overview(heading, commands)),
        *(part for _, commands in GROUPS for command in commands for part in _command(command)),
        *(
            part
            for shared in _SHARED
            if shared.heading
            for part in (f"## {shared.heading}", _table(arguments(shared.add)))
        ),
    )


def _overview(heading: str, commands: tuple[Command, ...]) -> Iterator[str]:
    names = [f"rolecall {command.name}" for command in commands]
    rows = [(f"[`{name}`](#{anchor(name)})", command.about) for name, command in zip(names, commands, strict=True)]
    yield table([heading, ""], rows)


def _command(command: Command) -> Iterator[str]:
    own = arguments(command.flags)
    also = []
    for shared in _SHARED:
        if set(theirs := arguments(shared.add)) <= set(own):
            own = {typed: action for typed, action in own.items() if typed not in theirs}
            also.append(shared.link)
    yield f"## rolecall {command.name}"
    yield f"{command.about[0].upper()}{command.about[1:]}."
    yield command.more
    yield code(" ".join(filter(None, ("rolecall", command.name, command.usage, "[flags]"))))
    if own:
        yield _table(own)
    if also:
        yield f"{'And' if own else 'Takes'} {' and '.join(also)}."
    yield "\n".join(["```sh", *(line for example in command.examples for line in _example(*example)), "```"])


def arguments(add: Callable[[Parser], None]) -> dict[str, argparse.Action]:
    """Return the arguments that a function adds to a parser, by how they are typed, in the order of the help."""
    parser = Parser(add_help=False)
    add(parser)
    groups = parser._action_groups  # noqa: SLF001 - argparse has no other way to ask
    return {_typed(action): action for group in groups for action in group._group_actions}  # noqa: SLF001


def _typed(action: argparse.Action) -> str:
    names = ", ".join(action.option_strings)
    if action.nargs == 0:
        return names
    choices = "{" + ",".join(map(str, action.choices or ())) + "}"
    return f"{names} {action.metavar or choices}".strip()


def _table(actions: dict[str, argparse.Action]) -> str:
    rows = [(code(typed), (action.help or "").replace("%%", "%")) for typed, action in actions.items()]
    return table(["argument", "what it is"], rows)


def _example(line: str, shows: str) -> tuple[str, str]:
    return f"# {shows}", line
