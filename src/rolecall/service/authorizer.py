"""The reads: may this user do this, what may they do, why, and who may come in. Never writes.

On a hit nothing awaits: an answer is computed from the index in one step. When facts are missing they are fetched and
the whole answer is computed again, so it is from one state of the world. A failure denies by raising.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from rolecall.domain import app_rules, call_capabilities, call_rules, channel_capabilities, channel_case, channel_rules
from rolecall.domain.admission import Admission, admission
from rolecall.domain.call_rules import resolve, verdict
from rolecall.domain.decision import Decision
from rolecall.domain.errors import InvalidInput, RolecallError, Unavailable
from rolecall.domain.explain import Explanation, explain
from rolecall.domain.facts import Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.subject import NO_GRANT, explained
from rolecall.service.cache import Name
from rolecall.service.callers import Caller
from rolecall.service.index import Index, Missing
from rolecall.service.questions import (
    APP,
    CALL,
    CHANNEL,
    Asked,
    Question,
    Target,
    subject_of,
    unknown_capability,
)
from rolecall.service.situations import Situations
from rolecall.service.state import AppState

T = TypeVar("T")
_ATTEMPTS: Final = 10


class RosterEntry(NamedTuple):
    """One member of a call and the mask of actions behind the capabilities allowed to them."""

    user_id: str
    role: str
    actions: int


class Seen(NamedTuple):
    """What is known of a call or channel, a user and the two together; `target.key` is 0 when it is not stored."""

    version: str
    target: Call | Channel
    user: User | None
    member: CallMember | ChannelMember


class Authorizer:
    """Answers from the index. `decisions` counts verdicts by reason."""

    def __init__(self, index: Index, clock: Callable[[], int] = time.time_ns) -> None:
        self._index = index
        self._situations = Situations(index.cache)
        self._clock = clock
        self.decisions: Counter[str] = Counter()

    # --- questions -------------------------------------------------------------------------------------------------

    async def check(self, caller: Caller, question: Question, capability: str) -> tuple[Decision, int]:
        """Return the verdict on one capability or permission id, and its revision."""
        known = self.check_now(caller, question, capability)
        if known is not None:
            return known
        decision, revision = await self.answer(
            caller.app_id, lambda app: self.decide(app, caller, question, capability)
        )
        self.decisions[decision.reason] += 1
        return decision, revision

    def check_now(self, caller: Caller, question: Question, capability: str) -> tuple[Decision, int] | None:
        """Return what `check` returns, None when facts have to be fetched first."""
        app = self._index.app(caller.app_id)
        try:
            decision = self.decide(app, caller, question, capability)
        except Missing:
            return None
        self.decisions[decision.reason] += 1
        return decision, app.revision

    async def prepare(self, caller: Caller, asked: Iterable[Asked]) -> None:
        """Fetch the facts of many checks together; those that can't be answered are left for the check to tell."""
        missing: set[Name] = set()
        app = self._index.app(caller.app_id)
        for question, capability in asked:
            try:
                if isinstance(question, Question):
                    self.decide(app, caller, question, capability)
            except Missing as signal:
                missing.update(signal.names)
            except RolecallError:
                pass
        if missing:
            await self._index.fetch(caller.app_id, missing)

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

    async def admission(self, caller: Caller, question: Question) -> tuple[Admission, int]:
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

    def revision(self, app_id: int) -> int:
        """Return the revision that answers are from now."""
        return self._index.app(app_id).revision

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
                situation, author = self._situations.on_call(app, caller, question), question.author
                return verdict(app.rules, situation, author, resolve(app.rules, situation, author), asked)
        elif question.channel:
            asked = channel_capabilities.question(capability)
            if asked is not None:
                in_channel = self._situations.in_channel(app, caller, question)
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
                    raise unknown_capability(capability, kind, hint=False)
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
            situation, author = self._situations.on_call(app, caller, question), question.author
            resolved = resolve(app.rules, situation, author)
            judge = partial(verdict, app.rules, situation, author, resolved)
            return CALL.asking(app), judge, "a call"
        target = self.target(app, caller, question)
        return target.question, partial(target.decide, target.case), target.kind

    def list_for(self, app: AppState, caller: Caller, question: Question) -> list[str]:
        """Return the sorted capabilities of one user on a call or channel."""
        if question.call:
            return call_capabilities.names(call_rules.call_actions(self._on_call(app, caller, question)[0]))
        if question.channel:
            return channel_capabilities.names(channel_rules.channel_rows(self._on_channel(app, caller, question)))
        raise InvalidInput("`call` or `channel` is required", field="call")

    def mask_of(self, app: AppState, caller: Caller, question: Question) -> int:
        """Return what one user may do on a call or channel as a mask, and in it what it may read there.

        `capability_names` and `readable` say what is in it.
        """
        return self.look(app, caller, question)[0]

    def look(self, app: AppState, caller: Caller, question: Question) -> tuple[int, Seen]:
        """Return what one user may do on a call or channel, as `mask_of` does, and what is stored that decides it."""
        situation: call_rules.Situation | channel_case.Situation
        if question.call:
            situation = on_call = self._situations.on_call(app, caller, question)
            mask = call_rules.call_actions(call_rules.call_case(app.rules, on_call, question.author))
        else:
            situation = in_channel = self._situations.in_channel(app, caller, question)
            case = channel_case.channel_case(app.rules, in_channel, question.author)
            mask = channel_rules.channel_rows(case, _BESIDES)
        _, target, _, user, member, _, _ = situation
        return mask, Seen(app.rules.permission_version, target, user, member)

    async def looks(self, caller: Caller, questions: Sequence[Question]) -> tuple[list[tuple[int, Seen]], int]:
        """Return what `look` returns of many questions, all from one state of the world."""
        return await self.answer(caller.app_id, lambda app: self._looks(app, caller, questions))

    def _looks(self, app: AppState, caller: Caller, questions: Sequence[Question]) -> list[tuple[int, Seen]]:
        missing: set[Name] = set()
        looks = []
        for question in questions:
            try:
                looks.append(self.look(app, caller, question))
            except Missing as signal:
                missing.update(signal.names)
        if missing:
            raise Missing(missing)
        return looks

    def by_role(self, app: AppState, cid: str) -> dict[str, list[str]]:
        """Return what a user of each role that the call's type grants anything may do there: one of its team."""
        of = self._situations.call(app, cid)
        cases = {role: call_rules.role_case(app.rules, *of, role) for role in sorted(of[0].grants.roles)}
        return {role: call_capabilities.names(call_rules.call_actions(case)) for role, case in cases.items()}

    def _explain(self, app: AppState, caller: Caller, question: Question, capability: str) -> Explanation:
        target = self.target(app, caller, question)
        return explain(target.rules, explained(target.case), target.asks(capability))

    def _admission(self, app: AppState, caller: Caller, question: Question) -> Admission:
        if not question.call:
            raise InvalidInput("`call` is required", field="call")
        case, call = self._on_call(app, caller, question)
        return admission(case, call, self._clock())

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
            case, of = self._on_call(app, caller, question)[0], CALL
        elif question.channel:
            case, of = self._on_channel(app, caller, question), CHANNEL
        else:
            case, of = self._in_app(app, caller, question), APP
        return Target(case, of.kind, of.rules_of(app.rules), of.decide, of.asking(app))

    def _on_call(self, app: AppState, caller: Caller, question: Question) -> tuple[call_rules.CallCase, Call]:
        situation = self._situations.on_call(app, caller, question)
        return call_rules.call_case(app.rules, situation, question.author), situation[1]

    def _on_channel(self, app: AppState, caller: Caller, question: Question) -> channel_case.ChannelCase:
        situation = self._situations.in_channel(app, caller, question)
        return channel_case.channel_case(app.rules, situation, question.author)

    def _in_app(self, app: AppState, caller: Caller, question: Question) -> app_rules.AppCase:
        user_id = subject_of(caller, question)
        user = self._situations.user(app, user_id)
        team = (question.call_facts.team if question.call_facts else None) or ""
        return app_rules.app_case(app.rules, app.grants, user_id, user, question.author, team)


def capability_names(question: Question, mask: int) -> tuple[str, ...]:
    """Return the sorted capabilities in a mask of the question's call or channel."""
    return tuple(call_capabilities.names(mask) if question.call else channel_capabilities.names(mask))


def readable(question: Question, mask: int) -> bool:
    """Tell whether a mask of the question's call or channel holds the right to read it."""
    return bool(mask & (call_rules.READING if question.call else channel_rules.READING))


def listable(question: Question, mask: int) -> bool:
    """Tell whether a mask of the question's call or channel holds the right to see who its members are."""
    return bool(mask & (call_rules.READING if question.call else channel_rules.LISTING))


_BESIDES: Final = channel_rules.READING | channel_rules.LISTING


Judge = tuple[Callable[[str], int | None], Callable[[int], Decision], str]
"""What a capability asks as a mask, the verdict on such a mask, and what is asked about, in words."""

_NO_JUDGE: Final[Judge] = (lambda _: None, lambda _: NO_GRANT, "")
