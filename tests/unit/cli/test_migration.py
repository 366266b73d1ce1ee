"""`rolecall migrate` and `rolecall app get|set` on a file: tables, JSON, progress, and what is told next."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from rolecall.api.v1.app_pb2 import MigrationChange
from rolecall.cli.migration import _joined, _membership, _roles, _rows
from rolecall.cli.output import wrapped
from rolecall.cli.progress import with_progress
from tests.unit.cli.conftest import Run

SECRET = "x" * 32
ALL = frozenset({"admin", "guest", "host", "speaker", "user", "other", "more"})


@pytest.fixture
def on_v1(run: Run) -> Run:
    """An app on version v1 in `a.db`."""
    assert run("app", "create", "acme", "--db", "a.db", "--secret", SECRET, "--permission-version", "v1").code == 0
    return run


def answer(run: Run, *argv: str) -> dict[str, Any]:
    result = run(*argv, "--db", "a.db", "--json")
    assert (result.code, result.err) == (0, "")
    said: dict[str, Any] = json.loads(result.out)
    return said


# --- migrate ---------------------------------------------------------------------------------------------------------


def test_a_dry_run_tells_what_would_change_and_changes_nothing(on_v1: Run) -> None:
    tried, result = answer(on_v1, "migrate", "--dry-run"), on_v1("migrate", "--dry-run", "--db", "a.db")
    assert (result.code, result.err) == (0, "")
    headings = [line for line in result.out.splitlines() if line.startswith(("the app", "channel type "))]
    types = ["commerce", "gaming", "livestream", "messaging", "team"]
    assert headings == ["the app", *(f"channel type {name}" for name in types)]
    *_, summary, what_next = result.out.splitlines()
    assert summary.startswith("answers change in 5 of 5 channel types and the app, by pairs of roles and actions: ")
    gained, lost = (_counted(tried, side) for side in ("gained", "lost"))
    assert summary.endswith(f": {gained:,} gained, {lost:,} lost")
    assert what_next == "nothing was changed: run it again without --dry-run to do it"
    assert answer(on_v1, "app", "get")["permission_version"] == "v1"
    assert max(map(len, result.out.splitlines())) <= 120


def _counted(report: dict[str, Any], side: str) -> int:
    return sum(
        len(change["user_roles"]) * len(change["channel_roles"]) * len(change[side])
        for change in (*report["changes"], *report["app_changes"])
    )


def test_migrating_and_undoing(on_v1: Run) -> None:
    tried, done = answer(on_v1, "migrate", "--dry-run"), answer(on_v1, "migrate")
    assert (tried["applied"], done["applied"], done["undone"], done["revision"]) == (False, True, False, 2)
    assert done["changes"] == tried["changes"]
    assert list(done["changes"][0]) == ["channel_type", "user_roles", "channel_roles", "owner", "gained", "lost"]
    assert {change["channel_type"] for change in done["app_changes"]} == {".app"}
    assert list(done["channel_type_grants"]) == sorted(done["channel_type_grants"])
    assert answer(on_v1, "app", "get")["permission_version"] == "v2"
    assert answer(on_v1, "migrate", "--undo", "--dry-run")["applied"] is False
    undone = answer(on_v1, "migrate", "--undo")
    assert (undone["applied"], undone["undone"], undone["permission_version"]) == (True, True, "v1")


def test_it_says_what_to_run_next(on_v1: Run) -> None:
    done = on_v1("migrate", "--db", "a.db")
    assert done.out.splitlines()[-1] == (
        "on permission version v2 at revision 2: `rolecall migrate --undo` takes it back"
    )
    again = on_v1("migrate", "--db", "a.db")
    assert again.out == "no answer changes\non permission version v2 at revision 2\n"
    undone = on_v1("migrate", "--undo", "--db", "a.db")
    assert undone.out.splitlines()[-1] == "undone at revision 3, on permission version v1: what was before is back"


def test_undoing_without_a_migration_fails(on_v1: Run) -> None:
    result = on_v1("migrate", "--undo", "--db", "a.db")
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: there is no migration to undo (field `undo_migration`)\n"


def test_an_unknown_app_or_file_is_told(on_v1: Run) -> None:
    assert on_v1("migrate", "--db", "missing.db").code == 1
    assert on_v1("migrate", "--db", "a.db", "--app", "other").code == 2
    assert on_v1("migrate", "--db", "a.db", "--address", "127.0.0.1:1").code == 2


# --- the table -------------------------------------------------------------------------------------------------------


def change(users: str, members: str, *, owner: bool = False, gained: str = "", lost: str = "") -> MigrationChange:
    return MigrationChange(
        channel_type="hall",
        user_roles=users.split(),
        channel_roles=[""] if members == "-" else members.split(),
        owner=owner,
        gained=gained.split(),
        lost=lost.split(),
    )


def test_changes_that_are_alike_are_joined_and_stay_exact() -> None:
    changes = [
        change("user", "-", gained="A B", lost="C"),
        change("guest", "-", gained="A B", lost="C"),
        change("guest user", "-", owner=True, gained="A B", lost="C"),
        change("speaker", "-", owner=True, gained="A B"),
    ]
    rows = [row for joined in _joined(changes) for row in _rows(joined, ALL)]
    assert rows == [
        ("guest, user", "no member", "any", "gained", "A, B"),
        ("", "", "", "lost", "C"),
        ("speaker", "no member", "yes", "gained", "A, B"),
    ]
    assert [list(one.user_roles) for one in changes] == [["user"], ["guest"], ["guest", "user"], ["speaker"]]


def test_nobody_is_a_member_of_the_app() -> None:
    in_the_app = MigrationChange(channel_type=".app", user_roles=["user"], channel_roles=[""], lost=["SearchUser"])
    (joined,) = _joined([in_the_app])
    assert list(_rows(joined, ALL)) == [("user", "", "no", "lost", "SearchUser")]


def test_roles_are_named_or_those_that_are_missing() -> None:
    assert _roles(["user", "guest"], ALL) == "guest, user"
    assert _roles(ALL, ALL) == "every role"
    assert _roles(ALL - {"host"}, ALL) == "every role but host"
    assert _membership(["", *ALL], ALL) == "no member or every role"
    assert _membership(["user"], ALL) == "user"
    assert _membership([""], ALL) == "no member"
    assert _membership([], ALL) == ""


def test_cells_wrap_within_their_columns() -> None:
    rows = [("ROLE", "ACTIONS"), ("one, two, three", "A, B, C, D, E, F")]
    assert wrapped(rows, 20) == [
        "ROLE       ACTIONS",
        "one, two,  A, B, C,",
        "three      D, E, F",
    ]
    assert wrapped(rows, 100) == ["ROLE             ACTIONS", "one, two, three  A, B, C, D, E, F"]
    assert wrapped([("a", "unbreakable")], 5) == ["a  unbreakable"]
    assert wrapped([("a\n", "b")], 20) == ["a\\n  b"]


# --- progress --------------------------------------------------------------------------------------------------------


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._passed: asyncio.Queue[None] = asyncio.Queue()

    async def pause(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._passed.get()

    async def pass_(self, seconds: int) -> None:
        for _ in range(seconds):
            self._passed.put_nowait(None)
            for _ in range(5):
                await asyncio.sleep(0)


async def progress(seconds: int) -> tuple[str, list[float]]:
    clock, end = Clock(), asyncio.Event()

    async def work() -> str:
        await end.wait()
        return "done"

    task = asyncio.create_task(with_progress(work(), "migrating", clock.pause))
    await asyncio.sleep(0)
    await clock.pass_(seconds)
    end.set()
    return await task, clock.asked


async def test_what_takes_no_second_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert (await progress(0))[0] == "done"
    assert capsys.readouterr() == ("", "")


async def test_a_log_gets_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    told, asked = await progress(3)
    assert (told, asked) == ("done", [1])
    assert capsys.readouterr() == ("", "migrating; this takes longer than a second\n")


async def test_a_terminal_counts_and_is_left_clean(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert (await progress(2))[0] == "done"
    assert capsys.readouterr().err == "\r\x1b[Kmigrating: 1 s\r\x1b[Kmigrating: 2 s\r\x1b[K"


async def test_a_failure_comes_through(capsys: pytest.CaptureFixture[str]) -> None:
    async def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await with_progress(fail(), "migrating")
    assert capsys.readouterr() == ("", "")


# --- app get, app set ------------------------------------------------------------------------------------------------


def test_the_settings_are_shown(on_v1: Run) -> None:
    said = answer(on_v1, "app", "get")
    assert (said["name"], said["permission_version"], said["revision"]) == ("acme", "v1", 1)
    assert "search-user" in said["grants"]["user"]
    text = on_v1("app", "get", "--db", "a.db").out
    assert text.startswith("app                           acme\npermission version            v1\n")
    assert "tokens revoked before         none are\n" in text
    assert "ROLE " in text


def test_each_setting_is_set_and_the_others_stay(on_v1: Run) -> None:
    settings = [
        ("--permission-version", "v2", "permission_version", "v2"),
        ("--multi-tenant", None, "multi_tenant_enabled", True),
        ("--user-search-disallowed-roles", "guest, anonymous", "user_search_disallowed_roles", ["anonymous", "guest"]),
        ("--disable-permissions-checks", None, "disable_permissions_checks", True),
        (
            "--revoke-tokens-issued-before",
            "2026-01-31T12:00:00Z",
            "revoke_tokens_issued_before",
            "2026-01-31T12:00:00Z",
        ),
        (
            "--revoke-tokens-issued-before",
            "2026-01-31T14:00:00+02:00",
            "revoke_tokens_issued_before",
            "2026-01-31T12:00:00Z",
        ),
        ("--no-multi-tenant", None, "multi_tenant_enabled", False),
        ("--user-search-disallowed-roles", "", "user_search_disallowed_roles", []),
        ("--revoke-tokens-issued-before", "", "revoke_tokens_issued_before", None),
        ("--no-disable-auth-checks", None, "disable_auth_checks", False),
    ]
    expected = answer(on_v1, "app", "get")
    for flag, value, field, will in settings:
        said = answer(on_v1, "app", "set", flag, *([] if value is None else [value]))
        expected |= {field: will, "revision": said["revision"], "updated_at": said["updated_at"]}
        assert said == expected
        assert answer(on_v1, "app", "get") == expected


def test_a_dry_run_sets_nothing(on_v1: Run) -> None:
    result = on_v1("app", "set", "--permission-version", "v2", "--dry-run", "--db", "a.db")
    assert "permission version            v2\n" in result.out
    assert result.out.endswith("\nnothing was changed: this is how it would be\n")
    assert answer(on_v1, "app", "get")["permission_version"] == "v1"


@pytest.mark.parametrize(
    ("flags", "code", "error"),
    [
        ([], 2, "error: there is nothing to set\nhint: `rolecall app set --help` shows what can be set\n"),
        (["--dry-run"], 2, "nothing to set"),
        (["--permission-version", "v3"], 2, "v3"),
        (["--user-search-disallowed-roles", "nobody"], 2, 'role "nobody" does not exist'),
        (["--revoke-tokens-issued-before", "yesterday"], 2, "must be a time such as"),
        (["--revoke-tokens-issued-before", "2026-01-31T12:00:00"], 2, "must be a time such as"),
        (["--revoke-tokens-issued-before", "1960-01-31T12:00:00Z"], 2, "between the years"),
        (["--disable-auth-checks"], 1, "development"),
    ],
)
def test_what_can_not_be_set(on_v1: Run, flags: list[str], code: int, error: str) -> None:
    result = on_v1("app", "set", *flags, "--db", "a.db")
    assert (result.code, result.out) == (code, "")
    assert error in result.err
    assert answer(on_v1, "app", "get")["revision"] == 1
