"""What an answer costs, without a clock: the same number of calls and reads however much there is.

On a hit a question runs to its end without waiting once, so it is driven here without an event loop: had it anything
to wait for, `send` would hand that out instead of stopping.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from rolecall.domain.records import (
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    RoleRecord,
    TypeRecord,
    UserRecord,
)
from rolecall.service.administration import create_app
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller, Callers, make_token
from rolecall.service.index import Index
from rolecall.service.questions import Question
from rolecall.store import Transaction
from tests.unit.service.staged import NEVER, StagedStore

FEW: Final = 10
MANY: Final = 10_000

CALL: Final = "default:0"
CHANNEL: Final = "messaging:0"
TOKEN: Final = make_token("secret", {"user_id": "user-0"})


class Sized(NamedTuple):
    """A service over so many of everything."""

    store: StagedStore
    held: Index
    authorizer: Authorizer
    server: Caller


def names(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number}" for number in range(count)]


async def fill(tx: Transaction, count: int) -> None:
    """Store so many users, roles, call types and calls, and one call and one channel with all users in them."""
    users = names("user", count)
    await tx.put_users([UserRecord(user) for user in users])
    for role in names("role", count):
        await tx.put_role(RoleRecord(role))
    for name in names("type", count):
        await tx.put_type(TypeRecord(f"video:{name}", {"user": ("join-call",)}))
    for number in range(count):
        await tx.put_call(CallRecord(f"default:{number}"))
    await tx.put_call_members(CALL, [CallMemberRecord(user, role="host") for user in users])
    await tx.put_channel(ChannelRecord(CHANNEL))
    await tx.put_channel_members(CHANNEL, [ChannelMemberRecord(user) for user in users])


@asynccontextmanager
async def service(path: Path, count: int) -> AsyncIterator[Sized]:
    store = await StagedStore.open(str(path / f"{count}.db"))
    assert isinstance(store, StagedStore)
    app, _, _ = await create_app(store, "acme", key="key", secret="secret")
    async with store.transaction(app.id) as tx:
        await fill(tx, count)
    index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
    await index.start()
    yield Sized(store, index, Authorizer(index), Caller(app.id))
    await index.stop()
    await store.close()


@pytest.fixture
async def few(tmp_path: Path) -> AsyncIterator[Sized]:
    async with service(tmp_path, FEW) as sized:
        yield sized


@pytest.fixture
async def many(tmp_path: Path) -> AsyncIterator[Sized]:
    async with service(tmp_path, MANY) as sized:
        yield sized


def at_once(question: Coroutine[Any, Any, object]) -> None:
    """Run a question that does not wait."""
    try:
        question.send(None)
    except StopIteration:
        return
    raise AssertionError("it waits")


def calls_of(question: Coroutine[Any, Any, object]) -> int:
    """Return how many functions a question calls, in Python and in C."""
    counted = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        at_once(question)
    finally:
        sys.setprofile(None)
    return counted


def questions(sized: Sized) -> dict[str, Coroutine[Any, Any, object]]:
    """Return one question of each kind."""
    ask, server, user = sized.authorizer, sized.server, Question("user-0")
    on_call, in_channel = user._replace(call=CALL), user._replace(channel=CHANNEL)
    return {
        "call": ask.check(server, on_call, "kick-user"),
        "call, denied": ask.check(server, on_call, "join-backstage"),
        "channel": ask.check(server, in_channel, "send-message"),
        "app": ask.check(server, user, "search-user"),
        "unknown user": ask.check(server, on_call._replace(user_id="nobody"), "kick-user"),
        "never stored": ask.check(server, user._replace(call="default:never"), "join-call"),
        "list": ask.capabilities(server, on_call),
        "list of a channel": ask.capabilities(server, in_channel),
        "admission": ask.admission(server, on_call),
        "token": Callers(sized.held).authenticate("key", TOKEN),
    }


async def warm(sized: Sized) -> None:
    """Ask everything twice, so that what is worked out once has been."""
    for _ in range(2):
        for question in questions(sized).values():
            await question


async def costs_of_hits(sized: Sized) -> dict[str, int]:
    """Return what each question costs when all its facts are held."""
    await warm(sized)
    reads = sized.store.reads.copy()
    costs = {name: calls_of(question) for name, question in questions(sized).items()}
    assert sized.store.reads == reads
    return costs


async def reads_of_misses(sized: Sized) -> list[tuple[list[int], int]]:
    """Return, for questions about users not asked about before, how many facts of each kind, and reads, they took."""
    taken = []
    for number in range(1, 4):
        sized.store.reads.clear()
        await sized.authorizer.check(sized.server, Question(f"user-{number}", call=CALL), "kick-user")
        taken.append(([len(ids) for ids in sized.store.wanted[-1]], sized.store.reads.total()))
    return taken


async def test_an_answer_costs_the_same_however_much_there_is(few: Sized, many: Sized) -> None:
    hits = await costs_of_hits(few)
    assert hits == await costs_of_hits(many)
    assert 10 < hits["call"] < 60
    assert max(hits.values()) < 400
    misses = await reads_of_misses(few)
    assert misses == await reads_of_misses(many)
    assert misses == [([1, 1, 0, 1, 0], 1)] * 3


async def test_the_index_holds_facts_only_of_what_was_asked(few: Sized) -> None:
    assert len(few.held.cache) == 0
    await few.authorizer.check(few.server, Question("user-1", call=CALL), "kick-user")
    assert len(few.held.cache) == 3


async def test_a_batch_about_one_user_and_call_resolves_them_once(few: Sized) -> None:
    question = Question("user-0", call=CALL)

    def batch(size: int) -> Coroutine[Any, Any, object]:
        return few.authorizer.check_all(few.server, [(question, "kick-user")] * size)

    await warm(few)
    await batch(1)
    one, ten, hundred = (calls_of(batch(size)) for size in (1, 10, 100))
    each = (ten - one) // 9
    assert hundred - ten == 90 * each
    assert each < calls_of(few.authorizer.check(few.server, question, "kick-user"))
