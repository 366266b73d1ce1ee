"""The cache of facts: which go first, and that its books always balance."""

from __future__ import annotations

import random

import pytest

from rolecall.domain.facts import Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.grants import compile_overrides
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, MISSING, USER, FactCache, Name, weight

MEGABYTE = 1024 * 1024
OVERRIDE = compile_overrides({"user": ("create-message",)})


def user(number: int, **fields: object) -> User:
    return User(number, f"user-{number}", "user")._replace(**fields)


def name(number: int, app: int = 1) -> Name:
    return (USER, app, f"user-{number}")


def held(cache: FactCache, numbers: range) -> list[int]:
    """Return which of the users are held, without touching any of them."""
    return [number for number in numbers if name(number) in cache._entries]


def filled(count: int, *, room: int) -> FactCache:
    """Return a cache with room for just so many users, after so many were put."""
    cache = FactCache(1)
    cache._budget = weight(name(0), user(0)) * room
    for number in range(count):
        cache.put(name(number), user(number))
    return cache


def test_absence_is_a_fact_and_not_knowing_is_not() -> None:
    cache = FactCache(1)
    cache.put(name(1), None)
    assert cache.get(name(1)) is None
    assert cache.get(name(2)) is MISSING
    assert (cache.hits, cache.misses) == (1, 1)


def test_apps_and_kinds_share_no_names() -> None:
    cache = FactCache(1)
    cache.put((USER, 1, "same"), user(1))
    assert cache.get((USER, 2, "same")) is MISSING
    assert cache.get((CALL, 1, "same")) is MISSING


def test_the_oldest_goes_first() -> None:
    assert held(filled(6, room=4), range(6)) == [2, 3, 4, 5]


def test_what_was_asked_for_stays_longer() -> None:
    cache = filled(4, room=4)
    cache.get(name(0))
    cache.put(name(4), user(4))
    assert held(cache, range(5)) == [0, 2, 3, 4]


def test_what_was_put_again_stays_longer() -> None:
    cache = filled(4, room=4)
    cache.put(name(0), user(0, banned=True))
    cache.put(name(4), user(4))
    assert held(cache, range(5)) == [0, 2, 3, 4]
    assert cache.get(name(0)).banned


def test_a_heavy_fact_takes_the_place_of_several() -> None:
    cache = filled(4, room=4)
    cache.put(name(9), user(9, teams=frozenset(f"team-{number:03}" for number in range(4))))
    assert held(cache, range(10)) == [2, 3, 9]
    assert cache.bytes <= cache._budget


def test_one_fact_larger_than_the_budget_is_held_alone() -> None:
    cache = filled(1, room=1)
    giant = user(9, teams=frozenset(f"team-{number}" for number in range(100)))
    cache.put(name(9), giant)
    assert (len(cache), cache.get(name(9))) == (1, giant)
    cache.put(name(1), user(1))
    assert held(cache, range(10)) == [1]


@pytest.mark.parametrize("megabytes", [1, 2])
def test_the_budget_is_in_megabytes(megabytes: int) -> None:
    cache = FactCache(megabytes)
    room = megabytes * MEGABYTE // weight(name(1_000), user(1_000))
    for number in range(1_000, 1_000 + room + 50):
        cache.put(name(number), user(number))
    assert len(cache) == room
    assert megabytes * MEGABYTE - 1_000 < cache.bytes <= megabytes * MEGABYTE


def test_dropping_what_is_not_held_does_nothing() -> None:
    cache = filled(2, room=4)
    before = cache.bytes
    cache.drop(name(7))
    assert (len(cache), cache.bytes) == (2, before)


def test_a_fact_that_is_replaced_is_counted_once() -> None:
    cache = FactCache(1)
    cache.put(name(1), user(1, teams=frozenset({"red", "blue"}), teams_role={"red": "host"}))
    cache.put(name(1), None)
    assert cache.bytes == weight(name(1), None)
    cache.drop(name(1))
    assert (len(cache), cache.bytes) == (0, 0)


SOME_OF_EACH = {
    (USER, 1, "ann"): user(1, teams=frozenset({"red"}), teams_role={"red": "host"}),
    (CALL, 1, "default:one"): Call(1, "default", "", "", 0, backstage=False, join_ahead=0, starts_at=None, ended=False),
    (CHANNEL, 1, "messaging:one"): Channel(
        1, "messaging", "", "", frozen=False, disabled=False, cooldown=0, flags={"polls": True}, grants=OVERRIDE
    ),
    (CALL_MEMBER, 1, "default:one", "ann"): CallMember("host", of=(1, 1)),
    (CHANNEL_MEMBER, 1, "messaging:one", "ann"): ChannelMember("channel_member", of=(1, 1)),
}


@pytest.mark.parametrize("absent", [False, True])
def test_the_books_balance_for_every_kind_of_fact(absent: bool) -> None:  # noqa: FBT001
    cache = FactCache(1)
    for fact_name, fact in SOME_OF_EACH.items():
        cache.put(fact_name, None if absent else fact)
    assert cache.bytes > 0
    for fact_name in SOME_OF_EACH:
        cache.drop(fact_name)
    assert (len(cache), cache.bytes) == (0, 0)


def test_the_books_balance_after_anything() -> None:
    chance, cache = random.Random(7), filled(0, room=12)
    for _ in range(3_000):
        number = chance.randrange(30)
        step = chance.choice((cache.drop, cache.get, None, None))
        if step is None:
            teams = frozenset(str(team) for team in range(chance.randrange(4)))
            cache.put(name(number), chance.choice((None, user(number, teams=teams))))
        else:
            step(name(number))
        assert cache.bytes == sum(weight(*entry) for entry in cache._entries.items())
        assert cache.bytes <= cache._budget
    assert cache.hits > 100
    assert cache.misses > 100


def test_clearing_forgets_at_once_and_frees_bit_by_bit() -> None:
    cache = filled(5_000, room=5_000)
    draining = cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)
    cache.put(name(1), user(1))
    assert sum(1 for _ in draining) == 3
    assert cache.get(name(1)) == user(1)
    assert cache.bytes == weight(name(1), user(1))


def test_clearing_counts_as_neither_hit_nor_miss() -> None:
    cache = filled(3, room=4)
    for _ in cache.clear():
        pass
    assert (cache.hits, cache.misses) == (0, 0)
