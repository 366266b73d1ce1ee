"""How each surface writes times and custom data."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from rolecall.transports.rest.surface import Surface, Time, WithCustom, encoded, rfc3339, surface_of, with_custom

MOMENT = 1_763_736_000_123_456_789


class Thing(WithCustom, kw_only=True):
    id: str
    at: Time
    ends: Time | msgspec.UnsetType = msgspec.UNSET


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        ("/api/v2/roles", Surface.V2),
        ("/api/v2/video/calltypes", Surface.V2),
        ("/video/calltypes", Surface.VIDEO),
        ("/video/call/default/x", Surface.VIDEO),
        ("/roles", Surface.CHAT),
        ("/app", Surface.CHAT),
        ("/videos", Surface.CHAT),
        ("/api/v20/roles", Surface.CHAT),
    ],
)
def test_the_path_tells_the_surface(path: str, surface: Surface) -> None:
    assert surface_of(path) is surface


def test_v2_writes_times_as_whole_nanoseconds() -> None:
    assert encoded(Surface.V2, Thing(id="a", at=Time(MOMENT))) == b'{"id":"a","at":1763736000123456789}'


@pytest.mark.parametrize("surface", [Surface.CHAT, Surface.VIDEO])
def test_the_others_write_times_as_text(surface: Surface) -> None:
    assert encoded(surface, Thing(id="a", at=Time(MOMENT))) == b'{"id":"a","at":"2025-11-21T14:40:00.123456Z"}'


@pytest.mark.parametrize("surface", list(Surface))
def test_times_are_written_wherever_they_stand(surface: Surface) -> None:
    thing = Thing(id="a", at=Time(0), ends=Time(1_000))
    want = [0, 1_000] if surface is Surface.V2 else ["1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:00.000001Z"]
    [one] = json.loads(encoded(surface, {"things": [thing]}))["things"]
    assert [one["at"], one["ends"]] == want


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (999, "1970-01-01T00:00:00.000000Z"),
        (999_999_999, "1970-01-01T00:00:00.999999Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
    ],
)
def test_rfc3339(nanoseconds: int, text: str) -> None:
    assert rfc3339(nanoseconds) == text


def written(surface: Surface, custom: dict[str, Any]) -> Any:
    return json.loads(encoded(surface, with_custom(surface, Thing(id="a", at=Time(0)), custom)))


@pytest.mark.parametrize("surface", [Surface.V2, Surface.VIDEO])
def test_custom_data_is_nested(surface: Surface) -> None:
    thing = written(surface, {"color": "red", "id": "b"})
    assert thing.keys() == {"id", "at", "custom"}
    assert (thing["id"], thing["custom"]) == ("a", {"color": "red", "id": "b"})
    assert written(surface, {})["custom"] == {}


def test_custom_data_is_inlined_for_chat_and_an_own_field_stays() -> None:
    thing = written(Surface.CHAT, {"color": "red", "id": "b", "nested": {"x": [1]}})
    assert thing.keys() == {"id", "at", "color", "nested"}
    assert (thing["id"], thing["color"], thing["nested"]) == ("a", "red", {"x": [1]})


def test_what_is_no_part_of_a_response_is_not_written() -> None:
    with pytest.raises(TypeError, match="no part of a response"):
        encoded(Surface.V2, {"x": object()})
