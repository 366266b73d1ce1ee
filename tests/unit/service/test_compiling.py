"""Compiling custom permissions: what has not changed is kept, what has is compiled anew."""

from __future__ import annotations

from dataclasses import replace

from rolecall.domain.records import PermissionRecord
from rolecall.service.compiling import compiled_permissions

ADULT = PermissionRecord(
    "adult", "adult", "SendAudio", condition={"$subject.age": {"$gte": 18}}, created_at=1, updated_at=2
)


async def test_what_has_not_changed_is_kept() -> None:
    known = await compiled_permissions([ADULT])
    again = await compiled_permissions([ADULT, replace(ADULT, id="other")], known)
    assert again["adult"] is known["adult"]
    assert list(again) == ["adult", "other"]


async def test_what_was_changed_or_made_anew_is_compiled() -> None:
    known = await compiled_permissions([ADULT])
    for changed in (replace(ADULT, action="SendVideo", updated_at=3), replace(ADULT, created_at=2)):
        fresh = await compiled_permissions([changed], known)
        assert fresh["adult"] is not known["adult"]
        assert fresh["adult"].permission.action.name == changed.action


async def test_what_is_gone_is_forgotten() -> None:
    assert await compiled_permissions([], await compiled_permissions([ADULT])) == {}


async def test_a_record_without_times_is_never_taken_for_another() -> None:
    timeless = replace(ADULT, created_at=0, updated_at=0)
    known = await compiled_permissions([timeless])
    fresh = await compiled_permissions([replace(timeless, action="SendVideo")], known)
    assert fresh["adult"].permission.action.name == "SendVideo"
