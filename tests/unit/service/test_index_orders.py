"""A miss, a write and a refresh in every order: no write is lost, and no answer is of two states.

The steps: R the store is read for the question, I what was read comes back to the index, W another process writes,
D the store is read for the refresh, S what that read found comes back to the index. A refresh reads the change log,
or the whole configuration when the log does not reach back.
"""

# ruff: noqa: SLF001 - what must not be left behind, or grow, is not for others to see

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from rolecall.domain.records import CallMemberRecord, CallRecord, CallUserRecord, UserRecord
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Store, Transaction
from tests.domain_door import as_answer
from tests.oracle import Answer
from tests.unit.service.staged import NEVER, Desk, StagedStore

ORDERS = [
    "".join(order)
    for order in permutations("RIWDS")
    if order.index("R") < order.index("I") and order.index("D") < order.index("S")
]
ALLOWED = Answer(True, "ROLE_GRANT", "host", "kick-user")
Write = Callable[[Transaction, str, str], Awaitable[object]]


class Baton:
    """Lets each step happen once in the order given; a step that comes again does not wait."""

    def __init__(self, order: str) -> None:
        self._left = list(order)
        self._passed = asyncio.Condition()

    async def turn(self, step: str) -> None:
        async with self._passed:
            await self._passed.wait_for(lambda: step not in self._left or self._left[0] == step)

    async def passed(self, step: str) -> None:
        async with self._passed:
            if step in self._left:
                self._left.remove(step)
            self._passed.notify_all()

    async def whole(self, step: str) -> None:
        await self.turn(step)
        await self.passed(step)


def ordered(store: StagedStore, baton: Baton, refresh: str) -> None:
    """Make the store's reads take their turns; `refresh` is the read that a refresh ends with."""

    async def read_for_question() -> None:
        await baton.passed("R")
        await baton.whole("I")

    async def read_for_refresh() -> None:
        await baton.passed("D")
        await baton.whole("S")

    store.before = {"facts": lambda: baton.turn("R"), refresh: lambda: baton.turn("D")}
    store.after = {"facts": read_for_question, refresh: read_for_refresh}


# --- the writes that may come between --------------------------------------------------------------------------------


async def ban(tx: Transaction, user: str, _: str) -> None:
    await tx.put_user(UserRecord(user, banned=True))


async def block(tx: Transaction, user: str, cid: str) -> None:
    await tx.put_call_user(cid, CallUserRecord(user, blocked=True))


async def leave(tx: Transaction, user: str, cid: str) -> None:
    await tx.delete_call_member(cid, user)


async def make_anew(tx: Transaction, _: str, cid: str) -> None:
    """Delete a call, with its members, and store one of the same name."""
    await tx.delete_call(cid)
    await tx.put_call(CallRecord(cid))


async def come_back(tx: Transaction, user: str, _: str) -> None:
    """Delete a user, with its memberships, and store one of the same name."""
    await tx.delete_user(user)
    await tx.put_user(UserRecord(user))


async def strip_role(tx: Transaction, _: str, cid: str) -> None:
    """Take everything from the role that decides: a change of the configuration, not of facts."""
    record = await tx.type("video:" + cid.partition(":")[0])
    assert record is not None
    await tx.put_type(type(record)(record.scope, {**record.grants, "host": ()}, record.settings))


WRITES: dict[Write, Answer] = {
    ban: Answer(False, "BANNED"),
    block: Answer(False, "BLOCKED"),
    leave: Answer(False, "NO_GRANT"),
    make_anew: Answer(False, "NO_GRANT"),
    come_back: Answer(False, "NO_GRANT"),
    strip_role: Answer(False, "NO_GRANT"),
}


async def host_of_a_call(store: Store, app_id: int, name: str) -> tuple[str, str]:
    """Make a user that is host of a call of a type of its own, all of that name."""
    cid = f"{name}:one"
    async with store.transaction(app_id) as tx:
        default = await tx.type("video:default")
        assert default is not None
        await tx.put_type(type(default)(f"video:{name}", default.grants, default.settings))
        await tx.put_user(UserRecord(name))
        await tx.put_call(CallRecord(cid))
        await tx.put_call_member(cid, CallMemberRecord(name, role="host"))
    return name, cid


def test_there_are_thirty_orders() -> None:
    assert len(set(ORDERS)) == 30


@pytest.mark.parametrize("pruned", [False, True], ids=["log", "pruned"])
@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
async def test_every_order(desk: Desk, path: str, write: Write, pruned: bool) -> None:
    other = await Store.open(path, keep_changes=1 if pruned else 100_000)
    try:
        for order in ORDERS:
            await in_order(desk, other, order, write, pruned=pruned)
    finally:
        await other.close()


async def in_order(desk: Desk, other: Store, order: str, write: Write, *, pruned: bool) -> None:
    user, cid = await host_of_a_call(other, desk.app.id, order.lower())
    index = Index(desk.store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    if pruned:  # a write of two things, unknown to the index, of which the log keeps one
        async with other.transaction(desk.app.id) as tx:
            await tx.put_users([UserRecord("some", custom={"for": order}), UserRecord("more", custom={"for": order})])
    authorizer, baton = Authorizer(index), Baton(order)
    before = index.app(desk.app.id).revision

    async def ask() -> tuple[Answer, int]:
        decision, revision = await authorizer.check(desk.server, Question(user, call=cid), "kick-user")
        return as_answer(decision), revision

    async def change() -> int:
        await baton.turn("W")
        async with other.transaction(desk.app.id) as tx:
            await write(tx, user, cid)
        await baton.passed("W")
        return tx.revision

    ordered(desk.store, baton, "load" if pruned else "delta")
    (answer, revision), written, _ = await asyncio.gather(ask(), change(), index.refresh())
    desk.store.before, desk.store.after = {}, {}

    assert before <= revision <= written, order
    assert answer == (WRITES[write] if revision == written else ALLOWED), order
    await index.refresh()
    assert await ask() == (WRITES[write], written), order
    assert not index._touched
    await index.stop()
