"""What the store tells its followers: the configuration as it stands, and what has changed since.

The change log holds one row per touched thing, and one transaction is one revision of its app. A row names the thing;
its new state is read from the store.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

from rolecall.domain.records import AppRecord, PermissionRecord, TypeRecord

# What a change touched, and what its `key` then holds.
APP: Final = "app"  # the app's name; also when the app is deleted
KEYS: Final = "keys"  # empty: the API keys or the secrets
ROLE: Final = "role"  # the role's name
PERMISSION: Final = "permission"  # the custom permission's id
TYPE: Final = "type"  # the scope
USER: Final = "user"  # the user's id; the user's memberships go with a deleted user
CALL: Final = "call"  # the cid; the members go with a deleted call
CHANNEL: Final = "channel"  # the cid
CALL_MEMBER: Final = "call_member"  # `member_key` of the cid and the user's id; also blocks, grants and revokes
CHANNEL_MEMBER: Final = "channel_member"  # the same
EVENT: Final = "event"  # a `Happening` as text: nothing that is stored, but what those who watch are told


class Change(NamedTuple):
    """One row of the change log; `kind` is one of the constants above and says what `key` is."""

    seq: int
    app_id: int
    revision: int
    kind: str
    key: str


class Happening(NamedTuple):
    """What happened to a call or channel, for those who watch it; `type` is an event type of Stream's.

    `user_ids` are those it happened to, `by` the user who did it, "" for a server; `data` is what it says beside.
    """

    type: str
    cid: str
    user_ids: tuple[str, ...] = ()
    by: str = ""
    data: Mapping[str, Any] = {}

    def text(self) -> str:
        """Return it as the `key` of a change."""
        return json.dumps(self, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, key: str) -> Self:
        """Read what `text` wrote."""
        event, cid, user_ids, by, data = json.loads(key)
        return cls(event, cid, tuple(user_ids), by, data)


@dataclass(frozen=True, slots=True)
class AppWorld:
    """Everything of one app that is kept whole in memory.

    `secrets` are oldest first, `types` by scope; `permissions` are the custom ones, by id.
    """

    app: AppRecord
    keys: tuple[str, ...]
    secrets: tuple[str, ...]
    roles: frozenset[str]
    types: tuple[TypeRecord, ...]
    permissions: tuple[PermissionRecord, ...]


@dataclass(frozen=True, slots=True)
class World:
    """Every app, in one snapshot; `seq` is the head of the change log in it."""

    seq: int
    apps: tuple[AppWorld, ...]


@dataclass(frozen=True, slots=True)
class AppPatch:
    """The new state of a touched app, None when it was deleted.

    `types` holds the touched scopes, None for deleted. `permissions` are all of the custom ones, by id, when any was
    touched, and None when none was.
    """

    app: AppRecord | None
    keys: tuple[str, ...]
    secrets: tuple[str, ...]
    roles: frozenset[str]
    types: Mapping[str, TypeRecord | None]
    permissions: tuple[PermissionRecord, ...] | None


@dataclass(frozen=True, slots=True)
class Delta:
    """What happened after a point of the change log, and each touched app's state in the same snapshot."""

    seq: int
    changes: tuple[Change, ...]
    apps: Mapping[int, AppPatch]


def member_key(cid: str, user_id: str) -> str:
    """Return the `key` of a change to one user on one call or channel."""
    return json.dumps([cid, user_id], ensure_ascii=False)


def parse_member_key(key: str) -> tuple[str, str]:
    """Return the cid and the user's id of a member change."""
    cid, user_id = json.loads(key)
    return cid, user_id
