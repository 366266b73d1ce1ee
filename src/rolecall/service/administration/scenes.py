"""What events show: the call or channel something happened to, and who it was about, read once for all who are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rolecall.domain.records import CallMemberRecord, ChannelMemberRecord, UserRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.calls.on_call import call_view, known_users
from rolecall.service.administration.calls.values import CallView
from rolecall.service.administration.channels.views import ChannelView, channel_view
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.watching.watches import Scene, of_call
from rolecall.store import Reader
from rolecall.store.changes import Happening


@dataclass(frozen=True, slots=True)
class Shown:
    """A call or channel as it is by now, those of the users involved that exist, and their memberships.

    `by_role` is what each role may do on the call. Neither call nor channel is there when it was deleted.
    """

    call: CallView | None = None
    channel: ChannelView | None = None
    users: Mapping[str, UserRecord] = field(default_factory=dict)
    members: Mapping[str, CallMemberRecord | ChannelMemberRecord] = field(default_factory=dict)
    by_role: Mapping[str, list[str]] = field(default_factory=dict)


class Scenes:
    """Reads what events show, as a server may; who is shown it is for the watch engine to say."""

    def __init__(self, access: Access, authorizer: Authorizer) -> None:
        self._access = access
        self._authorizer = authorizer

    async def read(self, app_id: int, happening: Happening) -> Scene:
        """Read what one event shows, all from one state of the store."""
        cid = happening.cid
        async with self._access.read(Caller(app_id)) as (reader, revision):
            shown = await (_on_call if of_call(happening) else _in_channel)(reader, happening)
        if shown is None:
            return Scene(None, revision, exists=False)
        if shown.call is None:
            return Scene(shown, revision)
        by_role, _ = await self._authorizer.answer(app_id, lambda app: self._authorizer.by_role(app, cid))
        return Scene(Shown(shown.call, None, shown.users, shown.members, by_role), revision)


async def _on_call(reader: Reader, happening: Happening) -> Shown | None:
    record = await reader.call(happening.cid)
    if record is None:
        return None
    view = await call_view(reader, record, 0)
    members = await reader.call_members(happening.cid, happening.user_ids)
    return Shown(call=view, users=await _users(reader, happening, view.users), members=members)


async def _in_channel(reader: Reader, happening: Happening) -> Shown | None:
    record = await reader.channel(happening.cid)
    if record is None:
        return None
    view = await channel_view(reader, Caller(reader.app_id), record, 0)
    members = await reader.channel_members(happening.cid, happening.user_ids)
    return Shown(channel=view, users=await _users(reader, happening, view.users), members=members)


async def _users(reader: Reader, happening: Happening, known: Mapping[str, UserRecord]) -> Mapping[str, UserRecord]:
    return {**known, **await known_users(reader, (happening.by, *happening.user_ids))}
