"""Components of what shapes hold as trees: call settings, and what call types notify of, with every field they know.

Shapes have these as free objects, for what is in them is in tables. Here the tables become JSON schemas; nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from rolecall.domain.settings import SETTINGS, Leaf
from rolecall.transports.rest.shapes import call_settings, call_type

Schema = dict[str, Any]

_OBJECT: Final[Schema] = {"type": "object"}
_NULL: Final[Schema] = {"type": "null"}
_TYPES: Final[Mapping[str, Schema]] = {
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "number": {"type": "number"},
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "object": _OBJECT,
    "objects": {"type": "array", "items": _OBJECT},
}
_TOLD_BY_TYPE: Final = frozenset({"true or false", "an object"})
_NOTIFICATIONS: Final = "notification_settings."


class _Tree(NamedTuple):
    name: str
    description: str
    leaves: Mapping[str, Leaf]


_SETTINGS: Final = _Tree(
    "CallSettings",
    "Settings of a call type or a call.",
    {**SETTINGS, **{path: extra.leaf for path, extra in call_settings.EXTRAS.items()}},
)
_TREES: Final[Mapping[str, _Tree]] = {
    "settings": _SETTINGS,
    "settings_override": _SETTINGS,
    "notification_settings": _Tree(
        "NotificationSettings",
        "What a call type notifies of.",
        {
            path.removeprefix(_NOTIFICATIONS): extra.leaf
            for path, extra in call_type.EXTRAS.items()
            if path.startswith(_NOTIFICATIONS)
        },
    ),
}
"""What a free object is, by the name of its field."""


def grown(properties: dict[str, Schema], *, asked: bool) -> Iterator[tuple[str, Schema]]:
    """Make the free objects that are trees refer to their components; yield these, by name.

    Where they are `asked` for, every field may be left out or null, and others are passed over.
    """
    for field, tree in _TREES.items():
        if field not in properties:
            continue
        referring = _referring(properties[field], tree.name)
        if referring != properties[field]:
            properties[field] = referring
            yield tree.name, _component(tree, asked=asked)


def _referring(schema: Schema, name: str) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [_referring(one, name) for one in schema["anyOf"]]}
    return {"$ref": name} if schema == _OBJECT else schema


def _component(tree: _Tree, *, asked: bool) -> Schema:
    root: Schema = {"type": "object", "description": tree.description, "properties": {}, "required": []}
    if asked:
        root["description"] += " A field that is left out or null says nothing, and others are passed over."
        root["additionalProperties"] = True
    for path, leaf in tree.leaves.items():
        *groups, name = path.split(".")
        branch = root
        for group in groups:
            branch = _group(branch["properties"], group, asked=asked)
        branch["properties"][name] = _leaf(leaf, asked=asked)
    return root


def _group(properties: dict[str, Schema], name: str, *, asked: bool) -> Schema:
    """Return the group of a name within a group, made when it is not there."""
    if name not in properties:
        made: Schema = {"type": "object", "properties": {}, **({"additionalProperties": True} if asked else {})}
        properties[name] = {"anyOf": [made, _NULL]} if asked else made
    found = properties[name]
    group: Schema = found["anyOf"][0] if asked else found
    return group


def _leaf(leaf: Leaf, *, asked: bool) -> Schema:
    kind = _TYPES[leaf.kind]
    schema: Schema = {"anyOf": [kind, _NULL]} if asked else dict(kind)
    return schema if leaf.takes in _TOLD_BY_TYPE else {**schema, "description": leaf.takes}
