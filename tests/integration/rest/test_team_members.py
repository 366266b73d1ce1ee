"""Where teams are kept apart: whom users take into channels and calls of a team."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from rolecall.api.v1 import call_pb2, channel_pb2
from tests.doors import Server
from tests.integration.rest.channel_door import channel_server, make_users
from tests.integration.rest.test_http_api import V2, Door

CHANNEL: Final = f"{V2}/chat/channels/team"
CALL: Final = f"{V2}/video/call/default"
OTHER: Final = "user `blue` is not of team `red`"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Door]]:
    with channel_server(tmp_path_factory.mktemp("teams")) as (server, door):
        assert door.raw("PATCH", f"{V2}/app", json={"multi_tenant_enabled": True}).status_code == 200
        make_users(door, "red", "rose", teams=["red"])
        make_users(door, "blue", teams=["blue"])
        make_users(door, "chief", role="global_admin")
        yield server, door


@pytest.fixture(scope="module")
def door(site: tuple[Server, Door]) -> Door:
    return site[1]


def named(*user_ids: str) -> list[dict[str, Any]]:
    return [{"user_id": user_id} for user_id in user_ids]


def refused(door: Door, path: str, body: dict[str, Any], field: str, *, by: str = "red") -> None:
    answer = door.raw("POST", path, json=body, token=door.app.token(by))
    assert (answer.status_code, answer.json()["code"]) == (403, 17), answer.text
    assert OTHER in answer.json()["message"]
    assert list(answer.json()["exception_fields"]) == [field]


def sent(door: Door, path: str, body: dict[str, Any], *, by: str = "") -> list[str]:
    answer = door.raw("POST", path, json=body, **({"token": door.app.token(by)} if by else {}))
    assert answer.status_code == 201, answer.text
    return sorted(member["user_id"] for member in answer.json()["members"])


def test_a_new_channel_has_members_of_its_team(door: Door) -> None:
    data = {"team": "red", "members": named("red", "blue")}
    refused(door, f"{CHANNEL}/new/query", {"data": data}, "data.members[1].user_id")
    door.no("GET", f"{CHANNEL}/new", 404, 16)
    own = {"team": "red", "members": named("red", "rose")}
    assert sent(door, f"{CHANNEL}/new/query", {"data": own}, by="red") == ["red", "rose"]
    data["created_by_id"] = "red"
    assert sent(door, f"{CHANNEL}/servers/query", {"data": data}) == ["blue", "red"]


def test_a_channel_takes_in_members_of_its_team(door: Door) -> None:
    body = {"data": {"team": "red", "members": named("red")}}
    sent(door, f"{CHANNEL}/there/query", body, by="red")
    for part in ("add_members", "invites"):
        refused(door, f"{CHANNEL}/there", {part: ["rose", "blue"]}, f"{part}[1].user_id")
    assert sent(door, f"{CHANNEL}/there", {"add_members": ["rose"]}, by="red") == ["red", "rose"]
    assert sent(door, f"{CHANNEL}/there", {"add_members": ["chief"]}, by="chief") == ["chief", "red", "rose"]
    refused(door, f"{CHANNEL}/there", {"add_members": ["blue"]}, "add_members[0].user_id", by="chief")
    assert "blue" in sent(door, f"{CHANNEL}/there", {"add_members": ["blue"]})
    assert "blue" in sent(door, f"{CHANNEL}/there", {"add_members": ["blue"]}, by="red")  # is one, and stays one


def test_calls_do_so_too(door: Door) -> None:
    data = {"team": "red", "members": named("red", "blue")}
    refused(door, f"{CALL}/new", {"data": data}, "data.members[1].user_id")
    door.no("GET", f"{CALL}/new", 404, 16)
    assert sent(door, f"{CALL}/new", {"data": {"team": "red", "members": named("red")}}, by="red") == ["red"]
    refused(door, f"{CALL}/new/members", {"update_members": named("rose", "blue")}, "update_members[1].user_id")
    assert sent(door, f"{CALL}/new/members", {"update_members": named("rose")}, by="red") == ["rose"]
    assert sent(door, f"{CALL}/new/members", {"update_members": named("blue")}) == ["blue"]


def test_grpc_does_so_too(site: tuple[Server, Door]) -> None:
    server, door = site
    client = server.client(door.app, "red")
    blue, call_blue = channel_pb2.ChannelMember(user_id="blue"), call_pb2.CallMember(user_id="blue")
    client(
        channel_pb2.UpsertChannelRequest(cid="team:g", team="red", members=[channel_pb2.ChannelMember(user_id="red")])
    )
    client(call_pb2.UpsertCallRequest(cid="default:g", team="red", members=[call_pb2.CallMember(user_id="red")]))
    for request in (
        channel_pb2.UpsertChannelRequest(cid="team:h", team="red", members=[blue]),
        channel_pb2.UpsertChannelRequest(cid="team:g", members=[blue]),
        channel_pb2.UpdateChannelMembersRequest(cid="team:g", update_members=[blue]),
        call_pb2.UpsertCallRequest(cid="default:h", team="red", members=[call_blue]),
        call_pb2.UpsertCallRequest(cid="default:g", members=[call_blue]),
        call_pb2.UpdateCallMembersRequest(cid="default:g", update_members=[call_blue]),
    ):
        refusal = client.refused(request)
        assert (refusal.reason, refusal.message) == ("OTHER_TEAM", OTHER), request


def test_elsewhere_teams_are_ignored(tmp_path_factory: pytest.TempPathFactory) -> None:
    with channel_server(tmp_path_factory.mktemp("no-teams")) as (_, door):
        make_users(door, "red", teams=["red"])
        body = {"data": {"team": "red", "members": named("red", "bob")}}
        assert sent(door, f"{CHANNEL}/any/query", body, by="red") == ["bob", "red"]
