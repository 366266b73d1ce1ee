"""Pages of what a caller may see of a long list: nothing twice, nothing left out, and an end to each page's work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Found, Query
from rolecall.service.administration.query_pages import MOST_LOOKED_AT, MOST_READ, part

MANY = 2 * MOST_LOOKED_AT + 500


class Rows:
    """The numbers up to a count; `read` is how many of them were read for one page."""

    def __init__(self, count: int, seen: Callable[[int], bool] | None) -> None:
        self.count = count
        self.read = 0
        self._seen = seen

    async def rows(self, offset: int, limit: int) -> Sequence[int]:
        found = range(self.count)[offset : offset + limit]
        self.read += len(found)
        return found

    async def seen(self, rows: Sequence[int]) -> Sequence[bool]:
        assert self._seen is not None
        return [self._seen(row) for row in rows]

    async def page(self, query: Query) -> Found[int]:
        self.read = 0
        return await part(query, "rows").filled(self.rows, self.seen if self._seen else None)


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 75, 1_200])
@pytest.mark.parametrize("step", [0, 1, 7])
async def test_all_that_may_be_seen_is_in_exactly_one_page(count: int, step: int) -> None:
    rows = Rows(count, (lambda row: row % step == 0) if step else None)
    pages = [await rows.page(Query())]
    while pages[-1].next:
        pages.append(await rows.page(Query(next=pages[-1].next)))
        assert len(pages) <= count
    assert [item for page in pages for item in page.items] == list(range(0, count, step or 1))
    assert all(len(page.items) == 25 for page in pages[:-1])
    assert not pages[0].prev
    back = [pages[-1]]
    while back[-1].prev:
        back.append(await rows.page(Query(prev=back[-1].prev)))
    assert [page.items for page in back] == [page.items for page in reversed(pages)]


async def test_a_page_looks_at_so_many_rows_and_the_next_goes_on_from_there() -> None:
    rows = Rows(MANY, lambda row: row == MANY - 1)
    page, pages = await rows.page(Query()), 1
    while page.next:
        assert page.items == ()
        assert rows.read <= 2 * MOST_LOOKED_AT + MOST_READ
        page, pages = await rows.page(Query(next=page.next)), pages + 1
    assert page.items == (MANY - 1,)
    assert pages == 3
    while page.prev:
        page, pages = await rows.page(Query(prev=page.prev)), pages - 1
        assert page.items == ()
    assert pages == 2  # before that one nothing can be seen


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (Query(next="x"), "next"),
        (Query(prev="x"), "prev"),
        (Query(next="x", prev="x"), "prev"),
    ],
)
async def test_tokens_that_no_page_gave_are_refused(query: Query, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        await Rows(3, None).page(query)
    assert caught.value.field == field


async def test_a_token_counts_for_its_query_only() -> None:
    token = (await Rows(50, None).page(Query({"a": 1}))).next
    assert (await Rows(50, None).page(Query({"a": 1}, next=token))).items[0] == 25
    for other in (Query({"a": 2}, next=token), Query({"a": 1}, [{"field": "a"}], next=token)):
        with pytest.raises(InvalidInput):
            await Rows(50, None).page(other)
