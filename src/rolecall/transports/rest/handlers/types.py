"""What the operations on call types and on channel types share: reads, writes, and errors in their words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, UnsetType

from rolecall.domain.errors import NotFound, RevisionConflict
from rolecall.domain.records import Grants, TypeRecord
from rolecall.service.administration.changes import TypeChange
from rolecall.service.administration.types import Types
from rolecall.transports.rest.exchange import Exchange
from rolecall.transports.rest.paging import every

MOST_ROLES: Final = 10_000
MOST_IDS: Final = 2_000
MOST_POLICIES: Final = 1_000

Ids = Annotated[list[str], Meta(max_length=MOST_IDS)]
SentGrants = Annotated[dict[str, Ids | None], Meta(max_length=MOST_ROLES)] | UnsetType | None
"""Grants of a request: a role's list whole, null for an empty one; null for all of them puts the defaults back."""


def grants_of(sent: SentGrants) -> Grants:
    """Return the grants that a request names."""
    return {role: tuple(ids or ()) for role, ids in (sent or {}).items()}


class Kind(NamedTuple):
    """Call types or channel types; `unknown` is what is said of one that does not exist, `{}` its name."""

    of: Literal["call", "channel"]
    unknown: str

    async def get(self, exchange: Exchange, name: str) -> TypeRecord:
        """Return one type."""
        with self._known(name):
            return (await self._types(exchange).get(exchange.caller, name))[0]

    async def list(self, exchange: Exchange) -> list[TypeRecord]:
        """Return every type, by name."""
        types = self._types(exchange)
        return await every(lambda page: types.list(exchange.caller, page))

    async def create(self, exchange: Exchange, change: TypeChange) -> TypeRecord:
        """Create a type, which must not be there."""
        try:
            return (await self._types(exchange).upsert(exchange.caller, change)).record
        except RevisionConflict as error:
            raise RevisionConflict(f'{self.of} type "{change.name}" already exists', field="name") from error

    async def update(self, exchange: Exchange, change: TypeChange) -> TypeRecord:
        """Change a type, which must be there."""
        with self._known(change.name):
            return (await self._types(exchange).upsert(exchange.caller, change)).record

    async def delete(self, exchange: Exchange, name: str) -> None:
        """Delete a custom type that nothing is of."""
        with self._known(name):
            await self._types(exchange).delete(exchange.caller, name)

    def _types(self, exchange: Exchange) -> Types:
        administration = exchange.administration
        return administration.call_types if self.of == "call" else administration.channel_types

    @contextmanager
    def _known(self, name: str) -> Iterator[None]:
        try:
            yield
        except NotFound as error:
            raise NotFound(self.unknown.format(name), field="name", reason=error.code_reason) from error
