"""The domain's tables hold the published facts: counts, spot facts, and a checksum of each whole table.

A checksum is of the table's content as sorted JSON, taken once from the facts and not from the code. When a fact
changes, change the table, see the checksum fail, check the difference by eye, and write the new one down.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any, Final

import pytest

from rolecall.domain.actions import ACTIONS, BIT
from rolecall.domain.builtin import app_scope, call_types, channel_types
from rolecall.domain.call_capabilities import CAPABILITIES as CALL_CAPABILITIES
from rolecall.domain.channel_capabilities import CAPABILITIES as CHANNEL_CAPABILITIES
from rolecall.domain.channel_capabilities import ChannelRow
from rolecall.domain.channel_config import CONFIG, FLAGS
from rolecall.domain.permissions import BUILT_IN as PERMISSIONS
from rolecall.domain.roles import BUILT_IN as ROLES
from rolecall.domain.roles import CALL_ROLES, CHANNEL_ROLES, USER_ROLES
from rolecall.domain.settings import SETTINGS
from tests import tables

CALL_TYPE_SUMS: Final = {
    "default": (
        "57b619e750e71e2ba768a3f74089681599dc51f4a5b20da2a0c1ca8b90256b27",
        "3d45216aab3315a9726eef51ffa7d63330a153b3d49be5cfccd06d3515bf64b4",
    ),
    "audio_room": (
        "768a495c22aec0b571b404536a526520fdd1b371dd548aaaae870d525f2c25a6",
        "96d54b586b39cce30fc87eff0f0fa02002404571ba34ec810385b4455a6abbcc",
    ),
    "livestream": (
        "54aa883b01df17e05ff762692a34709f63cf3d7dbb2b9f4bb3324c4e296436e8",
        "9a00cba549840ca3e618aba05a1d624de349d13286474f42406239a29b9de479",
    ),
    "development": (
        "a38c6b9efa2ff95c194135830c61bc318d060a70b05cccf74e046a314e85dd6a",
        "a5a0ffec9873d20e43fe13758769dae19317e2ea6b3335c1b1656f5c22ffec8e",
    ),
}
MESSAGING_GRANTS: Final = "518c722bb85b9593725b2b593408cef42cd0f415703b5e511c642a607b032d7d"
MESSAGING_CONFIG: Final = "86b98e83257d1b0339bcb4bcc509a41ba101432edfdf40e2f6111c2b4ba2a5d2"
CHANNEL_TYPE_SUMS: Final = {
    "messaging": (MESSAGING_GRANTS, MESSAGING_CONFIG),
    "livestream": (
        "5882d4b20c1f9a09c887d3a83be3a753266830cb40840be328412dff9af2bd13",
        "051dfe74796c2685bb05be1b82e557151745ee19fbd1d955e1776d759ad46b1c",
    ),
    "team": (MESSAGING_GRANTS, MESSAGING_CONFIG),
    "commerce": (
        "20c8220ebfde40bb3d002ffe94170f13fe89b2723a52fcff7332543de52410a3",
        "2c7d8cbb82b7539bba9d15c91267ba33d6a0d0245e96d5fce018a59e82e5550a",
    ),
    "gaming": (
        "0b647eb4892adb025f7af3f6bf2fe184ddeecab5fec5ec9d7e304911d30c0c5c",
        "2dfe01d74efe3f7b51eafe653c37093fb1d7cb47697b95bbb7bdf04c2bf1795d",
    ),
}


def checksum(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sorted_grants(grants: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {role: sorted(permissions) for role, permissions in grants.items()}


def named_actions(row: ChannelRow) -> list[str]:
    return sorted(action.name for action in ACTIONS if BIT[action.name] & row.actions)


def state_of(row: ChannelRow) -> str | None:
    if row.slow:
        return "cooldown > 0"
    return "not frozen unless UseFrozenChannel" if row.sends else None


def test_actions_are_the_122_published() -> None:
    rows = sorted([*action[:5], sorted(action.products)] for action in ACTIONS)
    assert len(rows) == len({action.id for action in ACTIONS}) == len({action.name for action in ACTIONS}) == 122
    assert checksum(rows) == "f91a3033733455957f2d802f9f42c698b562d2d1e4e20c63a5f3a2cbffcd24bc"


def test_actions_by_what_must_be_owned() -> None:
    assert Counter(action.owner_resource for action in ACTIONS) == {
        "Call": 44,
        "Channel": 41,
        "User": 7,
        "Message": 5,
        "Poll": 5,
        "BlockList": 4,
        "UserGroup": 4,
        "Attachment": 3,
        "ModerationConfig": 3,
        "FlagReport": 2,
        "ModerationReviewQueue": 2,
        "Reaction": 1,
        "Role": 1,
    }
    assert [action.id for action in ACTIONS if action.resource != action.owner_resource] == ["delete-reaction"]


def test_permissions_are_four_variants_of_each_action() -> None:
    rows = sorted([row.id, row.action.name, row.owner, row.same_team] for row in PERMISSIONS.values())
    assert len(rows) == 488
    assert checksum(rows) == "18a3d3175458efd7f30e363c2b877be5d59934516118acb6dd295458cf8b5a1b"


def test_call_capabilities_are_the_36_published() -> None:
    rows = sorted(([row.id, row.action, row.setting] for row in CALL_CAPABILITIES), key=lambda row: str(row[0]))
    assert len(rows) == 36
    assert checksum(rows) == "d3ada51648b200b0a1cb01ed37f4c13984a5c344530867df1a71dec153c4bd96"


def test_channel_capabilities_are_the_42_published() -> None:
    rows = [
        [row.id, named_actions(row), row.ownership.value if row.actions else None, row.flag, state_of(row)]
        for row in sorted(CHANNEL_CAPABILITIES, key=lambda row: row.id)
    ]
    assert len(rows) == 42
    assert checksum(rows) == "3655f6fbb44ff293d94b9be1f9282bd85a5a3a6b06082f4c6b4db4f6a16ee1d0"


def test_the_tests_own_tables_say_the_same() -> None:
    names = {action.name: action.id for action in ACTIONS}
    assert {row.id: tables.CallRow(names[row.action], row.setting) for row in CALL_CAPABILITIES} == (
        tables.CALL_CAPABILITIES
    )
    for row in CHANNEL_CAPABILITIES:
        mine = tables.CHANNEL_CAPABILITIES[row.id]
        assert sorted(mine.actions) == sorted(names[name] for name in named_actions(row))
        assert (mine.flag, mine.sends, mine.slow) == (row.flag, row.sends, row.slow)
    assert len(tables.CHANNEL_CAPABILITIES) == 42


def test_roles_are_the_published() -> None:
    assert set(USER_ROLES) == {
        "user",
        "guest",
        "anonymous",
        "admin",
        "moderator",
        "global_admin",
        "global_moderator",
        "global_read_only",
    }
    assert set(CALL_ROLES) == {"host", "call_member"}
    assert set(CHANNEL_ROLES) == {"channel_member", "channel_moderator"}
    assert len(ROLES) == 12


@pytest.mark.parametrize("name", CALL_TYPE_SUMS)
def test_call_type(name: str) -> None:
    grants, settings = CALL_TYPE_SUMS[name]
    assert checksum(sorted_grants(call_types.GRANTS[name])) == grants
    assert checksum(call_types.SETTINGS[name]) == settings


@pytest.mark.parametrize("name", CHANNEL_TYPE_SUMS)
def test_channel_type(name: str) -> None:
    grants, config = CHANNEL_TYPE_SUMS[name]
    assert checksum(sorted_grants(channel_types.GRANTS[name])) == grants
    assert checksum(channel_types.CONFIG[name]) == config


def test_there_are_four_call_types_and_five_channel_types() -> None:
    assert set(call_types.GRANTS) == set(call_types.SETTINGS) == set(CALL_TYPE_SUMS)
    assert set(channel_types.GRANTS) == set(channel_types.CONFIG) == set(CHANNEL_TYPE_SUMS)


def test_app_scope() -> None:
    assert checksum(sorted_grants(app_scope.GRANTS)) == (
        "ef1e4b32785ed8b9450c8cb458fff8be93e469dc76c5f7829d6bff3511288dd1"
    )


def test_spot_facts() -> None:
    assert "send-audio" in call_types.GRANTS["default"]["user"]
    assert "send-audio-owner" in call_types.GRANTS["audio_room"]["user"]
    assert set(call_types.GRANTS["default"]["call_member"]) - set(call_types.GRANTS["default"]["user"]) == {
        "join-call-any-team"
    }
    assert "delete-call" not in call_types.GRANTS["default"]["host"]
    assert call_types.SETTINGS["audio_room"]["video.enabled"] is False
    assert call_types.SETTINGS["livestream"]["backstage.enabled"] is True
    assert channel_types.GRANTS["messaging"]["anonymous"] == ()
    assert channel_types.CONFIG["messaging"]["polls"] is False
    assert channel_types.CONFIG["gaming"]["typing_events"] is False


@pytest.mark.parametrize("grants", [*call_types.GRANTS.values(), *channel_types.GRANTS.values(), app_scope.GRANTS])
def test_built_in_grants_name_only_known_roles_and_permissions_sorted_once(grants: dict[str, tuple[str, ...]]) -> None:
    for role, permissions in grants.items():
        assert role in ROLES
        assert set(permissions) <= set(PERMISSIONS)
        assert list(permissions) == sorted(set(permissions))


def test_every_setting_and_flag_that_gates_a_capability_is_one_that_can_be_written() -> None:
    assert {row.setting for row in CALL_CAPABILITIES if row.setting} <= set(SETTINGS)
    assert {row.flag for row in CHANNEL_CAPABILITIES if row.flag} <= FLAGS
    assert set(channel_types.CONFIG["messaging"]) == set(CONFIG)
    assert set(call_types.SETTINGS["default"]) <= set(SETTINGS)
