from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.actions import ACTIONS
from rolecall.domain.errors import Forbidden, InvalidInput, NotFound
from rolecall.service.administration.changes import Page, PermissionFilter
from tests.integration.service.desk import Desk
from tests.integration.service.refusals import refused


async def listed(desk: Desk, **wanted: Any) -> list[str]:
    listing = await desk.admin.permissions.list(desk.server, PermissionFilter(**wanted), Page(1_000))
    assert listing.revision == await desk.revision()
    return [permission.id for permission in listing.items]


async def test_lists_four_of_each_action_by_id(desk: Desk) -> None:
    ids = await listed(desk)
    assert len(ids) == 4 * len(ACTIONS) == 488
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"product": "video"}, 4 * sum("video" in action.products for action in ACTIONS)),
        ({"product": "chat"}, 4 * sum("chat" in action.products for action in ACTIONS)),
        ({"level": "app"}, 4 * sum(action.level == "app" for action in ACTIONS)),
        ({"level": "app", "product": "video"}, 0),
        ({"action": "SendAudio"}, 4),
        ({"custom": False}, 488),
        ({"custom": True}, 0),
    ],
)
async def test_filters_narrow_the_list_together(desk: Desk, wanted: dict[str, Any], count: int) -> None:
    assert len(await listed(desk, **wanted)) == count


async def test_an_action_has_four(desk: Desk) -> None:
    ids = await listed(desk, action="SendAudio")
    assert ids == ["send-audio", "send-audio-any-team", "send-audio-owner", "send-audio-owner-any-team"]


@pytest.mark.parametrize(
    ("wanted", "field", "hint"),
    [
        ({"product": "radio"}, "product", "`chat` or `video`"),
        ({"level": "planet"}, "level", "`app` or `channel`"),
        ({"action": "SendAudioo"}, "action", "did you mean `SendAudio`"),
    ],
)
async def test_an_unknown_filter_is_refused_with_what_there_is(
    desk: Desk, wanted: dict[str, Any], field: str, hint: str
) -> None:
    with refused(InvalidInput, field=field, text=hint):
        await listed(desk, **wanted)


async def test_gets_one(desk: Desk) -> None:
    permission, revision = await desk.admin.permissions.get(desk.server, "update-call-owner")
    assert (permission.action.name, permission.owner, permission.same_team) == ("UpdateCall", True, True)
    assert revision == await desk.revision()


async def test_getting_an_unknown_one_suggests_others(desk: Desk) -> None:
    with refused(NotFound, field="id", reason="PERMISSION_NOT_FOUND", text="`send-audio`"):
        await desk.admin.permissions.get(desk.server, "send-adio")
    with refused(InvalidInput, field="id"):
        await desk.admin.permissions.get(desk.server, "")


async def test_users_may_not(desk: Desk) -> None:
    ann = desk.user("ann")
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.permissions.list(ann, PermissionFilter(), Page())
    with refused(Forbidden, reason="SERVER_SIDE_ONLY"):
        await desk.admin.permissions.get(ann, "send-audio")
