"""What every part of the calls shares: the call that is written to, how it is shown, and who exists on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from rolecall.domain.errors import NotFound
from rolecall.domain.names import parse_cid, printable
from rolecall.domain.records import CallRecord, UserRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.calls.values import CallView
from rolecall.service.administration.permit import Permit
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Reader, Transaction

T = TypeVar("T")


class OnCall:
    """Writes to a call that exists."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def _on_call(
        self, caller: Caller, cid: str, actions: Sequence[str], work: Callable[[Transaction, CallRecord], Awaitable[T]]
    ) -> tuple[T, int]:
        """Write to a call that exists and on which the caller may do the actions."""
        parse_cid(cid, "cid")

        async def check(reader: Reader) -> CallRecord:
            record = await existing_call(reader, cid)
            await self._permit.require(caller, Question(call=cid), actions)
            return record

        async def change(tx: Transaction) -> T:
            return await work(tx, await check(tx))

        return await self._access.write(caller, change, check if actions else None)


async def existing_call(reader: Reader, cid: str, field: str = "cid") -> CallRecord:
    """Return a stored call; `field` is what named it."""
    record = await reader.call(cid)
    if record is None:
        raise no_such_call(cid, field)
    return record


def no_such_call(cid: str, field: str = "cid") -> NotFound:
    """Make the error for a call that is not there, in the words that clients of Stream know."""
    return NotFound(f"Can't find call with id {printable(cid)}", field=field, reason="CALL_NOT_FOUND")


async def call_view(reader: Reader, record: CallRecord, members_limit: int | None = None) -> CallView:
    """Return a call as it is shown; members and users are read only with a limit, which may be 0."""
    blocked = await reader.blocked_users(record.cid)
    if members_limit is None:
        return CallView(record, blocked)
    members = tuple(await reader.newest_call_members(record.cid, members_limit) if members_limit else ())
    users = await known_users(reader, (record.created_by_id, *(member.user_id for member in members)))
    return CallView(record, blocked, members, users)


async def known_users(reader: Reader, user_ids: Iterable[str]) -> Mapping[str, UserRecord]:
    """Return those of the users that exist, by id; "" is nobody."""
    named = {user_id for user_id in user_ids if user_id}
    return await reader.users(named) if named else {}
