"""Schemas of shapes: what each surface makes of times, custom data and fields that may be left out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from rolecall.transports.rest.operation import Answer
from rolecall.transports.rest.schemas import PREFIX, Look, Schemas
from rolecall.transports.rest.surface import Surface, Time, WithCustom


class Plain(msgspec.Struct, kw_only=True):
    """Looks the same everywhere."""

    id: str
    size: int = 3
    color: str | UnsetType = UNSET


class Person(WithCustom, kw_only=True):
    """Has a time, and custom data."""

    id: str
    friend: Person | None = None
    born_at: Time | UnsetType = UNSET


class Found(Answer, kw_only=True):
    """Holds people, and one of them apart."""

    people: dict[str, list[Person]]
    plain: Plain


class Sent(msgspec.Struct, kw_only=True):
    """Is sent."""

    plain: Plain
    name: Annotated[str, msgspec.Meta(max_length=5)] = "x"
    note: str | None = None


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas({None: [Sent], **{surface: [Found, Found] for surface in Surface}})


def looked_up(schemas: Schemas, look: Look, shape: type[msgspec.Struct]) -> Any:
    return schemas.resolved(schemas.reference(look, shape))


def test_a_shape_is_a_component_for_each_look_it_has(schemas: Schemas) -> None:
    assert set(schemas.components) == {
        *("Found", "Found_video", "Found_chat"),
        *("Person", "Person_video", "Person_chat"),
        *("Plain", "Plain_request"),
        "Sent",
    }


@pytest.mark.parametrize(
    ("look", "name"), [(Surface.V2, ""), (Surface.VIDEO, "_video"), (Surface.CHAT, "_chat")], ids=str
)
def test_references_stay_within_a_look(schemas: Schemas, look: Look, name: str) -> None:
    found = looked_up(schemas, look, Found)
    assert found["properties"]["people"]["additionalProperties"]["items"] == {"$ref": f"{PREFIX}Person{name}"}
    assert found["properties"]["plain"] == {"$ref": f"{PREFIX}Plain"}
    person = schemas.components[f"Person{name}"]
    assert {"$ref": f"{PREFIX}Person{name}"} in person["properties"]["friend"]["anyOf"]


def test_times_and_custom_data_are_as_the_surface_has_them(schemas: Schemas) -> None:
    v2, video, chat = (schemas.components[name] for name in ("Person", "Person_video", "Person_chat"))
    assert v2["properties"]["born_at"]["type"] == "integer"
    for legacy in (video, chat):
        assert legacy["properties"]["born_at"]["format"] == "date-time"
    for nested in (v2, video):
        assert nested["properties"]["custom"]["type"] == "object"
        assert "custom" in nested["required"]
        assert "additionalProperties" not in nested
    assert "custom" not in chat["properties"]
    assert chat["additionalProperties"] is True


def test_answers_have_every_field_but_those_left_out_and_requests_may_leave_out_more(schemas: Schemas) -> None:
    assert schemas.components["Plain"]["required"] == ["id", "size"]
    assert "default" not in schemas.components["Plain"]["properties"]["size"]
    assert schemas.components["Plain_request"]["required"] == ["id"]
    assert schemas.components["Plain_request"]["properties"]["size"]["default"] == 3


def test_limits_of_requests_are_told(schemas: Schemas) -> None:
    sent = looked_up(schemas, None, Sent)
    assert sent["required"] == ["plain"]
    assert sent["properties"]["name"] == {"type": "string", "maxLength": 5, "default": "x"}
    assert "default" not in sent["properties"]["note"]
    assert sent["description"] == "Is sent."


def test_a_kind_of_value_that_nobody_described_is_no_schema() -> None:
    class Odd(msgspec.Struct):
        """Holds what JSON has no word for."""

        thing: Schemas

    with pytest.raises(TypeError):
        Schemas({None: [Odd]})
