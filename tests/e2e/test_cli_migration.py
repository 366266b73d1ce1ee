"""`rolecall migrate` and `rolecall app get|set` through a server and on its file: one command, two doors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.doors import App, make_app, running
from tests.e2e.cli_process import Ended, inside, rolecall


class Doors(NamedTuple):
    """A running server and its file."""

    db: Path
    address: str
    app: App

    def server(self, *argv: object) -> Ended:
        caller = {"ROLECALL_API_KEY": self.app.key, "ROLECALL_TOKEN": self.app.token()}
        return inside(*argv, "--address", self.address, environ=caller)

    def file(self, *argv: object) -> Ended:
        return inside(*argv, "--db", self.db)

    def same(self, *argv: object) -> Ended:
        """Run a command that changes nothing through both doors."""
        from_server, from_file = self.server(*argv), self.file(*argv)
        assert from_server == from_file
        return from_server


@pytest.fixture
def doors(tmp_path: Path) -> Iterator[Doors]:
    db = tmp_path / "store.db"
    app = make_app(db, permission_version="v1")
    with running(db, refresh_ms=10) as server:
        yield Doors(db, server.listen[0], app)


def said(ended: Ended) -> dict[str, Any]:
    assert (ended.code, ended.err) == (0, "")
    answer: dict[str, Any] = json.loads(ended.out)
    return answer


def test_what_is_asked_and_refused_is_alike(doors: Doors) -> None:
    tries = (("migrate", "--dry-run"), ("migrate", "--dry-run", "--all"))
    for command in (*tries, ("app", "get"), ("app", "set", "--multi-tenant", "--dry-run")):
        for form in ((), ("--json",)):
            ended = doors.same(*command, *form)
            assert (ended.code, ended.err) == (0, "")
            assert ended.out
    assert doors.same(*tries[0], "--json") == doors.same(*tries[1], "--json")
    refused = doors.same("migrate", "--undo")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("error: there is no migration to undo")
    unknown = doors.same("app", "set", "--user-search-disallowed-roles", "nobody")
    assert (unknown.code, unknown.out) == (2, "")


def test_what_one_door_does_the_other_undoes(doors: Doors) -> None:
    before = said(doors.same("app", "get", "--json"))
    tried = said(doors.same("migrate", "--dry-run", "--json"))
    for there, back in ((doors.server, doors.file), (doors.file, doors.server)):
        done = said(there("migrate", "--json"))
        assert (done["applied"], done["permission_version"]) == (True, "v2")
        assert done["changes"] == tried["changes"]
        undone = said(back("migrate", "--undo", "--json"))
        assert (undone["undone"], undone["permission_version"]) == (True, "v1")
        now = said(doors.file("app", "get", "--json"))
        assert {**now, "revision": 1, "updated_at": before["updated_at"]} == before


def test_as_a_process(doors: Doors) -> None:
    set_ = rolecall("app", "set", "--user-search-disallowed-roles", "guest", "--db", doors.db)
    assert (set_.code, set_.err) == (0, "")
    ended = rolecall("migrate", "--dry-run", "--db", doors.db)
    assert ended.code == 0
    assert "guest" in ended.out
    assert ended.out.splitlines()[-1] == "nothing was changed: run it again without --dry-run to do it"
