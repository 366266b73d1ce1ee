"""What WebSocket clients are told, in Stream's names: from notices of the watch engine to the text of messages.

Who is told what was decided before. What many are told alike is written once and kept for a while with the scene it
shows.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from rolecall.domain.names import parse_cid
from rolecall.domain.records import CallMemberRecord, ChannelMemberRecord, UserRecord
from rolecall.service.administration.channels.views import MemberView
from rolecall.service.administration.scenes import Shown
from rolecall.service.questions import Question
from rolecall.service.watching.watches import CapabilitiesChanged, Happening, Notice, Scene, Told
from rolecall.transports.rest.errors import ApiError
from rolecall.transports.rest.shapes.call import call, members
from rolecall.transports.rest.shapes.channel import channel, channel_member
from rolecall.transports.rest.shapes.user import full_user, user
from rolecall.transports.rest.surface import Surface, Time, encoded

HEALTH: Final = "health.check"
_ALL: Final = "*"
_PERMISSIONS_UPDATED: Final = "call.permissions_updated"
_CHANNEL_UPDATED: Final = "channel.updated"
_NOBODY: Final = Shown()

Body = dict[str, Any]


# --- the connection itself -------------------------------------------------------------------------------------------


def connected(surface: Surface, connection_id: str, record: UserRecord) -> str:
    """Return the first message, with which a client is connected."""
    kind = {"type": "connection.ok"} if surface is Surface.VIDEO else {"type": HEALTH, "cid": _ALL}
    return _text({**kind, "connection_id": connection_id, "me": full_user(surface, record), "created_at": _now()})


def health(connection_id: str) -> str:
    """Return a health check, sent by itself from time to time and in answer to pings."""
    return _text({"type": HEALTH, "connection_id": connection_id, "cid": _ALL, "created_at": _now()})


def refused(error: ApiError) -> str:
    """Return the error that is the last message."""
    return _text({"type": "connection.error", "error": error, "created_at": _now()})


class Written:
    """Texts that are kept with their scenes: in all as long as `most`, the oldest are let go.

    Scenes wait with the notices of those who read slowly, and must not hold what everybody else has been sent.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._length = 0
        self._kept: deque[tuple[dict[Any, Any], Any, int]] = deque()

    def keep(self, scene: Scene, key: Any, texts: Sequence[str]) -> None:
        """Keep texts with a scene under a key of its own."""
        scene.written[key] = texts
        length = sum(map(len, texts))
        self._length += length
        self._kept.append((scene.written, key, length))
        while self._length > self._most:
            written, oldest, length = self._kept.popleft()
            written.pop(oldest, None)
            self._length -= length


_WRITTEN: Final = Written(4 << 20)


# --- notices ---------------------------------------------------------------------------------------------------------


def written(surface: Surface, notice: Notice, own: UserRecord) -> Sequence[str]:
    """Return the messages that tell a user of a notice; `own` is the user itself."""
    if isinstance(notice, CapabilitiesChanged) and notice.target.call:
        body = _common(_PERMISSIONS_UPDATED, notice.target)
        return [_text({**body, "user": user(surface, own, own.id), "own_capabilities": notice.own_capabilities})]
    if notice.scene is None:
        return []
    happened = notice.happening if isinstance(notice, Told) else Happening(_CHANNEL_UPDATED, notice.target.channel)
    key = (surface, happened.type, happened.user_ids, notice.own_capabilities, notice.whole, notice.lists)
    texts: Sequence[str] | None = notice.scene.written.get(key)
    if texts is None:
        texts = _texts(surface, notice, happened)
        _WRITTEN.keep(notice.scene, key, texts)
    return texts


def _texts(surface: Surface, notice: Notice, happened: Happening) -> list[str]:
    shown = notice.scene.content if notice.scene and notice.scene.content else _NOBODY
    common = _common(happened.type, notice.target)
    own = {"own_capabilities": notice.own_capabilities}
    if notice.target.call:
        more = _OF_CALLS.get(happened.type, _nothing)(surface, happened, shown)
        if notice.whole and shown.call is not None:
            more = {**more, "call": call(surface, shown.call)}
        return [_text({**common, **more, **own})]
    of_channel = _channel(surface, notice, shown)
    if happened.type.startswith("member."):
        return [
            _text({**common, **_channel_member(surface, happened.type, one, shown), **of_channel, **own})
            for one in happened.user_ids
        ]
    return [_text({**common, **_by(surface, happened, shown), **of_channel, **own})]


def _common(event: str, target: Question) -> Body:
    if target.call:
        return {"type": event, "created_at": _now(), "call_cid": target.call}
    name = parse_cid(target.channel, "cid")
    return {
        "type": event,
        "created_at": _now(),
        "cid": target.channel,
        "channel_id": name.id,
        "channel_type": name.type,
    }


# --- calls -----------------------------------------------------------------------------------------------------------


def _nothing(surface: Surface, happened: Happening, shown: Shown) -> Body:
    return {}


def _updated(surface: Surface, happened: Happening, shown: Shown) -> Body:
    return {"capabilities_by_role": shown.by_role}


def _by(surface: Surface, happened: Happening, shown: Shown) -> Body:
    """Return who did it, when it was a user."""
    return {"user": _user(surface, happened.by, shown)} if happened.by else {}


def _about(surface: Surface, happened: Happening, shown: Shown) -> Body:
    """Return the one it happened to."""
    return {"user": _user(surface, happened.user_ids[0], shown)} if happened.user_ids else {}


def _blocked(surface: Surface, happened: Happening, shown: Shown) -> Body:
    by = {"blocked_by_user": _user(surface, happened.by, shown)} if happened.by else {}
    return {**_about(surface, happened, shown), **by}


def _requested(surface: Surface, happened: Happening, shown: Shown) -> Body:
    return {**_about(surface, happened, shown), "permissions": happened.data.get("permissions", [])}


def _members(surface: Surface, happened: Happening, shown: Shown) -> Body:
    named = (shown.members.get(user_id) for user_id in happened.user_ids)
    return {"members": members(surface, tuple(one for one in named if isinstance(one, CallMemberRecord)), shown.users)}


def _permissions(surface: Surface, happened: Happening, shown: Shown) -> Body:
    return {**_members(surface, happened, shown), "capabilities_by_role": shown.by_role}


def _removed(surface: Surface, happened: Happening, shown: Shown) -> Body:
    return {"members": happened.user_ids}


_OF_CALLS: Final[Mapping[str, Callable[[Surface, Happening, Shown], Body]]] = {
    "call.created": _members,
    "call.updated": _updated,
    "call.ended": _by,
    "call.blocked_user": _blocked,
    "call.unblocked_user": _about,
    "call.permission_request": _requested,
    "call.member_added": _members,
    "call.member_updated": _members,
    "call.member_updated_permission": _permissions,
    "call.member_removed": _removed,
}
"""What an event says beside the call."""


# --- channels --------------------------------------------------------------------------------------------------------


def _channel(surface: Surface, notice: Notice, shown: Shown) -> Body:
    """Return the channel with what the receiver may do there; who may not read it sees only which one it is."""
    if shown.channel is not None and notice.whole:
        view = replace(shown.channel, own_capabilities=notice.own_capabilities)
        return {"channel": channel(surface, view if notice.lists else replace(view, member_count=None))}
    if isinstance(notice, Told):
        return {}
    name = parse_cid(notice.target.channel, "cid")
    known = {"cid": notice.target.channel, "id": name.id, "type": name.type}
    return {"channel": {**known, "own_capabilities": notice.own_capabilities}}


def _channel_member(surface: Surface, event: str, user_id: str, shown: Shown) -> Body:
    record = shown.members.get(user_id)
    if not isinstance(record, ChannelMemberRecord) or shown.channel is None:
        record = ChannelMemberRecord(user_id)
    creator = shown.channel is not None and shown.channel.record.created_by_id == user_id
    known = shown.users.get(user_id)
    member = channel_member(surface, MemberView(record, known, creator=creator))
    return {"member": member, "user": user(surface, known, user_id)}


# --- writing ---------------------------------------------------------------------------------------------------------


def _user(surface: Surface, user_id: str, shown: Shown) -> Any:
    return user(surface, shown.users.get(user_id), user_id)


def _now() -> Time:
    return Time(time.time_ns())


def _text(body: Body) -> str:
    """Return a message; both kinds of clients read times as RFC 3339."""
    return encoded(Surface.CHAT, body).decode()
