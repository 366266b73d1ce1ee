"""Distinct channels: those that are of a set of members, whose id follows from it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Final

from rolecall.domain.errors import InvalidInput
from rolecall.domain.names import parse_cid

DISTINCT: Final = "!members-"
MOST_DISTINCT: Final = 1_000
_FEWEST: Final = 2


def distinct_id(user_ids: Iterable[str]) -> str:
    """Return the id of the channel of these users, in whatever order and however often each is named."""
    text = json.dumps(sorted(set(user_ids)), ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return DISTINCT + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_distinct(cid: str) -> bool:
    """Tell whether a cid is one of a distinct channel, there or not."""
    return parse_cid(cid, "cid").id.startswith(DISTINCT)


def check_reserved(cid: str, field: str) -> None:
    """Refuse an id that only a distinct channel may have; `field` is where the request has it."""
    if "!" in parse_cid(cid, "cid").id:
        text = "Cannot create a channel with a '!' in the ID, this is a reserved character."
        raise InvalidInput(text, field=field)


def checked_distinct_id(user_ids: Iterable[str], field: str) -> str:
    """Return the id of the channel of these users, of whom there must be two."""
    members = set(user_ids)
    if len(members) < _FEWEST:
        raise InvalidInput("When using member based IDs specify at least 2 members", field=field)
    return distinct_id(members)


def distinct_cid(type_name: str, user_ids: Iterable[str], field: str) -> str:
    """Return the cid of the channel of these users, of a type."""
    return f"{type_name}:{checked_distinct_id(user_ids, field)}"
