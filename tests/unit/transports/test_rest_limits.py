"""Rate limits: windows of a minute, per app and class, and the headers that tell of them."""

from __future__ import annotations

from rolecall.transports.rest.limits import Allowance, Kind, Limits

START = 1_763_740_800  # a full minute


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_what_is_left_falls_until_there_is_nothing() -> None:
    taken = [Limits(3, Clock(START + 1)).take(1, Kind.READ) for _ in range(2)]
    assert taken == [Allowance(3, 2, START + 60)] * 2
    counted = Limits(3, Clock(START + 1))
    assert [counted.take(1, Kind.READ).remaining for _ in range(5)] == [2, 1, 0, -1, -2]


def test_only_what_is_beyond_the_limit_exceeds_it() -> None:
    counted = Limits(2, Clock(START))
    assert [counted.take(1, Kind.READ).exceeded for _ in range(4)] == [False, False, True, True]


def test_a_window_ends_with_its_minute() -> None:
    clock = Clock(START)
    counted = Limits(1, clock)
    assert counted.take(1, Kind.READ) == (1, 0, START + 60)
    clock.now = START + 59.999
    assert counted.take(1, Kind.READ) == (1, -1, START + 60)
    clock.now = START + 60
    assert counted.take(1, Kind.READ) == (1, 0, START + 120)


def test_the_reset_is_never_in_the_past() -> None:
    for offset in (0.0, 0.5, 30.0, 59.999):
        assert START + offset < Limits(1, Clock(START + offset)).take(1, Kind.READ).reset <= START + offset + 60


def test_apps_and_classes_are_counted_apart() -> None:
    counted = Limits(1, Clock(START))
    for app_id in (0, 1, 2):
        for kind in Kind:
            assert not counted.take(app_id, kind).exceeded
    assert counted.take(1, Kind.READ).exceeded
    assert counted.take(2, Kind.WRITE).exceeded


def test_the_headers_are_whole_numbers_and_never_negative() -> None:
    assert Allowance(5, 3, 99).headers() == {
        "x-ratelimit-limit": "5",
        "x-ratelimit-remaining": "3",
        "x-ratelimit-reset": "99",
    }
    assert Allowance(5, -4, 99).headers()["x-ratelimit-remaining"] == "0"
