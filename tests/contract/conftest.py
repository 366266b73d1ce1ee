"""A store on a real file, and an app in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rolecall.domain.records import AppRecord, TypeRecord
from rolecall.store import Store

TYPES = (
    TypeRecord(".app", {"user": ("search-user",)}),
    TypeRecord("messaging", {"channel_member": ("read-channel",)}, {"replies": True, "commands": ("giphy",)}),
    TypeRecord("video:default", {"host": ("end-call", "send-audio"), "user": ()}, {"audio.mic_default_on": True}),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    store = await Store.open(str(path))
    yield store
    await store.close()


@pytest.fixture
async def app(store: Store) -> AppRecord:
    return await store.create_app(AppRecord(0, "demo", 0), key="key", secret="secret", types=TYPES)
