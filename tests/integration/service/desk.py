"""One app on a real store and index, and the few things that tests do with it again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rolecall.domain.decision import Decision
from rolecall.domain.records import AppRecord
from rolecall.service.administration import Administration
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.channels.values import ChannelChange
from rolecall.service.administration.users.values import UserChange
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Store

SECRET: Final = "the secret of acme, long enough for HS256"


@dataclass(frozen=True)
class Desk:
    """One app, and everything that answers for it."""

    store: Store
    index: Index
    authorizer: Authorizer
    admin: Administration
    app: AppRecord

    @property
    def server(self) -> Caller:
        return Caller(self.app.id)

    def user(self, user_id: str, *, call_cids: tuple[str, ...] = (), role: str = "") -> Caller:
        return Caller(self.app.id, user_id, frozenset(call_cids), frozenset(), role)

    async def decide(self, user_id: str, capability: str, *, call: str = "", channel: str = "") -> Decision:
        question = Question(user_id=user_id, call=call, channel=channel)
        return (await self.authorizer.check(self.server, question, capability))[0]

    async def revision(self) -> int:
        """Return the revision that is committed."""
        async with self.store.snapshot(self.app.id) as reader:
            app = await reader.app_by_id(self.app.id)
        assert app is not None
        return app.revision

    async def make_users(self, *ids: str, role: str = "user", teams: tuple[str, ...] = ()) -> None:
        changes = [UserChange(user_id, role=role, teams=teams) for user_id in ids]
        await self.admin.users.upsert(self.server, changes)

    async def make_call(self, cid: str, *, owner: str = "", team: str = "", members: tuple[str, ...] = ()) -> None:
        change = CallChange(cid, created_by_id=owner, team=team, members=tuple(map(CallMemberChange, members)))
        await self.admin.calls.upsert(self.server, change)

    async def make_channel(self, cid: str, *, owner: str = "", team: str = "") -> None:
        await self.admin.channels.upsert(self.server, ChannelChange(cid, created_by_id=owner, team=team))
