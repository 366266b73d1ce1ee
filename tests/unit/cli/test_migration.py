"""`rolecall migrate` and `rolecall app get|set` on a file: tables, JSON, progress, and what is told next."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from rolecall.api.v1.app_pb2 import MigrationChange
from rolecall.api.v1.role_pb2 import Role
from rolecall.app.local import local
from rolecall.cli.migration_report import Pairs, Row, every_pair, merged, report, sections, usual_pairs, within
from rolecall.cli.progress import with_progress
from rolecall.config import Settings
from rolecall.service.callers import Caller
from tests.unit.cli.conftest import Run

SECRET = "x" * 32
USERS = frozenset({"user", "guest", "anonymous", "admin", "moderator"}) | {
    f"global_{name}" for name in ("admin", "moderator", "read_only")
}
CHANNEL = frozenset({"channel_member", "channel_moderator"})
EVERY = USERS | CHANNEL | {"host", "call_member"}


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
    lines = result.out.splitlines()
    headings = [line for line in lines if re.fullmatch("the app|channel types? .*", line)]
    types = ["type commerce", "type gaming", "type livestream", "types messaging and team"]
    assert headings == ["the app", *(f"channel {name}" for name in types)]
    *_, summary, hidden, what_next = lines
    assert summary.startswith("answers change in 5 of 5 channel types and the app, by pairs of roles and actions: ")
    gained, lost = (_counted(tried, side) for side in ("gained", "lost"))
    assert summary.endswith(f": {gained:,} gained, {lost:,} lost")
    assert hidden.startswith("of these, ")
    assert what_next == "nothing was changed: run it again without --dry-run to do it"
    assert answer(on_v1, "app", "get")["permission_version"] == "v1"
    assert max(map(len, lines)) <= 120
    assert len(lines) < 200


@pytest.mark.parametrize("custom", [frozenset[str](), frozenset({"speaker"})])
@pytest.mark.parametrize("every", [False, True])
def test_what_is_printed_is_exactly_the_report(on_v1: Run, custom: frozenset[str], every: bool) -> None:
    for role in custom:
        add_role(on_v1, role)
    tried = answer(on_v1, "migrate", "--dry-run")
    out = on_v1("migrate", "--dry-run", *(["--all"] if every else []), "--db", "a.db").out
    users, members = (EVERY | custom,) * 2 if every else (USERS | custom, CHANNEL | custom)
    told = list(parsed(out, users, members))
    expected = {one for one in expanded(tried) if one[1] in users and one[2] in members | {""}}
    assert len(told) == len(set(told))
    assert set(told) == expected
    sizes = Counter((one[0], one[4]) for one in told)
    assert overview(out) == {
        (tuple(where.split(", ")), answer): sum(sizes[scope, answer] for scope in where.split(", "))
        for where in ("the app", "commerce", "gaming", "livestream", "messaging, team")
        for answer in ("gained", "lost")
    }
    hidden = Counter(one[4] for one in expanded(tried) if one not in expected)
    closing = f"of these, {hidden['gained']:,} gained, {hidden['lost']:,} lost are of pairs that hardly exist, "
    assert (closing in out) is not every
    assert ("`--all`" in out) is not every


def add_role(run: Run, name: str) -> None:
    """Make a role, and policies that deny it what other roles may: grants can't."""

    async def add() -> None:
        async with local(Settings(db=Path("a.db"))) as opened:
            (acme,) = opened.index.apps()
            await opened.services.administration.roles.create(Caller(acme.id), name)

    asyncio.run(add())
    deny = {"name": "hush", "priority": 2, "action": "deny", "roles": [name], "resources": ["CreateMessage"]}
    allow = {"name": "say", "priority": 1, "action": "allow", "roles": ["*"], "resources": ["CreateMessage"]}
    Path("policies.json").write_text(json.dumps([deny, allow]))
    assert run("channel-type", "set", "gaming", "--policies", "policies.json", "--db", "a.db").code == 0


Told = tuple[str, str, str, bool, str, str]
"""Scope, user role, role as a member, owning, gained or lost, action."""


def expanded(tried: dict[str, Any]) -> Iterator[Told]:
    for change in (*tried["changes"], *tried["app_changes"]):
        scope = "the app" if change["channel_type"] == ".app" else change["channel_type"]
        for user, member, side in product(change["user_roles"], change["channel_roles"], ("gained", "lost")):
            yield from ((scope, user, member, change["owner"], side, action) for action in change[side])


def parsed(out: str, users: Iterable[str], members: Iterable[str]) -> Iterator[Told]:
    """Read what is printed, as a reader would."""
    scopes: list[str] = []
    among: list[str] = []
    for line in re.sub(r"\n {4,}(?! |gained|lost)", " ", out).splitlines():
        if line == "the app":
            scopes, among = [line], [""]
        elif heading := re.fullmatch(r"channel types? (.*)", line):
            scopes = re.split(", | and ", heading[1])
        elif row := re.fullmatch(r"    (gained|lost)  +(.*?)( · owning| · not owning)?: (.*)", line):
            owners = {" · owning": [True], " · not owning": [False], None: [False, True]}[row[3]]
            yield from product(scopes, named(row[2], users), among, owners, [row[1]], row[4].split(", "))
        elif line.startswith("  as "):
            among = memberships(line.strip(), members)


def memberships(line: str, members: Iterable[str]) -> list[str]:
    none, _, roles = line.rpartition("as a member with ")
    return [
        *([""] if "as no member" in (line, none.removesuffix(", or ")) else []),
        *(named(roles, members) if _ else []),
    ]


def named(roles: str, every: Iterable[str]) -> list[str]:
    if missing := re.fullmatch(r"every (?:user |channel )?role(?: but (.*))?", roles):
        return sorted(set(every) - set((missing[1] or "").split(", ")))
    return roles.split(", ")


def overview(out: str) -> dict[tuple[tuple[str, ...], str], int]:
    heading, *rows = out.partition("\n\n")[0].splitlines()
    assert heading.split() == ["WHERE", "ANSWERS", "CHANGE", "GAINED", "LOST"]
    found = {}
    for row in rows:
        where, *counts = re.split("  +", row)
        for side, count in zip(("gained", "lost"), counts, strict=True):
            found[tuple(where.split(", ")), side] = int(count.replace(",", ""))
    return found


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


# --- rows and lines --------------------------------------------------------------------------------------------------


def change(users: str, members: str, *, scope: str = "hall", owner: bool = False, **actions: str) -> MigrationChange:
    return MigrationChange(
        channel_type=scope,
        user_roles=users.split(),
        channel_roles=["" if role == "-" else role for role in members.split()],
        owner=owner,
        gained=actions.get("gained", "").split(),
        lost=actions.get("lost", "").split(),
    )


def roles(*names: str, custom: str = "") -> list[Role]:
    return [*(Role(name=name) for name in names), *(Role(name=name, custom=True) for name in custom.split())]


def text(changes: Iterable[MigrationChange], pairs: Pairs) -> list[str]:
    lines = list(report(sections(changes), pairs))
    return lines[lines.index("", lines.index("") + 1) + 1 :]


def test_changes_are_merged_by_ownership_then_membership_then_user_role_then_action() -> None:
    changes = [
        change("user", "-", gained="A B", lost="C"),
        change("guest", "-", gained="A B", lost="C"),
        change("guest user", "-", owner=True, gained="A B", lost="C"),
        change("user", "host", gained="A"),
        change("user", "host", owner=True, gained="A"),
        change("speaker", "-", owner=True, gained="A B"),
    ]
    assert merged(changes) == [
        Row(("", "host"), "gained", ("user",), (False, True), ("A",)),
        Row(("",), "gained", ("guest", "user"), (False, True), ("B",)),
        Row(("",), "gained", ("guest",), (False, True), ("A",)),
        Row(("",), "gained", ("speaker",), (True,), ("A", "B")),
        Row(("",), "lost", ("guest", "user"), (False, True), ("C",)),
    ]
    assert merged(reversed(changes)) == merged(changes)
    assert [row.answers() for row in merged(changes)] == [4, 4, 2, 2, 4]


def test_types_that_change_alike_are_told_together_but_never_with_the_app() -> None:
    changes = [change("user", "-", scope=scope, gained="A") for scope in ("den", ".app", "hall", "attic", "yard", "a")]
    changes += [change("user", "-", scope="b", lost="A")]
    found = sections(changes)
    assert [one.scopes for one in found] == [(".app",), ("a", "attic", "den", "hall", "yard"), ("b",)]
    lines = list(report(found, every_pair(roles("user", "host", "guest"))))
    assert [line.split("  ", 1)[0] for line in lines[1:4]] == ["the app", "a, attic, den and 2 more", "b"]
    assert [line.split()[-2:] for line in lines[1:4]] == [["1", "0"], ["5", "0"], ["0", "1"]]
    assert "channel types a, attic, den, hall and yard" in lines
    assert lines[lines.index("the app") + 1] == "    gained  user · not owning: A"


def test_usual_pairs_are_of_user_roles_and_channel_roles_and_custom_ones() -> None:
    known = roles("user", "host", "channel_member", custom="speaker")
    pairs = usual_pairs(known)
    assert pairs == (USERS | {"speaker"}, CHANNEL | {"speaker", ""}, "user role", "channel role")
    everyone = "call_member channel_member host speaker user"
    (cut,) = within([change(everyone, f"- admin {everyone}", gained="A")], pairs)
    assert cut == change("speaker user", "- channel_member speaker", gained="A")
    assert not list(within([change("host", "-", gained="A"), change("user", "admin", lost="A")], pairs))
    every = frozenset({"user", "host", "channel_member", "speaker"})
    assert every_pair(known) == (every, every | {""}, "role", "role")


def test_roles_are_named_or_the_few_that_are_missing() -> None:
    pairs = every_pair(roles("a", "b", "c", "d", "e", "f", "g", "h"))
    changes = [
        change("a b c d e f g h", "- a b c d e f g h", gained="A"),
        change("b c d e f g h", "b c d e f g h", gained="B"),
        change("a", "-", lost="B"),
        change("a b c d", "a", owner=True, lost="C"),
    ]
    assert text(changes, pairs) == [
        "channel type hall",
        "  as no member, or as a member with every role",
        "    gained  every role · not owning: A",
        "  as a member with every role but a",
        "    gained  every role but a · not owning: B",
        "  as no member",
        "    lost    a · not owning: B",
        "  as a member with a",
        "    lost    a, b, c, d · owning: C",
        "",
    ]


def test_nothing_shown_needs_no_overview() -> None:
    assert list(report([], every_pair(roles("user")))) == []


def test_on_a_terminal_lines_fit_and_answers_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    lines = text([change("user", "-", lost="Abcdefgh Bcdefghi")], every_pair(roles("user", "guest")))
    assert lines == [
        "\x1b[1mchannel type hall\x1b[0m",
        "  as no member",
        "\x1b[31m    lost    \x1b[0muser · not owning: Abcdefgh,",
        "              Bcdefghi",
        "",
    ]


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
