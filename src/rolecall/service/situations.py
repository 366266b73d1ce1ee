"""Who asks about what, from the facts that are held: what is known of one user on one call or channel.

Nothing here awaits. What is not held is Missing, all that a question needs at once.
"""

from __future__ import annotations

from typing import Any

from rolecall.domain import call_rules, channel_case
from rolecall.domain.facts import Call, Channel, User
from rolecall.domain.names import Cid, check_id, parse_cid
from rolecall.domain.roles import check_role
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, MISSING, USER, FactCache, Name
from rolecall.service.callers import Caller
from rolecall.service.index import Missing
from rolecall.service.questions import Question, subject_of
from rolecall.service.state import AppState


class Situations:
    """Looks up facts in the cache."""

    def __init__(self, cache: FactCache) -> None:
        self._cache = cache

    def user(self, app: AppState, user_id: str) -> User | None:
        """Return a user, None when there is none; Missing when that is not known."""
        user: User | None = self._cache.get((USER, app.id, user_id))
        if user is MISSING:
            raise Missing([(USER, app.id, check_id(user_id, "user_id"))])
        return user

    def call(self, app: AppState, cid: str) -> tuple[call_rules.CallType, Call]:
        """Return a call and its type, from the type alone when there is no such call; Missing when not known."""
        call: Call | None = self._cache.get((CALL, app.id, cid))
        if call is MISSING:
            raise Missing([(CALL, app.id, cid)])
        call_type = app.call_type(cid.partition(":")[0] if call is None else call.type)
        return call_type, call or call_rules.unstored(call_type)

    def on_call(self, app: AppState, caller: Caller, question: Question) -> call_rules.Situation:
        """Return what is known of the question's user on its call; Missing when facts are not held."""
        user_id = subject_of(caller, question)
        cid, facts = question.call, question.call_facts
        app_id, get = app.id, self._cache.young.get
        user: User | None = get((USER, app_id, user_id), MISSING)
        call: Call | None = get((CALL, app_id, cid), MISSING)
        if user is MISSING or call is MISSING:
            user, call = self._cache.get((USER, app_id, user_id)), self._cache.get((CALL, app_id, cid))
            if user is MISSING or call is MISSING:
                raise Missing(_names(app, CALL, CALL_MEMBER, parse_cid(cid, "call"), user_id))
        member = call_rules.NOT_A_MEMBER
        if call is None:
            call_type = app.call_type(cid.partition(":")[0])
            call = call_rules.unstored(call_type)
        else:
            call_type = app.call_types.get(call.type) or app.call_type(call.type)
            if user is not None:
                member = self._member((CALL_MEMBER, app.id, cid, user_id), call.key, user.key)
        if facts is not None:
            _check_facts_role(app, facts.member_role)
            call, member = call_rules.call_with_facts(call, facts), call_rules.member_with_facts(member, facts)
        return call_type, call, user_id, user, member, caller.role_on_call(cid) if caller.user_id else None, cid

    def in_channel(self, app: AppState, caller: Caller, question: Question) -> channel_case.Situation:
        """Return what is known of the question's user on its channel; Missing when facts are not held."""
        user_id = subject_of(caller, question)
        cid, facts = question.channel, question.channel_facts
        app_id, get = app.id, self._cache.young.get
        user: User | None = get((USER, app_id, user_id), MISSING)
        channel: Channel | None = get((CHANNEL, app_id, cid), MISSING)
        if user is MISSING or channel is MISSING:
            user, channel = self._cache.get((USER, app_id, user_id)), self._cache.get((CHANNEL, app_id, cid))
            if user is MISSING or channel is MISSING:
                raise Missing(_names(app, CHANNEL, CHANNEL_MEMBER, parse_cid(cid, "channel"), user_id))
        member = channel_case.NOT_A_MEMBER
        if channel is None:
            channel_type = app.channel_type(cid.partition(":")[0])
            channel = channel_case.unstored(channel_type)
        else:
            channel_type = app.channel_types.get(channel.type) or app.channel_type(channel.type)
            if user is not None:
                member = self._member((CHANNEL_MEMBER, app_id, cid, user_id), channel.key, user.key)
        if facts is not None:
            _check_facts_role(app, facts.member_role)
            channel = channel_case.channel_with_facts(channel, facts)
            member = channel_case.member_with_facts(member, facts)
        token_role = caller.role_on_channel(cid) if caller.user_id else None
        return channel_type, channel, user_id, user, member, token_role, cid

    def _member(self, name: Name, target_key: int, user_key: int) -> Any:
        """Return the facts of one user on one target; those of a deleted call or user don't count."""
        member = self._cache.get(name)
        if member is MISSING or member is None:
            raise Missing([name])
        of_target, of_user = member.of
        if of_target != target_key or of_user != user_key:
            raise Missing([name])
        return member


def _check_facts_role(app: AppState, role: str | None) -> None:
    if role:
        check_role(role, app.roles, "facts.member_role")


def _names(app: AppState, kind: int, member_kind: int, cid: Cid, user_id: str) -> list[Name]:
    """Return everything a question about one user on one call or channel needs, read in one trip."""
    text = f"{cid.type}:{cid.id}"
    check_id(user_id, "user_id")
    return [(USER, app.id, user_id), (kind, app.id, text), (member_kind, app.id, text, user_id)]
