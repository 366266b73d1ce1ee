"""The command `rolecall` run as a process of its own, or in this one where a process each would take too long."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from rolecall.cli import main

ROLECALL: Final = (sys.executable, "-m", "rolecall")
_SECONDS: Final = 60


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Return this process's variables without ours, and then these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    return inherited | more


def rolecall(*argv: object, stdin: str = "", environ: Mapping[str, str] | None = None) -> Ended:
    """Run one command to its end."""
    ended = subprocess.run(
        [*ROLECALL, *map(str, argv)],
        input=stdin,
        capture_output=True,
        text=True,
        env=environment(**(environ or {})),
        timeout=_SECONDS,
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let processes begun in here hear Ctrl-C, which a shell has its jobs in the background ignore and they inherit.

    Not by code that runs in the child: with it Python forks in full, and gRPC's threads, begun again in the child,
    abort it now and then when its files are closed.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def inside(*argv: object, environ: Mapping[str, str] | None = None) -> Ended:
    """Run one command in this process."""
    out, err = io.StringIO(), io.StringIO()
    variables = patch.dict(os.environ, environment(**(environ or {})), clear=True)
    logs = patch("rolecall.cli.local.configure")  # the logs of this process are pytest's
    with variables, logs, redirect_stdout(out), redirect_stderr(err):
        code = main([*map(str, argv)])
    return Ended(code, out.getvalue(), err.getvalue())


def answer(*argv: object) -> Any:
    """Run one command with `--json` and return what it says."""
    ended = rolecall(*argv, "--json")
    assert ended.err == ""
    return json.loads(ended.out)


def shell(line: str, cwd: Path, path: str | None = None) -> Ended:
    """Paste one line into a shell in this folder; `path` is its PATH."""
    environ = environment() if path is None else environment(PATH=path)
    ended = subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, cwd=cwd, env=environ, timeout=_SECONDS, check=False
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)
