"""Pages of lists: how large, where they start, and the opaque tokens that lead from one to the next."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Page

T = TypeVar("T")

DEFAULT_SIZE: Final = 100
MAX_SIZE: Final = 1_000
_MAX_TOKEN_BYTES: Final = 4_096


class Window(NamedTuple):
    """A page that was checked: `limit` items of the list `of`, after the one named `after`."""

    of: str
    limit: int
    after: str

    def cut(self, rows: Sequence[T], name: Callable[[T], str]) -> tuple[tuple[T, ...], str]:
        """Return the page and the token of the next; `rows` holds one item more than `limit` when there is one."""
        page = tuple(rows[: self.limit])
        return page, self.token(name(page[-1])) if len(rows) > self.limit else ""

    def token(self, last: str) -> str:
        """Return the token of the page after the item of a name."""
        return _token(self.of, last)


def window(page: Page, of: str, field: str = "page_token") -> Window:
    """Check a page of a list; a token counts only for the list, filters included, that gave it.

    `field` is what the request calls the token.
    """
    if not 0 <= page.size <= MAX_SIZE:
        raise InvalidInput(f"`page_size` must be from 0 to {MAX_SIZE}, got {page.size}", field="page_size")
    return Window(of, page.size or DEFAULT_SIZE, _after(page.token, of, field) if page.token else "")


def _token(of: str, last: str) -> str:
    text = json.dumps([of, last], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _after(token: str, of: str, field: str) -> str:
    """Return the name a token holds. Made again it must be the same, so there is one spelling of each."""
    try:
        padded = token[:_MAX_TOKEN_BYTES] + "=" * (-len(token) % 4)
        _, last = json.loads(base64.urlsafe_b64decode(padded))
        genuine = isinstance(last, str) and _token(of, last) == token
    except (ValueError, TypeError, RecursionError):
        genuine, last = False, ""
    if not genuine:
        raise InvalidInput(f"`{field}` is not one that this list has given", field=field)
    return str(last)
