"""A search as one SQL statement; every value, and every path into a customer's JSON, is a parameter.

What conditions mean is MongoDB's meaning, as Stream's clients know it, on values as JSON holds them:

- Values of different sorts are neither equal nor in any order: `true` is not 1, and "1" is not 1. 1.0 is 1.
- What is missing equals null, differs from every other value, and is in no order with any.
- A value equals an array when it equals one of its items; `$contains` is true of arrays only. Objects equal nothing.
- A set of texts equals a list when it holds exactly the same texts.

So that `$ne`, `$nin` and `$nor` are plain negations, every condition is written to be 1 or 0, never NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import shown
from rolecall.store.rows import to_text
from rolecall.store.search import (
    AllOf,
    Comparison,
    Condition,
    NoneOf,
    Operand,
    Operator,
    Order,
    Scalar,
    Search,
)
from rolecall.store.search_fields import Field, Kind, Sort
from rolecall.store.search_text import PART, WORD

_NEGATED: Final = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}
_COMPARED: Final = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}
_LOOKED_INTO: Final = {Operator.AUTOCOMPLETE: WORD, Operator.Q: PART}
_FINDING: Final = frozenset({Operator.EQ, Operator.IN, Operator.CONTAINS})

_LEAST: Final = -(2**63)
_MOST: Final = 2**63 - 1


def statement(kind: Kind, columns: Iterable[str], search: Search) -> tuple[str, dict[str, Any]]:
    """Return the SELECT of a search and its parameters, to which those that `kind.owned` names are to be added."""
    writer = _Writer(kind)
    wanted = ", ".join(f"{kind.table}.{column}" for column in columns)
    sql = (
        f"SELECT {wanted} FROM {writer.source(search.where)} WHERE {kind.owned} AND {writer.condition(search.where)} "  # noqa: S608
        f"ORDER BY {writer.order(search.sort or (kind.order,))} LIMIT :limit OFFSET :offset"
    )
    return sql, {**writer.parameters, "limit": search.limit, "offset": search.offset}


class _Writer:
    """Writes the parts of one statement and collects its parameters."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._led = False
        self.parameters: dict[str, Any] = {}

    def _parameter(self, value: Any) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def _list(self, values: Iterable[Scalar]) -> str:
        """Return a list as a subquery, which SQLite runs once; numbers in it are read as those of stored JSON are."""
        return f"(SELECT value FROM json_each({self._parameter(to_text(list(values)))}))"  # noqa: S608

    def _field(self, name: str) -> Field:
        field = self._kind.field(name)
        if field is None:
            raise InvalidInput(f"{self._kind.plural} have no field {shown(name)}", field=name)
        return field

    # --- where to look ---

    def source(self, where: Condition) -> str:
        """Return what follows FROM: the table, led to by an index when what is wanted can be listed.

        SQLite knows nothing of the sizes of lists and tables, so the order of the joins is not left to it.
        """
        kind, listed = self._kind, dict(_listed(where))
        for name, field in kind.fields.items():
            if field.found_by and name in listed:
                values = self._parameter(to_text(listed[name]))
                self._led = True
                wanted = kind.wanted.get(name, "SELECT DISTINCT value FROM json_each({})").format(values)
                return f"({wanted}) AS wanted CROSS JOIN {kind.table} ON {field.found_by}"
        return kind.table

    def order(self, sort: Sequence[Order]) -> str:
        """Return what follows ORDER BY; of a customer's own data only what is no array or object has a place in it."""
        terms = [f"{self._sorted(self._field(name))} {'DESC' if down else 'ASC'}" for name, down in sort]
        return ", ".join([*terms, self._kind.identity])

    def _sorted(self, field: Field) -> str:
        if field.sort is not Sort.JSON:
            return field.sql
        kind, value = self._extracted(field)
        return f"CASE WHEN {kind} IN ('array', 'object') THEN NULL ELSE {value} END"

    # --- conditions ---

    def condition(self, condition: Condition) -> str:
        """Return a condition as an expression that is 1 or 0."""
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        parts = [self.condition(part) for part in condition.parts]
        if isinstance(condition, AllOf):
            return f"({' AND '.join(parts)})" if parts else "1"
        any_of = f"({' OR '.join(parts)})" if parts else "0"
        return f"NOT {any_of}" if isinstance(condition, NoneOf) else any_of

    def _comparison(self, comparison: Comparison) -> str:
        name, operator, value = comparison
        if operator in _NEGATED:
            return f"NOT {self._comparison(Comparison(name, _NEGATED[operator], value))}"
        field = self._field(name)
        match field.sort:
            case Sort.JSON:
                return self._of_json(field, operator, value)
            case Sort.TEXTS:
                return self._of_texts(field, operator, value)
            case _:
                return self._of_column(field, operator, value)

    def _of_column(self, field: Field, operator: Operator, value: Operand) -> str:
        sql = f"+{field.sql}" if self._led else field.sql  # a plus keeps SQLite off any other index
        missing = f"({sql} = '')" if field.sort is Sort.TEXT else f"({sql} IS NULL)"
        if operator is Operator.EXISTS:
            return f"NOT {missing}" if value else missing
        if operator in _LOOKED_INTO:
            return f"{_LOOKED_INTO[operator]}({sql}, {self._parameter(value)})"
        if operator in _COMPARED:
            return f"(NOT {missing} AND {sql} {_COMPARED[operator]} {self._parameter(_bound(value))})"
        values = _values(value)
        there = [_bound(item) for item in values if item is not None]
        found = f"({sql} IS {self._parameter(there[0])})" if len(there) == 1 else "0"
        if len(there) > 1:
            found = f"({sql} IS NOT NULL AND {sql} IN {self._list(there)})"
        return f"({missing} OR {found})" if None in values else found

    def _of_texts(self, field: Field, operator: Operator, value: Operand) -> str:
        some = f"EXISTS ({field.sql})"
        if operator is Operator.EXISTS:
            return some if value else f"NOT {some}"
        texts = self._list(item for item in _values(value) if item is not None)
        if operator is Operator.EQ and isinstance(value, tuple):
            as_many = f"(SELECT count(*) FROM ({field.sql})) = {self._parameter(len(set(value)))}"  # noqa: S608
            other = f"EXISTS (SELECT 1 FROM ({field.sql}) AS held WHERE held.value NOT IN {texts})"  # noqa: S608
            return f"({as_many} AND NOT {other})"
        found = f"EXISTS (SELECT 1 FROM ({field.sql}) AS held WHERE held.value IN {texts})"  # noqa: S608
        return f"(NOT {some} OR {found})" if None in _values(value) else found

    # --- a customer's own data ---

    def _extracted(self, field: Field) -> tuple[str, str]:
        """Return expressions for the type of a value, NULL when it is missing, and for the value."""
        path = self._parameter(field.path)
        return f"json_type({field.sql}, {path})", f"json_extract({field.sql}, {path})"

    def _of_json(self, field: Field, operator: Operator, value: Operand) -> str:
        kind, there = self._extracted(field)
        if operator is Operator.EXISTS:
            return f"({kind} IS {'NOT ' if value else ''}NULL)"
        if operator in _LOOKED_INTO:
            return _case(kind, {"text": f"{_LOOKED_INTO[operator]}({there}, {self._parameter(value)})"})
        if operator in _COMPARED:
            compared = f"{there} {_COMPARED[operator]} {self._list([_scalar(value)])}"
            return _case(kind, dict.fromkeys(_types_of(value), compared))
        values = _values(value)
        items = f"json_each({field.sql}, {self._parameter(field.path)})"
        inside = f"EXISTS (SELECT 1 FROM {items} AS item WHERE {self._same('item.type', 'item.atom', values)})"  # noqa: S608
        if operator is Operator.CONTAINS:
            return _case(kind, {"array": inside})
        return self._same(f"coalesce({kind}, 'null')", there, values, array=inside)

    def _same(self, kind: str, value: str, wanted: Sequence[Scalar], **cases: str) -> str:
        """Return whether a value of JSON is one of those wanted, of its own type."""
        for number in wanted:
            if number is None or isinstance(number, bool):
                cases[_types_of(number)[0]] = "1"
        for types in (("text",), ("integer", "real")):
            if listed := [item for item in wanted if _types_of(item) == types]:
                cases |= dict.fromkeys(types, f"{value} IN {self._list(listed)}")
        return _case(kind, cases)


def _case(kind: str, cases: dict[str, str]) -> str:
    """Return what holds by the type of a value of JSON; of the other types nothing does."""
    if not cases:
        return "0"
    return f"(CASE {kind} {' '.join(f'WHEN {name!r} THEN {then}' for name, then in cases.items())} ELSE 0 END)"


def _types_of(value: Operand) -> tuple[str, ...]:
    """Return what SQLite calls the types of the values in JSON that a value can equal."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("true",) if value else ("false",)
        case str():
            return ("text",)
        case _:
            return ("integer", "real")


def _listed(where: Condition) -> Iterator[tuple[str, list[str]]]:
    """Yield the fields that must have one of some texts for the condition to be true, and the texts.

    Empty text is none, as null is, and what is not there is in no list.
    """
    if isinstance(where, AllOf):
        for part in where.parts:
            yield from _listed(part)
    elif isinstance(where, Comparison) and where.operator in _FINDING:
        texts = [value for value in _values(where.value) if isinstance(value, str) and value]
        if len(texts) == len(_values(where.value)) > 0:
            yield where.field, texts


def _values(value: Operand) -> tuple[Scalar, ...]:
    return value if isinstance(value, tuple) else (value,)


def _scalar(value: Operand) -> Scalar:
    return None if isinstance(value, tuple) else value


def _bound(value: Operand) -> Scalar:
    """Return a value as a column's: flags are numbers, and a number that SQLite has no room for is its nearest."""
    if isinstance(value, int):
        return min(max(int(value), _LEAST), _MOST)
    return _scalar(value)
