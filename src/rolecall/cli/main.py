"""One run of the command line: parse, run the command, and turn how it ended into an exit code."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TextIO, cast

from rolecall.cli.parser import print_help
from rolecall.cli.problem import BAD_INPUT, BROKEN_PIPE, INTERRUPTED, OK, Problem, of_error
from rolecall.cli.tree import build_parser
from rolecall.domain.errors import RolecallError

_PACKAGE: Final = "rolecall.cli."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (None: the process's own) and return its exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # What the gRPC library would log on stderr comes back as errors too, which are told in one line.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    try:
        exit_code = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _abandon(sys.stdout)
        return _tell(Problem(f"can't go on: {(error.strerror or str(error)).lower()}"))
    return exit_code


def _run(argv: Sequence[str]) -> int:
    try:
        arguments, strange = build_parser(lazy=True).parse_known_args(argv)
        if strange:
            arguments.parser.refuse(strange)
    except SystemExit as ended:  # help and version were printed, or a usage error told
        return ended.code if isinstance(ended.code, int) else BAD_INPUT
    if not arguments.run:
        return print_help(arguments.parser, OK if not argv else BAD_INPUT)
    module, _, name = arguments.run.partition(":")
    command = cast("Callable[[object], int]", getattr(importlib.import_module(_PACKAGE + module), name))
    try:
        return command(arguments)
    except Problem as problem:
        return _tell(problem)
    except RolecallError as error:
        return _tell(of_error(error))
    except UnicodeEncodeError:
        return _tell(Problem("an argument is not valid UTF-8", exit_code=BAD_INPUT))


def _tell(problem: Problem) -> int:
    with suppress(OSError):
        print(problem, file=sys.stderr)
    return problem.exit_code


def _abandon(stream: TextIO) -> None:
    """Point a stream that takes no more at nothing, lest the interpreter fail to flush it at the end."""
    with suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
