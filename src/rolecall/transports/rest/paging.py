"""Lists that Stream's API answers whole: every page of the administration's, put together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from rolecall.service.administration.changes import Listing, Page

T = TypeVar("T")
_PAGE: Final = 1_000


async def every(pages: Callable[[Page], Awaitable[Listing[T]]]) -> list[T]:
    """Return all there is of a list, page by page."""
    items: list[T] = []
    page = Page(_PAGE)
    while True:
        listing = await pages(page)
        items += listing.items
        if not listing.next_page_token:
            return items
        page = Page(_PAGE, listing.next_page_token)
