"""The command tree: its help, its examples, its errors, and that it stays light."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rolecall.cli import build_parser
from rolecall.cli.command import Command
from rolecall.cli.commands import COMMANDS, FAMILIES, GROUPS
from rolecall.cli.flags import seconds, span, whole
from tests.unit.cli.conftest import Run

EXAMPLES = [(command, example.line) for command in COMMANDS for example in command.examples]
HEAVY = ("asyncio", "grpc", "google.protobuf", "rolecall.app", "rolecall.config", "rolecall.store", "ssl")


def ids(value: object) -> str:
    return value.name if isinstance(value, Command) else str(value)


def arguments(line: str) -> list[str]:
    """Take from an example what the shell would hand to `rolecall`."""
    inner = re.search(r"\$\((.*)\)", line)
    words = shlex.split((inner[1] if inner else line).partition(" < ")[0])
    return words[words.index("rolecall") + 1 :]


# --- help ------------------------------------------------------------------------------------------------------------


def test_alone_it_prints_help_with_every_command_under_its_heading(run: Run) -> None:
    result = run()
    assert (result.code, result.err) == (0, "")
    headings = [heading for heading, _ in GROUPS]
    assert re.findall(r"^([A-Z].*):$", result.out, re.MULTILINE) == headings
    assert re.findall(r"^  ([a-z][a-z-]*(?: [a-z-]+)?)  ", result.out, re.MULTILINE) == [row.name for row in COMMANDS]
    assert run("--help") == result


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_help_teaches_purpose_usage_and_examples(run: Run, command: Command) -> None:
    result = run(*command.name.split(), "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"usage: rolecall {command.name} ")
    assert f"\n{command.about[0].upper()}{command.about[1:]}.\n" in result.out
    for line, shows in command.examples:
        assert f"  {line}\n      {shows}\n" in result.out
    if command.name != "config":
        assert "--json" in result.out


@pytest.mark.parametrize("family", FAMILIES)
def test_the_first_word_alone_shows_its_commands_as_an_error(run: Run, family: str) -> None:
    result = run(family)
    assert (result.code, result.out) == (2, "")
    for command in COMMANDS:
        if command.name.startswith(f"{family} "):
            assert command.about.split()[0] in result.err


@pytest.mark.parametrize(("command", "line"), EXAMPLES, ids=ids)
def test_examples_parse_as_the_command_they_explain(command: Command, line: str) -> None:
    assert build_parser().parse_args(arguments(line)).run == command.run


@pytest.mark.parametrize("line", [line for command, line in EXAMPLES if command.run.startswith("asking:")])
def test_examples_of_questions_are_answered(run: Run, demo: str, line: str) -> None:
    result = run(*arguments(line), "--db", demo)
    assert result.code in {0, 3}, result.err


@pytest.mark.parametrize("command", COMMANDS, ids=ids)
def test_every_command_runs_a_function(command: Command) -> None:
    module, _, name = command.run.partition(":")
    assert callable(getattr(importlib.import_module(f"rolecall.cli.{module}"), name))


def leaves(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
    for action in below:
        for child in action.choices.values():
            yield from leaves(child)
    if not below:
        yield parser


def test_a_parser_that_is_not_lazy_holds_all_flags() -> None:
    assert {parser.prog for parser in leaves(build_parser())} == {f"rolecall {row.name}" for row in COMMANDS}
    assert all("--json" in parser._option_string_actions for parser in leaves(build_parser()))  # noqa: SLF001


@pytest.mark.parametrize("argv", [["version"], ["--version"], ["--help"], ["check"], ["nonsense"]], ids=ids)
def test_nothing_heavy_is_imported_for_what_needs_nothing(argv: list[str]) -> None:
    program = f"""
import sys
before = set(sys.modules)
from rolecall.cli import main
main({argv!r})
print(sorted(set({HEAVY!r}) & (set(sys.modules) - before)), file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    # The flags of `check` come from the settings table; it still wants no gRPC.
    expected = ["rolecall.config", "ssl"] if argv == ["check"] else []
    assert ended.stderr.splitlines()[-1] == str(expected)


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "error", "help_of"),
    [
        (["chek"], "there is no command `chek`; did you mean `check`?", "rolecall"),
        (["zzz"], "there is no command `zzz`", "rolecall"),
        (["app", "lst"], "there is no command `lst`; did you mean `list`?", "rolecall app"),
        (["check", "bob"], "the following arguments are required: CAPABILITY", "rolecall check"),
        (["check", "a", "b", "c"], "too many arguments", "rolecall check"),
        (["check", "a", "b", "--cal", "x:y"], "unknown flag `--cal`", "rolecall check"),
        (["token", "--expires", "soon"], None, "rolecall token"),
        (["app", "create", "x", "--permission-version", "v3"], None, "rolecall app create"),
        (["capabilities", "bob"], "one of the arguments --call --channel is required", "rolecall capabilities"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_a_hint(
    run: Run, argv: list[str], error: str | None, help_of: str
) -> None:
    result = run(*argv)
    assert (result.code, result.out) == (2, "")
    first, hint = result.err.splitlines()
    assert first == f"error: {error}" if error else first.startswith("error: argument --")
    assert hint == f"hint: see `{help_of} --help`"


@pytest.mark.parametrize("mistyped", [["--secert", "hunter2"], ["--secert=hunter2"]])
def test_what_follows_an_unknown_flag_is_not_shown(run: Run, mistyped: list[str]) -> None:
    result = run("app", "create", "x", *mistyped)
    assert result.code == 2
    assert "--secert" in result.err
    assert "hunter2" not in result.out + result.err


# --- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [("30s", 30), ("15m", 900), ("1h", 3_600), ("7d", 604_800)])
def test_spans_of_time(text: str, expected: int) -> None:
    assert span(text) == expected


@pytest.mark.parametrize("text", ["", "1", "h", "0h", "-1h", "1.5h", "1w", "1h30m", " 1h", "1H", "٣h", "9" * 11 + "s"])
def test_what_is_no_span_of_time(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="`30s`"):
        span(text)


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "nan", "inf"])
def test_what_is_no_deadline(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="above 0"):
        seconds(text)


def test_a_deadline() -> None:
    assert seconds("0.5") == 0.5


@pytest.mark.parametrize("text", ["", "-1", "1.0", "x", "9" * 20])
def test_what_is_no_whole_number(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number"):
        whole(text)
