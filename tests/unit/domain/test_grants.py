"""Writing grants: what a write replaces, keeps and refuses; and what compiled grants answer."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.domain.actions import BIT
from rolecall.domain.conditions import About
from rolecall.domain.custom_permissions import compile_permissions
from rolecall.domain.errors import InvalidInput, UnknownPermission, UnknownRole
from rolecall.domain.grants import (
    NOTHING,
    Holding,
    RoleMasks,
    checked_overrides,
    checked_permissions,
    compile_grants,
    compile_overrides,
    compile_role,
    merge_grants,
)
from rolecall.domain.records import Grants, PermissionRecord

BEFORE = {"guest": ("join-call",), "user": ("join-call", "send-audio")}
AUDIO, EVENT = BIT["SendAudio"], BIT["SendEvent"]


def test_a_named_role_gets_its_list_whole_and_the_others_keep_theirs() -> None:
    assert merge_grants(BEFORE, {"user": ("send-video",)}, ()) == {"guest": ("join-call",), "user": ("send-video",)}


def test_a_role_not_there_before_joins() -> None:
    assert merge_grants(BEFORE, {"speaker": ("send-audio",)}, {"speaker"}) == {**BEFORE, "speaker": ("send-audio",)}


def test_an_empty_list_clears_a_role_and_stays_as_such() -> None:
    assert merge_grants(BEFORE, {"user": ()}, ()) == {"guest": ("join-call",), "user": ()}


def test_an_empty_change_changes_nothing() -> None:
    assert merge_grants(BEFORE, {}, ()) == BEFORE


def test_permissions_are_kept_sorted_and_once() -> None:
    merged = merge_grants({}, {"user": ("send-video", "join-call", "send-video")}, ())
    assert merged == {"user": ("join-call", "send-video")}


def test_the_other_spelling_of_call_member_replaces_the_same_role() -> None:
    assert merge_grants({"call_member": ("join-call",)}, {"call-member": ("send-audio",)}, ()) == {
        "call_member": ("send-audio",)
    }


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"user": ("send-audio",), "nobody": ("join-call",)}, UnknownRole, "grants.nobody"),
        ({"user": ("send-audio",), "guest": ("join-call", "join-cal")}, UnknownPermission, "grants.guest"),
        ({"user": ("!send-audio",)}, UnknownPermission, "grants.user"),
        ({"user": ("start-record-call",)}, UnknownPermission, "grants.user"),
        ({"us er": ("send-audio",)}, InvalidInput, "grants.us er"),
    ],
)
def test_one_unknown_name_refuses_the_whole_write(
    changes: dict[str, tuple[str, ...]], error: type[InvalidInput], field: str
) -> None:
    before = dict(BEFORE)
    with pytest.raises(error) as refused:
        merge_grants(before, changes, ())
    assert refused.value.field == field
    assert before == BEFORE


def test_a_write_does_not_touch_what_was_there() -> None:
    before = dict(BEFORE)
    merge_grants(before, {"user": ()}, ())
    assert before == BEFORE


def test_checked_permissions() -> None:
    assert checked_permissions(["send-video", "join-call", "join-call"], "x") == ("join-call", "send-video")


# --- a channel's own grants ------------------------------------------------------------------------------------------


def test_own_grants_keep_the_mark_of_taking_away() -> None:
    checked = checked_overrides({"user": ("create-reaction", "!add-links")}, (), "config_overrides.grants")
    assert checked == {"user": ("!add-links", "create-reaction")}


def test_own_grants_spell_roles_as_answers_do() -> None:
    assert checked_overrides({"call-member": ("add-links",)}, (), "grants") == {"call_member": ("add-links",)}


@pytest.mark.parametrize("name", ["!", "!!add-links", "!nothing", "nothing", ""])
def test_own_grants_refuse_unknown_ids(name: str) -> None:
    with pytest.raises(UnknownPermission):
        checked_overrides({"user": ("add-links", name)}, (), "grants")


def test_own_grants_refuse_unknown_roles() -> None:
    with pytest.raises(UnknownRole):
        checked_overrides({"nobody": ("add-links",)}, (), "grants")


# --- compiled --------------------------------------------------------------------------------------------------------


def test_each_variant_has_its_mask() -> None:
    ids = ("send-audio", "send-audio-owner", "send-event-any-team", "send-event-owner-any-team")
    assert compile_role(ids).masks == RoleMasks(AUDIO, AUDIO, EVENT, EVENT)


def test_an_unknown_id_in_the_store_grants_nothing() -> None:
    compiled = compile_grants({"user": ("send-audio-always", "")})
    assert compiled.holding(("user",)).union == NOTHING


# --- custom permissions ----------------------------------------------------------------------------------------------

NOWHERE = About("ann", "user", (), "", "", "", "", "", "", "")


def custom(name: str, action: str = "SendAudio", **more: Any) -> PermissionRecord:
    return PermissionRecord(name, name, action, **{"same_team": True, **more})


def held(grants: Grants, *customs: PermissionRecord, roles: tuple[str, ...] = ("user",)) -> Holding:
    return compile_grants(grants, compile_permissions(customs)).holding(roles)


def test_a_custom_permission_without_a_condition_is_in_its_mask_under_its_own_name() -> None:
    limits: list[dict[str, Any]] = [{}, {"owner": True}, {"same_team": False}, {"owner": True, "same_team": False}]
    ids = ["send-audio", "send-audio-owner", "send-audio-any-team", "send-audio-owner-any-team"]
    for place, (limit, same) in enumerate(zip(limits, ids, strict=True)):
        holding = held({"user": ("speak",)}, custom("speak", **limit))
        assert holding.union == RoleMasks(*(AUDIO if place == each else 0 for each in range(4)))
        assert holding.names == {("user", same): "speak"}
        assert not holding.conditional


def test_the_built_in_permission_keeps_its_name_beside_a_custom_one() -> None:
    holding = held({"user": ("send-audio", "speak")}, custom("speak"))
    assert holding.union == RoleMasks(AUDIO)
    assert holding.names == {}


def test_a_condition_waits_until_its_action_is_asked_about() -> None:
    holding = held({"user": ("speak",)}, custom("speak", condition={"$subject.id": "ann"}))
    assert (holding.union, holding.conditional) == (NOTHING, AUDIO)
    assert holding.settled(NOWHERE, EVENT).union == NOTHING
    settled = holding.settled(NOWHERE, AUDIO | EVENT)
    assert settled.union == RoleMasks(AUDIO)
    assert holding.explained(NOWHERE).failed == ()
    assert settled.names == {("user", "send-audio"): "speak"}
    assert holding.union == NOTHING, "a condition that holds once holds for that question alone"


def test_a_condition_that_fails_grants_nothing_and_is_told() -> None:
    holding = held({"user": ("speak",)}, custom("speak", condition={"$subject.id": "ben"}))
    assert holding.settled(NOWHERE, AUDIO).union == NOTHING
    explained = holding.explained(NOWHERE)
    assert explained.union == NOTHING
    assert [one.custom.permission.id for one in explained.failed] == ["speak"]


def test_conditions_of_what_is_granted_already_are_not_looked_at() -> None:
    holding = held({"user": ("send-audio", "speak")}, custom("speak", condition={"$subject.id": "ben"}))
    settled = holding.explained(NOWHERE)
    assert (settled.union, settled.failed, settled.names) == (RoleMasks(AUDIO), (), {})
    assert not holding.conditional


def test_a_role_that_holds_only_conditions_comes_in_its_place() -> None:
    grants = {"guest": ("speak",), "user": ("send-audio",)}
    holding = held(grants, custom("speak", condition={"$subject.id": "ann"}), roles=("guest", "user"))
    settled = holding.settled(NOWHERE, AUDIO)
    assert [role for role, _ in settled.by_role] == ["guest", "user"]


def test_a_channel_takes_away_exactly_the_custom_id_or_the_built_in_one() -> None:
    compiled = compile_grants({"user": ("send-audio", "speak")}, compile_permissions([custom("speak")]))
    without = {
        name: compiled.holding(("user",), compile_overrides({"user": (f"!{name}",)}))
        for name in ("send-audio", "speak")
    }
    assert without["send-audio"].union == RoleMasks(AUDIO)
    assert without["send-audio"].names == {("user", "send-audio"): "speak"}
    assert without["speak"].names == {}
    both = compiled.holding(("user",), compile_overrides({"user": ("!send-audio", "!speak")}))
    assert both.union == NOTHING


def test_a_channel_adds_a_custom_permission() -> None:
    compiled = compile_grants({}, compile_permissions([custom("speak")]))
    assert compiled.holding(("user",), compile_overrides({"user": ("speak",)})).union == RoleMasks(AUDIO)


def test_grants_follow_the_custom_permissions_they_use() -> None:
    compiled = compile_grants({"user": ("speak",)}, compile_permissions([custom("speak")]))
    changed = compiled.using(compile_permissions([custom("speak", "SendEvent")]))
    assert changed.holding(("user",)).union == RoleMasks(EVENT)
    assert compiled.using({}).holding(("user",)).union == NOTHING
    assert compiled.holding(("user",)).union == RoleMasks(AUDIO)


def test_custom_ids_can_be_granted_once_they_are_known() -> None:
    assert merge_grants({}, {"user": ("speak",)}, (), {"speak"}) == {"user": ("speak",)}
    assert checked_overrides({"user": ("!speak",)}, (), "grants", {"speak"}) == {"user": ("!speak",)}
    with pytest.raises(UnknownPermission, match="did you mean `speak`"):
        merge_grants({}, {"user": ("speek",)}, (), {"speak"})


def test_a_holding_is_the_union_of_its_roles_in_their_order() -> None:
    compiled = compile_grants({"user": ("send-audio",), "host": ("send-event-owner",), "guest": ()})
    holding = compiled.holding(("host", "guest", "user", "nobody"))
    assert holding.union == RoleMasks(AUDIO, EVENT, 0, 0)
    assert [role for role, _ in holding.by_role] == ["host", "user"]
    assert compiled.holding(("guest",)).union == NOTHING


def test_a_holding_asked_for_twice_is_the_same_and_overrides_do_not_stick() -> None:
    compiled = compile_grants({"user": ("send-audio",)})
    before = compiled.holding(("user",))
    overrides = compile_overrides({"user": ("!send-audio", "send-event")})
    assert compiled.holding(("user",), overrides).union == RoleMasks(EVENT, 0, 0, 0)
    assert compiled.holding(("user",)) == before


def test_more_combinations_than_are_remembered_still_answer() -> None:
    compiled = compile_grants({"user": ("send-audio",)})
    for number in range(5_000):
        assert compiled.holding((f"r{number}", "user")).union.plain == AUDIO


def test_taking_away_takes_exactly_that_id() -> None:
    compiled = compile_grants({"user": ("send-audio", "send-audio-owner", "send-audio-any-team")})
    left = compiled.holding(("user",), compile_overrides({"user": ("!send-audio",)})).union
    assert left == RoleMasks(0, AUDIO, AUDIO, 0)


def test_taking_away_from_one_role_leaves_it_to_another() -> None:
    compiled = compile_grants({"user": ("send-audio",), "host": ("send-audio",)})
    left = compiled.holding(("user", "host"), compile_overrides({"user": ("!send-audio",)}))
    assert [role for role, _ in left.by_role] == ["host"] or left.by_role[0][1] == NOTHING
    assert left.union.plain == AUDIO


def test_a_role_without_grants_of_its_own_can_be_given_some() -> None:
    compiled = compile_grants({})
    assert compiled.holding(("user",), compile_overrides({"user": ("send-audio",)})).union.plain == AUDIO


def test_an_id_both_added_and_taken_away_by_a_channel_is_refused() -> None:
    with pytest.raises(InvalidInput, match="both added to and taken from role `user`") as refused:
        checked_overrides({"user": ("add-links", "!add-links")}, frozenset(), "config_overrides.grants")
    assert refused.value.field == "config_overrides.grants.user"


def test_custom_data_that_cannot_be_read_denies_what_looks_at_it_and_nothing_else() -> None:
    broken = NOWHERE._replace(subject_custom="{")
    looks = custom("looks", condition={"$not": {"$subject.custom.level": 3}})
    other = custom("other", condition={"$subject.id": "ann"})
    holding = held({"user": ("looks", "other")}, looks, other)
    assert holding.settled(broken, AUDIO).names == {("user", "send-audio"): "other"}
    assert [one.custom.permission.id for one in holding.explained(broken).failed] == ["looks"]
    assert held({"user": ("looks",)}, looks).settled(broken, AUDIO).union == NOTHING
