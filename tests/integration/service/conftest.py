"""A real store in a real file, the index over it, and one app to administrate.

The follower is as good as off, so what a test reads after a write is there because the write brought the index up.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rolecall.domain.records import AppRecord
from rolecall.service.administration import Administration, create_app
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.store import Store
from tests.integration.service.desk import SECRET, Desk


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AppRecord]:
    """A store with one app, made once: a test takes a copy."""
    path = tmp_path_factory.mktemp("acme") / "rolecall.db"

    async def make() -> AppRecord:
        store = await Store.open(str(path))
        app, _, _ = await create_app(store, "acme", key="key", secret=SECRET)
        await store.close()
        return app

    return path, asyncio.run(make())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store without an app."""
    opened = await Store.open(str(tmp_path / "empty.db"))
    yield opened
    assert await opened.check() == []
    await opened.close()


@pytest.fixture
async def desk(tmp_path: Path, acme: tuple[Path, AppRecord]) -> AsyncIterator[Desk]:
    """The app, administrated."""
    path = tmp_path / "acme.db"
    shutil.copy(acme[0], path)
    store = await Store.open(str(path), create=False)
    index = Index(store, refresh_seconds=3_600, max_staleness_seconds=3_600)
    await index.start()
    authorizer = Authorizer(index)
    admin = Administration(store, index, authorizer, max_custom_roles=3, max_custom_permissions=3)
    yield Desk(store, index, authorizer, admin, acme[1])
    await index.stop()
    assert await store.check() == []
    await store.close()
