"""Filters and orders as clients send them: what is read of them, and errors that name the place."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Page
from rolecall.service.administration.filters import offset, parsed_filter, parsed_sort, query_name
from rolecall.service.administration.paging import window
from rolecall.store.search import EVERYTHING, AllOf, AnyOf, Comparison, NoneOf, Operator, Order
from rolecall.store.search_fields import CALL_MEMBERS, CALLS, CHANNEL_MEMBERS, CHANNELS, USERS, Kind

F = "filter_conditions"


def nested(depth: int) -> Any:
    return {"$and": [nested(depth - 1)]} if depth else {"id": "ann"}


def test_null_and_nothing_are_everything() -> None:
    assert parsed_filter(None, USERS) == parsed_filter({}, USERS) == EVERYTHING
    assert parsed_sort(None, USERS) == parsed_sort([], USERS) == ()


def test_a_filter_is_read_as_a_tree() -> None:
    sent = {
        "$or": [{"id": "ann"}, {"role": {"$in": ["admin"]}, "banned": False}],
        "$nor": [{"teams": {"$contains": "red"}}],
        "created_at": {"$gte": "1970-01-01T01:00:00.5+01:00", "$lt": 9},
        "custom.a.b": {"$ne": None},
    }
    assert parsed_filter(sent, USERS) == AllOf(
        (
            AnyOf(
                (
                    Comparison("id", Operator.EQ, "ann"),
                    AllOf(
                        (Comparison("role", Operator.IN, ("admin",)), Comparison("banned", Operator.EQ, value=False))
                    ),
                )
            ),
            NoneOf((Comparison("teams", Operator.CONTAINS, "red"),)),
            AllOf((Comparison("created_at", Operator.GTE, 500_000_000), Comparison("created_at", Operator.LT, 9))),
            Comparison("custom.a.b", Operator.NE, None),
        )
    )


def test_a_time_that_is_never_stored_is_after_or_before_all_that_are() -> None:
    assert parsed_filter({"created_at": {"$lt": "9999-12-31T00:00:00Z"}}, USERS).value == 2**63 - 1  # type: ignore[union-attr]
    assert parsed_filter({"created_at": {"$gt": "0001-01-01T00:00:00Z"}}, USERS).value == 1 - 2**63  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("sent", "field", "text"),
    [
        ([], F, "must be an object"),
        ("x", F, "must be an object"),
        (0, F, "must be an object"),
        ({"$and": [{"name": {"$like": "x"}}]}, f"{F}.$and[0].name.$like", "there is no operator `$like`"),
        ({"$and": [{"id": "a"}, {"$or": [{"role": {"$in": ["a", 1]}}]}]}, f"{F}.$and[1].$or[0].role.$in[1]", "text"),
        ({"$and": {"id": "a"}}, f"{F}.$and", "must be a list"),
        ({"$or": []}, f"{F}.$or", "must not be empty"),
        ({"$or": [1]}, f"{F}.$or[0]", "must be an object"),
        ({"$not": {}}, f"{F}.$not", "no such operator"),
        ({"$eq": 1}, f"{F}.$eq", "no such operator"),
        ({"": 1}, f"{F}.", "not a field"),
        ({"last_active": {"$exists": True}}, f"{F}.last_active", "is not kept by Rolecall"),
        ({"role": {}}, f"{F}.role", "must be a value or an object of operators"),
        ({"role": {"name": "x"}}, f"{F}.role.name", "there is no operator `name`"),
        ({"role": {"$in": "admin"}}, f"{F}.role.$in", "must be a list"),
        ({"role": {"$in": ["x"] * 1001}}, f"{F}.role.$in", "at most 1000"),
        ({"role": ["admin"]}, f"{F}.role", "must be text"),
        ({"role": {"$gt": None}}, f"{F}.role.$gt", "must be text, got null"),
        ({"role": {"$contains": "a"}}, f"{F}.role.$contains", "is not for a field that holds text"),
        ({"role": {"$exists": "yes"}}, f"{F}.role.$exists", "must be true or false"),
        ({"role": "a\0b"}, f"{F}.role", "not stored"),
        ({"role": "a\ud800b"}, f"{F}.role", "not stored"),
        ({"role": "a" * 6000}, f"{F}.role", "at most 5120 characters"),
        ({"name": {"$autocomplete": "  "}}, f"{F}.name.$autocomplete", "must not be empty"),
        ({"name": {"$q": 1}}, f"{F}.name.$q", "must be text"),
        ({"banned": "true"}, f"{F}.banned", "must be true or false"),
        ({"banned": 1}, f"{F}.banned", "must be true or false"),
        ({"banned": {"$gt": False}}, f"{F}.banned.$gt", "is not for a field that holds true or false"),
        ({"created_at": "yesterday"}, f"{F}.created_at", "must be a time such as"),
        ({"created_at": {"$gt": True}}, f"{F}.created_at.$gt", "must be a time"),
        ({"created_at": {"$gt": 1.5}}, f"{F}.created_at.$gt", "must be a time"),
        ({"created_at": {"$q": "x"}}, f"{F}.created_at.$q", "is not for a field that holds a time"),
        ({"teams": {"$gt": "a"}}, f"{F}.teams.$gt", "is not for"),
        ({"teams": {"$contains": ["a"]}}, f"{F}.teams.$contains", "must be text"),
        ({"teams": ["a", 1]}, f"{F}.teams[1]", "must be text"),
        ({"custom.a": ["x"]}, f"{F}.custom.a", "must be text, a number, true or false"),
        ({"custom.a": {"$eq": {"b": 1}}}, f"{F}.custom.a.$eq", "must be text, a number, true or false"),
        ({"custom.a": {"$gt": True}}, f"{F}.custom.a.$gt", "must be text or a number"),
        ({"custom.a": float("nan")}, f"{F}.custom.a", "too large"),
        ({"custom.a": float("inf")}, f"{F}.custom.a", "too large"),
        ({"custom.a": 10**400}, f"{F}.custom.a", "too large"),
        ({'custom.a"b': 1}, f'{F}.custom.a"b', "not a field"),
        ({"custom.a\\b": 1}, f"{F}.custom.a\\b", "not a field"),
        ({"custom.a..b": 1}, f"{F}.custom.a..b", "not a field"),
        ({"custom.": 1}, f"{F}.custom.", "not a field"),
        ({"a.b.c.d.e.f.g.h.i": 1}, f"{F}.a.b.c.d.e.f.g.h.i", "not a field"),
        (nested(8), F + ".$and[0]" * 8, "nested deeper than 8 levels"),
        ({"$and": [{"id": "a"}] * 101}, f"{F}.$and", "at most 100 entries"),
        ({"$and": [{"id": {"$gt": "a", "$lt": "b"}}] * 51}, F, "at most 100 comparisons"),
        ({f"k{number}": 1 for number in range(101)}, F, "at most 100 comparisons"),
        ({"$and": [{"$or": [{}] * 100}] * 6}, F, "at most 500 objects"),
        ({"$or": [{"name": {"$in": ["a"] * 1000}}] * 6}, F, "at most 5000 values in lists"),
        ({"$or": [{"name": {"$q": "a"}}, {"a": {"$autocomplete": "b"}}] * 6}, F, "at most 10 of"),
        ({"name": {"$autocomplete": "a" * 256}}, f"{F}.name.$autocomplete", "at most 255 bytes"),
        ({"name": {"$q": "ü" * 128}}, f"{F}.name.$q", "at most 255 bytes"),
    ],
)
def test_a_filter_that_is_wrong_is_told_where(sent: Any, field: str, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parsed_filter(sent, USERS)
    assert caught.value.field == field
    assert text in caught.value.message
    assert f"`{field}`" in caught.value.message


def test_what_is_large_but_not_too_large_is_read() -> None:
    parsed_filter(nested(7), USERS)
    parsed_filter({"$and": [{"id": "a"}] * 100}, USERS)
    parsed_filter({"id": {"$in": ["x"] * 1000}}, USERS)


@pytest.mark.parametrize(
    ("kind", "name", "known"),
    [
        (USERS, "favourite", True),
        (CHANNELS, "favourite", True),
        (CHANNEL_MEMBERS, "favourite", True),
        (CALLS, "favourite", False),
        (CALL_MEMBERS, "favourite", False),
        *((kind, "custom.favourite", True) for kind in (USERS, CALLS, CHANNELS, CALL_MEMBERS, CHANNEL_MEMBERS)),
        *((CHANNELS, name, False) for name in ("has_unread", "joined", "member.user.name")),
        (CHANNELS, "hidden", True),
    ],
)
def test_which_names_are_fields(kind: Kind, name: str, known: bool) -> None:
    if known:
        assert parsed_filter({name: False}, kind) == Comparison(name, Operator.EQ, value=False)
        return
    for read in (lambda: parsed_filter({name: False}, kind), lambda: parsed_sort([{"field": name}], kind)):
        with pytest.raises(InvalidInput, match=name):
            read()


def test_an_order_is_read() -> None:
    sent = [
        {"field": "created_at", "direction": -1},
        {"field": "name", "direction": 1, "type": ""},
        {"field": "custom.n"},
    ]
    assert parsed_sort(sent, USERS) == (Order("created_at", descending=True), Order("name"), Order("custom.n"))


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"field": "id"}, "sort"),
        ("id", "sort"),
        ([{"field": "id"}] * 11, "sort"),
        (["id"], "sort[0]"),
        ([{"field": "id"}, {}], "sort[1].field"),
        ([{"field": 1}], "sort[0].field"),
        ([{"field": ""}], "sort[0].field"),
        ([{"field": "teams"}], "sort[0].field"),
        ([{"field": "last_active"}], "sort[0].last_active"),
        ([{"field": "id", "direction": 2}], "sort[0].direction"),
        ([{"field": "id", "direction": "desc"}], "sort[0].direction"),
        ([{"field": "id", "direction": True}], "sort[0].direction"),
        ([{"field": "id", "direction": [1]}], "sort[0].direction"),
    ],
)
def test_an_order_that_is_wrong_is_told_where(sent: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parsed_sort(sent, USERS)
    assert caught.value.field == field


def test_a_token_leads_on_in_the_query_that_gave_it_and_in_no_other() -> None:
    name = query_name("calls", {"id": "a"}, None)
    assert name == query_name("calls", {"id": "a"}, [])
    part = window(Page(2), name)
    _, token = part.cut([1, 2, 3], lambda _: str(offset(part.after) + part.limit))
    assert offset(window(Page(2, token), name).after) == 2
    for other in (query_name("calls", {"id": "b"}, None), query_name("users", {"id": "a"}, None)):
        with pytest.raises(InvalidInput):
            window(Page(2, token), other)


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "10001", "9" * 5000, "٣"])
def test_a_forged_token_is_refused(after: str) -> None:
    with pytest.raises(InvalidInput):
        offset(after)
