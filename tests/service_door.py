"""The service behind the questions tests ask: worlds written by the administration, answers by the authorizer.

Same four methods as `tests/domain_door.py`, awaited. The scenario's clock is this door's own: its 0 is `EPOCH`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rolecall.domain.builtin import app_scope, call_types, channel_types
from rolecall.domain.call_rules import CallFacts
from rolecall.domain.channel_case import ChannelFacts
from rolecall.domain.records import AppRecord
from rolecall.domain.roles import canonical
from rolecall.service.administration import Administration
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.changes import KEEP, AppChange, MigrationReport, PermissionChange, TypeChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange, ChannelOverrides
from rolecall.service.administration.users.values import UserChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Store
from tests import oracle
from tests.domain_door import as_answer, as_policies, as_text, report_rows
from tests.oracle import Answer, World
from tests.scenarios import built_in_policies
from tests.translation import Report

EPOCH: Final = 1_700_000_000 * oracle.SECOND


class ServiceDoor:
    """One app behind the service; `index` and `store` may be shared with other doors."""

    def __init__(self, store: Store, index: Index, app: AppRecord) -> None:
        self.app = app
        self.now = EPOCH
        self.authorizer = Authorizer(index, clock=lambda: self.now)
        self.administration = Administration(store, index, self.authorizer)
        self.server = Caller(app.id)

    async def check(self, question: oracle.Question) -> Answer:
        """Answer one question."""
        capability = question["capability"]
        decision, _ = await self.authorizer.check(self.caller(question), as_question(question), capability)
        return as_answer(decision)

    async def capabilities(self, question: oracle.Question) -> list[str]:
        """Return all capabilities of a user on a call or channel, in the order of the answer."""
        return (await self.authorizer.capabilities(self.caller(question), as_question(question)))[0]

    async def explain(self, question: oracle.Question) -> Answer:
        """Return the decision that is explained."""
        capability = question["capability"]
        explanation, _ = await self.authorizer.explain(self.caller(question), as_question(question), capability)
        return as_answer(explanation.decision)

    async def admission(self, question: oracle.Question) -> Answer:
        """Answer whether a user may come into a call at `question["now"]` on the scenario's clock."""
        self.now = EPOCH + question["now"]
        admission, _ = await self.authorizer.admission(self.caller(question), as_question(question))
        return as_answer(admission.decision)

    def caller(self, question: oracle.Question) -> Caller:
        """Return a server-side caller, or, with a token, its user."""
        token = question.get("token")
        if not token:
            return self.server
        role = canonical(token.get("role", ""))
        return Caller(self.app.id, question["user"], frozenset(token["call_cids"]), frozenset(), role)

    async def write(self, world: World) -> None:
        """Make a fresh app hold a world."""
        server, admin = self.server, self.administration
        for role in world["roles"]:
            await admin.roles.create(server, role)
        for permission in permission_changes(world):
            await admin.permissions.create(server, permission)
        for change in call_type_changes(world):
            await admin.call_types.upsert(server, change)
        for change in channel_type_changes(world):
            await admin.channel_types.upsert(server, change)
        if world["users"]:
            await admin.users.upsert(server, [_user(name, row) for name, row in world["users"].items()])
        for cid, row in world["calls"].items():
            await self._write_call(cid, row, world)
        for cid, row in world["channels"].items():
            await admin.channels.upsert(server, _channel(cid, row, world))
        app, grants = world["app"], tuples(world["app_grants"])
        await admin.apps.update(
            server,
            AppChange(
                grants=grants if grants != app_scope.GRANTS else {},
                multi_tenant_enabled=app["multi_tenant_enabled"],
                disable_permissions_checks=app["disable_permissions_checks"],
                permission_version=app["permission_version"],
                user_search_disallowed_roles=tuple(app["user_search_disallowed_roles"]),
            ),
        )

    async def migrate(self, *, dry_run: bool = False) -> Report:
        """Migrate the app to permission version v2, and return its report on channels; a dry run changes nothing."""
        change = AppChange(permission_version="v2", migrate_permissions_to_v2=True, dry_run=dry_run)
        result = await self.administration.apps.update(self.server, change)
        assert result.report is not None
        assert result.report.applied is not dry_run
        return as_report(result.report)

    async def undo(self) -> None:
        """Put back what was there before the migration."""
        await self.administration.apps.update(self.server, AppChange(undo_migration=True))

    async def _write_call(self, cid: str, row: dict[str, Any], world: World) -> None:
        calls, server = self.administration.calls, self.server
        result = await calls.upsert(server, _call(cid, row, world))
        if row.get("backstage", result.call.record.backstage) != result.call.record.backstage:
            await (calls.go_live if result.call.record.backstage else calls.stop_live)(server, cid)
        if row.get("ended"):
            await calls.end(server, cid)
        for user in known(row.get("blocked", ()), world):
            await calls.block(server, cid, user)
        for user, grant, revoke in said(row, world):
            await calls.update_user_permissions(server, cid, user, grant, revoke)


# --- worlds as changes; who is no user of the world is left out: such a one is denied before all else -----------------


def tuples(grants: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """Return grants as the administration takes them."""
    return {role: tuple(permissions) for role, permissions in grants.items()}


def known(users: Any, world: World) -> list[str]:
    """Return those of the users that the world has, in order."""
    return [user for user in users if user in world["users"]]


def said(row: dict[str, Any], world: World) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each user that something was granted to or revoked from on a call, with both lists."""
    granted, revoked = row.get("granted", {}), row.get("revoked", {})
    for user in known(dict.fromkeys([*granted, *revoked]), world):
        grant, revoke = granted.get(user, []), revoked.get(user, [])
        assert not set(grant) & set(revoke), f"no write leaves both granted and revoked: {row}"
        if grant or revoke:
            yield user, grant, revoke


def as_report(report: MigrationReport) -> Report:
    """Return what a report tells of channels, each pair of roles by itself."""
    rows: Report = {}
    for name, changes in report.changes.items():
        rows |= report_rows(name, changes)
    return rows


def permission_changes(world: World) -> Iterator[PermissionChange]:
    """Yield the custom permissions of the world."""
    for name, row in world["permissions"].items():
        yield PermissionChange(name, **row)


def call_type_changes(world: World) -> Iterator[TypeChange]:
    """Yield what makes the call types of a fresh app those of the world."""
    for name, row in world["call_types"].items():
        grants = tuples(row["grants"])
        if (grants, row["settings"]) != (call_types.GRANTS.get(name), call_types.SETTINGS.get(name)):
            yield TypeChange(name, grants, row["settings"])


def channel_type_changes(world: World) -> Iterator[TypeChange]:
    """Yield what makes the channel types of a fresh app those of the world."""
    for name, row in world["channel_types"].items():
        grants = tuples(row["grants"])
        same = row["policies"] == built_in_policies(name if name in channel_types.GRANTS else "messaging")
        if (grants, row["config"]) != (channel_types.GRANTS.get(name), channel_types.CONFIG.get(name)) or not same:
            yield TypeChange(name, grants, row["config"], policies=KEEP if same else as_policies(row["policies"]))


def _user(name: str, row: dict[str, Any]) -> UserChange:
    return UserChange(
        name,
        role=row["role"],
        teams=tuple(row["teams"]),
        teams_role=row["teams_role"],
        banned=row["banned"],
        deactivated=row["deactivated"],
        custom=row["custom"],
    )


def creator(row: dict[str, Any], world: World) -> str:
    """Return who made a call or channel, "" when nobody known did."""
    name: str = row.get("created_by_id", "")
    return name if name in world["users"] else ""


def _call(cid: str, row: dict[str, Any], world: World) -> CallChange:
    members = row.get("members", {})
    starts_at = row.get("starts_at")
    return CallChange(
        cid,
        created_by_id=creator(row, world),
        team=row.get("team", ""),
        members=tuple(CallMemberChange(user, role=members[user]) for user in known(members, world)),
        settings=row.get("settings_override", {}),
        starts_at=None if starts_at is None else EPOCH + starts_at,
        custom=row.get("custom", {}),
    )


def _channel(cid: str, row: dict[str, Any], world: World) -> ChannelChange:
    members, overrides = row.get("members", {}), row.get("config_overrides", {})
    return ChannelChange(
        cid,
        created_by_id=creator(row, world),
        team=row.get("team", ""),
        members=tuple(ChannelMemberChange(user, **members[user]) for user in known(members, world)),
        frozen=row.get("frozen", False),
        disabled=row.get("disabled", False),
        cooldown=row.get("cooldown", 0),
        overrides=ChannelOverrides(tuples(overrides.get("grants", {})), overrides.get("flags", {})),
        custom=row.get("custom", {}),
    )


# --- questions -------------------------------------------------------------------------------------------------------


def as_question(question: oracle.Question) -> Question:
    """Return a plain question as the service takes it."""
    facts = question.get("facts")
    on_channel = bool(question.get("channel"))
    return Question(
        "" if question.get("token") else question["user"],
        call=question.get("call", ""),
        channel=question.get("channel", ""),
        author=question.get("resource_owner", ""),
        call_facts=_call_facts(facts) if facts and not on_channel else None,
        channel_facts=_channel_facts(facts) if facts and on_channel else None,
    )


def _call_facts(facts: dict[str, Any]) -> CallFacts:
    starts_at = facts.get("starts_at")
    return CallFacts(
        member_role=facts.get("member_role"),
        created_by=facts.get("created_by_id"),
        team=facts.get("team"),
        settings=facts.get("settings_override"),
        blocked=facts.get("blocked"),
        backstage=facts.get("backstage"),
        starts_at=None if starts_at is None else EPOCH + starts_at,
        ended=facts.get("ended"),
        custom=_custom_fact(facts),
    )


def _channel_facts(facts: dict[str, Any]) -> ChannelFacts:
    return ChannelFacts(
        member_role=facts.get("member_role"),
        created_by=facts.get("created_by_id"),
        team=facts.get("team"),
        blocked=facts.get("blocked"),
        frozen=facts.get("frozen"),
        disabled=facts.get("disabled"),
        cooldown=facts.get("cooldown"),
        flags=facts.get("config_override"),
        custom=_custom_fact(facts),
    )


def _custom_fact(facts: dict[str, Any]) -> str | None:
    return as_text(facts["custom"]) if "custom" in facts else None
