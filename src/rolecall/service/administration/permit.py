"""The one place where a write or a read asks whether its caller may: answered by the authorizer, as any question is.

Server-side callers are not asked about. What only they may do is refused by `server_only`, whatever a user's
capabilities are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from rolecall.domain import app_rules, call_capabilities, channel_capabilities
from rolecall.domain.actions import ACTIONS, INDEX
from rolecall.domain.call_rules import CallFacts
from rolecall.domain.channel_case import ChannelCase
from rolecall.domain.decision import Reason
from rolecall.domain.errors import Forbidden, NotFound, RolecallError
from rolecall.domain.facts import User
from rolecall.domain.names import shown
from rolecall.domain.policies import asks_for
from rolecall.domain.roles import DEFAULT_USER_ROLE
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.index import Missing
from rolecall.service.questions import Question, Target
from rolecall.service.state import AppState

_EITHER: Final = {"AddOwnChannelMembership": "join-channel", "RemoveOwnChannelMembership": "leave-channel"}
"""Actions on oneself that the wider action also allows: the capability that counts both is asked for."""

CALL_CAPABILITIES: Final = tuple(row.id for row in call_capabilities.CAPABILITIES)
CHANNEL_CAPABILITIES: Final = tuple(row.id for row in channel_capabilities.CAPABILITIES)


def server_only(caller: Caller, what: str, field: str = "") -> None:
    """Refuse users; `what` is what they tried, such as ``changing roles``."""
    if not caller.server_side:
        raise Forbidden(
            f"{what} takes a server-side token, this one is of user {shown(caller.user_id)}",
            field=field,
            reason="SERVER_SIDE_ONLY",
        )


class Permit:
    """Asks for users."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    async def require(self, caller: Caller, target: Question, actions: Iterable[str]) -> None:
        """Raise Forbidden unless the caller may do every action on the target."""
        await self.require_all(caller, [(target, action) for action in actions])

    async def require_any(self, caller: Caller, target: Question, actions: Sequence[str]) -> None:
        """Raise Forbidden unless the caller may do one of the actions on the target; it speaks of the first."""
        refusals = await self._refusals(caller, [(target, action) for action in actions])
        if refusals and refusals[0] is not None and None not in refusals:
            raise refusals[0]

    async def require_all(self, caller: Caller, asked: Sequence[tuple[Question, str]]) -> None:
        """Raise Forbidden unless the caller may do each action on its target."""
        for refusal in await self._refusals(caller, asked):
            if refusal is not None:
                raise refusal

    async def require_in_app(self, caller: Caller, action: str, teams: Iterable[str], author: str = "") -> None:
        """Raise Forbidden unless the caller may do the action in `.app` on a thing of one of the teams, or of none."""
        asked = [(in_team(team, author), action) for team in tuple(teams) or ("",)]
        refusals = await self._refusals(caller, asked)
        denied = [refusal for refusal in refusals if refusal is not None]
        if denied and len(denied) == len(refusals):
            raise denied[0]

    async def allowed(self, caller: Caller, targets: Iterable[Question], action: str) -> list[bool]:
        """Tell for each target whether the caller may do the action there."""
        asked = [(target, action) for target in targets]
        if caller.server_side:
            return [True] * len(asked)
        return [refusal is None for refusal in await self._refusals(caller, asked)]

    async def newcomer_may(self, caller: Caller, action: str) -> bool:
        """Tell whether the caller, who is no user yet, may do an action in `.app` on its own things once it is one."""
        new = User(0, caller.user_id, DEFAULT_USER_ROLE)

        def judge(app: AppState) -> bool:
            case = app_rules.app_case(app.rules, app.grants, new.id, new, author=new.id)
            return app_rules.check_app(case, 1 << INDEX[action]).allowed

        return (await self._authorizer.answer(caller.app_id, judge))[0]

    async def own_capabilities(self, caller: Caller, target: Question) -> tuple[str, ...]:
        """Return what the caller may do on a call or channel, sorted; server side: everything there is."""
        if caller.server_side:
            return CALL_CAPABILITIES if target.call else CHANNEL_CAPABILITIES
        return tuple((await self._authorizer.capabilities(caller, target))[0])

    async def capabilities_after(self, caller: Caller, target: Question, revision: int) -> tuple[str, ...]:
        """Return the caller's own capabilities after a write."""
        if caller.server_side:
            return await self.own_capabilities(caller, target)
        return await self._known(caller, target, revision)

    async def capabilities_of(self, caller: Caller, target: Question, revision: int) -> tuple[str, ...]:
        """Return the capabilities of the user that the target names, after a write by the caller."""
        return await self._known(Caller(caller.app_id), target, revision)

    async def _known(self, caller: Caller, target: Question, revision: int) -> tuple[str, ...]:
        """Return capabilities at a revision; none when the index can't tell: a write is no failure for that."""
        try:
            capabilities, known = await self._authorizer.capabilities(caller, target)
        except RolecallError:
            return ()
        return tuple(capabilities) if known >= revision else ()

    async def _refusals(self, caller: Caller, asked: Sequence[tuple[Question, str]]) -> list[RolecallError | None]:
        """Return what stands in the way of each, all from one state of the world."""
        if caller.server_side or not asked:
            return []
        return (await self._authorizer.answer(caller.app_id, lambda app: self._judge(app, caller, asked)))[0]

    def _judge(
        self, app: AppState, caller: Caller, asked: Sequence[tuple[Question, str]]
    ) -> list[RolecallError | None]:
        refusals: list[RolecallError | None] = []
        missing: set[tuple[object, ...]] = set()
        for target, action in asked:
            try:
                refusals.append(self._refusal(app, caller, target, action))
            except Missing as signal:
                missing.update(signal.names)
            except NotFound as error:  # the type is gone since the target was read
                refusals.append(error)
        if missing:
            raise Missing(missing)
        return refusals

    def _refusal(self, app: AppState, caller: Caller, target: Question, action: str) -> Forbidden | None:
        """Return None when allowed. Facts come from here, not from the user, so they are asked as a server may."""
        asks = Caller(caller.app_id) if target.call_facts or target.channel_facts else caller
        resolved = self._authorizer.target(app, asks, target._replace(user_id=caller.user_id))
        decision = resolved.decide(resolved.case, resolved.asks(_EITHER.get(action) or ACTIONS[INDEX[action]].id))
        return None if decision.allowed else _denied(resolved, action, decision.reason)


def in_team(team: str, author: str = "") -> Question:
    """Return the target that is a thing in the app, of a team and, when given, owned by the author."""
    return Question(author=author, call_facts=CallFacts(team=team))


def _denied(target: Target, action: str, reason: Reason) -> Forbidden:
    """Make the error in the words that clients of Stream know: those of the permission version that decided."""
    case = target.case
    by_policy = isinstance(case, ChannelCase) and case.policies is not None
    text = _denied_by_policy(case, action) if by_policy else _denied_by_grants(case, action, reason)
    return Forbidden(text, metadata={"action": action, "scope": case.scope, "reason": str(reason)})


def _denied_by_grants(case: Any, action: str, reason: Reason) -> str:
    roles = _distinct(case)
    who = f" with roles {roles!r}" if len(roles) > 1 else "".join(f" with role '{role}'" for role in roles)
    user = f"User '{case.user_id}'{who}{_from_teams(case)}"
    if reason is Reason.OTHER_TEAM and not case.of_team:
        return (
            f"{user} cannot access resource in scope '{case.scope}' "
            "because requested resource does not belong to any team"
        )
    return f"{user} is not allowed to perform action {action} in scope '{case.scope}'"


def _from_teams(case: Any) -> str:
    """Return the teams of the user where teams count."""
    teams = sorted(case.user.teams) if case.app.multi_tenant and case.user is not None else []
    return f" from teams {teams!r}" if len(teams) > 1 else "".join(f" from team '{team}'" for team in teams)


def _denied_by_policy(case: Any, action: str) -> str:
    roles = _distinct(case)
    who = f" with roles {roles!r}" if len(roles) > 1 else "".join(f" with role {role}" for role in roles)
    resource = asks_for(action)[0]
    return f"User '{case.user_id}'{who} is not allowed to access Resource {resource} on channel type {case.scope}"


def _distinct(case: Any) -> list[str]:
    return list(dict.fromkeys(case.holding.roles))
