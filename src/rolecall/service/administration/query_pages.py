"""Pages of queries: a part of what a search finds, of it what the caller may see, and the tokens to both sides.

A token holds how many rows come before its page. For a user only those count that it may see: nothing that is told
depends on any other, but for the end of a search that has looked at `MOST_LOOKED_AT` rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Found, Page, Query
from rolecall.service.administration.filters import offset, query_name
from rolecall.service.administration.paging import Window, window
from rolecall.service.pace import Pace

T = TypeVar("T")

DEFAULT_LIMIT: Final = 25
MOST_LOOKED_AT: Final = 10_000
"""How many rows a query looks at, from the first one it finds, for a user that may see few of them."""
_READS: Final = (200, 1_800, 4_000, 4_000)
"""How many rows are read at once, `MOST_LOOKED_AT` in all: each reading searches anew, so they are few."""
_ASKED_AT_ONCE: Final = 50
"""Of how many rows at once it is asked whether they may be seen: nobody else is answered meanwhile."""


Rows = Callable[[int, int], Awaitable[Sequence[T]]]
"""Reads rows: how many to leave out first, and how many at most."""

Seen = Callable[[Sequence[T]], Awaitable[Sequence[bool]]]
"""Tells of each row whether the caller may see it."""


async def readable(rows: Rows[T], seen: Seen[T] | None, skipped: int, limit: int) -> Sequence[T]:
    """Return a part of the rows that the caller may see, all of which are counted; `seen` None: it sees every row."""
    if seen is None:
        return await rows(skipped, limit)
    found: list[T] = []
    looked_at, counted, pace = 0, 0, Pace()
    for most in _READS:
        batch = await rows(looked_at, most)
        for place in range(0, len(batch), _ASKED_AT_ONCE):
            asked = batch[place : place + _ASKED_AT_ONCE]
            visible = [row for row, may in zip(asked, await seen(asked), strict=True) if may]
            found += visible[max(0, skipped - counted) :]
            counted += len(visible)
            if len(found) >= limit:
                return found[:limit]
            await pace.give_way()
        looked_at += len(batch)
        if len(batch) < most:
            break
    return found


class Part(NamedTuple):
    """The part of a query's rows that a page begins with, and how much it holds."""

    window: Window
    start: int

    async def filled(self, rows: Rows[T], seen: Seen[T] | None) -> Found[T]:
        """Return the page; `seen` None: the caller sees every row."""
        limit = self.window.limit
        found = await readable(rows, seen, self.start, limit + 1)
        return Found(
            tuple(found[:limit]),
            self.window.token(str(self.start + limit)) if len(found) > limit else "",
            self.window.token(str(max(0, self.start - limit))) if self.start else "",
        )


def part(query: Query, of: str) -> Part:
    """Check which part of a query is wanted; `of` is what is queried. A token counts only for the query it is from."""
    if query.next and query.prev:
        raise InvalidInput("`next` and `prev` can't be sent together", field="prev")
    field = "prev" if query.prev else "next"
    page = Page(query.limit or DEFAULT_LIMIT, query.next or query.prev)
    name = query_name(of, query.filter_conditions, query.sort)
    found = window(page, name, field)
    return Part(found, offset(found.after, field))
