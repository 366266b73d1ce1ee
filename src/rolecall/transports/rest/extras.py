"""Fields that are taken, checked, kept and returned, and have no effect: one row each, by dotted path.

Tables of them are with the shapes they belong to. Here is what is the same for all: how a request's tree becomes flat
extras, how extras become the tree of an answer, and the shapes that documentation and type checks read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import check_text, shown
from rolecall.domain.settings import Leaf
from rolecall.transports.rest.leaves import flattened, nested

S = TypeVar("S", bound=msgspec.Struct)

MAX_TEXT_BYTES: Final = 4_096
MAX_OBJECTS: Final = 100
_INT64: Final = 2**63
_TYPES: Final[Mapping[str, Any]] = {
    "bool": bool,
    "int": int,
    "number": int | float,
    "text": str,
    "texts": list[str],
    "object": dict[str, Any],
    "objects": list[dict[str, Any]],
}


class Extra(NamedTuple):
    """One field: what it takes, and what answers say while nothing was sent; UNSET: nothing."""

    leaf: Leaf
    default: Any = UNSET


ExtraFields = Mapping[str, Extra]
"""A table: dotted path -> field."""


# --- what a field takes ----------------------------------------------------------------------------------------------


def line(limit: int = MAX_TEXT_BYTES) -> Leaf:
    """Make a leaf of text without control characters, at most `limit` bytes; "" is fine."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise _misfit(path, "text")
        return check_text(value, path, limit=limit)

    return Leaf("text", f"text of at most {limit} bytes", check)


def block(limit: int = 4 * MAX_TEXT_BYTES) -> Leaf:
    """Make a leaf of text of several lines, such as a certificate or a template."""

    def check(value: Any, path: str) -> str:
        if not isinstance(value, str):
            raise _misfit(path, "text")
        check_text("".join(value.split()), path, limit=limit)
        return value

    return Leaf("text", f"text of at most {limit} bytes", check)


def one_of(*options: str) -> Leaf:
    """Make a leaf of a few words, refused in the words that Stream's clients know."""
    takes = f"one of [{' '.join(options)}]"

    def check(value: Any, path: str) -> str:
        if value not in options:
            raise InvalidInput(f"{path} must be {takes}", field=path)
        return str(value)

    return Leaf("text", takes, check)


def whole(low: int = -_INT64, high: int = _INT64 - 1) -> Leaf:
    """Make a leaf of whole numbers in a range."""
    takes = f"a whole number from {low} to {high}"

    def check(value: Any, path: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise _misfit(path, takes, value)
        return value

    return Leaf("int", takes, check)


def tree() -> Leaf:
    """Make a leaf that is any JSON object."""

    def check(value: Any, path: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise _misfit(path, "an object")
        return value

    return Leaf("object", "an object", check)


def trees(most: int = MAX_OBJECTS) -> Leaf:
    """Make a leaf that is a list of JSON objects."""
    takes = f"a list of at most {most} objects"

    def check(value: Any, path: str) -> list[Any]:
        whole_list = isinstance(value, (list, tuple)) and len(value) <= most
        if not whole_list or not all(isinstance(item, Mapping) for item in value):
            raise _misfit(path, takes)
        return list(value)

    return Leaf("objects", takes, check)


def _misfit(path: str, takes: str, value: object = UNSET) -> InvalidInput:
    got = "" if value is UNSET else f", got {shown(str(value))}"
    return InvalidInput(f"`{path}` must be {takes}{got}", field=path)


# --- in and out ------------------------------------------------------------------------------------------------------


def sent_extras(table: ExtraFields, tree: Mapping[str, Any], within: str = "", prefix: str = "") -> dict[str, Any]:
    """Return the fields of a table that a request's tree names, checked, as flat extras; a null says nothing.

    `within` is the request's field that holds the tree, "" for the whole body. `prefix` is put before each path.
    """
    at = f"{within}." if within else ""
    leaves = flattened(tree, table, within=within)
    return {prefix + path: table[path].leaf.check(value, at + path) for path, value in leaves.items()}


def shown_leaves(table: ExtraFields, extras: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return what answers say of each field of a table: what is kept of it, else its default."""
    kept = {path: extras.get(prefix + path, field.default) for path, field in table.items()}
    return {path: value for path, value in kept.items() if value is not UNSET}


def shown_extras(table: ExtraFields, extras: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the fields of a table as the tree that answers have."""
    return nested(shown_leaves(table, extras, prefix))


# --- shapes ----------------------------------------------------------------------------------------------------------


def asking(base: type[S], table: ExtraFields, name: str) -> type[S]:
    """Return a request's shape with the fields of a table beside its own; null and left out are the same."""
    return _shape(base, table, name, _asked)


def answering(base: type[S], table: ExtraFields, name: str) -> type[S]:
    """Return an answer's shape with the fields of a table beside its own."""
    return _shape(base, table, name, _answered)


def _shape(base: type[S], table: ExtraFields, name: str, field: Any) -> type[S]:
    fields = [field(inner, one, name) for inner, one in _groups(table).items()]
    made: Any = msgspec.defstruct(
        name, fields, bases=(base,), kw_only=True, module=base.__module__, namespace={"__doc__": base.__doc__}
    )
    return made  # type: ignore[no-any-return]


def _groups(table: ExtraFields) -> dict[str, Extra | dict[str, Extra]]:
    """Return a table by the first part of each path: fields, and tables of what is within a group."""
    groups: dict[str, Any] = {}
    for path, field in table.items():
        group, dot, rest = path.partition(".")
        if dot:
            groups.setdefault(group, {})[rest] = field
        else:
            groups[group] = field
    return groups


def _asked(name: str, field: Extra | dict[str, Extra], of: str) -> tuple[str, Any, Any]:
    kind = _type(name, field, of, _asked)
    return name, kind | None, None


def _answered(name: str, field: Extra | dict[str, Extra], of: str) -> tuple[str, Any, Any]:
    kind = _type(name, field, of, _answered)
    if isinstance(field, dict):
        always = any(inner.default is not UNSET for inner in field.values())
        return name, kind | UnsetType, msgspec.field(default_factory=kind) if always else UNSET
    if field.default is UNSET:
        return name, kind | UnsetType, UNSET
    default = field.default
    if isinstance(default, (list, dict, tuple)):
        return name, kind, msgspec.field(default_factory=lambda: default)
    return name, kind, default


def _type(name: str, field: Extra | dict[str, Extra], of: str, inner: Any) -> Any:
    """Return a field's type; a group becomes a shape of its own."""
    if not isinstance(field, dict):
        return _TYPES[field.leaf.kind]
    return _shape(msgspec.Struct, field, f"{of}{_camel(name.split('_'))}", inner)


def _camel(words: Iterable[str]) -> str:
    return "".join(word.capitalize() for word in words)
