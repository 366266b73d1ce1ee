"""Who is told what of what happened: the rules of delivery. Pure: no I/O, nothing is looked up."""

from __future__ import annotations

from typing import Final

from rolecall.domain.call_capabilities import ACTION_BIT
from rolecall.domain.channel_rules import LISTING
from rolecall.store.changes import Happening

ENDINGS: Final = frozenset({"call.deleted", "channel.deleted"})
"""What ends every watch of its call or channel."""

_REQUEST: Final = "call.permission_request"
_OF_CHANNEL_MEMBERS: Final = frozenset({"member.added", "member.updated", "member.removed"})
"""What tells of a channel's members: to those who may see them, and to oneself."""
_ABOUT_ONE: Final = frozenset({"call.blocked_user", "call.member_removed", "member.removed"})
"""What takes the right to read away from those it happens to; they hear of it all the same."""
_LAST_WORDS: Final = ENDINGS | {"call.ended"}
"""What those hear of who could read until then."""
_MANAGES: Final = ACTION_BIT["update-call-permissions"]
MOST_NAMED: Final = 100
"""How many users an event names at most: each is one message of a channel, or part of one of a call."""
_CREATED: Final = "call.created"


def bounded(happening: Happening) -> Happening:
    """Return an event as it is told and shown: what happened to very many is told as an update of the whole.

    A call that begins with very many members is told with the first of them.
    """
    named = happening.user_ids
    if len(named) <= MOST_NAMED:
        return happening
    if happening.type == _CREATED:
        return happening._replace(user_ids=named[:MOST_NAMED])
    updated = "call.updated" if happening.type.startswith("call.") else "channel.updated"
    return Happening(updated, happening.cid, by=happening.by)


def heard(happening: Happening, user_id: str, mask: int, *, reads: bool, could_read: bool) -> Happening | None:
    """Return what a user who watches is told of it, None when nothing.

    `mask` is what the user may do now, `reads` whether that is to read the call or channel, `could_read` whether it
    was before. Without that right a user is told of nothing but its own part and the end.
    """
    own = user_id in happening.user_ids
    if reads:
        if happening.type == _REQUEST:
            return happening if mask & _MANAGES and not own else None
        told = bounded(happening)
        if told.type not in _OF_CHANNEL_MEMBERS or mask & LISTING:
            return told
        return happening._replace(user_ids=(user_id,)) if own else None
    if happening.type in _ABOUT_ONE and own:
        return happening._replace(user_ids=(user_id,), data={})
    if happening.type in _LAST_WORDS and could_read:
        return happening._replace(user_ids=(), by="", data={})
    return None
