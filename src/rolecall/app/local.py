"""A store opened in this process, with everything that answers from it and no doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rolecall.config import Settings
from rolecall.domain.errors import RolecallError
from rolecall.service.administration import Administration
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.store import Store
from rolecall.transports.rpc import Services


@dataclass(frozen=True, slots=True)
class Local:
    """The store, the index over it, and the services."""

    store: Store
    index: Index
    services: Services


@asynccontextmanager
async def local(settings: Settings, *, create: bool = False) -> AsyncIterator[Local]:
    """Open the store of `settings.db` and an index over it; a missing file is an error unless `create`."""
    store = await Store.open(str(settings.db), create=create, busy_timeout=settings.busy_timeout_ms / 1000)
    try:
        index = index_over(store, settings, lambda _: None)
        await index.start()
        try:
            yield Local(store, index, services_over(store, index, settings))
        finally:
            await index.stop()
    finally:
        await store.close()


def index_over(store: Store, settings: Settings, on_error: Callable[[RolecallError], None]) -> Index:
    """Make the index; `on_error` hears of refreshes that failed."""
    return Index(
        store,
        cache_mb=settings.cache_mb,
        refresh_seconds=settings.refresh_ms / 1000,
        max_staleness_seconds=settings.max_staleness_seconds,
        on_error=on_error,
    )


def services_over(store: Store, index: Index, settings: Settings) -> Services:
    """Make what handlers call."""
    authorizer = Authorizer(index)
    administration = Administration(
        store, index, authorizer, dev=settings.dev, max_custom_roles=settings.max_custom_roles
    )
    return Services(authorizer, administration, settings.min_revision_wait_seconds)
