"""How records lie in rows: the columns of each, and the codecs of the columns that hold JSON.

A shape's columns are the fields of its record, by the same names and in the same order; so a new field is a line in
the record, a column in a migration and, unless it is a number or text, a codec here.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from rolecall.domain.errors import InvalidInput
from rolecall.domain.records import (
    AppRecord,
    CallMemberRecord,
    CallRecord,
    CallUserRecord,
    ChannelMemberRecord,
    ChannelRecord,
    Grants,
    PermissionRecord,
    PolicyRecord,
    RoleRecord,
    Settings,
    TaskRecord,
    TypeRecord,
    UserRecord,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")

Row = tuple[Any, ...]


class Codec(NamedTuple):
    """The two ways between a field's value and its column's."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def to_text(value: object) -> str:
    """Return a value as compact JSON; numbers JSON can't hold (NaN, infinity) are InvalidInput."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise InvalidInput("a number to be stored is not finite") from error


def to_strings(text: str) -> tuple[str, ...]:
    """Read a JSON array of names; equal names share one object."""
    return () if text == "[]" else tuple(map(sys.intern, json.loads(text)))


def to_object(text: str) -> dict[str, Any]:
    """Read a JSON object; most are empty, and parsing those would be most of what reading a row costs."""
    found: dict[str, Any] = {} if text == "{}" else json.loads(text)
    return found


def to_grants(text: str) -> Grants:
    """Read role -> permission ids."""
    return {sys.intern(role): tuple(map(sys.intern, names)) for role, names in json.loads(text).items()}


def to_settings(text: str) -> Settings:
    """Read path -> value; JSON's lists are the tuples they were before."""
    values = json.loads(text).items()
    return {sys.intern(path): tuple(value) if isinstance(value, list) else value for path, value in values}


def to_policies(text: str) -> tuple[PolicyRecord, ...]:
    """Read a type's policies; their names are alike in most types, and share one object."""
    return tuple(
        PolicyRecord(
            name=sys.intern(policy["name"]),
            priority=policy["priority"],
            resources=tuple(map(sys.intern, policy["resources"])),
            roles=tuple(map(sys.intern, policy["roles"])),
            owner=policy["owner"],
            allow=policy["allow"],
        )
        for policy in json.loads(text)
    )


def _from_policies(policies: Iterable[PolicyRecord]) -> str:
    return to_text([dataclasses.asdict(policy) for policy in policies])


PLAIN: Final = Codec(lambda value: value, lambda value: value)
FLAG: Final = Codec(int, bool)
STRINGS: Final = Codec(to_text, to_strings)
OBJECT: Final = Codec(lambda value: to_text(dict(value)), to_object)
GRANTS: Final = Codec(lambda value: to_text(dict(value)), to_grants)
SETTINGS: Final = Codec(lambda value: to_text(dict(value)), to_settings)
POLICIES: Final = Codec(_from_policies, to_policies)


class Shape(Generic[R]):
    """The columns of one record, and the statements that follow from them."""

    def __init__(self, record: type[R], **codecs: Codec) -> None:
        names = tuple(field.name for field in dataclasses.fields(record))
        self._record: Callable[..., R] = record
        self._values = attrgetter(*names)
        self._codecs = tuple(codecs.get(name, PLAIN) for name in names)
        self._decoders = tuple((names.index(name), codec.decode) for name, codec in codecs.items())
        self.columns = names

    def read(self, row: Iterable[Any]) -> R:
        """Make the record of a row that holds exactly this shape's columns."""
        values = list(row)
        if len(values) != len(self.columns):
            raise ValueError(f"{len(values)} columns in the place of {len(self.columns)}")
        for place, decode in self._decoders:
            values[place] = decode(values[place])
        return self._record(*values)

    def values(self, record: R) -> Row:
        """Return the record's columns."""
        return tuple(codec.encode(value) for codec, value in zip(self._codecs, self._values(record), strict=True))

    def select(self, source: str) -> str:
        """Return a SELECT of this shape's columns `FROM …`."""
        return f"SELECT {', '.join(self.columns)} {source}"

    def upsert(self, table: str, *owner: str) -> str:
        """Return an INSERT of the owner's column, if any, and this shape's, which replaces a row of the same identity.

        The identity is the owner and the first column. A replaced row keeps its key, and so what hangs on it.
        """
        identity, *others = self.columns
        marks = ", ".join("?" for _ in (*owner, *self.columns))
        updates = ", ".join(f"{name} = excluded.{name}" for name in others)
        return (  # the names are this module's own
            f"INSERT INTO {table} ({', '.join((*owner, *self.columns))}) VALUES ({marks}) "  # noqa: S608
            f"ON CONFLICT ({', '.join((*owner, identity))}) DO UPDATE SET {updates}"
        )


APP: Final = Shape(
    AppRecord,
    multi_tenant_enabled=FLAG,
    disable_permissions_checks=FLAG,
    disable_auth_checks=FLAG,
    user_search_disallowed_roles=STRINGS,
    extras=OBJECT,
)
ROLE: Final = Shape(RoleRecord)
PERMISSION: Final = Shape(PermissionRecord, owner=FLAG, same_team=FLAG, condition=OBJECT)
TYPE: Final = Shape(TypeRecord, grants=GRANTS, settings=SETTINGS, policies=POLICIES, extras=OBJECT)
USER: Final = Shape(
    UserRecord, teams=STRINGS, teams_role=OBJECT, custom=OBJECT, banned=FLAG, deactivated=FLAG, extras=OBJECT
)
CALL: Final = Shape(CallRecord, settings=SETTINGS, backstage=FLAG, custom=OBJECT, extras=OBJECT)
CALL_MEMBER: Final = Shape(CallMemberRecord, custom=OBJECT)
CALL_USER: Final = Shape(CallUserRecord, blocked=FLAG, granted=STRINGS, revoked=STRINGS)
CHANNEL: Final = Shape(
    ChannelRecord,
    frozen=FLAG,
    disabled=FLAG,
    override_grants=GRANTS,
    override_flags=OBJECT,
    custom=OBJECT,
    extras=OBJECT,
)
CHANNEL_MEMBER: Final = Shape(ChannelMemberRecord, banned=FLAG, custom=OBJECT, extras=OBJECT)
TASK: Final = Shape(TaskRecord, result=OBJECT)
