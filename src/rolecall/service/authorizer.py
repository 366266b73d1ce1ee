"""The reads: may this user do this, what may they do, why, and who may come in. Never writes.

On a hit nothing awaits: an answer is computed from the index in one step. When facts are missing they are fetched and
the whole answer is computed again, so it is from one state of the world. A failure denies by raising.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from rolecall.domain import app_rules, call_capabilities, call_rules, channel_capabilities, channel_case, channel_rules
from rolecall.domain.call_rules import resolve, verdict
from rolecall.domain.custom_permissions import CustomPermissions
from rolecall.domain.decision import EVERYTHING, Decision, Rules
from rolecall.domain.errors import Forbidden, InvalidInput, RolecallError, Unavailable
from rolecall.domain.explain import Explanation, explain
from rolecall.domain.facts import Call, Channel, User
from rolecall.domain.names import Cid, check_id, parse_cid, shown
from rolecall.domain.permissions import BUILT_IN, nearest
from rolecall.domain.roles import check_role
from rolecall.domain.subject import NO_GRANT, settled
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, MISSING, USER, Name
from rolecall.service.callers import Caller
from rolecall.service.index import Index, Missing
from rolecall.service.state import AppState

T = TypeVar("T")
_ATTEMPTS: Final = 10


class Question(NamedTuple):
    """Who is asked about, and where; what is asked comes beside it.

    With neither call nor channel: the `.app` scope. `user_id` "" means the token's user.
    """

    user_id: str = ""
    call: str = ""
    channel: str = ""
    author: str = ""
    call_facts: call_rules.CallFacts | None = None
    channel_facts: channel_case.ChannelFacts | None = None


Asked = tuple[Question | RolecallError, str]
"""A question and a capability; an error in the place of a question is its answer."""


class RosterEntry(NamedTuple):
    """One member of a call and the mask of actions behind the capabilities allowed to them."""

    user_id: str
    role: str
    actions: int


class Authorizer:
    """Answers from the index. `decisions` counts verdicts by reason."""

    def __init__(self, index: Index, clock: Callable[[], int] = time.time_ns) -> None:
        self._index = index
        self._cache = index.cache
        self._clock = clock
        self.decisions: Counter[str] = Counter()

    # --- questions -------------------------------------------------------------------------------------------------

    async def check(self, caller: Caller, question: Question, capability: str) -> tuple[Decision, int]:
        """Return the verdict on one capability or permission id, and its revision."""
        app = self._index.app(caller.app_id)
        try:
            decision, revision = self.decide(app, caller, question, capability), app.revision
        except Missing:
            decision, revision = await self.answer(
                caller.app_id, lambda app: self.decide(app, caller, question, capability)
            )
        self.decisions[decision.reason] += 1
        return decision, revision

    async def check_all(self, caller: Caller, asked: Sequence[Asked]) -> tuple[list[Decision | RolecallError], int]:
        """Return a verdict or an error for each question, in order, all from one state of the world.

        Questions that are one object are resolved once.
        """
        results, revision = await self.answer(caller.app_id, lambda app: self._decide_all(app, caller, asked))
        self.decisions.update(result.reason for result in results if isinstance(result, Decision))
        return results, revision

    async def capabilities(self, caller: Caller, question: Question) -> tuple[list[str], int]:
        """Return the sorted capabilities of one user on the question's call or channel."""
        return await self.answer(caller.app_id, lambda app: self.list_for(app, caller, question))

    async def explain(self, caller: Caller, question: Question, capability: str) -> tuple[Explanation, int]:
        """Return the verdict on one capability or permission id with the step of each rule."""
        return await self.answer(caller.app_id, lambda app: self._explain(app, caller, question, capability))

    async def admission(self, caller: Caller, question: Question) -> tuple[call_rules.Admission, int]:
        """Return whether one user may come into the question's call now."""
        return await self.answer(caller.app_id, lambda app: self._admission(app, caller, question))

    async def roster(self, caller: Caller, cid: str, user_ids: Sequence[str]) -> tuple[list[RosterEntry], int]:
        """Return the capabilities of each named member of a call; those that are no members are left out."""
        return await self.answer(caller.app_id, lambda app: self._roster(app, cid, user_ids))

    async def answer(self, app_id: int, compute: Callable[[AppState], T]) -> tuple[T, int]:
        """Compute from one state of the world, fetching what is missing; the revision is that state's."""
        for _ in range(_ATTEMPTS):
            app = self._index.app(app_id)
            try:
                return compute(app), app.revision
            except Missing as missing:
                names = missing.names
            await self._index.fetch(app_id, names)
        raise Unavailable("the facts of this question do not fit into the cache together", reason="CACHE_TOO_SMALL")

    async def reach(self, app_id: int, revision: int, seconds: float) -> None:
        """Wait for a revision; Unavailable when it does not come in time."""
        if revision > self._index.app(app_id).revision:
            await self._index.reach(app_id, revision, seconds)

    # --- one state of the world: nothing below awaits ---------------------------------------------------------------

    def decide(self, app: AppState, caller: Caller, question: Question, capability: str) -> Decision:
        """Return the verdict from this state; Missing when facts are not held."""
        if question.call:
            asked = call_rules.question(capability)
            if asked is not None:
                situation, author = self._situation(app, caller, question), question.author
                return verdict(app.rules, situation, author, resolve(app.rules, situation, author), asked)
        elif question.channel:
            asked = channel_capabilities.question(capability)
            if asked is not None:
                in_channel = self._channel_situation(app, caller, question)
                return channel_rules.verdict(app.rules, in_channel, question.author, asked)
        target = self.target(app, caller, question)
        return target.decide(target.case, target.asks(capability))

    def _decide_all(self, app: AppState, caller: Caller, asked: Sequence[Asked]) -> list[Decision | RolecallError]:
        results: list[Decision | RolecallError] = []
        missing: set[Name] = set()
        judged: tuple[Question | None, Judge] = (None, _NO_JUDGE)
        for question, capability in asked:
            try:
                if question is not judged[0]:
                    if isinstance(question, RolecallError):
                        raise question
                    judged = question, self._judge(app, caller, question)
                ask, judge, kind = judged[1]
                mask = ask(capability)
                if mask is None:
                    raise _unknown_capability(capability, kind, hint=False)
                results.append(judge(mask))
            except Missing as signal:
                missing.update(signal.names)
            except RolecallError as error:
                results.append(error)
        if missing:
            raise Missing(missing)
        return results

    def _judge(self, app: AppState, caller: Caller, question: Question) -> Judge:
        """Return what a capability asks here, and what answers it."""
        if question.call:
            situation, author = self._situation(app, caller, question), question.author
            resolved = resolve(app.rules, situation, author)
            judge = partial(verdict, app.rules, situation, author, resolved)
            return _asking(app, call_rules.question), judge, "a call"
        target = self.target(app, caller, question)
        return target.question, partial(target.decide, target.case), target.kind

    def list_for(self, app: AppState, caller: Caller, question: Question) -> list[str]:
        """Return the sorted capabilities of one user on a call or channel."""
        if question.call:
            return call_capabilities.names(call_rules.call_actions(self._on_call(app, caller, question)[0]))
        if question.channel:
            return channel_capabilities.names(channel_rules.channel_rows(self._on_channel(app, caller, question)))
        raise InvalidInput("`call` or `channel` is required", field="call")

    def _explain(self, app: AppState, caller: Caller, question: Question, capability: str) -> Explanation:
        target = self.target(app, caller, question)
        return explain(target.rules, settled(target.case, EVERYTHING), target.asks(capability))

    def _admission(self, app: AppState, caller: Caller, question: Question) -> call_rules.Admission:
        if not question.call:
            raise InvalidInput("`call` is required", field="call")
        case, call = self._on_call(app, caller, question)
        return call_rules.admission(case, call, self._clock())

    def _roster(self, app: AppState, cid: str, user_ids: Sequence[str]) -> list[RosterEntry]:
        missing: set[Name] = set()
        entries = []
        for user_id in user_ids:
            try:
                case, _ = self._on_call(app, Caller(app.id), Question(user_id=user_id, call=cid))
            except Missing as signal:
                missing.update(signal.names)
                continue
            if case.member.role is not None:
                entries.append(RosterEntry(user_id, case.member.role, call_rules.call_actions(case)))
        if missing:
            raise Missing(missing)
        return entries

    # --- resolving --------------------------------------------------------------------------------------------------

    def target(self, app: AppState, caller: Caller, question: Question) -> Target:
        """Resolve who asks about what; which rules decide follows from the target."""
        case: Any
        if question.call:
            case, of = self._on_call(app, caller, question)[0], _CALL
        elif question.channel:
            case, of = self._on_channel(app, caller, question), _CHANNEL_V1 if app.rules.on_v1 else _CHANNEL
        else:
            case, of = self._in_app(app, caller, question), _APP_V1 if app.rules.on_v1 else _APP
        return Target(case, of.kind, of.rules, of.decide, _asking(app, of.question))

    def _on_call(self, app: AppState, caller: Caller, question: Question) -> tuple[call_rules.CallCase, Call]:
        situation = self._situation(app, caller, question)
        return call_rules.call_case(app.rules, situation, question.author), situation[1]

    def _situation(self, app: AppState, caller: Caller, question: Question) -> call_rules.Situation:
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

    def _on_channel(self, app: AppState, caller: Caller, question: Question) -> channel_case.ChannelCase:
        situation = self._channel_situation(app, caller, question)
        return channel_case.channel_case(app.rules, situation, question.author)

    def _channel_situation(self, app: AppState, caller: Caller, question: Question) -> channel_case.Situation:
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

    def _in_app(self, app: AppState, caller: Caller, question: Question) -> app_rules.AppCase:
        user_id = subject_of(caller, question)
        user: User | None = self._cache.get((USER, app.id, user_id))
        if user is MISSING:
            raise Missing([(USER, app.id, check_id(user_id, "user_id"))])
        team = (question.call_facts.team if question.call_facts else None) or ""
        return app_rules.app_case(app.rules, app.grants, user_id, user, question.author, team)

    def _member(self, name: Name, target_key: int, user_key: int) -> Any:
        """Return the facts of one user on one target; those of a deleted call or user don't count."""
        member = self._cache.get(name)
        if member is MISSING or member is None:
            raise Missing([name])
        of_target, of_user = member.of
        if of_target != target_key or of_user != user_key:
            raise Missing([name])
        return member


class Target(NamedTuple):
    """One user on one target, and the rules that decide there."""

    case: Any
    kind: str
    rules: Rules
    decide: Callable[[Any, int], Decision]
    question: Callable[[str], int | None]

    def asks(self, capability: str) -> int:
        """Return the mask that a capability or permission id asks about here."""
        asked = self.question(capability)
        if asked is None:
            raise _unknown_capability(capability, self.kind)
        return asked


Judge = tuple[Callable[[str], int | None], Callable[[int], Decision], str]
"""What a capability asks as a mask, the verdict on such a mask, and what is asked about, in words."""

_NO_JUDGE: Final[Judge] = (lambda _: None, lambda _: NO_GRANT, "")


class Place(NamedTuple):
    """Where questions are asked: in words, which rules decide there, and what an id asks about."""

    kind: str
    rules: Rules
    decide: Callable[[Any, int], Decision]
    question: Callable[[str], int | None]


_CALL: Final = Place("a call", call_rules.RULES, call_rules.check_call, call_rules.question)
_CHANNEL: Final = Place("a channel", channel_rules.RULES, channel_rules.check_channel, channel_capabilities.question)
_CHANNEL_V1: Final = _CHANNEL._replace(rules=channel_rules.RULES_V1)
_APP: Final = Place("the app", app_rules.RULES, app_rules.check_app, app_rules.question)
_APP_V1: Final = _APP._replace(rules=app_rules.RULES_V1)
_IDS: Final = {
    "a call": [row.id for row in call_capabilities.CAPABILITIES],
    "a channel": [row.id for row in channel_capabilities.CAPABILITIES],
    "the app": [],
}


def _asking(app: AppState, question: Callable[[str], int | None]) -> Callable[[str], int | None]:
    """Return what an id asks about in this app: a custom permission's asks about its action."""
    return partial(_custom_too, app.permissions, question) if app.permissions else question


def _custom_too(customs: CustomPermissions, question: Callable[[str], int | None], capability: str) -> int | None:
    asked = question(capability)
    custom = customs.get(capability) if asked is None else None
    return asked if custom is None else question(custom.permission.action.id)


def _unknown_capability(capability: str, kind: str, *, hint: bool = True) -> InvalidInput:
    """Make the error; finding what a typo meant takes milliseconds, too long for each of many."""
    if not capability:
        return InvalidInput("`capability` is required", field="capability")
    known = dict.fromkeys([*_IDS[kind], *BUILT_IN]) if hint else ()
    hints = " or ".join(f"`{name}`" for name in nearest(capability, known))
    what = "not a permission id" if kind == "the app" else f"neither a capability of {kind} nor a permission id"
    return InvalidInput(
        f"`capability`: {shown(capability)} is {what}" + (f"; did you mean {hints}?" if hints else ""),
        field="capability",
        reason="UNKNOWN_CAPABILITY",
    )


def subject_of(caller: Caller, question: Question) -> str:
    """Return who a question is about; a user token may only ask about itself, and not with facts of its own."""
    own = caller.user_id
    if not own:
        return question.user_id or check_id("", "user_id")
    if question.user_id and question.user_id != own:
        raise Forbidden(
            f"the token of user {shown(own)} may ask only about that user, not about {shown(question.user_id)}",
            field="user_id",
        )
    if question.call_facts is not None or question.channel_facts is not None:
        raise Forbidden("facts can be sent by server-side callers only", field="facts")
    return own


def _check_facts_role(app: AppState, role: str | None) -> None:
    if role:
        check_role(role, app.roles, "facts.member_role")


def _names(app: AppState, kind: int, member_kind: int, cid: Cid, user_id: str) -> list[Name]:
    """Return everything a question about one user on one call or channel needs, read in one trip."""
    text = f"{cid.type}:{cid.id}"
    check_id(user_id, "user_id")
    return [(USER, app.id, user_id), (kind, app.id, text), (member_kind, app.id, text, user_id)]
