"""Users that come in by themselves: who connects with a valid token is a user from then on.

But who was deleted is not: only a server makes that user anew.
"""

from __future__ import annotations

from rolecall.domain.errors import Forbidden
from rolecall.domain.records import UserRecord
from rolecall.service.administration.access import Access
from rolecall.service.administration.changes import KEEP, Merge
from rolecall.service.administration.permit import Permit
from rolecall.service.administration.users.deletion import refuse_deleted
from rolecall.service.administration.users.merging import checked, put_users
from rolecall.service.administration.users.values import UserChange
from rolecall.service.callers import Caller
from rolecall.store import Transaction


class Visitors:
    """Writes what a user says of itself when it connects."""

    def __init__(self, access: Access, permit: Permit) -> None:
        self._access = access
        self._permit = permit

    async def welcome(self, caller: Caller, change: UserChange, field: str) -> UserRecord:
        """Return the caller's user, created when there is none; it says of itself what it may change of itself.

        Only its custom data and extras are taken from the change, which must be of the caller itself. Unauthenticated
        (reason USER_DELETED) for one that was deleted.
        """
        custom = change.custom if isinstance(change.custom, Merge) or change.custom is KEEP else Merge(change.custom)
        change = checked(UserChange(caller.user_id, custom=custom, extras=change.extras), field)
        async with self._access.read(caller) as (reader, _):
            known = await reader.user(caller.user_id)
            if known is None:
                await refuse_deleted(reader, caller.user_id)  # before the one writer is asked for
            elif _says_nothing(change, known) or not await self._may(caller, known):
                return known
        return (await self._access.write(caller, lambda tx: self._put(tx, caller, change, field)))[0]

    async def _put(self, tx: Transaction, caller: Caller, change: UserChange, field: str) -> UserRecord:
        stored = await tx.user(caller.user_id)
        if stored is None:
            await refuse_deleted(tx, caller.user_id)
            if not await self._permit.newcomer_may(caller, "UpdateUser"):  # what it says of itself may decide something
                change = UserChange(caller.user_id)
        elif not await self._may(caller, stored):
            return stored
        return (await put_users(tx, [change], [field]))[0]

    async def _may(self, caller: Caller, user: UserRecord) -> bool:
        """Tell whether a user may change itself: it is its own owner and of its own teams."""
        try:
            await self._permit.require_in_app(caller, "UpdateUser", user.teams, author=user.id)
        except Forbidden:
            return False
        return True


def _says_nothing(change: UserChange, known: UserRecord) -> bool:
    """Tell whether a user is already as a change would make it."""
    says = dict(change.custom.set) if isinstance(change.custom, Merge) else {}
    extras = {} if change.extras is KEEP else dict(change.extras)
    return {**known.custom, **says} == known.custom and {**known.extras, **extras} == known.extras
