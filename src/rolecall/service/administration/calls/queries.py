"""Queries of calls and of their members, by the filters that Stream's clients send."""

from __future__ import annotations

from collections.abc import Sequence

from rolecall.domain.names import parse_cid
from rolecall.domain.records import CallMemberRecord, CallRecord
from rolecall.service.administration.calls.on_call import OnCall, call_view, existing_call, known_users
from rolecall.service.administration.calls.values import CallMembersView, CallResult, FoundCallMembers
from rolecall.service.administration.changes import Found, Query
from rolecall.service.administration.filters import parsed_filter, parsed_sort
from rolecall.service.administration.query_pages import part
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store.search import Search
from rolecall.store.search_fields import CALL_MEMBERS, CALLS


class CallQueries(OnCall):
    """Finds calls and members."""

    async def query(self, caller: Caller, query: Query, *, members_limit: int = 100) -> Found[CallResult]:
        """Return a page of the calls that a filter finds, newest first unless sorted; a user sees those it may read.

        For a user the search ends after 10,000 rows looked at, full page or not.
        """
        where = parsed_filter(query.filter_conditions, CALLS)
        sort = parsed_sort(query.sort, CALLS)
        wanted = part(query, "calls")

        async def seen(records: Sequence[CallRecord]) -> Sequence[bool]:
            return await self._permit.allowed(caller, [Question(call=record.cid) for record in records], "ReadCall")

        async with self._access.read(caller, searching=True) as (reader, revision):

            async def rows(offset: int, limit: int) -> Sequence[CallRecord]:
                return await reader.search_calls(Search(where, sort, limit, offset))

            found = await wanted.filled(rows, None if caller.server_side else seen)
            views = [await call_view(reader, record, members_limit) for record in found.items]
        results = [
            CallResult(
                view, False, await self._permit.own_capabilities(caller, Question(call=view.record.cid)), revision
            )
            for view in views
        ]
        return Found(tuple(results), found.next, found.prev)

    async def query_members(self, caller: Caller, cid: str, query: Query) -> FoundCallMembers:
        """Return a page of the members of a call that a filter finds, newest first unless sorted."""
        parse_cid(cid, "cid")
        where = parsed_filter(query.filter_conditions, CALL_MEMBERS)
        sort = parsed_sort(query.sort, CALL_MEMBERS)
        wanted = part(query, f"members of call {cid}")
        async with self._access.read(caller, searching=True) as (reader, _):
            await existing_call(reader, cid)
            await self._permit.require(caller, Question(call=cid), ["ReadCall"])

            async def rows(offset: int, limit: int) -> Sequence[CallMemberRecord]:
                return await reader.search_call_members(cid, Search(where, sort, limit, offset))

            found = await wanted.filled(rows, None)
            users = await known_users(reader, (member.user_id for member in found.items))
        return FoundCallMembers(CallMembersView(found.items, users), found.next, found.prev)
