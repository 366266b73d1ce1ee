"""What goes with users that are deleted: what they have created and were members of, and who is told of that.

Whether the caller may delete is asked in `users.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final
from uuid import uuid4

from rolecall.domain.errors import NotFound, Unauthenticated
from rolecall.domain.names import shown
from rolecall.domain.records import TaskRecord, UserRecord
from rolecall.service.administration.checks import check_users
from rolecall.store import Reader, Transaction
from rolecall.store.changes import Happening

MOST_TOLD: Final = 1_000
"""Of how many calls and channels one deletion tells: for each 10,000 everybody would wait a tenth of a second."""


async def delete_users(
    tx: Transaction, user_ids: Sequence[str], owners: Mapping[str, str], by: str
) -> tuple[tuple[UserRecord, ...], str]:
    """Delete users, all or none, and return what they were and the task that tells of it.

    `owners` is field -> whose their calls (`new_call_owner_id`) and channels (`new_channel_owner_id`) become.
    """
    stored = await tx.users(user_ids)
    for place, user_id in enumerate(user_ids):
        if user_id not in stored:
            raise unknown(user_id, f"user_ids[{place}]")
    await check_users(tx, owners)
    calls, channels = owners.get("new_call_owner_id"), owners.get("new_channel_owner_id")
    given_calls = await tx.give_calls(user_ids, calls) if calls else ()
    given_channels = await tx.give_channels(user_ids, channels) if channels else ()
    departed = await tx.delete_users(user_ids)
    told = chain(
        _told("call.updated", given_calls, "call.member_removed", departed.calls, by),
        _told("channel.updated", given_channels, "member.removed", departed.channels, by),
    )
    for happening in chain.from_iterable(islice(told, MOST_TOLD)):
        tx.tell(happening)
    result = {user_id: {"status": "ok"} for user_id in user_ids}
    task = TaskRecord(str(uuid4()), result=result, created_at=tx.now, updated_at=tx.now)
    await tx.put_task(task)
    return tuple(stored[user_id] for user_id in user_ids), task.id


def _told(
    updated: str, given: Sequence[str], removed: str, left: Mapping[str, Sequence[str]], by: str
) -> Iterator[list[Happening]]:
    """Yield what is told of each call or channel: that it has a new owner, that members are gone, or both."""
    owned = set(given)
    for cid in dict.fromkeys((*given, *left)):
        happened = [Happening(updated, cid, by=by)] if cid in owned else []
        yield [*happened, Happening(removed, cid, tuple(left[cid]), by)] if cid in left else happened


async def refuse_deleted(reader: Reader, user_id: str) -> None:
    """Refuse a user that was deleted and would make itself anew: that is for a server."""
    if await reader.user_deleted_at(user_id) is not None:
        raise Unauthenticated(f"user {shown(user_id)} was deleted", reason="USER_DELETED")


def unknown(user_id: str, field: str) -> NotFound:
    """Return the error that says there is no such user; `field` names it."""
    return NotFound(f"user {shown(user_id)} does not exist", field=field, reason="USER_NOT_FOUND")
