from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rolecall.domain.errors import InvalidInput
from rolecall.service.administration.changes import Listing, Page, PermissionFilter
from rolecall.service.administration.channels.values import ChannelMemberChange
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused

Lister = Callable[[Desk, Page], Awaitable[Listing[Any]]]

LISTS: dict[str, Lister] = {
    "roles": lambda desk, page: desk.admin.roles.list(desk.server, page),
    "permissions": lambda desk, page: desk.admin.permissions.list(desk.server, PermissionFilter(), page),
    "call_types": lambda desk, page: desk.admin.call_types.list(desk.server, page),
    "channel_types": lambda desk, page: desk.admin.channel_types.list(desk.server, page),
    "users": lambda desk, page: desk.admin.users.list(desk.server, page),
    "calls": lambda desk, page: desk.admin.calls.list(desk.server, page),
    "calls of a type": lambda desk, page: desk.admin.calls.list(desk.server, page, "default"),
    "channels": lambda desk, page: desk.admin.channels.list(desk.server, page),
    "call members": lambda desk, page: desk.admin.calls.members(desk.server, "default:a", page),
    "channel members": lambda desk, page: desk.admin.channels.members(desk.server, "team:a", page),
}


@pytest.fixture
async def full(desk: Desk) -> Desk:
    """Three and more of everything that can be listed."""
    users = ("ann", "bob", "zoë", "ärger")
    await desk.make_users(*users)
    for name in ("a", "b", "ß"):
        await desk.make_call(f"default:{name}", members=users)
        await desk.make_channel(f"team:{name}")
    await desk.admin.channels.update_members(desk.server, "team:a", [ChannelMemberChange(user) for user in users], [])
    return desk


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_put_together_are_the_whole_list_in_order_of_bytes(full: Desk, name: str, size: int) -> None:
    whole = await LISTS[name](full, Page(1_000))
    assert whole.next_page_token == ""
    names = [_name(item) for item in whole.items]
    assert len(names) >= 3
    assert names == sorted(names, key=str.encode)
    seen, token = [], ""
    for _ in range(len(names)):
        page = await LISTS[name](full, Page(size, token))
        assert 1 <= len(page.items) <= size
        assert page.revision == whole.revision
        seen += [_name(item) for item in page.items]
        token = page.next_page_token
        if not token:
            break
    assert seen == names


def _name(item: Any) -> str:
    record = getattr(item, "record", item)
    for attribute in ("cid", "scope", "user_id", "id", "name"):
        if hasattr(record, attribute):
            return str(getattr(record, attribute))
    raise AssertionError(record)


async def test_no_size_means_a_hundred(desk: Desk) -> None:
    listing = await desk.admin.permissions.list(desk.server, PermissionFilter(), Page())
    assert len(listing.items) == 100
    assert listing.next_page_token


@pytest.mark.parametrize("size", [-1, 1_001, 2**31])
async def test_a_size_out_of_range_is_refused(full: Desk, size: int) -> None:
    for lister in LISTS.values():
        with refused(InvalidInput, field="page_size"):
            await lister(full, Page(size))


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "?",
        "é",
        "AAAA",
        "A" * 100_000,
        _encoded(7),
        _encoded([]),
        _encoded(["users", 7]),
        _encoded(["users", "a", "b"]),
        _encoded({"users": 1, "a": 2}),
        _encoded("ab"),
        _encoded(["users", "ann"]) + "=",
        " " + _encoded(["users", "ann"]),
        _encoded(["users", "\ud800"]),
    ],
)
async def test_a_token_that_was_never_given_is_refused(full: Desk, token: str) -> None:
    for lister in LISTS.values():
        with refused(InvalidInput, field="page_token"):
            await lister(full, Page(1, token))


async def test_a_token_counts_only_for_the_list_that_gave_it(full: Desk) -> None:
    tokens = {name: (await lister(full, Page(1))).next_page_token for name, lister in LISTS.items()}
    assert all(tokens.values())
    for giver, token in tokens.items():
        for name, lister in LISTS.items():
            if name != giver:
                with refused(InvalidInput, field="page_token"):
                    await lister(full, Page(1, token))


async def test_a_token_counts_only_for_the_filter_that_gave_it(desk: Desk) -> None:
    video, chat = PermissionFilter(product="video"), PermissionFilter(product="chat")
    token = (await desk.admin.permissions.list(desk.server, video, Page(1))).next_page_token
    assert len((await desk.admin.permissions.list(desk.server, video, Page(1, token))).items) == 1
    with refused(InvalidInput, field="page_token"):
        await desk.admin.permissions.list(desk.server, chat, Page(1, token))


async def test_a_page_goes_on_although_the_item_it_ended_with_is_gone(full: Desk) -> None:
    page = await full.admin.users.list(full.server, Page(1))
    assert [user.id for user in page.items] == ["ann"]
    await full.admin.users.delete(full.server, ["ann"])
    rest = await full.admin.users.list(full.server, Page(10, page.next_page_token))
    assert [user.id for user in rest.items] == ["bob", "zoë", "ärger"]
