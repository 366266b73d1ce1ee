"""What whoever follows a call or channel asks the store: who its members are, and how far back the change log goes."""

from __future__ import annotations

from typing import Final, NamedTuple

from rolecall.service.administration.access import Access
from rolecall.service.administration.calls.on_call import no_such_call
from rolecall.service.administration.channels.writes import no_such_channel
from rolecall.service.callers import Caller
from rolecall.service.questions import Question

_PAGE: Final = 1_000


class RosterPage(NamedTuple):
    """Some members, by user id; `after` leads to the next page, None when this is the last."""

    user_ids: tuple[str, ...]
    after: str | None
    revision: int


class Rosters:
    """Reads members as a server may."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def page(self, app_id: int, target: Question, after: str) -> RosterPage:
        """Return a page of the members of the target; NotFound when it is not stored."""
        cid = target.call or target.channel
        async with self._access.read(Caller(app_id)) as (reader, revision):
            if target.call:
                if await reader.call(cid) is None:
                    raise no_such_call(cid, "call")
                ids = [member.user_id for member in await reader.list_call_members(cid, _PAGE, after)]
            else:
                if await reader.channel(cid) is None:
                    raise no_such_channel(cid, "channel")
                ids = [member.user_id for member in await reader.list_channel_members(cid, _PAGE, after)]
        return RosterPage(tuple(ids), ids[-1] if len(ids) == _PAGE else None, revision)

    async def remembers(self, app_id: int, revision: int) -> bool:
        """Tell whether all that came after a revision of the app is still in the change log."""
        async with self._access.read(Caller(app_id)) as (reader, _):
            return await reader.remembers(revision)
