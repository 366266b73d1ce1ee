"""The domain behind the questions tests ask: builds its values from a plain world and calls its functions.

Other doors to the same worlds and questions (service, gRPC) offer the same four methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolecall.domain import app_rules, call_capabilities, call_rules, channel_capabilities, channel_rules
from rolecall.domain.decision import Decision
from rolecall.domain.errors import InvalidInput, NotFound
from rolecall.domain.explain import Explanation, explain
from rolecall.domain.facts import Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.grants import CompiledGrants, compile_grants, compile_overrides
from rolecall.domain.records import Grants
from rolecall.domain.roles import canonical
from rolecall.domain.settings import disabled_actions
from rolecall.domain.subject import AppRules
from tests.oracle import Answer, Question, World


def as_answer(decision: Decision) -> Answer:
    """Return a decision as plain data."""
    return Answer(decision.allowed, str(decision.reason), decision.role, decision.permission)


def as_grants(grants: Mapping[str, list[str]]) -> Grants:
    """Return plain grants the way the domain keeps them."""
    return {canonical(role): tuple(sorted(set(permissions))) for role, permissions in grants.items()}


class DomainDoor:
    """One plain world as the domain's values."""

    def __init__(self, world: World) -> None:
        self.world = world
        app = world["app"]
        self.app = AppRules(
            app["multi_tenant_enabled"], app["disable_permissions_checks"], app.get("permission_version", "v2")
        )
        self.app_grants: CompiledGrants = compile_grants(as_grants(world["app_grants"]))
        self.call_types = {
            name: call_rules.compile_call_type(name, compile_grants(as_grants(row["grants"])), row["settings"])
            for name, row in world["call_types"].items()
        }
        self.channel_types = {
            name: channel_rules.compile_channel_type(name, compile_grants(as_grants(row["grants"])), row["config"])
            for name, row in world["channel_types"].items()
        }
        self.users = {name: _user(key, name, row) for key, (name, row) in enumerate(world["users"].items(), start=1)}
        self.calls = {cid: self._call(key, cid, row) for key, (cid, row) in enumerate(world["calls"].items(), start=1)}
        self.channels = {cid: _channel(key, cid, row) for key, (cid, row) in enumerate(world["channels"].items(), 1)}

    def check(self, question: Question) -> Answer:
        """Answer one question; InvalidInput when the id asked about is none, NotFound when the type is unknown."""
        if question.get("call"):
            case, asked = self.call_case(question), call_rules.question(question["capability"])
            return as_answer(call_rules.check_call(case, _known(asked)))
        if question.get("channel"):
            channel_case, asked = self.channel_case(question), channel_capabilities.question(question["capability"])
            return as_answer(channel_rules.check_channel(channel_case, _known(asked)))
        asked = app_rules.question(question["capability"])
        return as_answer(app_rules.check_app(self.app_case(question), _known(asked)))

    def capabilities(self, question: Question) -> list[str]:
        """Return all capabilities of a user on a call or channel, in the order of the answer."""
        if question.get("call"):
            return call_capabilities.names(call_rules.call_actions(self.call_case(question)))
        return channel_capabilities.names(channel_rules.channel_rows(self.channel_case(question)))

    def explain(self, question: Question) -> Explanation:
        """Explain one answer."""
        if question.get("call"):
            asked = call_rules.question(question["capability"])
            return explain(call_rules.RULES, self.call_case(question), _known(asked))
        if question.get("channel"):
            asked = channel_capabilities.question(question["capability"])
            return explain(channel_rules.RULES, self.channel_case(question), _known(asked))
        asked = app_rules.question(question["capability"])
        return explain(app_rules.RULES, self.app_case(question), _known(asked))

    def admission(self, question: Question) -> Answer:
        """Answer whether a user may come into a call at `question["now"]` (nanoseconds)."""
        verdict = call_rules.admission(self.call_case(question), self.call(question), question["now"])
        return as_answer(verdict.decision)

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
        return call_rules.call_case(
            self.app,
            self.call_types[call.type],
            call,
            user,
            self.users.get(user),
            call_rules.member_with_facts(member, _call_facts(question.get("facts") or {})),
            _token_role(question),
            question.get("resource_owner", ""),
        )

    def channel_case(self, question: Question) -> channel_rules.ChannelCase:
        """Resolve one user on one channel."""
        name, facts = question["channel"].partition(":")[0], _channel_facts(question.get("facts") or {})
        if name not in self.channel_types:
            raise NotFound(f"channel type `{name}` does not exist")
        stored = self.channels.get(question["channel"]) or channel_rules.unstored(self.channel_types[name])
        row, user = self.world["channels"].get(question["channel"], {}), question["user"]
        said = row.get("members", {}).get(user, {})
        role = said.get("channel_role")
        member = ChannelMember(canonical(role) if role else None, banned=said.get("banned", False))
        return channel_rules.channel_case(
            self.app,
            self.channel_types[name],
            channel_rules.channel_with_facts(stored, facts),
            user,
            self.users.get(user),
            channel_rules.member_with_facts(member, facts),
            author=question.get("resource_owner", ""),
        )

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
        )


def _known(asked: int | None) -> int:
    if asked is None:
        raise InvalidInput("unknown capability", field="capability")
    return asked


def _user(key: int, name: str, row: dict[str, Any]) -> User:
    return User(
        key,
        name,
        canonical(row["role"]),
        frozenset(row["teams"]),
        {team: canonical(role) for team, role in row["teams_role"].items()},
        row["banned"],
        row["deactivated"],
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
    )


def _channel_facts(facts: dict[str, Any]) -> channel_rules.ChannelFacts:
    return channel_rules.ChannelFacts(
        member_role=facts.get("member_role"),
        created_by=facts.get("created_by_id"),
        team=facts.get("team"),
        frozen=facts.get("frozen"),
        disabled=facts.get("disabled"),
        cooldown=facts.get("cooldown"),
        flags=facts.get("config_override"),
    )
