"""What memory answers: yes only for what is held, and only while that is fresh."""

from __future__ import annotations

import math

import pytest

from rolecall.client import Change
from rolecall.client.memory import Memory
from tests.unit.client.fakes import Time

NONE: frozenset[str] = frozenset()


def told(user_id: str, *names: str, revision: int = 1, left: bool = False) -> Change:
    return Change(user_id, frozenset(names), NONE, NONE, "snapshot", revision, left)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def memory(time: Time) -> Memory:
    memory = Memory([""], 10.0, lambda: time.now)
    memory.apply([told("ann", "talk", revision=4), told("bob", revision=4)])
    memory.synced("", time.now)
    return memory


def test_held_lacked_unfollowed(memory: Memory) -> None:
    assert memory.check("ann", "talk") == (True, "HELD", "", "", "", 4)
    for user_id, capability, reason in (
        ("ann", "sing", "LACKED"),
        ("bob", "talk", "LACKED"),
        ("cy", "talk", "UNFOLLOWED"),
    ):
        verdict = memory.check(user_id, capability)
        assert (verdict.allowed, verdict.reason) == (False, reason)
        assert not verdict


def test_nothing_is_allowed_before_everything_is_known(time: Time) -> None:
    memory = Memory([""], 10.0, lambda: time.now)
    assert (memory.fresh, memory.age) == (False, math.inf)
    memory.apply([told("ann", "talk")])
    memory.heard(time.now)
    assert memory.check("ann", "talk").reason == "STALE"
    assert memory.capabilities("ann") == NONE
    memory.synced("", time.now)
    assert memory.check("ann", "talk").allowed
    assert memory.capabilities("ann") == {"talk"}


def test_it_is_as_old_as_the_moment_that_is_confirmed(time: Time, memory: Memory) -> None:
    time.now += 9.5
    assert (memory.fresh, memory.age) == (True, 9.5)
    memory.heard(time.now - 2.0)
    assert memory.age == 2.0
    memory.heard(-math.inf)
    memory.heard(time.now - 5.0)
    assert memory.age == 2.0
    time.now += 8.0
    assert memory.check("ann", "talk").reason == "STALE"
    assert memory.capabilities("ann") == NONE


def test_a_message_alone_confirms_nothing(time: Time, memory: Memory) -> None:
    time.now += 9.0
    memory.apply([told("bob", "talk", revision=5)])
    assert memory.age == 9.0
    assert memory.check("bob", "talk").revision == 5


def test_a_lost_watch_is_answered_from_for_a_while_and_confirmed_by_its_next_snapshot(
    time: Time, memory: Memory
) -> None:
    memory.lost("")
    time.now += 9.0
    memory.heard(time.now)
    assert (memory.fresh, memory.age) == (True, 9.0)
    time.now += 1.0
    memory.heard(time.now)
    assert not memory.check("ann", "talk")
    opened = time.now
    time.now += 1.0
    memory.apply([told("ann", "talk")])
    assert not memory.fresh
    memory.synced("", opened)
    assert (memory.fresh, memory.age) == (True, 1.0)


def test_of_several_watches_the_oldest_counts(time: Time) -> None:
    memory = Memory(["ann", "bob"], 10.0, lambda: time.now)
    memory.synced("ann", time.now)
    assert not memory.fresh
    assert not memory.whole
    memory.synced("bob", time.now)
    assert memory.whole
    memory.lost("bob")
    time.now += 8.0
    memory.heard(time.now)
    assert memory.age == 8.0


def test_who_left_is_not_followed(memory: Memory) -> None:
    memory.apply([told("ann", "talk", left=True)])
    assert memory.check("ann", "talk").reason == "UNFOLLOWED"


def test_after_the_end_nothing_is_allowed_any_more(time: Time, memory: Memory) -> None:
    memory.end()
    memory.synced("", time.now)
    memory.heard(time.now)
    memory.apply([told("ann", "talk")])
    assert (memory.check("ann", "talk").reason, memory.fresh, memory.age) == ("STALE", False, math.inf)


def test_a_check_makes_no_objects(memory: Memory) -> None:
    """What makes it quick, without a clock: the verdict of a revision is one object, made beforehand."""
    assert memory.check("ann", "talk") is memory.check("ann", "talk")
    assert memory.check("bob", "talk") is memory.check("ann", "sing")
