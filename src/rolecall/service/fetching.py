"""Names of facts, sorted into what the store is asked for, and its answer by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from rolecall.domain.facts import ANONYMOUS, CallMember, ChannelMember, User
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, USER, Name
from rolecall.store import Facts, Wanted

T = TypeVar("T")
_ORDER: Final = (USER, CALL, CHANNEL, CALL_MEMBER, CHANNEL_MEMBER)
"""The kinds in the order of the fields of `Wanted`."""


def wanted_facts(names: Collection[Name]) -> Wanted:
    """Sort names by kind; a member's facts are read with both sides, whose keys they carry."""
    by_kind: dict[int, set[Any]] = {kind: set() for kind in _ORDER}
    for kind, _, *parts in names:
        if kind in {CALL_MEMBER, CHANNEL_MEMBER}:
            by_kind[CALL if kind == CALL_MEMBER else CHANNEL].add(parts[0])
            by_kind[USER].add(parts[1])
            by_kind[kind].add((parts[0], parts[1]))
        else:
            by_kind[kind].add(parts[0])
    return Wanted(*(by_kind[kind] for kind in _ORDER))


def fact_of(facts: Facts, name: Name) -> Any:
    """Return one fact; a member that is none still carries the keys of both sides, when both exist."""
    kind, _, *parts = name
    if kind == USER:
        return _user(facts, parts[0])
    if kind == CALL:
        return facts.calls[parts[0]]
    if kind == CHANNEL:
        return facts.channels[parts[0]]
    cid, user_id = parts
    user = _user(facts, user_id)
    if kind == CALL_MEMBER:
        call = facts.calls[cid]
        call_member = _said(facts.call_members, cid, user_id) or CallMember()
        return replace(call_member, of=(call.key, user.key)) if call and user else None
    channel = facts.channels[cid]
    channel_member = _said(facts.channel_members, cid, user_id) or ChannelMember()
    return replace(channel_member, of=(channel.key, user.key)) if channel and user else None


def _user(facts: Facts, user_id: str) -> User | None:
    """Return a user; the one who calls without a token is there whatever is stored."""
    return ANONYMOUS if user_id == ANONYMOUS.id else facts.users[user_id]


def _said(members: Mapping[tuple[str, str], T | None], cid: str, user_id: str) -> T | None:
    """Return what is stored of a user on a target; of the one without a token nothing counts."""
    return None if user_id == ANONYMOUS.id else members[cid, user_id]
