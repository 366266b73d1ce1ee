"""Queries of channels and of their members, by the filters that Stream's clients send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import parse_cid
from rolecall.domain.records import ChannelMemberRecord, ChannelRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.channels.merging import READ_MEMBERS
from rolecall.service.administration.channels.views import (
    MEMBERS_SHOWN,
    ChannelView,
    MemberView,
    channel_view,
    shown,
)
from rolecall.service.administration.channels.writes import existing_channel
from rolecall.service.administration.filters import parsed_filter, parsed_sort
from rolecall.service.administration.permit import Permit
from rolecall.service.administration.query_pages import readable
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store.search import MOST_SKIPPED, AllOf, Comparison, Condition, Operand, Order, Scalar, Search
from rolecall.store.search_fields import CHANNEL_MEMBERS, CHANNELS

MOST_CHANNELS: Final = 30
MOST_MEMBERS: Final = 300
_DEFAULT_CHANNELS: Final = 10
_DEFAULT_MEMBERS: Final = 100


@dataclass(frozen=True, slots=True)
class ChannelQuery:
    """What is looked for, as it was sent, and which part of what is found; `limit` None is the usual one.

    `bounds` are further filters, each by the field that the request has it in.
    """

    filter_conditions: Any = None
    sort: Any = None
    limit: int | None = None
    offset: int = 0
    bounds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class ChannelQueries:
    """Finds channels and members."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def query(
        self, caller: Caller, query: ChannelQuery, *, members_limit: int = MEMBERS_SHOWN
    ) -> list[ChannelView]:
        """Return the channels found, without those that the caller may not read; `offset` does not count these.

        For a user the search ends after 10,000 rows looked at, full page or not.
        """
        where, sort = parsed_filter(query.filter_conditions, CHANNELS), parsed_sort(query.sort, CHANNELS)
        actions = ("ReadChannel", READ_MEMBERS) if _tells_members(caller, where, sort) else ("ReadChannel",)
        limit = _checked_limit(query, _DEFAULT_CHANNELS, MOST_CHANNELS)

        async def visible(records: Sequence[ChannelRecord]) -> Sequence[bool]:
            targets = [Question(channel=one.cid) for one in records]
            answers = [await self._permit.allowed(caller, targets, action) for action in actions]
            return [all(one) for one in zip(*answers, strict=True)]

        async with self._access.read(caller, searching=True) as (reader, _):

            async def rows(offset: int, most: int) -> Sequence[ChannelRecord]:
                return await reader.search_channels(Search(where, sort, most, offset))

            found = await readable(rows, None if caller.server_side else visible, query.offset, limit)
            views = [await channel_view(reader, caller, record, members_limit) for record in found]
            return await shown(self._permit, caller, views)

    async def query_members(self, caller: Caller, cid: str, query: ChannelQuery, named: str = "id") -> list[MemberView]:
        """Return the members found; who may read the channel and not its members sees its own membership alone."""
        parse_cid(cid, named)
        bounds = (parsed_filter(bound, CHANNEL_MEMBERS, name) for name, bound in query.bounds.items())
        where = AllOf((parsed_filter(query.filter_conditions, CHANNEL_MEMBERS), *bounds))
        sort = parsed_sort(query.sort, CHANNEL_MEMBERS)
        limit = _checked_limit(query, _DEFAULT_MEMBERS, MOST_MEMBERS)
        target = Question(channel=cid)
        async with self._access.read(caller, searching=True) as (reader, _):
            channel = await existing_channel(reader, self._permit, caller, cid, named)
            await self._permit.require(caller, target, ["ReadChannel"])
            everyone = (await self._permit.allowed(caller, [target], READ_MEMBERS))[0]

            async def visible(members: Sequence[ChannelMemberRecord]) -> Sequence[bool]:
                return [member.user_id == caller.user_id for member in members]

            async def rows(offset: int, most: int) -> Sequence[ChannelMemberRecord]:
                return await reader.search_channel_members(cid, Search(where, sort, most, offset))

            found = await readable(rows, None if everyone else visible, query.offset, limit)
            users = await reader.users([member.user_id for member in found]) if found else {}
        return [MemberView(one, users.get(one.user_id), creator=one.user_id == channel.created_by_id) for one in found]


def _tells_members(caller: Caller, where: Condition, sort: Sequence[Order]) -> bool:
    """Tell whether what is found says of channels who else is a member, or how many are."""
    return any(order.field == "member_count" for order in sort) or any(
        comparison.field == "member_count"
        or (comparison.field == "members" and set(_values(comparison.value)) != {caller.user_id})
        for comparison in _comparisons(where)
    )


def _comparisons(where: Condition) -> Iterator[Comparison]:
    if isinstance(where, Comparison):
        yield where
        return
    for part in where.parts:
        yield from _comparisons(part)


def _values(operand: Operand) -> tuple[Scalar, ...]:
    return operand if isinstance(operand, tuple) else (operand,)


def _checked_limit(query: ChannelQuery, usual: int, most: int) -> int:
    if query.limit is not None and not 0 <= query.limit <= most:
        raise InvalidInput(f"`limit` must be from 0 to {most}, got {query.limit}", field="limit")
    if not 0 <= query.offset <= MOST_SKIPPED:
        raise InvalidInput(f"`offset` must be from 0 to {MOST_SKIPPED}, got {query.offset}", field="offset")
    return query.limit or usual
