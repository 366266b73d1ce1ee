"""Why what a user may do has changed, in the words of the API: one table.

The change log says what was touched; what has become of it follows from what was seen before and is seen now. Clients
read of the causes in authorization.proto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from rolecall.service.authorizer import Seen
from rolecall.store import changes as log

SNAPSHOT: Final = "snapshot"
RELOADED: Final = "reloaded"
MEMBER_ADDED: Final = "member_added"
MEMBER_REMOVED: Final = "member_removed"

Test = Callable[[Any, Any], bool]


class _Thing(NamedTuple):
    """Something that is stored: how to find it, and what may have become of it, the first that is so counting."""

    of: Callable[[Seen], Any]
    causes: Sequence[tuple[str, Test]]


def _became(field: str, value: object) -> Test:
    return lambda before, now: getattr(before, field) != value and getattr(now, field) == value


def _differs(*fields: str) -> Test:
    return lambda before, now: any(getattr(before, field) != getattr(now, field) for field in fields)


def _always(_: object, __: object) -> bool:
    return True


_USER: Final = _Thing(
    lambda seen: seen.user,
    (
        ("user_created", lambda before, _: before is None),
        ("user_deleted", lambda _, now: now is None),
        ("user_banned", _became("banned", value=True)),
        ("user_unbanned", _became("banned", value=False)),
        ("user_deactivated", _became("deactivated", value=True)),
        ("user_reactivated", _became("deactivated", value=False)),
        ("user_updated", _always),
    ),
)
_MEMBERSHIP: Final = (
    (MEMBER_ADDED, lambda before, now: before.role is None and now.role is not None),
    (MEMBER_REMOVED, lambda before, now: before.role is not None and now.role is None),
)
_CALL_MEMBER: Final = _Thing(
    lambda seen: replace(seen.member, of=(0, 0)),
    (
        *_MEMBERSHIP,
        ("user_blocked", _became("blocked", value=True)),
        ("user_unblocked", _became("blocked", value=False)),
        ("user_permissions_updated", _differs("granted", "revoked")),
        ("member_updated", _always),
    ),
)
_CHANNEL_MEMBER: Final = _Thing(
    lambda seen: replace(seen.member, of=(0, 0)),
    (
        *_MEMBERSHIP,
        ("member_banned", _became("banned", value=True)),
        ("member_unbanned", _became("banned", value=False)),
        ("member_updated", _always),
    ),
)
_CALL: Final = _Thing(
    lambda seen: seen.target,
    (
        ("call_created", _differs("key")),
        ("call_ended", _became("ended", value=True)),
        ("call_live_started", _became("backstage", value=False)),
        ("call_live_stopped", _became("backstage", value=True)),
        ("call_updated", _always),
    ),
)
_CHANNEL: Final = _Thing(
    lambda seen: seen.target,
    (("channel_created", _differs("key")), ("channel_updated", _always)),
)
_APP: Final = _Thing(lambda seen: seen.version, (("permission_version_changed", _always),))

_OF_CALLS: Final = {log.CALL_MEMBER: _CALL_MEMBER, log.USER: _USER, log.CALL: _CALL, log.APP: _APP}
_OF_CHANNELS: Final = {log.CHANNEL_MEMBER: _CHANNEL_MEMBER, log.USER: _USER, log.CHANNEL: _CHANNEL, log.APP: _APP}

_KINDS: Final = {
    log.ROLE: "role_updated",
    log.PERMISSION: "permission_updated",
    log.APP: "app_updated",
    log.USER: "user_updated",
    log.CALL: "call_updated",
    log.CHANNEL: "channel_updated",
    log.CALL_MEMBER: "member_updated",
    log.CHANNEL_MEMBER: "member_updated",
}
"""What to say where nothing more can be told."""


def cause_of(kind: str, *, call: bool, before: Seen, now: Seen) -> str:
    """Return why a user's capabilities on a call or channel are not what they were; `kind` was touched last."""
    if kind == log.TYPE:
        return "call_type_updated" if call else "channel_type_updated"
    things = _OF_CALLS if call else _OF_CHANNELS
    if kind in _KINDS and kind not in things:
        return _KINDS[kind]
    for thing in (things.get(kind), *(() if kind == log.APP else things.values())):
        if thing is not None:
            was, is_now = thing.of(before), thing.of(now)
            if was != is_now:
                causes: Iterator[str] = (cause for cause, test in thing.causes if test(was, is_now))
                return next(causes)
    return _KINDS.get(kind, RELOADED)


def deleted(*, call: bool) -> str:
    """Return the cause of the last message about a call or channel."""
    return "call_deleted" if call else "channel_deleted"


ALL: Final = tuple(
    dict.fromkeys(
        [
            SNAPSHOT,
            "call_type_updated",
            "channel_type_updated",
            *_KINDS.values(),
            *(cause for things in (_OF_CALLS, _OF_CHANNELS) for thing in things.values() for cause, _ in thing.causes),
            *(deleted(call=call) for call in (True, False)),
            RELOADED,
        ]
    )
)
"""Every cause there is."""
