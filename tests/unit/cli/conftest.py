"""The command line run in this process, on a store that holds the development app and its demo."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from rolecall.app.local import local
from rolecall.cli import main
from rolecall.config import Settings
from rolecall.service.demo import ensure_dev_app


class Result(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store that nobody writes to."""
    db = tmp_path_factory.mktemp("demo") / "demo.db"

    async def fill() -> None:
        async with local(Settings(db=db), create=True) as opened:
            await ensure_dev_app(opened.store, opened.index, opened.services.administration)

    asyncio.run(fill())
    return str(db)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in an empty folder, with none of our variables set but those a test sets."""
    for name in [name for name in os.environ if name.startswith("ROLECALL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr("rolecall.cli.local.configure", lambda *_: None)  # the logs of this process are pytest's
    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> Result:
        capsys.readouterr()
        code = main(argv)
        out, err = capsys.readouterr()
        return Result(code, out, err)

    return run
