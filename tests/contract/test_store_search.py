"""What searches find, for every kind of thing, against an oracle that knows nothing of SQL."""

from __future__ import annotations

import asyncio
import tempfile
import unicodedata
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolecall.domain.errors import OverLimit
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    ChannelMemberRecord,
    ChannelRecord,
    UserRecord,
)
from rolecall.service.administration.filters import parsed_filter, parsed_sort
from rolecall.store import Reader, Store, Transaction, connection, search_text, searching
from rolecall.store.search import AllOf, AnyOf, Comparison, Operator, Order, Search
from rolecall.store.search_fields import CALL_MEMBERS, CALLS, CHANNEL_MEMBERS, CHANNELS, USERS, Kind
from rolecall.store.search_sql import statement
from tests.contract.conftest import TYPES
from tests.search_oracle import in_order, passes

Thing = dict[str, Any]

# --- what there is to be found ---------------------------------------------------------------------------------------

IDS = ("ann", "Ann", "bob", "o'brien", 'say "hi"', "100%", "1_0", "ünï", "日本", "1", "a:b", "back\\slash", "eve;--")
WORDS = (
    *IDS,
    "",
    "ÜNÏ Straße",
    "anna-maria smith",
    "STRASSE",
    "🎉party",
    "%",
    "_",
    "'; DROP TABLE users; --",
    "true",
    "null",
    "two\nlines",
    "é",
    "É clair",
)
NUMBERS = (0, 1, -1, 1.0, 0.5, -0.0, 2, 2**53 + 1, 2.0**53, 2**63 - 1, -(2**63), 2**64, 1e300, 0.1, 1.5)
TIMES = {  # Unix nanoseconds -> how a client may write it
    0: ["1970-01-01T00:00:00Z", 0],
    1_000: ["1970-01-01T00:00:00.000001Z", 1_000],
    1_700_000_000_000_000_000: ["2023-11-14T22:13:20Z", "2023-11-15T00:13:20+02:00", 1_700_000_000_000_000_000],
    1_700_000_000_500_000_000: ["2023-11-14T22:13:20.5Z", "2023-11-14T12:13:20.500-10:00", 1_700_000_000_500_000_000],
}
KEYS = ("color", "name", "a", "ünï key", "%", "o'k", "$eq", "[0]", "#", "*", "0", " ", "id")

words = st.sampled_from(WORDS) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=0, max_size=6
)
scalars = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.integers(-3, 3) | words
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=4,
)
customs = st.dictionaries(st.sampled_from(KEYS), values, max_size=3)
times = st.sampled_from(sorted(TIMES))
names = st.sampled_from(WORDS)
members = st.lists(st.sampled_from(IDS), unique=True, max_size=4)
cids = st.builds("{}:{}".format, st.sampled_from(["default", "default2", "live"]), st.sampled_from(IDS))


def _unique(things: st.SearchStrategy[Thing], identity: str) -> st.SearchStrategy[list[Thing]]:
    return st.lists(things, max_size=6, unique_by=lambda thing: thing[identity])


def _things(identity: str, ids: st.SearchStrategy[str], **fields: st.SearchStrategy[Any]) -> Any:
    common = {identity: ids, "custom": customs, "created_at": times, "updated_at": times}
    return _unique(st.fixed_dictionaries({**common, **fields}), identity)


def _halves(thing: Thing) -> Thing:
    """Return a call or channel as filters see it."""
    thing["type"], _, thing["id"] = thing["cid"].partition(":")
    return thing


def _call(thing: Thing) -> Thing:
    thing["created_by_user_id"] = thing["created_by_id"]
    thing["ongoing"] = thing["ended_at"] is None and not thing["backstage"]
    return _halves(thing)


def _channel(thing: Thing) -> Thing:
    thing["member_count"] = len(thing["members"])
    thing["last_updated"] = thing["last_message_at"] = thing["updated_at"]
    thing["hidden"] = False
    return _halves(thing)


def _channel_member(thing: Thing) -> Thing:
    thing["id"] = thing["user_id"]
    thing["is_moderator"] = thing["channel_role"] == "channel_moderator"
    return thing


def _kept(thing: Thing, *columns: str) -> Thing:
    return {name: thing[name] for name in ("custom", "created_at", "updated_at", *columns)}


async def _put_users(tx: Transaction, things: Sequence[Thing]) -> None:
    for thing in things:
        extras = {name: thing[name] for name in ("name", "image") if thing[name] is not None}
        kept = _kept(thing, "id", "role", "banned", "deactivated")
        await tx.put_user(UserRecord(**kept, teams=tuple(thing["teams"]), extras=extras))


async def _put_calls(tx: Transaction, things: Sequence[Thing]) -> None:
    for thing in things:
        columns = ("cid", "created_by_id", "team", "backstage", "starts_at", "ended_at")
        await tx.put_call(CallRecord(**_kept(thing, *columns)))
        await tx.put_call_members(thing["cid"], [CallMemberRecord(user_id) for user_id in thing["members"]])


async def _put_channels(tx: Transaction, things: Sequence[Thing]) -> None:
    for thing in things:
        extras = {"filter_tags": thing["filter_tags"]} if thing["filter_tags"] else {}
        columns = ("cid", "created_by_id", "team", "frozen", "disabled")
        await tx.put_channel(ChannelRecord(**_kept(thing, *columns), extras=extras))
        await tx.put_channel_members(thing["cid"], [ChannelMemberRecord(user_id) for user_id in thing["members"]])


async def _put_call_members(tx: Transaction, things: Sequence[Thing]) -> None:
    for cid in ("default:x", "default:y"):
        await tx.put_call(CallRecord(cid))
    await tx.put_call_members("default:y", [CallMemberRecord("zoe")])
    await tx.put_call_members("default:x", [CallMemberRecord(**_kept(thing, "user_id", "role")) for thing in things])


_INVITES: Mapping[str, dict[str, Any]] = {
    "": {},
    "pending": {"invited": True, "status": "pending"},
    "accepted": {"invited": True, "status": "accepted", "invite_accepted_at": 6, "invite_rejected_at": 5},
    "rejected": {"invited": True, "status": "rejected", "invite_accepted_at": 5, "invite_rejected_at": 6},
}


async def _put_channel_members(tx: Transaction, things: Sequence[Thing]) -> None:
    for cid in ("messaging:x", "messaging:y"):
        await tx.put_channel(ChannelRecord(cid))
    await tx.put_users([UserRecord(thing["user_id"], extras={"name": thing["name"]}) for thing in things])
    await tx.put_channel_members("messaging:y", [ChannelMemberRecord("zoe")])
    records = [
        ChannelMemberRecord(**_kept(thing, "user_id", "channel_role", "banned"), extras=_INVITES[thing["invite"]])
        for thing in things
    ]
    await tx.put_channel_members("messaging:x", records)


class Case(NamedTuple):
    kind: Kind
    things: st.SearchStrategy[list[Thing]]
    identity: str
    fields: Mapping[str, str]
    own: Sequence[str]
    put: Callable[[Transaction, Sequence[Thing]], Awaitable[None]]
    search: Callable[[Reader, Search], Awaitable[Sequence[Any]]]
    seen: Callable[[Thing], Thing] = lambda thing: thing
    order: Mapping[str, Any] = {"field": "created_at", "direction": -1}


_OWN = (
    "custom.color",
    "custom.a.color",
    "custom.ünï key",
    "custom.%",
    "custom.o'k",
    "custom.[0]",
    "custom.a.0",
    "custom.#",
)
_BARE = ("color", "a.color", "a.a.a", "[0]", "*")
_TIMES = {"created_at": "time", "updated_at": "time"}
_CIDS = {"cid": "text", "id": "text", "type": "text", "team": "text", "created_by_id": "text", "members": "texts"}

CASES = {
    "users": Case(
        USERS,
        _things(
            "id",
            st.sampled_from(IDS),
            name=st.none() | names,
            image=st.none() | names,
            role=st.sampled_from(["user", "admin", "o'brien"]),
            banned=st.booleans(),
            deactivated=st.booleans(),
            teams=members,
        ),
        "id",
        {"id": "text", "name": "text", "image": "text", "role": "text", "banned": "flag", "deactivated": "flag"}
        | {"teams": "texts"}
        | _TIMES,
        (*_OWN, *_BARE),
        _put_users,
        Reader.search_users,
    ),
    "calls": Case(
        CALLS,
        _things(
            "cid",
            cids,
            created_by_id=names,
            team=names,
            backstage=st.booleans(),
            starts_at=st.none() | times,
            ended_at=st.none() | times,
            members=members,
        ),
        "cid",
        {"created_by_user_id": "text", "backstage": "flag", "ongoing": "flag", "starts_at": "time", "ended_at": "time"}
        | _CIDS
        | _TIMES,
        _OWN,
        _put_calls,
        Reader.search_calls,
        _call,
    ),
    "channels": Case(
        CHANNELS,
        _things(
            "cid",
            cids,
            created_by_id=names,
            team=names,
            frozen=st.booleans(),
            disabled=st.booleans(),
            filter_tags=members,
            members=members,
        ),
        "cid",
        {"frozen": "flag", "disabled": "flag", "hidden": "flag", "last_updated": "time", "last_message_at": "time"}
        | {"member_count": "number", "filter_tags": "texts"}
        | _CIDS
        | _TIMES,
        (*_OWN, *_BARE, "name"),
        _put_channels,
        Reader.search_channels,
        _channel,
        {"field": "updated_at", "direction": -1},
    ),
    "call members": Case(
        CALL_MEMBERS,
        _things("user_id", st.sampled_from(IDS), role=st.sampled_from(["host", "call_member", "o'brien"])),
        "user_id",
        {"user_id": "text", "role": "text"} | _TIMES,
        _OWN,
        _put_call_members,
        lambda reader, search: reader.search_call_members("default:x", search),
    ),
    "channel members": Case(
        CHANNEL_MEMBERS,
        _things(
            "user_id",
            st.sampled_from(IDS),
            channel_role=st.sampled_from(["channel_member", "channel_moderator"]),
            banned=st.booleans(),
            name=names,
            invite=st.sampled_from(sorted(_INVITES)),
        ),
        "user_id",
        {"id": "text", "user_id": "text", "name": "text", "channel_role": "text", "is_moderator": "flag"}
        | {"banned": "flag", "invite": "text"}
        | _TIMES,
        (*_OWN, *_BARE),
        _put_channel_members,
        lambda reader, search: reader.search_channel_members("messaging:x", search),
        _channel_member,
        {"field": "created_at", "direction": 1},
    ),
}

# --- what is asked ---------------------------------------------------------------------------------------------------

_OPERANDS: Mapping[str, st.SearchStrategy[Any]] = {
    "text": names | st.sampled_from(["user", "admin", "host", "default", "live", "default:ann", "live:a:b", "pending"]),
    "time": st.sampled_from([text for texts in TIMES.values() for text in texts]),
    "number": st.integers(-1, 5) | st.sampled_from([0.5, 2.0, 2**64]),
    "flag": st.booleans(),
    "texts": st.sampled_from(IDS),
    "json": scalars.filter(lambda value: value is not None),
}


def _some(operand: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | operand, max_size=4)


def _asked(sort: str) -> st.SearchStrategy[Any]:
    """Return everything that can be asked of a field of a sort."""
    operand = _OPERANDS[sort]
    equal = (
        st.none()
        | operand
        | (_some(operand).map(lambda texts: [t for t in texts if t]) if sort == "texts" else operand)
    )
    asked = {"$eq": equal, "$ne": equal, "$in": _some(operand), "$nin": _some(operand), "$exists": st.booleans()}
    if sort in ("text", "time", "number", "json"):
        ordered = st.sampled_from(NUMBERS) | words if sort == "json" else operand
        asked |= dict.fromkeys(("$gt", "$gte", "$lt", "$lte"), ordered)
    if sort in ("text", "json"):
        parts = names.flatmap(lambda text: st.integers(0, len(text)).map(lambda cut: text[cut:] or text))
        looked = (parts | words).filter(str.strip)
        asked |= {"$autocomplete": looked, "$q": looked}
    if sort == "texts":
        asked["$contains"] = operand
    if sort == "json":
        asked["$contains"] = st.none() | operand
    one = st.sampled_from(sorted(asked)).flatmap(lambda name: asked[name].map(lambda value: {name: value}))
    two = st.tuples(one, one).map(lambda pair: {**pair[0], **pair[1]})
    return one | one | two | equal


def _filters(case: Case) -> st.SearchStrategy[Thing]:
    fields = {**dict.fromkeys(case.own, "json"), **case.fields}
    each = {name: _asked(sort) for name, sort in fields.items()}
    on_field = st.sampled_from(sorted(each)).flatmap(lambda name: each[name].map(lambda asked: {name: asked}))
    level = st.lists(on_field, max_size=2).map(lambda parts: {key: part[key] for part in parts for key in part})
    return st.recursive(
        on_field | level,
        lambda inner: st.tuples(
            st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, min_size=1, max_size=3), level
        ).map(lambda parts: {**parts[2], parts[0]: parts[1]}),
        max_leaves=4,
    )


def _sorts(case: Case) -> st.SearchStrategy[list[Thing]]:
    fields = [name for name, sort in case.fields.items() if sort != "texts"]
    name = st.sampled_from([*fields, *case.own])
    entry = st.fixed_dictionaries({"field": name}, optional={"direction": st.sampled_from([1, -1])})
    return st.lists(entry, max_size=2)


# Small examples, many questions each: what hypothesis finds too large it draws again and again.
ASKED = {
    name: st.tuples(
        case.things,
        st.lists(st.tuples(_filters(case), _sorts(case)), min_size=4, max_size=4),
        st.sampled_from([0, 0, 1]),
    )
    for name, case in CASES.items()
}


async def _check(
    case: Case, things: list[Thing], asked: list[tuple[Thing, list[Thing]]], offset: int, limit: int = 3
) -> None:
    # However slow the machine is: how long a search may take is no matter here.
    with tempfile.TemporaryDirectory() as folder, patch.object(searching, "_SECONDS", 600.0):
        store = await Store.open(str(Path(folder) / "store.db"))
        try:
            app, other = [
                await store.create_app(AppRecord(0, name, 0), key=name, secret="secret", types=TYPES)
                for name in ("demo", "other")
            ]
            strange = [{**thing, "name": "stranger"} for thing in things[::2]]
            for owner, owned in ((other, strange), (app, things)):  # another app's things are never found
                async with store.transaction(owner.id) as tx:
                    await case.put(tx, owned)
            seen = [case.seen(thing) for thing in things]
            async with store.snapshot(app.id, searching=True) as reader:
                for conditions, sort in asked:
                    where, order = parsed_filter(conditions, case.kind), parsed_sort(sort, case.kind)
                    found = await case.search(reader, Search(where, order, limit, offset))
                    passing = [thing for thing in seen if passes(thing, conditions, case.fields)]
                    ordered = in_order(passing, sort or [case.order], case.fields, case.identity)
                    expected = [thing[case.identity] for thing in ordered][offset : offset + limit]
                    assert [getattr(record, case.identity) for record in found] == expected, (conditions, sort)
        finally:
            await store.close()


@pytest.mark.parametrize("name", CASES)
@settings(suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_finds_what_the_oracle_finds(name: str, data: st.DataObject) -> None:
    things, asked, offset = data.draw(ASKED[name])
    asyncio.run(_check(CASES[name], things, asked, offset))


_EACH: Mapping[str, Sequence[Any]] = {
    "text": ["", "ann", "ÜNÏ", "100%", "default", "live:a:b", "zzz"],
    "time": [1_000, "2023-11-14T22:13:20Z"],
    "number": [0, 2, 1.5],
    "flag": [True, False],
    "texts": ["ann", "日本"],
    "json": ["", "1", "é", 1, 0.5, True, False, 2**64],
}


def _one_by_one(case: Case) -> Iterator[Thing]:
    """Yield one comparison of every field with every operator and some operands, and its opposite."""
    for name, sort in {**dict.fromkeys(case.own, "json"), **case.fields}.items():
        field, operands = case.kind.field(name), _EACH[sort]
        assert field is not None
        asked: list[tuple[str, Any]] = [("$exists", True), ("$exists", False)]
        asked += [(operator, None) for operator in ("$eq", "$ne")]
        asked += [
            (operator, items)
            for operator in ("$in", "$nin")
            for items in ([], [None], [*operands], [None, *operands[:2]])
        ]
        if sort == "texts":
            asked += [
                (operator, held) for operator in ("$eq", "$ne") for held in ([], ["ann"], ["ann", "日本"], [*IDS])
            ]
        for operand in operands:
            looked = isinstance(operand, str) and operand
            skipped = {"$in", "$nin", "$exists", *(() if looked else ("$autocomplete", "$q"))}
            if isinstance(operand, bool):
                skipped |= {"$gt", "$gte", "$lt", "$lte"}
            asked += [(operator, operand) for operator in sorted(field.sort.operators - skipped)]
        for operator, operand in asked:
            yield {name: {str(operator): operand}}
            yield {"$nor": [{name: {str(operator): operand}}]}


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=max(2, settings().max_examples // 30), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_comparison_finds_what_the_oracle_finds(name: str, data: st.DataObject) -> None:
    case = CASES[name]
    things = data.draw(case.things.filter(lambda things: len(things) > 3))
    sorts = [name for name in (*case.own, *case.fields) if case.fields.get(name) != "texts"]
    every: list[tuple[Thing, list[Thing]]] = [(asked, []) for asked in _one_by_one(case)]
    every += [({}, [{"field": field, "direction": direction}]) for field in sorts for direction in (1, -1)]
    asyncio.run(_check(case, things, every, 0, 10))


@pytest.mark.parametrize("name", CASES)
def test_the_oracle_is_asked_of_every_field(name: str) -> None:
    case = CASES[name]
    never_so = {"shadow_banned", "notifications_muted", "muted", "pinned", "archived", "blocked"}
    assert set(case.fields) | never_so | {"language"} >= set(case.kind.fields)


# --- one at a time ---------------------------------------------------------------------------------------------------

ROWS: Mapping[str, Any] = {
    "text": "1",
    "number": 1,
    "real": 1.0,
    "true": True,
    "false": False,
    "null": None,
    "list": ["1", None],
    "numbers": [1, [True]],
    "object": {"value": 1},
    "upper": "Élan Vital 100% Straße",
}


@pytest.fixture
async def users(store: Store, app: AppRecord) -> AppRecord:
    async with store.transaction(app.id) as tx:
        await tx.put_users([UserRecord(key, custom={"value": value}, created_at=5) for key, value in ROWS.items()])
        await tx.put_user(UserRecord("missing", created_at=5))
    return app


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("1", "list text"),
        (1, "number numbers real"),
        (1.0, "number numbers real"),
        (True, "true"),
        (None, "list missing null"),
        ({"$in": ["1", False]}, "false list text"),
        ({"$nin": ["1", 1, None, True, False]}, "object upper"),
        ({"$ne": None}, "false number numbers object real text true upper"),
        ({"$gt": 0}, "number real"),
        ({"$gte": "1"}, "text upper"),
        ({"$exists": False}, "missing"),
        ({"$contains": 1}, "numbers"),
        ({"$contains": None}, "list"),
        ({"$contains": True}, ""),
        ({"$autocomplete": "élan v"}, "upper"),
        ({"$autocomplete": "VIT"}, "upper"),
        ({"$autocomplete": "ital"}, ""),
        ({"$autocomplete": "100%"}, "upper"),
        ({"$autocomplete": "1%"}, ""),
        ({"$autocomplete": "_"}, ""),
        ({"$q": "ITAL 1"}, "upper"),
        ({"$autocomplete": "STRASSE"}, "upper"),
        ({"$q": "STRASSE"}, "upper"),
        ({"$q": "1"}, "text upper"),
    ],
)
async def test_values_are_what_json_says_they_are(store: Store, users: AppRecord, asked: Any, found: str) -> None:
    where = parsed_filter({"value": asked}, USERS)
    async with store.snapshot(users.id) as reader:
        assert [user.id for user in await reader.search_users(Search(where))] == found.split()


async def test_things_alike_are_in_the_order_of_their_ids(store: Store, users: AppRecord) -> None:
    expected = sorted([*ROWS, "missing"])
    async with store.snapshot(users.id) as reader:
        for sort in ((), (Order("role"),), (Order("created_at", descending=True),)):
            pages = [await reader.search_users(Search(sort=sort, limit=3, offset=start)) for start in range(0, 12, 3)]
            assert [user.id for page in pages for user in page] == expected


async def test_a_search_that_takes_too_long_is_given_up_and_holds_up_no_other_read(
    store: Store, users: AppRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with store.transaction(users.id) as tx:
        await tx.put_users([UserRecord(f"user-{place}", custom={"list": [*range(50)]}) for place in range(300)])
    slow = Search(AnyOf(tuple(Comparison("list", Operator.EQ, f"no {place}") for place in range(100))))
    monkeypatch.setattr(searching, "_SECONDS", -1.0)
    with pytest.raises(OverLimit) as caught:  # noqa: PT012  # at its end the snapshot says it once more
        async with store.snapshot(users.id, searching=True) as reader, store.snapshot(users.id) as other:
            assert await other.user("text") is not None
            await reader.search_users(slow)
    assert caught.value.code_reason == "SEARCH_TOO_LONG"
    monkeypatch.undo()
    async with store.snapshot(users.id, searching=True) as reader:  # nothing of it is left on the connection
        assert await reader.search_users(slow) == []


@pytest.mark.parametrize("operator", [Operator.AUTOCOMPLETE, Operator.Q])
async def test_what_looks_into_text_gives_up_by_itself(
    store: Store, users: AppRecord, monkeypatch: pytest.MonkeyPatch, operator: Operator
) -> None:
    """One step of SQLite's may be many texts, and it looks at the clock between so many steps only."""
    monkeypatch.setattr(connection, "_STEPS", 2**31 - 1)
    monkeypatch.setattr(searching, "_SECONDS", -1.0)
    with pytest.raises(OverLimit) as caught:
        async with store.snapshot(users.id, searching=True) as reader:
            await reader.search_users(Search(Comparison("id", operator, "text")))
    assert caught.value.code_reason == "SEARCH_TOO_LONG"
    monkeypatch.undo()
    async with store.snapshot(users.id, searching=True) as reader:
        assert [user.id for user in await reader.search_users(Search(Comparison("id", operator, "text")))] == ["text"]


async def test_the_searches_of_a_snapshot_have_their_time_together(
    store: Store, users: AppRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(searching, "time", clock)
    allowed: list[float] = []
    within = connection.Connection.within

    def noted(self: connection.Connection, seconds: float) -> Any:
        allowed.append(seconds)
        clock.now += 0.5
        return within(self, 60)

    monkeypatch.setattr(connection.Connection, "within", noted)
    for _ in range(2):
        async with store.snapshot(users.id, searching=True) as reader:
            for _ in range(3):
                await reader.search_users(Search(limit=1))
    assert allowed == [2.0, 1.5, 1.0] * 2


class Clock:
    """A clock that stands still unless it is set."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_looking_into_texts_lets_other_threads_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    now = iter(range(1_000))
    clock = SimpleNamespace(monotonic=lambda: next(now) / 10_000, sleep=slept.append)
    monkeypatch.setattr(search_text, "time", clock)
    deadline = search_text.Deadline()
    assert [deadline.passed_after_pause() for _ in range(100)] == [False] * 100  # 0.1 ms each
    assert 10 <= len(slept) <= 25


def test_no_letter_within_a_word_is_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def category(character: str) -> str:
        looked_at.append(character)
        return unicodedata.category(character)

    monkeypatch.setattr(search_text, "unicodedata", SimpleNamespace(category=category))
    text = "b" + "a" * 5_000
    assert [search_text.starts_word(text, "a" * length) for length in (1, 50, 250)] == [False] * 3
    assert search_text.starts_word(text, "ba")
    assert not looked_at


@pytest.mark.parametrize(
    ("kind", "name", "value", "index"),
    [
        (USERS, "id", ("ann", "bob"), "sqlite_autoindex_users_1 (app_id=? AND id=?)"),
        (USERS, "role", ("admin",), "users_by_role (app_id=? AND role=?)"),
        (USERS, "name", ("Ann",), "users_by_name (app_id=? AND <expr>=?)"),
        (CALLS, "cid", ("default:a",), "sqlite_autoindex_calls_1 (app_id=? AND cid=?)"),
        (CALLS, "id", ("a", "b"), "calls_by_id (app_id=? AND <expr>=?)"),
        (CALLS, "type", ("default",), "sqlite_autoindex_calls_1 (app_id=? AND cid>? AND cid<?)"),
        (CALLS, "members", ("ann", "bob"), "call_members_by_user (user_id=?)"),
        (CALLS, "created_by_user_id", ("ann",), "calls_by_creator (app_id=? AND created_by_id=?)"),
        (CHANNELS, "cid", ("messaging:a",), "sqlite_autoindex_channels_1 (app_id=? AND cid=?)"),
        (CHANNELS, "id", ("a", "b"), "channels_by_id (app_id=? AND <expr>=?)"),
        (CHANNELS, "type", ("messaging",), "sqlite_autoindex_channels_1 (app_id=? AND cid>? AND cid<?)"),
        (CHANNELS, "members", ("ann",), "channel_members_by_user (user_id=?)"),
        (CHANNELS, "created_by_id", ("ann",), "channels_by_creator (app_id=? AND created_by_id=?)"),
    ],
)
async def test_an_index_finds_what_can_be_listed(
    store: Store, app: AppRecord, kind: Kind, name: str, value: tuple[str, ...], index: str
) -> None:
    others = (Comparison("updated_at", Operator.GT, 1), Comparison("custom.a", Operator.NE, 1))
    for operator in (Operator.IN, Operator.EQ) if len(value) == 1 else (Operator.IN,):
        asked = Comparison(name, operator, value if operator is Operator.IN else value[0])
        plan = await _plan(store, app, kind, Search(AllOf((*others, AllOf((asked,))))))
        assert index in plan
        assert f"SEARCH {kind.table} USING INDEX {kind.table}_by_age" not in plan
        assert f"SCAN {kind.table}" not in plan


@pytest.mark.parametrize(
    ("kind", "index"), [(USERS, "users_by_age"), (CALLS, "calls_by_age"), (CHANNELS, "_by_change")]
)
async def test_the_first_page_of_everything_is_read_in_its_order(
    store: Store, app: AppRecord, kind: Kind, index: str
) -> None:
    plan = await _plan(store, app, kind, Search())
    assert f"{index} (app_id=?)" in plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


async def _plan(store: Store, app: AppRecord, kind: Kind, search: Search) -> str:
    sql, parameters = statement(kind, ("created_at",), search)
    async with store.snapshot(app.id) as reader:
        connection = reader._connection  # noqa: SLF001
        rows = await connection.all(f"EXPLAIN QUERY PLAN {sql}", {**parameters, "app_id": app.id, "cid": ""})
    return "\n".join(row[3] for row in rows)
