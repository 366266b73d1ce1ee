"""Pages of what a caller may see of a long list: nothing twice, left out or given away, and an end to the work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Found, Query
from rolecall.service.administration.query_pages import MOST_LOOKED_AT, part

MANY = MOST_LOOKED_AT + 500


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


async def test_so_many_rows_are_looked_at_and_no_more() -> None:
    rows = Rows(MANY, lambda row: row == MOST_LOOKED_AT - 1)
    assert (await rows.page(Query())).items == (MOST_LOOKED_AT - 1,)
    assert rows.read == MOST_LOOKED_AT
    page = await Rows(MANY, lambda row: row == MOST_LOOKED_AT).page(Query())
    assert page == Found((), "", "")


@pytest.mark.parametrize("hidden", [range(10, 0), range(10), range(25, 2_000), range(40, 41), range(3, 9_900)])
async def test_what_a_page_tells_does_not_depend_on_what_the_caller_may_not_see(hidden: range) -> None:
    """The token least of all: else a filter that hidden rows pass or not would tell what is in them."""
    visible = [row for row in range(10_000) if row not in hidden][:100]
    rows = Rows(10_000, lambda row: row in set(visible))
    for token in ("", (await Rows(100, None).page(Query())).next, (await Rows(100, None).page(Query(limit=80))).next):
        page = await rows.page(Query(next=token))
        alone = await Rows(100, None).page(Query(next=token))
        assert page == replace(alone, items=tuple(visible[item] for item in alone.items))


async def test_it_is_asked_of_few_rows_at_once() -> None:
    asked: list[int] = []

    async def seen(rows: Sequence[int]) -> Sequence[bool]:
        asked.append(len(rows))
        return [False] * len(rows)

    await part(Query(), "rows").filled(Rows(MANY, None).rows, seen)
    assert sum(asked) == MOST_LOOKED_AT
    assert max(asked) <= 50


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
