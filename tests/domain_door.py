"""The domain behind the questions tests ask: builds its values from a plain world and calls its functions.

Other doors to the same worlds and questions (service, gRPC) offer the same four methods.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rolecall.domain import app_rules, call_capabilities, call_rules, channel_capabilities, channel_case, channel_rules
from rolecall.domain.admission import admission
from rolecall.domain.builtin import channel_types
from rolecall.domain.builtin.policies import POLICIES
from rolecall.domain.custom_permissions import compile_permissions
from rolecall.domain.decision import Decision
from rolecall.domain.errors import InvalidInput, NotFound
from rolecall.domain.explain import Explanation, explain
from rolecall.domain.facts import ANONYMOUS, Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.grants import CompiledGrants, compile_grants, compile_overrides
from rolecall.domain.migration import (
    Change,
    GrantJudge,
    PolicyJudge,
    differences,
    names,
    same_policies,
    translate,
    without_search,
)
from rolecall.domain.policies import compile_policies
from rolecall.domain.policy_checks import checked_policies
from rolecall.domain.records import Grants, PermissionRecord, PolicyRecord
from rolecall.domain.roles import BUILT_IN as BUILT_IN_ROLES
from rolecall.domain.roles import canonical
from rolecall.domain.settings import disabled_actions
from rolecall.domain.subject import AppRules, explained
from tests.oracle import Answer, Question, World
from tests.scenarios import Cell
from tests.translation import Report


def as_answer(decision: Decision) -> Answer:
    """Return a decision as plain data."""
    return Answer(decision.allowed, str(decision.reason), decision.role, decision.permission, decision.policy)


def as_grants(grants: Mapping[str, list[str]]) -> Grants:
    """Return plain grants the way the domain keeps them."""
    return {canonical(role): tuple(sorted(set(permissions))) for role, permissions in grants.items()}


def as_permission(name: str, row: Mapping[str, Any]) -> PermissionRecord:
    """Return a custom permission the way the domain keeps it."""
    return PermissionRecord(name, name, row["action"], "", row["owner"], row["same_team"], row["condition"])


def as_policies(rows: list[dict[str, Any]]) -> tuple[PolicyRecord, ...]:
    """Return plain policies the way the domain keeps them."""
    return tuple(
        PolicyRecord(
            row["name"],
            row["priority"],
            tuple(row["resources"]),
            tuple(row["roles"]),
            row["owner"],
            row["action"] == "Allow",
        )
        for row in rows
    )


def as_text(custom: Mapping[str, Any] | None) -> str:
    """Return custom data the way the domain keeps it."""
    return json.dumps(custom) if custom else ""


def report_rows(channel_type: str, changes: Iterable[Change]) -> Report:
    """Return changes that a report tells of one channel type, each pair of roles by itself."""
    rows: Report = {}
    for change in changes:
        for pair in itertools.product(change.user_roles, change.channel_roles):
            cell = Cell(channel_type, *pair, change.owner)
            assert cell not in rows, f"told twice: {cell}"
            rows[cell] = names(change.gained), names(change.lost)
    return rows


def _translated(name: str, policies: tuple[PolicyRecord, ...], roles: Iterable[str]) -> Grants:
    of = name if name in POLICIES else "messaging"
    return channel_types.GRANTS[of] if same_policies(policies, POLICIES[of]) else translate(policies, roles)


def _lists(grants: Grants) -> dict[str, list[str]]:
    return {role: list(permissions) for role, permissions in grants.items()}


class DomainDoor:
    """One plain world as the domain's values."""

    def __init__(self, world: World) -> None:
        self.world = world
        app = world["app"]
        self.app = AppRules(
            app["multi_tenant_enabled"],
            app["disable_permissions_checks"],
            app["permission_version"],
            frozenset(map(canonical, app["user_search_disallowed_roles"])),
        )
        self.permissions = compile_permissions(as_permission(name, row) for name, row in world["permissions"].items())
        self.app_grants: CompiledGrants = self._compiled(world["app_grants"])
        self.call_types = {
            name: call_rules.compile_call_type(name, self._compiled(row["grants"]), row["settings"])
            for name, row in world["call_types"].items()
        }
        self.channel_types = {
            name: channel_case.compile_channel_type(
                name,
                self._compiled(row["grants"]),
                row["config"],
                compile_policies(checked_policies(as_policies(row["policies"]), world["roles"])),
            )
            for name, row in world["channel_types"].items()
        }
        users = {name: _user(key, name, row) for key, (name, row) in enumerate(world["users"].items(), start=1)}
        self.users = {ANONYMOUS.id: ANONYMOUS, **users}
        self.calls = {cid: self._call(key, cid, row) for key, (cid, row) in enumerate(world["calls"].items(), start=1)}
        self.channels = {cid: _channel(key, cid, row) for key, (cid, row) in enumerate(world["channels"].items(), 1)}

    def _compiled(self, grants: Mapping[str, list[str]]) -> CompiledGrants:
        return compile_grants(as_grants(grants), self.permissions)

    def check(self, question: Question) -> Answer:
        """Answer one question; InvalidInput when the id asked about is none, NotFound when the type is unknown."""
        if question.get("call"):
            case, asked = self.call_case(question), self._asked(call_rules.question, question)
            return as_answer(call_rules.check_call(case, asked))
        if question.get("channel"):
            channel, asked = self.channel_case(question), self._asked(channel_capabilities.question, question)
            return as_answer(channel_rules.check_channel(channel, asked))
        asked = self._asked(app_rules.question, question)
        return as_answer(app_rules.check_app(self.app_case(question), asked))

    def _asked(self, read: Callable[[str], int | None], question: Question) -> int:
        """Return the bit asked about; a custom permission asks about its action."""
        name = question["capability"]
        asked, custom = read(name), self.permissions.get(name)
        if asked is None and custom is not None:
            asked = read(f"{custom.permission.action.id}-any-team")  # never the id of a capability
        if asked is None:
            raise InvalidInput("unknown capability", field="capability")
        return asked

    def capabilities(self, question: Question) -> list[str]:
        """Return all capabilities of a user on a call or channel, in the order of the answer."""
        if question.get("call"):
            return call_capabilities.names(call_rules.call_actions(self.call_case(question)))
        return channel_capabilities.names(channel_rules.channel_rows(self.channel_case(question)))

    def explain(self, question: Question) -> Explanation:
        """Explain one answer."""
        if question.get("call"):
            asked = self._asked(call_rules.question, question)
            return explain(call_rules.RULES, explained(self.call_case(question)), asked)
        if question.get("channel"):
            asked = self._asked(channel_capabilities.question, question)
            return explain(channel_rules.rules_of(self.app), explained(self.channel_case(question)), asked)
        asked = self._asked(app_rules.question, question)
        return explain(app_rules.rules_of(self.app), explained(self.app_case(question)), asked)

    def admission(self, question: Question) -> Answer:
        """Answer whether a user may come into a call at `question["now"]` (nanoseconds)."""
        verdict = admission(self.call_case(question), self.call(question), question["now"])
        return as_answer(verdict.decision)

    # --- migrating ---------------------------------------------------------------------------------------------------

    def migrated(self) -> DomainDoor:
        """Return the same world after the migration to permission version v2."""
        world, known = self.world, [*BUILT_IN_ROLES, *self.world["roles"]]
        actions = {name: row["action"] for name, row in world["permissions"].items()}
        app = without_search(as_grants(world["app_grants"]), self.app.search_disallowed, actions)
        types = {
            name: {**row, "grants": _lists(_translated(name, as_policies(row["policies"]), known))}
            for name, row in world["channel_types"].items()
        }
        version = {**world["app"], "permission_version": "v2"}
        return DomainDoor({**world, "app": version, "app_grants": _lists(app), "channel_types": types})

    def report(self, after: DomainDoor) -> Report:
        """Return every answer on channels that is otherwise after the migration from v1."""
        known, rows = [*BUILT_IN_ROLES, *self.world["roles"]], {}
        for name, row in self.world["channel_types"].items():
            before = PolicyJudge(compile_policies(as_policies(row["policies"])))
            changes = differences(before, GrantJudge(after.channel_types[name].grants), known, known)
            rows.update(report_rows(name, changes))
        return rows

    # --- the values behind a question --------------------------------------------------------------------------------

    def call(self, question: Question) -> Call:
        """Return the call asked about, facts applied."""
        name = question["call"].partition(":")[0]
        if name not in self.call_types:
            raise NotFound(f"call type `{name}` does not exist")
        stored = self.calls.get(question["call"]) or call_rules.unstored(self.call_types[name])
        return call_rules.call_with_facts(stored, _call_facts(question.get("facts") or {}))

    def call_case(self, question: Question) -> call_rules.CallCase:
        """Resolve one user on one call."""
        call = self.call(question)
        row, user = self.world["calls"].get(question["call"], {}), question["user"]
        role = row.get("members", {}).get(user)
        member = CallMember(
            role=canonical(role) if role else None,
            blocked=user in row.get("blocked", ()),
            granted=call_capabilities.mask(row.get("granted", {}).get(user, ())),
            revoked=call_capabilities.mask(row.get("revoked", {}).get(user, ())),
        )
        member = call_rules.member_with_facts(member, _call_facts(question.get("facts") or {}))
        stored = self.users.get(user)
        situation = self.call_types[call.type], call, user, stored, member, _token_role(question), question["call"]
        return call_rules.call_case(self.app, situation, question.get("resource_owner", ""))

    def channel_case(self, question: Question) -> channel_case.ChannelCase:
        """Resolve one user on one channel."""
        name, facts = question["channel"].partition(":")[0], _channel_facts(question.get("facts") or {})
        if name not in self.channel_types:
            raise NotFound(f"channel type `{name}` does not exist")
        stored = self.channels.get(question["channel"]) or channel_case.unstored(self.channel_types[name])
        row, user = self.world["channels"].get(question["channel"], {}), question["user"]
        said = row.get("members", {}).get(user, {})
        role = said.get("channel_role")
        member = ChannelMember(canonical(role) if role else None, banned=said.get("banned", False))
        situation = (
            self.channel_types[name],
            channel_case.channel_with_facts(stored, facts),
            user,
            self.users.get(user),
            channel_case.member_with_facts(member, facts),
            None,
            question["channel"],
        )
        return channel_case.channel_case(self.app, situation, question.get("resource_owner", ""))

    def app_case(self, question: Question) -> app_rules.AppCase:
        """Resolve one user in the app."""
        user, team = question["user"], (question.get("facts") or {}).get("team", "")
        owner = question.get("resource_owner", "")
        return app_rules.app_case(self.app, self.app_grants, user, self.users.get(user), owner, team)

    def _call(self, key: int, cid: str, row: dict[str, Any]) -> Call:
        name = cid.partition(":")[0]
        settings = {**self.world["call_types"][name]["settings"], **row.get("settings_override", {})}
        return Call(
            key=key,
            type=name,
            created_by=row.get("created_by_id", ""),
            team=row.get("team", ""),
            disabled=disabled_actions(settings),
            backstage=row.get("backstage", bool(settings.get("backstage.enabled"))),
            join_ahead=settings.get("backstage.join_ahead_time_seconds", 0),
            starts_at=row.get("starts_at"),
            ended=row.get("ended", False),
            custom=as_text(row.get("custom")),
        )


def _user(key: int, name: str, row: dict[str, Any]) -> User:
    return User(
        key,
        name,
        canonical(row["role"]),
        frozenset(row["teams"]),
        {team: canonical(role) for team, role in row["teams_role"].items()},
        row["banned"],
        row["deactivated"],
        custom=as_text(row.get("custom")),
    )


def _channel(key: int, cid: str, row: dict[str, Any]) -> Channel:
    overrides = row.get("config_overrides", {})
    return Channel(
        key=key,
        type=cid.partition(":")[0],
        created_by=row.get("created_by_id", ""),
        team=row.get("team", ""),
        frozen=row.get("frozen", False),
        disabled=row.get("disabled", False),
        cooldown=row.get("cooldown", 0),
        flags=overrides.get("flags", {}),
        grants=compile_overrides(as_grants(overrides.get("grants", {}))),
        custom=as_text(row.get("custom")),
    )


def _token_role(question: Question) -> str | None:
    token = question.get("token") or {}
    return canonical(token.get("role", "call_member")) if question["call"] in token.get("call_cids", ()) else None


def _call_facts(facts: dict[str, Any]) -> call_rules.CallFacts:
    return call_rules.CallFacts(
        member_role=facts.get("member_role"),
        created_by=facts.get("created_by_id"),
        team=facts.get("team"),
        settings=facts.get("settings_override"),
        blocked=facts.get("blocked"),
        backstage=facts.get("backstage"),
        starts_at=facts.get("starts_at"),
        ended=facts.get("ended"),
        custom=_custom_fact(facts),
    )


def _channel_facts(facts: dict[str, Any]) -> channel_case.ChannelFacts:
    return channel_case.ChannelFacts(
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
