"""What is said of single users on a call beside membership: granted, revoked, blocked; and what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from rolecall.domain.errors import Forbidden, InvalidInput
from rolecall.domain.names import check_id
from rolecall.domain.records import CallRecord, CallUserRecord
from rolecall.service.administration.calls import standing_changes as call_users
from rolecall.service.administration.calls.on_call import OnCall
from rolecall.service.administration.calls.values import UserPermissions
from rolecall.service.administration.checks import check_users
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from rolecall.store import Transaction
from rolecall.store.changes import Happening


class CallStanding(OnCall):
    """Writes what is said of single users."""

    async def update_user_permissions(
        self,
        caller: Caller,
        cid: str,
        user_id: str,
        grant: Sequence[str] = (),
        revoke: Sequence[str] = (),
        reset: Sequence[str] = (),
    ) -> UserPermissions:
        """Grant capabilities to one user, revoke them, or leave them to the user's roles again.

        Nobody is told here: those who watch hear of their capabilities whatever has changed them.
        """
        check_id(user_id, "user_id")
        change = call_users.permission_change(grant, revoke, reset)

        async def work(tx: Transaction, _: CallRecord) -> CallUserRecord:
            await check_users(tx, {"user_id": user_id})
            return (await _put_user(tx, cid, user_id, lambda user: call_users.with_permissions(user, change)))[0]

        user, revision = await self._on_call(caller, cid, ["UpdateCallPermissions"], work)
        own = await self._permit.capabilities_of(caller, Question(user_id=user_id, call=cid), revision)
        return UserPermissions(own, user.granted, user.revoked, revision)

    async def block(self, caller: Caller, cid: str, user_id: str) -> int:
        """Deny a user everything on a call; a member stays one."""
        check_id(user_id, "user_id")
        if user_id == caller.user_id:
            raise InvalidInput("`user_id` is the caller: nobody blocks itself", field="user_id")

        async def work(tx: Transaction, _: CallRecord) -> None:
            await check_users(tx, {"user_id": user_id})
            await _set_blocked(tx, caller, cid, user_id, blocked=True)

        return (await self._on_call(caller, cid, ["BlockUser"], work))[1]

    async def unblock(self, caller: Caller, cid: str, user_id: str) -> int:
        """Take a block back; the user need not exist any more."""
        check_id(user_id, "user_id")

        async def work(tx: Transaction, _: CallRecord) -> None:
            await _set_blocked(tx, caller, cid, user_id, blocked=False)

        return (await self._on_call(caller, cid, ["BlockUser"], work))[1]

    async def request_permission(self, caller: Caller, cid: str, permissions: Sequence[str]) -> int:
        """Ask, as a user, those who watch the call for what it says may be asked for; what one has is not asked for."""
        if caller.server_side:
            raise Forbidden("only users ask for permissions, this token is a server's", reason="USER_ONLY")
        tracks = call_users.tracks(permissions, "permissions")
        target = Question(call=cid)

        async def work(tx: Transaction, record: CallRecord) -> None:
            call_users.check_requestable(tracks, record.settings, "permissions")
            has = [(await self._permit.allowed(caller, [target], track.action))[0] for track in tracks]
            wanted = [track.capability for track, held in zip(tracks, has, strict=True) if not held]
            if wanted:
                tx.tell(
                    Happening(
                        "call.permission_request", cid, (caller.user_id,), caller.user_id, {"permissions": wanted}
                    )
                )

        return (await self._on_call(caller, cid, ["ReadCall"], work))[1]


async def _set_blocked(tx: Transaction, caller: Caller, cid: str, user_id: str, *, blocked: bool) -> None:
    _, changed = await _put_user(tx, cid, user_id, lambda user: replace(user, blocked=blocked))
    if changed:
        event = "call.blocked_user" if blocked else "call.unblocked_user"
        tx.tell(Happening(event, cid, (user_id,), caller.user_id))


async def _put_user(
    tx: Transaction, cid: str, user_id: str, change: Callable[[CallUserRecord], CallUserRecord]
) -> tuple[CallUserRecord, bool]:
    """Change what is said of a user; tell whether that differs from what was."""
    stored = await tx.call_user(cid, user_id) or CallUserRecord(user_id)
    record = change(stored)
    if record != stored:
        await tx.put_call_user(cid, record)
    return record, record != stored
