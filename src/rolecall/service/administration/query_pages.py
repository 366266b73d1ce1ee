"""Pages of queries: a part of what a search finds, of it what the caller may see, and the tokens to both sides.

A token holds how many rows come before its page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Found, Page, Query
from rolecall.service.administration.filters import offset, query_name
from rolecall.service.administration.paging import Window, window

T = TypeVar("T")

DEFAULT_LIMIT: Final = 25
MOST_LOOKED_AT: Final = 1_000
"""How many rows one page looks at for a user that may see few of them; the next page goes on from there."""
MOST_READ: Final = 200


Rows = Callable[[int, int], Awaitable[Sequence[T]]]
"""Reads rows: how many to leave out first, and how many at most."""

Seen = Callable[[Sequence[T]], Awaitable[Sequence[bool]]]
"""Tells of each row whether the caller may see it."""


class Part(NamedTuple):
    """The part of a query's rows that a page begins with, and how much it holds."""

    window: Window
    start: int

    async def filled(self, rows: Rows[T], seen: Seen[T] | None) -> Found[T]:
        """Return the page; `seen` None: the caller sees every row."""
        items, following = await self._forward(rows, seen)
        before = await self._backward(rows, seen)
        return Found(
            tuple(items),
            "" if following is None else self.window.token(str(following)),
            "" if before is None else self.window.token(str(before)),
        )

    async def _forward(self, rows: Rows[T], seen: Seen[T] | None) -> tuple[list[T], int | None]:
        """Return what the caller sees from the start on, and where the next page starts."""
        items: list[T] = []
        at, limit = self.start, self.window.limit
        while at < self.start + MOST_LOOKED_AT:
            most = limit + 1 if seen is None else MOST_READ
            found = await rows(at, most)
            may = await _all(found) if seen is None else await seen(found)
            for place, (row, visible) in enumerate(zip(found, may, strict=True)):
                if visible and len(items) == limit:
                    return items, at + place
                if visible:
                    items.append(row)
            at += len(found)
            if len(found) < most:
                return items, None
        return items, at

    async def _backward(self, rows: Rows[T], seen: Seen[T] | None) -> int | None:
        """Return where the page before this one starts."""
        if not self.start:
            return None
        if seen is None:
            return max(0, self.start - self.window.limit)
        first = max(0, self.start - MOST_LOOKED_AT)
        may = await seen(await rows(first, self.start - first))
        visible = [first + place for place, one in enumerate(may) if one]
        if len(visible) >= self.window.limit:
            return visible[-self.window.limit]
        return visible[0] if visible and not first else first or None


async def _all(rows: Sequence[object]) -> Sequence[bool]:
    return [True] * len(rows)


def part(query: Query, of: str) -> Part:
    """Check which part of a query is wanted; `of` is what is queried. A token counts only for the query it is from."""
    if query.next and query.prev:
        raise InvalidInput("`next` and `prev` can't be sent together", field="prev")
    field = "prev" if query.prev else "next"
    page = Page(query.limit or DEFAULT_LIMIT, query.next or query.prev)
    name = query_name(of, query.filter_conditions, query.sort)
    found = window(page, name, field)
    return Part(found, offset(found.after, field))
