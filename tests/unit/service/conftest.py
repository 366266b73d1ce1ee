"""A desk on a real file: a staged store with an index over it, and the same file opened once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from rolecall.domain.records import UserRecord
from rolecall.service.administration import create_app
from rolecall.service.administration.calls.values import CallChange, CallMemberChange
from rolecall.service.administration.channels.values import ChannelChange, ChannelMemberChange
from rolecall.service.index import Index
from rolecall.store import Store
from tests.unit.service.staged import CALL, NEVER, Desk, StagedStore
from tests.unit.service.watchers import CHANNEL, Post, posted


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "rolecall.db")


@pytest.fixture
async def desk(path: str) -> AsyncIterator[Desk]:
    """An app `acme` with the users ann and ben; nothing follows the store but what a test does."""
    async with AsyncExitStack() as stack:
        store = await StagedStore.open(path)
        stack.push_async_callback(store.close)
        other = await Store.open(path)
        stack.push_async_callback(other.close)
        assert isinstance(store, StagedStore)
        app, _, _ = await create_app(store, "acme", key="key", secret="secret")
        async with store.transaction(app.id) as tx:
            await tx.put_users([UserRecord("ann"), UserRecord("ben")])
        index = Index(store, refresh_seconds=NEVER, max_staleness_seconds=NEVER)
        await index.start()
        stack.push_async_callback(index.stop)
        store.reads.clear()
        yield Desk(store, other, app, index)
        store.before.clear()
        store.after.clear()
        store.failure = None


@pytest.fixture
async def post(desk: Desk) -> AsyncIterator[Post]:
    """A watch engine over the desk. Ann is a member of a call and a channel, which the server made; ben is none."""
    server, admin = desk.server, desk.administration
    await admin.calls.upsert(server, CallChange(CALL, members=(CallMemberChange("ann"),)))
    await admin.channels.upsert(server, ChannelChange(CHANNEL, members=(ChannelMemberChange("ann"),)))
    async with posted(desk) as post:
        yield post
