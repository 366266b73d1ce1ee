"""Custom permissions where they could be stale: what is being made, what has changed, what only bears an old name."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.errors import Forbidden
from rolecall.service.administration.calls.values import CallChange
from rolecall.service.administration.changes import AppChange, PermissionChange, TypeChange
from rolecall.service.administration.channels.values import ChannelChange
from tests.integration.service.desk import Desk

_NO_PLAN: dict[str, Any] = {"$resource.custom.plan": {"$exists": False}}
_FREE: dict[str, Any] = {"$resource.custom.plan": "free"}


async def test_a_new_channel_is_judged_with_its_custom_data(desk: Desk) -> None:
    await desk.make_users("ann")
    await _grant_conditional(desk, "CreateChannel")
    with pytest.raises(Forbidden):
        await desk.admin.channels.upsert(desk.user("ann"), ChannelChange("planless:x", custom={"plan": "paid"}))
    await desk.admin.channels.upsert(desk.user("ann"), ChannelChange("planless:x", custom={"name": "x"}))
    await desk.admin.channels.upsert(desk.user("ann"), ChannelChange("free:x", custom={"plan": "free"}))


async def test_a_new_call_is_judged_with_its_custom_data(desk: Desk) -> None:
    await desk.make_users("ann")
    await _grant_conditional(desk, "CreateCall")
    with pytest.raises(Forbidden):
        await desk.admin.calls.upsert(desk.user("ann"), CallChange("planless:x", custom={"plan": "paid"}))
    await desk.admin.calls.upsert(desk.user("ann"), CallChange("planless:x", custom={"name": "x"}))
    await desk.admin.calls.upsert(desk.user("ann"), CallChange("free:x", custom={"plan": "free"}))


async def _grant_conditional(desk: Desk, action: str) -> None:
    types = desk.admin.call_types if action == "CreateCall" else desk.admin.channel_types
    for name, condition in {"planless": _NO_PLAN, "free": _FREE}.items():
        await desk.admin.permissions.create(desk.server, PermissionChange(name, action=action, condition=condition))
        await types.upsert(desk.server, TypeChange(name, grants={"user": (name,)}))


async def test_a_changed_permission_counts_at_once_in_every_scope(desk: Desk) -> None:
    admin, server = desk.admin, desk.server
    await desk.make_users("ann")
    await admin.permissions.create(server, PermissionChange("any", action="ReadFlagReports"))
    await admin.call_types.upsert(server, TypeChange("mine", grants={"user": ("any",)}))
    await admin.channel_types.upsert(server, TypeChange("mine", grants={"user": ("any",)}))
    await admin.apps.update(server, AppChange(grants={"user": ("any",)}))
    targets: list[dict[str, str]] = [{"call": "mine:x"}, {"channel": "mine:x"}, {}]
    assert [(await desk.decide("ann", "read-flag-reports", **target)).permission for target in targets] == ["any"] * 3

    await admin.permissions.update(server, PermissionChange("any", action="PinMessage"))

    assert not any([(await desk.decide("ann", "read-flag-reports", **target)).allowed for target in targets])
    assert [(await desk.decide("ann", "pin-message", **target)).permission for target in targets] == ["any"] * 3


async def test_undoing_does_not_grant_what_was_made_since_under_an_old_name(desk: Desk) -> None:
    admin, server = desk.admin, desk.server
    await desk.make_users("gus", role="guest")
    await admin.roles.create(server, "chief")
    await admin.permissions.create(server, PermissionChange("vip", action="CreateMessage"))
    await admin.permissions.create(server, PermissionChange("kept", action="CreateMessage"))
    grants = {"guest": ("vip", "kept"), "chief": ("delete-channel",)}
    await admin.channel_types.upsert(server, TypeChange("mine", grants=grants))
    await admin.apps.update(server, AppChange(migrate_permissions_to_v2=True))
    await admin.permissions.delete(server, "vip")
    await admin.permissions.create(server, PermissionChange("vip", action="DeleteChannel"))
    await admin.roles.delete(server, "chief")
    await admin.roles.create(server, "chief")

    await admin.apps.update(server, AppChange(undo_migration=True))

    record, _ = await admin.channel_types.get(server, "mine")
    assert record.grants["guest"] == ("kept",)
    assert "chief" not in record.grants
    assert not (await desk.decide("gus", "delete-channel", channel="mine:x")).allowed
