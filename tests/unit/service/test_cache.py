"""The cache of facts: what goes when room is short, and that its books always balance."""

# ruff: noqa: SLF001 - what is held is looked at without asking for it, which would keep it

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rolecall.domain.facts import Call, CallMember, Channel, ChannelMember, User
from rolecall.domain.grants import compile_overrides
from rolecall.service.cache import CALL, CALL_MEMBER, CHANNEL, CHANNEL_MEMBER, MISSING, USER, FactCache, Name, weight

MEGABYTE = 1024 * 1024
OVERRIDE = compile_overrides({"user": ("create-message",)})


def user(number: int, **fields: Any) -> User:
    return replace(User(number, f"user-{number}", "user"), **fields)


def name(number: int, app: int = 1) -> Name:
    return (USER, app, f"user-{number}")


def held(cache: FactCache, count: int) -> list[int]:
    """Return which of so many users are held, without asking for any of them."""
    return [number for number in range(count) if name(number) in cache.young or name(number) in cache._old]


def filled(count: int, *, share: int) -> FactCache:
    """Return a cache of which a generation has room for so many users, after so many were put."""
    cache = FactCache(1)
    cache._share = weight(name(0), user(0)) * share
    for number in range(count):
        cache.put(name(number), user(number))
    return cache


def size(cache: FactCache) -> int:
    """Return the bytes of everything that has not been freed."""
    return sum(weight(*entry) for table in (cache.young, cache._old, cache._doomed) for entry in table.items())


def test_absence_is_a_fact_and_not_knowing_is_not() -> None:
    cache = FactCache(1)
    cache.put(name(1), None)
    assert cache.get(name(1)) is None
    assert cache.get(name(2)) is MISSING
    assert cache.misses == 1


def test_apps_and_kinds_share_no_names() -> None:
    cache = FactCache(1)
    cache.put((USER, 1, "same"), user(1))
    assert cache.get((USER, 2, "same")) is MISSING
    assert cache.get((CALL, 1, "same")) is MISSING


def test_what_was_not_asked_for_in_two_generations_goes() -> None:
    assert held(filled(8, share=4), 12) == [0, 1, 2, 3, 4, 5, 6, 7]
    assert held(filled(9, share=4), 12) == [4, 5, 6, 7, 8]


def test_what_was_asked_for_stays() -> None:
    cache = filled(5, share=4)
    assert cache.get(name(1)) == user(1)
    for number in (5, 6, 7):
        cache.put(name(number), user(number))
    assert held(cache, 12) == [1, 4, 5, 6, 7]


def test_what_is_asked_for_all_the_time_never_goes() -> None:
    cache = filled(1, share=4)
    for number in range(1, 9):
        cache.put(name(number), user(number))
        assert cache.get(name(0)) == user(0)
    assert cache.misses == 0


def test_what_was_put_again_stays_as_it_is_now() -> None:
    cache = filled(5, share=4)
    cache.put(name(0), user(0, banned=True))
    for number in (5, 6, 7):
        cache.put(name(number), user(number))
    assert held(cache, 12) == [0, 4, 5, 6, 7]
    assert cache.get(name(0)).banned


def test_asking_moves_no_bytes() -> None:
    cache = filled(6, share=4)
    before = cache.bytes
    for number in range(2):
        cache.get(name(number))
    assert (cache.bytes, len(cache)) == (before, 6)


def test_a_fact_larger_than_a_generation_is_held_until_the_next_one_comes() -> None:
    cache = filled(1, share=1)
    giant = user(9, teams=frozenset(f"team-{number}" for number in range(100)))
    cache.put(name(9), giant)
    assert cache.get(name(9)) == giant
    cache.put(name(1), user(1))
    cache.put(name(2), user(2))
    assert held(cache, 10) == [1, 2]
    assert cache.bytes == size(cache) - sum(weight(*entry) for entry in cache._doomed.items())


@pytest.mark.parametrize("megabytes", [1, 2])
def test_the_budget_is_in_megabytes_and_counts_what_is_not_freed_yet(megabytes: int) -> None:
    cache = FactCache(megabytes)
    for number in range(1_000, 10_000):
        cache.put(name(number), user(number))
        assert cache.bytes <= megabytes * MEGABYTE * 2 / 3
        if number % 97 == 0:
            assert cache.bytes <= size(cache) <= megabytes * MEGABYTE
    assert cache.bytes > megabytes * MEGABYTE / 4


def test_what_is_doomed_is_freed_before_more_is() -> None:
    cache, doomed = filled(400, share=100), []
    for number in range(400, 800):
        cache.put(name(number), user(number))
        doomed.append(len(cache._doomed))
    assert max(doomed) < 100
    assert doomed.count(0) > 200


def test_what_is_doomed_is_never_found() -> None:
    cache = filled(9, share=4)
    assert cache._doomed
    for number in range(4):
        assert cache.get(name(number)) is MISSING
        cache.drop(name(number))
    assert held(cache, 12) == [4, 5, 6, 7, 8]


def test_dropping_what_is_not_held_does_nothing() -> None:
    cache = filled(2, share=4)
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
def test_the_books_balance_for_every_kind_of_fact(absent: bool) -> None:
    cache = FactCache(1)
    for fact_name, fact in SOME_OF_EACH.items():
        cache.put(fact_name, None if absent else fact)
    assert cache.bytes > 0
    for fact_name in SOME_OF_EACH:
        cache.drop(fact_name)
    assert (len(cache), cache.bytes) == (0, 0)


def test_the_books_balance_after_anything() -> None:
    chance, cache = random.Random(7), filled(0, share=6)
    for _ in range(3_000):
        number = chance.randrange(30)
        step = chance.choice((cache.drop, cache.get, None, None))
        if step is None:
            teams = frozenset(str(team) for team in range(chance.randrange(4)))
            cache.put(name(number), chance.choice((None, user(number, teams=teams))))
        else:
            step(name(number))
        held_now = {**cache._old, **cache.young}
        assert len(cache) == len(held_now)
        assert cache.bytes == sum(weight(*entry) for entry in held_now.items())
        assert cache.bytes <= 2 * cache._share
    assert cache.misses > 100


def test_clearing_forgets_at_once_and_frees_bit_by_bit() -> None:
    cache = filled(5_000, share=5_000)
    draining = cache.clear()
    assert (len(cache), cache.bytes) == (0, 0)
    cache.put(name(1), user(1))
    assert sum(1 for _ in draining) >= 3
    assert cache.get(name(1)) == user(1)
    assert cache.bytes == weight(name(1), user(1))


def test_clearing_leaves_nothing_of_any_generation() -> None:
    cache = filled(9, share=4)
    for _ in cache.clear():
        pass
    assert (len(cache), cache.bytes, size(cache), cache.misses) == (0, 0, 0, 0)
