"""May this user do this on this call: the rules of calls, in their order.

What is asked is a mask over the actions; a call's capabilities are actions under other names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from rolecall.domain import call_capabilities, shared_rules
from rolecall.domain.actions import ACTIONS
from rolecall.domain.call_capabilities import ACTION_BIT, SETTING_OF
from rolecall.domain.conditions import About
from rolecall.domain.decision import EVERYTHING, NOTHING, Decision, Reason, Rule, Rules, allowed, compiled, decide
from rolecall.domain.facts import Call, CallMember, User
from rolecall.domain.grants import NO_HOLDING, CompiledGrants, Holding
from rolecall.domain.permissions import action_index
from rolecall.domain.records import Settings
from rolecall.domain.roles import canonical
from rolecall.domain.settings import disabled_actions, overridden
from rolecall.domain.shared_rules import ChecksDisabled, RoleGranted, Standing, named
from rolecall.domain.subject import AppRules, about, granting, obstacle, owned, roles_of, settled, team_mask


@dataclass(frozen=True, slots=True)
class CallType:
    """A call type, compiled: its grants, and what its settings say of a call that was never stored."""

    name: str
    grants: CompiledGrants
    disabled: int
    backstage: bool
    join_ahead: int


def compile_call_type(name: str, grants: CompiledGrants, settings: Settings) -> CallType:
    """Compile a call type from its grants and flat settings."""
    return CallType(
        name=name,
        grants=grants,
        disabled=disabled_actions(settings),
        backstage=bool(settings.get("backstage.enabled", False)),
        join_ahead=int(settings.get("backstage.join_ahead_time_seconds", 0)),
    )


class CallFacts(NamedTuple):
    """Facts a caller holds itself, for one answer; None means: as stored. `member_role` "" means: not a member.

    `custom` is JSON text.
    """

    member_role: str | None = None
    created_by: str | None = None
    team: str | None = None
    settings: Settings | None = None
    blocked: bool | None = None
    backstage: bool | None = None
    starts_at: int | None = None
    ended: bool | None = None
    custom: str | None = None


class CallCase(NamedTuple):
    """One user on one call, everything resolved that the rules look at."""

    app: AppRules
    type_name: str
    user_id: str
    user: User | None
    holding: Holding
    owns: int
    team: int
    of_team: str
    member: CallMember
    disabled: int
    about: About | None = None

    @property
    def scope(self) -> str:
        """The scope whose grants decide."""
        return f"video:{self.type_name}"


NOT_A_MEMBER: Final = CallMember()


def unstored(call_type: CallType) -> Call:
    """Return the call that was never stored: judged by its type alone."""
    return Call(0, call_type.name, "", "", call_type.disabled, call_type.backstage, call_type.join_ahead, None, False)


def call_with_facts(call: Call, facts: CallFacts) -> Call:
    """Return a call with the caller's facts over what is stored, field by field."""
    settings: Mapping[str, object] = facts.settings or {}
    backstage = settings.get("backstage.enabled", call.backstage) if facts.backstage is None else facts.backstage
    join_ahead = settings.get("backstage.join_ahead_time_seconds", call.join_ahead)
    return replace(
        call,
        created_by=call.created_by if facts.created_by is None else facts.created_by,
        team=call.team if facts.team is None else facts.team,
        disabled=overridden(call.disabled, settings),
        backstage=bool(backstage),
        join_ahead=int(str(join_ahead)),
        starts_at=call.starts_at if facts.starts_at is None else facts.starts_at,
        ended=call.ended if facts.ended is None else facts.ended,
        custom=call.custom if facts.custom is None else facts.custom,
    )


def member_with_facts(member: CallMember, facts: CallFacts) -> CallMember:
    """Return a membership with the caller's facts over what is stored."""
    role = member.role if facts.member_role is None else canonical(facts.member_role) or None
    return replace(member, role=role, blocked=member.blocked if facts.blocked is None else facts.blocked)


Situation = tuple[CallType, Call, str, User | None, CallMember, str | None, str]
"""What is known of one user on one call: type, call, the user's id, user, membership, role of the token, cid."""


def call_case(app: AppRules, situation: Situation, author: str = "") -> CallCase:
    """Resolve roles, ownership and team of one user on one call."""
    call_type, call, user_id, user, member, token_role, cid = situation
    if user is None:
        return CallCase(app, call_type.name, user_id, None, NO_HOLDING, 0, 0, call.team, member, call.disabled)
    roles = roles_of(app, user, call.team, member.role, token_role)
    holding = call_type.grants.holding(roles)
    return CallCase(
        app,
        call_type.name,
        user_id,
        user,
        holding,
        owned(user_id, call.created_by, author),
        team_mask(app, user, call.team),
        call.team,
        member,
        call.disabled,
        about(user, roles[0], cid, call) if holding.conditional else None,
    )


def role_case(app: AppRules, call_type: CallType, call: Call, role: str) -> CallCase:
    """Resolve whoever holds just one role, on a call of its own team that it neither made nor is a member of.

    Permissions with conditions are about somebody, so they count for nobody.
    """
    user = User(0, "", role, frozenset((call.team,)) if call.team else frozenset())
    holding = call_type.grants.holding((role,))
    team = team_mask(app, user, call.team)
    return CallCase(app, call_type.name, "", user, holding, NOTHING, team, call.team, NOT_A_MEMBER, call.disabled)


Resolved = tuple[int, Holding, int, int]
"""Of one user on one call: where the rules must be asked one by one (a mask), what its roles hold, ownership, team."""


def resolve(app: AppRules, situation: Situation, author: str = "") -> Resolved:
    """Resolve once what any number of verdicts on one user on one call need."""
    call_type, call, user_id, user, member, token_role, _ = situation
    if user is None:
        return EVERYTHING, NO_HOLDING, NOTHING, NOTHING
    holding = call_type.grants.holding(roles_of(app, user, call.team, member.role, token_role))
    # Where a rule before RoleGranted may speak; a rule added there adds its condition here.
    if user.banned or user.deactivated or member.blocked or app.checks_disabled:
        exceptional = EVERYTHING
    else:
        exceptional = call.disabled | member.revoked | member.granted
    return (
        exceptional,
        holding,
        owned(user_id, call.created_by, author) if user_id in (call.created_by, author) else NOTHING,
        team_mask(app, user, call.team) if app.multi_tenant else EVERYTHING,
    )


def verdict(app: AppRules, situation: Situation, author: str, resolved: Resolved, asked: int) -> Decision:
    """Return the verdict of the rules on one action, at half their cost.

    Where no rule before RoleGranted can speak, which is nearly always, only roles decide and the rules need not be
    asked one by one. The tests hold the two ways against each other.
    """
    exceptional, holding, owns, team = resolved
    if exceptional & asked:
        return check_call(call_case(app, situation, author), asked)
    if holding.conditional & asked:
        holding = _settled(holding, situation, asked)
    decision = granting(holding, owns, team, asked)
    return decision if decision.allowed else obstacle(holding, owns, team, asked)


def _settled(holding: Holding, situation: Situation, asked: int) -> Holding:
    _, call, _, user, _, _, cid = situation
    return holding if user is None else holding.settled(about(user, holding.roles[0], cid, call), asked)


def question(capability: str) -> int | None:
    """Return the mask of a capability id or permission id asked about on a call; None when it is neither."""
    bit = ACTION_BIT.get(capability)
    if bit is not None:
        return bit
    index = action_index(capability)
    return None if index is None else 1 << index


def _setting(asked: int) -> str | None:
    return SETTING_OF.get(ACTIONS[asked.bit_length() - 1].name)


class Blocked(Rule):
    """Blocked on the call: nothing goes, membership or not."""

    name = "blocked"
    verdict = Decision(allowed=False, reason=Reason.BLOCKED)

    @staticmethod
    def speaks(case: CallCase, asked: int) -> int:
        return EVERYTHING if case.member.blocked else NOTHING

    @staticmethod
    def detail(case: CallCase, asked: int) -> str:
        return f"the user is {'' if case.member.blocked else 'not '}blocked on this call"

    @staticmethod
    def remedy(case: CallCase, asked: int) -> str:
        return "unblock the user on this call (UnblockUser)"


class UserRevoked(Rule):
    """Taken from this user on this call; survives leaving and rejoining."""

    name = "user_revoke"
    verdict = Decision(allowed=False, reason=Reason.USER_REVOKED)

    @staticmethod
    def speaks(case: CallCase, asked: int) -> int:
        return case.member.revoked

    @staticmethod
    def detail(case: CallCase, asked: int) -> str:
        return f"{named(asked)} was {'' if case.member.revoked & asked else 'not '}revoked for this user on this call"

    @staticmethod
    def remedy(case: CallCase, asked: int) -> str:
        return "grant it to this user again on this call (UpdateUserPermissions)"


class SettingDisabled(Rule):
    """A setting that is off takes its capabilities away; no grant lifts it."""

    name = "setting"
    verdict = Decision(allowed=False, reason=Reason.SETTING_DISABLED)

    @staticmethod
    def speaks(case: CallCase, asked: int) -> int:
        return case.disabled

    @staticmethod
    def detail(case: CallCase, asked: int) -> str:
        setting = _setting(asked)
        state = "off" if case.disabled & asked else "on"
        return f"setting `{setting}` is {state}" if setting else "no setting governs this"

    @staticmethod
    def remedy(case: CallCase, asked: int) -> str:
        return f"switch `{_setting(asked)}` on for this call (UpsertCall `settings_override`)"


class UserGranted(Rule):
    """Granted to this user on this call; works for non-members too."""

    name = "user_grant"
    verdict = Decision(allowed=True, reason=Reason.USER_GRANT)

    @staticmethod
    def speaks(case: CallCase, asked: int) -> int:
        return case.member.granted

    @staticmethod
    def detail(case: CallCase, asked: int) -> str:
        return f"{named(asked)} was {'' if case.member.granted & asked else 'not '}granted to this user on this call"


class Otherwise(shared_rules.Otherwise):
    """Default deny; a grant to the user alone, where that is the remedy already, needs no role."""

    @staticmethod
    def remedy(case: Any, asked: int) -> str:
        return "" if case.member.revoked & asked else shared_rules.Otherwise.remedy(case, asked)


RULES: Final[Rules] = (
    ChecksDisabled,
    Standing,
    Blocked,
    UserRevoked,
    SettingDisabled,
    UserGranted,
    RoleGranted,
    Otherwise,
)
"""The rules of calls, in order (rule: call capabilities)."""

_COMPILED: Final = compiled(RULES)

READING: Final = ACTION_BIT["read-call"]
"""The action of reading a call."""


def check_call(case: CallCase, asked: int) -> Decision:
    """Return the verdict on one action."""
    return decide(_COMPILED, settled(case, asked), asked)


def call_actions(case: CallCase) -> int:
    """Return the mask of all actions behind capabilities that are allowed."""
    return allowed(RULES, settled(case, call_capabilities.ALL), call_capabilities.ALL)
