"""What can be searched: for each kind of thing its fields, where they lie, and which of them an index finds.

The service learns the names and the sorts of values from here; the SQL in these tables is for the store alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from rolecall.store.search import Operator, Order

_ANY_VALUE: Final = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NIN, Operator.EXISTS})
_ORDERED: Final = _ANY_VALUE | {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}
_WORDS: Final = frozenset({Operator.AUTOCOMPLETE, Operator.Q})

_MOST_LEVELS: Final = 8
_NO_KEY: Final = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
"""What a key in a JSON path can't hold: SQLite has no escapes there."""


class Sort(Enum):
    """What a field holds: in words, and the operators that make sense on it."""

    TEXT = ("text", _ORDERED | _WORDS)
    """Empty text is the same as none."""
    TIME = ("a time", _ORDERED)
    """Unix nanoseconds, or none."""
    NUMBER = ("a number", _ORDERED)
    FLAG = ("true or false", _ANY_VALUE)
    TEXTS = ("text", _ANY_VALUE | {Operator.CONTAINS})
    """A set; an empty one is the same as none. A value is compared with each of its texts; nothing is sorted by it."""
    JSON = ("text, a number, true or false", frozenset(Operator))
    """Whatever a customer has put there. A value is compared with each item of an array, too."""

    def __init__(self, values: str, operators: frozenset[Operator]) -> None:
        self.values = values
        self.operators = operators


class Field(NamedTuple):
    """One field.

    `sql` is an expression; of TEXTS a SELECT of one column `value`; of JSON a column, in which the value is at `path`.
    `found_by` is there where an index is: what holds at least for the rows that have the value `wanted.value`.
    """

    sort: Sort
    sql: str
    path: str = ""
    found_by: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing: `owned` is the condition that holds one app's, or one call's members.

    `bare_custom`: a name that is no field is a key of the customer's own data, as well as `custom.<name>`.
    `unkept` are fields of Stream's that Rolecall has no values for. `fields` are in the order in which their indexes
    are made use of. `wanted` is, where a field's index lies on another table, the SELECT of `wanted.value` for a list.
    """

    plural: str
    table: str
    identity: str
    owned: str
    order: Order
    fields: Mapping[str, Field]
    bare_custom: bool = True
    unkept: frozenset[str] = frozenset()
    wanted: Mapping[str, str] = field(default_factory=dict)

    def field(self, name: str) -> Field | None:
        """Return a field by its name, None when there is none; `custom.a.b` is the key `b` in the object `a`."""
        known = self.fields.get(name)
        if known is not None or name in self.unkept:
            return known
        prefix, dot, rest = name.partition(".")
        keys = rest if dot and prefix == "custom" else name if self.bare_custom else ""
        path = _path(keys)
        return Field(Sort.JSON, f"{self.table}.custom", path) if path else None


def _path(name: str) -> str:
    """Return a dotted name as a JSON path, "" when it can't be one."""
    keys = name.split(".")
    if len(keys) > _MOST_LEVELS or not all(keys) or _NO_KEY.search(name):
        return ""
    return "$" + "".join(f'."{key}"' for key in keys)


def _text(sql: str, found_by: str = "") -> Field:
    return Field(Sort.TEXT, sql, found_by=found_by)


def _column(sort: Sort, sql: str) -> Field:
    return Field(sort, sql)


def _equal(column: str) -> Field:
    """Return a text column that an index finds."""
    return _text(column, f"{column} = wanted.value")


def _extra(table: str, key: str) -> Field:
    return _text(f"coalesce(json_extract({table}.extras, '$.{key}'), '')")


def _times(table: str) -> dict[str, Field]:
    return {name: _column(Sort.TIME, f"{table}.{name}") for name in ("created_at", "updated_at")}


def _cid_fields(table: str) -> dict[str, Field]:
    cid = f"{table}.cid"
    return {
        "cid": _equal(cid),
        "id": _equal(f"substr({cid}, instr({cid}, ':') + 1)"),
    }


def _type_of_cid(table: str) -> Field:
    """Return the field for the start of the cid; `;` follows the colon, so a type's cids are a range of the index."""
    cid = f"{table}.cid"
    range_of_type = f"{cid} >= wanted.value || ':' AND {cid} < wanted.value || ';'"
    return _text(f"substr({cid}, 1, instr({cid}, ':') - 1)", range_of_type)


_MEMBERSHIPS: Final = (
    "SELECT DISTINCT {owner} AS value FROM {members} WHERE user_id IN (SELECT value FROM json_each({{}}))"
)


def _members(table: str, members: str, owner: str) -> Field:
    return Field(
        Sort.TEXTS,
        f"SELECT user_id AS value FROM {members} WHERE {members}.{owner} = {table}.key",  # noqa: S608
        found_by=f"{table}.key = wanted.value",
    )


_NO: Final = Field(Sort.FLAG, "(1 = 0)")
"""What Stream knows and is never so here: nothing in Rolecall hides, mutes, pins or archives.

Written so because a bare number in ORDER BY is the number of a column.
"""

USERS: Final = Kind(
    plural="users",
    table="users",
    identity="users.id",
    owned="users.app_id = :app_id",
    order=Order("created_at", descending=True),
    fields=MappingProxyType(
        {
            "id": _equal("users.id"),
            "name": _extra("users", "name")._replace(found_by="json_extract(users.extras, '$.name') = wanted.value"),
            "image": _extra("users", "image"),
            "language": _extra("users", "language"),
            "role": _equal("users.role"),
            "banned": _column(Sort.FLAG, "users.banned"),
            "deactivated": _column(Sort.FLAG, "users.deactivated"),
            "shadow_banned": _NO,
            "teams": _column(Sort.TEXTS, "SELECT value FROM json_each(users.teams)"),
            **_times("users"),
        }
    ),
    unkept=frozenset({"last_active", "online", "unread_count", "total_unread_count", "unread_channels"}),
)

CALLS: Final = Kind(
    plural="calls",
    table="calls",
    identity="calls.cid",
    owned="calls.app_id = :app_id",
    order=Order("created_at", descending=True),
    bare_custom=False,
    fields=MappingProxyType(
        {
            **_cid_fields("calls"),
            "members": _members("calls", "call_members", "call"),
            "created_by_user_id": _equal("calls.created_by_id"),
            "created_by_id": _equal("calls.created_by_id"),
            "type": _type_of_cid("calls"),
            "team": _text("calls.team"),
            "backstage": _column(Sort.FLAG, "calls.backstage"),
            # Who is in a session is not known here: a call that people may join counts as going on.
            "ongoing": _column(Sort.FLAG, "(calls.ended_at IS NULL AND calls.backstage = 0)"),
            "starts_at": _column(Sort.TIME, "calls.starts_at"),
            "ended_at": _column(Sort.TIME, "calls.ended_at"),
            **_times("calls"),
        }
    ),
    wanted={"members": _MEMBERSHIPS.format(owner="call", members="call_members")},
)

CHANNELS: Final = Kind(
    plural="channels",
    table="channels",
    identity="channels.cid",
    owned="channels.app_id = :app_id",
    order=Order("updated_at", descending=True),
    fields=MappingProxyType(
        {
            **_cid_fields("channels"),
            "members": _members("channels", "channel_members", "channel"),
            "created_by_id": _equal("channels.created_by_id"),
            "type": _type_of_cid("channels"),
            "team": _text("channels.team"),
            "member_count": _column(
                Sort.NUMBER, "(SELECT count(*) FROM channel_members WHERE channel_members.channel = channels.key)"
            ),
            "frozen": _column(Sort.FLAG, "channels.frozen"),
            "disabled": _column(Sort.FLAG, "channels.disabled"),
            **_times("channels"),
            # There are no messages here, so what changed last is the channel itself.
            "last_message_at": _column(Sort.TIME, "channels.updated_at"),
            "last_updated": _column(Sort.TIME, "channels.updated_at"),
            "filter_tags": _column(Sort.TEXTS, "SELECT value FROM json_each(channels.extras, '$.filter_tags')"),
            **dict.fromkeys(("hidden", "muted", "pinned", "archived", "blocked"), _NO),
        }
    ),
    unkept=frozenset(
        {
            "has_unread",
            "unread_count",
            "last_read",
            "joined",
            "invite",
            "message_count",
            "app_banned",
            "member.user.name",
        }
    ),
    wanted={"members": _MEMBERSHIPS.format(owner="channel", members="channel_members")},
)

CALL_MEMBERS: Final = Kind(
    plural="members of calls",
    table="call_members",
    identity="call_members.user_id",
    owned="call_members.call = (SELECT key FROM calls WHERE app_id = :app_id AND cid = :cid)",
    order=Order("created_at", descending=True),
    bare_custom=False,
    fields=MappingProxyType(
        {"user_id": _text("call_members.user_id"), "role": _text("call_members.role"), **_times("call_members")}
    ),
)

_MEMBERS_NAME: Final = """coalesce((
  SELECT json_extract(users.extras, '$.name') FROM users
   WHERE users.app_id = :app_id AND users.id = channel_members.user_id), '')"""

CHANNEL_MEMBERS: Final = Kind(
    plural="members of channels",
    table="channel_members",
    identity="channel_members.user_id",
    owned="channel_members.channel = (SELECT key FROM channels WHERE app_id = :app_id AND cid = :cid)",
    order=Order("created_at"),
    fields=MappingProxyType(
        {
            "id": _text("channel_members.user_id"),
            "user_id": _text("channel_members.user_id"),
            "name": _text(_MEMBERS_NAME),
            "channel_role": _text("channel_members.channel_role"),
            "is_moderator": _column(Sort.FLAG, "(channel_members.channel_role = 'channel_moderator')"),
            "banned": _column(Sort.FLAG, "channel_members.banned"),
            "shadow_banned": _NO,
            "notifications_muted": _NO,
            # What answers tell as its status; of a member that came uninvited none is kept.
            "invite": _extra("channel_members", "status"),
            **_times("channel_members"),
        }
    ),
    unkept=frozenset({"joined", "last_active", "cid"}),
)
