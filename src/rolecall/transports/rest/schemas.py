"""JSON schemas of the shapes, for the OpenAPI document. Everything in them is read off the shapes themselves.

A shape may look different in requests and on each surface: its times, its custom data, what is always there. It is one
component as far as it looks the same, and further ones named for where: `Member`, and `Member_chat` for chat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from inspect import cleandoc
from typing import Any, Final

import msgspec
from msgspec import UNSET, inspect

from rolecall.transports.rest.surface import Surface, Time, WithCustom
from rolecall.transports.rest.trees import grown

Shape = type[msgspec.Struct]
Schema = dict[str, Any]
Look = Surface | None
"""How a surface writes a shape; None is how a request has it."""

PREFIX: Final = "#/components/schemas/"
_NAMES: Final[Mapping[Look, str]] = {
    Surface.V2: "v2",
    Surface.VIDEO: "video",
    Surface.CHAT: "chat",
    None: "request",
}
_NANOSECONDS: Final[Schema] = {"type": "integer", "format": "int64", "description": "A time in Unix nanoseconds."}
_TEXT: Final[Schema] = {"type": "string", "format": "date-time", "description": "A time, RFC 3339 in UTC."}
_CUSTOM: Final[Schema] = {"type": "object", "additionalProperties": True, "description": "Custom data."}


class Schemas:
    """The components of shapes by look, and references to them."""

    def __init__(self, shapes: Mapping[Look, Iterable[Shape]]) -> None:
        looks = {look: _schemas(tuple(dict.fromkeys(shapes.get(look, ()))), look) for look in _NAMES}
        self._published = _published(looks)
        self.components: dict[str, Schema] = {}
        for look, schemas in looks.items():
            for name, schema in schemas.items():
                published = self._published[look, name]
                if published not in self.components:
                    self.components[published] = _referring(schema, partial(self._target, look))

    def reference(self, look: Look, shape: Shape) -> Schema:
        """Return a reference to a shape as one look has it."""
        return {"$ref": self._target(look, shape.__name__)}

    def resolved(self, schema: Schema) -> Schema:
        """Return the schema itself, or the component that it refers to."""
        return self.components[schema["$ref"].removeprefix(PREFIX)] if "$ref" in schema else schema

    def _target(self, look: Look, name: str) -> str:
        return PREFIX + self._published[look, name]


def _schemas(shapes: tuple[Shape, ...], look: Look) -> dict[str, Schema]:
    """Return the schemas of shapes and of all that is in them, by name; references are bare names."""

    def hook(kind: type) -> Schema:
        if kind is Time:
            return dict(_NANOSECONDS if look is Surface.V2 else _TEXT)
        raise NotImplementedError

    _, schemas = msgspec.json.schema_components(shapes, schema_hook=hook, ref_template="{name}")
    for shape in _structs(shapes):
        schema = schemas[shape.__name__]
        del schema["title"]
        schema["description"] = cleandoc(schema["description"])
        for value in schema["properties"].values():
            if look is not None or value.get("default", ...) is None:
                value.pop("default", None)
        schemas |= grown(schema["properties"], asked=look is None)
        if look is not None:
            _answered(schema, shape, look)
    return schemas


def _answered(schema: Schema, shape: Shape, look: Surface) -> None:
    """Make the schema say what answers have: every field that is not left out, and custom data."""
    fields = msgspec.structs.fields(shape)
    schema["required"] = [field.encode_name for field in fields if field.default is not UNSET]
    if not issubclass(shape, WithCustom):
        return
    if look is Surface.CHAT:
        schema["additionalProperties"] = True
        schema["description"] += " Custom data is among its fields."
    else:
        schema["properties"]["custom"] = dict(_CUSTOM)
        schema["required"].append("custom")


def _structs(shapes: Iterable[Shape]) -> Iterator[Shape]:
    """Yield shapes and every shape within them, once each."""
    seen: set[Shape] = set()
    waiting: list[Any] = list(inspect.multi_type_info(shapes))
    while waiting:
        match waiting.pop():
            case inspect.StructType(cls=shape, fields=fields) if shape not in seen:
                seen.add(shape)
                yield shape
                waiting += (field.type for field in fields)
            case inspect.UnionType(types=types) | inspect.TupleType(item_types=types):
                waiting += types
            case inspect.DictType(value_type=inner) | inspect.Metadata(type=inner):
                waiting.append(inner)
            case inspect.ListType(item_type=inner) | inspect.VarTupleType(item_type=inner):
                waiting.append(inner)


def _published(looks: Mapping[Look, Mapping[str, Schema]]) -> dict[tuple[Look, str], str]:
    """Return the component of each shape as each look has it: the same one where nothing in it differs."""
    kinds = _kinds({(look, name): schema for look, schemas in looks.items() for name, schema in schemas.items()})
    names: dict[tuple[Look, str], str] = {}
    for name in dict.fromkeys(name for _, name in kinds):
        groups: dict[int, list[Look]] = {}
        for look in _NAMES:
            if (look, name) in kinds:
                groups.setdefault(kinds[look, name], []).append(look)
        for place, group in enumerate(groups.values()):
            suffix = "".join(f"_{_NAMES[look]}" for look in group) if place else ""
            names |= dict.fromkeys(((look, name) for look in group), name + suffix)
    return names


def _kinds(schemas: Mapping[tuple[Look, str], Schema]) -> dict[tuple[Look, str], int]:
    """Return a number for each schema, the same for those that look alike all the way down."""
    kinds = _numbered({key: json.dumps(schema, sort_keys=True) for key, schema in schemas.items()})
    while True:
        finer = _numbered(
            {key: (kinds[key], *(kinds[key[0], name] for name in _names(schemas[key]))) for key in schemas}
        )
        if len(set(finer.values())) == len(set(kinds.values())):
            return finer
        kinds = finer


def _numbered(marks: Mapping[tuple[Look, str], Any]) -> dict[tuple[Look, str], int]:
    numbers: dict[Any, int] = {}
    return {key: numbers.setdefault(mark, len(numbers)) for key, mark in marks.items()}


def _names(schema: Any) -> Iterator[str]:
    """Yield the names that a schema refers to."""
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        yield schema["$ref"]
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _names(inner)


def _referring(schema: Any, rename: Callable[[str], str]) -> Any:
    """Return a schema with its references renamed."""
    if isinstance(schema, list):
        return [_referring(item, rename) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: rename(value) if name == "$ref" and isinstance(value, str) else _referring(value, rename)
        for name, value in schema.items()
    }
