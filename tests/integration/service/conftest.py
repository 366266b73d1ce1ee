"""A real store in a real file, the index over it, and one app to administrate.

The follower is as good as off, so what a test reads after a write is there because the write brought the index up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rolecall.service.administration import Administration, create_app
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.store import Store
from tests.integration.service.desk import Desk


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(str(tmp_path / "rolecall.db"))
    yield opened
    assert await opened.check() == []
    await opened.close()


@pytest.fixture
async def desk(store: Store) -> AsyncIterator[Desk]:
    app, _, _ = await create_app(store, "acme", key="key", secret="secret")
    index = Index(store, refresh_seconds=3_600, max_staleness_seconds=3_600)
    await index.start()
    authorizer = Authorizer(index)
    yield Desk(store, index, authorizer, Administration(store, index, authorizer, max_custom_roles=3), app)
    await index.stop()
