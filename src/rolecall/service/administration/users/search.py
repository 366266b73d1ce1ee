"""What a query of users searches for."""

from __future__ import annotations

from typing import Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_text
from rolecall.service.administration.filters import parsed_filter, parsed_sort
from rolecall.service.administration.users.values import UserQuery
from rolecall.store.search import AllOf, Comparison, Condition, Operator, Order
from rolecall.store.search_fields import USERS

DEFAULT_LIMIT: Final = 30
MAX_LIMIT: Final = 100
MAX_OFFSET: Final = 1_000
_BOUNDS: Final = {"id_gt": Operator.GT, "id_gte": Operator.GTE, "id_lt": Operator.LT, "id_lte": Operator.LTE}


def parsed(query: UserQuery) -> tuple[Condition, tuple[Order, ...], int]:
    """Return what to find, in what order and how many; InvalidInput names what can't be searched for."""
    _check_range("limit", query.limit, MAX_LIMIT)
    _check_range("offset", query.offset, MAX_OFFSET)
    parts = [parsed_filter(query.conditions, USERS)]
    parts += [Comparison("id", _BOUNDS[name], check_text(bound, name)) for name, bound in query.ids.items()]
    if not query.deactivated:
        parts.append(Comparison("deactivated", Operator.EQ, False))
    return AllOf(tuple(parts)), parsed_sort(query.sort, USERS), query.limit or DEFAULT_LIMIT


def _check_range(name: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise InvalidInput(f"`{name}` must be from 0 to {most}, got {value}", field=name)
